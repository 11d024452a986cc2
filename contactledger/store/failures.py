"""What a database says went wrong, in the words of the error tree.

The texts are ours alone: a driver's text may hold the statement or a value of it, and
SQLAlchemy's holds both. The new error does not carry the old one along either, neither as
its cause nor as its context, so that no traceback, log or crash reporter can print it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from contactledger.errors import (
    StoreBusy,
    StoreContended,
    StoreError,
    StoreFull,
    StoreLost,
    StoreMissing,
    StoreReadOnly,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Failure = tuple[type[StoreError], str]


class StoreUnable(StoreError):
    """The database does not know how to do this."""


DOUBLE: Final = "a row with this key is there already"
UNSTORABLE: Final = "holds text that cannot be stored"
NO_DRIVER: Final = "the driver of this database is not installed: contactledger[postgres]"
ALL_IN_USE: Final = "all connections to the database are in use"
FAILED_BEFORE: Final = "the transaction failed before and can only be rolled back"
NOT_ALLOWED: Final = "the role may not do this in the database"
_FOREIGN: Final = (
    "prefix: a table of another program has a name of the ledger's; take another prefix, "
    "or another schema"
)
_UNKNOWN: Final = "the database server does not let this user in, or not with this password"
_POOLED: Final = (
    "a pooler lends out the server's sessions, so nothing may be prepared in them; make the "
    'engine with connect_args={"prepare_threshold": None}'
)
_BAD_VALUE: Final = "url: has a value that PostgreSQL's driver does not take"
_NO_CONNECTION: Final = "the database server has no connection to spare"
_BUSY: Final = "somebody else holds the database for longer than the timeout"
_FULL: Final = "no space left for the database; nothing of this batch was written"
_READ_ONLY: Final = "the database cannot be written"
_FOLDER: Final = (
    "the folder of the database cannot be written, and its journal would have to lie there; "
    "to read a file that nobody writes, open sqlite:///file:PATH?immutable=1&uri=true"
)

_LOST: Final = "the database server cannot be reached, or ended the connection"
_TOO_LATE: Final = (
    "this transaction read before somebody else wrote, and cannot write any more; "
    "let it write first, or begin it with BEGIN IMMEDIATE"
)
_NO_TABLES: Final = "the tables are not there"
_NO_DATABASE: Final = "there is no such database on the server"

_SQLITE: dict[int, _Failure] = {
    3: (StoreReadOnly, "access to the database file is denied"),
    5: (StoreBusy, _BUSY),
    6: (StoreBusy, _BUSY),
    8: (StoreReadOnly, _READ_ONLY),
    10: (StoreError, "reading or writing the database file failed"),
    11: (StoreError, "the database file is damaged"),
    13: (StoreFull, _FULL),
    14: (StoreMissing, "the database file, or its folder, is not there or cannot be opened"),
    26: (StoreError, "the file is not a database"),
    517: (StoreBusy, _TOO_LATE),
    1544: (StoreReadOnly, _FOLDER),
    1555: (StoreError, DOUBLE),
    2067: (StoreError, DOUBLE),
}
"""Result codes of SQLite (sqlite.org/rescode.html): an extended one, else its primary one."""

_POSTGRES: dict[str | None, _Failure] = {
    "0A000": (StoreUnable, "the database refused (FeatureNotSupported 0A000)"),
    "23505": (StoreError, DOUBLE),
    "53100": (StoreFull, _FULL),
    "53300": (StoreBusy, _NO_CONNECTION),
    "25006": (StoreReadOnly, _READ_ONLY),
    "42501": (StoreReadOnly, NOT_ALLOWED),
    "55P03": (StoreBusy, _BUSY),
    "57014": (StoreBusy, "the database gave up after its own time limit"),
    "40P01": (StoreContended, "two transactions waited for each other; try again"),
    "57P01": (StoreLost, _LOST),
    "57P02": (StoreLost, _LOST),
    "57P03": (StoreLost, _LOST),
    "57P05": (StoreLost, _LOST),
    "25P03": (StoreLost, _LOST),
    "08000": (StoreLost, _LOST),
    "08001": (StoreLost, _LOST),
    "08003": (StoreLost, _LOST),
    "08004": (StoreLost, _LOST),
    "08006": (StoreLost, _LOST),
    "08P01": (StoreLost, _LOST),  # PgBouncer's word when a server is gone
    "40001": (StoreContended, "another transaction came in between; try again"),
    "3D000": (StoreMissing, _NO_DATABASE),
    "3F000": (StoreMissing, "there is no such schema in the database"),
    "42P01": (StoreMissing, _NO_TABLES),
    "26000": (StoreError, _POOLED),
    "42P05": (StoreError, _POOLED),
    "42P07": (StoreError, _FOREIGN),
    "42703": (StoreError, _FOREIGN),
    "25P02": (StoreError, FAILED_BEFORE),
}
"""SQLSTATE codes of PostgreSQL (its manual, appendix A)."""

_CONNECTING: dict[str, _Failure] = {
    'FATAL:  database "': (StoreMissing, _NO_DATABASE),
    'FATAL:  role "': (StoreError, _UNKNOWN),
    "authentication failed": (StoreError, _UNKNOWN),
    "no password supplied": (StoreError, _UNKNOWN),
    "no pg_hba.conf entry": (StoreError, _UNKNOWN),
    "too many connections": (StoreBusy, _NO_CONNECTION),
    "too many clients": (StoreBusy, _NO_CONNECTION),
    "connection slots are reserved": (StoreBusy, _NO_CONNECTION),
    "invalid sslmode value": (StoreError, _BAD_VALUE),
    "invalid port number": (StoreError, _BAD_VALUE),
    "invalid integer value": (StoreError, _BAD_VALUE),
    "bad value for ": (StoreError, _BAD_VALUE),
}
"""What is told apart when connecting fails, for which libpq hands no SQLSTATE over. A server
that speaks another language than English is taken for one that cannot be reached."""
_FOREIGN_IN_SQLITE = ("no such column", "has no column named", "already exists", "is already")


def attempt(run: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What `run(*args)` gives; a database's error comes out as one of the tree.

    Raised outside the handler on purpose: inside, the new error would keep the old one as
    its context, and with it the statement and its values.
    """
    from sqlalchemy import exc  # whoever calls this has imported it

    failure: StoreError
    try:
        return run(*args, **kwargs)
    except exc.TimeoutError:
        failure = StoreBusy(ALL_IN_USE)
    except exc.PendingRollbackError:
        failure = StoreError(FAILED_BEFORE)
    except exc.SQLAlchemyError as error:
        original = error.orig if isinstance(error, exc.DBAPIError) else None
        failure = failure_of(original or error)
    raise failure


def failure_of(error: BaseException) -> StoreError:
    """The error of the tree that says what a driver's says, and nothing that it quotes."""
    code = getattr(error, "sqlite_errorcode", None)
    state = getattr(error, "sqlstate", None)
    if isinstance(code, int):
        found = _SQLITE.get(code) or _SQLITE.get(code & 0xFF)
    else:
        found = _POSTGRES.get(state)
    if found is not None:
        return found[0](found[1])
    return _without_code(error, state or code)


def _without_code(error: BaseException, code: object) -> StoreError:
    """What has no code, or one that says little. The driver's text is looked at, never shown."""
    text = str(error)
    if text.startswith("no such table"):
        return StoreMissing(_NO_TABLES)
    if code == 1 and any(part in text for part in _FOREIGN_IN_SQLITE):
        return StoreError(_FOREIGN)
    known = [failure for part, failure in _CONNECTING.items() if part in text]
    if code is None and known:
        return known[0][0](known[0][1])
    if code is None and "OperationalError" in [cls.__name__ for cls in type(error).__mro__]:
        return StoreLost(_LOST)
    # class and code: enough to look it up, and never a value
    name = type(error).__name__
    return StoreError(f"the database refused ({name if code is None else f'{name} {code}'})")
