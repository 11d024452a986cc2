"""Bundles for tests, made from trees in memory: a small ledger whose every part can be bent."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import attrs
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contactledger import facts as f
from contactledger.keys import KeySigner
from contactledger.log.bundle import Content, KeyContent, LogContent, write_bundle
from contactledger.log.bundle_text import Since
from contactledger.log.checkpoint import Checkpoint, sign_checkpoint
from contactledger.log.record import Encoded, encode, to_base64url
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
    parse_head,
)
from contactledger.log.tlog import (
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    reader_over,
    root_of,
)
from contactledger.log.tlog_proof import TlogProof
from contactledger.log.verifier import VerifierKey
from tests.vectors.make import POLICY, fixed_id


def key_of(seed: str, name: str = "acme.example/ledger") -> KeySigner:
    """A signer under a ledger's name whose key follows from the seed."""
    private = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()).digest())
    return KeySigner(VerifierKey(name, private.public_key().public_bytes_raw()), private)


T0 = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
LEDGER, ACME, SMITH, ANN, BOB = map(fixed_id, ["ledger", "acme", "smith", "ann", "bob"])
HOUSE, SMITHS, OTHERS = map(fixed_id, ["house", "smith-motors", "other-motors"])
ORIGIN = "acme.example/ledger"


@define
class Log:
    """An account's log while it grows."""

    account: str
    name: str | None
    house: bool = False
    salts: int = 0
    encoded: list[Encoded] = field(factory=list)
    ids: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.add(f.Opened(self.name, ledger=LEDGER, house=self.house))
        digest = sha256(POLICY.encode()).hexdigest()
        self.add(f.PolicyAdopted(POLICY, digest, 1, ACME))

    def salt(self) -> str:
        seed = f"{self.account} {self.salts}".encode()
        self.salts += 1
        return to_base64url(sha256(seed).digest()[:16])

    def add(self, fact: f.Fact, id_: str = "", owner: str = "", at: datetime | None = None) -> int:
        """Append a fact; its number."""
        no = len(self.encoded)
        at = at or T0 + timedelta(hours=no)
        self.ids.append(id_ or fixed_id(f"{self.account} {no}"))
        self.encoded.append(
            encode(
                fact,
                account=self.account,
                no=no,
                id=self.ids[-1],
                at=at,
                recorded_at=at,
                recorder=ACME,
                owner=owner,
                salt=self.salt,
            )
        )
        return no

    @property
    def records(self) -> list[bytes]:
        return [one.record for one in self.encoded]

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(record) for record in self.records]

    def disclosures(self, numbers: Iterable[int] | None = None) -> list[tuple[int, str]]:
        chosen = range(len(self.encoded)) if numbers is None else numbers
        rows = [(no, d.digest, d.body) for no in chosen for d in self.encoded[no].disclosures]
        return [(no, body) for no, _, body in sorted(rows)]

    def blobs(self) -> dict[str, bytes]:
        return dict(blob for one in self.encoded for blob in one.blobs)


@define
class Sealed:
    """What one seal left behind: its heads, its slots, the note over the ledger log so far."""

    heads: dict[str, bytes]
    slots: list[bytes]
    size: int
    epoch: bytes
    note: bytes = b""


