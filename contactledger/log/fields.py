"""How the fields of each kind of fact are written into JSON and read back, as declared.

`PLANS` holds for every class of fact what `log/record.py` needs of its declaration, worked out
once: which fields stand in the clear and which are personal, and for each its writer, which
refuses what may not be recorded, and its reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

import attrs
from attrs import frozen

from contactledger.errors import BadFact
from contactledger.facts import FACTS, Blob, Fact, Message, Money, fields_of
from contactledger.log.canon import format_time, parse_time
from contactledger.swift import swift

MAX_TEXT_CHARS = 40_000
"""Longer text belongs into an original, which is a blob."""

_REFUSED = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_WHY = "holds U+0000, a lone surrogate or a bidirectional override, which may not be recorded"


def _text(value: Any, where: str) -> str:
    if type(value) is not str:
        raise BadFact("must be text", field=where)
    if len(value) > MAX_TEXT_CHARS:
        raise BadFact(f"is longer than {MAX_TEXT_CHARS} characters", field=where)
    if (not value.isascii() or "\x00" in value) and _REFUSED.search(value):
        raise BadFact(_WHY, field=where)
    return value


def _texts(value: Any, where: str) -> list[str]:
    items = (value,) if isinstance(value, str) else value
    return [_text(item, where) for item in items]


def _word(value: Any, _: str) -> str:
    word: str = value._value_  # `value` is a property, and takes thrice as long
    return word


def _words(value: Any, where: str) -> list[str]:
    return [_word(item, where) for item in value]


def _integer(value: Any, where: str) -> int:
    if type(value) is not int or abs(value) > 2**53 - 1:
        raise BadFact("must be an integer of at most 2^53-1", field=where)
    return value


def _flag(value: Any, where: str) -> bool:
    if type(value) is not bool:
        raise BadFact("must be true or false", field=where)
    return value


def _money(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Money):
        raise BadFact("must be Money(minor, currency)", field=where)
    return {"minor": _integer(value.minor, where), "currency": value.currency}


def _message(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, Message):
        raise BadFact("must be a Message", field=where)
    given = zip(_MESSAGE_FIELDS, _message_parts(value), strict=True)
    return {name: _text(item, f"{where}.{name}") for name, item in given if item is not None}


def _blob(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Blob):
        raise BadFact("must be bytes", field=where)
    return {"sha256": value.sha256, "size": value.size_bytes}


_MESSAGE_FIELDS = tuple(a.name for a in attrs.fields(Message))
_message_parts = attrgetter(*_MESSAGE_FIELDS)

_Codec = tuple[Callable[[Any, str], Any], Callable[[Any], Any]]
CODECS: dict[str, _Codec] = {
    "str": (_text, str),
    "strs": (_texts, tuple),
    "int": (_integer, int),
    "bool": (_flag, bool),
    "time": (lambda value, _: format_time(value), parse_time),
    "money": (_money, lambda value: Money(value["minor"], value["currency"])),
    "message": (_message, lambda value: Message(**value)),
    "blob": (_blob, lambda value: Blob(value["sha256"], value["size"])),
    "map": (_text, str),
}
"""Codec name of a declared field → (to JSON, from JSON)."""


@frozen
class Plan:
    """How facts of a kind are written, and read back.

    `clear`: name, place for errors, default and writer of every clear field; `personal` the same
    with whether it is split by person and whether it is a blob. For reading, `places`: name of a
    clear field → its place among the arguments of `make`, and its reader; `parts`: the same of a
    personal field, and whether it is split; `blank`: all arguments as yet untold.
    """

    kind: str
    clear: tuple[tuple[str, str, Any, Callable[[Any, str], Any]], ...]
    defaults: tuple[Any, ...]
    personal: tuple[tuple[str, str, bool, bool, Callable[[Any, str], Any]], ...]
    get_clear: Callable[[Any], tuple[Any, ...]]
    get_personal: Callable[[Any], tuple[Any, ...]]
    places: Mapping[str, tuple[int, Callable[[Any], Any]]]
    parts: Mapping[str, tuple[int, Callable[[Any], Any], bool]]
    blank: list[Any]
    make: Callable[..., Fact]


def _codec(attribute: attrs.Attribute[Any]) -> _Codec:
    name = attribute.metadata["codec"]
    if name in ("enum", "enums"):
        word_of = {word.value: word for word in attribute.metadata["enum"]}.__getitem__
        if name == "enum":
            return _word, word_of
        return _words, lambda value: tuple([word_of(item) for item in value])
    return CODECS[name]


def _plan(kind: str, cls: type[Fact]) -> Plan:
    clear, personal, places, parts = [], [], {}, {}
    sample = cls()
    for place, a in enumerate(fields_of(cls)):
        where = f"{cls.__name__}.{a.name}"
        write, read = _codec(a)
        if a.metadata.get("personal", False):
            split = a.metadata["split"]
            personal.append((a.name, where, split, a.metadata["codec"] == "blob", write))
            parts[a.name] = place, read, split
        else:
            # What follows from other fields has no default of its own, and is always written.
            default = None if isinstance(a.default, attrs.Factory) else a.default  # type: ignore[arg-type]
            clear.append((a.name, where, default, write))
            places[a.name] = place, _validated(read, a, sample)
    return Plan(
        kind,
        tuple(clear),
        tuple([default for _, _, default, _ in clear]),
        tuple(personal),
        getter([row[0] for row in clear]),
        getter([row[0] for row in personal]),
        places,
        parts,
        [
            attrs.NOTHING if isinstance(a.default, attrs.Factory) else a.default  # type: ignore[arg-type]
            for a in attrs.fields(cls)
        ],
        swift(cls, checked=True),
    )


def _validated(
    read: Callable[[Any], Any], attribute: attrs.Attribute[Any], sample: Fact
) -> Callable[[Any], Any]:
    """The reader that looks at what it read as the class itself would. What is looked at are
    slugs and hours, of which the same few come up again and again."""
    validator = attribute.validator
    if validator is None:
        return read

    @lru_cache(1_024)
    def validated(value: Any) -> Any:
        validator(sample, attribute, value)
        return value

    return lambda value: validated(read(value))


def getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """All these attributes at once: one call in C instead of one look-up for each."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda fact: tuple(getattr(fact, name) for name in names)


PLANS: dict[type[Fact], Plan] = {cls: _plan(kind, cls) for kind, cls in FACTS.items()}

BY_KIND: dict[str, Plan] = {plan.kind: plan for plan in PLANS.values()}
