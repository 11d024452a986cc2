"""Who has the ball of a matter, and how it was passed on: `passings`, `holds` (J50).

A handoff leaves the ball with its giver until the taker accepts, in so many words or by
acting on the matter: a touch, a promise, a word on the matter itself, a handoff of its own.
A refusal gives it back, also after an acceptance. What the taker disputes it did not say.
Where nothing was said within the taker's window for a ticket (or, where the policy has none,
for the next answer) the handoff reads *never taken up*; it may still be accepted later.

Before the first handoff the ball lies with whoever was last asked for an answer, and goes
back to the one who asked when the answer is there; before any question, with the party that
opened the matter. A handoff that brings the ball to a party that had it is a circle.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from attrs import frozen

from contactledger.facts import Entry, Handoff, Mark
from contactledger.findings import Finding, HandoffFinding, Hold, Outcome
from contactledger.judge.basis import Bases
from contactledger.judge.calendar import deadline, zone_of
from contactledger.judge.due import zone_name
from contactledger.judge.matters import Dossier
from contactledger.judge.policy import Policy
from contactledger.judge.promises import speaker
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import (
    Channel,
    Expects,
    HandoffWord,
    MarkWord,
    Purpose,
    Urgency,
)

_ASKS = frozenset({Expects.RESPONSE, Expects.REPLY})


@frozen
class Passing:
    """A handoff with what came of it: `taken` accepts it, `returned` refuses it."""

    offer: Entry
    giver: str
    taker: str
    due: datetime | None
    taken: Entry | None
    returned: Entry | None

    def state(self, as_of: datetime) -> str:
        """offered, accepted, refused or never_taken_up."""
        if self.returned is not None:
            return "refused"
        if self.taken is not None:
            return "accepted"
        late = self.due is not None and as_of > self.due
        return "never_taken_up" if late else "offered"


def passings(view: View, dossier: Dossier, bases: Bases) -> list[Passing]:
    """The handoffs of a matter in the order they were offered."""
    if not dossier.offers:
        return []
    acts = acts_of(view, dossier)
    return [_passing(view, offer, acts, bases) for offer in dossier.offers]


def _passing(view: View, offer: Entry, acts: dict[str, list[Entry]], bases: Bases) -> Passing:
    fact = cast(Handoff, offer.fact)
    giver = fact.giver or offer.recorder
    taker = fact.taker or ""
    said = [
        entry
        for entry in sorted(view.handoff_answers.get(offer.id, ()), key=in_time_order)
        if cast(Handoff, entry.fact).word is not HandoffWord.OFFERED
        and not _disowned(view, entry, taker)
    ]
    returned = said[-1] if said and _word(said[-1]) is HandoffWord.REFUSED else None
    doing = acts.get(taker, [])
    first = bisect_right(doing, in_time_order(offer), key=in_time_order)
    taking = [entry for entry in said if _word(entry) is HandoffWord.ACCEPTED]
    taking = sorted([*taking[:1], *doing[first : first + 1]], key=in_time_order)
    taken = taking[0] if taking else None
    if taken is not None and returned is not None and taken.at >= returned.at:
        taken = None
    policy, _ = bases.of(giver, taker, offer.at)
    return Passing(offer, giver, taker, _due(view, policy, taker, offer.at), taken, returned)


def _word(entry: Entry) -> HandoffWord:
    return cast(Handoff, entry.fact).word


def _disowned(view: View, entry: Entry, taker: str) -> bool:
    """The taker's last mark on an answer put down for it says that it did not say so."""
    marks = [mark for mark in view.marks.get(entry.no, ()) if speaker(view, mark) == taker]
    if not marks or view.own_word(entry, taker):
        return False
    last = max(marks, key=in_time_order)
    return cast(Mark, last.fact).word is MarkWord.DISPUTED


def acts_of(view: View, dossier: Dossier) -> dict[str, list[Entry]]:
    """Party → what it did in the matter, in the order of events."""
    acts: dict[str, list[Entry]] = {}
    for entry, party in _acts(view, dossier):
        acts.setdefault(party, []).append(entry)
    for done in acts.values():
        done.sort(key=in_time_order)
    return acts


