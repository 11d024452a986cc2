"""Any CSV by a mapping: whole events, mappings that come with the package, bad mappings."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, BadInput, NotFound, TooLarge
from contactledger.events import Event, Incoming
from contactledger.facts import Touch
from contactledger.sources import Mapping, Table, _mapping, table
from contactledger.sources._mapping import normal, shipped_mapping, shipped_names
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System
from tests.ledgers import SMITH, facts_of, filled

NOW = datetime(2026, 3, 2, tzinfo=UTC)
MAPPING = """
name = "acme-calls"
channel = "phone"
message = true
needs = ["call_id", "what"]
[when]
column = ["Started", "other_start"]
format = "%d.%m.%Y %H:%M"
zone = "Europe/Berlin"
[columns]
call_id = "Call ID"
event_id = ["Call ID"]
from = ["From"]
to = ["To"]
subject = ["About"]
message_id = ["Call ID"]
[templates]
message_id = "<call-{}@acme>"
[outgoing]
column = "Out?"
default = "in"
flag = "out"
[what]
column = "Result"
default = "unknown"
[what.words]
Reached = "answered"
[by]
column = "Result"
[by.words]
reached = "human"
[permanent]
column = "Final"
flag = "permanent"
[skip]
column = "Deleted"
[skip.words]
yes = "skip"
"""
HEADER = "Started,Call_ID,from,To,About,Out?,Result,Final,Deleted"


def parse(*lines, text=MAPPING, **more):
    return Table(Mapping.read(text), **more).parse({}, "\n".join(lines).encode())


def test_a_row_becomes_one_whole_event():
    row = "02.03.2026 10:00,c1,+1 555 0100,b-7,Sync,yes,reached,,"
    assert parse(HEADER, row, addresses={"b-7": "+1 555 0111"}) == [
        Event(
            SignalKind.ANSWERED,
            datetime(2026, 3, 2, 9, tzinfo=UTC),
            By.HUMAN,
            "acme-calls",
            event_id="c1",
            message_id="<call-c1@acme>",
            call_id="c1",
            address="+1 555 0111",
            channel=Channel.PHONE,
            word="reached",
            said_at="02.03.2026 10:00",
            system=System.OWN,
            original=row.encode(),
            message=Incoming("+1 555 0100", ("+1 555 0111",), "Sync", outgoing=True),
        )
    ]


def test_unknown_and_missing_words_flags_and_rows_left_out():
    rows = [
        "02.03.2026 10:00,c1,1,2,,no,Odd,x,",
        "02.03.2026 10:00,c2,1,2,,,,,yes",
        "02.03.2026 10:00,c3,1",
        "",
        ",,,,,,,,",
    ]
    one, three = parse(HEADER, *rows)
    assert (one.what, one.word, one.by, one.permanent) == (
        SignalKind.UNKNOWN,
        "Odd",
        By.UNKNOWN,
        True,
    )
    assert (one.address, one.message.outgoing) == ("1", False)
    assert (three.call_id, three.word, three.message.to) == ("c3", None, ())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",c1", "line 2, Started: must not be empty"),
        ("2026-03-02,c1", "line 2, Started: is no time as the mapping says"),
        ("02.03.1970 10:00,c1", "line 2, Started: the time lies outside the years 1990 to 2099"),
        ("02.03.2026 10:00,c1,1,2,3,4,5,6,7,8", "line 2: has 10 cells, the header 9"),
        ('"02.03.2026 10:00', "line 2: is not CSV (an open quote?)"),
    ],
)
def test_bad_rows_are_refused_by_line_and_column(row, said):
    with pytest.raises(BadEvent) as caught:
        parse(HEADER, row)
    assert str(caught.value) == said


def test_bad_tables_are_refused():
    with pytest.raises(BadEvent, match="line 1, Call ID: this column is missing"):
        parse("Started,Result")
    with pytest.raises(BadEvent, match="line 1: the table is empty"):
        parse("")
    with pytest.raises(BadEvent, match="line 2: is not UTF-8"):
        Table(Mapping.read(MAPPING)).parse({}, HEADER.encode() + b"\n\xff")
    with pytest.raises(BadEvent, match="Content-Type"):
        Table(Mapping.read(MAPPING)).parse({"Content-Type": "text/html"}, b"")


def timed(form, value, line='zone = "UTC"', **more):
    text = f'name = "t"\nchannel = "email"\n[when]\ncolumn = "t"\nformat = "{form}"\n{line}\n'
    (event,) = parse("t", value, text=text, **more)
    return event.at


def test_times_in_every_form():
    nine = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert timed("epoch", "1772442000") == nine
    assert timed("epoch_ms", "1772442000000") == nine
    assert timed("iso", "2026-03-02 09:00:00.000000 UTC") == nine
    assert timed("iso", "2026-03-02T10:00:00+01:00", "") == nine
    assert timed("iso", "2026-03-02 10:00:00", "", zone="Europe/Berlin") == nine
    with pytest.raises(BadEvent, match="has no offset from UTC, and no zone is given"):
        timed("iso", "2026-03-02 10:00:00", "")
    with pytest.raises(BadEvent, match="must be a number of seconds"):
        timed("epoch", "soon")
    with pytest.raises(BadInput, match=r"Table\.zone"):
        timed("iso", "x", zone="Mars/Base")


def test_a_mapping_without_a_time_gives_events_without_one_and_bad_ends_are_left_out():
    text = 'name = "t"\nchannel = "meeting"\n[columns]\nstarts = "s"\nends = "e"\n[what]\ndefault = "attended"\n'
    (event,) = parse("s,e", "2026-03-02T09:00:00Z,1970-01-01T00:00:00Z", text=text)
    assert (event.at, event.what, event.message) == (None, SignalKind.ATTENDED, None)
    assert event.extra == {"starts": datetime(2026, 3, 2, 9, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"acme-calls"', '"Acme"', "name: must be a slug"),
        ('"phone"', '"fax"', "channel: must be one of: email, phone"),
        ("[templates]", "[spare]", "spare: is no key of a mapping"),
        ('subject = ["About"]', 'colour = ["About"]', "columns.colour: is no field of an event"),
        ('"<call-{}@acme>"', '"<call@acme>"', 'templates: must be texts with one "{}"'),
        ('Reached = "answered"', 'Reached = "happy"', "what.words.Reached: must be one of: absent"),
        ('Reached = "answered"', 'Reached = ["x"]', "what.words.Reached: must be one of: absent"),
        ('default = "unknown"', 'default = "happy"', "what.default: must be one of"),
        ('subject = ["About"]', "subject = []", "columns.subject: must be a column's name"),
        ('needs = ["call_id", "what"]', "needs = 7", "needs: must be a list of fields"),
        ('zone = "Europe/Berlin"', 'zone = "Mars/Base"', "when.zone: is no zone"),
        ("[what.words]", "[what]\n", "mapping: is not TOML"),
        ('needs = ["call_id", "what"]', "skip = 7", "mapping: is not TOML"),
    ],
)
def test_bad_mappings_are_refused_by_key(old, new, said):
    with pytest.raises(BadInput) as caught:
        Mapping.read(MAPPING.replace(old, new, 1))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "t"\nchannel = "email"\nwhat = 7', "what: must be a table"),
        ('name = "t"\nchannel = "email"\nwhen = 7', "when: must be a table"),
        ('name = "t"\nchannel = "email"\n[what]\nwords = 7', "what.words: must be a table"),
    ],
)
def test_tables_of_a_mapping_must_be_tables(text, said):
    with pytest.raises(BadInput) as caught:
        Mapping.read(text)
    assert str(caught.value) == said


def test_bounds_are_kept(monkeypatch):
    with pytest.raises(TooLarge, match="mapping: more than"):
        Mapping.read("#" * 200_000)
    with pytest.raises(TooLarge, match="line 2, About: more than 100000 characters"):
        parse(HEADER, "02.03.2026 10:00,c1,1,2," + "x" * 100_001)
    monkeypatch.setattr(table, "MAX_ROWS", 1)
    with pytest.raises(TooLarge, match="more than the 1 rows"):
        parse(HEADER, *["02.03.2026 10:00,c1"] * 2)
    monkeypatch.setattr(Table, "max_body_bytes", 1)
    with pytest.raises(TooLarge, match="a body of"):
        parse(HEADER)


def test_mappings_that_come_with_the_package_are_found_by_name_and_by_header():
    assert Table("twilio-calls").mapping is shipped_mapping("twilio-calls")
    for name in shipped_names():
        assert shipped_mapping(name).name == name
    with pytest.raises(NotFound, match="no mapping of this name"):
        Table("no-such")
    with pytest.raises(BadEvent, match="no mapping fits"):
        Table.fitting(b"a,b\n1,2")
    with pytest.raises(BadEvent, match="the table is empty"):
        Table.fitting(b"")
    body = b"Sid;From;To;Start Time;Status;Direction\nCA1;+1;+2;2026-03-02 09:00:00;no-answer;outbound-api"
    found = Table.fitting(body, delimiter=";")
    (event,) = found.parse({}, body)
    assert (found.mapping.name, event.what, event.address) == (
        "twilio-calls",
        SignalKind.NO_ANSWER,
        "+2",
    )
    assert found.verify({}, b"", None, NOW) is Auth.NONE


def test_two_mappings_that_fit_equally_well_are_not_guessed_between(monkeypatch):
    monkeypatch.setattr(_mapping, "shipped_names", lambda: ("twilio-calls", "twilio-calls"))
    with pytest.raises(BadEvent, match="or several do"):
        Table.fitting(b"Sid,From,To,Start Time,Status\n")


def test_names_of_columns_are_compared_without_case_spaces_and_underscores():
    assert normal(" Start_Time ") == normal("start time") == normal("StartTime") == "starttime"


def test_a_ticket_and_its_comments_are_a_question_and_its_answers():
    ledger, _ = filled()
    people = {"7": "bob@smith.example", "9": "ann@acme.example"}
    tickets = b"id,created_at,requester_id,subject,description,status\n1077,2026-02-26 09:00:00,7,Sync,Broken,open\n"
    comments = b"id,created,ticket_id,user_id,body,public\n1,2026-02-26 10:00:00,1077,9,Look,TRUE\n2,2026-02-26 10:05:00,1077,9,Note,FALSE\n"
    first = ledger.import_(Table("zendesk-tickets", addresses=people), tickets, dry_run=False)
    second = ledger.import_(Table("zendesk-comments", addresses=people), comments, dry_run=False)
    (question,), (answer,) = facts_of(first.recorded), facts_of(second.recorded)
    assert type(question) is Touch
    assert (question.channel, question.about) == (Channel.TICKET, "Sync")
    assert answer.answers == (first.recorded[0].id,)
    assert answer.to == (question.sender,)
    assert ledger.accounts() == (SMITH,)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_change_to_a_table_gives_events_or_one_clear_error(data):
    body = bytearray(f"{HEADER}\n02.03.2026 10:00,c1,1,2,Sync,yes,reached,,\n".encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
        body = body or bytearray(b"x")
    try:
        events = Table(Mapping.read(MAPPING)).parse({}, bytes(body))
    except (BadEvent, TooLarge):
        return
    assert all(isinstance(event, Event) for event in events)
