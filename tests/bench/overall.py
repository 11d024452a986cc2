"""Answers over all accounts: the first build, by two processes, and every answer after it.

Each account has 50 touches over half a year between a vendor and a customer: notices about one
of twelve features, half of them reported as delivered or opened, questions either way, some of
them answered. Then a few accounts change and time passes, and the same is asked again.

Beside the time on the clock stands that of the processor in this process: on a machine that does
other things as well, the first is several times the second.
"""

from __future__ import annotations

import sqlite3
from base64 import b32encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from contactledger.across import Across
from contactledger.facts import Party, Person, Signal, Touch
from contactledger.ledger import Ledger
from contactledger.testing import FixedClock
from tests.bench.measure import Line

ACCOUNTS, PER_ACCOUNT = 20_000, 50
AT_ONCE = 40
REAL = 200
AIM_SECONDS = 2.0
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
END = START + timedelta(days=168)
APART = timedelta(minutes=29)
"""Accounts are that far behind each other, so that what they wait for is due at other times."""
_THIRD: dict[str, Any] = {"system": "third", "auth": "signed_body"}


def _facts(account: int) -> list[Any]:
    """The facts of one account; what happens differs from account to account."""
    facts: list[Any] = [
        Party("acme", "ACME", "vendor", at=START),
        Party("dealer", "Dealer", "customer", at=START),
        Person("ann", "acme", "Ann", at=START),
        Person("bob", "dealer", "Bob", zone="America/New_York", at=START),
        Person("eve", "dealer", "Eve", zone="America/New_York", at=START),
    ]
    for i in range(PER_ACCOUNT):
        chance = (account * 31 + i * 17) % 101
        at = START + timedelta(hours=80 * i + chance % 7) + account * APART
        key, who = f"t{i}", "bob" if chance % 3 else "eve"
        topics = (f"feature-{chance % 12}",)
        if i % 10 == 9:
            facts.append(Touch(who, "ann", "ticket", "question", topics=topics, key=key, at=at))
        else:
            expects = "reply" if i % 10 == 4 else None
            notice = Touch(
                "ann", who, "email", "notice", topics=topics, expects=expects, tracked=True,
                key=key, at=at,
            )  # fmt: skip
            facts.append(notice)
        if chance % 2:
            what = "opened" if chance % 4 == 1 else "delivered"
            told = Signal(key, what, who, by="human", at=at + timedelta(minutes=5), **_THIRD)
            facts += [told] if i % 10 != 9 else []
        if i % 5 == 4 and chance % 3 == 0:
            back = ("ann", who) if i % 10 == 9 else (who, "ann")
            facts.append(Touch(*back, "email", answers=key, at=at + timedelta(hours=4)))
    return facts


def fill(path: Path, accounts: int) -> tuple[Ledger, FixedClock]:
    """A ledger of so many accounts: some recorded by it, the others their copies under other ids,
    row by row, for which a name is not looked up and no hash is made anew."""
    clock = FixedClock(END)
    ledger = Ledger.open(f"sqlite:///{path}", recorder="acme", clock=clock)
    real = min(accounts, REAL)
    for first in range(0, real, AT_ONCE):
        some = range(first, min(first + AT_ONCE, real))
        ledger.record_many({f"dealer-{n}": _facts(n) for n in some})
    file = sqlite3.connect(path, isolation_level=None)
    file.execute("BEGIN")
    ids = [id_ for (id_,) in file.execute("SELECT account FROM contactledger_account")]
    for n in range(accounts - len(ids)):
        old, new = ids[n % len(ids)], b32encode(n.to_bytes(16, "big")).decode().lower()[:26]
        for copied in _COPIES:
            file.execute(copied, {"old": old, "new": new})
    file.execute("COMMIT")
    file.close()
    return ledger, clock


_COPIES = (
    """INSERT INTO contactledger_account
    SELECT :new, size, frontier, recorded_at, sealed, archived
    FROM contactledger_account WHERE account = :old""",
    """INSERT INTO contactledger_entry
    SELECT :new, no, id, kind, at, recorded_at,
        CAST(replace(CAST(record AS TEXT), :old, :new) AS BLOB), leaf
    FROM contactledger_entry WHERE account = :old""",
    """INSERT INTO contactledger_disclosure
    SELECT :new, no, field, person, digest, body
    FROM contactledger_disclosure WHERE account = :old""",
)


def answers(folder: Path, accounts: int) -> list[Line]:
    """The first build and what may be asked."""
    start = perf_counter()
    ledger, clock = fill(folder / "overall.db", accounts)
    touches = accounts * PER_ACCOUNT
    lines = [Line(f"building {touches:,} touches in {accounts:,} accounts", _seconds(start))]
    seen: list[int] = []
    with (
        ledger,
        ledger.across(
            folder / "judged", processes=2, progress=lambda _, of: seen.append(of)
        ) as across,
    ):
        start = perf_counter()
        across.refresh()
        took = perf_counter() - start
        each = f"{took:.0f} s, {touches / took:,.0f} touches/s"
        size = (folder / "judged").stat().st_size / 1e6
        lines.append(Line("judging all of them the first time, by two processes", each))
        lines.append(Line("the file of what was judged", f"{size:,.0f} MB"))
        lines += _asked(across, "")
        for n in range(50):
            ledger.record(f"dealer-{n}", Touch("ann", "bob", "email", "notice", topics=("new",)))
        lines += _asked(across, " after 50 accounts changed")[:1]
        clock.set(END + timedelta(minutes=30))
        seen.clear()
        lines += _asked(across, " half an hour later")[:1]
        lines.append(Line("accounts judged anew for that", f"{max(seen, default=0):,}"))
    return lines


def _asked(across: Across, when: str) -> list[Line]:
    questions: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("who ignored what", across.ignored),
        (
            "who was never told about a feature",
            lambda: across.told("feature-3", state="never_told"),
        ),
        ("what everybody was told about a feature", lambda: across.told("feature-3")),
        ("whom we have not answered", lambda: across.waiting(owes="us")),
        ("who has not answered us", lambda: across.waiting(owed="us")),
        ("whose turn it is", across.turns),
        ("the same with names", lambda: across.turns(personal=True)),
    )
    lines = []
    for what, ask in questions:
        start, cpu = perf_counter(), process_time()
        found = ask()
        took, cpu = perf_counter() - start, process_time() - cpu
        figure = f"{took:.2f} s, {cpu:.2f} s of CPU   ({found.count:,} rows)"
        met = took <= AIM_SECONDS
        lines.append(Line(what + when, figure, f"within {AIM_SECONDS:.0f} s", met))
    return lines


def _seconds(start: float) -> str:
    return f"{perf_counter() - start:.0f} s"
