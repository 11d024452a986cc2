"""Which entries count as of a moment, and under which names: J46, J47 and J48.

The first two steps of making a `View`; everything after them sees only what holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import cast

from attrs import evolve, fields

from contactledger.facts import FACTS, Alias, Entry, Fact, Retraction

FIRM = frozenset({"retraction", "policy_adopted", "opened", "redaction"})
"""Kinds that no retraction undoes: the two of J47, the log's own first entry, and an erasure, which
has happened whatever is said of it later."""


_NUMBER = attrgetter("no")


def standing_entries(entries: Iterable[Entry], as_of: datetime) -> list[Entry]:
    """Those that count and are not retracted, by number."""
    counting = []
    for entry in entries:
        if entry.recorded_at > as_of:
            continue
        if entry.at > as_of or entry.at > entry.recorded_at:
            if getattr(entry.fact, "clock_ahead", False):
                entry = evolve(entry, at=min(entry.at, entry.recorded_at))  # noqa: PLW2901
            elif entry.at > as_of:
                continue
        counting.append(entry)
    counting.sort(key=_NUMBER)
    retractions = [entry for entry in counting if entry.kind == "retraction"]
    if not retractions:
        return counting
    by_no: dict[int | None, Entry] = {entry.no: entry for entry in counting}
    gone = set()
    for entry in retractions:
        target = by_no.get(cast(Retraction, entry.fact).entry)
        if target is None or target.kind in FIRM:
            continue
        if entry.recorder == target.recorder:
            gone.add(target.no)
    return [entry for entry in counting if entry.no not in gone]


def survivors(counting: list[Entry]) -> dict[str, str]:
    """Old id → the name that stays, chains followed.

    An alias that closes a ring is idle, and so is one that renames a party which writes in
    this log itself, unless that party says so: nobody absorbs the other side by a name.
    """
    aliases = [entry for entry in counting if entry.kind == "alias"]
    if not aliases:
        return {}
    recorders = {entry.recorder for entry in counting}
    names: dict[str, str] = {}
    for entry in sorted(aliases, key=lambda e: (e.at, e.recorded_at, e.no)):
        fact = cast(Alias, entry.fact)
        if fact.old is None or fact.new is None:
            continue
        if any(name in recorders and name != entry.recorder for name in (fact.old, fact.new)):
            continue
        old, new = _follow(names, fact.old), _follow(names, fact.new)
        if old != new:
            names[old] = new
    return {old: _follow(names, old) for old in names}


def _follow(names: Mapping[str, str], name: str) -> str:
    while name in names:
        name = names[name]
    return name


_REFS: dict[type[Fact], tuple[str, ...]] = {
    cls: tuple(
        a.name for a in fields(cls) if a.metadata.get("ref") and a.metadata["ref"] != ("entry",)
    )
    for cls in FACTS.values()
    if cls is not Alias
}


def renamed(counting: list[Entry]) -> list[Entry]:
    """The same entries with every alias applied, throughout (J48)."""
    names = survivors(counting)
    if not names:
        return counting
    return [renamed_as(entry, names) for entry in counting]


def renamed_as(entry: Entry, names: Mapping[str, str]) -> Entry:
    """The entry by the names that stay."""
    changes: dict[str, object] = {}
    for name in _REFS.get(type(entry.fact), ()):
        value = getattr(entry.fact, name)
        if isinstance(value, tuple):
            if any(item in names for item in value):
                changes[name] = tuple(dict.fromkeys(names.get(item, item) for item in value))
        elif value in names:
            changes[name] = names[value]
    if not changes and entry.recorder not in names and entry.id not in names:
        return entry
    return evolve(
        entry,
        id=names.get(entry.id, entry.id),
        recorder=names.get(entry.recorder, entry.recorder),
        fact=evolve(entry.fact, **changes) if changes else entry.fact,  # type: ignore[arg-type]
    )
