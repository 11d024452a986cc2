"""django-anymail's tracking events, made by anymail's own class."""

from datetime import UTC, datetime

import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.sources import Anymail, from_anymail
from contactledger.sources.anymail import MAX_ORIGINAL_BYTES, as_body
from contactledger.vocabulary import Auth, By, SignalKind
from tests.ledgers import SMITH, filled, mail

signals = pytest.importorskip("anymail.signals", reason="DJANGO-ANYMAIL IS NOT INSTALLED")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def tracked(event_type, **more):
    given = {
        "timestamp": NOW,
        "event_id": "e-1",
        "message_id": "<m-1@acme.example>",
        "recipient": "bob@smith.example",
        "metadata": {"contactledger": "token"},
        **more,
    }
    return signals.AnymailTrackingEvent(event_type=event_type, **given)


def test_a_tracking_event_becomes_one_whole_event():
    event = from_anymail(
        tracked(
            "bounced",
            reject_reason="bounced",
            description="gone",
            mta_response="550 5.1.1",
            tags=["x"],
        )
    )
    assert event.original is not None
    assert b'"mta_response":"550 5.1.1"' in event.original
    assert event == Event(
        SignalKind.BOUNCED,
        NOW,
        By.UNKNOWN,
        "anymail",
        event_id="e-1",
        token="token",
        provider_id="<m-1@acme.example>",
        message_id="<m-1@acme.example>",
        address="bob@smith.example",
        word="bounced",
        reason="550 5.1.1",
        said_at="2026-03-02T09:00:00+00:00",
        original=event.original,
    )


@pytest.mark.parametrize(
    ("word", "what", "permanent"),
    [
        ("queued", "queued", None), ("sent", "sent", None), ("rejected", "rejected", None), ("failed", "rejected", None),
        ("deferred", "deferred", False), ("delivered", "delivered", None), ("autoresponded", "auto_replied", None),
        ("opened", "opened", None), ("clicked", "clicked", None), ("complained", "complained", None),
        ("unsubscribed", "unsubscribed", None), ("subscribed", "unknown", None), ("something", "unknown", None),
    ],
)  # fmt: skip
def test_what_anymails_words_say(word, what, permanent):
    event = from_anymail(tracked(word))
    assert (event.what.value, event.permanent, event.word) == (what, permanent, word)


def test_a_bounce_for_a_while_says_so_and_a_reason_alone_is_kept():
    event = from_anymail(tracked("bounced", reject_reason="timed_out"))
    assert (event.permanent, event.reason) == (False, "timed_out")


@pytest.mark.parametrize(
    ("raw", "detector"),
    [
        ({"sg_machine_open": True}, "sendgrid:sg_machine_open"),
        ({"client-info": {"bot": "apple"}}, "mailgun:client-info.bot"),
        ({"event": "unique_proxy_open"}, "brevo:proxy_open"),
    ],
)
def test_a_providers_mark_for_machines_is_read_of_opens_and_clicks(raw, detector):
    event = from_anymail(tracked("opened", esp_event=raw))
    assert (event.by, event.detector) == (By.MACHINE, detector)
    assert from_anymail(tracked("delivered", esp_event=raw)).by is By.UNKNOWN


def test_an_empty_mark_is_no_human():
    assert from_anymail(tracked("opened", esp_event={"client-info": {"bot": ""}})).by is By.UNKNOWN


def test_what_is_not_there_is_none():
    event = from_anymail(signals.AnymailTrackingEvent(event_type="delivered"))
    assert (event.at, event.message_id, event.token, event.reason) == (None, None, None, None)
    event = from_anymail(tracked("opened", message_id="abc", metadata=None))
    assert (event.message_id, event.provider_id, event.token) == (None, "abc", None)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(BadEvent, match="timestamp: must be a datetime with a time zone"):
        from_anymail(tracked("opened", timestamp=NOW.replace(tzinfo=None)))


def test_what_is_too_long_or_no_json_is_left_out_of_the_original():
    for raw in ({"x": "y" * MAX_ORIGINAL_BYTES}, {"x": "\ud800"}):
        event = from_anymail(tracked("opened", esp_event=raw, user_agent="a\ud800"))
        assert b"esp_event" not in event.original
        assert event.user_agent == "a\ufffd"


def test_a_host_hands_it_to_the_ledger_like_any_report():
    ledger, _ = filled()
    (touch,) = ledger.record(SMITH, mail())
    event = tracked("delivered", metadata={"contactledger": touch.id})
    source = Anymail(auth=Auth.SIGNED_BODY)
    body = as_body(event, "SendGrid")
    (entry,) = ledger.receive(source, {"Content-Type": "application/json"}, body).recorded
    assert (entry.fact.touch, entry.fact.what, entry.fact.auth) == (
        touch.id,
        SignalKind.DELIVERED,
        Auth.SIGNED_BODY,
    )
    assert ledger.receive(source, {}, body).repeated == 1
    assert b'"esp_name":"SendGrid"' in body
    (parsed,) = source.parse({}, as_body(signals.AnymailTrackingEvent(event_type="opened")))
    assert (parsed.what, parsed.at) == (SignalKind.OPENED, None)
    with pytest.raises(TooLarge):
        source.verify({}, bytes(source.max_body_bytes + 1), None, NOW)
