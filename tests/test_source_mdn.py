from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.events import Event
from contactledger.sources import Mail
from contactledger.sources.mdn import Disposition, Notification, disposition_of, read_notification
from contactledger.vocabulary import By, SignalKind, System

SENT = "Disposition: manual-action/MDN-sent-manually; displayed"
FINAL = "Final-Recipient: rfc822;bob@smith.example"

MAIL = "\r\n".join(  # noqa: FLY002 - a line a field
    [
        "From: Bob <bob@smith.example>",
        "To: ann@acme.example",
        "Subject: Read: Inventory sync",
        "Date: Mon, 2 Mar 2026 11:00:00 +0100",
        "Message-ID: <mdn@smith.example>",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "",
        "--b",
        "",
        "Your message was displayed.",
        "--b",
        "Content-Type: message/disposition-notification",
        "",
        "Reporting-UA: pc.smith.example; Mail 1",
        "Original-Recipient: rfc822;Sales@smith.example",
        FINAL,
        "Original-Message-ID: <touch@acme.example>",
        SENT,
        "--b--",
        "",
    ]
).encode()


def test_a_notification_is_a_signal_about_the_message_it_names():
    assert Mail().parse({}, MAIL) == [
        Event(
            SignalKind.DISPLAYED,
            datetime(2026, 3, 2, 10, tzinfo=UTC),
            By.HUMAN,
            "mail",
            message_id="<touch@acme.example>",
            address="Sales@smith.example",
            word="manual-action/MDN-sent-manually; displayed",
            said_at="Mon, 2 Mar 2026 11:00:00 +0100",
            system=System.OWN,
            original=MAIL,
        )
    ]


def test_one_without_an_original_id_is_matched_by_what_it_answers():
    raw = MAIL.replace(b"Original-Message-ID: <touch@acme.example>\r\n", b"").replace(
        b"Message-ID: <mdn",
        b"In-Reply-To: <touch@acme.example>\r\nReferences: <first@acme.example>\r\nMessage-ID: <mdn",
    )
    (event,) = Mail().parse({}, raw)
    assert (event.message_id, event.in_reply_to, event.references) == (
        None,
        "<touch@acme.example>",
        ("<first@acme.example>",),
    )


def test_one_that_is_broken_is_kept_as_unknown():
    for broken in (FINAL, SENT):
        (event,) = Mail().parse({}, MAIL.replace(broken.encode() + b"\r\n", b""))
        assert (event.what, event.word) == (SignalKind.UNKNOWN, "report:disposition-notification")


@pytest.mark.parametrize(
    ("value", "what", "by"),
    [
        ("manual-action/MDN-sent-manually; displayed", SignalKind.DISPLAYED, By.HUMAN),
        ("manual-action/MDN-sent-automatically; displayed", SignalKind.DISPLAYED, By.HUMAN),
        ("automatic-action/MDN-sent-automatically; displayed", SignalKind.DISPLAYED, By.MACHINE),
        ("automatic-action/MDN-sent-manually;deleted", SignalKind.DELETED, By.MACHINE),
        ("Manual-Action / MDN-Sent-Manually ; Deleted/error,x", SignalKind.DELETED, By.HUMAN),
        ("manual-action/MDN-sent-manually; displayed/error", SignalKind.UNKNOWN, By.MACHINE),
        ("automatic-action/MDN-sent-automatically; dispatched", SignalKind.DELIVERED, By.MACHINE),
        ("manual-action/MDN-sent-manually; processed", SignalKind.DELIVERED, By.MACHINE),
        ("manual-action/MDN-sent-manually; denied", SignalKind.DELIVERED, By.MACHINE),
        ("manual-action/MDN-sent-manually; failed", SignalKind.UNKNOWN, By.MACHINE),
        ("manual-action/MDN-sent-manually; folded-into-a-boat", SignalKind.UNKNOWN, By.MACHINE),
    ],
)
def test_a_persons_own_look_is_human_and_all_else_a_machines(value, what, by):
    found = read_notification(f"{FINAL}\nDisposition: {value}\n".encode())
    assert found == Notification("bob@smith.example", "", None, what, by, value)


def test_a_disposition_is_read_in_its_parts():
    assert disposition_of("automatic-action/MDN-sent-manually; deleted/Error, x,,") == Disposition(
        manual=False, sent_by_hand=True, type="deleted", modifiers=("error", "x")
    )


@pytest.mark.parametrize(
    "value",
    ["", "displayed", "manual-action; displayed", "manual-action/MDN-sent-manually;", "x/y; z"],
)
def test_what_is_no_disposition_is_none(value):
    assert disposition_of(value) is None
    assert read_notification(f"{FINAL}\nDisposition: {value}\n".encode()) is None


@given(st.binary(max_size=120))
@settings(max_examples=60)
def test_no_bytes_raise(data):
    read_notification(f"{FINAL}\n{SENT}".encode() + data)
    read_notification(data)