def _acts(view: View, dossier: Dossier) -> Iterator[tuple[Entry, str]]:
    for entry in dossier.touches:
        party = view.owner(view.sender_of(entry), entry.at)
        if party is not None:
            yield entry, party
    for promise in dossier.promises:
        yield view.by_no[promise.no], promise.promiser
    for entry in dossier.offers:
        yield entry, cast(Handoff, entry.fact).giver or entry.recorder
    for entry in dossier.states:
        yield entry, speaker(view, entry)


def _due(view: View, policy: Policy, taker: str, at: datetime) -> datetime | None:
    role = view.role(taker, at)
    window = policy.window(
        Channel.TICKET, Purpose.QUESTION, Urgency.NORMAL, Expects.REPLY, role, taker
    ) or policy.next_answer_window(role, taker)
    if window is None:
        return None
    zone = zone_name(view, policy, taker, taker, at) or "UTC"
    return deadline(policy.calendar(role, taker), zone_of(zone), at, window)


# --- who has it when -------------------------------------------------------------------------

_Move = tuple[datetime, int, str, int]
"""When, order within that moment, to whom, entry."""


def holds(
    dossier: Dossier, passed: list[Passing], opener: tuple[Entry, str]
) -> tuple[list[Hold], set[int]]:
    """Who had the ball from … until, and the numbers of the handoffs that were circles.

    The last hold is open-ended; `opener` is the entry that opened the matter and its party.
    """
    entry, party = opener
    moves: list[_Move] = [(entry.at, 0, party, entry.no)]
    first = passed[0].offer.at if passed else None
    moves += [move for move in _talk(dossier.findings) if first is None or move[0] < first]
    if passed:
        moves.append((passed[0].offer.at, 3, passed[0].giver, passed[0].offer.no))
    offers: dict[int, int] = {}
    for passing in passed:
        for taking, to in ((passing.taken, passing.taker), (passing.returned, passing.giver)):
            if taking is not None and (taking is passing.taken or passing.taken is not None):
                moves.append((taking.at, 4, to, taking.no))
                offers[len(moves) - 1] = passing.offer.no
    return _run(moves, offers)


def _talk(findings: list[Finding]) -> Iterator[_Move]:
    """Questions give the ball to the party asked, the first of several, answers give it back.

    One that failed leaves it where it was: nobody holds what never got there.
    """
    last = -1
    for finding in findings:
        if finding.expects not in _ASKS or finding.original is not None or finding.no == last:
            continue
        if finding.outcome is Outcome.UNREACHED:
            continue
        last = finding.no
        back = finding.settled_at if finding.outcome is Outcome.ANSWERED else None
        if back is None or back > finding.at:
            yield (finding.at, 2, finding.party, finding.no)
        if back is not None and back > finding.at:
            yield (back, 1, finding.sender, (finding.answered_by or (finding.no,))[0])


def _run(moves: list[_Move], offers: dict[int, int]) -> tuple[list[Hold], set[int]]:
    order = sorted(range(len(moves)), key=lambda index: (*moves[index][:2], index))
    made: list[tuple[str, datetime, tuple[int, ...]]] = []
    circles: set[int] = set()
    had: set[str] = set()
    holder = ""
    for index in order:
        at, _, party, no = moves[index]
        if party == holder:
            continue
        if index in offers and party in had:
            circles.add(offers[index])
        had.add(party)
        holder = party
        if made and made[-1][1] == at:
            made.pop()
        if not made or made[-1][0] != party:
            made.append((party, at, (no,)))
    ends: list[Any] = [at for _, at, _ in made[1:]]
    ends.append(None)
    return [
        Hold(party, since, until, because)
        for (party, since, because), until in zip(made, ends, strict=True)
    ], circles


def handoff_findings(
    view: View, passed: list[Passing], circles: set[int]
) -> tuple[HandoffFinding, ...]:
    """The verdict on each handoff of a matter (J50)."""
    made = []
    for passing in passed:
        answer = passing.returned or passing.taken
        made.append(
            HandoffFinding(
                no=passing.offer.no,
                giver=passing.giver,
                taker=passing.taker,
                at=passing.offer.at,
                due=passing.due,
                state=passing.state(view.as_of),
                answered_no=None if answer is None else answer.no,
                circle=passing.offer.no in circles,
                rules=("J50",),
            )
        )
    return tuple(made)
