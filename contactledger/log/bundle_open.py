"""Opening a bundle: eight numbered steps, and nothing is given out unless all of them hold.

1. **container**: one spelling of a zip file; only files of a bundle, and all it must have.
2. **checkpoint**: signed by a key that the caller trusts. A new key is believed if an older
   one that is believed signed a checkpoint of this very log that holds the change; that the
   new key says so itself is worth nothing. Leaf 0 says which ledger this is and which keys
   it began with; the newest of its keys must have signed, and all bear the origin's name, so
   that the key of one ledger cannot sign for another.
3. **epoch**: the last leaf of the ledger log, so that no older one is shown for the newest.
4. **head**: the leaf of the slot tree at its slot.
5. **entries**: all of them from 0 on (or some, each with its proof), canonical, in their place,
   of this account, recorded one after the other, of this ledger; their root is the head's.
6. **disclosures**: each is named by its entry, each original by a disclosure, and is what was
   hashed. Some may be missing.
7. **house log**: at slot 0, as 4 and 5, with nothing personal.
8. **older heads**: those in the bundle and the one that the caller remembers are prefixes of
   this log, and so is what receipts say was received. Otherwise the ledger was rolled back or
   forked, and both signed heads prove it.

A line of a signature whose key nobody named to us says nothing and is passed over, as C2SP
signed-note has it; it is the only thing in a bundle that may be changed unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import BinaryIO

from attrs import field, frozen

from contactledger.errors import BadRecord, Unverified
from contactledger.facts import Entry, Opened
from contactledger.log import bundle as files
from contactledger.log.bundle_keys import MAX_PROOF_BYTES, keys_in_order, read_changes, signers
from contactledger.log.bundle_log import (
    ACCOUNT,
    HOUSE,
    CheckedLog,
    Place,
    Progress,
    Record,
    check_log,
    read_log,
    read_records,
    refuse,
    step,
)
from contactledger.log.bundle_receipts import RECEIPT_FILE, check_receipts, read_receipts
from contactledger.log.bundle_text import (
    MAX_PATH_BYTES,
    Hashes,
    SignedHead,
    Since,
    parse_path,
    parse_since,
)
from contactledger.log.bundle_times import TIME_FILE, read_times
from contactledger.log.canon import MAX_RECORD_BYTES
from contactledger.log.checkpoint import (
    Checkpoint,
    Cosignature,
    OpenedCheckpoint,
    open_checkpoint,
    parse_checkpoint,
)
from contactledger.log.container import Container
from contactledger.log.note import MAX_NOTE_BYTES, open_note, parse_unverified
from contactledger.log.receipt import Receipt
from contactledger.log.seal import (
    Epoch,
    Genesis,
    Head,
    parse_epoch,
    parse_genesis,
    parse_head,
)
from contactledger.log.tlog import check_consistency, check_inclusion, leaf_hash
from contactledger.log.tlog_proof import TlogProof, parse_tlog_proof
from contactledger.log.verifier import Kind, VerifierKey

Memory = Mapping[str, SignedHead]
"""Account id → the head of it that was verified last."""


@frozen
class Verified:
    """A bundle of which every step holds.

    `countersigned`: who cosigned the checkpoint, and when by its own clock (POSIX seconds);
    `received`: the receipts. `strangers`: names on signatures of keys that were not named to
    us. `since`: sizes of the older heads in it. `first`: nothing was remembered of this
    account. `signed` is what to remember of it.
    """

    checkpoint: Checkpoint
    signer: VerifierKey
    countersigned: tuple[Cosignature, ...]
    strangers: tuple[str, ...]
    genesis: Genesis
    epoch: Epoch
    head: Head
    house_head: Head | None
    partial: bool
    first: bool
    since: tuple[int, ...]
    received: tuple[Receipt, ...]
    times: tuple[bytes, ...] = field(repr=False)
    signed: SignedHead = field(repr=False)
    account_log: CheckedLog = field(repr=False)
    house_log: CheckedLog | None = field(repr=False)


def verify(
    source: BinaryIO,
    trust: Iterable[VerifierKey],
    *,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> Verified:
    """What a bundle says, all eight steps having been taken; else BadBundle.

    `source`: a seekable binary file. `trust`: keys of the kind that signs are believed as the
    ledger's and as cosigners', those of the kind that cosigns as cosigners' only.
    """
    opening = _Opening(source, tuple(trust), memory or {}, progress)
    return opening.run()


_MAY_BE = (files.BLOB_FILE, RECEIPT_FILE, TIME_FILE)


class _Opening:
    """The steps, in order; each leaves on `self` what later ones need."""

    container: Container
    opened: OpenedCheckpoint
    note: bytes
    signer: VerifierKey
    genesis: Genesis
    epoch: Epoch
    epoch_record: bytes
    epoch_proof: Hashes
    head: Head
    signed: SignedHead

    def __init__(
        self,
        source: BinaryIO,
        trust: tuple[VerifierKey, ...],
        memory: Memory,
        progress: Progress | None,
    ) -> None:
        self.source, self.trust, self.memory, self.progress = source, trust, memory, progress

    def run(self) -> Verified:
        self.step_1_container()
        self.step_2_checkpoint()
        self.step_3_epoch()
        self.head, head_record, head_path = self.step_4_head(ACCOUNT, 4)
        self.signed = SignedHead(
            self.note, self.epoch_record, self.epoch_proof, head_record, head_path
        )
        account = self.step_5_entries()
        self.step_6_disclosures(account)
        house_head, house = self.step_7_house()
        older = self.step_8_older_heads(account)
        key = (self.signer.name, self.signer.id)
        return Verified(
            checkpoint=self.opened.checkpoint,
            signer=self.signer,
            countersigned=tuple(
                c for c in self.opened.cosignatures if (c.key.name, c.key.id) != key
            ),
            strangers=self.strangers,
            genesis=self.genesis,
            epoch=self.epoch,
            head=self.head,
            house_head=house_head,
            partial=self.partial,
            first=self.head.account not in self.memory,
            since=older,
            received=self.received,
            times=self.times,
            signed=self.signed,
            account_log=account,
            house_log=house,
        )

    # --- 1

    def step_1_container(self) -> None:
        with step(1):
            self.container = Container(self.source)
        names = self.container.members
        self.partial = files.PROOFS in names
        house = tuple(f"house/{name}" for name in files.LOGS)
        needed = {*files.REQUIRED, *(() if self.partial else house)}
        allowed = {*needed, files.PROOFS}
        for name in sorted(needed):
            if name not in names:
                refuse("is missing", 1, name)
        self.key_numbers: dict[int, set[str]] = {}
        self.since_sizes: list[int] = []
        for name in names:
            if key := files.KEY_FILE.match(name):
                self.key_numbers.setdefault(int(key[1]), set()).add(key[2])
            elif since := files.SINCE_FILE.match(name):
                self.since_sizes.append(int(since[1]))
            elif name not in allowed and not any(one.match(name) for one in _MAY_BE):
                refuse("is no file of a bundle", 1, name)
        for no, endings in self.key_numbers.items():
            if len(endings) != 3:
                refuse("has not all of .json, .tlog-proof, .consistency", 1, f"ledger/keys/{no}")
        if len(self.key_numbers) > files.MAX_KEYS:
            refuse(f"has over {files.MAX_KEYS} changes of keys", 1)
        if len(self.since_sizes) > files.MAX_SINCE:
            refuse(f"has over {files.MAX_SINCE} older heads", 1)

    # --- 2

    def step_2_checkpoint(self) -> None:
        """The checkpoint, by a chain of keys that begins with a trusted one."""
        self.times = read_times(self.container)
        with step(2, files.CHECKPOINT):
            self.note = self.container.read(files.CHECKPOINT, MAX_NOTE_BYTES)
            said = parse_checkpoint(parse_unverified(self.note).text)
        believed = {key for key in self.trust if key.kind is Kind.ED25519}
        changes = read_changes(self.container, self.key_numbers, said, believed)
        with step(2, files.GENESIS):
            record = self.container.read(files.GENESIS, MAX_RECORD_BYTES)
            self.genesis = parse_genesis(record)
            known = keys_in_order(self.genesis, changes)
        with step(2, files.CHECKPOINT):
            ours = [key for key in known if key in believed]
            self.cosigners = self._cosigners(known)
            self.opened = open_checkpoint(self.note, ours, self.cosigners)
            # and every line of a key that the ledger's own log names must hold as well
            named = open_note(self.note, known)
            self.signer = known[-1]
            self.strangers = tuple(
                line.name
                for line in self.opened.note.unverified
                if (line.name, line.key_id) not in signers(named)
            )
            if (self.signer.name, self.signer.id) not in signers(named):
                raise Unverified("is not signed by the newest of the ledger's keys")
            if {key.name for key in known} != {said.origin}:
                raise Unverified("its origin is not the name of the ledger's keys")
        with step(2, files.GENESIS_PROOF):
            proof = self._ledger_proof(files.GENESIS_PROOF, record)
            if proof.index != 0:
                raise BadRecord("must be 0", field="index")
        if self.genesis.origin != self.opened.checkpoint.origin:
            refuse("has another origin than the checkpoint", 2, files.GENESIS)

    def _cosigners(self, ledger_keys: list[VerifierKey]) -> list[VerifierKey]:
        """Trusted keys as cosigners', but for the ledger's own: it is no witness of itself."""
        own = {key.public_key for key in ledger_keys}
        return list(
            {key.as_kind(Kind.COSIGNATURE) for key in self.trust if key.public_key not in own}
        )

    def _ledger_proof(self, name: str, record: bytes) -> TlogProof:
        """The proof file of a leaf of the ledger log, checked."""
        proof = parse_tlog_proof(self.container.read(name, MAX_PROOF_BYTES))
        if proof.checkpoint != self.note:
            raise BadRecord("holds another checkpoint than the bundle", field="checkpoint")
        if proof.extra is not None:
            raise BadRecord("must be missing", field="extra")
        top = self.opened.checkpoint
        if not check_inclusion(proof.index, top.size, leaf_hash(record), proof.hashes, top.root):
            raise BadRecord("does not lead from the record to the checkpoint's root")
        return proof

    # --- 3

    def step_3_epoch(self) -> None:
        with step(3, files.EPOCH):
            self.epoch_record = self.container.read(files.EPOCH, MAX_RECORD_BYTES)
            self.epoch = parse_epoch(self.epoch_record)
        with step(3, files.EPOCH_PROOF):
            proof = self._ledger_proof(files.EPOCH_PROOF, self.epoch_record)
            if proof.index != self.epoch.epoch:
                raise BadRecord("is not the number of the epoch", field="index")
            self.epoch_proof = proof.hashes
        if self.epoch.epoch != self.opened.checkpoint.size - 1:
            refuse("is not the newest epoch of the checkpoint", 3, files.EPOCH)

    # --- 4

    def step_4_head(self, place: Place, number: int) -> tuple[Head, bytes, Hashes]:
        name = f"{place.folder}/head.json"
        with step(number, name):
            record = self.container.read(name, MAX_RECORD_BYTES)
            head = parse_head(record)
            if (head.slot == files.HOUSE_SLOT) != (place is HOUSE):
                raise BadRecord("slot 0 is that of the house log", field="slot")
        name = f"{place.folder}/head.path"
        with step(number, name):
            path = parse_path(self.container.read(name, MAX_PATH_BYTES))
            if not _in_slot(head, record, path, self.epoch):
                raise BadRecord("does not lead from the head at its slot to the epoch's root")
        return head, record, path

    # --- 5

    def step_5_entries(self) -> CheckedLog:
        self.receipts = read_receipts(self.container)
        sizes = {*self.since_sizes, *(one.received.size for one in self.receipts)}
        remembered = self.memory.get(self.head.account)
        if remembered is not None:
            sizes.add(claimed(remembered).head.size)
        account = check_log(
            self.container,
            ACCOUNT,
            self.head,
            partial=self.partial,
            sizes=sizes,
            progress=self.progress,
        )
        self._opened_by(ACCOUNT, account)
        return account

    def _opened_by(self, place: Place, log: CheckedLog) -> None:
        """Entry 0 is of this ledger, and says whether the log is the house's."""
        if log.first is None:  # the house log, before anything was written there
            return
        fact = log.first.fact
        if not isinstance(fact, Opened) or fact.ledger != self.genesis.ledger:
            refuse("entry 0 is not that of this ledger", place.entries_step, place.entries)
        if fact.house != (place is HOUSE):
            what = "entry 0 says that this is " + ("the house log" if fact.house else "an account")
            refuse(what, place.entries_step, place.entries)

    # --- 6

    def step_6_disclosures(self, account: CheckedLog) -> None:
        for name, member in self.container.members.items():
            if not files.BLOB_FILE.match(name):
                continue
            if name not in account.named:
                refuse("is named by no disclosure", 6, name)
            hashed = sha256()
            with step(6, name):
                for chunk in self.container.chunks(member.name):
                    hashed.update(chunk)
            if f"blobs/{hashed.hexdigest()}" != name:
                refuse("is not the content of that SHA-256", 6, name)

    # --- 7

    def step_7_house(self) -> tuple[Head | None, CheckedLog | None]:
        if self.partial:
            return None, None
        head, _, _ = self.step_4_head(HOUSE, 7)
        house = check_log(self.container, HOUSE, head)
        self._opened_by(HOUSE, house)
        return head, house

    # --- 8

    def step_8_older_heads(self, account: CheckedLog) -> tuple[int, ...]:
        shown: dict[int, Since] = {}
        for size in sorted(self.since_sizes):
            name = f"since/{size}.json"
            with step(8, name):
                since = parse_since(self.container.read(name, MAX_RECORD_BYTES))
                shown[size] = since
                self._since(size, since, name)
        remembered = self.memory.get(self.head.account)
        if remembered is not None:
            self._remembered(remembered, account, shown)
        for other in self.memory.values():
            self._same_ledger(other)
        roots = account.roots | {size: parse_head(one.head).root for size, one in shown.items()}
        self.received = check_receipts(self.receipts, self.head, self.epoch, roots, self.cosigners)
        return tuple(shown)

    def _since(self, size: int, since: Since, name: str) -> None:
        """An older head of this account, proved in this ledger log, is a prefix."""
        head, epoch = parse_head(since.head), parse_epoch(since.epoch)
        if (head.account, head.slot) != (self.head.account, self.head.slot):
            raise BadRecord("is no head of this account at its slot")
        if head.size != size or not size < self.head.size or not epoch.epoch < self.epoch.epoch:
            raise BadRecord("is not older than the head, or has another size than its name says")
        top = self.opened.checkpoint
        leaf = leaf_hash(since.epoch)
        if not check_inclusion(epoch.epoch, top.size, leaf, since.epoch_proof, top.root):
            raise BadRecord("its epoch does not lead to the checkpoint's root")
        if not _in_slot(head, since.head, since.head_path, epoch):
            raise BadRecord("does not lead from the head at its slot to the epoch's root")
        if not _is_prefix(head, self.head, since.account_proof):
            older = SignedHead(
                self.note, since.epoch, since.epoch_proof, since.head, since.head_path
            )
            what = "rollback or fork: the account's log does not continue this older head"
            refuse(what, 8, name, (older, self.signed))

    def _remembered(self, old: SignedHead, account: CheckedLog, shown: dict[int, Since]) -> None:
        evidence = (old, self.signed)
        claim, now = claimed(old), self.opened.checkpoint
        before, epoch, head = claim.checkpoint, claim.epoch, claim.head
        if before.origin != now.origin:
            refuse("the account that is remembered was another ledger's", 8, "", evidence)
        if head.slot != self.head.slot:
            refuse("fork: the account that is remembered had another slot", 8, "", evidence)
        if head.size > self.head.size or epoch.epoch > self.epoch.epoch or before.size > now.size:
            refuse("rollback or fork: older than what is remembered", 8, "", evidence)
        if head.size == self.head.size or self.partial:
            since = shown.get(head.size)
            known: bytes | None = self.head.root if since is None else parse_head(since.head).root
            if since is None and head.size < self.head.size:
                what = f"does not show that it continues the {head.size} entries remembered"
                refuse(what, 8, f"since/{head.size}.json")
        else:
            known = account.roots.get(head.size)
        if known != head.root:
            refuse("rollback or fork: does not continue what is remembered", 8, "", evidence)

    def _same_ledger(self, old: SignedHead) -> None:
        """Two checkpoints of one size are one and the same; a slot is one account's for ever."""
        claim, now = claimed(old), self.opened.checkpoint
        before, head, evidence = claim.checkpoint, claim.head, (old, self.signed)
        if before.origin != now.origin:
            return
        if before.size == now.size and before.root != now.root:
            what = "fork: the ledger signed another history at the same size"
            refuse(what, 8, "", evidence)
        if head.slot == self.head.slot and head.account != self.head.account:
            what = "fork: another account is remembered in this slot of the ledger"
            refuse(what, 8, "", evidence)


