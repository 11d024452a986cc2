"""An e-mail message as it lies in a mailbox or comes from a pipe: RFC 5322 with MIME.

One message gives one event. A person's message is `ANSWERED` (what it answers stands in
`in_reply_to` and `references`; a message that answers nothing is a touch of its own),
an automaton's is `AUTO_REPLIED`, a report or other automatic mail `UNKNOWN` with the mark in
`word`. Who really sent it is not checked: `verify` gives `Auth.NONE`, and the event says
`System.OWN`, since it comes from the recorder's own mailbox.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar

from attrs import frozen

from contactledger.errors import BadEvent
from contactledger.events import Event, Incoming
from contactledger.sources._machine import automatic
from contactledger.sources._mime import (
    Headers as Fields,
)
from contactledger.sources._mime import (
    Part,
    addresses,
    decode_words,
    first,
    leaves,
    message_ids,
    require_header,
    split,
    unix_lines,
)
from contactledger.sources._reply import from_html, new_text
from contactledger.sources._text import clean, plausible
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

MAX_SUBJECT_CHARS = 1_000
"""A line of RFC 5322 holds 998."""
MAX_DATE_CHARS = 200

_MESSAGE = frozenset({"message/rfc822", "message/global", "text/plain", "application/octet-stream"})

_BY: dict[SignalKind, By] = {SignalKind.ANSWERED: By.HUMAN}


@frozen
class Mail:
    """E-mail messages, one at a time, as the bytes of an .eml file.

    The event's `original` is the whole message; its `message` holds sender, recipients (To
    and Cc), subject and new text.

    >>> from contactledger.sources import Mail
    >>> lines = [b"From: Bob <bob@smith.example>", b"Auto-Submitted: auto-replied", b"", b"Away."]
    >>> Mail().parse({}, bytes([10]).join(lines))[0].what
    <SignalKind.AUTO_REPLIED: 'auto_replied'>
    """

    name: ClassVar[str] = "mail"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 40 * 1024 * 1024
    """The large providers refuse messages over 25 to 35 MB."""

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a message carries its own proof, or none
        """`NONE`: a From line is anybody's to write."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a message."""
        check_size(self, body)
        check_content_type(headers, _MESSAGE)
        message = split(unix_lines(body.removeprefix(b"\xef\xbb\xbf")).lstrip(b"\n"))
        require_header(message)
        fields = message.headers
        sender = _sender(fields)
        subject = clean(" ".join(decode_words(first(fields, "subject")).split()))
        what, mark = automatic(fields, sender, subject)
        at, said_at = _date(first(fields, "date"))
        in_reply_to = message_ids(first(fields, "in-reply-to"))
        newest_first = in_reply_to[1:] + message_ids(first(fields, "references"))[::-1]
        to = addresses(", ".join(fields.get("to", []) + fields.get("cc", [])))
        incoming = Incoming(
            sender,
            tuple([clean(address) for address in to]),
            subject=subject[:MAX_SUBJECT_CHARS] or None,
            text=clean(_text(message)) or None,
            automatic=mark,
        )
        event = Event(
            what,
            at,
            _BY.get(what, By.MACHINE),
            "mail",
            message_id=_own_id(first(fields, "message-id")),
            in_reply_to=clean(in_reply_to[0]) if in_reply_to else None,
            references=tuple([clean(id_) for id_ in dict.fromkeys(newest_first)]),
            address=sender or None,
            word=mark,
            said_at=said_at,
            system=System.OWN,
            original=body,
            message=incoming,
        )
        return [event]


def _sender(fields: Fields) -> str:
    """The first address of From, else of Sender, Reply-To; "" where there is none."""
    for name in ("from", "sender", "reply-to"):
        found = addresses(first(fields, name))
        if found:
            return clean(found[0])
    return ""


def _own_id(value: str) -> str | None:
    found = message_ids(value)
    if found:
        return clean(found[0])
    bare = "".join(value.split()).strip("<>")
    return f"<{clean(bare[:998])}>" if bare else None


def _date(value: str) -> tuple[datetime | None, str | None]:
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


def _text(message: Part) -> str:
    """The new text of the first part that is text to be shown, plain before HTML."""
    page: Part | None = None
    plain: Part | None = None
    for part in leaves(message):  # to the end, for its bounds
        kind = part.content_type[0]
        if part.attached:
            continue
        if kind == "text/plain" and plain is None:
            plain = part
        elif kind == "text/html" and page is None:
            page = part
    if plain is not None:
        return new_text(plain.text())
    return from_html(page.text()) if page is not None else ""
