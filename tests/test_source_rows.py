"""Files of rows: one that cannot be read costs no other."""

from __future__ import annotations

import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources import (
    Asterisk,
    Calls,
    FreeSwitch,
    ICal,
    Mbox,
    SendGrid,
    Table,
    VCard,
    vcard,
)
from contactledger.sources._table import MAX_OPEN, rows
from contactledger.sources.source import Rows

CALLS = b"call_id,at,direction,from,to,status\n"
CALL = b"c%d,2026-03-02T08:00:00Z,out,1,2,busy\n"
LEG = b'"","1","2","from-internal","","a","b","Dial","","%s","","",1,0,"BUSY","DOCUMENTATION"\n'
FS = b'"n","1","2","default","%s","","",1,0,"USER_BUSY","%s","",""\n'
MEETING = (
    b"BEGIN:VEVENT\r\nUID:%d\r\nDTSTAMP:20260302T080000Z\r\nORGANIZER:mailto:a@x.example\r\n"
    b"DTSTART:20260303T090000Z\r\nDTEND:%s\r\nEND:VEVENT\r\n"
)
MESSAGE = b"From bob Mon Mar  2 10:00:00 2026\nFrom: bob@s.example\n\nYes.\n\n"
TWILIO = (
    b"Sid,From,To,Start Time,Status\n"
    b"CA1,+1,+2,2026-02-26 10:00:00,busy\nCA2,+1,+2,soon,busy\n"
    b"CA3,+1,+2,2026-02-26 10:00:00,busy,x\nCA4,+1,+2,2026-02-26 10:00:00,busy\n"
)
RECORDS = (
    b'[{"variables": {"uuid": "c0041bbc-d88a", "start_epoch": "1772100000"}}, '
    b'{"variables": {"uuid": "?"}}]'
)

FILES = {
    "calls": (Calls(), CALLS + CALL % 1 + b"c2,soon,out,1,2,busy\n" + CALL % 3, "line 3", "at", 2),
    "table": (
        Table("twilio-calls"),
        TWILIO,
        "line 3",
        "start_time",
        2,
    ),
    "asterisk": (
        Asterisk("UTC"),
        LEG % b"soon" + LEG % b"2026-03-02 10:00:00" + b"x\n" + LEG % b"2026-03-02 10:00:00",
        "line 1",
        "start",
        2,
    ),
    "freeswitch": (
        FreeSwitch(),
        FS % (b"soon", b"c0041bbc-d88a") + b"x\n" + FS % (b"2026-03-02 10:00:00", b"c0041bbc-d88b"),
        "line 1",
        "start_stamp",
        1,
    ),
    "freeswitch-json": (
        FreeSwitch(),
        RECORDS,
        "record 2",
        "uuid",
        1,
    ),
    "ical": (
        ICal(),
        b"BEGIN:VCALENDAR\r\n"
        + MEETING % (1, b"20260303T100000Z")
        + MEETING % (2, b"20260303T080000Z")
        + b"END:VCALENDAR\r\n",
        "component 2",
        "DTEND",
        1,
    ),
    "mbox": (
        Mbox(),
        MESSAGE + b"From x Mon Mar  2 10:00:00 2026\n\x00\xff\x00\n\n" + MESSAGE,
        "message 2, line 1",
        "",
        2,
    ),
}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_row_that_cannot_be_read_is_a_fault_of_its_own_and_without_a_list_an_error(name):
    source, body, place, field, count = FILES[name]
    assert isinstance(source, Rows)
    faults: list[BadEvent | TooLarge] = []
    assert len(source.parse({}, body, faults)) == count
    assert (faults[0].place, faults[0].field) == (place, field)
    with pytest.raises((BadEvent, TooLarge)) as caught:
        source.parse({}, body)
    assert str(caught.value) == str(faults[0])


def test_a_card_of_nobody_costs_no_other_card():
    cards = b"BEGIN:VCARD\nTITLE:x\nEND:VCARD\nBEGIN:VCARD\nFN:Dan Oh\nEND:VCARD\n"
    faults: list[BadEvent | TooLarge] = []
    (dan,) = VCard().people(cards, "smith", faults)
    assert (dan.name, [fault.place for fault in faults]) == ("Dan Oh", ["card 1"])
    with pytest.raises(BadEvent, match="card 1: has no UID"):
        VCard().people(cards, "smith")


def test_a_card_that_is_broken_off_costs_no_other_card(monkeypatch):
    monkeypatch.setattr(vcard, "MAX_LINES", 3)
    lines = "BEGIN:VCARD|FN:A|BEGIN:VCARD|FN:B|END:VCARD|END:VCARD|BEGIN:VCARD|FN:C|X:1|X:2|X:3"
    lines += "|END:VCARD|BEGIN:VCARD|FN:D|END:VCARD|BEGIN:VCARD|FN:E"
    faults: list[BadEvent | TooLarge] = []
    people = VCard().people(lines.replace("|", "\n").encode(), "smith", faults)
    assert [person.name for person in people] == ["B", "D"]
    assert [str(fault) for fault in faults] == [
        "line 3: a card begins within another",
        "line 6: a card ends that did not begin",
        "line 11: a card of more than 3 lines",
        "line 12: a card ends that did not begin",
        "body: the last card does not end (truncated?)",
    ]


def test_what_reports_is_no_file_of_rows():
    assert not isinstance(SendGrid(), Rows)


def cells(body, **more):
    faults: list[BadEvent | TooLarge] = []
    read = [(row.line, row.cells) for row in rows(body, most=1_000, faults=faults, **more)]
    return read, [str(fault) for fault in faults]


def test_a_quote_that_is_never_closed_costs_its_own_line_alone():
    assert cells(b'a,b\n1,"x\n2,y\n3,"z\n4,"q\nr"\n') == (
        [(1, ["a", "b"]), (3, ["2", "y"]), (5, ["4", "q\nr"])],
        [
            "line 2: is not CSV (an open quote?)",
            "line 4: is not CSV (an open quote?)",
        ],
    )
    # a text behind a closed quote is noticed at once, and the rows behind it are read
    assert cells(b'a,b\n1,"x"y\n2,z\n') == (
        [(1, ["a", "b"]), (3, ["2", "z"])],
        ["line 2: is not CSV (an open quote?)"],
    )


def test_where_quotes_are_open_too_often_what_they_hold_is_one_fault():
    read, faults = cells(b"a\n" + b'"x\n' * (MAX_OPEN + 3) + b"y\n")
    assert read == [(1, ["a"])]
    assert faults == [
        *[f"line {n}: is not CSV (an open quote?)" for n in range(2, MAX_OPEN + 2)],
        f"lines {MAX_OPEN + 2} to {MAX_OPEN + 3}: is not CSV (an open quote?)",
        f"lines {MAX_OPEN + 4} to {MAX_OPEN + 5}: is not CSV (an open quote?)",
    ]


def test_without_a_header_that_can_be_read_there_is_nothing_to_read_by():
    for body in (b"caf\xe9,b\n1,2\n", b'a,"b\n'):
        with pytest.raises(BadEvent, match="line 1: is not "):
            cells(body)
    assert cells(b"caf\xe9,b\n1,2\n", header=False) == (
        [(2, ["1", "2"])],
        ["line 1: is not UTF-8"],
    )


def test_the_bound_of_rows_holds_whatever_cannot_be_read():
    with pytest.raises(TooLarge, match="line 4: more than the 2 rows read at once"):
        list(rows(b"a\n1\n2\n3\n", most=2, faults=[]))
