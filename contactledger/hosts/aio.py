"""A ledger in the transaction of an asyncio host's `AsyncSession` or `AsyncConnection`.

::

    async with sessions() as session, session.begin():
        session.add(Invoice(number="1"))
        await joined(session, lambda ledger: ledger.record("smith-motors", touch), recorder="acme")

The ledger's own calls are not coroutines: inside `joined` they run in SQLAlchemy's bridge
(`run_sync`), which gives way to the event loop at each statement. aiosqlite and psycopg 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from contactledger.ledger import Ledger

_T = TypeVar("_T")


class Bridged(Protocol):
    """SQLAlchemy's `AsyncSession` or `AsyncConnection`."""

    def run_sync(self, fn: Callable[..., Any], /) -> Awaitable[Any]:
        """Run a function of the session or connection beneath."""
        ...


async def joined(
    host: Bridged, work: Callable[[Ledger], _T], *, recorder: str | None, **how: Any
) -> _T:
    """What `work(ledger)` gives, with a ledger in the host's transaction.

    Nothing is committed here. `how`: whatever else `Ledger.open` takes. Use the ledger inside
    of `work` alone.
    """

    def run(connection: Any) -> _T:
        with Ledger.open(connection, recorder=recorder, **how) as ledger:
            return work(ledger)

    done: _T = await host.run_sync(run)
    return done
