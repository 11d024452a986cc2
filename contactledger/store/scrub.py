"""Scrubbing: after rows are deleted, their bytes still lie in the files of the database.

SQLite, even with `secure_delete=ON`: the write-ahead log keeps every page as it was; and the
file keeps remains of cells in pages that were split or merged before the row was deleted,
which `secure_delete` does not overwrite (a test finds them there). So: VACUUM, which writes a
new file of what is left, then a checkpoint that truncates the write-ahead log, for which no
reader may be open.

PostgreSQL: a deleted row stays in its page until that is used again, and after a plain VACUUM
too. So: VACUUM (FULL), which writes new files and locks each table meanwhile. It keeps rows that
an older transaction may still see, and says how many; then nothing is scrubbed yet. The server's
own write-ahead log, its archives and replicas are out of reach, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from contactledger.errors import StoreError
from contactledger.store.driver import BOUNDED
from contactledger.store.failures import attempt, failure_of
from contactledger.store.pooling import OwnEngine
from contactledger.store.port import Scrub

if TYPE_CHECKING:
    from sqlalchemy import Engine

VACUUM_CACHE = -2_000
"""In kibibytes, as SQLite has it: VACUUM goes through a file from end to end and keeps two caches,
of which it needs no more; a process would hold on to the memory of larger ones."""
BACKUPS = "backups and snapshots made before are not reached"
SERVER = (
    "the server's write-ahead log until it is used again, its archives, replicas, backups "
    "and snapshots made before are not reached"
)
HOSTS = (
    "the ledger is inside a host's transaction; scrub with one opened by a URL or an engine, "
    "after the commit"
)
READERS = "somebody was reading or writing all the time, so the write-ahead log was not truncated"
PERSISTS = "the database keeps its old journal (journal_mode=PERSIST)"
SEEN = "a transaction that began before may still see what was erased"
NO_OWNER = "the role does not own the tables, or may not vacuum them"


def scrub(engine: Engine | OwnEngine, tables: Sequence[str], timeout_seconds: float) -> Scrub:
    """Take the bytes of deleted rows out of the files, waiting for others so long at most.

    `tables`: quoted names of those from which rows are deleted.
    """
    timeout_ms = int(timeout_seconds * 1000)
    try:
        with closing(_connection(engine)) as pooled:
            if engine.dialect.name == "sqlite":
                return _sqlite(pooled.driver_connection, timeout_ms)
            pooled.info.pop(BOUNDED, None)  # its limit is reset below
            return _postgres(pooled.driver_connection, tables, timeout_ms)
    except StoreError as failure:
        return Scrub(False, str(failure))
    except engine.dialect.loaded_dbapi.Error as error:
        return Scrub(False, str(failure_of(error)))


def _connection(engine: Engine | OwnEngine) -> Any:
    own = isinstance(engine, OwnEngine)
    return engine.raw_connection() if own else attempt(engine.raw_connection)


def _sqlite(raw: Any, timeout_ms: int) -> Scrub:
    ((before,),) = raw.execute("PRAGMA busy_timeout").fetchall()
    ((cache,),) = raw.execute("PRAGMA cache_size").fetchall()
    raw.execute(f"PRAGMA busy_timeout = {timeout_ms}").close()
    raw.execute(f"PRAGMA cache_size = {VACUUM_CACHE}").close()
    try:
        raw.execute("VACUUM").close()
        ((busy, *_),) = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        ((mode,),) = raw.execute("PRAGMA journal_mode").fetchall()
    finally:
        raw.execute(f"PRAGMA cache_size = {cache}").close()
        raw.execute(f"PRAGMA busy_timeout = {before}").close()
    if busy:
        return Scrub(False, READERS)
    return Scrub(False, PERSISTS) if mode == "persist" else Scrub(True, BACKUPS)


def _postgres(raw: Any, tables: Sequence[str], timeout_ms: int) -> Scrub:
    kept: list[int] = []

    def told(notice: Any) -> None:
        # of VACUUM's own reports, in any language the first number of their detail
        found = re.match(r"\D*(\d+)", notice.message_detail or "")
        if found is not None:
            kept.append(int(found[1]))

    before, raw.autocommit = raw.autocommit, True
    raw.add_notice_handler(told)
    try:
        raw.execute(f"SET lock_timeout = {timeout_ms}")
        for table in tables:
            raw.execute(f"VACUUM (FULL, VERBOSE) {table}")
    finally:
        raw.remove_notice_handler(told)
        raw.execute("RESET lock_timeout")
        raw.autocommit = before
    if len(kept) < len(tables):
        return Scrub(False, NO_OWNER)
    return Scrub(False, SEEN) if any(kept) else Scrub(True, SERVER)
