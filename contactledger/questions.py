"""What is asked of an account's findings: the answers, values without behaviour.

People, parties, milestones and matters are named by their ids and entries by their numbers,
so that nothing here is personal. `rules` are codes of `judge.rules`. Lengths of time come in
pairs: the calendar's, and business time in the hours of whoever was asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from contactledger.facts import Money
from contactledger.findings import (
    Grade,
    HandoffFinding,
    Hold,
    Onus,
    Outcome,
    PromiseFinding,
    Reach,
    Rung,
)
from contactledger.vocabulary import Channel, Purpose, Role

TOLD_STATES = (
    *("answered", "seen", "ignored", "pending", "told", "unproven", "unreached", "never_told"),
)
"""What may be said of one who should know of something, what is known best in front.

answered and seen: by the touches about it. ignored: what arrived wanted something that did not
come in time, though it may have been seen. Of what arrived and no more: pending, or told, where
nothing was wanted or a colleague answered. unproven: nothing shows that anything arrived;
unreached: everything came back; never_told: there was no touch."""


@frozen
class About:
    """What somebody was told about: a "topic" by its slug, a "milestone" or "matter" by its id."""

    kind: str
    name: str


@frozen
class ToldRow:
    """What one party was told, or one person of it (`person` is None for the party as a whole).

    A touch to the party that names nobody tells the party, and no person of it. `state`: one
    of `TOLD_STATES`. `touches`: entries of the touches about it; `because`: those that carry the
    state. `first_at`: of the first touch that arrived. `held_against`: a silence about it counts
    against the party.
    """

    party: str
    person: str | None
    role: Role | None
    state: str
    reach: Reach | None
    grade: Grade | None
    first_at: datetime | None
    held_against: bool
    touches: tuple[int, ...]
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class Told:
    """Who was told by `by` about something: every other party of the account, and its people."""

    account: str
    as_of: datetime
    about: About
    by: str
    rows: tuple[ToldRow, ...]


@frozen
class Waiting:
    """A question that was never answered: `owed` asked it, and `owes` has not answered.

    `outcome`: pending, ignored or unproven. `waited` since the touch and `overdue` since it was
    due, each with its business time in the hours of `owes`; a pause that it did not ask for is
    no business time. `possible`: acts that may be the answer, and that nobody has linked.
    """

    no: int
    owed: str
    owes: str
    channel: Channel
    purpose: Purpose
    matter: str
    at: datetime
    due: datetime | None
    outcome: Outcome
    grade: Grade
    waited: timedelta
    waited_business: timedelta
    overdue: timedelta | None
    overdue_business: timedelta | None
    reminders: tuple[int, ...]
    possible: tuple[int, ...]
    held_against: bool
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class AnswerTimes:
    """How one party, `party`, answers another that asks it.

    `asked`: questions that arrived, or may have; of them `answered`, so many `late`, and
    `waiting`. `reminders`: how often it was reminded of them. Medians and worst are those of the
    answers alone; `worst_no` is the question that took the longest by the calendar, and
    `oldest_no` the one that has waited longest.
    """

    party: str
    asker: str
    asked: int
    answered: int
    late: int
    waiting: int
    reminders: int
    median: timedelta | None
    median_business: timedelta | None
    worst: timedelta | None
    worst_business: timedelta | None
    worst_no: int | None
    oldest_no: int | None
    because: tuple[int, ...]


@frozen
class Turn:
    """Whose turn it is in one open matter, and by which rule; `first` is the account's onus."""

    matter: str
    named: bool
    opened_at: datetime
    onus: Onus
    waited: timedelta | None
    first: bool
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class Diligence:
    """Whether whoever waits for an answer did what the policy asks before it blames the other.

    For each overdue question that has a ladder: `state` is complete (every rung was climbed),
    waiting (the last touch still has its time, until `waits_until`), or incomplete. `missing`
    are the rungs that nobody tried, `open_now` those of them that may be climbed by now.
    """

    no: int
    matter: str
    by: str
    toward: str
    due: datetime | None
    state: str
    climbed: tuple[Rung, ...]
    tried: tuple[Rung, ...]
    missing: tuple[Rung, ...]
    open_now: int
    waits_until: datetime | None
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class Stay:
    """One stay of the ball with a party; `again`: it had been there before."""

    hold: Hold
    length: timedelta
    again: bool


@frozen
class Escalation:
    """A touch to somebody above everybody of that party to whom the asker had turned before."""

    no: int
    by: str
    toward: str
    person: str
    level: int
    outcome: Outcome
    answered: bool
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class Passage:
    """The way of a matter among its parties.

    `stays`: who had the ball when, `days_held` in all. `circles`: the handoffs with which it came
    back to a party that had it. `unanswered`: numbers of the escalations that nobody answered.
    """

    matter: str
    named: bool
    parties: tuple[str, ...]
    holder: str | None
    stays: tuple[Stay, ...]
    days_held: tuple[tuple[str, float], ...]
    handoffs: tuple[HandoffFinding, ...]
    circles: tuple[int, ...]
    escalations: tuple[Escalation, ...]
    unanswered: tuple[int, ...]
    stake: Money | None
    worth: Money | None
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class PromiseRecord:
    """What one party promised another, sorted by what became of it: numbers of the promises.

    `late`: of those kept, the ones that were settled after their due. `sides`: of those
    disputed, what each side says.
    """

    promiser: str
    promisee: str
    due: tuple[int, ...]
    overdue: tuple[int, ...]
    kept: tuple[int, ...]
    late: tuple[int, ...]
    missed: tuple[int, ...]
    withdrawn: tuple[int, ...]
    disputed: tuple[int, ...]
    sides: tuple[PromiseFinding, ...]
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class Attendance:
    """Whether a party came to a meeting or visit: a row for the host and one for every guest.

    `state`: to_come (it has not ended), came, absent, declined, disputed, or unsaid. `accepted`,
    `came`, `absent`, `declined`: people of the party of whom that is reported.
    """

    no: int
    matter: str
    party: str
    host: bool
    starts: datetime
    ends: datetime
    state: str
    accepted: tuple[str, ...]
    came: tuple[str, ...]
    absent: tuple[str, ...]
    declined: tuple[str, ...]
    rules: tuple[str, ...]
    because: tuple[int, ...]
