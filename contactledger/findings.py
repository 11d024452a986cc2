"""What is read: verdicts, as values without behaviour.

Nothing here is stored as truth; every value is computed from entries by `judge` and can be
computed again by anybody who holds them. People, parties, touches and matters are named by
their ids, entries by their numbers; the report looks names up, so that a finding holds
nothing personal.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from attrs import frozen

from contactledger.facts import Money
from contactledger.shown import Shown
from contactledger.vocabulary import (
    By,
    Channel,
    Expects,
    MatterState,
    Purpose,
    Role,
    SignalKind,
    Urgency,
)


class Reach(IntEnum):
    """How far a touch got."""

    FAILED = 0
    SENT = 1
    DELIVERED = 2
    SEEN = 3
    ANSWERED = 4

    @property
    def word(self) -> str:
        """As reports print it."""
        return self.name.lower()


class Grade(IntEnum):
    """Who vouches for a statement (J33)."""

    CLAIMED = 0
    LIKELY = 1
    CONFIRMED = 2

    @property
    def word(self) -> str:
        """As reports print it."""
        return self.name.lower()


class Outcome(StrEnum):
    """What became of a touch."""

    ANSWERED = "answered"
    SEEN = "seen"
    UNREACHED = "unreached"
    NOTED = "noted"
    PENDING = "pending"
    IGNORED = "ignored"
    UNPROVEN = "unproven"


@frozen(weakref_slot=False)
class Evidence:
    """One line of evidence under a finding.

    `what`: the signal's kind, "touch" for the touch itself, or "answer". `lifts`: the reach
    it proves, None where it proves nothing (a deferral, a conflict). `caveats` and `rules`
    are the codes of `judge.rules`; `same_as`: reported before by that entry.
    """

    no: int
    what: SignalKind | str
    at: datetime
    recorded_at: datetime
    by: By
    person: str | None
    lifts: Reach | None
    grade: Grade
    rules: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    same_as: int | None = None


@frozen
class Violation:
    """What bars a touch's silence from being held against its receiver (J40).

    `code` is one of `judge.rules.VIOLATIONS`; `limit`, where a number was broken, is the
    number and `count` what was found. `breach`: the sender did not keep the policy; False for
    what only excuses the receiver. `reminder`: number of the reminder that it was, where not
    the finding's own touch.
    """

    code: str
    rules: tuple[str, ...]
    because: tuple[int, ...] = ()
    person: str | None = None
    limit: int | None = None
    count: int | None = None
    breach: bool = True
    reminder: int | None = None


@frozen(weakref_slot=False)
class PersonRow:
    """How far the touch got with one addressed (or answering) person."""

    person: str
    reach: Reach
    grade: Grade
    because: tuple[int, ...]
    addressed: bool = True


@frozen
class Basis:
    """The policy that a finding rests on: entry, digest, and who stands behind it (J44)."""

    no: int
    digest: str
    agreed: bool
    adopted_by: tuple[str, ...]
    trial: bool = False


@frozen(repr=False, weakref_slot=False)
class Finding(Shown):
    """The verdict on one touch for one receiving party (J1).

    `no`/`touch`/`key`: entry number and id of the touch. `due`: None where no deadline was
    agreed (J28) or nothing is wanted. `late`: only for answered and seen (J31). `settled_at`:
    when it was answered or seen. `held_against`: a party id, only for ignored. `better`: a
    better-graded lower reach, printed beside (J34). `possible`: entries of acts that may be
    the answer (J22). `original`: the touch this one reminds of (J20). `outcome_grade`: the
    grade of the outcome as a statement (for ignored, J35), `grade` that of the reach.
    """

    no: int
    touch: str
    party: str
    sender: str
    sender_person: str | None
    at: datetime
    channel: Channel
    purpose: Purpose
    urgency: Urgency
    topics: tuple[str, ...]
    matter: str
    expects: Expects
    reach: Reach
    grade: Grade
    outcome: Outcome
    outcome_grade: Grade
    starts: datetime | None
    due: datetime | None
    late: bool
    late_by: timedelta | None
    settled_at: datetime | None
    held_against: str | None
    violations: tuple[Violation, ...]
    rows: tuple[PersonRow, ...]
    evidence: tuple[Evidence, ...]
    better: tuple[Reach, Grade] | None
    possible: tuple[int, ...]
    original: str | None
    reminders: tuple[int, ...]
    answered_by: tuple[int, ...]
    contested: tuple[int, ...]
    notes: tuple[str, ...]
    basis: Basis
    zone: str
    rules: tuple[str, ...]
    because: tuple[int, ...]

    def __repr__(self) -> str:
        told = f"{self.channel}, {self.purpose}: {self.outcome}, {self.outcome_grade.word}"
        return f"<Finding [{self.no}] {self.at:%Y-%m-%d %H:%M} UTC, {told}>"


class PromiseState(StrEnum):
    """Where a promise stands at a moment (J49)."""

    OPEN = "open"
    OVERDUE = "overdue"
    KEPT = "kept"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    DISPUTED = "disputed"


@frozen
class PromiseFinding:
    """The verdict on one promise. `held_by`: the promiser while overdue or missed."""

    no: int
    promise: str
    promiser: str
    promisee: str
    matter: str | None
    at: datetime
    due: datetime | None
    state: PromiseState
    grade: Grade
    settled_at: datetime | None
    held_by: str | None
    words: tuple[tuple[str, str, int], ...]
    """(party, word, entry number), the last word of each party."""
    rules: tuple[str, ...]
    because: tuple[int, ...]


@frozen
class Hold:
    """A party held the ball of a case from … until (None: still does)."""

    party: str
    since: datetime
    until: datetime | None
    because: tuple[int, ...]


@frozen
class HandoffFinding:
    """A handoff: `state` is offered, accepted, refused or never_taken_up (J50)."""

    no: int
    giver: str
    taker: str
    at: datetime
    due: datetime | None
    state: str
    answered_no: int | None
    circle: bool
    rules: tuple[str, ...]


@frozen
class Onus:
    """Who must act next, by which of the printed rules O1 … O9 (J52).

    `party` is None with O9. `until`: O8, an answer is due then. `next_rung`: O2, the rung
    that the one who asked must climb. `diligence`: O3, *due diligence is complete*.
    """

    party: str | None
    rule: str
    since: datetime | None
    because: tuple[int, ...]
    until: datetime | None = None
    next_rung: str | None = None
    diligence: bool = False


@frozen
class Rung:
    """A rung of the escalation ladder: its code, from when it is open, the entry that
    climbed it (None: not climbed). `question`: number of the overdue touch it is for.
    `tried_by`: the touch that climbs it, whose own wait may still run, until `waits_until`."""

    code: str
    opens_at: datetime
    climbed_by: int | None
    rules: tuple[str, ...] = ("J51",)
    question: int | None = None
    tried_by: int | None = None
    waits_until: datetime | None = None


@frozen(repr=False)
class Case(Shown):
    """A matter followed over touches, promises and handoffs.

    `matter` is its id; for a matter nobody named, the id of its root touch and
    `named=False`. `touches`, `promises`, `handoffs` are entry numbers.
    """

    matter: str
    named: bool
    state: MatterState
    opened_at: datetime
    closed_at: datetime | None
    opened_by: str
    parties: tuple[str, ...]
    stake: Money | None
    worth: Money | None
    touches: tuple[int, ...]
    promises: tuple[int, ...]
    handoffs: tuple[HandoffFinding, ...]
    holder: str | None
    holder_since: datetime | None
    holds: tuple[Hold, ...]
    days_held: tuple[tuple[str, float], ...]
    circles: int
    rungs: tuple[Rung, ...]
    onus: Onus
    rules: tuple[str, ...]
    because: tuple[int, ...]

    def __repr__(self) -> str:
        told = f"{len(self.touches)} touches, rule {self.onus.rule}"
        return f"<Case {self.matter[:8]} {self.state}, since {self.opened_at:%Y-%m-%d}: {told}>"


@frozen
class Column:
    """One party of an account, in the same columns as every other.

    Counts are of findings: what it sent, and what it was sent and did with it. `violations`
    counts breaches of the policy alone, each with the touch that was one.
    """

    party: str
    role: Role
    sent: int
    sent_answered: int
    sent_seen: int
    sent_unreached: int
    sent_ignored: int
    sent_unproven: int
    sent_pending: int
    sent_noted: int
    received: int
    answered: int
    answered_late: int
    seen: int
    seen_late: int
    ignored: int
    held_against: int
    violations: int
    promises_kept: int
    promises_missed: int
    promises_open: int
    promises_disputed: int
    answer_median: timedelta | None
    answer_worst: timedelta | None
    last_sent_at: datetime | None
    last_answered_at: datetime | None
    oldest_waiting_no: int | None
    """The touch this party has ignored, or owes an answer to, for longest."""
    reminders: int = 0
    """Touches it sent that remind of an earlier one: in `sent`, in no outcome (J20)."""
    promises_overdue: int = 0
    """Of `promises_open`, those whose due has passed."""


@frozen
class Gap:
    """A time in which a collector is not known to have listened."""

    collector: str
    channels: tuple[Channel, ...]
    since: datetime
    until: datetime | None
    state: str
    """blind, caught_up or assumed."""
    because: tuple[int, ...]


@frozen(repr=False)
class Standing(Shown):
    """An account at a moment."""

    account: str
    as_of: datetime
    columns: tuple[Column, ...]
    findings: tuple[Finding, ...]
    promises: tuple[PromiseFinding, ...]
    cases: tuple[Case, ...]
    gaps: tuple[Gap, ...]
    onus: Onus
    onus_matter: str | None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        told = f"{len(self.findings)} findings, {len(self.cases)} cases, rule {self.onus.rule}"
        return f"<Standing {self.account[:8]} as of {self.as_of:%Y-%m-%d %H:%M} UTC: {told}>"


# --- two records of one account, compared ------------------------------------------------------


@frozen
class Difference:
    """One thing that two records say otherwise of the same touch.

    `what`: "time" (`ours` and `theirs` are moments), "outcome" (outcomes, for the party that
    was reached out to, whose ids in the two records are `parties`) or "answered_by" (ids of
    the people who answered, each in its own record).
    """

    what: str
    ours: datetime | Outcome | tuple[str, ...]
    theirs: datetime | Outcome | tuple[str, ...]
    parties: tuple[str, str] | None = None


@frozen
class Pair:
    """A touch that stands in both records: its entry number in each.

    `by`: what it was matched by ("message_id", "provider_id", "call_id", "people_and_time",
    "parties_and_time"). Without differences the two agree, as far as they could be compared;
    `uncompared` are the words of `Difference.what` on which one of them says nothing.
    """

    ours: int
    theirs: int
    by: str
    at: tuple[datetime, datetime]
    differences: tuple[Difference, ...] = ()
    uncompared: tuple[str, ...] = ()


@frozen
class Lone:
    """A touch that stands in one record alone. `possible`: entries of the other that may be
    the same touch, where nothing tells which."""

    no: int
    at: datetime
    possible: tuple[int, ...] = ()


@frozen
class Compared:
    """One of two records: what of it was compared, and what could not be.

    `touches`: how many between parties counted at the moment of the comparison. Numbers of
    entries: `later` came after that moment; `elsewhere` are touches that do not concern the
    party which keeps the other record; `nameless` have lost, or never had shown to us, the
    ids and the people they could have been matched by. `partial`: it holds some entries only.
    """

    account: str
    recorder: str
    entries: int
    until: datetime
    touches: int
    partial: bool = False
    later: tuple[int, ...] = ()
    elsewhere: tuple[int, ...] = ()
    nameless: tuple[int, ...] = ()


@frozen
class Reconciliation:
    """Two records of one account beside each other, both as of one moment.

    `tolerance`: how far two times of one touch may lie apart. `parties`: which of our parties
    is which of theirs, by id.
    """

    as_of: datetime
    tolerance: timedelta
    ours: Compared
    theirs: Compared
    parties: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]
    only_ours: tuple[Lone, ...]
    only_theirs: tuple[Lone, ...]
