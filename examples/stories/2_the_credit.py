"""Story 2: $1,895.

A truck dealer is owed a credit of $1,895. The manufacturer passes it to its business partner,
the partner to another, that one to a consultant's liaison manager, and he to the manufacturer
again. Nobody refuses, everybody answers once, nobody owns it. The dealer writes to the vice
president, telephones, turns to a second person and to the president: nothing. The salesman
has left; the matter is called dead. An account worth $2,000,000 over five years goes with it.

Here the *customer* runs the ledger. Its own word that it wrote would be a claim; that the mail
arrived is said by the mail service, and that nobody answered by a mailbox that was listening.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from contactledger import (
    Handoff,
    Ledger,
    Matter,
    MemoryStore,
    Message,
    Money,
    Party,
    Person,
    Touch,
)
from contactledger.facts import Coverage
from contactledger.report.plain import standing_text
from contactledger.sources import Calls, Mail, SendGrid
from contactledger.testing import FixedClock

ACCOUNT = "the-credit"
CHICAGO = ZoneInfo("America/Chicago")
WEBHOOK = {"Authorization": "Basic c2VuZGdyaWQ6bG9uZy1hbmQtcmFuZG9t"}

# Who wrote what to the dealer, in the order of time: each says it is with somebody else.
ANSWERS = {
    "works": b"""From: Sal Moore <sal@works.example>
To: Ann Hill <ann@hill.example>
Subject: Re: Our credit of $1,895
Date: Tue, 06 Jan 2026 10:00:00 -0600
Message-ID: <works-1@works.example>
In-Reply-To: <ask@hill.example>

Credits are with Northern now, our partner. I have passed it on.
""",
    "northern": b"""From: Jo Lund <jo@northern.example>
To: Ann Hill <ann@hill.example>
Subject: Re: Our credit of $1,895
Date: Mon, 12 Jan 2026 15:30:00 -0600
Message-ID: <northern-1@northern.example>
In-Reply-To: <ask@hill.example>

For trucks that is Southern's to book. I sent them the file.
""",
    "southern": b"""From: Ray Soto <ray@southern.example>
To: Ann Hill <ann@hill.example>
Subject: Re: Our credit of $1,895
Date: Tue, 20 Jan 2026 09:15:00 -0600
Message-ID: <southern-1@southern.example>
In-Reply-To: <ask@hill.example>

We do not book without the liaison office. It is with Mr Pell of Meridian.
""",
    "meridian": b"""From: Gus Pell <gus@meridian.example>
To: Ann Hill <ann@hill.example>
Subject: Re: Our credit of $1,895
Date: Fri, 30 Jan 2026 16:45:00 -0600
Message-ID: <meridian-1@meridian.example>
In-Reply-To: <ask@hill.example>

