"""What to do next: values without behaviour, computed from entries as findings are.

A finding judges the past; what stands here names what may be done now, and what should be.
People, parties and matters are named by their ids and entries by their numbers, so that
nothing here is personal. `rules` are codes of `judge.rules` and `judge.rules_next`.
"""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from contactledger.findings import Basis, Violation
from contactledger.vocabulary import Channel, MilestoneKind, Purpose

Span = tuple[datetime, datetime | None]
"""From … until; None: still."""


@frozen
class Permission:
    """Whether somebody may be contacted now, over a channel, about something.

    True in a condition if it may. `against`: the rules against it, as they would be held
    against the touch. `earliest`: when it is allowed again if nothing else happens, `at` itself
    if it is allowed; None where waiting does not help. `preferred`: the channel that the
    person asked for, or the policy prefers.
    """

    allowed: bool
    person: str
    party: str
    channel: Channel
    purpose: Purpose
    topics: tuple[str, ...]
    at: datetime
    against: tuple[Violation, ...]
    earliest: datetime | None
    preferred: Channel | None
    basis: Basis
    rules: tuple[str, ...]
    because: tuple[int, ...]

    def __bool__(self) -> bool:
        return self.allowed


@frozen
class CadenceFinding:
    """What one party owes another again and again, or after a milestone, and whether it came.

    `row`: the row of `[[cadence]]` in the policy, from 0. `state`: kept, behind; after a
    milestone told, told_late, due, missed. `due`: when the next touch is owed, or was.
    `gaps`: the times in which fewer touches than owed lay behind.
    """

    row: int
    by: str
    to: str
    state: str
    touches: int
    days: int
    channels: tuple[Channel, ...]
    purposes: tuple[Purpose, ...]
    milestone: str | None
    after: MilestoneKind | None
    since: datetime
    due: datetime
    made: tuple[int, ...]
    gaps: tuple[Span, ...]
    basis: Basis
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class PlanFinding:
    """A touch that a plan asked for after a milestone, and what became of it.

    `state`: planned (its days have not come), open (they run), done, done_late, missed.
    `done_no`: the touch that did it; `answered`: whether that was answered.
    """

    name: str
    by: str
    to: str
    milestone: str
    after: MilestoneKind
    channels: tuple[Channel, ...]
    purposes: tuple[Purpose, ...]
    opens_at: datetime
    due: datetime
    state: str
    done_no: int | None
    answered: bool
    basis: Basis
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class NextStep:
    """One thing that a party should do next.

    `what`: answer, keep_promise, climb, retry, take_over, speak, resume, keep_cadence, follow_plan
    or stop. `to`: the party it concerns, `person` whom of it, `channel` over which, where that
    can be told. `due`: by when, past where it is overdue; of *stop*, until when. `permission`:
    of a touch that is to be made, whether it may be made now.
    """

    what: str
    party: str
    to: str | None
    due: datetime | None
    overdue: bool
    rules: tuple[str, ...]
    because: tuple[int, ...]
    person: str | None = None
    channel: Channel | None = None
    purpose: Purpose | None = None
    matter: str | None = None
    rung: str | None = None
    name: str | None = None
    permission: Permission | None = None


@frozen
class Remark:
    """Something worth a word about how two parties stand to each other; never a score.

    `code`: silent, pestered, overloading, referral_may_be_asked or referral_not_now. `party` did
    or did not do it `toward` the other. `count` and `limit` where a number was passed.
    """

    code: str
    party: str
    toward: str
    since: datetime | None
    rules: tuple[str, ...]
    because: tuple[int, ...]
    count: int | None = None
    limit: int | None = None


@frozen
class Relationship:
    """Where a relationship is at a moment: the plan, the cadence, and what is worth a word."""

    account: str
    as_of: datetime
    plans: tuple[PlanFinding, ...]
    cadences: tuple[CadenceFinding, ...]
    remarks: tuple[Remark, ...]
