import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.sources import Mailjet, mailjet
from contactledger.sources.mailjet import WORDS
from contactledger.vocabulary import By, SignalKind
from tests.providers import BOB, JSON, NOW, STAMP, basic_is_checked, dumps, on_record, told_once

EVENT = {
    "event": "bounce",
    "time": STAMP,
    "MessageID": 12345678901234567,
    "email": BOB,
    "CustomID": "tok",
    "hard_bounce": True,
    "error_related_to": "recipient",
    "error": "user unknown",
    "comment": "550 no such user",
}


def one(**fields) -> Event:
    return Mailjet().parse(JSON, dumps(fields))[0]


def test_credentials_are_all_that_mailjet_offers():
    basic_is_checked(Mailjet, b"[]", JSON)


def test_a_bounce_is_read_whole_alone_or_in_a_group():
    raw = dumps(EVENT)
    wanted = Event(
        SignalKind.BOUNCED,
        NOW,
        source="mailjet",
        token="tok",
        provider_id="12345678901234567",
        address=BOB,
        word="bounce",
        permanent=True,
        reason="550 no such user",
        said_at=str(STAMP),
        original=raw,
    )
    assert Mailjet().parse(JSON, b" " + raw + b"\n") == [wanted]
    assert Mailjet().parse(JSON, b"[" + raw + b", " + raw + b"]") == [wanted, wanted]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    event = one(event=word)
    assert (event.what, event.word, event.by) == (WORDS[word], word, By.UNKNOWN)
    assert one(event="typofix").what is SignalKind.UNKNOWN


def test_the_reason_is_the_servers_word_else_mailjets():
    assert (
        one(event="blocked", error_related_to="mailjet", error="preblocked").reason
        == "mailjet: preblocked"
    )
    assert one(event="spam", source="JMRPP").reason == "JMRPP"
    assert one(event="sent", smtp_reply="250 OK").reason == "250 OK"


def test_a_flag_may_be_a_text_and_the_payload_carry_the_token():
    event = one(event="bounce", hard_bounce="0", Payload="tok")
    assert (event.permanent, event.token) == (False, "tok")


def test_a_bad_event_of_a_group_is_named_and_too_many_are_refused(monkeypatch):
    with pytest.raises(BadEvent, match="event 2, time: must be a number of seconds"):
        Mailjet().parse(JSON, b'[{"event":"open"},{"event":"open","time":[1]}]')
    monkeypatch.setattr(mailjet, "MAX_EVENTS", 0)
    with pytest.raises(TooLarge):
        Mailjet().parse(JSON, b"{}")


def test_a_message_that_came_in_is_read_by_the_rules_of_mail():
    raw = dumps(
        {
            "Sender": "envelope@smith.example",
            "Recipient": "ann@acme.example",
            "From": BOB,
            "Headers": {"In-Reply-To": "<m1@acme.example>", "Received": ["a", "b"]},
            "Html-part": "<p>Yes.</p>",
        }
    )
    (event,) = Mailjet().parse(JSON, raw)
    assert (event.message.sender, event.message.to, event.message.text) == (
        BOB,
        ("ann@acme.example",),
        "Yes.",
    )
    assert (event.in_reply_to, event.original) == ("<m1@acme.example>", raw)


def test_a_report_is_recorded_once():
    ledger, _ = on_record(provider_id="12345678901234567")
    told_once(ledger, Mailjet(), JSON, dumps(EVENT))
    told_once(
        ledger, Mailjet(), JSON, dumps([EVENT | {"event": "sent"}, EVENT | {"event": "open"}]), 2
    )
