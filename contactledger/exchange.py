"""The other side's view: a bundle opened, verified, and judged by one's own copy of the rules.

`open_bundle` gives an object only if every step of `contactledger.log.bundle_open` holds.
What it then says is computed from the entries in the file by the judge that the ledger
itself uses, by default as of the moment of the seal.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from attrs import field, frozen

from contactledger import files, printed_in
from contactledger.advice import NextStep, Permission, Relationship
from contactledger.asking import Asked
from contactledger.errors import BadInput, BadRecord, CannotJudge
from contactledger.facts import Entry, Opened
from contactledger.findings import Case, Finding, Standing
from contactledger.log.bundle_log import CHUNK, Progress
from contactledger.log.bundle_open import (
    Verified,
    claimed,
    read_entries,
    read_house,
    verify,
)
from contactledger.log.bundle_text import SignedHead, read_signed_head, signed_head_document
from contactledger.log.canon import format_time
from contactledger.log.record import to_base64url
from contactledger.log.seal import Head
from contactledger.log.verifier import Kind, VerifierKey
from contactledger.missing import count_redacted
from contactledger.reading import Checked, Loaded, Reading
from contactledger.timestamping import Roots, Timestamped, open_timestamp, read_roots
from contactledger.vocabulary import Channel

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from contactledger.printing import Attachment

Trust = str | VerifierKey | files.Where
Remember = files.Where | MutableMapping[str, Any]

VERIFIED = (
    "All {n} were verified against the checkpoint that {origin} signed; their root begins {root}."
)
"""What a report of a bundle says of how it was checked."""
_LAST_SECOND = 253_402_300_799
"""The last POSIX second of the year 9999, which is the last that a datetime can be."""


@frozen
class Countersigned:
    """That somebody was given this log, or the checkpoint over it, at a time by their own clock.

    `size`: how many of the account's entries a receipt says were received; None for a
    cosignature alone, which is for the checkpoint and names no account. It is no word on what
    the entries say (J39). `at` is None for a time beyond the year 9999.
    """

    name: str
    key: str
    at: datetime | None
    size: int | None = None


@frozen
class OpenedBundle:
    """A bundle of which every step was verified; nothing of it is taken on the ledger's word.

    `account` is the account's name, or its id where the name is not disclosed. `complete`:
    all entries up to `size`; else some, each with its proof, and then it is not judged.
    `redacted` parts are missing and an entry says that they were erased; `withheld` ones are
    missing without a word, `withheld_originals` are large contents that are. `first`: nothing
    was remembered of this account, so compare `account_id`, `slot` and `root` over another way.
    `timestamped`: when the checkpoint was there, by authorities whose roots were named.
    """

    account: str
    redacted: int
    withheld: int
    countersigned: tuple[Countersigned, ...]
    timestamped: tuple[Timestamped, ...]
    verified: Verified = field(repr=False)
    _source: Callable[[], AbstractContextManager[BinaryIO]] = field(repr=False)
    printed: bool = False
    """Whether it was found inside a PDF: it is what was verified, and not what the pages say."""

    @property
    def complete(self) -> bool:
        """Whether all entries up to `size` are in it."""
        return not self.verified.partial

    @property
    def account_id(self) -> str:
        """The account's id in the ledger."""
        return self.verified.head.account

    @property
    def slot(self) -> int:
        """The account's place in the slot tree, which it keeps."""
        return self.verified.head.slot

    @property
    def size(self) -> int:
        """How many entries the account's log had at the seal."""
        return self.verified.head.size

    @property
    def head(self) -> Head:
        """The account's head."""
        return self.verified.head

    @property
    def origin(self) -> str:
        """Which ledger signed."""
        return self.verified.checkpoint.origin

    @property
    def key(self) -> str:
        """The verifier key of the ledger's newest key, which signed."""
        return self.verified.signer.format()

    @property
    def sealed_at(self) -> datetime:
        """When it was sealed, by the ledger's clock."""
        return self.verified.epoch.sealed_at

    @property
    def first(self) -> bool:
        """Whether nothing was remembered of this account."""
        return self.verified.first

    @property
    def withheld_originals(self) -> int:
        """Originals that a disclosure names and that are not there."""
        return self.verified.account_log.missing_blobs

    # --- entries

    def entries(self) -> Iterator[Entry]:
        """The account's entries in order, read again and compared with what was verified.

        They come as they are decoded, a thousand at a time. BadBundle if the file has
        changed, or holds a fact that this release does not know.
        """
        with self._source() as source:
            yield from read_entries(source, self.verified)

    def house(self) -> Iterator[Entry]:
        """The entries of the ledger's shared log of impersonal facts; none if partial."""
        with self._source() as source:
            yield from read_house(source, self.verified)

    def copy(self, target: BinaryIO) -> None:
        """Write the bundle's own bytes to a binary file."""
        with self._source() as source:
            source.seek(0)
            shutil.copyfileobj(source, target)

    # --- judged; the arguments are those of the same words of a Ledger

    def findings(self, **how: Any) -> tuple[Finding, ...]:
        """The verdicts on every touch, by default as of `sealed_at`. CannotJudge if partial."""
        return _Read(self).findings(self.account, **how)

    def standing(self, **how: Any) -> Standing:
        """The account, by default as of `sealed_at`. CannotJudge if partial."""
        return _Read(self).standing(self.account, **how)

    def cases(self, **how: Any) -> tuple[Case, ...]:
        """The account's matters, by default as of `sealed_at`. CannotJudge if partial."""
        return _Read(self).cases(self.account, **how)

    def report(self, kind: str = "proof-of-contact", **how: Any) -> files.Report:
        """The proof of contact, by default as of `sealed_at`. CannotJudge if partial."""
        return _Read(self).report(self.account, kind, **how)

    def ask(self, **how: Any) -> Asked:
        """The account, to be asked, by default as of `sealed_at`. CannotJudge if partial."""
        return _Read(self).ask(self.account, **how)

    def may_contact(
        self, person: str, channel: Channel | str, *about: Any, **how: Any
    ) -> Permission:
        """Whether somebody may be contacted, by default as of `sealed_at`."""
        return _Read(self).may_contact(self.account, person, channel, *about, **how)

    def next_steps(self, **how: Any) -> tuple[NextStep, ...]:
        """What a party should do next, by default as of `sealed_at`."""
        return _Read(self).next_steps(self.account, **how)

    def relationship(self, **how: Any) -> Relationship:
        """Where the relationship is, by default as of `sealed_at`."""
        return _Read(self).relationship(self.account, **how)

    def outlook(self, **how: Any) -> files.Report:
        """Next steps and relationship as a page, by default as of `sealed_at`."""
        return _Read(self).outlook(self.account, **how)


