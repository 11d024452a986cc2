"""A ledger on Django's own database connection.

::

    from contactledger.hosts.django import open_ledger

    ledger = open_ledger(recorder="acme")       # once; every thread and request may use it

    with transaction.atomic():
        invoice.save()
        ledger.record("smith-motors", touch)    # both, or neither

Inside `transaction.atomic` (or with ATOMIC_REQUESTS) what is recorded is part of that
block, as a savepoint. Outside of one, each call is a transaction of its own, as Django's
ORM does it. SQLite, and PostgreSQL by psycopg 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NoReturn

from django.db import Error, connections, transaction

from contactledger.errors import BadInput, StoreError
from contactledger.ledger import Ledger
from contactledger.store.borrowed import borrowed_engine
from contactledger.store.failures import FAILED_BEFORE, failure_of
from contactledger.store.making import PREFIX
from contactledger.store.sql import SqlStore


def open_ledger(
    *,
    recorder: str | None,
    using: str = "default",
    prefix: str = PREFIX,
    schema: str | None = None,
    create: bool = True,
    **how: Any,
) -> Ledger:
    """The ledger in the database that Django calls `using`.

    `how`: whatever else `Ledger.open` takes (signer, high_water, clock). Sealing is possible
    outside of `atomic` alone. Django closes its connections; `close` has nothing to do.
    BadInput for a name that is not in DATABASES, and for another kind of database.
    """
    create = create and recorder is not None
    store = SqlStore.open(DjangoConnections(using), prefix=prefix, schema=schema, create=create)
    return Ledger.open(store, recorder=recorder, **how)


class DjangoConnections:
    """Transactions on Django's connection of the calling thread."""

    def __init__(self, using: str = "default") -> None:
        self._using = using
        if using not in connections.settings:
            raise BadInput("is not one of the names in DATABASES", field="using")
        self.engine = borrowed_engine(self._django.vendor, lambda: self._django.connection)

    @property
    def _django(self) -> Any:
        return connections[self._using]

    @property
    def commits(self) -> bool:
        """Whether the end of a block commits: not inside of somebody's `atomic`."""
        django = self._django
        return not django.in_atomic_block and bool(django.get_autocommit())

    @contextmanager
    def begin(self, *, write: bool) -> Iterator[Any]:
        """See `contactledger.store.connections.Connections`."""
        failure = None
        try:
            self._django.ensure_connection()
            if self._django.needs_rollback:
                # SQLite would take what comes now, and Django then roll it back without a word
                raise StoreError(FAILED_BEFORE)
            with self._block(write=write), self.engine.connect() as connection:
                yield connection
        except Error as error:
            failure = failure_of(_driver_error(error))
        if failure is not None:
            _raise(failure)

    @contextmanager
    def _block(self, *, write: bool) -> Iterator[None]:
        django = self._django
        if not self.commits:
            if not write:
                yield
                return
            with transaction.atomic(self._using):
                yield
            return
        with _begun(django, "IMMEDIATE" if write else "DEFERRED"):
            if not write and django.vendor != "sqlite":
                with django.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    def close(self) -> None:
        """The connection is Django's."""


@contextmanager
def _begun(django: Any, mode: str) -> Iterator[None]:
    """An outermost `atomic`, which on SQLite begins with the lock that it will need."""
    with ExitStack() as stack:
        before = getattr(django, "transaction_mode", None)
        django.transaction_mode = mode
        try:
            stack.enter_context(transaction.atomic(django.alias))
        finally:
            django.transaction_mode = before
        yield


def _driver_error(error: Exception) -> Exception:
    cause = error.__cause__
    return cause if isinstance(cause, Exception) else error


def _raise(failure: StoreError) -> NoReturn:
    """Outside of every handler, so that the driver's error does not come along."""
    raise failure
