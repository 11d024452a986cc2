"""Postmark: webhooks for bounces, deliveries, opens, clicks, complaints, subscription changes,
and messages that came in.

Words and fields are those of Postmark's developer documentation, "Webhooks" and "Bounce API,
Bounce types" (postmarkapp.com/developer). Postmark signs nothing: the webhook's URL may carry
a user and a password, which it sends as basic authentication.

What to know of it:

- Only bounces and complaints have an id. A message's `MessageID` is Postmark's own.
- Times have seven digits behind the second and an offset.
- Nothing marks the opens and clicks of machines.
- A subscription change that an administrator made is not the recipient's wish.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.events import Event
from contactledger.sources._auth import check_basic, to_credentials
from contactledger.sources._fields import Fields
from contactledger.sources._inbound import (
    MAX_BODY_BYTES,
    from_message,
    from_parts,
    header_pairs,
    mailboxes,
    with_missing,
)
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind

RECORDS: dict[str, SignalKind] = {
    "Bounce": SignalKind.BOUNCED,
    "Click": SignalKind.CLICKED,
    "Delivery": SignalKind.DELIVERED,
    "Open": SignalKind.OPENED,
    "SpamComplaint": SignalKind.COMPLAINED,
    "SubscriptionChange": SignalKind.UNSUBSCRIBED,
}
"""`RecordType` → ours; of a bounce its `Type` says more, of a change its reason."""

BOUNCES: dict[str, tuple[SignalKind, bool | None]] = {
    "HardBounce": (SignalKind.BOUNCED, True),
    "Transient": (SignalKind.DEFERRED, False),
    "Unsubscribe": (SignalKind.UNSUBSCRIBED, None),
    "Subscribe": (SignalKind.UNKNOWN, None),
    "AutoResponder": (SignalKind.AUTO_REPLIED, None),
    "AddressChange": (SignalKind.AUTO_REPLIED, None),
    "DnsError": (SignalKind.DEFERRED, False),
    "SpamNotification": (SignalKind.COMPLAINED, None),
    "OpenRelayTest": (SignalKind.DEFERRED, False),
    "Unknown": (SignalKind.UNKNOWN, None),
    "SoftBounce": (SignalKind.BOUNCED, False),
    "VirusNotification": (SignalKind.BOUNCED, None),
    "ChallengeVerification": (SignalKind.AUTO_REPLIED, None),
    "BadEmailAddress": (SignalKind.REJECTED, True),
    "SpamComplaint": (SignalKind.COMPLAINED, None),
    "ManuallyDeactivated": (SignalKind.REJECTED, True),
    "Unconfirmed": (SignalKind.REJECTED, None),
    "Blocked": (SignalKind.REJECTED, None),
    "SMTPApiError": (SignalKind.REJECTED, None),
    "InboundError": (SignalKind.UNKNOWN, None),
    "DMARCPolicy": (SignalKind.REJECTED, None),
    "TemplateRenderingFailed": (SignalKind.REJECTED, None),
    "ManualSuppression": (SignalKind.UNSUBSCRIBED, None),
}
"""`Type` of a bounce → ours, and whether it is final for the address."""

SUPPRESSIONS: dict[str, SignalKind] = {
    "HardBounce": SignalKind.BOUNCED,
    "SpamComplaint": SignalKind.COMPLAINED,
    "ManualSuppression": SignalKind.UNSUBSCRIBED,
}
"""`SuppressionReason` of a subscription change → ours."""

MACHINES = frozenset({SignalKind.AUTO_REPLIED})
_TIMES = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


@frozen
class Postmark:
    """Events of Postmark's webhooks, and messages of its inbound stream.

    `basic`: "user:password" of the webhook's URL, or several while they are exchanged; without
    them nothing is proven. `token_arg`: the metadata field that carries the ledger's token.

    >>> from contactledger.sources import Postmark
    >>> Postmark().parse({}, b'{"RecordType": "Delivery"}')[0].what
    <SignalKind.DELIVERED: 'delivered'>
    """

    name: ClassVar[str] = "postmark"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - Postmark signs nothing
        """`BASIC` with credentials, else `NONE`; `Unverified` where they do not hold."""
        check_size(self, body)
        return check_basic("postmark", self.basic, headers)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a body; `original` is the body, or the raw message within, where the
        stream is set to hand it on."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        item = Fields(one_object(body))
        if "RecordType" not in item.values and "FromFull" in item.values:
            return _message(item, body)
        return [_event(item, body, self.token_arg)]


def _event(item: Fields, original: bytes, token_arg: str) -> Event:
    record = item.text("RecordType")
    at, said_at = item.iso(*_TIMES)
    event = Event(
        RECORDS.get(record or "", SignalKind.UNKNOWN),
        at,
        source="postmark",
        event_id=item.id("ID"),
        token=item.object("Metadata").token(token_arg),
        provider_id=item.text("MessageID"),
        address=item.text("Email", "Recipient"),
        word=record,
        reason=item.text("Details", "Description"),
        said_at=said_at,
        url=item.text("OriginalLink"),
        ip=item.object("Geo").text("IP"),
        user_agent=item.text("UserAgent"),
        original=original,
    )
    if record == "Bounce":
        kind = item.text("Type")
        event.what, event.permanent = BOUNCES.get(kind or "", (SignalKind.BOUNCED, None))
        event.word = kind or record
    elif record == "SubscriptionChange":
        _change(item, event)
    if event.what in MACHINES or event.word == "SpamNotification":
        event.by = By.MACHINE
    return event


def _change(item: Fields, event: Event) -> None:
    why, origin = item.text("SuppressionReason"), item.text("Origin")
    event.word = f"SubscriptionChange:{why}:{origin}"
    event.reason = why
    event.what = SignalKind.UNKNOWN
    if item.flag("SuppressSending"):
        event.what = SUPPRESSIONS.get(why or "", SignalKind.UNKNOWN)
    if event.what is SignalKind.BOUNCED:
        event.permanent = True
    elif event.what is SignalKind.UNSUBSCRIBED and origin != "Recipient":
        event.what = SignalKind.UNKNOWN


def _message(item: Fields, original: bytes) -> list[Event]:
    raw, event_id = item.values.get("RawEmail"), item.text("MessageID")
    if type(raw) is str and raw:
        return from_message(raw.encode("utf-8", "replace"), "postmark", event_id=event_id)
    pairs = header_pairs(item.values.get("Headers"))
    more = [
        ("From", item.object("FromFull").text("Email")),
        ("To", mailboxes(item.objects("ToFull")) or item.text("OriginalRecipient")),
        ("Cc", mailboxes(item.objects("CcFull"))),
        ("Subject", item.text("Subject")),
        ("Date", item.text("Date")),
    ]
    return from_parts(
        with_missing(pairs, more),
        item.text("TextBody"),
        item.text("HtmlBody"),
        "postmark",
        event_id=event_id,
        original=original,
    )
