"""Erasure: deleting what a redaction names, in the transaction that records it.

Deleted are the disclosures, the originals that nothing else names, the look-up rows that were
made from the erased values, and received bodies whose parts are all recorded (they may hold
the same values, and each part has its own slice). Hashes, digests and the digests of events
stay. `docs/format.md` lists every place that holds something erasable.

A person's parts are those disclosed under the person's id, and those of several people at
once in entries that concern the person (`concerning.py`): what cannot be split is forgotten
for all of them. What a legal hold covers is not erased (`holding.py`).

Deleting is the first of two states: *recorded*. The files of the database still hold the
bytes until they are *scrubbed* (`scrubbing.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import attrs

from contactledger.concerning import Concerned, Part, concerned
from contactledger.errors import Corrupt
from contactledger.facts import Blob, Entry, Redaction
from contactledger.holding import HOLDING, holds_in_force, refuse_held
from contactledger.log.record import decode
from contactledger.references import References, lookups_of
from contactledger.store.port import Transaction

_ONCE = frozenset({"touch", "signal", "mark"})
"""Kinds of entries that have no versions."""
_decoded = lru_cache(2_048)(decode)
"""Look-ups lead to the same few entries again and again; of nothing personal."""
_EVER = datetime.max.replace(tzinfo=UTC)


def erase(tx: Transaction, account: str, redaction: Redaction, references: References) -> int:
    """Delete what a redaction (its references resolved) names; how many parts were erased.

    Raises OnHold, and then the redaction may not stay recorded either.
    """
    alone = _alone(tx, account, redaction)
    entries = list(read_all(tx, account)) if alone is None else [alone]
    about = concerned(entries, redaction.person)
    doomed = {entry.no: parts for entry in entries if (parts := _doomed(entry, redaction, about))}
    refuse_held(entries, redaction, doomed)
    made: list[tuple[bytes, str]] = []
    left: set[tuple[bytes, str]] = set()
    blobs: set[str] = set()
    kept: set[str] = set()
    for entry in entries:
        parts = doomed.get(entry.no, [])
        original = getattr(entry.fact, "original", None)
        if isinstance(original, Blob):
            erased = any(field == "original" for field, _, _ in parts)
            (blobs if erased else kept).add(original.sha256)
        if parts:
            made += [(row.ref, row.id) for row in lookups_of(entry, references)]
        left.update((row.ref, row.id) for row in lookups_of(_without(entry, parts), references))
    lookups = [row for row in made if row not in left]  # another entry may lead there as well
    gone = [(no, digest) for no, parts in doomed.items() for _, _, digest in parts]
    tx.erase(account, gone, blobs - kept, lookups)
    while done := tx.inbox_until("done", _EVER):
        tx.inbox_drop(done)
    return len(gone)


def _alone(tx: Transaction, account: str, redaction: Redaction) -> Entry | None:
    """The entry that a redaction names, if no other need be looked at to erase it: nothing is on
    hold, and no other entry has the same original, or is found by the same references."""
    if redaction.entry is None or redaction.person is not None:
        return None
    no = redaction.entry
    (row,) = tx.entries(account, no, no + 1)
    entry = decode(row.record, [part.body for part in tx.disclosures(account, no, no + 1)])
    shared = ("original", "addresses")
    if entry.kind not in _ONCE or any(getattr(entry.fact, name, None) for name in shared):
        return None
    holds = [decode(row.record) for row in tx.entries_of(account, HOLDING)]
    return None if holds_in_force(holds) else entry


def read_all(tx: Transaction, account: str, start: int = 0) -> Iterator[Entry]:
    """Every entry of an account, from number `start` on, with whatever is still disclosed."""
    disclosed: dict[int, dict[str, str]] = {}
    for part in tx.disclosures(account, start):
        disclosed.setdefault(part.no, {})[part.digest] = part.body
    for row in tx.entries(account, start):
        yield decode(row.record, disclosed.pop(row.no, {}))


def read_led(tx: Transaction, account: str, numbers: Collection[int]) -> list[Entry]:
    """The entries that look-ups lead to, in the order of these numbers, without what is disclosed
    of them. Corrupt where one leads nowhere."""
    records = tx.records([(account, no) for no in numbers])
    for no in numbers:
        if (account, no) not in records:
            what = "a look-up leads to no entry; reindex() mends it"
            raise Corrupt(what, account=account, no=no)
    return [_decoded(records[account, no]) for no in numbers]


def _doomed(entry: Entry, redaction: Redaction, about: Concerned) -> list[Part]:
    """The parts of an entry that a redaction names and that are still there."""
    if redaction.entry is not None and redaction.entry != entry.no:
        return []
    return [
        part
        for part in entry.sd
        if part[:2] not in entry.gone
        and (not redaction.fields or part[0] in redaction.fields)
        and (redaction.person is None or about.theirs(entry.no, part))
    ]


def _without(entry: Entry, parts: list[Part]) -> Entry:
    """The entry as it reads once these parts are gone."""
    changes: dict[str, Any] = {}
    for field, person, _ in parts:
        value = changes.get(field, getattr(entry.fact, field))
        if isinstance(value, dict):
            changes[field] = {who: part for who, part in value.items() if who != person}
        else:
            changes[field] = None
    return attrs.evolve(entry, fact=attrs.evolve(entry.fact, **changes))
