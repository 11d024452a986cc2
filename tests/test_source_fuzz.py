"""Whatever the bytes are, a source gives events or one error of the tree, in linear time."""

import json
import time
from base64 import b64decode
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import sources
from contactledger.errors import BadEvent, TooLarge, Unverified
from contactledger.events import Event

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "https://acme.example/hook?bodySHA256=00"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=BoUnDaRyStRiNg"}
JSON = {"Content-Type": "application/json"}
SVIX = {"svix-id": "a", "svix-timestamp": "1", "svix-signature": "v1,eA=="}
SIGNED = SVIX | {
    "Signature": "00",
    "Mailtrap-Signature": "00",
    "X-Mandrill-Signature": "00",
    "X-Twilio-Signature": "00",
}

FORMS = {"mandrill", "sendgrid_inbound", "twilio"}
"""Sources whose bodies are forms."""

SOURCES = {
    "amazon_ses": sources.AmazonSES(topics="arn:x"),
    "brevo": sources.Brevo(bearer="x"),
    "mailersend": sources.MailerSend(key="x"),
    "mailgun": sources.Mailgun(key="x"),
    "mailjet": sources.Mailjet(),
    "mailtrap": sources.Mailtrap(key="x"),
    "mandrill": sources.Mandrill(key="x"),
    "postal": sources.Postal(),
    "postmark": sources.Postmark(),
    "resend": sources.Resend(key="eA=="),
    "sendgrid_inbound": sources.SendGridInbound(),
    "sparkpost": sources.SparkPost(),
    "unisender_go": sources.UnisenderGo(key="x"),
    "mailomat": sources.Mailomat(key="x"),
    "sweego": sources.Sweego(key="eA=="),
    "vonage": sources.Vonage(key="x"),
    "twilio_log": sources.TwilioLog(),
    "twilio": sources.Twilio(key="x"),
    "standard": sources.StandardWebhooks(key="eA=="),
}

GENUINE: dict[str, list[bytes]] = {
    "mailomat": [
        (
            b'{"id":"e","eventType":"clicked","occurredAt":"2026-03-02T12:00:00+00:00","messageId":'
            b'"m@a.example","recipient":"b@s.example","payload":{"url":"https://a.example",'
            b'"client":{"ip":"192.0.2.7","user-agent":"x"}}}'
        )
    ],
    "sweego": [
        (
            b'{"event_type":"delivered","timestamp":"2026-03-02T12:00:00+00:00","swg_uid":"s",'
            b'"channel":"sms","headers":{"x-transaction-id":"t"},"recipient":"b@s.example"}'
        )
    ],
    "vonage": [
        (
            b'{"message_uuid":"v","to":"49","from":"1","timestamp":"2026-03-02T12:00:00Z","status":'
            b'"rejected","error":{"title":1000,"detail":"no"},"channel":"sms","client_ref":"t"}'
        )
    ],
    "twilio_log": [
        (
            b'{"calls":[{"sid":"CA1","status":"busy","from":"+1","to":"+2","direction":"inbound",'
            b'"start_time":"Mon, 02 Mar 2026 12:00:00 +0000"},{"sid":"CA2","status":"completed",'
            b'"answered_by":"human","from":"+1","to":"+2","direction":"outbound-api"}],"page":0}'
        )
    ],
    "amazon_ses": [
        (
            b'{"Type":"Notification","TopicArn":"arn:x","Message":"{\\"eventType\\":\\"Bounce\\",'
            b'\\"bounce\\":{\\"bouncedRecipients\\":[{\\"emailAddress\\":\\"b@s.example\\"}],'
            b'\\"timestamp\\":\\"2026-03-02T12:00:00Z\\"},\\"mail\\":{\\"messageId\\":\\"m\\"}}"}'
        )
    ],
    "twilio": [
        (
            b"CallSid=CA1&CallStatus=completed&From=%2B1555&To=%2B1666&AnsweredBy=human"
            b"&Timestamp=Mon%2C+02+Mar+2026+12%3A00%3A00+%2B0000"
        ),
        b"MessageSid=SM1&SmsStatus=received&From=whatsapp%3A%2B1&Body=Yes",
    ],
    "sendgrid_inbound": [
        b"headers=From%3A+b%40s.example%0AX%3A+y&text=Yes&charsets=%7B%22text%22%3A%22utf-16%22%7D",
        b"email=From%3A+b%40s.example%0A%0AYes",
    ],
    "standard": [
        (
            b'[{"specversion":"1.0","id":"1","source":"/x","type":"a.opened","time":'
            b'"2026-03-02T12:00:00Z","data":{"by":"human","channel":"sms","permanent":true}}]'
        )
    ],
}
"""Bodies written for this test, for the sources of which the corpora hold few or none."""

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpora" / "webhooks_anymail"


