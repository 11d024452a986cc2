import base64
import hashlib
import hmac

import pytest

from contactledger.errors import BadEvent, BadInput, Unverified
from contactledger.events import Event
from contactledger.sources import Sweego
from contactledger.sources.sweego import WORDS
from contactledger.vocabulary import Auth, By, Channel, SignalKind
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

TOLD = {
    "event_type": "delivered",
    "timestamp": ISO,
    "swg_uid": "s-1",
    "event_id": "e-1",
    "channel": "email",
    "headers": {"x-transaction-id": "t-1", "x-contactledger": "tok", "x-none": None},
    "recipient": BOB,
}
BODY = dumps(TOLD)
KEY = base64.b64encode(b"secret").decode()


def signed(body=BODY, key=b"secret", stamp=str(STAMP), **more) -> dict[str, str]:
    made = hmac.digest(key, f"w-1.{stamp}.".encode() + body, hashlib.sha256)
    head = {"id": "w-1", "timestamp": stamp, "signature": base64.b64encode(made).decode()}
    return {f"webhook-{name}": value for name, value in (head | more).items()}


def test_a_signature_covers_the_body():
    other = base64.b64encode(b"new").decode()
    for key in (KEY, (other, KEY)):
        assert Sweego(key=key).verify(signed(), BODY, None, NOW) is Auth.SIGNED_BODY
    old = Sweego(key=KEY, tolerance_seconds=None)
    assert old.verify(signed(stamp="1"), BODY, None, NOW) is Auth.SIGNED_BODY
    basic_is_checked(Sweego, BODY, JSON)
    with pytest.raises(BadInput, match="key: must be base64"):
        Sweego(key="no secret")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "is not signed"),
        (signed(id=""), "is not signed"),
        (signed(key=b"other"), "not by a key"),
        (signed(b"{}"), "not by a key"),
        (signed(signature="v1," + signed()["webhook-signature"]), "not by a key"),
        (signed(stamp=str(STAMP - 301)), "too old"),
        (signed(stamp="soon"), "is no time"),
    ],
)
def test_a_forged_stale_or_unsigned_request_is_unverified(headers, why):
    with pytest.raises(Unverified, match=why):
        Sweego(key=KEY).verify(headers, BODY, None, NOW)


def test_a_delivery_is_read_whole():
    assert Sweego().parse(JSON, BODY) == [
        Event(
            SignalKind.DELIVERED,
            NOW,
            By.UNKNOWN,
            "sweego",
            event_id="e-1",
            token="tok",
            provider_id="t-1",
            address=BOB,
            word="delivered",
            said_at=ISO,
            original=BODY,
        )
    ]


def test_an_sms_is_named_by_its_own_id():
    told = {"event_type": "sms_sent", "swg_uid": "s-2", "channel": "sms", "phone_number": "49"}
    (event,) = Sweego().parse(JSON, dumps(told))
    assert (event.what, event.channel, event.address, event.provider_id) == (
        SignalKind.SENT, Channel.SMS, "49", "s-2",
    )  # fmt: skip


@pytest.mark.parametrize("word", [*sorted(WORDS), "lost"])
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = Sweego().parse(JSON, dumps({"event_type": word}))
    assert (event.what, event.word) == (WORDS.get(word, SignalKind.UNKNOWN), word)


def test_what_is_no_event_is_refused_by_name():
    with pytest.raises(BadEvent, match="event_type: is missing"):
        Sweego().parse(JSON, b"{}")


def test_a_report_is_told_once():
    ledger, _ = on_record(provider_id="t-1")
    told_once(ledger, Sweego(), JSON, dumps({**TOLD, "headers": {"x-transaction-id": "t-1"}}))
