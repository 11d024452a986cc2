"""Whom an entry is about: what is exported for a person, and what is forgotten with them.

An entry concerns somebody whom it names, in whose touch it is a signal, or on whose entry or
promise it is a word. A personal part of it is *theirs* if it is disclosed under their id, and
*shared* if it could not be split (the text of a message from one to another): it is about
everybody whom the entry concerns. A person under two names (`Alias`, J48) is one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from typing import Protocol

from attrs import define, field, frozen

from contactledger.facts import (
    Entry,
    Fact,
    Mark,
    Person,
    Promise,
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
    followed = Followed([who])
    for entry in entries:
        followed.meet(entry)
    return Concerned(who, frozenset([e.no for e in entries if followed.concerned_by(e)]))


class Ids(Protocol):
    """Ids that are remembered."""

    def add(self, id_: str, /) -> None:
        """Remember one."""

    def __contains__(self, id_: object, /) -> bool: ...


class Hashed:
    """Ids, of which 64 bits each are kept: a million take 8 MB, and in 10,000,000 logs of a
    million one is taken for another. First all are added, then they are asked for."""

    def __init__(self) -> None:
        self._kept = array("q")
        self._sorted = 0

    def add(self, id_: str) -> None:
        """Remember one."""
        self._kept.append(hash(id_))

    def __contains__(self, id_: object) -> bool:
        if self._sorted != len(self._kept):
            self._kept = array("q", sorted(self._kept))
            self._sorted = len(self._kept)
        return _holds(self._kept, hash(id_))


@define
class _Whose:
    """What is known of one person on the way: promises and touches that name them, and the
    numbers of the entries that concern them so far, in order."""

    who: frozenset[str]
    touches: Ids
    promises: Ids
    numbers: array[int] = field(factory=lambda: array("Q"))


class Followed:
    """People followed through a log, of which one entry at a time has to be in memory.

    The log is walked twice: first every entry is met, then each, in order, is asked for whom it
    concerns. `people`: each under all names (`one_person`); `ids` makes what remembers ids.
    """

    def __init__(self, people: Iterable[frozenset[str]], ids: Callable[[], Ids] = set[str]) -> None:
        self._people = [_Whose(who, ids(), ids()) for who in people]

    def meet(self, entry: Entry) -> None:
        """The first walk."""
        fact = entry.fact
        if not isinstance(fact, Promise | Touch):
            return
        named = _named(entry) if isinstance(fact, Promise) else _named_by(fact)
        for one in self._people:
            if not one.who.isdisjoint(named):
                (one.promises if isinstance(fact, Promise) else one.touches).add(entry.id)

    def concerned_by(self, entry: Entry) -> list[frozenset[str]]:
        """Whom an entry concerns; the second walk, in order of the numbers."""
        named = _named(entry)
        found = []
        for one in self._people:
            if not one.who.isdisjoint(named) or _through(entry.fact, one):
                one.numbers.append(entry.no)
                found.append(one.who)
        return found


def _named(entry: Entry) -> set[str | None]:
    """Whom an entry names."""
    if isinstance(entry.fact, Person):
        return {entry.id}
    return {*_named_by(entry.fact), *[person for _, person, _ in entry.sd]}


def _named_by(fact: Fact) -> set[str | None]:
    people = {getattr(fact, name, None) for name in _NAMING}
    return people | set(fact.to) if isinstance(fact, Touch) else people


def _through(fact: Fact, one: _Whose) -> bool:
    """Whether a fact concerns somebody by what it is about: a signal that names nobody is
    about everybody in its touch."""
    if isinstance(fact, Signal):
        return fact.person is None and fact.touch in one.touches
    if isinstance(fact, Settlement):
        return fact.promise in one.promises
    if isinstance(fact, Mark | Retraction):
        return fact.entry is not None and _holds(one.numbers, fact.entry)
    return False


def _holds(ordered: array[int], value: int) -> bool:
    place = bisect_left(ordered, value)
    return place < len(ordered) and ordered[place] == value
