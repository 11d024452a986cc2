"""Asterisk's call detail records as `cdr_csv` writes them: Master.csv.

The fields are those of "CDR Specification" and cdr_csv in Asterisk's documentation
(docs.asterisk.org): sixteen without a header, then `uniqueid` and `userfield` where the
configuration asks for them. A file with a header row (cdr_custom, a database's export) is read
by its names, and may hold `linkedid` and `sequence` as well.

What to know of it:

- Times name no zone: the PBX writes its own (or UTC with `usegmtime=yes`). `zone` says which;
  it is required, since a guess would move every call.
- ANSWERED is said of whoever picked up, a voicemail box included. `lastapp` VoiceMail (or Queue,
  Playback …, with nobody at the other end) tells: then it is a voicemail, by a machine. By a
  human is never known, so answered is by *unknown*, unless `billsec` and a channel of the other
  side say that somebody was connected; even that may have been a machine.
- A call through several legs has several records with one `linkedid` (or `uniqueid`).
- CANCEL, CONGESTION and FAILED are kept apart: the first says nothing of the other side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from contactledger.errors import BadEvent, BadInput, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources._table import rows
from contactledger.sources._text import clean, plausible
from contactledger.sources.source import Faults, Headers, check_content_type, check_size, pass_over
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

FIELDS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp",
    "lastdata", "start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
    "uniqueid", "userfield",
)  # fmt: skip
"""In the order of Master.csv; the last two may be missing."""
LEAST = 16

DISPOSITION: dict[str, SignalKind] = {
    "ANSWERED": SignalKind.ANSWERED,
    "NO ANSWER": SignalKind.NO_ANSWER,
    "NOANSWER": SignalKind.NO_ANSWER,
    "BUSY": SignalKind.BUSY,
    "FAILED": SignalKind.REJECTED,
    "CONGESTION": SignalKind.REJECTED,
    "CANCEL": SignalKind.UNKNOWN,
}
"""Asterisk's word → ours; any other is *unknown*."""

MAILBOXES = frozenset({"voicemail", "voicemailmain", "minivmrecord", "minivmgreet"})
"""Applications at which a call ends in a machine that takes messages."""

MAX_ROWS = 100_000
MAX_CELL_CHARS = 2_000
MAX_DURATION_SECONDS = 7 * 86_400

_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_TYPES = frozenset({"text/csv", "application/csv", "text/plain", "application/octet-stream"})


def zone_of(value: str | ZoneInfo, where: str) -> ZoneInfo:
    """The zone of this name; `BadInput` names the field."""
    try:
        return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise BadInput("is no zone of the IANA database", field=where) from None


def _to_zone(value: str) -> ZoneInfo:
    return zone_of(value, "Asterisk.zone")


@frozen
class Asterisk:
    """Calls of an Asterisk PBX, one event a record.

    `zone`: of the times ("UTC" with usegmtime). `outgoing`: dial-plan contexts (`dcontext`)
    from which your side calls out; calls of all others came in.

    >>> from contactledger.sources import Asterisk
    >>> Asterisk("UTC").zone.key
    'UTC'
    """

    name: ClassVar[str] = "asterisk"
    by_row: ClassVar[bool] = True
    channel: ClassVar[Channel] = Channel.PHONE
    max_body_bytes: ClassVar[int] = 64 * 1024 * 1024
    """100,000 records of some 300 to 600 bytes."""

    zone: ZoneInfo = field(converter=_to_zone)
    outgoing: frozenset[str] = field(
        default=frozenset({"from-internal", "internal"}), converter=frozenset
    )

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a table has nothing to verify
        """`NONE`: a table carries no proof of who wrote it."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:
        """One event a record; `BadEvent` names line and field, or stands among the `faults`
        where these are collected."""
        check_size(self, body)
        check_content_type(headers, _TYPES)
        names: tuple[str, ...] = FIELDS
        events: list[Event] = []
        for row in rows(body, most=MAX_ROWS, header=False, faults=faults):
            cells = [clean(cell).strip() for cell in row.cells]
            lower = [cell.lower() for cell in cells]
            if not events and {"src", "dst", "disposition"} <= set(lower):
                names = tuple(lower)
                continue
            try:
                events.append(self._call(_named(names, cells), row.original))
            except (BadEvent, TooLarge) as error:
                error.at(f"line {row.line}")
                pass_over(error, faults)
        return events

    def _call(self, row: Mapping[str, str], original: bytes) -> Event:
        word = row.get("disposition", "")
        outgoing = row.get("dcontext", "") in self.outgoing
        what = DISPOSITION.get(word.upper(), SignalKind.UNKNOWN)
        by = By.UNKNOWN
        if what is SignalKind.ANSWERED and row.get("lastapp", "").lower() in MAILBOXES:
            what, by = SignalKind.VOICEMAIL, By.MACHINE
        source, target = row.get("src", ""), row.get("dst", "")
        call_id = row.get("linkedid") or row.get("uniqueid") or None
        leg = " ".join(row[name] for name in ("uniqueid", "sequence") if row.get(name))
        return Event(
            what,
            self._when(row),
            by,
            "asterisk",
            event_id=leg or None,
            call_id=call_id,
            address=(target if outgoing else source) or None,
            channel=Channel.PHONE,
            word=word or None,
            said_at=row.get("start") or None,
            system=System.OWN,
            original=original,
            message=Incoming(source, (target,) if target else (), outgoing=outgoing),
            extra={
                f"{name}_seconds": _seconds(row[name], name)
                for name in ("duration", "billsec")
                if row.get(name)
            },
        )

    def _when(self, row: Mapping[str, str]) -> datetime:
        text = row.get("start", "")
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise BadEvent('must be a time as "2026-03-02 10:00:00"', field="start") from None
        if at.tzinfo is None:
            at = at.replace(tzinfo=self.zone)
        return plausible(at, "start")


def _named(names: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    least = LEAST if names is FIELDS else len(names)
    if not least <= len(cells) <= len(names):
        raise BadEvent(f"has {len(cells)} fields; {least} to {len(names)} are expected")
    for name, cell in zip(names, cells, strict=False):
        if len(cell) > MAX_CELL_CHARS:
            raise TooLarge(f"more than {MAX_CELL_CHARS} characters", field=name)
    return dict(zip(names, cells, strict=False))


def _seconds(text: str, name: str) -> int:
    if not _NUMBER.match(text) or int(text) > MAX_DURATION_SECONDS:
        raise BadEvent("must be whole seconds, a week at most", field=name)
    return int(text)
