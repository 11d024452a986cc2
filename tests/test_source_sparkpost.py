import base64

import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.sources import SparkPost, sparkpost
from contactledger.sources.sparkpost import WORDS
from contactledger.vocabulary import By, SignalKind
from tests.providers import BOB, JSON, NOW, STAMP, basic_is_checked, dumps, on_record, told_once


def body(word="bounce", kind="message_event", **fields) -> bytes:
    return dumps([{"msys": {kind: {"type": word} | fields}}])


def one(*args, **fields) -> Event:
    return SparkPost().parse(JSON, body(*args, **fields))[0]


FULL = {
    "bounce_class": "10",
    "event_id": "e-1",
    "transmission_id": "t-1",
    "raw_rcpt_to": BOB,
    "raw_reason": "550 5.1.1 <bob@smith.example>",
    "rcpt_meta": {"contactledger": "tok"},
    "timestamp": str(STAMP),
}


def test_credentials_are_all_that_sparkpost_offers():
    basic_is_checked(SparkPost, b"[]", JSON)


def test_a_bounce_is_read_whole():
    raw = body(**FULL)
    assert SparkPost().parse(JSON, raw) == [
        Event(
            SignalKind.BOUNCED,
            NOW,
            By.UNKNOWN,
            "sparkpost",
            event_id="e-1",
            token="tok",
            provider_id="t-1",
            address=BOB,
            word="bounce:10",
            permanent=True,
            reason="550 5.1.1 <bob@smith.example>",
            said_at=str(STAMP),
            original=raw[1:-1],
        )
    ]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    event = one(word, "track_event")
    assert (event.what, event.word, event.by) == (WORDS[word], word, By.UNKNOWN)


@pytest.mark.parametrize(
    ("given", "what", "by", "permanent"),
    [
        ("60", SignalKind.AUTO_REPLIED, By.MACHINE, None),
        (100, SignalKind.AUTO_REPLIED, By.MACHINE, None),
        ("90", SignalKind.UNSUBSCRIBED, By.UNKNOWN, None),
        ("80", SignalKind.UNKNOWN, By.UNKNOWN, None),
        ("22", SignalKind.BOUNCED, By.UNKNOWN, False),
        ("30", SignalKind.BOUNCED, By.UNKNOWN, True),
        ("1", SignalKind.BOUNCED, By.UNKNOWN, None),
    ],
)
def test_a_bounces_class_says_what_it_is(given, what, by, permanent):
    event = one("out_of_band", bounce_class=given)
    assert (event.what, event.by, event.permanent) == (what, by, permanent)


def test_a_fetch_ahead_is_a_machines():
    event = one("open", "track_event", user_agent_parsed={"is_prefetched": True})
    assert (event.by, event.detector) == (By.MACHINE, "sparkpost:is_prefetched")
    assert one("open", "track_event", user_agent_parsed={"is_prefetched": False}).by is By.UNKNOWN


def test_pings_are_no_events_and_bad_ones_are_named(monkeypatch):
    assert SparkPost().parse(JSON, b'[{"msys": {}}]') == []
    with pytest.raises(BadEvent, match=r"event 2, msys\.message_event: must be a JSON object"):
        SparkPost().parse(JSON, b'[{"msys": {}}, {"msys": {"message_event": 5}}]')
    monkeypatch.setattr(sparkpost, "MAX_EVENTS", 0)
    with pytest.raises(TooLarge):
        SparkPost().parse(JSON, body())


def test_relayed_mail_is_read_by_the_rules_of_mail():
    raw = b"From: bob@smith.example\nMessage-ID: <r1@smith.example>\n\nYes.\n"
    for content in (
        {"email_rfc822": raw.decode(), "email_rfc822_is_base64": False},
        {"email_rfc822": base64.b64encode(raw).decode() + "\n", "email_rfc822_is_base64": True},
    ):
        (event,) = SparkPost().parse(
            JSON, dumps([{"msys": {"relay_message": {"content": content}}}])
        )
        assert (event.message_id, event.message.text, event.original) == (
            "<r1@smith.example>",
            "Yes.",
            raw,
        )
    for bad, why in (
        ({}, "is missing"),
        ({"email_rfc822": "?", "email_rfc822_is_base64": True}, "is not base64"),
    ):
        with pytest.raises(BadEvent, match=why):
            SparkPost().parse(JSON, dumps([{"msys": {"relay_message": {"content": bad}}}]))


def test_a_report_is_recorded_once_and_two_opens_of_a_second_are_two():
    ledger, _ = on_record(provider_id="t-1")
    told_once(ledger, SparkPost(), JSON, body(**FULL))
    for event_id in ("e-2", "e-3"):
        told_once(
            ledger, SparkPost(), JSON, body("open", "track_event", **FULL | {"event_id": event_id})
        )
