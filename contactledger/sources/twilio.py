"""Twilio: status callbacks and webhooks of calls and messages, and its Event Streams.

Words and fields are those of Twilio's "Call resource" (status callbacks), "Answering Machine
Detection", "Message resource" and "Webhooks security" (twilio.com/docs): the header
X-Twilio-Signature holds, in base64, the HMAC-SHA-1 of the address followed by the form's names
and values; of a JSON body the address carries the SHA-256, as `bodySHA256`.

What to know of it:

- The address must be the one that Twilio called (error 57012): a proxy that changes scheme,
  host or port breaks the signature, so `verify` wants it as `url`.
- A call that an answering machine took is *completed*, too. With machine detection AnsweredBy
  says so, and it is a voicemail; without it AnsweredBy is empty and nobody knows.
  `machine_…` also comes for menus and waiting music, *human* is a guess of 65 to 80 %.
- Status callbacks come in any order and, by default, for *completed* alone. A call or message
  that the ledger does not know yet becomes a touch of its own.
- WhatsApp and Messenger messages come the same way: they are chat.
- Event Streams (CloudEvents, `_twilio_stream.py`) tell the same facts again and come at least
  once: the CloudEvent's source and id know a repetition. What a webhook said before is then
  on record twice, as two reports of one fact.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event, Incoming
from contactledger.sources._auth import (
    check_basic,
    digest_hex,
    to_credentials,
    to_secrets,
    url_signature_holds,
)
from contactledger.sources._fields import Fields, Moment, from_iso
from contactledger.sources._form import form_of, is_form
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._text import plausible
from contactledger.sources._twilio_stream import is_stream, stream
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, By, Channel, SignalKind

CALLS: dict[str, SignalKind] = {
    "queued": SignalKind.QUEUED,
    "initiated": SignalKind.QUEUED,
    "ringing": SignalKind.SENT,
    "in-progress": SignalKind.SENT,
    "answered": SignalKind.SENT,
    "completed": SignalKind.ANSWERED,
    "busy": SignalKind.BUSY,
    "no-answer": SignalKind.NO_ANSWER,
    "failed": SignalKind.REJECTED,
    "canceled": SignalKind.UNKNOWN,
}
"""`CallStatus` → ours. While a call goes on nothing says yet who took it; one that the caller
gave up (canceled) says nothing of the other side."""

ANSWERED_BY: dict[str, tuple[SignalKind, By]] = {
    "human": (SignalKind.ANSWERED, By.HUMAN),
    "machine_start": (SignalKind.VOICEMAIL, By.MACHINE),
    "machine_end_beep": (SignalKind.VOICEMAIL, By.MACHINE),
    "machine_end_silence": (SignalKind.VOICEMAIL, By.MACHINE),
    "machine_end_other": (SignalKind.VOICEMAIL, By.MACHINE),
    "machine": (SignalKind.VOICEMAIL, By.MACHINE),
    "fax": (SignalKind.ANSWERED, By.MACHINE),
}
"""`AnsweredBy` of a completed call → ours; empty and *unknown* leave it unknown."""

MESSAGES: dict[str, SignalKind] = {
    "accepted": SignalKind.QUEUED,
    "scheduled": SignalKind.QUEUED,
    "queued": SignalKind.QUEUED,
    "sending": SignalKind.QUEUED,
    "sent": SignalKind.SENT,
    "delivered": SignalKind.DELIVERED,
    "undelivered": SignalKind.BOUNCED,
    "failed": SignalKind.REJECTED,
    "read": SignalKind.DISPLAYED,
    "receiving": SignalKind.DELIVERED,
    "received": SignalKind.DELIVERED,
}
"""`MessageStatus` → ours; *canceled*, *partially_delivered* and words to come are *unknown*.
That somebody's app showed it (read) says nothing of whose eyes."""

INCOMING = frozenset({"receiving", "received"})
STOPS = frozenset({"STOP"})
"""`OptOutType` of a message with which somebody opts out."""

DETECTOR = "twilio:answered_by"
_TYPES = JSON_TYPES | {"application/cloudevents+json", "application/cloudevents-batch+json"}


@frozen
class Twilio:
    """Calls and messages as Twilio reports them.

    `key`: the account's *auth token*, or several while one is exchanged (the primary and the
    secondary). `basic`: "user:password" where the URL carries them; beside a key, both must
    hold.

    >>> from contactledger.sources import Twilio
    >>> Twilio().parse({}, b"CallSid=CA1&CallStatus=completed&AnsweredBy=machine_end_beep")[0].what
    <SignalKind.VOICEMAIL: 'voicemail'>
    """

    name: ClassVar[str] = "twilio"
    channel: ClassVar[Channel] = Channel.PHONE
    max_body_bytes: ClassVar[int] = 4 * 1024 * 1024
    """Twilio's forms are some kilobytes, a batch of Event Streams holds several of them."""

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - no time is signed
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, no `url` to check it with, wrong credentials.
        """
        check_size(self, body)
        auth = check_basic("twilio", self.basic, headers)
        if not self.key:
            return auth
        given = header(headers, "X-Twilio-Signature")
        if not given:
            raise Unverified("twilio: the request is not signed")
        if not url:
            raise Unverified("twilio: the address it was posted to is needed to check it")
        try:
            form = _signed_form(headers, body, url)
        except (BadEvent, ValueError):
            raise Unverified("twilio: the signature covers no such body") from None
        if not url_signature_holds(self.key, given, url, form, header(headers, "Authorization")):
            raise Unverified("twilio: the signature is not by a key that is known here")
        return Auth.SIGNED_BODY

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a webhook's body, `original` being the body; of Event Streams one
        for each CloudEvent, `original` being its exact bytes."""
        check_size(self, body)
        if is_form(headers) or not header(headers, "Content-Type"):
            item = Fields(dict(form_of(headers, body)))
        else:
            check_content_type(headers, _TYPES)
            if is_stream(body):
                return stream(body, _streamed)
            item = Fields(one_object(body))
        event = _event(item, body)
        if event is None:
            raise BadEvent("neither a call (CallSid) nor a message (MessageSid)", field="body")
        return [event]


