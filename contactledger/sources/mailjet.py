"""Mailjet: the Event API, and messages of the Parse API.

Words and fields are those of Mailjet's "Event API: real-time notifications" and "Parse API:
inbound emails" (dev.mailjet.com). Mailjet signs nothing: the URL may carry a user and a
password.

What to know of it:

- *sent* means that the recipient's server took it: delivered.
- There is no id of the event; events come alone or, if so set, in groups.
- `error_related_to` and `error` are words of a table of Mailjet's; `comment` is the server's.
- An unsubscription whose agent reads List-Unsubscribe came by the header of that name;
  nothing says whether a person or a scanner followed it.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.events import Event
from contactledger.sources._auth import check_basic, to_credentials
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields
from contactledger.sources._inbound import MAX_BODY_BYTES, from_parts, header_pairs, with_missing
from contactledger.sources._json import JSON_TYPES, one_or_many
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "sent": SignalKind.DELIVERED,
    "open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "bounce": SignalKind.BOUNCED,
    "blocked": SignalKind.REJECTED,
    "spam": SignalKind.COMPLAINED,
    "unsub": SignalKind.UNSUBSCRIBED,
}
"""Mailjet's word → ours."""

MAX_EVENTS = 20_000
"""Of one group; Mailjet groups those of a second."""


@frozen
class Mailjet:
    """Events of Mailjet's Event API, and messages of its Parse API.

    `basic`: "user:password" of the URL, or several while they are exchanged; without them
    nothing is proven. The ledger's token travels as the `CustomID` of a message, or as its
    `EventPayload`.

    >>> from contactledger.sources import Mailjet
    >>> Mailjet().parse({}, b'[{"event": "sent", "time": 1767268800}]')[0].what
    <SignalKind.DELIVERED: 'delivered'>
    """

    name: ClassVar[str] = "mailjet"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - Mailjet signs nothing
        """`BASIC` with credentials, else `NONE`; `Unverified` where they do not hold."""
        check_size(self, body)
        return check_basic("mailjet", self.basic, headers)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object, `original` being its exact bytes."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        items, originals = one_or_many(body)
        return read_each(items, originals, MAX_EVENTS, _events)


def _events(item: Fields, original: bytes) -> list[Event]:
    if "event" not in item.values and "Headers" in item.values:
        return _message(item, original)
    word = item.text("event")
    at, said_at = item.epoch("time")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="mailjet",
        token=item.token("CustomID") or item.token("Payload"),
        provider_id=item.id("MessageID"),
        address=item.text("email"),
        word=word,
        reason=item.text("smtp_reply", "comment") or _error(item) or item.text("source"),
        said_at=said_at,
        url=item.text("url"),
        ip=item.text("ip"),
        user_agent=item.text("agent"),
        original=original,
    )
    if word == "bounce":
        event.permanent = item.flag("hard_bounce")
    return [event]


def _error(item: Fields) -> str | None:
    return ": ".join(filter(None, [item.text("error_related_to"), item.text("error")])) or None


def _message(item: Fields, original: bytes) -> list[Event]:
    pairs = header_pairs(item.values.get("Headers"))
    more = [
        ("From", item.text("From", "Sender")),
        ("To", item.text("Recipient")),
        ("Subject", item.text("Subject")),
    ]
    text, page = item.text("Text-part"), item.text("Html-part")
    return from_parts(
        with_missing(pairs, more), text, page, "mailjet", event_id=None, original=original
    )
