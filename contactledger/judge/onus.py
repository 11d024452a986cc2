"""Who must act next in a matter, and by which printed rule: `onus(view, dossier, …)` (J52).

O1 to O9 are tried in their order and the first that fits decides. Of several things that
fit the same rule the oldest does.

What J52 leaves open is decided thus. A promise is past due (O1) while it is overdue, and
once it was missed, in a matter that somebody named, until the promiser promises anew.
Whatever was wanted and did not come in time is overdue (O2, O3), a look as well as a reply.
Where every rung was tried and the last touch is still given its time, an answer is due later
(O8). A touch that failed, or whose silence proves nothing, no longer counts (O4) once the same
party got through to the other in the same matter. That nobody can tell whether a notice was
seen obliges its sender only in a matter that somebody named. After an accepted handoff the
taker has the onus (O5) until it acts, and again where otherwise nobody would; an offer to
somebody else takes the older one of the same giver back. A word that is disputed (O6) waits for
whichever of the two spoke before the other. Broadcasts oblige nobody (J43).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import cast

from attrs import frozen

from contactledger.facts import Entry, Mark
from contactledger.findings import (
    Finding,
    Onus,
    Outcome,
    PromiseFinding,
    PromiseState,
    Reach,
)
from contactledger.judge.handoffs import Passing, acts_of
from contactledger.judge.held import WANTS_AN_ANSWER
from contactledger.judge.ladder import Ladder, is_broadcast
from contactledger.judge.matters import Dossier, entries_of, pauses
from contactledger.judge.promises import speaker
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import MarkWord, MatterState

NOBODY = Onus(None, "O9", None, ())


@frozen(eq=False)
class _Matter:
    """A dossier with what was read from it so far."""

    view: View
    dossier: Dossier
    ladders: list[Ladder]
    passed: list[Passing]


def onus(view: View, dossier: Dossier, ladders: list[Ladder], passed: list[Passing]) -> Onus:
    """Who must act next in that matter (J52)."""
    matter = _Matter(view, dossier, ladders, passed)
    for rule in _RULES:
        found = rule(matter)
        if found is not None:
            return found
    return NOBODY


def _promise(matter: _Matter) -> Onus | None:
    """O1: a promise is past due; its promiser acts."""
    renewed: dict[str, int] = {promise.promiser: promise.no for promise in matter.dossier.promises}
    for promise in matter.dossier.promises:
        missed = (
            promise.state is PromiseState.MISSED
            and matter.dossier.named
            and renewed[promise.promiser] == promise.no
        )
        if missed or promise.state is PromiseState.OVERDUE:
            since = promise.due or promise.settled_at
            return Onus(promise.promiser, "O1", since, promise.because)
    return None


def _climbing(matter: _Matter) -> Onus | None:
    """O2: an answer is overdue and a rung is left; whoever asked acts."""
    for ladder in matter.ladders:
        rung = ladder.next_rung
        if rung is not None:
            asked = ladder.question
            return Onus(asked.sender, "O2", asked.due, asked.because, next_rung=rung.code)
    return None


def _climbed(matter: _Matter) -> Onus | None:
    """O3: an answer is overdue and no rung is left; whoever was asked acts, and due diligence
    is complete. O8 while the touch that tries the last rung is still given its time."""
    for ladder in matter.ladders:
        asked, waiting = ladder.question, ladder.waits_until
        tries = (rung.tried_by for rung in ladder.rungs)
        because = tuple(sorted({*asked.because, *(no for no in tries if no is not None)}))
        if waiting is not None:
            return Onus(asked.party, "O8", asked.due, because, until=waiting)
        return Onus(asked.party, "O3", asked.due, because, diligence=True)
    return None


def _unreached(matter: _Matter) -> Onus | None:
    """O4: a touch failed, or its silence proves nothing and an answer was wanted or the matter
    is one that somebody named; its sender acts."""
    through: set[tuple[str, str]] = set()
    answered: set[tuple[str, str]] = set()
    found = None
    for finding in reversed(matter.dossier.findings):
        pair = (finding.sender, finding.party)
        failed = finding.outcome is Outcome.UNREACHED and pair not in through
        unproven = (
            finding.outcome is Outcome.UNPROVEN
            and pair not in answered
            and (matter.dossier.named or finding.expects in WANTS_AN_ANSWER)
        )
        if (failed or unproven) and _obliges(matter.view, finding):
            found = Onus(finding.sender, "O4", finding.at, finding.because)
        if finding.reach >= Reach.DELIVERED:
            through.add(pair)
        if finding.reach >= Reach.SEEN:
            answered.add(pair)
    return found


def _offered(matter: _Matter) -> Onus | None:
    """O5: a handoff was offered and not taken; its giver acts, and from then on its taker."""
    latest = {passing.giver: passing.offer.no for passing in matter.passed}
    for passing in matter.passed:
        state = passing.state(matter.view.as_of)
        waits = state in {"offered", "never_taken_up"}
        if waits and latest[passing.giver] == passing.offer.no:
            return Onus(passing.giver, "O5", passing.offer.at, (passing.offer.no,))
    return _taken(matter, idle=True)


def _kept_ball(matter: _Matter) -> Onus | None:
    """O5 again, before nobody: the ball is still with whoever took it last."""
    return _taken(matter, idle=False)


def _taken(matter: _Matter, *, idle: bool) -> Onus | None:
    taken = [p for p in matter.passed if p.taken is not None and p.returned is None]
    if not taken:
        return None
    last = max(taken, key=lambda passing: in_time_order(cast(Entry, passing.taken)))
    act = cast(Entry, last.taken)
    if idle:
        done = acts_of(matter.view, matter.dossier).get(last.taker, [])
        if any(in_time_order(entry) >= in_time_order(act) for entry in done):
            return None
    return Onus(last.taker, "O5", act.at, (last.offer.no, act.no))


def _disputed(matter: _Matter) -> Onus | None:
    """O6: something is disputed; the party that did not speak last acts."""
    found = [*_disputed_promises(matter.dossier.promises), *_disputed_entries(matter)]
    return min(found, key=lambda onus: (onus.since, onus.because), default=None)


def _disputed_promises(promises: Iterable[PromiseFinding]) -> Iterator[Onus]:
    for promise in promises:
        if promise.state is PromiseState.DISPUTED:
            last = promise.words[-1][0]
            other = promise.promisee if last == promise.promiser else promise.promiser
            yield Onus(other, "O6", promise.at, promise.because)


def _disputed_entries(matter: _Matter) -> Iterator[Onus]:
    view = matter.view
    if not view.marks:
        return
    for entries in entries_of(view, matter.dossier):
        for entry in entries:
            marks = view.marks.get(entry.no)
            if marks:
                yield from _dispute(view, entry, sorted(marks, key=in_time_order))


def _dispute(view: View, entry: Entry, marks: list[Entry]) -> Iterator[Onus]:
    """A dispute stands while it is its party's last word on the entry."""
    words = {speaker(view, mark): mark for mark in marks}
    last = speaker(view, marks[-1])
    for party, mark in words.items():
        if cast(Mark, mark.fact).word is MarkWord.DISPUTED and party != entry.recorder:
            other = entry.recorder if last == party else party
            yield Onus(other, "O6", marks[-1].at, (entry.no, mark.no))
            return


