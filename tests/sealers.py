"""Ledgers that seal, for tests: keys in a folder, and stores whose every step can fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contactledger.facts import Touch
from contactledger.keys import HighWater, keygen, load_signer
from contactledger.ledger import Ledger
from contactledger.log.checkpoint import Checkpoint
from contactledger.log.tlog import check_consistency, prove_consistency, reader_over
from contactledger.log.verifier import VerifierKey
from contactledger.sealed import Sealed
from contactledger.sealing import SigningKey
from contactledger.store.memory import MemoryStore
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel
from tests.ledgers import SMITH, two_sides

ORIGIN = "acme.example/ledger"


def new_key(folder: Path, name: str = "acme", origin: str = ORIGIN) -> tuple[Path, VerifierKey]:
    """A key file in the folder, and its verifier key."""
    path = folder / f"{name}.key"
    return path, keygen(path, origin)


def open_sealing(where: Any, key: Any, **more: Any) -> Ledger:
    """The ledger at `where` with a key to seal with, its clock standing still."""
    return Ledger.open(where, recorder="acme", signer=key, clock=FixedClock(), **more)


def sealing_in_memory(folder: Path) -> tuple[Ledger, VerifierKey]:
    """A ledger in memory with the two sides on record, and the key it seals with."""
    path, key = new_key(folder)
    ledger = open_sealing(MemoryStore(), path)
    ledger.record(SMITH, *two_sides())
    return ledger, key


def touches(count: int, start: int = 0) -> list[Touch]:
    """So many e-mails to Bob."""
    return [
        Touch(to="bob", channel=Channel.EMAIL, key=f"touch-{number}")
        for number in range(start, start + count)
    ]


def records(ledger: Ledger, account: str = SMITH) -> list[bytes]:
    """The bytes of an account's entries."""
    with ledger._store.begin(write=False) as tx:
        return [row.record for row in tx.entries(ledger._accounts.must_find(account, tx))]


def extends(ledger: Ledger, old: Sealed, new: Sealed) -> bool:
    """Whether one checkpoint continues another, by the leaves that are stored."""
    with ledger._store.begin(write=False) as tx:
        leaves = [row.leaf for row in tx.sealed()]
    before, after = old.checkpoint, new.checkpoint
    way = prove_consistency(before.size, after.size, reader_over(leaves[: after.size]))
    return check_consistency(before.size, after.size, before.root, after.root, way)


class Fault(Exception):
    """What is raised at the step that fails."""


class Steps:
    """Counts the steps that change something; the one that is to fail does, before or after."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.failing: tuple[int, str] | None = None

    def fail(self, step: int | None, when: str = "before") -> None:
        """From now on: count from 0, and let this step fail."""
        self.names = []
        self.failing = None if step is None else (step, when)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step."""
        self.before(name)
        yield
        self.after()

    def before(self, name: str) -> None:
        """A step begins."""
        self.names.append(name)
        self._fail("before")

    def after(self) -> None:
        """It is done."""
        self._fail("after")

    def _fail(self, when: str) -> None:
        if self.failing == (len(self.names) - 1, when):
            raise Fault(self.names[-1])


class FaultyStore:
    """A store whose every writing step, and every commit, can fail."""

    commits = True
    WRITES = frozenset(
        ("claim", "put_slots", "put_tree", "add_sealed", "put_checkpoint", "append", "add_account")
    )

    def __init__(self, store: Any, steps: Steps) -> None:
        self.store = store
        self.steps = steps

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Any]:
        """A transaction of the store beneath."""
        if not write:
            with self.store.begin(write=False) as tx:
                yield tx
            return
        done = False
        try:
            with self.store.begin(write=True) as tx:
                yield _FaultyTransaction(tx, self.steps)
                self.steps.before("commit")  # raised here, the store takes everything back
                done = True
        finally:
            if done:
                self.steps.after()

    def close(self) -> None:
        """Close the store beneath."""
        self.store.close()


class _FaultyTransaction:
    def __init__(self, tx: Any, steps: Steps) -> None:
        self._tx = tx
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._tx, name)
        if name not in FaultyStore.WRITES:
            return method

        def run(*args: Any, **named: Any) -> Any:
            with self._steps.step(name):
                return method(*args, **named)

        return run


class FaultyMark:
    """A high-water file whose writing can fail."""

    def __init__(self, mark: HighWater, steps: Steps) -> None:
        self.mark = mark
        self.steps = steps
        self.read = mark.read

    def write(self, checkpoint: Checkpoint, proof: Any = ()) -> None:
        """Write, if this step is to be done."""
        with self.steps.step("high-water"):
            self.mark.write(checkpoint, proof)


class FaultySigner:
    """A signer that can fail."""

    def __init__(self, signer: Any, steps: Steps) -> None:
        self.signer = signer
        self.steps = steps
        self.name, self.key = signer.name, signer.key

    def sign(self, message: bytes) -> bytes:
        """Sign, if this step is to be done."""
        with self.steps.step("sign"):
            signature: bytes = self.signer.sign(message)
        return signature


def faulty(store: Any, key: Path) -> tuple[Ledger, Steps]:
    """A ledger over a store, a key and a mark that fail where they are told to."""
    steps = Steps()
    ledger = Ledger.open(FaultyStore(store, steps), recorder="acme", clock=FixedClock())
    mark: Any = FaultyMark(HighWater.beside(key), steps)
    ledger._keys = (SigningKey(FaultySigner(load_signer(key), steps), mark),)
    return ledger, steps
