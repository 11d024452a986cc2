"""Postal, the mail server one runs oneself: webhooks, and messages of its HTTP endpoints.

Words and fields are those of Postal's "Webhooks" and "Receiving e-mail by HTTP" pages
(docs.postalserver.io), the headers those of its lib/postal/http.rb: X-Postal-Signature-256 and,
older, X-Postal-Signature hold, in base64, an RSA signature (PKCS #1 v1.5) of the body's bytes
with SHA-256 or SHA-1. The key is that of the server's default DKIM record.

What to know of it:

- Where the newer signature is there, it alone counts, so that nobody can fall back on SHA-1.
- `System.THIRD` stands in its events as in any provider's; who runs the Postal server for
  itself says so with `own=True`, and its word is then its own (J33).
- Held mail waits for the server's administrator, so it is queued. Reports on mail that came
  *in* to the server (it could not hand it on) concern no touch of ours and give no event.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources._auth import (
    Texts,
    check_basic,
    load_rsa,
    rsa_holds,
    to_credentials,
    to_texts,
)
from contactledger.sources._fields import Fields, in_brackets
from contactledger.sources._inbound import MAX_BODY_BYTES, from_message, from_parts, with_missing
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, Channel, SignalKind, System

WORDS: dict[str, SignalKind] = {
    "Sent": SignalKind.DELIVERED,
    "SoftFail": SignalKind.DEFERRED,
    "HardFail": SignalKind.BOUNCED,
    "Held": SignalKind.QUEUED,
    "MessageSent": SignalKind.DELIVERED,
    "MessageDelayed": SignalKind.DEFERRED,
    "MessageDeliveryFailed": SignalKind.BOUNCED,
    "MessageHeld": SignalKind.QUEUED,
    "MessageBounced": SignalKind.BOUNCED,
    "MessageLinkClicked": SignalKind.CLICKED,
    "MessageLoaded": SignalKind.OPENED,
}
"""`status` of the payload, or else the event's name → ours."""

PERMANENT: dict[str, bool] = {"HardFail": True, "SoftFail": False}


def _to_keys(value: Texts) -> tuple[rsa.RSAPublicKey, ...]:
    return tuple([load_rsa(text, "key") for text in to_texts(value)])


@frozen
class Postal:
    """Events of a Postal server's webhooks, and messages that it hands on by HTTP.

    `key`: the server's public RSA key (base64 DER, as in its DKIM record, or PEM), or several.
    `basic`: "user:password" where the URL carries them; beside a key, both must hold. `own`:
    whether the recorder runs this server itself.

    >>> from contactledger.sources import Postal
    >>> Postal().parse({}, b'{"event": "MessageLoaded", "payload": {}}')[0].what
    <SignalKind.OPENED: 'opened'>
    """

    name: ClassVar[str] = "postal"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    key: tuple[rsa.RSAPublicKey, ...] = field(default=None, converter=_to_keys, repr=False)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    own: bool = False

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - neither address nor time is signed
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, wrong credentials.
        """
        check_size(self, body)
        auth = check_basic("postal", self.basic, headers)
        if not self.key:
            return auth
        newer = header(headers, "X-Postal-Signature-256")
        older = header(headers, "X-Postal-Signature")
        if newer is not None:
            holds = rsa_holds(self.key, newer, body, hashes.SHA256())
        elif older:
            holds = rsa_holds(self.key, older, body, hashes.SHA1())  # noqa: S303 - Postal's own
        else:
            raise Unverified("postal: the request is not signed")
        if not holds:
            raise Unverified("postal: the signature is not by a key that is known here")
        return Auth.SIGNED_BODY

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body, or none; `original` is the body, or the message in it."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        item = Fields(one_object(body))
        inbound = "event" not in item.values and "rcpt_to" in item.values
        events = _message(item, body) if inbound else _events(item, body)
        for event in events:
            event.system = System.OWN if self.own else System.THIRD
        return events


def _events(item: Fields, original: bytes) -> list[Event]:
    name = item.text("event")
    payload = item.object("payload")
    bounced = "bounce" in payload.values
    message = payload.object("original_message" if bounced else "message")
    if message.text("direction") == "incoming":
        return []
    status = payload.text("status")
    word = "MessageBounced" if bounced else status or name
    at, said_at = item.epoch("timestamp")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="postal",
        event_id=item.text("uuid"),
        provider_id=message.id("id"),
        message_id=in_brackets(message.text("message_id")),
        address=message.text("to"),
        word=word,
        permanent=PERMANENT.get(status or ""),
        reason=payload.text("output", "details"),
        said_at=said_at,
        url=payload.text("url"),
        ip=payload.text("ip_address"),
        user_agent=payload.text("user_agent"),
        original=original,
    )
    return [event]


def _message(item: Fields, original: bytes) -> list[Event]:
    raw = item.text("message")
    event_id = item.id("id")
    if raw is not None:
        message = raw.encode("utf-8", "replace")
        if item.flag("base64"):
            try:
                message = b64decode(message, validate=True)
            except binascii.Error:
                raise BadEvent("is not base64", field="message") from None
        return from_message(message, "postal", event_id=event_id)
    more = [
        ("From", item.text("from", "mail_from")),
        ("To", item.text("to", "rcpt_to")),
        ("Cc", item.text("cc")),
        ("Subject", item.text("subject")),
        ("Date", item.text("date")),
        ("Message-ID", in_brackets(item.text("message_id"))),
        ("In-Reply-To", item.text("in_reply_to")),
        ("References", item.text("references")),
        ("Auto-Submitted", item.text("auto_submitted")),
    ]
    text, page = item.text("plain_body"), item.text("html_body")
    return from_parts(
        with_missing([], more), text, page, "postal", event_id=event_id, original=original
    )
