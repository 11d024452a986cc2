"""SendGrid's Event Webhook: batches of delivery and engagement events as a JSON array.

Words and fields are those of Twilio's "Event Webhook Reference"; the signature is that of its
"Event Webhook Security Features": ECDSA on P-256 with SHA-256 over the timestamp header's
text followed by the body's bytes.

What to know of it:

- SendGrid tries again for 24 hours. Nothing it publishes says whether a later try carries a
  new timestamp and signature, so the default tolerance takes in the whole of that time.
- `sg_event_id` is published as the id to tell repeats by. Users report repeats with a new
  one (sendgrid-nodejs issue 1435), so a matcher does well to compare contents, too.
- Opens are marked only where a machine made them (`sg_machine_open`); an open without the
  mark may still be one, so it is by *unknown*. Clicks, complaints and unsubscribes carry no
  mark at all.
- Custom arguments stand beside SendGrid's own fields. The ledger's token travels as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources._auth import basic_holds, ecdsa_holds, load_p256
from contactledger.sources._json import array_of_objects
from contactledger.sources._text import from_epoch
from contactledger.sources.source import Headers, check_content_type, check_size, header
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

WORDS: dict[str, SignalKind] = {
    "processed": SignalKind.QUEUED,
    "dropped": SignalKind.REJECTED,
    "delivered": SignalKind.DELIVERED,
    "deferred": SignalKind.DEFERRED,
    "bounce": SignalKind.BOUNCED,
    "open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "spamreport": SignalKind.COMPLAINED,
    "unsubscribe": SignalKind.UNSUBSCRIBED,
    "group_unsubscribe": SignalKind.UNSUBSCRIBED,
}
"""SendGrid's word → ours. Any other (`group_resubscribe`, words to come) is *unknown*."""

PERMANENT: dict[str, bool] = {"bounce": True, "blocked": False}
"""`type` of a bounce → whether it is final for the address. A block is a refusal for a while
(a policy, a reputation, a full mailbox); SendGrid suppresses addresses for bounces only."""

DETECTOR = "sendgrid:sg_machine_open"

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

TOLERANCE_SECONDS = 25 * 3600
"""The 24 hours in which SendGrid tries again, and an hour for its queues and our clock."""

AHEAD_SECONDS = 3600
"""How far ahead of our clock the signed timestamp may be."""

MAX_EVENTS = 20_000
"""Of one body; SendGrid closes a batch at 768 kB, which is about 3,000 events."""

_JSON = frozenset({"application/json", "text/json"})

MACHINES = ("filter", "recvd")
"""How the names of SendGrid's machines begin, which stand behind its own id of a message."""


def _to_keys(value: str | Iterable[str] | None) -> tuple[ec.EllipticCurvePublicKey, ...]:
    texts = (value,) if isinstance(value, str) else tuple(value or ())
    return tuple([load_p256(text, "SendGrid.key") for text in texts])


def _to_credentials(value: str | Iterable[str] | None) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else tuple(value or ())
    if not all(":" in text for text in texts):
        raise BadInput('must read "user:password"', field="SendGrid.basic")
    return texts


