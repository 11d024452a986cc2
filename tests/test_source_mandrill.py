import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from contactledger.errors import BadEvent, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import Mandrill, mandrill
from contactledger.sources.mandrill import WORDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.providers import (
    BOB,
    FORM,
    JSON,
    NOW,
    STAMP,
    authorization,
    basic_is_checked,
    on_record,
    told_once,
)

URL = "https://acme.example/hooks/mandrill"
EVENTS = (
    '[{"event":"hard_bounce","ts":1772452800,"_id":"m-1","msg":{"_id":"m-1","email":"bob@smith.example",'
    '"diag":"550 no such user","metadata":{"contactledger":"tok"}}},'
    ' {"type":"blacklist","action":"add","reject":{"email":"bob@smith.example","reason":"manual"}}]'
)
MULTIPART = {"Content-Type": 'multipart/form-data; boundary="b b"'}


def form(events=EVENTS) -> bytes:
    return urlencode({"mandrill_events": events}).encode()


def signed(events=EVENTS, url=URL, key="key-1") -> dict[str, str]:
    made = hmac.digest(key.encode(), f"{url}mandrill_events{events}".encode(), hashlib.sha1)
    return FORM | {"X-Mandrill-Signature": base64.b64encode(made).decode()}


def test_the_signature_covers_address_and_form():
    for key in ("key-1", ("new", "key-1")):
        assert Mandrill(key=key).verify(signed(), form(), URL, NOW) is Auth.SIGNED_BODY
    basic_is_checked(Mandrill, form(), FORM, URL)


def test_a_form_in_parts_is_signed_alike():
    parts = f'--b b\r\nContent-Disposition: form-data; name="mandrill_events"\r\n\r\n{EVENTS}\r\n--b b--\r\n'
    headers = signed() | MULTIPART
    assert Mandrill(key="key-1").verify(headers, parts.encode(), URL, NOW) is Auth.SIGNED_BODY
    assert len(Mandrill().parse(headers, parts.encode())) == 2


def test_credentials_within_the_address_are_signed_with_it():
    within = URL.replace("://", "://acme:s3cret@")
    source = Mandrill(key="key-1", basic="acme:s3cret")
    for url in (URL, within):
        headers = signed(url=within) | authorization("acme:s3cret")
        assert source.verify(headers, form(), url, NOW) is Auth.SIGNED_BODY
    with pytest.raises(Unverified):
        source.verify(signed(url=within), form(), within, NOW)


@pytest.mark.parametrize(
    ("headers", "body", "url", "why"),
    [
        (FORM, form(), URL, "is not signed"),
        (signed(), form(), None, "the address it was posted to is needed"),
        (signed(), form(), "https://[", "not by a key"),
        (signed(), form(), URL + "/", "not by a key"),
        (signed(), form("[]"), URL, "not by a key"),
        (signed(key="other"), form(), URL, "not by a key"),
        (signed() | JSON, form(), URL, "is no form"),
        (signed() | MULTIPART, b"--b b\r\n", URL, "is no form"),
    ],
)
def test_a_forged_or_unsigned_request_is_unverified(headers, body, url, why):
    with pytest.raises(Unverified, match=why):
        Mandrill(key="key-1").verify(headers, body, url, NOW)


def test_a_batch_is_read_whole():
    first, second = EVENTS[1:-1].split(", {")
    assert Mandrill().parse(FORM, form()) == [
        Event(
            SignalKind.BOUNCED,
            NOW,
            source="mandrill",
            token="tok",
            provider_id="m-1",
            address=BOB,
            word="hard_bounce",
            permanent=True,
            reason="550 no such user",
            said_at=str(STAMP),
            original=first.encode(),
        ),
        Event(
            SignalKind.UNKNOWN,
            source="mandrill",
            address=BOB,
            word="blacklist",
            reason="manual",
            original=b"{" + second.encode(),
        ),
    ]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = Mandrill().parse(FORM, form(f'[{{"event":"{word}"}}]'))
    assert (event.what, event.word, event.by) == (WORDS[word], word, By.UNKNOWN)


def test_a_message_that_came_in_is_read_by_the_rules_of_mail():
    raw = "From: bob@smith.example\\nIn-Reply-To: <m1@acme.example>\\n\\nYes.\\n"
    (event,) = Mandrill().parse(
        FORM, form(f'[{{"event":"inbound","ts":1,"msg":{{"raw_msg":"{raw}"}}}}]')
    )
    assert (event.in_reply_to, event.message.text) == ("<m1@acme.example>", "Yes.")


def test_a_form_without_events_or_with_a_bad_one_is_named(monkeypatch):
    with pytest.raises(BadEvent, match="mandrill_events: is missing"):
        Mandrill().parse(FORM, b"a=b")
    with pytest.raises(BadEvent, match="event 1, msg: must be a JSON object"):
        Mandrill().parse(FORM, form('[{"event":"open","msg":5}]'))
    monkeypatch.setattr(mandrill, "MAX_EVENTS", 1)
    with pytest.raises(TooLarge):
        Mandrill().parse(FORM, form())


def test_a_report_is_recorded_once():
    ledger, _ = on_record(provider_id="m-1")
    told_once(ledger, Mandrill(), FORM, form(EVENTS[: EVENTS.index(", {")] + "]"))
