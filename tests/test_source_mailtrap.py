import pytest

from contactledger.errors import BadEvent, TooLarge, Unverified
from contactledger.events import Event
from contactledger.sources import Mailtrap, mailtrap
from contactledger.sources.mailtrap import PERMANENT, WORDS
from contactledger.vocabulary import Auth, By, SignalKind
from tests.ledgers import SMITH
from tests.providers import (
    BOB,
    JSON,
    NOW,
    STAMP,
    basic_is_checked,
    dumps,
    hexmac,
    on_record,
    told_once,
)

EVENT = {
    "event": "bounce",
    "timestamp": STAMP,
    "message_id": "m-1",
    "email": BOB,
    "event_id": "e-1",
    "custom_variables": {"contactledger": "tok"},
    "response": "550 no such user",
    "bounce_category": "hard",
}


def test_the_signature_covers_the_bodys_bytes():
    raw = dumps({"events": [EVENT]})
    signed = JSON | {"Mailtrap-Signature": hexmac("secret", raw)}
    for key in ("secret", ("new", "secret")):
        assert Mailtrap(key=key).verify(signed, raw, None, NOW) is Auth.SIGNED_BODY
    for headers, given, why in (
        (JSON, raw, "is not signed"),
        (signed, raw.replace(b"bounce", b"delive"), "not by a key"),
    ):
        with pytest.raises(Unverified, match=why):
            Mailtrap(key="secret").verify(headers, given, None, NOW)
    basic_is_checked(Mailtrap, raw, JSON)


def test_a_bounce_is_read_whole_in_an_array_on_a_line_or_alone():
    raw = dumps(EVENT)
    wanted = Event(
        SignalKind.BOUNCED,
        NOW,
        By.UNKNOWN,
        "mailtrap",
        event_id="e-1",
        token="tok",
        provider_id="m-1",
        address=BOB,
        word="bounce",
        permanent=True,
        reason="550 no such user",
        said_at=str(STAMP),
        original=raw,
    )
    assert Mailtrap().parse(JSON, b'{"events": [' + raw + b"," + raw + b"]}") == [wanted] * 2
    lines = {"Content-Type": "application/x-ndjson"}
    assert Mailtrap().parse(lines, raw + b"\r\n" + raw + b"\n") == [wanted] * 2
    assert Mailtrap().parse(JSON, raw) == [wanted]
    assert Mailtrap().parse(JSON, b'{\n"events": [\n]\n}') == []


@pytest.mark.parametrize("word", sorted(WORDS))
def test_each_word_has_its_meaning_and_is_kept(word):
    (event,) = Mailtrap().parse(JSON, dumps({"events": [{"event": word}]}))
    assert (event.what, event.word, event.permanent) == (WORDS[word], word, PERMANENT.get(word))


def test_bad_bodies_are_named(monkeypatch):
    with pytest.raises(BadEvent, match="event 1, email: must be a text"):
        Mailtrap().parse(JSON, dumps({"events": [{"event": "open", "email": 1}]}))
    with pytest.raises(BadEvent, match="events: stands there twice"):
        Mailtrap().parse(JSON, b'{"events": [{"a":1}], "events": []}')
    with pytest.raises(BadEvent, match=r"events\[0\]: must be a JSON object"):
        Mailtrap().parse(JSON, b'{"events": [5]}')
    with pytest.raises(BadEvent, match="events: must be a JSON array"):
        Mailtrap().parse(JSON, b'{"events": 5}')
    monkeypatch.setattr(mailtrap, "MAX_EVENTS", 0)
    with pytest.raises(TooLarge):
        Mailtrap().parse(JSON, dumps(EVENT))


def test_a_report_is_recorded_once_and_the_same_id_with_other_content_is_a_conflict():
    ledger, _ = on_record(provider_id="m-1")
    told_once(ledger, Mailtrap(), JSON, dumps({"events": [EVENT]}))
    other = ledger.receive(Mailtrap(), JSON, dumps({"events": [EVENT | {"event": "delivery"}]}))
    (marked,) = other.conflicting
    assert (marked.fact.what, marked.fact.conflicts) == ("delivered", ledger.entries(SMITH)[-2].no)
