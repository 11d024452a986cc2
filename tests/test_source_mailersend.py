import pytest

from contactledger.errors import Unverified
from contactledger.events import Event
from contactledger.sources import MailerSend
from contactledger.sources.mailersend import WORDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.providers import (
    BOB,
    ISO,
    JSON,
    NOW,
    basic_is_checked,
    dumps,
    hexmac,
    on_record,
    told_once,
)


def body(word="clicked", **morph) -> bytes:
    data = {
        "id": "a-1",
        "type": word,
        "created_at": ISO,
        "email": {"message": {"id": "m-1"}, "recipient": {"email": BOB}},
        "morph": morph or None,
    }
    return dumps({"type": f"activity.{word}", "created_at": "2026-03-02T12:05:00Z", "data": data})


def test_the_signature_covers_the_bodys_bytes():
    raw = body()
    signed = JSON | {"Signature": hexmac("secret", raw)}
    for key in ("secret", ("inbound", "secret")):
        assert MailerSend(key=key).verify(signed, raw, None, NOW) is Auth.SIGNED_BODY
    for headers, given, why in (
        (JSON, raw, "is not signed"),
        (signed, raw + b" ", "not by a key"),
        (JSON | {"Signature": "é\udc80"}, raw, "not by a key"),
    ):
        with pytest.raises(Unverified, match=why):
            MailerSend(key="secret").verify(headers, given, None, NOW)
    basic_is_checked(MailerSend, raw, JSON)


def test_a_click_is_read_whole():
    raw = body(url="https://acme.example/x", ip="192.0.2.7", user_agent="Mozilla/5.0")
    assert MailerSend().parse(JSON, raw) == [
        Event(
            SignalKind.CLICKED,
            NOW,
            By.UNKNOWN,
            "mailersend",
            event_id="a-1",
            provider_id="m-1",
            address=BOB,
            word="clicked",
            said_at=ISO,
            url="https://acme.example/x",
            ip="192.0.2.7",
            user_agent="Mozilla/5.0",
            original=raw,
        )
    ]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = MailerSend().parse(JSON, body(word))
    assert (event.what, event.word) == (WORDS[word], word)
    assert event.event_id == ("a-1 unique" if word.endswith("_unique") else "a-1")


def test_a_body_with_little_in_it_is_read_as_far_as_it_goes():
    (event,) = MailerSend().parse(
        JSON, dumps({"type": "activity.survey_opened", "created_at": ISO})
    )
    assert (event.what, event.word, event.at) == (SignalKind.UNKNOWN, "survey_opened", NOW)
    assert MailerSend().parse(JSON, b"{}")[0].word is None


def test_a_message_that_came_in_is_read_by_the_rules_of_mail():
    mime = "From: bob@smith.example\r\nMessage-ID: <r1@smith.example>\r\n\r\nYes.\r\n"
    (event,) = MailerSend().parse(
        JSON, dumps({"type": "inbound.message", "data": {"id": "i-1", "raw": mime}})
    )
    assert (event.message_id, event.event_id, event.original) == (
        "<r1@smith.example>",
        "i-1",
        mime.encode(),
    )


def test_a_report_is_recorded_once_and_its_unique_twin_is_no_conflict():
    ledger, _ = on_record(provider_id="m-1")
    for word in ("opened", "opened_unique"):
        told_once(ledger, MailerSend(), JSON, body(word))
