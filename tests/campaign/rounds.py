"""One round of the campaign: sixteen writers and a sealer, what befalls them, what they leave."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import cycle
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from attrs import define, field, frozen
from sqlalchemy import create_engine

from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.log.record import decode
from contactledger.log.tlog import root_of
from contactledger.store.driver import Driver
from tests.campaign.disk import Disk, small_disk
from tests.campaign.proxy import Cut, Proxy
from tests.campaign.writer import Task, fill, work
from tests.postgres import Cluster

WRITERS = 16
SEALER = WRITERS
"""The sealer's number."""
THROUGH_PROXY = 6
"""Writers that reach PostgreSQL through the proxy."""
CUT_OF_COMMITS = 40
"""Every so many commits through the proxy one is cut, on the average."""
FULL_SECONDS = 0.4
DISK_MEGABYTES = 1_024
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "tests.campaign.writer",
        "contactledger.store.sql",
        "sqlalchemy.dialects.sqlite.pysqlite",
        "sqlalchemy.dialects.postgresql.psycopg",
    ]
)


@frozen
class Round:
    """What is tried: `database` sqlite or postgres, for so many `seconds` at the least, on so
    many `accounts` (of several numbers, a writer takes one), of which some are there `before`;
    on a small disk that gets `full`, or not."""

    database: str
    accounts: tuple[int, ...]
    seconds: float
    full: bool = False
    before: int = 0

    @property
    def name(self) -> str:
        """In one word for each part."""
        accounts = "/".join(f"{number:,}" for number in self.accounts)
        return f"{self.database} {accounts}{' full disk' if self.full else ''}"


