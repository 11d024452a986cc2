"""JSON of reports: objects, each with the exact bytes it came in."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import orjson

from contactledger.errors import BadEvent
from contactledger.sources._text import clean

JSON_TYPES = frozenset({"application/json", "text/json"})
"""Content types of JSON as providers send it."""

_OBJECT = frozenset({dict})
_SEAM = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]', re.DOTALL)
_SIGN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:]', re.DOTALL)
_BLANK = b" \t\r\n"
_UNFIT = re.compile(
    rb"\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
    rb"|\\u(?:0000|202[a-e]|206[6-9]|d[89a-f])",
    re.IGNORECASE,
)
"""The characters that `clean` replaces, as bytes or as escapes; most bodies hold none."""


def array_of_objects(body: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    """The objects of a top-level array, and for each its own slice of the body.

    Strings of the objects are cleaned (keys and nested values are not). `BadEvent` names
    the place where the text stops being JSON, or the element that is no object.
    """
    items = _load(body)
    if not isinstance(items, list):
        raise BadEvent("must be a JSON array of events", field="body")
    if not _OBJECT.issuperset(map(type, items)):
        number = next(n for n, item in enumerate(items, 1) if type(item) is not dict)
        raise BadEvent("must be a JSON object", place=f"event {number}")
    if (b"\\u" in body or not body.isascii()) and _UNFIT.search(body):
        items = [_cleaned(item) for item in items]
    return items, slices(body, len(items))


def one_object(body: bytes) -> dict[str, Any]:
    """The object that a body is. Its texts are as they came: reading a field cleans it.

    `BadEvent` names the place where the text stops being JSON.
    """
    item = _load(body)
    if type(item) is not dict:
        raise BadEvent("must be a JSON object", field="body")
    return item


def one_or_many(body: bytes) -> tuple[list[dict[str, Any]], list[bytes]]:
    """A single object, or an array of them, and the slice of each."""
    if body.lstrip(_BLANK).startswith(b"{"):
        return [one_object(body)], [body.strip(_BLANK)]
    return array_of_objects(body)


def slices_under(body: bytes, *keys: str) -> list[bytes]:
    """The exact bytes of the objects in an array within a valid JSON object, in order.

    `keys` lead to it: ("events",) is {"events": [{…}]}; with more than one, each leads into
    the objects of the array before it.
    """
    target = [part for key in keys for part in (key, None)]
    where: list[str | None] = []
    found: list[bytes] = []
    start, last = 0, b""
    for token in _SIGN.finditer(body):
        sign = token.group()
        if sign[:1] == b'"':
            last = sign
        elif sign == b":":
            if len(where) <= len(target):
                where[-1] = json.loads(last)
        elif sign in b"{[":
            if sign == b"{" and where == target:
                start = token.start()
            where.append(None)
        else:
            where.pop()
            if sign == b"}" and where == target:
                found.append(body[start : token.end()])
    return found


def slices(body: bytes, count: int) -> list[bytes]:
    """The exact bytes of each of the `count` objects of a valid array of objects.

    Every border between two objects reads "} , {". Where the text holds that as often as
    there are borders, the borders are exactly those, and splitting there is all there is to
    do; where it holds more (within a string, or an array inside an event), the brackets are
    counted.
    """
    if not count:
        return []
    inner = body[body.index(b"[") + 1 : body.rindex(b"]")].strip(_BLANK)
    pieces = _SEAM.split(inner)  # each without the brackets at its ends
    if len(pieces) != count:
        return _by_brackets(inner)
    if count == 1:
        return pieces
    middle = [b"{" + piece + b"}" for piece in pieces[1:-1]]
    return [pieces[0] + b"}", *middle, b"{" + pieces[-1]]


def _by_brackets(inner: bytes) -> list[bytes]:
    found, depth, start = [], 0, 0
    for token in _TOKEN.finditer(inner):
        sign = token.group()
        if sign in b"{[":
            if not depth:
                start = token.start()
            depth += 1
        elif sign in b"}]":
            depth -= 1
            if not depth:
                found.append(inner[start : token.end()])
    return found


def _load(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        fault = error
    # orjson refuses a lone surrogate written as an escape; the standard reader takes it, and
    # one such character must not cost a whole batch
    if b"\\u" in body and "limit" not in fault.msg:  # depth: the standard reader's varies
        try:
            return json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            pass
    place = f"line {fault.lineno}, column {fault.colno}"
    raise BadEvent("is not valid JSON (truncated?)", field="body", place=place)


def _no_constant(_: str) -> NoReturn:
    raise ValueError


def _cleaned(item: dict[str, Any]) -> dict[str, Any]:
    return {key: clean(value) if type(value) is str else value for key, value in item.items()}
