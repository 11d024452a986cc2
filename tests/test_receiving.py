"""The way in: durable, recognised when it comes again, parked when unknown, never lost."""

# ruff: noqa: ARG002

from __future__ import annotations

import base64
import json
import logging
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from contactledger.errors import BadEvent, BadFact, StoreError, TooLarge, Unverified
from contactledger.facts import Message, Person
from contactledger.receiving import KEEP_DONE, Receipt
from contactledger.sources.calls import Calls
from contactledger.sources.mail import Mail
from contactledger.sources.sendgrid import SIGNATURE, TIMESTAMP, SendGrid
from contactledger.store.memory import MemoryStore
from contactledger.store.port import InboxRow
from contactledger.vocabulary import Auth
from tests.ledgers import SMITH, Probe, event, filled, holds, in_file, in_memory, mail, two_sides

JSON = {"Content-Type": "application/json"}


def inbox(ledger, *states):
    with ledger._store.begin(write=False) as tx:
        return tx.inbox(states)


def sendgrid(token, what="delivered", stamp=1772442060, **more):
    return {
        "email": "bob@smith.example",
        "timestamp": stamp,
        "event": what,
        "sg_event_id": "e-1",
        "contactledger": token,
        **more,
    }


def body(*events):
    return json.dumps(events).encode()


@pytest.fixture
def sent():
    """A ledger with its clock and one e-mail on record."""
    ledger, clock = filled()
    (touch,) = ledger.record(SMITH, mail())
    return ledger, clock, touch


# --- recorded, repeated, conflicting, parked ------------------------------------------------------


def test_a_report_is_recorded_once_however_often_it_comes(sent):
    ledger, clock, touch = sent
    first = ledger.receive(SendGrid(), JSON, body(sendgrid(touch.id)))
    (entry,) = first.recorded
    assert (first.repeated, first.conflicting, first.parked) == (0, (), ())
    assert ledger.entries(SMITH)[-1] == entry
    clock.forward(hours=3)
    again = ledger.receive(SendGrid(), JSON, body(sendgrid(touch.id)))
    assert again == Receipt(again.inbox, repeated=1, source="sendgrid")
    assert ledger.check() == 9
    assert {row.state for row in inbox(ledger)} == {"done"}


def test_a_retry_in_another_form_is_the_same_report(sent):
    ledger, clock, touch = sent
    one, two = sendgrid(touch.id), sendgrid(touch.id, "open", sg_event_id="e-2", ip="192.0.2.1")
    assert len(ledger.receive(SendGrid(), JSON, body(one, two)).recorded) == 2
    clock.forward(days=1)
    turned = [dict(reversed(item.items())) for item in (two, one)]
    written = json.dumps(turned, indent=2).encode()
    assert ledger.receive(SendGrid(), {**JSON, "X-Retry": "1"}, written).repeated == 2
    # matched by another rule, since the custom argument was lost on the way
    bare = {k: v for k, v in one.items() if k != "contactledger"}
    assert ledger.receive(SendGrid(), JSON, body(bare)).repeated == 1
    assert ledger.check() == 10


def test_a_report_whose_time_is_ours_is_known_again_later(sent):
    ledger, clock, touch = sent
    given = Probe(event("opened", token=touch.id, event_id="e-1"))
    ahead = Probe(event("opened", token=touch.id, event_id="e-2", at=clock() + timedelta(hours=2)))
    for source in (given, ahead):
        assert len(ledger.receive(source, {}, b"").recorded) == 1
    clock.forward(hours=1)
    for source in (given, ahead):
        assert ledger.receive(source, {}, b"").repeated == 1


def test_a_report_is_known_again_when_its_person_became_known_in_between(sent):
    ledger, _, touch = sent
    given = SendGrid(), JSON, body(sendgrid(touch.id, email="bobby@home.example"))
    (entry,) = ledger.receive(*given).recorded
    assert entry.fact.person is None
    ledger.record(SMITH, Person("bobby", "smith", email="bobby@home.example"))
    assert ledger.receive(*given).repeated == 1


