"""Personal parts that a log no longer discloses: which of them an entry says were erased.

The log itself tells an honest gap from another: a part that a `Redaction` names is *redacted*,
any other is *withheld* by whoever made the copy. A redaction names what was recorded by its
own time, and whom it concerns is decided as when it was carried out (`concerning.py`).

The entries are asked for three times instead of being held: a log may be long, and every entry
of it may concern one person. What is kept of each such entry is two numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import define, field, frozen

from contactledger.concerning import Followed, Hashed, Part, one_person
from contactledger.facts import Alias, Entry, Redaction, Retraction

Entries = Callable[[], Iterable[Entry]]
Who = frozenset[str]


def count_redacted(entries: Entries) -> int:
    """How many missing parts of these entries an entry among them says were erased."""
    said = _Said()
    for entry in entries():
        said.hear(entry)
    if not said.anything:
        return 0
    people = {person: one_person(said.names, person) for person in said.people}
    followed = Followed(set(people.values()), Hashed)
    if people:
        for entry in entries():
            followed.meet(entry)
    erased = _Erased(said, people)
    return sum(erased.parts(entry, followed.concerned_by(entry)) for entry in entries())


@frozen
class _Words:
    """What a redaction says of the entries that it is about."""

    recorded_at: datetime
    fields: tuple[str, ...]
    person: str | None


@define
class _Said:
    """The redactions of a log by the entry that they name, and what it takes to tell under
    which names a person stands: aliases, what retracts them, and who records at all."""

    by_entry: dict[int, list[_Words]] = field(factory=dict)
    of_all: list[_Words] = field(factory=list)
    names: list[Entry] = field(factory=list)
    _recorders: set[str] = field(factory=set)
    _aliases: set[int | None] = field(factory=set)

    def hear(self, entry: Entry) -> None:
        fact = entry.fact
        if isinstance(fact, Redaction):
            words = _Words(entry.recorded_at, fact.fields, fact.person)
            one = self.of_all if fact.entry is None else self.by_entry.setdefault(fact.entry, [])
            one.append(words)
        if isinstance(fact, Alias):
            self._aliases.add(entry.no)
        if (
            isinstance(fact, Alias)
            or (isinstance(fact, Retraction) and fact.entry in self._aliases)
            or entry.recorder not in self._recorders
        ):
            self.names.append(entry)
            self._recorders.add(entry.recorder)

    @property
    def anything(self) -> bool:
        return bool(self.of_all or self.by_entry)

    @property
    def people(self) -> set[str]:
        """Whom redactions name."""
        every = [self.of_all, *self.by_entry.values()]
        return {words.person for some in every for words in some if words.person is not None}


class _Erased:
    """Which missing parts are those that a redaction names."""

    def __init__(self, said: _Said, people: dict[str, Who]) -> None:
        self._by_entry, self._people = said.by_entry, people
        self._of_everybody: list[_Words] = []
        self._of: dict[Who, list[_Words]] = {}
        for words in said.of_all:
            if words.person is None:
                self._of_everybody.append(words)
            else:
                self._of.setdefault(people[words.person], []).append(words)

    def parts(self, entry: Entry, concerned: list[Who]) -> int:
        """How many missing parts of an entry, which concerns these people, were erased."""
        if not entry.gone:
            return 0
        named = [
            (None if words.person is None else self._people[words.person], words)
            for words in self._by_entry.get(entry.no, ())
        ]
        named += [(None, words) for words in self._of_everybody]
        named += [(who, words) for who in concerned for words in self._of.get(who, ())]
        held = [
            (who, words.fields)
            for who, words in named
            if words.recorded_at >= entry.recorded_at and (who is None or who in concerned)
        ]
        return sum(_erased(part, held) for part in entry.sd if part[:2] in entry.gone)


def _erased(part: Part, held: list[tuple[Who | None, tuple[str, ...]]]) -> bool:
    return any(
        (not fields or part[0] in fields) and (who is None or not part[1] or part[1] in who)
        for who, fields in held
    )
