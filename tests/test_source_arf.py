from datetime import UTC, datetime

import pytest

from contactledger.events import Event
from contactledger.sources import Mail
from contactledger.sources.arf import Feedback, bare_complaint, read_feedback, recipients_of
from contactledger.vocabulary import SignalKind, System

TOKEN = "a" * 26
MAIL = "\r\n".join(
    [
        "From: <feedback@isp.example>",
        "To: abuse@acme.example",
        "Subject: FW: Inventory sync",
        "Date: Mon, 2 Mar 2026 11:00:00 +0100",
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b",
        "",
        "--b",
        "",
        "This is an abuse report.",
        "--b",
        "Content-Type: message/feedback-report",
        "",
        "Feedback-Type: abuse",
        "User-Agent: Loop/1",
        "Version: 1",
        "Original-Rcpt-To: <bob@smith.example>",
        "--b",
        "Content-Type: message/rfc822",
        "",
        "From: ann@acme.example",
        "To: Bob <bob@smith.example>",
        "Message-ID: <touch@acme.example>",
        f"X-Contactledger: {TOKEN}",
        "",
        "It works again.",
        "--b--",
        "",
    ]
).encode()


def test_a_complaint_is_about_the_message_it_brings_back():
    assert Mail().parse({}, MAIL) == [
        Event(
            SignalKind.COMPLAINED,
            datetime(2026, 3, 2, 10, tzinfo=UTC),
            source="mail",
            token=TOKEN,
            message_id="<touch@acme.example>",
            address="bob@smith.example",
            word="feedback:abuse",
            said_at="Mon, 2 Mar 2026 11:00:00 +0100",
            system=System.OWN,
            original=MAIL,
        )
    ]


def test_one_of_several_recipients_is_an_event_for_each_and_of_none_one_without():
    two = MAIL.replace(
        b"<bob@smith.example>\r\n--b",
        b"<bob@smith.example>\r\nOriginal-Rcpt-To: c@smith.example\r\n--b",
    )
    assert [event.address for event in Mail().parse({}, two)] == [
        "bob@smith.example",
        "c@smith.example",
    ]
    none = MAIL.replace(b"Original-Rcpt-To", b"X-Gone").replace(
        b"To: Bob <bob@smith.example>", b"To: undisclosed"
    )
    assert [event.address for event in Mail().parse({}, none)] == [None]


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("abuse", SignalKind.COMPLAINED),
        ("Fraud", SignalKind.COMPLAINED),
        ("opt-out", SignalKind.UNSUBSCRIBED),
        ("not-spam", SignalKind.UNKNOWN),
        ("auth-failure", SignalKind.UNKNOWN),
        ("", SignalKind.UNKNOWN),
    ],
)
def test_the_type_says_whether_it_is_a_complaint(kind, what):
    found = read_feedback(
        f"Feedback-Type: {kind}\nRemoval-Recipient: bob@smith.example".encode(), {}
    )
    assert found == Feedback(kind.lower(), what, ("bob@smith.example",))


def test_the_recipient_is_looked_for_in_the_returned_message():
    assert recipients_of({"to": ["a@x.example"], "x-original-to": ["b@x.example"]}) == [
        "b@x.example"
    ]
    assert recipients_of({}) == []


def test_hotmails_report_is_known_by_its_subject():
    assert bare_complaint("Complaint about message from 192.0.2.1")
    assert not bare_complaint("A complaint about your message")
    lines = [
        "Subject: complaint about message from 192.0.2.1",
        "Content-Type: multipart/mixed; boundary=b",
        "",
    ]
    back = [
        "--b",
        "Content-Type: message/rfc822",
        "",
        "X-HmXmrOriginalRecipient: bob@smith.example",
        "--b--",
    ]
    (event,) = Mail().parse({}, "\n".join([*lines, *back]).encode())
    assert (event.what, event.address) == (SignalKind.COMPLAINED, "bob@smith.example")
    (event,) = Mail().parse({}, "\n".join([*lines, "--b", "", "You are rude.", "--b--"]).encode())
    assert event.what is SignalKind.ANSWERED
