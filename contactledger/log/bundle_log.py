"""One log out of a bundle: its lines read, checked and hashed, a bounded number at a time.

`check_log` reads a log once and says what it found, or raises BadBundle. Of what it read it
keeps a hash over every `CHUNK` leaves; `read_log` reads the same lines again later, compares
before it gives anything out, and decodes.

The facts themselves are decoded when they are read, so that opening a bundle costs little
more than hashing it; that each record has the one canonical form, stands in its place and is
an entry of this account is checked when the bundle is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from typing import Any, NoReturn

from attrs import define, field, frozen

from contactledger.errors import BadBundle, BadInput, Unverified
from contactledger.facts import Entry
from contactledger.log.bundle import BLOB_FILE, DISCLOSURES, PROOFS
from contactledger.log.bundle_text import (
    MAX_DISCLOSURE_BYTES,
    MAX_PATH_BYTES,
    parse_disclosure,
    parse_proof,
)
from contactledger.log.canon import MAX_RECORD_BYTES, parse_time
from contactledger.log.container import Container
from contactledger.log.fields import PLANS
from contactledger.log.record import decode, digests_of, disclosed, read_envelope
from contactledger.log.seal import Head
from contactledger.log.tlog import check_inclusion, extend, leaf_hash, root

STEPS = {
    1: "container",
    2: "checkpoint",
    3: "epoch",
    4: "head",
    5: "entries",
    6: "disclosures",
    7: "house log",
    8: "older heads",
}
CHUNK = 1_000
"""Entries whose leaves are hashed together, reported as progress, and decoded in one go."""

Progress = Callable[[int, int], object]
"""Called with entries done and entries in all."""

_FIRST = ("opened", "policy_adopted")
_LARGE = {name for cls in PLANS.values() for name, _, _, large, _ in cls.personal if large}
"""Personal fields whose content is a blob; no other field bears one of these names."""
_URL_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@contextmanager
def step(number: int, file: str = "") -> Iterator[None]:
    """Whatever is found wrong inside is BadBundle of this step and file."""
    try:
        yield
    except (BadInput, Unverified) as error:
        text = str(error).removeprefix(f"{file}: ") if file else str(error)
        raise BadBundle(text, step=number, name=STEPS[number], file=file) from None


def refuse(what: str, number: int, file: str = "", evidence: tuple[object, ...] = ()) -> NoReturn:
    """Raise BadBundle."""
    raise BadBundle(what, step=number, name=STEPS[number], file=file, evidence=evidence)


@frozen
class Place:
    """Where a log stands in a bundle: its folder, and the steps in which it is checked."""

    folder: str
    entries_step: int
    parts_step: int

    @property
    def entries(self) -> str:
        """The file of its records."""
        return f"{self.folder}/entries.ndjson"


ACCOUNT = Place("account", 5, 6)
HOUSE = Place("house", 7, 7)


@frozen
class Chunk:
    """A run of entries that was checked: how many, the hash over their leaves, how many
    disclosures they have in the bundle."""

    entries: int
    leaves: bytes
    disclosed: int


@define
class CheckedLog:
    """What was found in a log: how many lines, roots by size, what is kept to read it again.

    `first`: entry 0, None while the log is empty. `missing`: personal parts without a
    disclosure. `named`: blobs that disclosures name and that are there; `missing_blobs` are not.
    """

    entries: int = 0
    first: Entry | None = None
    roots: dict[int, bytes] = field(factory=dict)
    chunks: list[Chunk] = field(factory=list)
    missing: int = 0
    named: set[str] = field(factory=set)
    missing_blobs: int = 0


def check_log(
    container: Container,
    place: Place,
    head: Head,
    *,
    partial: bool = False,
    sizes: Collection[int] = (),
    progress: Progress | None = None,
) -> CheckedLog:
    """Read a log and compare it with its head. `sizes`: of which the roots are wanted, too."""
    checker = _Checker(container, place, head, partial=partial, sizes=sizes)
    with step(place.entries_step, place.entries):
        for line in container.lines(place.entries, MAX_RECORD_BYTES):
            checker.entry(line)
            if len(checker.leaves) == CHUNK:
                checker.grow()
                if progress is not None:
                    progress(checker.found.entries, checker.total)
    checker.close()
    if progress is not None:
        progress(checker.found.entries, checker.total)
    return checker.found


class _Checker:
    """Walks the lines of one log."""

    def __init__(
        self,
        container: Container,
        place: Place,
        head: Head,
        *,
        partial: bool,
        sizes: Collection[int],
    ) -> None:
        self.container, self.place, self.head, self.partial = container, place, head, partial
        self.members = container.members
        self.parts = _Parts(container, place)
        self.proofs = container.lines(PROOFS, 2 * MAX_PATH_BYTES) if partial else iter(())
        self.found = CheckedLog()
        self.total = head.size
        self.leaves: list[bytes] = []
        self.disclosed = 0
        self.size, self.frontier = 0, ()  # type: tuple[int, tuple[bytes, ...]]
        self.stops = sorted(size for size in set(sizes) if 0 < size <= head.size)
        self.last_no = -1
        self.last_time = ""

    def entry(self, line: bytes) -> None:
        """The next record."""
        try:
            document = read_envelope(line)
            recorded_at, at = document["recorded_at"], document["at"]
            if recorded_at != self.last_time:
                parse_time(recorded_at)
            if at != recorded_at:
                parse_time(at)
        except BadInput as error:
            raise error.at(f"line {self.found.entries + 1}") from None
        no = document["no"]
        if document["account"] != self.head.account:
            self._bad("is an entry of another account")
        if recorded_at < self.last_time:
            self._bad("was recorded before the entry in front of it")
        leaf = leaf_hash(line)
        if self.partial:
            self._check_proof(no, leaf)
        elif no != self.last_no + 1:
            self._bad(f"has the number {no} instead of {self.last_no + 1}")
        if self.found.entries < 2 and (no, document["kind"]) != (
            self.found.entries,
            _FIRST[self.found.entries],
        ):
            self._bad("a log begins with Opened and PolicyAdopted")
        self.last_no, self.last_time = no, recorded_at
        if self.place is HOUSE and document["sd"]:
            self._bad("the house log holds nothing personal")
        bodies = self.parts.of(no)
        if bodies or document["sd"]:
            self._disclosures(document, bodies)
        if no == 0:
            self.found.first = decode(line, _texts(bodies))
        self.leaves.append(leaf)
        self.found.entries += 1

    def _check_proof(self, no: int, leaf: bytes) -> None:
        if no <= self.last_no:
            self._bad("is not in order of the numbers")
        number = f"line {self.found.entries + 1}"
        with step(self.place.entries_step, PROOFS):
            line = next(self.proofs, None)
            proof = () if line is None else parse_proof(line)
            if line is None:
                refuse(f"{number} is missing", self.place.entries_step, PROOFS)
        if not check_inclusion(no, self.head.size, leaf, proof, self.head.root):
            what = f"{number} does not lead from the entry to the head's root"
            refuse(what, self.place.entries_step, PROOFS)

    def _disclosures(self, document: dict[str, Any], bodies: dict[str, bytes]) -> None:
        no, sd = document["no"], document["sd"]
        if not bodies.keys() <= {digest for _, _, digest in sd}:
            self.parts.bad("its digest is not there", f"of entry {no}")
        self.disclosed += len(bodies)
        if len(bodies) != len(sd):
            self.found.missing += sum(digest not in bodies for _, _, digest in sd)
        for name, _, digest in sd:
            if name in _LARGE and digest in bodies:
                self._blob(no, bodies[digest])

    def _blob(self, no: int, body: bytes) -> None:
        try:
            _, value = disclosed(body.decode("ascii"))
        except BadInput as error:
            self.parts.bad(str(error), f"of entry {no}")
        if not isinstance(value, dict) or set(value) != {"sha256", "size"}:
            self.parts.bad("an original is a SHA-256 and a size", f"of entry {no}")
        name = f"blobs/{value['sha256']}"
        if not BLOB_FILE.match(name):
            self.parts.bad("not a SHA-256 in hexadecimal", f"of entry {no}")
        member = self.members.get(name)
        if member is None:
            self.found.missing_blobs += 1
        elif member.size_bytes != value["size"]:
            refuse(f"has not the size that entry {no} says", self.place.parts_step, name)
        else:
            self.found.named.add(name)

    def grow(self) -> None:
        """Hash the leaves that wait into the tree, stopping where a root is wanted."""
        leaves = self.leaves
        if not leaves:
            return
        hashed = sha256(b"".join(leaves)).digest()
        self.found.chunks.append(Chunk(len(leaves), hashed, self.disclosed))
        self.leaves, self.disclosed = [], 0
        if self.partial:
            return
        end = self.size + len(leaves)
        for stop in (*[s for s in self.stops if self.size < s <= end], end):
            some, leaves = leaves[: stop - self.size], leaves[stop - self.size :]
            self.frontier = extend(self.size, self.frontier, some)
            self.size = stop
            if stop in self.stops:
                self.found.roots[stop] = root(stop, self.frontier)

    def close(self) -> None:
        """The end of the lines: everything is used up, and the root is the head's."""
        self.parts.close()
        with step(self.place.entries_step, PROOFS):
            if next(self.proofs, None) is not None:
                refuse("has more lines than entries", self.place.entries_step, PROOFS)
        self.grow()
        file = self.place.entries
        if self.found.entries < 2 and not (self.place is HOUSE and self.head.size == 0):
            refuse("entries 0 and 1 are missing", self.place.entries_step, file)
        if self.partial:
            return
        if self.size != self.head.size:
            what = f"holds {self.size} entries, the head says {self.head.size}"
            refuse(what, self.place.entries_step, file)
        if root(self.size, self.frontier) != self.head.root:
            refuse("its root is not the head's", self.place.entries_step, file)

    def _bad(self, what: str) -> NoReturn:
        raise BadInput(what, place=f"line {self.found.entries + 1}")


