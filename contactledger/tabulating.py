"""What is recorded and what is judged, as flat rows: the columns of each set, and their values.

`SETS` names them. A row is a plain dict of str, int, bool, UTC datetime, lists of str or int,
and None. Ids stand for people, parties, touches and matters. Columns that hold a name, an
address or a text are *personal*: they are there only where they were asked for, and hold None
where the value was erased. Columns are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from attrs import frozen

from contactledger.facts import Entry, Matter, Money, Opened, Party, Person, Promise, Touch
from contactledger.findings import Standing
from contactledger.log.record import from_base64url
from contactledger.store.port import DisclosureRow, EntryRow

Row = dict[str, Any]


@frozen
class Column:
    """A column: its name, its kind (text, int, bool, time, texts or ints), and its value for
    one thing among its account's names. Times are UTC, and end in `_utc`."""

    name: str
    kind: str
    of: Callable[[Any, Called], Any]
    personal: bool = False


@frozen
class Called:
    """An account's id and the names that its entries still disclose: ids → names, numbers of
    touches and promises → what they are about."""

    account_id: str
    account: str | None
    names: Mapping[str, str | None]
    abouts: Mapping[int, str | None]

    @classmethod
    def of(cls, entries: Iterable[Entry], account_id: str) -> Called:
        """From an account's entries, in order: the newest version of a name counts, and where
        that was erased there is none."""
        account = None
        names: dict[str, str | None] = {}
        abouts: dict[int, str | None] = {}
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, Opened):
                account = fact.name
            elif isinstance(fact, Party | Person):
                names[entry.id] = fact.name if fact.name is not None else fact.key
            elif isinstance(fact, Matter):
                names[entry.id] = fact.title
            elif isinstance(fact, Touch):
                subject = fact.message.subject if fact.message else None
                abouts[entry.no] = fact.about if fact.about is not None else subject
            elif isinstance(fact, Promise):
                abouts[entry.no] = fact.what
        return cls(account_id, account, names, abouts)


def _plain(name: str, kind: str) -> Column:
    return Column(name, kind, lambda thing, _: getattr(thing, name))


def _word(name: str) -> Column:
    """A word of a closed vocabulary."""
    return Column(name, "text", lambda thing, _: str(getattr(thing, name)))


def _grade(name: str) -> Column:
    return Column(name, "text", lambda thing, _: getattr(thing, name).word)


def _id(name: str, of: str) -> Column:
    return Column(name, "text", lambda thing, _: getattr(thing, of))


def _time(name: str) -> Column:
    return Column(f"{name}_utc", "time", lambda thing, _: getattr(thing, name))


def _list(name: str, kind: str) -> Column:
    return Column(name, kind, lambda thing, _: list(getattr(thing, name)))


def _count(name: str) -> Column:
    return Column(name, "int", lambda thing, _: len(getattr(thing, name)))


def _name(name: str, of: str) -> Column:
    return Column(name, "text", lambda thing, c: c.names.get(getattr(thing, of)), personal=True)


def _about(name: str) -> Column:
    return Column(name, "text", lambda thing, c: c.abouts.get(thing.no), personal=True)


def _seconds(name: str) -> Column:
    def of(thing: Any, _: Called) -> int | None:
        span: timedelta | None = getattr(thing, name)
        return None if span is None else int(span.total_seconds())

    return Column(f"{name}_seconds", "int", of)


def _money(name: str) -> tuple[Column, Column]:
    def part(attribute: str) -> Callable[[Any, Called], Any]:
        def of(thing: Any, _: Called) -> Any:
            amount: Money | None = getattr(thing, name)
            return None if amount is None else getattr(amount, attribute)

        return of

    return (
        Column(f"{name}_minor", "int", part("minor")),
        Column(f"{name}_currency", "text", part("currency")),
    )


def _value(part: DisclosureRow, _: Called) -> str:
    """What is disclosed, as JSON: a text in quotes, a list, or an object."""
    return orjson.dumps(orjson.loads(from_base64url(part.body))[2]).decode()


_ACCOUNT = (
    Column("account_id", "text", lambda _, c: c.account_id),
    Column("account", "text", lambda _, c: c.account, personal=True),
)

ENTRIES = (
    *_ACCOUNT,
    _plain("no", "int"),
    _plain("id", "text"),
    _plain("kind", "text"),
    _time("at"),
    _time("recorded_at"),
    Column("record", "text", lambda row, _: row.record.decode()),
    Column("leaf", "text", lambda row, _: row.leaf.hex()),
)
"""The log itself: `record` is the JSON that is hashed, `leaf` its RFC 6962 hash in hex."""

