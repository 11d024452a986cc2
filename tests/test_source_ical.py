"""Meetings: invitations are touches, answers are signals; hostile calendars are one clear error."""

import contextlib
import sys
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, BadInput, NotInstalled, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources import ICal, _calendar
from contactledger.sources._calendar import components
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

EVENT = (
    "UID:m-1@acme.example",
    "SEQUENCE:2",
    "DTSTAMP:20260302T090000Z",
    "DTSTART;TZID=Europe/Berlin:20260310T100000",
    "DTEND;TZID=Europe/Berlin:20260310T110000",
    "SUMMARY:Training\\, part one",
    "DESCRIPTION:Bring a laptop",
    "ORGANIZER;CN=Ann:mailto:ann@acme.example",
)
STAMP = datetime(2026, 3, 2, 9, tzinfo=UTC)


def ics(*lines, method="REQUEST", top=()):
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *top]
    if method:
        head.append(f"METHOD:{method}")
    return "\r\n".join([*head, "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()


def parse(*lines, method="REQUEST", source=None, top=()):
    return (source or ICal()).parse({}, ics(*lines, method=method, top=top))


def said(*lines, **more):
    return [(e.what.value, e.by.value, e.address, e.word) for e in parse(*lines, **more)]


def test_an_invitation_is_one_whole_event():
    events = parse(
        *EVENT, "ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=NEEDS-ACTION:mailto:bob@smith.example"
    )
    (event,) = events
    assert event.original is not None
    assert event.original.startswith(b"BEGIN:VEVENT\r\n")
    assert event == Event(
        SignalKind.SENT,
        STAMP,
        By.UNKNOWN,
        "ical",
        event_id="m-1@acme.example#2",
        provider_id="m-1@acme.example",
        channel=Channel.MEETING,
        word="request",
        said_at="2026-03-02T09:00:00+00:00",
        system=System.OWN,
        original=event.original,
        message=Incoming(
            "ann@acme.example", ("bob@smith.example",), "Training, part one", "Bring a laptop"
        ),
        extra={
            "starts": datetime(2026, 3, 10, 9, tzinfo=UTC),
            "ends": datetime(2026, 3, 10, 10, tzinfo=UTC),
        },
    )


def test_an_answer_is_one_whole_event():
    (event,) = parse(
        *EVENT,
        "COMMENT:With pleasure",
        "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:bob@smith.example",
        method="REPLY",
    )
    assert event == Event(
        SignalKind.ACCEPTED,
        STAMP,
        By.HUMAN,
        "ical",
        provider_id="m-1@acme.example",
        address="bob@smith.example",
        channel=Channel.MEETING,
        word="accepted",
        reason="With pleasure",
        said_at="2026-03-02T09:00:00+00:00",
        system=System.OWN,
        original=event.original,
    )


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("PARTSTAT=DECLINED", [("declined", "human")]),
        ("PARTSTAT=TENTATIVE", [("unknown", "human")]),
        ("PARTSTAT=DELEGATED", [("unknown", "human")]),
        ("PARTSTAT=NEEDS-ACTION", []),
        ("PARTSTAT=X-ODD", []),
        ("CN=Bob", []),
        ("CUTYPE=ROOM;PARTSTAT=ACCEPTED", [("accepted", "machine")]),
        ("X-ATTENDED=TRUE", [("attended", "human")]),
        ("PARTSTAT=ACCEPTED;X-ATTENDED=FALSE", [("accepted", "human"), ("absent", "human")]),
    ],
)
def test_what_an_attendee_said_or_did(given_, expected):
    events = parse(*EVENT, f"ATTENDEE;{given_}:mailto:bob@smith.example", method="REPLY")
    assert [(e.what.value, e.by.value) for e in events] == expected


def test_attendance_is_told_at_the_meetings_end():
    (_, event) = parse(*EVENT, "ATTENDEE;X-ATTENDED=TRUE:mailto:bob@smith.example")
    assert event.at == datetime(2026, 3, 10, 10, tzinfo=UTC)


def test_an_export_without_a_method_is_an_invitation_with_what_was_said_to_it():
    found = said(
        *EVENT,
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@acme.example",
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@smith.example",
        method="",
    )
    assert found == [
        ("sent", "unknown", None, "export"),
        ("accepted", "human", "bob@smith.example", "accepted"),
    ]


def test_a_cancelled_meeting_is_a_word_about_it_and_no_invitation():
    assert said(*EVENT, method="CANCEL") == [("unknown", "unknown", None, "cancel")]
    assert said(*EVENT, method="COUNTER") == [("unknown", "unknown", None, "counter")]


def test_an_organizer_may_be_given_and_without_one_nobody_invites():
    lines = EVENT[:-1]
    assert said(*lines) == []
    (event,) = parse(*lines, source=ICal(organizer="ann@acme.example"))
    assert event.message.sender == "ann@acme.example"
    (event,) = parse(*lines, source=ICal(sent=True))
    assert (event.message.sender, event.message.outgoing) == ("", True)


