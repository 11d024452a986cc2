import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from contactledger.errors import BadEvent, TooLarge, Unverified
from contactledger.events import Event, Incoming
from contactledger.facts import Message, Touch
from contactledger.sources import Twilio
from contactledger.sources.twilio import CALLS, MESSAGES, body_sha256
from contactledger.vocabulary import Auth, By, Channel, SignalKind
from tests.ledgers import SMITH
from tests.providers import (
    FORM,
    JSON,
    NOW,
    authorization,
    basic_is_checked,
    dumps,
    on_record,
    told_once,
)

URL = "https://acme.example/hooks/twilio?x=it's"
OURS, BOBS = "+15550100", "+15550111"
CALL = {
    "CallSid": "CA1",
    "CallStatus": "completed",
    "Direction": "outbound-api",
    "From": OURS,
    "To": BOBS,
    "Timestamp": "Mon, 02 Mar 2026 12:00:00 +0000",
    "CallDuration": "42",
}
SMS = {"MessageSid": "SM1", "MessageStatus": "delivered", "From": OURS, "To": BOBS}


def signed(fields, url=URL, key="auth-token") -> dict[str, str]:
    text = url + "".join(f"{n}{v}" for n, v in sorted(set(fields)))
    made = hmac.digest(key.encode(), text.encode(), hashlib.sha1)
    return FORM | {"X-Twilio-Signature": base64.b64encode(made).decode()}


def one(fields) -> Event:
    return Twilio().parse(FORM, urlencode(fields).encode())[0]


# --- authenticity ------------------------------------------------------------------------------


def test_the_signature_covers_address_and_form_each_value_of_a_name_once():
    pairs = [*CALL.items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "b"), ("Empty", ""), ("Ä", "ö")]
    body = urlencode(pairs).encode()
    for key in ("auth-token", ("secondary", "auth-token")):
        assert Twilio(key=key).verify(signed(pairs), body, URL, NOW) is Auth.SIGNED_BODY
    basic_is_checked(Twilio, body, FORM, URL)


@pytest.mark.parametrize(
    "spelt",
    [
        URL.replace("acme.example", "acme.example:443"),
        URL.replace("'", "%27"),
        URL.replace("acme.example", "acme.example:443").replace("'", "%27"),
        URL.replace("://", "://acme:s3cret@"),
    ],
)
def test_port_apostrophe_and_credentials_may_have_been_spelt_otherwise(spelt):
    headers = signed(CALL.items(), spelt) | authorization("acme:s3cret")
    body = urlencode(CALL).encode()
    assert Twilio(key="auth-token").verify(headers, body, URL, NOW) is Auth.SIGNED_BODY


def test_a_port_that_our_side_added_may_be_left_out():
    plain, ours = "http://[2001:db8::1]/x", "http://[2001:db8::1]:8080/x"
    assert Twilio(key="auth-token").verify(signed([], plain), b"", ours, NOW) is Auth.SIGNED_BODY


def test_a_json_body_is_covered_by_its_digest_in_the_address():
    body = b'{"CallSid": "CA1", "CallStatus": "busy"}'
    url = f"https://acme.example/x?bodySHA256={body_sha256(body)}"
    headers = signed([], url) | JSON
    assert Twilio(key="auth-token").verify(headers, body, url, NOW) is Auth.SIGNED_BODY
    with pytest.raises(Unverified, match="covers no such body"):
        Twilio(key="auth-token").verify(headers, body + b" ", url, NOW)
    assert Twilio().parse(JSON, body)[0].what is SignalKind.BUSY


@pytest.mark.parametrize(
    ("headers", "url", "why"),
    [
        (FORM, URL, "is not signed"),
        (signed(CALL.items()), None, "the address it was posted to is needed"),
        (signed(CALL.items()), "https://[", "covers no such body"),
        (signed(CALL.items()) | JSON, URL, "covers no such body"),
        (signed(CALL.items()), URL + "&y=1", "not by a key"),
        (signed(SMS.items()), URL, "not by a key"),
        (signed(CALL.items(), key="other"), URL, "not by a key"),
    ],
)
def test_a_forged_or_unsigned_request_is_unverified(headers, url, why):
    with pytest.raises(Unverified, match=why):
        Twilio(key="auth-token").verify(headers, urlencode(CALL).encode(), url, NOW)


