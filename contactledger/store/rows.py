"""Rows of a transaction in a database, and times as numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from contactledger.store.driver import Driver
from contactledger.store.guard import Guard
from contactledger.store.port import LookupRow
from contactledger.store.statements import LIST_SIZES, Many, Statements

if TYPE_CHECKING:
    from sqlalchemy import Connection

PAGE = 1_000
"""Rows fetched at a time, so that a long log does not lie in memory twice."""
COPY_ROWS = 32
"""From this many rows on, COPY pays for its extra round trip."""
_AGAIN = frozenset(["address"])
"""Kinds of look-ups that are written again and again: one address, in touch after touch."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(time: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly."""
    passed = time - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def moment(value: int) -> datetime:
    """The time of such a number; the pair of `micros`."""
    return _EPOCH + timedelta(microseconds=value)


class SqlRows:
    """What every part of a `Transaction` in a database does: ask the driver, under guard."""

    streams = False
    """See the port: in transactions that were begun here, on PostgreSQL."""

    def __init__(self, connection: Connection, prepared: Statements, *, write: bool) -> None:
        self._driver = Driver(connection)
        self._sql = prepared
        self._guard = Guard(write=write)

    def end(self) -> None:
        """The block is over."""
        self._guard.end()
        self._driver.end()

    def _rows(self, text: str, values: Sequence[Any] = ()) -> Sequence[Any]:
        self._guard.reading()
        return self._driver.rows(text, values)

    def _write(self, text: str, *values: object) -> None:
        self._guard.writing()
        self._driver.run(text, values)

    def _new(self, insert: str, many: Many | None, rows: Sequence[Sequence[Any]]) -> None:
        """Rows of a key that is not there yet, or (`many` is None) that may stay as they are."""
        if len(rows) < COPY_ROWS:
            self._driver.few(insert, rows)
        elif many is not None and self.streams:
            self._driver.ahead(many.unfold, rows)
        elif many is not None and self._driver.copies:
            self._driver.copy(many.copy, rows)
        else:
            self._driver.many(insert, rows)

    def _put_lookups(self, rows: Sequence[LookupRow]) -> None:
        """Look-ups of different keys, those of a key that is there replaced.

        Most are new, as their id is, and go by COPY; should one of them be there, all are merged.
        """
        if len(rows) >= COPY_ROWS and self.streams:
            self._driver.ahead(self._sql.many_lookups.unfold, rows)
            return
        if len(rows) >= COPY_ROWS and self._driver.copies:
            new = [row for row in rows if row.kind not in _AGAIN]
            if self._driver.copied(self._sql.many_lookups.copy, new):
                rows = [row for row in rows if row.kind in _AGAIN]
        if len(rows) < COPY_ROWS:
            self._driver.few(self._sql.add_lookups, rows)
        else:
            self._driver.many(self._sql.add_lookups, rows)

    def _among(self, text: str, values: Collection[Any], *before: object) -> list[Any]:
        """Rows of a query with an `IN` list, asked in lists of bounded length."""
        self._guard.reading()
        asked = self._lists(text, values, *before)
        return list(chain.from_iterable(self._driver.answers(asked)))

    def _lists(
        self, text: str, values: Collection[Any], *before: object
    ) -> list[tuple[str, Sequence[Any]]]:
        wanted, step = list(dict.fromkeys(values)), LIST_SIZES[-1]
        asked: list[tuple[str, Sequence[Any]]] = []
        for start in range(0, len(wanted), step):
            list_text, filled = self._sql.among(text, wanted[start : start + step])
            asked.append((list_text, [*before, *filled]))
        return asked
