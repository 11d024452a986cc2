"""Mail that reaches us inside a provider's webhook: read by the same rules as an .eml file.

Some providers hand over the message as it came, others its headers and texts as fields. Of
the latter a message is made again, so that sender, answers and marks of automatic replies
are read in one place. What the provider made of the text (its own "stripped reply") is not
used: ours is the same for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from contactledger.events import Event
from contactledger.sources._fields import Fields
from contactledger.sources.mail import Mail
from contactledger.vocabulary import System

MAX_BODY_BYTES = 40 * 1024 * 1024
"""Of a webhook that may carry a message: the 25 to 35 MB that providers take, in base64."""

_NAME = re.compile(r"[!-9;-~]{1,200}\Z")
_REMADE = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})

Pairs = Iterable[tuple[str, str]]


def from_message(
    raw: bytes, source: str, *, event_id: str | None = None, original: bytes | None = None
) -> list[Event]:
    """The events of a message, as `Mail` reads it, reported by a provider: one, or of a bounce
    one for each recipient.

    `event_id` is the provider's of the message; the second event and later ones have their
    number behind it. `original` is the message itself, unless other bytes are given.
    `BadEvent` and `TooLarge` as there.
    """
    events = Mail().parse({}, raw)
    for number, event in enumerate(events, 1):
        event.source = source
        if event_id:
            event.event_id = f"{event_id} {number}" if number > 1 else event_id
        event.system = System.THIRD
        if original is not None:
            event.original = original
    return events


def from_parts(
    headers: Pairs,
    text: str | None,
    page: str | None,
    source: str,
    *,
    event_id: str | None,
    original: bytes,
) -> list[Event]:
    """The same of a message that comes as its headers, plain text and HTML.

    `original` is the part of the report that holds them.
    """
    kept: dict[str, list[str]] = {}
    report = ""
    for name, value in headers:
        if name.lower() == "content-type" and value.lower().startswith("multipart/report"):
            report = value
        elif _NAME.match(name) and name.lower() not in _REMADE:
            kept.setdefault(name, []).append(" ".join(value.split()))
    kind = "text/plain" if text or not page else "text/html"
    lines = [f"{name}: {value}" for name, values in kept.items() for value in values]
    lines += [f"Content-Type: {' '.join(report.split()) or kind + '; charset=utf-8'}"]
    raw = "\n".join([*lines, "", text or page or ""]).encode("utf-8", "replace")
    return from_message(raw, source, event_id=event_id, original=original)


def header_pairs(values: Any) -> list[tuple[str, str]]:
    """(name, value) of headers as providers write them as JSON.

    {"To": "…", "Received": ["…", "…"]}, [{"Name": "To", "Value": "…"}], [["To", "…"]]; what is
    neither is left out.
    """
    if isinstance(values, dict):
        several = [(n, v if isinstance(v, list) else [v]) for n, v in values.items()]
        return [(n, v) for n, found in several for v in found if isinstance(v, str)]
    found: list[tuple[str, str]] = []
    for item in values if isinstance(values, list) else []:
        if isinstance(item, dict):
            lower = {str(name).lower(): value for name, value in item.items()}
            pair = [lower.get("name"), lower.get("value")]
        else:
            pair = item if isinstance(item, list) else []
        match pair:
            case [str(name), str(value)]:
                found.append((name, value))
    return found


def with_missing(pairs: list[tuple[str, str]], more: Iterable[tuple[str, str | None]]) -> Pairs:
    """The headers, and of `more` those that are not among them and have a value."""
    there = {name.lower() for name, _ in pairs}
    return [*pairs, *[(n, value) for n, value in more if value and n.lower() not in there]]


def header_value(pairs: list[tuple[str, str]], name: str) -> str | None:
    """The first value of a header."""
    return next((value for given, value in pairs if given.lower() == name.lower()), None)


def mailboxes(people: list[Fields]) -> str | None:
    """An address field from objects that hold an address each."""
    return ", ".join(filter(None, [one.text("Email", "Address", "email") for one in people]))
