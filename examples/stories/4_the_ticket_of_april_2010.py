"""Story 4: The ticket of April 2010.

"I opened a ticket in April 2010. Nobody ever followed up." For once it is the *vendor* who
ignored the customer, and the vendor's own helpdesk wrote the ticket down. The same ledger must
show that as plainly: what burdens a party and stands in its own log is *confirmed*.

It is told twice. `tell("vendor")` is the vendor's ledger. `tell("customer")` is the ledger of
the customer, who has nothing but its own word that the ticket was ever opened: a claim, and no
claim is enough to hold silence against anybody.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from contactledger import Ledger, MemoryStore, Party, Person, Touch
from contactledger.facts import Coverage
from contactledger.report.plain import standing_text
from contactledger.testing import FixedClock
from contactledger.vocabulary import System

ACCOUNT = "miller"
CHICAGO = ZoneInfo("America/Chicago")

TICKET = b"""From: Joe Miller <joe@miller.example>
To: helpdesk@vendor.example
Subject: Invoices print twice since the update
Date: Mon, 12 Apr 2010 10:05:00 -0500
Message-ID: <20100412150500.7718@miller.example>
X-Ticket: 20100412-118

Every invoice comes out twice. We throw away a ream a day. Please call.
"""
AGAIN = TICKET.replace(b"Invoices print", b"Again: invoices print").replace(b"12 Apr", b"26 Apr")


def tell(recorder: str = "vendor") -> Ledger:
    """April and May 2010; it is the first of June. `recorder` runs the ledger."""
    clock = FixedClock(at(4, 1, 9))
    ledger = Ledger.open(MemoryStore(), recorder=recorder, clock=clock)
    ledger.record(
        ACCOUNT,
        Party("vendor", "Vendor Systems", "vendor", "America/Chicago"),
        Person("desk", "vendor", "Helpdesk", email="helpdesk@vendor.example"),
        Party("customer", "Miller Implements", "customer", "America/Chicago"),
        Person("joe", "customer", "Joe Miller", "Owner", "joe@miller.example"),
    )
    ledger.record("house", Coverage("helpdesk", ("ticket",), since=at(4, 1, 9)))

    clock.set(at(4, 12, 10))
    opened = Touch(
        "joe",
        "desk",
        "ticket",
        "question",
        "ticket-118",
        about="Invoices print twice since the update",
        original=TICKET,
        system=System.OWN,
    )
    ledger.record(ACCOUNT, opened)
    clock.set(at(4, 26, 10))
    again = Touch(
        "joe", "desk", "ticket", "question", "again", reminds="ticket-118", original=AGAIN
    )
    ledger.record(ACCOUNT, again)
    # The vendor did write in May, to everybody, about its new release.
    clock.set(at(5, 10, 9))
    news = Touch("desk", "joe", "email", "notice", "news", campaign="release-8", broadcast=True)
    ledger.record(ACCOUNT, news)
    clock.set(at(6, 1, 9))
    return ledger


def at(month: int, day: int, hour: int) -> datetime:
    """A moment of 2010 in Chicago."""
    return datetime(2010, month, day, hour, tzinfo=CHICAGO)


if __name__ == "__main__":
    print(standing_text(tell().report(ACCOUNT).data))