This has to be released by the manufacturer. I gave it back to them.
""",
}

TO_THE_VP = b"""[
 {"email": "vp@works.example", "timestamp": 1770649203, "event": "delivered",
  "smtp-id": "<vp@hill.example>", "sg_event_id": "VnBEZWxpdmVyZWQ",
  "sg_message_id": "VGhlQ3JlZGl0VnA.recvd-6c8b-1.0", "response": "250 OK"}
]"""
TO_THE_PRESIDENT = b"""[
 {"email": "president@works.example", "timestamp": 1772031603, "event": "delivered",
  "smtp-id": "<president@hill.example>", "sg_event_id": "UHJlc0RlbGl2ZXJlZA",
  "sg_message_id": "VGhlQ3JlZGl0UHI.recvd-6c8b-1.0", "response": "250 OK"}
]"""
CALL = b"""call_id,at,direction,from,to,status,answered_by,duration_seconds
h-1,2026-02-17T10:00:00-06:00,out,+13125550100,+13135550199,voicemail,machine,40
"""


def tell() -> Ledger:
    """From January to March 2026; it is the sixteenth of March."""
    clock = FixedClock(at(1, 5, 9))
    ledger = Ledger.open(MemoryStore(), recorder="hill", clock=clock)
    ledger.record(
        ACCOUNT,
        Party("hill", "Hill Truck Sales", "customer", "America/Chicago"),
        Person("ann", "hill", "Ann Hill", email="ann@hill.example"),
        Party("works", "Great Lakes Truck Works", "vendor", "America/Chicago"),
        Person("sal", "works", "Sal Moore", "Salesman", "sal@works.example"),
        Person("vp", "works", "V. Price", "VP", "vp@works.example", "+13135550199", level=3),
        Person("cfo", "works", "C. Ford", "Finance", "cfo@works.example", level=3),
        Person("president", "works", "P. Rand", "President", "president@works.example", level=5),
        Party("northern", "Northern Partners", "partner", "America/Chicago"),
        Person("jo", "northern", "Jo Lund", email="jo@northern.example"),
        Party("southern", "Southern Partners", "partner", "America/Chicago"),
        Person("ray", "southern", "Ray Soto", email="ray@southern.example"),
        Party("meridian", "Meridian Consulting", "consultant", "America/Chicago"),
        Person("gus", "meridian", "Gus Pell", "Liaison manager", "gus@meridian.example"),
        Matter(
            "credit",
            party="hill",
            title="A credit of $1,895 that nobody owns",
            stake=Money(189_500, "USD"),
            worth=Money(200_000_000, "USD"),
        ),
    )  # fmt: skip
    ledger.record("house", Coverage("hill-mailbox", ("email", "phone"), since=at(1, 5, 9)))

    _mail(ledger, "ask", "Our credit of $1,895", "sal", "sal@works.example")
    for number, (giver, taker) in enumerate(
        [
            ("works", "northern"),
            ("northern", "southern"),
            ("southern", "meridian"),
            ("meridian", "works"),
        ]
    ):
        clock.set((at(1, 6, 11), at(1, 12, 16), at(1, 20, 10), at(1, 30, 17))[number])
        ledger.receive(Mail(), {}, ANSWERS[giver])
        ledger.record(ACCOUNT, Handoff("credit", giver, taker, key=f"to-{taker}"))
    clock.set(at(2, 2, 10))
    # The manufacturer takes it back in so many words, on the telephone, and does nothing.
    ledger.record(ACCOUNT, Handoff("credit", "works", "meridian", "accepted", "to-works"))

    sendgrid = SendGrid(basic="sendgrid:long-and-random")
    clock.set(at(2, 9, 9))
    _mail(ledger, "vp", "Will you look into $1,895?", "vp", "vp@works.example")
    clock.forward(hours=1)
    ledger.receive(sendgrid, WEBHOOK, TO_THE_VP)
    clock.set(at(2, 17, 10))
    call = Message(call_id="h-1")
    ledger.record(
        ACCOUNT, Touch("ann", "vp", "phone", "question", "call", reminds="vp", message=call)
    )
    ledger.receive(Calls(), {}, CALL)
    clock.set(at(2, 18, 9))
    _mail(ledger, "cfo", "Nobody answers us about $1,895", "cfo", "cfo@works.example", "vp")
    clock.set(at(2, 25, 9))
    _mail(
        ledger,
        "president",
        "Two million, for $1,895",
        "president",
        "president@works.example",
        "vp",
    )
    clock.forward(hours=1)
    ledger.receive(sendgrid, WEBHOOK, TO_THE_PRESIDENT)
    # The salesman has left, as the switchboard says; nobody has taken over from him.
    clock.set(at(3, 2, 9))
    ledger.record(
        ACCOUNT,
        Person("sal", "works", "Sal Moore", "Salesman", "sal@works.example", until=at(2, 27, 17)),
    )
    clock.set(at(3, 16, 9))
    return ledger


def at(month: int, day: int, hour: int) -> datetime:
    """A moment of 2026 in Chicago."""
    return datetime(2026, month, day, hour, tzinfo=CHICAGO)


def _mail(
    ledger: Ledger, name: str, subject: str, to: str, address: str, reminds: str | None = None
) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "ann@hill.example", address
    message["Subject"], message["Message-ID"] = subject, f"<{name}@hill.example>"
    with ledger.sending(
        ACCOUNT,
        message,
        to=[to],
        key=name,
        sender="ann",
        purpose="question",
        expects="reply",
        matter="credit",
        reminds=reminds,
    ):
        pass  # here it leaves: smtp.send_message(message)


if __name__ == "__main__":
    print(standing_text(tell().report(ACCOUNT).data))