def test_the_same_event_id_with_other_content_is_kept_and_marked(sent):
    ledger, _, touch = sent
    (first,) = ledger.receive(SendGrid(), JSON, body(sendgrid(touch.id))).recorded
    other = body(sendgrid(touch.id, "bounce", reason="550"))
    receipt = ledger.receive(SendGrid(), JSON, other)
    (marked,) = receipt.conflicting
    assert (receipt.recorded, receipt.repeated) == ((), 0)
    assert (marked.fact.conflicts, marked.fact.what) == (first.no, "bounced")
    assert ledger.receive(SendGrid(), JSON, other).repeated == 1
    assert ledger.receive(SendGrid(), JSON, body(sendgrid(touch.id))).repeated == 1
    assert ledger.check() == 10


def test_two_of_an_id_in_one_body_are_told_apart(sent):
    ledger, _, touch = sent
    one, other = sendgrid(touch.id), sendgrid(touch.id, "open")
    receipt = ledger.receive(SendGrid(), JSON, body(one, one, other))
    assert len(receipt.recorded) == receipt.repeated == len(receipt.conflicting) == 1
    assert receipt.conflicting[0].fact.conflicts == receipt.recorded[0].no


def test_repeats_are_known_after_erasure(sent):
    ledger, _, touch = sent
    given = SendGrid(), JSON, body(sendgrid(touch.id, ip="192.0.2.77"))
    ledger.receive(*given)
    ledger.redact(SMITH, person="bob")
    before = ledger.entries(SMITH)
    assert ledger.receive(*given).repeated == 1
    assert ledger.entries(SMITH) == before
    assert ledger.check() == 10


def test_what_is_unknown_is_parked_and_matched_later():
    ledger, clock = filled()
    early = body(sendgrid("", sg_message_id="m-1.filter01", email="who@else.example"))
    receipt = ledger.receive(SendGrid(), JSON, early)
    assert [(p.index, p.state, p.rule) for p in receipt.parked] == [(0, "unknown", "")]
    assert [row.state for row in inbox(ledger)] == ["unknown"]
    assert ledger.replay(SendGrid())[0].parked == receipt.parked
    clock.forward(hours=1)
    (touch,) = ledger.record(SMITH, mail(message=Message(provider_id="m-1")))
    (again,) = ledger.replay(SendGrid())
    assert again.inbox == receipt.inbox
    assert [e.fact.touch for e in again.recorded] == [touch.id]
    assert [(row.state, row.tries) for row in inbox(ledger)] == [("done", 3)]
    assert ledger.replay(SendGrid()) == ()


def test_of_a_batch_what_matches_is_recorded_at_once_and_once(sent):
    ledger, _, touch = sent
    both = body(sendgrid(touch.id), sendgrid("", email="who@else.example", sg_event_id="e-2"))
    receipt = ledger.receive(SendGrid(), JSON, both)
    assert (len(receipt.recorded), [p.index for p in receipt.parked]) == (1, [1])
    (replayed,) = ledger.replay(SendGrid())
    assert (replayed.recorded, replayed.repeated, len(replayed.parked)) == ((), 1, 1)


def test_of_several_the_body_is_parked_ambiguous():
    ledger, _ = filled()
    ledger.record(SMITH, mail(), mail())
    given = body(sendgrid(""), sendgrid("", email="who@else.example", sg_event_id="e-2"))
    receipt = ledger.receive(SendGrid(), JSON, given)
    assert [p.state for p in receipt.parked] == ["ambiguous", "unknown"]
    assert [row.state for row in inbox(ledger)] == ["ambiguous"]


def test_replay_takes_up_what_is_of_its_sources_only(sent):
    ledger, _, _ = sent
    ledger.receive(SendGrid(), JSON, body(sendgrid("", email="who@else.example")))
    assert ledger.replay(Mail(), Calls()) == ()
    assert ledger.replay() == ()


