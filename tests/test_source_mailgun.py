from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from contactledger.errors import BadEvent, BadInput, Unverified
from contactledger.events import Event
from contactledger.sources import Mailgun
from contactledger.vocabulary import Auth, By, SignalKind
from tests.ledgers import SMITH
from tests.providers import (
    BOB,
    FORM,
    JSON,
    NOW,
    STAMP,
    basic_is_checked,
    dumps,
    hexmac,
    on_record,
    told_once,
)

TOKEN = "651869375b9df3c98fc15c4889b102119add1235c38fc92824"
KEY = "mailgun-signing-key"


def body(event="delivered", key=KEY, stamp=STAMP, signature=None, **data):
    signature = signature or {
        "timestamp": str(stamp),
        "token": TOKEN,
        "signature": hexmac(key, f"{stamp}{TOKEN}".encode()),
    }
    data = {"event": event, "timestamp": STAMP + 0.25, "recipient": BOB} | data
    return dumps({"signature": signature, "event-data": data})


def one(event="delivered", **data) -> Event:
    return Mailgun().parse(JSON, body(event, **data))[0]


# --- authenticity ------------------------------------------------------------------------------


def test_the_signature_covers_time_and_token_alone_and_says_so():
    assert Mailgun(key=KEY).verify(JSON, body(), None, NOW) is Auth.SIGNED_PART
    assert Mailgun(key=("new", KEY)).verify(JSON, body("opened"), None, NOW) is Auth.SIGNED_PART


def test_the_parents_signature_holds_for_a_subaccount():
    signature = {
        "timestamp": STAMP,
        "token": TOKEN,
        "signature": hexmac("sub", b"x"),
        "parent-signature": hexmac(KEY, f"{STAMP}{TOKEN}".encode()),
    }
    assert Mailgun(key=KEY).verify(JSON, body(signature=signature), None, NOW) is Auth.SIGNED_PART


def test_the_forms_own_fields_come_last_and_are_what_is_signed():
    form = [("token", "mine"), ("timestamp", "1"), ("signature", "x"), ("event", "opened")]
    form += [("token", TOKEN), ("timestamp", str(STAMP))]
    form += [("signature", hexmac(KEY, f"{STAMP}{TOKEN}".encode()))]
    assert Mailgun(key=KEY).verify(FORM, urlencode(form).encode(), None, NOW) is Auth.SIGNED_PART


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (b"{}", "is not signed"),
        (b"[]", "is not signed"),
        (b"no json", "is not signed"),
        (body(key="other"), "not by a key"),
        (body(signature={"timestamp": "1", "token": 5, "signature": "x"}), "is not signed"),
        (
            body(signature={"timestamp": "soon", "token": "t", "signature": hexmac(KEY, b"soont")}),
            "is no time",
        ),
        (body(stamp=STAMP - 9 * 3600 - 1), "too old"),
        (body(stamp=STAMP + 3601), "ahead"),
    ],
)
def test_a_forged_stale_or_unsigned_request_is_unverified(given, why):
    with pytest.raises(Unverified, match=why):
        Mailgun(key=KEY).verify(JSON, given, None, NOW)


def test_a_retry_after_eight_hours_is_genuine_and_without_tolerance_any_age():
    late = NOW + timedelta(hours=8)
    assert Mailgun(key=KEY).verify(JSON, body(), None, late) is Auth.SIGNED_PART
    old = Mailgun(key=KEY, tolerance_seconds=None)
    assert old.verify(JSON, body(stamp=1), None, NOW) is Auth.SIGNED_PART


def test_credentials_are_checked_beside():
    basic_is_checked(Mailgun, body(), JSON)
    with pytest.raises(BadInput, match="key: must not be empty"):
        Mailgun(key="")


# --- reading -----------------------------------------------------------------------------------


def test_an_open_by_a_proxy_is_read_whole():
    raw = body(
        "opened",
        id="Ase7i2zsRYeDXztHGENqRA",
        ip="192.0.2.7",
        **{
            "message": {"headers": {"message-id": "m1@acme.example"}},
            "client-info": {"bot": "apple", "user-agent": "Mozilla/5.0"},
            "user-variables": {"contactledger": "tok"},
        },
    )
    assert Mailgun().parse(JSON, raw) == [
        Event(
            SignalKind.OPENED,
            NOW + timedelta(milliseconds=250),
            By.MACHINE,
            "mailgun",
            event_id=TOKEN,
            token="tok",
            message_id="<m1@acme.example>",
            address=BOB,
            word="opened",
            said_at=str(STAMP + 0.25),
            ip="192.0.2.7",
            user_agent="Mozilla/5.0",
            detector="mailgun:client-info.bot:apple",
            original=raw,
            extra={"id": "Ase7i2zsRYeDXztHGENqRA"},
        )
    ]


