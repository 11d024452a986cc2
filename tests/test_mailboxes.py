"""Mailboxes of any size come in, some hundred messages at a time."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import pytest

from contactledger import mailboxes
from contactledger.errors import BadEvent, BadFact
from contactledger.importing import Fault
from contactledger.mailboxes import MESSAGES, pieces
from contactledger.sources import Mbox
from contactledger.sources.mbox import messages
from tests.ledgers import SMITH, filled, in_file
from tests.test_importing import PERIOD


def message(number, *, to=None, text="Yes.", who="bob@smith.example"):
    reply = f"In-Reply-To: <{to}@smith.example>\n" if to is not None else ""
    return (
        f"From bob Thu Feb 26 10:00:00 2026\nFrom: {who}\nTo: ann@acme.example\n"
        f"Message-ID: <{number}@smith.example>\nDate: Thu, 26 Feb 2026 10:00:00 +0000\n{reply}"
        f"Subject: {number}\n\n{text}\n\n"
    ).encode()


def mailbox(count, **more):
    return b"".join(message(n, **more) for n in range(count))


def test_a_file_comes_in_pieces_each_a_batch_of_its_own_and_once():
    ledger, _ = filled()
    body = mailbox(2 * MESSAGES + 1)
    done = list(ledger.import_mailbox(BytesIO(body), dry_run=False, period=PERIOD))
    assert [len(one.recorded) for one in done] == [MESSAGES, MESSAGES, 1]
    assert [len(one.coverage) for one in done] == [0, 0, 1]
    assert {batch.id: batch.entries for batch in ledger.imports()} == {
        one.batch: len(one.recorded) + len(one.coverage) for one in done
    }
    again = list(ledger.import_mailbox(BytesIO(body), dry_run=False))
    assert [(one.recorded, one.repeated) for one in again] == [((), 200), ((), 200), ((), 1)]
    whole, _ = filled()
    assert len(whole.import_(Mbox(), body).recorded) == 2 * MESSAGES + 1
    assert len(ledger.take_back(done[0].batch)) == MESSAGES


def test_the_pieces_hold_the_very_bytes_of_the_messages():
    body = mailbox(3) + b"From x Thu Feb 26 10:00:00 2026\nFrom: x@y.example\n\nno end of line"
    (piece,) = pieces(Mbox(), BytesIO(body))
    assert [event.original for event in piece.events] == list(messages(BytesIO(body)))
    assert [e.original for e in piece.events] == [e.original for e in Mbox().parse({}, body)]


def test_an_answer_in_a_later_piece_finds_its_message(monkeypatch):
    monkeypatch.setattr(mailboxes, "MESSAGES", 1)
    ledger, _ = filled()
    answer = message(2, to=1, who="ann@acme.example").replace(b"To: ann@acme", b"To: bob@smith")
    first, second = ledger.import_mailbox(BytesIO(message(1) + answer), dry_run=False)
    assert second.recorded[0].fact.answers == (first.recorded[0].id,)


def test_large_messages_make_smaller_pieces(monkeypatch):
    monkeypatch.setattr(mailboxes, "BYTES", 1_000)
    found = [piece.messages for piece in pieces(Mbox(), BytesIO(mailbox(5, text="x" * 600)))]
    assert found == [2, 2, 1]


def test_a_message_that_cannot_be_read_is_told_by_its_number_in_the_file(monkeypatch):
    monkeypatch.setattr(mailboxes, "MESSAGES", 2)
    ledger, _ = filled()
    bad = b"From x Thu Feb 26 10:00:00 2026\n\x00\xff\n\n"
    body = mailbox(3) + bad + message(4)
    done = list(ledger.import_mailbox(BytesIO(body), dry_run=False, period=PERIOD))
    why = "begins with no header field, so it is no message"
    assert [one.faults for one in done] == [(), (Fault("message 4, line 1", "", why),), ()]
    assert [len(one.recorded) for one in done] == [2, 1, 1]
    assert [one.coverage for one in done] == [(), (), ()]  # it is not known what it tells


def test_a_dry_run_writes_nothing_and_an_empty_file_covers_its_period():
    ledger, _ = filled()
    before = ledger.entries(SMITH)
    (tried,) = ledger.import_mailbox(BytesIO(mailbox(3)))
    assert (tried.dry_run, len(tried.recorded), ledger.entries(SMITH)) == (True, 3, before)
    (empty,) = ledger.import_mailbox(BytesIO(b""), dry_run=False, period=PERIOD)
    assert (empty.recorded, len(empty.coverage)) == ((), 1)


def test_what_is_no_mailbox_and_a_period_that_lies_ahead_are_refused():
    ledger, _ = filled()
    with pytest.raises(BadEvent, match="begins with no line"):
        list(ledger.import_mailbox(BytesIO(b"hello\n"), dry_run=False))
    with pytest.raises(BadFact, match="period: lies ahead"):
        list(ledger.import_mailbox(BytesIO(b""), period=(PERIOD[0], PERIOD[1].replace(year=2027))))
    assert ledger.imports() == ()


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(mailboxes, "MESSAGES", 20)

    def most(count):
        path = tmp_path / f"{count}.mbox"
        path.write_bytes(mailbox(count, text="x" * 10_000))
        folder = tmp_path / str(count)
        folder.mkdir()
        ledger, _, _ = in_file(folder)
        with ledger, path.open("rb") as file:
            tracemalloc.start()
            for done in ledger.import_mailbox(file, dry_run=False):
                assert len(done.recorded) == 20
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return peak

    most(20)  # what is loaded once
    assert most(400) < 1.5 * most(80) < 20_000_000
