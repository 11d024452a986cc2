"""Acts graded by what is on record, and what is on record graded by the acts that follow.

A scanner that follows every link of a message is told from a person by all of its clicks
together, and providers often post each in a body of its own. So what comes in is looked at
beside the newest entries of its account, by the same rules as within one body
(`sources/_machine_behaviour.py`). An act on record that is seen to be a machine's only now is
not changed, since nothing ever is: a second report of the same event goes on record
(`same_as`), by the machine, with the detector's name; of two reports the more machine one counts
(J18). It is our own word, and only ever lowers what the act proves.

What comes again, in a retry or a replay, keeps the grade it was recorded with, whatever is known
by then, and so is known again.

Looked at are the last `TAIL` entries of an account, as far as they are not older than `BACK`:
acts that belong together lie within seconds (`WITHIN`), and a bound is a bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from attrs import evolve

from contactledger.events import Event
from contactledger.facts import Retraction, Signal
from contactledger.log.record import decode
from contactledger.recording import Given
from contactledger.references import References
from contactledger.sources._machine_behaviour import ACTS, behaviour
from contactledger.sources._machine_grade import RULES_DATE
from contactledger.store.port import Transaction
from contactledger.vocabulary import By, SignalKind, System

TAIL = 64
"""Entries of an account that are looked at."""
BACK = timedelta(hours=1)
"""How much older than the oldest act that came in they may be."""

MATCHED = "behaviour"
"""How the second report came to its touch."""

_BEARING = ACTS | {SignalKind.DELIVERED}
"""What is graded, and what it is graded by."""


class _Act(NamedTuple):
    """A signal, and where it stands: its number on record, or its place in what is given."""

    place: int
    at: datetime
    fact: Signal


def regraded(
    tx: Transaction,
    references: References,
    given: Mapping[str, Sequence[Given]],
    links: Mapping[str, int],
) -> dict[str, list[Given]]:
    """The same facts by account, their acts graded by what is on record, and behind them the
    second reports of acts on record.

    `links`: as in `Grader`. The accounts are locked, so that nothing comes in between.
    """
    made = {account: list(some) for account, some in given.items()}
    bearing = [account for account, some in made.items() if any(map(_bears, some))]
    heads = tx.lock(made) if bearing else {}
    for account in bearing:
        items = made[account]
        known = _known(tx, account, items)
        coming = [
            _Act(i, item.fact.at, item.fact)
            for i, item in enumerate(items)
            if isinstance(item.fact, Signal) and item.fact.what in _BEARING
            if item.fact.at is not None and item.identity not in known
        ]
        if coming:
            since = min(act.at for act in coming) - BACK
            there = _tail(tx, account, heads[account].size, since)
            items += _grade(items, coming, there, references, links)
    return made


def _bears(item: Given) -> bool:
    return isinstance(item.fact, Signal) and item.fact.what in _BEARING


def _known(tx: Transaction, account: str, items: list[Given]) -> set[bytes | None]:
    """Identities that are on record; what comes again is given the grade it has there."""
    wanted = [item.identity for item in items if item.identity is not None and _bears(item)]
    seen = tx.seen(account, wanted)
    for i, item in enumerate(items):
        no = seen.get(item.identity or b"")
        if no is not None and isinstance(item.fact, Signal):
            (row,) = tx.entries(account, no, no + 1)
            there = decode(row.record).fact
            if isinstance(there, Signal) and there.what is item.fact.what:
                grade = (there.by, there.detector, there.detector_date)
                items[i] = evolve(item, fact=_by(item.fact, *grade))
    return set(seen)


def _tail(tx: Transaction, account: str, size: int, since: datetime) -> list[_Act]:
    """The newest acts and deliveries on record, but for those that are taken back or graded
    already."""
    start = max(0, size - TAIL)
    rows = [row for row in tx.entries(account, start, size) if row.at >= since]
    wanted = {row.no for row in rows if row.kind in ("signal", "retraction")}
    if not wanted:
        return []
    parts: dict[int, list[str]] = {}
    for part in tx.disclosures(account, min(wanted), max(wanted) + 1):
        parts.setdefault(part.no, []).append(part.body)
    found: dict[int, _Act] = {}
    gone: set[int | None] = set()
    for row in rows:
        if row.no not in wanted:
            continue
        fact = decode(row.record, parts.get(row.no, ())).fact
        if isinstance(fact, Retraction):
            gone.add(fact.entry)
        elif isinstance(fact, Signal) and fact.same_as is not None:
            gone.update((row.no, fact.same_as))
        elif isinstance(fact, Signal) and fact.what in _BEARING:
            found[row.no] = _Act(row.no, row.at, fact)
    return [act for no, act in found.items() if no not in gone]


def _grade(
    items: list[Given],
    coming: list[_Act],
    there: list[_Act],
    references: References,
    links: Mapping[str, int],
) -> list[Given]:
    """Grades what is coming, in `items`, and gives the second reports of what is there."""
    acts = [*there, *coming]
    again = []
    for position, detector in behaviour([_event(act) for act in acts], links).items():
        act = acts[position]
        if act.fact.by is By.MACHINE:
            continue
        if position >= len(there):
            fact = _by(act.fact, By.MACHINE, detector, RULES_DATE)
            items[act.place] = evolve(items[act.place], fact=fact)
        else:
            identity = references.of("graded again", str(act.fact.touch), str(act.place))
            again.append(Given(_second(act, detector), identity=identity))
    return again


def _second(act: _Act, detector: str) -> Signal:
    """The second report of an act on record: nothing personal in it but whose act it was."""
    return Signal(
        act.fact.touch,
        act.fact.what,
        act.fact.person,
        By.MACHINE,
        detector=detector,
        detector_date=RULES_DATE,
        same_as=act.place,
        system=System.OWN,
        source=act.fact.source,
        matched=MATCHED,
        at=act.at,
    )


def _by(fact: Signal, by: By, detector: str | None, date: str | None) -> Signal:
    return evolve(fact, by=by, detector=detector, detector_date=date)


def _event(act: _Act) -> Event:
    """The act as the rules of behaviour read it: its touch for the message, its recipient's
    address, or where nobody wrote that down who the recipient is."""
    fact = act.fact
    honeypot = fact.detector == "behaviour:honeypot" and fact.url is not None
    return Event(
        fact.what,
        act.at,
        fact.by,
        token=fact.touch,
        address=fact.address or fact.person,
        url=fact.url,
        extra={"honeypot": True} if honeypot else {},
    )
