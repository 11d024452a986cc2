"""What is recorded and what is judged, as flat rows: the columns of each set, and their values.

`SETS` names them, and `ASKED` those of the questions. A row is a plain dict of str, int, bool,
UTC datetime, lists of str or int, and None. Ids stand for people, parties, touches and matters.
Columns that hold a name, an address or a text are *personal*: they are there only where they were
asked for, and hold None where the value was erased. Columns are added, never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from contactledger.asked_rows import ASKED
from contactledger.columns import (
    ACCOUNT,
    Called,
    Column,
    Row,
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
from contactledger.errors import BadInput
from contactledger.findings import Standing
from contactledger.log.record import from_base64url
from contactledger.store.port import DisclosureRow, EntryRow


def _value(part: DisclosureRow, _: Called) -> str:
    """What is disclosed, as JSON: a text in quotes, a list, or an object."""
    return orjson.dumps(orjson.loads(from_base64url(part.body))[2]).decode()


ENTRIES = (
    *ACCOUNT,
    plain("no", "int"),
    plain("id", "text"),
    plain("kind", "text"),
    time("at"),
    time("recorded_at"),
    Column("record", "text", lambda row, _: row.record.decode()),
    Column("leaf", "text", lambda row, _: row.leaf.hex()),
)
"""The log itself: `record` is the JSON that is hashed, `leaf` its RFC 6962 hash in hex."""

DISCLOSURES = (
    *ACCOUNT,
    plain("no", "int"),
    plain("field", "text"),
    id_("person_id", "person"),
    plain("digest", "text"),
    Column("value", "text", _value, personal=True),
)
"""The personal parts of entries that are still disclosed; a set for those who asked for them."""

FINDINGS = (
    *ACCOUNT,
    plain("no", "int"),
    id_("touch_id", "touch"),
    time("at"),
    id_("sender_id", "sender"),
    name("sender", "sender"),
    id_("sender_person_id", "sender_person"),
    name("sender_person", "sender_person"),
    id_("receiver_id", "party"),
    name("receiver", "party"),
    about("about"),
    *[word(name) for name in ("channel", "purpose", "urgency", "expects")],
    list_("topics", "texts"),
    id_("matter_id", "matter"),
    grade("reach"),
    grade("grade"),
    word("outcome"),
    grade("outcome_grade"),
    time("due"),
    plain("late", "bool"),
    seconds("late_by"),
    time("settled_at"),
    id_("held_against_id", "held_against"),
    Column("violations", "texts", lambda f, _: [v.code for v in f.violations]),
    Column("policy_digest", "text", lambda f, _: f.basis.digest),
    Column("policy_agreed", "bool", lambda f, _: f.basis.agreed),
    list_("rules", "texts"),
    list_("because", "ints"),
)
"""The verdict on each touch for each party that was reached out to."""

CASES = (
    *ACCOUNT,
    id_("matter_id", "matter"),
    name("title", "matter"),
    plain("named", "bool"),
    word("state"),
    time("opened_at"),
    time("closed_at"),
    id_("opened_by_id", "opened_by"),
    *money("stake"),
    *money("worth"),
    *[count(name) for name in ("touches", "promises", "handoffs")],
    plain("circles", "int"),
    id_("holder_id", "holder"),
    name("holder", "holder"),
    time("holder_since"),
    Column("onus_id", "text", lambda case, _: case.onus.party),
    Column("onus_rule", "text", lambda case, _: case.onus.rule),
    Column("onus_since_utc", "time", lambda case, _: case.onus.since),
    list_("rules", "texts"),
    list_("because", "ints"),
)
"""The matters, open and closed."""

PROMISES = (
    *ACCOUNT,
    plain("no", "int"),
    id_("promise_id", "promise"),
    about("what"),
    id_("promiser_id", "promiser"),
    name("promiser", "promiser"),
    id_("promisee_id", "promisee"),
    name("promisee", "promisee"),
    id_("matter_id", "matter"),
    time("at"),
    time("due"),
    word("state"),
    grade("grade"),
    time("settled_at"),
    id_("held_by_id", "held_by"),
    list_("rules", "texts"),
    list_("because", "ints"),
)
"""The verdict on each promise."""

PARTIES = (
    *ACCOUNT,
    id_("party_id", "party"),
    name("name", "party"),
    word("role"),
    *[
        plain(name, "int")
        for name in (
            "sent", "sent_answered", "sent_seen", "sent_unreached", "sent_ignored",
            "sent_unproven", "sent_pending", "sent_noted", "received", "answered",
            "answered_late", "seen", "seen_late", "ignored", "held_against", "violations",
            "promises_kept", "promises_missed", "promises_open", "promises_overdue",
            "promises_disputed", "reminders",
        )
    ],
    seconds("answer_median"),
    seconds("answer_worst"),
    time("last_sent_at"),
    time("last_answered_at"),
    plain("oldest_waiting_no", "int"),
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
    columns = SETS[what] if what in SETS else ASKED[what]
    return [column for column in columns if personal or not column.personal]


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


def refuse_set(what: str, *, personal: bool) -> None:
    """Raise BadInput for a set that is not there, or that was not asked for."""
    if what not in SETS and what not in ASKED:
        raise BadInput(f"must be one of: {', '.join((*SETS, *ASKED))}", field="what")
    if what in PERSONAL and not personal:
        raise BadInput(f"{what} are personal; ask for them with personal=True", field="what")
