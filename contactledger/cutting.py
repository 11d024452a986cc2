"""What of an event fits into a fact: texts within the bounds of a disclosure."""

from __future__ import annotations

import re

from contactledger.events import Event, Incoming
from contactledger.facts import Message

MAX_TEXT_BYTES = 28_000
"""A parsed text is cut there (UTF-8), so that a whole message, with every character escaped,
is within the bound of a disclosure; the whole of it is in the event's original."""
MAX_LINE_BYTES = 998
"""Ids and subjects: a line of RFC 5322 holds no more."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""What may not be recorded, and controls, which would be escaped to six bytes each."""


def message_of(event: Event, message: Incoming) -> Message:
    """What of a message is kept with its touch."""
    return Message(
        cut(event.message_id, MAX_LINE_BYTES),
        cut(event.provider_id, MAX_LINE_BYTES),
        cut(event.call_id, MAX_LINE_BYTES),
        cut(message.subject, MAX_LINE_BYTES),
        cut(message.text),
    )


def cut(text: str | None, size_bytes: int = MAX_TEXT_BYTES) -> str | None:
    """Text within the bounds of a disclosure, without what may not be recorded."""
    if text is None:
        return None
    if not text.isprintable():
        text = _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
    if len(text) * 4 <= size_bytes:
        return text
    return text.encode("utf-8")[:size_bytes].decode("utf-8", "ignore")