@frozen
class SendGrid:
    """Events of SendGrid's Event Webhook.

    `key`: the public key shown under *Signed Event Webhook Requests* (base64 DER or PEM), or
    several while one is exchanged for another; any of them will do. Without a key nothing
    is proven, and what comes in counts as claimed (J33). `tolerance_seconds`: the greatest age
    of the signed timestamp; None takes any, and any text. `basic`: "user:password", or
    several, where the webhook's URL carries them; asked for beside a key, both must hold.
    `token_arg`: the custom argument that carries the ledger's token.

    >>> from contactledger.sources import SendGrid
    >>> SendGrid().parse({}, b'[]')
    []
    """

    name: ClassVar[str] = "sendgrid"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 4 * 1024 * 1024
    """Five of SendGrid's largest batches (768 kB)."""

    key: tuple[ec.EllipticCurvePublicKey, ...] = field(default=None, converter=_to_keys, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=_to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature does not cover the address
        """`SIGNED_BODY` with a key, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: no or a wrong signature, one older than the tolerance, wrong credentials.
        """
        check_size(self, body)
        if self.basic and not basic_holds(self.basic, header(headers, "Authorization")):
            raise Unverified("sendgrid: the credentials are missing or wrong")
        if not self.key:
            return Auth.BASIC if self.basic else Auth.NONE
        signature, timestamp = header(headers, SIGNATURE), header(headers, TIMESTAMP)
        if not signature or not timestamp:
            raise Unverified("sendgrid: the request is not signed")
        signed = timestamp.encode("utf-8", "surrogatepass") + body  # a server may hand on anything
        if not ecdsa_holds(self.key, signature, signed):
            raise Unverified("sendgrid: the signature is not by a key that is known here")
        if self.tolerance_seconds is not None:
            _check_age(timestamp, now, self.tolerance_seconds)
        return Auth.SIGNED_BODY

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each object of the array, `original` being its exact bytes."""
        check_size(self, body)
        check_content_type(headers, _JSON)
        items, originals = array_of_objects(body)
        if len(items) > MAX_EVENTS:
            raise TooLarge(f"{len(items)} events are over the {MAX_EVENTS} read at once")
        events = []
        for item, original in zip(items, originals, strict=True):
            try:
                events.append(_event(item, original, self.token_arg))
            except BadEvent as error:
                raise error.at(f"event {len(events) + 1}") from None
        return events


def _check_age(timestamp: str, now: datetime, tolerance_seconds: int) -> None:
    try:
        age = (now - from_epoch(timestamp, TIMESTAMP)).total_seconds()
    except BadEvent:
        raise Unverified("sendgrid: the signed timestamp is no time") from None
    if not -AHEAD_SECONDS <= age <= tolerance_seconds:
        raise Unverified("sendgrid: the signed timestamp is too old, or ahead of our clock")


_TEXT_OR_NONE = frozenset({str, type(None)})
_TEXTS = (
    "email",
    "sg_event_id",
    "sg_message_id",
    "smtp-id",
    "reason",
    "response",
    "url",
    "ip",
    "useragent",
)


def _event(item: dict[str, Any], original: bytes, token_arg: str) -> Event:
    get = item.get
    texts = (  # in the order of _TEXTS, written out since this is the hot path
        get("email"),
        get("sg_event_id"),
        get("sg_message_id"),
        get("smtp-id"),
        get("reason"),
        get("response"),
        get("url"),
        get("ip"),
        get("useragent"),
    )
    if not _TEXT_OR_NONE.issuperset(map(type, texts)):
        raise _not_a_text(item)
    email, event_id, sent_as, smtp_id, reason, response, url, ip, agent = texts
    word = get("event")
    if type(word) is not str:
        raise BadEvent("must be a text", field="event")
    stamp = get("timestamp")
    if sent_as:
        head, _, machines = sent_as.partition(".")
        sent_as = head if head and machines.startswith(MACHINES) else message_of(sent_as)
    if smtp_id and smtp_id[0] != "<":
        smtp_id = f"<{smtp_id}>"
    by, permanent, detector = _UNKNOWN, None, None
    if word == "open" and get("sg_machine_open") in (True, "true"):
        by, detector = By.MACHINE, DETECTOR
    elif word == "bounce":
        permanent = PERMANENT.get(str(get("type")))
    token = get(token_arg)
    return Event(  # by position: what a batch's time goes into, and twice as fast as by name
        WORDS.get(word, _OTHER),
        from_epoch(stamp, "timestamp"),
        by,
        "sendgrid",
        event_id or None,
        str(token) if token else None,
        sent_as or None,
        smtp_id or None,
        None,  # in_reply_to
        (),  # references
        None,  # call_id
        email or None,
        _EMAIL,
        word,
        permanent,
        reason or response or None,
        str(stamp),
        url or None,
        ip or None,
        agent or None,
        detector,
        None,  # detector_date
        _UNPROVEN,
        _THIRD,
        original,
        None,  # message
        {},
    )


_OTHER, _UNKNOWN = SignalKind.UNKNOWN, By.UNKNOWN
_EMAIL, _UNPROVEN, _THIRD = Channel.EMAIL, Auth.NONE, System.THIRD
"""Bound once: to look a word up in its vocabulary costs as much as to look at two fields."""


def _not_a_text(item: dict[str, Any]) -> BadEvent:
    wrong = next(n for n in _TEXTS if item.get(n) is not None and type(item[n]) is not str)
    return BadEvent("must be a text", field=wrong)


def message_of(sg_message_id: str) -> str:
    """SendGrid's id of the message, as its API gave it in X-Message-Id when it was sent.

    An event carries it with the names of the machines that handled it behind:
    "wrfRRvF7Q0GgwUo2CvDmEA.filter0425p1mdw1.13037.57168B4A1D.0". One that has no such id
    before its machines (a message dropped before it got one) is kept whole, since the name of
    a machine is shared by other messages.
    """
    head, _, machines = sg_message_id.partition(".")
    if machines.startswith(MACHINES) and head:
        return head
    for name in MACHINES:  # an older form of the id holds dots itself
        head, found, _ = sg_message_id.partition(f".{name}")
        if found and head:
            return head
    head = sg_message_id.partition(".")[0]
    return sg_message_id if not head or head.startswith(MACHINES) else head
