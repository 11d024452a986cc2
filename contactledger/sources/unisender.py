"""Unisender Go: webhooks of e-mail status.

Words and fields are those of Unisender Go's "Callback format" (godocs.unisender.ru): the field
`auth` holds the MD5 of the body's bytes in which `auth` itself is replaced by the API key.

What to know of it:

- MD5 with an appended secret is no signature by today's standards, so the authenticity is
  that of a shared secret. The comparison is on the bytes; another spelling of the same JSON
  does not hold.
- There is no id of the event: the one in the header changes with each attempt.
- Times have no offset and are UTC.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources._auth import check_basic, digest_hex, to_credentials, to_secrets
from contactledger.sources._fields import Fields
from contactledger.sources._json import JSON_TYPES, one_object, slices_under
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "sent": SignalKind.SENT,
    "delivered": SignalKind.DELIVERED,
    "opened": SignalKind.OPENED,
    "clicked": SignalKind.CLICKED,
    "unsubscribed": SignalKind.UNSUBSCRIBED,
    "spam": SignalKind.COMPLAINED,
    "soft_bounced": SignalKind.DEFERRED,
    "hard_bounced": SignalKind.BOUNCED,
}
"""Unisender's word → ours; *subscribed* and words to come are *unknown*."""

PERMANENT: dict[str, bool] = {"hard_bounced": True, "soft_bounced": False}

MAX_EVENTS = 20_000
"""Of one body."""

_AUTH = re.compile(r"[0-9a-f]{32}\Z")


@frozen
class UnisenderGo:
    """Events of Unisender Go's webhooks.

    `key`: the API key of the user or project, or several. `basic`: "user:password" where the
    URL carries them; beside a key, both must hold. `token_arg`: the metadata field that
    carries the ledger's token.

    >>> from contactledger.sources import UnisenderGo
    >>> UnisenderGo().parse({}, b'{"events_by_user": []}')
    []
    """

    name: ClassVar[str] = "unisender_go"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 8 * 1024 * 1024
    """20,000 events of some 400 bytes."""

    key: tuple[bytes, ...] = field(default=None, converter=to_secrets, repr=False)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - neither address nor time is covered
        """`SHARED_SECRET` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong `auth`, wrong credentials.
        """
        check_size(self, body)
        auth = check_basic("unisender_go", self.basic, headers)
        if not self.key:
            return auth
        try:
            given = one_object(body).get("auth")
        except BadEvent:
            given = None
        if type(given) is not str or not _AUTH.match(given):
            raise Unverified("unisender_go: the request is not signed")
        made = [digest_hex(body.replace(given.encode(), one), "md5") for one in self.key]
        if not sum(hmac.compare_digest(given, one) for one in made):
            raise Unverified("unisender_go: the signature is not by a key that is known here")
        return Auth.SHARED_SECRET

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each of the body, `original` being its exact bytes."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        events: list[Event] = []
        for item, original in _items(Fields(one_object(body)), body):
            if len(events) == MAX_EVENTS:
                raise TooLarge(f"more events than the {MAX_EVENTS} read at once")
            try:
                events.append(_event(item, original, self.token_arg))
            except BadEvent as error:
                raise error.at(f"event {len(events) + 1}") from None
        return events


def _items(whole: Fields, body: bytes) -> Iterator[tuple[Fields, bytes]]:
    if "events_by_user" not in whole.values:
        if whole.values.keys() > {"event_name"}:
            yield whole, body
        return
    items = [e for user in whole.objects("events_by_user") for e in user.objects("events")]
    originals = slices_under(body, "events_by_user", "events")
    if len(items) != len(originals):
        raise BadEvent("stands there twice", field="events")
    yield from zip(items, originals, strict=True)


def _event(outer: Fields, original: bytes, token_arg: str) -> Event:
    item = outer.object("event_data") if "event_data" in outer.values else outer
    word = item.text("status") or outer.text("event_name")
    at, said_at = item.iso("event_time", naive_utc=True)
    info = item.object("delivery_info")
    return Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="unisender_go",
        token=item.object("metadata").token(token_arg),
        provider_id=item.text("job_id"),
        address=item.text("email"),
        word=word,
        permanent=PERMANENT.get(word or ""),
        reason=info.text("destination_response", "delivery_status") or item.text("comment"),
        said_at=said_at,
        url=item.text("url"),
        ip=info.text("ip"),
        user_agent=info.text("user_agent"),
        original=original,
    )
