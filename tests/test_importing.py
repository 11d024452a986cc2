"""Whole files: tried first, recorded in one transaction, known again, taken back as a batch."""

from datetime import UTC, datetime

import pytest

from contactledger.errors import BadEvent, BadFact, NotFound
from contactledger.events import Event, Incoming
from contactledger.facts import Coverage, Person, Retraction, Signal, Touch
from contactledger.importing import PAGE, Fault
from contactledger.sources import Asterisk, Calls, Grader, ICal, Own
from contactledger.vocabulary import Channel, CoverageState, Purpose, SignalKind
from tests.ledgers import SMITH, Probe, event, facts_of, filled, in_file, mail

HEADER = "call_id,at,direction,from,to,status,answered_by\n"
TABLE = (
    HEADER
    + "c-1,2026-02-26T10:00:00Z,out,+1 555 0100,+1 555 0111,completed,human\n"
    + "c-2,2026-02-27T10:00:00Z,in,+1 555 0111,+1 555 0100,no_answer,\n"
    + "c-3,2026-02-27T11:00:00Z,in,+1 555 9999,+1 555 0100,busy,\n"
).encode()
PERIOD = (datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


def kinds(entries):
    return [(type(fact).__name__, getattr(fact, "what", None)) for fact in facts_of(entries)]


BOTH_CALLS = [
    ("Touch", None),
    ("Signal", SignalKind.ANSWERED),
    ("Touch", None),
    ("Signal", SignalKind.NO_ANSWER),
]


def test_a_dry_run_tells_what_would_be_written_and_writes_nothing():
    ledger, _ = filled()
    before = ledger.entries(SMITH)
    tried = ledger.import_(Calls(), TABLE, period=PERIOD)
    assert (tried.dry_run, kinds(tried.recorded), len(tried.coverage)) == (True, BOTH_CALLS, 1)
    assert [(p.index, p.state) for p in tried.parked] == [(2, "unknown")]
    assert (ledger.entries(SMITH), ledger.imports(), ledger.check()) == (before, (), len(before))


def test_an_import_is_recorded_and_the_same_file_again_is_repeated():
    ledger, clock = filled()
    tried = ledger.import_(Calls(), TABLE)
    done = ledger.import_(Calls(), TABLE, dry_run=False)
    assert [e.no for e in done.recorded] == [e.no for e in tried.recorded]
    assert ledger.entries(SMITH)[-4:] == done.recorded
    clock.forward(hours=1)
    again = ledger.import_(Calls(), TABLE, dry_run=False)
    assert (again.recorded, again.repeated) == ((), 2)
    assert [(b.id, b.source, b.entries, b.taken_back) for b in ledger.imports()] == [
        (done.batch, "calls", 4, False),
        (again.batch, "calls", 0, False),
    ]


def test_a_period_goes_on_record_as_coverage_of_its_channels_once():
    ledger, _ = filled()
    done = ledger.import_(Calls(), TABLE, dry_run=False, period=PERIOD)
    assert facts_of(done.coverage) == [
        Coverage("import.calls", (Channel.PHONE,), CoverageState.WORKING, *PERIOD, at=PERIOD[1])
    ]
    assert ledger.import_(Calls(), TABLE, dry_run=False, period=PERIOD).coverage == ()


def test_an_empty_file_covers_the_channel_of_its_source():
    ledger, _ = filled()
    done = ledger.import_(Calls(), HEADER.encode(), dry_run=False, period=PERIOD)
    assert facts_of(done.coverage)[0].channels == (Channel.PHONE,)


def test_a_period_that_lies_ahead_or_runs_backward_is_refused():
    ledger, _ = filled()
    with pytest.raises(BadFact, match="period: lies ahead"):
        ledger.import_(Calls(), TABLE, period=(PERIOD[0], datetime(2027, 1, 1, tzinfo=UTC)))
    with pytest.raises(BadFact, match="period: ends before it begins"):
        ledger.import_(Calls(), TABLE, period=(PERIOD[1], PERIOD[0]))


def test_taking_a_batch_back_retracts_every_entry_of_it_once():
    ledger, _ = filled()
    done = ledger.import_(Calls(), TABLE, dry_run=False, period=PERIOD)
    gone = ledger.take_back(done.batch, "wrong zone")
    assert sorted(fact.entry for fact in facts_of(gone)) == sorted(
        e.no for e in (*done.recorded, *done.coverage)
    )
    assert all(type(fact) is Retraction for fact in facts_of(gone))
    assert ledger.imports()[0].taken_back
    assert ledger.take_back(done.batch) == ()


def test_what_was_taken_back_may_be_imported_again_mended_and_is_known_again_then():
    ledger, _ = filled()
    first = ledger.import_(Calls(), TABLE, dry_run=False)
    ledger.take_back(first.batch)
    mended = TABLE.replace(b"T10:00:00Z", b"T09:00:00Z")
    second = ledger.import_(Calls(), mended, dry_run=False)
    assert kinds(second.recorded) == BOTH_CALLS
    signal = second.recorded[1].fact
    assert signal.touch == second.recorded[0].id
    third = ledger.import_(Calls(), mended, dry_run=False)
    assert (third.recorded, third.repeated) == ((), 2)
    ledger.take_back(second.batch)
    fourth = ledger.import_(Calls(), TABLE, dry_run=False)
    assert kinds(fourth.recorded) == BOTH_CALLS
    assert ledger.check() == len(ledger.entries(SMITH))


def test_a_single_entry_taken_back_before_stays_so():
    ledger, _ = filled()
    done = ledger.import_(Calls(), TABLE, dry_run=False)
    ledger.retract(SMITH, done.recorded[0])
    assert [fact.entry for fact in facts_of(ledger.take_back(done.batch))] == [
        e.no for e in done.recorded[1:]
    ]


def test_an_unknown_batch_is_not_found():
    ledger, _ = filled()
    ledger.receive(Calls(), {}, HEADER.encode())
    with ledger._store.begin(write=False) as tx:
        (received,) = tx.inbox()
    for batch in ("nothing", received.id):  # a body that was received is no import
        with pytest.raises(NotFound, match="batch: no import of this id"):
            ledger.take_back(batch)


def test_all_imports_are_listed_and_any_can_be_taken_back_however_many_there_are():
    ledger, clock = filled()
    made = []
    for _ in range(PAGE + 2):
        clock.forward(seconds=1)
        made.append(ledger.import_(Calls(), HEADER.encode(), dry_run=False).batch)
    assert [b.id for b in ledger.imports()] == made
    assert ledger.take_back(made[-1]) == ()
    assert [b.taken_back for b in ledger.imports()] == [False] * (PAGE + 1) + [True]


def test_a_file_that_cannot_be_read_leaves_nothing_behind():
    ledger, _ = filled()
    before = ledger.entries(SMITH)
    with pytest.raises(BadEvent, match="line 1, status: this column is missing"):
        ledger.import_(Calls(), TABLE.replace(b",status", b",end"), dry_run=False)
    assert (ledger.entries(SMITH), ledger.imports()) == (before, ())


def test_rows_that_cannot_be_read_are_told_and_all_others_imported():
    ledger, _ = filled()
    rows = TABLE.splitlines(keepends=True)
    bad = [b"c-9,soon,out,a,b,busy,\n", b"c-8,2026-02-26T10:00:00Z,out,a,b,caf\xe9,\n", b"c-7\n"]
    body = rows[0] + bad[0] + rows[1] + bad[1] + rows[2] + bad[2]
    told = (
        Fault("line 2", "at", "must be a time as in ISO 8601, with its offset"),
        Fault("line 4", "", "is not UTF-8"),
        Fault("line 6", "", "has 1 cells, the header 7"),
    )
    tried = ledger.import_(Calls(), body, period=PERIOD)
    assert (tried.dry_run, tried.faults, kinds(tried.recorded)) == (True, told, BOTH_CALLS)
    done = ledger.import_(Calls(), body, dry_run=False, period=PERIOD)
    assert (done.faults, kinds(done.recorded)) == (told, BOTH_CALLS)
    assert done.coverage == ()  # what the unread rows tell, nobody knows
    assert [str(fault) for fault in told[:2]] == [
        "line 2, at: must be a time as in ISO 8601, with its offset",
        "line 4: is not UTF-8",
    ]
    mended = ledger.import_(Calls(), TABLE, dry_run=False, period=PERIOD)
    assert (mended.repeated, mended.faults, len(mended.coverage)) == (2, (), 1)


def test_a_source_of_one_piece_is_imported_whole_or_not_at_all():
    ledger, _ = filled()
    (touch,) = ledger.record(SMITH, mail())
    done = ledger.import_(Probe(event(token=touch.id)), b"", dry_run=False)
    assert (len(done.recorded), done.faults) == (1, ())


def test_of_an_address_book_the_cards_that_can_be_read_come_in():
    ledger, _ = filled()
    cards = "BEGIN:VCARD\nTITLE:nobody\nEND:VCARD\nBEGIN:VCARD\nFN:Dan Oh\nEND:VCARD\n"
    done = ledger.import_people(SMITH, "smith", cards.encode())
    assert [entry.fact.name for entry in done.recorded] == ["Dan Oh"]
    assert done.faults == (Fault("card 1", "", "has no UID, EMAIL, FN or N"),)


def test_an_import_on_a_file_survives_and_a_dry_run_there_leaves_no_trace(tmp_path):
    ledger, _, _ = in_file(tmp_path)
    with ledger:
        ledger.import_(Calls(), TABLE)
        assert ledger.imports() == ()
        done = ledger.import_(Calls(), TABLE, dry_run=False)
        ledger.tidy()
        assert [b.id for b in ledger.imports()] == [done.batch]
        assert ledger.replay(Calls()) == ()
        assert len(ledger.take_back(done.batch)) == 4
        assert ledger.check() > 0


def test_a_calendar_gives_meetings_and_what_was_said_to_them_in_one_import():
    ledger, _ = filled()
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", "UID:m-1@acme.example",
        "DTSTAMP:20260225T090000Z", "DTSTART:20260226T140000Z", "DTEND:20260226T150000Z",
        "SUMMARY:Training", "ORGANIZER:mailto:ann@acme.example",
        "ATTENDEE;PARTSTAT=ACCEPTED;X-ATTENDED=TRUE:mailto:bob@smith.example",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:carla@smith.example", "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    done = ledger.import_(ICal(), "\r\n".join(lines).encode(), dry_run=False)
    touch, *signals = facts_of(done.recorded)
    assert type(touch) is Touch
    assert (touch.channel, touch.purpose) == (Channel.MEETING, Purpose.CHECK_IN)
    assert touch.starts == datetime(2026, 2, 26, 14, tzinfo=UTC)
    assert touch.ends == datetime(2026, 2, 26, 15, tzinfo=UTC)
    people = {e.fact.key: e.id for e in ledger.entries(SMITH) if isinstance(e.fact, Person)}
    assert [(s.what, s.person) for s in signals] == [
        (SignalKind.ACCEPTED, people["bob"]),
        (SignalKind.ATTENDED, people["bob"]),
        (SignalKind.DECLINED, people["carla"]),
    ]
    assert {s.touch for s in signals if type(s) is Signal} == {done.recorded[0].id}


def test_people_of_an_address_book_are_recorded_and_known_again():
    ledger, _ = filled()
    card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:dan-1\r\nFN:Dan Oh\r\nEMAIL:dan@smith.example\r\nEND:VCARD\r\n"
    tried = ledger.import_people(SMITH, "smith", card.encode())
    assert tried.dry_run
    assert not [e for e in ledger.entries(SMITH) if getattr(e.fact, "key", "") == "dan-1"]
    done = ledger.import_people(SMITH, "smith", card.encode(), dry_run=False)
    (entry,) = done.recorded
    assert (entry.fact.key, entry.fact.email) == ("dan-1", ("dan@smith.example",))
    assert ledger.import_people(SMITH, "smith", card.encode(), dry_run=False).repeated == 1
    with pytest.raises(NotFound):
        ledger.import_people("nobody", "smith", card.encode())


def test_the_legs_of_one_asterisk_call_are_one_touch():
    ledger, _ = filled()
    leg = '"","15550100","15550111","from-internal","","c","d","Dial","x","2026-02-26 10:00:00","2026-02-26 10:00:05","2026-02-26 10:01:00",60,55,"{}","DOCUMENTATION","{}",""\n'
    header = "accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,disposition,amaflags,uniqueid,linkedid\n"
    rows = [
        leg.format("NO ANSWER", "u1").replace('""\n', '"L1"\n'),
        leg.format("ANSWERED", "u2").replace('""\n', '"L1"\n'),
    ]
    ledger.record(
        SMITH,
        Person("ann", "acme", "Ann Lee", phone="15550100"),
        Person("bob", "smith", "Bob Ray", phone="15550111"),
    )
    done = ledger.import_(Asterisk("UTC"), (header + "".join(rows)).encode(), dry_run=False)
    assert kinds(done.recorded) == [
        ("Touch", None),
        ("Signal", SignalKind.NO_ANSWER),
        ("Signal", SignalKind.ANSWERED),
    ]


def test_coverage_is_put_on_record_for_all_accounts():
    ledger, _ = filled()
    (entry,) = ledger.cover(Coverage("mailbox", Channel.EMAIL, since=PERIOD[0], until=PERIOD[1]))
    assert entry.fact.collector == "mailbox"
    assert not [e for e in ledger.entries(SMITH) if isinstance(e.fact, Coverage)]


def test_what_tells_the_senders_own_views_can_be_set():
    ledger, _ = filled()
    grader = Grader(own=Own("192.0.2.0/24"))
    ledger.grader = grader
    assert ledger.grader is grader


def test_a_message_and_its_answer_in_one_file_belong_together():
    ledger, clock = filled()
    asked = Event(
        SignalKind.SENT,
        clock(),
        source="probe",
        event_id="1",
        message_id="<q@x>",
        channel=Channel.TICKET,
        message=Incoming("bob@smith.example", ("ann@acme.example",)),
    )
    answered = Event(
        SignalKind.SENT,
        clock(),
        source="probe",
        event_id="2",
        message_id="<a@x>",
        in_reply_to="<q@x>",
        channel=Channel.TICKET,
        message=Incoming("ann@acme.example", ("bob@smith.example",)),
    )
    question, answer = ledger.import_(Probe(asked, answered), b"", dry_run=False).recorded
    assert (question.fact.answers, answer.fact.answers) == ((), (question.id,))


def test_ones_own_earlier_message_of_the_same_file_is_not_answered():
    ledger, clock = filled()
    made = [
        Event(
            SignalKind.SENT,
            clock(),
            source="probe",
            event_id=str(number),
            message_id=f"<{number}@x>",
            in_reply_to=reply,
            message=Incoming("bob@smith.example", ("ann@acme.example",)),
        )
        for number, reply in ((1, None), (2, "<1@x>"))
    ]
    one, two = ledger.import_(Probe(*made), b"", dry_run=False).recorded
    assert (one.fact.answers, two.fact.answers) == ((), ())
