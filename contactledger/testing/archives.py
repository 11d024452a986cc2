"""What every store does for archiving: entries out, and the same entries back."""

# The names of the tests say the facts they prove, and asserting is what they are for.
# ruff: noqa: D102, S101

from __future__ import annotations

from contactledger.errors import StoreError
from contactledger.store.port import AccountRow, DisclosureRow, LookupRow, SeenRow, Store
from contactledger.store.sealing import NodeRow, SlotRow
from contactledger.testing.rows import A, B, C, Stop, append_next, batch_of, entry_row, raises

FILE = b"f" * 32
_ENTRIES = [entry_row(no) for no in range(4)]
_PARTS = [DisclosureRow(no, "f", "", f"d{no}", "x") for no in range(4)]
_LOOKUPS = [LookupRow(b"r" * 16, A, "i" * 26, 2, "touch")]
_BLOBS = [("s" * 64, b"body")]


class ArchiveSuite:
    """What a store does for archiving, whoever commits it."""

    def test_entries_leave_and_what_proves_them_stays(self, store: Store) -> None:
        seen, node = SeenRow(b"d" * 32, 1), NodeRow(8, 0, b"n" * 32)
        _fill(store, seen, node)
        with store.begin(write=True) as tx:
            head = tx.lock([A])[A]
            assert head.archived is None
            tx.drop_entries(A, FILE)
            assert tx.head(A) == head._replace(archived=FILE)
        with store.begin(write=False) as tx:
            assert tx.head(A) == AccountRow(A, 4, head.frontier, head.recorded_at, FILE)
            assert [row.archived for row in tx.heads()] == [FILE, None]
            assert list(tx.entries(A)) == _ENTRIES[:1]
            assert list(tx.disclosures(A)) == _PARTS[:1]
            assert tx.openings([B, A, C, A]) == dict.fromkeys([A, B], (b"{}", ["x"]))
            assert tx.openings([]) == {}
            assert tx.leaves(A, 0, 9) == [_ENTRIES[0].leaf]
            assert tx.blob(A, "s" * 64) is None
            assert tx.find([b"r" * 16]) == _LOOKUPS  # look-ups go by `erase`
            assert tx.seen(A, [b"d" * 32]) == {b"d" * 32: 1}
            assert tx.nodes(A, 8, 0, 9) == [b"n" * 32]
            assert tx.slots([A]) == {A: SlotRow(1, A, 4, b"{}")}
            assert tx.unsealed() == [tx.head(B)]
            assert list(tx.entries(B)) == _ENTRIES[:1]
            assert tx.blob(B, "s" * 64) == b"body"

    def test_entries_come_back_as_they_were(self, store: Store) -> None:
        _fill(store)
        with store.begin(write=True) as tx:
            before = tx.lock([A])[A]
            tx.drop_entries(A, FILE)
        with store.begin(write=True) as tx:
            assert tx.lock([A])[A].archived == FILE
            tx.put_back(A, _ENTRIES[1:3], _PARTS[1:3], _LOOKUPS)
            tx.put_back(A, _ENTRIES[3:], _PARTS[3:], blobs=_BLOBS)
            tx.end_archive(A)
        with store.begin(write=False) as tx:
            assert tx.head(A) == before
            assert list(tx.entries(A)) == _ENTRIES
            assert list(tx.disclosures(A)) == _PARTS
            assert tx.blob(A, "s" * 64) == b"body"
            assert tx.find([b"r" * 16]) == _LOOKUPS
        with store.begin(write=True) as tx:
            append_next(tx, A)
            assert [row.no for row in tx.entries(A)] == [0, 1, 2, 3, 4]

    def test_moving_them_is_taken_back_with_its_transaction(self, store: Store) -> None:
        _fill(store)

        def leave() -> None:
            with store.begin(write=True) as tx:
                tx.lock([A])
                tx.drop_entries(A, FILE)
                tx.put_back(A, _ENTRIES[1:2], _PARTS[1:2], blobs=_BLOBS)
                raise Stop

        raises(Stop, leave)
        with store.begin(write=False) as tx:
            assert tx.head(A) == batch_of(A, _ENTRIES).head
            assert list(tx.entries(A)) == _ENTRIES
            assert list(tx.disclosures(A)) == _PARTS
            assert tx.blob(A, "s" * 64) == b"body"

    def test_an_archived_account_takes_only_what_it_gave(self, store: Store) -> None:
        _fill(store)

        def refused(archived: bool, name: str, *values: object) -> str:
            def use() -> None:
                with store.begin(write=True) as tx:
                    tx.lock([A])
                    if archived:
                        tx.drop_entries(A, FILE)
                    getattr(tx, name)(*values)

            return str(raises(AssertionError, use))

        batch = batch_of(A, [entry_row(4)])
        assert refused(True, "append", batch) == "the account is archived"
        assert refused(True, "drop_entries", A, FILE) == "the account is archived"
        assert refused(False, "put_back", A, _ENTRIES[1:]) == "the account is not archived"
        assert refused(False, "end_archive", A) == "the account is not archived"
        for name, values in (
            ("drop_entries", (B, FILE)),
            ("put_back", (B, [])),
            ("end_archive", (B,)),
        ):
            assert refused(False, name, *values) == "the account is not locked in this transaction"

        def twice() -> None:
            with store.begin(write=True) as tx:
                tx.lock([A])
                tx.drop_entries(A, FILE)
                tx.put_back(A, _ENTRIES[:2])

        assert str(raises(StoreError, twice)) == "a row with this key is there already"


def _fill(store: Store, *more: SeenRow | NodeRow) -> None:
    """An account with a little of everything, sealed, and another of one entry, which is not."""
    seen = [row for row in more if isinstance(row, SeenRow)]
    nodes = [row for row in more if isinstance(row, NodeRow)]
    with store.begin(write=True) as tx:
        for account in (A, B):
            tx.add_account(account)
        tx.append(batch_of(A, _ENTRIES, _PARTS, _LOOKUPS, _BLOBS, seen, nodes))
        tx.append(batch_of(B, _ENTRIES[:1], _PARTS[:1], blobs=_BLOBS))
        tx.put_slots([SlotRow(1, A, 4, b"{}")])
