"""Taking in SendGrid's batches, against django-anymail's own view, where it is installed
(`pip install django-anymail`); it is in no extra, since nothing else needs Django."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Callable
from datetime import UTC, datetime
from time import process_time
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contactledger.sources import SendGrid
from tests.bench.measure import Line, in_turns, ratio

BATCH = 1_000
ROUNDS = 9
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STAMP = "1772452800"
URL = "https://acme.example/anymail/sendgrid/tracking/"
WORDS = ("processed", "delivered", "open", "click", "bounce", "deferred")


def batch() -> bytes:
    """A thousand events as SendGrid writes them, of six words."""
    events = []
    for number in range(BATCH):
        event = {
            "email": f"person{number}@smith.example",
            "timestamp": 1772452800 + number,
            "event": WORDS[number % len(WORDS)],
            "smtp-id": f"<{number}.{number * 7}@acme.example>",
            "sg_event_id": f"ZyjAM5rnQmuI1KFInHQ{number}",
            "sg_message_id": f"wrfRRvF7Q0GgwUo2CvD{number}.filter0425p1mdw1.13037.57168B4A1D.0",
            "category": ["service", "notice"],
            "contactledger": f"touch{number}",
        }
        if event["event"] in ("open", "click"):
            event |= {"useragent": "Mozilla/5.0 (X11; Linux x86_64)", "ip": "192.0.2.7"}
            event |= {"url": f"https://acme.example/page/{number}"}
        if event["event"] in ("bounce", "deferred"):
            event |= {"reason": "550 5.1.1 The account does not exist", "type": "bounce"}
        events.append(event)
    return json.dumps(events, separators=(",", ":")).encode()


def signed(body: bytes) -> tuple[str, dict[str, str]]:
    """(public key, headers) of a batch."""
    key = ec.derive_private_key(5, ec.SECP256R1())
    signature = key.sign(STAMP.encode() + body, ec.ECDSA(hashes.SHA256()))
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode(), {
        "Content-Type": "application/json",
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": STAMP,
    }


def parsing() -> list[Line]:
    """Verifying and parsing, with and without a signature; without anymail ours alone."""
    body = batch()
    key, headers = signed(body)
    lines = []
    for what, ours in (
        ("unsigned", SendGrid()),
        ("signed", SendGrid(key=key, tolerance_seconds=None)),
    ):
        run = _ours(ours, headers, body)
        theirs = _anymail(key if what == "signed" else None, headers, body)
        name = f"SendGrid batches of {BATCH:,} verified and parsed, {what}"
        if theirs is None:
            best, _ = in_turns(run, lambda: None, ROUNDS, process_time)
            why = "django-anymail is not installed, so there is nothing to compare with"
            lines.append(Line(name, f"{BATCH / best:,.0f}/s   ({why})"))
            continue
        best, bare = in_turns(run, theirs, ROUNDS, process_time)
        lines.append(ratio(f"{name}, against django-anymail's view", best, bare, 1.5, BATCH))
    return lines


def _ours(source: SendGrid, headers: dict[str, str], body: bytes) -> Callable[[], object]:
    def run() -> int:
        source.verify(headers, body, URL, NOW)
        events = source.parse(headers, body)
        assert len(events) == BATCH
        return len(events)

    return run


def _anymail(key: str | None, headers: dict[str, str], body: bytes) -> Callable[[], object] | None:
    """The same through anymail's view as a host calls it: its checks, its events, and its signal
    for each of them, here to a handler that counts; without middleware and routing."""
    if importlib.util.find_spec("anymail") is None:
        return None
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(ANYMAIL={"WEBHOOK_SECRET": None}, ALLOWED_HOSTS=["*"], USE_TZ=True)
        django.setup()
    from anymail.signals import tracking
    from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
    from django.test import RequestFactory

    options: dict[str, Any] = {"tracking_webhook_verification_key": key} if key else {}
    view = _quietly(lambda: SendGridTrackingWebhookView.as_view(**options))
    extra = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    extra.pop("HTTP_CONTENT_TYPE")
    factory = RequestFactory()

    told: list[str] = []
    tracking.receivers.clear()  # of the benchmark before this one

    def handler(sender: Any, event: Any, esp_name: str, **more: Any) -> None:
        told.append(event.event_type)

    tracking.connect(handler, weak=False, dispatch_uid="bench")

    def run() -> int:
        told.clear()
        request = factory.post("/", body, content_type="application/json", **extra)
        assert view(request).status_code == 200
        assert len(told) == BATCH
        return len(told)

    return lambda: _quietly(run)


def _quietly(made: Callable[[], Any]) -> Any:
    """Without anymail's warnings of what is insecure or not supported, which are not measured."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return made()
