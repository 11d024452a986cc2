"""Pages and webhooks as the web part serves them, on SQLite with durable writes.

The page is that of an account of 500 touches: the first time that a process shows it, after each
change, and again. Webhooks are SendGrid's batches over fifty accounts, through the endpoint, each
answered when its body and all it says are durable, beside parsing the same bodies and writing a
row for each event with `executemany` and one commit. Processor time is given beside the clock's,
which is what other programs leave of it.
"""

from __future__ import annotations

import json
import sqlite3
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from statistics import median
from time import process_time

from starlette.testclient import TestClient

from contactledger.facts import Message, Party, Person, Signal, Touch
from contactledger.ledger import Ledger
from contactledger.sources import SendGrid
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel, SignalKind
from contactledger.web import Access, pages
from contactledger.web.behind import named
from tests.bench.measure import Line, seconds

TOUCHES = 500
PAGE_MS = 100
EVENTS = 1_000
SHOPS = 50
MAILS = 40
WORDS = ("processed", "delivered", "open", "delivered", "click", "delivered", "open", "bounce",
         "deferred", "delivered")  # fmt: skip
BASIC = {
    "authorization": "Basic " + b64encode(b"user:word").decode(),
    "content-type": "application/json",
}


def serving(folder: Path) -> list[Line]:
    """The lines of both."""
    return [*account_page(folder), *webhooks(folder)]


# --- the page --------------------------------------------------------------------------------


def account_page(folder: Path, touches: int = TOUCHES, rounds: int = 9) -> list[Line]:
    """A page of an account: first, after a change, and again."""
    ledger, clock = _account(folder, touches)
    address = f"/a/{named(ledger, 'shop').id}"

    def fresh() -> TestClient:
        return TestClient(pages(ledger, lambda _: Access.staff("ann")))

    browser = fresh()
    show = _shows(browser, address)
    show()
    first, changed, again = [], [], []
    for number in range(rounds):
        first.append(_both(_shows(fresh(), address)))
        clock.forward(hours=1)
        ledger.record("shop", Touch("ann", "bob", "email", about=f"One more, {number}"))
        changed.append(_both(show))
        clock.forward(seconds=30)
        again.append(_both(show))
    ledger.close()
    what = f"page of an account of {touches} touches"
    return [
        _page_line(f"{what}, the first of a process", first),
        _page_line(f"{what}, after each change", changed),
        _page_line(f"{what}, again", again),
    ]


def _account(folder: Path, touches: int) -> tuple[Ledger, FixedClock]:
    clock = FixedClock()
    ledger = Ledger.open(f"sqlite:///{folder / 'pages.db'}", recorder="acme", clock=clock)
    ledger.record(
        "shop", Party("acme", "ACME", "vendor"), Person("ann", "acme", "Ann Lee"),
        Party("smith", "Smith Motors"), Person("bob", "smith", "Bob Ray", email="bob@smith.example"),
    )  # fmt: skip
    for number in range(touches):
        clock.forward(hours=7)
        key = f"m{number}"
        facts: list[Touch | Signal] = [
            Touch("ann", "bob", Channel.EMAIL, key=key, about=f"Matter {number}", expects="reply"),
            Signal(key, SignalKind.DELIVERED, person="bob"),
        ]
        if number % 5 == 0:
            facts.append(Signal(key, SignalKind.OPENED, person="bob", by="machine"))
        if number % 3 == 0:
            facts.append(Signal(key, SignalKind.ANSWERED, person="bob", by="human"))
        ledger.record("shop", *facts)
    return ledger, clock


def _shows(browser: TestClient, address: str) -> Callable[[], object]:
    return lambda: browser.get(address).raise_for_status()


def _both(run: Callable[[], object]) -> tuple[float, float]:
    """(clock, processor) of one call."""
    used = 0.0

    def measured() -> None:
        nonlocal used
        before = process_time()
        run()
        used = process_time() - before

    return seconds(measured), used


