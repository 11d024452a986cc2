"""An e-mail message as it lies in a mailbox or comes from a pipe: RFC 5322 with MIME.

One source for whatever a mailbox holds; it tells what a message is:

- a person's message is `ANSWERED` (what it answers stands in `in_reply_to` and `references`;
  a message that answers nothing is a touch of its own);
- an automaton's reply (RFC 3834) is `AUTO_REPLIED`, with the mark in `word`;
- a bounce (`dsn.py`, `_bounce.py`), a reading notification (`mdn.py`) or a complaint (`arf.py`)
  gives an event for each recipient, which names the message it is about;
- a report that names nobody, and other automatic mail, is `UNKNOWN` with the mark in `word`.

The event says `System.OWN`, since it comes from the recorder's own mailbox. Who sent it is
anybody's to write, unless a DKIM signature by the sender's domain holds (`dkim.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from contactledger.events import Event, Incoming
from contactledger.sources._machine import automatic
from contactledger.sources._mime import (
    Headers as Fields,
)
from contactledger.sources._mime import (
    Part,
    addresses,
    date_of,
    decode_words,
    first,
    leaves,
    message_ids,
    require_header,
    split,
    unix_lines,
)
from contactledger.sources._reply import from_html, new_text
from contactledger.sources._reports import Cover, report_events
from contactledger.sources._text import clean
from contactledger.sources.dkim import Keys, Proof, check
from contactledger.sources.source import Headers, check_content_type, check_size
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

MAX_SUBJECT_CHARS = 1_000
"""A line of RFC 5322 holds 998."""

_MESSAGE = frozenset({"message/rfc822", "message/global", "text/plain", "application/octet-stream"})

_BY: dict[SignalKind, By] = {SignalKind.ANSWERED: By.HUMAN}


@frozen
class Mail:
    """E-mail messages, one at a time, as the bytes of an .eml file.

    The event's `original` is the whole message; its `message` holds sender, recipients (To
    and Cc), subject and new text; for a report there is none.

    `dkim`: the keys by which signatures are checked, as a mapping from
    "selector._domainkey.domain" to the TXT record's text, or as a function that looks it up.
    Where the signature of a person's message holds, `reason` keeps the key with it.

    >>> from contactledger.sources import Mail
    >>> lines = [b"From: Bob <bob@smith.example>", b"Auto-Submitted: auto-replied", b"", b"Away."]
    >>> Mail().parse({}, bytes([10]).join(lines))[0].what
    <SignalKind.AUTO_REPLIED: 'auto_replied'>
    """

    name: ClassVar[str] = "mail"
    channel: ClassVar[Channel] = Channel.EMAIL
    max_body_bytes: ClassVar[int] = 40 * 1024 * 1024
    """The large providers refuse messages over 25 to 35 MB."""

    dkim: Keys | None = field(default=None, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - a message carries its own proof, or none
        """`DKIM` where a signature of the sender's domain holds, and has not expired; else
        `NONE`: a From line is anybody's to write. A signature that does not hold is no
        forgery, since forwarders and lists break them."""
        check_size(self, body)
        return Auth.DKIM if self.proves(body, now) else Auth.NONE

    def proves(self, raw: bytes, at: datetime | None) -> Proof | None:
        """The signature of the sender's domain that held at a time, if there is one."""
        return None if self.dkim is None else check(raw, self.dkim, at)

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The one event of a message; of a report one for each recipient it names."""
        check_size(self, body)
        check_content_type(headers, _MESSAGE)
        message = split(unix_lines(body.removeprefix(b"\xef\xbb\xbf")).lstrip(b"\n"))
        require_header(message)
        parts = list(leaves(message))
        fields = message.headers
        sender = _sender(fields)
        subject = clean(" ".join(decode_words(first(fields, "subject")).split()))
        what, mark = automatic(fields, sender, subject)
        at, said_at = date_of(first(fields, "date"))
        in_reply_to = message_ids(first(fields, "in-reply-to"))
        newest_first = in_reply_to[1:] + message_ids(first(fields, "references"))[::-1]
        cover = Cover(
            at,
            said_at,
            clean(in_reply_to[0]) if in_reply_to else None,
            tuple([clean(id_) for id_ in dict.fromkeys(newest_first)]),
            sender,
            subject,
            body,
            _own_id(first(fields, "message-id")) or _digest(body),
        )
        reports = report_events(message, parts, cover, mark if what is SignalKind.UNKNOWN else None)
        return reports or [self._message(fields, parts, cover, what, mark)]

    def _message(
        self,
        fields: Fields,
        parts: Sequence[Part],
        cover: Cover,
        what: SignalKind,
        mark: str | None,
    ) -> Event:
        """The event of a message that is no report: a person's, or an automaton's."""
        to = addresses(", ".join(fields.get("to", []) + fields.get("cc", [])))
        incoming = Incoming(
            cover.sender,
            tuple([clean(address) for address in to]),
            subject=cover.subject[:MAX_SUBJECT_CHARS] or None,
            text=clean(_text(parts)) or None,
            automatic=mark,
        )
        message_id = _own_id(first(fields, "message-id"))
        return Event(
            what,
            cover.at,
            _BY.get(what, By.MACHINE),
            "mail",
            event_id=None if message_id else cover.own,
            message_id=message_id,
            in_reply_to=cover.in_reply_to,
            references=cover.references,
            address=cover.sender or None,
            word=mark,
            reason=self._kept(cover.original),
            said_at=cover.said_at,
            system=System.OWN,
            original=cover.original,
            message=incoming,
        )

    def _kept(self, raw: bytes) -> str | None:
        """The key of a signature that holds, as it is to be kept."""
        proof = self.proves(raw, None)
        return clean(proof.statement) if proof else None


def _sender(fields: Fields) -> str:
    """The first address of From, else of Sender, Reply-To; "" where there is none."""
    for name in ("from", "sender", "reply-to"):
        found = addresses(first(fields, name))
        if found:
            return clean(found[0])
    return ""


def _digest(body: bytes) -> str:
    """A name for a message that has none, the same however its lines end."""
    return "sha256:" + hashlib.sha256(unix_lines(body).strip()).hexdigest()


def _own_id(value: str) -> str | None:
    found = message_ids(value)
    if found:
        return clean(found[0])
    bare = "".join(value.split()).strip("<>")
    return f"<{clean(bare[:998])}>" if bare else None


def _text(parts: Sequence[Part]) -> str:
    """The new text of the first part that is text to be shown, plain before HTML."""
    page: Part | None = None
    plain: Part | None = None
    for part in parts:
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
