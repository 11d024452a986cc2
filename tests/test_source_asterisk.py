"""Asterisk's call records: whole events, what each disposition says, bounds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, BadInput, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources import Asterisk, asterisk
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def line(
    disposition="ANSWERED",
    *,
    context="from-internal",
    app="Dial",
    start="2026-03-02 10:00:00",
    unique=',"1772442000.12","note"',
    duration="65",
):
    return (
        f'"","15550100","15550111","{context}","""Ann"" <15550100>","PJSIP/ann-1","PJSIP/out-2","{app}",'
        f'"PJSIP/15550111@out,30","{start}","2026-03-02 10:00:05","2026-03-02 10:01:05",{duration},60,"{disposition}","DOCUMENTATION"{unique}'
    )


def parse(*lines, zone="Europe/Berlin", **more):
    return Asterisk(zone, **more).parse({}, "\n".join(lines).encode())


def test_a_record_becomes_one_whole_event():
    row = line()
    assert parse(row) == [
        Event(
            SignalKind.ANSWERED,
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            By.UNKNOWN,
            "asterisk",
            event_id="1772442000.12",
            call_id="1772442000.12",
            address="15550111",
            channel=Channel.PHONE,
            word="ANSWERED",
            said_at="2026-03-02 10:00:00",
            system=System.OWN,
            original=row.encode(),
            message=Incoming("15550100", ("15550111",), outgoing=True),
            extra={"duration_seconds": 65, "billsec_seconds": 60},
        )
    ]


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("NO ANSWER", "no_answer"), ("BUSY", "busy"), ("FAILED", "rejected"), ("CONGESTION", "rejected"),
        ("CANCEL", "unknown"), ("answered", "answered"), ("SOMETHING", "unknown"), ("", "unknown"),
    ],
)  # fmt: skip
def test_what_a_disposition_says(word, what):
    (event,) = parse(line(word))
    assert (event.what.value, event.word) == (what, word or None)


def test_an_answer_by_the_voicemail_box_is_a_machines():
    (event,) = parse(line(app="VoiceMail"))
    assert (event.what, event.by) == (SignalKind.VOICEMAIL, By.MACHINE)
    (event,) = parse(line("NO ANSWER", app="VoiceMail"))
    assert event.what is SignalKind.NO_ANSWER


def test_of_a_call_that_came_in_the_other_side_is_the_caller():
    (event,) = parse(line(context="from-trunk"))
    assert (event.address, event.message.outgoing) == ("15550100", False)
    (event,) = parse(line(context="from-trunk"), outgoing={"from-trunk"})
    assert event.message.outgoing


def test_sixteen_fields_are_enough_and_then_there_is_no_id():
    (event,) = parse(line(unique=""))
    assert (event.event_id, event.call_id) == (None, None)


def test_a_file_with_a_header_is_read_by_its_names():
    rows = [
        "src,dst,start,disposition,uniqueid,linkedid,sequence,billsec",
        "1,2,2026-03-02T10:00:00Z,BUSY,u2,L1,7,",
    ]
    (event,) = parse(*rows)
    assert (event.event_id, event.call_id, event.extra) == ("u2 7", "L1", {})
    assert event.at == datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (line(start="yesterday"), 'line 1, start: must be a time as "2026-03-02 10:00:00"'),
        (
            line(start="1970-01-01 00:00:00"),
            "line 1, start: the time lies outside the years 1990 to 2099",
        ),
        ("a,b,c", "line 1: has 3 fields; 16 to 18 are expected"),
        (line(duration="9999999"), "line 1, duration: must be whole seconds, a week at most"),
        (line() + '\n"', "line 2: is not CSV (an open quote?)"),
    ],
)
def test_bad_records_are_refused_by_line_and_field(text, said):
    with pytest.raises(BadEvent) as caught:
        parse(text)
    assert str(caught.value) == said


def test_bounds_content_type_and_zone(monkeypatch):
    assert Asterisk("UTC").verify({}, b"", None, NOW) is Auth.NONE
    with pytest.raises(BadEvent, match="Content-Type"):
        Asterisk("UTC").parse({"Content-Type": "text/html"}, b"")
    with pytest.raises(BadInput, match=r"Asterisk\.zone: is no zone"):
        Asterisk("Mars/Base")
    with pytest.raises(TooLarge, match="line 1, lastapp: more than 2000"):
        parse(line(app="x" * 2001))
    monkeypatch.setattr(asterisk, "MAX_ROWS", 1)
    with pytest.raises(TooLarge, match="more than the 1 rows"):
        parse(line(), line(), line())
    monkeypatch.setattr(Asterisk, "max_body_bytes", 1)
    with pytest.raises(TooLarge, match="a body of"):
        parse(line())


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_change_to_a_record_gives_events_or_one_clear_error(data):
    body = bytearray(line().encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
        body = body or bytearray(b"x")
    try:
        events = Asterisk("UTC").parse({}, bytes(body))
    except (BadEvent, TooLarge):
        return
    assert all(isinstance(event, Event) for event in events)