class _Parts:
    """The disclosures of a log, entry by entry. Nothing is disclosed of the house log."""

    def __init__(self, container: Container, place: Place) -> None:
        self.step = place.parts_step
        self.count = 0
        self.lines: Iterator[bytes] = iter(())
        if place is ACCOUNT:
            self.lines = _labelled(
                container.lines(DISCLOSURES, MAX_DISCLOSURE_BYTES), self.step, DISCLOSURES
            )
        self.waiting = next(self.lines, None)

    def of(self, no: int) -> dict[str, bytes]:
        """Digest → D of entry `no`, which are the next lines that begin with its number.

        A line that is of no entry, or out of order, is then never asked for, and seen by `close`.
        """
        start, line = b'[%d,"' % no, self.waiting
        if line is None or not line.startswith(start):
            return {}
        bodies, skip = [], len(start)
        while line is not None and line.startswith(start):
            bodies.append(line[skip:-2] if line.endswith(b'"]') else b"")
            line = next(self.lines, None)
        self.waiting = line
        self.count += len(bodies)
        if b"" in bodies or b"".join(bodies).translate(None, _URL_BYTES):
            self.bad('is not [no,"disclosure"]', f"of entry {no}")
        digests = digests_of(bodies)
        if digests != sorted(set(digests)):
            self.bad("are not in order of their digests", f"of entry {no}")
        return dict(zip(digests, bodies, strict=True))

    def close(self) -> None:
        """Every line has been asked for."""
        if self.waiting is None:
            return
        place = f"line {self.count + 1}"
        try:
            no, _ = parse_disclosure(self.waiting)
        except BadInput as error:
            self.bad(error.why, place)
        self.bad(f"belongs to no entry, or is not in order (it says {no})", place)

    def bad(self, what: str, place: str) -> NoReturn:
        refuse(f"{place}: {what}", self.step, DISCLOSURES)


