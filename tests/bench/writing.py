"""Recording against `sqlite3.executemany` of the very same rows at the same durability."""

from __future__ import annotations

import hmac
import os
import sqlite3
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import orjson

from contactledger.facts import Message, Party, Person, Touch
from contactledger.ledger import Ledger
from contactledger.store.sqlite_file import PRAGMAS
from tests.bench.measure import Line, in_turns, ratio, seconds

BATCH = 1_000
TABLES = ("entry", "disclosure", "lookup")
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
_numbers = count()


def open_ledger(path: Path) -> Ledger:
    """A ledger in a file."""
    return Ledger.open(f"sqlite:///{path}", recorder="acme")


def people() -> list[Any]:
    """Two sides."""
    return [
        Party("acme", "ACME", "vendor"),
        Party("smith", "Smith Motors"),
        Person("bob", "smith", "Bob Ray", email="bob@smith.example"),
    ]


def touches(number: int) -> list[Any]:
    """Touches with three personal fields each: key, subject line, message."""
    return [
        Touch(
            to=("bob",),
            channel="email",
            key=f"t-{next(_numbers)}",
            about=f"Inventory sync, part {i}",
            message=Message(subject="Inventory sync", text="It works again since this morning."),
            topics=("inventory-sync",),
            at=MONDAY + timedelta(seconds=i),
        )
        for i in range(number)
    ]


class Bare:
    """The same tables in another file, and the same rows put there without the library."""

    def __init__(self, path: Path, like: Path) -> None:
        source = sqlite3.connect(like)
        self.file = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            self.file.execute(pragma).fetchall()
        self.rows: dict[str, list[Any]] = {}
        for name in TABLES:
            table = f"contactledger_{name}"
            query = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
            for (text,) in source.execute(query, (table,)).fetchall():
                self.file.execute(text)
            self.rows[name] = source.execute(f"SELECT * FROM {table}").fetchall()
        source.close()
        self.inserts = {
            name: f"INSERT INTO contactledger_{name} VALUES ({', '.join('?' * len(rows[0]))})"
            for name, rows in self.rows.items()
        }

    def entries(self, first: int, stop: int) -> dict[str, list[Any]]:
        """The rows of entries first … stop - 1."""
        column = {"entry": 1, "disclosure": 1, "lookup": 3}
        return {
            name: [row for row in rows if first <= row[column[name]] < stop]
            for name, rows in self.rows.items()
        }

    def put(self, rows: dict[str, list[Any]]) -> None:
        """All of these in one transaction."""
        self.file.execute("BEGIN IMMEDIATE")
        for name, some in rows.items():
            self.file.executemany(self.inserts[name], some)
        self.file.execute("COMMIT")


class ByHand:
    """What nobody who puts these rows on record can spare: salts, JSON, base64, SHA-256 and an
    HMAC for each key, in the tightest loop there is, without looking at a single value."""

    def __init__(self, rows: dict[str, list[Any]]) -> None:
        self.rows = rows
        self.records = [orjson.loads(row[6]) for row in rows["entry"]]
        bodies = [row[5] for row in rows["disclosure"]]
        self.said = [
            orjson.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4))) for body in bodies
        ]

    def make(self) -> None:
        """All of it once."""
        for said in self.said:
            said[0] = b2a_base64(os.urandom(16), newline=False)[:22].decode()
            body = b2a_base64(orjson.dumps(said), newline=False)
            b2a_base64(sha256(body).digest(), newline=False).decode()
        for record in self.records:
            leaf = sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).digest()
            sha256(leaf + leaf).digest()  # one node of the tree for each leaf
            hmac.digest(leaf, leaf, "sha256")


def batches(folder: Path, rounds: int = 15) -> list[Line]:
    """Batches of 1,000 touches; and what of them no library could spare."""
    name, path = "a", folder / "batches.db"
    with open_ledger(path) as ledger:
        ledger.record(name, *people())
        for _ in range(rounds + 1):
            ledger.record(name, *touches(BATCH))
        ledger.close()
        bare = Bare(folder / "batches-bare.db", path)
        first = len(bare.rows["entry"]) - (rounds + 1) * BATCH
        parts = [
            bare.entries(first + i * BATCH, first + (i + 1) * BATCH) for i in range(rounds + 1)
        ]
    hands = [ByHand(part) for part in parts[:5]]
    given = [touches(BATCH) for _ in range(rounds + 1)]
    other = folder / "batches-ours.db"
    with open_ledger(other) as ledger:
        ledger.record(name, *people())
        ledger.record(name, *given.pop())
        bare.put(parts.pop(0))
        ours, plain = in_turns(
            lambda: ledger.record(name, *given.pop()),
            lambda: bare.put(parts.pop(0)),
            rounds,
            process_time,
        )
    least = min(seconds(hand.make, process_time) for hand in hands)
    figure = f"{plain / (plain + least):.2f} x   ({least / BATCH * 1e6:.0f} us an entry for it)"
    return [
        ratio("batches of 1,000 touches, three personal fields", ours, plain, 0.30, BATCH),
        Line("  these rows hashed by hand, nothing checked, found or kept", figure),
    ]


def one_by_one(folder: Path, number: int = 50, rounds: int = 15) -> Line:
    """One entry per commit."""
    name, path = "a", folder / "single.db"
    total = number * (rounds + 1)
    with open_ledger(path) as ledger:
        ledger.record(name, *people())
        ledger.record(name, *touches(total))
    bare = Bare(folder / "single-bare.db", path)
    first = len(bare.rows["entry"]) - total
    parts = [bare.entries(first + i, first + i + 1) for i in range(total)]
    given = touches(total)
    with open_ledger(folder / "single-ours.db") as ledger:
        ledger.record(name, *people())

        def ours() -> None:
            for _ in range(number):
                ledger.record(name, given.pop())

        def plain() -> None:
            for _ in range(number):
                bare.put(parts.pop(0))

        ours()
        plain()
        best, best_bare = in_turns(ours, plain, rounds)
    return ratio("one entry per commit", best, best_bare, 0.40, number)
