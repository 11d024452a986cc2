"""FreeSWITCH's call records in XML, JSON, forms and CSV; no entity bombs."""

import base64
import json
import time
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event, Incoming
from contactledger.sources import FreeSwitch, freeswitch
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

NOW = datetime(2026, 3, 2, tzinfo=UTC)
UUID = "c0041bbc-d88a-4f7b-6462-9b3d674b4c3e"
VARIABLES = {
    "uuid": UUID,
    "user_context": "default",
    "caller_id_number": "15550100",
    "destination_number": "15550111",
    "start_epoch": "1772442000",
    "answer_epoch": "1772442005",
    "duration": "65",
    "billsec": "60",
    "hangup_cause": "NORMAL_CLEARING",
    "effective_caller_id_name": "Ann%20Lee",
}


def record(**changes):
    return {k: v for k, v in {**VARIABLES, **changes}.items() if v is not None}


def xml(extra="", **changes):
    inner = "".join(f"<{k}>{v}</{k}>" for k, v in record(**changes).items())
    return f'<?xml version="1.0"?>\n<cdr core-uuid="x"><variables>{inner}</variables>{extra}</cdr>'.encode()


def one(**changes):
    (event,) = FreeSwitch().parse({}, xml(**changes))
    return event


def kind(**changes):
    event = one(**changes)
    return event.what.value, event.by.value, event.permanent


def test_a_record_becomes_one_whole_event():
    body = xml()
    assert FreeSwitch().parse({}, body) == [
        Event(
            SignalKind.ANSWERED,
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            By.UNKNOWN,
            "freeswitch",
            event_id=UUID,
            call_id=UUID,
            address="15550111",
            channel=Channel.PHONE,
            word="NORMAL_CLEARING",
            said_at="1772442000",
            system=System.OWN,
            original=body,
            message=Incoming("15550100", ("15550111",), outgoing=True),
            extra={"duration_seconds": 65, "billsec_seconds": 60},
        )
    ]


def same(event):
    event.original = b""
    return event


def test_json_a_form_and_a_table_say_the_same():
    expected = same(one())
    as_json = json.dumps({"core-uuid": "x", "variables": record(), "callflow": []}).encode()
    assert same(FreeSwitch().parse({}, as_json)[0]) == expected
    assert [e.call_id for e in FreeSwitch().parse({}, b"[" + as_json + b"," + as_json + b"]")] == [
        UUID,
        UUID,
    ]
    for inner in (xml(), as_json):
        form = urlencode({"cdr": inner.decode(), "uuid": UUID}).encode()
        assert same(FreeSwitch().parse({}, form)[0]) == expected
    names = [
        "uuid",
        "user_context",
        "caller_id_number",
        "destination_number",
        "start_epoch",
        "answer_epoch",
        "duration",
        "billsec",
        "hangup_cause",
    ]
    table = ",".join(names) + "\n" + ",".join(VARIABLES[name] for name in names)
    assert same(FreeSwitch().parse({}, table.encode())[0]) == expected


def test_the_modules_own_csv_has_no_header():
    row = f'"Ann","15550100","15550111","default","2026-03-02 10:00:00","","2026-03-02 10:00:30","30","0","USER_BUSY","{UUID}","",""'
    (event,) = FreeSwitch("Europe/Berlin").parse({}, row.encode())
    assert (event.what, event.at) == (SignalKind.BUSY, datetime(2026, 3, 2, 9, tzinfo=UTC))
    with pytest.raises(BadEvent, match="line 1: has 2 cells, not 13"):
        FreeSwitch().parse({}, b"a,b")


def test_the_numbers_may_stand_in_the_caller_profile():
    flow = "<callflow><caller_profile><caller_id_number>1%2B2</caller_id_number><destination_number>9</destination_number></caller_profile></callflow>"
    (event,) = FreeSwitch().parse({}, xml(flow, caller_id_number=None, destination_number=None))
    assert event.message == Incoming("1+2", ("9",), outgoing=True)
    item = {
        "variables": record(caller_id_number=None),
        "callflow": {"caller_profile": {"caller_id_number": "7", "odd": []}},
    }
    assert FreeSwitch().parse({}, json.dumps(item).encode())[0].message.sender == "7"
    item["callflow"] = [{"caller_profile": None}]
    assert FreeSwitch().parse({}, json.dumps(item).encode())[0].message.sender == ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answer_epoch": "0"}, ("unknown", "unknown", None)),
        ({"answer_epoch": "0", "hangup_cause": "USER_BUSY"}, ("busy", "unknown", None)),
        ({"answer_epoch": "0", "hangup_cause": "NO_ANSWER"}, ("no_answer", "unknown", None)),
        (
            {"answer_epoch": "0", "hangup_cause": "UNALLOCATED_NUMBER"},
            ("rejected", "unknown", True),
        ),
        ({"answer_epoch": "0", "hangup_cause": "GATEWAY_DOWN"}, ("rejected", "unknown", False)),
        ({"answer_epoch": "0", "hangup_cause": "ORIGINATOR_CANCEL"}, ("unknown", "unknown", None)),
        ({"answer_epoch": "0", "hangup_cause": "SOMETHING_NEW"}, ("unknown", "unknown", None)),
        (
            {"answer_epoch": "0", "hangup_cause": None, "hangup_cause_q850": "17"},
            ("busy", "unknown", None),
        ),
        ({"answer_epoch": None, "answer_stamp": ""}, ("unknown", "unknown", None)),
        ({"answer_epoch": None, "billsec": "0"}, ("unknown", "unknown", None)),
        ({"answer_epoch": None}, ("answered", "unknown", None)),
        ({"amd_result": "MACHINE"}, ("answered", "machine", None)),
        ({"amd_result": "HUMAN"}, ("answered", "human", None)),
        ({"last_app": "voicemail"}, ("voicemail", "machine", None)),
        ({"voicemail_message_len": "12"}, ("voicemail", "machine", None)),
    ],
)
def test_how_a_call_ended(changes, expected):
    assert kind(**changes) == expected


