"""vCard (RFC 6350, and 3.0 and 2.1 as programs still write them): people, as facts.

No events come of it: a card says who somebody is. `VCard.people` gives one `Person` for each
card of an individual; cards of groups and organisations (`KIND`) are left out. Their key is the
card's UID, else the first e-mail address, else the name.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator
from typing import ClassVar
from zoneinfo import available_timezones

from attrs import frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.facts import Person
from contactledger.sources._text import clean
from contactledger.sources.source import Faults, pass_over

MAX_CARDS = 20_000
MAX_LINES = 500
"""Of one card."""
MAX_LINE_CHARS = 4_000
"""Of a line that is read; photographs are longer, and are passed over."""
MAX_VALUES = 20
"""Addresses or numbers of one person."""

_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]")
_NAME = re.compile(r"(?:[A-Za-z0-9-]{1,60}\.)?([A-Za-z0-9-]{1,60})\Z")
_SPLIT = re.compile(r"(?<!\\);")
_ESCAPE = re.compile(r"\\([,;\\nN])")
_LOCAL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\Z")


@frozen
class VCard:
    """People of an address book.

    >>> card = b"BEGIN:VCARD|VERSION:4.0|FN:Bob Ray|EMAIL:bob@smith.example|END:VCARD"
    >>> (bob,) = VCard().people(card.replace(b"|", bytes([10])), "smith")
    >>> bob.name
    'Bob Ray'
    """

    name: ClassVar[str] = "vcard"
    max_body_bytes: ClassVar[int] = 32 * 1024 * 1024
    """20,000 cards with small photographs."""

    def people(self, body: bytes, party: str, faults: Faults = None) -> list[Person]:
        """A `Person` of this party for each card; `BadEvent` names the card and its line, or
        stands among the `faults` where these are collected."""
        if len(body) > self.max_body_bytes:
            raise TooLarge(
                f"a body of {len(body)} bytes is over the {self.max_body_bytes} that are read",
                field="body",
            )
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadEvent("is not UTF-8", field="body") from None
        made = []
        for number, lines in _cards(text, faults):
            try:
                person = _person(lines, party, f"card {number}")
            except (BadEvent, TooLarge) as error:
                pass_over(error, faults)
                continue
            if person is not None:
                made.append(person)
        return made


_Line = tuple[str, dict[str, str], str]


def _cards(text: str, faults: Faults) -> Iterator[tuple[int, list[_Line]]]:
    """Each card that is whole, with its number: the name, parameters and value of its lines."""
    lines: list[_Line] | None = None
    count = 0
    for number, raw in enumerate(_unfolded(text), 1):
        line = _line(raw)
        if line is None:
            continue
        name, _, value = line
        word = value.strip().upper()
        place = f"line {number}"
        if name == "BEGIN" and word == "VCARD":
            if lines is not None:
                pass_over(BadEvent("a card begins within another", place=place), faults)
            lines, count = [], count + 1
            if count > MAX_CARDS:
                raise TooLarge(f"more than the {MAX_CARDS} cards read at once", field="body")
        elif name == "END" and word == "VCARD":
            if lines is None:
                pass_over(BadEvent("a card ends that did not begin", place=place), faults)
            else:
                yield count, lines
            lines = None
        elif lines is not None:
            lines.append(line)
            if len(lines) > MAX_LINES:
                pass_over(TooLarge(f"a card of more than {MAX_LINES} lines", place=place), faults)
                lines = None
    if lines is not None:
        pass_over(BadEvent("the last card does not end (truncated?)", field="body"), faults)
    if not count:
        raise BadEvent("holds no vCard", field="body")


def _unfolded(text: str) -> Iterator[str]:
    """Lines put together again; those of quoted-printable (2.1) at their trailing "="."""
    held = ""
    for raw in _FOLD.sub("", text).splitlines():
        line = held + raw
        quoted = "QUOTED-PRINTABLE" in line[:200].upper()
        if quoted and line.endswith("=") and len(line) < MAX_LINE_CHARS:
            held = line[:-1]
            continue
        held = ""
        yield line
    if held:
        yield held


def _line(raw: str) -> _Line | None:
    """None for blank lines, what is no line of a card, and what is too long to be a name."""
    head, colon, value = raw.partition(":")
    parts = head.split(";")
    name = _NAME.match(parts[0].strip())
    if not colon or name is None or len(raw) > MAX_LINE_CHARS:
        return None
    given = {}
    for part in parts[1:]:
        key, _, word = part.partition("=")
        given[key.strip().upper()] = word.strip().strip('"')
    if given.get("ENCODING", "").upper() == "QUOTED-PRINTABLE" or "QUOTED-PRINTABLE" in given:
        data = a2b_qp(value.encode("utf-8", "replace"))
        value = _decoded(data, given.get("CHARSET", "utf-8"))
    return name.group(1).upper(), given, clean(value)


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _person(lines: list[_Line], party: str, place: str) -> Person | None:
    first: dict[str, str] = {}
    mails: list[str] = []
    phones: list[str] = []
    for name, _, value in lines:
        text = _plain(value)
        first.setdefault(name, value)
        if name == "EMAIL" and _LOCAL.match(text.removeprefix("mailto:")):
            mails.append(text.removeprefix("mailto:"))
        elif name == "TEL" and any(character.isdigit() for character in text):
            phones.append(text.removeprefix("tel:").partition(";")[0])
    if first.get("KIND", "individual").strip().lower() not in ("individual", ""):
        return None
    if max(len(mails), len(phones)) > MAX_VALUES:
        raise TooLarge(f"more than {MAX_VALUES} addresses or numbers", place=place)
    name = _plain(first.get("FN", "")) or _assembled(first.get("N", ""))
    key = _plain(first.get("UID", "")) or (mails[0].lower() if mails else name)
    if not key:
        raise BadEvent("has no UID, EMAIL, FN or N", place=place)
    zone = _plain(first.get("TZ", ""))
    return Person(
        key[:255],
        party,
        name or None,
        _plain(first.get("TITLE", "")) or None,
        tuple(dict.fromkeys(mails)) or None,
        tuple(dict.fromkeys(phones)) or None,
        zone if zone in available_timezones() else None,
    )


def _plain(value: str) -> str:
    return _ESCAPE.sub(lambda m: " " if m[1] in "nN" else m[1], value).strip()


def _assembled(value: str) -> str:
    """A name of its parts: family; given; additional; prefix; suffix."""
    parts = [_plain(part) for part in _SPLIT.split(value)][:5] + [""] * 5
    family, given, more, prefix, suffix = parts[:5]
    return " ".join(part for part in (prefix, given, more, family, suffix) if part)