def test_one_of_a_series_is_matched_by_which_of_them():
    (event,) = parse(*EVENT, "RECURRENCE-ID:20260310T090000Z")
    assert event.provider_id == "m-1@acme.example#2026-03-10T09:00:00+00:00"
    (event,) = parse(*EVENT[1:])
    assert event.provider_id is None


def times(*lines, source=None, top=()):
    (event,) = parse("UID:u", "ORGANIZER:mailto:a@b.example", *lines, source=source, top=top)
    return event.extra.get("starts"), event.extra.get("ends")


def test_floating_times_are_read_in_the_zone_that_is_known_else_not_at_all():
    lines = ("DTSTART:20260310T100000", "DURATION:PT1H")
    nine, ten = datetime(2026, 3, 10, 9, tzinfo=UTC), datetime(2026, 3, 10, 10, tzinfo=UTC)
    assert times(*lines) == (None, None)
    assert times(*lines, source=ICal("Europe/Berlin")) == (nine, ten)
    assert times(*lines, top=("X-WR-TIMEZONE:Europe/Berlin",)) == (nine, ten)
    assert times(*lines, top=("X-WR-TIMEZONE:Nowhere/At_All",)) == (None, None)
    assert times("DTSTART;VALUE=DATE:20260310", source=ICal("UTC")) == (
        datetime(2026, 3, 10, tzinfo=UTC),
        None,
    )


ZONE = (
    "BEGIN:VTIMEZONE", "TZID:Acme", "BEGIN:STANDARD", "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0300", "TZOFFSETTO:+0300", "END:STANDARD", "END:VTIMEZONE",
)  # fmt: skip


def test_a_zone_that_a_calendar_defines_holds_for_that_calendar_alone():
    lines = ("DTSTART;TZID=Acme:20260310T100000",)
    assert times(*lines) == (None, None)
    assert times(*lines, top=ZONE) == (datetime(2026, 3, 10, 7, tzinfo=UTC), None)
    assert times(*lines) == (None, None)


def test_a_windows_name_of_a_zone_is_known():
    assert times("DTSTART;TZID=W. Europe Standard Time:20260310T100000") == (
        datetime(2026, 3, 10, 9, tzinfo=UTC),
        None,
    )


def test_a_time_that_cannot_be_read_is_as_if_it_were_not_there():
    (event,) = parse(
        "UID:u", "ORGANIZER:mailto:a@b.example", "DTSTART:soon", "SEQUENCE:-3", "DTSTAMP:20260302"
    )
    assert (event.extra, event.at, event.event_id) == ({}, None, "u#0")


@pytest.mark.parametrize(
    ("lines", "said_"),
    [
        (("DTSTART:19700101T000000Z",), "component 1, DTSTART: the time lies outside"),
        (("DTSTART:20260310T100000Z", "DTEND:20260309T100000Z"), "component 1, DTEND: lies before"),
        (("DTSTAMP:00010101T000000Z",), "component 1, DTSTAMP: the time lies outside"),
    ],
)
def test_times_that_cannot_be_are_refused_by_name(lines, said_):
    with pytest.raises(BadEvent) as caught:
        times(*lines)
    assert str(caught.value).startswith(said_)


@pytest.mark.parametrize("body", [b"hello", b"BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:X\r\n"])
def test_what_is_no_calendar_is_one_clear_error(body):
    with pytest.raises(BadEvent) as caught:
        ICal().parse({}, body)
    assert str(caught.value) == "body: is no iCalendar that can be read"


def test_an_empty_calendar_holds_nothing():
    assert ICal().parse({}, b"") == []


def test_a_length_beyond_all_time_is_left_out():
    lines = ("DTSTART:20260310T100000Z", "DURATION:P999999999W")
    assert times(*lines) == (datetime(2026, 3, 10, 10, tzinfo=UTC), None)


def test_a_component_that_the_library_cannot_give_back_is_named(monkeypatch):
    def strange(*_):
        raise ValueError("Bob")

    monkeypatch.setattr(_calendar, "_component", strange)
    with pytest.raises(BadEvent) as caught:
        parse(*EVENT)
    assert str(caught.value) == "component 1, body: cannot be read"


