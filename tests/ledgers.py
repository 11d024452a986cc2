"""Ledgers for tests: a vendor and a customer on record, a clock that stands, and the eyes of
an auditor (roots from the definition, every byte of every table).

    ledger, clock = in_memory()
    ledger.record(SMITH, *two_sides())
"""

# ruff: noqa: ARG002

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import copy
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from contactledger.events import Event
from contactledger.facts import Entry, Fact, Party, Person, Touch
from contactledger.ledger import Ledger
from contactledger.store.driver import Driver
from contactledger.store.memory import MemoryStore
from contactledger.store.tables import tables
from contactledger.testing import FixedClock
from contactledger.vocabulary import Auth, Channel, Role, SignalKind

SMITH = "smith-motors"
TABLES = tuple(sorted(tables("contactledger_", None).metadata.tables))


def two_sides() -> tuple[Fact, ...]:
    """Ann of ACME, the vendor that keeps the ledger; Bob and Carla of Smith Motors."""
    return (
        Party("acme", "ACME Dealer Systems", Role.VENDOR),
        Person("ann", "acme", "Ann Lee", email="ann@acme.example", phone="+1 555 0100"),
        Party("smith", "Smith Motors", Role.CUSTOMER),
        Person("bob", "smith", "Bob Ray", email="bob@smith.example", phone="+1 555 0111"),
        Person("carla", "smith", "Carla Diaz", email="carla@smith.example"),
    )


def mail(key: str | None = None, to: Any = "bob", **more: Any) -> Touch:
    """An e-mail of ours to Bob."""
    return Touch(to=to, channel=Channel.EMAIL, key=key, **more)


def in_memory(*, store: Any = None, recorder: str = "acme") -> tuple[Ledger, FixedClock]:
    """A ledger that ends with the test, and its clock."""
    clock = FixedClock()
    return Ledger.open(store or MemoryStore(), recorder=recorder, clock=clock), clock


def filled() -> tuple[Ledger, FixedClock]:
    """The same with the two sides on record."""
    ledger, clock = in_memory()
    ledger.record(SMITH, *two_sides())
    return ledger, clock


def in_file(folder: Path) -> tuple[Ledger, FixedClock, Path]:
    """The same in a SQLite file."""
    clock, path = FixedClock(), folder / "contacts.db"
    ledger = Ledger.open(f"sqlite:///{path}", recorder="acme", clock=clock)
    ledger.record(SMITH, *two_sides())
    return ledger, clock, path


def message(to: str = "bob@smith.example", **headers: str) -> EmailMessage:
    """A short e-mail from Ann."""
    made = EmailMessage()
    made["From"] = "Ann Lee <ann@acme.example>"
    made["To"] = to
    made["Subject"] = "Inventory sync"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content("It works again.\n")
    return made


def root_of(leaves: list[bytes]) -> bytes:
    """The Merkle root of leaf hashes, by RFC 6962 section 2.1 word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def root_of_frontier(frontier: bytes) -> bytes:
    """The root of subtree hashes, largest first: folded from the right (RFC 6962)."""
    hashes = [frontier[i : i + 32] for i in range(0, len(frontier), 32)]
    root = hashes.pop()
    while hashes:
        root = hashlib.sha256(b"\x01" + hashes.pop() + root).digest()
    return root


def audit(ledger: Ledger, account: str) -> int:
    """Numbers without a gap and the root of the very bytes; how many entries there are."""
    with ledger._store.begin(write=False) as tx:
        id_ = ledger._accounts.must_find(account, tx)
        head, rows = tx.head(id_), list(tx.entries(id_))
    assert head is not None
    assert [row.no for row in rows] == list(range(head.size))
    leaves = [hashlib.sha256(b"\x00" + row.record).digest() for row in rows]
    assert root_of_frontier(head.frontier) == root_of(leaves)
    return head.size


def every_value(ledger: Ledger) -> Iterator[str]:
    """Everything a store holds: a memory store's state, or each cell of each table.

    Disclosures and blobs are given decoded as well, so that a search is of the plain text.
    """
    store: Any = ledger._store
    if isinstance(store, MemoryStore):
        yield repr(store._state)
        with store.begin(write=False) as tx:
            for head in tx.heads():
                yield from (_plain(d.body) for d in tx.disclosures(head.account))
        return
    with store._connections.begin(write=False) as connection:
        for table in TABLES:
            rows = Driver(connection).rows(f"SELECT * FROM {table}")
            for row in rows:
                for cell in row:
                    yield repr(bytes(cell) if isinstance(cell, memoryview) else cell)
                    if table == "contactledger_disclosure":
                        yield _plain(cell)


def _plain(text: object) -> str:
    from base64 import urlsafe_b64decode

    try:
        return urlsafe_b64decode(f"{text}====").decode("utf-8", "replace")
    except ValueError:
        return ""


def holds(ledger: Ledger, text: str) -> bool:
    """Whether this text lies anywhere in the store."""
    return any(text in value for value in every_value(ledger))


@contextmanager
def editing(path: Path | str) -> Iterator[sqlite3.Connection]:
    """A connection of our own to a SQLite file, which commits what was done, and is closed."""
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def sql(path: Path, statement: str, *values: object) -> None:
    """Change a ledger's file behind its back."""
    with editing(path) as connection:
        assert connection.execute(statement, values).rowcount >= 1


def facts_of(entries: tuple[Entry, ...]) -> list[Fact]:
    """Their facts."""
    return [entry.fact for entry in entries]


class Probe:
    """A source whose bodies hold nothing and whose events are given beforehand."""

    name = "probe"
    channel = Channel.EMAIL
    max_body_bytes = 1_000

    def __init__(self, *events: Event, auth: Auth = Auth.SIGNED_BODY) -> None:
        self.events = events
        self.auth = auth

    def verify(self, headers: Any, body: bytes, url: str | None, now: datetime) -> Auth:
        return self.auth

    def parse(self, headers: Any, body: bytes) -> list[Event]:
        return [copy(event) for event in self.events]


def event(what: str = "delivered", **more: Any) -> Event:
    """An event of the probe."""
    return Event(SignalKind(what), source="probe", **more)
