"""Any CSV table, by a small mapping file: which column says what, and what its words mean.

A mapping is TOML (`docs/any-csv.md` shows it to users)::

    name = "acme-calls"                   # a slug: the events' source
    channel = "phone"
    message = true                        # each row is a call or message of its own, not a
                                          # report about one that is on record already
    [when]
    column = ["Started", "start_time"]    # the first of these that is there
    format = "iso"                        # or "epoch", "epoch_ms", "%d.%m.%Y %H:%M"
    zone = "Europe/Berlin"                # of times without an offset

    [columns]                             # a field of the event = columns, the first not empty
    call_id = ["Call ID"]
    from = ["From"]
    to = ["To"]

    [templates]
    message_id = "<ticket-{}@acme.example>"

    [what]
    column = ["Result"]
    default = "unknown"
    [what.words]
    Reached = "answered"

    [by]                                  # and [outgoing], [permanent], [skip] alike

Names of columns are compared without case, spaces and underscores. Mappings for exports of
HubSpot, Salesforce, Zendesk and Twilio come with the package (`data/mappings/`, read through
`importlib.resources`); `Table.fitting(body)` finds the one whose columns are there. A table is
the word of whoever kept it: `Auth.NONE`, `System.OWN`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources._mapping import (
    Mapping,
    fitting_mapping,
    normal,
    shipped_mapping,
)
from contactledger.sources._table import Row, rows
from contactledger.sources._text import clean, from_epoch, plausible
from contactledger.sources.asterisk import zone_of
from contactledger.sources.source import Faults, Headers, check_content_type, check_size, pass_over
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

MAX_ROWS = 100_000
MAX_CELL_CHARS = 100_000
"""Of a cell that is read: a ticket's text."""

_TYPES = frozenset({
    "text/csv", "application/csv", "text/plain", "text/tab-separated-values",
    "application/octet-stream", "application/vnd.ms-excel",
})  # fmt: skip
_FALSE = frozenset({"", "0", "false", "no", "f", "n"})
_EPOCH = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,9})?\Z")
_UTC = re.compile(r"\s*(?:UTC|GMT)\Z")


def _to_mapping(value: Mapping | str) -> Mapping:
    return value if isinstance(value, Mapping) else shipped_mapping(value)


def _to_zone(value: str | ZoneInfo | None) -> ZoneInfo | None:
    return None if value is None else zone_of(value, "Table.zone")


