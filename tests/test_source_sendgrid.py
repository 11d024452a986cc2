import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import SendGrid, sendgrid
from contactledger.sources.sendgrid import message_of
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
STAMP = 1767268800  # NOW
BODY = b'[{"email":"bob@smith.example","event":"delivered","timestamp":1767268800}]\r\n'
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def public(key, *, pem=False):
    if pem:
        return (
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signed(body=BODY, stamp=str(STAMP), key=KEY):
    signature = key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def parse_one(**fields) -> Event:
    body = orjson.dumps([{"timestamp": STAMP, "event": "open"} | fields])
    return SendGrid().parse({}, body)[0]


# --- authenticity ----------------------------------------------------------------------------


def test_a_signature_over_timestamp_and_raw_body_is_a_signed_body():
    assert SendGrid(key=public(KEY)).verify(signed(), BODY, None, NOW) is Auth.SIGNED_BODY


def test_a_key_in_pem_will_do_and_one_broken_over_lines():
    assert SendGrid(key=public(KEY, pem=True)).verify(signed(), BODY, None, NOW) is Auth.SIGNED_BODY
    folded = public(KEY)[:64] + "\n" + public(KEY)[64:]
    assert SendGrid(key=folded).verify(signed(), BODY, None, NOW) is Auth.SIGNED_BODY


def test_while_keys_are_exchanged_either_will_do():
    both = SendGrid(key=(public(OTHER), public(KEY)))
    assert both.verify(signed(), BODY, None, NOW) is Auth.SIGNED_BODY
    assert both.verify(signed(key=OTHER), BODY, None, NOW) is Auth.SIGNED_BODY


def test_header_names_may_be_written_in_any_case():
    lower = {name.lower(): value for name, value in signed().items()}
    upper = {name.upper(): value for name, value in signed().items()}
    for headers in (lower, upper):
        assert SendGrid(key=public(KEY)).verify(headers, BODY, None, NOW) is Auth.SIGNED_BODY


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({}, BODY, "is not signed"),
        (signed() | {"X-Twilio-Email-Event-Webhook-Timestamp": ""}, BODY, "is not signed"),
        (signed() | {"X-Twilio-Email-Event-Webhook-Signature": ""}, BODY, "is not signed"),
        (signed(), BODY.rstrip(), "not by a key"),
        (signed(key=OTHER), BODY, "not by a key"),
        (signed() | {"X-Twilio-Email-Event-Webhook-Timestamp": "1767268801"}, BODY, "not by a key"),
        (signed() | {"X-Twilio-Email-Event-Webhook-Signature": "no base64"}, BODY, "not by a key"),
        (signed() | {"X-Twilio-Email-Event-Webhook-Signature": "é"}, BODY, "not by a key"),
        (
            signed() | {"X-Twilio-Email-Event-Webhook-Signature": "aW52YWxpZA=="},
            BODY,
            "not by a key",
        ),
        (signed() | {"X-Twilio-Email-Event-Webhook-Timestamp": "\udc80"}, BODY, "not by a key"),
        (signed(stamp="yesterday"), BODY, "is no time"),
    ],
)
def test_a_forged_or_unsigned_request_is_unverified(headers, body, why):
    with pytest.raises(Unverified, match=why):
        SendGrid(key=public(KEY)).verify(headers, body, None, NOW)


@given(at=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
@settings(max_examples=60)
def test_one_flipped_bit_of_the_body_breaks_the_signature(at, bit):
    flipped = bytearray(BODY)
    flipped[at] ^= 1 << bit
    with pytest.raises(Unverified):
        SendGrid(key=public(KEY)).verify(signed(), bytes(flipped), None, NOW)


@pytest.mark.parametrize(
    ("late", "holds"),
    [
        (timedelta(hours=25), True),
        (timedelta(hours=25, seconds=1), False),
        (timedelta(hours=-1), True),
        (timedelta(hours=-1, seconds=-1), False),
    ],
)
def test_a_signature_holds_for_the_day_in_which_sendgrid_tries_again_and_an_hour_ahead(late, holds):
    source = SendGrid(key=public(KEY))
    if holds:
        assert source.verify(signed(), BODY, None, NOW + late) is Auth.SIGNED_BODY
    else:
        with pytest.raises(Unverified, match="too old, or ahead"):
            source.verify(signed(), BODY, None, NOW + late)


def test_without_a_tolerance_the_timestamp_may_be_any_text():
    source = SendGrid(key=public(KEY), tolerance_seconds=None)
    assert source.verify(signed(stamp="long ago"), BODY, None, NOW) is Auth.SIGNED_BODY


def test_without_a_key_nothing_is_proven_and_everything_taken():
    assert SendGrid().verify({}, BODY, None, NOW) is Auth.NONE


def test_credentials_alone_are_basic_and_beside_a_key_both_must_hold():
    headers = {"Authorization": "Basic " + base64.b64encode(b"acme:s3cret").decode()}
    alone = SendGrid(basic=("old:gone", "acme:s3cret"))
    both = SendGrid(key=public(KEY), basic="acme:s3cret")
    assert alone.verify(headers, BODY, None, NOW) is Auth.BASIC
    assert both.verify(headers | signed(), BODY, None, NOW) is Auth.SIGNED_BODY
    for source in (alone, both):
        with pytest.raises(Unverified, match="credentials are missing or wrong"):
            source.verify(signed(), BODY, None, NOW)


@pytest.mark.parametrize(
    "given", ["Basic", "Basic !", "Bearer YWNtZTpzM2NyZXQ=", "Basic YWNtZTpzM2NyZQ=="]
)
def test_other_credentials_do_not_hold(given):
    with pytest.raises(Unverified):
        SendGrid(basic="acme:s3cret").verify({"authorization": given}, BODY, None, NOW)


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("no key", "is no public key in PEM or base64 DER"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is no public key"),
        (
            public(ec.generate_private_key(ec.SECP384R1())),
            "must be an ECDSA key on the curve P-256",
        ),
        (public(ed25519.Ed25519PrivateKey.generate()), "must be an ECDSA key on the curve P-256"),
    ],
    ids=["text", "broken-pem", "another-curve", "another-scheme"],
)
def test_a_key_that_cannot_be_used_is_refused_when_the_source_is_made(key, why):
    with pytest.raises(BadInput, match=f"SendGrid.key: {why}"):
        SendGrid(key=key)


