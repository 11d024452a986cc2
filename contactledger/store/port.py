"""What a ledger asks of a store: rows in, rows out, in transactions.

A store keeps bytes and knows nothing of their meaning. `begin(write=True)` opens a
transaction that commits when its `with` block ends and is rolled back whole when the block
raises. **Durability rule: when the block has ended without an error, everything in it
survives a crash of the process, the system and the power; when it raised, nothing of it is
there.** A store that joined a host's connection opens and commits nothing itself: then the
host's commit is the moment.

The first thing a writing transaction does is `lock`, which takes the row locks of its accounts
in the order of their ids, so that two writers of the same accounts cannot deadlock and no
lock is held across accounts that a batch does not touch.

Ids are the 26-character text of the log. References (`Lookup.ref`) are 16 bytes that the
ledger makes with its own secret, so no index holds anything personal.

Rows are named tuples: a batch of them goes to the database driver as it is. What breaks this
contract (an account that is not locked, numbers with a gap, writing where only reading was
asked for) is a bug of the caller and an AssertionError.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

from attrs import field, frozen

from contactledger.errors import StoreContended
from contactledger.facts import Disclosure
from contactledger.store.sealing import NodeRow, SealTransaction

NOTHING_AHEAD: Mapping[str, Collection[bytes]] = MappingProxyType({})
LAYOUT = 3
"""Number of the table layout; another one in the database is `WrongLayout`."""


@frozen
class LedgerRow:
    """The one row of a ledger: its id, the recorder's party id and the reference of its key,
    the house log's account, the secret of all references."""

    id: str
    recorder: str
    recorder_ref: bytes
    house: str
    secret: bytes = field(repr=False)


class AccountRow(NamedTuple):
    """The head of an account's log. `frontier`: the subtree hashes, 32 bytes each, joined.

    `recorded_at` is that of the newest entry (None while empty); it never goes back.
    `archived`: the SHA-256 of the file that the entries were moved into (`drop_entries`), None
    while they are here.
    """

    account: str
    size: int
    frontier: bytes
    recorded_at: datetime | None
    archived: bytes | None = None


class EntryRow(NamedTuple):
    """One entry: its bytes, their leaf hash, and the columns copied out of them."""

    no: int
    id: str
    kind: str
    at: datetime
    recorded_at: datetime
    record: bytes
    leaf: bytes


DisclosureRow = Disclosure
"""One personal part of an entry, as the log makes it: erasable."""


class Guessed(StoreContended):
    """A transaction rested on something that is not so: it was answered from memory, and somebody
    else had written since. Nothing was written; done again, it asks."""


class LookupRow(NamedTuple):
    """A reference that leads to an entry: erasable. `kind` says what was referred to.

    One (ref, account, id) has one row, that of the newest entry: writing it again replaces
    `no` and `kind`.
    """

    ref: bytes
    account: str
    id: str
    no: int
    kind: str


class SeenRow(NamedTuple):
    """An event that was recorded before (dedupe): digest → entry. Survives erasure."""

    digest: bytes
    no: int


class InboxRow(NamedTuple):
    """A body that came in. `state`: new, done, ambiguous, unknown, failed.

    `reason` is a code, never a text from outside. `headers` are JSON without credentials.
    """

    id: str
    received_at: datetime
    source: str
    auth: str
    state: str
    reason: str
    tries: int
    headers: bytes
    body: bytes


class Scrub(NamedTuple):
    """Whether the bytes of deleted rows are gone from the files too; `why` not, or what that
    does not reach."""

    done: bool
    why: str


@frozen
class Batch:
    """What one account gains in a transaction, and its head afterwards."""

    head: AccountRow
    entries: Sequence[EntryRow]
    disclosures: Sequence[DisclosureRow] = ()
    lookups: Sequence[LookupRow] = ()
    blobs: Sequence[tuple[str, bytes]] = ()
    seen: Sequence[SeenRow] = ()
    nodes: Sequence[NodeRow] = ()