def test_a_component_that_cannot_be_read_costs_only_itself(monkeypatch):
    monkeypatch.setattr(_calendar, "MAX_ATTENDEES", 1)
    crowd = [f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{who}@smith.example" for who in ("bob", "eve")]
    end = ("END:VEVENT", "BEGIN:VEVENT")
    early = ("UID:early", "ORGANIZER:mailto:a@b.example", "DTSTART:19700101T000000Z")
    body = ics(*EVENT, *end, *EVENT, *crowd, *end, *early, *end, *EVENT)
    faults: list[BadEvent | TooLarge] = []
    assert [event.event_id for event in ICal().parse({}, body, faults)] == [
        "m-1@acme.example#2",
        "m-1@acme.example#2",
    ]
    assert [str(one).split(":")[0] for one in faults] == [
        "component 2, ATTENDEE",
        "component 3, DTSTART",
    ]
    with pytest.raises(TooLarge) as caught:
        ICal().parse({}, body)
    assert str(caught.value) == "component 2, ATTENDEE: more than 1"


def test_a_zone_that_changes_more_than_once_a_year_is_refused_before_it_is_worked_out():
    rule = "RRULE:FREQ=SECONDLY"
    for line in (rule, "RRU\r\n LE:FREQ=SECONDLY", "rrule;X=1:FREQ=YEARLY;BYSECOND=1,2,3"):
        zone = (*ZONE[:-2], line, *ZONE[-2:])
        with pytest.raises(BadEvent, match="RRULE: of a zone must be yearly"):
            times("DTSTART;TZID=Acme:20260310T100000", top=zone)
    yearly = (*ZONE[:-2], "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", *ZONE[-2:])
    assert times("DTSTART;TZID=Acme:20260310T100000", top=yearly)[0] is not None


def test_bounds_are_kept(monkeypatch):
    with pytest.raises(TooLarge, match="a line of more than"):
        parse("X-A:" + "a" * 200_000)
    with pytest.raises(TooLarge, match="too many components within another"):
        ICal().parse({}, b"BEGIN:VEVENT\r\n" * 30)
    with pytest.raises(TooLarge, match="that are read"):
        ICal().parse({}, bytes(ICal.max_body_bytes + 1))
    with pytest.raises(TooLarge, match="that are read"):
        ICal().verify({}, bytes(ICal.max_body_bytes + 1), None, STAMP)
    monkeypatch.setattr(_calendar, "MAX_ATTENDEES", 1)
    with pytest.raises(TooLarge, match="component 1, ATTENDEE: more than 1"):
        parse(*EVENT, "ATTENDEE:mailto:a@b.example", "ATTENDEE:mailto:c@b.example")
    monkeypatch.setattr(_calendar, "MAX_COMPONENTS", 0)
    with pytest.raises(TooLarge, match="more than 0 components"):
        parse(*EVENT)


def test_a_calendar_proves_nothing_and_another_content_type_is_refused():
    assert ICal().verify({}, b"", None, STAMP) is Auth.NONE
    with pytest.raises(BadEvent, match="Content-Type"):
        ICal().parse({"Content-Type": "application/json"}, b"")
    with pytest.raises(BadInput, match=r"ICal\.zone: is no zone"):
        ICal("Nowhere/At_All")


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "icalendar", None)
    with pytest.raises(NotInstalled, match=r"contactledger\[calendar\]"):
        ICal().parse({}, ics(*EVENT))


def test_other_components_are_read_and_give_no_events():
    body = b"BEGIN:VTODO\r\nUID:t\r\nSUMMARY: Call\r\nEND:VTODO\r\n"
    (todo,) = components(body)
    assert (todo.name, todo.uid, todo.summary) == ("VTODO", "t", "Call")
    assert ICal().parse({}, body) == []
    assert components(ics("DTSTART;VALUE=DATE:20260310"))[0].starts == date(2026, 3, 10)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_change_to_a_calendar_gives_events_or_one_clear_error(data):
    body = bytearray(ics(*EVENT, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@smith.example", top=ZONE))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))
        body = body or bytearray(b"x")
    try:
        events = ICal("UTC").parse({}, bytes(body))
    except (BadEvent, TooLarge):
        return
    assert all(isinstance(event, Event) for event in events)


def work(line: str) -> int:
    """How many calls of functions reading a meeting with this line takes."""
    body, count = ics(*EVENT, line), 0

    def called(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        with contextlib.suppress(BadEvent, TooLarge):
            ICal("UTC").parse({}, body)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("head", "part", "times", "tail"),
    [
        ("ATTENDEE", ";X=1", 5_000, ":a"),
        ("ATTENDEE;CN=", '"a",', 5_000, '"b":a'),
        ("ATTENDEE;CN=", "^n^^^'", 5_000, ":a"),
        ('ATTENDEE;CN="', "a", 20_000, ""),
        ("X-A:", "\\", 20_000, ""),
        ("SUMMARY:", "\\n\\,", 5_000, ""),
        ("CATEGORIES:", "a,", 5_000, ""),
        ("EXDATE:", "20260302T120000Z,", 2_000, "20260302T120000Z"),
        ("RRULE:FREQ=DAILY", ";BYHOUR=1", 5_000, ""),
        ("", "A", 20_000, ""),
        ("X-A:", "a\r\n ", 10_000, ""),
    ],
)
def test_twice_the_length_takes_no_more_than_twice_the_work(head, part, times, tail):
    work(head + tail)  # what is imported and compiled once
    once, twice = (work(head + part * n + tail) for n in (times, 2 * times))
    assert twice <= 2.2 * once


def test_a_line_over_the_bound_is_refused_before_the_library_sees_it():
    with pytest.raises(TooLarge, match="a line of more than 100000 bytes"):
        ICal("UTC").parse({}, ics(*EVENT, "SUMMARY:" + "a" * 100_000))
    assert work("SUMMARY:" + "a" * 100_000) < work("SUMMARY:a")