def body_sha256(body: bytes) -> str:
    """The SHA-256 of a body in hexadecimal, as Twilio writes it into the address."""
    return digest_hex(body, "sha256")


def _signed_form(headers: Headers, body: bytes, url: str) -> list[tuple[str, str]]:
    """The parameters that are signed beside the address; none of a JSON body."""
    wanted = parse_qs(urlsplit(url).query).get("bodySHA256")
    if wanted:
        if not hmac.compare_digest(wanted[0].encode(), body_sha256(body).encode()):
            raise BadEvent("does not hash to bodySHA256", field="body")
        return []
    return form_of(headers, body) if body else []


def _event(item: Fields, original: bytes) -> Event | None:
    if item.text("CallSid"):
        return _call(item, original)
    if item.text("MessageSid", "SmsSid", "SmsMessageSid"):
        return _message(item, original)
    return None


def _streamed(cloud: Fields, form: Fields, original: bytes) -> Event:
    """What other products tell is kept as *unknown*."""
    word = cloud.text("type")
    event = _event(form, original) or Event(
        SignalKind.UNKNOWN, source="twilio", channel=Channel.OTHER, word=word, original=original
    )
    event.event_id = " ".join(filter(None, [cloud.text("source"), cloud.text("id")])) or None
    event.word = event.word or word
    return event


def _call(item: Fields, original: bytes) -> Event:
    sid, word = item.text("CallSid"), item.text("CallStatus")
    answered_by = item.text("AnsweredBy")
    what, by, detector = CALLS.get(word or "", SignalKind.UNKNOWN), By.UNKNOWN, None
    # detection that goes on beside the call comes without a status
    if word in (None, "completed") and answered_by in ANSWERED_BY:
        what, by = ANSWERED_BY[answered_by]
        detector = f"{DETECTOR}:{answered_by}"
    at, said_at = _when(item)
    caller, called, channel = _ends(item, Channel.PHONE)
    outgoing = not (item.text("Direction") or "outbound").startswith("inbound")
    message = None
    if caller and called:
        message = Incoming(caller, (called,), outgoing=outgoing)
    shown = ":".join(filter(None, [word, answered_by])) or None
    return Event(
        what,
        at,
        by,
        "twilio",
        event_id=f"{sid} {shown}",
        call_id=sid,
        address=called if outgoing else caller,
        channel=channel,
        word=shown,
        reason=item.text("ErrorMessage") or item.id("SipResponseCode", "ErrorCode"),
        said_at=said_at,
        detector=detector,
        original=original,
        message=message,
        extra=_duration(item),
    )


def _message(item: Fields, original: bytes) -> Event:
    sid = item.text("MessageSid", "SmsSid", "SmsMessageSid")
    word = item.text("MessageStatus", "SmsStatus")
    sender, to, channel = _ends(item, Channel.SMS)
    at, said_at = _when(item)
    event = Event(
        MESSAGES.get(word or "", SignalKind.UNKNOWN),
        at,
        source="twilio",
        event_id=f"{sid} {word}",
        provider_id=sid,
        address=to,
        channel=channel,
        word=word,
        reason=": ".join(filter(None, [item.id("ErrorCode"), item.text("ErrorMessage")])) or None,
        said_at=said_at,
        original=original,
    )
    if word not in INCOMING:
        return event
    event.address = sender
    if (item.text("OptOutType") or "").upper() in STOPS:
        event.what, event.by, event.provider_id = SignalKind.UNSUBSCRIBED, By.HUMAN, None
        event.word = "OptOutType:STOP"
    elif sender:
        event.message = Incoming(sender, (to,) if to else (), text=item.text("Body"))
        # what this body says of the message is about the message itself, not one of ours
        event.call_id = sid
    return event


def _ends(item: Fields, channel: Channel) -> tuple[str | None, str | None, Channel]:
    """(from, to, channel): the addresses without the prefix of a chat service."""
    ends = []
    for name in ("From", "To"):
        service, colon, rest = (item.text(name) or "").partition(":")
        if colon and service in ("whatsapp", "messenger", "rcs"):
            channel = Channel.CHAT
            ends.append(rest or None)
        else:
            ends.append(item.text(name))
    return ends[0], ends[1], channel


def _when(item: Fields) -> Moment:
    """`Timestamp`, in RFC 5322's form, of the event; messages have none."""
    text = item.text("Timestamp")
    if text is None:
        return None, None
    try:
        if text[:1].isdigit() and "T" in text:
            return from_iso(text[:60], "Timestamp"), text
        at = parsedate_to_datetime(text[:60])
    except (ValueError, TypeError, IndexError, OverflowError):
        raise BadEvent("must be a time", field="Timestamp") from None
    if at.utcoffset() is None:
        raise BadEvent("has no offset from UTC", field="Timestamp")
    return plausible(at, "Timestamp"), text


def _duration(item: Fields) -> dict[str, Any]:
    text = item.id("CallDuration") or ""
    return (
        {"duration_seconds": int(text)}
        if text.isascii() and text.isdigit() and len(text) < 9
        else {}
    )
