"""Sources by name, with their keys from the environment and from nowhere else."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from contactledger.configured import configured, named, unproven
from contactledger.errors import BadInput
from contactledger.sources import Brevo, Mail, Mailgun, SendGrid, SendGridInbound, Twilio


def test_every_source_of_reports_has_a_name():
    names = {"amazon_ses", "anymail", "asterisk", "brevo", "calls", "freeswitch", "ical", "mail"}
    names |= {"mailersend", "mailgun", "mailjet", "mailtrap", "mandrill", "mbox", "postal"}
    names |= {"postmark", "resend", "sendgrid", "sendgrid_inbound", "sparkpost", "standard"}
    names |= {"table", "twilio", "twilio-log", "unisender_go"}
    assert names <= set(named())
    assert all(hasattr(one, "verify") and hasattr(one, "parse") for one in named().values())
    assert named()["sendgrid"] is SendGrid


def test_keys_come_from_variables_of_the_sources_name_several_while_one_is_exchanged():
    environment = {
        "CONTACTLEDGER_TWILIO_KEY": "old",
        "CONTACTLEDGER_TWILIO_KEY_2": "new",
        "CONTACTLEDGER_TWILIO_BASIC": "acme:s3cret",
        "CONTACTLEDGER_BREVO_BEARER": "other",
        "PATH": "/usr/bin",
    }
    assert configured("twilio", environment) == Twilio(key=("old", "new"), basic="acme:s3cret")
    assert configured("brevo", environment) == Brevo(bearer="other")
    assert configured("mail", environment) == Mail()


def test_a_name_that_begins_as_another_has_its_own_variables():
    environment = {"CONTACTLEDGER_SENDGRID_INBOUND_BASIC": "a:b"}
    assert configured("sendgrid", environment) == SendGrid()
    assert configured("sendgrid_inbound", environment) == SendGridInbound(basic="a:b")
    with pytest.raises(BadInput, match="CONTACTLEDGER_TWILIO_LOG_KEY: means nothing"):
        configured("twilio-log", {"CONTACTLEDGER_TWILIO_LOG_KEY": "x"})
    assert configured("twilio", {"CONTACTLEDGER_TWILIO_LOG_KEY": "x"}) == Twilio()


def test_texts_and_numbers_can_be_set_too():
    environment = {
        "CONTACTLEDGER_MAILGUN_TOLERANCE_SECONDS": "60",
        "CONTACTLEDGER_MAILGUN_TOKEN_ARG": "tok",
        "CONTACTLEDGER_RESEND_TOLERANCE_SECONDS": "none",
        "CONTACTLEDGER_ASTERISK_ZONE": "Europe/Berlin",
    }
    assert configured("mailgun", environment) == Mailgun(tolerance_seconds=60, token_arg="tok")
    assert configured("resend", environment).tolerance_seconds is None
    assert configured("asterisk", environment).zone == ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("name", "environment", "said"),
    [
        ("fax", {}, "SOURCE: must be one of: amazon_ses, anymail, asterisk"),
        ("twilio", {"TWILIO_KEYS": "x"}, "CONTACTLEDGER_TWILIO_KEYS: means nothing to this source"),
        ("twilio", {"TWILIO_KEY_1": "x"}, "CONTACTLEDGER_TWILIO_KEY_1: means nothing"),
        ("brevo", {"BREVO_KEY": "x"}, "CONTACTLEDGER_BREVO_KEY: means nothing"),
        ("postal", {"POSTAL_OWN": "1"}, "CONTACTLEDGER_POSTAL_OWN: means nothing"),
        ("asterisk", {}, "CONTACTLEDGER_ASTERISK_ZONE: is needed by this source"),
        (
            "twilio",
            {"TWILIO_BASIC": "s3cret"},
            'CONTACTLEDGER_TWILIO_BASIC: must read "user:password"',
        ),
        (
            "resend",
            {"RESEND_TOLERANCE_SECONDS": "s3cret"},
            'CONTACTLEDGER_RESEND_TOLERANCE_SECONDS: must be whole seconds, or "none"',
        ),
    ],
)
def test_what_will_not_do_is_named_by_its_variable_and_not_shown(name, environment, said):
    given = {f"CONTACTLEDGER_{word}": value for word, value in environment.items()}
    with pytest.raises(BadInput) as caught:
        configured(name, given)
    assert str(caught.value).startswith(said)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_source_that_could_be_proven_and_is_not_is_known():
    assert [unproven(one) for one in (Twilio(), Twilio(key="k"), Twilio(basic="a:b"), Mail())] == [
        True,
        False,
        False,
        False,
    ]
