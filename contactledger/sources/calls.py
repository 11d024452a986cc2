"""A plain table of calls as CSV: one line a call. `docs/calls-csv.md` shows it to users.

UTF-8 (a byte order mark is taken), commas, quotes as in RFC 4180, a header row with the
names of `COLUMNS` in any order. A table proves nothing by itself: it is the word of whoever
kept it, so `verify` gives `Auth.NONE` and its events say `System.OWN`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, TypeVar

from attrs import frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources._table import Row, rows
from contactledger.sources._text import clean, plausible
from contactledger.sources.source import (
    Faults,
    Headers,
    check_content_type,
    check_size,
    pass_over,
)
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

REQUIRED = ("call_id", "at", "direction", "from", "to", "status")
OPTIONAL = ("answered_by", "duration_seconds", "about")
COLUMNS = REQUIRED + OPTIONAL

STATUS: dict[str, SignalKind] = {
    "completed": SignalKind.ANSWERED,
    "no_answer": SignalKind.NO_ANSWER,
    "busy": SignalKind.BUSY,
    "failed": SignalKind.REJECTED,
    "voicemail": SignalKind.VOICEMAIL,
    "canceled": SignalKind.UNKNOWN,
}
"""Status → what it says. A call that the caller gave up while it rang (canceled) says nothing
of the other side."""

ANSWERED_BY: dict[str, By] = {
    "": By.UNKNOWN,
    "human": By.HUMAN,
    "machine": By.MACHINE,
    "unknown": By.UNKNOWN,
}

MAX_ROWS = 100_000
"""Of one table; longer ones are cut by day or month."""
MAX_CELL_CHARS = 2_000
"""Of one cell; the longest sensible one is `about`."""
MAX_DURATION_SECONDS = 7 * 86_400

_T = TypeVar("_T")

_SECONDS = re.compile(r"[0-9]{1,9}\Z")

_CSV = frozenset({"text/csv", "application/csv", "text/plain", "application/octet-stream"})


@frozen
class Calls:
    """Calls of a plain CSV table, one event each.

    The event's `message` holds who called whom (`outgoing` for direction "out"), `address`
    the number of the other side, `what` and `by` how it ended, `original` the row's bytes.

    >>> from contactledger.sources import Calls
    >>> rows = b"call_id,at,direction,from,to,status" + bytes([10])
    >>> rows += b"c1,2026-03-02T10:00:00+01:00,out,+4930111,+4930222,busy"
    >>> Calls().parse({}, rows)[0].what
    <SignalKind.BUSY: 'busy'>
    """

    name: ClassVar[str] = "calls"
    by_row: ClassVar[bool] = True
    channel: ClassVar[Channel] = Channel.PHONE
    max_body_bytes: ClassVar[int] = 32 * 1024 * 1024
    """100,000 rows of some 300 bytes."""

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a table has nothing to verify
        """`NONE`: a table carries no proof of who wrote it."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:
        """One event a row; `BadEvent` names line and column, or stands among the `faults` where
        these are collected."""
        check_size(self, body)
        check_content_type(headers, _CSV)
        columns: tuple[str, ...] | None = None
        events = []
        for row in rows(body, most=MAX_ROWS, faults=faults):
            if columns is None:
                columns = _header([name.strip() for name in row.cells])
                continue
            try:
                events.append(_event(columns, row))
            except (BadEvent, TooLarge) as error:
                error.at(f"line {row.line}")
                pass_over(error, faults)
        if columns is None:
            raise BadEvent("the table is empty; a header row is required", place="line 1")
        return events


def _header(names: list[str]) -> tuple[str, ...]:
    for name in REQUIRED:
        if name not in names:
            raise BadEvent("this column is missing", field=name, place="line 1")
    if len(set(names)) != len(names):
        raise BadEvent("a column is there twice", place="line 1")
    if not set(names) <= set(COLUMNS):
        raise BadEvent(f"the columns are: {', '.join(COLUMNS)}", place="line 1")
    return tuple(names)


def _event(columns: tuple[str, ...], row: Row) -> Event:
    if len(row.cells) != len(columns):
        raise BadEvent(f"has {len(row.cells)} cells, the header {len(columns)}")
    cells = zip(columns, row.cells, strict=True)
    return _call({name: clean(cell).strip() for name, cell in cells}, row.original)


def _call(row: dict[str, str], original: bytes) -> Event:
    for name, cell in row.items():
        if len(cell) > MAX_CELL_CHARS:
            raise TooLarge(f"more than {MAX_CELL_CHARS} characters", field=name)
        if not cell and name in REQUIRED:
            raise BadEvent("must not be empty", field=name)
    status, outgoing = row["status"], row["direction"] == "out"
    what = _one_of(STATUS, status, "status")
    _one_of({"in": 0, "out": 1}, row["direction"], "direction")
    by = _one_of(ANSWERED_BY, row.get("answered_by", ""), "answered_by")
    if what is SignalKind.VOICEMAIL:
        by = By.MACHINE
    elif what is not SignalKind.ANSWERED:
        by = By.UNKNOWN
    return Event(
        what,
        _when(row["at"]),
        by,
        "calls",
        event_id=row["call_id"],
        call_id=row["call_id"],
        address=row["to"] if outgoing else row["from"],
        channel=Channel.PHONE,
        word=status,
        said_at=row["at"],
        system=System.OWN,
        original=original,
        message=Incoming(
            row["from"], (row["to"],), subject=row.get("about") or None, outgoing=outgoing
        ),
        extra=_duration(row.get("duration_seconds", "")),
    )


def _one_of(words: dict[str, _T], word: str, column: str) -> _T:
    if word not in words:
        raise BadEvent(f"must be one of: {', '.join(w for w in words if w)}", field=column)
    return words[word]


def _when(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadEvent("must be a time as in ISO 8601, with its offset", field="at") from None
    if at.utcoffset() is None:
        raise BadEvent("has no offset from UTC; write it behind: …+01:00, or …Z", field="at")
    return plausible(at, "at")


def _duration(text: str) -> dict[str, int]:
    if not text:
        return {}
    if not _SECONDS.match(text) or int(text) > MAX_DURATION_SECONDS:
        raise BadEvent("must be whole seconds, a week at most", field="duration_seconds")
    return {"duration_seconds": int(text)}
