"""Erasure: deleting what a redaction names, in the transaction that records it.

Deleted are the disclosures, the originals that nothing else names, the look-up rows that were
made from the erased values, and received bodies whose parts are all recorded (they may hold
the same values, and each part has its own slice). Hashes, digests and the digests of events
stay. `docs/format.md` lists every place that holds something erasable.

A person's parts are those disclosed under the person's id, and those of several people at
once (the text of a message from one to the other) in entries that name the person: what
cannot be split is forgotten for all of them. A person under two names (`Alias`) is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from contactledger.facts import Alias, Blob, Entry, Fact, Redaction, Signal, Touch
from contactledger.log.record import decode
from contactledger.references import References, lookups_of
from contactledger.store.port import Transaction

_NAMING = ("sender", "subject", "person", "promiser", "promisee")
"""Fields that may name a person whose words or doings a fact holds; and `Touch.to`."""
INBOX_PAGE = 100
"""Received bodies read at a time; a source may take some of 40 MB."""


def erase(tx: Transaction, account: str, redaction: Redaction, references: References) -> int:
    """Delete what a redaction (its references resolved) names; how many parts were erased."""
    gone: list[tuple[int, str]] = []
    lookups: list[tuple[bytes, str]] = []
    blobs: set[str] = set()
    kept: set[str] = set()
    entries = list(read_all(tx, account))
    who = _aliases(entries, redaction.person)
    touches = {entry.id: entry.fact for entry in entries}
    for entry in entries:
        shared = not who.isdisjoint(_people(entry.fact, touches))
        parts = [row for row in entry.sd if _names(redaction, entry.no, row, who, shared=shared)]
        parts = [row for row in parts if row[:2] not in entry.gone]
        original = getattr(entry.fact, "original", None)
        if isinstance(original, Blob):
            erased = any(field == "original" for field, _, _ in parts)
            (blobs if erased else kept).add(original.sha256)
        if parts:
            gone += [(entry.no, digest) for _, _, digest in parts]
            left = {(row.ref, row.id) for row in lookups_of(_without(entry, parts), references)}
            had = [(row.ref, row.id) for row in lookups_of(entry, references)]
            lookups += [row for row in had if row not in left]
    tx.erase(account, gone, blobs - kept, lookups)
    while done := tx.inbox(["done"], limit=INBOX_PAGE):
        tx.inbox_drop([row.id for row in done])
    return len(gone)


def read_all(tx: Transaction, account: str) -> Iterator[Entry]:
    """Every entry of an account with whatever is still disclosed."""
    disclosed: dict[int, dict[str, str]] = {}
    for part in tx.disclosures(account):
        disclosed.setdefault(part.no, {})[part.digest] = part.body
    for row in tx.entries(account):
        yield decode(row.record, disclosed.pop(row.no, {}))


def _aliases(entries: list[Entry], person: str | None) -> set[str]:
    """The person under every name (J48); empty for nobody."""
    who = set() if person is None else {person}
    pairs = [(e.fact.old, e.fact.new) for e in entries if isinstance(e.fact, Alias)]
    while more := {str(name) for pair in pairs for name in pair if not who.isdisjoint(pair)} - who:
        who |= more
    return who


def _people(fact: Fact, touches: Mapping[str, Fact]) -> set[str | None]:
    """Whom a fact names; a signal that names nobody is about everybody in its touch."""
    if isinstance(fact, Signal) and fact.person is None:
        fact = touches.get(str(fact.touch), fact)
    people = {getattr(fact, name, None) for name in _NAMING}
    return people | set(fact.to) if isinstance(fact, Touch) else people


def _names(
    redaction: Redaction, no: int, row: tuple[str, str, str], who: set[str], *, shared: bool
) -> bool:
    """Whether a redaction names this part of entry `no`; `shared`: the entry names `who`."""
    field, person, _ = row
    if redaction.entry is not None and redaction.entry != no:
        return False
    if redaction.fields and field not in redaction.fields:
        return False
    return redaction.person is None or person in who or (shared and not person)


def _without(entry: Entry, parts: list[tuple[str, str, str]]) -> Entry:
    """The entry as it reads once these parts are gone."""
    changes: dict[str, Any] = {}
    for field, person, _ in parts:
        value = changes.get(field, getattr(entry.fact, field))
        if isinstance(value, dict):
            changes[field] = {who: part for who, part in value.items() if who != person}
        else:
            changes[field] = None
    return attrs.evolve(entry, fact=attrs.evolve(entry.fact, **changes))
