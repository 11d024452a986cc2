"""The deep check of a log against its own hashes (fsck).

Everything stored is compared with the bytes it was made from: canonical form, leaf hashes,
frontier and size, order of times, the columns copied out of the bytes, every disclosure's
digest and field, every blob's name, the stored nodes and the sealed head; then what is
sealed above the accounts. The first thing that is wrong is named by account and number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import NoReturn

from contactledger.checking_seals import check_archived, check_head, check_nodes, check_seals
from contactledger.errors import BadInput, Corrupt
from contactledger.facts import Blob, Entry, Opened, PolicyAdopted
from contactledger.log.record import decode, digests_of
from contactledger.log.tlog import grow, leaf_hash, root
from contactledger.reading import Checked
from contactledger.store.port import DisclosureRow, EntryRow, Transaction

CHUNK = 1_000
"""Leaves added to the frontier at a time, and how far behind a log is looked for rows."""
HASHED = "All {n} were hashed again for this report; their root begins {root}."
"""What a report says of the quick check in front of it."""


def check_account(tx: Transaction, account: str) -> int:
    """Check one account's log; how many entries it has here. Raises Corrupt.

    Of one that is archived what stayed is checked: entry 0, the hashes, the sealed head.
    """
    head = tx.head(account)
    if head is None:
        raise Corrupt("there is no such account", account=account)
    if head.archived is not None:
        check_archived(tx, head)
        return 0
    behind = head.size + CHUNK
    disclosures = groupby(tx.disclosures(account, 0, behind), key=attrgetter("no"))
    parts = _parts(disclosures)
    checker = _Checker(tx, account)
    for row in tx.entries(account):
        checker.entry(row, parts(row.no))
    size, frontier, last = checker.close()
    if head.size != size:
        what = f"the head says {head.size} entries, there are {size}"
        raise Corrupt(what, account=account, no=min(size, head.size))
    if next(tx.entries(account, size, behind), None) is not None:
        raise Corrupt("an entry behind the head", account=account, no=size)
    left = parts(behind)
    if left:
        raise Corrupt("a disclosure of an entry that is not there", account=account, no=left[0].no)
    if head.frontier != b"".join(frontier):
        raise Corrupt("the head's frontier is not that of the entries", account=account)
    if size and last is not None and head.recorded_at != last.recorded_at:
        raise Corrupt("the head's time is not that of the newest entry", account=account)
    check_head(tx, account, size)
    return size


def check_all(tx: Transaction) -> int:
    """Check every account, and what is sealed; how many entries there are. Raises Corrupt."""
    checked, after = 0, ""
    while heads := tx.heads(after):
        after = heads[-1].account
        checked += sum(check_account(tx, head.account) for head in heads)
    ledger = tx.ledger()
    if ledger is not None:
        check_seals(tx, ledger)
    return checked


def rehash(tx: Transaction, account: str) -> Checked:
    """Hash every entry's bytes again and compare with the head; a sentence that says so.

    The quick check in front of a report; `check_account` is the deep one. Raises Corrupt.
    """
    head = tx.head(account)
    leaves = [leaf_hash(row.record) for row in tx.entries(account)]
    frontier, _ = grow(0, (), leaves)
    if head is None or head.size != len(leaves) or head.frontier != b"".join(frontier):
        raise Corrupt("the entries are not those of the head's hashes", account=account)
    short = root(len(leaves), frontier).hex()[:16]
    return Checked(HASHED, {"n": len(leaves), "root": short})


def _parts(
    groups: Iterator[tuple[int, Iterator[DisclosureRow]]],
) -> Callable[[int], list[DisclosureRow]]:
    """Disclosures entry by entry: give those of `no`, or of any number before it."""
    waiting: list[tuple[int, list[DisclosureRow]]] = []

    def of(no: int) -> list[DisclosureRow]:
        if not waiting:
            found = next(groups, None)
            if found is None:
                return []
            waiting.append((found[0], list(found[1])))
        return waiting.pop()[1] if waiting[0][0] <= no else []

    return of


class _Checker:
    """Walks one log."""

    def __init__(self, tx: Transaction, account: str) -> None:
        self.tx = tx
        self.account = account
        self.size = 0
        self.grown = 0
        self.frontier: tuple[bytes, ...] = ()
        self.leaves: list[bytes] = []
        self.last: Entry | None = None

    def entry(self, row: EntryRow, parts: list[DisclosureRow]) -> None:
        no = self.size
        leaf = leaf_hash(row.record)
        if row.leaf != leaf:
            self._bad("the bytes are not those of the leaf hash", no)
        try:
            # The other parts are compared with their digests below, which stand in these bytes.
            named = {part.digest: part.body for part in parts if part.field == "original"}
            entry = decode(row.record, named)
        except BadInput as error:
            self._bad(f"not an entry: {error}", no)
        copied = (row.no, row.id, row.kind, row.at, row.recorded_at)
        if copied != (entry.no, entry.id, entry.kind, entry.at, entry.recorded_at):
            self._bad("a column is not what the bytes say", no)
        if entry.no != no or entry.account != self.account:
            self._bad("the bytes stand at another place", no)
        if self.last is not None and entry.recorded_at < self.last.recorded_at:
            self._bad("recorded before the entry in front of it", no)
        if no < 2 and not isinstance(entry.fact, (Opened, PolicyAdopted)[no]):
            self._bad("a log begins with Opened and PolicyAdopted", no)
        self._disclosed(entry, parts)
        self.leaves.append(leaf)
        if len(self.leaves) == CHUNK:
            self._grow()
        self.size, self.last = no + 1, entry

    def close(self) -> tuple[int, tuple[bytes, ...], Entry | None]:
        self._grow()
        return self.size, self.frontier, self.last

    def _grow(self) -> None:
        self.frontier, made = grow(self.grown, self.frontier, self.leaves)
        check_nodes(self.tx, self.account, made)
        self.grown += len(self.leaves)
        self.leaves = []

    def _disclosed(self, entry: Entry, parts: list[DisclosureRow]) -> None:
        listed = {part[1:4] for part in parts}.issubset(entry.sd)
        if parts and not (listed and parts[0].no == entry.no):  # they are all of one number
            self._bad("a disclosure that its digests do not list", entry.no)
        bodies = [part.body.encode("ascii", "replace") for part in parts]  # no D holds a "?"
        if digests_of(bodies) != [part.digest for part in parts]:
            self._bad("a disclosure that is not that of its digest", entry.no)
        original = getattr(entry.fact, "original", None)
        if isinstance(original, Blob):
            data = self.tx.blob(self.account, original.sha256)
            if data is None:
                self._bad("its original is missing", entry.no)
            if hashlib.sha256(data).hexdigest() != original.sha256:
                self._bad("its original is not that of its hash", entry.no)

    def _bad(self, what: str, no: int) -> NoReturn:
        raise Corrupt(what, account=self.account, no=no)
