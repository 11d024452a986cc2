import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contactledger.errors import BadEvent, BadInput, Unverified
from contactledger.events import Event
from contactledger.sources import Postal
from contactledger.sources.postal import WORDS
from contactledger.vocabulary import Auth, By, SignalKind, System
from tests.providers import BOB, JSON, NOW, STAMP, basic_is_checked, dumps, on_record, told_once

KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=1024) for _ in range(2))
MESSAGE = {"id": 1563, "message_id": "m1@rp.postal.example", "to": BOB, "direction": "outgoing"}
FAILED = {
    "event": "MessageDeliveryFailed",
    "timestamp": STAMP + 0.5,
    "uuid": "u-1",
    "payload": {"message": MESSAGE, "status": "HardFail", "details": "x", "output": "550 no"},
}


def public(key) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sign(body, algorithm, key=KEY) -> str:
    return base64.b64encode(key.sign(body, padding.PKCS1v15(), algorithm)).decode()


RAW = dumps(FAILED)
OLDER = {"X-Postal-Signature": sign(RAW, hashes.SHA1())}
NEWER = OLDER | {"X-Postal-Signature-256": sign(RAW, hashes.SHA256())}


def test_either_signature_covers_the_bodys_bytes():
    for headers in (OLDER, NEWER):
        for key in (public(KEY), (public(OTHER), public(KEY))):
            assert Postal(key=key).verify(headers, RAW, None, NOW) is Auth.SIGNED_BODY
    basic_is_checked(Postal, RAW, JSON)


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({}, RAW, "is not signed"),
        ({"X-Postal-Signature": ""}, RAW, "is not signed"),
        (OLDER, RAW + b" ", "not by a key"),
        ({"X-Postal-Signature": "no base64"}, RAW, "not by a key"),
        ({"X-Postal-Signature": sign(RAW, hashes.SHA1(), OTHER)}, RAW, "not by a key"),
        (OLDER | {"X-Postal-Signature-256": ""}, RAW, "not by a key"),
        (OLDER | {"X-Postal-Signature-256": OLDER["X-Postal-Signature"]}, RAW, "not by a key"),
    ],
)
def test_a_forged_request_is_unverified_and_the_newer_signature_alone_counts(headers, body, why):
    with pytest.raises(Unverified, match=why):
        Postal(key=public(KEY)).verify(headers, body, None, NOW)


def test_a_key_of_another_kind_is_refused_when_the_source_is_made():
    with pytest.raises(BadInput, match="key: must be an RSA key"):
        Postal(key=public(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(BadInput, match="key: is no public key"):
        Postal(key="x")


def test_a_failure_is_read_whole():
    (event,) = Postal().parse(JSON, RAW)
    assert event == Event(
        SignalKind.BOUNCED,
        event.at,
        By.UNKNOWN,
        "postal",
        event_id="u-1",
        provider_id="1563",
        message_id="<m1@rp.postal.example>",
        address=BOB,
        word="HardFail",
        permanent=True,
        reason="550 no",
        said_at=str(STAMP + 0.5),
        original=RAW,
    )
    assert Postal(own=True).parse(JSON, RAW)[0].system is System.OWN


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_event_or_status_has_its_meaning(word):
    key = "event" if word.startswith("Message") else "status"
    body = (
        {"event": word, "payload": {}}
        if key == "event"
        else {"event": "x", "payload": {"status": word}}
    )
    (event,) = Postal().parse(JSON, dumps(body))
    assert (event.what, event.word) == (WORDS[word], word)


def test_a_bounce_is_about_the_message_that_was_sent():
    payload = {
        "original_message": MESSAGE,
        "bounce": {"id": 7, "direction": "incoming", "to": "x@y"},
    }
    (event,) = Postal().parse(JSON, dumps({"event": "MessageBounced", "payload": payload}))
    assert (event.what, event.provider_id, event.address) == (SignalKind.BOUNCED, "1563", BOB)


def test_what_it_could_not_hand_on_to_us_is_no_event():
    payload = {"message": MESSAGE | {"direction": "incoming"}, "status": "HardFail"}
    assert Postal().parse(JSON, dumps(FAILED | {"payload": payload})) == []


def test_a_message_that_came_in_is_read_raw_or_from_its_fields():
    raw = b"From: bob@smith.example\nIn-Reply-To: <m1@acme.example>\n\nYes.\n"
    whole = {
        "id": 9,
        "rcpt_to": "ann@acme.example",
        "message": base64.b64encode(raw).decode(),
        "base64": True,
    }
    fields = {
        "id": 9,
        "rcpt_to": "ann@acme.example",
        "mail_from": BOB,
        "in_reply_to": "<m1@acme.example>",
        "plain_body": "Yes.",
    }
    for body in (whole, whole | {"message": raw.decode(), "base64": False}, fields):
        (event,) = Postal().parse(JSON, dumps(body))
        assert (event.event_id, event.in_reply_to) == ("9", "<m1@acme.example>")
        assert (event.message.sender, event.message.text) == (BOB, "Yes.")
    away = Postal().parse(JSON, dumps(fields | {"auto_submitted": "auto-replied"}))
    assert away[0].what is SignalKind.AUTO_REPLIED
    with pytest.raises(BadEvent, match="message: is not base64"):
        Postal().parse(JSON, dumps(whole | {"message": "?"}))


def test_a_report_is_recorded_once():
    ledger, _ = on_record(provider_id="1563")
    told_once(ledger, Postal(), JSON, RAW)