class _Read(Reading):
    """A bundle read as a ledger is."""

    def __init__(self, bundle: OpenedBundle) -> None:
        self._bundle = bundle

    def _load(self, account: str, *, check: bool = False) -> Loaded:  # noqa: ARG002 - it is
        bundle = self._bundle
        if bundle.verified.partial:
            raise CannotJudge(
                "a partial bundle is not judged: what answers its touches may not be in it"
            )
        said = {"n": bundle.size, "origin": bundle.origin, "root": bundle.head.root.hex()[:16]}
        return Loaded(list(bundle.entries()), list(bundle.house()), Checked(VERIFIED, said))

    def _now(self) -> datetime:
        return self._bundle.sealed_at

    def _attachment(self, account: str) -> Attachment:
        from contactledger.printing import Attachment

        return Attachment(account, self._bundle.copy)


def open_bundle(
    bundle: files.Where | BinaryIO,
    *,
    trust: Trust | Iterable[Trust],
    remember: Remember | None = None,
    time_roots: Roots | None = None,
    progress: Progress | None = None,
) -> OpenedBundle:
    """A bundle, verified offline in eight steps, or BadBundle naming step and file.

    `bundle`: the file, or a report as a PDF that carries one; a path, opened again whenever
    entries are read, or a seekable binary file that stays open. `trust`: verifier keys of the
    ledger, as text, as `.vkey` files or as `VerifierKey`; those of kind 4 are witnesses' and make
    a cosignature count. `remember`: a path or dict that keeps what was verified; a later bundle
    of the same account must extend it. `time_roots`: paths of root certificates (PEM) of
    timestamping authorities; without them timestamps are passed over, and so are those that do
    not verify under any.
    `progress` is called with entries done and entries in all, and where parts are missing again
    from the first entry on, three times, while it is found out what was erased.

    BadInput for a trust or a memory that cannot be read; StoreError and its kinds for a file.
    """
    keys = trusted_keys(trust)
    roots = None if time_roots is None else read_roots(time_roots)
    memory = _Memory(remember)
    source, printed = _source(bundle)
    with source() as opened:
        verified = verify(opened, keys, memory=memory.signed, progress=progress)
    made = OpenedBundle("", 0, 0, (), (), verified, source)
    first = verified.account_log.first
    name = first.fact.name if first is not None and isinstance(first.fact, Opened) else None
    missing = verified.account_log.missing
    walk = partial(_counted, made, progress)
    redacted = count_redacted(walk) if missing else 0
    memory.keep(verified)
    return OpenedBundle(
        account=name or verified.head.account,
        redacted=redacted,
        withheld=missing - redacted,
        countersigned=_countersigned(verified),
        timestamped=_timestamped(verified, roots),
        verified=verified,
        source=source,
        printed=printed,
    )


