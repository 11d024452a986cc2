"""RFC 8785 documents and numbers, put to `contactledger.log.canon`.

Records keep to a restricted profile of RFC 8785 (LOG.md, "Records"), so there are two ways
of being right, and which of them applies is decided here, from the document alone and
without asking the library:

- *Inside the profile* (null, bool, str, int up to 2^53-1 either way, lists, objects with
  keys `[a-z][a-z0-9_]{0,63}`; no U+0000, no lone surrogate; at most 65,535 bytes): the
  canonical bytes must be those expected, and parse must take them back.
- *Outside the profile*: refusal is what the format asks for. `canonical` of the value and
  `parse` of the bytes that RFC 8785 expects must both raise `BadRecord` (or `TooLarge`).

A number case names a double and its ECMAScript spelling. Where the spelling is that of an
integer of the profile, the integer must come out so spelt, and the same number as a float,
in a list like the integer, must still be refused: a record has one spelling and one type. Any
other number is outside the profile, and what parse refuses is its ECMAScript spelling. A
double that is no number at all (NaN, infinity) has no spelling; refusal is right.
"""

from __future__ import annotations

import json
import re
import struct
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.corpora import Case, Result, Right, Skip, Verdict, run

REFUSED = "by refusal: outside the record profile"

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_LARGEST = 2**53 - 1
_MOST_BYTES = 65_535


def jcs(folder: Path) -> Result:
    """Documents by bytes, numbers by spelling; outside the profile, by refusal."""

    def check(case: Case) -> Verdict:
        if "bits" in case:
            return _number(case["bits"], case["expected"])
        if "input_b64" in case:
            expected = b64decode(case["expected"]["canonical_b64"], validate=True)
            return _document(json.loads(b64decode(case["input_b64"], validate=True)), expected)
        return Skip("neither a document nor a number")

    return run(folder, check)


def _document(value: Any, expected: bytes) -> bool | Right:
    from contactledger.log.canon import canonical, parse

    if in_profile(value) and len(expected) <= _MOST_BYTES:
        return canonical(value) == expected and parse(expected) == value
    return _refused(canonical, value) and _refused(parse, expected) and Right(REFUSED)


def _number(bits: str, spelling: str | None) -> bool | Right:
    from contactledger.log.canon import canonical, parse

    (double,) = struct.unpack(">d", bytes.fromhex(bits))
    if not _refused(canonical, [double]):
        return False
    text = str(spelling)
    written = b"[" + text.encode() + b"]"
    if _INTEGER.fullmatch(text) and abs(int(text)) <= _LARGEST:
        return canonical([int(text)]) == written and parse(written) == [int(double)]
    return _refused(parse, written) and Right(REFUSED)


def in_profile(value: Any) -> bool:
    """Whether LOG.md lets this value stand in a record; the size is not looked at."""
    if isinstance(value, dict):
        return all(
            _KEY.fullmatch(key) is not None and in_profile(item) for key, item in value.items()
        )
    if isinstance(value, list):
        return all(in_profile(item) for item in value)
    if isinstance(value, str):
        return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, int):
        return abs(value) <= _LARGEST
    return value is None


def _refused(call: Callable[[Any], object], value: Any) -> bool:
    """Whether the call says no with the error for it; any other exception goes through."""
    from contactledger.errors import BadRecord, TooLarge

    try:
        call(value)
    except (BadRecord, TooLarge):
        return True
    return False
