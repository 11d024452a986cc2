"""What every store must do with look-ups: from references to entries, in one account or in all."""

# ruff: noqa: D102, S101

from __future__ import annotations

from contactledger.store.port import LookupRow, Store
from contactledger.testing.rows import A, B, C, batch_of, entry_row


class LookupSuite:
    """A part of `contactledger.testing.StoreSuite`."""

    def test_a_look_up_leads_to_the_newest_entry(self, store: Store) -> None:
        ref, id_ = b"r" * 16, "i" * 26
        first = LookupRow(ref, A, id_, 0, "person")
        other = LookupRow(ref, A, "j" * 26, 1, "person")
        newer = LookupRow(ref, A, id_, 2, "address")
        with store.begin(write=True) as tx:
            tx.add_account(A)
            entries = [entry_row(no) for no in range(3)]
            tx.append(batch_of(A, entries, lookups=[first, other, newer]))
            assert tx.find([ref]) == [other, newer]

    def test_a_few_look_ups_and_those_of_some_accounts(self, store: Store) -> None:
        refs = [no.to_bytes(16, "big") for no in range(1_300)]
        shared, rows = b"s" * 16, []
        with store.begin(write=True) as tx:
            for account in (A, B, C):
                rows.append(LookupRow(shared, account, "i" * 26, 0, "address"))
                tx.add_account(account)
                tx.append(batch_of(account, [entry_row(0)], lookups=[rows[-1]]))
            own = [LookupRow(ref, A, "i" * 26, 0, "touch") for ref in refs]
            tx.append(batch_of(A, [entry_row(1)], lookups=own))
        with store.begin(write=False) as tx:
            assert tx.find_few([shared, shared, b"n" * 16], 4) == rows
            assert tx.find_few([], 4) == []
            for most in (1, 3):
                few = tx.find_few([shared], most)
                assert (len(few), set(few) <= set(rows)) == (most, True)
            assert len(tx.find_few([*refs, shared], 5)) == 5
            assert len(tx.find_few([*refs, shared], 9_999)) == len(refs) + 3
            assert tx.find_within(shared, [C, A, C]) == [rows[0], rows[2]]
            assert tx.find_within(shared, [A * 2]) == tx.find_within(shared, []) == []
            assert tx.find_within(b"n" * 16, [A]) == []

    def test_of_one_reference_in_one_account_the_newest_look_ups(self, store: Store) -> None:
        ref, other = b"r" * 16, b"s" * 16
        ids = [letter * 26 for letter in "zaymbx"]
        rows = [LookupRow(ref, A, id_, no // 2, "reach") for no, id_ in enumerate(ids)]
        with store.begin(write=True) as tx:
            for account, some in ((A, rows), (B, [rows[0]._replace(account=B)])):
                tx.add_account(account)
                tx.append(batch_of(account, [entry_row(no) for no in range(3)], lookups=some))
            tx.append(
                batch_of(A, [entry_row(3)], lookups=[LookupRow(other, A, ids[0], 3, "reach")])
            )
        with store.begin(write=False) as tx:
            in_order = sorted(rows, key=lambda row: (row.no, row.id))
            assert tx.find_newest(ref, A, 10) == in_order
            assert tx.find_newest(ref, A, 3) == in_order[3:]
            assert tx.find_newest(ref, C, 3) == []

    def test_entries_of_some_kinds_are_found_among_all(self, store: Store) -> None:
        kinds = ["opened", "touch", "hold", "touch", "retraction", "hold"]
        rows = [entry_row(no)._replace(kind=kind) for no, kind in enumerate(kinds)]
        with store.begin(write=True) as tx:
            for account, some in ((A, rows), (B, rows[:3])):
                tx.add_account(account)
                tx.append(batch_of(account, some))
        with store.begin(write=False) as tx:
            assert tx.entries_of(A, ["retraction", "hold"]) == [rows[2], rows[4], rows[5]]
            assert tx.entries_of(B, ["hold"]) == rows[2:3]
            assert tx.entries_of(A, ["alias"]) == tx.entries_of(A, []) == []
            assert tx.entries_of(C, ["hold"]) == []

    def test_records_of_several_accounts_come_at_once(self, store: Store) -> None:
        with store.begin(write=True) as tx:
            for account, number in ((A, 3), (B, 1)):
                tx.add_account(account)
                tx.append(batch_of(account, [entry_row(no) for no in range(number)]))
            asked = [(B, 0), (A, 2), (A, 0), (A, 3), (C, 0), (B, 0)]
            records = {(row, no): entry_row(no).record for row, no in ((A, 0), (A, 2), (B, 0))}
            assert tx.records(asked) == records
            many = {(A, no): entry_row(no).record for no in range(3)}
            assert tx.records([(A, no) for no in range(1_300)]) == many
            assert tx.records([]) == {}

    def test_of_many_look_ups_those_that_are_there_lead_to_the_newest(self, store: Store) -> None:
        for account, count, kind in ((A, 3, "touch"), (B, 40, "touch"), (C, 40, "address")):
            refs = [no.to_bytes(16, "big") for no in range(count)]
            old = [LookupRow(ref, account, "i" * 26, 0, kind) for ref in refs[:2]]
            new = [LookupRow(ref, account, "i" * 26, 1, kind) for ref in refs]
            with store.begin(write=True) as tx:
                tx.add_account(account)
                tx.append(batch_of(account, [entry_row(0)], lookups=[*old, *old]))
                tx.append(batch_of(account, [entry_row(1)], lookups=[*old, *new]))
                assert tx.find(refs, account) == new

    def test_look_ups_are_found_however_many_are_asked_for(self, store: Store) -> None:
        count = 1_300
        refs = [no.to_bytes(16, "big") for no in range(count)]
        rows = [LookupRow(ref, A, "i" * 26, 0, "touch") for ref in refs]
        elsewhere = LookupRow(refs[7], B, "i" * 26, 0, "touch")
        with store.begin(write=True) as tx:
            tx.add_account(A)
            tx.append(batch_of(A, [entry_row(0)], lookups=rows))
            tx.add_account(B)
            tx.append(batch_of(B, [entry_row(0)], lookups=[elsewhere]))
        with store.begin(write=False) as tx:
            assert tx.find(refs[::-1], A) == rows
            assert tx.find([refs[7], refs[7]]) == [rows[7], elsewhere]
            assert tx.find([b"?" * 16, refs[9]]) == [rows[9]]

    def test_all_look_ups_are_gone_through_in_pages(self, store: Store) -> None:
        keys = [
            (ref * 16, account, id_) for ref in (b"a", b"b") for account in (A, B) for id_ in "ij"
        ]
        rows = [LookupRow(ref, account, id_ * 26, 0, "touch") for ref, account, id_ in keys]
        with store.begin(write=True) as tx:
            for account in (B, A):
                tx.add_account(account)
                theirs = [row for row in rows if row.account == account]
                tx.append(batch_of(account, [entry_row(0)], lookups=theirs))
        with store.begin(write=False) as tx:
            assert tx.lookups_from() == rows
            assert tx.lookups_from(limit=3) == rows[:3]
            assert tx.lookups_from(rows[2], 3) == rows[3:6]
            assert tx.lookups_from(rows[-1]) == []
