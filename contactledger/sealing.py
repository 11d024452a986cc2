"""Sealing: new heads into their slots, an epoch into the ledger log, a signed checkpoint.

A seal has two steps, and a crash anywhere between is repaired by sealing again.

**A, one transaction** (`_advance`). Every account with new entries gets a new head, with a
random blind, in the slot that it keeps; slot 0 is the house log's from the first seal on,
though it may be empty. The slot tree's root goes into an epoch record, and that is appended
to the ledger log, whose leaf 0 is the ledger record. Other records (a new key) stand right
before an epoch, so the last leaf under a checkpoint is always its epoch. Sealers of one
database wait for each other here.

**B, signing** (`_sign`), which may be done again with the same result. What is signed must
extend what each key signed last, as its high-water file remembers: the database may be a
restored backup, or another one that uses the same key, and signing would show two histories
of one ledger. The mark is moved, durably, before the note is stored or given to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import attrs
from attrs import frozen

from contactledger.errors import BadInput, Corrupt, Fork
from contactledger.keys import HighWater, load_signer
from contactledger.log.checkpoint import Checkpoint, format_checkpoint
from contactledger.log.note import (
    Signature,
    Signer,
    add_signatures,
    format_note,
    make_signature,
    parse_unverified,
)
from contactledger.log.seal import (
    Epoch,
    Genesis,
    Head,
    KeyChange,
    format_epoch,
    format_genesis,
    format_head,
    format_key_change,
    parse_epoch,
)
from contactledger.log.tlog import (
    Frontier,
    grow,
    leaf_hash,
    prove_consistency,
    root,
    subtree_root,
)
from contactledger.log.verifier import VerifierKey
from contactledger.recording import hashes_in
from contactledger.retrying import in_one_transaction
from contactledger.sealed import Sealed, known_keys, newest, sealed_by
from contactledger.store.port import AccountRow, LedgerRow, Store, Transaction
from contactledger.store.sealing import (
    LEDGER_LOG,
    STORED_LEVELS,
    CheckpointRow,
    NodeRow,
    SealedRow,
    SlotRow,
)
from contactledger.trees import (
    ledger_reader,
    replace_leaves,
    slot_root,
)

HEADS = 1_000
"""Accounts whose new heads are made at a time, so that memory stays bounded."""
BLIND_BYTES = 16

_NO_SIGNER = (
    "no key to sign with: make one with contactledger.keys.keygen(path, name) and open the "
    "ledger with signer=path"
)


@frozen
class SigningKey:
    """A key of the ledger, and the file that remembers how far it has signed."""

    signer: Signer
    high_water: HighWater


def signing_keys(signer: Any, high_water: Any = None) -> tuple[SigningKey, ...]:
    """The keys to sign with: a path, `env:NAME`, a `Signer`, or several in a list; none for None.

    `high_water`: the path of the high-water file. Without it the file lies beside the key
    file; a key that is no file needs it. BadInput as `contactledger.keys.load_signer`.
    """
    if signer is None:
        return ()
    several = signer if isinstance(signer, list | tuple) else [signer]
    return tuple([_signing_key(one, high_water) for one in several])


def _signing_key(signer: Any, high_water: Any) -> SigningKey:
    loaded = load_signer(signer)
    if high_water is not None:
        return SigningKey(loaded, HighWater(high_water))
    if hasattr(signer, "sign") or str(signer).startswith("env:"):
        raise BadInput(
            "must be named where the key is no file: a path that no backup of the database "
            "would restore",
            field="high_water",
        )
    return SigningKey(loaded, HighWater.beside(signer))


Marks = Sequence[Checkpoint | None]


def read_marks(keys: Sequence[SigningKey]) -> Marks:
    """What each key signed last. To be read before the database, which only grows."""
    return [key.high_water.read() for key in keys]


def check_marks(tx: Transaction, keys: Sequence[SigningKey], marks: Marks) -> None:
    """Fork unless the stored ledger log continues what each of these keys signed last."""
    for key, mark in zip(keys, marks, strict=True):
        _refuse_fork(tx, tx.checkpoint(), key, mark)


class Sealer:
    """Seals one ledger."""

    def __init__(
        self,
        store: Store,
        ledger: LedgerRow,
        *,
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._now = now
        self._random = random_bytes

    def seal(self, keys: tuple[SigningKey, ...], *, new: SigningKey | None = None) -> Sealed:
        """See `Ledger.seal`; with `new`, one of `keys`, `Ledger.rotate`."""
        if not keys:
            raise BadInput(_NO_SIGNER, field="signer")
        if not self._store.commits:
            raise BadInput(
                "a ledger in a host's transaction cannot be sealed: what is signed must be "
                "committed; seal it from one that was opened with a URL or an Engine",
                field="where",
            )
        self._advance(keys, new)
        while True:
            marks = read_marks(keys)
            row = self._newest()
            try:
                return self._sign(keys, row, marks)
            except Fork:
                # another sealer may have come in between; each time round, one has got further
                if (read_marks(keys), self._newest().size) == (marks, row.size):
                    raise

    def _newest(self) -> CheckpointRow:
        with self._store.begin(write=False) as tx:
            return newest(tx)

    # --- A: heads, epoch, ledger log -------------------------------------------------------

    def _advance(self, keys: tuple[SigningKey, ...], new: SigningKey | None) -> None:
        """Seal what is not sealed, in one transaction; nothing if there is nothing."""
        marks = read_marks(keys)

        def advance(tx: Transaction) -> None:
            tx.claim()
            check_marks(tx, keys, marks)
            newest = tx.checkpoint()
            records = self._keys_on_record(tx, newest, keys, new)
            if newest is None or records or tx.unsealed(limit=1):
                self._append(tx, newest or CheckpointRow(0, b"", b"", 0, None), records)

        in_one_transaction(self._store, advance, idempotent=True)

    def _keys_on_record(
        self,
        tx: Transaction,
        newest: CheckpointRow | None,
        keys: tuple[SigningKey, ...],
        new: SigningKey | None,
    ) -> list[tuple[str, bytes]]:
        """What has to be said of keys: the ledger record at first, a key record at a rotation."""
        names = [key.signer.key.format() for key in keys]
        origin = keys[0].signer.name
        if newest is None:
            _require_name(keys, origin)
            genesis = Genesis(self._ledger.id, origin, tuple(names))
            return [("ledger", format_genesis(genesis))]
        known = known_keys(tx)
        _require_name(keys, known.origin)
        if new is not None and new.signer.key.format() != known.keys[-1]:
            if new.signer.key.format() in known.keys:
                raise BadInput("was a key of this ledger before; make a new one", field="signer")
            change = KeyChange(self._now(), new.signer.key.format(), known.keys[-1])
            return [("key", format_key_change(change))]
        if not set(names) <= set(known.keys):
            raise BadInput(
                "is not on record as a key of this ledger: rotate to it first", field="signer"
            )
        if known.keys[-1] not in names:
            raise BadInput("the ledger has a newer key: sign with that", field="signer")
        return []

    def _append(
        self, tx: Transaction, newest: CheckpointRow, records: list[tuple[str, bytes]]
    ) -> None:
        slots = self._put_heads(tx, newest.slots)
        sealed_at = self._now()
        if newest.size:
            (last,) = tx.sealed(newest.size - 1, newest.size)
            sealed_at = max(sealed_at, parse_epoch(last.record).sealed_at)
        number = newest.size + len(records)
        epoch = Epoch(number, slot_root(tx, slots), sealed_at, slots)
        rows = [
            SealedRow(no, kind, record, leaf_hash(record))
            for no, (kind, record) in enumerate(
                [*records, ("epoch", format_epoch(epoch))], newest.size
            )
        ]
        leaves = [row.leaf for row in rows]
        frontier, made = grow(newest.size, hashes_in(newest.frontier), leaves)
        tx.add_sealed(rows)
        stored = [NodeRow(*node) for node in made if node[0] % STORED_LEVELS == 0]
        tx.put_tree(LEDGER_LOG, stored)
        size = number + 1
        tx.put_checkpoint(_row(size, frontier, slots))

    def _put_heads(self, tx: Transaction, slots: int) -> int:
        """New heads of all accounts that have new entries; how many slots there are then."""
        if not slots:
            house = tx.head(self._ledger.house) or AccountRow(self._ledger.house, 0, b"", None)
            slots = self._put_some(tx, [house], slots)
        after = ""
        while heads := tx.unsealed(after, HEADS):
            slots = self._put_some(tx, heads, slots)
            after = heads[-1].account
        return slots

    def _put_some(self, tx: Transaction, heads: Sequence[AccountRow], slots: int) -> int:
        known = tx.slots([head.account for head in heads])
        rows, leaves = [], {}
        for account, size, frontier, *_ in heads:
            slot = known[account].slot if account in known else slots
            slots = max(slots, slot + 1)
            blind = self._random(BLIND_BYTES)
            head = Head(account, blind, root(size, hashes_in(frontier)), size, slot)
            rows.append(SlotRow(slot, account, size, format_head(head)))
            leaves[slot] = leaf_hash(rows[-1].head)
        tx.put_slots(rows)
        replace_leaves(tx, leaves, slots)
        return slots

    # --- B: the signature -------------------------------------------------------------------

    def _sign(self, keys: tuple[SigningKey, ...], row: CheckpointRow, marks: Marks) -> Sealed:
        """The newest checkpoint with the signatures of all keys."""
        with self._store.begin(write=False) as tx:
            sealed = sealed_by(tx, row)
            read = ledger_reader(tx)
            if subtree_root(0, row.size, read) != row.root:
                raise Corrupt("the checkpoint's root is not that of its leaves")
            for key, mark in zip(keys, marks, strict=True):
                _refuse_fork(tx, row, key, mark)
            proofs = [prove_consistency(mark.size if mark else 0, row.size, read) for mark in marks]
        text = format_checkpoint(sealed.checkpoint)
        lines = _lines(row.note)
        made = [make_signature(text, key.signer) for key in keys if not _has(lines, key.signer.key)]
        for key, mark, proof in zip(keys, marks, proofs, strict=True):
            if mark != sealed.checkpoint:
                key.high_water.write(sealed.checkpoint, proof)
        if not made:
            return sealed
        return attrs.evolve(sealed, note=self._keep(row, text, made))

    def _keep(self, row: CheckpointRow, text: str, made: list[Signature]) -> bytes:
        """Store the signatures beside those that came in meanwhile."""

        def keep(tx: Transaction) -> bytes:
            tx.claim()
            (now,) = tx.checkpoints(row.size - 1, 1)
            note = add_signatures(now.note, *made) if now.note else format_note(text, made)
            tx.put_checkpoint(now._replace(note=note))
            return note

        return in_one_transaction(self._store, keep, idempotent=True)


def _row(size: int, frontier: Frontier, slots: int) -> CheckpointRow:
    return CheckpointRow(size, root(size, frontier), b"".join(frontier), slots, None)


# ---- what may be signed


def _require_name(keys: Sequence[SigningKey], origin: str) -> None:
    """A log's keys bear its origin's name (C2SP tlog-checkpoint), so a rotation keeps it."""
    for key in keys:
        if key.signer.name != origin:
            raise BadInput(
                "its name must be the origin of the ledger's checkpoints", field="signer"
            )


def _refuse_fork(
    tx: Transaction, newest: CheckpointRow | None, key: SigningKey, mark: Checkpoint | None
) -> None:
    """Fork unless the stored ledger log continues what this key signed last."""
    if mark is None:
        signed = tx.checkpoint(signed=True)
        known = signed is not None and _has(_lines(signed.note), key.signer.key)
        if known and key.high_water.read() is None:  # now, as another sealer may just have signed
            raise Fork(
                "the high-water file of a key that has signed before is not there: put it "
                "back where it was, or name it with high_water="
            )
        return
    if newest is None or mark.size > newest.size:
        raise Fork(
            f"this database holds {newest.size if newest else 0} leaves of the ledger log and "
            f"{mark.size} were signed: it is an older copy (a restored backup?) or another "
            "ledger, and nothing was signed"
        )
    if known_keys(tx).origin != mark.origin:
        raise Fork("what was signed before with this key has another origin")
    if subtree_root(0, mark.size, ledger_reader(tx)) != mark.root:
        raise Fork(
            f"the first {mark.size} leaves of the ledger log are not those that were signed: "
            "a restored backup went on by itself, or this is another ledger; nothing was signed"
        )


def _lines(note: bytes | None) -> tuple[Signature, ...]:
    return () if note is None else parse_unverified(note).unverified


def _has(lines: Sequence[Signature], key: VerifierKey) -> bool:
    return any((line.name, line.key_id) == (key.name, key.id) for line in lines)
