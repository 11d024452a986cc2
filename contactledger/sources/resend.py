"""Resend: webhooks of e-mail events, signed as Standard Webhooks asks for.

Words and fields are those of Resend's "Event types" and "Verify webhooks requests"
(resend.com/docs/webhooks); the headers are named "svix-…", since Svix delivers them.

What to know of it:

- `svix-id` stays the same over retries and is the event's id; `svix-timestamp` is the time of
  the attempt, `created_at` that of the event.
- An event names all recipients of the message and not which of them it is about. So with
  several the recipient is not identified (`address` is None).
- *email.received* tells that a message came in, without its headers and text; whether a
  person wrote it cannot be seen. The event is kept as *unknown*: fetch the message by its id
  and give it to `Mail`.
- Nothing marks machines (resend-node issue 901).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.events import Event
from contactledger.sources._auth import (
    StandardKeys,
    standard_auth,
    standard_header,
    to_credentials,
    to_standard_keys,
)
from contactledger.sources._fields import Fields, in_brackets
from contactledger.sources._inbound import header_pairs, header_value
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._mime import addresses
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "email.scheduled": SignalKind.QUEUED,
    "email.sent": SignalKind.SENT,
    "email.delivered": SignalKind.DELIVERED,
    "email.delivery_delayed": SignalKind.DEFERRED,
    "email.complained": SignalKind.COMPLAINED,
    "email.bounced": SignalKind.BOUNCED,
    "email.failed": SignalKind.REJECTED,
    "email.suppressed": SignalKind.REJECTED,
    "email.opened": SignalKind.OPENED,
    "email.clicked": SignalKind.CLICKED,
}
"""Resend's word → ours."""

PERMANENT: dict[str, bool] = {"Permanent": True, "Transient": False}
"""`bounce.type` → whether it is final."""

TOLERANCE_SECONDS = 300
"""What Standard Webhooks advises for the time of the attempt."""

TOKEN_HEADER = "X-Contactledger"  # noqa: S105 - a header's name


@frozen
class Resend:
    """Events of Resend's webhooks.

    `key`: the *signing secret* ("whsec_…"), or several while one is exchanged.
    `tolerance_seconds`: how old, or ahead, the attempt may be; None takes any. `basic`:
    "user:password" where the URL carries them; beside a key, both must hold. `token_arg`: the
    tag that carries the ledger's token, where the header X-Contactledger does not.

    >>> from contactledger.sources import Resend
    >>> Resend().parse({}, b'{"type": "email.opened"}')[0].what
    <SignalKind.OPENED: 'opened'>
    """

    name: ClassVar[str] = "resend"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 1024 * 1024
    """Metadata of one message; Resend's are some kilobytes."""

    key: StandardKeys = field(default=None, converter=to_standard_keys, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature does not cover the address
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, an attempt outside the tolerance, wrong
        credentials.
        """
        check_size(self, body)
        return standard_auth(self, headers, body, now)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body, `original` being the body."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        event_id = standard_header(headers, "id")
        return [_event(Fields(one_object(body)), body, event_id, self.token_arg)]


def _event(item: Fields, original: bytes, event_id: str | None, token_arg: str) -> Event:
    word = item.text("type")
    data = item.object("data")
    at, said_at = item.iso("created_at")
    headers = header_pairs(data.values.get("headers"))
    bounce, click = (
        data.object("bounce"),
        data.object("click" if word != "email.opened" else "open"),
    )
    own_id = header_value(headers, "Message-ID") or data.text("message_id")
    # of a message that came in, these are the sender's own and lead to no touch of ours
    ours = word != "email.received"
    token = header_value(headers, TOKEN_HEADER) or _tags(data).token(token_arg)
    return Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="resend",
        event_id=clean(event_id) if event_id else None,
        token=clean(token) if token and ours else None,
        provider_id=data.text("email_id"),
        message_id=in_brackets(clean(own_id)) if own_id and ours else None,
        address=_recipient(data) if ours else None,
        word=word,
        permanent=PERMANENT.get(bounce.text("type") or ""),
        reason=bounce.text("message")
        or data.object("failed").text("reason")
        or data.object("suppressed").text("message", "type"),
        said_at=said_at,
        url=click.text("link"),
        ip=click.text("ipAddress"),
        user_agent=click.text("userAgent"),
        original=original,
    )


def _tags(data: Fields) -> Fields:
    """Tags as an object, however they are written."""
    values = data.values.get("tags")
    return data.object("tags") if isinstance(values, dict) else Fields(dict(header_pairs(values)))


def _recipient(data: Fields) -> str | None:
    found = {a for to in data.texts("to") for a in addresses(to)}
    return clean(found.pop()) if len(found) == 1 else None
