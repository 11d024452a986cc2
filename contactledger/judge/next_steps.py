"""What a party should do next: `next_steps(entries, as_of, party=…)` (N1 to N10).

Read from what was judged already: open questions, promises, the onus of each matter, the
cadence and the plan. Each step names its rules and the entries it rests on, and a step that is
a touch says whether it may be made now (`judge.may_contact`). What is overdue stands in front,
then what is due first.

Whom to turn to is a suggestion, the same for the same entries: the one who asked or was asked;
for a rung of the ladder the first who fits it; else the first who is entitled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from attrs import evolve, field, frozen

from contactledger.advice import CadenceFinding, NextStep, Permission, PlanFinding
from contactledger.errors import NotFound
from contactledger.facts import Entry, Person, Touch
from contactledger.findings import Case, Finding, Outcome, PromiseState, Reach
from contactledger.judge.basis import Bases
from contactledger.judge.cadence import owed
from contactledger.judge.held import WANTS_AN_ANSWER
from contactledger.judge.ladder import preferred_channel, staff
from contactledger.judge.may_contact import Trials
from contactledger.judge.policy import Policy
from contactledger.judge.questions import Judged, judged
from contactledger.judge.view import View
from contactledger.vocabulary import Channel, MatterState

AHEAD = timedelta(days=7)
"""What is owed within so much time is named already."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_TRIED_NEXT = (Channel.PHONE, Channel.EMAIL, Channel.TICKET, Channel.LETTER)
"""Which channel is suggested where nobody prefers another; the first that was not tried."""
_WAITS = frozenset({Outcome.PENDING, Outcome.IGNORED})
_BY_ONUS = {"O6": ("speak", "N6"), "O7": ("resume", "N7")}
_OWING = frozenset({"behind", "due", "missed"})


@frozen(eq=False)
class _Desk:
    """The account as the party sees it."""

    view: View
    trials: Trials
    party: str
    findings: tuple[Finding, ...]
    by_no: dict[int, list[Finding]]
    bases: Bases
    staff: dict[str, frozenset[str]]
    asked: dict[tuple[object, ...], Permission] = field(factory=dict)

    def policy(self, to: str) -> Policy:
        """The policy in force toward that party."""
        return self.bases.of(self.party, to, self.view.as_of)[0]

    def people(self, to: str) -> list[str]:
        """Who acts for that party now, the lowest level first."""
        at = self.view.as_of
        there = [
            (fact.level, person)
            for person in self.staff.get(to, ())
            if (fact := self.view.person_at(person, at)) is not None
            and self.view.owner(person, at) == to
            and (fact.until is None or fact.until > at)
        ]
        first = {person: self.view.people[person][0].no for _, person in there}
        return [person for _, person in sorted(there, key=lambda one: (one[0], first[one[1]]))]

    def fact(self, person: str) -> Person:
        """What is known of somebody now."""
        return cast(Person, self.view.person_at(person, self.view.as_of))

    def preferred(self, person: str, to: str) -> Channel | None:
        """The channel that they prefer."""
        return preferred_channel(self.policy(to), self.view, (person, to), self.view.as_of)

    def permission(
        self,
        person: str,
        channel: Channel,
        about: tuple[str, ...],
        matter: str | None,
    ) -> Permission:
        """Whether the party may contact them now; asked once for the same."""
        key = (person, channel, about, matter)
        if key not in self.asked:
            self.asked[key] = self.trials.permission(
                person, channel, about, at=self.view.as_of, sender=self.party, matter=matter
            )
        return self.asked[key]


def next_steps(
    entries: Iterable[Entry], as_of: datetime, *, party: str, house: Iterable[Entry] = ()
) -> tuple[NextStep, ...]:
    """What `party` should do next in this account, as of a moment; NotFound if it is none."""
    known, shared = list(entries), list(house)
    return next_steps_of(judged(known, as_of, house=shared), known, party=party, house=shared)


def next_steps_of(
    found: Judged, entries: Iterable[Entry], *, party: str, house: Iterable[Entry] = ()
) -> tuple[NextStep, ...]:
    """The same of an account that was judged already, and of the entries it was judged from."""
    seen, findings = found.view, found.findings
    if party not in seen.parties:
        raise NotFound("no such party in the account", field="party")
    by_no: dict[int, list[Finding]] = {}
    for finding in findings:
        by_no.setdefault(finding.no, []).append(finding)
    trials = Trials(entries, house)
    desk = _Desk(seen, trials, party, findings, by_no, found.bases, staff(seen))
    steps = [*_answers(desk)]
    for promise in found.promises:
        if promise.promiser == party and promise.state in {PromiseState.OPEN, PromiseState.OVERDUE}:
            overdue = promise.state is PromiseState.OVERDUE
            steps.append(
                NextStep(
                    "keep_promise", party, promise.promisee, promise.due, overdue,
                    ("N2", "J49"), promise.because, matter=promise.matter,
                )
            )  # fmt: skip
    for case in found.cases:
        steps.extend(_in_case(desk, case))
    cadences, plans = owed(seen, findings)
    owing: list[CadenceFinding | PlanFinding] = [*cadences, *plans]
    for one in owing:
        steps.extend(_owing(desk, one))
    steps.extend(_full(desk))
    return tuple(sorted(steps, key=_urgency))


