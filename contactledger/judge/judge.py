"""The verdict on every touch: `judge(entries, as_of)`.

A pure function of the entries that count: the ledger, the report, the notebook and the bundle
opened on the other side all call this one. Its steps are files of their own:

    view      what counts as of a moment, indexed                J46 to J48
    basis     the policy in force between two parties            J44, J45, J53
    docket    one question per touch and receiving party         J1, J2, J20
    reach     how far it got, line by line                       J3 to J18
    grade     who vouches for each line                          J33, J37, J38
    due       what was wanted, and until when                    J21, J25 to J29, J54
    answers   what answered it, or may have                      J4, J16, J19, J22 to J24, J36
    outcome   the first outcome that fits                        J31, J32, J35
    held      what the sender did not keep                       J30, J40 to J43

**Reminders** (J20). One silence counts once: a touch and the reminders of it between the same
two parties are one chain. The finding of its first touch carries the whole: the furthest
reach of any of them, an answer to any of them, and `held_against`. Its own policy and due
stand; only if delivery came late, by a reminder, does the clock start there (J26). A
reminder's finding has its own reach and its own violations and the outcome of the chain. What
settles the chain settles the reminder and is listed there; while nothing does, its own reach
must bear the outcome: a reminder that failed is unreached, one that nobody knows to have
arrived is unproven where the chain is ignored. It is never itself held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from attrs import define

from contactledger.facts import Entry
from contactledger.findings import Evidence, Finding, Grade, Outcome, PersonRow, Reach, Violation
from contactledger.judge.answers import NONE, Answers, Clerk, waiver
from contactledger.judge.docket import Docket
from contactledger.judge.due import GATHERINGS, Clocks, Term, Zones
from contactledger.judge.held import WANTS_AN_ANSWER, Bar, Charge
from contactledger.judge.listening import Listening
from contactledger.judge.outcome import Looks, Tally, Verdict, came, carrier_of, silence
from contactledger.judge.reach import Hearing
from contactledger.judge.rules import ORDER
from contactledger.judge.view import View, view
from contactledger.swift import swift
from contactledger.vocabulary import Expects

SETTLED = {Outcome.ANSWERED: Reach.ANSWERED, Outcome.SEEN: Reach.SEEN}
_FAILED, _SENT, _SEEN, _IGNORED = Reach.FAILED, Reach.SENT, Reach.SEEN, Outcome.IGNORED
_UNSAID: tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...]] = ((), (), ())
"""No rules, notes and entries."""
_OPEN = frozenset({Outcome.PENDING, Outcome.IGNORED, Outcome.UNPROVEN})


def judge(
    entries: Iterable[Entry],
    as_of: datetime,
    *,
    house: Iterable[Entry] = (),
    what_if: str | None = None,
) -> tuple[Finding, ...]:
    """The verdict on every touch that counts as of a moment, for every party it was sent to.

    In the order of the touches' numbers, then of the party. `house`: entries of the shared
    log, for coverage and ledger-wide policies (J53). `what_if`: policy text to judge all of
    them by instead, marked as a trial. The work grows with the number of entries. Raises
    `CannotJudge` for a policy of unknown rules, `BadPolicy` for a text that does not parse.
    """
    return judge_view(view(entries, as_of, house, what_if))


def judge_view(seen: View) -> tuple[Finding, ...]:
    """The same of a view that is there already."""
    court = _Court(seen)
    return tuple(
        court.finding(hearing)
        for entry in seen.touches.values()
        for hearing in court.docket.by_touch.get(entry.id, ())
    )


@define
class _Ruling:
    """The verdict on a chain: what the finding of its first touch and its reminders share."""

    chain: list[Hearing]
    term: Term
    answers: Answers
    tally: Tally
    reach: Reach
    wanted: Expects
    verdict: Verdict
    settled_at: datetime | None
    late_by: timedelta | None
    possible: tuple[int, ...]
    rules: tuple[str, ...]
    notes: tuple[str, ...]
    because: tuple[int, ...]


class _Court:
    def __init__(self, seen: View) -> None:
        self.view = seen
        self.docket = Docket(seen)
        hearings = self.docket.hearings.values()
        zones = Zones(seen)
        self._clocks = Clocks(seen, zones)
        self._clerk = Clerk(self.docket)
        self._bar = Bar(self.docket, zones)
        self._tools = (Listening(seen), Looks(hearings))
        self._rulings: dict[tuple[str, str], _Ruling] = {}

    # --- the chain ---------------------------------------------------------------------------

    def _ruling(self, head: tuple[str, str]) -> _Ruling:
        chain = self.docket.chains.get(head)
        if chain is None:
            return self._rule([self.docket.hearings[head]])
        ruling = self._rulings.get(head)
        if ruling is None:
            ruling = self._rulings[head] = self._rule(chain)
        return ruling

    def _rule(self, chain: list[Hearing]) -> _Ruling:
        question = chain[0].question
        term = self._clocks.term(chain)
        answers = self._clerk.answers(chain, term.due)
        tally = Tally({})
        for hearing in chain:
            tally.add(hearing.lines)
        if answers.lines:
            tally.add(answers.lines)
        reach = chain[0].reach if len(chain) == 1 else max([h.reach for h in chain])
        if answers.by:
            reach = Reach.ANSWERED
        wanted, rules, notes, because = question.wanted, *_UNSAID
        if self.view.marks:
            wanted, rules, notes, because = self._waived(chain, term, wanted)
        verdict = self._verdict(chain, tally, term, wanted, reach)
        settled_at = None
        late_by: timedelta | None = None
        if verdict.outcome in SETTLED:
            settled_at, late_by = _settled(tally, term, wanted, verdict.outcome)
        possible: tuple[int, ...] = ()
        asked = question.wanted in WANTS_AN_ANSWER
        if asked and verdict.outcome in _OPEN and term.due is not None and term.starts is not None:
            possible = self._clerk.possible(question, term.due, term.due - term.starts)
        attendance = came(chain, self.view.as_of) if question.fact.channel in GATHERINGS else ""
        if attendance:
            rules, notes = (*rules, "J15"), (*notes, attendance)
        if answers is not NONE:
            notes = (*notes, *answers.notes())
        if answers.unheard and not answers.by:
            rules = (*rules, "J16")
        if possible:
            rules, notes = (*rules, "J22"), (*notes, "possible_answer")
        if late_by is not None:
            rules = (*rules, "J31")
        return _Ruling(
            chain, term, answers, tally, reach, wanted, verdict, settled_at, late_by, possible,
            (*rules, *term.rules, *verdict.rules),
            (*notes, *term.notes, *verdict.notes),
            (*because, *term.because, *verdict.because),
        )  # fmt: skip

    def _waived(
        self, chain: list[Hearing], term: Term, wanted: Expects
    ) -> tuple[Expects, tuple[str, ...], tuple[str, ...], tuple[int, ...]]:
        """What is still wanted after the word of whoever is owed it (J23)."""
        mark = None if wanted is Expects.NOTHING else waiver(self.view, chain)
        if mark is None:
            return wanted, *_UNSAID
        if term.due is not None and mark.at > term.due:
            return wanted, ("J23",), ("waived_after_due",), (mark.no,)
        return Expects.NOTHING, ("J23",), ("waived",), (mark.no,)

    def _verdict(
        self, chain: list[Hearing], tally: Tally, term: Term, wanted: Expects, reach: Reach
    ) -> Verdict:
        """The first outcome that fits."""
        grade = tally.best.get(reach, Grade.CLAIMED)
        if reach is Reach.ANSWERED:
            return Verdict(Outcome.ANSWERED, grade)
        if wanted is Expects.SEEN and reach >= _SEEN:
            return Verdict(Outcome.SEEN, grade)
        if reach is _FAILED:
            return Verdict(Outcome.UNREACHED, grade)
        if wanted is Expects.NOTHING:
            return Verdict(Outcome.NOTED, grade)
        due = term.due
        if due is None or self.view.as_of <= due:
            return Verdict(Outcome.PENDING, grade, () if due is None else ("J29",))
        verdict = Verdict(Outcome.UNPROVEN, Grade.CLAIMED, ("J5",), ("arrival_unproven",))
        if reach >= Reach.DELIVERED:
            verdict = silence(chain, tally, due, wanted, self._tools)
        question = carrier_of(chain).question
        listening = self._tools[0]
        tolerance = question.policy.coverage_tolerance
        until = self.view.as_of
        if listening and listening.blind(question.fact.channel, due, until) > tolerance:
            verdict.rules = (*verdict.rules, "J32")
            verdict.notes = (*verdict.notes, "late_answer_may_be_missing")
        return verdict

    # --- the findings ------------------------------------------------------------------------

    def finding(self, hearing: Hearing) -> Finding:
        """The finding of one question, first of its chain or reminder."""
        question = hearing.question
        if not self.docket.chains:
            ruling = self._rule([hearing])
            return self._first(hearing, ruling, self._bar.charge(hearing, ruling.term))
        pair = (question.entry.id, question.party)
        head = self.docket.heads.get(pair)
        ruling = self._ruling(head or pair)
        charge = self._bar.charge(hearing, ruling.term)
        if head is not None:
            return self._reminder(hearing, ruling, charge)
        if len(ruling.chain) > 1:
            carrier = carrier_of(ruling.chain)
            if carrier is not hearing:
                more = self._bar.charge(carrier, ruling.term)
                charge = charge.with_reminder(carrier.question.entry.no, more)
        return self._first(hearing, ruling, charge)

    def _first(self, hearing: Hearing, ruling: _Ruling, charge: Charge) -> Finding:
        question, verdict = hearing.question, ruling.verdict
        violations, rules = charge.violations, ruling.rules
        notes, because = ruling.notes, ruling.because
        held = None
        if verdict.outcome is _IGNORED:
            needed = question.policy.evidence_for_silence(question.fact.channel)
            if verdict.grade < needed:
                no = question.entry.no
                weak = Violation("evidence_too_weak", ("J40",), (no,), breach=False)
                violations = (*violations, weak)
            spared = ruling.possible or ruling.answers.unheard or question.fact.broadcast
            if not (violations or charge.excuses or spared):
                held, rules = question.party, (*rules, "J31", "J40")
        if charge.excuses:
            rules = (*rules, "J42")
            notes, because = (*notes, "asked_but_not_told"), (*because, *charge.excuses)
        lines, reminders = hearing.lines, ()  # type: tuple[list[Evidence], tuple[int, ...]]
        if len(ruling.chain) > 1:
            rules = (*rules, "J20")
            lines = [line for heard in ruling.chain for line in heard.lines]
            reminders = tuple(heard.question.entry.no for heard in ruling.chain[1:])
        return self._finding(
            hearing, ruling, ruling.tally, ruling.reach, verdict, lines,
            violations=violations, rules=rules, notes=notes, because=because, held_against=held,
            reminders=reminders, chain=ruling.chain,
        )  # fmt: skip

    def _reminder(self, hearing: Hearing, ruling: _Ruling, charge: Charge) -> Finding:
        """A reminder has its own reach and the outcome of its chain, as far as that bears it."""
        verdict, reach = ruling.verdict, hearing.reach
        lines = hearing.lines
        if verdict.outcome in SETTLED:
            reach = max(reach, SETTLED[verdict.outcome])
            others = [heard.lines for heard in ruling.chain if heard is not hearing]
            lines = [*lines, *(line for more in others for line in more if line.lifts is reach)]
        tally = Tally()
        tally.add(lines)
        tally.add(ruling.answers.lines)
        if verdict.outcome in {Outcome.PENDING, Outcome.IGNORED} and reach is Reach.FAILED:
            verdict = Verdict(Outcome.UNREACHED, tally.grade(reach))
        elif verdict.outcome is Outcome.IGNORED and reach is Reach.SENT:
            verdict = Verdict(Outcome.UNPROVEN, Grade.CLAIMED)
        return self._finding(
            hearing, ruling, tally, reach, verdict, lines,
            violations=charge.violations, rules=(*ruling.rules, "J20", "J45"),
            notes=ruling.notes, because=(ruling.chain[0].question.entry.no, *ruling.because),
            held_against=None, reminders=(), chain=[hearing],
        )  # fmt: skip

    def _finding(  # noqa: PLR0913 - the one place where all of it comes together
        self,
        hearing: Hearing,
        ruling: _Ruling,
        tally: Tally,
        reach: Reach,
        verdict: Verdict,
        lines: list[Evidence],
        *,
        violations: tuple[Violation, ...],
        rules: tuple[str, ...],
        notes: tuple[str, ...],
        because: tuple[int, ...],
        held_against: str | None,
        reminders: tuple[int, ...],
        chain: list[Hearing],
    ) -> Finding:
        question, term, answers = hearing.question, ruling.term, ruling.answers
        entry, fact = question.entry, question.fact
        first = ruling.chain[0].question
        if answers.lines or lines is not hearing.lines:
            lines = [lines[0], *sorted((*lines[1:], *answers.lines), key=_by_time)]
        better = tally.better(reach)
        contested = [*answers.contested]
        for heard in chain:
            contested += heard.contested
        fired = _ALWAYS | _BITS[rules]
        names = set(notes)
        rests = {entry.no, *because, *answers.by}
        for line in lines:
            lifts = line.lifts
            if lifts is not None:
                fired |= _BITS[line.rules]
                if lifts is reach:
                    rests.add(line.no)
                elif lifts is _FAILED and reach > _SENT:
                    fired |= _J6
                    names.add("conflicting_evidence")
        for violation in violations:
            fired |= _BITS[violation.rules]
            rests.update(violation.because)
        if first.fact.expects is None:
            fired |= _J25
        if better is not None:
            fired |= _J34
        if question.basis.trial:
            names.add("trial")
        if fact.broadcast:
            fired |= _J43
            names.add("broadcast")
        view = self.view
        sender = fact.sender or entry.recorder
        late_by = ruling.late_by
        return _made(
            entry.no,
            entry.id,
            question.party,
            question.sender,
            sender if sender in view.people else None,
            entry.at,
            fact.channel,
            fact.purpose,
            fact.urgency,
            fact.topics,
            view.matter_by_touch[entry.id],
            question.wanted,
            reach,
            tally.grade(reach),
            verdict.outcome,
            verdict.grade,
            term.starts,
            term.due,
            late_by is not None,
            late_by,
            ruling.settled_at,
            held_against,
            violations,
            _rows(chain, lines),
            tuple(lines),
            better,
            ruling.possible,
            None if first is question else first.entry.id,
            reminders,
            _in_numbers(set(answers.by)) if answers.by else (),
            _in_numbers(set(contested)) if contested else (),
            tuple(sorted(names)) if names else (),
            question.basis,
            term.zone,
            _RULES[fired],
            _in_numbers(rests),
        )


class _Bits(dict[tuple[str, ...], int]):
    """Rules → one bit each, so that what fired is added up without a set. The sets of rules are
    those that the code names, some hundreds; nothing from outside makes another."""

    def __missing__(self, rules: tuple[str, ...]) -> int:
        bits = 0
        for rule in rules:
            bits |= 1 << ORDER[rule]
        self[rules] = bits
        return bits


class _Rules(dict[int, tuple[str, ...]]):
    """Bits → the rules in the order of their numbers; the same few come up again and again."""

    def __missing__(self, bits: int) -> tuple[str, ...]:
        rules = tuple(rule for rule, place in ORDER.items() if bits >> place & 1)
        self[bits] = rules
        return rules


_BITS, _RULES = _Bits(), _Rules()
_ALWAYS = _BITS["J1", "J33"]
_J6, _J25, _J34, _J43 = (_BITS[rule,] for rule in ("J6", "J25", "J34", "J43"))
_made = swift(Finding)
_row_of = swift(PersonRow)


def _by_time(line: Evidence) -> tuple[datetime, int]:
    return (line.at, line.no)


def _settled(
    tally: Tally, term: Term, wanted: Expects, outcome: Outcome
) -> tuple[datetime | None, timedelta | None]:
    """When it was answered or seen, and by how much what was *wanted* came late."""
    at = tally.answered_at if outcome is Outcome.ANSWERED else tally.seen_at
    given = tally.seen_at if wanted is Expects.SEEN else at
    if term.due is None or given is None or given <= term.due or wanted is Expects.NOTHING:
        return at, None
    return at, given - term.due


def _rows(chain: list[Hearing], lines: list[Evidence]) -> tuple[PersonRow, ...]:
    """How far it got with each person: those addressed, and those who answered (J3)."""
    question = chain[0].question
    if len(chain) == 1 and len(question.refs) == 1:
        alone = question.refs[0]
        if alone != question.party:
            mine = []
            for line in lines:
                if line.person is not None and line.lifts is not None:
                    if line.person != alone:
                        break
                    mine.append(line)
            else:
                return (_row(chain, alone, mine, addressed=True),)
    by_person: dict[str, list[Evidence]] = {
        ref: [] for heard in chain for ref in heard.question.refs if ref != question.party
    }
    named = len(by_person)
    for line in lines:
        if line.person is not None and line.lifts is not None:
            by_person.setdefault(line.person, []).append(line)
    return tuple(
        _row(chain, person, proofs, addressed=place < named)
        for place, (person, proofs) in enumerate(by_person.items())
    )


def _row(
    chain: list[Hearing], person: str, proofs: list[Evidence], *, addressed: bool
) -> PersonRow:
    reach = _SENT
    if proofs:
        reach = _FAILED
        for line in proofs:
            lifts: Reach = line.lifts  # type: ignore[assignment]
            if lifts > reach:  # noqa: PLR1730 - a third of what max() takes
                reach = lifts
    if reach <= _SENT:
        tries = [heard for heard in chain if person in heard.question.refs]
        failed = bool(tries) and all(person in heard.failed for heard in tries)
        reach = _FAILED if failed else _SENT
    grade = Grade.CLAIMED
    numbers = []
    for line in proofs:
        if line.lifts is reach:
            numbers.append(line.no)
            grade = max(grade, line.grade)
    if not numbers:
        return _row_of(person, reach, grade, (chain[0].question.entry.no,), addressed)
    return _row_of(person, reach, grade, _in_numbers(set(numbers)), addressed)


def _in_numbers(numbers: set[int]) -> tuple[int, ...]:
    return tuple(sorted(numbers)) if len(numbers) > 1 else tuple(numbers)