# --- calls -------------------------------------------------------------------------------------


def test_a_call_that_a_machine_took_is_a_voicemail_and_read_whole():
    raw = urlencode(CALL | {"AnsweredBy": "machine_end_beep"}).encode()
    assert Twilio().parse(FORM, raw) == [
        Event(
            SignalKind.VOICEMAIL,
            NOW,
            By.MACHINE,
            "twilio",
            event_id="CA1 completed:machine_end_beep",
            call_id="CA1",
            address=BOBS,
            channel=Channel.PHONE,
            word="completed:machine_end_beep",
            said_at=CALL["Timestamp"],
            detector="twilio:answered_by:machine_end_beep",
            original=raw,
            message=Incoming(OURS, (BOBS,), outgoing=True),
            extra={"duration_seconds": 42},
        )
    ]


@pytest.mark.parametrize(
    ("answered_by", "what", "by"),
    [
        ("human", SignalKind.ANSWERED, By.HUMAN),
        ("machine_start", SignalKind.VOICEMAIL, By.MACHINE),
        ("fax", SignalKind.ANSWERED, By.MACHINE),
        ("unknown", SignalKind.ANSWERED, By.UNKNOWN),
        ("", SignalKind.ANSWERED, By.UNKNOWN),
    ],
)
def test_who_took_a_completed_call_is_what_the_detection_says_and_else_unknown(
    answered_by, what, by
):
    event = one(CALL | {"AnsweredBy": answered_by})
    assert (event.what, event.by) == (what, by)


@pytest.mark.parametrize("status", sorted(CALLS))
def test_each_status_of_a_call_has_its_meaning(status):
    event = one(CALL | {"CallStatus": status})
    assert (event.what, event.word, event.by) == (CALLS[status], status, By.UNKNOWN)


def test_detection_beside_the_call_comes_without_a_status():
    event = one({"CallSid": "CA1", "AnsweredBy": "human"})
    assert (event.what, event.by, event.message) == (SignalKind.ANSWERED, By.HUMAN, None)
    event = one({"CallSid": "CA1", "AnsweredBy": "unknown"})
    assert (event.what, event.at, event.extra) == (SignalKind.UNKNOWN, None, {})


def test_an_incoming_call_is_the_callers():
    event = one(CALL | {"Direction": "inbound", "From": BOBS, "To": OURS})
    assert (event.address, event.message) == (BOBS, Incoming(BOBS, (OURS,)))


# --- messages ----------------------------------------------------------------------------------


def test_a_delivered_text_is_read_whole():
    raw = urlencode(SMS | {"ErrorCode": "30008", "ErrorMessage": "Unknown error"}).encode()
    assert Twilio().parse({}, raw) == [
        Event(
            SignalKind.DELIVERED,
            None,
            By.UNKNOWN,
            "twilio",
            event_id="SM1 delivered",
            provider_id="SM1",
            address=BOBS,
            channel=Channel.SMS,
            word="delivered",
            reason="30008: Unknown error",
            original=raw,
        )
    ]


@pytest.mark.parametrize("status", sorted(MESSAGES))
def test_each_status_of_a_message_has_its_meaning(status):
    event = one({"SmsSid": "SM1", "SmsStatus": status})
    assert (event.what, event.word, event.by) == (MESSAGES[status], status, By.UNKNOWN)


def test_a_text_that_came_in_is_the_senders_and_chat_is_chat():
    event = one(
        {
            "MessageSid": "SM2",
            "SmsStatus": "received",
            "From": f"whatsapp:{BOBS}",
            "To": "whatsapp:",
            "Body": "Yes.",
        }
    )
    assert (event.channel, event.address, event.message) == (
        Channel.CHAT,
        BOBS,
        Incoming(BOBS, (), text="Yes."),
    )
    assert one({"MessageSid": "SM2", "SmsStatus": "received"}).message is None


