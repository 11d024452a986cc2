"""Everything the log holds on one matter, gathered: `dossiers(view, findings, promises)`.

A matter is one that somebody named, or, without a name, a root touch with its chain of
answers and reminders, or a promise that belongs to no matter. Handoffs, the ladder, the onus
and the case are all read from a matter's dossier.

`pauses` serves them and the judgement of touches alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from attrs import field, frozen

from contactledger.facts import Entry, Handoff, Matter, Touch
from contactledger.findings import Finding, PromiseFinding
from contactledger.judge.promises import speaker
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import HandoffWord, MatterState


@frozen(eq=False)
class Dossier:
    """What the log holds on one matter; every list in the order of events, findings of one
    touch in the order in which it names their parties.

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
        _put_in_order(view, dossier)
    return list(made.values())


def _put_in_order(view: View, dossier: Dossier) -> None:
    dossier.touches.sort(key=in_time_order)
    dossier.offers.sort(key=in_time_order)
    if len(dossier.findings) > 1:
        places = {entry.no: _places(view, entry) for entry in dossier.touches}
        dossier.findings.sort(
            key=lambda finding: (finding.at, finding.no, places[finding.no].get(finding.party, 0))
        )
    dossier.promises.sort(key=lambda promise: (promise.at, promise.no))


def _places(view: View, entry: Entry) -> dict[str | None, int]:
    """Where each party stands among those a touch was addressed to: ids are random, and no
    verdict may hang on their order."""
    places: dict[str | None, int] = {}
    for name in cast(Touch, entry.fact).to:
        places.setdefault(view.owner(name, entry.at), len(places))
    return places


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


def entries_of(view: View, dossier: Dossier) -> Iterable[Sequence[Entry]]:
    """The entries of a matter that a party may dispute, settlements and promises left out."""
    yield dossier.touches
    for touch in dossier.touches:
        yield view.signals.get(touch.id, ())
    yield dossier.offers
    for offer in dossier.offers:
        yield view.handoff_answers.get(offer.id, ())
    yield dossier.states
