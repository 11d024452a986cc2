import re
import tracemalloc
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources import Mail, Mbox, mbox
from contactledger.sources.mbox import messages
from tests.ledgers import SMITH, filled, message

DATED = b"From bob@smith.example Mon Mar  2 10:00:00 2026\n"
ONE = b"From: bob@smith.example\nSubject: one\nMessage-ID: <1@smith.example>\n\nYes.\n"
TWO = b"From: carla@smith.example\nSubject: two\n\nFrom now on no.\n>From here on, too.\n\nCarla\n"
BOX = DATED + ONE + b"\n" + DATED + TWO + b"\n"


def split(data):
    return list(messages(BytesIO(data)))


def test_messages_come_as_they_are_without_separator_and_the_blank_line_before_the_next():
    assert split(BOX) == [ONE, TWO]
    assert split(BOX[:-1]) == [ONE, TWO]
    assert split(BOX.replace(b"\n", b"\r\n")) == [one.replace(b"\n", b"\r\n") for one in (ONE, TWO)]


@pytest.mark.parametrize(
    "separator",
    [
        b"From -\n",
        b"From - \n",
        b"From - Mon Mar  2 10:00:00 2026\n",
        b"From MAILER-DAEMON Thu Sep 18 17:54:04 2008\n",
        b"From <> Thu Apr 29 23:45:10 2008\n",
        b"From bob ray@x  Mon, Mar 2, 10:00 2026 +0100 remote from y\n",
    ],
)
def test_a_separator_names_a_time_or_is_bare(separator):
    assert split(separator + ONE + b"\n" + separator + TWO) == [ONE, TWO]
    assert split(separator + ONE + separator + TWO) == [ONE, TWO]


@pytest.mark.parametrize(
    "line", [b"From Russia with love\n", b"From 10:30 on\n", b"From\n", b"from - \n"]
)
def test_a_sentence_is_no_separator(line):
    assert split(DATED + ONE + b"\n" + line + ONE) == [ONE + b"\n" + line + ONE]


def test_the_first_line_may_be_any_from_with_a_byte_order_mark_and_blank_lines_before():
    for before in (b"", b"\xef\xbb\xbf", b"\n\r\n"):
        assert split(before + b"From bob\n" + ONE) == [ONE]


def test_an_empty_mailbox_holds_nothing_and_an_empty_message_is_one():
    assert split(b"") == split(b"\n\n") == []
    assert split(DATED + DATED + ONE) == [b"", ONE]


def test_what_begins_otherwise_is_no_mailbox():
    with pytest.raises(BadEvent, match='line 1: begins with no line "From ", so it is no mailbox'):
        split(ONE)


def test_a_message_over_the_bound_is_refused_by_its_number(monkeypatch):
    monkeypatch.setattr(mbox, "MAX_MESSAGE_BYTES", 100)
    assert split(DATED + b"x" * 100) == [b"x" * 100]
    with pytest.raises(TooLarge, match="message 2: more than 100 bytes"):
        split(DATED + ONE + DATED + b"x" * 101)


def test_a_line_longer_than_what_is_read_at_once_stays_whole(monkeypatch):
    monkeypatch.setattr(mbox, "READ_BYTES", 8)
    assert split(b"From b\n" + b"1234567 From -\n" + b"x\n") == [b"1234567 From -\nx\n"]
    assert split(b"From a very long sender\nx\n") == [b"x\n"]


def test_events_are_those_of_mail_under_the_mailboxs_name():
    found = Mbox().parse({}, BOX)
    alone = [event for one in (ONE, TWO) for event in Mail().parse({}, one)]
    for event in alone:
        event.source = "mbox"
    assert found == alone
    assert list(Mbox().events(BytesIO(BOX))) == alone


def test_bounds_and_types_are_checked_before_anything_is_read(monkeypatch):
    with pytest.raises(BadEvent, match="Content-Type"):
        Mbox().parse({"content-type": "application/json"}, BOX)
    monkeypatch.setattr(mbox, "MAX_MESSAGES", 1)
    with pytest.raises(TooLarge, match="body: more than 1 messages read at once"):
        Mbox().parse({}, BOX)


def test_memory_is_bounded_by_one_message():
    class Endless:
        """A file of many messages that is nowhere as a whole."""

        def __init__(self, count):
            self.lines = iter([DATED, *ONE.splitlines(keepends=True), b"x" * 60 + b"\n"] * count)

        def readline(self, size):  # noqa: ARG002
            return next(self.lines, b"")

    def peak(count):
        file = Endless(count)
        tracemalloc.start()
        try:
            found = sum(1 for _ in messages(file))
            return found, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(50), peak(5_000)
    assert (few[0], many[0]) == (50, 5_000)
    assert many[1] < few[1] + 20_000


@given(st.binary(max_size=200))
@settings(max_examples=80)
def test_no_message_is_lost_and_no_bytes_raise_another_error(data):
    kept = b"".join(split(DATED + data))
    assert kept == (data[: len(kept)] if b"\nFrom " not in b"\n" + data else kept)
    assert len(data) - len(kept) <= 2 + sum(map(len, re.findall(rb"(?m)^From .*$", data)))
    with suppress(BadEvent, TooLarge):
        Mbox().parse({}, data)


def test_a_mailbox_is_recorded_once_however_often_it_is_read():
    ledger, _ = filled()
    wire = message()
    with ledger.sending(SMITH, wire, to=["bob"]):
        pass
    answer = ONE.replace(b"Subject", f"In-Reply-To: {wire['Message-ID']}\nSubject".encode())
    box = DATED + answer + b"\n" + DATED + TWO
    first = ledger.receive(Mbox(), {}, box)
    again = ledger.receive(Mbox(), {}, box + b"\n" + DATED + TWO.replace(b"two", b"three"))
    assert [entry.fact.source for entry in first.recorded] == ["mbox", "mbox"]
    assert [bool(entry.fact.answers) for entry in first.recorded] == [True, False]
    assert ([entry.fact.about for entry in again.recorded], again.repeated) == (["three"], 2)
