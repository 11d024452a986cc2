"""Sealing whatever the number of accounts, proving whatever the length of a log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time

from pymerkle import InmemoryTree, MerkleProof, verify_inclusion

from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.log.tlog import (
    Frontier,
    check_inclusion,
    grow,
    leaf_hash,
    prove_inclusion,
    reader_over,
    root,
    root_of,
)
from contactledger.references import new_id
from contactledger.store.port import AccountRow, Batch, EntryRow, Store
from contactledger.store.sealing import STORED_LEVELS, NodeRow
from contactledger.store.sql import SqlStore
from contactledger.trees import account_reader
from tests.bench.measure import Line, in_turns
from tests.bench.writing import MONDAY, people, touches

FEW, MANY = 10, 50_000
SHORT, LONG = 1_000, 1_000_000
ROUNDS = 60
PROOFS = 300
CHUNK = 20_000
IN_MEMORY, SEALED = 10_000, 9_000


def _fill(store: Store, account: str, count: int) -> bytes:
    """An account of so many made-up entries, in batches; the root of its log."""
    frontier: Frontier = ()
    for start in range(0, count, CHUNK):
        rows = []
        for no in range(start, min(start + CHUNK, count)):
            record = b'{"account":"%s","no":%d}' % (account.encode(), no)
            leaf = leaf_hash(record)
            rows.append(EntryRow(no, f"{no:026d}", "touch", MONDAY, MONDAY, record, leaf))
        frontier, made = grow(start, frontier, [row.leaf for row in rows])
        nodes = [NodeRow(*node) for node in made if node[0] % STORED_LEVELS == 0]
        head = AccountRow(account, start + len(rows), b"".join(frontier), MONDAY)
        with store.begin(write=True) as tx:
            if start == 0:
                tx.add_account(account)
            else:
                tx.lock([account])
            tx.append(Batch(head, rows, nodes=nodes))
    return root(count, frontier)


def _sealing_ledger(folder: Path, accounts: int) -> Ledger:
    """A sealed ledger with so many accounts, one of them real."""
    key = folder / f"{accounts}.key"
    keygen(key, "bench.example/ledger")
    ledger = Ledger.open(f"sqlite:///{folder}/{accounts}.db", recorder="acme", signer=key)
    draw = Random(accounts).randbytes
    with ledger._store.begin(write=True) as tx:
        for _ in range(accounts - 1):
            account = new_id(draw)
            leaf = leaf_hash(account.encode())
            tx.add_account(account)
            row = EntryRow(0, account, "opened", MONDAY, MONDAY, account.encode(), leaf)
            tx.append(Batch(AccountRow(account, 1, leaf, MONDAY), [row]))
    ledger.record("a", *people())
    ledger.seal()
    return ledger


def sealing(folder: Path) -> Line:
    """A seal after one entry, with 10 and with 50,000 accounts, in turns."""
    few, many = (_sealing_ledger(folder, accounts) for accounts in (FEW, MANY))
    times: dict[int, list[float]] = {FEW: [], MANY: []}
    facts = touches(ROUNDS)
    for fact in facts:
        for accounts, ledger in ((FEW, few), (MANY, many)):
            ledger.record("a", fact)
            start = perf_counter()
            ledger.seal()
            times[accounts].append(perf_counter() - start)
    few.close()
    many.close()
    low, high = median(times[FEW]), median(times[MANY])
    figure = f"{high / low:.2f} x   ({high * 1000:.1f} ms against {low * 1000:.1f} ms)"
    what = f"seal after one entry: {MANY:,} accounts against {FEW}"
    return Line(what, figure, "at most 2.00 x", high / low <= 2)


def proofs(folder: Path) -> Line:
    """An inclusion proof from stored nodes, in a short and in a long log, in turns."""
    store = SqlStore.open(f"sqlite:///{folder}/proofs.db")
    sizes = {SHORT: "a" * 26, LONG: "b" * 26}
    roots = {size: _fill(store, account, size) for size, account in sizes.items()}
    times: dict[int, list[float]] = {size: [] for size in sizes}
    chance = Random(1)
    for _ in range(PROOFS):
        for size, account in sizes.items():
            no = chance.randrange(size)
            start = perf_counter()
            with store.begin(write=False) as tx:
                proof = prove_inclusion(no, size, account_reader(tx, account))
            times[size].append(perf_counter() - start)
            with store.begin(write=False) as tx:
                (leaf,) = tx.leaves(account, no, no + 1)
            assert check_inclusion(no, size, leaf, proof, roots[size])
    store.close()
    short, long = median(times[SHORT]), median(times[LONG])
    figure = f"{long / short:.2f} x   ({long * 1000:.2f} ms against {short * 1000:.2f} ms)"
    what = f"inclusion proof: {LONG:,} entries against {SHORT:,}"
    return Line(what, figure, "at most 5.00 x", long / short <= 5)


def in_memory() -> list[Line]:
    """Root and inclusion against pymerkle's tree in memory.

    An entry is proved to the size that was sealed, from a log that has grown since. To the
    newest size alone pymerkle follows pointers that it keeps for that, and hashes nothing:
    both take the same time, within a tenth.
    """
    entries = [b"entry %d" % no for no in range(IN_MEMORY)]
    leaves = [leaf_hash(entry) for entry in entries]
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)

    def their_root() -> bytes:
        grown = InmemoryTree(algorithm="sha256")
        for entry in entries:
            grown.append_entry(entry)
        found: bytes = grown.get_state()
        return found

    def our_root() -> bytes:
        return root_of([leaf_hash(entry) for entry in entries])

    assert their_root() == our_root()
    read, chance = reader_over(leaves), Random(2)
    asked = [chance.randrange(SEALED) for _ in range(PROOFS)]

    def prove(size: int) -> list[tuple[bytes, ...]]:
        return [prove_inclusion(no, size, read) for no in asked]

    def their_prove(size: int) -> list[MerkleProof]:
        return [tree.prove_inclusion(no + 1, size) for no in asked]

    total = root_of(leaves[:SEALED])
    ours, theirs = prove(SEALED), their_prove(SEALED)

    def check() -> None:
        for no, proof in zip(asked, ours, strict=True):
            assert check_inclusion(no, SEALED, leaves[no], proof, total)

    def their_check() -> None:
        for no, proof in zip(asked, theirs, strict=True):
            verify_inclusion(leaves[no], total, proof)

    def whole() -> None:
        prove(SEALED)
        check()

    def their_whole() -> None:
        their_prove(SEALED)
        their_check()

    newest = f"proving {PROOFS} entries to the newest size of {IN_MEMORY:,}"
    return [
        _against(f"root of {IN_MEMORY:,} entries", our_root, their_root, 5, aim=True),
        _against(f"proving and checking {PROOFS} sealed entries", whole, their_whole, 10, aim=True),
        _against(newest, lambda: prove(IN_MEMORY), lambda: their_prove(IN_MEMORY), 30, aim=False),
        _against(f"checking {PROOFS} proofs", check, their_check, 20, aim=False),
    ]


def _against(
    what: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int, *, aim: bool
) -> Line:
    fast, slow = in_turns(ours, theirs, rounds, process_time)
    figure = f"{slow / fast:.2f} x   ({fast * 1000:.1f} ms against {slow * 1000:.1f} ms)"
    met = fast < slow if aim else None
    return Line(f"pymerkle in memory, {what}", figure, "above 1.00 x" if aim else "", met)
