"""Mailomat: webhooks of e-mail events.

Words and fields are those of Mailomat's "Webhooks" and "Webhook security"
(api.mailomat.swiss/docs): the header X-MOM-Webhook-Signature holds, as "sha256=…" in hexadecimal,
the HMAC-SHA-256 over the webhook's id, its event and the time of the attempt. The body is not
covered, so a signature proves that Mailomat called, and nothing of what it says.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources._auth import (
    check_age,
    check_basic,
    hmac_holds,
    to_credentials,
    to_secrets,
)
from contactledger.sources._fields import Fields, in_brackets
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "accepted": SignalKind.QUEUED,
    "not_accepted": SignalKind.REJECTED,
    "delivered": SignalKind.DELIVERED,
    "failure_tmp": SignalKind.DEFERRED,
    "failure_perm": SignalKind.BOUNCED,
    "opened": SignalKind.OPENED,
    "clicked": SignalKind.CLICKED,
}
"""`eventType` → ours; words to come are *unknown*."""

PERMANENT: dict[str, bool] = {"failure_tmp": False, "failure_perm": True}

PREFIX = "X-MOM-Webhook-"
TOLERANCE_SECONDS = 12 * 3600
"""Nothing says how long Mailomat tries again with the same time."""


@frozen
class Mailomat:
    """Events of Mailomat's webhooks.

    `key`: the webhook's secret, or several while one is exchanged. `tolerance_seconds`: how
    old, or ahead, the attempt may be; None takes any. `basic`: "user:password" where the URL
    carries them; beside a key, both must hold.

    >>> from contactledger.sources import Mailomat
    >>> Mailomat().parse({}, b'{"id": "e", "eventType": "opened"}')[0].what
    <SignalKind.OPENED: 'opened'>
    """

    name: ClassVar[str] = "mailomat"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 1024 * 1024
    """One event; they are some kilobytes."""

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature covers neither address nor body
        """`SIGNED_PART` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, an attempt outside the tolerance, wrong
        credentials.
        """
        check_size(self, body)
        auth = check_basic("mailomat", self.basic, headers)
        if not self.key:
            return auth
        names = ("Id", "Event", "Timestamp")
        parts = [header(headers, PREFIX + name) or "" for name in names]
        kind, _, given = (header(headers, PREFIX + "Signature") or "").partition("=")
        if not all(parts) or kind != "sha256":
            raise Unverified("mailomat: the request is not signed")
        signed = ".".join(parts).encode("utf-8", "surrogatepass")
        if not hmac_holds(self.key, given, signed, "sha256"):
            raise Unverified("mailomat: the signature is not by a key that is known here")
        if self.tolerance_seconds is not None:
            check_age("mailomat", parts[2], now, self.tolerance_seconds, self.tolerance_seconds)
        return Auth.SIGNED_PART

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body, `original` being the body."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        return [_event(Fields(one_object(body)), body)]


def _event(item: Fields, original: bytes) -> Event:
    word = item.text("eventType")
    if word is None:
        raise BadEvent("is missing", field="eventType")
    at, said_at = item.iso("occurredAt")
    payload = item.object("payload")
    client = payload.object("client")
    return Event(
        WORDS.get(word, SignalKind.UNKNOWN),
        at,
        source="mailomat",
        event_id=item.text("id"),
        provider_id=item.text("messageUuid"),
        message_id=in_brackets(item.text("messageId")),
        address=item.text("recipient"),
        word=word,
        permanent=PERMANENT.get(word),
        reason=payload.text("reason"),
        said_at=said_at,
        url=payload.text("url"),
        ip=client.text("ip"),
        user_agent=client.text("user-agent"),
        original=original,
    )
