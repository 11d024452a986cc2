"""Recording against `Application.save` of the library eventsourcing, of the same content.

Both are told the same plain words and have them in a SQLite file when they return, with a
write-ahead log that is synced at every commit. Theirs are events of one aggregate, one row of
JSON each. Ours are hashed and salted, refused where they make no sense, found again by key,
and seven rows each, so that one can be forgotten and the rest still be proved.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from contactledger.facts import Message, Touch
from tests.bench.measure import Line, in_turns, ratio
from tests.bench.writing import BATCH, open_ledger, people, touches

AIM = 0.60


class Account(Aggregate):  # type: ignore[misc]
    """An account's log, as somebody would write it there."""

    @event("Touched")
    def touch(
        self,
        to: list[str],
        channel: str,
        key: str,
        about: str,
        message: dict[str, str],
        topics: list[str],
        at: datetime,
    ) -> None:
        """One touch."""


class Accounts(Application):  # type: ignore[misc,type-arg]
    """Where such accounts are saved."""


def saving(folder: Path, rounds: int = 15) -> list[Line]:
    """One touch a commit, and batches of 1,000."""
    return [
        _compared(folder / "one", "one touch per commit", 1, 50, rounds),
        _compared(folder / "many", "batches of 1,000 touches", BATCH, 1, rounds),
    ]


def _compared(folder: Path, what: str, batch: int, commits: int, rounds: int) -> Line:
    folder.mkdir()
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(folder / "other.db")}
    given = [_said(batch) for _ in range(2 * commits * (rounds + 1))]
    with Accounts(env=env) as app, open_ledger(folder / "ours.db") as ledger:
        account = Account()
        ledger.record("a", *people())

        def ours() -> None:
            for _ in range(commits):
                ledger.record("a", *[_touch(**said) for said in given.pop()])

        def theirs() -> None:
            for _ in range(commits):
                for said in given.pop():
                    account.touch(**said)
                app.save(account)

        ours()
        theirs()
        # A large batch hardly waits for the disk; a commit each does little else.
        best, other = in_turns(ours, theirs, rounds, process_time if batch > 1 else perf_counter)
    return ratio(f"eventsourcing: {what}", best, other, AIM, batch * commits, "theirs")


def _touch(message: dict[str, str], **said: Any) -> Touch:
    return Touch(**said, message=Message(**message))


def _said(number: int) -> list[dict[str, Any]]:
    """What so many touches say, in plain words."""
    return [
        {
            "to": ["bob"],
            "channel": "email",
            "key": touch.key,
            "about": touch.about,
            "message": {"subject": touch.message.subject, "text": touch.message.text},
            "topics": ["inventory-sync"],
            "at": touch.at,
        }
        for touch in touches(number)
    ]
