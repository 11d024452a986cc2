"""The questions over all accounts as queries of the file of gists, and the columns of their rows.

A row holds ids, entry numbers and words of the vocabularies; columns that say what these are called
are personal, and filled by `contactledger.across` where they were asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen

from contactledger.findings import Grade

Row = dict[str, Any]


def where(**columns: object) -> tuple[str, tuple[object, ...]]:
    """A condition that these columns hold these values, None left out; and its values."""
    given = {name: value for name, value in columns.items() if value is not None}
    where = " AND ".join(f"{name} = ?" for name in given)
    return (f"WHERE {where}" if given else ""), tuple(given.values())


TOLD = """FROM (
    SELECT side.n, side.party, side.person, side.role, told.state, told.held, told.touches,
        told.first_at, told.because
    FROM side LEFT JOIN telling AS told ON told.n = side.n AND told.about = ?
        AND told.teller = ? AND told.party = side.party AND told.person = side.person
    WHERE side.party <> ?
    UNION ALL
    SELECT told.n, told.party, told.person, coalesce((SELECT max(theirs.role) FROM side AS theirs
            WHERE theirs.n = told.n AND theirs.party = told.party), ''),
        told.state, told.held, told.touches, told.first_at, told.because
    FROM telling AS told WHERE told.about = ? AND told.teller = ? AND NOT EXISTS (
        SELECT 1 FROM side WHERE side.n = told.n AND side.party = told.party
        AND side.person = told.person)
) AS known"""
"""Everybody who may be told, and who has left and was."""

TOLD_OF_A_THING = """FROM (
    SELECT side.n, side.party, side.person, side.role, told.state, told.held, told.touches,
        told.first_at, told.because
    FROM thing JOIN side ON side.n = thing.n LEFT JOIN telling AS told ON told.n = thing.n
        AND told.about = thing.about AND told.teller = ? AND told.party = side.party
        AND told.person = side.person
    WHERE thing.ref = ? AND side.party <> ?
    UNION ALL
    SELECT told.n, told.party, told.person, coalesce((SELECT max(theirs.role) FROM side AS theirs
            WHERE theirs.n = told.n AND theirs.party = told.party), ''),
        told.state, told.held, told.touches, told.first_at, told.because
    FROM telling AS told JOIN thing ON thing.n = told.n AND thing.about = told.about
    WHERE told.teller = ? AND thing.ref = ? AND NOT EXISTS (
        SELECT 1 FROM side WHERE side.n = told.n AND side.party = told.party
        AND side.person = told.person)
) AS known"""
"""The same in accounts that have a milestone or a matter on record."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)


def _same(value: Any) -> Any:
    return value


def _numbers(text: str | None) -> list[int]:
    return [int(no) for no in (text or "").split()]


def _state(word: str | None) -> str:
    return word or "never_told"


def _grade(number: int) -> str:
    return Grade(number).word


Columns = tuple[tuple[str, str, Callable[[Any], Any]], ...]
"""Name in the file, name in a row, and how the value becomes what Python has."""

SILENCE: Columns = (
    ("no", "no", _same),
    ("sender", "sender", _same),
    ("party", "party", _same),
    ("channel", "channel", _same),
    ("purpose", "purpose", _same),
    ("at", "at_utc", _time),
    ("due", "due_utc", _time),
    ("grade", "grade", _grade),
    ("held", "held_against", bool),
    ("reminders", "reminders", _same),
)
WAIT: Columns = (
    ("no", "no", _same),
    ("owed", "owed", _same),
    ("owes", "owes", _same),
    ("channel", "channel", _same),
    ("purpose", "purpose", _same),
    ("at", "at_utc", _time),
    ("due", "due_utc", _time),
    ("outcome", "outcome", _same),
    ("held", "held_against", bool),
    ("reminders", "reminders", _same),
)
TURN: Columns = (
    ("matter", "matter", _same),
    ("named", "named", bool),
    ("party", "party", lambda party: party or None),
    ("rule", "rule", _same),
    ("since", "since_utc", _time),
    ("until", "until_utc", _time),
    ("first", "first", bool),
)
TELLING: Columns = (
    ("party", "party", _same),
    ("person", "person", lambda person: person or None),
    ("role", "role", lambda role: role or None),
    ("state", "state", _state),
    ("held", "held_against", bool),
    ("touches", "touches", lambda touches: touches or 0),
    ("first_at", "first_at_utc", _time),
    ("because", "because", _numbers),
)

SILENCE_NAMES = {"sender": "sender_name", "party": "party_name", "no": "about"}
WAIT_NAMES = {"owed": "owed_name", "owes": "owes_name", "no": "about"}
TURN_NAMES = {"matter": "title", "party": "party_name"}
TELLING_NAMES = {"party": "party_name", "person": "person_name"}
"""Name in a row → that of the personal column which says what is called so."""


@frozen
class Query:
    """A question to the file: from where, in which order, with which values."""

    source: str
    order: str
    values: tuple[object, ...]
    columns: Columns
    names: Mapping[str, str]

    def count(self) -> str:
        """How many rows there are, in how many accounts."""
        return f"SELECT count(*), count(DISTINCT n) {self.source}"

    def rows(self) -> str:
        """So many of the first."""
        names = ", ".join(name for name, _, _ in self.columns)
        ids = "(SELECT id FROM account WHERE account.n = found.n)"
        within = f"(SELECT n, {names} {self.source} {self.order} LIMIT ?) AS found"
        return f"SELECT {ids}, {names} FROM {within} {self.order}"  # noqa: S608 - ours alone

    def values_of(self, row: Sequence[Any]) -> Row:
        """One of them as a dict."""
        pairs = zip(self.columns, row, strict=True)
        return {name: read(value) for (_, name, read), value in pairs}
