"""How the fields of a fact are declared: what is personal, what refers, how it is converted.

This is the one place that says which fields are personal; the log reads the same metadata
to decide what stands in the clear and what in a disclosure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from attrs import Attribute, Converter, field

from contactledger.errors import BadFact

SLUG = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}\Z")
"""Topics, campaigns, collectors, detectors: words that a machine made, never a name."""

HOURS = re.compile(
    r"(?:(mon|tue|wed|thu|fri|sat|sun)(?:-(mon|tue|wed|thu|fri|sat|sun))? )?"
    r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z"
)
"""Hours in a preference: "mon-fri 09:00-17:00", "08:00-20:00" (every day), "sat 10:00-12:00"."""

_E = TypeVar("_E", bound=StrEnum)


def as_utc(value: object, where: str) -> datetime:
    """The same instant as a plain UTC datetime; a naive one is a `BadFact` naming `where`."""
    if not isinstance(value, datetime):
        raise BadFact("must be a datetime with a time zone", field=where)
    if value.utcoffset() is None:
        raise BadFact("has no time zone; write it with its offset or zone", field=where)
    if type(value) is datetime and value.tzinfo is UTC:
        return value
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise BadFact("lies outside the years 1 to 9999 in UTC", field=where) from None
    return datetime(
        utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC
    )


def _where(self_: Any, attribute: Attribute[Any]) -> str:
    return f"{type(self_).__name__}.{attribute.name}"


def _to_time(value: Any, self_: Any, attribute: Attribute[Any]) -> Any:
    return value if value is None else as_utc(value, _where(self_, attribute))


def _as_word(cls: type[_E]) -> Callable[[Any, Any, Attribute[Any]], Any]:
    """A converter: the word of this vocabulary, or None where that is the default."""

    def to_word(value: Any, self_: Any, attribute: Attribute[Any]) -> Any:
        if type(value) is cls or (value is None and attribute.default is None):
            return value
        try:
            return cls(value)
        except ValueError:
            words = ", ".join(member.value for member in cls)
            raise BadFact(f"must be one of: {words}", field=_where(self_, attribute)) from None

    return to_word


def _as_words(cls: type[_E]) -> Callable[[Any, Any, Attribute[Any]], Any]:
    """A converter: several of them, or one."""
    to_word = _as_word(cls)

    def to_words(value: Any, self_: Any, attribute: Attribute[Any]) -> Any:
        if isinstance(value, str) or not isinstance(value, Iterable):
            value = (value,)
        return tuple([to_word(item, self_, attribute) for item in value])

    return to_words


def to_tuple(value: Any) -> Any:
    """A converter: one value will do where several may stand."""
    if type(value) is tuple:
        return value
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return tuple(value)


def _check_slugs(self_: Any, attribute: Attribute[Any], value: Any) -> None:
    for item in value if isinstance(value, tuple) else () if value is None else (value,):
        if not isinstance(item, str) or not SLUG.match(item):
            raise BadFact(
                "must be a slug of lower-case letters, digits and _.:- (64 at most)",
                field=_where(self_, attribute),
            )


def check_hours(self_: Any, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    """A validator: hours as `HOURS` has them."""
    if not all(HOURS.match(str(item)) for item in value):
        raise BadFact('must look like "mon-fri 09:00-17:00"', field=_where(self_, attribute))


def personal(codec: str = "str", *, split: bool = False) -> Any:
    """A field that is hashed as a salted disclosure and can be erased.

    `split`: the value is a mapping of person → text, disclosed person by person, so that
    one can be forgotten and the others kept.
    """
    return field(default=None, metadata={"personal": True, "codec": codec, "split": split})


def a_time(**extra: Any) -> Any:
    """An aware datetime, kept as plain UTC."""
    return field(
        default=None,
        converter=Converter(_to_time, takes_self=True, takes_field=True),
        metadata={"codec": "time"},
        **extra,
    )


def one_of(enum: type[_E], default: Any = None) -> Any:
    """One word of a closed vocabulary; its plain text will do."""
    return field(
        default=default,
        converter=Converter(_as_word(enum), takes_self=True, takes_field=True),
        metadata={"codec": "enum", "enum": enum},
    )


def some_of(enum: type[_E]) -> Any:
    """Several words of a closed vocabulary."""
    return field(
        default=(),
        converter=Converter(_as_words(enum), takes_self=True, takes_field=True),
        metadata={"codec": "enums", "enum": enum},
    )


def ref(*kinds: str, default: Any = None) -> Any:
    """A field that names another fact: a key, an id or an `Entry` going in, an id coming out."""
    return field(default=default, metadata={"codec": "str", "ref": kinds})


def refs(*kinds: str) -> Any:
    """Several of them."""
    return field(default=(), converter=to_tuple, metadata={"codec": "strs", "ref": kinds})


def entry_ref() -> Any:
    """A field that names an entry of the same log by its number (or is given the `Entry`)."""
    return field(default=None, metadata={"codec": "int", "ref": ("entry",)})


def a_slug() -> Any:
    """A slug, or nothing."""
    return field(default=None, validator=_check_slugs, metadata={"codec": "str"})


def some_slugs() -> Any:
    """Several slugs."""
    return field(default=(), converter=to_tuple, validator=_check_slugs, metadata={"codec": "strs"})


def clear(codec: str, default: Any = None) -> Any:
    """A field that stands in the bytes as it is; `codec` as in `log/fields.py`."""
    return field(default=default, metadata={"codec": codec})
