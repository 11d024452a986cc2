"""Sources: what makes events of the bytes that providers, mailboxes and tables deliver.

One file per provider or format, each a small class with its configuration and two pure
methods, `verify` and `parse` (see `source.Source`). They are imported when first used.

    AmazonSES           Amazon SES through SNS              ses.py
    Brevo               webhooks, inbound parsing           brevo.py
    MailerSend          webhooks, inbound routes            mailersend.py
    Mailgun             webhooks, forwarding routes         mailgun.py
    Mailjet             Event API, Parse API                mailjet.py
    Mailomat            webhooks                            mailomat.py
    Mailtrap            webhooks                            mailtrap.py
    Mandrill            webhooks, inbound domains           mandrill.py
    Postal              webhooks, HTTP endpoints            postal.py
    Postmark            webhooks, inbound stream            postmark.py
    Resend              webhooks                            resend.py
    SendGrid            Event Webhook of SendGrid           sendgrid.py
    SendGridInbound     Inbound Parse of SendGrid           sendgrid_inbound.py
    SparkPost           webhooks, relay webhooks            sparkpost.py
    StandardWebhooks    anything else, in our words         standard.py
    Sweego              webhooks                            sweego.py
    Twilio              calls, SMS and chat; Event Streams  twilio.py
    TwilioLog           its records, from the REST API      twilio_log.py
    UnisenderGo         webhooks                            unisender.py
    Vonage              SMS and chat                        vonage.py
    Mail                an e-mail message, RFC 5322         mail.py
    Mbox                a mailbox in one file               mbox.py
    Calls               a plain table of calls, CSV         calls.py
    Anymail             django-anymail's events             anymail.py
    Asterisk            call records, Master.csv            asterisk.py
    FreeSwitch          call records, XML JSON CSV          freeswitch.py
    Table               any CSV, by a mapping               table.py
    ICal                meetings, iCalendar                 ical.py
    VCard               people, vCard                       vcard.py
    Tracking            own pixels and links                track.py
    Grader, Own         human, machine or the sender        _machine_grade.py
    Agents, Networks    the data by which machines are told _machine_agent.py, _machine_network.py
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contactledger.sources._machine_agent import Agents
    from contactledger.sources._machine_grade import Grader, Own
    from contactledger.sources._machine_network import Networks
    from contactledger.sources._mapping import Mapping
    from contactledger.sources.anymail import Anymail, from_anymail
    from contactledger.sources.asterisk import Asterisk
    from contactledger.sources.brevo import Brevo
    from contactledger.sources.calls import Calls
    from contactledger.sources.freeswitch import FreeSwitch
    from contactledger.sources.ical import ICal
    from contactledger.sources.mail import Mail
    from contactledger.sources.mailersend import MailerSend
    from contactledger.sources.mailgun import Mailgun
    from contactledger.sources.mailjet import Mailjet
    from contactledger.sources.mailomat import Mailomat
    from contactledger.sources.mailtrap import Mailtrap
    from contactledger.sources.mandrill import Mandrill
    from contactledger.sources.mbox import Mbox
    from contactledger.sources.postal import Postal
    from contactledger.sources.postmark import Postmark
    from contactledger.sources.resend import Resend
    from contactledger.sources.sendgrid import SendGrid
    from contactledger.sources.sendgrid_inbound import SendGridInbound
    from contactledger.sources.ses import AmazonSES
    from contactledger.sources.source import Source
    from contactledger.sources.sparkpost import SparkPost
    from contactledger.sources.standard import StandardWebhooks
    from contactledger.sources.sweego import Sweego
    from contactledger.sources.table import Table
    from contactledger.sources.track import Tracking
    from contactledger.sources.twilio import Twilio
    from contactledger.sources.twilio_log import TwilioLog
    from contactledger.sources.unisender import UnisenderGo
    from contactledger.sources.vcard import VCard
    from contactledger.sources.vonage import Vonage

__all__ = [
    "Agents",
    "AmazonSES",
    "Anymail",
    "Asterisk",
    "Brevo",
    "Calls",
    "FreeSwitch",
    "Grader",
    "ICal",
    "Mail",
    "MailerSend",
    "Mailgun",
    "Mailjet",
    "Mailomat",
    "Mailtrap",
    "Mandrill",
    "Mapping",
    "Mbox",
    "Networks",
    "Own",
    "Postal",
    "Postmark",
    "Resend",
    "SendGrid",
    "SendGridInbound",
    "Source",
    "SparkPost",
    "StandardWebhooks",
    "Sweego",
    "Table",
    "Tracking",
    "Twilio",
    "TwilioLog",
    "UnisenderGo",
    "VCard",
    "Vonage",
    "from_anymail",
]

_HOMES = {
    "Agents": "_machine_agent",
    "AmazonSES": "ses",
    "Anymail": "anymail",
    "Asterisk": "asterisk",
    "Brevo": "brevo",
    "Calls": "calls",
    "FreeSwitch": "freeswitch",
    "Grader": "_machine_grade",
    "ICal": "ical",
    "Mail": "mail",
    "MailerSend": "mailersend",
    "Mailgun": "mailgun",
    "Mailjet": "mailjet",
    "Mailomat": "mailomat",
    "Mailtrap": "mailtrap",
    "Mandrill": "mandrill",
    "Mapping": "_mapping",
    "Mbox": "mbox",
    "Networks": "_machine_network",
    "Own": "_machine_grade",
    "Postal": "postal",
    "Postmark": "postmark",
    "Resend": "resend",
    "SendGrid": "sendgrid",
    "SendGridInbound": "sendgrid_inbound",
    "Source": "source",
    "SparkPost": "sparkpost",
    "StandardWebhooks": "standard",
    "Sweego": "sweego",
    "Table": "table",
    "Tracking": "track",
    "Twilio": "twilio",
    "TwilioLog": "twilio_log",
    "UnisenderGo": "unisender",
    "VCard": "vcard",
    "Vonage": "vonage",
    "from_anymail": "anymail",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