class Transaction(SealTransaction, Protocol):
    """What can be done inside `begin`. Reading sees what the transaction itself wrote."""

    @property
    def streams(self) -> bool:
        """Whether what is appended is stored while its caller goes on, so that a large batch is
        better appended in parts."""
        ...

    def ledger(self) -> LedgerRow | None:
        """The ledger's row, None in a new database."""
        ...

    def make_ledger(self, row: LedgerRow) -> None:
        """Write the ledger's row, once."""
        ...

    def claim(self) -> None:
        """Lock the ledger's row until the transaction ends: for making the ledger or opening
        an account, so that two writers cannot make two. Never needed for writing to one."""
        ...

    def add_account(self, account: str) -> None:
        """A new account with an empty log, locked; StoreError if it is there."""
        ...

    def lock(
        self, accounts: Collection[str], ahead: Mapping[str, Collection[bytes]] = NOTHING_AHEAD
    ) -> dict[str, AccountRow]:
        """Lock these accounts (in order of their ids) and give their heads; unknown ones are
        left out. `ahead`: references that `find` will be asked for, by account; a store may
        look them up with the lock, as soon as it is held, and spare a question."""
        ...

    def heads(self, after: str = "", limit: int = 1_000) -> list[AccountRow]:
        """Heads of accounts in order of their ids, the next `limit` after the id `after`."""
        ...

    def head(self, account: str) -> AccountRow | None:
        """The head of one account, without a lock."""
        ...

    def append(self, batch: Batch) -> None:
        """Append entries, disclosures, look-ups, blobs (a blob or seen event that is there
        stays), nodes and the new head. The account must have been locked or added in this
        transaction; the numbers go on from its size, and `recorded_at` never goes back."""
        ...

    def entries(self, account: str, start: int = 0, stop: int | None = None) -> Iterator[EntryRow]:
        """Entries in order of their numbers, `start` ≤ no < `stop`."""
        ...

    def entries_of(self, account: str, kinds: Collection[str]) -> list[EntryRow]:
        """All entries of these kinds, which should be rare ones, in order of their numbers."""
        ...

    def disclosures(
        self, account: str, start: int = 0, stop: int | None = None
    ) -> Iterator[DisclosureRow]:
        """Disclosures of these entries, in order of (no, field, person)."""
        ...

    def openings(self, accounts: Collection[str]) -> dict[str, tuple[bytes, list[str]]]:
        """The record of entry 0 of each of these accounts, and the bodies that are disclosed
        of it; unknown accounts are left out."""
        ...

    def records(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
        """The records of these entries, named by (account, no), of different accounts at once;
        unknown ones are left out."""
        ...

    def blob(self, account: str, sha256: str) -> bytes | None:
        """The bytes of a blob, None where erased."""
        ...

    def find(self, refs: Collection[bytes], account: str | None = None) -> list[LookupRow]:
        """Look-ups of any of these references, in one account or in all, in order of
        (ref, account, no)."""
        ...

    def find_few(self, refs: Collection[bytes], most: int) -> list[LookupRow]:
        """`most` look-ups of any of these references at the most, in that order; where fewer come,
        they are all there are, else any of them."""
        ...

    def find_newest(self, ref: bytes, account: str, most: int) -> list[LookupRow]:
        """Look-ups of one reference in one account, those of the newest entries: `most` of them
        at the most, in order of their numbers."""
        ...

    def find_within(self, ref: bytes, accounts: Collection[str]) -> list[LookupRow]:
        """Look-ups of one reference in any of these accounts, in that order."""
        ...

    def lookups_from(self, after: LookupRow | None = None, limit: int = 1_000) -> list[LookupRow]:
        """All look-ups in order of (ref, account, id), the next `limit` behind the row `after`."""
        ...

    def seen(self, account: str, digests: Collection[bytes]) -> dict[bytes, int]:
        """Which of these events are recorded, and as which entry."""
        ...

    def erase(
        self,
        account: str,
        digests: Iterable[tuple[int, str]],
        blobs: Iterable[str] = (),
        lookups: Iterable[tuple[bytes, str]] = (),
    ) -> None:
        """Delete disclosures by (no, digest), blobs by SHA-256, look-ups by (ref, id)."""
        ...

    def drop_entries(self, account: str, archived: bytes) -> None:
        """Delete the entries of a locked account but for entry 0, with all their disclosures
        and every blob, as they lie in a file with this SHA-256. The head stays and names the
        file; nodes, slots, events that were seen and all else stay. Nothing can be appended."""
        ...

    def put_back(
        self,
        account: str,
        entries: Sequence[EntryRow],
        disclosures: Sequence[DisclosureRow] = (),
        lookups: Sequence[LookupRow] = (),
        blobs: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Put rows of a locked account back that `drop_entries` took, and look-ups, some at a
        time; StoreError if an entry is there. `end_archive` says that all of them are back."""
        ...

    def end_archive(self, account: str) -> None:
        """The entries of a locked account are here again."""
        ...

    def inbox_put(self, row: InboxRow) -> None:
        """Write a row, or replace the one with this id."""
        ...

    def inbox_get(self, id: str) -> InboxRow | None:  # noqa: A002
        """One row."""
        ...

    def inbox(
        self, states: Collection[str] = (), limit: int = 1_000, after: InboxRow | None = None
    ) -> list[InboxRow]:
        """Rows in these states (none named: all), oldest first, the next `limit` behind the
        row `after`, which need not be there any more."""
        ...

    def inbox_until(self, state: str, until: datetime, limit: int = 1_000) -> list[str]:
        """Ids of rows in this state that were received by then, the oldest `limit`; their bodies
        are not read."""
        ...

    def inbox_counts(self, states: Collection[str]) -> list[tuple[str, str, int]]:
        """How many rows there are of each source in each of these states, in order of both."""
        ...

    def inbox_drop(self, ids: Collection[str]) -> None:
        """Delete rows."""
        ...


class Store(Protocol):
    """Where logs are kept."""

    @property
    def commits(self) -> bool:
        """Whether the end of a writing block is the commit; False inside a host's transaction."""
        ...

    def begin(self, *, write: bool) -> AbstractContextManager[Transaction]:
        """A transaction; see the durability rule above."""
        ...

    def scrub(self) -> Scrub:
        """Take the bytes of deleted rows out of the files, outside of any transaction; tried
        for a bounded time."""
        ...

    def close(self) -> None:
        """Let go of files and connections that this store opened itself."""
        ...
