"""What every source has in common: its two pure methods, its bound, its content types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.vocabulary import Auth, Channel

Headers = Mapping[str, str]
Faults = list[BadEvent | TooLarge] | None
"""Errors of single rows of a file, where they are collected; None where the first is raised."""


class Source(Protocol):
    """Makes events of what a provider or a format delivers.

    Both methods are pure: bytes in, values out, the time given as an argument. `name` is a
    slug and stands in each event's `source`; `channel` is what it reports on;
    `max_body_bytes` is checked before anything is hashed or parsed.
    """

    name: ClassVar[str]
    channel: ClassVar[Channel]
    max_body_bytes: ClassVar[int]

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:
        """How the request is authenticated.

        Raises `Unverified` where authenticity was asked for and does not hold, `TooLarge`
        for a body over the bound. `url` is the public address it was posted to, for
        providers that sign it.
        """
        ...

    def parse(self, headers: Headers, body: bytes) -> list[Event]:
        """The events of a body, in its order.

        Raises `BadEvent` (naming place and field) or `TooLarge`, and nothing else whatever
        the bytes are.
        """
        ...


@runtime_checkable
class Rows(Source, Protocol):
    """A source of whole files, whose rows (records, messages, components) stand for
    themselves: one that cannot be read says nothing of the others. `by_row` marks it."""

    by_row: ClassVar[bool]

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:
        """As `Source.parse`; with a list of `faults`, the errors of single rows are put there
        and the others are read."""
        ...


def pass_over(error: BadEvent | TooLarge, faults: Faults) -> None:
    """Put a row's error with the faults; raise it where none are collected."""
    if faults is None:
        raise error from None
    faults.append(error)


def header(headers: Headers, name: str) -> str | None:
    """The value of a header, whatever the case its name is written in."""
    found = headers.get(name)
    if found is not None:
        return found
    wanted = name.lower()
    for key, value in headers.items():
        if key.lower() == wanted:
            return value
    return None


def check_size(source: Source, body: bytes) -> None:
    """Raises `TooLarge` for a body over the bound of this source."""
    if len(body) > source.max_body_bytes:
        raise TooLarge(
            f"a body of {len(body)} bytes is over the {source.max_body_bytes} that are read",
            field="body",
        )


def check_content_type(headers: Headers, accepted: frozenset[str]) -> None:
    """Raises `BadEvent` for a content type that is given and is none of these."""
    given = (header(headers, "Content-Type") or "").partition(";")[0].strip().lower()
    if given and given not in accepted:
        raise BadEvent(f"must be one of: {', '.join(sorted(accepted))}", field="Content-Type")