def _texts(bodies: dict[str, bytes]) -> dict[str, str]:
    return {digest: body.decode("ascii") for digest, body in bodies.items()}


def _labelled(lines: Iterator[bytes], number: int, file: str) -> Iterator[bytes]:
    """The same lines; what is wrong in reading them belongs to this step and file."""
    with step(number, file):
        yield from lines


def read_log(container: Container, place: Place, checked: CheckedLog) -> Iterator[Entry]:
    """The entries of a log that was checked, decoded, with what is disclosed.

    BadBundle if the lines are no longer those that were checked, or if a fact in them is none
    that this release knows.
    """
    for number, (record, bodies) in enumerate(read_records(container, place, checked), 1):
        yield _decoded(record, bodies, place, number)


Record = tuple[bytes, dict[str, str]]
"""The bytes of an entry, and what is disclosed of it: digest → disclosure."""


def read_records(container: Container, place: Place, checked: CheckedLog) -> Iterator[Record]:
    """The same as the bytes that they are. BadBundle if these are no longer what was checked."""
    lines = container.lines(place.entries, MAX_RECORD_BYTES)
    parts = _Parts(container, place)
    for chunk in checked.chunks:
        yield from _chunk(lines, parts, place, chunk)


def _chunk(lines: Iterator[bytes], parts: _Parts, place: Place, chunk: Chunk) -> list[Record]:
    with step(place.entries_step, place.entries):
        records = list(islice(lines, chunk.entries))
        leaves = sha256(b"".join([leaf_hash(record) for record in records])).digest()
        if leaves != chunk.leaves:
            refuse("has changed since it was verified", place.entries_step, place.entries)
    read, disclosed_count = [], 0
    for record in records:
        bodies = parts.of(read_envelope(record)["no"])
        read.append((record, _texts(bodies)))
        disclosed_count += len(bodies)
    if disclosed_count != chunk.disclosed:
        refuse("has changed since it was verified", place.parts_step, DISCLOSURES)
    return read


def _decoded(record: bytes, bodies: dict[str, str], place: Place, number: int) -> Entry:
    try:
        return decode(record, bodies)
    except BadInput as error:
        refuse(f"line {number}: {error}", place.entries_step, place.entries)
