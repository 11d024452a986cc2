"""Answers that come in before what they answer are linked to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from contactledger.facts import Signal, Touch
from contactledger.findings import Outcome
from contactledger.linking import by_time, remembered
from contactledger.mailboxes import MESSAGES
from contactledger.sources.mail import Mail
from contactledger.sources.mbox import Mbox
from contactledger.vocabulary import By, Channel, SignalKind
from tests.ledgers import SMITH, event, filled
from tests.test_matching import come

BOB, ANN = "bob@smith.example", "ann@acme.example"
EIGHT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def ledger():
    return filled()[0]


def letter(sender, to, number, answers=None, minute=0):
    """A mail of a mailbox file."""
    thread = f"In-Reply-To: <{answers}@x>\n" if answers else ""
    return (
        "From - Mon Mar  2 10:00:00 2026\n"
        f"From: {sender}\nTo: {to}\nMessage-ID: <{number}@x>\n{thread}"
        f"Date: Mon, 02 Mar 2026 08:{minute:02}:00 +0000\nSubject: Sync\n\nWords.\n\n"
    ).encode()


def asked(number="q"):
    return letter(BOB, ANN, number)


def answer(number="a", to="q"):
    return letter(ANN, BOB, number, to, 30)


def take(ledger, *letters):
    """What an import records."""
    return ledger.import_(Mbox(), b"".join(letters), dry_run=False)


def outcomes(ledger):
    return [f.outcome for f in ledger.findings(SMITH) if f.sender != ledger._row.recorder]


def test_mails_of_a_file_are_gone_through_as_they_were_written(ledger):
    first, second = take(ledger, answer(), asked()).recorded
    assert second.fact.answers == (first.id,)
    assert outcomes(ledger) == [Outcome.ANSWERED]


def test_what_was_parked_is_named_by_its_place_in_the_file(ledger):
    stranger = letter("who@else.example", ANN, "s", minute=5)
    made = take(ledger, answer(), stranger, letter(ANN, "carl@acme.example", "i"), asked())
    assert [(one.index, one.state) for one in made.parked] == [(1, "unknown"), (2, "unknown")]


def test_an_answer_that_came_in_first_is_linked_when_it_is_met_again(ledger):
    (sent,) = take(ledger, answer()).recorded
    (question,) = take(ledger, asked()).recorded
    assert outcomes(ledger) == [Outcome.PENDING]
    made = take(ledger, answer(), answer())
    (entry,) = made.recorded
    assert (entry.fact, made.repeated) == (
        Signal(
            question.id,
            SignalKind.ANSWERED,
            sent.fact.sender,
            By.HUMAN,
            answer=sent.id,
            system=sent.fact.system,
            source="mbox",
            matched="in_reply_to",
            at=sent.at,
        ),
        2,
    )
    assert outcomes(ledger) == [Outcome.ANSWERED]
    assert take(ledger, answer(), asked()).recorded == ()
    bare = answer().partition(b"\n")[2]
    assert ledger.receive(Mail(), {}, bare).recorded == ()


def test_a_link_that_was_taken_back_may_be_made_again(ledger):
    take(ledger, answer())
    take(ledger, asked())
    batch = take(ledger, answer()).batch
    ledger.take_back(batch)
    assert outcomes(ledger) == [Outcome.PENDING]
    assert len(take(ledger, answer()).recorded) == 1
    assert outcomes(ledger) == [Outcome.ANSWERED]


def test_a_mailbox_with_the_newest_in_front_is_linked_at_its_end(ledger):
    number = MESSAGES + 10
    box = [answer(f"a{n}", f"q{n}") for n in range(number)] + [
        asked(f"q{n}") for n in range(number)
    ]
    *made, last = ledger.import_mailbox(BytesIO(b"".join(box)), dry_run=False)
    assert [len(batch.recorded) for batch in made] == [MESSAGES, MESSAGES, 20]
    assert last.repeated == 0
    assert {entry.fact.what for entry in last.recorded} == {SignalKind.ANSWERED}
    answered = sum(len(e.fact.answers) for b in made for e in b.recorded) + len(last.recorded)
    assert answered == number
    assert set(outcomes(ledger)) == {Outcome.ANSWERED}
    again = list(ledger.import_mailbox(BytesIO(b"".join(box)), dry_run=False))
    assert [batch.recorded for batch in again] == [(), (), ()]


def test_ones_own_earlier_mail_is_not_answered_by_the_next(ledger):
    take(ledger, letter(ANN, BOB, "b", "a"))
    take(ledger, letter(ANN, BOB, "a"))
    assert take(ledger, letter(ANN, BOB, "b", "a")).recorded == ()


def test_a_mail_that_answers_something_already_is_not_linked_again(ledger):
    take(ledger, asked("q0"), letter(ANN, BOB, "a", "q0", 30))
    take(ledger, asked("q"))
    other = answer().replace(b"In-Reply-To: <q@x>", b"In-Reply-To: <q@x>\nReferences: <q0@x>")
    assert take(ledger, other).recorded == ()


def test_only_mail_is_put_in_order():
    calls = [
        event("answered", at=EIGHT + timedelta(hours=n), channel=Channel.PHONE, message=come())
        for n in (1, 0)
    ]
    assert by_time(calls, EIGHT) == [0, 1]
    reports = [event("opened", at=EIGHT + timedelta(hours=n)) for n in (1, 0)]
    assert by_time(reports, EIGHT) == [0, 1]
    mails = [event("answered", at=EIGHT + timedelta(hours=1), message=come()), event("bounced")]
    assert by_time([*mails, *reports], EIGHT) == [1, 3, 0, 2]


def test_what_is_remembered_of_a_mail_is_small():
    mail = event("answered", message=come(), original=b"raw", reason="a key", message_id="<1@x>")
    kept = remembered(mail)
    assert (kept.message_id, kept.original, kept.reason) == ("<1@x>", None, None)
    assert (kept.message.sender, kept.message.to) == (mail.message.sender, mail.message.to)
    assert (kept.message.subject, kept.message.text) == (None, None)
    assert remembered(event("opened")).message is None


def test_a_touch_that_was_recorded_by_hand_is_linked_too(ledger):
    from contactledger.facts import Message

    (by_hand,) = ledger.record(SMITH, Touch(to="bob", channel="email", message=Message("<a@x>")))
    (question,) = take(ledger, asked()).recorded
    (entry,) = take(ledger, answer()).recorded
    assert (entry.fact.touch, entry.fact.answer) == (question.id, by_hand.id)


def test_answers_to_what_never_came_make_no_batch_of_nothing(ledger):
    box = BytesIO(answer("a", "lost"))
    (made,) = ledger.import_mailbox(box, source=Mbox(), dry_run=False)
    assert len(made.recorded) == 1
    assert [batch.id for batch in ledger.imports()] == [made.batch]
