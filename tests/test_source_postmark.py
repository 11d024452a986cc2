from datetime import UTC, datetime

import pytest

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources import Postmark
from contactledger.sources.postmark import BOUNCES
from contactledger.vocabulary import By, SignalKind
from tests.ledgers import SMITH
from tests.providers import BOB, JSON, NOW, basic_is_checked, dumps, on_record, told_once

BOUNCE = {
    "RecordType": "Bounce",
    "ID": 901542550,
    "Type": "HardBounce",
    "MessageID": "2706ee8a-737c-4285-b032-ccd317af53ed",
    "Details": "smtp;550 5.1.1 no such user",
    "Email": BOB,
    "BouncedAt": "2026-03-02T07:00:00.3963933-05:00",
    "Metadata": {"contactledger": "tok"},
}


def one(**fields) -> Event:
    return Postmark().parse(JSON, dumps(fields))[0]


def test_credentials_are_all_that_postmark_offers():
    basic_is_checked(Postmark, b"{}", JSON)


def test_a_bounce_is_read_whole():
    raw = dumps(BOUNCE)
    assert Postmark().parse(JSON, raw) == [
        Event(
            SignalKind.BOUNCED,
            datetime(2026, 3, 2, 12, 0, 0, 396_393, UTC),
            source="postmark",
            event_id="901542550",
            token="tok",
            provider_id="2706ee8a-737c-4285-b032-ccd317af53ed",
            address=BOB,
            word="HardBounce",
            permanent=True,
            reason="smtp;550 5.1.1 no such user",
            said_at="2026-03-02T07:00:00.3963933-05:00",
            original=raw,
        )
    ]


def test_a_click_has_its_link_its_agent_and_no_word_on_whose_it_is():
    event = one(
        RecordType="Click",
        Recipient=BOB,
        OriginalLink="https://acme.example/x",
        UserAgent="Mozilla/5.0",
        Geo={"IP": "192.0.2.7"},
        ReceivedAt="2026-03-02T12:00:00Z",
    )
    assert (event.what, event.at, event.by) == (SignalKind.CLICKED, NOW, By.UNKNOWN)
    assert (event.url, event.ip, event.user_agent) == (
        "https://acme.example/x",
        "192.0.2.7",
        "Mozilla/5.0",
    )


@pytest.mark.parametrize("kind", sorted(BOUNCES))
def test_each_type_of_bounce_has_its_meaning(kind):
    event = one(RecordType="Bounce", Type=kind)
    assert ((event.what, event.permanent), event.word) == (BOUNCES[kind], kind)
    machine = event.what is SignalKind.AUTO_REPLIED or kind == "SpamNotification"
    assert event.by is (By.MACHINE if machine else By.UNKNOWN)


def test_other_records_are_read_by_their_name_or_kept_unknown():
    assert one(RecordType="Bounce").what is SignalKind.BOUNCED
    assert one(RecordType="SpamComplaint").what is SignalKind.COMPLAINED
    assert (one().what, one(RecordType="SMTP").word) == (SignalKind.UNKNOWN, "SMTP")


@pytest.mark.parametrize(
    ("change", "what", "permanent"),
    [
        ((True, "ManualSuppression", "Recipient"), SignalKind.UNSUBSCRIBED, None),
        ((True, "ManualSuppression", "Customer"), SignalKind.UNKNOWN, None),
        ((True, "HardBounce", "Recipient"), SignalKind.BOUNCED, True),
        ((True, "SpamComplaint", "Recipient"), SignalKind.COMPLAINED, None),
        ((True, None, "Recipient"), SignalKind.UNKNOWN, None),
        ((False, None, "Recipient"), SignalKind.UNKNOWN, None),
    ],
)
def test_a_change_of_subscription_counts_if_the_recipient_made_it(change, what, permanent):
    suppress, why, origin = change
    event = one(
        RecordType="SubscriptionChange",
        SuppressSending=suppress,
        SuppressionReason=why,
        Origin=origin,
    )
    assert (event.what, event.permanent, event.reason) == (what, permanent, why)
    assert event.by is By.UNKNOWN  # a scanner may have followed the link


INBOUND = {
    "FromFull": {"Email": BOB},
    "ToFull": [{"Email": "ann@acme.example"}],
    "CcFull": [{"Email": "carla@smith.example"}],
    "Subject": "Re: hi",
    "Date": "Mon, 2 Mar 2026 12:00:00 +0000",
    "MessageID": "p-1",
    "TextBody": "Yes.",
    "Headers": [{"Name": "In-Reply-To", "Value": "<m1@acme.example>"}, {"Name": "Broken"}],
}


def test_a_message_that_came_in_is_read_by_the_rules_of_mail():
    raw = dumps(INBOUND)
    (event,) = Postmark().parse(JSON, raw)
    assert (event.what, event.at, event.event_id) == (SignalKind.ANSWERED, NOW, "p-1")
    assert (event.in_reply_to, event.original) == ("<m1@acme.example>", raw)
    assert event.message.to == ("ann@acme.example", "carla@smith.example")
    away = INBOUND | {"Headers": [{"Name": "Auto-Submitted", "Value": "auto-replied"}]}
    assert Postmark().parse(JSON, dumps(away))[0].what is SignalKind.AUTO_REPLIED


def test_the_raw_message_is_taken_where_it_is_handed_on():
    mime = "From: bob@smith.example\nMessage-ID: <r1@smith.example>\n\nYes.\n"
    (event,) = Postmark().parse(JSON, dumps(INBOUND | {"RawEmail": mime}))
    assert (event.message_id, event.original) == ("<r1@smith.example>", mime.encode())


def test_a_time_that_is_none_is_named():
    with pytest.raises(BadEvent, match="ReceivedAt: must be a time as in ISO 8601"):
        one(RecordType="Open", ReceivedAt="yesterday")


def test_a_report_is_recorded_once_and_an_answer_is_a_touch():
    ledger, touch = on_record(provider_id=BOUNCE["MessageID"], message_id="<m1@acme.example>")
    told_once(ledger, Postmark(), JSON, dumps(BOUNCE))
    (answer,) = ledger.receive(Postmark(), JSON, dumps(INBOUND)).recorded
    assert (answer.fact.sender, answer.fact.answers) == (
        ledger.entries(SMITH)[5].id,
        (touch.id,),
    )
