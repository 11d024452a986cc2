"""What goes into a bundle, collected from a ledger's store and streamed into a file.

A bundle shows an account as of the newest signed seal. It is written inside one reading
transaction, so that everything in it is of one moment, and only a page of entries lies in
memory at a time. Once it is written, the head in it counts as given, and every later bundle
of the account shows that it continues it (`since/`).

A *partial* bundle is a certificate of single touches: the entries asked for, each with its
proof. Entries 0 and 1, and those that say what was erased or renamed, go with them. Which these
are is found by walking the account's rows: no look-up leads from a touch to its signals, and one
for each would make every recording dearer for the sake of a certificate now and then. Only what
names the touch is decoded, so it takes some 15 microseconds an entry.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import BinaryIO

from attrs import field, frozen

from contactledger import files
from contactledger.errors import BadInput, Corrupt, NotFound, NotSealed
from contactledger.facts import Entry, Mark, Signal, Touch
from contactledger.log.bundle import MAX_SINCE, Content, KeyContent, LogContent, write_bundle
from contactledger.log.bundle_log import Progress
from contactledger.log.bundle_receipts import in_order
from contactledger.log.bundle_text import Since
from contactledger.log.bundle_times import in_order as times_in_order
from contactledger.log.note import MAX_SIGNATURES, add_signatures, parse_unverified
from contactledger.log.receipt import parse_countersignature, parse_receipt_note
from contactledger.log.record import ID, decode, disclosed
from contactledger.log.seal import parse_head, parse_key_change
from contactledger.log.tlog import NodeReader, prove_consistency, prove_inclusion
from contactledger.log.tlog_proof import TlogProof
from contactledger.log.verifier import VerifierKey
from contactledger.recording import hashes_in
from contactledger.references import References, id_ref
from contactledger.retrying import in_one_transaction
from contactledger.sealed import Sealed, newest, newest_sealed
from contactledger.store.port import DisclosureRow, Store, Transaction
from contactledger.store.sealing import GivenRow, SealedRow, SlotRow
from contactledger.trees import account_reader, ledger_reader, slot_path

Chosen = int | str | Entry
"""An entry's number, an entry, or the key of a touch: it and whatever is about it."""

_ALWAYS = frozenset({"redaction", "alias", "retraction"})
"""Kinds that a partial bundle holds beside what was asked for: what other entries mean now."""
_FIRST, _PAGE = 4, 1_000
_SEALS = 10
"""How often a bundle looks for a signed seal while others seal all the time."""


@frozen
class Bundle:
    """An account's log as a file for the other side: `save` it, or `write` it to a file object.

    Each time it is written it shows the newest signed seal of that moment.
    """

    account: str
    _store: Store = field(repr=False)
    _house: str = field(repr=False)
    _chosen: tuple[int, ...] | None = field(repr=False)
    _whom: str | None = field(repr=False)
    _now: Callable[[], datetime] = field(repr=False)
    _originals: bool = True
    _seal: Callable[[], object] | None = field(default=None, repr=False)

    def save(self, path: files.Where, *, progress: Progress | None = None) -> int:
        """Write it to a file, which is replaced only when all of it is there; its bytes."""
        with files.replacing(path, "path") as file:
            return self.write(file, progress=progress)

    def write(self, target: BinaryIO, *, progress: Progress | None = None) -> int:
        """Write it to a seekable binary file; the bytes written.

        `progress` is called with steps done and steps in all: an entry is one when its record
        is written, one when its personal parts are, and one when originals are looked for.
        NotSealed if the account was never sealed, or the last seal has no signature yet.
        TooLarge for over 4 GiB or 65,000 originals: leave those out with `originals=False`.
        """
        with self._at_a_signature() as tx:
            source = _Source(tx, self.account, self._house, progress)
            size = write_bundle(target, source.content(self._chosen, self._originals))
        if self._whom is not None:
            given = source.given(self._whom, self._now())

            def keep(tx: Transaction) -> None:
                tx.lock([self.account])
                tx.put_given(given)

            in_one_transaction(self._store, keep, idempotent=True)
        return size

    @contextmanager
    def _at_a_signature(self) -> Iterator[Transaction]:
        """A reading transaction at a signed seal, if we can sign: another sealer may be between
        its two steps just now, and sealing again waits for its signature or makes it."""
        left = _SEALS
        while True:
            left -= 1
            with self._store.begin(write=False) as tx:
                if not left or self._seal is None or newest(tx).note is not None:
                    yield tx
                    return
            self._seal()


