"""What facts name, and the references under which it is looked up.

A host names parties, matters, touches … by key or id. Which fields of a fact do so is declared
(`declare.ref`); here it is read off once for each kind, and turned into all that a recording
will ask of the store, so that it can be asked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import compress
from operator import is_not
from typing import Any

from contactledger.facts import Fact, Preference, Touch, fields_of
from contactledger.log.fields import PLANS, getter
from contactledger.log.record import ID
from contactledger.references import SPACES, References, id_ref

Named = tuple[tuple[str, str, tuple[str, ...]], Any]
"""A field that names something else (its name, where it is, the kinds of what it may name), and
what it says."""


class _Refs:
    """The fields of a kind that name something else."""

    def __init__(self, cls: type[Fact]) -> None:
        fields = [a for a in fields_of(cls) if "ref" in a.metadata]
        self.rows = [(a.name, f"{cls.__name__}.{a.name}", a.metadata["ref"]) for a in fields]
        self.defaults = [a.default for a in fields]
        self.get = getter([a.name for a in fields])


_REFS = {cls: _Refs(cls) for cls in PLANS}


def named_in(fact: Fact) -> Iterable[Named]:
    """The fields of a fact that name something. Most are at their default, which is one object."""
    refs = _REFS[type(fact)]
    values = refs.get(fact)
    return compress(zip(refs.rows, values, strict=True), map(is_not, values, refs.defaults))


class Keys:
    """The references by which one account's facts look things up, each made once."""

    def __init__(self, references: References, account: str) -> None:
        self.references = references
        self.account = account
        self.made: dict[tuple[str, str], bytes] = {}  # (space, key): a batch repeats its keys
        self.asked: set[bytes] | None = None
        """What was wanted of all facts, if that was worked out already."""

    def ref(self, space: str, key: str) -> bytes:
        """Where a key of a space leads."""
        ref = self.made.get((space, key))
        if ref is None:
            ref = self.made[space, key] = self.references.key(self.account, space, key)
        return ref

    def candidates(self, spaces: Iterable[str], value: str) -> list[bytes]:
        """Wherever a value may lead: as a key of these spaces, or as an id."""
        found = [self.ref(space, value) for space in spaces]
        if ID.match(value):
            found.append(id_ref(value))
        return found

    def own(self, fact: Fact) -> bytes | None:
        """Where a fact's own key leads (a preference has its subject for a key)."""
        space = _OWN.get(type(fact))
        if space is None:
            return None
        if space == "preference":
            return self.references.of(space, self.account, str(fact.subject))  # type: ignore[union-attr]
        key = fact.key  # type: ignore[union-attr] # all kinds of SPACES have one
        return self.ref(space, key) if type(key) is str else None  # else the codec refuses it

    def wanted(self, facts: Iterable[Fact]) -> set[bytes]:
        """All that will be looked up for these facts."""
        wanted, named = {self.references.aliases(self.account)}, set()
        for fact in facts:
            for (_, _, kinds), value in named_in(fact):
                for one in value if isinstance(value, tuple) else (value,):
                    if type(one) is str:
                        named.add((kinds, one))
            own = self.own(fact)
            if own is not None:
                wanted.add(own)
            if isinstance(fact, Touch) and isinstance(fact.addresses, Mapping):
                named.update([(("person",), p) for p in fact.addresses if type(p) is str])
        for kinds, value in named:
            wanted.update(self.candidates(spaces_of(kinds), value))
        self.asked = wanted
        return wanted


_OWN = {
    cls: SPACES.get(plan.kind, "preference")
    for cls, plan in PLANS.items()
    if plan.kind in SPACES or cls is Preference
}
"""The space of a kind's own key."""


@lru_cache
def spaces_of(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """The spaces in which keys of these kinds are unique."""
    return tuple(dict.fromkeys(SPACES[kind] for kind in kinds if kind in SPACES))
