"""Trees over stored nodes: the same roots and proofs as over leaves in memory, for less."""

from __future__ import annotations

from hashlib import sha256

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadRecord, Corrupt, NotSealed, Unverified
from contactledger.log.tlog import (
    check_consistency,
    check_inclusion,
    frontier_at,
    grow,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    reader_over,
    root,
    root_of,
    subtree_root,
)
from contactledger.store.memory import MemoryStore
from contactledger.store.port import AccountRow, Batch
from contactledger.store.sealing import LEDGER_LOG, SLOTS, STORED_LEVELS, NodeRow, SealedRow
from contactledger.testing import A, entry_row
from contactledger.trees import (
    MAX_TILES,
    TILE,
    account_reader,
    check_entry,
    ledger_reader,
    replace_leaves,
    slot_path,
    slot_root,
    tiled,
)
from tests.ledgers import SMITH
from tests.sealers import new_key, records, sealing_in_memory, touches


def leaves_of(count: int, salt: str = "") -> list[bytes]:
    return [leaf_hash(f"{salt}{number}".encode()) for number in range(count)]


class Stored:
    """Leaves and every eighth level in a dictionary, and how many hashes were asked for."""

    def __init__(self, leaves: list[bytes]) -> None:
        _, made = grow(0, (), leaves)
        self.rows = {0: leaves}
        for level, _, node in made:
            if level % STORED_LEVELS == 0:
                self.rows.setdefault(level, []).append(node)
        self.asked = 0

    def __call__(self, level: int, start: int, stop: int) -> list[bytes]:
        found = self.rows.get(level, [])[start:stop]
        self.asked += len(found)
        return found


# ---- reading


@pytest.mark.parametrize("size", range(131))
def test_every_leaf_proves_from_stored_nodes_and_no_other_does(size):
    leaves = leaves_of(size)
    read, total = tiled(Stored(leaves), A), root_of(leaves)
    assert subtree_root(0, size, read) == total
    for index in range(size):
        proof = prove_inclusion(index, size, read)
        assert check_inclusion(index, size, leaves[index], proof, total)
        other = leaves[index ^ 1] if index ^ 1 < size else leaf_hash(b"other")
        assert not check_inclusion(index, size, other, proof, total)
        assert not check_inclusion((index + 1) % size, size, leaves[index], proof, total) or (
            size == 1
        )


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_tiles_give_what_the_whole_tree_gives(data):
    size = data.draw(st.sampled_from([255, 256, 257, 511, 512, 513, 4095, 66_000]))
    whole, read = FULL[size]
    old = data.draw(st.integers(0, size))
    index = data.draw(st.integers(0, size - 1))
    assert prove_inclusion(index, size, read) == prove_inclusion(index, size, whole)
    assert prove_consistency(old, size, read) == prove_consistency(old, size, whole)
    assert frontier_at(old, read) == frontier_at(old, whole)
    assert subtree_root(0, old, read) == subtree_root(0, old, whole)


FULL = {
    size: (reader_over(leaves_of(size)), tiled(Stored(leaves_of(size)), A))
    for size in (255, 256, 257, 511, 512, 513, 4095, 66_000)
}


def test_a_proof_reads_a_tile_for_every_eight_levels():
    leaves = leaves_of(70_000)
    stored = Stored(leaves)
    prove_inclusion(31_000, 70_000, tiled(stored, A))
    assert stored.asked <= 3 * TILE + TILE  # and the piece at the end of the tree


def test_a_reader_keeps_a_bounded_number_of_tiles():
    stored = Stored(leaves_of(TILE * (MAX_TILES + 3)))
    read = tiled(stored, A)
    for tile in range(MAX_TILES + 3):
        read(0, tile * TILE)
    asked = stored.asked
    read(0, TILE * (MAX_TILES + 2))
    assert stored.asked == asked
    read(0, 0)
    assert stored.asked == asked + TILE


def test_a_node_that_is_missing_is_named_with_its_account():
    stored = Stored(leaves_of(600))
    del stored.rows[8][1]
    with pytest.raises(Corrupt) as caught:
        subtree_root(0, 600, tiled(stored, A))
    assert str(caught.value) == f"account {A}: hashes of its tree are missing"


def test_an_accounts_log_is_read_from_its_entries_and_nodes():
    store, leaves, frontier = MemoryStore(), [], ()
    with store.begin(write=True) as tx:
        tx.add_account(A)
        for start in range(0, 1200, 300):
            rows = [entry_row(no)._replace(leaf=_leaf(no)) for no in range(start, start + 300)]
            frontier, made = grow(start, frontier, [row.leaf for row in rows])
            leaves += [row.leaf for row in rows]
            head = AccountRow(A, start + 300, b"".join(frontier), rows[-1].recorded_at)
            stored = [NodeRow(*node) for node in made if node[0] % STORED_LEVELS == 0]
            tx.append(Batch(head, rows, nodes=stored))
    with store.begin(write=False) as tx:
        read, whole = account_reader(tx, A), reader_over(leaves)
        for size in (0, 1, 256, 1000, 1200):
            assert subtree_root(0, size, read) == root_of(leaves[:size])
        for index in (0, 255, 256, 777, 1199):
            assert prove_inclusion(index, 1200, read) == prove_inclusion(index, 1200, whole)


def _leaf(no: int) -> bytes:
    return sha256(b"leaf %d" % no).digest()


