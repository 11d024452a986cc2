"""Brevo (once Sendinblue): webhooks of transactional and marketing mail, and inbound parsing.

Words and fields are those of Brevo's "Transactional webhooks", "Marketing webhooks" and
"Inbound parse webhooks" (developers.brevo.com). Brevo signs nothing: the webhook's URL may
carry a user and a password, or a token may be set that it sends as a bearer.

What to know of it:

- There is no id of the event. Repeats are told by message, recipient, time and link.
- `ts_epoch` is in milliseconds UTC; `date` is written in the account's zone, so it is not
  used. Some events carry only `ts_event`, in seconds.
- `proxy_open` and `unique_proxy_open` are opens of a mail provider's proxy: a machine's.
- *request* (queued) often comes after *delivered*.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import ClassVar

import orjson
from attrs import field, frozen

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event
from contactledger.sources._auth import check_basic, to_credentials, to_secrets
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields, Moment, in_brackets
from contactledger.sources._inbound import (
    MAX_BODY_BYTES,
    from_parts,
    header_pairs,
    mailboxes,
    with_missing,
)
from contactledger.sources._json import JSON_TYPES, one_or_many, slices_under
from contactledger.sources._text import from_epoch
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, By, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "request": SignalKind.QUEUED,
    "sent": SignalKind.QUEUED,
    "delivered": SignalKind.DELIVERED,
    "hard_bounce": SignalKind.BOUNCED,
    "soft_bounce": SignalKind.BOUNCED,
    "blocked": SignalKind.REJECTED,
    "spam": SignalKind.COMPLAINED,
    "complaint": SignalKind.COMPLAINED,
    "invalid_email": SignalKind.REJECTED,
    "error": SignalKind.REJECTED,
    "deferred": SignalKind.DEFERRED,
    "opened": SignalKind.OPENED,
    "unique_opened": SignalKind.OPENED,
    "proxy_open": SignalKind.OPENED,
    "unique_proxy_open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "unsubscribe": SignalKind.UNSUBSCRIBED,
    "unsubscribed": SignalKind.UNSUBSCRIBED,
    "hardBounce": SignalKind.BOUNCED,
    "softBounce": SignalKind.BOUNCED,
}
"""Brevo's word → ours; the last two are those of marketing mail."""

PERMANENT: dict[str, bool] = {
    "hard_bounce": True,
    "soft_bounce": False,
    "hardBounce": True,
    "softBounce": False,
    "invalid_email": True,
    "deferred": False,
}

PROXIES = frozenset({"proxy_open", "unique_proxy_open", "unique_proxy_opened"})
DETECTOR = "brevo:proxy_open"

MAX_EVENTS = 20_000
"""Of one batch; Brevo batches some hundreds."""


@frozen
class Brevo:
    """Events of Brevo's webhooks, and messages of its inbound parsing.

    `basic`: "user:password" of the webhook's URL; `bearer`: the token set for it; each one or
    several while they are exchanged. Without either nothing is proven. `token_arg`: the field
    of the X-Mailin-custom header, as a JSON object, that carries the ledger's token.

    >>> from contactledger.sources import Brevo
    >>> Brevo().parse({}, b'{"event": "proxy_open"}')[0].by
    <By.MACHINE: 'machine'>
    """

    name: ClassVar[str] = "brevo"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    bearer: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - Brevo signs nothing
        """`SHARED_SECRET` with a bearer, `BASIC` with credentials, else `NONE`.

        `Unverified` where what is asked for does not hold. A request has one Authorization
        header, so where both are given either will do.
        """
        check_size(self, body)
        scheme, _, token = (header(headers, "Authorization") or "").partition(" ")
        if self.bearer and scheme.lower() == "bearer":
            given = token.strip().encode("utf-8", "replace")
            if sum(hmac.compare_digest(given, one) for one in self.bearer):
                return Auth.SHARED_SECRET
        if self.bearer and not self.basic:
            raise Unverified("brevo: the bearer token is missing or wrong")
        return check_basic("brevo", self.basic, headers)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object, `original` being its exact bytes."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        items, originals = one_or_many(body)
        if len(items) == 1 and "items" in items[0]:
            return _messages(Fields(items[0]), originals[0])
        arg = self.token_arg
        return read_each(items, originals, MAX_EVENTS, lambda i, raw: [_event(i, raw, arg)])


def _event(item: Fields, original: bytes, token_arg: str) -> Event:
    word = item.text("event")
    at, said_at = _when(item)
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="brevo",
        token=_token(item, token_arg),
        message_id=in_brackets(item.text("message-id")),
        address=item.text("email"),
        word=word,
        permanent=PERMANENT.get(word or ""),
        reason=item.text("reason"),
        said_at=said_at,
        url=item.text("link", "URL"),
        ip=item.text("ip"),
        user_agent=item.text("user_agent"),
        original=original,
    )
    if word in PROXIES:
        event.what, event.by, event.detector = SignalKind.OPENED, By.MACHINE, DETECTOR
    return event


def _when(item: Fields) -> Moment:
    epoch = item.values.get("ts_epoch")
    if type(epoch) is int and epoch > 99_999_999_999:  # what is less would be seconds
        return from_epoch(epoch / 1000, "ts_epoch"), str(epoch)
    for name in ("ts_event", "ts"):
        found = item.epoch(name)
        if found[0] is not None:
            return found
    return None, None


def _token(item: Fields, name: str) -> str | None:
    custom = item.values.get("X-Mailin-custom")
    if type(custom) is not str or not custom.startswith("{"):
        return None
    try:
        return Fields(orjson.loads(custom)).token(name)
    except ValueError:
        return None


def _messages(body: Fields, whole: bytes) -> list[Event]:
    items = body.objects("items")
    originals = slices_under(whole, "items")
    if len(originals) != len(items):
        raise BadEvent("stands there twice", field="items")
    events: list[Event] = []
    for item, original in zip(items, originals, strict=True):
        pairs = header_pairs(item.values.get("Headers"))
        more = [
            ("From", item.object("From").text("Address")),
            ("To", mailboxes(item.objects("To"))),
            ("Cc", mailboxes(item.objects("Cc"))),
            ("Subject", item.text("Subject")),
            ("Message-ID", item.text("MessageId")),
            ("In-Reply-To", item.text("InReplyTo")),
            ("Date", item.text("SentAtDate")),
        ]
        event_id = next(iter(item.texts("Uuid")), None)
        text, page = item.text("RawTextBody"), item.text("RawHtmlBody")
        headers = with_missing(pairs, more)
        events += from_parts(headers, text, page, "brevo", event_id=event_id, original=original)
    return events
