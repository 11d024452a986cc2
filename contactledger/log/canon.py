"""Canonical JSON: the one way a record may be written down.

A record is a JSON document in a restricted profile of RFC 8785: keys match
`[a-z][a-z0-9_]{0,63}`, values are null, true, false, strings, integers of at most 2^53-1 in
size, lists and objects; no floats, no lone surrogates, no U+0000; at most 65,535 bytes.
Inside that profile sorting the keys and writing without white space is all that RFC 8785
asks for, and `orjson` does exactly that; what `orjson` would convert without a word (floats,
enums, dates, UUIDs, dataclasses, subclasses) is refused here first.

`canonical` and `parse` are a pair: `parse(canonical(v)) == v`, and `parse` gives a value back
only where `canonical` of it gives the very same bytes, which rules out duplicate keys, white
space, odd escapes and numbers in other spellings.

Times are text, `YYYY-MM-DDTHH:MM:SS.ffffffZ`: `format_time` and `parse_time` are a pair, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from contactledger.errors import BadRecord, TooLarge

MAX_RECORD_BYTES = 65_535
"""An entry fits into a 16-bit length, as in C2SP tlog-tiles entry bundles."""
MAX_INT = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8785 section 3.2.2.3)."""
MAX_DEPTH = 16
"""Far deeper than any record of ours; a bound on what a stranger's bytes can cost."""
MAX_KNOWN_KEYS = 1_000
"""Of which is remembered that they are keys; records of this format have about a hundred."""

_SCALARS = frozenset((str, int, bool, type(None)))
_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z", re.ASCII)
_OPTIONS = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
)

_TIMES = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def canonical(value: Any) -> bytes:
    """The canonical bytes of a value; BadRecord names the place of what the profile refuses."""
    _check(value, "", 0)
    try:
        return dump(value)
    except TypeError:
        raise BadRecord("a string with a lone surrogate") from None


def dump(value: Any) -> bytes:
    """The bytes of a value whose types are known to be inside the profile (the hot path).

    Strings are not searched for U+0000 here; the caller has done so. TooLarge over 65,535
    bytes; TypeError for a lone surrogate.
    """
    data = orjson.dumps(value, option=_OPTIONS)
    if len(data) > MAX_RECORD_BYTES:
        raise TooLarge(f"the record would be over {MAX_RECORD_BYTES} bytes")
    return data


def parse(data: bytes) -> Any:
    """The value of canonical bytes; BadRecord if they are not canonical, or too many.

    The hot path asks three things that together are what `canonical` asks of every value:
    no U+0000 can be among the bytes, the bytes written anew are the same (which refuses
    larger integers and lone surrogates, too), there is no float, and keys and depth are as
    they must be. Only what does not pass is looked at value by value, to say what is wrong.
    """
    value = _loaded(data)
    if not (_rewrites(value, data) and _is_shaped((value,), 0)):
        _refuse_unless_canonical(value, data)
    return value


def _loaded(data: bytes) -> Any:
    if len(data) > MAX_RECORD_BYTES:
        raise TooLarge(f"a record over {MAX_RECORD_BYTES} bytes")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadRecord(f"not JSON: {error.msg}", place=f"byte {error.pos}") from None


def _refuse_unless_canonical(value: Any, data: bytes) -> None:
    if canonical(value) != data:
        raise BadRecord("not in canonical form")


class Layout(NamedTuple):
    """The names of an object in canonical order, the types of their values, and the places of
    those that hold others."""

    names: tuple[str, ...]
    types: tuple[type, ...]
    holders: tuple[int, ...]

    @classmethod
    def of(cls, types: Mapping[str, type]) -> Layout:
        """From name → type, in canonical order."""
        holders = [place for place, kind in enumerate(types.values()) if kind not in _SCALARS]
        return cls(tuple(types), tuple(types.values()), tuple(holders))


def parse_object(data: bytes, layout: Layout) -> dict[str, Any] | None:
    """The object of canonical bytes that is laid out like that; None for any other value.

    BadRecord as `parse`, of which this is the hot path for records of one kind.
    """
    value = _loaded(data)
    fits = False
    if type(value) is dict and tuple(value) == layout.names:
        inner = tuple(value.values())
        fits = tuple(map(type, inner)) == layout.types
        if (
            fits
            and _rewrites(value, data)
            and _is_shaped([inner[place] for place in layout.holders], 1)
        ):
            return value
    _refuse_unless_canonical(value, data)
    return value if fits else None


def format_time(at: datetime) -> str:
    """A UTC datetime as it stands in a record (`isoformat` takes several times as long)."""
    text = orjson.dumps(at, option=_TIMES).decode("ascii")  # in quotes, whole seconds without .0
    return text[1:28] if at.microsecond else f"{text[1:20]}.000000Z"


def parse_time(text: object) -> datetime:
    """A time as it stands in a record, as UTC datetime; BadRecord for any other spelling."""
    if type(text) is not str:
        raise BadRecord("not a time as YYYY-MM-DDTHH:MM:SS.ffffffZ")
    return _time(text)


@lru_cache(4_096)  # the entries of a batch were recorded at one and the same time
def _time(text: str) -> datetime:
    if not _TIME.match(text):
        raise BadRecord("not a time as YYYY-MM-DDTHH:MM:SS.ffffffZ")
    try:
        return datetime.fromisoformat(text)  # whose Z is `datetime.UTC` itself
    except ValueError:
        raise BadRecord("not a time that exists") from None


def _rewrites(value: Any, data: bytes) -> bool:
    """Whether writing a value that was just read gives the same bytes, and no U+0000 is there."""
    if b"\\" in data and b"\\u0000" in data:
        return False
    try:
        return orjson.dumps(value, option=_OPTIONS) == data
    except TypeError:  # an integer beyond 2^53-1
        return False


_known_keys: set[str] = set()
"""Keys seen to be as they must be: the same few stand in every record."""


def _are_keys(names: Iterable[str]) -> bool:
    if _known_keys.issuperset(names):
        return True
    if not all(map(_KEY.match, names)):
        return False
    if len(_known_keys) < MAX_KNOWN_KEYS:
        _known_keys.update(names)
    return True


def _is_shaped(inner: Collection[Any], depth: int) -> bool:
    """Whether in what was read from JSON keys and depth are as `_check` asks, without floats."""
    if depth > MAX_DEPTH:
        return False
    for item in inner:
        kind = type(item)
        if kind in _SCALARS:
            continue
        if kind is dict:
            if not _are_keys(item):
                return False
            item = item.values()  # noqa: PLW2901 - what it holds
        elif kind is not list:  # a float
            return False
        flat = depth < MAX_DEPTH and _SCALARS.issuperset(map(type, item))
        if not flat and not _is_shaped(item, depth + 1):
            return False
    return True


def _check(value: Any, place: str, depth: int) -> None:
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise BadRecord("U+0000 in a string", place=place)
    elif kind is int:
        if not -MAX_INT <= value <= MAX_INT:
            raise BadRecord("an integer beyond 2^53-1", place=place)
    elif value is None or kind is bool:
        return
    elif depth >= MAX_DEPTH:
        raise BadRecord(f"nested deeper than {MAX_DEPTH}", place=place)
    elif kind is list:
        for index, item in enumerate(value):
            _check(item, f"{place}[{index}]", depth + 1)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str or not _KEY.match(key):
                raise BadRecord("a key that is not [a-z][a-z0-9_]{0,63}", place=place)
            _check(item, f"{place}.{key}" if place else key, depth + 1)
    else:
        raise BadRecord(f"{kind.__name__} is not in the profile", place=place)
