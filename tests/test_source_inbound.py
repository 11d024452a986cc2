import pytest

from contactledger.errors import BadEvent
from contactledger.sources._inbound import (
    from_message,
    from_parts,
    header_pairs,
    header_value,
    with_missing,
)
from contactledger.vocabulary import SignalKind, System

FROM = [("From", "Bob <bob@smith.example>")]


def parts(headers=FROM, text="Yes.", page=None):
    (event,) = from_parts(headers, text, page, "probe", event_id="e-1", original=b"raw")
    return event


def test_a_message_is_read_as_mail_reads_it_and_reported_by_the_provider():
    (event,) = from_message(b"From: bob@smith.example\n\nYes.\n", "probe", event_id="e-1")
    assert (event.source, event.event_id, event.system) == ("probe", "e-1", System.THIRD)
    assert (event.what, event.original) == (
        SignalKind.ANSWERED,
        b"From: bob@smith.example\n\nYes.\n",
    )
    with pytest.raises(BadEvent):
        from_message(b"...", "probe")


def test_fields_become_a_message_and_its_coding_is_made_anew():
    event = parts(
        [
            *FROM,
            ("Content-Type", "text/html; charset=utf-16"),
            ("Content-Transfer-Encoding", "base64"),
        ],
        "Grüße",
    )
    assert (event.message.text, event.original) == ("Grüße", b"raw")
    assert parts(text=None, page="<p>Grüße</p>").message.text == "Grüße"
    assert parts(text=None).message.text is None


def test_headers_cannot_add_headers():
    event = parts(
        [
            *FROM,
            ("Subject", "x\r\nAuto-Submitted: auto-replied\r\n\r\ny"),
            ("Bad: name", "z"),
            ("Ü", "z"),
        ]
    )
    assert (event.what, event.message.subject) == (
        SignalKind.ANSWERED,
        "x Auto-Submitted: auto-replied y",
    )


def test_marks_of_machines_are_kept():
    assert parts([*FROM, ("Auto-Submitted", "auto-replied")]).what is SignalKind.AUTO_REPLIED
    report = ("Content-Type", "multipart/report; report-type=delivery-status; boundary=x")
    assert parts([*FROM, report]).what is SignalKind.UNKNOWN


def test_headers_are_read_from_each_way_of_writing_them():
    wanted = [("To", "a"), ("To", "b")]
    assert header_pairs({"To": ["a", "b", 5], "X": 5}) == wanted
    assert (
        header_pairs([{"Name": "To", "Value": "a"}, {"name": "To", "value": "b"}, {"name": "X"}])
        == wanted
    )
    assert header_pairs([["To", "a"], ["To", "b"], ["X", ["text/plain", {}]], ["X"], 5]) == wanted
    assert header_pairs(None) == header_pairs("x") == []


def test_what_a_header_says_comes_before_what_a_field_says():
    pairs = [("to", "a")]
    assert with_missing(pairs, [("To", "b"), ("Cc", "c"), ("Bcc", None)]) == [
        ("to", "a"),
        ("Cc", "c"),
    ]
    assert (header_value(pairs, "TO"), header_value(pairs, "Cc")) == ("a", None)


BOUNCE = b"""From: MAILER-DAEMON@mx.smith.example
To: ann@acme.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It did not get there.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.smith.example

Final-Recipient: rfc822; bob@smith.example
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; carla@smith.example
Action: failed
Status: 5.1.1
--b--
"""


def test_a_bounce_that_a_provider_hands_on_is_an_event_for_each_recipient():
    events = from_message(BOUNCE, "probe", event_id="e-1")
    assert [(e.what, e.address, e.event_id, e.source) for e in events] == [
        (SignalKind.BOUNCED, "bob@smith.example", "e-1", "probe"),
        (SignalKind.BOUNCED, "carla@smith.example", "e-1 2", "probe"),
    ]
