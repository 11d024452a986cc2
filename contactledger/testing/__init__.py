"""For the tests of those who use or extend the library.

`StoreSuite` states what every store must do. Subclass it and give it a `store` fixture::

    class TestMyStore(StoreSuite):
        @pytest.fixture
        def store(self):
            store = MyStore()
            yield store
            store.close()

A store that joins a host's transaction, and so neither commits nor serves two threads,
passes `JoinedStoreSuite`. `pytest.register_assert_rewrite("contactledger.testing")` in a
conftest.py, before this module is imported, makes a failure show the two sides.
"""

# The names of the tests say the facts they prove, and asserting is what they are for.
# ruff: noqa: D102, S101

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from contactledger.errors import StoreError
from contactledger.store.port import (
    AccountRow,
    Batch,
    DisclosureRow,
    EntryRow,
    InboxRow,
    LedgerRow,
    LookupRow,
    SeenRow,
    Store,
)
from contactledger.testing.archives import ArchiveSuite
from contactledger.testing.lookups import LookupSuite
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
from contactledger.testing.seals import SealSuite


class FixedClock:
    """A clock that stands still until it is told: `clock()` gives the time, in UTC.

    Starts on a Monday, 2026-03-02 at 09:00, unless told otherwise; naive times are refused.
    """

    def __init__(self, at: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)) -> None:
        self.set(at)

    def __call__(self) -> datetime:
        """The time it is."""
        return self._now

    def set(self, at: datetime) -> None:
        """It is now `at`, an aware time."""
        if at.tzinfo is None:
            raise ValueError("a time without a zone")
        self._now = at.astimezone(UTC)

    def forward(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> datetime:
        """So much later; gives the new time."""
        self._now += timedelta(days=days, hours=hours, seconds=seconds)
        return self._now


class JoinedStoreSuite(SealSuite, ArchiveSuite, LookupSuite):
    """What a store does inside its transactions, whoever commits them."""

    def test_a_new_store_is_empty(self, store: Store) -> None:
        with store.begin(write=False) as tx:
            assert tx.ledger() is None
            assert tx.heads() == []
            assert tx.head(A) is None
            assert list(tx.entries(A)) == []
            assert list(tx.disclosures(A)) == []
            assert tx.blob(A, "00") is None
            assert tx.find([b"r" * 16]) == []
            assert tx.find([]) == []
            assert tx.seen(A, [b"d" * 32]) == {}
            assert tx.inbox() == []
            assert tx.inbox_get("i") is None

    def test_the_ledger_is_made_once(self, store: Store) -> None:
        row = LedgerRow("l" * 26, "r" * 26, b"f" * 16, "h" * 26, b"\x00\xff" * 16)
        with store.begin(write=True) as tx:
            tx.claim()
            tx.make_ledger(row)
            assert tx.ledger() == row
        with store.begin(write=False) as tx:
            assert tx.ledger() == row
        error = raises(StoreError, lambda: self._make_again(store, row))
        assert str(error) == "a row with this key is there already"
        with store.begin(write=False) as tx:
            assert tx.ledger() == row

    def _make_again(self, store: Store, row: LedgerRow) -> None:
        with store.begin(write=True) as tx:
            tx.make_ledger(row)

    def test_the_secret_of_a_ledger_is_not_shown(self) -> None:
        shown = repr(LedgerRow("l" * 26, "r" * 26, b"f" * 16, "h" * 26, b"secret"))
        assert shown == (
            f"LedgerRow(id={'l' * 26!r}, recorder={'r' * 26!r}, "
            f"recorder_ref={b'f' * 16!r}, house={'h' * 26!r})"
        )

    def test_a_new_account_has_an_empty_log(self, store: Store) -> None:
        with store.begin(write=True) as tx:
            tx.add_account(A)
            assert tx.head(A) == AccountRow(A, 0, b"", None)
        error = raises(StoreError, lambda: fill(store, A, 1))
        assert str(error) == "a row with this key is there already"
        with store.begin(write=False) as tx:
            assert tx.heads() == [AccountRow(A, 0, b"", None)]

    def test_rows_come_back_as_they_went_in(self, store: Store) -> None:
        entries = [entry_row(0), entry_row(1, seconds=5, record=bytes(range(256)))]
        disclosures = [
            DisclosureRow(0, "b", "", "d1", "x"),
            DisclosureRow(0, "b_c", "p", "d2", "y"),
            DisclosureRow(1, "a", "p", "d3", "z"),
        ]
        lookups = [LookupRow(b"\x00" * 16, A, "i" * 26, 0, "touch")]
        blobs, seen = [("f" * 64, b"\x00body")], [SeenRow(b"\xff" * 32, 1)]
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, entries, disclosures[::-1], lookups, blobs, seen))
        with store.begin(write=False) as tx:
            assert tx.head(A) == AccountRow(A, 2, b"\x01" * 64, entries[1].recorded_at)
            assert list(tx.entries(A)) == entries
            assert list(tx.disclosures(A)) == disclosures
            assert tx.find([b"\x00" * 16]) == lookups
            assert tx.blob(A, "f" * 64) == b"\x00body"
            assert tx.seen(A, [b"\xff" * 32, b"\x00" * 32]) == {b"\xff" * 32: 1}
            row = next(tx.entries(A))
            assert (type(row), type(row.record), row.at.tzinfo) == (EntryRow, bytes, UTC)

    def test_times_are_kept_to_the_microsecond_from_the_first_to_the_last_year(
        self, store: Store
    ) -> None:
        first = datetime(1, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
        last = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        row = entry_row(0)._replace(at=first, recorded_at=last)
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [row]))
        with store.begin(write=False) as tx:
            assert list(tx.entries(A)) == [row]
            assert tx.head(A) == AccountRow(A, 1, row.leaf * 2, last)

    def test_entries_and_disclosures_come_by_number(self, store: Store) -> None:
        count = 2_100
        disclosures = [DisclosureRow(no, "f", "", f"d{no}", "x") for no in range(count)]
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [entry_row(no) for no in range(count)], disclosures))
        with store.begin(write=False) as tx:
            assert [row.no for row in tx.entries(A)] == list(range(count))
            assert [row.no for row in tx.entries(A, 999, 1_002)] == [999, 1_000, 1_001]
            assert [row.no for row in tx.entries(A, 2_098)] == [2_098, 2_099]
            assert [row.no for row in tx.entries(A, 2_099, 9_999)] == [2_099]
            assert [row.no for row in tx.entries(A, 5, 5)] == []
            assert list(tx.disclosures(A)) == disclosures
            assert list(tx.disclosures(A, 999, 1_001)) == disclosures[999:1_001]

    def test_accounts_do_not_see_each_other(self, store: Store) -> None:
        look = LookupRow(b"r" * 16, A, "i" * 26, 0, "touch")
        body = DisclosureRow(0, "f", "", "d", "x")
        with store.begin(write=True) as tx:
            for account in (A, B):
                tx.add_account(account)
            seen = [SeenRow(b"d" * 32, 0)]
            tx.append(batch_of(A, [entry_row(0)], [body], [look], [("s", b"A")], seen))
        with store.begin(write=False) as tx:
            assert list(tx.entries(B)) == []
            assert list(tx.disclosures(B)) == []
            assert tx.blob(B, "s") is None
            assert tx.seen(B, [b"d" * 32]) == {}
            assert tx.find([b"r" * 16], B) == []
            assert tx.find([b"r" * 16], A) == [look]

    def test_heads_come_in_order_and_in_pages(self, store: Store) -> None:
        with store.begin(write=True) as tx:
            for account in (B, C, A):
                tx.add_account(account)
        with store.begin(write=False) as tx:
            assert [head.account for head in tx.heads()] == [A, B, C]
            assert [head.account for head in tx.heads(limit=2)] == [A, B]
            assert [head.account for head in tx.heads(after=B)] == [C]

    def test_locking_gives_the_heads_that_exist(self, store: Store) -> None:
        fill(store, B, 2)
        fill(store, A, 1)
        with store.begin(write=True) as tx:
            heads = tx.lock({B, C, A})
            assert list(heads) == [A, B]
            assert {account: head.size for account, head in heads.items()} == {A: 1, B: 2}
            assert tx.lock([]) == {}

    def test_what_is_looked_up_ahead_is_found_as_it_is(self, store: Store) -> None:
        old, new = (LookupRow(r * 16, A, "i" * 26, n, "touch") for n, r in enumerate((b"o", b"n")))
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [entry_row(0)], lookups=[old]))
        with store.begin(write=True) as tx:
            tx.lock([A], {A: {old.ref, new.ref}, B: ()})
            assert tx.find([new.ref, old.ref, old.ref], A) == [old]
            tx.append(batch_of(A, [entry_row(1)], lookups=[new]))
            assert tx.find([old.ref, new.ref], A) == [new, old]

    def test_a_transaction_reads_what_it_wrote(self, store: Store) -> None:
        fill(store, A, 1)
        with store.begin(write=True) as tx:
            append_next(tx, A, 2)
            tx.append(batch_of(A, [entry_row(3)]))
            assert [row.no for row in tx.entries(A)] == [0, 1, 2, 3]
            assert tx.lock([A])[A].size == 4

    def test_a_block_that_raises_leaves_nothing(self, store: Store) -> None:
        fill(store, A, 1)
        inbox = InboxRow("i", NOON, "s", "none", "new", "", 0, b"{}", b"b")
        kept = LookupRow(b"k" * 16, A, "i" * 26, 0, "touch")
        body = DisclosureRow(1, "f", "", "d", "x")
        with store.begin(write=True) as tx:
            tx.inbox_put(inbox)
            tx.lock([A])
            tx.append(batch_of(A, [entry_row(1)], [body], [kept], [("s", b"A")]))

        def fails() -> None:
            with store.begin(write=True) as tx:
                tx.make_ledger(LedgerRow("l", "r", b"f", "h", b"s"))
                tx.add_account(B)
                tx.lock([A])
                moved = kept._replace(no=2)
                new = LookupRow(b"n" * 16, A, "i" * 26, 2, "touch")
                more = DisclosureRow(2, "f", "", "d", "x")
                blobs, seen = [("t", b"B")], [SeenRow(b"d" * 32, 2)]
                tx.append(batch_of(A, [entry_row(2)], [more], [moved, new], blobs, seen))
                tx.erase(A, [(1, "d")], ["s"], [(b"k" * 16, "i" * 26)])
                tx.inbox_put(inbox._replace(state="done"))
                tx.inbox_put(inbox._replace(id="j"))
                tx.inbox_drop(["i"])
                raise Stop

        raises(Stop, fails)
        with store.begin(write=False) as tx:
            assert tx.ledger() is None
            assert [(head.account, head.size) for head in tx.heads()] == [(A, 2)]
            assert [row.no for row in tx.entries(A)] == [0, 1]
            assert list(tx.disclosures(A)) == [body]
            assert tx.find([b"k" * 16, b"n" * 16]) == [kept]
            assert (tx.blob(A, "s"), tx.blob(A, "t")) == (b"A", None)
            assert tx.seen(A, [b"d" * 32]) == {}
            assert tx.inbox() == [inbox]
        with store.begin(write=True) as tx:
            append_next(tx, A)
            assert [row.no for row in tx.entries(A)] == [0, 1, 2]

    def test_a_blob_or_event_that_is_there_stays(self, store: Store) -> None:
        digest = b"d" * 32
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [entry_row(0)], blobs=[("s", b"x")], seen=[SeenRow(digest, 0)]))
            tx.append(batch_of(A, [entry_row(1)], blobs=[("s", b"y")], seen=[SeenRow(digest, 1)]))
            assert tx.blob(A, "s") == b"x"
            assert tx.seen(A, [digest]) == {digest: 0}

    def test_erasing_takes_what_is_named_and_nothing_else(self, store: Store) -> None:
        ref, id_ = b"r" * 16, "i" * 26
        disclosures = [DisclosureRow(0, "f", person, person, "x") for person in ("p", "q")]
        lookups = [LookupRow(ref, A, id_, 0, "touch"), LookupRow(ref, A, "j" * 26, 0, "touch")]
        blobs, seen = [("s", b"x"), ("t", b"y")], [SeenRow(b"d" * 32, 0)]
        fill(store, B, 1)
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [entry_row(0)], disclosures, lookups, blobs, seen))
        with store.begin(write=True) as tx:
            tx.erase(B, [(0, "p")], ["s"], [(ref, id_)])
            tx.erase(C, [(0, "p")], ["s"], [(ref, id_)])
            assert list(tx.disclosures(A)) == disclosures
            tx.erase(A, [(0, "p"), (0, "?"), (9, "q")], ["s", "?"], [(ref, id_), (b"?", id_)])
        with store.begin(write=False) as tx:
            assert list(tx.disclosures(A)) == disclosures[1:]
            assert (tx.blob(A, "s"), tx.blob(A, "t")) == (None, b"y")
            assert tx.find([ref]) == lookups[1:]
            assert tx.seen(A, [b"d" * 32]) == {b"d" * 32: 0}
            assert [row.no for row in tx.entries(A)] == [0]

    def test_the_inbox_keeps_replaces_and_drops_bodies(self, store: Store) -> None:
        def row(name: str, minutes: int, state: str) -> InboxRow:
            at = NOON + timedelta(minutes=minutes)
            return InboxRow(name, at, "sendgrid", "none", state, "", 0, b"{}", b"\x00" + b"b")

        late, early, same = row("a", 2, "new"), row("c", 1, "unknown"), row("b", 2, "done")
        with store.begin(write=True) as tx:
            for one in (late, early, same):
                tx.inbox_put(one)
            assert tx.inbox() == [early, late, same]
            assert tx.inbox(limit=1) == [early]
            assert tx.inbox(["new", "done"]) == [late, same]
            assert tx.inbox(["new", "done"], limit=1) == [late]
            assert tx.inbox(limit=1, after=early) == [late]
            assert tx.inbox(["new", "done"], after=early) == [late, same]
            assert tx.inbox(["new", "done"], after=late) == [same]
            assert tx.inbox(after=same) == []
            assert tx.inbox(["done", "new", "new", "unknown"], limit=2) == [early, late]
            assert tx.inbox(["failed", "beat"]) == []
            assert tx.inbox_counts(["unknown", "new", "failed"]) == [
                ("sendgrid", "new", 1),
                ("sendgrid", "unknown", 1),
            ]
            assert tx.inbox_counts([]) == []
            tx.inbox_put(late._replace(id="d", state="done"))
            assert tx.inbox_until("done", NOON + timedelta(minutes=2)) == ["b", "d"]
            assert tx.inbox_until("done", NOON + timedelta(minutes=2), limit=1) == ["b"]
            assert tx.inbox_until("done", NOON + timedelta(minutes=1)) == []
            tx.inbox_drop(["d"])
            tried = early._replace(state="failed", reason="too-large", tries=3)
            tx.inbox_put(tried)
            assert tx.inbox_get("c") == tried
            tx.inbox_drop(["a", "?"])
            tx.inbox_drop([])
        with store.begin(write=False) as tx:
            assert tx.inbox() == [tried, same]

    def test_what_breaks_the_contract_is_a_bug_of_the_caller(self, store: Store) -> None:
        fill(store, A, 2)

        def try_append(batch: Batch) -> str:
            def run() -> None:
                with store.begin(write=True) as tx:
                    tx.lock([A])
                    tx.append(batch)

            return str(raises(AssertionError, run))

        back = entry_row(2, seconds=-1)
        assert try_append(batch_of(B, [entry_row(0)])) == (
            "the account is not locked in this transaction"
        )
        assert try_append(batch_of(A, [entry_row(3)])) == (
            "the entries do not go on from the account's size"
        )
        assert try_append(batch_of(A, [back])) == "recorded_at goes back"
        assert try_append(Batch(AccountRow(A, 9, b"", NOON), [entry_row(2)])) == (
            "the new head is not that of the last entry"
        )
        with store.begin(write=False) as tx:
            assert [row.no for row in tx.entries(A)] == [0, 1]

    def test_a_transaction_for_reading_refuses_every_write(self, store: Store) -> None:
        fill(store, A, 1)
        with store.begin(write=False) as tx:
            for write in (
                lambda: tx.make_ledger(LedgerRow("l", "r", b"f", "h", b"s")),
                tx.claim,
                lambda: tx.add_account(B),
                lambda: tx.lock([A]),
                lambda: tx.append(batch_of(A, [entry_row(1)])),
                lambda: tx.erase(A, [(0, "d")]),
                lambda: tx.inbox_put(InboxRow("i", NOON, "", "", "new", "", 0, b"", b"")),
                lambda: tx.inbox_drop(["i"]),
            ):
                assert str(raises(AssertionError, write)) == (
                    "the transaction was begun for reading only"
                )

    def test_a_transaction_ends_with_its_block(self, store: Store) -> None:
        fill(store, A, 1)
        with store.begin(write=False) as tx:
            rows = tx.entries(A)
            assert next(rows).no == 0
        for use in (tx.ledger, lambda: list(tx.disclosures(A)), lambda: tx.lock([A])):
            assert str(raises(AssertionError, use)) == "the transaction has ended"


