"""Judging alone: touches with three signals each, from entries and from stored bytes.

The account is a vendor and three people of a customer in two zones, over three years: mail,
SMS and calls by turns, delivered, opened by machines and by people, deferred, clicked, every
fifth in want of a reply, some answered, and every rule of the default policy in force. The
same work with nothing wanted needs no deadline: the difference is what calendars take.

The figures are absolute, for one core; the line of the calibration says what kind of core.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from time import process_time
from typing import Any

from attrs import evolve, fields
from orjson import loads

from contactledger.erasing import read_all
from contactledger.facts import Entry, Opened, Party, Person, PolicyAdopted, Signal, Touch
from contactledger.findings import Evidence, Finding, PersonRow
from contactledger.judge.docket import Docket
from contactledger.judge.due import Clocks, Zones
from contactledger.judge.judge import judge
from contactledger.judge.policy import DEFAULT_POLICY, policy_digest
from contactledger.judge.view import view
from contactledger.ledger import Ledger
from contactledger.log.canon import dump
from contactledger.log.record import from_base64url
from contactledger.store.memory import MemoryStore
from contactledger.swift import swift
from contactledger.testing import FixedClock
from tests.bench.measure import Line, seconds

TOUCHES = 2_000
PURE, STORED = 25_000, 12_000
PURELY, STOREDLY = "judging with all rules", "from stored bytes, decoding included"
START = datetime(2023, 3, 6, 9, tzinfo=UTC)
AS_OF = START + timedelta(days=3 * 366)
_THIRD = {"system": "third", "auth": "signed_body"}
_PEOPLE = ("bob", "eve", "tom")
_SIGNALS = (
    (("deferred", "unknown"), ("delivered", "unknown"), ("opened", "machine")),
    (("queued", "unknown"), ("delivered", "unknown"), ("opened", "human")),
    (("delivered", "unknown"), ("opened", "human"), ("clicked", "human")),
    (("queued", "unknown"), ("sent", "unknown"), ("delivered", "unknown")),
)


def account(touches: int, *, wanted: str | None = None) -> list[Entry]:
    """The entries of an account with so many touches, three signals on each, some answered."""
    made: list[Entry] = []

    def add(kind: str, name: str, at: datetime, fact: Any) -> None:
        made.append(Entry("account", len(made), name, kind, at, at, "acme", fact))

    add("opened", "opened", START, Opened())
    text = DEFAULT_POLICY
    add("policy_adopted", "policy", START, PolicyAdopted(text, digest=policy_digest(text)))
    add("party", "acme", START, Party("acme", "ACME", "vendor"))
    add("party", "smith", START, Party("smith", "Smith Motors", "customer"))
    for place, person in enumerate(_PEOPLE):
        zone = "America/New_York" if place else "Europe/Berlin"
        add("person", person, START, Person(person, "smith", zone=zone))
    add("person", "ann", START, Person("ann", "acme"))
    for i in range(touches):
        at = START + timedelta(minutes=3 * 365 * 24 * 60 * i // touches)
        channel = "phone" if i % 10 == 9 else "sms" if i % 7 == 3 else "email"
        who, touch = _PEOPLE[i % 3], f"touch{i}"
        expects = wanted or ("reply" if i % 5 == 0 else None)
        fact = Touch("ann", who, channel, "notice", expects=expects, topics=("news",))
        add("touch", touch, at, fact)
        for step, (what, by) in enumerate(_SIGNALS[i % 4]):
            told = Signal(touch, what, who, by=by, **_THIRD)
            add("signal", f"signal{i}-{step}", at + timedelta(minutes=step + 1), told)
        if i % 15 == 0:
            back = Touch(who, "ann", channel, answers=touch)
            add("touch", f"answer{i}", at + timedelta(hours=5), back)
    return made


def _stored(touches: int) -> dict[str, Callable[[], object]]:
    """The same account in a store: what reads and judges it, and the steps of reading alone."""
    clock = FixedClock(START)
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    for entry in account(touches):
        fact, at = entry.fact, entry.at
        if entry.kind in {"touch", "signal", "party", "person"}:
            clock.set(at)
            named = {"key": entry.id} if entry.kind == "touch" else {}
            ledger.record("a", evolve(fact, at=at, **named))
    clock.set(AS_OF)

    def read() -> list[Entry]:
        with ledger._store.begin(write=False) as tx:
            return list(read_all(tx, ledger._accounts.must_find("a", tx)))

    with ledger._store.begin(write=False) as tx:
        id_ = ledger._accounts.must_find("a", tx)
        records = [row.record for row in tx.entries(id_)]
        bodies = [from_base64url(part.body) for part in tx.disclosures(id_)]
    return {
        STOREDLY: lambda: judge(read(), AS_OF),
        "of that, reading and decoding": read,
        "of that, JSON parsed and written again, by orjson alone": lambda: [
            dump(loads(data)) for data in (*records, *bodies)
        ],
    }


def _without_collecting(use: Callable[[], object]) -> Callable[[], object]:
    """The same with Python's garbage collector off: what it takes is the difference."""

    def used() -> object:
        gc.disable()
        try:
            return use()
        finally:
            gc.enable()

    return used


def judging(touches: int = TOUCHES, rounds: int = 7) -> list[Line]:
    """Touches with three signals each per second and core, and where the time goes.

    The limit is Python's own: for each touch a finding with 36 fields, a row and four lines of
    evidence are made, which stay, and each of four lines is gone through by a handful of rules.
    Of reading, a third is parsing the JSON and writing it again, by which what is not in
    canonical form is refused.
    """
    entries, plain = account(touches), account(touches, wanted="nothing")
    seen = view(entries, AS_OF)
    hearings = list(Docket(seen).hearings.values())
    clocks = Clocks(seen, Zones(seen))
    uses: dict[str, Callable[[], object]] = {
        PURELY: lambda: judge(entries, AS_OF),
        "of that, what counts and its index": lambda: view(entries, AS_OF),
        "of that, every report heard": lambda: Docket(seen),
        "of that, deadlines": lambda: [clocks.term([hearing]) for hearing in hearings],
        "of that, making evidence, rows and findings": lambda: [
            _made_again(finding) for finding in found
        ],
        "the same with no deadlines": lambda: judge(plain, AS_OF),
        "the same without collecting garbage": _without_collecting(lambda: judge(entries, AS_OF)),
        **_stored(touches),
    }
    found = judge(entries, AS_OF)
    figures = dict.fromkeys(uses, float("inf"))
    for _ in range(rounds):
        for what, use in uses.items():
            figures[what] = min(figures[what], seconds(use, process_time))
    aims = {PURELY: PURE, STOREDLY: STORED}
    lines = []
    for what, took in figures.items():
        wanted = aims.get(what)
        aim = "" if wanted is None else f"at least {wanted:,}/s"
        met = None if wanted is None else touches / took >= wanted
        figure = f"{touches / took:,.0f} touches/s, {took / touches * 1e6:.1f} us each"
        lines.append(Line(what, figure, aim, met))
    return lines


_finding, _line, _row = swift(Finding), swift(Evidence), swift(PersonRow)
_of_finding, _of_line, _of_row = (
    attrgetter(*(field.name for field in fields(cls))) for cls in (Finding, Evidence, PersonRow)
)


def _made_again(finding: Finding) -> object:
    """The same values anew, field by field."""
    lines = [_line(*_of_line(line)) for line in finding.evidence]
    rows = [_row(*_of_row(row)) for row in finding.rows]
    return _finding(*_of_finding(finding)), lines, rows
