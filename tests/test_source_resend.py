import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from contactledger.errors import Unverified
from contactledger.events import Event
from contactledger.sources import Resend
from contactledger.sources.resend import WORDS
from contactledger.vocabulary import Auth, By, SignalKind
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

SECRET = base64.b64encode(b"resend-signing-secret").decode()
KEY = f"whsec_{SECRET}"


def body(word="email.clicked", **data) -> bytes:
    data = {"email_id": "m-1", "to": [f"Bob Ray <{BOB}>"]} | data
    return dumps({"type": word, "created_at": ISO, "data": data})


def signed(raw, stamp=str(STAMP), id_="msg_1", prefix="svix") -> dict[str, str]:
    made = hmac.digest(base64.b64decode(SECRET), f"{id_}.{stamp}.".encode() + raw, hashlib.sha256)
    signature = "v1," + base64.b64encode(made).decode()
    return JSON | {
        f"{prefix}-id": id_,
        f"{prefix}-timestamp": stamp,
        f"{prefix}-signature": signature,
    }


def test_the_signature_covers_id_time_and_body():
    raw = body()
    for prefix in ("svix", "webhook"):
        assert (
            Resend(key=KEY).verify(signed(raw, prefix=prefix), raw, None, NOW) is Auth.SIGNED_BODY
        )
    basic_is_checked(Resend, raw, JSON)


def test_the_attempt_is_judged_by_its_own_time_not_the_events():
    raw = body()
    late = NOW + timedelta(days=2)  # a retry, signed anew
    again = signed(raw, str(STAMP + 2 * 86400))
    assert Resend(key=KEY).verify(again, raw, None, late) is Auth.SIGNED_BODY
    for now in (late, NOW - timedelta(seconds=301)):
        with pytest.raises(Unverified, match="too old, or ahead"):
            Resend(key=KEY).verify(signed(raw), raw, None, now)
    assert Resend(key=KEY, tolerance_seconds=None).verify(signed(raw), raw, None, late)
    with pytest.raises(Unverified, match="not by a key"):
        Resend(key=KEY).verify(signed(raw), raw + b" ", None, NOW)


def test_a_click_is_read_whole():
    click = {"link": "https://acme.example/x", "ipAddress": "192.0.2.7", "userAgent": "Mozilla/5.0"}
    headers = [
        {"name": "Message-ID", "value": "<m1@acme.example>"},
        {"name": "X-Contactledger", "value": "tok"},
    ]
    raw = body(click=click, headers=headers)
    assert Resend().parse({"svix-id": "msg_1"}, raw) == [
        Event(
            SignalKind.CLICKED,
            NOW,
            By.UNKNOWN,
            "resend",
            event_id="msg_1",
            token="tok",
            provider_id="m-1",
            message_id="<m1@acme.example>",
            address=BOB,
            word="email.clicked",
            said_at=ISO,
            url="https://acme.example/x",
            ip="192.0.2.7",
            user_agent="Mozilla/5.0",
            original=raw,
        )
    ]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = Resend().parse(JSON, body(word))
    assert (event.what, event.word) == (WORDS[word], word)


def test_a_bounce_says_whether_it_is_final_and_why():
    (event,) = Resend().parse(
        JSON, body("email.bounced", bounce={"type": "Transient", "message": "full"})
    )
    assert (event.permanent, event.reason) == (False, "full")
    assert (
        Resend().parse(JSON, body("email.failed", failed={"reason": "quota"}))[0].reason == "quota"
    )
    assert (
        Resend().parse(JSON, body("email.suppressed", suppressed={"type": "OnList"}))[0].reason
        == "OnList"
    )


def test_of_several_recipients_none_is_identified():
    (event,) = Resend().parse(JSON, body("email.opened", to=[BOB, "carla@smith.example"]))
    assert event.address is None
    assert Resend().parse(JSON, b"{}")[0].address is None


def test_the_token_may_be_a_tag_in_either_form():
    for tags in ({"contactledger": "tok"}, [{"name": "contactledger", "value": "tok"}]):
        assert Resend().parse(JSON, body(tags=tags))[0].token == "tok"


def test_a_message_that_came_in_is_kept_unknown_and_matched_to_nothing():
    (event,) = Resend().parse(
        JSON, body("email.received", message_id="<r1@smith.example>", tags={"contactledger": "t"})
    )
    assert (event.what, event.message, event.address, event.message_id, event.token) == (
        SignalKind.UNKNOWN, None, None, None, None,
    )  # fmt: skip


def test_a_report_is_recorded_once_by_the_id_that_retries_keep():
    ledger, touch = on_record(provider_id="m-1")
    told_once(ledger, Resend(), JSON | {"svix-id": "msg_1"}, body("email.delivered"))
    several = body("email.opened", to=[BOB, "carla@smith.example"])
    (entry,) = ledger.receive(Resend(), JSON | {"svix-id": "msg_2"}, several).recorded
    assert (entry.fact.touch, entry.fact.person) == (touch.id, None)
