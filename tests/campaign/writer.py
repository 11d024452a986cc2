"""A process that records, or seals, until it is killed, and writes down what was acknowledged.

Each line is on the disk (fsync) before the next thing is done; so whatever it names must be
found exactly once. When the database fails the same facts are recorded again, with their keys,
until they are taken.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable
from functools import partial
from itertools import chain, count, cycle
from pathlib import Path
from typing import TypeVar

from attrs import frozen

from contactledger.errors import StoreBusy, StoreFull, StoreLost
from contactledger.facts import Party, Person, Touch
from contactledger.ledger import Ledger
from contactledger.vocabulary import Channel, Role

T = TypeVar("T")

OPENED = (
    Party("acme", "ACME", Role.VENDOR),
    Party("smith", "Smith", Role.CUSTOMER),
    Person("bob", party="smith", name="Bob"),
)
FAILURES = (StoreBusy, StoreLost, StoreFull)
"""What a database that is being ill-treated may say; anything else ends the writer."""
PAUSE_SECONDS = 0.02
REOPENED_AFTER = 400
"""Calls after which a writer closes its ledger and opens it again."""
SEVERAL = 3
"""Accounts in one commit, in every fifth call."""
MANY = 150
"""Touches in one commit, in every twenty-fifth."""


@frozen
class Task:
    """Who works where: writer `number` in its `life` (how often it was begun), on so many
    accounts; it says things in the file `said`. With a `key` it seals instead."""

    url: str
    said: Path
    number: int
    life: int
    accounts: int
    seed: int
    key: Path | None = None


class Said:
    """A file of lines, each on the disk when the call returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, *lines: str) -> None:
        """These lines, in one write."""
        os.write(self._file, "".join(f"{line}\n" for line in lines).encode())
        os.fsync(self._file)


def name_of(number: int) -> str:
    """The account of this number."""
    return f"account-{number:05}"


def insist(say: Said, call: Callable[[], T]) -> T:
    """What a call gives, as soon as the database lets it."""
    while True:
        try:
            return call()
        except FAILURES as error:
            say(f"told {type(error).__name__}")
            time.sleep(PAUSE_SECONDS)


def work(task: Task) -> None:
    """Until killed."""
    logging.getLogger("psycopg").addHandler(logging.NullHandler())  # connections are lost here
    say = Said(task.said)
    for begun in count():
        with insist(say, lambda: Ledger.open(task.url, recorder="acme", signer=task.key)) as ledger:
            say("ready")
            if task.key is None:
                write(ledger, say, task, begun)
            else:
                seal(ledger, say)


def write(ledger: Ledger, say: Said, task: Task, begun: int) -> None:
    """A touch in an account drawn at random, now and then in several at once, or many in one."""
    draw = random.Random(f"{task.seed} {task.number} {task.life} {begun}")
    for number in range(REOPENED_AFTER):
        several = SEVERAL if number % 5 == 4 else 1
        names = {name_of(draw.randrange(task.accounts)) for _ in range(several)}
        key = f"{task.number}.{task.life}.{begun}.{number}"
        keys = [f"{key}.{n}" for n in range(MANY)] if number % 25 == 1 else [key]
        touches = [Touch(to="bob", channel=Channel.EMAIL, key=key) for key in keys]
        made = insist(say, partial(ledger.record_many, dict.fromkeys(names, (*OPENED, *touches))))
        entries = zip(cycle(keys), chain.from_iterable(e[-len(keys) :] for e in made.values()))
        say(*(f"entry {entry.account} {entry.no} {entry.id} {key}" for key, entry in entries))


def seal(ledger: Ledger, say: Said) -> None:
    """Seal after seal."""
    for _ in range(REOPENED_AFTER):
        checkpoint = insist(say, ledger.seal).checkpoint
        say(f"sealed {checkpoint.size} {checkpoint.root.hex()}")
        time.sleep(PAUSE_SECONDS)


def fill(url: str, accounts: int) -> None:
    """So many accounts, before the writers come."""
    with Ledger.open(url, recorder="acme") as ledger:
        for start in range(0, accounts, 500):
            names = [name_of(number) for number in range(start, min(start + 500, accounts))]
            ledger.record_many(dict.fromkeys(names, OPENED))
