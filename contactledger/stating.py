"""Facts as people and programs state them: plain objects of texts, and back.

    {"kind": "touch", "fact": {"to": ["bob"], "channel": "phone"}, "at": "2026-03-02T15:00Z"}

`kind` is the word that stands in the log (`facts.FACTS`), `fact` has the fields of its class by
their names, `at` is when it happened, by default now. Times are text
with an offset, an amount is {"minor": 189500, "currency": "USD"}, a message an object of its
fields. On a command line the same is said word by word
(`fact_of_words`): `touch to=bob channel=phone message.subject=Labels`.

Errors are BadFact, and name the class and the field, never what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from contactledger.errors import BadFact, BadInput
from contactledger.facts import FACTS, Entry, Fact, Message, Money
from contactledger.fieldwise import plain
from contactledger.log.canon import format_time
from contactledger.moments import moment

KINDS = tuple(kind for kind in FACTS if kind not in ("opened", "moved"))
"""What may be stated; the others are written by the ledger itself."""
MESSAGE = tuple(attribute.name for attribute in attrs.fields(Message))
SEVERAL = frozenset({"strs", "enums"})
MAPPED = frozenset({"message", "map"})


def fact_of(statement: Mapping[str, Any]) -> Fact:
    """The fact that an object states; what is null in it is as if it were not there."""
    if not isinstance(statement, Mapping):
        raise BadFact("must be an object with a kind and a fact", field="statement")
    if not statement.keys() <= {"kind", "fact", "at"}:
        raise BadFact("has a part that is none; there are: kind, fact, at", field="statement")
    cls = _class(statement.get("kind"))
    fields = {attribute.name: attribute for attribute in attrs.fields(cls)}
    said = dict(_shaped(statement.get("fact", {}), dict, "an object", "fact"))
    if "at" in statement:
        said["at"] = statement["at"]
    if not said.keys() <= fields.keys():
        raise BadFact(f"has a field that is none; there are: {', '.join(fields)}", field=_name(cls))
    values = {
        name: _value(fields[name].metadata["codec"], value, f"{_name(cls)}.{name}")
        for name, value in said.items()
        if value is not None
    }
    made: Fact = cls(**values)
    return made


def fact_of_words(kind: str, words: Iterable[str]) -> Fact:
    """The fact of a kind and of words as in "to=bob"; where several may stand, one word each."""
    cls = _class(kind)
    codecs = {one.name: one.metadata["codec"] for one in attrs.fields(cls)}
    said: dict[str, Any] = {}
    for word in words:
        path, equals, text = word.partition("=")
        name, dot, part = path.partition(".")
        codec = codecs.get(name, "")
        if not equals or not codec or bool(dot) != (codec in MAPPED):
            told = ", ".join(f"{one}.…" if codecs[one] in MAPPED else one for one in codecs)
            raise BadFact(f"words must read FIELD=TEXT, with one of: {told}", field=_name(cls))
        if codec in MAPPED:
            said.setdefault(name, {})[part] = text
        elif codec in SEVERAL:
            said.setdefault(name, []).append(text)
        elif name in said:
            raise BadFact("may be said once", field=f"{_name(cls)}.{name}")
        else:
            said[name] = _spoken(codec, text, f"{_name(cls)}.{name}")
    return fact_of({"kind": kind, "fact": said})


def statement(entry: Entry) -> dict[str, Any]:
    """An entry as an object: its number and times, its kind, and the fields that say something.

    Other facts stand in it by their ids, and `gone` names the fields that were erased or
    are withheld.
    """
    said = {
        attribute.name: plain(value)
        for attribute in attrs.fields(type(entry.fact))
        if attribute.name != "at"
        and (value := getattr(entry.fact, attribute.name)) not in (None, (), attribute.default)
    }
    made = {
        "no": entry.no,
        "kind": entry.kind,
        "id": entry.id,
        "at": format_time(entry.at),
        "recorded_at": format_time(entry.recorded_at),
        "recorder": entry.recorder,
        "fact": said,
    }
    return made | ({"gone": sorted({name for name, _ in entry.gone})} if entry.gone else {})


def _class(kind: object) -> Any:
    if not isinstance(kind, str) or kind not in KINDS:
        raise BadFact(f"must be one of: {', '.join(KINDS)}", field="kind")
    return FACTS[kind]


def _name(cls: type[Any]) -> str:
    return cls.__name__


def _value(codec: str, value: Any, where: str) -> Any:
    """A field's value of what JSON has. What is of the wrong shape is refused here, before a
    class is given it; words of vocabularies and slugs the classes check themselves."""
    if codec == "time":
        return _time(_shaped(value, str, "text", where), where)
    if codec == "money":
        parts = _parts(value, ("minor", "currency"), where)
        if len(parts) != 2:
            raise BadFact("needs minor and currency", field=where)
        minor = _shaped(parts["minor"], int, "a whole number", f"{where}.minor")
        return Money(minor, parts["currency"])
    if codec == "message":
        return Message(**_parts(value, MESSAGE, where))
    if codec == "map":
        return _parts(value, None, where)
    if codec in SEVERAL:
        items = [value] if isinstance(value, str) else _shaped(value, list, "a list", where)
        return tuple(_shaped(item, str, "text", where) for item in items)
    if codec == "blob":
        raise BadFact("cannot be stated; receive or import the message itself", field=where)
    cls, called = _SHAPES.get(codec, (str, "text"))
    return _shaped(value, cls, called, where)


_SHAPES: dict[str, tuple[type[Any], str]] = {
    "int": (int, "a whole number"),
    "bool": (bool, "true or false"),
}


def _shaped(value: Any, cls: type[Any], called: str, where: str) -> Any:
    if type(value) is not cls:
        raise BadFact(f"must be {called}", field=where)
    return value


def _parts(value: Any, names: tuple[str, ...] | None, where: str) -> dict[str, Any]:
    _shaped(value, dict, "an object", where)
    if names is not None and not value.keys() <= set(names):
        raise BadFact(f"has a part that is none; there are: {', '.join(names)}", field=where)
    given: dict[str, Any] = value
    return given


def _time(text: str, where: str) -> datetime:
    try:
        return moment(text, where)
    except BadInput as error:
        raise BadFact(error.why, field=where) from None


def _spoken(codec: str, text: str, where: str) -> Any:
    """What one word on a command line says, as JSON would have it."""
    read = _SPOKEN.get(codec)
    return text if read is None else read(text, where)


def _money(text: str, where: str) -> dict[str, Any]:
    minor, _, currency = text.partition(" ")
    return {"minor": _whole(minor, where), "currency": currency}


def _whole(text: str, where: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 17):
        raise BadFact("must be a whole number", field=where)
    return int(text)


def _yes(text: str, where: str) -> bool:
    if text not in ("true", "false"):
        raise BadFact("must be true or false", field=where)
    return text == "true"


_SPOKEN: dict[str, Callable[[str, str], Any]] = {"bool": _yes, "int": _whole, "money": _money}
