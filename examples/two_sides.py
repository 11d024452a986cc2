"""Two sides: a vendor and its customer each keep a ledger, and neither believes the other's.

In May both write down what they see of each other. On the first of June they exchange bundles,
each checks the other's offline with nothing but a verifier key, signs for what it was given,
takes back what the other signed, and lays the two records side by side:

- a newsletter and a call stand in both;
- Bob's answer of 7 May never reached the vendor's ledger, so that the vendor counts a silence
  where the customer holds an answer;
- of the training they tell different hours;
- a visit stands in the vendor's record alone, a ticket in the customer's.

    python examples/two_sides.py [FOLDER]
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contactledger import (
    Channel,
    Countersignature,
    Ledger,
    Message,
    Party,
    Person,
    Signal,
    Touch,
    countersign,
    open_bundle,
    reconcile,
)
from contactledger.exchange import OpenedBundle
from contactledger.facts import Coverage
from contactledger.keys import keygen
from contactledger.reconciling import Reconciled
from contactledger.sources import Mail
from contactledger.testing import FixedClock

ACCOUNT = "smith-motors"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of May 2026."""
    return datetime(2026, 5, day, hour, minute, tzinfo=UTC)


class Side:
    """One side: its folder, its key, its ledger, and what it knows of the other."""

    def __init__(self, folder: Path, key: str, clock: FixedClock) -> None:
        self.folder = folder / key
        self.folder.mkdir()
        self.clock, self.key = clock, key
        keygen(self.folder / "ledger.key", f"{key}.example/ledger")
        self.ledger = Ledger.open(
            f"sqlite:///{self.folder / 'contacts.db'}",
            recorder=key,
            signer=self.folder / "ledger.key",
            clock=clock,
        )
        clock.set(at(1, 9))
        self.ledger.record(ACCOUNT, *WHO)
        listens = (Channel.EMAIL, Channel.PHONE, Channel.TICKET)
        self.ledger.record("house", Coverage(key, listens, since=at(1, 9), until=at(31, 23)))

    @property
    def vkey(self) -> Path:
        """The verifier key: for everybody; best handed over on paper."""
        return self.folder / "ledger.vkey"

    def put(self, *facts: Any) -> None:
        """Put down by hand, at the time it is."""
        self.ledger.record(ACCOUNT, *facts)

    def hand_over(self, to: str) -> Path:
        """Seal, and save the bundle for the other side."""
        path = self.folder / f"for-{to}.bundle"
        self.ledger.bundle(ACCOUNT, to=to).save(path)
        return path

    def open(self, bundle: Path, *trust: Path) -> OpenedBundle:
        """Verify what the other side handed over; what was seen before is remembered."""
        return open_bundle(bundle, trust=trust, remember=self.folder / "remembered.json")

    def sign_for(self, opened: OpenedBundle) -> Path:
        """Countersign: this log was received. It says nothing about what is in it."""
        path = self.folder / "received.json"
        countersign(opened, self.folder / "ledger.key", self.clock()).save(path)
        return path

    def take_back(self, countersignature: Path, trust: Path) -> None:
        """Keep what the other side signed; later bundles show it."""
        self.ledger.accept(Countersignature.load(countersignature), trust=trust)


WHO = (
    Party("acme", "ACME Dealer Systems", "vendor"),
    Person("dana", "acme", "Dana Holt", email="dana@acme.example", phone="+12125550140"),
    Party("smith", "Smith Motors", "customer"),
    Person("bob", "smith", "Bob Ray", "Owner", "bob@smith.example", "+13035550117"),
)
"""Both know the same people; each ledger gives them ids of its own."""


def mail(name: str, subject: str, moment: datetime) -> EmailMessage:
    """A mail of Dana's to Bob."""
    made = EmailMessage()
    made["From"], made["To"] = "dana@acme.example", "bob@smith.example"
    made["Subject"], made["Message-ID"] = subject, f"<{name}@acme.example>"
    made["Date"] = moment
    made.set_content("See above.\n")
    return made


