"""Judging alone: touches with three signals each, from entries and from stored bytes.

The account is a vendor and three people of a customer in two zones, over three years: mail,
SMS and calls by turns, delivered, opened by machines and by people, deferred, clicked, every
fifth in want of a reply, some answered, and every rule of the default policy in force. The
same work with nothing wanted needs no deadline: the difference is what calendars take.

The figures are absolute, for one core; the line of the calibration says what kind of core.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

from attrs import evolve

from contactledger.erasing import read_all
from contactledger.facts import Entry, Opened, Party, Person, PolicyAdopted, Signal, Touch
from contactledger.judge.judge import judge
from contactledger.judge.policy import DEFAULT_POLICY, policy_digest
from contactledger.judge.view import view
from contactledger.ledger import Ledger
from contactledger.store.memory import MemoryStore
from contactledger.testing import FixedClock
from tests.bench.measure import Line, seconds

TOUCHES = 2_000
PURE, STORED = 25_000, 12_000
START = datetime(2023, 3, 6, 9, tzinfo=UTC)
AS_OF = START + timedelta(days=3 * 366)
_THIRD = {"system": "third", "auth": "signed_body"}
_PEOPLE = ("bob", "eve", "tom")
_SIGNALS = (
    (("deferred", "unknown"), ("delivered", "unknown"), ("opened", "machine")),
    (("queued", "unknown"), ("delivered", "unknown"), ("opened", "human")),
    (("delivered", "unknown"), ("opened", "human"), ("clicked", "human")),
    (("queued", "unknown"), ("sent", "unknown"), ("delivered", "unknown")),
)


def account(touches: int, *, wanted: str | None = None) -> list[Entry]:
    """The entries of an account with so many touches, three signals on each, some answered."""
    made: list[Entry] = []

    def add(kind: str, name: str, at: datetime, fact: Any) -> None:
        made.append(Entry("account", len(made), name, kind, at, at, "acme", fact))

    add("opened", "opened", START, Opened())
    text = DEFAULT_POLICY
    add("policy_adopted", "policy", START, PolicyAdopted(text, digest=policy_digest(text)))
    add("party", "acme", START, Party("acme", "ACME", "vendor"))
    add("party", "smith", START, Party("smith", "Smith Motors", "customer"))
    for place, person in enumerate(_PEOPLE):
        zone = "America/New_York" if place else "Europe/Berlin"
        add("person", person, START, Person(person, "smith", zone=zone))
    add("person", "ann", START, Person("ann", "acme"))
    for i in range(touches):
        at = START + timedelta(minutes=3 * 365 * 24 * 60 * i // touches)
        channel = "phone" if i % 10 == 9 else "sms" if i % 7 == 3 else "email"
        who, touch = _PEOPLE[i % 3], f"touch{i}"
        expects = wanted or ("reply" if i % 5 == 0 else None)
        fact = Touch("ann", who, channel, "notice", expects=expects, topics=("news",))
        add("touch", touch, at, fact)
        for step, (what, by) in enumerate(_SIGNALS[i % 4]):
            told = Signal(touch, what, who, by=by, **_THIRD)
            add("signal", f"signal{i}-{step}", at + timedelta(minutes=step + 1), told)
        if i % 15 == 0:
            back = Touch(who, "ann", channel, answers=touch)
            add("touch", f"answer{i}", at + timedelta(hours=5), back)
    return made


def _stored(touches: int) -> Callable[[], object]:
    """The same account in a store: what reads and judges it."""
    clock = FixedClock(START)
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock)
    for entry in account(touches):
        fact, at = entry.fact, entry.at
        if entry.kind in {"touch", "signal", "party", "person"}:
            clock.set(at)
            named = {"key": entry.id} if entry.kind == "touch" else {}
            ledger.record("a", evolve(fact, at=at, **named))
    clock.set(AS_OF)

    def read_and_judge() -> object:
        with ledger._store.begin(write=False) as tx:
            return judge(list(read_all(tx, ledger._accounts.must_find("a", tx))), AS_OF)

    return read_and_judge


def judging(touches: int = TOUCHES, rounds: int = 7) -> list[Line]:
    """Touches with three signals each per second and core."""
    lines = []
    entries = account(touches)
    figures = {}
    for what, use in (
        ("judging with all rules", lambda: judge(entries, AS_OF)),
        ("of that, what counts and its index", lambda: view(entries, AS_OF)),
    ):
        figures[what] = min(seconds(use, process_time) for _ in range(rounds))
    plain = account(touches, wanted="nothing")
    judge(plain, AS_OF)
    figures["the same with no deadlines"] = min(
        seconds(lambda: judge(plain, AS_OF), process_time) for _ in range(rounds)
    )
    stored = _stored(touches)
    figures["from stored bytes, decoding included"] = min(
        seconds(stored, process_time) for _ in range(rounds)
    )
    aims = {"judging with all rules": PURE, "from stored bytes, decoding included": STORED}
    for what, took in figures.items():
        wanted = aims.get(what)
        aim = "" if wanted is None else f"at least {wanted:,}/s"
        met = None if wanted is None else touches / took >= wanted
        figure = f"{touches / took:,.0f} touches/s, {took / touches * 1e6:.1f} us each"
        lines.append(Line(what, figure, aim, met))
    return lines