def test_replay_goes_through_an_inbox_of_any_size_oldest_first_and_each_body_once(sent):
    ledger, clock, touch = sent
    states = ("unknown", "failed", "new", "ambiguous", "done", "imported")
    with ledger._store.begin(write=True) as tx:
        for number in range(2_400):
            at = clock() - timedelta(seconds=2_400 - number // 2)  # two of each moment
            state = states[number % 6]
            given = body(sendgrid(touch.id, sg_event_id=f"e-{number}"))
            row = ("sendgrid", "signed_body", state, "", 1, b"{}", given)
            tx.inbox_put(InboxRow(f"{number:026d}", at, *row))
    assert ledger.waiting() == {
        "sendgrid": {"ambiguous": 400, "failed": 400, "new": 400, "unknown": 400}
    }
    receipts = ledger.replay(SendGrid())
    assert [r.inbox for r in receipts] == [
        f"{number:026d}" for number in range(2_400) if number % 6 < 4
    ]
    assert {len(r.recorded) for r in receipts} == {1}
    assert ledger.waiting() == {}
    assert ledger.replay(SendGrid()) == ()


def test_what_stays_parked_in_another_state_does_not_come_twice(sent):
    ledger, clock, _ = sent
    waits = SendGrid(), JSON, body(sendgrid("", email="who@else.example"))
    ledger.receive(*waits)
    clock.forward(seconds=1)
    ledger.receive(*waits)
    first, last = inbox(ledger)
    with ledger._store.begin(write=True) as tx:
        tx.inbox_put(first._replace(state="new"))
    assert [r.inbox for r in ledger.replaying(SendGrid())] == [first.id, last.id]
    assert [row.tries for row in inbox(ledger)] == [2, 2]


def test_replaying_holds_one_body_of_each_state_and_stops_at_what_came_meanwhile(sent):
    ledger, clock, _ = sent
    for _ in range(3):
        ledger.receive(SendGrid(), JSON, body(sendgrid("", email="who@else.example")))
        clock.forward(seconds=1)
    got = []
    for receipt in ledger.replaying(SendGrid()):
        got.append((receipt.source, receipt.failed, len(receipt.parked)))
        clock.forward(seconds=1)
        ledger.receive(SendGrid(), JSON, body(sendgrid("", email="who@else.example")))
    assert got == [("sendgrid", "", 1)] * 3
    assert ledger.waiting() == {"sendgrid": {"unknown": 6}}


def test_what_fails_again_is_told_among_the_receipts_and_left(sent):
    ledger, _, _ = sent
    with pytest.raises(BadEvent):
        ledger.receive(SendGrid(), JSON, b"{")
    (told,) = ledger.replaying(SendGrid())
    assert told == Receipt(inbox(ledger)[0].id, source="sendgrid", failed="BadEvent")
    assert ledger.waiting() == {"sendgrid": {"failed": 1}}


def test_a_call_table_and_a_message_come_in_the_same_way(sent):
    ledger, _, _ = sent
    table = (
        b"call_id,at,direction,from,to,status\n"
        b"c1,2026-03-02T08:00:00Z,out,+1 555 0100,+1 555 0111,voicemail\n"
    )
    receipt = ledger.receive(Calls(), {}, table)
    assert [e.kind for e in receipt.recorded] == ["touch", "signal"]
    assert receipt.conflicting == ()
    assert ledger.receive(Calls(), {}, table).repeated == 1
    text = (
        b"From: Bob <bob@smith.example>\nTo: ann@acme.example\nMessage-ID: <b1@smith.example>\n"
        b"Date: Mon, 02 Mar 2026 08:30:00 +0000\nSubject: Sync\n\nThanks.\n"
    )
    (answer,) = ledger.receive(Mail(), {}, text).recorded
    assert (answer.fact.about, answer.fact.auth) == ("Sync", Auth.NONE)
    assert ledger.receive(Mail(), {}, text).repeated == 1


# --- what does not come in -------------------------------------------------------------------------


def test_a_forged_report_is_counted_and_stored_nowhere(sent, caplog):
    ledger, clock, touch = sent
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    source = SendGrid(key=base64.b64encode(der).decode())
    given = body(sendgrid(touch.id, ip="198.51.100.23"))
    stamp = str(int(clock().timestamp()))
    signature = base64.b64encode(key.sign(stamp.encode() + given, ec.ECDSA(hashes.SHA256())))
    headers = {**JSON, TIMESTAMP: stamp, SIGNATURE: signature.decode()}
    with caplog.at_level(logging.WARNING), pytest.raises(Unverified):
        ledger.receive(source, headers, given + b" ")
    assert caplog.messages == ["contactledger: a report of sendgrid did not verify"]
    with pytest.raises(Unverified):
        ledger.receive(source, JSON, given)
    assert (ledger.forged, inbox(ledger), ledger.check()) == (2, [], 8)
    assert not holds(ledger, "198.51.100.23")
    (entry,) = ledger.receive(source, headers, given).recorded
    assert (entry.fact.auth, ledger.forged) == (Auth.SIGNED_BODY, 2)


def test_a_body_of_100_megabytes_is_refused_unread(sent):
    ledger, _, _ = sent
    for source in (SendGrid(), Mail(), Calls()):
        with pytest.raises(TooLarge) as caught:
            ledger.receive(source, {}, bytes(100 * 1024 * 1024))
        assert str(caught.value).startswith("body: a body of 104857600 bytes is over the ")
    assert (inbox(ledger), ledger.check()) == ([], 8)


@pytest.mark.parametrize(
    ("headers", "given", "text"),
    [
        (JSON, b'[{"event": "open", "timest', "line 1, column 27, body: is not valid JSON"),
        ({"Content-Type": "text/html"}, b"[]", "Content-Type: must be one of: "),
        (JSON, b'[{"event": 7, "timestamp": 1772442060}]', "event 1, event: must be a text"),
    ],
)
def test_what_cannot_be_parsed_is_kept_and_can_be_replayed(sent, caplog, headers, given, text):
    ledger, _, _ = sent
    with pytest.raises(BadEvent) as caught:
        ledger.receive(SendGrid(), headers, given)
    assert text in str(caught.value)
    assert [(r.state, r.reason, r.tries, r.body) for r in inbox(ledger)] == [
        ("failed", "BadEvent", 1, given)
    ]
    assert ledger.check() == 8
    with caplog.at_level(logging.WARNING):
        assert ledger.replay(SendGrid()) == ()
    (row,) = inbox(ledger)
    assert (row.tries, caplog.messages) == (
        2,
        [f"contactledger: inbox {row.id} fails again ({caught.value.field})"],
    )


class Broken(Probe):
    """A source with a bug in its parser, which quotes what it choked on."""

    def parse(self, headers, body):
        raise ValueError(body.decode())


def test_a_parsers_bug_loses_nothing_and_shows_nothing(sent):
    ledger, _, touch = sent
    with pytest.raises(BadEvent) as caught:
        ledger.receive(Broken(), {}, b"Bob Ray")
    assert str(caught.value) == "the parser failed (ValueError)"
    assert caught.value.__suppress_context__
    assert [(r.state, r.reason, r.body) for r in inbox(ledger)] == [
        ("failed", "ValueError", b"Bob Ray")
    ]
    (receipt,) = ledger.replay(Probe(event(token=touch.id)))  # the bug is mended
    assert len(receipt.recorded) == 1
    assert [row.state for row in inbox(ledger)] == ["done"]


def test_too_many_events_are_too_large_and_kept(sent):
    ledger, _, _ = sent
    given = b"[" + b",".join([b"{}"] * 20_001) + b"]"
    with pytest.raises(TooLarge) as caught:
        ledger.receive(SendGrid(), JSON, given)
    assert str(caught.value) == "20001 events are over the 20000 read at once"
    assert [(r.state, r.reason) for r in inbox(ledger)] == [("failed", "TooLarge")]
    assert ledger.replay(SendGrid()) == ()


def test_an_event_that_cannot_be_recorded_is_kept_and_stops_no_other(sent):
    ledger, clock, touch = sent
    bad = Probe(event(token=touch.id, detector="Not A Slug"))
    with pytest.raises(BadFact) as caught:
        ledger.receive(bad, {}, b"first")
    assert caught.value.field == "Signal.detector"
    clock.forward(seconds=1)
    ledger.receive(Probe(event(address="who@else.example")), {}, b"second")
    assert [(r.state, r.reason, r.body) for r in inbox(ledger)] == [
        ("failed", "BadFact", b"first"),
        ("unknown", "", b"second"),
    ]
    assert ledger.check() == 8
    assert ledger.replay(bad) == ()
    good = Probe(event(token=touch.id))
    assert [len(r.recorded) + r.repeated for r in ledger.replay(good)] == [1, 1]


def test_when_the_store_fails_while_recording_the_body_is_there():
    class Fails(MemoryStore):
        blocks = 0

        def begin(self, *, write):
            self.blocks += write
            if write and self.blocks == 5:
                raise StoreError("the disk is gone")
            return super().begin(write=write)

    ledger, _ = in_memory(store=Fails())
    ledger.record(SMITH, *two_sides())
    (touch,) = ledger.record(SMITH, mail())
    with pytest.raises(StoreError):  # opened, two records, the inbox; the fifth is recording
        ledger.receive(Probe(event(token=touch.id)), {}, b"body")
    assert [(row.state, row.body) for row in inbox(ledger)] == [("new", b"body")]
    assert ledger.check() == 8
    (receipt,) = ledger.replay(Probe(event(token=touch.id)))
    assert len(receipt.recorded) == 1


# --- the inbox -------------------------------------------------------------------------------------


def test_headers_are_kept_without_what_opens_doors_and_as_far_as_they_are_text(sent):
    ledger, _, _ = sent
    headers = {
        "Content-Type": "application/json",
        "Authorization": "Basic c2VjcmV0",
        "Cookie": "session=secret",
        "X-Api-Key": "secret",
        "X-Secret-Thing": "secret",
        "X-Odd": "caf\udce9",
        "X-\udce9": "é",
    }
    ledger.receive(SendGrid(), headers, b"[]")
    (row,) = inbox(ledger)
    assert json.loads(row.headers) == {
        "content-type": "application/json",
        "x-odd": "caf?",
        "x-?": "é",
    }


def test_bodies_are_deleted_30_days_after_all_their_parts_were_recorded(sent):
    ledger, clock, touch = sent
    ledger.receive(SendGrid(), JSON, body(sendgrid(touch.id)))
    ledger.receive(SendGrid(), JSON, body(sendgrid("", email="who@else.example")))
    clock.set(clock() + KEEP_DONE - timedelta(microseconds=1))
    assert ledger.tidy() == 0
    clock.forward(seconds=1)
    assert ledger.tidy() == 1
    assert [row.state for row in inbox(ledger)] == ["unknown"]
    assert ledger.check() == 9


def test_tidying_takes_more_than_a_page(sent):
    ledger, clock, _ = sent
    ledger.receive(SendGrid(), JSON, b"[]")
    (row,) = inbox(ledger)
    with ledger._store.begin(write=True) as tx:
        for number in range(249):
            tx.inbox_put(row._replace(id=f"{number:026d}"))
    clock.forward(days=31)
    assert ledger.tidy() == 250
    assert inbox(ledger) == []


def test_in_a_file_it_is_the_same(tmp_path):
    ledger, _, _ = in_file(tmp_path)
    with ledger:
        (touch,) = ledger.record(SMITH, mail())
        given = SendGrid(), JSON, body(sendgrid(touch.id, ip="192.0.2.1"))
        (entry,) = ledger.receive(*given).recorded
        assert ledger.receive(*given).repeated == 1
        parked = ledger.receive(SendGrid(), JSON, body(sendgrid("", email="who@else.example")))
        assert [p.state for p in parked.parked] == ["unknown"]
        assert ledger.entries(SMITH)[-1] == entry
        assert ledger.check() == 9