def _timestamped(
    verified: Verified, roots: Iterable[Certificate] | None
) -> tuple[Timestamped, ...]:
    """What those of the authorities say whom the caller trusts, the earliest first."""
    if roots is None:
        return ()
    found = [open_timestamp(token, verified.checkpoint, roots) for token in verified.times]
    return tuple(sorted([one for one in found if one is not None], key=lambda one: one.at))


def _counted(opened: OpenedBundle, progress: Progress | None) -> Iterator[Entry]:
    """The entries, reported as they are given."""
    total = opened.verified.account_log.entries
    for done, entry in enumerate(opened.entries(), 1):
        yield entry
        if progress is not None and (done % CHUNK == 0 or done == total):
            progress(done, total)


def _countersigned(verified: Verified) -> tuple[Countersigned, ...]:
    """Receipts, the oldest first, and the cosignatures that no receipt goes with."""
    found = [
        Countersigned(
            one.key.name,
            one.key.as_kind(Kind.COSIGNATURE).format(),
            one.received.at,
            one.received.size,
        )
        for one in verified.received
    ]
    now = verified.epoch.epoch
    said = {one.key.public_key for one in verified.received if one.received.epoch == now}
    for one in verified.countersigned:
        if one.key.public_key not in said:
            at = datetime.fromtimestamp(one.time, UTC) if one.time <= _LAST_SECOND else None
            found.append(Countersigned(one.key.name, one.key.format(), at))
    return tuple(found)


def trusted_keys(trust: Trust | Iterable[Trust]) -> tuple[VerifierKey, ...]:
    """The keys of `trust=`; BadInput if there is none, or one that cannot be read."""
    single = isinstance(trust, str | VerifierKey | PathLike)
    given = [cast("Trust", trust)] if single else list(cast("Iterable[Trust]", trust))
    if not given:
        raise BadInput("name at least one verifier key", field="trust")
    return tuple([_trusted(one, f"trust[{index}]") for index, one in enumerate(given)])


def _trusted(one: Trust, field: str) -> VerifierKey:
    if isinstance(one, VerifierKey):
        return one
    text = one if isinstance(one, str) and "+" in one else files.read_text(one, field).strip()
    try:
        return VerifierKey.parse(text)
    except BadRecord as error:
        raise BadInput(error.why, field=field) from None


Source = Callable[[], AbstractContextManager[BinaryIO]]


def _source(bundle: files.Where | BinaryIO) -> tuple[Source, bool]:
    """A bundle as a file that can be opened, and whether it lay inside a PDF."""

    def source() -> AbstractContextManager[BinaryIO]:
        if isinstance(bundle, str | PathLike):
            return files.reading(bundle, "bundle")
        return nullcontext(bundle)

    with source() as file:
        printed = printed_in.is_pdf(file)

    @contextmanager
    def inside() -> Iterator[BinaryIO]:
        with source() as file, printed_in.bundle_in(file) as found:
            yield found

    return (inside if printed else source), printed


class _Memory:
    """What was verified of each account the last time: in a file, in a dict, or nowhere."""

    def __init__(self, where: Remember | None) -> None:
        self._path = None if where is None or isinstance(where, MutableMapping) else where
        if isinstance(where, MutableMapping):
            self._kept: MutableMapping[str, Any] = where
        else:
            self._kept = {} if where is None else files.read_json(where, "remember")
        self.signed: dict[str, SignedHead] = {}
        for account, kept in self._kept.items():
            try:
                signed = read_signed_head(kept["signed"])
                known = claimed(signed).head.account
            except (BadInput, KeyError, TypeError):
                raise BadInput("holds what was not remembered here", field="remember") from None
            if known != account:
                raise BadInput("holds an account under another id", field="remember")
            self.signed[account] = signed

    def keep(self, verified: Verified) -> None:
        """Remember this account from now on."""
        head = verified.head
        self._kept[head.account] = {
            "slot": head.slot,
            "size": head.size,
            "root": to_base64url(head.root),
            "origin": verified.checkpoint.origin,
            "key": verified.signer.format(),
            "sealed_at": format_time(verified.epoch.sealed_at),
            "signed": signed_head_document(verified.signed),
        }
        if self._path is not None:
            files.write_json(self._path, dict(self._kept), "remember")