@frozen
class Claim:
    """What a signed head says, *not verified here*."""

    checkpoint: Checkpoint
    epoch: Epoch
    head: Head


def claimed(signed: SignedHead) -> Claim:
    """What a head says that was verified before it was remembered; BadRecord if it is none."""
    return Claim(
        parse_checkpoint(parse_unverified(signed.checkpoint).text),
        parse_epoch(signed.epoch),
        parse_head(signed.head),
    )


def _in_slot(head: Head, record: bytes, path: Hashes, epoch: Epoch) -> bool:
    return check_inclusion(head.slot, epoch.slots, leaf_hash(record), path, epoch.root)


def _is_prefix(old: Head, new: Head, proof: Hashes) -> bool:
    return check_consistency(old.size, new.size, old.root, new.root, proof)


def read_entries(source: BinaryIO, verified: Verified) -> Iterable[Entry]:
    """The account's entries out of a bundle that was verified, decoded as they are read."""
    return read_log(Container(source), ACCOUNT, verified.account_log)


def read_account(source: BinaryIO, verified: Verified) -> Iterator[Record]:
    """The account's entries as the bytes that they are, with what is disclosed of each."""
    return read_records(Container(source), ACCOUNT, verified.account_log)


def read_house(source: BinaryIO, verified: Verified) -> Iterable[Entry]:
    """The house log's entries; none in a partial bundle."""
    if verified.house_log is None:
        return ()
    return read_log(Container(source), HOUSE, verified.house_log)
