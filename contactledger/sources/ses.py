"""Amazon SES through SNS: notifications, published events, and receipt rules.

Words and fields are those of the Amazon SES Developer Guide ("Notification contents", "Examples
of event data that Amazon SES publishes to Amazon SNS", "Contents of notifications for email
receiving"), the signature that of the SNS Developer Guide, "Verifying the signatures of Amazon
SNS messages": RSA over a text made of certain fields, SHA-1 with SignatureVersion 1, SHA-256
with 2, by a certificate whose address stands in the message.

What to know of it:

- Anybody can have SNS sign messages of a topic of their own. So a valid signature proves that
  Amazon sent it, and the topic that it is yours: both are checked.
- The certificate is fetched by the caller (no source reads the network): either its PEM is
  given, or a callable that gets the address, which is checked before, and gives the PEM. With
  `roots` it must lead to one of them and be for SNS in the region of that address. Behind
  the address stands the leaf alone: give the intermediates ("Amazon RSA 2048 M01" …) with it,
  or as `roots`.
- Time is the message's own, which is signed: it must be fresh, and the certificate valid then.
- Notifications and published events tell the same fact twice, under two ids of SNS, so these
  are not used as the event's id (one is in `extra`).
- The event's own time is used; that of SNS is the publishing's.
- Opens and clicks name no recipient: of a message to several, the recipient is not identified
  (`address` is None). The same goes for a complaint that several may have made.
- SNS tries 3 times in 20 seconds each and drops the message within the hour; one that comes
  later was kept by somebody and is posted again.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources._auth import (
    AHEAD_SECONDS,
    check_basic,
    rsa_holds,
    to_credentials,
    to_texts,
)
from contactledger.sources._chain import load_certificates, rsa_key, to_roots
from contactledger.sources._fields import Fields, Moment, from_iso, in_brackets
from contactledger.sources._inbound import (
    MAX_BODY_BYTES,
    from_message,
    from_parts,
    header_pairs,
    header_value,
)
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, Channel, SignalKind

WORDS: dict[str, SignalKind] = {
    "Send": SignalKind.SENT,
    "Reject": SignalKind.REJECTED,
    "Bounce": SignalKind.BOUNCED,
    "Complaint": SignalKind.COMPLAINED,
    "Delivery": SignalKind.DELIVERED,
    "Open": SignalKind.OPENED,
    "Click": SignalKind.CLICKED,
    "Rendering Failure": SignalKind.REJECTED,
    "DeliveryDelay": SignalKind.DEFERRED,
    "Subscription": SignalKind.UNKNOWN,
}
"""`eventType` or `notificationType` → ours; a change of subscription is read further."""

DETAILS: dict[str, tuple[str, str]] = {
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
    "Delivery": ("delivery", "recipients"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
    "Rendering Failure": ("failure", ""),
    "Send": ("send", ""),
    "Reject": ("reject", ""),
    "Open": ("open", ""),
    "Click": ("click", ""),
    "Subscription": ("subscription", ""),
}
"""Word → the object that tells more, and its list of the recipients concerned."""

UNIDENTIFIED = frozenset({"Open", "Click", "Complaint", "Subscription"})
"""Words of which SES does not say, or not for sure, who of several did it."""

PERMANENT: dict[str, bool] = {"Permanent": True, "Transient": False}
"""`bounceType` → whether it is final; *Undetermined* is silent."""

MAX_RECIPIENTS = 1_000
"""Of one event; SES sends to 50 at once."""

TOKEN_HEADER = "X-Contactledger"  # noqa: S105 - a header's name

CERTIFICATE_URL = re.compile(
    r"https://(sns\.([a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2})\.(amazonaws\.com(?:\.cn)?))"
    r"/[A-Za-z0-9_-]{1,200}\.pem\Z"
)
CONFIRM_URL = re.compile(
    r"https://sns\.[a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
    r"/\?Action=ConfirmSubscription&[A-Za-z0-9%:._~=&-]{1,2000}\Z"
)
"""Addresses at Amazon; the whole host is matched, so nothing can stand before or behind."""

TOLERANCE_SECONDS = 2 * 3600
"""How old a message may be: SNS tries for an hour at most, and clocks differ."""

_SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_CONFIRMATION = (
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
)  # fmt: skip
_TYPES = JSON_TYPES | {"text/plain"}

Certificate = str | bytes | Callable[[str], str | bytes]


@frozen
class AmazonSES:
    """Events of Amazon SES, as SNS posts them; raw delivery and Lambda records, too.

    `certificate`: the PEM of SNS's signing certificate, or a callable that is given its
    checked address and returns the PEM (fetch it over HTTPS, and keep it); intermediates may
    follow it. `roots`: PEMs of which one must vouch for it (Amazon's, or a whole set such as
    certifi's). `topics`: the ARN of the topic, or several; with a certificate they are
    required. `tolerance_seconds`: how old a signed message may be; None takes any. `basic`:
    "user:password" of the subscription's endpoint; beside a certificate, both must hold.
    `token_arg`: the message tag that carries the ledger's token, where the header
    X-Contactledger does not.

    >>> from contactledger.sources import AmazonSES
    >>> AmazonSES().parse({}, b'{"eventType": "Open", "mail": {"messageId": "m1"}}')[0].what
    <SignalKind.OPENED: 'opened'>
    """

    name: ClassVar[str] = "amazon_ses"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES

    certificate: Certificate | None = field(default=None, repr=False)
    topics: tuple[str, ...] = field(default=None, converter=to_texts)
    roots: tuple[x509.Certificate, ...] = field(default=None, converter=to_roots, repr=False)
    tolerance_seconds: int | None = TOLERANCE_SECONDS
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)
    token_arg: str = "contactledger"  # noqa: S105 - the name of a field

    def __attrs_post_init__(self) -> None:
        if self.certificate is not None and not self.topics:
            raise BadInput("a signature proves Amazon alone: name your topic", field="topics")

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the signature does not cover the address
        """`SIGNED_BODY` with a certificate, `BASIC` with credentials alone, else `NONE`.

        `Unverified`: another topic, no or a wrong signature, a message too old or ahead of our
        clock, a certificate that is not at Amazon's, was not valid then or leads to none of
        the roots, wrong credentials.
        """
        check_size(self, body)
        auth = check_basic("amazon_ses", self.basic, headers)
        if not self.topics:
            return auth
        try:
            message = one_object(body)
        except BadEvent:
            raise Unverified("amazon_ses: the body is no message of SNS") from None
        if message.get("TopicArn") not in self.topics:
            raise Unverified("amazon_ses: it is not of a topic that is known here")
        if self.certificate is None:
            return auth
        at = self._at(message.get("Timestamp"), now)
        key = self._key(message.get("SigningCertURL"), at)
        signed, given = _to_sign(message), message.get("Signature")
        algorithm = _algorithm(message.get("SignatureVersion"))
        if type(given) is not str or not rsa_holds([key], given, signed, algorithm):
            raise Unverified("amazon_ses: the signature does not hold")
        return Auth.SIGNED_BODY

    def _at(self, text: Any, now: datetime) -> datetime:
        """When the message was signed, if that is recent."""
        try:
            at = from_iso(text if type(text) is str else "", "Timestamp")
        except BadEvent:
            raise Unverified("amazon_ses: the signed timestamp is no time") from None
        age = (now - at).total_seconds()
        if self.tolerance_seconds is not None and age > self.tolerance_seconds:
            raise Unverified("amazon_ses: the signed timestamp is too old")
        if age < -AHEAD_SECONDS:
            raise Unverified("amazon_ses: the signed timestamp is ahead of our clock")
        return at

    def _key(self, url: Any, at: datetime) -> rsa.RSAPublicKey:
        place = CERTIFICATE_URL.match(url) if type(url) is str else None
        if place is None:
            raise Unverified("amazon_ses: the certificate is not at an address of Amazon SNS")
        given = self.certificate(place[0]) if callable(self.certificate) else self.certificate
        chain = load_certificates(given, "certificate")
        return rsa_key("amazon_ses", chain, at, self.roots, _hosts(*place.groups()))

    def confirmation(self, body: bytes) -> str | None:
        """The address to fetch to confirm a subscription, from a verified body that asks for
        it; None for any other body, and for an address that is not Amazon's."""
        check_size(self, body)
        message = one_object(body)
        url = message.get("SubscribeURL")
        asked = message.get("Type") == "SubscriptionConfirmation"
        return url if asked and type(url) is str and CONFIRM_URL.match(url) else None

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """One event for each recipient concerned, `original` being the whole body, since its
        signature covers that; of a received message the message itself.

        Confirmations and the test message that SES sends to a new topic give none.
        """
        check_size(self, body)
        check_content_type(headers, _TYPES)
        outer = Fields(one_object(body))
        if "Records" in outer.values:
            records = outer.objects("Records")
            return [e for one in records for e in self._record(one, body)]
        return self._unwrapped(outer, body)

    def _record(self, record: Fields, body: bytes) -> list[Event]:
        if "Sns" in record.values:
            return self._unwrapped(record.object("Sns"), body)
        return _events(record.object("ses"), body, None, self.token_arg)

    def _unwrapped(self, outer: Fields, body: bytes) -> list[Event]:
        if "Type" not in outer.values:
            return _events(outer, body, None, self.token_arg)
        text = outer.values.get("Message")
        if outer.text("Type") != "Notification":
            return []
        if type(text) is not str:
            raise BadEvent("must be a text", field="Message")
        if text.startswith("Successfully validated SNS topic"):
            return []
        try:
            inner = one_object(text.encode("utf-8", "surrogatepass"))
        except BadEvent:
            raise BadEvent("is no event of Amazon SES", field="Message") from None
        return _events(Fields(inner), body, outer.text("MessageId"), self.token_arg)


def _hosts(host: str, region: str, domain: str) -> list[str]:
    """The names that SNS's certificates carry in a region (aws-sdk-java, sns-message-manager):
    one for all of the older regions, their own in the younger, in China and for the government.
    """
    gov = region.replace("us-gov-east-1", "us-gov-west-1")
    return ["sns.amazonaws.com", host, f"sns-signing.{region}.{domain}", f"sns-{gov}.{domain}"]


def _to_sign(message: dict[str, Any]) -> bytes:
    names = _SIGNED if message.get("Type") == "Notification" else _SIGNED_CONFIRMATION
    there = [(name, message[name]) for name in names if type(message.get(name)) is str]
    return "".join(f"{n}\n{value}\n" for n, value in there).encode("utf-8", "surrogatepass")


def _algorithm(version: Any) -> hashes.HashAlgorithm:
    if version == "2":
        return hashes.SHA256()
    if version == "1":
        return hashes.SHA1()  # noqa: S303 - SNS's own for SignatureVersion 1
    raise Unverified("amazon_ses: the version of the signature is not known here")


def _events(item: Fields, body: bytes, sns_id: str | None, token_arg: str) -> list[Event]:
    word = item.text("eventType", "notificationType")
    mail = item.object("mail")
    if word == "Received" or "receipt" in item.values:
        return _received(item, mail, body)
    if word is None and not mail.values:
        return []
    name, listed = DETAILS.get(word or "", ("", ""))
    detail = item.object(name) if name else Fields({})
    headers = header_pairs(mail.values.get("headers"))
    at, said_at = _when(detail, mail)
    event_token = header_value(headers, TOKEN_HEADER) or _tag(mail, token_arg)
    own_id = header_value(headers, "Message-ID") or mail.object("commonHeaders").text("messageId")
    concerned = _concerned(word, detail, listed, mail)
    return [
        Event(
            _kind(word, detail),
            at,
            source="amazon_ses",
            token=clean(event_token) if event_token else None,
            provider_id=mail.text("messageId"),
            message_id=in_brackets(clean(own_id)) if own_id else None,
            address=address,
            word=word,
            permanent=PERMANENT.get(detail.text("bounceType") or ""),
            reason=reason or _reason(detail),
            said_at=said_at,
            url=detail.text("link"),
            ip=detail.text("ipAddress"),
            user_agent=detail.text("userAgent"),
            original=body,
            extra={"sns_message_id": sns_id} if sns_id else {},
        )
        for address, reason in concerned
    ]


def _kind(word: str | None, detail: Fields) -> SignalKind:
    if word == "Subscription" and "newTopicPreferences" in detail.values:
        new = detail.object("newTopicPreferences")
        if new.flag("unsubscribeAll"):
            return SignalKind.UNSUBSCRIBED
    return WORDS.get(word or "", SignalKind.UNKNOWN)


def _when(detail: Fields, mail: Fields) -> Moment:
    found = detail.iso("timestamp")
    return found if found[0] is not None else mail.iso("timestamp")


def _concerned(
    word: str | None, detail: Fields, listed: str, mail: Fields
) -> list[tuple[str | None, str | None]]:
    """(address, what its server said) of each recipient; [(None, None)] where not identified."""
    values = detail.values.get(listed) if listed else None
    if isinstance(values, list) and values and isinstance(values[0], dict):
        found = [
            (one.text("emailAddress"), one.text("diagnosticCode")) for one in detail.objects(listed)
        ]
    else:
        found = [(one, None) for one in detail.texts(listed) or mail.texts("destination")]
    if word in UNIDENTIFIED and len(found) != 1:
        return [(None, None)]
    if len(found) > MAX_RECIPIENTS:
        raise TooLarge(f"{len(found)} recipients are over the {MAX_RECIPIENTS} read at once")
    return found or [(None, None)]


def _reason(detail: Fields) -> str | None:
    bounce = [detail.text("bounceType"), detail.text("bounceSubType")]
    return (
        ": ".join(filter(None, bounce))
        or detail.text("smtpResponse", "errorMessage", "delayType", "reason")
        or detail.text("complaintFeedbackType", "complaintSubType")
    )


def _tag(mail: Fields, name: str) -> str | None:
    values = mail.object("tags").values.get(name)
    first = values[0] if isinstance(values, list) and values else None
    return first if type(first) is str else None


def _received(item: Fields, mail: Fields, body: bytes) -> list[Event]:
    event_id = mail.text("messageId")
    content = item.values.get("content")
    if type(content) is str:
        raw = content.encode("utf-8", "replace")
        if item.object("receipt").object("action").text("encoding") == "BASE64":
            try:
                raw = b64decode(raw, validate=True)
            except binascii.Error:
                raise BadEvent("is not base64", field="content") from None
        return from_message(raw, "amazon_ses", event_id=event_id)
    pairs = header_pairs(mail.values.get("headers"))
    if not pairs or mail.flag("headersTruncated"):
        # who wrote it, a person or a machine, stands in headers that are not here: the host
        # fetches the message (the S3 action names it) and gives it to `Mail`
        at, said_at = mail.iso("timestamp")
        told = Event(SignalKind.UNKNOWN, at, source="amazon_ses", event_id=event_id)
        told.word, told.said_at, told.original = "Received", said_at, body
        return [told]
    return from_parts(pairs, None, None, "amazon_ses", event_id=event_id, original=body)
