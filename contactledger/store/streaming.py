"""Statements that PostgreSQL carries out while their sender goes on.

They leave by libpq's pipeline (its manual, section "Pipeline Mode"), one after the other, and
nothing is waited for before the end. Each takes the rows of a part of a batch as arrays: a COPY
costs the server less, but holds the connection until it is done, and the server is the one that
has the time: making the bytes of the next entries takes longer than storing the last ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import lru_cache
from typing import Any

from contactledger.store.arrays import ARRAYS, Array


class Stream:
    """The statements on one connection of psycopg, from the first one sent to `close`."""

    def __init__(self, psycopg: Any, raw: Any) -> None:
        self._stack = ExitStack()
        self._stack.enter_context(raw.pipeline())
        self._cursor: Any = psycopg.Cursor(raw)  # whatever kind a host makes by default
        for kind, dumper in _dumpers(psycopg).items():
            self._cursor.adapters.register_dumper(kind, dumper)

    def send(self, text: str, values: Sequence[Any]) -> None:
        """One more. The driver's errors: its own, or those of one that was sent before."""
        self._cursor.execute(text, values)

    def close(self) -> None:
        """Wait until all are carried out. The driver's errors: the first that there was."""
        self._stack.close()


@lru_cache(1)
def _dumpers(psycopg: Any) -> dict[type[Array], Any]:
    """What makes of an array of ours a value of psycopg: the bytes are ready."""

    def dumper(kind: type[Array]) -> Any:
        def dump(_: Any, value: Array) -> bytes:
            return value

        made = {"oid": kind.oid, "format": psycopg.pq.Format.BINARY, "dump": dump}
        return type(f"{kind.__name__}Dumper", (psycopg.adapt.Dumper,), made)

    return {kind: dumper(kind) for kind in ARRAYS}