def bundle(  # noqa: PLR0913 - what a ledger knows, and what was asked for
    store: Store,
    references: References,
    account: str,
    house: str,
    *,
    now: Callable[[], datetime],
    entries: Iterable[Chosen] | None = None,
    to: str | None = None,
    originals: bool = True,
    remember: bool = True,
    seal: Callable[[], object] | None = None,
) -> Bundle:
    """The bundle of an account (an id), whole or of some `entries`.

    `to`: the key of the person or party that gets it; `remember`: the head counts as given
    once it is written; `seal` seals, where we have a key. NotSealed before the first seal;
    NotFound for an entry or a receiver that is not there; BadInput for the house log, which
    is in every bundle.
    """
    if account == house:
        raise BadInput("the house log goes with every account's bundle", field="account")
    with store.begin(write=False) as tx:
        if tx.checkpoint() is None:
            raise NotSealed(
                "nothing is sealed yet: make a key with contactledger.keys.keygen(path, name) "
                "and open the ledger with signer=path"
            )
        whom = _receiver(tx, references, account, to)
        chosen = None if entries is None else _numbers(tx, references, account, entries)
    given = whom if remember else None
    return Bundle(account, store, house, chosen, given, now, originals, seal)


class _Source:
    """One account in a store, at its newest signed seal."""

    def __init__(
        self, tx: Transaction, account: str, house: str, progress: Progress | None = None
    ) -> None:
        self._tx, self._account, self._progress = tx, account, progress
        self._walks, self._begun = 1, 0
        self._sealed: Sealed = newest_sealed(tx)
        slots = tx.slots([account, house])
        if account not in slots:
            raise NotSealed("the account is not sealed yet")
        self._slot: SlotRow = slots[account]
        self._house: SlotRow = slots[house]
        self._ledger: NodeReader = ledger_reader(tx)
        self._path = slot_path(tx, self._slot.slot, self._sealed.epoch.slots)
        self._came_back = tx.receipts(account)

    def given(self, whom: str, at: datetime) -> GivenRow:
        """That this head was given to somebody."""
        epoch = self._sealed.epoch.epoch
        return GivenRow(self._account, epoch, whom, at, self._slot.head, b"".join(self._path))

    def content(self, chosen: Collection[int] | None, originals: bool) -> Content:
        """What the bundle holds; `chosen` numbers make it a partial one."""
        tx, size = self._tx, self._sealed.checkpoint.size
        genesis, *changes = tx.sealed_keys()
        (epoch,) = tx.sealed(size - 1, size)
        numbers = None if chosen is None else self._numbers(chosen)
        parts, since = partial(self._parts, numbers), tuple(self._since())
        self._walks = 2 + originals
        return Content(
            checkpoint=self._note(),
            genesis=genesis.record,
            genesis_proof=prove_inclusion(0, size, self._ledger),
            epoch=epoch.record,
            epoch_proof=prove_inclusion(size - 1, size, self._ledger),
            account=LogContent(self._slot.head, self._path, partial(self._records, numbers)),
            house=None if numbers is not None else self._house_log(),
            disclosures=lambda: ((part.no, part.body) for part in parts()),
            keys=tuple([self._change(row, size) for row in changes]),
            since=since,
            times=self._times(),
            receipts=self._receipts({self._slot.size, *(n for n, _ in since)}, numbers is None),
            blobs=_originals(parts()) if originals else (),
            blob=self._blob,
            proofs=None if numbers is None else partial(self._proofs, numbers),
        )

    # --- entries and what they disclose

    def _numbers(self, chosen: Collection[int]) -> tuple[int, ...]:
        if not all(0 <= no < self._slot.size for no in chosen):
            raise NotSealed("an entry that was asked for is not sealed yet")
        always = (row.no for row in self._tx.entries_of(self._account, _ALWAYS))
        return tuple(sorted({0, 1, *chosen, *(no for no in always if no < self._slot.size)}))

    def _records(self, numbers: tuple[int, ...] | None) -> Iterator[bytes]:
        for start, stop in self._ranges(numbers):
            for row in self._tx.entries(self._account, start, stop):
                yield row.record

    def _parts(self, numbers: tuple[int, ...] | None) -> Iterator[DisclosureRow]:
        for start, stop in self._ranges(numbers):
            rows = self._tx.disclosures(self._account, start, stop)
            for _, some in groupby(rows, key=attrgetter("no")):
                yield from sorted(some, key=attrgetter("digest"))

    def _ranges(self, numbers: tuple[int, ...] | None) -> Iterator[tuple[int, int]]:
        """The runs of entries that a walk takes, a page at most; reported as they are done."""
        if numbers is not None:
            for _, some in groupby(enumerate(numbers), lambda placed: placed[1] - placed[0]):
                run = [no for _, no in some]
                yield run[0], run[-1] + 1
            return
        size, begun = self._slot.size, self._begun
        self._begun += 1
        for start in range(0, size, _PAGE):
            stop = min(start + _PAGE, size)
            yield start, stop
            if self._progress is not None:
                self._progress(begun * size + stop, self._walks * size)

    def _proofs(self, numbers: tuple[int, ...]) -> Iterator[tuple[bytes, ...]]:
        reader = account_reader(self._tx, self._account)
        return (prove_inclusion(no, self._slot.size, reader) for no in numbers)

    def _blob(self, sha256: str) -> tuple[bytes]:
        data = self._tx.blob(self._account, sha256)
        if data is None:
            raise Corrupt("an original that is disclosed is missing", account=self._account)
        return (data,)

    def _house_log(self) -> LogContent:
        house, slots = self._house, self._sealed.epoch.slots
        rows = partial(self._tx.entries, house.account, 0, house.size)
        path = slot_path(self._tx, house.slot, slots)
        return LogContent(house.head, path, lambda: (row.record for row in rows()))

    # --- the ledger log

    def _change(self, row: SealedRow, size: int) -> KeyContent:
        """A change of keys, in the first checkpoint with it that the old key signed.

        If there is none (the old key was lost), in the first one that is signed at all: those
        who trust the new key can check it, those who trust the old one cannot follow.
        """
        old = VerifierKey.parse(parse_key_change(row.record).replaces)
        signed = self._signed(row.no)
        first = next(signed)
        vouched = (one for one in chain([first], signed) if _signed_by(one[1], old))
        then, note = next(vouched, first)
        proof = TlogProof(row.no, prove_inclusion(row.no, then, self._ledger), note)
        return KeyContent(row.no, row.record, proof, prove_consistency(then, size, self._ledger))

    def _signed(self, after: int) -> Iterator[tuple[int, bytes]]:
        """The sizes and notes of signed checkpoints; mostly it is the first that is wanted."""
        page = _FIRST
        while rows := self._tx.checkpoints(after, page):
            yield from ((row.size, row.note) for row in rows if row.note is not None)
            after, page = rows[-1].size, _PAGE

    def _since(self) -> Iterator[tuple[int, Since]]:
        """Older heads that were given to somebody, the newest if there are very many."""
        given = {parse_head(row.head).size: row for row in self._tx.given(self._account)}
        older = sorted(size for size in given if size < self._slot.size)[-MAX_SINCE:]
        reader = account_reader(self._tx, self._account)
        for size in older:
            row = given[size]
            (epoch,) = self._tx.sealed(row.epoch, row.epoch + 1)
            yield (
                size,
                Since(
                    epoch.record,
                    prove_inclusion(row.epoch, self._sealed.checkpoint.size, self._ledger),
                    row.head,
                    hashes_in(row.path),
                    prove_consistency(size, self._slot.size, reader),
                ),
            )

    # --- what the other side signed

    def _note(self) -> bytes:
        """The checkpoint with the cosignatures of those who received this account."""
        now = self._sealed.epoch.epoch
        given = [parse_countersignature(row.note)[0] for row in self._came_back if row.epoch == now]
        room = MAX_SIGNATURES - len(parse_unverified(self._sealed.note).unverified)
        lines = [line for note in given[:room] for line in parse_unverified(note).unverified]
        return add_signatures(self._sealed.note, *lines) if lines else self._sealed.note

    def _times(self) -> tuple[bytes, ...]:
        """Timestamps of this checkpoint; they are kept with the house log."""
        rows = self._tx.receipts(self._house.account, self._sealed.epoch.epoch)
        return times_in_order(row.note for row in rows)

    def _receipts(self, shown: Collection[int], whole: bool) -> tuple[bytes, ...]:
        """Receipts that came back; without all entries, those for a head that is shown."""
        notes = in_order(parse_countersignature(row.note)[1] for row in self._came_back)
        return tuple([n for n in notes if whole or parse_receipt_note(n)[0].size in shown])


