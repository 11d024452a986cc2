import base64
import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import StandardWebhooks, standard
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System
from tests.providers import (
    BOB,
    ISO,
    JSON,
    NOW,
    STAMP,
    basic_is_checked,
    dumps,
    on_record,
    told_once,
)

SECRET = base64.b64encode(b"24 bytes or more of it..").decode()
OTHER = base64.b64encode(b"another secret of theirs").decode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = "whpk_" + base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
BODY = dumps(
    {
        "type": "com.acme.letter.delivered",
        "timestamp": ISO,
        "data": {
            "address": BOB,
            "channel": "letter",
            "by": "machine",
            "provider_id": 17,
            "token": "tok",
        },
    }
)


def to_sign(body=BODY, stamp=str(STAMP)) -> bytes:
    return f"msg_1.{stamp}.".encode() + body


def v1(secret=SECRET, **more) -> str:
    made = hmac.digest(base64.b64decode(secret), to_sign(**more), hashlib.sha256)
    return "v1," + base64.b64encode(made).decode()


def v1a(**more) -> str:
    return "v1a," + base64.b64encode(PRIVATE.sign(to_sign(**more))).decode()


def headers(signature, stamp=str(STAMP)) -> dict[str, str]:
    return JSON | {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": signature,
    }


# --- authenticity ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "signature"),
    [
        (f"whsec_{SECRET}", v1()),
        (SECRET, v1()),
        (SECRET.rstrip("="), v1()),
        ((OTHER, SECRET), v1()),
        (SECRET, f"{v1(OTHER)} v9,xxxx {v1()}"),
        (PUBLIC, v1a()),
        ((PUBLIC, SECRET), f"{v1(OTHER)} {v1a()}"),
    ],
)
def test_any_of_several_signatures_by_any_of_several_keys_will_do(key, signature):
    assert StandardWebhooks(key=key).verify(headers(signature), BODY, None, NOW) is Auth.SIGNED_BODY


def test_a_fraction_in_the_header_is_signed_with_it_or_without():
    given = f"{STAMP}.25"
    for signature in (v1(), v1(stamp=given)):
        assert StandardWebhooks(key=SECRET).verify(headers(signature, given), BODY, None, NOW)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (JSON, "is not signed"),
        (headers(""), "is not signed"),
        (headers(v1(OTHER)), "not by a key"),
        (headers(v1a()), "not by a key"),
        (headers(v1(body=b"{}")), "not by a key"),
        (headers("v1,"), "not by a key"),
        (headers("v1a,?"), "not by a key"),
        (headers(" ".join(["v1,x"] * 20 + [v1()])), "not by a key"),
        (headers(v1(stamp="x"), "x"), "is no time"),
        (headers(v1(stamp="-1"), "-1"), "is no time"),
        (headers(v1(stamp=str(STAMP - 301)), str(STAMP - 301)), "too old"),
        (headers(v1(stamp=str(STAMP + 301)), str(STAMP + 301)), "ahead"),
        (headers(v1(stamp="1"), "1"), "is no time"),
    ],
)
def test_a_forged_stale_or_unsigned_request_is_unverified(given, why):
    with pytest.raises(Unverified, match=why):
        StandardWebhooks(key=SECRET).verify(given, BODY, None, NOW)


def test_a_public_key_alone_takes_no_signature_of_another():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    wrong = "v1a," + base64.b64encode(other.sign(to_sign())).decode()
    with pytest.raises(Unverified):
        StandardWebhooks(key=PUBLIC).verify(headers(wrong), BODY, None, NOW)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("?", "must be base64"),
        ("", "must be base64"),
        (f"sk_{SECRET}", "must be base64"),
        ("whpk_AAAA", "has 32 bytes"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_when_the_source_is_made(key, why):
    with pytest.raises(BadInput, match=f"key: .*{why}"):
        StandardWebhooks(key=key)


def test_credentials_are_checked_beside():
    basic_is_checked(StandardWebhooks, BODY, JSON)
    assert SECRET not in repr(StandardWebhooks(key=SECRET))


# --- reading -----------------------------------------------------------------------------------


def test_an_event_in_our_words_is_read_whole():
    assert StandardWebhooks(own=True).parse(headers(v1()), BODY) == [
        Event(
            SignalKind.DELIVERED,
            NOW,
            By.MACHINE,
            "standard",
            event_id="msg_1",
            token="tok",
            provider_id="17",
            address=BOB,
            channel=Channel.LETTER,
            word="com.acme.letter.delivered",
            said_at=ISO,
            system=System.OWN,
            original=BODY,
        )
    ]


CLOUD = {
    "specversion": "1.0",
    "id": "7",
    "source": "/post",
    "type": "letter.no-answer",
    "time": ISO,
    "data": {"call_id": "c1"},
}


def test_cloud_events_come_alone_in_a_batch_or_in_headers():
    structured = StandardWebhooks().parse(
        {"Content-Type": "application/cloudevents+json"}, dumps(CLOUD)
    )
    batch = StandardWebhooks().parse(
        {"Content-Type": "application/cloudevents-batch+json"}, dumps([CLOUD, CLOUD])
    )
    attributes = {f"CE-{name.title()}": CLOUD[name] for name in ("id", "source", "type", "time")}
    binary = StandardWebhooks().parse(JSON | attributes, b'{"call_id": "c1"}')
    for event in (*structured, *batch, *binary):
        assert (event.what, event.event_id, event.at, event.call_id) == (
            SignalKind.NO_ANSWER,
            "/post 7",
            NOW,
            "c1",
        )
    assert [e.original for e in batch] == [dumps(CLOUD)] * 2


def test_words_of_the_producer_come_before_ours_and_others_are_kept_unknown():
    source = StandardWebhooks(words={"post.arrived": SignalKind.DELIVERED})
    assert source.parse(JSON, b'{"type": "post.arrived"}')[0].what is SignalKind.DELIVERED
    (event,) = source.parse(JSON, b'[{"type": "post.lost"}]')
    assert (event.what, event.word, event.event_id) == (SignalKind.UNKNOWN, "post.lost", None)
    assert source.parse(JSON, b"{}")[0].word is None


def test_a_word_that_is_none_of_ours_is_named(monkeypatch):
    with pytest.raises(BadEvent, match=r"event 1, data\.channel: is no word of ours"):
        StandardWebhooks().parse(JSON, b'{"type": "sent", "data": {"channel": "pigeon"}}')
    monkeypatch.setattr(standard, "MAX_EVENTS", 0)
    with pytest.raises(TooLarge):
        StandardWebhooks().parse(JSON, BODY)


def test_a_report_is_recorded_once_by_the_id_that_retries_keep():
    ledger, _ = on_record(provider_id="17")
    told_once(ledger, StandardWebhooks(), headers(v1()), BODY.replace(b'"token": "tok"', b'"a": 1'))
