"""Own tracking, for senders without a provider: open pixels, click links, one-click unsubscribe.

Each path carries a token: what it is for, the touch's id, the person's id where there is one,
for a link its number, and an HMAC-SHA256 over all of that (for a link with its target). Ids are
random, so nothing in a path says who anybody is; a made-up path does not verify; and a link
leads nowhere but to the target it was signed for, which is not in the path but looked up
(`contactledger.tracking`): no open redirect.

    /o/TOKEN.gif      the pixel        GET
    /c/TOKEN          a link           GET
    /u/TOKEN          unsubscribe      GET shows a page; POST with "List-Unsubscribe=One-Click"
                                       does it (RFC 8058)

The web part turns a request into a small JSON body (`hit`), and the ledger takes that in like
any provider's report, so it is durable first and found again after a failed write. What to
know of it:

- An open is *unknown* by itself: pictures are fetched by privacy proxies, scanners and gateways
  before anybody looks (RULES in `_machine_grade`). A GET of the unsubscribe page is no wish; the
  POST is a person's (RFC 8058 exists because scanners follow links).
- HEAD is no person's. A link signed as a honeypot (`honeypot=True`) is shown to nobody.
- A path signed with `own=True` goes into the sender's own copy; its views are kept and marked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import orjson
from attrs import field, frozen

from contactledger.errors import BadEvent, BadInput, Unverified
from contactledger.events import Event
from contactledger.sources._fields import Fields
from contactledger.sources._json import JSON_TYPES, one_object
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

OPEN, CLICK, UNSUBSCRIBE = 1, 2, 3
"""What a path is for."""
_LETTERS = {OPEN: "o", CLICK: "c", UNSUBSCRIBE: "u"}
_OWN, _HONEYPOT, _PERSON = 0x10, 0x20, 0x40
"""Marks beside it in the first byte."""

MAX_LINKS = 65_535
"""Of one message: the number has two bytes."""
MAX_TARGET_CHARS = 8_000
MIN_KEY_BYTES = 16

TAG_BYTES = 16
"""128 bits of the HMAC: nobody guesses that, and paths stay short."""

_ID = re.compile(r"[a-z2-7]{26}\Z")
_PATH = re.compile(r"(?:.{0,500}/)?([ocu])/([A-Za-z0-9_-]{40,120})(?:\.gif)?\Z")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_SCHEMES = ("https://", "http://", "mailto:", "tel:")


def _to_keys(value: bytes | Iterable[bytes]) -> tuple[bytes, ...]:
    keys = (value,) if isinstance(value, bytes) else tuple(value)
    if not keys or not all(type(key) is bytes and len(key) >= MIN_KEY_BYTES for key in keys):
        raise BadInput(f"must be at least {MIN_KEY_BYTES} bytes", field="Tracking.key")
    return keys


@frozen
class Token:
    """What a verified path says."""

    kind: int
    touch: str
    person: str | None = None
    link: int | None = None
    own: bool = False
    honeypot: bool = False


@frozen
class Tracking:
    """Makes the paths of a message's pixel and links, checks them, and makes events of hits.

    `key`: at least 16 random bytes, or several while one is exchanged: the first signs, any
    verifies. `now` of a hit is the web server's; nothing of the visitor's clock is used.
    """

    name: ClassVar[str] = "tracking"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 64 * 1024
    """One hit, with the longest user agent and address that a web server lets through."""

    key: tuple[bytes, ...] = field(converter=_to_keys, repr=False)

    # --- paths ---------------------------------------------------------------------------

    def pixel(self, touch: str, person: str | None = None, *, own: bool = False) -> str:
        """The path of a touch's pixel, for one person (an id) or for whoever looks."""
        return f"/o/{self._token(OPEN, touch, person, own=own)}.gif"

    def link(
        self,
        touch: str,
        number: int,
        target: str,
        person: str | None = None,
        *,
        own: bool = False,
        honeypot: bool = False,
    ) -> str:
        """The path of the link of this number, which leads to `target` and nowhere else."""
        if not 0 <= number <= MAX_LINKS:
            raise BadInput(f"must be 0 to {MAX_LINKS}", field="number")
        if not target.lower().startswith(_SCHEMES) or len(target) > MAX_TARGET_CHARS:
            raise BadInput("must be an address of the web, for mail or a telephone", field="target")
        made = self._token(
            CLICK, touch, person, own=own, honeypot=honeypot, number=number, target=target
        )
        return f"/c/{made}"

    def unsubscribe(self, touch: str, person: str) -> str:
        """The path for the header List-Unsubscribe (RFC 8058), of one person."""
        return f"/u/{self._token(UNSUBSCRIBE, touch, person)}"

    def read(self, path: str) -> Token:
        """What a path says; `Unverified` for one that this key did not sign.

        A link's signature covers its target, so it is checked by `target` alone.
        """
        token, _, _ = self._read(path)
        return token

    def target(self, path: str, targets: Sequence[str]) -> str:
        """Where a link leads, of the targets of its message in their order.

        `Unverified` where the path was not signed for the target of that number.
        """
        token, data, tag = self._read(path)
        if token.link is None or token.link >= len(targets):
            raise Unverified("tracking: no such link")
        found = targets[token.link]
        if not any(hmac.compare_digest(tag, _tag(key, data, found)) for key in self.key):
            raise Unverified("tracking: the link was not signed for this target")
        return found

    def _token(
        self,
        kind: int,
        touch: str,
        person: str | None,
        *,
        own: bool = False,
        honeypot: bool = False,
        number: int | None = None,
        target: str | None = None,
    ) -> str:
        marks = kind | own * _OWN | honeypot * _HONEYPOT | (person is not None) * _PERSON
        data = bytes([marks]) + _bytes(touch, "touch")
        if person is not None:
            data += _bytes(person, "person")
        if number is not None:
            data += number.to_bytes(2, "big")
            # a second tag without the target, so that a hit verifies before it is looked up
            data += _tag(self.key[0], data, None)
        return _text(data + _tag(self.key[0], data, target))

    def _read(self, path: str) -> tuple[Token, bytes, bytes]:
        found = _PATH.match(path.partition("?")[0])
        if not found:
            raise Unverified("tracking: no such path")
        whole = _decoded(found[2])
        data, tag = whole[:-TAG_BYTES], whole[-TAG_BYTES:]
        marks = data[0] if data else 0
        kind = marks & 0x0F
        size = 17 + 16 * bool(marks & _PERSON) + (2 + TAG_BYTES) * (kind == CLICK)
        if _LETTERS.get(kind) != found[1] or len(data) != size:
            raise Unverified("tracking: no such path")
        inner, given = (data[:-TAG_BYTES], data[-TAG_BYTES:]) if kind == CLICK else (data, tag)
        if not any(hmac.compare_digest(given, _tag(key, inner, None)) for key in self.key):
            raise Unverified("tracking: the path does not verify")
        token = Token(
            kind,
            _id(data[1:17]),
            _id(data[17:33]) if marks & _PERSON else None,
            int.from_bytes(inner[-2:], "big") if kind == CLICK else None,
            bool(marks & _OWN),
            bool(marks & _HONEYPOT),
        )
        return token, data, tag

    # --- hits ----------------------------------------------------------------------------

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - the path alone is signed
        """`SIGNED_PART`: the path is signed; when and from where it was asked for is not.

        `Unverified` for a path that this key did not sign.
        """
        check_size(self, body)
        try:
            path = Fields(one_object(body)).text("path") or ""
        except BadEvent:
            raise Unverified("tracking: the body is no hit") from None
        self._read(path)
        return Auth.SIGNED_PART

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a hit; none of a GET of the unsubscribe page, which is no wish."""
        check_size(self, body)
        check_content_type(headers, JSON_TYPES)
        said = Fields(one_object(body))
        path, method = said.text("path") or "", (said.text("method") or "GET").upper()
        try:
            token, _, _ = self._read(path)
        except Unverified:
            raise BadEvent("was not signed with this key", field="path") from None
        at, said_at = said.iso("at")
        what, by = SignalKind.OPENED, By.UNKNOWN
        if token.kind == CLICK:
            what = SignalKind.CLICKED
        elif token.kind == UNSUBSCRIBE:
            if method != "POST" or said.flag("one_click") is not True:
                return []
            what, by = SignalKind.UNSUBSCRIBED, By.HUMAN
        extra: dict[str, Any] = {"method": method}
        extra |= {"own": True} if token.own else {}
        extra |= {"honeypot": True} if token.honeypot else {}
        extra |= {"person": token.person} if token.person else {}
        return [
            Event(
                what,
                at,
                by,
                self.name,
                event_id=said.text("id"),
                token=token.touch,
                word=_LETTERS[token.kind] if token.link is None else f"c{token.link}",
                said_at=said_at,
                url=said.text("target"),
                ip=said.text("ip"),
                user_agent=said.text("user_agent"),
                system=System.OWN,
                original=body,
                extra=extra,
            )
        ]


def hit(
    path: str,
    *,
    id: str,  # noqa: A002 - the field's name
    at: datetime,
    method: str = "GET",
    ip: str | None = None,
    user_agent: str | None = None,
    target: str | None = None,
    form: Mapping[str, str] | None = None,
) -> bytes:
    """The body that a web server hands to `Ledger.receive` for a request of one of the paths.

    `id`: fresh for each request, kept when the same one is handed over again. `target`: where a
    link led. `form`: the fields of a POST; RFC 8058 posts "List-Unsubscribe=One-Click".
    """
    one_click = (form or {}).get("List-Unsubscribe", "").strip().lower() == "one-click"
    said = {
        "id": id,
        "path": path,
        "at": at.isoformat(),
        "method": method,
        "ip": ip,
        "user_agent": None if user_agent is None else clean(user_agent[:2_000]),
        "target": target,
        "one_click": one_click,
    }
    return orjson.dumps({key: value for key, value in said.items() if value is not None})


def _tag(key: bytes, data: bytes, target: str | None) -> bytes:
    signed = b"contactledger/track/v1\0" + data + b"\0"
    if target is not None:
        signed += b"\1" + target.encode("utf-8", "surrogatepass")
    return hmac.new(key, signed, hashlib.sha256).digest()[:TAG_BYTES]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    """The bytes of a token; one whose last letter holds stray bits is not the one that was made."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Unverified("tracking: no such path") from None
    if _text(data) != text:
        raise Unverified("tracking: no such path")
    return data


def _bytes(id_: str, where: str) -> bytes:
    """An id of 26 letters as the 16 bytes it was made of."""
    if not _ID.match(id_):
        raise BadInput("must be an id of this ledger, not a key", field=where)
    bits = 0
    for letter in id_:
        bits = bits << 5 | _BASE32.index(letter)
    return (bits >> 2).to_bytes(16, "big")


def _id(data: bytes) -> str:
    bits = int.from_bytes(data, "big") << 2
    return "".join(_BASE32[bits >> shift & 31] for shift in range(125, -1, -5))