def test_a_stop_is_a_persons_opt_out_not_a_message():
    event = one(
        {
            "MessageSid": "SM2",
            "SmsStatus": "received",
            "From": BOBS,
            "OptOutType": "STOP",
            "Body": "Stop",
        }
    )
    assert (event.what, event.by, event.address, event.message) == (
        SignalKind.UNSUBSCRIBED,
        By.HUMAN,
        BOBS,
        None,
    )


@pytest.mark.parametrize(
    "stamp",
    [
        "soon",
        "Mon, 02 Mar 2026 12:00:00",
        "Mon, 02 Mar 1970 12:00:00 +0000",
        "2026-99-02T12:00:00Z",
    ],
)
def test_a_time_that_is_none_is_named(stamp):
    with pytest.raises(BadEvent, match="Timestamp: "):
        one(CALL | {"Timestamp": stamp})
    assert one(CALL | {"Timestamp": "2026-03-02T12:00:00Z"}).at == NOW


def test_a_body_about_nothing_is_named():
    with pytest.raises(BadEvent, match="neither a call"):
        Twilio().parse(FORM, b"a=b")


# --- its habits --------------------------------------------------------------------------------


def test_the_callbacks_of_a_call_are_one_touch_in_any_order():
    ledger, _ = on_record()
    calls = [CALL | {"From": "+1 555 0100", "To": "+1 555 0111"}]
    calls += [calls[0] | {"CallStatus": "ringing", "Timestamp": "Mon, 02 Mar 2026 11:59:00 +0000"}]
    first = ledger.receive(Twilio(), FORM, urlencode(calls[0]).encode())
    assert (len(first.recorded), first.parked) == (2, ())  # the call, and how it ended
    again = ledger.receive(Twilio(), FORM, urlencode(calls[0]).encode())
    assert (again.recorded, again.repeated) == ((), 1)
    told_once(ledger, Twilio(), FORM, urlencode(calls[1]).encode())
    machine = {"CallSid": "CA1", "AnsweredBy": "machine_end_other"}
    told_once(ledger, Twilio(), FORM, urlencode(machine).encode())
    touch, *signals = [e.fact for e in ledger.entries(SMITH)[-4:]]
    assert isinstance(touch, Touch)
    assert [s.what for s in signals] == ["answered", "sent", "voicemail"]
    assert {s.touch for s in signals} == {ledger.entries(SMITH)[-4].id}


def test_texts_are_matched_by_their_sid_and_an_incoming_one_is_a_touch_of_the_other_side():
    ledger, _ = on_record()
    ledger.record(SMITH, Touch(to="bob", channel=Channel.SMS, message=Message(provider_id="SM1")))
    told_once(ledger, Twilio(), FORM, urlencode(SMS).encode())
    incoming = {
        "MessageSid": "SM2",
        "SmsStatus": "received",
        "From": "+1 555 0111",
        "To": "+1 555 0100",
        "Body": "Yes.",
    }
    first = ledger.receive(Twilio(), FORM, urlencode(incoming).encode())
    touch = first.recorded[0].fact
    assert (touch.channel, touch.message.text) == (Channel.SMS, "Yes.")
    assert ledger.receive(Twilio(), FORM, urlencode(incoming).encode()).recorded == ()
    stop = incoming | {"MessageSid": "SM3", "OptOutType": "STOP", "Body": "STOP"}
    (entry,) = ledger.receive(Twilio(), FORM, urlencode(stop).encode()).recorded
    assert (entry.fact.what, entry.fact.by, entry.fact.matched) == (
        "unsubscribed",
        "human",
        "address",
    )


# --- Event Streams -----------------------------------------------------------------------------

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def cloud(kind, data, number=1, **more):
    return {
        "specversion": "1.0",
        "type": f"com.twilio.{kind}",
        "source": "/2010-04-01/Accounts/AC1",
        "id": f"EZ{number}",
        "time": "2026-03-02T12:00:01.000Z",
        "data": data,
    } | more


