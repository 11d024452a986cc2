"""One log out of a bundle: its lines read, checked and hashed, a bounded number at a time.

`check_log` reads a log once and says what it found, or raises BadBundle. Of what it read it
keeps a hash over every `CHUNK` leaves; `read_log` reads the same lines again later, compares
before it gives anything out, and decodes.

The facts themselves are decoded when they are read, so that opening a bundle costs little
more than hashing it; that each record has the one canonical form, stands in its place and is
an entry of this account is checked when the bundle is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from typing import Any, NoReturn

from attrs import define, field, frozen

from contactledger.errors import BadBundle, BadInput, Unverified
from contactledger.facts import FACTS, Entry
from contactledger.log.bundle import BLOB_FILE, DISCLOSURES, PROOFS
from contactledger.log.bundle_text import (
    MAX_DISCLOSURE_BYTES,
    MAX_PATH_BYTES,
    parse_disclosure,
    parse_proof,
)
from contactledger.log.canon import MAX_RECORD_BYTES, parse_time
from contactledger.log.container import Container
from contactledger.log.record import PLANS, decode, digest_of, disclosed, read_envelope
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
_LARGE = {
    (kind, name)
    for kind, cls in FACTS.items()
    for name, _, _, large, _ in PLANS[cls].personal
    if large
}
"""(kind, field) of the personal fields whose content is a blob."""


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
            for name in ("recorded_at", "at"):
                if document[name] != self.last_time:
                    parse_time(document[name])
        except BadInput as error:
            raise error.at(f"line {self.found.entries + 1}") from None
        no = document["no"]
        if document["account"] != self.head.account:
            self._bad("is an entry of another account")
        if document["recorded_at"] < self.last_time:
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
        self.last_no, self.last_time = no, document["recorded_at"]
        if self.place is HOUSE and document["sd"]:
            self._bad("the house log holds nothing personal")
        bodies: dict[str, str] = {}
        if document["sd"] or self.parts.waiting is not None:
            bodies = self.parts.of(no)
            self._disclosures(no, document, bodies)
        if no == 0:
            self.found.first = decode(line, bodies)
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

    def _disclosures(self, no: int, document: dict[str, Any], bodies: dict[str, str]) -> None:
        digests = {digest for _, _, digest in document["sd"]}
        if not bodies.keys() <= digests:
            self.parts.bad(f"entry {no} names no such digest")
        self.disclosed += len(bodies)
        for name, _, digest in document["sd"]:
            if digest not in bodies:
                self.found.missing += 1
            elif (document["kind"], name) in _LARGE:
                self._blob(no, bodies[digest])

    def _blob(self, no: int, body: str) -> None:
        try:
            _, value = disclosed(body)
        except BadInput as error:
            self.parts.bad(f"entry {no}: {error}")
        if not isinstance(value, dict) or set(value) != {"sha256", "size"}:
            self.parts.bad(f"entry {no}: an original is a SHA-256 and a size")
        name = f"blobs/{value['sha256']}"
        if not BLOB_FILE.match(name):
            self.parts.bad(f"entry {no}: not a SHA-256 in hexadecimal")
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
        if self.partial:
            if self.found.entries < 2:
                refuse("entries 0 and 1 are missing", self.place.entries_step, file)
        elif self.size != self.head.size:
            what = f"holds {self.size} entries, the head says {self.head.size}"
            refuse(what, self.place.entries_step, file)
        elif root(self.size, self.frontier) != self.head.root:
            refuse("its root is not the head's", self.place.entries_step, file)

    def _bad(self, what: str) -> NoReturn:
        raise BadInput(what, place=f"line {self.found.entries + 1}")


class _Parts:
    """The disclosures of a log, entry by entry. Nothing is disclosed of the house log."""

    def __init__(self, container: Container, place: Place) -> None:
        self.step = place.parts_step
        if place is ACCOUNT:
            self.lines = container.lines(DISCLOSURES, MAX_DISCLOSURE_BYTES)
        else:
            self.lines = iter(())
        self.count = 0
        self.waiting: tuple[int, str] | None = None
        self._next()

    def _next(self) -> None:
        with step(self.step, DISCLOSURES):
            line = next(self.lines, None)
        self.count += 1
        try:
            self.waiting = None if line is None else parse_disclosure(line)
        except BadInput as error:
            self.bad(str(error))

    def of(self, no: int) -> dict[str, str]:
        """Digest → D of entry `no`; whatever stands in front of it belongs to nothing."""
        found: dict[str, str] = {}
        last = ""
        while self.waiting is not None and self.waiting[0] <= no:
            if self.waiting[0] < no:
                self.bad("belongs to no entry, or is not in order")
            digest = digest_of(self.waiting[1])
            if digest <= last:
                self.bad("is not in order of the digests")
            found[digest] = self.waiting[1]
            last = digest
            self._next()
        return found

    def close(self) -> None:
        if self.waiting is not None:
            self.bad("belongs to no entry")

    def bad(self, what: str) -> NoReturn:
        refuse(f"line {self.count}: {what}", self.step, DISCLOSURES)


def read_log(container: Container, place: Place, checked: CheckedLog) -> Iterator[Entry]:
    """The entries of a log that was checked, decoded, with what is disclosed.

    BadBundle if the lines are no longer those that were checked, or if a fact in them is none
    that this release knows.
    """
    lines = container.lines(place.entries, MAX_RECORD_BYTES)
    parts = _Parts(container, place)
    done = 0
    for chunk in checked.chunks:
        yield from _chunk(lines, parts, place, chunk, done)
        done += chunk.entries


def _chunk(
    lines: Iterator[bytes], parts: _Parts, place: Place, chunk: Chunk, done: int
) -> Iterable[Entry]:
    with step(place.entries_step, place.entries):
        records = list(islice(lines, chunk.entries))
        leaves = sha256(b"".join([leaf_hash(record) for record in records])).digest()
        if leaves != chunk.leaves:
            refuse("has changed since it was verified", place.entries_step, place.entries)
    entries, disclosed_count = [], 0
    for number, record in enumerate(records, done + 1):
        try:
            bodies = parts.of(read_envelope(record)["no"])
            entries.append(decode(record, bodies))
        except BadInput as error:
            refuse(f"line {number}: {error}", place.entries_step, place.entries)
        disclosed_count += len(bodies)
    if disclosed_count != chunk.disclosed:
        refuse("has changed since it was verified", place.parts_step, DISCLOSURES)
    return entries
