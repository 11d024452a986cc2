"""What became of a touch: the first outcome that fits (J31, J32, J35)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import define, field

from contactledger.findings import Evidence, Grade, Outcome, Reach
from contactledger.judge.listening import Listening
from contactledger.judge.reach import Hearing
from contactledger.vocabulary import By, Channel, Expects, SignalKind

_SEEN, _ANSWERED, _CLAIMED = Reach.SEEN, Reach.ANSWERED, Grade.CLAIMED
_LOWER = {
    reach: tuple(lower for lower in reversed(Reach) if Reach.FAILED < lower < reach)
    for reach in Reach
}
_DOUBTFUL = frozenset({"contested", "outsider", "unidentified", "conflicting_copy"})
"""Caveats of a report of attendance that says nothing certain of the receiver."""
LOADS_WITHIN = timedelta(days=90)
"""A person whose images loaded this recently would have shown a look again (J35)."""


@define
class Tally:
    """The lines of a question, added up: the best grade by reach, and when it was settled."""

    best: dict[Reach, Grade] = field(factory=dict)
    seen_at: datetime | None = None
    answered_at: datetime | None = None

    def add(self, lines: Iterable[Evidence]) -> None:
        """Count further lines; order does not matter."""
        best = self.best
        for line in lines:
            lifts = line.lifts
            if lifts is None:
                continue
            grade = best.get(lifts)
            if grade is None or line.grade > grade:
                best[lifts] = line.grade
            if lifts >= _SEEN:
                at = line.at
                if self.seen_at is None or at < self.seen_at:
                    self.seen_at = at
                if lifts is _ANSWERED and (self.answered_at is None or at < self.answered_at):
                    self.answered_at = at

    def grade(self, reach: Reach) -> Grade:
        """The best grade among the evidence for a reach (J34)."""
        return self.best.get(reach, _CLAIMED)

    def better(self, reach: Reach) -> tuple[Reach, Grade] | None:
        """The furthest lower reach that is better graded, to print beside (J34)."""
        best = self.best
        shown = best.get(reach, Grade.CLAIMED)
        for lower in _LOWER[reach]:
            if lower in best and best[lower] > shown:
                return lower, best[lower]
        return None

    def delivered(self) -> Grade:
        """The best grade of any evidence that it arrived."""
        return max(self.grade(reach) for reach in (Reach.DELIVERED, Reach.SEEN))


class Looks:
    """When people were seen to open something, by channel: images load there (J35)."""

    def __init__(self, hearings: Iterable[Hearing]) -> None:
        self._hearings = hearings
        self._found: dict[tuple[str, Channel], list[datetime]] | None = None

    def _opens(self) -> dict[tuple[str, Channel], list[datetime]]:
        """Worked out when it is first asked for: only where something was tracked."""
        if self._found is not None:
            return self._found
        found: dict[tuple[str, Channel], list[datetime]] = {}
        for hearing in self._hearings:
            for line in hearing.lines:
                if (
                    line.what is SignalKind.OPENED
                    and line.by is By.HUMAN
                    and line.lifts is not None
                    and line.person is not None
                ):
                    key = (line.person, hearing.question.fact.channel)
                    found.setdefault(key, []).append(line.at)
        for opens in found.values():
            opens.sort()
        self._found = found
        return found

    def load(self, hearing: Hearing) -> bool:
        """Whether an addressee opened something on that channel in the 90 days before."""
        at = hearing.question.entry.at
        for ref in hearing.question.refs:
            opens = self._opens().get((ref, hearing.question.fact.channel), ())
            if bisect_right(opens, at) > bisect_left(opens, at - LOADS_WITHIN):
                return True
        return False


@define
class Verdict:
    """An outcome in the making: what it is, how sure, and what is to be said of it."""

    outcome: Outcome
    grade: Grade
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    because: tuple[int, ...] = ()


def silence(
    chain: list[Hearing],
    tally: Tally,
    due: datetime,
    wanted: Expects,
    tools: tuple[Listening, Looks],
) -> Verdict:
    """Ignored, or unproven and why: the word on a delivered touch that is past due.

    `chain`: a question and its reminders. Judged by the touch that was first delivered.
    """
    listening, looks = tools
    carrier = carrier_of(chain)
    question = carrier.question
    since = chain[0].question.entry.at
    channel = question.fact.channel
    if listening and listening.blind(channel, since, due) > question.policy.coverage_tolerance:
        said = listening.blind_entries(channel, since, due)
        return Verdict(Outcome.UNPROVEN, Grade.CLAIMED, ("J32",), ("collector_blind",), said)
    recorded = bool(listening) and listening.recorded(channel, since, due)
    coverage = Grade.LIKELY
    if recorded and listening.recorded(channel, since, due, question.sender):
        coverage = Grade.CONFIRMED
    notes: tuple[str, ...] = () if recorded else ("coverage_assumed",)
    rules: tuple[str, ...] = ("J35",) if recorded else ("J32", "J35")
    if wanted is Expects.SEEN:
        openers = {hearing.hidden for hearing in chain} - {None}
        if openers:
            note = "look_hidden" if By.MACHINE in openers else "look_unclear"
            return Verdict(Outcome.UNPROVEN, Grade.CLAIMED, ("J11",), (note,))
        shows = question.policy.shows_look(channel)
        if not shows and not question.fact.tracked:
            return Verdict(Outcome.UNPROVEN, Grade.CLAIMED, ("J11",), ("no_look_shown",))
        if not shows:
            loads = looks.load(carrier)
            coverage = min(coverage, Grade.LIKELY if loads else Grade.CLAIMED)
            notes = (*notes, "images_load" if loads else "images_may_not_load")
    return Verdict(Outcome.IGNORED, min(tally.delivered(), coverage), rules, notes)


def came(chain: list[Hearing], as_of: datetime) -> str:
    """The note on whether anybody of the receiver came to the gathering of this chain, "" where
    that cannot be said: before the end, or where nobody speaks of it (J15).

    That nobody came is said only where everybody who accepted is reported absent, and not
    where the receiver disputes it.
    """
    accepted: set[str | None] = set()
    absent: set[str | None] = set()
    attended = False
    for hearing in chain:
        fact = hearing.question.fact
        ends = fact.ends or fact.starts
        if ends is not None and as_of < ends:
            return ""
        for line in hearing.lines:
            if not _DOUBTFUL.isdisjoint(line.caveats):
                continue
            if line.what is SignalKind.ABSENT:
                absent.add(line.person)
            elif line.lifts is Reach.ANSWERED:
                attended = attended or line.what is SignalKind.ATTENDED
                if line.what is SignalKind.ACCEPTED:
                    accepted.add(line.person)
    if attended:
        return "attended"
    stayed_away = accepted and absent and (None in absent or accepted <= absent)
    return "nobody_came" if stayed_away else ""


def carrier_of(chain: list[Hearing]) -> Hearing:
    """The touch of a chain that was first delivered; the first of all if none was."""
    if len(chain) == 1:
        return chain[0]
    delivered = [hearing for hearing in chain if hearing.reach >= Reach.DELIVERED]
    return delivered[0] if delivered else chain[0]
