"""iCalendar (RFC 5545) and what travels in it between calendars (RFC 5546, iTIP): meetings.

An invitation (`METHOD:REQUEST`, or a calendar's export without a method) is a touch of its
organiser to those invited, over the channel *meeting*, with its start and end. What an
attendee said to it (`PARTSTAT`, in a `METHOD:REPLY` or beside each name in an export) is a
signal about that touch: accepted, declined. The meeting's `UID` is what they are matched by.

What to know of it:

- No standard has a word for who turned up. A calendar that knows says so with a parameter of
  its own on `ATTENDEE`, `X-ATTENDED=TRUE` or `FALSE`: attended, absent, at the meeting's end.
- TENTATIVE and DELEGATED answer nothing yet: *unknown*, the word kept. A room or another
  resource (`CUTYPE`) answers by itself, so its answer is a machine's.
- A "floating" time names no zone; it is read in `zone`, else in the calendar's X-WR-TIMEZONE,
  else the touch has no start.
- Lines are read by the `icalendar` library (extra `calendar`), see `_calendar.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from contactledger.errors import BadEvent, BadInput, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources._calendar import Attendee, Component, components
from contactledger.sources._text import plausible
from contactledger.sources.source import Faults, Headers, check_content_type, check_size, pass_over
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

PARTSTAT: dict[str, SignalKind] = {
    "ACCEPTED": SignalKind.ACCEPTED,
    "DECLINED": SignalKind.DECLINED,
    "TENTATIVE": SignalKind.UNKNOWN,
    "DELEGATED": SignalKind.UNKNOWN,
}
"""RFC 5545 3.2.12. NEEDS-ACTION is what stands there before anybody did anything."""

INVITING = frozenset({"", "REQUEST", "PUBLISH", "ADD"})
"""Methods of RFC 5546 that bring a meeting; without one it is a calendar's export."""

MACHINES = frozenset({"ROOM", "RESOURCE"})
"""`CUTYPE` of those who answer by themselves."""

_TYPES = frozenset({
    "text/calendar", "application/ics", "text/plain", "application/octet-stream",
})  # fmt: skip


def _to_zone(value: str | None) -> ZoneInfo | None:
    if value is None:
        return None
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("is no zone of the IANA database", field="ICal.zone") from None


@frozen
class ICal:
    """Meetings and answers of an .ics file, or of the text/calendar part of a mail.

    `zone`: of times that name none. `organizer`: the address of whoever invites, where a
    calendar's own export leaves it out. `sent`: the recorder's own calendar is exported, so
    its meetings are touches of the recorder's where the organiser is nobody on record.

    >>> from contactledger.sources import ICal
    >>> ICal().name
    'ical'
    """

    name: ClassVar[str] = "ical"
    by_row: ClassVar[bool] = True
    channel: ClassVar[Channel] = Channel.MEETING
    max_body_bytes: ClassVar[int] = 2 * 1024 * 1024
    """Some 3,000 meetings; larger calendars are exported by year."""

    zone: ZoneInfo | None = field(default=None, converter=_to_zone)
    organizer: str | None = None
    sent: bool = False

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a calendar has nothing to verify
        """`NONE`: a calendar carries no proof of who wrote it."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:
        """An event for each meeting and for each answer to one, in the file's order; a meeting
        that cannot be read stands among the `faults` where these are collected."""
        check_size(self, body)
        check_content_type(headers, _TYPES)
        events: list[Event] = []
        for component in components(body, faults):
            if component.name == "VEVENT":
                try:
                    events.extend(self._events(component))
                except (BadEvent, TooLarge) as error:
                    error.at(f"component {component.number}")
                    pass_over(error, faults)
        return events

    def _events(self, meeting: Component) -> Iterator[Event]:
        inviting = meeting.method in INVITING
        organizer = meeting.organizer or self.organizer or ""
        others = [one for one in meeting.attendees if one.address.lower() != organizer.lower()]
        if inviting and (organizer or self.sent):
            yield self._invitation(meeting, organizer, others)
        elif not inviting and meeting.method != "REPLY":
            yield self._about(meeting, SignalKind.UNKNOWN, meeting.method.lower())
        for one in others:
            what = PARTSTAT.get((one.partstat or "").upper())
            if what is not None:
                said = self._about(meeting, what, (one.partstat or "").lower(), one)
                said.reason = meeting.comment
                yield said
            if one.attended is not None:
                kind = SignalKind.ATTENDED if one.attended else SignalKind.ABSENT
                turned_up = self._about(meeting, kind, "x-attended", one)
                turned_up.at = self._instant(meeting.ends or meeting.starts, meeting, "DTEND")
                yield turned_up

    def _invitation(self, meeting: Component, organizer: str, others: list[Attendee]) -> Event:
        made = self._about(meeting, SignalKind.SENT, meeting.method.lower() or "export")
        made.event_id = f"{_name(meeting)}#{meeting.sequence}"
        made.message = Incoming(
            organizer,
            tuple(dict.fromkeys(one.address for one in others)),
            meeting.summary,
            meeting.text,
            outgoing=self.sent,
        )
        starts = self._instant(meeting.starts, meeting, "DTSTART")
        ends = self._instant(meeting.ends, meeting, "DTEND")
        if starts and ends and ends < starts:
            raise BadEvent("lies before DTSTART", field="DTEND")
        made.extra = {k: v for k, v in (("starts", starts), ("ends", ends)) if v is not None}
        return made

    def _about(
        self, meeting: Component, what: SignalKind, word: str, one: Attendee | None = None
    ) -> Event:
        at = None if meeting.stamp is None else self._instant(meeting.stamp, meeting, "DTSTAMP")
        by = By.UNKNOWN
        if one is not None:
            by = By.MACHINE if one.kind in MACHINES else By.HUMAN
        return Event(
            what,
            at,
            by,
            "ical",
            provider_id=_name(meeting),
            address=None if one is None else one.address,
            channel=Channel.MEETING,
            word=word,
            said_at=None if meeting.stamp is None else meeting.stamp.isoformat(),
            system=System.OWN,
            original=meeting.original,
        )

    def _instant(self, value: date | None, meeting: Component, where: str) -> datetime | None:
        """The instant of a date or time; None of one that names no zone where none is known."""
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        if moment.tzinfo is None:
            zone = self.zone
            if zone is None and meeting.zone is not None:
                try:
                    zone = ZoneInfo(meeting.zone)
                except (ZoneInfoNotFoundError, ValueError, OSError):
                    zone = None
            if zone is None:
                return None
            moment = moment.replace(tzinfo=zone)
        return plausible(moment, where)


def _name(meeting: Component) -> str | None:
    """What a meeting is matched by: its UID, of one of a series with which of them."""
    if meeting.uid is None:
        return None
    return f"{meeting.uid}#{meeting.recurrence}" if meeting.recurrence else meeting.uid
