"""What was owed without being asked for, and whether it came: cadence and plan (C1 to C3).

A cadence holds between every party with the role that owes it and every party with the role it
is owed to. It runs from when the policy first said so: a row that stands unchanged in a later
policy goes on (`since`). What is owed after a milestone, and what is planned after one, is what
the policy in force at that milestone says; one from before the first policy owes no notice.

A touch counts if it did not fail, kept the policy, and is known on the evidence that the policy
asks for. That another channel was preferred bars none over a channel that the row itself names:
both agreed on it. Answers do not count: they were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import cast

from attrs import frozen

from contactledger.advice import CadenceFinding, PlanFinding, Span
from contactledger.facts import Entry, Milestone, Touch
from contactledger.findings import Finding, Grade, Outcome, Reach
from contactledger.judge.basis import Bases
from contactledger.judge.calendar import Window, deadline, zone_of
from contactledger.judge.due import zone_name
from contactledger.judge.held import breaches
from contactledger.judge.policy import Policy
from contactledger.judge.policy_owed import Cadence, Planned, fits
from contactledger.judge.view import View
from contactledger.vocabulary import MilestoneKind

Pair = tuple[str, str]


@frozen(eq=False)
class _Ground:
    """A view with what is read from it for every pair of parties."""

    view: View
    bases: Bases
    sent: dict[Pair, list[Finding]]
    """By (sender, receiver): the touches that may count, in order of time."""

    def fact(self, finding: Finding) -> Touch:
        """The touch that a finding is about."""
        return cast(Touch, self.view.touches[finding.touch].fact)


def owed(
    view: View, findings: Iterable[Finding]
) -> tuple[tuple[CadenceFinding, ...], tuple[PlanFinding, ...]]:
    """Every cadence and every planned touch of an account, with what became of it.

    Cadences by pair and row, milestones in their order; the plan by when each touch is due.
    """
    if not view.policies:
        return (), ()
    ground = _Ground(view, Bases(view), _sent(view, findings))
    cadences: list[CadenceFinding] = []
    plans: list[PlanFinding] = []
    for by in view.parties:
        for to in view.parties:
            if by != to:
                cadences.extend(_regular(ground, by, to))
                for milestone in view.milestones:
                    cadences.extend(_after(ground, by, to, milestone))
                    plans.extend(_planned(ground, by, to, milestone))
    return tuple(cadences), tuple(sorted(plans, key=lambda plan: (plan.due, plan.name, plan.to)))


def _sent(view: View, findings: Iterable[Finding]) -> dict[Pair, list[Finding]]:
    sent: dict[Pair, list[Finding]] = {}
    for finding in findings:
        answers = cast(Touch, view.touches[finding.touch].fact).answers
        if finding.reach is Reach.FAILED or answers:
            continue
        sent.setdefault((finding.sender, finding.party), []).append(finding)
    for made in sent.values():
        made.sort(key=lambda finding: (finding.at, finding.no))
    return sent


def _roles_fit(ground: _Ground, row: Cadence | Planned, by: str, to: str, at: datetime) -> bool:
    view = ground.view
    return (view.role(by, at), view.role(to, at)) == (row.by, row.to)


def _fitting(
    ground: _Ground, row: Cadence | Planned, by: str, to: str, need: Grade
) -> list[Finding]:
    return [
        finding
        for finding in ground.sent.get((by, to), ())
        if fits(row, finding.channel, finding.purpose)
        and finding.grade >= need
        and _kept_the_policy(row, finding)
    ]


def _kept_the_policy(row: Cadence | Planned, finding: Finding) -> bool:
    spared = "preferred_not_tried" if row.channels else ""
    return all(violation.code == spared for violation in breaches(finding))


# --- again and again ---------------------------------------------------------------------------


def _regular(ground: _Ground, by: str, to: str) -> Iterator[CadenceFinding]:
    """Every row that counts days, as it stands now (C1)."""
    view = ground.view
    policy, basis = ground.bases.of(by, to, view.as_of)
    for row, cadence in enumerate(policy.cadences):
        if not cadence.days or not _roles_fit(ground, cadence, by, to, view.as_of):
            continue
        since = _since(ground, by, to, cadence)
        span = timedelta(days=cadence.days)
        touches = _fitting(ground, cadence, by, to, policy.needs.cadence)
        times = [finding.at for finding in touches]
        gaps, due = gaps_in(times, cadence.touches, span, since, view.as_of)
        behind = bool(gaps) and gaps[-1][1] is None
        made = tuple(f.no for f in touches if f.at > view.as_of - span)
        last = tuple(f.no for f in touches[-cadence.touches :])
        yield CadenceFinding(
            row, by, to, "behind" if behind else "kept", cadence.touches, cadence.days,
            tuple(sorted(cadence.channels)), tuple(sorted(cadence.purposes)), None, None,
            since, gaps[-1][0] if behind else due, made, gaps, basis, ("C1",), last or (basis.no,),
        )  # fmt: skip


def _since(ground: _Ground, by: str, to: str, cadence: Cadence) -> datetime:
    """From when the row has stood in every policy in force."""
    policies = ground.view.policies
    since = policies[-1].binds
    for adopted in reversed(policies):
        policy, _ = ground.bases.of(by, to, adopted.binds)
        if cadence not in policy.cadences:
            break
        since = adopted.binds
    return since


def gaps_in(
    times: list[datetime], touches: int, span: timedelta, since: datetime, as_of: datetime
) -> tuple[tuple[Span, ...], datetime]:
    """The times in which fewer than so many touches lay within the span before, from one span
    after `since` on, and when the next touch is due.

    A touch on the very moment that it is due is in time.
    """
    due = since + span
    gaps: list[Span] = []
    broken: datetime | None = None
    for n, at in enumerate(times):
        if broken is None and at > due:
            broken = due
        if n + 1 >= touches:
            due = max(due, times[n + 1 - touches] + span)
        if broken is not None and due > at:
            gaps.append((broken, at))
            broken = None
    if broken is None and as_of > due:
        broken = due
    if broken is not None:
        gaps.append((broken, None))
    return tuple(gaps), due


# --- after a milestone -------------------------------------------------------------------------


def _after(ground: _Ground, by: str, to: str, milestone: str) -> Iterator[CadenceFinding]:
    """Every row that is for milestones of that kind, by the policy of that time (C2)."""
    view = ground.view
    entry, kind = _milestone(view, milestone)
    if entry.at < view.policies[0].binds:
        return
    policy, basis = ground.bases.of(by, to, entry.at)
    for row, cadence in enumerate(policy.cadences):
        if cadence.after is not kind or not _roles_fit(ground, cadence, by, to, entry.at):
            continue
        due = _deadline(view, policy, to, entry.at, cast(Window, cadence.within))
        told = next(
            (
                finding
                for finding in _fitting(ground, cadence, by, to, policy.needs.cadence)
                if _about(ground, finding, cadence, milestone, entry.at, due)
            ),
            None,
        )
        if told is None:
            state = "due" if view.as_of <= due else "missed"
        else:
            state = "told" if told.at <= due else "told_late"
        made = () if told is None else (told.no,)
        yield CadenceFinding(
            row, by, to, state, 1, 0, tuple(sorted(cadence.channels)),
            tuple(sorted(cadence.purposes)), milestone, kind, entry.at, due, made, (), basis,
            ("C2",), (entry.no, *made),
        )  # fmt: skip


def _milestone(view: View, milestone: str) -> tuple[Entry, MilestoneKind]:
    """Its first version, which says when, and its last, which says what it was."""
    versions = view.milestones[milestone]
    return versions[0], cast(Milestone, versions[-1].fact).kind


def _deadline(view: View, policy: Policy, to: str, at: datetime, within: Window) -> datetime:
    zone = zone_name(view, policy, to, to, at) or "UTC"
    return deadline(policy.calendar(view.role(to, at), to), zone_of(zone), at, within)


def _about(
    ground: _Ground, finding: Finding, row: Cadence, milestone: str, at: datetime, due: datetime
) -> bool:
    """Whether a touch tells of that milestone: it names it, or names none, has a purpose that
    the row asks for, and came while it was time."""
    named = ground.fact(finding).milestone
    if named is not None:
        return named == milestone
    return bool(row.purposes) and at <= finding.at <= due


# --- by a plan ---------------------------------------------------------------------------------


def _planned(ground: _Ground, by: str, to: str, milestone: str) -> Iterator[PlanFinding]:
    """Every row of the plan after that milestone, each touch doing one of them (C3).

    What is done in its days comes first; a touch that is left over then may do one late.
    """
    view = ground.view
    entry, kind = _milestone(view, milestone)
    first = view.policies[0].binds
    policy, basis = ground.bases.of(by, to, max(entry.at, first))
    rows = [
        row
        for row in policy.plan
        if row.after is kind
        and _roles_fit(ground, row, by, to, max(entry.at, first))
        and _days(entry, row.last + 1) > first
    ]
    rows.sort(key=lambda row: (row.last, row.first, row.name))
    done = _assigned(rows, entry, _candidates(ground, rows, by, to, milestone, policy))
    for row in rows:
        touch = done.get(row.name)
        opens_at, due = _days(entry, row.first), _days(entry, row.last + 1)
        if touch is not None:
            state = "done" if touch.at < due else "done_late"
        elif view.as_of < opens_at:
            state = "planned"
        else:
            state = "open" if view.as_of < due else "missed"
        yield PlanFinding(
            row.name, by, to, milestone, kind, tuple(sorted(row.channels)),
            tuple(sorted(row.purposes)), opens_at, due, state,
            None if touch is None else touch.no,
            touch is not None and touch.outcome is Outcome.ANSWERED, basis, ("C3",),
            (entry.no,) if touch is None else (entry.no, touch.no),
        )  # fmt: skip


def _days(entry: Entry, days: int) -> datetime:
    return entry.at + timedelta(days=days)


def _candidates(
    ground: _Ground, rows: list[Planned], by: str, to: str, milestone: str, policy: Policy
) -> dict[str, list[Finding]]:
    """Row → the touches that could do it, by its name."""
    return {
        row.name: [
            finding
            for finding in _fitting(ground, row, by, to, policy.needs.plan)
            if ground.fact(finding).milestone in (None, milestone)
        ]
        for row in rows
    }


def _assigned(
    rows: list[Planned], entry: Entry, fitting: dict[str, list[Finding]]
) -> dict[str, Finding]:
    done: dict[str, Finding] = {}
    taken: set[str] = set()
    for until in (True, False):
        for row in rows:
            if row.name in done:
                continue
            opens_at, due = _days(entry, row.first), _days(entry, row.last + 1)
            for finding in fitting[row.name]:
                in_time = finding.at < due if until else True
                if finding.at >= opens_at and in_time and finding.touch not in taken:
                    done[row.name] = finding
                    taken.add(finding.touch)
                    break
    return done
