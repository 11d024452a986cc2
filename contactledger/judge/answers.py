"""Which acts answer a touch, which may, and who has waived (J4, J16, J19 to J24, J36)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

from attrs import define, field

from contactledger.facts import Entry, Handoff, Mark, Signal, Touch
from contactledger.findings import Evidence, Grade, Reach
from contactledger.judge.docket import Docket
from contactledger.judge.grade import weigh
from contactledger.judge.promises import speaker
from contactledger.judge.reach import Hearing, Question
from contactledger.judge.view import View, in_event_order
from contactledger.vocabulary import By, HandoffWord, MarkWord, SignalKind

POSSIBLE_MOST = 10
"""So many possible answers are named; one is enough to spare the receiver."""


@define
class Answers:
    """What answered a question: `lines` of evidence and what else is to be said of it.

    `by`: numbers of the entries that answer; `unheard`: numbers of answers that never
    arrived (J16); `late_word`: said only after due, on the answerer's word alone (J36).
    """

    lines: list[Evidence] = field(factory=list)
    by: list[int] = field(factory=list)
    contested: list[int] = field(factory=list)
    unheard: list[int] = field(factory=list)
    dated_before: bool = False
    late_word: bool = False
    stood_in: bool = False

    def notes(self) -> Iterator[str]:
        """What is to be said of them."""
        if self.late_word:
            yield "said_after_due"
        if self.dated_before:
            yield "answer_before_touch"
        if self.stood_in:
            yield "stand_in"
        if self.unheard and not self.by:
            yield "answer_failed"


NONE = Answers()
"""Shared by all that nothing answered; nobody adds to it."""


class Clerk:
    """Finds the answers of a docket's questions."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket
        self._view = docket.view
        self._unlinked: dict[tuple[str, str, str, str | None], list[Entry]] | None = None
        self._handed: dict[str, list[tuple[datetime, str, str, int]]] = {}

    def answers(self, chain: list[Hearing], due: datetime | None) -> Answers:
        """Every act that answers the first touch of a chain or one of its reminders."""
        view = self._view
        for hearing in chain:
            touch = hearing.question.entry.id
            if touch in view.answers or touch in view.linked:
                break
        else:
            return NONE
        found = Answers()
        seen: set[int] = set()
        for hearing in chain:
            touch = hearing.question.entry.id
            for entry in self._view.answers.get(touch, ()):
                if entry.no not in seen:
                    seen.add(entry.no)
                    self._hear(found, chain[0].question, entry, entry, due)
            for entry in self._view.signals.get(touch, ()):
                fact = cast(Signal, entry.fact)
                if fact.what is SignalKind.ANSWERED and fact.answer is not None:
                    answer = self._view.touches.get(fact.answer)
                    self._hear(found, chain[0].question, entry, answer, due)
        return found

    def _hear(
        self,
        found: Answers,
        question: Question,
        entry: Entry,
        answer: Entry | None,
        due: datetime | None,
    ) -> None:
        """An answering touch, or a signal that links one afterwards (J22)."""
        view = self._view
        link = entry.kind == "signal"
        act = answer or entry
        who = view.sender_of(act) if answer is not None else cast(Signal, entry.fact).person
        side = view.owner(who, act.at)
        if side != question.party and side in question.receivers:
            return
        rules: tuple[str, ...] = ("J22",) if link else ("J19",)
        caveats: tuple[str, ...] = ()
        lifts: Reach | None = Reach.ANSWERED
        at = act.at
        if side is None and link and answer is None:
            side = question.party  # linked by word alone: an act that nobody wrote down
        if side != question.party:
            if self._stands_in(question, side, act.at):
                rules, caveats = (*rules, "J4"), ("stand_in",)
                found.stood_in = True
            else:
                rules, caveats, lifts = (*rules, "J4"), ("outsider",), None
        if lifts is not None and at < question.entry.at:
            rules = (*rules, "J24")
            if question.entry.at - at <= question.policy.skew:
                at = question.entry.at
            else:
                lifts, caveats, found.dated_before = None, (*caveats, "answer_before_touch"), True
        if lifts is not None and self._failed(act, question.sender):
            found.unheard.append(act.no)
            rules, caveats, lifts = (*rules, "J16"), (*caveats, "answer_failed"), None
        grade, weighed, ruled, contested = weigh(
            view, entry, question.policy, question.sender, side,
            speaker=view.owner(cast(Signal, entry.fact).person, entry.at) if link else None,
            answerer=None if link else side,
        )  # fmt: skip
        found.contested.extend(contested)
        by = cast(Signal, entry.fact).by if link else By.HUMAN
        if link and by is By.MACHINE and answer is None:
            lifts, caveats = None, (*caveats, "answered_by_machine")
        if lifts is not None:
            found.by.append(act.no)
            alone = entry.recorder == side and grade is Grade.CLAIMED
            if alone and due is not None and entry.recorded_at > due:
                rules, caveats = (*rules, "J36"), (*caveats, "said_after_due")
                found.late_word = True
        found.lines.append(
            Evidence(
                entry.no, SignalKind.ANSWERED if link else "answer", at, entry.recorded_at, by,
                who if who in view.people else None, lifts, grade,
                (*rules, *ruled), (*caveats, *weighed),
            )
        )  # fmt: skip

    def _failed(self, answer: Entry, asker: str) -> bool:
        """Whether an answer never arrived at the asker's (J16)."""
        hearing = self._docket.hearings.get((answer.id, asker))
        return hearing is not None and hearing.reach is Reach.FAILED

    def _stands_in(self, question: Question, side: str | None, at: datetime) -> bool:
        """Whether a party was handed the matter by the one asked, in one or more steps (J4)."""
        if side is None:
            return False
        held = {question.party}
        for since, giver, taker, _ in self._handoffs(self._view.matter_of(question.entry.id)):
            if since <= at and giver in held:
                held.add(taker)
        return side in held

    def _handoffs(self, matter: str) -> list[tuple[datetime, str, str, int]]:
        """The handoffs of a matter that were offered and not refused, in order."""
        known = self._handed.get(matter)
        if known is None:
            known = []
            for entry in self._view.handoffs.get(matter, ()):
                fact = cast(Handoff, entry.fact)
                if fact.word is not HandoffWord.OFFERED or fact.taker is None:
                    continue
                replies = self._view.handoff_answers.get(entry.id, ())
                words = [cast(Handoff, reply.fact).word for reply in replies]
                if HandoffWord.REFUSED not in words:
                    giver = fact.giver or entry.recorder
                    known.append((entry.at, giver, fact.taker, entry.no))
            known.sort()
            self._handed[matter] = known
        return known

    # --- what may be an answer ---------------------------------------------------------------

    def _filed(self) -> dict[tuple[str, str, str, str | None], list[Entry]]:
        """Acts that answer and remind of nothing, in the order of events, by (sender, receiver,
        named matter or "", topic); those without a topic under "", and all of them under None
        (J22). Filed when they are first asked for."""
        if self._unlinked is not None:
            return self._unlinked
        view = self._view
        acts: list[tuple[Entry, list[Hearing]]] = []
        for touch, hearings in self._docket.by_touch.items():
            entry = view.touches[touch]
            fact: Touch = entry.fact  # type: ignore[assignment]
            if fact.answers or fact.reminds or fact.broadcast or fact.campaign:
                continue
            if touch in view.links or self._denied(entry, hearings):
                continue
            acts.append((entry, hearings))
        acts.sort(key=lambda act: in_event_order(act[0]))
        filed: dict[tuple[str, str, str, str | None], list[Entry]] = {}
        for entry, hearings in acts:
            fact = entry.fact  # type: ignore[assignment]
            matter = fact.matter or ""
            for hearing in hearings:
                sender, party = hearing.question.sender, hearing.question.party
                for topic in (None, *(fact.topics or ("",))):
                    filed.setdefault((sender, party, matter, topic), []).append(entry)
        self._unlinked = filed
        return filed

    def _denied(self, entry: Entry, hearings: list[Hearing]) -> bool:
        """Whether a party of that act has said that it was no answer."""
        marks = self._view.marks.get(entry.no)
        if not marks:
            return False
        sides = {hearings[0].question.sender, *(h.question.party for h in hearings)}
        return any(
            cast(Mark, mark.fact).word is MarkWord.NOT_AN_ANSWER
            and speaker(self._view, mark) in sides
            for mark in marks
        )

    def possible(self, question: Question, until: datetime, span: timedelta) -> tuple[int, ...]:
        """Acts of the one asked that may be the answer and that nobody has linked (J22).

        From the touch until as long after its due as the window was long: a call back comes
        soon, and next year's newsletter answers nothing. Nor does what belongs to another
        named matter, or is about other topics where both say what they are about.
        """
        matter = self._view.matter_of(question.entry.id)
        named = "" if matter in self._view.touches else matter
        topics = question.fact.topics
        found: set[int] = set()
        filed = self._filed()
        for kind in {named, ""}:
            for topic in (*topics, "") if topics else (None,):
                acts = filed.get((question.party, question.sender, kind, topic), [])
                low = bisect_right(acts, question.entry.at, key=lambda entry: entry.at)
                high = bisect_right(acts, until + span, key=lambda entry: entry.at)
                found.update(entry.no for entry in acts[low : min(high, low + POSSIBLE_MOST)])
        return tuple(sorted(found)[:POSSIBLE_MOST])


def waiver(view: View, chain: list[Hearing]) -> Entry | None:
    """The first word of the party that is owed the answer that none is needed (J23)."""
    found: list[Entry] = []
    for hearing in chain:
        for entry in view.marks.get(hearing.question.entry.no, ()):
            needless = cast(Mark, entry.fact).word is MarkWord.NO_ANSWER_NEEDED
            if needless and speaker(view, entry) == hearing.question.sender:
                found.append(entry)
    return min(found, key=in_event_order) if found else None