def test_credentials_without_a_colon_are_refused_when_the_source_is_made():
    with pytest.raises(BadInput, match=r"SendGrid\.basic: must read"):
        SendGrid(basic="s3cret")


def test_repr_shows_neither_keys_nor_credentials():
    shown = repr(SendGrid(key=public(KEY), basic="acme:s3cret"))
    assert shown == "SendGrid(tolerance_seconds=90000, token_arg='contactledger')"


# --- reading ---------------------------------------------------------------------------------


def test_an_event_is_read_whole():
    raw = (
        b'{"email":"bob@smith.example","timestamp":1767268800,"event":"bounce","type":"bounce",'
        b'"sg_event_id":"e1","sg_message_id":"abc.filter0425p1.1.2.0","smtp-id":"<m@acme.example>",'
        b'"reason":"550 5.1.1 no such user","ip":"192.0.2.7","contactledger":"tok"}'
    )
    assert SendGrid().parse(
        {"Content-Type": "application/json; charset=utf-8"}, b"[" + raw + b"]"
    ) == [
        Event(
            SignalKind.BOUNCED,
            NOW,
            By.UNKNOWN,
            "sendgrid",
            event_id="e1",
            token="tok",
            provider_id="abc",
            message_id="<m@acme.example>",
            address="bob@smith.example",
            channel=Channel.EMAIL,
            word="bounce",
            permanent=True,
            reason="550 5.1.1 no such user",
            said_at="1767268800",
            ip="192.0.2.7",
            system=System.THIRD,
            original=raw,
        )
    ]


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("processed", SignalKind.QUEUED),
        ("dropped", SignalKind.REJECTED),
        ("delivered", SignalKind.DELIVERED),
        ("deferred", SignalKind.DEFERRED),
        ("bounce", SignalKind.BOUNCED),
        ("open", SignalKind.OPENED),
        ("click", SignalKind.CLICKED),
        ("spamreport", SignalKind.COMPLAINED),
        ("unsubscribe", SignalKind.UNSUBSCRIBED),
        ("group_unsubscribe", SignalKind.UNSUBSCRIBED),
        ("group_resubscribe", SignalKind.UNKNOWN),
        ("a word to come", SignalKind.UNKNOWN),
    ],
)
def test_each_word_has_its_meaning_and_is_kept(word, what):
    event = parse_one(event=word)
    assert (event.what, event.word, event.by) == (what, word, By.UNKNOWN)


@pytest.mark.parametrize(
    ("mark", "by", "detector"),
    [
        (True, By.MACHINE, "sendgrid:sg_machine_open"),
        ("true", By.MACHINE, "sendgrid:sg_machine_open"),
        (False, By.UNKNOWN, None),
        (None, By.UNKNOWN, None),
    ],
)
def test_an_open_is_a_machines_if_marked_and_else_nobody_knows_whose(mark, by, detector):
    event = parse_one(event="open", sg_machine_open=mark)
    assert (event.by, event.detector) == (by, detector)


def test_the_machine_mark_counts_on_opens_alone():
    assert parse_one(event="click", sg_machine_open=True).by is By.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "permanent"), [("bounce", True), ("blocked", False), ("expired", None), (None, None)]
)
def test_a_bounce_is_final_a_block_for_a_while_and_else_sendgrid_is_silent(kind, permanent):
    assert parse_one(event="bounce", type=kind).permanent is permanent


