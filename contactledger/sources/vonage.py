"""Vonage: webhooks of its Messages API, for SMS, WhatsApp and the like.

Words and fields are those of Vonage's "Messages API: webhooks" and "Signed webhooks"
(developer.vonage.com): the header Authorization carries a JSON Web Token (RFC 7519) signed with
HMAC-SHA-256 by the account's *signature secret*; its claim `payload_hash` is the SHA-256 of the
body, `iat` the time of the attempt.

What to know of it:

- A token without `payload_hash` proves that Vonage called, and nothing of the body.
- `client_ref` is what the sender gave along with the message: the ledger's token travels as it.
- Numbers come without the "+" in front.
- *submitted* says that the carrier has it; *delivered* that the telephone has, where the carrier
  tells; *read*, of chat alone, that somebody's app showed it.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event, Incoming
from contactledger.sources._auth import (
    AHEAD_SECONDS,
    check_age,
    check_basic,
    digest_hex,
    to_credentials,
    to_secrets,
)
from contactledger.sources._fields import Fields
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "submitted": SignalKind.SENT,
    "delivered": SignalKind.DELIVERED,
    "read": SignalKind.DISPLAYED,
    "rejected": SignalKind.REJECTED,
    "failed": SignalKind.REJECTED,
    "undeliverable": SignalKind.BOUNCED,
}
"""`status` → ours; words to come are *unknown*."""

CHANNELS: dict[str, Channel] = {"sms": Channel.SMS, "mms": Channel.SMS}
"""`channel` → ours; every other is chat."""

TOLERANCE_SECONDS = 25 * 3600
"""Vonage tries again for 24 hours; nothing says that a later try has a newer token."""
MAX_TOKEN_CHARS = 4_000


@frozen
class Vonage:
    """Messages as Vonage reports them.

    `key`: the *signature secret*, or several while one is exchanged. `tolerance_seconds`: how
    old the token may be; None takes any. `basic`: "user:password" where the URL carries them;
    Vonage's own token takes the same header, so it is for unsigned webhooks.

    >>> from contactledger.sources import Vonage
    >>> Vonage().parse({}, b'{"message_uuid": "m", "status": "delivered", "to": "49"}')[0].what
    <SignalKind.DELIVERED: 'delivered'>
    """

    name: ClassVar[str] = "vonage"
    channel: ClassVar[Channel] = Channel.SMS
    max_body_bytes: ClassVar[int] = 1024 * 1024
    """One message; they are some kilobytes."""

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the token does not cover the address
        """`SIGNED_BODY` with a key, `SIGNED_PART` for a token that does not cover the body,
        `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong token, another body than its own, one out of the tolerance.
        """
        check_size(self, body)
        if not self.key:
            return check_basic("vonage", self.basic, headers)
        claims = _claims(self.key, header(headers, "Authorization") or "")
        if self.tolerance_seconds is not None:
            attempt = str(claims.values.get("iat"))
            check_age("vonage", attempt, now, self.tolerance_seconds, AHEAD_SECONDS)
        hashed = claims.values.get("payload_hash")
        if hashed is None:
            return Auth.SIGNED_PART
        made = digest_hex(body, "sha256")
        if not hmac.compare_digest(str(hashed).encode("utf-8", "replace"), made.encode()):
            raise Unverified("vonage: the token was made for another body")
        return Auth.SIGNED_BODY

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body, `original` being the body."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        item = Fields(one_object(body))
        sid = item.text("message_uuid")
        if sid is None:
            raise BadEvent("is missing", field="message_uuid")
        return [_event(item, sid, body)]


def _claims(keys: tuple[bytes, ...], authorization: str) -> Fields:
    """What a token says that one of the keys signed."""
    scheme, _, token = authorization.partition(" ")
    head, _, rest = token.strip().partition(".")
    said, _, signature = rest.partition(".")
    if scheme.lower() != "bearer" or not signature or len(token) > MAX_TOKEN_CHARS:
        raise Unverified("vonage: the request is not signed")
    try:
        method = Fields(one_object(_decoded(head))).text("alg")
        claims = Fields(one_object(_decoded(said)))
        given = _decoded(signature)
    except (BadEvent, ValueError):
        raise Unverified("vonage: the token cannot be read") from None
    signed = f"{head}.{said}".encode("ascii")
    held = sum(hmac.compare_digest(given, hmac.digest(key, signed, "sha256")) for key in keys)
    if method != "HS256" or not held:
        raise Unverified("vonage: the token is not by a key that is known here")
    return claims


def _decoded(text: str) -> bytes:
    """Base64 for URLs without its padding (RFC 7515 2); ValueError for anything else."""
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


def _event(item: Fields, sid: str, original: bytes) -> Event:
    # an example of Vonage's has an empty object for the time
    at, said_at = item.iso("timestamp") if item.values.get("timestamp") else (None, None)
    channel = CHANNELS.get(item.text("channel") or "sms", Channel.CHAT)
    sender, to, word = item.text("from"), item.text("to"), item.text("status")
    error = item.object("error")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="vonage",
        event_id=f"{sid} {word}" if word else sid,
        token=item.token("client_ref"),
        provider_id=sid if word else None,
        address=to if word else sender,
        channel=channel,
        word=word or item.text("message_type"),
        reason=error.text("detail") or error.id("title"),
        said_at=said_at,
        original=original,
    )
    if not word and sender:
        event.what, event.token, event.call_id = SignalKind.DELIVERED, None, sid
        event.message = Incoming(sender, (to,) if to else (), text=item.text("text"))
    return event
