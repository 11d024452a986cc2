"""The driver's own connection: statements go straight to it.

Where a host hands over what is SQLAlchemy's, that keeps the pool, the dialects and the
transactions, which are then shared with us, and rows pass it by: that saves half the time of a
small transaction, and a host whose engine echoes its statements does not find personal data of a
ledger in its logs.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from contactledger.errors import StoreError
from contactledger.store.arrays import ARRAY_OF
from contactledger.store.combining import only_if, rows_in, said_once
from contactledger.store.failures import DOUBLE, UNSTORABLE, failure_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from contactledger.store.statements import Copy, Unfold
    from contactledger.store.streaming import Stream

_T = TypeVar("_T")
_Rows = Sequence[Sequence[Any]]
_Statement = tuple[str, Sequence[Any]]
BOUNDED = "contactledger bounded"
"""Says of a connection in the pool that its session does not wait for locks forever."""
AT_ONCE = 32
"""Rows of one INSERT in SQLite: a quarter faster than as many by themselves; more gain nothing."""
_COPYING = "contactledger_copying"
_COMMIT = "COMMIT"


class Driver:
    """What a transaction asks of the driver. Its errors come out as those of the tree.

    On PostgreSQL a round trip costs more than most statements. So what has no answer may wait
    there (`later`), and leaves with the next question or with the COMMIT, by psycopg's pipeline.
    What takes the server long may leave at once (`ahead`), while its sender goes on; whatever is
    asked next waits for it.
    """

    def __init__(self, connection: Connection) -> None:
        dbapi: Any = connection.dialect.loaded_dbapi
        self._psycopg: Any = dbapi
        self.raw: Any = connection.connection.dbapi_connection
        self.sqlite = connection.dialect.name == "sqlite"
        self.copies = not self.sqlite and not connection.dialect.is_async
        """Whether `copy` can be asked: not through SQLAlchemy's bridge to an async driver."""
        self.pipelines = self.copies and dbapi.Pipeline.is_supported()
        """Whether several statements can leave at once."""
        self.listens = self.pipelines and hasattr(select, "poll")
        """Whether `is_silent` can be asked: not on Windows."""
        self._bounded = bool(connection.info.get(BOUNDED))
        self._state: Any = connection.connection.driver_connection
        self._errors: type[Exception] = dbapi.Error
        self._waiting: list[_Statement] = []
        self._stream: Stream | None = None
        self.first: Callable[[], object] | None = None
        """Called once, before anything else leaves."""
        self.asked = False
        """Whether anything has left."""

    @property
    def in_transaction(self) -> bool:
        """Of SQLite: whether the file knows of a transaction."""
        return bool(self._state.in_transaction)

    @property
    def commits_by_itself(self) -> bool:
        """Whether each statement is committed as soon as it has run."""
        if self.sqlite:
            return self._state.isolation_level is None and not self.in_transaction
        return bool(self._state.autocommit)

    def _attempt(
        self, run: Callable[[str, Any], _T], text: str, values: Any, *, settled: bool = True
    ) -> _T:
        """As `failures.attempt`: raised outside the handler, so that nothing comes along.
        `settled`: only when all that was said before is done."""
        self._before()
        try:
            if settled:
                self._settle()
            return run(text, values)
        except self._errors as error:
            failure = failure_of(error)
        except UnicodeError:
            failure = StoreError(UNSTORABLE)
        self.end()
        raise failure

    def rows(self, text: str, values: Sequence[Any] = ()) -> _Rows:
        """All rows of a query, as tuples."""
        return self.answers([(text, values)])[0]

    def answers(self, questions: Sequence[_Statement]) -> list[_Rows]:
        """The rows of each of these queries, in one round trip where that is possible."""
        self._before()
        if not self.pipelines or len(questions) + len(self._waiting) == 1:
            return [self._attempt(self._rows, text, values) for text, values in questions]
        waiting, self._waiting = self._waiting, []
        return self._attempt(self._asked, "", (waiting, questions))

    def later(self, text: str, values: Sequence[Any] = ()) -> None:
        """A statement that may leave with the next one, and whose error then comes with its."""
        if self._stream is not None:
            self._attempt(self._push, text, values, settled=False)
        elif self.pipelines:
            self._waiting.append((text, values))
        else:
            self.run(text, values)

    def ahead(self, unfold: Unfold, rows: _Rows) -> None:
        """Many new rows of one account, which leave now; nobody waits for them before something
        else is asked. Only where it `pipelines`."""
        self._attempt(self._unfolded, unfold.text, (unfold, rows), settled=False)

    def now(self) -> None:
        """Whatever waits leaves now, and what left before is waited for."""
        self._attempt(lambda *_: None, "", ())

    def end(self) -> None:
        """Wait for what left before; whether it went well is nobody's concern any more."""
        with suppress(self._errors):
            self._landed()

    def _before(self) -> None:
        self.asked = True
        if self.first is not None:
            first, self.first = self.first, None
            first()

    def commit(self) -> None:
        """COMMIT, where something waits that it can go along with."""
        if self._waiting or self._stream is not None:
            self.later(_COMMIT)
            self.now()

    def commit_if(
        self, before: str, condition: str, inserts: Sequence[_Rows], values: Iterable[Any]
    ) -> bool:
        """Instead of what waits: `only_if` in a transaction of its own, in one round trip;
        whether anything was done. `before` goes with it where the session waits for locks
        forever."""
        self._waiting = []
        once, places = said_once(values)
        shape = tuple((text, len(rows)) for text, rows in inserts)
        return self._attempt(self._done, before, (only_if(condition, shape, places), once))

    def is_silent(self) -> bool:
        """Whether the server has said nothing unasked: when it ends a connection, it does."""
        poll = select.poll()
        poll.register(self._state.fileno(), select.POLLIN)
        return not poll.poll(0)

    def run(self, text: str, values: Sequence[Any] = ()) -> None:
        """A statement, with one row of values."""
        self._attempt(self._run, text, values)

    def many(self, text: str, rows: _Rows) -> None:
        """A statement, for each of these rows. One alone is not worth psycopg's pipeline."""
        if len(rows) == 1:
            self._attempt(self._run, text, rows[0])
        elif rows:
            self._attempt(self._many, text, rows)

    def copy(self, copy: Copy, rows: _Rows) -> None:
        """Many new rows by PostgreSQL's COPY."""
        self._attempt(self._copy, copy.text, (copy.types, rows))

    def few(self, text: str, rows: _Rows) -> None:
        """An INSERT of some rows; on PostgreSQL in one statement, which must not hold two rows
        of one key and may leave later."""
        if self.copies and rows:
            self.later(rows_in(text, len(rows)), [value for row in rows for value in row])
        else:
            self.many(text, rows)

    def copied(self, copy: Copy, rows: _Rows) -> bool:
        """The same, unless a row of one of these keys is there: then False, and nothing is
        changed."""
        self.run(f"SAVEPOINT {_COPYING}")
        try:
            self.copy(copy, rows)
        except StoreError as error:
            if str(error) != DOUBLE:
                raise
            self.run(f"ROLLBACK TO SAVEPOINT {_COPYING}")
            return False
        self.run(f"RELEASE SAVEPOINT {_COPYING}")
        return True

    def _settle(self) -> None:
        self._landed()
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._asked("", (waiting, ()))

    def _push(self, text: str, values: Sequence[Any]) -> None:
        if self._stream is None:
            from contactledger.store.streaming import Stream

            self._stream = Stream(self._psycopg, self.raw)
            waiting, self._waiting = self._waiting, []
            for statement in waiting:
                self._stream.send(*statement)
        self._stream.send(text, values)

    def _unfolded(self, text: str, said: tuple[Unfold, _Rows]) -> None:
        unfold, rows = said
        columns = list(zip(*rows, strict=True))
        arrays = [ARRAY_OF[kind](columns[at]) for at, kind in unfold.arrays]
        self._push(text, [rows[0][unfold.account], *arrays])

    def _landed(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _asked(self, _: str, said: tuple[list[_Statement], Sequence[_Statement]]) -> list[_Rows]:
        waiting, questions = said
        with self._pipeline():
            cursor = self.raw.cursor()
            for text, values in waiting:
                cursor.execute(text, values)
            cursors = [self.raw.execute(text, values) for text, values in questions]
        return [cursor.fetchall() for cursor in cursors]

    @contextmanager
    def _pipeline(self) -> Iterator[None]:
        """The pipeline of psycopg, which logs a warning where an error leaves it in the middle: the
        error waits until it has ended."""
        failure = None
        try:
            with self.raw.pipeline():
                try:
                    yield
                except self._errors as error:
                    failure = error
        except self._errors as error:
            failure = failure or error
        if failure is not None:
            raise failure

    def _done(self, before: str, said: _Statement) -> bool:
        cursor = self._psycopg.RawCursor(self.raw)  # short texts, and long ones are known again
        if self._bounded:
            cursor.execute(*said)
        else:
            with self._pipeline():  # its statements are one transaction up to the end
                self.raw.execute(before)
                cursor.execute(*said)
        return cursor.fetchone() is not None

    def _rows(self, text: str, values: Sequence[Any]) -> _Rows:
        cursor = self.raw.cursor()
        cursor.execute(text, values)
        found: _Rows = cursor.fetchall()
        cursor.close()
        return found

    def _run(self, text: str, values: Sequence[Any]) -> None:
        cursor = self.raw.cursor()
        cursor.execute(text, values)
        cursor.close()

    def _many(self, text: str, rows: _Rows) -> None:
        cursor = self.raw.cursor()
        if self.sqlite and " VALUES " in text:
            several, whole = rows_in(text, AT_ONCE), len(rows) - len(rows) % AT_ONCE
            for start in range(0, whole, AT_ONCE):
                some = rows[start : start + AT_ONCE]
                cursor.execute(several, list(chain.from_iterable(some)))
            rows = rows[whole:]
        cursor.executemany(text, rows)
        cursor.close()

    def _copy(self, text: str, said: tuple[Sequence[str], _Rows]) -> None:
        types, rows = said
        with self.raw.cursor() as cursor, cursor.copy(text) as copy:
            copy.set_types(types)
            write_row = copy.write_row
            for row in rows:
                write_row(row)
