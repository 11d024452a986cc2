"""Mailtrap: webhooks of e-mail sending.

Words and fields are those of Mailtrap's "Webhooks" page (docs.mailtrap.io): JSON with an array
`events`, or one object a line. The header Mailtrap-Signature holds the HMAC-SHA-256 of the
body's bytes in hexadecimal; the URL may carry a user and a password besides.

What to know of it:

- *soft bounce* will be tried again; *suspension* holds mail back; *reject* was never tried.
- Nothing signed says when the request was made; nothing marks machines.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources._auth import hmac_auth, to_credentials, to_secrets
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields
from contactledger.sources._json import JSON_TYPES, one_object, slices_under
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "delivery": SignalKind.DELIVERED,
    "open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "bounce": SignalKind.BOUNCED,
    "soft bounce": SignalKind.DEFERRED,
    "spam": SignalKind.COMPLAINED,
    "unsubscribe": SignalKind.UNSUBSCRIBED,
    "reject": SignalKind.REJECTED,
    "suspension": SignalKind.DEFERRED,
}
"""Mailtrap's word → ours."""

PERMANENT: dict[str, bool] = {"bounce": True, "soft bounce": False, "suspension": False}

MAX_EVENTS = 20_000
"""Of one body; Mailtrap batches up to 500."""

_TYPES = JSON_TYPES | {"application/x-ndjson", "application/jsonl", "application/json-lines"}


@frozen
class Mailtrap:
    """Events of Mailtrap's webhooks.

    `key`: the webhook's *signing secret*, or several while one is exchanged. `basic`:
    "user:password" of the URL; beside a key, both must hold. `token_arg`: the custom variable
    that carries the ledger's token.

    >>> from contactledger.sources import Mailtrap
    >>> Mailtrap().parse({}, b'{"events": [{"event": "soft bounce"}]}')[0].what
    <SignalKind.DEFERRED: 'deferred'>
    """

    name: ClassVar[str] = "mailtrap"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 8 * 1024 * 1024
    """Ten times 500 events with all their variables."""

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - neither address nor time is signed
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, wrong credentials.
        """
        check_size(self, body)
        return hmac_auth(self.name, self.key, self.basic, headers, body, "Mailtrap-Signature")

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object, `original` being its exact bytes."""
        check_size(self, body)
        check_content_type(headers, _TYPES)
        items, originals = _split(body)
        arg = self.token_arg
        return read_each(items, originals, MAX_EVENTS, lambda i, raw: [_event(i, raw, arg)])


def _split(body: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    lines = [line.strip() for line in body.split(b"\n") if line.strip()]
    if len(lines) > 1 and all(line[:1] == b"{" and line[-1:] == b"}" for line in lines):
        return [one_object(line) for line in lines], lines
    whole = one_object(body)
    if "event" in whole:
        return [whole], lines
    items = [item.values for item in Fields(whole).objects("events")]
    originals = slices_under(body, "events")
    if len(items) != len(originals):
        raise BadEvent("stands there twice", field="events")
    return [dict(item) for item in items], originals


def _event(item: Fields, original: bytes, token_arg: str) -> Event:
    word = item.text("event")
    at, said_at = item.epoch("timestamp")
    return Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="mailtrap",
        event_id=item.text("event_id"),
        token=item.object("custom_variables").token(token_arg),
        provider_id=item.text("message_id"),
        address=item.text("email"),
        word=word,
        permanent=PERMANENT.get(word or ""),
        reason=item.text("response", "reason", "bounce_category"),
        said_at=said_at,
        url=item.text("url"),
        ip=item.text("ip"),
        user_agent=item.text("user_agent"),
        original=original,
    )
