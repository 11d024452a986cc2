"""By which names the milestones and matters of an account are found: ids, keys and titles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import Factory, frozen

from contactledger.facts import Entry, Matter, Milestone
from contactledger.judge.counting import standing_entries, survivors
from contactledger.questions import About
from contactledger.report.names import REDACTED, names

LABELLED = frozenset({"milestone", "matter"})
"""Kinds of the entries that say it."""


@frozen
class Labels:
    """What one of them is called: `keys` hold its id as well, `titles` those still disclosed."""

    keys: set[str] = Factory(set)
    titles: set[str] = Factory(set)


def labels(entries: Sequence[Entry], as_of: datetime) -> dict[About, Labels]:
    """Every milestone and matter on record, by the id that stays (J48), and what it is called."""
    things = list(_things(entry for entry in entries if entry.recorded_at <= as_of))
    if not things:
        return {}
    stays = survivors(standing_entries(entries, as_of))
    called = names(entry for entry, _ in things).called
    found: dict[About, Labels] = {}
    for entry, fact in things:
        about = About(entry.kind, stays.get(entry.id, entry.id))
        one = found.setdefault(about, Labels())
        one.keys.add(entry.id)
        if fact.key is not None:
            one.keys.add(fact.key)
        one.titles.update({called[entry.id]} - {"", REDACTED})
    return found


def _things(entries: Iterable[Entry]) -> Iterable[tuple[Entry, Milestone | Matter]]:
    for entry in entries:
        if isinstance(entry.fact, Milestone | Matter):
            yield entry, entry.fact
