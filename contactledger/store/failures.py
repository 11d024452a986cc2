"""What a database says went wrong, in the words of the error tree.

The texts are ours alone: a driver's text may hold the statement or a value of it, and
SQLAlchemy's holds both. The new error does not carry the old one along either, neither as
its cause nor as its context, so that no traceback, log or crash reporter can print it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from contactledger.errors import (
    StoreBusy,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Failure = tuple[type[StoreError], str]

DOUBLE: Final = "a row with this key is there already"
_BUSY: Final = "somebody else holds the database for longer than the timeout"
_FULL: Final = "no space left for the database; nothing of this batch was written"
_READ_ONLY: Final = "the database cannot be written"

_SQLITE_SNAPSHOT = 517
_SQLITE: dict[int, _Failure] = {
    3: (StoreReadOnly, "access to the database file is denied"),
    5: (StoreBusy, _BUSY),
    6: (StoreBusy, _BUSY),
    8: (StoreReadOnly, _READ_ONLY),
    10: (StoreError, "reading or writing the database file failed"),
    11: (StoreError, "the database file is damaged"),
    13: (StoreFull, _FULL),
    14: (StoreMissing, "the database file, or its folder, is not there or cannot be opened"),
    19: (StoreError, DOUBLE),
    26: (StoreError, "the file is not a database"),
}
"""Primary result codes of SQLite (sqlite.org/rescode.html)."""

_POSTGRES: dict[str, _Failure] = {
    "53100": (StoreFull, _FULL),
    "53300": (StoreBusy, "the database server has no connection to spare"),
    "25006": (StoreReadOnly, _READ_ONLY),
    "42501": (StoreReadOnly, "the role may not do this in the database"),
    "55P03": (StoreBusy, _BUSY),
    "57014": (StoreBusy, "the database gave up after its own time limit"),
    "40P01": (StoreBusy, "two transactions waited for each other; try again"),
    "40001": (StoreBusy, "another transaction came in between; try again"),
    "3D000": (StoreMissing, "there is no such database on the server"),
    "3F000": (StoreMissing, "there is no such schema in the database"),
    "42P01": (StoreMissing, "the tables are not there"),
    "25P02": (StoreError, "the transaction failed before and can only be rolled back"),
}
"""SQLSTATE codes of PostgreSQL (its manual, appendix A)."""


def attempt(run: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """What `run(*args)` gives; a database's error comes out as one of the tree.

    Raised outside the handler on purpose: inside, the new error would keep the old one as
    its context, and with it the statement and its values.
    """
    try:
        return run(*args, **kwargs)
    except SQLAlchemyError as error:
        failure = failure_of(error)
    except UnicodeError:
        failure = StoreError("holds text that cannot be stored")
    raise failure


def failure_of(error: SQLAlchemyError) -> StoreError:
    """The error of the tree that says what this one says, and nothing that it quotes."""
    if isinstance(error, PoolTimeout):
        return StoreBusy("all connections to the database are in use")
    original = error.orig if isinstance(error, DBAPIError) else None
    code = getattr(original, "sqlite_errorcode", None)
    if code == _SQLITE_SNAPSHOT:
        return StoreBusy(
            "this transaction read before somebody else wrote, and cannot write any more; "
            "let it write first, or begin it with BEGIN IMMEDIATE"
        )
    found: _Failure | None = None
    if isinstance(code, int):
        found = _SQLITE.get(code & 0xFF)
    else:
        found = _POSTGRES.get(getattr(original, "sqlstate", None) or "")
    if found is not None:
        return found[0](found[1])
    if isinstance(error, IntegrityError):
        return StoreError(DOUBLE)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return StoreError("the connection to the database was lost")
    return StoreError(f"the database refused ({_name(original or error, code)})")


def _name(error: BaseException, code: object) -> str:
    """Class and code: enough to look it up, and never a value."""
    state = getattr(error, "sqlstate", None) or code
    return type(error).__name__ if state is None else f"{type(error).__name__} {state}"