def _page_line(what: str, times: list[tuple[float, float]]) -> Line:
    best, cpu = (min(one[i] for one in times) * 1000 for i in (0, 1))
    middle = median(one[0] for one in times) * 1000
    figure = f"{best:.0f} ms   (median {middle:.0f}, processor {cpu:.0f})"
    return Line(what, figure, f"at most {PAGE_MS} ms", best <= PAGE_MS)


# --- webhooks --------------------------------------------------------------------------------


def webhooks(folder: Path, rounds: int = 6) -> list[Line]:
    """Batches of SendGrid's through the endpoint."""
    clock = FixedClock()
    ledger = Ledger.open(f"sqlite:///{folder / 'hooks.db'}", recorder="acme", clock=clock)
    shops(ledger)
    source = SendGrid(basic="user:word")
    app = pages(ledger, lambda _: None, sources=[source])
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE event (id TEXT PRIMARY KEY, email, at, word, raw)")
    lines = []
    with TestClient(app) as provider:
        for size in (100, 1_000):
            batches = bodies(size, clock)
            best, used, plain = float("inf"), float("inf"), float("inf")
            for _ in range(rounds):
                clock.forward(seconds=30)
                body = next(batches)
                taken, cpu = _both(lambda body=body: _posted(provider, body))
                best, used = min(best, taken), min(used, cpu)
                plain = min(plain, seconds(lambda body=body: _plainly(bare, body)))
            figure = (
                f"{size / best:,.0f}/s   (processor {size / used:,.0f}/s, "
                f"{plain / best:.3f} x parse and executemany)"
            )
            what = f"webhook endpoint, SendGrid batches of {size:,}"
            lines.append(Line(what, figure, f"at least {EVENTS:,}/s", size / best >= EVENTS))
    assert ledger.waiting() == {}
    bare.close()
    ledger.close()
    return lines


def _posted(provider: TestClient, body: bytes) -> None:
    answer = provider.post("/hooks/sendgrid", content=body, headers=BASIC)
    assert answer.status_code == 200


def _plainly(bare: sqlite3.Connection, body: bytes) -> None:
    """The same events, as a table would keep them that asks nothing and proves nothing."""
    rows = [
        (e["sg_event_id"], e["email"], e["timestamp"], e["event"], json.dumps(e))
        for e in json.loads(body)
    ]
    bare.execute("BEGIN IMMEDIATE")
    bare.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", rows)
    bare.execute("COMMIT")


def shops(ledger: Ledger, mails: int = MAILS) -> None:
    """Fifty accounts, and so many mails to each."""
    for shop in range(SHOPS):
        ledger.record(
            f"shop-{shop}", Party("acme", "ACME", "vendor"), Person("ann", "acme"),
            Party("them", "Shop"), Person("bob", "them", email=f"bob@shop{shop}.example"),
            *(Touch("ann", "bob", Channel.EMAIL, key=f"k{mail}",
                    message=Message(message_id=f"<{shop}.{mail}@acme.example>"))
              for mail in range(mails)),
        )  # fmt: skip


def bodies(size: int, clock: Callable[[], datetime], mails: int = MAILS) -> Iterator[bytes]:
    """Batches of events that never come twice, over all mails in turn."""
    number = 0
    while True:
        events = []
        for _ in range(size):
            shop, mail = number % SHOPS, number // SHOPS % mails
            event = {
                "email": f"bob@shop{shop}.example",
                "timestamp": int(clock().timestamp()),
                "event": WORDS[number % len(WORDS)],
                "sg_event_id": f"ev-{size}-{number}",
                "sg_message_id": f"x{number}.filter0425p1mdw1.13037.57168B4A1D.0",
                "smtp-id": f"<{shop}.{mail}@acme.example>",
                "category": ["service"],
            }
            if event["event"] in ("open", "click"):
                event |= {"useragent": "Mozilla/5.0 (X11; Linux x86_64)", "ip": "192.0.2.7"}
                event |= {"url": "https://acme.example/page"} if event["event"] == "click" else {}
            if event["event"] in ("bounce", "deferred"):
                event |= {"reason": "550 5.1.1 The account does not exist", "type": "bounce"}
            events.append(event)
            number += 1
        yield json.dumps(events, separators=(",", ":")).encode()
