"""Sweego: webhooks of e-mail and SMS events.

Fields are those of Sweego's webhooks (learn.sweego.io, "Webhook signature"): the headers are named
as Standard Webhooks names them, and the signature is the HMAC-SHA-256 over id, time of the
attempt and body by the secret's bytes, in base64 and without a version in front.

What to know of it:

- `event_id` is the event's own; `swg_uid` the message's, and for mail `x-transaction-id` among its
  headers is what the API gave when it was sent.
- Other words than those of `WORDS` are kept as *unknown*.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources._auth import (
    StandardKeys,
    check_age,
    check_basic,
    standard_header,
    to_credentials,
    to_standard_keys,
)
from contactledger.sources._fields import Fields
from contactledger.sources._inbound import header_value
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "email_sent": SignalKind.SENT,
    "sms_sent": SignalKind.SENT,
    "delivered": SignalKind.DELIVERED,
}
"""`event_type` → ours."""

TOLERANCE_SECONDS = 300
"""As Standard Webhooks advises."""

TOKEN_HEADER = "x-contactledger"  # noqa: S105 - a header's name


@frozen
class Sweego:
    """Events of Sweego's webhooks.

    `key`: the webhook's secret (base64), or several while one is exchanged.
    `tolerance_seconds`: how old, or ahead, the attempt may be; None takes any. `basic`:
    "user:password" where the URL carries them; beside a key, both must hold.

    >>> from contactledger.sources import Sweego
    >>> Sweego().parse({}, b'{"event_type": "delivered", "swg_uid": "m"}')[0].what
    <SignalKind.DELIVERED: 'delivered'>
    """

    name: ClassVar[str] = "sweego"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 1024 * 1024
    """One event; they are some kilobytes."""

    key: StandardKeys = field(default=None, converter=to_standard_keys, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature does not cover the address
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, an attempt outside the tolerance, wrong
        credentials.
        """
        check_size(self, body)
        auth = check_basic("sweego", self.basic, headers)
        if not self.key:
            return auth
        id_, stamp, given = (standard_header(headers, n) for n in ("id", "timestamp", "signature"))
        if not id_ or not stamp or not given:
            raise Unverified("sweego: the request is not signed")
        signed = f"{id_}.{stamp}.".encode("utf-8", "surrogatepass") + body
        if not self.key.hold(f"v1,{given.partition(' ')[0]}", signed):
            raise Unverified("sweego: the signature is not by a key that is known here")
        if self.tolerance_seconds is not None:
            check_age("sweego", stamp, now, self.tolerance_seconds, self.tolerance_seconds)
        return Auth.SIGNED_BODY

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body, `original` being the body."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        return [_event(Fields(one_object(body)), body)]


def _event(item: Fields, original: bytes) -> Event:
    word, uid = item.text("event_type"), item.text("swg_uid")
    if word is None:
        raise BadEvent("is missing", field="event_type")
    at, said_at = item.iso("timestamp")
    pairs = [(k, v) for k, v in item.object("headers").values.items() if type(v) is str]
    sent_as, token = header_value(pairs, "x-transaction-id"), header_value(pairs, TOKEN_HEADER)
    return Event(
        WORDS.get(word, SignalKind.UNKNOWN),
        at,
        source="sweego",
        event_id=item.text("event_id"),
        token=clean(token) if token else None,
        provider_id=clean(sent_as) if sent_as else uid,
        address=item.text("recipient", "phone_number"),
        channel=Channel.SMS if item.text("channel") == "sms" else Channel.EMAIL,
        word=word,
        reason=item.text("details"),
        said_at=said_at,
        original=original,
    )