DISCLOSURES = (
    *_ACCOUNT,
    _plain("no", "int"),
    _plain("field", "text"),
    _id("person_id", "person"),
    _plain("digest", "text"),
    Column("value", "text", _value, personal=True),
)
"""The personal parts of entries that are still disclosed; a set for those who asked for them."""

FINDINGS = (
    *_ACCOUNT,
    _plain("no", "int"),
    _id("touch_id", "touch"),
    _time("at"),
    _id("sender_id", "sender"),
    _name("sender", "sender"),
    _id("sender_person_id", "sender_person"),
    _name("sender_person", "sender_person"),
    _id("receiver_id", "party"),
    _name("receiver", "party"),
    _about("about"),
    *[_word(name) for name in ("channel", "purpose", "urgency", "expects")],
    _list("topics", "texts"),
    _id("matter_id", "matter"),
    _grade("reach"),
    _grade("grade"),
    _word("outcome"),
    _grade("outcome_grade"),
    _time("due"),
    _plain("late", "bool"),
    _seconds("late_by"),
    _time("settled_at"),
    _id("held_against_id", "held_against"),
    Column("violations", "texts", lambda f, _: [v.code for v in f.violations]),
    Column("policy_digest", "text", lambda f, _: f.basis.digest),
    Column("policy_agreed", "bool", lambda f, _: f.basis.agreed),
    _list("rules", "texts"),
    _list("because", "ints"),
)
"""The verdict on each touch for each party that was reached out to."""

CASES = (
    *_ACCOUNT,
    _id("matter_id", "matter"),
    _name("title", "matter"),
    _plain("named", "bool"),
    _word("state"),
    _time("opened_at"),
    _time("closed_at"),
    _id("opened_by_id", "opened_by"),
    *_money("stake"),
    *_money("worth"),
    *[_count(name) for name in ("touches", "promises", "handoffs")],
    _plain("circles", "int"),
    _id("holder_id", "holder"),
    _name("holder", "holder"),
    _time("holder_since"),
    Column("onus_id", "text", lambda case, _: case.onus.party),
    Column("onus_rule", "text", lambda case, _: case.onus.rule),
    Column("onus_since_utc", "time", lambda case, _: case.onus.since),
    _list("rules", "texts"),
    _list("because", "ints"),
)
"""The matters, open and closed."""

PROMISES = (
    *_ACCOUNT,
    _plain("no", "int"),
    _id("promise_id", "promise"),
    _about("what"),
    _id("promiser_id", "promiser"),
    _name("promiser", "promiser"),
    _id("promisee_id", "promisee"),
    _name("promisee", "promisee"),
    _id("matter_id", "matter"),
    _time("at"),
    _time("due"),
    _word("state"),
    _grade("grade"),
    _time("settled_at"),
    _id("held_by_id", "held_by"),
    _list("rules", "texts"),
    _list("because", "ints"),
)
"""The verdict on each promise."""

PARTIES = (
    *_ACCOUNT,
    _id("party_id", "party"),
    _name("name", "party"),
    _word("role"),
    *[
        _plain(name, "int")
        for name in (
            "sent", "sent_answered", "sent_seen", "sent_unreached", "sent_ignored",
            "sent_unproven", "sent_pending", "sent_noted", "received", "answered",
            "answered_late", "seen", "seen_late", "ignored", "held_against", "violations",
            "promises_kept", "promises_missed", "promises_open", "promises_overdue",
            "promises_disputed", "reminders",
        )
    ],
    _seconds("answer_median"),
    _seconds("answer_worst"),
    _time("last_sent_at"),
    _time("last_answered_at"),
    _plain("oldest_waiting_no", "int"),
)  # fmt: skip
"""Every party of every account in the same columns, as in the standing."""

SETS: Mapping[str, Sequence[Column]] = {
    "entries": ENTRIES,
    "disclosures": DISCLOSURES,
    "findings": FINDINGS,
    "cases": CASES,
    "promises": PROMISES,
    "parties": PARTIES,
}
RECORDED = ("entries", "disclosures")
"""Those that are read from the log as it is; the others are judged."""
PERSONAL = ("disclosures",)
"""Those that hold nothing but what is personal."""


def columns_of(what: str, *, personal: bool) -> list[Column]:
    """The columns of a set, the personal ones among them or not."""
    return [column for column in SETS[what] if personal or not column.personal]


def judged(standing: Standing) -> dict[str, Sequence[Any]]:
    """What each of the judged sets has a row for."""
    return {
        "findings": standing.findings,
        "cases": standing.cases,
        "promises": standing.promises,
        "parties": standing.columns,
    }


def rows_of(
    things: Iterable[EntryRow | DisclosureRow | Any], columns: Sequence[Column], called: Called
) -> list[Row]:
    """A row for each of these."""
    return [{column.name: column.of(thing, called) for column in columns} for thing in things]
