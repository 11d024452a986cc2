"""Every provider's webhook: forged, cut short, stale or played again, and tried again in earnest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import frozen
from cryptography.hazmat.primitives import hashes

from contactledger import sources
from contactledger.errors import BadEvent, StoreError, Unverified
from contactledger.facts import Message
from contactledger.store.memory import MemoryStore
from tests import (
    test_source_mailersend,
    test_source_mailgun,
    test_source_mandrill,
    test_source_postal,
    test_source_resend,
    test_source_sendgrid,
    test_source_ses,
    test_source_twilio,
    test_source_unisender,
)
from tests.ledgers import SMITH, in_memory, mail, two_sides
from tests.providers import BOB, ISO, JSON, NOW, STAMP, authorization, dumps, hexmac

Request = tuple[dict[str, str], bytes]


@frozen
class Hook:
    """A provider's genuine request as it leaves at a moment, and how long it may be on its way;
    None where no time is signed. `covered`: whether the signature covers the body."""

    source: Any
    request: Callable[[datetime], Request]
    lasts_seconds: int | None = None
    covered: bool = True
    url: str | None = None


def plain(source: Any, said: object) -> Hook:
    """A provider that signs nothing: its requests carry a user and a password."""
    request = JSON | authorization("acme:s3cret"), dumps(said)
    return Hook(source(basic="acme:s3cret"), lambda _: request, covered=False)


def stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def ses(at: datetime) -> Request:
    delivery = {"delivery": {"recipients": [BOB], "timestamp": ISO}}
    message = test_source_ses.sns(test_source_ses.event("Delivery", **delivery))
    return {}, test_source_ses.signed(message | {"Timestamp": at.isoformat()})


def sendgrid(at: datetime) -> Request:
    body = dumps([{"email": BOB, "event": "delivered", "timestamp": STAMP, "sg_event_id": "e"}])
    return JSON | test_source_sendgrid.signed(body, stamp(at)), body


def resend(at: datetime) -> Request:
    body = test_source_resend.body("email.delivered")
    return test_source_resend.signed(body, stamp(at)), body


def mailgun(at: datetime) -> Request:
    return JSON, test_source_mailgun.body(stamp=int(at.timestamp()))


MAILERSEND = test_source_mailersend.body("delivered")
MAILTRAP = dumps(
    {"events": [{"event": "delivery", "timestamp": STAMP, "email": BOB, "event_id": "e-1"}]}
)
POSTAL = dumps(
    {
        "event": "MessageSent",
        "timestamp": STAMP,
        "uuid": "u-1",
        "payload": {"message": {"id": 1, "to": BOB, "direction": "outgoing"}, "status": "Sent"},
    }
)
MANDRILL = json.dumps([{"event": "send", "ts": STAMP, "_id": "m-1", "msg": {"email": BOB}}])
TWILIO = test_source_twilio.CALL | {"From": "+1 555 0100", "To": "+1 555 0111"}

HOOKS = {
    "amazon_ses": Hook(
        sources.AmazonSES(certificate=test_source_ses.PEM, topics=test_source_ses.TOPIC),
        ses,
        2 * 3600,
    ),
    "brevo": plain(sources.Brevo, {"event": "delivered", "ts_epoch": STAMP * 1_000, "email": BOB}),
    "mailersend": Hook(
        sources.MailerSend(key="secret"),
        lambda _: (JSON | {"Signature": hexmac("secret", MAILERSEND)}, MAILERSEND),
    ),
    "mailgun": Hook(sources.Mailgun(key=test_source_mailgun.KEY), mailgun, 9 * 3600, covered=False),
    "mailjet": plain(sources.Mailjet, {"event": "sent", "time": STAMP, "email": BOB}),
    "mailtrap": Hook(
        sources.Mailtrap(key="secret"),
        lambda _: (JSON | {"Mailtrap-Signature": hexmac("secret", MAILTRAP)}, MAILTRAP),
    ),
    "mandrill": Hook(
        sources.Mandrill(key="key-1"),
        lambda _: (test_source_mandrill.signed(MANDRILL), test_source_mandrill.form(MANDRILL)),
        url=test_source_mandrill.URL,
    ),
    "postal": Hook(
        sources.Postal(key=test_source_postal.public(test_source_postal.KEY)),
        lambda _: (
            JSON | {"X-Postal-Signature-256": test_source_postal.sign(POSTAL, hashes.SHA256())},
            POSTAL,
        ),
    ),
    "postmark": plain(
        sources.Postmark, {"RecordType": "Delivery", "DeliveredAt": ISO, "Recipient": BOB}
    ),
    "resend": Hook(sources.Resend(key=test_source_resend.KEY), resend, 300),
    "sendgrid": Hook(
        sources.SendGrid(key=test_source_sendgrid.public(test_source_sendgrid.KEY)),
        sendgrid,
        sources.SendGrid().tolerance_seconds,
    ),
    "sparkpost": plain(
        sources.SparkPost,
        [{"msys": {"message_event": {"type": "delivery", "timestamp": STAMP, "rcpt_to": BOB}}}],
    ),
    "standard": Hook(
        sources.StandardWebhooks(key=test_source_resend.KEY),
        lambda at: (
            test_source_resend.signed(STANDARD, stamp(at), prefix="webhook"),
            STANDARD,
        ),
        300,
    ),
    "twilio": Hook(
        sources.Twilio(key="auth-token"),
        lambda _: (test_source_twilio.signed(TWILIO.items()), urlencode(TWILIO).encode()),
        url=test_source_twilio.URL,
    ),
    "unisender_go": Hook(
        sources.UnisenderGo(key="api-key"), lambda _: (JSON, test_source_unisender.signed())
    ),
}
STANDARD = dumps({"type": "x.delivered", "timestamp": ISO, "data": {"address": BOB}})


class Failing(MemoryStore):
    """A store of which the next writing block but so many fails."""

    left = -1

    def begin(self, *, write):
        self.left -= write
        if write and self.left == 0:
            raise StoreError("the disk is gone")
        return super().begin(write=write)


@pytest.fixture
def ledger():
    ledger, clock = in_memory(store=Failing())
    clock.set(NOW - timedelta(hours=1))
    ledger.record(SMITH, *two_sides(), mail(message=Message(provider_id="m-1")))
    clock.set(NOW)
    return ledger, clock


def receive(ledger, hook, request):
    headers, body = request
    return ledger.receive(hook.source, headers, body, url=hook.url)


def kept(ledger):
    with ledger._store.begin(write=False) as tx:
        return [row.state for row in tx.inbox()]


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_genuine_request_is_recorded_once_however_often_it_is_played(name, ledger):
    (ledger, clock), hook = ledger, HOOKS[name]
    request = hook.request(NOW)
    first = receive(ledger, hook, request)
    assert (len(first.recorded) >= 1, first.parked) == (True, ())
    entries = ledger.entries(SMITH)
    clock.forward(seconds=60)
    for again in (request, request, hook.request(clock())):  # played again, and tried again
        receipt = receive(ledger, hook, again)
        assert (receipt.recorded, receipt.conflicting) == ((), ())
    assert ledger.entries(SMITH) == entries


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_forged_or_shortened_request_is_recorded_nowhere(name, ledger):
    (ledger, _), hook = ledger, HOOKS[name]
    headers, body = hook.request(NOW)
    entries = ledger.entries(SMITH)
    bare = {"Content-Type": headers.get("Content-Type", "")}
    forged = [(bare, body)] if headers.keys() - bare.keys() else []
    if hook.covered:
        forged += [(headers, body.replace(b"smith", b"smitt").replace(b"CA1", b"CA2") + b" ")]
        forged += [(headers, body[:-7]), (headers, b"")]
    for request in forged:
        with pytest.raises(Unverified):
            receive(ledger, hook, request)
    assert (kept(ledger), ledger.forged) == ([], len(forged))
    if not hook.covered:  # nothing says that it was cut short but that it cannot be read
        with pytest.raises((BadEvent, Unverified)):
            receive(ledger, hook, (headers, body[:-7]))
    assert ledger.entries(SMITH) == entries


@pytest.mark.parametrize("name", sorted(n for n, hook in HOOKS.items() if hook.lasts_seconds))
def test_a_stale_request_is_refused_and_one_at_the_limit_is_not(name, ledger):
    (ledger, clock), hook = ledger, HOOKS[name]
    request = hook.request(NOW)
    clock.forward(seconds=hook.lasts_seconds + 1)
    with pytest.raises(Unverified):
        receive(ledger, hook, request)
    assert kept(ledger) == []
    clock.forward(seconds=-1)
    assert receive(ledger, hook, request).recorded


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("name", sorted(HOOKS))
def test_a_request_tried_again_after_a_failed_write_is_no_replay(name, failing, ledger):
    (ledger, clock), hook = ledger, HOOKS[name]
    request = hook.request(NOW)
    ledger._store.left = failing  # the inbox, or what comes of it
    with pytest.raises(StoreError):
        receive(ledger, hook, request)
    assert kept(ledger) == ["new"][: failing - 1]
    clock.forward(seconds=30)
    count = len(receive(ledger, hook, request).recorded)
    assert count >= 1
    receipts = ledger.replay(hook.source)  # what the first attempt had made durable
    assert [receipt.recorded for receipt in receipts] == [()] * (failing - 1)
    assert kept(ledger) == ["done"] * failing
    assert len(ledger.entries(SMITH)) == 8 + count
