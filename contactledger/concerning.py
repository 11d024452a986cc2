"""Whom an entry is about: what is exported for a person, and what is forgotten with them.

An entry concerns somebody whom it names, in whose touch it is a signal, or on whose entry or
promise it is a word. A personal part of it is *theirs* if it is disclosed under their id, and
*shared* if it could not be split (the text of a message from one to another): it is about
everybody whom the entry concerns. A person under two names (`Alias`, J48) is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from attrs import frozen

from contactledger.facts import (
    Entry,
    Fact,
    Mark,
    Person,
    Retraction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.judge.counting import standing_entries, survivors

Part = tuple[str, str, str]
"""A personal part as `Entry.sd` lists it: field, person or "", digest."""

_NAMING = ("sender", "subject", "person", "promiser", "promisee", "old", "new")
"""Fields that may name a person whose words or doings a fact holds; and `Touch.to`."""
_EVER = datetime.max.replace(tzinfo=UTC)


@frozen
class Concerned:
    """A person under every name (`who`), and the numbers of the entries that concern them."""

    who: frozenset[str]
    entries: frozenset[int]

    def theirs(self, no: int, part: Part) -> bool:
        """Whether this part of entry `no` is about them, alone or with others."""
        return part[1] in self.who or (not part[1] and no in self.entries)


def one_person(entries: Iterable[Entry], person: str) -> frozenset[str]:
    """Every id under which a person stands in a log, aliases that hold followed both ways."""
    names = survivors(standing_entries(entries, _EVER))
    stays = names.get(person, person)
    return frozenset({person, stays, *(old for old, new in names.items() if new == stays)})


def concerned(entries: Collection[Entry], person: str | None) -> Concerned:
    """What of a log concerns a person; nothing does for None."""
    if person is None:
        return Concerned(frozenset(), frozenset())
    who = one_person(entries, person)
    touches = {entry.id: entry.fact for entry in entries if isinstance(entry.fact, Touch)}
    found: set[int] = set()
    things: set[str | None] = set()
    for entry in entries:
        if not (_named(entry, touches).isdisjoint(who) and _not_a_word_on(entry, found, things)):
            found.add(entry.no)
            things.add(entry.id)
    return Concerned(who, frozenset(found))


def _named(entry: Entry, touches: dict[str, Touch]) -> set[str | None]:
    """Whom an entry names; a signal that names nobody is about everybody in its touch."""
    fact: Fact | None = entry.fact
    if isinstance(fact, Person):
        return {entry.id}
    if isinstance(fact, Signal) and fact.person is None:
        fact = touches.get(str(fact.touch))
    people = {getattr(fact, name, None) for name in _NAMING}
    people.update(person for _, person, _ in entry.sd)
    return people | set(fact.to) if isinstance(fact, Touch) else people


def _not_a_word_on(entry: Entry, numbers: set[int], things: set[str | None]) -> bool:
    fact = entry.fact
    if isinstance(fact, Mark | Retraction):
        return fact.entry not in numbers
    return not (isinstance(fact, Settlement) and fact.promise in things)
