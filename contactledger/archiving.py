"""Archiving: the entries of an old account moved into a file, and back, under the same proofs.

The file is a whole bundle of the account, so it can be verified, and even judged, without this
ledger. What stays is what other proofs rest on: the account's head, its slot, the stored nodes
of its tree, heads given out, countersignatures, digests of events that were seen, and entry 0, so
that the account keeps its name. Everything else leaves: the entries, what is disclosed of them,
originals, and the look-ups that lead to them. So sealing goes on as if nothing had happened, and
an account that came back goes on where it ended, with every proof given before still good.

Nothing is deleted before it was read back: the bundle is written, made durable, verified in all
its steps, and compared with the stored rows byte by byte in the transaction that deletes them.
The head then names the file by its SHA-256, and no other file brings the account back.

An archived account says so (`Archived`) to whoever reads, judges, records or erases in it; a
report that comes in for it is parked, since nothing leads to it. Erasing a person in it means:
restore, redact, archive again, and delete the old file. An account on legal hold is not archived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from attrs import frozen

from contactledger import files
from contactledger.accounts import Accounts, refuse_archived
from contactledger.checking import check_account
from contactledger.errors import Archived, BadBundle, BadInput, Corrupt, NotFound, NotSealed, OnHold
from contactledger.facts import Blob, Entry
from contactledger.holding import HOLDING, holds_in_force
from contactledger.log.bundle_log import Record
from contactledger.log.bundle_open import read_account
from contactledger.log.container import Container
from contactledger.log.record import decode
from contactledger.log.tlog import leaf_hash, root
from contactledger.recording import hashes_in
from contactledger.references import References, lookups_of
from contactledger.retrying import in_one_transaction
from contactledger.sealed import known_keys
from contactledger.store.port import (
    DisclosureRow,
    EntryRow,
    LedgerRow,
    LookupRow,
    Store,
    Transaction,
)

if TYPE_CHECKING:
    from contactledger.bundling import Bundle
    from contactledger.exchange import OpenedBundle

PAGE = 1_000
"""Entries put back at a time,"""
PAGE_BYTES = 16_000_000
"""or originals of so many bytes."""
_STAY = frozenset({"opened", "moved", "retraction", "redaction"})
"""Kinds of entries whose look-ups stay: the account's name, where it goes on, what is to be
scrubbed still."""
_UNLIKE = "is not in the file as it is here"


@frozen
class Archive:
    """An account that is archived, or was until now: `account` is its name, or its id where the
    name is erased. `sha256` is that of the file, in hex; `entries` counts entry 0, which stays."""

    account: str
    account_id: str
    entries: int
    sha256: str


class Archiving:
    """The methods of `Ledger` that archive."""

    _store: Store
    _references: References
    _accounts: Accounts
    _row: LedgerRow
    _refuse_reading: Callable[[], None]
    bundle: Callable[..., Bundle]

    def archive(self, account: str, path: files.Where) -> Archive:
        """Move an account's entries out of the database, into a new file that can be verified.

        With a signer, everything is sealed first. The file holds personal data and is the one
        copy of it: keep it as you keep the database, and `restore` the account from it. Then
        `scrub`, for the database's files still hold the bytes. Raises OnHold for an account
        with a legal hold, NotSealed where something of it is not sealed, TooLarge as `bundle`;
        then nothing has changed, and no file is left. One is left where the database failed in
        the end (StoreError), as it may not be known what was committed.
        """
        self._refuse_reading()
        if not self._store.commits:
            raise BadInput("cannot be archived inside a host's transaction", field="account")
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(account, tx)
            if id_ == self._row.house:
                raise BadInput("the house log goes with every account", field="account")
            _refuse_held(tx, id_)
        made = self.bundle(id_)
        with files.creating(path, "path") as file:
            made.write(file)
        try:
            opened = self._verified(path)
            sha256 = files.sha256_of(path, "path")
        except BaseException:
            Path(path).unlink()
            raise

        def move(tx: Transaction) -> Archive:
            self._move_out(tx, path, opened, sha256)
            return self._archive(tx, id_)

        try:
            return in_one_transaction(self._store, move)
        except (Archived, BadInput, BadBundle, Corrupt, NotSealed):  # refused, so rolled back
            Path(path).unlink()
            raise

    def restore(self, path: files.Where) -> Archive:
        """Bring an archived account back from its file, byte for byte; what it was.

        The file is verified in all steps before, and the account is checked after, in the same
        transaction. Raises BadInput for another file than the one that the account was archived
        into, or an account that is not archived; NotFound for one that is not of this ledger;
        BadBundle.
        """
        self._refuse_reading()
        opened = self._verified(path)
        sha256 = files.sha256_of(path, "path")

        def move(tx: Transaction) -> Archive:
            id_ = opened.account_id
            head = tx.lock([id_]).get(id_)
            if head is None:
                raise NotFound("no such account in the ledger", field="path")
            if head.archived is None:
                raise BadInput("is a bundle of an account that is not archived", field="path")
            if head.archived != sha256:
                raise BadInput("is not the file that the account was archived into", field="path")
            was = self._archive(tx, id_)
            with files.reading(path, "path") as file:
                for rows in _pages(file, opened, self._references):
                    tx.put_back(id_, *rows)
            tx.end_archive(id_)
            check_account(tx, id_)
            return was

        return in_one_transaction(self._store, move)

    def archives(self) -> tuple[Archive, ...]:
        """The accounts that are archived, in order of their names."""
        with self._store.begin(write=False) as tx:
            found, after = [], ""
            while heads := tx.heads(after):
                after = heads[-1].account
                ids = [head.account for head in heads if head.archived is not None]
                found += [self._archive(tx, id_) for id_ in ids]
        return tuple(sorted(found, key=lambda one: (one.account, one.account_id)))

    def _archive(self, tx: Transaction, account: str) -> Archive:
        head = tx.head(account)
        assert head is not None and head.archived is not None  # noqa: PT018, S101 - just read
        return Archive(self._accounts.name(tx, account), account, head.size, head.archived.hex())

    def _verified(self, path: files.Where) -> OpenedBundle:
        """The bundle at a path, signed by a key that is on record here."""
        from contactledger.exchange import open_bundle

        with self._store.begin(write=False) as tx:
            keys = known_keys(tx).keys
        opened = open_bundle(path, trust=keys)
        if not opened.complete:
            raise BadInput("is a partial bundle", field="path")
        return opened

    def _move_out(
        self, tx: Transaction, path: files.Where, opened: OpenedBundle, sha256: bytes
    ) -> None:
        """Delete what is in the file, after one more look at both."""
        id_ = opened.account_id
        head = tx.lock([id_])[id_]
        refuse_archived([head])
        if head.size != opened.size:
            raise NotSealed("something was recorded meanwhile: archive again")
        if root(head.size, hashes_in(head.frontier)) != opened.head.root:
            raise Corrupt("the head's frontier is not that of the sealed entries", account=id_)
        with files.reading(path, "path") as file:
            kept, leading = read_account(file, opened.verified), _Leading(tx, id_)
            for no, stored in enumerate(_stored(tx, id_)):
                if stored != next(kept, None):
                    raise Corrupt(_UNLIKE, account=id_, no=no)
                entry = decode(*stored)
                if entry.kind not in _STAY:
                    leading.drop(lookups_of(entry, self._references))
            if next(kept, None) is not None:
                raise Corrupt(_UNLIKE, account=id_)
        leading.close()
        tx.drop_entries(id_, sha256)


class _Leading:
    """Look-ups of an account that are deleted, many at a time."""

    def __init__(self, tx: Transaction, account: str) -> None:
        self._tx, self._account = tx, account
        self._waiting: list[tuple[bytes, str]] = []

    def drop(self, rows: Iterable[LookupRow]) -> None:
        self._waiting += [(row.ref, row.id) for row in rows]
        if len(self._waiting) >= PAGE:
            self.close()

    def close(self) -> None:
        self._tx.erase(self._account, (), (), self._waiting)
        self._waiting = []


def _refuse_held(tx: Transaction, account: str) -> None:
    """OnHold for an account of which a legal hold keeps anything."""
    said = [decode(row.record) for row in tx.entries_of(account, HOLDING)]
    for entry in holds_in_force(said):
        raise OnHold(account, entry.no)


def _stored(tx: Transaction, account: str) -> Iterator[Record]:
    """An account's entries as a bundle holds them."""
    parts = tx.disclosures(account)
    part = next(parts, None)
    for row in tx.entries(account):
        bodies = {}
        while part is not None and part.no == row.no:
            bodies[part.digest] = part.body
            part = next(parts, None)
        yield row.record, bodies


