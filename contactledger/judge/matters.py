"""Everything the log holds on one matter, gathered: `dossiers(view, findings, promises)`.

A matter is one that somebody named, or, without a name, a root touch with its chain of
answers and reminders, or a promise that belongs to no matter. Handoffs, the ladder, the onus
and the case are all read from a matter's dossier.

`pauses` and `last_policy` serve them and the judgement of touches alike.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from attrs import field, frozen

from contactledger.facts import Entry, Handoff, Matter
from contactledger.findings import Finding, PromiseFinding
from contactledger.judge.policy import Policy, parse_policy
from contactledger.judge.promises import speaker
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import HandoffWord, MatterState


@frozen(eq=False)
class Dossier:
    """What the log holds on one matter; every list in the order of events.

    `matter`: its id, or that of the root touch or lone promise. `states`: what its parties
    did with it. `offers`: handoffs offered. `findings`: of all its touches, reminders too.
    """

    matter: str
    named: bool
    states: list[Entry] = field(factory=list)
    touches: list[Entry] = field(factory=list)
    findings: list[Finding] = field(factory=list)
    promises: list[PromiseFinding] = field(factory=list)
    offers: list[Entry] = field(factory=list)

    @property
    def state(self) -> MatterState:
        """Where a named matter stands by the last word on it."""
        word = cast(Matter, self.states[-1].fact).state if self.states else MatterState.OPENED
        return MatterState.OPENED if word is MatterState.RESUMED else word


@frozen
class Pause:
    """The clocks of everybody but `party` stood still from … until (None: they still do)."""

    party: str
    since: datetime
    until: datetime | None
    because: tuple[int, ...]


def dossiers(
    view: View, findings: Iterable[Finding], promises: Iterable[PromiseFinding]
) -> list[Dossier]:
    """One for every matter that anything in the view belongs to."""
    made: dict[str, Dossier] = {}

    def of(matter: str, *, named: bool = True) -> Dossier:
        if matter not in made:
            made[matter] = Dossier(matter, named)
        return made[matter]

    for matter, states in view.matters.items():
        of(matter).states.extend(states)
    for touch, entry in view.touches.items():
        matter = view.matter_of(touch)
        of(matter, named=matter not in view.touches).touches.append(entry)
    for finding in findings:
        of(view.matter_of(finding.touch)).findings.append(finding)
    for promise in promises:
        matter = promise.matter or promise.promise
        of(matter, named=promise.matter is not None).promises.append(promise)
    for matter, handoffs in view.handoffs.items():
        offers = [entry for entry in handoffs if is_offer(entry)]
        if offers:
            of(matter).offers.extend(offers)
    for dossier in made.values():
        _put_in_order(dossier)
    return list(made.values())


def _put_in_order(dossier: Dossier) -> None:
    dossier.touches.sort(key=in_time_order)
    dossier.offers.sort(key=in_time_order)
    dossier.findings.sort(key=lambda finding: (finding.at, finding.no))
    dossier.promises.sort(key=lambda promise: (promise.at, promise.no))


def is_offer(entry: Entry) -> bool:
    """True for a handoff that offers a matter; the others answer one."""
    return cast(Handoff, entry.fact).word is HandoffWord.OFFERED


def pauses(view: View, matter: str) -> tuple[Pause, ...]:
    """The pauses of a matter, in order; empty for one that nobody named.

    A pause lasts until anybody resumes, opens again or closes the matter: the party whose
    clock stands still may give the pause up too. A second pause meanwhile is the other
    party's own, and both end together.
    """
    running: dict[str, Entry] = {}
    made: list[Pause] = []

    def end(until: datetime | None, because: tuple[int, ...]) -> None:
        made.extend(
            Pause(party, entry.at, until, (entry.no, *because)) for party, entry in running.items()
        )
        running.clear()

    for entry in view.matters.get(matter, ()):
        if cast(Matter, entry.fact).state is MatterState.PAUSED:
            running.setdefault(speaker(view, entry), entry)
        else:
            end(entry.at, (entry.no,))
    end(None, ())
    return tuple(made)


def last_policy(view: View, at: datetime) -> Policy | None:
    """The policy in force at a moment: the trial one, else the last adopted by then, else the
    first (J44); None only in a view without any."""
    if view.what_if is not None:
        return parse_policy(view.what_if)
    if not view.policies:
        return None
    later = bisect_right(view.policies, at, key=lambda adopted: adopted.binds)
    return parse_policy(view.policies[max(0, later - 1)].text)


def policy_of(view: View, finding: Finding) -> Policy:
    """The policy that a finding rests on (J45)."""
    if finding.basis.trial:
        return parse_policy(view.what_if or "")
    return next(
        parse_policy(adopted.text)
        for adopted in view.policies
        if adopted.digest == finding.basis.digest
    )


def entries_of(view: View, dossier: Dossier) -> Iterable[Sequence[Entry]]:
    """The entries of a matter that a party may dispute, settlements and promises left out."""
    yield dossier.touches
    for touch in dossier.touches:
        yield view.signals.get(touch.id, ())
    yield dossier.offers
    for offer in dossier.offers:
        yield view.handoff_answers.get(offer.id, ())
    yield dossier.states
