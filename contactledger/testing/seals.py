"""What every store does for sealing: nodes, slots, the ledger log, its checkpoints."""

# The names of the tests say the facts they prove, and asserting is what they are for.
# ruff: noqa: D102, S101

from __future__ import annotations

from datetime import timedelta

from contactledger.errors import StoreError
from contactledger.store.port import Store
from contactledger.store.sealing import (
    LEDGER_LOG,
    SLOTS,
    CheckpointRow,
    GivenRow,
    NodeRow,
    ReceiptRow,
    SealedRow,
    SlotRow,
)
from contactledger.testing.rows import (
    NOON,
    A,
    B,
    C,
    Stop,
    append_next,
    batch_of,
    entry_row,
    fill,
    raises,
)


def _hash(number: int) -> bytes:
    return bytes([number % 256]) * 32


def _slot(slot: int, account: str, size: int, head: bytes = b"{}") -> SlotRow:
    return SlotRow(slot, account, size, head)


def _leaf(no: int, kind: str = "epoch") -> SealedRow:
    return SealedRow(no, kind, b"record %d" % no, _hash(no))


class SealSuite:
    """What a store does for sealing, whoever commits it."""

    def test_a_new_store_has_sealed_nothing(self, store: Store) -> None:
        with store.begin(write=False) as tx:
            assert tx.leaves(A, 0, 9) == []
            assert tx.nodes(A, 8, 0, 9) == []
            assert tx.unsealed() == []
            assert tx.slots([A]) == {}
            assert tx.slots_from() == []
            assert tx.tree(SLOTS, [(0, 0)]) == {}
            assert tx.tree(LEDGER_LOG, []) == {}
            assert list(tx.sealed()) == []
            assert tx.sealed_keys() == []
            assert tx.checkpoint() is None
            assert tx.checkpoint(signed=True) is None
            assert tx.checkpoints() == []
            assert tx.given(A) == []
            assert tx.receipts(A) == []

    def test_leaves_are_those_of_the_entries(self, store: Store) -> None:
        fill(store, A, 5)
        fill(store, B, 3)
        with store.begin(write=False) as tx:
            assert tx.leaves(A, 1, 4) == [_hash(1), _hash(2), _hash(3)]
            assert tx.leaves(B, 2, 99) == [_hash(2)]
            assert tx.leaves(A, 5, 9) == []

    def test_nodes_are_kept_by_account_level_and_number(self, store: Store) -> None:
        far = 2**47
        nodes = [NodeRow(8, 0, _hash(1)), NodeRow(8, 1, _hash(2)), NodeRow(8, far, _hash(3))]
        other = [NodeRow(16, 0, _hash(4)), NodeRow(56, 1, _hash(5))]
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [entry_row(0)], nodes=[*nodes, *other]))
            tx.add_account(B)
            many = [NodeRow(8, number, _hash(number)) for number in range(40)]
            tx.append(batch_of(B, [entry_row(0)], nodes=many))
        with store.begin(write=False) as tx:
            assert tx.nodes(A, 8, 0, 256) == [_hash(1), _hash(2)]
            assert tx.nodes(A, 8, far, far + 256) == [_hash(3)]
            assert tx.nodes(A, 8, 1, 2) == [_hash(2)]
            assert tx.nodes(A, 16, 0, 256) == [_hash(4)]
            assert tx.nodes(A, 56, 0, 2) == [_hash(5)]
            assert tx.nodes(A, 24, 0, 256) == []
            assert tx.nodes(B, 8, 38, 256) == [_hash(38), _hash(39)]

    def test_an_account_is_unsealed_until_its_size_is_in_its_slot(self, store: Store) -> None:
        for account in (C, A, B):
            fill(store, account, 2)
        with store.begin(write=True) as tx:
            assert [head.account for head in tx.unsealed()] == [A, B, C]
            assert tx.unsealed(A, 1) == [tx.head(B)]
            tx.put_slots([_slot(1, B, 2), _slot(0, A, 2), _slot(2, C, 1)])
            assert tx.unsealed() == [tx.head(C)]
        with store.begin(write=True) as tx:
            append_next(tx, A)
            assert [head.account for head in tx.unsealed()] == [A, C]
            tx.put_slots([_slot(0, A, 3, b"newer"), _slot(2, C, 2)])
            tx.put_slots([])
            assert tx.unsealed() == []
            assert tx.slots([C, B, "?", A]) == {
                A: _slot(0, A, 3, b"newer"),
                B: _slot(1, B, 2),
                C: _slot(2, C, 2),
            }
            assert tx.slots_from() == [_slot(0, A, 3, b"newer"), _slot(1, B, 2), _slot(2, C, 2)]
            assert tx.slots_from(1, 1) == [_slot(1, B, 2)]
            assert tx.slots([]) == {}

    def test_a_slot_may_be_that_of_an_account_without_a_log(self, store: Store) -> None:
        with store.begin(write=True) as tx:
            tx.put_slots([_slot(0, A, 0)])
            assert tx.slots([A]) == {A: _slot(0, A, 0)}
            assert tx.head(A) is None
        fill(store, A, 1)
        with store.begin(write=False) as tx:
            assert tx.unsealed() == [tx.head(A)]

    def test_nodes_of_a_tree_are_replaced_in_place(self, store: Store) -> None:
        with store.begin(write=True) as tx:
            tx.put_tree(SLOTS, [NodeRow(0, n, _hash(n % 256)) for n in range(700)])
            tx.put_tree(LEDGER_LOG, [NodeRow(0, 1, _hash(9))])
            tx.put_tree(SLOTS, [NodeRow(0, 1, _hash(7)), NodeRow(3, 0, _hash(8))])
            tx.put_tree(SLOTS, [])
        with store.begin(write=False) as tx:
            found = tx.tree(SLOTS, [(0, n) for n in range(700)])
            assert found == {(0, n): _hash(7 if n == 1 else n % 256) for n in range(700)}
            assert tx.tree(SLOTS, [(3, 0), (2, 0)]) == {(3, 0): _hash(8)}
            assert tx.tree(LEDGER_LOG, [(0, 1), (0, 0)]) == {(0, 1): _hash(9)}

    def test_the_ledger_log_grows_and_never_changes(self, store: Store) -> None:
        rows = [_leaf(0, "ledger"), *map(_leaf, range(1, 1500)), _leaf(1500, "key"), _leaf(1501)]
        with store.begin(write=True) as tx:
            tx.add_sealed(rows)
            tx.add_sealed([])
        with store.begin(write=False) as tx:
            assert list(tx.sealed()) == rows
            assert list(tx.sealed(1499, 1501)) == rows[1499:1501]
            assert list(tx.sealed(1501, 9999)) == rows[1501:]
            assert tx.sealed_keys() == [rows[0], rows[1500]]

        def again() -> None:
            with store.begin(write=True) as tx:
                tx.add_sealed([_leaf(1502), _leaf(3, "key")])

        assert str(raises(StoreError, again)) == "a row with this key is there already"
        with store.begin(write=False) as tx:
            assert list(tx.sealed(1500)) == rows[1500:]

    def test_the_newest_checkpoint_may_wait_for_its_note(self, store: Store) -> None:
        first, second, third = (
            CheckpointRow(size, _hash(size), _hash(size) * 2, size - 1, None) for size in (2, 3, 9)
        )
        with store.begin(write=True) as tx:
            tx.put_checkpoint(second)
            tx.put_checkpoint(first)
            tx.put_checkpoint(third)
            assert tx.checkpoint() == third
            assert tx.checkpoint(signed=True) is None
            signed = second._replace(note=b"signed")
            tx.put_checkpoint(signed)
        with store.begin(write=False) as tx:
            assert tx.checkpoint() == third
            assert tx.checkpoint(signed=True) == signed
            assert tx.checkpoints() == [first, signed, third]
            assert tx.checkpoints(2, 1) == [signed]

    def test_heads_given_out_and_what_came_back_are_kept_by_account(self, store: Store) -> None:
        fill(store, A, 1)
        fill(store, B, 1)
        later = NOON + timedelta(days=1)
        given = [
            GivenRow(A, 1, "y", NOON, b"head", _hash(1)),
            GivenRow(A, 1, "z", NOON, b"head", b""),
            GivenRow(A, 2, "y", later, b"head", _hash(2) * 2),
        ]
        receipts = [ReceiptRow(A, 1, "k", b"note"), ReceiptRow(A, 1, "l", b"other")]
        receipts.append(ReceiptRow(A, 2, "a", b"newer"))
        with store.begin(write=True) as tx:
            for row in (given[2], given[1], given[0]._replace(at=later), given[0]):
                tx.put_given(row)
            for back in (*receipts[1:], receipts[0]._replace(note=b"old"), receipts[0]):
                tx.put_receipt(back)
        with store.begin(write=False) as tx:
            assert (tx.given(A), tx.given(B)) == (given, [])
            assert (tx.receipts(A), tx.receipts(B)) == (receipts, [])
            assert [tx.receipts(A, epoch) for epoch in range(3)] == [[], receipts[:2], receipts[2:]]
            assert tx.receipts(B, 1) == []

    def test_a_block_that_raises_has_sealed_nothing(self, store: Store) -> None:
        fill(store, A, 1)

        def stopped() -> None:
            with store.begin(write=True) as tx:
                tx.put_slots([_slot(0, A, 1)])
                tx.put_tree(SLOTS, [NodeRow(0, 0, _hash(1))])
                tx.add_sealed([_leaf(0, "ledger")])
                tx.put_checkpoint(CheckpointRow(1, _hash(1), b"", 1, None))
                tx.put_given(GivenRow(A, 1, "y", NOON, b"", b""))
                tx.put_receipt(ReceiptRow(A, 1, "k", b""))
                raise Stop

        raises(Stop, stopped)
        with store.begin(write=False) as tx:
            assert tx.unsealed() == [tx.head(A)]
            assert tx.slots([A]) == {}
            assert tx.tree(SLOTS, [(0, 0)]) == {}
            assert list(tx.sealed()) == []
            assert tx.checkpoint() is None
            assert (tx.given(A), tx.receipts(A)) == ([], [])

    def test_a_transaction_for_reading_seals_nothing(self, store: Store) -> None:
        fill(store, A, 1)
        with store.begin(write=False) as tx:
            for write in (
                lambda: tx.put_slots([_slot(0, A, 1)]),
                lambda: tx.put_tree(SLOTS, [NodeRow(0, 0, _hash(1))]),
                lambda: tx.add_sealed([_leaf(0)]),
                lambda: tx.put_checkpoint(CheckpointRow(1, _hash(1), b"", 1, None)),
                lambda: tx.put_given(GivenRow(A, 1, "y", NOON, b"", b"")),
                lambda: tx.put_receipt(ReceiptRow(A, 1, "k", b"")),
            ):
                assert str(raises(AssertionError, write)) == (
                    "the transaction was begun for reading only"
                )