class _Rows(NamedTuple):
    """Some rows of an account, as `Transaction.put_back` takes them."""

    entries: list[EntryRow]
    disclosures: list[DisclosureRow]
    lookups: list[LookupRow]
    blobs: list[tuple[str, bytes]]


def _pages(file: BinaryIO, opened: OpenedBundle, references: References) -> Iterator[_Rows]:
    """The rows of an account that are not in the database, made of its bundle."""
    container = Container(file)
    rows, size = _Rows([], [], [], []), 0
    for record, bodies in read_account(file, opened.verified):
        entry = decode(record, bodies)
        if entry.no == 0:
            continue
        rows.entries.append(_row(entry, record))
        rows.disclosures.extend(_disclosed(entry, bodies))
        unscrubbed = references.unscrubbed()  # that state did not leave
        rows.lookups.extend(row for row in lookups_of(entry, references) if row.ref != unscrubbed)
        original = getattr(entry.fact, "original", None)
        if isinstance(original, Blob):
            data = b"".join(container.chunks(f"blobs/{original.sha256}"))
            rows.blobs.append((original.sha256, data))
            size += len(data)
        if len(rows.entries) == PAGE or size >= PAGE_BYTES:
            yield rows
            rows, size = _Rows([], [], [], []), 0
    if rows.entries:
        yield rows


def _row(entry: Entry, record: bytes) -> EntryRow:
    return EntryRow(
        *(entry.no, entry.id, entry.kind, entry.at, entry.recorded_at), record, leaf_hash(record)
    )


def _disclosed(entry: Entry, bodies: Mapping[str, str]) -> Iterator[DisclosureRow]:
    for name, person, digest in entry.sd:
        if digest in bodies:
            yield DisclosureRow(entry.no, name, person, digest, bodies[digest])
