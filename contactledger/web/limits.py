"""Bounds on what visitors may send: how much at a time, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from starlette.requests import Request
from starlette.types import Message

from contactledger.errors import TooLarge

FORM_BYTES = 256 * 1024
"""A form of ours: a few thousand words of text at most."""
UPLOAD_BYTES = 64 * 1024 * 1024
"""A bundle or a PDF to be verified; the bundle of 10,000 touches has about 6 MB."""
JSON_BYTES = 1024 * 1024
"""A request of the JSON API."""
REMEMBERED = 10_000
"""Visitors whose rate is remembered; beyond it all start afresh, as memory is bounded."""


class Rates:
    """So many a minute for each visitor, in this process. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._minute = -1
        self._counts: dict[tuple[str, str], int] = {}

    def over(self, use: str, visitor: str, most: int) -> bool:
        """Count one; whether there were more than `most` in this minute."""
        minute = int(self._clock() // 60)
        with self._lock:
            if minute != self._minute or len(self._counts) >= REMEMBERED:
                self._counts, self._minute = {}, minute
            count = self._counts.get((use, visitor), 0) + 1
            self._counts[use, visitor] = count
        return count > most


def visitor(request: Request) -> str:
    """The address that a request comes from, as the server knows it."""
    return request.client.host if request.client else ""


def bounded(request: Request, most: int) -> Request:
    """The same request, of which no more than `most` bytes of body can be read: TooLarge."""
    read = 0

    async def receive() -> Message:
        nonlocal read
        message = await request.receive()
        read += len(message.get("body", b""))
        if read > most:
            raise TooLarge(f"more than the {most} bytes that are read", field="body")
        return message

    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
        raise TooLarge(f"more than the {most} bytes that are read", field="body")
    return Request(request.scope, receive)
