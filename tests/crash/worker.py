"""A process that records or seals until it is killed, and says what was acknowledged.

What it says goes into a file, a line after each call of the ledger that returned; so whatever
is named there must never be lost.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from contactledger.errors import StoreBusy
from contactledger.facts import Party, Person, Touch
from contactledger.ledger import Ledger
from contactledger.vocabulary import Channel, Role


class Said:
    """A file of lines, each there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def __call__(self, line: str) -> None:
        """One line, in one write; it outlives the process, if not the power."""
        os.write(self._file, f"{line}\n".encode())


def write(ledger: Ledger, say: Said, name: str) -> None:
    """Touch after touch in an account of its own, and now and then in one that all share."""
    opened = (
        Party("acme", "ACME", Role.VENDOR),
        Party("smith", "Smith", Role.CUSTOMER),
        Person("bob", party="smith", name="Bob"),
    )
    for number in count():
        for account in (name, "shared") if number % 3 == 0 else (name,):
            touch = Touch(to="bob", channel=Channel.EMAIL, key=f"{name}-{os.getpid()}-{number}")
            try:
                entry = ledger.record(account, *opened, touch)[-1]
            except StoreBusy:
                continue
            say(f"entry {account} {entry.no} {entry.id}")


def seal(ledger: Ledger, say: Said) -> None:
    """Seal after seal."""
    while True:
        try:
            checkpoint = ledger.seal().checkpoint
        except StoreBusy:
            continue
        say(f"sealed {checkpoint.size} {checkpoint.root.hex()}")


def work(database: Path, key: Path, said: Path, task: str, number: int) -> None:
    """Until killed."""
    say = Said(said)
    with Ledger.open(f"sqlite:///{database}", recorder="acme", signer=key) as ledger:
        say("ready")
        if task == "writer":
            write(ledger, say, f"account-{number}")
        else:
            seal(ledger, say)
