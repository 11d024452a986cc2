"""The language in which a policy is said again: English, unless a report brings its own words.

A message is English text with places in braces; whoever speaks gives it in another language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen


class Speech(Protocol):
    """What the sentences of a policy ask of a language; a report's words have it all."""

    def __call__(self, message: str, /, **values: object) -> str:
        """The message in this language, with values in its places."""
        ...

    def listed(self, items: Sequence[str], last: str = "and") -> str:
        """As in "a, b and c"."""
        ...

    def start(self, text: str) -> str:
        """A text fit to begin a sentence."""
        ...

    def inside(self, text: str) -> str:
        """A sentence fit to stand inside another."""
        ...


@frozen
class English:
    """The messages as they are written."""

    def __call__(self, message: str, /, **values: object) -> str:
        """The message with values in its places."""
        return message.format(**values) if values else message

    def listed(self, items: Sequence[str], last: str = "and") -> str:
        """As in "a, b and c"."""
        *most, final = items
        return f"{', '.join(most)} {last} {final}" if most else final

    def start(self, text: str) -> str:
        """With a capital."""
        return text[0].upper() + text[1:]

    def inside(self, text: str) -> str:
        """Without one."""
        return text[0].lower() + text[1:]


ENGLISH = English()