def _urgency(step: NextStep) -> tuple[bool, datetime, int, tuple[int, ...], str]:
    return (
        not step.overdue, step.due or _NEVER, int(step.rules[0][1:]), step.because, step.what
    )  # fmt: skip


# --- what they wait for ------------------------------------------------------------------------


def _answers(desk: _Desk) -> Iterator[NextStep]:
    """N1: whoever asked and waits is answered."""
    for finding in desk.findings:
        if finding.party != desk.party or finding.original is not None:
            continue
        wants = finding.expects in WANTS_AN_ANSWER and finding.outcome in _WAITS
        spared = {"waived_after_due", "paused", "broadcast"}.intersection(finding.notes)
        if not wants or spared:
            continue
        person = finding.sender_person
        preferred = None if person is None else desk.preferred(person, finding.sender)
        yield NextStep(
            "answer", desk.party, finding.sender, finding.due,
            finding.outcome is Outcome.IGNORED, ("N1", "J29"),
            tuple(sorted({finding.no, *finding.reminders})), person=person,
            channel=preferred or finding.channel, purpose=finding.purpose, matter=finding.matter,
        )  # fmt: skip


# --- whose turn it is --------------------------------------------------------------------------


def _in_case(desk: _Desk, case: Case) -> Iterator[NextStep]:
    """N3 to N7: what the onus of a matter asks of the party."""
    onus = case.onus
    for handoff in case.handoffs:
        offered = handoff.state in {"offered", "never_taken_up"}
        if handoff.taker == desk.party and offered and case.state is not MatterState.CLOSED:
            yield NextStep(
                "take_over", desk.party, handoff.giver, handoff.due,
                handoff.state == "never_taken_up", ("N5", "J50"), (handoff.no,),
                matter=case.matter,
            )  # fmt: skip
    if onus.party != desk.party:
        return
    if onus.rule in {"O2", "O4"}:
        yield from _again(desk, case)
    elif onus.rule == "O5" and case.handoffs and case.handoffs[-1].giver == desk.party:
        last = case.handoffs[-1]
        yield NextStep(
            "take_over", desk.party, last.taker, last.due, last.state == "never_taken_up",
            ("N5", "O5", "J50"), onus.because, matter=case.matter,
        )  # fmt: skip
    elif onus.rule in _BY_ONUS:
        what, rule = _BY_ONUS[onus.rule]
        to = next((party for party in case.parties if party != desk.party), None)
        yield NextStep(
            what, desk.party, to, None, False, (rule, onus.rule), onus.because, matter=case.matter
        )


def _again(desk: _Desk, case: Case) -> Iterator[NextStep]:
    """N3 and N4: the next rung of an overdue question, or another try of what did not arrive."""
    onus = case.onus
    finding = [
        finding
        for no in sorted(set(onus.because))
        for finding in desk.by_no.get(no, ())
        if finding.sender == desk.party and finding.matter == case.matter
    ][-1]
    matter = case.matter if case.named else None
    about = (finding.purpose.value, *finding.topics)
    asked = _addressed(desk, finding)
    if onus.rule == "O4":
        person = asked[0] if asked else finding.party
        failed = finding.channel if finding.reach is Reach.FAILED else None
        channel = _channel(desk, person, finding.party, failed)
        yield NextStep(
            "retry", desk.party, finding.party, None, True, ("N4", "O4"), onus.because,
            person=person, channel=channel, purpose=finding.purpose, matter=case.matter,
            permission=desk.permission(person, channel, about, matter),
        )  # fmt: skip
        return
    rung = next(rung for rung in case.rungs if rung.tried_by is None)
    person = _for_rung(desk, rung.code, finding, asked)
    not_this = finding.channel if rung.code == "second_channel" else None
    channel = _channel(desk, person, finding.party, not_this)
    yield NextStep(
        "climb", desk.party, finding.party, rung.opens_at, rung.opens_at < desk.view.as_of,
        ("N3", "O2", "J51"), onus.because, person=person, channel=channel,
        purpose=finding.purpose, matter=case.matter, rung=rung.code,
        permission=desk.permission(person, channel, about, matter),
    )  # fmt: skip