class StoreSuite(JoinedStoreSuite):
    """What a store does that commits by itself and serves several threads."""

    def test_what_a_finished_block_wrote_another_thread_reads(self, store: Store) -> None:
        fill(store, A, 3)

        def read() -> list[int]:
            with store.begin(write=False) as tx:
                return [row.no for row in tx.entries(A)]

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(read).result() == [0, 1, 2]

    def test_eight_threads_append_without_a_gap_or_a_double(self, store: Store) -> None:
        fill(store, A, 1)
        fill(store, B, 1)

        def write(worker: int) -> None:
            for _ in range(10):
                with store.begin(write=True) as tx:
                    # named in either order, locked in order of their ids
                    heads = tx.lock([A, B] if worker % 2 else [B, A])
                    for account, head in heads.items():
                        tx.append(batch_of(account, [entry_row(head.size)]))

        with ThreadPoolExecutor(8) as pool:
            for done in [pool.submit(write, worker) for worker in range(8)]:
                done.result()
        with store.begin(write=False) as tx:
            for account in (A, B):
                assert [row.no for row in tx.entries(account)] == list(range(81))

    def test_a_claim_lets_one_writer_after_the_other_look_first(self, store: Store) -> None:
        def open_once(account: str) -> int:
            with store.begin(write=True) as tx:
                tx.claim()
                if not tx.heads():
                    tx.add_account(account)
                return len(tx.heads())

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(open_once, (A, B, C))) == [1, 1, 1]

    def test_a_reader_sees_one_state_while_others_write(self, store: Store) -> None:
        fill(store, A, 1)
        sizes = set()

        def write() -> None:
            for _ in range(20):
                with store.begin(write=True) as tx:
                    append_next(tx, A)

        def read() -> None:
            for _ in range(20):
                with store.begin(write=False) as tx:
                    head = tx.head(A)
                    assert head is not None
                    sizes.add((head.size, len(list(tx.entries(A)))))

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(write), pool.submit(read)]:
                done.result()
        assert {size for size, _ in sizes} == {count for _, count in sizes}
        assert all(size == count for size, count in sizes)
