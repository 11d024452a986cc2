import hashlib
import hmac
import json
from base64 import urlsafe_b64encode

import pytest

from contactledger.errors import BadEvent, Unverified
from contactledger.events import Event, Incoming
from contactledger.sources import Vonage
from contactledger.sources.vonage import WORDS
from contactledger.vocabulary import Auth, By, Channel, SignalKind
from tests.providers import ISO, JSON, NOW, STAMP, basic_is_checked, dumps, on_record, told_once

TOLD = {
    "message_uuid": "v-1",
    "to": "15550111",
    "from": "15550100",
    "timestamp": ISO,
    "status": "undeliverable",
    "error": {"title": 1260, "detail": "Destination unreachable"},
    "channel": "sms",
    "client_ref": "tok",
}


def coded(value) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def bearer(body, key="secret", alg="HS256", **claims) -> dict[str, str]:
    said = {"iat": STAMP, "payload_hash": hashlib.sha256(body).hexdigest()} | claims
    said = {name: value for name, value in said.items() if value is not None}
    signed = f"{coded(dumps({'alg': alg, 'typ': 'JWT'}))}.{coded(dumps(said))}"
    made = coded(hmac.digest(key.encode(), signed.encode(), "sha256"))
    return {"Authorization": f"Bearer {signed}.{made}"}


def test_a_token_over_the_body_is_a_signature_and_one_without_is_half_of_one():
    body = dumps(TOLD)
    for key in ("secret", ("new", "secret")):
        assert Vonage(key=key).verify(bearer(body), body, None, NOW) is Auth.SIGNED_BODY
    bare = bearer(body, payload_hash=None)
    assert Vonage(key="secret").verify(bare, body, None, NOW) is Auth.SIGNED_PART
    old = bearer(body, iat=1)
    assert Vonage(key="secret", tolerance_seconds=None).verify(old, body, None, NOW)
    basic_is_checked(Vonage, body, JSON)


BODY = dumps(TOLD)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "is not signed"),
        ({"Authorization": "Basic YTpi"}, "is not signed"),
        ({"Authorization": "Bearer a.b"}, "is not signed"),
        ({"Authorization": "Bearer " + "a" * 5_000 + ".b.c"}, "is not signed"),
        ({"Authorization": "Bearer a.b.c"}, "cannot be read"),
        ({"Authorization": "Bearer ä.b.c"}, "cannot be read"),
        (bearer(BODY, "other"), "not by a key"),
        (bearer(BODY, alg="none"), "not by a key"),
        (bearer(b"{}"), "for another body"),
        (bearer(BODY, payload_hash=5), "for another body"),
        (bearer(BODY, iat=STAMP - 26 * 3600), "too old"),
        (bearer(BODY, iat=None), "is no time"),
    ],
)
def test_a_forged_stale_or_unsigned_request_is_unverified(headers, why):
    with pytest.raises(Unverified, match=why):
        Vonage(key="secret").verify(headers, BODY, None, NOW)


def test_a_report_is_read_whole():
    assert Vonage().parse(JSON, BODY) == [
        Event(
            SignalKind.BOUNCED,
            NOW,
            By.UNKNOWN,
            "vonage",
            event_id="v-1 undeliverable",
            token="tok",
            provider_id="v-1",
            address="15550111",
            channel=Channel.SMS,
            word="undeliverable",
            reason="Destination unreachable",
            said_at=ISO,
            original=BODY,
        )
    ]


def test_a_message_that_came_in_is_the_others():
    came = {"message_uuid": "v-2", "from": "15550111", "to": "15550100", "channel": "whatsapp"}
    (event,) = Vonage().parse(JSON, dumps(came | {"message_type": "text", "text": "Yes."}))
    assert (event.what, event.channel, event.address, event.provider_id, event.event_id) == (
        SignalKind.DELIVERED, Channel.CHAT, "15550111", None, "v-2",
    )  # fmt: skip
    assert event.message == Incoming("15550111", ("15550100",), text="Yes.")
    (nobody,) = Vonage().parse(JSON, dumps({"message_uuid": "v-3", "timestamp": {}}))
    assert (nobody.what, nobody.message, nobody.at) == (SignalKind.UNKNOWN, None, None)


@pytest.mark.parametrize("word", [*sorted(WORDS), "lost"])
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = Vonage().parse(JSON, dumps(TOLD | {"status": word, "error": {"title": 1260}}))
    assert (event.what, event.word) == (WORDS.get(word, SignalKind.UNKNOWN), word)
    assert event.reason == "1260"


@pytest.mark.parametrize(
    ("told", "field"),
    [({"status": "read"}, "message_uuid"), (TOLD | {"timestamp": "soon"}, "timestamp")],
)
def test_what_is_no_report_is_refused_by_name(told, field):
    with pytest.raises(BadEvent) as refused:
        Vonage().parse(JSON, json.dumps(told).encode())
    assert refused.value.field == field


def test_a_report_is_told_once():
    ledger, _ = on_record(provider_id="v-1")
    told_once(ledger, Vonage(), JSON, dumps({**TOLD, "client_ref": ""}))
