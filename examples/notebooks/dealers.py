"""A ledger of forty dealers over half a year, for the analyst's notebook: made up, in memory.

The dealers differ as dealers do: some answer everything, some only the phone, some nothing; the
vendor writes to all of them, and to a few of them far too often. The same on every run.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from contactledger import Coverage, Ledger, MemoryStore, Party, Person, Signal, Touch
from contactledger.accounts import HOUSE
from contactledger.demo.stage import RepeatableBytes
from contactledger.testing import FixedClock

DEALERS = 40
WEEKS = 26
START = datetime(2026, 1, 5, 15, tzinfo=UTC)
END = START + timedelta(weeks=WEEKS)
PURPOSES = ("notice", "notice", "question", "question", "training", "invoice")


def play() -> Ledger:
    """The ledger at the end of the half-year."""
    clock, chance = FixedClock(START), Random(11)
    ledger = Ledger(
        MemoryStore(), recorder="acme", clock=clock, random_bytes=RepeatableBytes("dealers")
    )
    for i in range(DEALERS):
        ledger.record(
            f"dealer-{i:02}",
            Party("acme", "ACME Dealer Systems", "vendor", zone="America/New_York"),
            Party("dealer", f"Dealer {i:02}", "customer", zone="America/Chicago"),
            Person("ann", party="acme", name="Ann Lee", email="ann@acme.example"),
            Person("buyer", party="dealer", name=f"Buyer {i:02}", email=f"buyer@d{i:02}.example"),
        )
    for week in range(WEEKS):
        monday = START + timedelta(weeks=week)
        clock.set(monday + timedelta(days=6, hours=20))
        beat = Coverage("mail", ("email",), interval_seconds=8 * 86_400)
        ledger.record(HOUSE, beat)
        ledger.record_many(
            {
                f"dealer-{i:02}": facts
                for i in range(DEALERS)
                if (facts := _week(i, week, monday, chance))
            }
        )
    clock.set(END)
    return ledger


def _week(dealer: int, week: int, monday: datetime, chance: Random) -> list[Touch | Signal]:
    """What happened with one dealer in one week; its number decides its habits."""
    eager = dealer % 4  # 0 answers nearly everything, 3 nearly nothing
    count = 3 if dealer % 13 == 5 else chance.choice((0, 0, 1, 1, 1, 2))
    facts: list[Touch | Signal] = []
    for i in range(count):
        channel = "phone" if chance.random() < 0.2 else "email"
        at = monday + timedelta(hours=24 * i + chance.randrange(6))
        key, purpose = f"{week}-{i}", chance.choice(PURPOSES)
        wanted = "reply" if purpose == "question" else None
        facts.append(
            Touch("ann", "buyer", channel, purpose, key, about="News", expects=wanted, at=at)
        )
        soon = at + timedelta(minutes=1)
        if channel == "phone":
            kind, by = ("answered", "human") if chance.random() < 0.7 else ("voicemail", "machine")
            facts.append(Signal(key, kind, "buyer", by, at=soon))
            continue
        if chance.random() < 0.04:
            facts.append(Signal(key, "bounced", "buyer", "machine", permanent=True, at=soon))
            continue
        facts.append(_mail(key, "delivered", "machine", soon))
        if chance.random() < 0.5:
            facts.append(_mail(key, "opened", "machine", at + timedelta(minutes=2)))
        if chance.random() < 0.75 - 0.2 * eager:
            back = at + timedelta(hours=chance.choice((1, 3, 20, 30, 50, 60 + 10 * eager)))
            facts.append(Touch("buyer", "ann", "email", purpose, f"re-{key}", answers=key, at=back))
    return facts


def _mail(key: str, kind: str, by: str, at: datetime) -> Signal:
    """What the mail provider reported, over a channel that it signs."""
    return Signal(
        key, kind, "buyer", by, at=at, source="sendgrid", system="third", auth="signed_body"
    )  # fmt: skip
