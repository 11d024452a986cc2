"""What an account comes to, in few rows, for answers over all accounts: `gist(entries, as_of)`.

Kept, and asked again and again, it must say when it stops being true. Two things end it: a
change of the account's log or of the house's, and time. `until` is the first moment at which
the same entries may give another gist; before it, judging them anew gives this one. Time acts
through moments that are written down or follow from what is: something dated ahead, a due time,
a rung that opens, somebody's last day. `until` is the earliest of all of those that lie ahead,
whether or not it will matter.

`silent_until` is the last due time whose silence was judged, and with it how far the hours of
collectors were looked at (J32, J35). What a collector says of the time after it changes nothing
here, so that a heartbeat makes no account's gist untrue: `concerns` tells.

Rows are flat and hold nothing personal: ids, numbers, words of the vocabularies, topics, and
times as microseconds since 1970. What only changes by the clock, such as how long something
has waited, is not among them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from contactledger.errors import BadPolicy, CannotJudge
from contactledger.facts import FACTS, Coverage, Entry, fields_of
from contactledger.findings import Outcome
from contactledger.judge.counting import standing_entries, survivors
from contactledger.judge.diligence import turns
from contactledger.judge.ladder import is_broadcast
from contactledger.judge.questions import Judged, judged
from contactledger.judge.told import subjects, tellings, told
from contactledger.judge.waiting import waiting
from contactledger.questions import About

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SILENT = frozenset({Outcome.IGNORED, Outcome.UNPROVEN})
_NOBODY_EVER_SAID = About("topic", "")
ENDLESS = 2**62
"""Later than every moment."""


class Side(NamedTuple):
    """Somebody who may be told something: a party (`person` is "") or one of its people."""

    party: str
    person: str
    role: str


class Telling(NamedTuple):
    """What somebody was told by the party `teller` about something; `state` is one of
    `TOLD_STATES`, and never never_told. `about` is made by `named`; `because` are the numbers of
    the entries that carry the state, with spaces between."""

    about: str
    teller: str
    party: str
    person: str
    state: str
    held: bool
    touches: int
    first_at: int | None
    because: str


class Thing(NamedTuple):
    """Something that somebody may have been told about, and what it is found by: `ref` is ""
    for that it is there at all. A topic is not among them that somebody was told about."""

    about: str
    ref: str


class Silence(NamedTuple):
    """A touch that was ignored, its reminders counted in."""

    no: int
    sender: str
    party: str
    channel: str
    purpose: str
    at: int
    due: int
    grade: int
    held: bool
    reminders: int


class Wait(NamedTuple):
    """A question that was not answered."""

    no: int
    owed: str
    owes: str
    channel: str
    purpose: str
    at: int
    due: int | None
    outcome: str
    held: bool
    reminders: int


class Onus(NamedTuple):
    """Whose turn it is in an open matter; `first`: the account's own onus."""

    matter: str
    named: bool
    party: str
    rule: str
    since: int | None
    until: int | None
    first: bool


class Gist(NamedTuple):
    """An account of `size` entries, as judged at a moment and until another; not `judged` where
    its policy is for other rules or cannot be read."""

    account: str
    size: int
    judged_at: int
    until: int
    silent_until: int
    judged: bool = True
    sides: Sequence[Side] = ()
    tellings: Sequence[Telling] = ()
    silences: Sequence[Silence] = ()
    waits: Sequence[Wait] = ()
    turns: Sequence[Onus] = ()
    things: Sequence[Thing] = ()