def _addressed(desk: _Desk, finding: Finding) -> list[str]:
    """The people of the party whom a touch was addressed to, in its order."""
    touch = cast(Touch, desk.view.touches[finding.touch].fact)
    return [
        ref
        for ref in touch.to
        if ref != finding.party and desk.view.owner(ref, finding.at) == finding.party
    ]


def _for_rung(desk: _Desk, code: str, finding: Finding, asked: list[str]) -> str:
    """The first who fits the rung, else the party as a whole."""
    policy = desk.bases.of(finding.sender, finding.party, finding.at)[0]
    duties = next(step.to for step in policy.ladder if step.code == code)
    there = [
        person
        for person in desk.people(finding.party)
        if not duties or not duties.isdisjoint(desk.fact(person).duties)
    ]
    level = max((desk.fact(person).level for person in asked if person in there), default=0)
    if code == "second_channel":
        fit = [person for person in asked if person in there] or there
    elif code == "second_person":
        fit = [person for person in there if person not in asked]
    else:
        fit = [person for person in there if desk.fact(person).level > level]
    return fit[0] if fit else finding.party


def _channel(desk: _Desk, person: str, to: str, not_this: Channel | None) -> Channel:
    """The preferred channel if it is not the one to be left, else the first usable other."""
    preferred = desk.preferred(person, to)
    if preferred is not None and preferred is not not_this:
        return preferred
    policy = desk.policy(to)
    usable = [
        channel
        for channel in _TRIED_NEXT
        if channel is not not_this
        and channel not in policy.refused_channels
        and (policy.allowed_channels is None or channel in policy.allowed_channels)
    ]
    return usable[0] if usable else not_this or Channel.EMAIL


# --- what is owed ------------------------------------------------------------------------------


def _owing(desk: _Desk, owing: CadenceFinding | PlanFinding) -> Iterator[NextStep]:
    """N8 and N9: what the party owes without being asked for, from a week before."""
    as_of = desk.view.as_of
    if owing.by != desk.party:
        return
    if isinstance(owing, CadenceFinding):
        soon = owing.state in _OWING or (owing.state == "kept" and owing.due <= as_of + AHEAD)
        past = (
            owing.state == "missed"
            and owing.due < as_of - desk.policy(owing.to).bearing.silent_after
        )
        step = NextStep(
            "keep_cadence", desk.party, owing.to, owing.due, owing.state in {"behind", "missed"},
            ("N8", *owing.rules), owing.because,
        )  # fmt: skip
    else:
        soon = owing.state == "open" or (
            owing.state == "planned" and owing.opens_at <= as_of + AHEAD
        )
        past = False
        step = NextStep(
            "follow_plan", desk.party, owing.to, owing.due, False, ("N9", *owing.rules),
            owing.because, name=owing.name,
        )  # fmt: skip
    if soon and not past:
        yield _addressed_to(desk, step, owing)


def _addressed_to(desk: _Desk, step: NextStep, owing: CadenceFinding | PlanFinding) -> NextStep:
    """The same with whom to turn to, over what, about what, and whether that may be done now."""
    purpose = owing.purposes[0] if owing.purposes else None
    duties = None if purpose is None else desk.policy(owing.to).entitled_duties(purpose, ())
    people = [
        person
        for person in desk.people(owing.to)
        if duties is None or not duties.isdisjoint(desk.fact(person).duties)
    ]
    person = people[0] if people else owing.to
    preferred = desk.preferred(person, owing.to)
    channels = owing.channels or (preferred or Channel.EMAIL,)
    channel = preferred if preferred in channels and preferred is not None else channels[0]
    about = () if purpose is None else (purpose.value,)
    return evolve(
        step, person=person, channel=channel, purpose=purpose,
        permission=desk.permission(person, channel, about, None),
    )  # fmt: skip


# --- enough ------------------------------------------------------------------------------------


def _full(desk: _Desk) -> Iterator[NextStep]:
    """N10: where one more touch would go over a cap."""
    seen = desk.view
    caps = desk.trials.caps(seen.as_of)
    last: dict[tuple[str | None, str | None], NextStep] = {}
    for to in seen.parties:
        if to == desk.party:
            continue
        for cap in desk.policy(to).caps:
            for whom, until, numbers in caps.full(cap, desk.party, seen.as_of):
                owner = seen.owner(whom) if whom else to
                if owner != to:
                    continue
                person = whom if cap.per == "person" else None
                channel = next(iter(cap.channels)) if len(cap.channels) == 1 else None
                step = NextStep(
                    "stop", desk.party, to, until, False, ("N10", "J41"), numbers, person=person,
                    channel=channel,
                )  # fmt: skip
                known = last.get((to, person))
                if known is None or cast(datetime, known.due) < until:
                    last[to, person] = step
    yield from last.values()