@frozen
class Table:
    """Events of a CSV table, one a row.

    `mapping`: a `Mapping`, or the name of one that comes with the package. `zone`: of times
    without an offset, in place of the mapping's. `addresses`: what the table has for people (a
    CRM's ids) → their address or number. `delimiter`: what stands between cells.

    >>> from contactledger.sources import Table
    >>> Table("twilio-calls").mapping.channel
    <Channel.PHONE: 'phone'>
    """

    name: ClassVar[str] = "table"
    by_row: ClassVar[bool] = True
    channel: ClassVar[Channel] = Channel.OTHER
    max_body_bytes: ClassVar[int] = 64 * 1024 * 1024
    """100,000 rows of some 600 bytes."""

    mapping: Mapping = field(converter=_to_mapping)
    zone: ZoneInfo | None = field(default=None, converter=_to_zone)
    addresses: AnyMapping[str, str] = field(factory=dict, repr=False)
    delimiter: str = ","

    @classmethod
    def fitting(cls, body: bytes, **more: Any) -> Table:
        """The table whose mapping, among those that come with the package, fits the header row.

        `BadEvent` where none does, or two do equally well.
        """
        for row in rows(body[:1_000_000], most=1, delimiter=more.get("delimiter", ",")):
            return cls(fitting_mapping([clean(cell) for cell in row.cells]), **more)
        raise BadEvent("the table is empty; a header row is required", place="line 1")

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a table has nothing to verify
        """`NONE`: a table carries no proof of who wrote it."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:
        """One event a row, those left out that the mapping skips; `BadEvent` names line, column,
        or stands among the `faults` where these are collected."""
        check_size(self, body)
        check_content_type(headers, _TYPES)
        columns: dict[str, int] | None = None
        width = 0
        events = []
        for row in rows(body, most=MAX_ROWS, delimiter=self.delimiter, faults=faults):
            if columns is None:
                columns = _columns(row.cells)
                width = len(row.cells)
                self.mapping.check(columns)
                continue
            try:
                event = self._event(_Cells(self.mapping, columns, _fit(row, width)), row.original)
            except (BadEvent, TooLarge) as error:
                error.at(f"line {row.line}")
                pass_over(error, faults)
                continue
            if event is not None:
                events.append(event)
        if columns is None:
            raise BadEvent("the table is empty; a header row is required", place="line 1")
        return events

    def _event(self, cells: _Cells, original: bytes) -> Event | None:
        mapping = self.mapping
        if cells.says("skip") == "skip":
            return None
        at, said_at = self._when(cells)
        what = SignalKind(cells.says("what") or mapping.what)
        outgoing = cells.says("outgoing") == "out"
        permanent = {"permanent": True, "transient": False}.get(cells.says("permanent") or "")
        sender = self._address(cells.get("from"))
        to = self._address(cells.get("to"))
        incoming = None
        if mapping.message:
            incoming = Incoming(
                sender or "",
                (to,) if to else (),
                cells.get("subject"),
                cells.get("text"),
                outgoing=outgoing,
            )
        address = self._address(cells.get("address")) or (to if outgoing else sender)
        return Event(
            what,
            at,
            By(cells.says("by") or mapping.by),
            mapping.name,
            event_id=cells.get("event_id"),
            token=cells.get("token"),
            provider_id=cells.get("provider_id"),
            message_id=cells.get("message_id"),
            in_reply_to=cells.get("in_reply_to"),
            call_id=cells.get("call_id"),
            address=address,
            channel=mapping.channel,
            word=cells.word("what"),
            permanent=permanent,
            reason=cells.get("reason"),
            said_at=said_at,
            url=cells.get("url"),
            ip=cells.get("ip"),
            user_agent=cells.get("user_agent"),
            system=System.OWN,
            original=original,
            message=incoming,
            extra=self._extra(cells),
        )

    def _address(self, text: str | None) -> str | None:
        return None if text is None else self.addresses.get(text, text)

    def _extra(self, cells: _Cells) -> dict[str, Any]:
        """Start and end of a meeting; one that is no plausible time (1970 …) is left out."""
        found = {}
        for name in ("starts", "ends"):
            text = cells.get(name)
            with suppress(BadEvent):
                if text is not None:
                    found[name] = self._instant(text, name)
        return found

    def _when(self, cells: _Cells) -> tuple[datetime | None, str | None]:
        if not self.mapping.when:
            return None, None
        text = cells.get("when")
        if text is None:
            raise BadEvent("must not be empty", field=self.mapping.when[0])
        return self._instant(text, self.mapping.when[0]), text

    def _instant(self, text: str, name: str) -> datetime:
        form = self.mapping.time_format
        if form in ("epoch", "epoch_ms"):
            if not _EPOCH.match(text):
                raise BadEvent("must be a number of seconds since 1970", field=name)
            return from_epoch(float(text) / (1_000 if form == "epoch_ms" else 1), name)
        try:
            if form == "iso":
                at = datetime.fromisoformat(_UTC.sub("+00:00", text))
            else:
                at = datetime.strptime(text, form)  # noqa: DTZ007 - its zone follows
        except ValueError:
            raise BadEvent("is no time as the mapping says", field=name) from None
        if at.tzinfo is None:
            zone = self.zone or self.mapping.zone
            if zone is None:
                raise BadEvent("has no offset from UTC, and no zone is given", field=name)
            at = at.replace(tzinfo=zone)
        return plausible(at, name).astimezone(UTC)


@frozen
class _Cells:
    """A row as its mapping reads it."""

    mapping: Mapping
    columns: AnyMapping[str, int]
    cells: list[str]

    def _first(self, names: tuple[str, ...]) -> str | None:
        """The first of these columns that is there and not empty."""
        for name in names:
            index = self.columns.get(normal(name))
            if index is not None and self.cells[index].strip():
                text = self.cells[index].strip()
                if len(text) > MAX_CELL_CHARS:
                    raise TooLarge(f"more than {MAX_CELL_CHARS} characters", field=name)
                return clean(text)
        return None

    def get(self, name: str) -> str | None:
        """What the row has for a field."""
        names = self.mapping.when if name == "when" else self.mapping.columns.get(name, ())
        text = self._first(names)
        template = self.mapping.templates.get(name)
        return text if text is None or template is None else template.replace("{}", text)

    def word(self, name: str) -> str | None:
        """The table's own word for it."""
        reading = self.mapping.readings.get(name)
        return None if reading is None else self._first(reading.columns)

    def says(self, name: str) -> str | None:
        """What that word means, None for a word that the mapping does not have."""
        reading = self.mapping.readings.get(name)
        if reading is None:
            return None
        word = self._first(reading.columns)
        if word is None:
            return reading.empty
        found = reading.words.get(word.lower())
        if found is None and reading.flag and word.lower() not in _FALSE:
            found = reading.flag
        return found if found is not None else reading.default


def _columns(cells: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for index, cell in enumerate(cells):
        found.setdefault(normal(clean(cell)), index)
    return found


def _fit(row: Row, width: int) -> list[str]:
    """A row's cells; empty ones at its end may be missing."""
    if len(row.cells) > width and any(cell.strip() for cell in row.cells[width:]):
        raise BadEvent(f"has {len(row.cells)} cells, the header {width}")
    return [*row.cells, *[""] * (width - len(row.cells))]
