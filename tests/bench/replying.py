"""Whether a message that comes in costs more where the vendor has more customers: Ann of the
vendor is on record in the account of each. SQLite; medians of calls that take turns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

from contactledger.facts import Message, Party, Person, Touch
from contactledger.ledger import Ledger
from contactledger.sources import Calls, Mail
from tests.bench.measure import Line

FEW, MANY = 50, 10_000
ROUNDS = 200
CALLS = 500
_numbers = count()
_Use = Callable[[Ledger, int], object]


def customer(number: int) -> list[object]:
    """A customer, and a mail to it."""
    return [
        Party("acme", "ACME", "vendor"),
        Person("ann", "acme", "Ann Lee", email="ann@acme.example", phone="+1 555 0100"),
        Party("them", f"Dealer {number}", "customer"),
        Person("bob", "them", email=f"bob@d{number}.example", phone=f"+1 555 {1_000_000 + number}"),
        Touch(to="bob", sender="ann", channel="email", message=Message(f"<{number}@acme.example>")),
    ]


def fill(ledger: Ledger, accounts: int) -> None:
    """So many customers."""
    for start in range(0, accounts, 500):
        some = range(start, min(start + 500, accounts))
        ledger.record_many({f"d{number}": customer(number) for number in some})


def reply(ledger: Ledger, number: int) -> object:
    """A customer's answer to the mail."""
    return ledger.receive(Mail(), {}, _mail(f"bob@d{number}.example", "ann@acme.example", number))


def sent(ledger: Ledger, number: int) -> object:
    """A mail of Ann's, as it comes out of her mailbox."""
    return ledger.receive(Mail(), {}, _mail("ann@acme.example", f"bob@d{number}.example"))


def _mail(sender: str, to: str, answers: int | None = None) -> bytes:
    thread = "" if answers is None else f"In-Reply-To: <{answers}@acme.example>\r\n"
    head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <m{next(_numbers)}@x.example>\r\n{thread}"
    return f"{head}Subject: Inventory sync\r\n\r\nIt works again.\r\n".encode()


def calls(ledger: Ledger, _: int) -> object:
    """A table of calls by Ann, to as many customers as there are, and over again."""
    at = datetime(2026, 3, 2, 9, tzinfo=UTC).isoformat()
    numbers = range(CALLS)
    lines = [
        f"c{next(_numbers)},{at},out,+1 555 0100,+1 555 {1_000_000 + number % FEW},no_answer"
        for number in numbers
    ]
    table = "\n".join(["call_id,at,direction,from,to,status", *lines]) + "\n"
    return ledger.import_(Calls(), table.encode(), dry_run=False)


_USES: tuple[tuple[str, _Use, int, int], ...] = (
    ("a customer's reply", reply, ROUNDS, 1),
    ("a mail of ours out of a mailbox", sent, ROUNDS, 1),
    (f"{CALLS} calls of ours, imported", calls, 7, CALLS),
)


def growth(folder: Path) -> list[Line]:
    """The figures."""
    ledgers = []
    for accounts in (FEW, MANY):
        ledgers.append(Ledger.open(f"sqlite:///{folder}/replying-{accounts}.db", recorder="acme"))
        fill(ledgers[-1], accounts)
    lines = []
    for what, use, rounds, events in _USES:
        small, large = [
            times / events * 1e6
            for times in _medians(ledgers, lambda led, n, u=use: u(led, n), rounds)
        ]
        figure = f"{large / small:.2f} x   ({small:.0f} us, {large:.0f} us each)"
        label = f"{what}: {MANY:,} customers against {FEW}"
        lines.append(Line(label, figure, "within 1.30 x", large / small <= 1.3))
    for ledger in ledgers:
        ledger.close()
    return lines


def _medians(ledgers: list[Ledger], use: _Use, rounds: int) -> list[float]:
    times: list[list[float]] = [[] for _ in ledgers]
    for number in range(rounds):
        for ledger, taken in zip(ledgers, times, strict=True):
            start = perf_counter()
            use(ledger, number % FEW)
            taken.append(perf_counter() - start)
    return [median(taken) for taken in times]
