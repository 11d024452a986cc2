"""Recording in PostgreSQL: batches against COPY, single entries against INSERT and COMMIT, and
whether a ledger's size is felt.

The server is made for the run, with the settings that PostgreSQL comes with: every commit is
synced to the disk. Times are of the wall clock, as a good part of the work is the server's, and
mean something on a machine that does nothing else. The lines without an aim show where the time
goes: what the driver alone takes for the same rows, and what the entries take without a server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import Any

import attrs
import psycopg
from sqlalchemy.engine import make_url

from contactledger.ledger import Ledger
from contactledger.store.beginning import settings
from contactledger.store.combining import only_if, said_once
from contactledger.store.memory import MemoryStore
from contactledger.store.statements import statements
from tests import postgres
from tests.bench import reading
from tests.bench.measure import Line, in_turns, ratio, seconds
from tests.bench.writing import BATCH, people, touches

TABLES = ("entry", "disclosure", "lookup", "node")
ROUNDS_BINARY = 5
WRITERS = 8
EACH, EACH_SAME, EACH_PLAIN = 40, 80, 120
"""Entries of a round: rounds take about as long as each other, as the shorter ones would find the
moments at which the machine does nothing else."""
READY = 14
"""So many times a writer with ready rows can be told to write."""
_FORK = get_context("fork")  # each opens its own connections afterwards
_numbers = count()


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The URL of a fresh server with its own settings, fsync among them."""
    programs = postgres.programs()
    assert programs is not None
    place = folder / f"postgres-{next(_numbers)}"
    place.mkdir()
    folder.chmod(0o711)  # the server runs as another user than root
    cluster = postgres.Cluster(programs, place)
    cluster.start()
    try:
        yield cluster.url
    finally:
        cluster.stop()


def plain(url: str) -> psycopg.Connection:
    """A connection of the driver alone, with the settings of ours."""
    connection = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string())
    connection.execute(settings(10_000, local=False))
    connection.commit()
    return connection


