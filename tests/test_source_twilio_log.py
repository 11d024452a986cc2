"""Twilio's own records: what a webhook would have told, told once."""

import json

import pytest

from contactledger.errors import BadEvent
from contactledger.events import Event, Incoming
from contactledger.sources import Twilio, TwilioLog
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System
from tests.providers import FORM, NOW, dumps

OURS, BOBS = "+15550100", "+15550111"
CALL = {
    "sid": "CA1",
    "status": "completed",
    "answered_by": "machine_start",
    "direction": "outbound-api",
    "from": OURS,
    "to": BOBS,
    "duration": "42",
    "start_time": "Mon, 02 Mar 2026 12:00:00 +0000",
    "date_created": "Mon, 02 Mar 2026 11:59:58 +0000",
}
SMS = {
    "sid": "SM1",
    "status": "delivered",
    "direction": "outbound-api",
    "from": f"whatsapp:{OURS}",
    "to": f"whatsapp:{BOBS}",
    "body": "It works again.",
    "error_code": None,
    "date_sent": "Mon, 02 Mar 2026 12:00:00 +0000",
}


def read(answer) -> list[Event]:
    return TwilioLog().parse({}, dumps(answer))


def test_a_record_of_a_call_is_the_call():
    (event,) = read(CALL)
    assert event == Event(
        SignalKind.VOICEMAIL,
        NOW,
        By.MACHINE,
        "twilio",
        event_id="CA1 completed:machine_start",
        call_id="CA1",
        address=BOBS,
        channel=Channel.PHONE,
        word="completed:machine_start",
        said_at=CALL["start_time"],
        detector="twilio:answered_by:machine_start",
        system=System.OWN,
        original=dumps(CALL),
        message=Incoming(OURS, (BOBS,), outgoing=True),
        extra={"duration_seconds": 42},
    )


def test_it_has_the_name_that_the_webhook_gave_it():
    told = b"CallSid=CA1&CallStatus=completed&AnsweredBy=machine_start"
    assert [e.event_id for e in Twilio().parse(FORM, told)] == [e.event_id for e in read(CALL)]


def test_a_message_of_ours_is_one_with_its_text_and_one_that_came_in_is_the_others():
    (sent,) = read(SMS)
    assert (sent.what, sent.channel, sent.address) == (SignalKind.DELIVERED, Channel.CHAT, BOBS)
    assert sent.message == Incoming(OURS, (BOBS,), text="It works again.", outgoing=True)
    (came,) = read({**SMS, "status": "received", "direction": "inbound", "from": BOBS, "to": OURS})
    assert came.message == Incoming(BOBS, (OURS,), text="It works again.")
    (scheduled,) = read({**SMS, "status": "accepted", "from": None, "to": None, "date_sent": None})
    assert (scheduled.at, scheduled.message) == (
        None, Incoming("", (), text="It works again.", outgoing=True),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "one"), [("calls", CALL), ("messages", SMS)])
def test_a_page_is_its_records_each_with_its_bytes(name, one):
    other = {**one, "sid": one["sid"] + "2"}
    body = json.dumps({"page": 0, name: [one, other], "end": 1}, indent=1).encode()
    found = TwilioLog().parse({"content-type": "application/json"}, body)
    assert [json.loads(event.original) for event in found] == [one, other]
    assert TwilioLog().parse({}, dumps({name: [], "page": 0})) == []


@pytest.mark.parametrize(
    ("answer", "field", "place"),
    [
        ({"sid": "RE1", "status": "completed"}, "sid", ""),
        ({"sid": "CA1", "name": "stream"}, "sid", ""),
        ({"notifications": []}, "sid", ""),
        ({"calls": [CALL, {"sid": "NO1", "status": "x"}]}, "sid", "calls[1]"),
        ({"calls": [{**CALL, "start_time": "soon"}]}, "Timestamp", "calls[0]"),
        ({"calls": {}}, "calls", ""),
        ({"messages": [SMS] * 1_001}, "messages", ""),
    ],
)
def test_what_is_no_call_and_no_message_is_refused_by_name(answer, field, place):
    with pytest.raises(BadEvent) as refused:
        read(answer)
    assert (refused.value.field, refused.value.place or "") == (field, place)


def test_it_proves_nothing():
    assert TwilioLog().verify({}, dumps(CALL), None, NOW) is Auth.NONE