def named(about: About) -> str:
    """What stands in rows for what somebody may be told about: "topic labels"."""
    return f"{about.kind} {about.name}"


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _or_none(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def gist(entries: Sequence[Entry], as_of: datetime, house: Iterable[Entry] = ()) -> Gist:
    """The gist of these entries as of a moment."""
    house = list(house)
    try:
        asked = judged(entries, as_of, house=house)
    except (CannotJudge, BadPolicy):
        until = _until(as_of, (entry.recorded_at for entry in entries))
        account, size = entries[0].account, len(entries)
        return Gist(account, size, micros(as_of), until, ENDLESS, judged=False)
    told = list(_tellings(asked, entries))
    silent = [f.due for f in asked.findings if f.due is not None and f.outcome in _SILENT]
    return Gist(
        account=entries[0].account,
        size=len(entries),
        judged_at=micros(as_of),
        until=_until(as_of, _moments(asked, entries, house)),
        silent_until=max(map(micros, silent), default=-ENDLESS),
        sides=list(_sides(asked)),
        tellings=told,
        silences=list(_silences(asked)),
        waits=list(_waits(asked)),
        turns=list(_turns(asked)),
        things=list(_things(asked, {one.about for one in told})),
    )


def concerns(entries: Iterable[Entry]) -> int:
    """From which moment new entries of the house log may change what was judged.

    A gist whose `silent_until` is later is to be made anew. A period of a collector counts from
    its beginning; a policy, a retraction, or that a collector caught up, from ever.
    """
    first = ENDLESS
    for entry in entries:
        fact = entry.fact
        if not isinstance(fact, Coverage) or fact.caught_up:
            return -ENDLESS - 1
        since = entry.at if fact.since is None else min(fact.since, entry.at)
        first = min(first, micros(since))
    return first


# --- until when ------------------------------------------------------------------------------


def valid_until(
    asked: Judged,
    entries: Sequence[Entry],
    house: Sequence[Entry] = (),
    more: Iterable[datetime] = (),
) -> int:
    """The first moment at which judging the same entries may give something else, as
    microseconds since 1970; `more`: moments that may do so, too."""
    return _until(asked.view.as_of, (*_moments(asked, entries, house), *more))


def _until(as_of: datetime, moments: Iterable[datetime | None]) -> int:
    """The first of them ahead. One that is now may take effect as soon as it has passed."""
    now, found = micros(as_of), ENDLESS
    for at in moments:
        if at is not None and at >= as_of:
            found = min(found, max(micros(at), now + 1))
    return found


def _moments(
    asked: Judged, entries: Sequence[Entry], house: Sequence[Entry]
) -> Iterator[datetime | None]:
    as_of = asked.view.as_of
    for entry in (*entries, *house):
        if entry.at > as_of or entry.recorded_at > as_of:  # those of now count already
            yield entry.at
            yield entry.recorded_at
    for entry in entries:
        for name in _TIMES[entry.kind]:
            yield getattr(entry.fact, name)
    for finding in asked.findings:
        if finding.outcome is Outcome.PENDING:
            yield finding.due
    for case in asked.cases:
        yield case.onus.until
        for handoff in case.handoffs:
            yield handoff.due
        for rung in case.rungs:
            yield rung.opens_at
            yield rung.waits_until


_TIMES = {
    kind: tuple(a.name for a in fields_of(cls) if "datetime" in str(a.type))
    for kind, cls in FACTS.items()
}
"""Kind of fact → its fields that hold a time, `at` left out."""


# --- the rows --------------------------------------------------------------------------------


def _sides(asked: Judged) -> Iterator[Side]:
    for row in told(asked, _NOBODY_EVER_SAID, by="").rows:
        yield Side(row.party, row.person or "", "" if row.role is None else str(row.role))


def _tellings(asked: Judged, entries: Sequence[Entry]) -> Iterator[Telling]:
    things = [entry.id for entry in entries if entry.kind in ("milestone", "matter")]
    names = survivors(standing_entries(entries, asked.view.as_of)) if things else {}
    known = {names.get(thing, thing) for thing in things}
    for about, by, row in tellings(asked):
        if about.kind == "topic" or about.name in known:
            yield Telling(
                named(about), by, row.party, row.person or "", row.state, row.held_against,
                len(row.touches), _or_none(row.first_at), " ".join(map(str, row.because)),
            )  # fmt: skip


def _things(asked: Judged, told: Container[str]) -> Iterator[Thing]:
    for about in subjects(asked):
        if about.kind != "topic" or named(about) not in told:
            yield Thing(named(about), "")


def _silences(asked: Judged) -> Iterator[Silence]:
    for f in asked.findings:
        if f.outcome is Outcome.IGNORED and f.original is None and not is_broadcast(asked.view, f):
            yield Silence(
                f.no, f.sender, f.party, str(f.channel), str(f.purpose), micros(f.at),
                micros(cast(datetime, f.due)), int(f.outcome_grade), f.held_against is not None,
                len(f.reminders),
            )  # fmt: skip


def _waits(asked: Judged) -> Iterator[Wait]:
    for one in waiting(asked):
        yield Wait(
            one.no, one.owed, one.owes, str(one.channel), str(one.purpose), micros(one.at),
            _or_none(one.due), str(one.outcome), one.held_against, len(one.reminders),
        )  # fmt: skip


def _turns(asked: Judged) -> Iterator[Onus]:
    for turn in turns(asked):
        onus = turn.onus
        yield Onus(
            turn.matter, turn.named, onus.party or "", onus.rule, _or_none(onus.since),
            _or_none(onus.until), turn.first,
        )  # fmt: skip
