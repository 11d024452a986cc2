"""Each matter followed over touches, promises and handoffs: `cases(view, …)` (J50 to J52).

There is one case for every matter that was named, one for every root touch with its chain of
answers and reminders that belongs to none, and one for every promise that belongs to none.
A case that nobody named is closed when nobody has to act in it (O9): everything in it was
answered, seen, noted or kept. A named one is closed by a party's word; where that party owes
something in it itself, the onus stays (J23) although the state reads closed.

Days held are days of 24 hours, to the end of the case or to `as_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import cast

from contactledger.facts import Entry, Handoff, Matter, Money
from contactledger.findings import Case, Finding, Hold, Onus, PromiseFinding
from contactledger.judge.basis import Bases
from contactledger.judge.handoffs import handoff_findings, holds, passings
from contactledger.judge.ladder import ladders, staff
from contactledger.judge.matters import Dossier, dossiers
from contactledger.judge.onus import NOBODY, is_settled, onus
from contactledger.judge.promises import speaker
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import MatterState

_DAY = timedelta(days=1)


def cases(
    view: View, findings: Iterable[Finding], promises: Iterable[PromiseFinding]
) -> tuple[Case, ...]:
    """Every matter of the account, the one opened first in front."""
    gathered = dossiers(view, findings, promises)
    people, bases = staff(view), Bases(view)
    made = [_case(view, dossier, people, bases) for dossier in gathered]
    return tuple(sorted(made, key=lambda case: (case.opened_at, case.because)))


def account_onus(found: Iterable[Case]) -> tuple[Onus, str | None]:
    """The onus of the oldest open matter, and which matter that is (J52).

    A matter that was closed by a party which owes something in it counts as open.
    """
    for case in found:
        if case.state is not MatterState.CLOSED or case.onus.party is not None:
            return case.onus, case.matter
    return NOBODY, None


def _case(view: View, dossier: Dossier, people: Mapping[str, frozenset[str]], bases: Bases) -> Case:
    opener = _opener(view, dossier)
    passed = passings(view, dossier, bases)
    climbed = ladders(view, dossier, people, bases)
    held, circles = holds(dossier, passed, opener)
    settled = is_settled(view, dossier)
    turn = NOBODY if settled else onus(view, dossier, climbed, passed)
    state = dossier.state
    if not dossier.named and turn.party is None:
        settled, state = True, MatterState.CLOSED
    closed_at = _closed_at(dossier) if state is MatterState.CLOSED else None
    if settled:
        held = _cut(held, cast(datetime, closed_at))
    stake, worth = _money(dossier)
    return Case(
        matter=dossier.matter,
        named=dossier.named,
        state=state,
        opened_at=opener[0].at,
        closed_at=closed_at,
        opened_by=opener[1],
        parties=_parties(view, dossier, opener[1]),
        stake=stake,
        worth=worth,
        touches=tuple(entry.no for entry in dossier.touches),
        promises=tuple(promise.no for promise in dossier.promises),
        handoffs=handoff_findings(view, passed, circles),
        holder=None if settled else held[-1].party,
        holder_since=None if settled else held[-1].since,
        holds=tuple(held),
        days_held=_days_held(held, view.as_of),
        circles=len(circles),
        rungs=tuple(rung for ladder in climbed for rung in ladder.rungs),
        onus=turn,
        rules=_rules(dossier, bool(climbed), turn),
        because=_because(dossier),
    )


def _opener(view: View, dossier: Dossier) -> tuple[Entry, str]:
    """The first thing that happened in the matter, and the party that did it."""
    if dossier.states:
        return dossier.states[0], speaker(view, dossier.states[0])
    first = [
        (entry, view.owner(view.sender_of(entry), entry.at) or entry.recorder)
        for entry in dossier.touches[:1]
    ]
    first += [(view.by_no[p.no], p.promiser) for p in dossier.promises[:1]]
    first += [(entry, _giver(entry)) for entry in dossier.offers[:1]]
    return min(first, key=lambda pair: in_time_order(pair[0]))


def _closed_at(dossier: Dossier) -> datetime:
    """When a named matter was closed, or when the last thing in an unnamed one was settled."""
    if dossier.states:
        return dossier.states[-1].at
    times = [finding.settled_at or finding.at for finding in dossier.findings]
    times += [promise.settled_at or promise.at for promise in dossier.promises]
    times += [entry.at for entry in dossier.touches]
    return max(times)


def _cut(held: list[Hold], until: datetime) -> list[Hold]:
    """The same holds, none lasting longer than the case."""
    return [
        Hold(hold.party, hold.since, min(hold.until or until, until), hold.because)
        for hold in held
        if hold.since <= until
    ]


def _days_held(held: list[Hold], as_of: datetime) -> tuple[tuple[str, float], ...]:
    days: dict[str, float] = {}
    for hold in held:
        length = (hold.until or as_of) - hold.since
        days[hold.party] = days.get(hold.party, 0.0) + length / _DAY
    return tuple(days.items())


def _money(dossier: Dossier) -> tuple[Money | None, Money | None]:
    """What was last said to be at stake, and what the account was last said to be worth."""
    stake = worth = None
    for entry in dossier.states:
        fact = cast(Matter, entry.fact)
        stake, worth = fact.stake or stake, fact.worth or worth
    return stake, worth


def _parties(view: View, dossier: Dossier, opener: str) -> tuple[str, ...]:
    """Everybody who had to do with the matter, in the order in which they came into it."""
    named = sorted(_named(view, dossier), key=lambda pair: in_time_order(pair[0]))
    return tuple(dict.fromkeys([opener, *(party for _, party in named if party)]))


def _named(view: View, dossier: Dossier) -> Iterator[tuple[Entry, str]]:
    for entry in dossier.states:
        yield entry, speaker(view, entry)
    for entry in dossier.touches:
        yield entry, view.owner(view.sender_of(entry), entry.at) or ""
    for finding in dossier.findings:
        yield view.by_no[finding.no], finding.party
    for promise in dossier.promises:
        for party in (promise.promiser, promise.promisee):
            yield view.by_no[promise.no], party
    for entry in dossier.offers:
        yield entry, _giver(entry)
        yield entry, cast(Handoff, entry.fact).taker or ""


def _giver(entry: Entry) -> str:
    return cast(Handoff, entry.fact).giver or entry.recorder


def _rules(dossier: Dossier, climbing: bool, turn: Onus) -> tuple[str, ...]:
    rules = []
    if dossier.promises:
        rules.append("J49")
    if dossier.offers:
        rules.append("J50")
    if climbing:
        rules.append("J51")
    return (*rules, "J52", turn.rule)


def _because(dossier: Dossier) -> tuple[int, ...]:
    numbers = {entry.no for entry in (*dossier.states, *dossier.touches, *dossier.offers)}
    numbers.update(promise.no for promise in dossier.promises)
    return tuple(sorted(numbers))