def live_through_may(vendor: Side, customer: Side) -> None:
    """What happens, and which of the two writes it down."""
    clock = vendor.clock
    for name, subject, moment, more in (
        ("news", "What is new in May", at(4, 9), {"expects": "nothing"}),
        ("sync", "Shall we set up your inventory sync?", at(5, 9), {"expects": "reply"}),
    ):
        clock.set(moment)
        message = mail(name, subject, moment)
        with vendor.ledger.sending(ACCOUNT, message, to=["bob"], sender="dana", key=name, **more):
            customer.ledger.receive(Mail(), {}, message.as_bytes())
        vendor.put(Signal(name, "delivered", "bob", system="third", auth="signed_body"))

    clock.set(at(6, 10, 20))
    vendor.put(Touch("dana", "bob", "phone", key="call", about="A voicemail about the sync"))
    clock.set(at(6, 10, 24))  # by the list of missed calls, that evening
    customer.put(Touch("dana", "bob", "phone", about="Missed a call of ACME's", at=at(6, 10, 22)))

    clock.set(at(7, 8))  # the vendor's mailbox was given this; its ledger was not
    asked = next(
        e.id
        for e in customer.ledger.entries(ACCOUNT)
        if isinstance(e.fact, Touch) and e.fact.message and "<sync@" in str(e.fact.message)
    )
    answer = Message(message_id="<answer@smith.example>", subject="Re: inventory sync")
    customer.put(Touch("bob", "dana", "email", answers=asked, message=answer))

    clock.set(at(12, 16))
    vendor.put(Touch("dana", "bob", "visit", about="Showed the sync at the dealership"))
    clock.set(at(18, 9))
    customer.put(Touch("bob", "acme", "ticket", about="Part numbers lose their dashes"))

    clock.set(at(20, 17))
    conference = Message(call_id="conference-77")
    training = {"channel": "meeting", "purpose": "training", "message": conference}
    vendor.put(Touch("dana", "bob", about="Training, as agreed", at=at(20, 14), **training))
    customer.put(Touch("dana", "bob", about="Training, an hour late", at=at(20, 15), **training))


def exchange(vendor: Side, customer: Side) -> tuple[OpenedBundle, OpenedBundle]:
    """Bundles over, checked, signed for, and the signatures back; the bundles that show them."""
    for giver, taker in ((vendor, customer), (customer, vendor)):
        first = taker.open(giver.hand_over(taker.key), giver.vkey)
        giver.take_back(taker.sign_for(first), taker.vkey)
    vendor.clock.forward(hours=1)
    theirs = customer.open(vendor.hand_over("smith"), vendor.vkey, customer.vkey)
    ours = vendor.open(customer.hand_over("acme"), customer.vkey, vendor.vkey)
    return theirs, ours


def main(folder: Path) -> tuple[OpenedBundle, OpenedBundle, Reconciled]:
    """All of it, into a folder: the vendor's bundle, the customer's, and the comparison."""
    clock = FixedClock(at(1, 8))
    vendor, customer = Side(folder, "acme", clock), Side(folder, "smith", clock)
    with vendor.ledger, customer.ledger:
        live_through_may(vendor, customer)
        clock.set(datetime(2026, 6, 1, 9, tzinfo=UTC))
        theirs, ours = exchange(vendor, customer)
        for bundle in (theirs, ours):
            (seen,) = bundle.countersigned
            print(
                f"{bundle.origin}: {bundle.size} entries of {bundle.account}, verified; "
                f"{seen.name} signed for {seen.size} of them on {seen.at:%d %B}."
            )
        # The same rules on both sides: what the vendor's own ledger says of itself, the
        # customer has computed again from the file.
        assert theirs.findings() == vendor.ledger.findings(ACCOUNT, as_of=theirs.sealed_at)
        compared = reconcile(customer.ledger.side(ACCOUNT), theirs)
    report = compared.report()
    report.html(folder / "reconciliation.html")
    print(report.text(folder / "reconciliation.txt"))
    return theirs, ours, compared


if __name__ == "__main__":
    if len(sys.argv) > 1:
        where = Path(sys.argv[1])
        where.mkdir(parents=True, exist_ok=True)
        main(where)
    else:
        with TemporaryDirectory() as temporary:
            main(Path(temporary))
