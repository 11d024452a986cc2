"""A mailbox file in pieces of some hundred messages, so that its size is not what is in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from attrs import define, field

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event

if TYPE_CHECKING:
    from contactledger.sources.mbox import Mbox

MESSAGES = 200
"""Of a piece."""
BYTES = 8 * 1024 * 1024
"""Of a piece, and one message more: of two pieces at a time in memory."""


@define
class Piece:
    """Some of a file: its events, the parts that could not be read, and the digest of it all."""

    events: list[Event] = field(factory=list)
    faults: list[BadEvent | TooLarge] = field(factory=list)
    sha256: str = hashlib.sha256().hexdigest()
    messages: int = 0


def pieces(reader: Mbox, file: BinaryIO) -> Iterator[Piece]:
    """The messages of a mailbox file, read by `reader`; faults are named by their number in the
    file. `BadEvent` and `TooLarge` as `messages` raises them."""
    from contactledger.sources.mbox import messages

    piece, digest, size = Piece(), hashlib.sha256(), 0
    for number, raw in enumerate(messages(file), 1):
        digest.update(raw)
        size += len(raw)
        faults: list[BadEvent | TooLarge] = []
        piece.events += reader.events(BytesIO(b"From -\n" + raw), faults)
        for fault in faults:
            fault.place = f"message {number}{fault.place.removeprefix('message 1')}"
        piece.faults += faults
        piece.messages += 1
        if piece.messages == MESSAGES or size >= BYTES:
            piece.sha256 = digest.hexdigest()
            yield piece
            piece, digest, size = Piece(), hashlib.sha256(), 0
    if piece.messages:
        piece.sha256 = digest.hexdigest()
        yield piece
