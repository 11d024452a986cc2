import pytest

from contactledger.errors import BadEvent, BadInput, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import Brevo, brevo
from contactledger.sources.brevo import WORDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.providers import (
    BOB,
    JSON,
    NOW,
    STAMP,
    authorization,
    basic_is_checked,
    dumps,
    on_record,
    told_once,
)

EVENT = {
    "event": "hard_bounce",
    "email": BOB,
    "message-id": "<m1@smtp-relay.mailin.fr>",
    "ts_epoch": STAMP * 1000 + 250,
    "ts_event": STAMP,
    "date": "2026-03-02 13:00:00",
    "reason": "550 no such user",
    "X-Mailin-custom": '{"contactledger": "tok"}',
}


def one(**fields) -> Event:
    return Brevo().parse(JSON, dumps(fields))[0]


def test_credentials_or_a_bearer_are_all_that_brevo_offers():
    basic_is_checked(Brevo, b"{}", JSON)
    source = Brevo(bearer=("old", "tok-1"))
    assert source.verify({"Authorization": "Bearer tok-1"}, b"{}", None, NOW) is Auth.SHARED_SECRET
    for bad in ({}, {"Authorization": "Bearer tok-2"}, authorization("a:b")):
        with pytest.raises(Unverified, match="bearer token is missing or wrong"):
            source.verify(bad, b"{}", None, NOW)
    both = Brevo(bearer="tok-1", basic="a:b")
    assert both.verify(authorization("a:b"), b"{}", None, NOW) is Auth.BASIC
    with pytest.raises(BadInput, match="key: must not be empty"):
        Brevo(bearer="")


def test_a_bounce_is_read_whole():
    raw = dumps(EVENT)
    (event,) = Brevo().parse(JSON, raw)
    assert event == Event(
        SignalKind.BOUNCED,
        event.at,
        source="brevo",
        token="tok",
        message_id="<m1@smtp-relay.mailin.fr>",
        address=BOB,
        word="hard_bounce",
        permanent=True,
        reason="550 no such user",
        said_at=str(STAMP * 1000 + 250),
        original=raw,
    )
    assert (event.at - NOW).total_seconds() == 0.25


def test_an_open_by_a_proxy_is_a_machines():
    for word in ("proxy_open", "unique_proxy_open", "unique_proxy_opened"):
        event = one(event=word)
        assert (event.what, event.by, event.detector) == (
            SignalKind.OPENED,
            By.MACHINE,
            "brevo:proxy_open",
        )
    assert one(event="unique_opened").by is By.UNKNOWN


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    event = one(event=word)
    assert (event.what, event.word) == (WORDS[word], word)
    assert one(event="list_addition").what is SignalKind.UNKNOWN


def test_the_time_is_that_in_milliseconds_else_one_in_seconds_never_that_of_the_account():
    assert one(event="click", ts_event=STAMP, ts_epoch=STAMP).at == NOW
    assert one(event="click", ts=STAMP).said_at == str(STAMP)
    assert one(event="click", date="2026-03-02 13:00:00").at is None


def test_a_custom_header_that_holds_no_object_holds_no_token():
    for custom in ("free text", "{broken", 5, None):
        assert one(**{"event": "click", "X-Mailin-custom": custom}).token is None


def test_a_batch_keeps_order_and_each_events_bytes_and_names_the_bad_one(monkeypatch):
    raw = b'[{"event":"click"}, {"event":"opened"}]'
    assert [e.original for e in Brevo().parse(JSON, raw)] == [
        b'{"event":"click"}',
        b'{"event":"opened"}',
    ]
    with pytest.raises(BadEvent, match="event 2, email: must be a text"):
        Brevo().parse(JSON, b'[{"event":"click"}, {"event":"opened", "email": 5}]')
    monkeypatch.setattr(brevo, "MAX_EVENTS", 1)
    with pytest.raises(TooLarge):
        Brevo().parse(JSON, raw)


ITEM = {
    "Uuid": ["u-1"],
    "From": {"Address": BOB},
    "To": [{"Address": "ann@acme.example"}],
    "Subject": "Re: hi",
    "MessageId": "<r1@smith.example>",
    "InReplyTo": "<m1@smtp-relay.mailin.fr>",
    "Headers": {"Date": "Mon, 2 Mar 2026 12:00:00 +0000", "Received": ["a", "b"], "X": 5},
    "RawTextBody": "Yes.",
}


def test_messages_that_came_in_are_read_by_the_rules_of_mail():
    raw = dumps({"items": [ITEM, ITEM]})
    first, second = Brevo().parse(JSON, raw)
    assert (first.event_id, first.at, first.message.text) == ("u-1", NOW, "Yes.")
    assert (first.message_id, first.in_reply_to) == (
        "<r1@smith.example>",
        "<m1@smtp-relay.mailin.fr>",
    )
    assert first.original == second.original == dumps(ITEM)


def test_a_key_that_stands_there_twice_is_refused():
    with pytest.raises(BadEvent, match="items: stands there twice"):
        Brevo().parse(JSON, b'{"items": [{"a":1},{"b":2}], "items": [{"From":{}}]}')


def test_queued_after_delivered_and_a_retry_are_normal():
    ledger, _ = on_record(message_id="<m1@smtp-relay.mailin.fr>")
    told_once(ledger, Brevo(), JSON, dumps(EVENT | {"event": "delivered"}))
    told_once(ledger, Brevo(), JSON, dumps(EVENT | {"event": "request"}))
    # a second open in the same second, by another link, is another event
    told_once(ledger, Brevo(), JSON, dumps(EVENT | {"event": "click", "link": "https://a.example"}))
    told_once(ledger, Brevo(), JSON, dumps(EVENT | {"event": "click", "link": "https://b.example"}))
