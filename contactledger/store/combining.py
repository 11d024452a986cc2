"""Statements made of several: for a round trip costs more than most of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any


@lru_cache(512)
def rows_in(text: str, number: int) -> str:
    """An INSERT of one row as one of several."""
    head, rows, more = _several(text, number)
    return f"{head} VALUES {rows}{more}"


@lru_cache(512)
def only_if(condition: str, inserts: tuple[tuple[str, int], ...], places: tuple[int, ...]) -> str:
    """An UPDATE and INSERTs of so many rows each as one statement of PostgreSQL, which does all
    or, where the UPDATE finds no row, nothing; it gives a row if it did. `places`: which value
    each mark stands for."""
    parts = [f"done AS ({condition} RETURNING 1)"]
    for part, (text, number) in enumerate(inserts):
        head, rows, more = _several(text, number)
        given = f"SELECT given.* FROM done, (VALUES {rows}) AS given"  # noqa: S608
        parts.append(f"part{part} AS ({head} {given}{more})")
    marked = f"WITH {', '.join(parts)} SELECT 1 FROM done".split("%s")  # noqa: S608
    numbered = [f"${place}{text}" for place, text in zip(places, marked[1:], strict=True)]
    return "".join([marked[0], *numbered])


def said_once(values: Iterable[Any]) -> tuple[list[Any], tuple[int, ...]]:
    """The values, each but once, and the place of each among them, from 1."""
    once: dict[Any, int] = {}
    places = tuple([once.setdefault(value, len(once) + 1) for value in values])
    return list(once), places


def _several(text: str, number: int) -> tuple[str, str, str]:
    """What stands before VALUES, so many rows of marks, and what stands behind."""
    head, _, rest = text.partition(" VALUES ")
    row, close, more = rest.partition(")")
    return head, ", ".join([row + close] * number), more