def _paused(matter: _Matter) -> Onus | None:
    """O7: the matter is paused; the party that paused it acts."""
    for pause in pauses(matter.view, matter.dossier.matter):
        if pause.until is None:
            return Onus(pause.party, "O7", pause.since, pause.because)
    return None


def _pending(matter: _Matter) -> Onus | None:
    """O8: an answer is due later; whoever was asked acts, until then."""
    waiting = [
        finding
        for finding in matter.dossier.findings
        if finding.outcome is Outcome.PENDING and _obliges(matter.view, finding)
    ]
    if not waiting:
        return None
    first = min(waiting, key=lambda finding: (finding.due is None, finding.due or finding.at))
    return Onus(first.party, "O8", first.at, first.because, until=first.due)


def _obliges(view: View, finding: Finding) -> bool:
    return finding.original is None and not is_broadcast(view, finding)


_RULES: tuple[Callable[[_Matter], Onus | None], ...] = (
    _promise,
    _climbing,
    _climbed,
    _unreached,
    _offered,
    _disputed,
    _paused,
    _pending,
    _kept_ball,
)


def debtors(view: View, dossier: Dossier) -> set[str]:
    """Parties that owe something in the matter: an answer due or to come, a promise."""
    owing = {
        finding.party
        for finding in dossier.findings
        if finding.outcome in {Outcome.IGNORED, Outcome.PENDING} and _obliges(view, finding)
    }
    owing.update(
        promise.promiser
        for promise in dossier.promises
        if promise.state in {PromiseState.OPEN, PromiseState.OVERDUE}
    )
    return owing


def is_settled(view: View, dossier: Dossier) -> bool:
    """True for a closed matter, unless the party that closed it owes something in it itself:
    closing clears nothing, and only the one who is owed may waive (J23)."""
    if dossier.state is not MatterState.CLOSED:
        return False
    return speaker(view, dossier.states[-1]) not in debtors(view, dossier)
