"""Taking a policy's tables apart: each key once, each value of its form, none left over."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from contactledger.errors import BadInput
from contactledger.judge.calendar import Window
from contactledger.judge.policy_text import Path

WINDOW_DAYS = 1_000
WINDOW_MINUTES = 60_000
"""About four years and half a year of office hours: longer is no deadline."""

_WINDOW = re.compile(r"([1-9][0-9]{0,5}) (day|hour|minute)s?\Z")
_DURATION = re.compile(r"(0|[1-9][0-9]{0,5}) (day|hour|minute|second)s?\Z")
_MINUTES = {"minute": 1, "hour": 60}

_E = TypeVar("_E", bound=StrEnum)
_T = TypeVar("_T")


class Trouble(Exception):
    """What is wrong, at which path; becomes a `BadPolicy` once the line has been looked up."""

    def __init__(self, path: Path, why: str) -> None:
        self.path = path
        self.why = why


class Section:
    """One table of the text: keys are taken out of it, and none may be left."""

    def __init__(self, value: object, path: Path) -> None:
        if not isinstance(value, dict):
            raise Trouble(path, "must be a table")
        self.values: dict[str, Any] = value
        self.path = path
        self._known: list[str] = []

    def fail(self, key: str, why: str) -> NoReturn:
        """Raises the trouble with that key."""
        raise Trouble((*self.path, key), why)

    def take(self, key: str) -> Any:
        """The value of `key`, None if it is not there."""
        self._known.append(key)
        return self.values.get(key)

    def done(self) -> None:
        """Raises the trouble with the first key that nobody asked for."""
        for key in self.values:
            if key not in self._known:
                self.fail(key, f"unknown key; known here: {', '.join(sorted(self._known))}")

    def items(self, key: str) -> list[Any]:
        """The items of a list, none if it is not there."""
        value = self.take(key)
        if value is not None and not isinstance(value, list):
            self.fail(key, "must be a list")
        return value or []

    def sections(self, key: str) -> list[Section]:
        """The tables of an array of tables."""
        return [Section(item, (*self.path, key, n)) for n, item in enumerate(self.items(key))]

    def section(self, key: str) -> Section:
        """The table of that name, an empty one if it is not there."""
        value = self.take(key)
        return Section({} if value is None else value, (*self.path, key))

    def word(self, key: str, words: tuple[str, ...]) -> str | None:
        """One of these words."""
        value = self.take(key)
        if value is not None and value not in words:
            self.fail(key, f"must be one of: {', '.join(words)}")
        return None if value is None else str(value)

    def words(self, key: str, enum: type[_E]) -> frozenset[_E]:
        """A list of words of a closed vocabulary."""
        items = self.items(key)
        return frozenset(member((*self.path, key, n), item, enum) for n, item in enumerate(items))

    def flag(self, key: str) -> bool:
        """True or false, false if it is not there."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.fail(key, "must be true or false")
        return bool(value)

    def number(self, key: str, first: int, last: int) -> int | None:
        """A whole number within these bounds, both included."""
        value = self.take(key)
        if value is not None and (type(value) is not int or not first <= value <= last):
            self.fail(key, f"must be a whole number from {first} to {last}")
        return None if value is None else int(value)

    def required(self, key: str, value: _T | None) -> _T:
        """The value, or the trouble that it is missing."""
        if value is None:
            self.fail(key, "is missing")
        return value

    def window(self, key: str) -> Window | None:
        """Business time: "3 days", "4 hours", "90 minutes"."""
        value = self.take(key)
        if value is None:
            return None
        match = _WINDOW.match(value) if isinstance(value, str) else None
        if match is None:
            self.fail(key, 'must look like "3 days", "4 hours" or "90 minutes"')
        count, unit = int(match.group(1)), match.group(2)
        window = Window(days=count) if unit == "day" else Window(minutes=count * _MINUTES[unit])
        if window.days > WINDOW_DAYS or window.minutes > WINDOW_MINUTES:
            self.fail(key, f"longer than {WINDOW_DAYS} days or {WINDOW_MINUTES} minutes")
        return window

    def duration(self, key: str, default: timedelta) -> timedelta:
        """Elapsed time: "7 days", "1 hour", "0 minutes"."""
        value = self.take(key)
        if value is None:
            return default
        match = _DURATION.match(value) if isinstance(value, str) else None
        if match is None:
            self.fail(key, 'must look like "7 days", "1 hour", "5 minutes" or "0 minutes"')
        return timedelta(**{f"{match.group(2)}s": int(match.group(1))})


def member(path: Path, value: Any, enum: type[_E]) -> _E:
    """The word of a closed vocabulary, or an error that lists them all."""
    try:
        return enum(value)
    except ValueError:
        raise Trouble(path, f"must be one of: {', '.join(enum)}") from None


def inner(path: Path, make: Callable[[], _T]) -> _T:
    """What `make` gives; its own bad input becomes an error of that path."""
    try:
        return make()
    except BadInput as error:
        known = error.field in ("week", "holidays")
        raise Trouble((*path, error.field) if known else path, error.why) from None
