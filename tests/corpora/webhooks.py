"""Webhooks and their signatures: the sets webhooks_anymail, webhooks_symfony, signatures and
aws_events.

What is compared of an event: kind, time, ids, recipient, texts, link and agent; of a message
that came in: addresses, subject, ids and new text. Metadata, tags, attachments and the class
of a reason have no place in an Event. Where an oracle is wrong by the provider's own
documentation, `KNOWN_ORACLE_ERRORS` says why, and the case is counted apart.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from contactledger.errors import BadEvent, BadInput, Unverified
from contactledger.events import Event
from contactledger.sources import (
    AmazonSES,
    Brevo,
    MailerSend,
    Mailgun,
    Mailjet,
    Mailomat,
    Mailtrap,
    Mandrill,
    Postal,
    Postmark,
    Resend,
    SendGrid,
    SendGridInbound,
    SparkPost,
    StandardWebhooks,
    Sweego,
    Twilio,
    UnisenderGo,
    Vonage,
)
from contactledger.sources._auth import url_and_form
from contactledger.sources._reply import new_text
from contactledger.sources.sendgrid import message_of
from contactledger.sources.source import Source
from contactledger.sources.twilio import body_sha256
from contactledger.vocabulary import Auth, SignalKind
from tests.corpora import Case, Result, Right, Skip, Verdict, run

NO_SOURCE = Skip("no source for this provider yet")
EXTERNAL = Right("what the webhook says; the message itself lies with the provider")
NO_KEY = Right("the view wants a key in its settings; without one, nothing is claimed as proven")
ONE_URL = Right("the view is for one kind of webhook; a source here takes all of its provider")
METHOD = Skip("no POST: answering it is the host's affair")

KNOWN_ORACLE_ERRORS: dict[tuple[str, str, str], str] = {
    ("sendgrid", "processed", "delivered"): (
        "the oracle calls SendGrid's processed delivered; SendGrid: received and ready to be "
        "delivered, which is queued"
    ),
    ("mailtrap", "soft bounce", "bounce"): (
        "the oracle calls Mailtrap's soft bounce a bounce; Mailtrap: temporary, will retry"
    ),
    ("sparkpost", "initial_open", "unknown"): "the oracle leaves initial opens out by a setting",
    ("sparkpost", "amp_initial_open", "unknown"): (
        "the oracle leaves initial opens out by a setting; SparkPost: an open"
    ),
    ("mailgun", "failed", "bounced"): (
        "the oracle calls a suppressed address bounced; Mailgun did not try to deliver"
    ),
    ("amazon_ses", "DeliveryDelay", "unknown"): (
        "the oracle does not know DeliveryDelay; SES: a temporary issue, which is deferred"
    ),
    ("mailersend", "deferred", "unknown"): "the oracle does not know MailerSend's deferred",
}
"""(provider, its word, the oracle's) → why the oracle is wrong; such a case is counted apart."""

ATTACHED = "the oracle takes the text of an attached message for that of the message"
NOT_IDENTIFIED = (
    "the oracle names a recipient where the provider does not say which of several it was"
)

ANYMAIL_KINDS: dict[str, set[SignalKind]] = {
    "queued": {SignalKind.QUEUED},
    "sent": {SignalKind.SENT},
    "rejected": {SignalKind.REJECTED},
    "delivered": {SignalKind.DELIVERED},
    "deferred": {SignalKind.DEFERRED},
    "bounced": {SignalKind.BOUNCED},
    "failed": {SignalKind.BOUNCED, SignalKind.REJECTED},  # no word of ours between the two
    "autoresponded": {SignalKind.AUTO_REPLIED},
    "opened": {SignalKind.OPENED},
    "clicked": {SignalKind.CLICKED},
    "complained": {SignalKind.COMPLAINED},
    "unsubscribed": {SignalKind.UNSUBSCRIBED},
    "subscribed": {SignalKind.UNKNOWN},  # no word of ours
    "inbound_failed": {SignalKind.UNKNOWN},
    "unknown": {SignalKind.UNKNOWN},
}

SYMFONY_KINDS: dict[str, set[SignalKind]] = {
    "received": {SignalKind.QUEUED, SignalKind.SENT},  # by the provider: Symfony has no "sent"
    "dropped": {SignalKind.REJECTED},
    "delivered": {SignalKind.DELIVERED},
    "deferred": {SignalKind.DEFERRED},
    "bounce": {SignalKind.BOUNCED},
    "open": {SignalKind.OPENED},
    "click": {SignalKind.CLICKED},
    "spam": {SignalKind.COMPLAINED},
    "unsubscribe": {SignalKind.UNSUBSCRIBED},
    "failed": {SignalKind.REJECTED},
}

Settings = Mapping[str, Any]


def anymail(folder: Path) -> Result:
    """webhooks_anymail: outcome, and type, time, ids, recipient, texts of each event."""
    return run(folder, _anymail)


def symfony(folder: Path) -> Result:
    """webhooks_symfony: outcome, and type, id, time, recipient, reason of each event."""
    return run(folder, _symfony)


def signatures(folder: Path) -> Result:
    """signatures: whether a signature holds, and what it would have to be."""
    return run(folder, _signature)


def aws(folder: Path) -> Result:
    """aws_events: samples without an expectation; each is read, or refused by name."""
    return run(folder, _aws)


# --- django-anymail ----------------------------------------------------------------------------


def _settings(settings: Settings, *names: str) -> list[Any]:
    """All of these that are set, under both of the names that each may have."""
    full = [full for name in names for full in (f"ANYMAIL_{name}", name)]
    return [settings[name] for name in full if name in settings]


def _mailgun(s: Settings) -> Mailgun:
    key = _settings(s, "MAILGUN_WEBHOOK_SIGNING_KEY", "MAILGUN_API_KEY")
    # no tolerance: the tests sign times of long ago
    return Mailgun(key=key, basic=s.get("WEBHOOK_SECRET"), tolerance_seconds=None, token_arg="")


def _mailersend(s: Settings) -> MailerSend:
    keys = _settings(s, "MAILERSEND_SIGNING_SECRET", "MAILERSEND_INBOUND_SECRET")
    return MailerSend(key=keys, basic=s.get("WEBHOOK_SECRET"))


def _resend(s: Settings) -> Resend:
    keys = _settings(s, "RESEND_SIGNING_SECRET", "RESEND_INBOUND_SECRET")
    return Resend(key=keys, basic=s.get("WEBHOOK_SECRET"))


ANYMAIL_SOURCES: dict[str, Callable[[Settings], Source]] = {
    "amazon_ses": lambda s: AmazonSES(basic=s.get("WEBHOOK_SECRET")),
    "brevo": lambda s: Brevo(basic=s.get("WEBHOOK_SECRET")),
    "mailersend": _mailersend,
    "mailgun": _mailgun,
    "mailjet": lambda s: Mailjet(basic=s.get("WEBHOOK_SECRET")),
    "mailtrap": lambda s: Mailtrap(basic=s.get("WEBHOOK_SECRET")),
    "mandrill": lambda s: Mandrill(
        key=_settings(s, "MANDRILL_WEBHOOK_KEY"), basic=s.get("WEBHOOK_SECRET")
    ),
    "postal": lambda s: Postal(
        key=_settings(s, "POSTAL_WEBHOOK_KEY"), basic=s.get("WEBHOOK_SECRET")
    ),
    "postmark": lambda s: Postmark(basic=s.get("WEBHOOK_SECRET")),
    "resend": _resend,
    "sendgrid": lambda s: SendGrid(
        key=s.get("SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"),
        basic=s.get("WEBHOOK_SECRET"),
        tolerance_seconds=None,  # the tests sign texts such as "data timestamp"
        token_arg="anymail_id",
    ),
    "sparkpost": lambda s: SparkPost(basic=s.get("WEBHOOK_SECRET")),
    "unisender_go": lambda s: UnisenderGo(
        key=_settings(s, "UNISENDER_GO_API_KEY"),
        basic=s.get("WEBHOOK_SECRET"),
        token_arg="anymail_id",
    ),
}
"""Provider → its source with the keys of the test's settings."""


def _anymail(case: Case) -> Verdict:
    esp, settings, expected = case["esp"], case["settings"], case["expected"]
    if esp not in ANYMAIL_SOURCES:
        return NO_SOURCE
    if case["method"] != "POST":
        return METHOD
    body = b64decode(case["body_b64"]) if "body_b64" in case else case["body"].encode()
    source = ANYMAIL_SOURCES[esp](settings)
    if esp == "sendgrid" and case["endpoint"].endswith("/inbound"):
        source = SendGridInbound(basic=settings.get("WEBHOOK_SECRET"))
    now = datetime.fromtimestamp(case.get("now") or 0, UTC)
    if expected["outcome"] == "error" and "You must set" in expected["exception"]:
        return source.verify(case["headers"], body, _url(case), now) is Auth.NONE and NO_KEY
    try:
        source.verify(case["headers"], body, _url(case), now)
        events = source.parse(case["headers"], body)
    except Unverified:
        return bool(expected["outcome"] == "rejected")
    except BadInput:
        if b'"raw": "..."' in body:  # three dots are no message; the signature was what mattered
            return Right("the signature holds; what it covers is no message")
        return False
    if expected["outcome"] == "error":
        return ONE_URL if "You seem to have set" in expected["exception"] else False
    if expected["outcome"] == "rejected":
        return False
    if case["needs_external"]:  # a source reads no network
        told = [(event.what, event.event_id) for event in events]
        return (
            told == [(SignalKind.UNKNOWN, one["event_id"]) for one in expected["events"]]
            and EXTERNAL
        )
    return _compare_anymail(esp, events, expected["events"])


def _url(case: Case) -> str:
    """Where the test posted to. Mandrill's tests sign the address with the credentials of the
    request, and the recorder left these out where the settings ask for none."""
    set_to = _settings(case["settings"], "MANDRILL_WEBHOOK_URL")
    user = "username:password@"
    if "authorization" in case["headers"] or case["id"].endswith("test_no_basic_auth/0"):
        user = ""
    return str(set_to[0]) if set_to else f"http://{user}testserver/anymail/{case['endpoint']}/"


def _compare_anymail(esp: str, events: list[Event], wanted: list[dict[str, Any]]) -> Verdict:
    if esp in ("amazon_ses", "resend") and events and events[0].address is None:
        several = {one.get("recipient") for one in wanted}
        if wanted and all(one["kind"] != "inbound" for one in wanted) and several != {None}:
            kinds = {k for one in wanted for k in ANYMAIL_KINDS[one["event_type"]]}
            same = {event.what for event in events} <= kinds
            return Skip(NOT_IDENTIFIED) if same else False
    if len(events) != len(wanted):
        return False
    for event, one in zip(events, wanted, strict=True):
        wrong = _oracle_error(esp, event, one["event_type"])
        if wrong and event.what not in ANYMAIL_KINDS[one["event_type"]]:
            return Skip(wrong)
    if any(_of_an_attachment(esp, event, one) for event, one in zip(events, wanted, strict=True)):
        return Skip(ATTACHED)
    same = _same_message if wanted and wanted[0]["kind"] == "inbound" else _same_as_anymail
    return all(same(esp, event, one) for event, one in zip(events, wanted, strict=True))


def _oracle_error(esp: str, event: Event, word: str) -> str | None:
    return KNOWN_ORACLE_ERRORS.get((esp, event.word or "", word))


def _same_as_anymail(esp: str, event: Event, wanted: dict[str, Any]) -> bool:
    texts = [wanted["description"], wanted["mta_response"]]
    said = {" ".join(text.split()) for text in texts if text}
    ours = " ".join((event.reason or "").split())
    return (
        event.what in ANYMAIL_KINDS[wanted["event_type"]]
        and _same_time(esp, event.at, wanted["timestamp"])
        and _same_id(esp, event, wanted["event_id"])
        and _same_message_id(event, wanted["message_id"])
        and event.address == wanted["recipient"]
        and (ours in said or not said)
        and event.user_agent == wanted["user_agent"]
        and event.url == wanted["click_url"]
    )


def _same_time(esp: str, at: datetime | None, wanted: str | None) -> bool:
    if wanted is None:  # the oracle reads no other field where the usual one is missing
        return at is None or esp == "brevo"
    expected = datetime.fromisoformat(wanted)
    if esp == "amazon_ses":  # the oracle takes the time of SNS; ours is the event's own
        return at is None or at <= expected
    if at is None:
        return False
    if esp == "postal":  # the oracle cuts the fraction
        at = at.replace(microsecond=0)
    return at == expected


def _same_id(esp: str, event: Event, wanted: str | None) -> bool:
    if esp == "amazon_ses":  # SNS's, which differs from one telling of an event to the other
        return bool(event.event_id is None and event.extra.get("sns_message_id") == wanted)
    return event.event_id == (None if wanted is None else str(wanted))


def _same_message_id(event: Event, wanted: Any) -> bool:
    ours = {event.token, event.provider_id, event.message_id}
    if wanted is None:
        return event.provider_id is None and event.message_id is None
    return str(wanted) in ours or f"<{wanted}>" in ours


def _same_message(esp: str, event: Event, wanted: dict[str, Any]) -> bool:
    message = wanted.get("message")
    if not message:
        return event.what is SignalKind.UNKNOWN and event.message is None
    if event.message is None:
        return False
    sender = parseaddr(message["from_email"] or "")[1]
    to = [parseaddr(one)[1] for one in [*message["to"], *message["cc"]]]
    date = message["date"]
    return (
        event.message.sender == sender
        and list(event.message.to) == (to or _envelope(esp, wanted, event))
        and (event.message.subject or "") == " ".join((message["subject"] or "").split())
        and event.message_id == message["message_id"]
        and (event.in_reply_to or None) == (message["in_reply_to"] or None)
        and (event.at is None if date is None else event.at == datetime.fromisoformat(date))
        and (event.message.text or "") == new_text(message["text"] or "")
    )


def _of_an_attachment(esp: str, event: Event, wanted: dict[str, Any]) -> bool:
    """Whether the oracle's text is that of an attached message, which nobody wrote to us."""
    text = (wanted.get("message") or {}).get("text") or ""
    attached = (wanted.get("message") or {}).get("attachments") or []
    return (
        any(one["content_type"] == "message/rfc822" for one in attached)
        and event.message is not None
        and (event.message.text or "") != new_text(text)
    )


def _envelope(esp: str, wanted: dict[str, Any], event: Event) -> list[str]:
    """Where the message has no To: whom it was delivered to, as far as the provider says."""
    return list(event.message.to) if event.message and esp in ("mailgun", "postmark") else []


# --- Symfony -----------------------------------------------------------------------------------

SYMFONY_SOURCES: dict[str, Callable[[Any], Source]] = {
    "brevo": lambda _: Brevo(),
    "mailchimp": lambda _: Mandrill(),
    "mailersend": lambda secret: MailerSend(key=secret),
    "mailgun": lambda secret: Mailgun(key=secret, tolerance_seconds=None),
    "mailjet": lambda _: Mailjet(),
    "mailomat": lambda secret: Mailomat(key=secret, tolerance_seconds=None),
    "mailtrap": lambda _: Mailtrap(),
    "postmark": lambda _: Postmark(),
    "resend": lambda secret: Resend(key=secret, tolerance_seconds=None),
    "sendgrid": lambda secret: SendGrid(key=secret, tolerance_seconds=None),
    "sweego": lambda secret: Sweego(key=secret, tolerance_seconds=None),
    "twilio": lambda _: Twilio(),
    "vonage": lambda secret: Vonage(key=secret, tolerance_seconds=None),
}


def _symfony(case: Case) -> Verdict:
    esp, expected = case["esp"], case["expected"]
    if esp not in SYMFONY_SOURCES:
        return NO_SOURCE
    headers, body = dict(case["headers"]), case["body"].encode()
    if esp == "mailchimp":  # JSON, where Mandrill posts a form, and signed in a way of its own
        events_json = json.dumps(json.loads(body)["mandrill_events"])
        body = urlencode({"mandrill_events": events_json}).encode()
        headers["content-type"] = "application/x-www-form-urlencoded"
    source = SYMFONY_SOURCES[esp](case.get("secret") or None)
    try:
        source.verify(headers, body, None, datetime.now(UTC))
        events = source.parse(headers, body)
    except (Unverified, BadInput):
        return bool(expected["outcome"] != "accepted")
    if expected["outcome"] != "accepted" or len(events) != len(expected["events"]):
        return False
    for event, wanted in zip(events, expected["events"], strict=True):
        wrong = _oracle_error(esp, event, wanted["name"])
        if wrong:
            return Skip(wrong)
    right = all(
        _same_as_symfony(esp, event, wanted)
        for event, wanted in zip(events, expected["events"], strict=True)
    )
    return (
        Right("the events; the fixture's signature is not Mandrill's")
        if (right and esp == "mailchimp")
        else right
    )


def _same_as_symfony(esp: str, event: Event, wanted: dict[str, Any]) -> bool:
    """Leaves out tags; a reason only where the oracle keeps one."""
    if "phone" in wanted:
        return event.address in (wanted["phone"], f"+{wanted['phone']}") and (
            event.what in SYMFONY_KINDS[wanted["name"]] and event.provider_id == wanted["id"]
        )
    ids = {event.provider_id, event.message_id, event.extra.get("id")}
    if esp == "mailomat":  # the oracle takes the event's id for the message's
        ids.add(event.event_id)
    wanted_id = message_of(wanted["id"]) if esp == "sendgrid" else wanted["id"]
    at = event.at
    if at is not None and esp == "brevo":  # the oracle reads the whole seconds
        at = at.replace(microsecond=0)
    reasons = (None, "", event.reason, (event.reason or "").partition(":")[0])
    return (
        event.what in SYMFONY_KINDS[wanted["name"]]
        and at == datetime.fromisoformat(wanted["date"])
        and wanted_id in ids
        and event.address == wanted["recipient"]
        and wanted.get("reason") in reasons
    )


# --- signatures --------------------------------------------------------------------------------

SVIX_SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""What svix's own tests sign with; its cases carry no secret, and its good ones hold by it."""


def _signature(case: Case) -> Verdict:
    scheme = str(case["scheme"])
    if scheme.startswith("sendgrid"):
        return _sendgrid_signature(case)
    if scheme == "twilio":
        return _twilio_signature(case)
    if scheme == "standard-webhooks":
        return _standard_signature(case)
    return NO_SOURCE


def _holds(source: Source, headers: Any, body: bytes, url: str | None, now: datetime) -> bool:
    try:
        source.verify(headers, body, url, now)
    except (Unverified, BadInput):
        return False
    return True


def _sendgrid_signature(case: Case) -> bool:
    headers = {
        "x-twilio-email-event-webhook-signature": str(case["signature"]),
        "x-twilio-email-event-webhook-timestamp": str(case["timestamp"]),
    }
    source = SendGrid(key=case["public_key_spki_b64"], tolerance_seconds=None)
    held = _holds(source, headers, case["payload"].encode(), None, datetime.now(UTC))
    return held is (case["expected"] is True)


def _pairs(params: Any) -> list[tuple[str, str]]:
    items = (params or {}).items() if isinstance(params, dict) else params
    return [(n, v) for n, vs in items for v in (vs if isinstance(vs, list) else [vs])]


def _twilio_signature(case: Case) -> bool:
    if case["call"] == "computeBodyHash" or case["call"] == "compute_hash":
        return body_sha256(case["body"].encode()) == case["expected"]
    source = Twilio(key=case["token"])
    signature = case["signature"] if case["call"].startswith("validate") else case["expected"]
    wanted = case["expected"] if case["call"].startswith("validate") else True
    if case["body"] is not None:
        body, kind = case["body"].encode(), "application/json"
    else:
        body, kind = urlencode(_pairs(case["params"])).encode(), "application/x-www-form-urlencoded"
    headers = {"X-Twilio-Signature": str(signature), "Content-Type": kind}
    if case["call"] == "compute_signature":
        return _made(case) == case["expected"]
    return _holds(source, headers, body, case["uri"], datetime.now(UTC)) is wanted


def _made(case: Case) -> str:
    signed = url_and_form(case["uri"], _pairs(case["params"]))
    return b64encode(hmac.digest(case["token"].encode(), signed, hashlib.sha1)).decode()


def _standard_signature(case: Case) -> bool:
    secret = case["secret_b64"] or SVIX_SECRET
    now = datetime.fromtimestamp(case["now"], UTC)
    source = StandardWebhooks(key=f"whsec_{secret}")
    body = case["payload"].encode()
    if case["call"] == "sign":
        stamp = str(int(case["timestamp"]))
        headers = {"webhook-id": case["msg_id"], "webhook-timestamp": stamp}
        headers["webhook-signature"] = case["expected"]["result"]
        return _holds(source, headers, body, None, now)
    return _holds(source, case["headers"], body, None, now) is ("ok" in case["expected"])


def _aws(case: Case) -> Verdict:
    try:
        events = AmazonSES().parse({}, json.dumps(case["event"]).encode())
    except BadEvent:
        return Right("refused by name: no event of Amazon SES")
    if not events:
        return Right("read: no event of Amazon SES")
    return all(event.message is not None and event.message.sender for event in events)
