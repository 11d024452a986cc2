"""How a transaction of ours begins on PostgreSQL, whoever opened its connection.

In words, on a connection that does not begin by itself: the driver's own BEGIN would be a round
trip, and ours goes with what follows. A reader sees one state throughout; a writer waits for
row locks no longer than its timeout.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from contactledger.errors import StoreLost
from contactledger.store.driver import Driver

_T = TypeVar("_T")


class Beginning:
    """The statements that begin, and what is done where a connection turns out to be lost."""

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._timeout_ms = int(timeout_seconds * 1000)
        self.limit = f"SELECT set_config('lock_timeout', '{self._timeout_ms}', true)"
        """How long statements that leave together wait for locks at most."""

    def opening(self, write: bool) -> tuple[str, str]:
        """The first statements. For reading too there is one that asks something, by which a
        lost connection shows."""
        if write:
            timeout = f"SET LOCAL lock_timeout = {self._timeout_ms}"
            return "BEGIN ISOLATION LEVEL READ COMMITTED", timeout
        return "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1"

    def _open(self, driver: Driver, write: bool) -> None:
        for text in self.opening(write):
            driver.later(text)
        driver.now()

    def _once_more(self, started: Callable[[bool, bool], _T], write: bool, opened: bool) -> _T:
        with suppress(StoreLost):  # one of the pool, from before the server was restarted
            return started(write, opened)
        return started(write, opened)
