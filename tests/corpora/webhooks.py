"""Webhooks and their signatures: the sets webhooks_anymail, webhooks_symfony, signatures.

Of each provider only what this release has a source for is run; the others are skipped.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contactledger.errors import BadInput, Unverified
from contactledger.events import Event
from contactledger.sources import SendGrid
from contactledger.sources.sendgrid import message_of
from contactledger.vocabulary import SignalKind
from tests.corpora import Case, Result, Skip, run

NO_SOURCE = Skip("no source for this provider yet")
NO_INBOUND = Skip("SendGrid's Inbound Parse is no source yet")

KNOWN_ORACLE_ERRORS: dict[tuple[str, str], str] = {
    ("processed", "delivered"): (
        "the oracle calls SendGrid's processed delivered; SendGrid: received and ready to be "
        "delivered, which is queued"
    ),
}
"""(SendGrid's word, the oracle's) → why the oracle is wrong; such a case is skipped."""

ANYMAIL_KINDS = {
    "queued": SignalKind.QUEUED,
    "rejected": SignalKind.REJECTED,
    "delivered": SignalKind.DELIVERED,
    "deferred": SignalKind.DEFERRED,
    "bounced": SignalKind.BOUNCED,
    "opened": SignalKind.OPENED,
    "clicked": SignalKind.CLICKED,
    "complained": SignalKind.COMPLAINED,
    "unsubscribed": SignalKind.UNSUBSCRIBED,
    "subscribed": SignalKind.UNKNOWN,  # no word of ours
    "unknown": SignalKind.UNKNOWN,
}

SYMFONY_KINDS = {
    "received": SignalKind.QUEUED,
    "dropped": SignalKind.REJECTED,
    "delivered": SignalKind.DELIVERED,
    "deferred": SignalKind.DEFERRED,
    "bounce": SignalKind.BOUNCED,
    "open": SignalKind.OPENED,
    "click": SignalKind.CLICKED,
    "spam": SignalKind.COMPLAINED,
    "unsubscribe": SignalKind.UNSUBSCRIBED,
}


def anymail(folder: Path) -> Result:
    """webhooks_anymail: outcome, and type, time, ids, recipient, texts of each event."""
    return run(folder, _anymail)


def symfony(folder: Path) -> Result:
    """webhooks_symfony: outcome, and type, id, time, recipient, reason of each event."""
    return run(folder, _symfony)


def signatures(folder: Path) -> Result:
    """signatures: whether a signature holds."""
    return run(folder, _signature)


def _anymail(case: Case) -> bool | Skip:
    if case["esp"] != "sendgrid":
        return NO_SOURCE
    if case["endpoint"].endswith("/inbound"):
        return NO_INBOUND
    settings = case["settings"]
    # no tolerance: the tests sign texts such as "data timestamp"
    source = SendGrid(
        key=settings.get("SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY"),
        basic=settings.get("WEBHOOK_SECRET"),
        tolerance_seconds=None,
        token_arg="anymail_id",
    )
    body = b64decode(case["body_b64"]) if "body_b64" in case else case["body"].encode()
    events = _receive(source, case["headers"], body, case.get("now"))
    expected = case["expected"]
    if events is None or expected["outcome"] != "accepted":
        return events is None and expected["outcome"] != "accepted"
    return len(events) == len(expected["events"]) and all(
        map(_same_as_anymail, events, expected["events"])
    )


def _same_as_anymail(event: Event, expected: dict[str, Any]) -> bool:
    """Leaves out what an Event has no place for: metadata, tags, and the class of a reason.

    Where the oracle keeps that class alone (reject_reason), a reason must be there.
    """
    text = expected["description"] or expected["mta_response"]
    classed = bool(expected["reject_reason"]) and not text
    return (
        event.what is ANYMAIL_KINDS[expected["event_type"]]
        and event.at == datetime.fromisoformat(expected["timestamp"])
        and event.event_id == expected["event_id"]
        and (event.token or event.message_id) == expected["message_id"]
        and event.address == expected["recipient"]
        and (bool(event.reason) if classed else event.reason == text)
        and event.user_agent == expected["user_agent"]
        and event.url == expected["click_url"]
    )


def _symfony(case: Case) -> bool | Skip:
    if case["esp"] != "sendgrid":
        return NO_SOURCE
    source = SendGrid(key=case.get("secret") or None, tolerance_seconds=None)
    events = _receive(source, case["headers"], case["body"].encode(), None)
    expected = case["expected"]
    if events is None or expected["outcome"] != "accepted":
        return events is None and expected["outcome"] != "accepted"
    for event, wanted in zip(events, expected["events"], strict=False):
        wrong = KNOWN_ORACLE_ERRORS.get((event.word or "", wanted["name"]))
        if wrong:
            return Skip(wrong)
    return len(events) == len(expected["events"]) and all(
        map(_same_as_symfony, events, expected["events"])
    )


def _same_as_symfony(event: Event, expected: dict[str, Any]) -> bool:
    """Leaves out tags; a reason only where the oracle keeps one (it drops SendGrid's response)."""
    return (
        event.what is SYMFONY_KINDS[expected["name"]]
        and event.at == datetime.fromisoformat(expected["date"])
        and event.provider_id == message_of(expected["id"])
        and event.address == expected["recipient"]
        and expected.get("reason") in (None, "", event.reason)
    )


def _receive(
    source: SendGrid, headers: dict[str, str], body: bytes, now: float | None
) -> list[Event] | None:
    """The events, or None where the request is refused."""
    try:
        source.verify(headers, body, None, datetime.fromtimestamp(now or 0, UTC))
        return source.parse(headers, body)
    except (Unverified, BadInput):
        return None


def _signature(case: Case) -> bool | Skip:
    if not case["scheme"].startswith("sendgrid"):
        return NO_SOURCE
    expected = case["expected"]
    headers = {
        "x-twilio-email-event-webhook-signature": str(case["signature"]),
        "x-twilio-email-event-webhook-timestamp": str(case["timestamp"]),
    }
    try:
        source = SendGrid(key=case["public_key_spki_b64"], tolerance_seconds=None)
        source.verify(headers, case["payload"].encode(), None, datetime.now(UTC))
    except (Unverified, BadInput):
        return expected is not True
    return expected is True