def voice(word, **parameters):
    request = {"method": "POST", "url": "https://acme.example/x", "parameters": parameters}
    return cloud(
        f"voice.status-callback.{word}",
        {"sid": "CA1", "timestamp": "2026-03-02T12:00:00.000Z", "request": request},
    )


def streamed(*items) -> list[Event]:
    return Twilio().parse(JSON, dumps(list(items)))


def test_a_call_of_event_streams_is_read_as_its_webhook():
    given = {k: v for k, v in CALL.items() if k != "Timestamp"}
    item = voice("call.completed", **given, AnsweredBy="machine_end_beep")
    (event,) = streamed(item)
    assert event == Event(
        SignalKind.VOICEMAIL,
        NOW,
        By.MACHINE,
        "twilio",
        event_id="/2010-04-01/Accounts/AC1 EZ1",
        call_id="CA1",
        address=BOBS,
        channel=Channel.PHONE,
        word="completed:machine_end_beep",
        said_at="2026-03-02T12:00:00.000Z",
        detector="twilio:answered_by:machine_end_beep",
        original=dumps(item),
        message=Incoming(OURS, (BOBS,), outgoing=True),
        extra={"duration_seconds": 42},
    )
    assert Twilio().parse(JSON, dumps(item)) == [event]  # a sink that does not batch
    assert Twilio().parse(BATCH, dumps([item])) == [event]


@pytest.mark.parametrize(
    ("item", "what", "by", "word"),
    [
        (voice("call.answered"), SignalKind.SENT, By.UNKNOWN, "answered"),
        (voice("call.completed", CallStatus="busy"), SignalKind.BUSY, By.UNKNOWN, "busy"),
        (
            voice("amd.detected", AnsweredBy="human", CallSid="CA1"),
            SignalKind.ANSWERED,
            By.HUMAN,
            "human",
        ),
        (
            voice("announcement.processed"),
            SignalKind.UNKNOWN,
            By.UNKNOWN,
            "com.twilio.voice.status-callback.announcement.processed",
        ),
        (
            voice("call.completed", call_status="no-answer", sip_response_code=487),
            SignalKind.NO_ANSWER,
            By.UNKNOWN,
            "no-answer",
        ),
    ],
)
def test_each_event_of_a_call_has_the_meaning_of_the_webhook(item, what, by, word):
    (event,) = streamed(item)
    assert (event.what, event.by, event.word, event.call_id) == (what, by, word, "CA1")
    assert event.at == NOW


@pytest.mark.parametrize(
    ("state", "answered_by", "what", "by"),
    [
        ("completed", "machine_start", SignalKind.VOICEMAIL, By.MACHINE),
        ("completed", "HUMAN", SignalKind.ANSWERED, By.HUMAN),
        ("completed", "unknown", SignalKind.ANSWERED, By.UNKNOWN),
        ("noanswer", None, SignalKind.NO_ANSWER, By.UNKNOWN),
        ("fail", None, SignalKind.REJECTED, By.UNKNOWN),
        ("undialed", None, SignalKind.UNKNOWN, By.UNKNOWN),
        (None, None, SignalKind.UNKNOWN, By.UNKNOWN),
    ],
)
def test_a_summary_of_a_call_says_who_took_it_and_makes_no_call_of_its_own(
    state, answered_by, what, by
):
    data = {
        "call_sid": "CA1",
        "call_state": state,
        "answered_by": answered_by,
        "end_time": "2026-03-02T12:00:00Z",
        "from": {"caller": OURS},
        "to": {"callee": BOBS},
    }
    for said in (data, dumps(data).decode()):  # the data is a text in some sinks
        (event,) = streamed(cloud("voice.insights.call-summary.complete", said))
        assert (event.what, event.by, event.at, event.call_id) == (what, by, NOW, "CA1")
        assert (event.address, event.message) == (None, None)


