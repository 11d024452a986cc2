import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources import Calls, calls
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

HEADER = "call_id,at,direction,from,to,status"
ROW = "c1,2026-03-02T10:00:00+01:00,out,+4930111,+4930222,"
PAGE = Path(__file__).parent.parent / "docs" / "calls-csv.md"


def parse(*lines: str) -> list[Event]:
    return Calls().parse({}, "\n".join(lines).encode())


def one(status: str, answered_by: str = "") -> Event:
    return parse(f"{HEADER},answered_by", f"{ROW}{status},{answered_by}")[0]


def test_a_row_becomes_one_whole_event():
    row = f'{ROW}completed,human,312,"Sync, again"'
    events = parse(f"{HEADER},answered_by,duration_seconds,about", row)
    assert events == [
        Event(
            SignalKind.ANSWERED,
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            By.HUMAN,
            "calls",
            event_id="c1",
            call_id="c1",
            address="+4930222",
            channel=Channel.PHONE,
            word="completed",
            said_at="2026-03-02T10:00:00+01:00",
            system=System.OWN,
            original=row.encode(),
            message=Incoming("+4930111", ("+4930222",), subject="Sync, again", outgoing=True),
            extra={"duration_seconds": 312},
        )
    ]


def test_of_a_call_that_came_in_the_other_side_is_the_caller():
    event = parse(HEADER, "c1,2026-03-02T10:00:00Z,in,+4930222,+4930111,busy")[0]
    assert (event.address, event.message) == ("+4930222", Incoming("+4930222", ("+4930111",)))


@pytest.mark.parametrize(
    ("status", "answered_by", "what", "by"),
    [
        ("completed", "human", SignalKind.ANSWERED, By.HUMAN),
        ("completed", "machine", SignalKind.ANSWERED, By.MACHINE),
        ("completed", "unknown", SignalKind.ANSWERED, By.UNKNOWN),
        ("completed", "", SignalKind.ANSWERED, By.UNKNOWN),
        ("voicemail", "human", SignalKind.VOICEMAIL, By.MACHINE),
        ("no_answer", "", SignalKind.NO_ANSWER, By.UNKNOWN),
        ("busy", "human", SignalKind.BUSY, By.UNKNOWN),
        ("failed", "", SignalKind.REJECTED, By.UNKNOWN),
        ("canceled", "", SignalKind.UNKNOWN, By.UNKNOWN),
    ],
)
def test_a_status_says_what_the_page_says(status, answered_by, what, by):
    event = one(status, answered_by)
    assert (event.what, event.by, event.word) == (what, by, status)


def test_the_page_lists_exactly_the_columns_and_words_that_are_read():
    page = PAGE.read_text(encoding="utf-8")
    columns, statuses = page.split("## The columns")[1].split("## What a status says")
    named = re.findall(r"^\| (`.*?) \|", columns, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", " ".join(named))) == calls.COLUMNS
    assert set(re.findall(r"^\| `(\w+)` \|", statuses, re.MULTILINE)) == {"status", *calls.STATUS}


def test_the_table_of_the_page_reads_as_the_page_says():
    table = PAGE.read_text(encoding="utf-8").split("```csv\n")[1].split("```")[0]
    events = Calls().parse({"content-type": "text/csv; charset=utf-8"}, table.encode())
    assert [(e.call_id, e.what, e.by) for e in events] == [
        ("c-1001", SignalKind.ANSWERED, By.HUMAN),
        ("c-1002", SignalKind.VOICEMAIL, By.MACHINE),
        ("c-1003", SignalKind.NO_ANSWER, By.UNKNOWN),
    ]


def test_the_program_of_the_page_runs():
    program = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names = {}
    exec(program, names)
    assert names["event"].call_id == "c-1004"


def test_columns_may_stand_in_any_order():
    event = parse("status,to,from,direction,at,call_id", "busy,b,a,out,2026-03-02T10:00:00Z,c9")[0]
    assert (event.call_id, event.address) == ("c9", "b")


def test_a_byte_order_mark_blank_lines_and_crlf_change_nothing():
    plain = parse(HEADER, f"{ROW}busy")
    windows = Calls().parse({}, f"\ufeff{HEADER}\r\n\r\n{ROW}busy\r\n\r\n".encode())
    assert windows == plain


def test_each_event_keeps_the_exact_bytes_of_its_row_also_over_several_lines():
    table = f'{HEADER},about\r\n{ROW}busy,"one\r\ntwo"\r\nc2{ROW[2:]}busy,\r\n'
    first, second = Calls().parse({}, table.encode())
    assert first.original == f'{ROW}busy,"one\r\ntwo"'.encode()
    assert second.original == f"c2{ROW[2:]}busy,".encode()


def test_a_later_line_is_named_by_its_number_after_a_cell_of_several_lines():
    with pytest.raises(BadEvent) as caught:
        parse(f"{HEADER},about", f'{ROW}busy,"one', 'two"', f"{ROW}sleepy,")
    assert (caught.value.place, caught.value.field) == ("line 4", "status")


def test_controls_that_turn_text_around_are_replaced_and_stay_in_the_original():
    row = f"{ROW}busy,pay \u202e00001\u2069 now"
    event = parse(f"{HEADER},about", row)[0]
    assert event.message is not None
    assert event.message.subject == "pay \ufffd00001\ufffd now"
    assert event.original == row.encode()


def test_an_error_never_repeats_what_stands_in_the_table():
    with pytest.raises(BadEvent) as caught:
        parse(HEADER, f"{ROW}secret-of-bob")
    assert "secret" not in str(caught.value)


def test_a_body_over_the_bound_is_refused_before_it_is_read():
    with pytest.raises(TooLarge, match="over the 33554432 that are read"):
        Calls().parse({}, b"\xff" * (Calls.max_body_bytes + 1))


def test_a_table_of_too_many_rows_is_refused(monkeypatch):
    monkeypatch.setattr(calls, "MAX_ROWS", 2)
    assert len(parse(HEADER, *[f"{ROW}busy"] * 2)) == 2
    with pytest.raises(TooLarge, match="line 4: more than the 2 rows"):
        parse(HEADER, *[f"{ROW}busy"] * 3)


def test_another_content_type_is_refused():
    with pytest.raises(BadEvent, match="Content-Type: must be one of"):
        Calls().parse({"Content-Type": "application/json"}, HEADER.encode())


def test_a_table_proves_nothing_of_who_wrote_it():
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert Calls().verify({}, b"", None, now) is Auth.NONE
    with pytest.raises(TooLarge):
        Calls().verify({}, bytes(Calls.max_body_bytes + 1), None, now)