def test_the_ledger_log_is_read_from_its_leaves_and_nodes():
    store, leaves = MemoryStore(), leaves_of(700)
    _, made = grow(0, (), leaves)
    with store.begin(write=True) as tx:
        tx.add_sealed([SealedRow(no, "epoch", b"", leaf) for no, leaf in enumerate(leaves)])
        tx.put_tree(LEDGER_LOG, [NodeRow(*node) for node in made if node[0] == STORED_LEVELS])
        read = ledger_reader(tx)
        for size in (0, 5, 256, 700):
            assert subtree_root(0, size, read) == root_of(leaves[:size])
        way = prove_consistency(300, 700, read)
        assert check_consistency(300, 700, root_of(leaves[:300]), root_of(leaves), way)


@pytest.mark.parametrize("wrong", [b"short", "text", None, bytearray(32)])
def test_a_node_that_is_no_hash_is_named(wrong):
    def read(level, index):
        return wrong if (level, index) == (1, 0) else b"\0" * 32

    for ask in (
        lambda: prove_inclusion(2, 8, read),
        lambda: subtree_root(0, 2, read),
        lambda: frontier_at(2, read),
    ):
        with pytest.raises(BadRecord) as caught:
            ask()
        assert str(caught.value) == "level 1, index 0, node: must be 32 bytes"


# ---- the slot tree


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sets(st.integers(0, 300), max_size=12)),
        min_size=1,
        max_size=8,
    )
)
def test_leaves_replaced_in_place_give_the_tree_of_all_leaves(steps):
    store, slots = MemoryStore(), []
    with store.begin(write=True) as tx:
        for turn, (more, changed) in enumerate(steps):
            new = {len(slots) + n: _leaf(1000 * turn + n) for n in range(more)}
            old = {n: _leaf(-1000 * turn - n - 1) for n in changed if n < len(slots)}
            slots += [b""] * more
            for slot, leaf in {**old, **new}.items():
                slots[slot] = leaf
            replace_leaves(tx, {**old, **new}, len(slots))
            assert slot_root(tx, len(slots)) == root_of(slots)
        whole = reader_over(slots)
        for slot in range(0, len(slots), 3):
            assert slot_path(tx, slot, len(slots)) == prove_inclusion(slot, len(slots), whole)
        stored = tx.tree(SLOTS, [(level, n) for level in range(9) for n in range(300)])
        assert all(whole(level, number) == node for (level, number), node in stored.items())


def test_a_changed_slot_costs_a_hash_a_level():
    store = MemoryStore()
    with store.begin(write=True) as tx:
        replace_leaves(tx, dict(enumerate(leaves_of(1000))), 1000)
        written = []
        put = tx.put_tree
        tx.put_tree = lambda name, rows: (written.extend(rows), put(name, rows))
        replace_leaves(tx, {123: _leaf(0)}, 1000)
        assert [(row.level, row.number) for row in written] == [
            (level, 123 >> level) for level in range(10) if (123 >> level) + 1 << level <= 1000
        ]


def test_a_slot_trees_missing_node_is_corrupt():
    store = MemoryStore()
    with store.begin(write=True) as tx:
        replace_leaves(tx, dict(enumerate(leaves_of(5))), 5)
        del store._state.trees[SLOTS][0, 4]
        with pytest.raises(Corrupt, match=r"^ledger log: hashes of the slot tree are missing$"):
            slot_root(tx, 5)
        with pytest.raises(Corrupt, match=r"^ledger log: hashes of the slot tree are missing$"):
            replace_leaves(tx, {5: _leaf(5)}, 6)


# ---- an entry up to the checkpoint


def test_a_proof_that_was_changed_anywhere_names_the_step_that_fails(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    ledger.record(SMITH, *touches(20))
    ledger.seal()
    record = records(ledger)[7]
    proof = ledger.prove(SMITH, 7)
    proved = check_entry(record, proof, [key])
    assert (proved.head.slot, proved.epoch.epoch, proved.checkpoint.size) == (1, 1, 2)
    ledger.record(SMITH, *touches(1, 20))
    ledger.seal()
    later = ledger.prove(SMITH, 7)

    def why(record=record, **changes):
        with pytest.raises(Unverified) as caught:
            check_entry(record, attrs.evolve(proof, **changes), [key])
        return str(caught.value)

    entry = "the entry is not in the log that the head stands for"
    head = "the head is not in its slot in this epoch"
    epoch = "the epoch is not in the ledger log that the checkpoint signs"
    assert why(record=records(ledger)[8]) == entry
    assert why(no=8) == entry
    assert why(hashes=proof.hashes[1:]) == entry
    assert why(hashes=(*proof.hashes[:-1], b"\0" * 32)) == entry
    assert why(hashes=(*proof.hashes, b"\0" * 32)) == entry
    assert why(head=later.head) == head
    assert why(path=()) == head
    assert why(epoch=later.epoch) == epoch
    assert why(epoch_path=later.epoch_path) == epoch
    assert why(note=later.note) == epoch
    with pytest.raises(BadRecord):
        check_entry(record, attrs.evolve(proof, head=proof.epoch), [key])
    _, stranger = new_key(tmp_path, "stranger")
    with pytest.raises(Unverified, match=r"trusted"):
        check_entry(record, proof, [stranger])


def test_an_account_that_is_not_there_proves_nothing(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    with ledger._store.begin(write=False) as tx:
        from contactledger.sealed import prove_entry

        with pytest.raises(NotSealed, match=r"^the entry is not sealed yet$"):
            prove_entry(tx, A, 0)


def test_the_root_of_a_head_is_that_of_its_entries(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    ledger.record(SMITH, *touches(300))
    ledger.seal()
    leaves = [leaf_hash(record) for record in records(ledger)]
    proved = check_entry(records(ledger)[299], ledger.prove(SMITH, 299), [key])
    frontier, _ = grow(0, (), leaves)
    assert proved.head.root == root_of(leaves) == root(len(leaves), frontier)
