"""Legal holds: what may not be erased, and until when.

A hold is placed on an account or on one person by an entry of the log, and released by
another, so both sides see who kept what from being erased, and since when. It binds erasure
alone; the judge passes it over.

A person on hold keeps every part that is theirs and every part that they share with others: so
the message between Bob, who is on hold, and Carla cannot be erased for Carla's sake either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from contactledger.concerning import Part, concerned
from contactledger.errors import OnHold
from contactledger.facts import Entry, Hold, Redaction
from contactledger.judge.counting import standing_entries

HOLDING = frozenset({"hold", "retraction"})
"""Kinds of entries that say which holds are in force."""
_EVER = datetime.max.replace(tzinfo=UTC)


def holds_in_force(entries: Collection[Entry]) -> tuple[Entry, ...]:
    """The entries of holds that are neither released nor retracted, in order."""
    words = [entry for entry in standing_entries(entries, _EVER) if isinstance(entry.fact, Hold)]
    released = {getattr(entry.fact, "releases", None) for entry in words}
    placed = [entry for entry in words if getattr(entry.fact, "releases", None) is None]
    return tuple(entry for entry in placed if entry.no not in released)


def refuse_held(
    entries: Collection[Entry], redaction: Redaction, parts: Mapping[int, Collection[Part]]
) -> None:
    """OnHold, naming the first hold that covers a redaction or any of the parts it would erase.

    `parts`: by the number of their entry.
    """
    for entry in holds_in_force(entries):
        person = getattr(entry.fact, "person", None)
        held = concerned(entries, person)
        if (
            person is None
            or redaction.person in held.who
            or any(held.theirs(no, part) for no, some in parts.items() for part in some)
        ):
            raise OnHold(entry.account, entry.no)