def test_detection_names_itself_and_a_call_from_outside_came_in():
    assert one(amd_result="HUMAN").detector == "freeswitch:amd"
    event = one(user_context="public")
    assert (event.address, event.message.outgoing) == ("15550100", False)


def test_times_in_every_form():
    assert one(start_epoch=None, start_uepoch="1772442000123456").at == datetime(
        2026, 3, 2, 9, tzinfo=UTC
    )
    stamp = {"start_epoch": None, "start_stamp": quote("2026-03-02 10:00:00.123456789")}
    (event,) = FreeSwitch("Europe/Berlin").parse({}, xml(**stamp))
    assert event.at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    with pytest.raises(BadEvent, match="record 1, start_stamp: must be a time"):
        one(start_epoch=None)
    with pytest.raises(BadEvent, match="record 1, start_stamp: must be a time"):
        one(start_epoch=None, start_stamp="2026-13-02 10:00:00")


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><cdr><variables><uuid>&b;</uuid></variables></cdr>'


def test_document_types_and_entities_are_refused_at_once():
    with pytest.raises(BadEvent, match="declares a document type or entities"):
        FreeSwitch().parse({}, BOMB)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<cdr><variables>", "line 1, column 17, body: is not valid XML (truncated?)"),
        (b"<cdr></cdr>", "record 1, uuid: must be the id of a call"),
        (
            b'<?xml version="1.0" encoding="x-none"?><cdr/>',
            "line 1, column 31, body: is not valid XML (truncated?)",
        ),
        (b'{"variables": []}', "record 1, uuid: must be the id of a call"),
        (b'{"variables": 7}', "variables: must be a JSON object"),
        (b"cdr=%FF&a=" + b"\xff", "body: is no form that can be read"),
        (b"cdr=", "line 1, column 1, body: is not valid XML (truncated?)"),
    ],
)
def test_bad_records_are_refused(body, said):
    with pytest.raises(BadEvent) as caught:
        FreeSwitch().parse({}, body)
    assert str(caught.value) == said


def test_bounds_are_kept(monkeypatch):
    with pytest.raises(TooLarge, match="elements deeper than 20"):
        FreeSwitch().parse({}, b"<a>" * 30)
    monkeypatch.setattr(freeswitch, "MAX_VARIABLES", 3)
    with pytest.raises(TooLarge, match="more than 3 variables"):
        one()
    with pytest.raises(TooLarge, match="more than 3 variables"):
        FreeSwitch().parse({}, json.dumps({"variables": record()}).encode())
    monkeypatch.setattr(FreeSwitch, "max_body_bytes", 1)
    with pytest.raises(TooLarge, match="a body of"):
        FreeSwitch().parse({}, b"xx")


def test_a_value_without_end_is_cut_in_linear_time():
    started = time.perf_counter()
    (event,) = FreeSwitch().parse({}, xml(destination_number="1" * 3_000_000))
    assert len(event.address) == freeswitch.MAX_VALUE_CHARS
    assert time.perf_counter() - started < 3


def test_credentials_hold_where_they_are_asked_for():
    basic = "Basic " + base64.b64encode(b"pbx:secret").decode()
    source = FreeSwitch(basic="pbx:secret")
    assert source.verify({"Authorization": basic}, b"", None, NOW) is Auth.BASIC
    with pytest.raises(Unverified):
        source.verify({}, b"", None, NOW)
    assert FreeSwitch().verify({}, b"", None, NOW) is Auth.NONE
    with pytest.raises(BadInput, match=r"FreeSwitch\.zone"):
        FreeSwitch("Mars/Base")


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_change_to_a_record_gives_events_or_one_clear_error(data):
    body = bytearray(
        data.draw(st.sampled_from([xml(), json.dumps({"variables": record()}).encode(), BOMB]))
    )
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
        body = body or bytearray(b"x")
    try:
        events = FreeSwitch().parse({}, bytes(body))
    except (BadEvent, TooLarge):
        return
    assert all(isinstance(event, Event) for event in events)