def bodies(name: str) -> list[bytes]:
    found = list(GENUINE.get(name, []))
    if CORPUS.is_dir():
        for line in (CORPUS / "cases.jsonl").read_text("utf-8").splitlines():
            case = json.loads(line)
            if case["esp"] == name:
                b64 = case.get("body_b64")
                found.append(b64decode(b64) if b64 else case["body"].encode())
    return found


def headers_for(name: str, body: bytes) -> dict[str, str]:
    if body.startswith(b"--"):
        return PARTS
    return FORM if name in FORMS else JSON


def put(name: str, headers: dict[str, str], body: bytes) -> None:
    with suppress(Unverified, TooLarge):
        SOURCES[name].verify(headers | SIGNED, body, URL, NOW)
    try:
        events = SOURCES[name].parse(headers, body)
    except (BadEvent, TooLarge):
        return
    assert {type(event) for event in events} <= {Event}
    for event in events:  # what is given can be stored and shown
        for text in (event.address, event.reason, event.word, event.token, event.event_id):
            assert text is None or text.encode("utf-8").decode() == text


JUNK = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"null", b"[]", b"{}", b'"', b"1e999", b"-1", b"true", b"\\ud800", b"\xff", b""]
    ),
)


@pytest.mark.parametrize("name", sorted(SOURCES))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_mutated_body_is_events_or_one_error(name, data):
    found = bodies(name) or [b"[]"]
    body = data.draw(st.sampled_from(found))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(start, min(len(body), start + 30)))
        body = body[:start] + data.draw(JUNK) + body[end:]
    put(name, headers_for(name, body), body)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


def keys_of(value: object) -> list[tuple[object, object]]:
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value if isinstance(value, list) else [])
    )
    return [(value, key) for key, _ in pairs] + [p for _, inner in pairs for p in keys_of(inner)]


@pytest.mark.parametrize("name", sorted(set(SOURCES) - FORMS))
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_field_of_another_kind_is_read_or_named(name, data):
    found = [body for body in bodies(name) or [b"[{}]"] if body[:1] in (b"{", b"[")]
    whole = json.loads(data.draw(st.sampled_from(found)))
    places = keys_of(whole)
    if places:
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(VALUES)
    put(name, JSON, json.dumps(whole).encode())


BOMBS = {
    "deep arrays": b"[" * 500_000,
    "deep objects": b'{"a":' * 200_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "an open string": b'{"a": "' + b"\\" * 1_000_000,
    "one long string": b'[{"event": "' + b"x" * 1_000_000 + b'"}]',
    "many keys": b'{"events": [{' + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}]}",
    "many names": b"a=1&" * 200_000,
    "many blanks": b" " * 1_000_000,
    "digits": b'[{"time": ' + b"9" * 4_000 + b"}]",
    "borders": b"\r\n--BoUnDaRyStRiNg" * 60_000,
}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_bomb_takes_no_longer_than_its_size(name):
    start = time.process_time()
    for bomb in BOMBS.values():
        for headers in (JSON, FORM, PARTS):
            put(name, headers, bomb[:1_000_000])
    assert time.process_time() - start < 20
