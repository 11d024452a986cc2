import hashlib

import pytest

from contactledger.errors import BadEvent, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import UnisenderGo, unisender
from contactledger.sources.unisender import PERMANENT, WORDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.providers import BOB, JSON, NOW, basic_is_checked, dumps, on_record, told_once

DATA = {
    "job_id": "m-1",
    "email": BOB,
    "status": "hard_bounced",
    "event_time": "2026-03-02 12:00:00",
    "metadata": {"contactledger": "tok"},
    "delivery_info": {"delivery_status": "err_user_unknown", "destination_response": "550 no"},
}


def body(*data, auth="0" * 32) -> bytes:
    events = [{"event_name": "transactional_email_status", "event_data": one} for one in data]
    return dumps({"auth": auth, "events_by_user": [{"user_id": 5, "events": events}]})


def signed(key="api-key", **more) -> bytes:
    made = hashlib.md5(body(DATA, auth=key)).hexdigest()
    return body(DATA, auth=made)


def test_auth_is_a_shared_secret_over_the_body():
    for key in ("api-key", ("new", "api-key")):
        assert UnisenderGo(key=key).verify(JSON, signed(), None, NOW) is Auth.SHARED_SECRET
    basic_is_checked(UnisenderGo, signed(), JSON)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (signed("other"), "not by a key"),
        (signed() + b" ", "not by a key"),
        (body(DATA, auth=""), "is not signed"),
        (body(DATA, auth='"'), "is not signed"),
        (body(DATA, auth=None), "is not signed"),
        (b"[]", "is not signed"),
    ],
)
def test_a_forged_or_unsigned_request_is_unverified(given, why):
    with pytest.raises(Unverified, match=why):
        UnisenderGo(key="api-key").verify(JSON, given, None, NOW)


def test_a_bounce_is_read_whole_its_time_being_utc():
    wanted = Event(
        SignalKind.BOUNCED,
        NOW,
        By.UNKNOWN,
        "unisender_go",
        token="tok",
        provider_id="m-1",
        address=BOB,
        word="hard_bounced",
        permanent=True,
        reason="550 no",
        said_at="2026-03-02 12:00:00",
        original=dumps({"event_name": "transactional_email_status", "event_data": DATA}),
    )
    assert UnisenderGo().parse(JSON, body(DATA, DATA)) == [wanted, wanted]


def test_an_event_may_come_alone_and_a_call_without_any():
    alone = dumps(DATA | {"event_name": "transactional_email_status"})
    (event,) = UnisenderGo().parse(JSON, alone)
    assert (event.what, event.original) == (SignalKind.BOUNCED, alone)
    assert UnisenderGo().parse(JSON, b'{"auth": "x"}') == []


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = UnisenderGo().parse(JSON, body({"status": word}))
    assert (event.what, event.word, event.permanent) == (WORDS[word], word, PERMANENT.get(word))
    assert UnisenderGo().parse(JSON, body({"status": "subscribed"}))[0].what is SignalKind.UNKNOWN


def test_bad_events_are_named(monkeypatch):
    with pytest.raises(
        BadEvent, match=r"event 1, events_by_user\[0\]\.events\[0\]\.event_data\.event_time: must"
    ):
        UnisenderGo().parse(JSON, body({"event_time": "now"}))
    with pytest.raises(BadEvent, match="events: stands there twice"):
        UnisenderGo().parse(JSON, b'{"events_by_user": [{"events": [{}], "events": []}]}')
    monkeypatch.setattr(unisender, "MAX_EVENTS", 1)
    with pytest.raises(TooLarge):
        UnisenderGo().parse(JSON, body(DATA, DATA))


def test_a_report_is_recorded_once_though_it_has_no_id():
    ledger, _ = on_record(provider_id="m-1")
    told_once(ledger, UnisenderGo(), JSON, body(DATA))
    told_once(ledger, UnisenderGo(), JSON, body(DATA | {"status": "delivered"}))
