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

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import orjson
from attrs import evolve

from contactledger.events import Event
from contactledger.facts import Signal
from contactledger.log.record import decode
from contactledger.recording import Given
from contactledger.references import References
from contactledger.sources._machine_behaviour import ACTS, WITHIN, behaviour
from contactledger.sources._machine_grade import RULES_DATE
from contactledger.store.port import EntryRow, Transaction
from contactledger.vocabulary import By, SignalKind, System

TAIL = 64
"""Entries of an account that are looked at."""
BACK = timedelta(hours=1)
"""How much older than the oldest act that came in they may be."""

MATCHED = "behaviour"
"""How the second report came to its touch."""

_BEARING = ACTS | {SignalKind.DELIVERED}
"""What is graded, and what it is graded by."""
_WORDS = frozenset(kind.value for kind in _BEARING)


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
        there = _tail(tx, account, heads[account].size, coming) if coming else []
        if there:  # else the body was graded by itself, and nothing is to be added
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


def _tail(tx: Transaction, account: str, size: int, coming: list[_Act]) -> list[_Act]:
    """The newest acts and deliveries on record that bear on those that come: of the same touch,
    or within seconds of an act. Left out is what was taken back or graded again already.

    Most entries are passed over by their clear fields, as they stand in the bytes: to decode one
    takes a hundred times as long.
    """
    touches = {act.fact.touch for act in coming}
    moments = sorted(act.at for act in coming if act.fact.what in ACTS)
    since = min(act.at for act in coming) - BACK
    near: list[EntryRow] = []
    gone: set[int] = set()
    for row in tx.entries(account, max(0, size - TAIL), size):
        if row.kind not in ("signal", "retraction"):
            continue
        said = orjson.loads(row.record)["fact"]
        if row.kind == "retraction":
            gone.add(said["entry"])
        elif "same_as" in said:
            gone.update((row.no, said["same_as"]))
        elif (
            said.get("what") in _WORDS
            and row.at >= since
            and (said.get("touch") in touches or _near(row.at, moments))
        ):
            near.append(row)
    near = [row for row in near if row.no not in gone]
    if not near:
        return []
    parts: dict[int, list[str]] = {}
    for part in tx.disclosures(account, near[0].no, near[-1].no + 1):
        parts.setdefault(part.no, []).append(part.body)
    found = [(row, decode(row.record, parts.get(row.no, ())).fact) for row in near]
    return [_Act(row.no, row.at, fact) for row, fact in found if isinstance(fact, Signal)]


def _near(at: datetime, moments: list[datetime]) -> bool:
    """Whether one of these moments, which are in order, is within seconds."""
    index = bisect_left(moments, at - WITHIN)
    return index < len(moments) and moments[index] <= at + WITHIN


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
