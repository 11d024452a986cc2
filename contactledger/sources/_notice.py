# ruff: noqa: E501 - a pattern a line
"""What stands in the text of a bounce: whose mail failed, the server's words, what came back.

For the many programs that do not write RFC 3464, or write it wrongly. Read line by line; each
pattern sees one line, cut to `MAX_LINE_CHARS`, and none can run over its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from contactledger.sources._mime import addresses

MAX_LINES = 4_000
"""Of a notice; what a server explains fits on a page or two."""
MAX_LINE_CHARS = 1_000
MAX_ABOUT_CHARS = 1_000
"""Of what is said about one of several recipients."""
MAX_FOUND = 1_000
"""Recipients of one notice."""
MAX_WITHIN = 50
"""Lines in which names without a house are looked for."""
HEADERS_AT_LEAST = 3
"""Fields in a row, of those that messages begin with, by which a message is known."""

_ADDRESS = r"[^\s<>()\[\]\",;:@|=]{1,100}@[^\s<>()\[\]\",;:@|?=]{1,200}"
_QUOTED = r'"[^"<>\n]{1,100}"@[^\s<>()\[\]\",;:@|]{1,200}'
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,40}):(?:\s|$)")
_OF_MESSAGES = frozenset(
    [
        "return-path",
        "received",
        "message-id",
        "from",
        "to",
        "subject",
        "date",
        "mime-version",
        "content-type",
        "delivered-to",
        "dkim-signature",
        "reply-to",
        "sender",
        "content-transfer-encoding",
        "x-mailer",
        "cc",
        "x-sender",
        "references",
    ]
)
_BEGINS = re.compile(
    r"[>\s]{0,9}[-=*#_+]{2,80} {0,9}.{0,60}(?:original|returned|unsent|undelivered|copy of|bounced?|message follows|text of)\b(?!.{0,40}received at)"
    r"|.{0,80}\b(?:unsent|returned|original|undelivered|bounced?) (?:message|mail|headers?)"
    r"(?: text| header)?s? follow"
    r"|\W{0,40}(?:the )?(?:message|mail|header|text)s?(?: text| header)?s? follow"
    r"|.{0,80}\b(?:copy of|(?:first|last) .{1,20}of) (?:the|your|this) (?:original |returned )?(?:e-?mail )?(?:message|mail|headers)"
    r"|\W{0,40}(?:original|returned|undelivered|rejected) (?:e-?mail )?(?:message|mail)(?: header| detail)?s?\W{0,40}\Z"
    r"|.{0,80}\b(?:included|returned|attached) below\W{0,9}\Z",
    re.IGNORECASE,
)
"""Lines that say: here begins what you sent."""

_STRONG = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\s{{0,40}}(?:[*\-] {{0,4}}|\d{{1,3}}[.)] {{0,4}}|\S{{1,40}}:\d{{1,9}}:)?<({_ADDRESS}|{_QUOTED})>",
        rf"\s{{0,40}}[*\-] {{0,4}}\[({_ADDRESS})\]:",
        rf"\s{{0,40}}\S{{1,100}} <({_ADDRESS})>:",
        rf"\s{{0,40}}(?:[*\-] {{0,4}}|\d{{1,3}}[.)] {{0,4}}|\d{{3}} )?({_ADDRESS})(?=\s{{0,80}}\Z|[:;,]| ?\.\.\.|\s{{1,4}}on |\s{{0,4}}[(\[]|<mailto:| {{2}}| -)",
        rf"[>\s]{{0,40}}rcpt to: ?<?({_ADDRESS})",
        rf".{{0,60}}\b(?:recipient(?: address)?|intended recipient|userid|user|address|mailbox|account|to)\s{{0,4}}[:=]\s{{0,20}}<?({_ADDRESS})",
        rf"\s{{0,20}}(?:\d{{3}} )?<({_ADDRESS})>\.\.\.",
        rf".{{0,80}}\b(?:delivering|deliver|delivered|delivery|sent?|message|mail|undeliverable)\b.{{0,60}}\bto:? <?({_ADDRESS})",
        rf".{{0,200}}\bSMTP=({_ADDRESS})",
    )
)
_ANY = re.compile(rf"{_ADDRESS}")
_SENDER = re.compile(r"\b(?:mail|messages?|sent) from:? ?<?\Z", re.IGNORECASE)
"""What stands before the address of whoever wrote, which is not the one that failed."""


_ANNOUNCED = re.compile(
    r"following .{0,40}(?:recipient|address|destination)|these recipients or groups"
    r"|to the following|intended recipients?:",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"[ \t]{1,40}[A-Za-z0-9][\w.+-]{1,63}\s{0,40}")
_POSTMASTER = re.compile(r"(?:postmaster|post_master|mailer-daemon)@")


def lines_of(text: str) -> list[str]:
    """The lines of a notice, within bounds."""
    return [line[:MAX_LINE_CHARS] for line in text.split("\n", MAX_LINES)[:MAX_LINES]]


def returned_at(lines: list[str]) -> tuple[int, int]:
    """(end of the notice, first line of what was returned), both the end if nothing was."""
    start = headers_at(lines)
    end = _marked(lines, start)
    return end, start if start < len(lines) else end


def headers_at(lines: list[str]) -> int:
    """The first line of a message's headers that stand in a notice, the end if none do."""
    names: set[str] = set()
    start = -1
    top = next((n for n, line in enumerate(lines) if line.strip()), 0)
    for number, line in enumerate(lines):
        field = _FIELD.match(line)
        if field:
            start = number if start < 0 else start
            names.add(field.group(1).lower())
            if start > top and len(names & _OF_MESSAGES) >= HEADERS_AT_LEAST:
                return start
        elif not (line[:1] in (" ", "\t") and start >= 0 and line.strip()):
            names.clear()
            start = -1
    return len(lines)