@define
class Toll:
    """What a round came to: calls acknowledged and entries found, what was done to them, what
    the writers were told meanwhile, and what may never be other than 0."""

    acknowledged: int = 0
    seals: int = 0
    entries: int = 0
    accounts: int = 0
    done: Counter[str] = field(factory=Counter)
    told: Counter[str] = field(factory=Counter)
    lost: int = 0
    doubled: int = 0
    deadlocks: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing is lost or doubled, and nobody waited in a circle."""
        return self.lost == self.doubled == self.deadlocks == 0


@define
class Fight:
    """A round while it lasts."""

    round: Round
    folder: Path
    seed: int
    draw: random.Random
    toll: Toll = field(factory=Toll)
    cluster: Cluster | None = None
    proxy: Proxy | None = None
    disk: Disk | None = None
    workers: dict[int, ForkServerProcess] = field(factory=dict)
    lives: Counter[int] = field(factory=Counter)
    calm: bool = False

    @property
    def url(self) -> str:
        """The database, reached directly."""
        return self.cluster.url if self.cluster else f"sqlite:///{self.folder}/disk/contacts.db"

    @property
    def key(self) -> Path:
        """The key file, on another disk than the database."""
        return self.folder / "keys" / "acme.key"

    def fight(self, programs: Path | None) -> Toll:
        """All of it. AssertionError at what is wrong and cannot be counted."""
        with ExitStack() as stack:
            self._prepare(programs, stack)
            try:
                self._go_through()
            finally:
                for worker in self.workers.values():
                    worker.kill()
            for worker in self.workers.values():
                worker.join(60)
            self._look()
        return self.toll

    # --- before ----------------------------------------------------------------------------

    def _prepare(self, programs: Path | None, stack: ExitStack) -> None:
        room = self.folder / "disk"
        for folder in (room, self.key.parent, self.folder / "said"):
            folder.mkdir()
        self.folder.chmod(0o755)
        keygen(self.key, "acme.example/ledger")
        if self.round.full:
            self.disk = stack.enter_context(small_disk(room, DISK_MEGABYTES))
        if self.round.database == "postgres":
            assert programs is not None
            settings = "-c fsync=off -c deadlock_timeout=200ms -c max_wal_size=64MB"
            self.cluster = Cluster(programs, room, settings=settings)
            self.cluster.start()
            stack.callback(self.cluster.stop)
            self.proxy = Proxy(self.cluster.url, self._cut)
            stack.callback(self.proxy.close)
        fill(self.url, self.round.before)

    def _cut(self) -> Cut | None:
        if self.calm or self.draw.random() * CUT_OF_COMMITS > 1:
            return None
        cut: Cut = self.draw.choice(("unsent", "sent", "done"))
        self.toll.done[f"commit {cut}"] += 1
        return cut

    # --- meanwhile ---------------------------------------------------------------------------

    def _go_through(self) -> None:
        for number in range(WRITERS + 1):
            self._begin(number)
        for number in range(WRITERS + 1):
            self._wait_for(number)
        faults = self._faults()
        self.draw.shuffle(faults)
        started = time.monotonic()
        pause = min(2.0, self.round.seconds / (len(faults) + 1))
        for index, fault in enumerate(cycle(faults)):
            if time.monotonic() - started > self.round.seconds and index >= len(faults):
                break
            time.sleep(pause * (0.5 + self.draw.random()))
            fault()
            self._refuse_fallen()
        self.calm = True
        time.sleep(pause)  # those who were told no have their way now

    def _faults(self) -> list[Callable[[], None]]:
        several = [self._kill_a_writer] * 3
        if self.cluster is not None:
            several.append(self._end_connections)
            several += [partial(self._end_server, how) for how in ("stopped", "killed")]
        if self.disk is not None:
            several += [self._fill_disk]
        return several

    def _begin(self, number: int) -> None:
        life = self.lives[number]
        through = self.proxy is not None and number < THROUGH_PROXY
        task = Task(
            self.proxy.url if through and self.proxy else self.url,
            self._said(number, life),
            number,
            life,
            self.round.accounts[number % len(self.round.accounts)],
            self.seed,
            self.key if number == SEALER else None,
        )
        worker = CONTEXT.Process(target=work, args=(task,), daemon=True)
        worker.start()
        self.workers[number] = worker

    def _said(self, number: int, life: int) -> Path:
        return self.folder / "said" / f"{number}-{life}"

    def _wait_for(self, number: int) -> None:
        until = time.monotonic() + 120
        said = self._said(number, self.lives[number])
        while not (said.exists() and said.stat().st_size):
            assert time.monotonic() < until, "a writer does not come up"
            time.sleep(0.01)

    def _kill_a_writer(self) -> None:
        number = self.draw.randrange(WRITERS + 1)
        self.workers[number].kill()
        self.workers[number].join(60)
        self.lives[number] += 1
        self._begin(number)
        self.toll.done["writer killed"] += 1

    def _refuse_fallen(self) -> None:
        """Who ended without being killed met something that it did not know."""
        fallen = {n: w.exitcode for n, w in self.workers.items() if w.exitcode is not None}
        assert not fallen, f"writers ended by themselves: {fallen}"

    def _end_connections(self) -> None:
        self._sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.5"
        )
        self.toll.done["connections ended"] += 1

    def _end_server(self, how: str) -> None:
        assert self.cluster is not None
        self._count_deadlocks()
        if how == "stopped":
            self.cluster.stop()
        else:
            self.cluster.kill()
        self.cluster.start_again()
        self.toll.done[f"server {how}"] += 1

    def _fill_disk(self) -> None:
        assert self.disk is not None
        self.disk.fill()
        time.sleep(FULL_SECONDS)
        self.disk.free()
        if self.cluster is not None and not self.cluster.runs():
            self.cluster.start_again()  # it found no room for its own log, and gave up
            self.toll.done["server gave up"] += 1
        self.toll.done["disk filled"] += 1

    def _sql(self, text: str) -> int:
        engine = create_engine(self.url)
        try:
            with engine.connect() as connection:
                return int(connection.exec_driver_sql(text).scalar_one())
        finally:
            engine.dispose()

    def _count_deadlocks(self) -> None:
        """Counters of a server do not outlive its crash."""
        self.toll.deadlocks += self._sql("SELECT sum(deadlocks) FROM pg_stat_database")

    # --- afterwards --------------------------------------------------------------------------

    def _look(self) -> None:
        said = list(self._lines())
        self.toll.told.update(rest[0] for what, *rest in said if what == "told")
        acknowledged = [tuple(rest) for what, *rest in said if what == "entry"]
        self.toll.acknowledged = len(acknowledged)
        if self.cluster is not None:
            self._count_deadlocks()
            log = self.cluster.log.read_text("utf-8", "replace")
            self.toll.deadlocks += log.count("deadlock detected")
        sealed = {int(rest[0]): rest[1] for what, *rest in said if what == "sealed"}
        with Ledger.open(self.url, recorder="acme", signer=self.key) as ledger:
            ledger.seal()
            self.toll.entries = ledger.check()
            self._compare(ledger, acknowledged)
            self._compare_seals(ledger, sealed)

    def _lines(self) -> Iterator[list[str]]:
        for file in sorted((self.folder / "said").iterdir()):
            yield from (line.split() for line in file.read_text("utf-8").splitlines())

    def _compare(self, ledger: Ledger, acknowledged: list[tuple[str, ...]]) -> None:
        """All touches in two queries; `check` has compared every row with its bytes."""
        there: Counter[tuple[str, str]] = Counter()
        found: Counter[tuple[str, ...]] = Counter()
        with ledger._store._connections.begin(write=False) as connection:
            driver = Driver(connection)
            ((self.toll.accounts,),) = driver.rows("SELECT count(*) FROM contactledger_account")
            keys = driver.rows(
                "SELECT account, no, body FROM contactledger_disclosure WHERE field = 'key'"
            )
            bodies = {(account, no): body for account, no, body in keys}
            touches = driver.rows(
                "SELECT account, no, id, record FROM contactledger_entry WHERE kind = 'touch'"
            )
            for account, no, id_, record in touches:
                key = str(decode(bytes(record), [bodies[account, no]]).fact.key)
                there[account, key] += 1
                found[account, str(no), id_, key] += 1
        self.toll.lost = sum(found[line] != 1 for line in acknowledged)
        self.toll.doubled = sum(times - 1 for times in there.values())

    def _compare_seals(self, ledger: Ledger, sealed: dict[int, str]) -> None:
        self.toll.seals = len(sealed)
        with ledger._store.begin(write=False) as tx:
            leaves = [row.leaf for row in tx.sealed()]
        for size, root in sealed.items():
            assert root_of(leaves[:size]).hex() == root, f"the checkpoint of {size} is not kept"


def run(given: Round, folder: Path, seed: int, programs: Path | None) -> Toll:
    """One round, in an empty folder."""
    return Fight(given, folder, seed, random.Random(f"{seed} {given.name}")).fight(programs)