@pytest.mark.parametrize(
    ("sent_as", "own"),
    [
        ("wrfRRvF7Q0GgwUo2CvDmEA.filter0425p1mdw1.13037.57168B4A1D.0", "wrfRRvF7Q0GgwUo2CvDmEA"),
        (
            "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
            "LRzXl_NHStOGhQ4kofSm_A",
        ),
        ("abc.recvd-canary-5ff6d4fb8f-qkz4r-1-63E3C0A1-15.0", "abc"),
        ("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "14c5d75ce93.dfd.64b469"),
        ("abc.geopod-ismtpd-1.0", "abc"),
        ("abc", "abc"),
        ("filter0093p1las1.9128.5717FB8127.0", "filter0093p1las1.9128.5717FB8127.0"),
        (".filter0093p1las1.9128", ".filter0093p1las1.9128"),
    ],
)
def test_sendgrids_own_message_id_ends_where_its_machines_begin(sent_as, own):
    assert message_of(sent_as) == own


def test_texts_that_are_empty_are_not_there_and_an_id_gets_its_brackets():
    event = parse_one(
        **{
            "email": "",
            "sg_event_id": "",
            "sg_message_id": "",
            "reason": "",
            "smtp-id": "m@acme.example",
        }
    )
    assert (event.address, event.event_id, event.provider_id, event.reason) == (None,) * 4
    assert event.message_id == "<m@acme.example>"
    assert parse_one(**{"smtp-id": ""}).message_id is None


def test_the_response_stands_where_there_is_no_reason():
    assert parse_one(event="delivered", response="250 OK").reason == "250 OK"


def test_the_custom_argument_of_the_token_can_be_named():
    body = orjson.dumps([{"event": "open", "timestamp": STAMP, "touch": 17}])
    assert SendGrid(token_arg="touch").parse({}, body)[0].token == "17"
    assert SendGrid().parse({}, body)[0].token is None


def test_a_batch_keeps_order_and_gives_each_event_its_own_bytes():
    first = b'{"event":"open", "timestamp": 1767268800}'
    second = b'{"timestamp":1767268801,"event":"click","url_offset":{"index":0,"type":"html"}}'
    events = SendGrid().parse({}, b"[\r\n" + first + b",\r\n" + second + b"\r\n]\r\n")
    assert [event.original for event in events] == [first, second]
    assert [event.at for event in events] == [NOW, NOW + timedelta(seconds=1)]


def test_seconds_may_have_a_fraction_or_be_text_and_the_original_text_is_kept():
    assert parse_one(timestamp=1767268800.5).at == NOW + timedelta(milliseconds=500)
    event = parse_one(timestamp="1767268800")
    assert (event.at, event.said_at) == (NOW, "1767268800")


def test_what_cannot_be_shown_safely_is_replaced_and_stays_in_the_original():
    raw = rb'{"event":"click","timestamp":1767268800,"reason":"a\u0000b\u202ec\ud83d d","url":"x"}'
    event = SendGrid().parse({}, b"[" + raw + b"]")[0]
    assert (event.reason, event.original) == ("a\ufffdb\ufffdc\ufffd d", raw)
    event = SendGrid().parse({}, '[{"event":"\u2066","timestamp":1767268800}]'.encode())[0]
    assert event.word == "\ufffd"


def test_nothing_of_the_requests_credentials_is_kept():
    headers = {
        "Authorization": "Basic YWNtZTpzM2NyZXQ=",
        "content-type": "application/json",
    } | signed()
    event = SendGrid(basic="acme:s3cret").parse(headers, BODY)[0]
    assert "s3cret" not in repr(event)
    assert "YWNt" not in repr(event)


@pytest.mark.parametrize(
    "name", ["email", "sg_event_id", "smtp-id", "reason", "url", "ip", "useragent"]
)
def test_a_field_that_is_no_text_is_named(name):
    body = orjson.dumps(
        [{"event": "open", "timestamp": STAMP}] * 6 + [{"event": "open", name: [1]}]
    )
    with pytest.raises(BadEvent) as caught:
        SendGrid().parse({}, body)
    assert (caught.value.place, caught.value.field) == ("event 7", name)


def test_too_many_events_are_refused(monkeypatch):
    monkeypatch.setattr(sendgrid, "MAX_EVENTS", 1)
    with pytest.raises(TooLarge, match="2 events are over the 1 read at once"):
        SendGrid().parse({}, b'[{"event":"open"},{}]')


def test_a_body_over_the_bound_is_refused_before_it_is_hashed_or_read():
    large = bytes(100_000_000)
    with pytest.raises(TooLarge, match="body: a body of 100000000 bytes is over the 4194304"):
        SendGrid().parse({}, large)
    with pytest.raises(TooLarge):
        SendGrid(key=public(KEY)).verify(signed(), large, None, NOW)


def test_another_content_type_is_refused():
    with pytest.raises(BadEvent, match="Content-Type: must be one of: application/json, text/json"):
        SendGrid().parse({"content-type": "application/x-www-form-urlencoded"}, BODY)


@given(st.binary(max_size=60), st.integers(0, len(BODY)))
@settings(max_examples=100)
def test_whatever_the_bytes_are_the_error_is_one_of_the_tree(junk, at):
    with suppress(BadEvent):
        events = SendGrid().parse({}, BODY[:at] + junk + BODY[at + len(junk) :])
        assert {type(event) for event in events} <= {Event}