def _marked(lines: list[str], end: int) -> int:
    """The line that announces the returned message, if one stands before `end`."""
    for number in range(end):
        if number and _BEGINS.match(lines[number]):
            return number
    return end


def recipients(lines: list[str], without: frozenset[str]) -> list[str]:
    """Those whom the notice is about, in order, once each.

    Whoever is named below a line that announces them, else in a line such as they stand in,
    else anywhere.
    """
    announced = next((n for n, line in enumerate(lines) if _ANNOUNCED.search(line)), len(lines))
    for start, patterns in ((announced, _STRONG), (0, _STRONG), (0, None)):
        found: dict[str, str] = {}
        for line in lines[start:]:
            for address in _in_line(line, patterns):
                key = address.lower()
                if key not in without and len(found) < MAX_FOUND and not _POSTMASTER.match(key):
                    found.setdefault(key, address)
        if found:
            return list(found.values())
    return []


def names_within(lines: list[str]) -> list[str]:
    """Names without a house, as a server writes those of its own users: each alone in an
    indented line below the one that announces them."""
    begin = next((n for n, line in enumerate(lines) if _ANNOUNCED.search(line)), len(lines))
    found: dict[str, None] = {}
    for line in lines[begin : begin + MAX_WITHIN]:
        if _WITHIN.fullmatch(line):
            found[line.strip()] = None
        elif found and line.strip():
            break
    return list(found)


def about(lines: list[str], wanted: list[str]) -> list[str]:
    """For each address the lines about it: from where it is first named to the next one's."""
    keys = {address.lower() for address in wanted}
    named = [
        (number, address.lower())
        for number, line in enumerate(lines)
        if "@" in line
        for address in _ANY.findall(line)
        if address.lower() in keys
    ]
    first: dict[str, tuple[int, int]] = {}
    for place, (number, address) in enumerate(named):
        if address not in first:
            after = (n for n, other in named[place:] if other != address and n > number)
            first[address] = number, next(after, len(lines))
    said = []
    for address in wanted:
        begin, end = first.get(address.lower(), (0, 0))
        if end and f"<{address}>... " in lines[begin]:  # sendmail says it in one line
            end = begin + 1
        text = " ".join(" ".join(lines[begin : min(end, begin + 40)]).split())
        said.append(text[:MAX_ABOUT_CHARS])
    return said


def _in_line(line: str, patterns: tuple[re.Pattern[str], ...] | None) -> Iterator[str]:
    if "@" not in line:
        return
    if patterns is None:
        for one in _ANY.finditer(line):
            if not _SENDER.search(line[max(0, one.start() - 20) : one.start()]):
                yield _trimmed(one.group())
        return
    for pattern in patterns:
        match = pattern.match(line)
        if match:
            yield _trimmed(match.group(1))
            return


def _trimmed(address: str) -> str:
    found = addresses(address.strip("'`*.!"))
    return found[0] if found else address.strip("'`*.!")