def _signed_by(note: bytes, key: VerifierKey) -> bool:
    lines = parse_unverified(note).unverified
    return any((line.name, line.key_id) == (key.name, key.id) for line in lines)


def _originals(parts: Iterable[DisclosureRow]) -> tuple[str, ...]:
    """The SHA-256 of every original that is disclosed, in order."""
    named = {disclosed(part.body)[1]["sha256"] for part in parts if part.field == "original"}
    return tuple(sorted(named))


# ---- what is asked for


def _numbers(
    tx: Transaction, references: References, account: str, wanted: Iterable[Chosen]
) -> tuple[int, ...]:
    """The numbers of entries asked for. NotFound for a touch or a number that is not there."""
    found: set[int] = set()
    head = tx.head(account)
    size = 0 if head is None else head.size
    for index, one in enumerate(wanted):
        where = f"entries[{index}]"
        if isinstance(one, str):
            found |= _about(tx, account, _touch(tx, references, account, one, where))
            continue
        no = one.no if isinstance(one, Entry) else one
        if isinstance(one, Entry) and one.account != account:
            raise BadInput("is an entry of another account", field=where)
        if not 0 <= no < size:
            raise NotFound("no entry of this number in the account", field=where)
        found.add(no)
    return tuple(sorted(found))


def _touch(
    tx: Transaction, references: References, account: str, key: str, where: str
) -> tuple[int, str]:
    rows = tx.find(_refs(references, account, "touch", key), account)
    if not rows:
        raise NotFound("no touch of this key in the account", field=where)
    return rows[0].no, rows[0].id


