"""A store in memory: for tests, trials and notebooks. It ends with its process.

One transaction at a time: a lock is held while a `begin` block runs, so a reader sees one
state throughout. A writer that raises is taken back step by step, newest first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

from contactledger.errors import StoreBusy, StoreError
from contactledger.store.memory_sealing import DOUBLE, Account, MemorySealing, State
from contactledger.store.port import (
    NOTHING_AHEAD,
    AccountRow,
    Batch,
    DisclosureRow,
    EntryRow,
    InboxRow,
    LedgerRow,
    LookupRow,
    Scrub,
)

TIMEOUT_SECONDS = 10.0
"""How long to wait for another thread's transaction."""


class MemoryStore:
    """A `Store` in memory. Threads may share it; StoreBusy after `timeout_seconds`."""

    def __init__(self, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._state = State()
        self._lock = RLock()
        self._timeout_seconds = timeout_seconds
        self._writing = False

    @property
    def commits(self) -> bool:
        """See the port."""
        return True

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[MemoryTransaction]:
        """A transaction, see the port. A second writer inside a writer's block is StoreBusy."""
        if not self._lock.acquire(timeout=self._timeout_seconds):
            raise StoreBusy("another thread holds the store for longer than the timeout")
        try:
            if write and self._writing:
                raise StoreBusy("this thread is writing already")
            yield from self._run(MemoryTransaction(self._state, write=write), write)
        finally:
            self._lock.release()

    def _run(self, transaction: MemoryTransaction, write: bool) -> Iterator[MemoryTransaction]:
        before, self._writing = self._writing, self._writing or write
        try:
            yield transaction
        except BaseException:
            transaction.take_back()
            raise
        finally:
            self._writing = before
            transaction.end()

    def scrub(self) -> Scrub:
        """See the port: there are no files."""
        return Scrub(True, "copies of the process's memory (swap, core dumps) are not reached")

    def close(self) -> None:
        """Nothing to let go of: what was recorded stays readable as long as the object."""


class MemoryTransaction(MemorySealing):
    """A `Transaction` over dictionaries, with a list of how to take each step back."""

    streams = False

    def end(self) -> None:
        """The block is over."""
        self._guard.end()

    def take_back(self) -> None:
        """Leave everything as it was when the block began."""
        while self._undo:
            self._undo.pop()()

    def ledger(self) -> LedgerRow | None:
        """See the port."""
        self._guard.reading()
        return self._state.ledger.get(1)

    def make_ledger(self, row: LedgerRow) -> None:
        """See the port."""
        self._guard.writing()
        if self._state.ledger:
            raise StoreError(DOUBLE)
        self._put(self._state.ledger, 1, row)

    def claim(self) -> None:
        """See the port: nobody else can be writing."""
        self._guard.writing()

    def add_account(self, account: str) -> None:
        """See the port."""
        self._guard.writing()
        if account in self._state.accounts:
            raise StoreError(DOUBLE)
        head = AccountRow(account, 0, b"", None)
        self._put(self._state.accounts, account, Account(head))
        self._guard.hold(head)

    def lock(
        self,
        accounts: Collection[str],
        ahead: Mapping[str, Collection[bytes]] = NOTHING_AHEAD,  # noqa: ARG002 # all is at hand
    ) -> dict[str, AccountRow]:
        """See the port."""
        self._guard.writing()
        known = {a: self._state.accounts[a] for a in sorted(accounts) if a in self._state.accounts}
        for kept in known.values():
            self._guard.hold(kept.head)
        return {account: kept.head for account, kept in known.items()}

    def heads(self, after: str = "", limit: int = 1_000) -> list[AccountRow]:
        """See the port."""
        self._guard.reading()
        names = sorted(name for name in self._state.accounts if name > after)
        return [self._state.accounts[name].head for name in names[:limit]]

    def head(self, account: str) -> AccountRow | None:
        """See the port."""
        self._guard.reading()
        kept = self._state.accounts.get(account)
        return None if kept is None else kept.head

    def append(self, batch: Batch) -> None:
        """See the port."""
        self._guard.appending(batch)
        kept = self._state.accounts[batch.head.account]
        self._set_head(kept, batch.head)
        account = batch.head.account
        self._add(account, batch.entries, batch.disclosures, batch.lookups, batch.blobs)
        for digest, no in batch.seen:
            if digest not in kept.seen:
                self._put(kept.seen, digest, no)
        for level, index, node in batch.nodes:
            self._put(kept.nodes, (level, index), node)
        self._put(self._state.unsealed, batch.head.account, True)

    def _set_head(self, kept: Account, head: AccountRow) -> None:
        self._undo.append(lambda before=kept.head: setattr(kept, "head", before))  # type: ignore[misc]
        kept.head = head

    def _set_entries(self, kept: Account, entries: list[EntryRow]) -> None:
        self._undo.append(lambda before=kept.entries: setattr(kept, "entries", before))  # type: ignore[misc]
        kept.entries = entries

    def _add(
        self,
        account: str,
        entries: Sequence[EntryRow],
        disclosures: Sequence[DisclosureRow],
        lookups: Sequence[LookupRow],
        blobs: Sequence[tuple[str, bytes]],
    ) -> None:
        kept = self._state.accounts[account]
        count = len(kept.entries)

        def shorten() -> None:
            del kept.entries[count:]

        self._undo.append(shorten)
        kept.entries.extend(entries)
        for row in disclosures:
            rows = [*kept.disclosures.get(row.no, ()), row]
            self._put(kept.disclosures, row.no, sorted(rows))
        for look in lookups:
            self._put(self._state.lookups.setdefault(look.ref, {}), (look.account, look.id), look)
        for sha256, body in blobs:
            if sha256 not in kept.blobs:
                self._put(kept.blobs, sha256, body)

    def drop_entries(self, account: str, archived: bytes) -> None:
        """See the port."""
        self._guard.leaving(account, archived)
        kept = self._state.accounts[account]
        self._set_head(kept, kept.head._replace(archived=archived))
        self._set_entries(kept, kept.entries[:1])
        for no in [no for no in kept.disclosures if no > 0]:
            self._drop(kept.disclosures, no)
        for sha256 in list(kept.blobs):
            self._drop(kept.blobs, sha256)

    def put_back(
        self,
        account: str,
        entries: Sequence[EntryRow],
        disclosures: Sequence[DisclosureRow] = (),
        lookups: Sequence[LookupRow] = (),
        blobs: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """See the port."""
        self._guard.coming_back(account)
        if entries and entries[0].no < len(self._state.accounts[account].entries):
            raise StoreError(DOUBLE)
        self._add(account, entries, disclosures, lookups, blobs)

    def end_archive(self, account: str) -> None:
        """See the port."""
        self._guard.coming_back(account, last=True)
        kept = self._state.accounts[account]
        self._set_head(kept, kept.head._replace(archived=None))

    def entries(self, account: str, start: int = 0, stop: int | None = None) -> Iterator[EntryRow]:
        """See the port."""
        self._guard.reading()
        kept = self._state.accounts.get(account)
        return iter(() if kept is None else kept.entries[start:stop])

    def entries_of(self, account: str, kinds: Collection[str]) -> list[EntryRow]:
        """See the port."""
        return [row for row in self.entries(account) if row.kind in kinds]

    def disclosures(
        self, account: str, start: int = 0, stop: int | None = None
    ) -> Iterator[DisclosureRow]:
        """See the port."""
        self._guard.reading()
        kept = self._state.accounts.get(account)
        if kept is None:
            return iter(())
        numbers = range(*slice(start, stop).indices(len(kept.entries)))
        return iter([row for no in numbers for row in kept.disclosures.get(no, ())])

    def openings(self, accounts: Collection[str]) -> dict[str, tuple[bytes, list[str]]]:
        """See the port."""
        self._guard.reading()
        there = {id_: self._state.accounts[id_] for id_ in accounts if id_ in self._state.accounts}
        return {
            id_: (kept.entries[0].record, [row.body for row in kept.disclosures.get(0, ())])
            for id_, kept in there.items()
            if kept.entries
        }

    def records(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
        """See the port."""
        return {
            (account, no): r.record
            for account, no in places
            for r in self.entries(account, no, no + 1)
        }

    def blob(self, account: str, sha256: str) -> bytes | None:
        """See the port."""
        self._guard.reading()
        kept = self._state.accounts.get(account)
        return None if kept is None else kept.blobs.get(sha256)

    def find(self, refs: Collection[bytes], account: str | None = None) -> list[LookupRow]:
        """See the port."""
        return [row for row in self._found(refs) if account is None or row.account == account]

    def find_few(self, refs: Collection[bytes], most: int) -> list[LookupRow]:
        """See the port."""
        return self._found(refs)[:most]

    def find_newest(self, ref: bytes, account: str, most: int) -> list[LookupRow]:
        """See the port."""
        return self.find([ref], account)[-most:]

    def find_within(self, ref: bytes, accounts: Collection[str]) -> list[LookupRow]:
        """See the port."""
        return [row for row in self._found([ref]) if row.account in accounts]

    def _found(self, refs: Collection[bytes]) -> list[LookupRow]:
        self._guard.reading()
        rows = [row for ref in set(refs) for row in self._state.lookups.get(ref, {}).values()]
        return sorted(rows, key=lambda row: (row.ref, row.account, row.no, row.id))

    def lookups_from(self, after: LookupRow | None = None, limit: int = 1_000) -> list[LookupRow]:
        """See the port."""
        self._guard.reading()
        rows = [row for there in self._state.lookups.values() for row in there.values()]
        return sorted(rows if after is None else [r for r in rows if r[:3] > after[:3]])[:limit]

    def seen(self, account: str, digests: Collection[bytes]) -> dict[bytes, int]:
        """See the port."""
        self._guard.reading()
        kept = self._state.accounts.get(account)
        known = {} if kept is None else kept.seen
        return {digest: known[digest] for digest in digests if digest in known}

    def erase(
        self,
        account: str,
        digests: Iterable[tuple[int, str]],
        blobs: Iterable[str] = (),
        lookups: Iterable[tuple[bytes, str]] = (),
    ) -> None:
        """See the port."""
        self._guard.writing()
        kept = self._state.accounts.get(account)
        if kept is None:
            return
        for no, digest in digests:
            rows = [row for row in kept.disclosures.get(no, ()) if row.digest != digest]
            self._put(kept.disclosures, no, rows)
        for sha256 in blobs:
            self._drop(kept.blobs, sha256)
        for ref, id_ in lookups:
            self._drop(self._state.lookups.get(ref, {}), (account, id_))

    def inbox_put(self, row: InboxRow) -> None:
        """See the port."""
        self._guard.writing()
        self._put(self._state.inbox, row.id, row)

    def inbox_get(self, id: str) -> InboxRow | None:  # noqa: A002
        """See the port."""
        self._guard.reading()
        return self._state.inbox.get(id)

    def inbox(
        self, states: Collection[str] = (), limit: int = 1_000, after: InboxRow | None = None
    ) -> list[InboxRow]:
        """See the port."""
        self._guard.reading()
        rows = [row for row in self._state.inbox.values() if not states or row.state in states]
        if after is not None:
            rows = [row for row in rows if _age(row) > _age(after)]
        return sorted(rows, key=_age)[:limit]

    def inbox_until(self, state: str, until: datetime, limit: int = 1_000) -> list[str]:
        """See the port."""
        return [row.id for row in self.inbox([state]) if row.received_at <= until][:limit]

    def inbox_counts(self, states: Collection[str]) -> list[tuple[str, str, int]]:
        """See the port."""
        self._guard.reading()
        rows = [row for row in self._state.inbox.values() if row.state in states]
        counts = Counter((row.source, row.state) for row in rows)
        return [(source, state, count) for (source, state), count in sorted(counts.items())]

    def inbox_drop(self, ids: Collection[str]) -> None:
        """See the port."""
        self._guard.writing()
        for id_ in ids:
            self._drop(self._state.inbox, id_)


def _age(row: InboxRow) -> tuple[datetime, str]:
    return row.received_at, row.id
