"""How a transaction of ours begins on PostgreSQL, whoever opened its connection.

In words, on a connection that does not begin by itself: the driver's own BEGIN would be a round
trip, and ours goes with what follows. A reader sees one state throughout; a writer waits for
row locks no longer than its timeout.

Every statement of a writer finds its rows by a key. PostgreSQL would rather read a table from end
to end while it is small, and a session keeps such a plan while the table grows: the first thousand
entries of a ledger took its server 0.4 to 1 ms each, where the index takes 0.2. So a writer's
plans are made without such scans, and without compiling what they are then taken to cost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from contactledger.errors import StoreLost
from contactledger.store.driver import Driver

_T = TypeVar("_T")


def settings(timeout_ms: int, *, local: bool) -> str:
    """The query that makes a writer's settings: for the transaction, or for the session."""
    values = {"lock_timeout": timeout_ms, "enable_seqscan": "off", "jit": "off"}
    made = [f"set_config('{name}', '{value}', {local})" for name, value in values.items()]
    return f"SELECT {', '.join(made)}"


class Beginning:
    """The statements that begin, and what is done where a connection turns out to be lost."""

    def __init__(self, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self._timeout_ms = int(timeout_seconds * 1000)
        self.limit = settings(self._timeout_ms, local=True)
        """The settings for statements that leave together: how long they wait for locks at most,
        and how they are planned."""

    def opening(self, write: bool) -> tuple[str, str]:
        """The first statements. For reading too there is one that asks something, by which a
        lost connection shows."""
        if write:
            return "BEGIN ISOLATION LEVEL READ COMMITTED", self.limit
        return "BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT 1"

    def _open(self, driver: Driver, write: bool) -> None:
        for text in self.opening(write):
            driver.later(text)
        driver.now()

    def _once_more(self, started: Callable[[bool, bool], _T], write: bool, opened: bool) -> _T:
        with suppress(StoreLost):  # one of the pool, from before the server was restarted
            return started(write, opened)
        return started(write, opened)