class Bare:
    """The same tables under another prefix, and the same rows put there without the library."""

    def __init__(self, url: str) -> None:
        self.connection = plain(url)
        sql = statements("bare_", None, "%s")
        many = (sql.many_entries, sql.many_disclosures, sql.many_lookups, sql.many_nodes)
        self.copies = {name: one.copy for name, one in zip(TABLES, many, strict=True)}
        self.rows: dict[str, list[Any]] = {}
        for name in TABLES:
            ours = f"contactledger_{name}"
            self.connection.execute(f"CREATE TABLE bare_{name} (LIKE {ours} INCLUDING ALL)")
            self.rows[name] = self.connection.execute(f"SELECT * FROM {ours}").fetchall()
        self.connection.commit()

    def parts(self, first: int, number: int, size: int) -> list[dict[str, list[Any]]]:
        """The rows of so many batches of entries from `first` on; nodes go with the first."""
        column = {"entry": 1, "disclosure": 1, "lookup": 3}
        parts: list[dict[str, list[Any]]] = [{name: [] for name in TABLES} for _ in range(number)]
        for name, at in column.items():
            for row in self.rows[name]:
                if first <= row[at] < first + number * size:
                    parts[(row[at] - first) // size][name].append(row)
        return parts

    def put(self, rows: dict[str, list[Any]], *, binary: bool = False) -> None:
        """All of these in one transaction, by COPY; in the format of ours, if it is `binary`."""
        with self.connection.cursor() as cursor:
            for name, some in rows.items():
                if some:
                    ours = self.copies[name]
                    text = ours.text if binary else f"COPY bare_{name} FROM STDIN"
                    with cursor.copy(text) as copy:
                        if binary:
                            copy.set_types(ours.types)
                        for row in some:
                            copy.write_row(row)
        self.connection.commit()


def measured(folder: Path, large: int) -> list[Line]:
    """All figures of PostgreSQL; none where it is not installed."""
    if postgres.programs() is None:
        return [Line("PostgreSQL", f"not measured   ({postgres.HOW})")]
    return [*batches(folder), *one_by_one(folder), *sizes(folder, large)]


def batches(folder: Path, rounds: int = 15) -> list[Line]:
    """Batches of 1,000 touches, in one account."""
    with server(folder) as url, Ledger.open(url, recorder="acme") as ledger:
        ledger.record("a", *people())
        first = 2 + len(people())
        for _ in range(rounds + 1 + ROUNDS_BINARY):
            ledger.record("a", *touches(BATCH))
        bare = Bare(url)
        parts = bare.parts(first, rounds + 1 + ROUNDS_BINARY, BATCH)
        given = [touches(BATCH) for _ in range(rounds + 1)]
        ledger.record("b", *people())
        ledger.record("b", *given.pop())
        bare.put(parts.pop(0))
        ours, copied = in_turns(
            lambda: ledger.record("b", *given.pop()), lambda: bare.put(parts.pop(0)), rounds
        )
        binary = min(seconds(lambda part=part: bare.put(part, binary=True)) for part in parts)
        bare.connection.close()
    what = "PostgreSQL: batches of 1,000 touches, against COPY of the same rows"
    made = seconds_of_bytes(rounds)
    left = f"{copied / (made + copied):.2f} x   ({made * 1e6 / BATCH:.0f} us an entry)"
    times = f"{copied * 1e6 / BATCH:.0f} us, {binary * 1e6 / BATCH:.0f} us an entry"
    return [
        ratio(what, ours, copied, 0.40, BATCH),
        Line("  if nothing were added to making the bytes (in memory) and that COPY", left),
        Line("  that COPY as psycopg does it, and in the binary format, as ours are", times),
    ]


def seconds_of_bytes(rounds: int) -> float:
    """What a batch takes in memory, where storing is next to nothing."""
    with Ledger.open(MemoryStore(), recorder="acme") as ledger:
        ledger.record("a", *people())
        ledger.record("a", *touches(BATCH))
        given = [touches(BATCH) for _ in range(rounds)]
        return min(seconds(lambda: ledger.record("a", *given.pop())) for _ in range(rounds))


# --- writers at once --------------------------------------------------------------------------------


def write_ours(url: str, number: int) -> Callable[[], None]:
    """A writer of one account."""
    ledger = Ledger.open(url, recorder="acme")
    return _writes(ledger, f"account-{number}")


def _writes(ledger: Ledger, name: str) -> Callable[[], None]:
    ledger.record(name, *people())
    for _ in range(4):  # the first time it is looked at, and then it is as it was left
        ledger.record(name, *touches(1))

    def write() -> None:
        for _ in range(EACH):
            ledger.record(name, *touches(1))

    return write


def write_in_memory(_: str, number: int) -> Callable[[], None]:
    """The library without a database."""
    ledger = Ledger.open(MemoryStore(), recorder="acme")
    return _writes(ledger, f"account-{number}")


def write_same(url: str, number: int) -> Callable[[], None]:
    """The driver alone, with the one statement of such a recording, for rows that lie ready."""
    connection = plain(url)
    connection.autocommit = True
    sql, account = statements("bare_", None, "%s"), f"same-{number}"
    of = "account = (SELECT min(account) FROM contactledger_entry WHERE no = 5)"
    names = ("entry", "disclosure", "lookup")
    queries = [f"SELECT * FROM contactledger_{name} WHERE no = 5 AND {of}" for name in names]
    entries, disclosed, lookups = [connection.execute(query).fetchall() for query in queries]
    query = f"SELECT * FROM contactledger_account WHERE {of}"
    _, _, frontier, newest, *rest = connection.execute(query).fetchone() or ()
    account_row = (account, 0, frontier, newest, *rest)
    connection.execute("INSERT INTO bare_account VALUES (%s, %s, %s, %s, %s, %s)", account_row)
    shape = (
        (sql.add_entries, len(entries)),
        (sql.add_disclosures, len(disclosed)),
        (sql.add_lookups, len(lookups)),
    )

    def ready(no: int) -> tuple[str, list[Any]]:
        id_, ref = f"{no:026}", no.to_bytes(16, "big")
        condition, refs = sql.listed(sql.move_head_from, [ref, b"-" * 16, b"=" * 16])
        values = [no + 1, frontier, newest + no, account, no, frontier, account, *refs]
        for row in entries:
            values += [account, no, id_, *row[3:]]
        for row in disclosed:
            values += [account, no, *row[2:]]
        for at, row in enumerate(lookups):
            values += [row[0] if at else ref, account, id_, no, row[4]]
        once, places = said_once(values)
        return only_if(condition, shape, places), once

    given = iter([ready(no) for no in range(EACH_SAME * READY)])

    def write() -> None:
        for _ in range(EACH_SAME):
            cursor = psycopg.RawCursor(connection)
            cursor.execute(*next(given))
            assert cursor.fetchone() == (1,)

    return write


def write_plain(url: str, number: int) -> Callable[[], None]:
    """The driver's own INSERT of an entry's row, and COMMIT."""
    connection = plain(url)
    row = connection.execute("SELECT * FROM contactledger_entry WHERE no = 4 LIMIT 1").fetchone()
    connection.commit()
    assert row is not None
    account, _, *rest = row
    text = f"INSERT INTO bare_entry VALUES ({', '.join(['%s'] * len(row))})"
    numbers = count()

    def write() -> None:
        for _ in range(EACH_PLAIN):
            connection.execute(text, (f"{account[:20]}{number:06}", next(numbers), *rest))
            connection.commit()

    return write


def _run(make: Callable[[str, int], Callable[[], None]], url: str, number: int, gate: Any) -> None:
    write = make(url, number)
    write()  # warm
    gate.wait()
    while True:
        gate.wait()
        if not gate.more.value:
            return
        write()
        gate.wait()


class Gate:
    """Where writers wait for each other, and for the one who measures."""

    def __init__(self, parties: int) -> None:
        self.barrier = _FORK.Barrier(parties)
        self.more = _FORK.Value("b", 1)

    def wait(self) -> None:
        """Until all are here."""
        self.barrier.wait(120)


class Crowd:
    """Eight processes that write when they are told."""

    def __init__(self, make: Callable[[str, int], Callable[[], None]], url: str) -> None:
        self.gate = Gate(WRITERS + 1)
        self.processes = [
            _FORK.Process(target=_run, args=(make, url, number, self.gate))
            for number in range(WRITERS)
        ]
        for process in self.processes:
            process.start()
        self.gate.wait()

    def write(self) -> None:
        """Each of them its number of entries."""
        self.gate.wait()
        self.gate.wait()

    def end(self) -> None:
        """Let them go."""
        self.gate.more.value = 0
        self.gate.wait()
        for process in self.processes:
            process.join()


def one_by_one(folder: Path, rounds: int = 9) -> list[Line]:
    """One entry in a transaction, by eight writers on accounts of their own."""
    with server(folder) as url:
        with Ledger.open(url, recorder="acme") as ledger:
            ledger.record("a", *people(), *touches(1))
        with plain(url) as connection:
            for name in ("account", "entry", "disclosure", "lookup"):
                like = f"(LIKE contactledger_{name} INCLUDING ALL)"
                connection.execute(f"CREATE TABLE bare_{name} {like}")
        ours, bare, same = (Crowd(w, url) for w in (write_ours, write_plain, write_same))
        best, best_bare = in_turns(ours.write, bare.write, rounds)
        best_same, bare_then = in_turns(same.write, bare.write, rounds)
        for crowd in (ours, bare, same):
            crowd.end()
        own = client(url, rounds)
    total = WRITERS * EACH
    what = f"PostgreSQL: one entry per commit, {WRITERS} writers, against INSERT and COMMIT"
    share = bare_then / EACH_PLAIN * EACH_SAME / best_same
    alone = f"{share:.2f} x   ({WRITERS * EACH_SAME / best_same:,.0f}/s)"
    return [
        ratio(what, best, best_bare / EACH_PLAIN * EACH, 0.30, total),
        Line("  the driver alone with the same statement for rows that lie ready", alone),
        Line("  client's processor time: ours, ours in memory, the driver alone, INSERT", own),
    ]


def client(url: str, rounds: int) -> str:
    """What one writer's own process does for an entry: nobody else's work is in it."""
    makers = {
        write_ours: EACH,
        write_in_memory: EACH,
        write_same: EACH_SAME,
        write_plain: EACH_PLAIN,
    }
    least = []
    for make, each in makers.items():
        write = make(url, WRITERS)
        least.append(min(seconds(write, process_time) for _ in range(rounds)) / each)
    return ", ".join(f"{one * 1e6:.0f} us" for one in least)


# --- growth -----------------------------------------------------------------------------------------


def sizes(folder: Path, large: int) -> list[Line]:
    """Recording and reading one account in a small and a large ledger."""
    with server(folder) as url:
        ledgers = [
            Ledger.open(url, recorder="acme", prefix=prefix) for prefix in ("small_", "large_")
        ]
        lines = reading.compared(ledgers, reading.SMALL, large)
        for ledger in ledgers:
            ledger.close()
    return [attrs.evolve(line, what=f"PostgreSQL: {line.what}") for line in lines]
