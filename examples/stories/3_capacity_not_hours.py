"""Story 3: Capacity, not hours.

A school district bought forty hours of training so that its office could run the new system
by itself. The forty hours were held. The office cannot run the system. "Kept", says the
vendor; "missed", says the district: it bought a capacity, not hours. And did its people come?
To the first session yes; to the second one of two; to the third, which had been
accepted like the others, nobody came.

The ledger does not decide who is right. It says what was promised, what each side says of it,
and who turned up; a promise on which the two sides differ is *disputed*, held by nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contactledger import (
    Ledger,
    Matter,
    MemoryStore,
    Party,
    Person,
    Promise,
    Settlement,
    Signal,
    Touch,
)
from contactledger.facts import Coverage
from contactledger.report.plain import standing_text
from contactledger.sources import Mail
from contactledger.testing import FixedClock
from contactledger.vocabulary import Auth

ACCOUNT = "lake-district"
BERLIN = ZoneInfo("Europe/Berlin")

SHEET = (
    ("session-1", 3, {"eva": "attended", "tom": "attended"}),
    ("session-2", 10, {"eva": "attended", "tom": "absent"}),
    ("session-3", 17, {"eva": "absent", "tom": "absent"}),
)
"""The attendance sheets: session, day of March, who was there."""

NOT_KEPT = b"""From: Eva Brandt <eva@district.example>
To: Tim Weiss <tim@learnit.example>
Subject: Re: Forty hours delivered
Date: Thu, 02 Apr 2026 09:30:00 +0200
Message-ID: <not-kept@district.example>
In-Reply-To: <delivered@learnit.example>

We did not buy hours. We bought an office that runs the system by itself, and it does not.
"""


def tell() -> Ledger:
    """Spring of 2026; it is the tenth of April."""
    clock = FixedClock(at(2, 2, 9))
    ledger = Ledger.open(MemoryStore(), recorder="learnit", clock=clock)
    ledger.record(
        ACCOUNT,
        Party("learnit", "LearnIT", "vendor", "Europe/Berlin"),
        Person("tim", "learnit", "Tim Weiss", "Trainer", "tim@learnit.example"),
        Party("district", "Lake School District", "customer", "Europe/Berlin"),
        Person("eva", "district", "Eva Brandt", "Head of office", "eva@district.example"),
        Person("tom", "district", "Tom Kern", "Office", "tom@district.example"),
        Matter("training", party="district", title="An office that runs the system itself"),
        Promise(
            "forty-hours",
            "learnit",
            "district",
            at(3, 31, 17),
            "Forty hours of training",
            "the office runs the system by itself",
            "training",
        ),
    )
    ledger.record("house", Coverage("learnit", ("email", "meeting"), since=at(2, 2, 9)))

    for key, day, sheet in SHEET:
        begins = at(3, day, 9)
        clock.set(begins - timedelta(days=7))
        ledger.record(
            ACCOUNT,
            Touch(
                "tim",
                ("eva", "tom"),
                "meeting",
                "training",
                key,
                matter="training",
                starts=begins,
                ends=begins + timedelta(hours=6),
            ),
        )
        clock.forward(hours=2)
        ledger.record(ACCOUNT, Signal(key, "accepted", "eva", "human", source="calendar"))
        clock.set(begins + timedelta(hours=6, minutes=10))
        ledger.record(ACCOUNT, *(Signal(key, what, who, "human") for who, what in sheet.items()))

    clock.set(at(3, 31, 16))
    ledger.record(ACCOUNT, Settlement("forty-hours", "kept", text="forty hours, sheets attached"))
    clock.set(at(4, 2, 9, 31))
    ledger.receive(Mail(), {}, NOT_KEPT)
    # The district says it again where it counts as its own word: in the customer portal.
    clock.set(at(4, 2, 11))
    ledger.record(ACCOUNT, Settlement("forty-hours", "missed", "district", Auth.ACCESS))
    clock.set(at(4, 10, 9))
    return ledger


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2026 in Berlin."""
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


if __name__ == "__main__":
    print(standing_text(tell().report(ACCOUNT).data))
