"""Personal parts that a log no longer discloses: which of them an entry says were erased.

The log itself tells an honest gap from another: a part that a `Redaction` names is *redacted*,
any other is *withheld* by whoever made the copy. A redaction names what was recorded by its
own time, and whom it concerns is decided as when it was carried out (`concerning.py`).

The entries are asked for several times instead of being held: a log may be long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from contactledger.concerning import Concerned, concerned, one_person
from contactledger.facts import Alias, Entry, Mark, Redaction, Retraction, Settlement, Signal, Touch

Entries = Callable[[], Iterable[Entry]]


def count_redacted(entries: Entries) -> int:
    """How many missing parts of these entries an entry among them says were erased."""
    redactions, names = _said(entries())
    if not redactions:
        return 0
    people = {entry.fact.person for entry in redactions if isinstance(entry.fact, Redaction)}
    about = _concerned(entries, names, {person for person in people if person})
    return sum(_redacted(entry, redactions, about) for entry in entries() if entry.gone)


def _said(entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """The redactions, and what it takes to tell under which names a person stands."""
    redactions, names, recorders = [], [], set()
    for entry in entries:
        if isinstance(entry.fact, Redaction):
            redactions.append(entry)
        if isinstance(entry.fact, Alias | Retraction) or entry.recorder not in recorders:
            names.append(entry)
        recorders.add(entry.recorder)
    return redactions, names


def _concerned(
    entries: Entries, names: list[Entry], people: Iterable[str]
) -> dict[str | None, Concerned]:
    """Person → what concerns them. Only what may concern one of them is held in memory."""
    who = {person: one_person(names, person) for person in people}
    everybody = frozenset[str]().union(*who.values())
    some = _about(entries(), everybody) if everybody else []
    numbers = {entry.no for entry in some}
    some = sorted([*some, *(e for e in names if e.no not in numbers)], key=lambda e: e.no)
    return {person: concerned(some, person) for person in who}


def _about(entries: Iterable[Entry], who: frozenset[str]) -> list[Entry]:
    """Entries that may concern one of these people, and words on entries."""
    kept, touches = [], set()
    for entry in entries:
        fact = entry.fact
        people = {person for _, person, _ in entry.sd}
        if isinstance(fact, Touch):
            people |= {str(fact.sender), *fact.to}
        elif isinstance(fact, Signal):
            people.add(str(fact.person))
            if fact.person is None and fact.touch in touches:
                kept.append(entry)
                continue
        elif not isinstance(fact, Mark | Settlement):
            kept.append(entry)
            continue
        if isinstance(fact, Mark | Settlement) or not people.isdisjoint(who):
            kept.append(entry)
            touches.add(entry.id)
    return kept


def _redacted(entry: Entry, redactions: list[Entry], about: dict[str | None, Concerned]) -> int:
    """How many of an entry's missing parts a redaction names."""
    return sum(
        any(_names(redaction, entry, part, about) for redaction in redactions)
        for part in entry.sd
        if part[:2] in entry.gone
    )


def _names(
    by: Entry, entry: Entry, part: tuple[str, str, str], about: dict[str | None, Concerned]
) -> bool:
    redaction = by.fact
    if not isinstance(redaction, Redaction) or by.recorded_at < entry.recorded_at:
        return False
    if redaction.entry is not None and redaction.entry != entry.no:
        return False
    if redaction.fields and part[0] not in redaction.fields:
        return False
    return redaction.person is None or about[redaction.person].theirs(entry.no, part)
