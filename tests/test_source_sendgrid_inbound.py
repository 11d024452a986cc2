from urllib.parse import urlencode

import pytest

from contactledger.sources import SendGridInbound
from contactledger.vocabulary import By, SignalKind, System
from tests.ledgers import SMITH
from tests.providers import BOB, FORM, NOW, basic_is_checked, on_record

MIME = (
    "From: Bob <bob@smith.example>\nTo: ann@acme.example\nIn-Reply-To: <m1@acme.example>\n\nYes.\n"
)
FIELDS = {
    "headers": "Date: Mon, 2 Mar 2026 12:00:00 +0000\r\nIn-Reply-To: <m1@acme.example>\r\n",
    "from": "Bob <bob@smith.example>",
    "to": "ann@acme.example",
    "subject": "Re: hi",
    "text": "Yes.",
}


def one(fields):
    return SendGridInbound().parse(FORM, urlencode(fields).encode())[0]


def test_credentials_are_all_that_is_checked():
    basic_is_checked(SendGridInbound, b"text=x", FORM)


def test_a_message_is_read_raw_or_from_its_fields():
    raw, parsed = one({"email": MIME, "text": "not this"}), one(FIELDS)
    for event in (raw, parsed):
        assert (event.what, event.by, event.system) == (SignalKind.ANSWERED, By.HUMAN, System.THIRD)
        assert (event.source, event.in_reply_to) == ("sendgrid_inbound", "<m1@acme.example>")
        assert (event.message.sender, event.message.to, event.message.text) == (
            BOB,
            ("ann@acme.example",),
            "Yes.",
        )
    assert (raw.original, parsed.at) == (MIME.encode(), NOW)


def test_marks_of_machines_are_read_from_the_headers():
    assert (
        one(FIELDS | {"headers": "Auto-Submitted: auto-replied\n"}).what is SignalKind.AUTO_REPLIED
    )


@pytest.mark.parametrize(
    ("charsets", "text", "read"),
    [
        ('{"text": "windows-1252"}', "Gr\xfc\xdfe \x93".encode("cp1252", "replace"), None),
        ('{"text": "iso-8859-1", "html": 5}', "Grüße".encode("latin-1"), "Grüße"),
        ("[]", "Grüße".encode(), "Grüße"),
        ("no json", "Grüße".encode(), "Grüße"),
    ],
)
def test_each_field_is_in_the_charset_that_the_form_names(charsets, text, read):
    event = one(FIELDS | {"charsets": charsets, "text": text})
    assert event.message.text == (read or text.decode("cp1252"))


def test_an_answer_is_a_touch_and_a_retry_the_same():
    ledger, touch = on_record(message_id="<m1@acme.example>")
    body = urlencode(FIELDS).encode()
    (answer,) = ledger.receive(SendGridInbound(), FORM, body).recorded
    assert answer.fact.answers == (touch.id,)
    assert ledger.receive(SendGridInbound(), FORM, body).recorded == ()
    assert ledger.entries(SMITH)[-1] == answer
