"""SparkPost (Bird): webhooks of message, engagement and generation events, and relayed mail.

Words and fields are those of SparkPost's "Event reference", its bounce classes those of "Bounce
classification codes" and relayed mail that of "Relay webhooks" (developers.sparkpost.com).
SparkPost signs nothing: basic authentication may be set for a webhook.

What to know of it:

- *open* is the pixel at the end of a message, *initial_open* the one at its beginning: both
  are opens, and usually both come.
- A message bounced with class 60 or 100 was answered by a machine (a vacation notice, a
  challenge), with 90 it is an unsubscription; these were delivered.
- `transmission_id` is what the API gave when it was sent; several recipients share it.
- `user_agent_parsed.is_prefetched` marks a machine's fetch; without it nobody knows.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources._auth import check_basic, to_credentials
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields
from contactledger.sources._inbound import MAX_BODY_BYTES, from_message
from contactledger.sources._json import JSON_TYPES, array_of_objects
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "injection": SignalKind.QUEUED,
    "delivery": SignalKind.DELIVERED,
    "delay": SignalKind.DEFERRED,
    "bounce": SignalKind.BOUNCED,
    "out_of_band": SignalKind.BOUNCED,
    "spam_complaint": SignalKind.COMPLAINED,
    "policy_rejection": SignalKind.REJECTED,
    "generation_failure": SignalKind.REJECTED,
    "generation_rejection": SignalKind.REJECTED,
    "open": SignalKind.OPENED,
    "initial_open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "amp_open": SignalKind.OPENED,
    "amp_initial_open": SignalKind.OPENED,
    "amp_click": SignalKind.CLICKED,
    "list_unsubscribe": SignalKind.UNSUBSCRIBED,
    "link_unsubscribe": SignalKind.UNSUBSCRIBED,
}
"""SparkPost's word → ours."""

BOUNCED = frozenset({"bounce", "out_of_band"})

CLASSES: dict[str, SignalKind] = {
    "60": SignalKind.AUTO_REPLIED,
    "80": SignalKind.UNKNOWN,
    "90": SignalKind.UNSUBSCRIBED,
    "100": SignalKind.AUTO_REPLIED,
}
"""`bounce_class` of what is no bounce at all → ours."""

PERMANENT: dict[str, bool] = {"10": True, "30": True} | dict.fromkeys(
    ("20", "21", "22", "23", "24", "25", "40", "50", "51", "52", "53", "54", "70"), False
)
"""`bounce_class` → whether it is final for the address: SparkPost's category *hard*; its
*soft* and *block* (a policy, a reputation) are not, its *undetermined* is silent."""

DETECTOR = "sparkpost:is_prefetched"

MAX_EVENTS = 20_000
"""Of one batch; SparkPost sends up to 10,000."""


@frozen
class SparkPost:
    """Events of SparkPost's webhooks, and mail of its relay webhooks.

    `basic`: "user:password" set for the webhook, or several while they are exchanged; without
    them nothing is proven. `token_arg`: the recipient's metadata with the ledger's token.

    >>> from contactledger.sources import SparkPost
    >>> SparkPost().parse({}, b'[{"msys": {}}]')
    []
    """

    name: ClassVar[str] = "sparkpost"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - SparkPost signs nothing
        """`BASIC` with credentials, else `NONE`; `Unverified` where they do not hold."""
        check_size(self, body)
        return check_basic("sparkpost", self.basic, headers)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object that is no ping; `original` is its exact bytes, or the
        message that it carries."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        items, originals = array_of_objects(body)
        arg = self.token_arg
        return read_each(items, originals, MAX_EVENTS, lambda i, raw: _unwrapped(i, raw, arg))


def _unwrapped(item: Fields, original: bytes, token_arg: str) -> list[Event]:
    wrapped = item.object("msys")
    return [
        event
        for kind in wrapped.values
        for event in _events(kind, wrapped.object(kind), original, token_arg)
    ]


def _events(kind: str, item: Fields, original: bytes, token_arg: str) -> list[Event]:
    if kind == "relay_message":
        return _message(item)
    word = item.text("type")
    at, said_at = item.epoch("timestamp")
    event = Event(
        WORDS.get(word or "", SignalKind.UNKNOWN),
        at,
        source="sparkpost",
        event_id=item.id("event_id"),
        token=item.object("rcpt_meta").token(token_arg),
        provider_id=item.id("transmission_id"),
        address=item.text("raw_rcpt_to", "rcpt_to"),
        word=word,
        reason=item.text("raw_reason", "reason"),
        said_at=said_at,
        url=item.text("target_link_url"),
        ip=item.text("ip_address"),
        user_agent=item.text("user_agent"),
        original=original,
    )
    if word in BOUNCED:
        given = item.id("bounce_class") or ""
        event.what = CLASSES.get(given, event.what)
        event.permanent = PERMANENT.get(given)
        event.word = f"{word}:{given}" if given else word
        event.by = By.MACHINE if event.what is SignalKind.AUTO_REPLIED else By.UNKNOWN
    if item.object("user_agent_parsed").flag("is_prefetched"):
        event.by, event.detector = By.MACHINE, DETECTOR
    return [event]


def _message(item: Fields) -> list[Event]:
    content = item.object("content")
    raw = content.text("email_rfc822")
    if raw is None:
        raise BadEvent("is missing", field="relay_message.content.email_rfc822")
    message = raw.encode("utf-8", "replace")
    if content.flag("email_rfc822_is_base64"):
        try:
            message = b64decode(b"".join(message.split()), validate=True)
        except binascii.Error:
            raise BadEvent("is not base64", field="content.email_rfc822") from None
    return from_message(message, "sparkpost")
