"""Mailboxes in one file: mbox, RFC 4155 and what programs write by that name.

A message begins at a line "From " with a sender and a time, as in "From bob@x.example Mon Mar  2
10:00:00 2026", or "From -", as some programs write; a sentence that begins so is none. The
blank line before it is not the message's. A line of the message that would look so was written
with ">" before it; it is left as it is, since programs differ and a signature covers the bytes.
Read line by line: what is in memory is one message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import BinaryIO, ClassVar

from attrs import field, frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.sources.mail import Mail
from contactledger.sources.source import Faults, Headers, check_content_type, check_size, pass_over
from contactledger.vocabulary import Auth, Channel

MAX_MESSAGE_BYTES = 40 * 1024 * 1024
"""Of one message; the large providers refuse them over 25 to 35 MB."""
MAX_MESSAGES = 100_000
"""Of a mailbox that is read at once; a longer one is read with `events`."""
READ_BYTES = 1024 * 1024

_BEGINS = re.compile(
    rb"From (?:-[ \t]*"
    rb"|.{0,500}?[ \t][A-Z][a-z]{2}[ \t]{1,9}\d{1,2},?[ \t]{1,9}\d{1,2}:\d\d.{0,60})\r?\n?\Z"
)

_MBOX = frozenset({"application/mbox", "text/plain", "application/octet-stream"})


def messages(file: BinaryIO) -> Iterator[bytes]:
    """The messages of a mailbox file, each without its "From " line, as they are.

    `BadEvent` if the file begins with none, `TooLarge` naming the message over its bound.
    """
    count = size = 0
    pieces: list[bytes] = []
    within = separator = False  # of a line that is longer than what is read at once
    readline = file.readline
    while line := readline(READ_BYTES):
        if not within:
            separator = (not count or line.startswith(b"From ")) and _begins(line, count)
            if separator:
                if count:
                    yield _ended(pieces)
                count, size, pieces = count + 1, 0, []
        within = line[-1:] != b"\n"
        if separator:
            continue
        if not count:
            if line.strip():
                raise BadEvent('begins with no line "From ", so it is no mailbox', place="line 1")
            continue
        size += len(line)
        if size > MAX_MESSAGE_BYTES:
            raise TooLarge(f"more than {MAX_MESSAGE_BYTES} bytes", place=f"message {count}")
        pieces.append(line)
    if count:
        yield _ended(pieces)


def _begins(line: bytes, count: int) -> bool:
    """Whether a line begins a message; the first of a file may, whatever stands in it."""
    if not count:
        return line.removeprefix(b"\xef\xbb\xbf").startswith(b"From ")
    return _BEGINS.match(line) is not None


def _ended(pieces: list[bytes]) -> bytes:
    if pieces and pieces[-1] in (b"\n", b"\r\n"):
        pieces.pop()
    return b"".join(pieces)


@frozen
class Mbox:
    """The messages of a mailbox file, as `Mail` reads each.

    `mail`: how each is read, with the keys of their DKIM signatures. A signature that had
    expired (`x=`) when the message says it was sent does not count.

    >>> from contactledger.sources import Mbox
    >>> lines = [b"From bob Mon Mar  2 10:00:00 2026", b"From: bob@smith.example", b"", b"Yes."]
    >>> [event.address for event in Mbox().parse({}, bytes([10]).join(lines))]
    ['bob@smith.example']
    """

    name: ClassVar[str] = "mbox"
    by_row: ClassVar[bool] = True
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 256 * 1024 * 1024
    """Of a mailbox that is read at once."""

    mail: Mail = field(factory=Mail)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - each message carries its own proof, or none
        """`NONE`: the file proves nothing; what its messages prove stands in each event."""
        check_size(self, body)
        return Auth.NONE

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:
        """The events of all messages; `BadEvent` names the message, or stands among the `faults`
        where these are collected."""
        check_size(self, body)
        check_content_type(headers, _MBOX)
        found: list[Event] = []
        for number, event in enumerate(self.events(BytesIO(body), faults), 1):
            if number > MAX_MESSAGES:
                raise TooLarge(f"more than {MAX_MESSAGES} messages read at once", field="body")
            found.append(event)
        return found

    def events(self, file: BinaryIO, faults: Faults = None) -> Iterator[Event]:
        """The events of a file, read one message at a time; errors name the message."""
        for number, raw in enumerate(messages(file), 1):
            try:
                events = self.mail.parse({}, raw)
            except (BadEvent, TooLarge) as error:
                error.at(f"message {number}")
                pass_over(error, faults)
                continue
            for event in events:
                event.source = self.name
                if event.auth is Auth.NONE and self.mail.proves(raw, event.at):
                    event.auth = Auth.DKIM
                yield event
