"""Messages of RFC 5322 and MIME (RFC 2045 to 2047), read tolerantly and within bounds.

Every step is linear in the message's size times a small constant, and each bound is checked
before the work it bounds. Working on LF-only bytes; the message itself is kept elsewhere.
"""

from __future__ import annotations

import binascii
import codecs
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property

from attrs import frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources._text import clean, plausible

MAX_HEADERS = 2_000
"""Fields of one header block; real ones have up to about 200."""
MAX_HEADER_BYTES = 512 * 1024
"""One header block; mail servers refuse at 256 kB and less."""
MAX_VALUE_CHARS = 65_536
"""One unfolded field; a longer one (a To of thousands) is cut here."""
MAX_PARTS = 1_000
"""Parts of one message, at all levels."""
MAX_DEPTH = 20
"""Multiparts within multiparts; each level is one more reading of what lies within."""
MAX_TEXT_BYTES = 4 * 1024 * 1024
"""Of a text part, still encoded; what a person writes fits many times over."""
MAX_ADDRESSES = 1_000
MAX_DATE_CHARS = 200
MAX_IDS = 200
"""Ids read of one References; a thread that is longer is matched by its newest."""

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_WORD = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]{0,2000})\?=")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,60})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;\s]*)', re.DOTALL)
_ID = re.compile(r"<([^<>]{1,998})>")
_UNQUOTE = re.compile(r"\\(.)", re.DOTALL)
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
"""Codecs of Python that are no charsets of mail (some take quadratic time)."""

Headers = dict[str, list[str]]
"""Lower-case name → its values in order, unfolded, as text with encoded words as they are."""


@frozen
class Part:
    """One part of a message: its headers and its body, still encoded."""

    headers: Headers
    body: bytes

    @cached_property
    def content_type(self) -> tuple[str, dict[str, str]]:
        """("text/plain", {"charset": …}); text/plain where none is given or it is no type."""
        return parameters(first(self.headers, "content-type"), "text/plain")

    @property
    def attached(self) -> bool:
        """Whether it is to be saved rather than shown (RFC 2183)."""
        return parameters(first(self.headers, "content-disposition"), "")[0] == "attachment"

    def decoded(self) -> bytes:
        """The body without its transfer encoding, its beginning if it is too long."""
        encoding = first(self.headers, "content-transfer-encoding").strip().lower()
        data = self.body[:MAX_TEXT_BYTES]
        if encoding == "quoted-printable":
            return quopri.decodestring(data)
        return _base64(data) if encoding == "base64" else data

    def text(self) -> str:
        """The decoded text; what does not decode becomes U+FFFD."""
        return decode(self.decoded(), self.content_type[1].get("charset", ""))