@pytest.mark.parametrize(
    ("word", "status", "what"),
    [
        ("sent", "SENT", SignalKind.SENT),
        ("delivered", "DELIVERED", SignalKind.DELIVERED),
        ("undelivered", "UNDELIVERED", SignalKind.BOUNCED),
        ("failed", None, SignalKind.REJECTED),
        ("read", "READ", SignalKind.DISPLAYED),
    ],
)
def test_a_message_of_event_streams_is_read_as_its_webhook(word, status, what):
    data = {
        "messageSid": "SM1",
        "timestamp": "2026-03-02T12:00:00.000Z",
        "from": f"whatsapp:{OURS}",
        "to": f"whatsapp:{BOBS}",
        "messageStatus": status,
        "errorCode": 30008,
    }
    (event,) = streamed(cloud(f"messaging.message.{word}", data))
    assert (event.what, event.word, event.provider_id) == (what, word, "SM1")
    assert (event.channel, event.address, event.at) == (Channel.CHAT, BOBS, NOW)
    assert (event.reason, event.message) == ("30008", None)


def test_a_text_that_came_in_by_event_streams_is_the_senders():
    data = {"messageSid": "SM2", "from": BOBS, "to": OURS, "body": "Yes.", "numMedia": 0}
    (event,) = streamed(cloud("messaging.inbound-message.received", data))
    assert (event.what, event.channel, event.call_id) == (SignalKind.DELIVERED, Channel.SMS, "SM2")
    assert event.message == Incoming(BOBS, (OURS,), text="Yes.")
    assert event.said_at == "2026-03-02T12:00:01.000Z"  # the envelope's, where the data has none
    (event,) = streamed(cloud("messaging.inbound-message.received", data | {"optOutType": "STOP"}))
    assert (event.what, event.by, event.message) == (SignalKind.UNSUBSCRIBED, By.HUMAN, None)


def test_what_other_products_tell_is_kept_as_unknown_and_a_test_event_is_nothing():
    other = cloud("taskrouter.task.created", {"sid": "WT1"}, number=2)
    test = cloud("eventstreams.test-event", {"test_id": "x"})
    del other["id"]
    (event,) = streamed(test, other)
    assert event == Event(
        SignalKind.UNKNOWN,
        source="twilio",
        event_id="/2010-04-01/Accounts/AC1",
        channel=Channel.OTHER,
        word="com.twilio.taskrouter.task.created",
        original=dumps(other),
    )


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({"specversion": "1.0"}, "event 2, type: is missing"),
        (cloud("voice.status-callback.call.completed", "no json"), "event 2, .*not valid JSON"),
        (cloud("voice.status-callback.call.completed", 5), "event 2, data: must be a JSON object"),
        (voice("call.completed", CallStatus=5), "event 2, data.CallStatus: must be a text"),
        (voice("call.completed", Timestamp="soon"), "event 2, Timestamp: must be a time"),
    ],
)
def test_an_event_that_cannot_be_read_is_named_by_its_number(item, why):
    with pytest.raises(BadEvent, match=why):
        streamed(voice("call.completed"), item)


def test_more_events_than_are_read_are_refused():
    with pytest.raises(TooLarge, match="10001 events are over the 10000 read at once"):
        Twilio().parse(JSON, b"[" + b",".join([b"{}"] * 10_001) + b"]")


def test_a_batch_is_covered_by_its_digest_in_the_address():
    body = dumps([voice("call.completed")])
    url = f"https://acme.example/x?bodySHA256={body_sha256(body)}"
    headers = signed([], url) | JSON
    assert Twilio(key="auth-token").verify(headers, body, url, NOW) is Auth.SIGNED_BODY


def test_a_webhook_and_the_stream_tell_of_one_call_and_neither_is_told_twice():
    ledger, _ = on_record()
    call = CALL | {"From": "+1 555 0100", "To": "+1 555 0111"}
    ledger.receive(Twilio(), FORM, urlencode(call).encode())
    call = {k: v for k, v in call.items() if k != "Timestamp"}
    found = voice("call.completed", **call, AnsweredBy="machine_end_beep")
    told_once(ledger, Twilio(), JSON, dumps([found]))
    touch, first, second = ledger.entries(SMITH)[-3:]
    assert [touch.kind, first.fact.what, second.fact.what] == ["touch", "answered", "voicemail"]
    assert first.fact.touch == second.fact.touch == touch.id
