"""Story 1: "Nobody told us."

A dealership cancels. "Your product does not do what we need, and nobody told us about the
features." The vendor wrote to the whole account and phoned about the outage. The owner had
asked for the phone: on a bad day three hundred mails wait for him.

Who is right? The ledger holds one month of it: a newsletter that only a machine of Apple's
opened, a question that reached the mailbox and was never answered, a voicemail, a ticket that
the vendor left lying, and the owner's wish. The demo (`contactledger demo`) plays half a year.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from contactledger import (
    Channel,
    Ledger,
    MemoryStore,
    Message,
    Party,
    Person,
    Preference,
    Touch,
)
from contactledger.facts import Coverage
from contactledger.report.plain import standing_text
from contactledger.sources import Calls, Mail, SendGrid
from contactledger.testing import FixedClock

ACCOUNT = "smith-motors"
DENVER = ZoneInfo("America/Denver")

DELIVERED = b"""[
 {"email": "bob@smith.example", "timestamp": 1772463602, "event": "processed",
  "smtp-id": "<news@acme.example>", "sg_event_id": "UHJvY2Vzc2VkMQ",
  "sg_message_id": "Tm90aGluZ1RvbGQ.recvd-7d5f-2.0", "category": ["news"]},
 {"email": "bob@smith.example", "timestamp": 1772463604, "event": "delivered",
  "smtp-id": "<news@acme.example>", "sg_event_id": "RGVsaXZlcmVkMQ",
  "sg_message_id": "Tm90aGluZ1RvbGQ.recvd-7d5f-2.0", "response": "250 2.0.0 OK"},
 {"email": "bob@smith.example", "timestamp": 1772463660, "event": "open",
  "smtp-id": "<news@acme.example>", "sg_event_id": "T3BlbmVkMQ", "sg_machine_open": true,
  "sg_message_id": "Tm90aGluZ1RvbGQ.recvd-7d5f-2.0", "useragent": "Mozilla/5.0"},
 {"email": "bob@smith.example", "timestamp": 1772636404, "event": "delivered",
  "smtp-id": "<sync@acme.example>", "sg_event_id": "RGVsaXZlcmVkMg",
  "sg_message_id": "U3luY1F1ZXN0aW9u.recvd-7d5f-2.0", "response": "250 2.0.0 OK"}
]"""
"""What SendGrid posted: of two e-mails, and whose machine opened the first."""

VOICEMAIL = b"""call_id,at,direction,from,to,status,answered_by,duration_seconds
c-1,2026-03-10T10:20:00-06:00,out,+12125550140,+13035550117,voicemail,machine,31
"""

CANCELS = b"""From: Bob Ray <bob@smith.example>
To: Dana Holt <dana@acme.example>
Subject: We are cancelling
Date: Mon, 30 Mar 2026 08:55:00 -0600
Message-ID: <cancel@smith.example>

Your product does not do what we need, and nobody told us about the features.
"""


def tell() -> Ledger:
    """The month of March 2026; it is the first of April."""
    clock = FixedClock(at(1, 8))
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    ledger.record(
        ACCOUNT,
        Party("acme", "ACME Dealer Systems", "vendor", "America/New_York"),
        Person("dana", "acme", "Dana Holt", email="dana@acme.example"),
        Party("smith", "Smith Motors", "customer", "America/Denver"),
        Person("bob", "smith", "Bob Ray", "Owner", "bob@smith.example", "+13035550117"),
    )
    # Until the first of April the vendor's webhook, mailbox and helpdesk were listening.
    ledger.record(
        "house", Coverage("acme", (Channel.EMAIL, Channel.TICKET, Channel.PHONE), since=at(1, 8))
    )

    clock.set(at(1, 20))
    ticket = Touch("bob", "acme", "ticket", "question", "ticket", about="Dashes in part numbers")
    ledger.record(ACCOUNT, ticket)

    clock.set(at(2, 8))
    _mail(ledger, "news", "What is new in March", broadcast=True)
    clock.set(at(4, 8))
    _mail(ledger, "sync", "Shall we set up your inventory sync?", expects="reply")
    clock.forward(hours=1)
    sendgrid = SendGrid(basic="sendgrid:long-and-random")
    ledger.receive(sendgrid, {"Authorization": "Basic c2VuZGdyaWQ6bG9uZy1hbmQtcmFuZG9t"}, DELIVERED)

    clock.set(at(10, 10, 20))
    call = Message(call_id="c-1")
    ledger.record(ACCOUNT, Touch("dana", "bob", "phone", "outage", "call", message=call))
    ledger.receive(Calls(), {}, VOICEMAIL)
    ledger.record(ACCOUNT, Preference("bob", preferred="phone", source="his mail of 10 March"))

    clock.set(at(30, 9))
    ledger.receive(Mail(), {}, CANCELS)
    clock.set(datetime(2026, 4, 1, 9, tzinfo=DENVER))
    return ledger


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 in Denver."""
    return datetime(2026, 3, day, hour, minute, tzinfo=DENVER)


def _mail(ledger: Ledger, name: str, subject: str, **more: Any) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "dana@acme.example", "bob@smith.example"
    message["Subject"], message["Message-ID"] = subject, f"<{name}@acme.example>"
    with ledger.sending(
        ACCOUNT, message, to=["bob"], sender="dana", tracked=True, key=name, **more
    ):
        pass  # here it leaves: smtp.send_message(message)


if __name__ == "__main__":
    print(standing_text(tell().report(ACCOUNT).data))
