"""People reading while reports arrive: `python -m tests.bench.load [--minutes 2]`.

Two processes of uvicorn serve the pages of one ledger on a PostgreSQL of its own, with durable
commits; 200 people look at an account every 30 seconds, and 200 events a second arrive in batches
of SendGrid's. Everything runs on this machine, whoever asks among it. Times are those that a
visitor waits, from the moment at which it was due to ask.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from contactledger.ledger import Ledger
from contactledger.sources import SendGrid
from contactledger.web import Access, Pages, pages
from contactledger.web.behind import all_named
from tests import postgres
from tests.bench import measure
from tests.bench.measure import Line
from tests.bench.webserving import BASIC, bodies, shops

VARIABLE = "CONTACTLEDGER_LOAD_URL"
EVERY_SECONDS = 30
MAILS = 100
BATCH = 100
MOST_SECONDS = 1.0
"""Of a page or a webhook, for 99 of 100."""
WHO = {"x-who": "ann"}


def served() -> Pages:
    """What each process serves."""
    ledger = Ledger.open(os.environ[VARIABLE], recorder="acme")

    def allow(request: Any) -> Access | None:
        who = request.headers.get("x-who")
        return Access.staff(who) if who else None

    return pages(ledger, allow, sources=[SendGrid(basic="user:word")])


@contextmanager
def _database() -> Iterator[str]:
    programs = postgres.programs()
    if programs is None:
        sys.exit(f"there is no PostgreSQL here: {postgres.HOW}")
    folder = Path(tempfile.mkdtemp(prefix="contactledger-pg-"))
    try:
        cluster = postgres.Cluster(programs, folder)
        cluster.start()
        try:
            yield cluster.url
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def _server(url: str, processes: int) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "uvicorn", "--factory", "tests.bench.load:served", "--workers",
        f"{processes}", "--port", f"{port}", "--log-level", "warning", "--no-access-log",
    ]  # fmt: skip
    running = subprocess.Popen(command, env={**os.environ, VARIABLE: url})
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address)
        yield address
    finally:
        running.terminate()
        running.wait(30)


def _wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            httpx2.get(f"{address}/style.css").raise_for_status()
        except httpx2.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


class _Run:
    """What came of it."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = {"page": [], "webhook": []}
        self.wrong: Counter[str] = Counter()

    async def ask(self, what: str, due: float, request: Any) -> None:
        try:
            answer = await request
        except httpx2.HTTPError as error:
            self.wrong[f"{what}: {type(error).__name__}"] += 1
            return
        self.times[what].append(time.monotonic() - due)
        if answer.status_code != 200:
            self.wrong[f"{what}: {answer.status_code}"] += 1


async def _load(
    address: str, accounts: list[str], people: int, events: int, seconds: float
) -> _Run:
    run = _Run()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=people)
    async with httpx2.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        start = time.monotonic()
        end = start + seconds

        async def person() -> None:
            due = start + random.random() * EVERY_SECONDS
            while due < end:
                await asyncio.sleep(due - time.monotonic())
                page = client.get(f"/a/{random.choice(accounts)}", headers=WHO)
                await run.ask("page", due, page)
                due += EVERY_SECONDS

        async def provider() -> None:
            batches, due = bodies(BATCH, lambda: datetime.now(UTC), MAILS), start
            async with asyncio.TaskGroup() as sent:
                while due < end:
                    await asyncio.sleep(due - time.monotonic())
                    post = client.post("/hooks/sendgrid", content=next(batches), headers=BASIC)
                    sent.create_task(run.ask("webhook", due, post))
                    due += BATCH / events

        async with asyncio.TaskGroup() as group:
            for _ in range(people):
                group.create_task(person())
            group.create_task(provider())
    return run


def _lines(run: _Run, seconds: float) -> list[Line]:
    lines = []
    for what, times in run.times.items():
        times.sort()
        middle, late = times[len(times) // 2], times[-(len(times) // 100) - 1]
        figure = (
            f"{middle * 1000:.0f} ms, p99 {late * 1000:.0f} ms, at most {times[-1] * 1000:.0f} ms"
            f"   ({len(times):,} in {seconds:.0f} s)"
        )
        lines.append(
            Line(f"{what}: p50", figure, f"p99 {MOST_SECONDS:.0f} s", late <= MOST_SECONDS)
        )
    count = run.wrong.total()
    said = ", ".join(f"{what} {n} times" for what, n in run.wrong.items())
    lines.append(Line("errors", f"{count}   {said}", "none", count == 0))
    return lines


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--events", type=int, default=200, help="a second")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    lines = [measure.calibration()]
    with _database() as url:
        with Ledger.open(url, recorder="acme") as ledger:
            shops(ledger, MAILS)
            accounts = [one.id for one in all_named(ledger)]
        with _server(url, asked.processes) as address:
            seconds = asked.minutes * 60
            run = asyncio.run(_load(address, accounts, asked.people, asked.events, seconds))
        with Ledger.open(url, recorder="acme") as ledger:
            signals = sum(one.size for one in all_named(ledger)) - len(accounts) * (MAILS + 6)
            waiting = sum(sum(states.values()) for states in ledger.waiting().values())
    lines += [
        *_lines(run, seconds),
        Line("events on record", f"{signals:,}   ({signals / seconds:,.0f}/s)"),
        Line("bodies that wait in the inbox", f"{waiting}", "none", waiting == 0),
        measure.calibration(),
    ]
    print(measure.table(lines))
    return 1 if any(line.met is False for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