def _about(tx: Transaction, account: str, touch: tuple[int, str]) -> set[int]:
    """A touch, its signals, what answers or reminds of it, and marks on any of them."""
    found, named = {touch[0]}, touch[1].encode("ascii")
    for row in tx.entries(account, touch[0] + 1):
        if row.kind != "mark" and (row.kind not in ("touch", "signal") or named not in row.record):
            continue
        fact = decode(row.record).fact
        if (
            (isinstance(fact, Signal) and fact.touch == touch[1])
            or (isinstance(fact, Touch) and touch[1] in (*fact.answers, fact.reminds))
            or (isinstance(fact, Mark) and fact.entry in found)
        ):
            found.add(row.no)
    return found


def _receiver(tx: Transaction, references: References, account: str, to: str | None) -> str:
    """The id of the person or party that a bundle is given to, "" where nobody is named."""
    if to is None:
        return ""
    rows = tx.find(_refs(references, account, "who", to), account)
    rows = [row for row in rows if row.kind in ("party", "person")]
    if not rows:
        raise NotFound("no person or party of this key in the account", field="to")
    return rows[0].id


def _refs(references: References, account: str, space: str, key: str) -> list[bytes]:
    """Where a key, or an id, leads."""
    return [references.key(account, space, key), *([id_ref(key)] if ID.match(key) else [])]