def unix_lines(raw: bytes) -> bytes:
    """The same bytes with CRLF and CR as LF."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def split(data: bytes) -> Part:
    """Header block and body. Ends the headers at the first line that cannot belong to them.

    `TooLarge` for a block of too many fields or bytes.
    """
    headers: Headers = {}
    folded: list[bytes] = []
    position = count = 0
    if data.startswith((b"From ", b">From ")):  # the separator of a mailbox file
        position = data.find(b"\n") + 1 or len(data)
    while position < len(data):
        end = data.find(b"\n", position)
        end = len(data) if end < 0 else end
        if end - position > MAX_HEADER_BYTES or position > MAX_HEADER_BYTES:
            raise TooLarge(f"more than {MAX_HEADER_BYTES} bytes of headers", field="headers")
        line = data[position:end]
        if line[:1] in (b" ", b"\t") and folded:
            folded.append(line)
        elif _FIELD.match(line):
            count += 1
            if count > MAX_HEADERS:
                raise TooLarge(f"more than {MAX_HEADERS} header fields", field="headers")
            _add(headers, folded)
            folded = [line]
        else:
            break
        position = end + 1
    _add(headers, folded)
    if data[position : position + 1] == b"\n":
        position += 1
    return Part(headers, data[position:])


def _add(headers: Headers, folded: list[bytes]) -> None:
    if folded:  # its first line is a field, as was looked at before
        name, _, value = (b"".join(folded) if len(folded) > 1 else folded[0]).partition(b":")
        text = _raw_text(value.strip()[:MAX_VALUE_CHARS])
        headers.setdefault(name.rstrip().decode("ascii").lower(), []).append(text)


def _raw_text(value: bytes) -> str:
    try:
        return value.decode("utf-8")  # RFC 6532, and ASCII
    except UnicodeDecodeError:
        return value.decode("latin-1")


def first(headers: Headers, name: str) -> str:
    """The first value of a field, or ""."""
    return headers.get(name, [""])[0]


def parameters(value: str, default: str) -> tuple[str, dict[str, str]]:
    """A value with parameters: ("multipart/mixed", {"boundary": …}), names in lower case."""
    value = value[:4_000]
    word = value.partition(";")[0].strip().lower()
    found: dict[str, str] = {}
    for name, given in _PARAMETER.findall(value):
        text = _UNQUOTE.sub(r"\1", given.strip('"')) if given.startswith('"') else given
        found.setdefault(name.lower(), text)
    return word or default, found


def leaves(message: Part) -> Iterator[Part]:
    """The parts that hold no others, in order; enclosed messages are leaves, too.

    `TooLarge` for more than `MAX_PARTS`, or more than `MAX_DEPTH` levels.
    """
    waiting = [(message, 0)]
    count = 0
    while waiting:
        part, depth = waiting.pop()
        kind, given = part.content_type
        boundary = given.get("boundary", "")
        if not kind.startswith("multipart/") or not boundary:
            yield part
            continue
        if depth == MAX_DEPTH:
            raise TooLarge(f"more than {MAX_DEPTH} multiparts within each other", field="body")
        bodies = _between(part.body, boundary, MAX_PARTS - count)
        count += len(bodies)
        waiting += [(split(body), depth + 1) for body in reversed(bodies)]


def _between(body: bytes, boundary: str, room: int) -> list[bytes]:
    mark = re.escape(boundary.rstrip().encode())
    line = re.compile(rb"^--" + mark + rb"(--)?[ \t]*$", re.MULTILINE)
    bodies: list[bytes] = []
    start: int | None = None
    for found in line.finditer(body):
        if start is not None:
            if len(bodies) == room:
                raise TooLarge(f"more than {MAX_PARTS} parts", field="body")
            bodies.append(body[start : max(start, found.start() - 1)])
        start = found.end() + 1
        if found.group(1):
            return bodies
    if start is not None and start < len(body) and len(bodies) < room:
        bodies.append(body[start:])  # the closing line was lost on the way
    return bodies


def _base64(data: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return b64decode(kept + b"=" * (-len(kept) % 4))


def decode(data: bytes, charset: str) -> str:
    """Bytes of a charset as text; an unknown charset is taken for UTF-8, else Latin-1."""
    try:
        codec = codecs.lookup(charset.strip() or "utf-8").name.replace("-", "_")
        if codec not in _NO_CHARSETS:
            return data.decode(codec, "strict" if codec in ("ascii", "utf_8") else "replace")
    except (LookupError, ValueError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def decode_words(value: str) -> str:
    """A header's text with its encoded words (RFC 2047) decoded.

    Neighbouring words of one charset are joined as bytes first, since senders cut
    characters in two.
    """
    out: list[str] = []
    run: tuple[str, bytes] = ("", b"")
    done = 0
    for found in _WORD.finditer(value):
        charset, encoding, encoded = found.groups()
        between = value[done : found.start()]
        data = _word_bytes(encoding, encoded)
        if not between.strip() and run[0] == charset.lower():
            run = (run[0], run[1] + data)
        else:
            out.append(decode(run[1], run[0]))
            out.append(between if between.strip() or not run[0] else "")
            run = (charset.lower(), data)
        done = found.end()
    out.append(decode(run[1], run[0]))
    out.append(value[done:])
    return "".join(out)


def _word_bytes(encoding: str, encoded: str) -> bytes:
    data = encoded.encode()
    if encoding in "bB":
        return _base64(data)
    return binascii.a2b_qp(data, header=True)


def message_ids(value: str) -> tuple[str, ...]:
    """The message ids of a field in its order, each in its angle brackets, without blanks."""
    found = ["<" + "".join(text.split()) + ">" for text in _ID.findall(value)]
    if not found and "@" in value and len(value.split()) == 1:
        found = ["<" + value.strip().strip("<>") + ">"]
    return tuple(dict.fromkeys(id_ for id_ in found if id_ != "<>"))[-MAX_IDS:]


_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[(),:;<>]|[^"\\(),:;<>]+|["\\]', re.DOTALL)
_COMMENT = re.compile(r"\\.|[()]|[^()\\]+|\\", re.DOTALL)
_BARE = re.compile(r"[^\s<>()\[\]\",;:@]{1,64}@[^\s<>()\[\]\",;:@]{1,255}")


def addresses(value: str) -> tuple[str, ...]:
    """The addresses of a From, To … (RFC 5322 3.4), without names, comments and groups.

    Where the syntax is broken beyond that, whatever looks like an address is taken.
    """
    found = [address for address in _mailboxes(value) if "@" in address]
    if not found:
        found = _BARE.findall(value)
    return tuple(dict.fromkeys(found))[:MAX_ADDRESSES]


def _mailboxes(value: str) -> Iterator[str]:
    plain: list[str] = []
    angle: list[str] = []
    inside = seen = False
    for piece in _pieces(value):
        if piece == "<":
            angle, inside, seen = [], True, True
        elif piece == ">":
            inside = False
        elif piece in ",;" and not inside:
            yield _address(plain, angle if seen else None)
            plain, angle, seen = [], [], False
        elif piece == ":":  # ends a group's name, or within <> a source route
            (angle if inside else plain).clear()
        elif inside:
            angle.append(piece)
        else:
            plain.append(piece)
    yield _address(plain, angle if seen else None)


def _pieces(value: str) -> Iterator[str]:
    """The lexical pieces of an address field, comments left out (they nest)."""
    position = depth = 0
    while found := (_COMMENT if depth else _PIECE).match(value, position):
        position = found.end()
        piece = found.group()
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif not depth and piece not in ('"', "\\"):  # neither opens anything
            yield piece


def _address(plain: list[str], angle: list[str] | None) -> str:
    if angle is not None:
        return "".join([p if p.startswith('"') else "".join(p.split()) for p in angle])
    text = "".join(plain).strip()
    if text.startswith('"') and '"@' in text:
        return text
    with_at = [word for word in text.split() if "@" in word.strip("@")]
    return with_at[0] if with_at else "".join(text.split())


def date_of(value: str) -> tuple[datetime | None, str | None]:
    """(instant, text) of a Date field; no instant where it cannot be read (RFC 5322 3.3).

    A time without a zone, or in "-0000", is taken for UTC. Outside the years 1990 to 2099
    the sender's clock is wrong, not the message: its text is kept, its instant is not used.
    """
    text = " ".join(value[:MAX_DATE_CHARS].split())
    if not text:
        return None, None
    try:
        at = parsedate_to_datetime(text)
        at = at.replace(tzinfo=UTC) if at.utcoffset() is None else at
        return plausible(at, "Date"), clean(text)
    except (BadEvent, ValueError, TypeError, IndexError, OverflowError):
        return None, clean(text)


def require_header(message: Part) -> None:
    """Raises `BadEvent` for bytes that begin with no header field at all."""
    if not message.headers:
        raise BadEvent("begins with no header field, so it is no message", place="line 1")
