"""The answers to questions as flat rows: the columns of each set, and what it has a row for.

`ASKED` names the sets; `contactledger.tabulating` says what a row is. Without personal columns
they hold ids, entry numbers and words of the policy alone. A length of time is in whole seconds,
and beside that of the calendar stands business time, in the hours of whoever was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve, frozen

from contactledger.columns import (
    ACCOUNT,
    Called,
    Column,
    about,
    count,
    grade,
    id_,
    list_,
    money,
    name,
    plain,
    seconds,
    time,
    word,
)
from contactledger.judge.diligence import diligence, turns
from contactledger.judge.kept import attendance, promise_records
from contactledger.judge.passage import passages
from contactledger.judge.questions import Judged
from contactledger.judge.told import subjects, told
from contactledger.judge.waiting import answer_times, waiting
from contactledger.questions import Told


@frozen
class Within:
    """A part of an answer, with the answer that it stands in."""

    whole: Any
    part: Any


def _of(attribute: str, columns: Iterable[Column]) -> list[Column]:
    """The same columns, of the whole or of the part."""

    def of(column: Column) -> Callable[[Any, Called], Any]:
        return lambda two, called: column.of(getattr(two, attribute), called)

    return [evolve(column, of=of(column)) for column in columns]


def _ids(name: str) -> Column:
    return Column(f"{name}_ids", "texts", lambda thing, _: list(getattr(thing, name)))


def _codes(name: str) -> Column:
    """Rungs, by their codes."""
    return Column(name, "texts", lambda thing, _: [rung.code for rung in getattr(thing, name)])


def _maybe(name: str) -> Column:
    """A grade, a reach or a role that may be missing."""

    def of(thing: Any, _: Any) -> str | None:
        value = getattr(thing, name)
        return None if value is None else getattr(value, "word", str(value))

    return Column(name, "text", of)


_BECAUSE = (list_("rules", "texts"), list_("because", "ints"))

TOLD = (
    *ACCOUNT,
    Column("about_kind", "text", lambda two, _: two.whole.about.kind),
    Column("about", "text", lambda two, _: two.whole.about.name),
    Column("about_name", "text", lambda two, c: c.names.get(two.whole.about.name), personal=True),
    *_of("whole", [id_("by_id", "by"), name("by", "by")]),
    *_of(
        "part",
        [
            id_("party_id", "party"),
            name("party", "party"),
            _maybe("role"),
            id_("person_id", "person"),
            name("person", "person"),
            plain("state", "text"),
            _maybe("reach"),
            _maybe("grade"),
            time("first_at"),
            plain("held_against", "bool"),
            list_("touches", "ints"),
            *_BECAUSE,
        ],
    ),
)
"""Who was told by the party that keeps the log: one row for a party and one for each person of
it, for each topic (a slug), milestone or named matter (ids) that the account knows."""

WAITING = (
    *ACCOUNT,
    plain("no", "int"),
    id_("owed_id", "owed"),
    name("owed", "owed"),
    id_("owes_id", "owes"),
    name("owes", "owes"),
    about("about"),
    word("channel"),
    word("purpose"),
    id_("matter_id", "matter"),
    time("at"),
    time("due"),
    word("outcome"),
    grade("grade"),
    *[seconds(span) for span in ("waited", "waited_business", "overdue", "overdue_business")],
    list_("reminders", "ints"),
    list_("possible", "ints"),
    plain("held_against", "bool"),
    *_BECAUSE,
)
"""Every question that was not answered."""

ANSWER_TIMES = (
    *ACCOUNT,
    id_("party_id", "party"),
    name("party", "party"),
    id_("asker_id", "asker"),
    name("asker", "asker"),
    *[plain(number, "int") for number in ("asked", "answered", "late", "waiting", "reminders")],
    *[seconds(span) for span in ("median", "median_business", "worst", "worst_business")],
    plain("worst_no", "int"),
    plain("oldest_no", "int"),
    list_("because", "ints"),
)
"""How each party answers each other one that asks it."""

TURNS = (
    *ACCOUNT,
    id_("matter_id", "matter"),
    name("title", "matter"),
    plain("named", "bool"),
    time("opened_at"),
    Column("party_id", "text", lambda turn, _: turn.onus.party),
    Column("party", "text", lambda turn, c: c.names.get(turn.onus.party), personal=True),
    Column("rule", "text", lambda turn, _: turn.onus.rule),
    Column("since_utc", "time", lambda turn, _: turn.onus.since),
    Column("until_utc", "time", lambda turn, _: turn.onus.until),
    Column("next_rung", "text", lambda turn, _: turn.onus.next_rung),
    Column("diligence_complete", "bool", lambda turn, _: turn.onus.diligence),
    seconds("waited"),
    plain("first", "bool"),
    *_BECAUSE,
)
"""Whose turn it is in each open matter; the account's own is the one that is `first`."""

