"""Story 5: Timing.

The first ninety days after an install decide the account. This supplier called on the third
day and then not for eight months; then it asked for a referral. "You never called", said the
customer.

Too much is a matter of timing as well. One customer phoned support 35 times in a day, and one
supplier rang every working day about a new feature. The same cap binds both: eight touches to
one person in thirty days. It does not say who was wrong; it marks each touch beyond the eighth.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from contactledger import Ledger, MemoryStore, Message, Milestone, Party, Person, Touch
from contactledger.facts import Coverage
from contactledger.report.plain import standing_text
from contactledger.sources import Calls, Mail
from contactledger.testing import FixedClock

QUIET, BUSY = "quiet-account", "busy-account"
PARIS = ZoneInfo("Europe/Paris")
HEADER = "call_id,at,direction,from,to,status,answered_by,duration_seconds\n"
SUPPORT, OWNER = "+33155500100", "+33155500200"

YOU_NEVER_CALLED = b"""From: Lea Roux <lea@roux.example>
To: Max Petit <max@supplier.example>
Subject: Re: Would you recommend us?
Date: Wed, 07 Oct 2026 18:00:00 +0200
Message-ID: <never-called@roux.example>
In-Reply-To: <referral@supplier.example>

No. You have not called since February.
"""


def tell() -> Ledger:
    """The year 2026; it is the first of November."""
    clock = FixedClock(at(2, 2, 9))
    ledger = Ledger.open(MemoryStore(), recorder="supplier", clock=clock)
    people = (
        Party("supplier", "Petit Systems", "vendor", "Europe/Paris"),
        Person("max", "supplier", "Max Petit", "Sales", "max@supplier.example", SUPPORT),
        Party("roux", "Garage Roux", "customer", "Europe/Paris"),
        Person("lea", "roux", "Lea Roux", "Owner", "lea@roux.example", OWNER),
        Milestone("install", "install", "The new system"),
    )
    ledger.record_many({QUIET: people, BUSY: people})
    ledger.record("house", Coverage("supplier", ("email", "phone"), since=at(2, 2, 9)))
    _long_silence(ledger, clock)
    return ledger


def _long_silence(ledger: Ledger, clock: FixedClock) -> None:
    clock.set(at(2, 5, 10))
    first = Touch("max", "lea", "phone", "check_in", "day-three", message=Message(call_id="q-1"))
    ledger.record(QUIET, first)
    ledger.receive(
        Calls(), {}, _table(f"q-1,{clock().isoformat()},out,{SUPPORT},{OWNER},completed,human,300")
    )

    # In between: the busy account, told below.
    _thirty_five_calls(ledger, clock)
    _a_call_a_day(ledger, clock)

    clock.set(at(10, 6, 9))
    message = EmailMessage()
    message["From"], message["To"] = "max@supplier.example", "lea@roux.example"
    message["Subject"], message["Message-ID"] = (
        "Would you recommend us?",
        "<referral@supplier.example>",
    )
    with ledger.sending(QUIET, message, to=["lea"], sender="max", key="referral", expects="reply"):
        pass  # here it leaves: smtp.send_message(message)
    clock.set(at(10, 7, 18))
    ledger.receive(Mail(), {}, YOU_NEVER_CALLED)
    clock.set(at(11, 1, 9))


def _thirty_five_calls(ledger: Ledger, clock: FixedClock) -> None:
    """Every ten minutes from nine on the third of March, each of them answered by a person."""
    begins = at(3, 3, 9)
    for number in range(35):
        clock.set(begins + number * timedelta(minutes=10))
        call = Message(call_id=f"in-{number}")
        ledger.record(BUSY, Touch("lea", "max", "phone", "question", message=call))
        line = f"in-{number},{clock().isoformat()},in,{OWNER},{SUPPORT},completed,human,90"
        ledger.receive(Calls(), {}, _table(line))


def _a_call_a_day(ledger: Ledger, clock: FixedClock) -> None:
    """At ten on each working day of June the supplier rings about a new feature."""
    for day in range(1, 31):
        clock.set(at(6, day, 10))
        if at(6, day, 10).weekday() < 5:
            call = Message(call_id=f"out-{day}")
            ledger.record(BUSY, Touch("max", "lea", "phone", "notice", message=call))
            line = f"out-{day},{clock().isoformat()},out,{SUPPORT},{OWNER},voicemail,machine,20"
            ledger.receive(Calls(), {}, _table(line))


def _table(line: str) -> bytes:
    return (HEADER + line + "\n").encode()


def at(month: int, day: int, hour: int) -> datetime:
    """A moment of 2026 in Paris."""
    return datetime(2026, month, day, hour, tzinfo=PARIS)


if __name__ == "__main__":
    told = tell()
    for account in (QUIET, BUSY):
        print(standing_text(told.report(account).data))
