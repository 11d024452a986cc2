"""Kill writers and sealers at random moments, and look at what they leave.

    python -m tests.crash [--times N] [--seed S] [--first N] [--folder DIR]

Each time two writers and two sealers work on one SQLite file until SIGKILL ends them in the
middle of whatever they do. Then the database passes `check()`, every entry that was
acknowledged since it was made is there, every checkpoint that was given out is extended by the
next seal, and sealing goes on. A database lives on through 25 crashes, and then another is
begun, so that looking does not take longer each time; how it is treated follows from the seed
and from its number alone. 500 crashes take some six minutes; a run that was stopped goes on with
the seed it printed and `--first` the times it did. Where something is wrong the folder is left
as it is, and named.
"""

from __future__ import annotations

import random
import shutil
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp

from attrs import define, field

from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.log.tlog import root_of
from tests.crash.worker import work

WORKERS = ("writer", "sealer", "writer", "sealer")
CONTEXT = get_context("forkserver")
"""Workers are forked from a process that has everything imported: they are up in no time."""
CONTEXT.set_forkserver_preload(["tests.crash.worker", "contactledger.store.sql"])
LONGEST_SECONDS = 0.35
"""How long all of them work together before the first is killed."""
LIFE = 25
"""Crashes that a database lives through; then another is begun."""


@define
class Toll:
    """What all the times together came to."""

    times: int = 0
    entries: int = 0
    seals: int = 0
    databases: int = 0

    def __str__(self) -> str:
        return (
            f"{self.times} crashes of {self.databases} databases: {self.entries:,} entries and "
            f"{self.seals:,} checkpoints were acknowledged, none is lost"
        )


@define
class Crashes:
    """One database, through many crashes."""

    folder: Path
    random: random.Random
    toll: Toll
    acknowledged: dict[tuple[str, int], str] = field(factory=dict)
    checkpoints: dict[int, str] = field(factory=dict)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "contacts.db"

    @property
    def key(self) -> Path:
        """The key file."""
        return self.folder / "keys" / "acme.key"

    def prepare(self) -> None:
        """A key, and a database with its tables."""
        self.key.parent.mkdir(parents=True)
        keygen(self.key, "acme.example/ledger")
        Ledger.open(f"sqlite:///{self.database}", recorder="acme").close()

    def crash(self) -> list[str]:
        """Let them work, kill them; what they said."""
        files = [self.folder / f"said-{n}" for n in range(len(WORKERS))]
        for file in files:
            file.unlink(missing_ok=True)
        workers = [
            CONTEXT.Process(target=work, args=(self.database, self.key, file, task, number))
            for number, (task, file) in enumerate(zip(WORKERS, files, strict=True))
        ]
        try:
            for worker in workers:
                worker.start()
            self._wait_for(files[0])  # the others are ready as well, or nearly
            for worker in self.random.sample(workers, len(workers)):
                time.sleep(self.random.random() * LONGEST_SECONDS / len(workers))
                worker.kill()
        finally:
            for worker in workers:
                worker.kill()
        for worker in workers:
            worker.join(timeout=60)
            assert worker.exitcode == -signal.SIGKILL
        return [line for file in files if file.exists() for line in file.read_text().splitlines()]

    def _wait_for(self, file: Path) -> None:
        until = time.monotonic() + 60
        while not file.exists() or not file.stat().st_size:
            assert time.monotonic() < until, "a worker does not come up"
            time.sleep(0.002)

    def look(self, said: list[str]) -> None:
        """What they left is whole, holds everything that was ever acknowledged, and can be
        sealed; that it is whole after this seal is seen the next time, or by `close`."""
        self._hear(said)
        with self._opened() as ledger:
            ledger.check()
            self._entries(ledger)
            before = ledger.checkpoint()
            sealed = ledger.seal()
            with ledger._store.begin(write=False) as tx:
                leaves = [row.leaf for row in tx.sealed()]
            assert len(leaves) == sealed.checkpoint.size
            assert root_of(leaves) == sealed.checkpoint.root
            if before is not None:
                self.checkpoints[before.checkpoint.size] = before.checkpoint.root.hex()
            for size, root in self.checkpoints.items():
                assert size <= len(leaves)
                assert root_of(leaves[:size]).hex() == root
            # the next seals extend this one, so the older ones need not be looked at again
            self.checkpoints = {len(leaves): sealed.checkpoint.root.hex()}

    def close(self) -> None:
        """The last look."""
        with self._opened() as ledger:
            ledger.check()

    def _opened(self) -> Ledger:
        return Ledger.open(f"sqlite:///{self.database}", recorder="acme", signer=self.key)

    def _hear(self, said: list[str]) -> None:
        for line in said:
            if line.startswith("entry "):
                _, account, no, id_ = line.split()
                assert self.acknowledged.setdefault((account, int(no)), id_) == id_
                self.toll.entries += 1
            elif line.startswith("sealed "):
                _, size, root = line.split()
                assert self.checkpoints.setdefault(int(size), root) == root
                self.toll.seals += 1

    def _entries(self, ledger: Ledger) -> None:
        """The columns, which `check` compared with the bytes."""
        with ledger._store.begin(write=False) as tx:
            there = {
                (name, row.no): row.id
                for name in {account for account, _ in self.acknowledged}
                for row in tx.entries(ledger._accounts.must_find(name, tx))
            }
        for (account, no), id_ in self.acknowledged.items():
            assert there.get((account, no)) == id_, f"{account}: entry {no} is lost"


def run(folder: Path, times: int, seed: int, *, first: int = 0) -> Iterator[Toll]:
    """So many crashes, the toll after each; AssertionError at the first thing that is wrong.

    `first`: crashes that an earlier run of this seed did, in whole lives of a database.
    """
    toll = Toll()
    for begun in range(first, times, LIFE):
        crashes = Crashes(folder / str(begun), random.Random(f"{seed} {begun}"), toll)
        crashes.prepare()
        toll.databases += 1
        for _ in range(min(LIFE, times - begun)):
            crashes.look(crashes.crash())
            toll.times += 1
            yield toll
        crashes.close()
        shutil.rmtree(crashes.folder)


@contextmanager
def _folder(where: str | None) -> Iterator[Path]:
    """A new folder, which goes if all went well."""
    made = Path(mkdtemp(dir=where))
    try:
        yield made
    except BaseException:
        print(f"left as it is: {made}", flush=True)
        raise
    shutil.rmtree(made)


def main() -> int:
    """The command."""
    parser = ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="printed, to do the same again")
    parser.add_argument(
        "--first", type=int, default=0, help=f"do not do these again; a multiple of {LIFE}"
    )
    parser.add_argument("--folder", default=None, help="where to put the databases")
    asked = parser.parse_args()
    if asked.times < 1 or asked.first % LIFE or not 0 <= asked.first < asked.times:
        parser.error(f"--first is a multiple of {LIFE} below --times")
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    started = time.monotonic()
    with _folder(asked.folder) as folder:
        for toll in run(folder, asked.times, seed, first=asked.first):
            done = asked.first + toll.times
            if done % LIFE == 0 or done == asked.times:
                seconds = time.monotonic() - started
                print(f"{done}/{asked.times}, {seconds:.0f} s: {toll}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
