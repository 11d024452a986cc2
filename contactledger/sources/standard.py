"""Anything else: webhooks in the form of Standard Webhooks or CloudEvents, with our words.

For a system that has no source of its own. It posts JSON as Standard Webhooks describes it
(standardwebhooks.com: `type`, `timestamp`, `data`) or as CloudEvents does (cloudevents.io 1.0:
structured, batched, or with the attributes in "ce-…" headers), and names in `data` what it
knows, in the words of `Event`:

    {"type": "com.example.mail.delivered", "timestamp": "2026-03-02T09:00:00Z",
     "data": {"address": "bob@smith.example", "token": "…", "reason": "250 OK"}}

The kind is the last word of `type` (delivered, opened, voicemail …), unless `words` gives
another; any other is *unknown*. `data` may hold: token, provider_id, message_id, call_id,
address, channel, by, permanent, reason, url, ip, user_agent.

Signatures are those of Standard Webhooks: "v1" (HMAC-SHA-256, keys "whsec_…") and "v1a"
(Ed25519, "whpk_…"), several in a request while keys are exchanged, the time being that of the
attempt. What to know of it:

- `webhook-id`, and of CloudEvents `source` and `id` together, stay the same over retries.
- A producer that speaks for itself is nobody's third party: `own=True` says that the recorder
  runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from attrs import field, frozen

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources._auth import (
    StandardKeys,
    standard_auth,
    standard_header,
    to_credentials,
    to_standard_keys,
)
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields, in_brackets
from contactledger.sources._json import JSON_TYPES, one_or_many
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

WORDS: dict[str, SignalKind] = {kind.value: kind for kind in SignalKind}
"""The last word of `type` → the kind of that name."""

TOLERANCE_SECONDS = 300
"""What Standard Webhooks advises for the time of the attempt."""

MAX_EVENTS = 20_000
"""Of one batch."""

_TYPES = JSON_TYPES | {"application/cloudevents+json", "application/cloudevents-batch+json"}
_ATTRIBUTES = ("id", "source", "type", "time", "subject", "specversion")

_T = TypeVar("_T")


@frozen
class StandardWebhooks:
    """Events that any system posts in our words, signed as Standard Webhooks asks for.

    `key`: "whsec_…" or "whpk_…", or several while one is exchanged. `tolerance_seconds`: how
    old, or ahead, the attempt may be; None takes any. `basic`: "user:password"; beside a key,
    both must hold. `words`: the producer's `type` → kind, before our own words.

    >>> from contactledger.sources import StandardWebhooks
    >>> StandardWebhooks().parse({}, b'{"type": "letter.delivered", "data": {}}')[0].what
    <SignalKind.DELIVERED: 'delivered'>
    """

    name: ClassVar[str] = "standard"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 4 * 1024 * 1024
    """20,000 events of some 200 bytes."""

    key: StandardKeys = field(default=None, converter=to_standard_keys, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    words: Mapping[str, SignalKind] = field(factory=dict)
    own: bool = False

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature does not cover the address
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, an attempt outside the tolerance, wrong
        credentials.
        """
        check_size(self, body)
        return standard_auth(self, headers, body, now)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object, `original` being its exact bytes."""
        check_size(self, body)
        check_content_type(headers, _TYPES)
        items, originals = one_or_many(body)
        if header(headers, "ce-id") is not None and len(items) == 1:
            items = [_from_headers(headers, items[0])]
        delivery = standard_header(headers, "id") if len(items) == 1 else None
        return read_each(
            items, originals, MAX_EVENTS, lambda i, raw: [self._event(i, raw, delivery)]
        )

    def _event(self, item: Fields, original: bytes, delivery: str | None) -> Event:
        word = item.text("type")
        data = item.object("data")
        at, said_at = item.iso("time", "timestamp")
        event_id = clean(delivery) if delivery else None
        if "specversion" in item.values:
            event_id = f"{item.text('source')} {item.text('id')}"
        last = (word or "").rpartition(".")[2].replace("-", "_")
        return Event(
            self.words.get(word or "") or WORDS.get(last, SignalKind.UNKNOWN),
            at,
            _one_of(By, data, "by", By.UNKNOWN),
            "standard",
            event_id=event_id,
            token=data.token("token"),
            provider_id=data.id("provider_id"),
            message_id=in_brackets(data.text("message_id")),
            call_id=data.id("call_id"),
            address=data.text("address"),
            channel=_one_of(Channel, data, "channel", Channel.EMAIL),
            word=word,
            permanent=data.flag("permanent"),
            reason=data.text("reason"),
            said_at=said_at,
            url=data.text("url"),
            ip=data.text("ip"),
            user_agent=data.text("user_agent"),
            system=System.OWN if self.own else System.THIRD,
            original=original,
        )


def _from_headers(headers: Headers, data: dict[str, Any]) -> dict[str, Any]:
    """A CloudEvent whose attributes are headers and whose data is the body (binary mode)."""
    given = {name: header(headers, f"ce-{name}") for name in _ATTRIBUTES}
    return {"specversion": "1.0", **given, "data": data}


def _one_of(words: type[_T], data: Fields, name: str, default: _T) -> _T:
    text = data.text(name)
    if text is None:
        return default
    try:
        return words(text)  # type: ignore[call-arg]
    except ValueError:
        raise BadEvent("is no word of ours", field=data.path + "." + name) from None
