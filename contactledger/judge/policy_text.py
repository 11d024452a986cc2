"""Where things stand in a TOML text: the span and line of every key's value.

`tomllib` reads the values but tells no places, and an error that names no line is of little
help in a policy of two pages. This walks a text that `tomllib` has accepted, so it decides
nothing about validity; it only has to agree with it about where a value begins and ends.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from attrs import define, field, frozen

from contactledger.errors import BadPolicy, TooLarge

TEXT_BYTES = 60_000
"""A policy lies whole in one entry, and an entry has at most 65,535 bytes."""
LINE_CHARACTERS = 4_000
"""`tomllib` is quadratic in the parts of a dotted key, which cannot leave its line."""
DEPTH = 12
"""Values inside values; a policy needs four."""

Path = tuple[str | int, ...]
"""("window", 0, "within")"""

PARTY_ID = re.compile(r"[a-z2-7]{26}\Z")
"""How a policy names a party: by its id, never by its name."""

_PLAIN_KEY = re.compile(r"[a-z_]{1,32}\Z")
_TWICE = re.compile("Cannot (?:declare|overwrite|mutate)|Duplicate")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'[ \t]*(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|\'[^\']*\')[ \t]*')
_EQUALS = re.compile(r"=[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|'
    r"'''.*?'{3,5}|"
    r'"(?:[^"\\]|\\.)*"|'
    r"'[^']*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\r\n]+")
_AT = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)\Z")


@frozen
class Span:
    """A value in the text: from `start` to `end`, beginning on `line` (from 1)."""

    start: int
    end: int
    line: int


def path_text(path: Path) -> str:
    """A path as errors print it: "role.customer.window[0].within".

    A key that is no plain word, or names a party by anything but its id, might be somebody's
    name; it is printed as "…" and the line has to do.
    """
    text = ""
    for depth, part in enumerate(path):
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        plain = PARTY_ID if depth == 1 and path[0] == "party" else _PLAIN_KEY
        text += f"{'.' if text else ''}{part if plain.match(part) else '…'}"
    return text


def load(text: str) -> dict[str, Any]:
    """The values of a policy text. Raises `TooLarge` or `BadPolicy` with the line."""
    if not isinstance(text, str):
        raise BadPolicy("must be text", field="policy")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise _bad_line("a lone surrogate", text, error.start) from None
    if size > TEXT_BYTES:
        raise TooLarge(f"more than {TEXT_BYTES} bytes", field="policy")
    hidden = _BIDI.search(text)
    if hidden:
        raise _bad_line("a character that turns the direction of the text", text, hidden.start())
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_CHARACTERS:
            raise BadPolicy(f"longer than {LINE_CHARACTERS} characters", place=f"line {number}")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadPolicy("values nested too deep", field="policy") from None
    except ValueError as error:
        found = _AT.search(str(error))
        stated = found.group(1) if found else None
        why = _AT.sub("", str(error))
        # tomllib prints the key there, and a key may be somebody's name
        why = "the same key twice" if _TWICE.match(why) else why
        last = text.count("\n") + (not text.endswith("\n"))
        raise BadPolicy(f"not TOML: {why}", place=f"line {stated or last}") from None


def _bad_line(why: str, text: str, offset: int) -> BadPolicy:
    return BadPolicy(why, place=f"line {text.count(chr(10), 0, offset) + 1}")


def places(text: str) -> dict[Path, Span]:
    """The span of every value and the header of every table in a text that `load` accepts."""
    walk = _Walk(text)
    walk.document()
    return walk.found


@define
class _Walk:
    text: str
    pos: int = 0
    found: dict[Path, Span] = field(factory=dict)
    _seen: tuple[int, int] = (0, 1)
    _rows: dict[Path, int] = field(factory=dict)

    def _line(self, offset: int) -> int:
        """The line of an offset; they are asked for in order, so each newline counts once."""
        at, line = self._seen
        line += self.text.count("\n", at, offset)
        self._seen = (offset, line)
        return line

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.pos)
        assert match is not None  # noqa: S101 - the pattern matches the empty text
        self.pos = match.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.pos)
        assert match is not None, "not the text that tomllib accepted"  # noqa: S101
        self.pos = match.end()
        return match.group()

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            part = self._take(_KEY).strip(" \t")
            parts.append(next(iter(tomllib.loads(f"{part} = 0"))) if part[0] in "\"'" else part)
            if self.text[self.pos] != ".":
                return tuple(parts)
            self.pos += 1

    def document(self) -> None:
        table: Path = ()
        self._space()
        while self.pos < len(self.text):
            if self.text[self.pos] == "[":
                table = self._header()
            else:
                self._pair(table, 0)
            self._space()

    def _header(self) -> Path:
        start, line = self.pos, self._line(self.pos)
        rows = self.text.startswith("[[", self.pos)
        self.pos += 2 if rows else 1
        path: Path = ()
        key = self._key()
        for part in key[:-1]:
            path = self._row((*path, part))
        path = (*path, key[-1])
        if rows:
            self._rows[path] = self._rows.get(path, -1) + 1
        path = self._row(path)
        self.pos += 2 if rows else 1
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], Span(start, self.pos, line))
        return path

    def _row(self, path: Path) -> Path:
        """The last row so far, if the path names an array of tables."""
        return (*path, self._rows[path]) if path in self._rows else path

    def _pair(self, table: Path, depth: int) -> None:
        path = (*table, *self._key())
        self._take(_EQUALS)
        self._value(path, depth)

    def _value(self, path: Path, depth: int) -> None:
        start, line = self.pos, self._line(self.pos)
        if depth > DEPTH:
            raise BadPolicy(
                "values nested too deep", field=path_text(path[:1]), place=f"line {line}"
            )
        opening = self.text[self.pos]
        if opening == "[":
            self._array(path, depth)
        elif opening == "{":
            self._inline(path, depth)
        elif opening in "\"'":
            self._take(_STRING)
        else:
            self.pos = start + len(self._take(_PLAIN).rstrip(" \t"))
        self.found[path] = Span(start, self.pos, line)

    def _array(self, path: Path, depth: int) -> None:
        self.pos += 1
        row = 0
        self._space()
        while self.text[self.pos] != "]":
            self._value((*path, row), depth + 1)
            row += 1
            self._space()
            if self.text[self.pos] == ",":
                self.pos += 1
                self._space()
        self.pos += 1

    def _inline(self, path: Path, depth: int) -> None:
        self.pos += 1
        self._space()
        while self.text[self.pos] != "}":
            self._pair(path, depth + 1)
            self._space()
            if self.text[self.pos] == ",":
                self.pos += 1
                self._space()
        self.pos += 1
