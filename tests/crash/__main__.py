"""Kill writers and sealers at random moments, and look at what they leave.

    python -m tests.crash [--times N] [--seed S] [--folder DIR]

Each time two writers and two sealers work on one SQLite file until SIGKILL ends them in the
middle of whatever they do. Then the database passes `check()`, every entry that was
acknowledged is there, every checkpoint that was given out is extended by the next seal, and
sealing goes on. The database lives on through all the times.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from argparse import ArgumentParser
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

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


@define
class Toll:
    """What all the times together came to."""

    times: int = 0
    entries: int = 0
    seals: int = 0


@define
class Crashes:
    """One database, through many crashes."""

    folder: Path
    random: random.Random
    toll: Toll = field(factory=Toll)

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
        self.key.parent.mkdir()
        keygen(self.key, "acme.example/ledger")
        Ledger.open(f"sqlite:///{self.database}", recorder="acme").close()

    def crash(self) -> list[str]:
        """Let them work, kill them; what they said."""
        files = [self.folder / f"said-{self.toll.times}-{n}" for n in range(len(WORKERS))]
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
        """What they left is whole, and holds everything that was acknowledged."""
        with Ledger.open(f"sqlite:///{self.database}", recorder="acme", signer=self.key) as ledger:
            assert ledger.check() >= 0
            self._entries(ledger, said)
            before = ledger.checkpoint()
            sealed = ledger.seal()
            with ledger._store.begin(write=False) as tx:
                leaves = [row.leaf for row in tx.sealed()]
            assert len(leaves) == sealed.checkpoint.size
            assert root_of(leaves) == sealed.checkpoint.root
            for line in said:
                if line.startswith("sealed "):
                    _, size, root = line.split()
                    assert int(size) <= sealed.checkpoint.size
                    assert root_of(leaves[: int(size)]).hex() == root
                    self.toll.seals += 1
            if before is not None:
                old = before.checkpoint
                assert root_of(leaves[: old.size]) == old.root
            assert ledger.check() >= 0

    def _entries(self, ledger: Ledger, said: list[str]) -> None:
        acknowledged: dict[str, list[tuple[int, str]]] = {}
        for line in said:
            if line.startswith("entry "):
                _, account, no, id_ = line.split()
                acknowledged.setdefault(account, []).append((int(no), id_))
                self.toll.entries += 1
        for account, rows in acknowledged.items():
            there = {entry.no: entry.id for entry in ledger.entries(account)}
            for no, id_ in rows:
                assert there[no] == id_, f"{account}: entry {no} was acknowledged and is lost"


def run(folder: Path, times: int, seed: int) -> Toll:
    """So many crashes of one database; AssertionError at the first thing that is wrong."""
    crashes = Crashes(folder, random.Random(seed))
    crashes.prepare()
    for _ in range(times):
        crashes.look(crashes.crash())
        crashes.toll.times += 1
    return crashes.toll


def main() -> int:
    """The command."""
    parser = ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="printed, to do the same again")
    parser.add_argument("--folder", default=None, help="where to put the database")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}", flush=True)
    with TemporaryDirectory(dir=asked.folder) as name:
        started = time.monotonic()
        toll = run(Path(name), asked.times, seed)
    print(
        f"{toll.times} crashes in {time.monotonic() - started:.0f} s: {toll.entries} entries and "
        f"{toll.seals} checkpoints were acknowledged, none is lost"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