def test_an_empty_bot_says_that_none_was_seen_not_that_a_person_did_it():
    assert one("clicked", **{"client-info": {"bot": ""}}).by is By.UNKNOWN
    event = one("clicked", **{"client-info": {"bot": "A NEW one"}})
    assert (event.by, event.detector) == (By.MACHINE, "mailgun:client-info.bot:other")


@pytest.mark.parametrize(
    ("data", "what", "permanent"),
    [
        ({"severity": "permanent", "reason": "bounce"}, SignalKind.BOUNCED, True),
        ({"severity": "temporary"}, SignalKind.DEFERRED, False),
        ({"severity": "permanent", "reason": "suppress-bounce"}, SignalKind.REJECTED, True),
        ({}, SignalKind.BOUNCED, None),
    ],
)
def test_a_failure_is_final_for_a_while_or_was_never_tried(data, what, permanent):
    event = one("failed", **data)
    assert (event.what, event.permanent) == (what, permanent)


def test_the_reason_is_the_servers_word_else_mailguns():
    assert (
        one("failed", **{"delivery-status": {"message": "550 no", "description": "x"}}).reason
        == "550 no"
    )
    assert one("rejected", reject={"reason": "bad", "description": ""}).reason == "bad"
    assert one("failed", reason="generic").reason == "generic"


def test_an_unknown_word_is_kept():
    event = one("list_member_uploaded")
    assert (event.what, event.word) == (SignalKind.UNKNOWN, "list_member_uploaded")


def test_without_a_token_the_id_is_mailguns_own():
    raw = dumps({"event-data": {"event": "opened", "id": "e1"}})
    assert Mailgun().parse(JSON, raw)[0].event_id == "e1"


def test_the_older_form_is_read():
    form = {
        "event": "dropped",
        "recipient": BOB,
        "Message-Id": "<m1@acme.example>",
        "description": "Not delivering to previously bounced address",
        "timestamp": str(STAMP),
        "token": TOKEN,
        "contactledger": "tok",
    }
    raw = urlencode(form).encode()
    assert Mailgun().parse(FORM, raw) == [
        Event(
            SignalKind.REJECTED,
            NOW,
            source="mailgun",
            event_id=TOKEN,
            token="tok",
            message_id="<m1@acme.example>",
            address=BOB,
            word="dropped",
            permanent=True,
            reason="Not delivering to previously bounced address",
            said_at=str(STAMP),
            original=raw,
        )
    ]
    assert Mailgun().parse(FORM, b"event=later")[0].what is SignalKind.UNKNOWN


def test_a_forwarded_message_is_read_from_its_mime_or_from_its_fields():
    mime = (
        b"From: Bob <bob@smith.example>\r\nTo: ann@acme.example\r\nSubject: Re: hi\r\n\r\nYes.\r\n"
    )
    fields = {
        "recipient": "ann@acme.example",
        "from": "Bob <bob@smith.example>",
        "subject": "Re: hi",
    }
    for form in (
        {"body-mime": mime.decode()},
        fields | {"body-plain": "Yes."},
        {
            "message-headers": '[["From", "bob@smith.example"], ["To", "ann@acme.example"], ["Subject", "Re: hi"]]',
            "body-html": "<p>Yes.</p>",
        },
    ):
        (event,) = Mailgun().parse(FORM, urlencode(form | {"token": TOKEN}).encode())
        assert (event.what, event.by, event.event_id) == (SignalKind.ANSWERED, By.HUMAN, TOKEN)
        assert (event.message.sender, event.message.to) == (BOB, ("ann@acme.example",))
        assert (event.message.subject, event.message.text) == ("Re: hi", "Yes.")


def test_headers_that_are_no_json_are_named():
    with pytest.raises(BadEvent, match="message-headers: is not valid JSON"):
        Mailgun().parse(FORM, b"message-headers=x")


# --- its habits --------------------------------------------------------------------------------


def test_a_report_is_recorded_once_and_another_under_its_token_is_a_conflict():
    ledger, touch = on_record(message_id="<m1@acme.example>")
    named = {"message": {"headers": {"message-id": "m1@acme.example"}}}
    source = Mailgun(key=KEY)
    told_once(ledger, source, JSON, body("delivered", **named))
    forged = ledger.receive(source, JSON, body("opened", **named))  # beside a genuine signature
    assert (forged.recorded, len(forged.conflicting)) == ((), 1)
    entry = ledger.entries(SMITH)[-2]
    assert (entry.fact.auth, entry.fact.touch) == (Auth.SIGNED_PART, touch.id)


def test_the_time_is_the_events_not_the_attempts():
    assert one("opened").at == datetime(2026, 3, 2, 12, 0, 0, 250_000, UTC)
