"""How a verdict shows itself in a notebook: by whoever it was read from, asked when it is shown.

A verdict holds ids and no names, and must not know how a page is made. So a ledger or a bundle
leaves a function with what it gives out (`showing`), which looks the names up at the moment when
the value is shown: what was erased by then is gone there, too. It is a slot and no field:
comparing, printing, copying and pickling do not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Show = Callable[[Any], str]


class Shown:
    """Shows itself as HTML where it was read from a ledger or a bundle, else as plain text."""

    __slots__ = ("_show",)
    _show: Show

    def _repr_html_(self) -> str | None:
        show: Show | None = getattr(self, "_show", None)
        return None if show is None else show(self)


def showing(show: Show, values: Iterable[Shown]) -> None:
    """Let these values show themselves by `show`, for whoever just made them and holds them
    alone: a frozen value has no other way to what is no part of it."""
    for value in values:
        object.__setattr__(value, "_show", show)
