"""Bodies that hold several events: each read, errors named by its number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.sources._fields import Fields


def read_each(
    items: Sequence[dict[str, Any]],
    originals: Sequence[bytes],
    most: int,
    read: Callable[[Fields, bytes], list[Event]],
) -> list[Event]:
    """What `read` makes of each object and its exact bytes, in the body's order.

    `BadEvent` names the object as "event n" (from 1); `TooLarge` for more than `most`.
    """
    if len(items) > most:
        raise TooLarge(f"{len(items)} events are over the {most} read at once")
    events: list[Event] = []
    for number, (item, original) in enumerate(zip(items, originals, strict=True), 1):
        try:
            events += read(Fields(item), original)
        except BadEvent as error:
            raise error.at(f"event {number}") from None
    return events
