"""MailerSend: webhooks of e-mail activity, and messages of inbound routes.

Words and fields are those of MailerSend's "Webhooks" and "Inbound" pages
(developers.mailersend.com): the header `Signature` holds the HMAC-SHA-256 of the body's bytes
in hexadecimal.

What to know of it:

- MailerSend waits 3 seconds and tries again twice, after 10 and 100 seconds; so what fails
  longer is lost unless it is fetched from the activity API.
- `data.id` is the activity's. The unique variants ("opened_unique") report the same activity
  a second time, so theirs is told apart.
- Nothing signed says when the request was made; nothing marks machines.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.events import Event
from contactledger.sources._auth import hmac_auth, to_credentials, to_secrets
from contactledger.sources._fields import Fields
from contactledger.sources._inbound import MAX_BODY_BYTES, from_message
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "sent": SignalKind.SENT,
    "delivered": SignalKind.DELIVERED,
    "soft_bounced": SignalKind.BOUNCED,
    "hard_bounced": SignalKind.BOUNCED,
    "deferred": SignalKind.DEFERRED,
    "suppressed": SignalKind.REJECTED,
    "opened": SignalKind.OPENED,
    "opened_unique": SignalKind.OPENED,
    "clicked": SignalKind.CLICKED,
    "clicked_unique": SignalKind.CLICKED,
    "unsubscribed": SignalKind.UNSUBSCRIBED,
    "spam_complaint": SignalKind.COMPLAINED,
}
"""MailerSend's word (without "activity.") → ours."""

PERMANENT: dict[str, bool] = {"hard_bounced": True, "soft_bounced": False, "deferred": False}


@frozen
class MailerSend:
    """Events of MailerSend's webhooks, and messages of its inbound routes.

    `key`: the webhook's *signing secret* (an inbound route has its own), or several: all of
    those in use. `basic`: "user:password" where the URL carries them; beside a key, both must
    hold.

    >>> from contactledger.sources import MailerSend
    >>> MailerSend().parse({}, b'{"type": "activity.delivered", "data": {}}')[0].what
    <SignalKind.DELIVERED: 'delivered'>
    """

    name: ClassVar[str] = "mailersend"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - neither address nor time is signed
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, wrong credentials.
        """
        check_size(self, body)
        return hmac_auth(self.name, self.key, self.basic, headers, body, "Signature")

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body; `original` is the body, or the message that it carries."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        item = Fields(one_object(body))
        data = item.object("data")
        raw = data.values.get("raw")
        if item.text("type") == "inbound.message" and type(raw) is str:
            message = raw.encode("utf-8", "replace")
            return from_message(message, "mailersend", event_id=data.text("id"))
        return [_event(item, data, body)]


def _event(item: Fields, data: Fields, original: bytes) -> Event:
    word = data.text("type") or (item.text("type") or "").removeprefix("activity.") or None
    at, said_at = data.iso("created_at")
    if at is None:
        at, said_at = item.iso("created_at")
    email, morph = data.object("email"), data.object("morph")
    event_id = data.text("id")
    if event_id and word and word.endswith("_unique"):
        event_id += " unique"
    return Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="mailersend",
        event_id=event_id,
        provider_id=email.object("message").text("id"),
        address=email.object("recipient").text("email"),
        word=word,
        permanent=PERMANENT.get(word or ""),
        reason=morph.text("reason", "readable_reason"),
        said_at=said_at,
        url=morph.text("url"),
        ip=morph.text("ip"),
        user_agent=morph.text("user_agent"),
        original=original,
    )