@define
class Maker:
    """A ledger in memory: logs, the slot tree, the ledger log, checkpoints."""

    signers: tuple[KeySigner, ...] = (key_of("first"),)
    logs: dict[str, Log] = field(factory=dict)
    slots: list[str] = field(factory=list)
    ledger_log: list[bytes] = field(factory=list)
    seals: list[Sealed] = field(factory=list)
    keys: dict[int, int] = field(factory=dict)
    """Leaf of a change of keys → index of the seal whose checkpoint both keys signed."""
    genesis: bytes = b""

    def __attrs_post_init__(self) -> None:
        self.logs[HOUSE] = Log(HOUSE, None, house=True)
        self.slots.append(HOUSE)
        keys = tuple(one.key.format() for one in self.signers)
        self.genesis = format_genesis(Genesis(LEDGER, ORIGIN, keys))
        self.ledger_log.append(self.genesis)

    def log(self, account: str, name: str | None = "smith-motors") -> Log:
        if account not in self.logs:
            self.logs[account] = Log(account, name)
            self.slots.append(account)
        return self.logs[account]

    def head(self, account: str, slot: int) -> bytes:
        log = self.logs[account]
        blind = leaf_hash(b"blind %d %d" % (slot, len(log.encoded)))[:16]
        return format_head(Head(account, blind, root_of(log.leaves), len(log.encoded), slot))

    def seal(self, number: int | None = None) -> Sealed:
        """Seal everything; `number`: what the epoch says of itself, where it is to be wrong."""
        heads = {account: self.head(account, slot) for slot, account in enumerate(self.slots)}
        slots = [leaf_hash(heads[account]) for account in self.slots]
        no = len(self.ledger_log)
        said = no if number is None else number
        epoch = format_epoch(Epoch(said, root_of(slots), T0 + timedelta(days=no), len(slots)))
        self.ledger_log.append(epoch)
        note = sign_checkpoint(Checkpoint(ORIGIN, no + 1, root_of(self.leaves())), *self.signers)
        sealed = Sealed(heads, slots, no + 1, epoch, note)
        self.seals.append(sealed)
        return sealed

    def rotate(self, new) -> None:
        """Change the newest key; both sign until the old one is dropped from `signers`."""
        old = self.signers[-1]
        no = len(self.ledger_log)
        change = KeyChange(T0 + timedelta(days=no), new.key.format(), old.key.format())
        self.ledger_log.append(format_key_change(change))
        self.signers = (*self.signers, new)
        self.keys[no] = len(self.seals)
        self.seal()

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [leaf_hash(record) for record in self.ledger_log[:size]]

    def proof(self, index: int, size: int) -> tuple[bytes, ...]:
        return prove_inclusion(index, size, reader_over(self.leaves(size)))

    def log_content(self, account: str, sealed: Sealed) -> LogContent:
        slot = self.slots.index(account)
        path = prove_inclusion(slot, len(sealed.slots), reader_over(sealed.slots))
        return LogContent(sealed.heads[account], path, lambda: self.logs[account].records)

    def content(self, account: str = SMITHS, since: Sequence[int] = (), **changes) -> Content:
        """The content of a bundle as of the newest seal; `since`: seals whose heads were given."""
        sealed, log = self.seals[-1], self.logs[account]
        blobs = log.blobs()
        content = Content(
            checkpoint=sealed.note,
            genesis=self.genesis,
            genesis_proof=self.proof(0, sealed.size),
            epoch=sealed.epoch,
            epoch_proof=self.proof(sealed.size - 1, sealed.size),
            account=self.log_content(account, sealed),
            house=self.log_content(HOUSE, sealed),
            disclosures=log.disclosures,
            keys=tuple(self.key_content(no, sealed.size) for no in self.keys),
            since=tuple(sorted(self.since(account, self.seals[one]) for one in since)),
            blobs=tuple(sorted(blobs)),
            blob=lambda sha256: [blobs[sha256]],
        )
        return attrs.evolve(content, **changes)

    def key_content(self, no: int, size: int) -> KeyContent:
        then = self.seals[self.keys[no]]
        proof = TlogProof(no, self.proof(no, then.size), then.note)
        consistency = prove_consistency(then.size, size, reader_over(self.leaves(size)))
        return KeyContent(no, self.ledger_log[no], proof, consistency)

    def since(self, account: str, then: Sealed) -> tuple[int, Since]:
        now, log = self.seals[-1], self.logs[account]
        slot, size = self.slots.index(account), parse_head(then.heads[account]).size
        return size, Since(
            then.epoch,
            self.proof(parse_epoch(then.epoch).epoch, now.size),
            then.heads[account],
            prove_inclusion(slot, len(then.slots), reader_over(then.slots)),
            prove_consistency(size, len(log.encoded), reader_over(log.leaves)),
        )

    def partial(self, numbers: Sequence[int], account: str = SMITHS) -> Content:
        log = self.logs[account]
        reader, size = reader_over(log.leaves), len(log.encoded)
        content = self.content(account)
        blobs = tuple(sorted({sha for no in numbers for sha, _ in log.encoded[no].blobs}))
        return attrs.evolve(
            content,
            account=attrs.evolve(
                content.account, records=lambda: [log.records[no] for no in numbers]
            ),
            house=None,
            disclosures=lambda: log.disclosures(numbers),
            blobs=blobs,
            proofs=lambda: [prove_inclusion(no, size, reader) for no in numbers],
        )


def story() -> Maker:
    """A vendor, two customers, a touch with its original, its answer; not sealed yet."""
    maker = Maker()
    for account, name in ((SMITHS, "smith-motors"), (OTHERS, "other-motors")):
        log = maker.log(account, name)
        log.add(f.Party("acme", "ACME", f.Role.VENDOR, "UTC"), ACME)
        log.add(f.Party("smith", "Smith Motors", f.Role.CUSTOMER, "UTC"), SMITH)
        log.add(f.Person("ann", ACME, "Ann Lee", email=("ann@acme.example",)), ANN, ANN)
        log.add(f.Person("bob", SMITH, "Bob Ray", email=("bob@smith.example",)), BOB, BOB)
        touch = f.Touch(
            ANN,
            (BOB,),
            f.Channel.EMAIL,
            about="How to sync",
            addresses={BOB: "bob@smith.example"},
            original=b"raw message\r\n",
        )
        no = log.add(touch, fixed_id(f"{account} touch"))
        answer = f.Touch(BOB, (ANN,), f.Channel.EMAIL, answers=(log.ids[no],), about="Re")
        log.add(answer, fixed_id(f"{account} answer"))
    return maker


def written(content: Content) -> bytes:
    target = io.BytesIO()
    size = write_bundle(target, content)
    assert size == len(target.getvalue())
    return target.getvalue()
