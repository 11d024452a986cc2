"""Twilio's own records of calls and messages, as its REST API answers with them (JSON).

One resource, or a page of a list: `{"calls": […]}`, `{"messages": […]}` (twilio.com/docs: "Call
resource", "Message resource"). For what was before the webhooks were set up, or while they
failed. Each record is read as the webhook that would have told it (`twilio.py`), so that an
event which is on record already is known again by its `event_id`; it is a touch of its own
where it was not. Lists of other things are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from attrs import frozen

from contactledger.errors import BadEvent
from contactledger.events import Event, Incoming
from contactledger.sources._fields import Fields
from contactledger.sources._json import JSON_TYPES, one_object, slices_under
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.sources.twilio import INCOMING, Twilio
from contactledger.vocabulary import Auth, Channel, System

MAX_RECORDS = 1_000
"""Of one page: Twilio gives no more."""

CALL: dict[str, str] = {
    "CallSid": "sid", "CallStatus": "status", "AnsweredBy": "answered_by", "From": "from",
    "To": "to", "Direction": "direction", "CallDuration": "duration",
}  # fmt: skip
MESSAGE: dict[str, str] = {
    "MessageSid": "sid", "MessageStatus": "status", "From": "from", "To": "to", "Body": "body",
    "ErrorCode": "error_code", "ErrorMessage": "error_message",
}  # fmt: skip
"""Field of the webhook → the record's."""

WHEN = ("start_time", "date_sent", "date_created")
"""The first of these that is there; a call that never began has no start."""

_SIDS = {"CA": CALL, "SM": MESSAGE, "MM": MESSAGE}
"""How a SID begins → what it names."""
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@frozen
class TwilioLog:
    """Calls and messages out of Twilio's REST API.

    >>> from contactledger.sources import TwilioLog
    >>> call = b'{"sid": "CA1", "status": "busy", "from": "+1", "to": "+2", "direction": "inbound"}'
    >>> TwilioLog().parse({}, call)[0].what
    <SignalKind.BUSY: 'busy'>
    """

    name: ClassVar[str] = "twilio-log"
    channel: ClassVar[Channel] = Channel.PHONE
    max_body_bytes: ClassVar[int] = 8 * 1024 * 1024
    """A thousand records of some 3 kB."""

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a file has nothing to verify
        """`NONE`: what was fetched and kept carries no proof."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event a record, `original` being its exact bytes; `BadEvent` names the record."""
        check_size(self, body)
        if headers:
            check_content_type(headers, JSON_TYPES)
        whole = one_object(body)
        for name in ("calls", "messages"):
            if name in whole:
                records = Fields(whole).objects(name)
                if len(records) > MAX_RECORDS:
                    raise BadEvent(f"more than the {MAX_RECORDS} records of a page", field=name)
                pairs = zip(records, slices_under(body, name), strict=True)
                return [
                    _placed(one.values, raw, f"{name}[{n}]") for n, (one, raw) in enumerate(pairs)
                ]
        return [_event(Fields(whole), body.strip())]


def _placed(record: Mapping[str, Any], raw: bytes, place: str) -> Event:
    try:
        return _event(Fields(record), raw)
    except BadEvent as error:
        raise error.at(place) from None


def _event(record: Fields, raw: bytes) -> Event:
    names = _SIDS.get((record.text("sid") or "")[:2])
    if names is None or record.text("status") is None:
        raise BadEvent("is neither a call nor a message", field="sid")
    form: dict[str, Any] = {ours: record.id(theirs) for ours, theirs in names.items()}
    form["Timestamp"] = record.text(*WHEN)
    sent = {name: value for name, value in form.items() if value is not None}
    (event,) = Twilio().parse(_FORM, urlencode(sent).encode())
    if names is MESSAGE and event.word not in INCOMING and event.message is None:
        to = (event.address,) if event.address else ()
        event.message = Incoming(
            (record.text("from") or "").rpartition(":")[2],
            to,
            text=record.text("body"),
            outgoing=True,
        )
    event.system, event.original = System.OWN, raw
    return event