DILIGENCE = (
    *ACCOUNT,
    plain("no", "int"),
    id_("matter_id", "matter"),
    name("title", "matter"),
    id_("by_id", "by"),
    name("by", "by"),
    id_("toward_id", "toward"),
    name("toward", "toward"),
    time("due"),
    plain("state", "text"),
    *[_codes(name) for name in ("climbed", "tried", "missing")],
    plain("open_now", "int"),
    time("waits_until"),
    *_BECAUSE,
)
"""Which rungs of the ladder were climbed for each overdue question, and which are missing."""

_MATTER = (id_("matter_id", "matter"), name("title", "matter"))

PASSAGES = (
    *ACCOUNT,
    *_MATTER,
    plain("named", "bool"),
    Column("party_ids", "texts", lambda passage, _: list(passage.parties)),
    id_("holder_id", "holder"),
    name("holder", "holder"),
    *[count(name) for name in ("stays", "handoffs", "escalations")],
    list_("circles", "ints"),
    list_("unanswered", "ints"),
    *money("stake"),
    *money("worth"),
    *_BECAUSE,
)
"""The matters of several parties, and those that were handed on."""

STAYS = (
    *ACCOUNT,
    *_of("whole", _MATTER),
    Column("party_id", "text", lambda two, _: two.part.hold.party),
    Column("party", "text", lambda two, c: c.names.get(two.part.hold.party), personal=True),
    Column("since_utc", "time", lambda two, _: two.part.hold.since),
    Column("until_utc", "time", lambda two, _: two.part.hold.until),
    *_of("part", [seconds("length"), plain("again", "bool")]),
    Column("because", "ints", lambda two, _: list(two.part.hold.because)),
)
"""Who had the ball of such a matter, from when until when."""

HANDOFFS = (
    *ACCOUNT,
    *_of("whole", _MATTER),
    *_of(
        "part",
        [
            plain("no", "int"),
            id_("giver_id", "giver"),
            name("giver", "giver"),
            id_("taker_id", "taker"),
            name("taker", "taker"),
            time("at"),
            time("due"),
            plain("state", "text"),
            plain("answered_no", "int"),
            plain("circle", "bool"),
            list_("rules", "texts"),
        ],
    ),
)
"""The handoffs of such a matter."""

ESCALATIONS = (
    *ACCOUNT,
    *_of("whole", _MATTER),
    *_of(
        "part",
        [
            plain("no", "int"),
            id_("by_id", "by"),
            name("by", "by"),
            id_("toward_id", "toward"),
            name("toward", "toward"),
            id_("person_id", "person"),
            name("person", "person"),
            plain("level", "int"),
            word("outcome"),
            plain("answered", "bool"),
            *_BECAUSE,
        ],
    ),
)
"""To whom a side turned higher up in such a matter, and what became of it."""

PROMISE_RECORDS = (
    *ACCOUNT,
    id_("promiser_id", "promiser"),
    name("promiser", "promiser"),
    id_("promisee_id", "promisee"),
    name("promisee", "promisee"),
    *[
        list_(state, "ints")
        for state in ("due", "overdue", "kept", "late", "missed", "withdrawn", "disputed")
    ],
    *_BECAUSE,
)
"""The numbers of the promises of one party to another, by what became of them."""

ATTENDANCE = (
    *ACCOUNT,
    plain("no", "int"),
    id_("matter_id", "matter"),
    about("about"),
    id_("party_id", "party"),
    name("party", "party"),
    plain("host", "bool"),
    time("starts"),
    time("ends"),
    plain("state", "text"),
    *[_ids(people) for people in ("accepted", "came", "absent", "declined")],
    *_BECAUSE,
)
"""Who came to each meeting and visit, of the host and of every guest."""

ASKED: Mapping[str, Sequence[Column]] = {
    "told": TOLD,
    "waiting": WAITING,
    "answer_times": ANSWER_TIMES,
    "turns": TURNS,
    "diligence": DILIGENCE,
    "passages": PASSAGES,
    "stays": STAYS,
    "handoffs": HANDOFFS,
    "escalations": ESCALATIONS,
    "promise_records": PROMISE_RECORDS,
    "attendance": ATTENDANCE,
}


def things(asked: Judged, what: str) -> Sequence[Any]:
    """What a set has a row for."""
    return list(_THINGS[what](asked))


def told_things(found: Iterable[Told]) -> list[Within]:
    """What the set told has a row for."""
    return [Within(one, row) for one in found for row in one.rows]


def _told(asked: Judged) -> list[Within]:
    by = asked.keeper
    return told_things(told(asked, about_, by=by) for about_ in subjects(asked))


def _parts(of: str) -> Callable[[Judged], Iterator[Within]]:
    def parts(asked: Judged) -> Iterator[Within]:
        for passage in passages(asked):
            for part in getattr(passage, of):
                yield Within(passage, part)

    return parts


_THINGS: Mapping[str, Callable[[Judged], Iterable[Any]]] = {
    "told": _told,
    "waiting": waiting,
    "answer_times": answer_times,
    "turns": turns,
    "diligence": diligence,
    "passages": passages,
    "stays": _parts("stays"),
    "handoffs": _parts("handoffs"),
    "escalations": _parts("escalations"),
    "promise_records": promise_records,
    "attendance": attendance,
}
