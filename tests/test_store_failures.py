"""Real failures of real databases: each is one clear error, and nothing recorded before is lost.

No text of a driver, no statement and no value of one gets into an error or its traceback.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import traceback
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker

from contactledger import Ledger
from contactledger.errors import (
    BadInput,
    NotInstalled,
    StoreBusy,
    StoreContended,
    StoreError,
    StoreFull,
    StoreLost,
    StoreMissing,
    StoreReadOnly,
    WrongLayout,
)
from contactledger.store.failures import attempt
from contactledger.store.memory import MemoryStore
from contactledger.store.port import LAYOUT, DisclosureRow, InboxRow, Store
from contactledger.store.sql import SqlStore
from contactledger.testing import NOON, A, B, Stop, batch_of, entry_row, raises
from tests.ledgers import editing

SECRET = "bob.ray@smith.example"
_SCHEMAS = count()


def write(store: Store, account: str, rows: int, record: bytes = b"{}") -> None:
    """Append entries whose disclosures hold something personal."""
    with store.begin(write=True) as tx:
        head = tx.lock([account]).get(account)
        if head is None:
            tx.add_account(account)
        start = 0 if head is None else head.size
        entries = [entry_row(start + i, record=record) for i in range(rows)]
        personal = [DisclosureRow(e.no, "email", "", "d", SECRET) for e in entries]
        tx.append(batch_of(account, entries, personal))


def numbers(store: Store, account: str = A) -> list[int]:
    """Which entries are there and readable, with their disclosures."""
    with store.begin(write=False) as tx:
        entries = [row.no for row in tx.entries(account)]
        assert [row.no for row in tx.disclosures(account)] == entries
        return entries


def assert_says_nothing_else(error: BaseException) -> None:
    """Neither the error nor what a traceback prints of it holds more than our own text."""
    assert (error.__cause__, error.__context__) == (None, None)
    printed = "".join(traceback.format_exception(error))
    for word in (SECRET, "INSERT", "UPDATE", "parameters", "sqlalche.me", "Background on"):
        assert word not in printed


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A SQLite database with entries 0, 1, 2 in account A."""
    url = f"sqlite:///{tmp_path}/contacts.db"
    store = SqlStore.open(url)
    write(store, A, 3)
    store.close()
    return url


# --- opening ------------------------------------------------------------------------------------


def test_a_missing_folder_is_missing(tmp_path):
    error = raises(StoreMissing, lambda: SqlStore.open(f"sqlite:///{tmp_path}/no/contacts.db"))
    assert str(error) == ("the database file, or its folder, is not there or cannot be opened")
    assert_says_nothing_else(error)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database_file(tmp_path):
    raises(StoreMissing, lambda: SqlStore.open(f"sqlite:///{tmp_path}"))


def test_a_missing_file_is_not_made_unless_that_is_allowed(tmp_path):
    url = f"sqlite:///{tmp_path}/contacts.db"
    error = raises(StoreMissing, lambda: SqlStore.open(url, create=False))
    assert str(error) == "there is no such database file, and none may be made"
    assert list(tmp_path.iterdir()) == []


def test_missing_tables_are_not_made_unless_that_is_allowed(tmp_path):
    path = tmp_path / "other.db"
    with editing(path) as other:
        other.execute("CREATE TABLE own (x)")
    error = raises(StoreMissing, lambda: SqlStore.open(f"sqlite:///{path}", create=False))
    assert str(error) == "the tables are not in this database, and none may be made"


def test_an_existing_database_opens_without_the_right_to_make_one(url):
    store = SqlStore.open(url, create=False)
    assert numbers(store) == [0, 1, 2]
    store.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Bob, this is not a database. " * 100)
    error = raises(StoreError, lambda: SqlStore.open(f"sqlite:///{path}"))
    assert str(error) == "the file is not a database"
    assert_says_nothing_else(error)
    assert path.read_bytes() == b"Dear Bob, this is not a database. " * 100


@pytest.mark.parametrize(
    "wrong", ["UPDATE contactledger_layout SET layout = 999", "DELETE FROM contactledger_layout"]
)
def test_another_layout_is_refused_and_left_alone(url, wrong):
    path = url.removeprefix("sqlite:///")
    with editing(path) as other:
        other.execute(wrong)
    found, why = ("999", ": a newer release made them") if "999" in wrong else ("unknown", "")
    error = raises(WrongLayout, lambda: SqlStore.open(url))
    assert str(error) == f"the tables have layout {found}, this release knows layout {LAYOUT}{why}"
    assert_says_nothing_else(error)
    with editing(path) as other:
        assert other.execute("SELECT count(*) FROM contactledger_entry").fetchone() == (3,)


@pytest.mark.parametrize(
    "target",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite:///file:x?mode=memory&cache=shared&uri=true",
    ],
)
def test_a_database_in_memory_is_refused_with_a_hint(target):
    error = raises(BadInput, lambda: SqlStore.open(target))
    assert str(error) == ("url: a database in memory ends with its connection; use MemoryStore()")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("contacts.db", "must be a database URL such as sqlite:///contacts.db"),
        ("", "must be a database URL such as sqlite:///contacts.db"),
        (
            "mysql://u:hunter2@h/x",
            "must be SQLite (sqlite:///…) or PostgreSQL by psycopg 3 (postgresql+psycopg://…)",
        ),
        (
            "sqlite+nothing:///x.db",
            "must be SQLite (sqlite:///…) or PostgreSQL by psycopg 3 (postgresql+psycopg://…)",
        ),
        (
            "postgresql+nothing://u:hunter2@h/x",
            "must be SQLite (sqlite:///…) or PostgreSQL by psycopg 3 (postgresql+psycopg://…)",
        ),
    ],
)
def test_another_url_is_refused_without_printing_it(target, why):
    error = raises(BadInput, lambda: SqlStore.open(target))
    assert str(error) == f"url: {why}"
    assert_says_nothing_else(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("given", [None, 3, b"sqlite:///x.db", Path("x.db"), sessionmaker()])
def test_what_a_ledger_cannot_be_kept_at_is_refused(given):
    error = raises(BadInput, lambda: Ledger.open(given, recorder="acme"))
    words = "a database URL such as sqlite:///contacts.db, an Engine, Connection or Session"
    assert str(error) == f"where: must be {words}"


def test_what_is_of_asyncio_is_sent_to_its_adapter(tmp_path):
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    for given in (engine, AsyncSession(engine)):
        error = raises(BadInput, lambda given=given: Ledger.open(given, recorder="acme"))
        assert str(error) == (
            "where: is of asyncio: give its session or connection to contactledger.hosts.aio.joined"
        )


FOREIGN = (
    "prefix: a table of another program has a name of the ledger's; take another prefix, "
    "or another schema"
)


@pytest.mark.parametrize(
    "made",
    [
        "TABLE contactledger_entry (note TEXT)",
        "VIEW contactledger_entry AS SELECT 1 AS note",
        "TABLE contactledger_layout (note TEXT)",
    ],
)
def test_a_table_of_another_program_is_left_alone_and_named_as_what_it_is(tmp_path, made):
    with closing(sqlite3.connect(tmp_path / "x.db")) as other:
        other.execute(f"CREATE {made}")
        before = other.execute("SELECT sql FROM sqlite_master").fetchall()
        error = raises(StoreError, lambda: SqlStore.open(f"sqlite:///{tmp_path}/x.db"))
        assert str(error) == FOREIGN
        assert_says_nothing_else(error)
        assert other.execute("SELECT sql FROM sqlite_master").fetchall() == before


def test_a_folder_that_may_not_be_looked_into_is_an_error_of_ours(tmp_path, monkeypatch):
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)  # whoever runs the tests may be root
    url = f"sqlite:///{tmp_path}/nowhere/x.db"
    error = raises(StoreMissing, lambda: SqlStore.open(url, create=False))
    assert str(error) == ("the database file, or its folder, is not there or cannot be opened")
    assert_says_nothing_else(error)


def test_a_driver_that_is_not_installed_is_named_by_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    error = raises(NotInstalled, lambda: SqlStore.open("postgresql+psycopg://u:hunter2@h/x"))
    assert str(error) == "the driver of this database is not installed: contactledger[postgres]"
    assert_says_nothing_else(error)


def test_a_hosts_engine_with_another_driver_is_refused(tmp_path):
    registry.register(
        "sqlite.numeric", "sqlalchemy.dialects.sqlite.pysqlite", "_SQLiteDialect_pysqlite_numeric"
    )
    engine = create_engine(f"sqlite+numeric:///{tmp_path}/host.db")
    error = raises(BadInput, lambda: SqlStore.open(engine))
    assert (
        str(error)
        == "url: must be SQLite (sqlite:///…) or PostgreSQL by psycopg 3 (postgresql+psycopg://…)"
    )


@pytest.mark.parametrize("name", ["", "Upper", "a-b", 'a"b', "a b", "1a", "a" * 41, "é", "a\n"])
def test_a_prefix_or_schema_that_would_need_quoting_is_refused(tmp_path, name):
    url = f"sqlite:///{tmp_path}/contacts.db"
    error = raises(BadInput, lambda: SqlStore.open(url, prefix=name))
    assert str(error) == "prefix: must be a-z, 0-9 and _, 40 characters at most"
    error = raises(BadInput, lambda: SqlStore.open(url, schema=name))
    assert str(error) == "schema: must be a-z, 0-9 and _, 40 characters at most"
    assert list(tmp_path.iterdir()) == []


def test_names_that_a_database_keeps_for_itself_are_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/contacts.db"
    error = raises(BadInput, lambda: SqlStore.open(url, prefix="sqlite_"))
    assert str(error) == "prefix: SQLite keeps what begins with sqlite_ for itself"
    error = raises(BadInput, lambda: SqlStore.open(url, schema="pg_evidence"))
    assert str(error) == "schema: PostgreSQL keeps what begins with pg_ for itself"


# --- writing ------------------------------------------------------------------------------------


def test_a_database_that_somebody_else_writes_to_is_busy_and_can_be_read(url):
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = SqlStore.open(url, timeout_seconds=0.05)
    error = raises(StoreBusy, lambda: write(store, A, 1))
    assert str(error) == "somebody else holds the database for longer than the timeout"
    assert_says_nothing_else(error)
    assert numbers(store) == [0, 1, 2]
    other.execute("ROLLBACK")
    write(store, A, 1)
    assert numbers(store) == [0, 1, 2, 3]
    other.close()
    store.close()


def test_a_file_that_somebody_else_holds_whole_cannot_be_opened_until_they_let_go(tmp_path):
    other = sqlite3.connect(tmp_path / "contacts.db", isolation_level=None)
    other.execute("CREATE TABLE own (x)")
    other.execute("BEGIN EXCLUSIVE")
    url = f"sqlite:///{tmp_path}/contacts.db"
    error = raises(StoreBusy, lambda: SqlStore.open(url, timeout_seconds=0.1))
    assert str(error) == "somebody else holds the database for longer than the timeout"
    other.execute("ROLLBACK")
    other.close()
    SqlStore.open(url).close()


def test_an_error_of_the_callers_own_comes_out_even_when_nothing_can_be_rolled_back(url):
    store = SqlStore.open(url)

    def stop() -> None:
        with store.begin(write=True) as tx:
            tx.add_account(B)
            tx._driver.raw.close()
            raise Stop

    raises(Stop, stop)
    with store.begin(write=True) as tx:
        assert tx.head(B) is None
    store.close()


def test_a_full_disk_loses_the_batch_and_nothing_before_it(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        connection.rollback()
    store = SqlStore.open(engine)  # the pool gives the same connection, with its limit
    error = raises(StoreFull, lambda: write(store, A, 50, record=b"x" * 4_000))
    assert str(error) == "no space left for the database; nothing of this batch was written"
    assert_says_nothing_else(error)
    assert numbers(store) == [0, 1, 2]
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        connection.rollback()
    write(store, A, 50, record=b"x" * 4_000)
    assert numbers(store) == list(range(53))
    engine.dispose()


def test_a_full_disk_inside_a_hosts_transaction_is_the_same_clear_error(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        connection.rollback()
        store = SqlStore.open(connection)
        error = raises(StoreFull, lambda: write(store, A, 2_000, record=b"x" * 4_000))
        assert_says_nothing_else(error)
        connection.rollback()
        assert numbers(store) == [0, 1, 2]
    engine.dispose()


def test_a_savepoint_that_the_database_took_back_by_itself_is_no_second_error(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        store = SqlStore.open(connection)

        def stop() -> None:
            with store.begin(write=True) as tx:
                tx.add_account(B)
                tx._driver.raw.rollback()  # as SQLite does on a full disk
                raise Stop

        raises(Stop, stop)
        connection.rollback()
        with store.begin(write=True) as tx:
            assert tx.head(B) is None
    engine.dispose()


@pytest.mark.parametrize("how", ["mode=ro", "immutable=1"])
def test_a_read_only_file_can_be_read(url, how):
    path = url.removeprefix("sqlite:///")
    store = SqlStore.open(f"sqlite:///file:{path}?{how}&uri=true")
    error = raises(StoreReadOnly, lambda: write(store, A, 1))
    assert str(error) == "the database cannot be written"
    assert_says_nothing_else(error)
    assert numbers(store) == [0, 1, 2]
    store.close()


def test_a_damaged_file_is_said_to_be_damaged(url):
    path = Path(url.removeprefix("sqlite:///"))
    store = SqlStore.open(url)
    write(store, A, 200, record=b"x" * 2_000)
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    store = None
    error = raises(StoreError, lambda: numbers(SqlStore.open(url)))
    assert str(error) == "the database file is damaged"
    assert_says_nothing_else(error)


def test_no_connection_to_spare_is_busy(url):
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    store = SqlStore.open(engine)
    with store.begin(write=False):
        error = raises(StoreBusy, lambda: numbers(store))
    assert str(error) == "all connections to the database are in use"
    assert numbers(store) == [0, 1, 2]
    engine.dispose()


def test_text_that_cannot_be_encoded_is_refused_without_printing_it(url):
    store = SqlStore.open(url)

    def put() -> None:
        with store.begin(write=True) as tx:
            tx.inbox_put(InboxRow("i", NOON, SECRET + "\ud800", "", "new", "", 0, b"", b""))

    error = raises(StoreError, put)
    assert str(error) == "holds text that cannot be stored"
    assert_says_nothing_else(error)
    assert numbers(store) == [0, 1, 2]
    store.close()


def test_a_statement_that_the_database_refuses_names_the_kind_of_error_alone(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        error = raises(
            StoreError, lambda: attempt(connection.execute, text("SELEC :x"), {"x": SECRET})
        )
        assert str(error) == "the database refused (OperationalError 1)"
        assert_says_nothing_else(error)
        error = raises(StoreError, lambda: attempt(connection.execute, text("SELECT :x")))
        assert str(error) == "the database refused (StatementError)"
    engine.dispose()


def test_tables_that_a_hosts_rollback_took_away_are_missing(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    with engine.connect() as connection:
        store = SqlStore.open(connection)
        write(store, A, 1)
        connection.rollback()
        error = raises(StoreMissing, lambda: numbers(store))
        assert str(error) == "the tables are not there"
    engine.dispose()


def test_a_transaction_that_read_too_early_is_told_why_it_cannot_write(url):
    engine = create_engine(url)
    store = SqlStore.open(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        joined = SqlStore.open(connection)
        assert numbers(joined) == [0, 1, 2]
        write(store, A, 1)
        error = raises(StoreBusy, lambda: write(joined, A, 1))
        assert str(error) == (
            "this transaction read before somebody else wrote, and cannot write any more; "
            "let it write first, or begin it with BEGIN IMMEDIATE"
        )
        connection.rollback()
        write(joined, A, 1)
        connection.commit()
    assert numbers(store) == [0, 1, 2, 3, 4]
    store.close()
    engine.dispose()


def test_a_process_that_is_killed_leaves_whole_batches(tmp_path):
    """Each batch said to be there is there whole; of the one in the making there is nothing."""
    script = """
import os, signal, sys
from tests.test_store_failures import A, SqlStore, batch_of, entry_row, write
store = SqlStore.open(sys.argv[1])
for _ in range(5):
    write(store, A, 4)
    print("written", flush=True)
with store.begin(write=True) as tx:
    size = tx.lock([A])[A].size
    tx.append(batch_of(A, [entry_row(size + i, record=b"x" * 60_000) for i in range(200)]))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    url = f"sqlite:///{tmp_path}/contacts.db"
    done = subprocess.run(
        [sys.executable, "-c", script, url], check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "written\n" * 5)
    store = SqlStore.open(url)
    assert numbers(store) == list(range(20))
    write(store, A, 1)
    assert numbers(store) == list(range(21))
    store.close()


def test_processes_that_open_a_new_file_at_once_make_one_database(tmp_path):
    script = """
import sys
from contactledger.store.sql import SqlStore
sys.stdin.readline()
store = SqlStore.open(sys.argv[1], timeout_seconds=30)
with store.begin(write=True) as tx:
    tx.add_account(sys.argv[2])
print("written", flush=True)
"""
    url = f"sqlite:///{tmp_path}/contacts.db"
    names = [letter * 26 for letter in "abc"]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for name in names
    ]
    for process in running:  # all have imported, or are about to, when the line comes
        process.stdin.write(b"\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in running] == [b"written\n"] * 3
    store = SqlStore.open(url)
    with store.begin(write=False) as tx:
        assert [head.account for head in tx.heads()] == names
    store.close()


def test_memory_is_busy_while_another_thread_holds_it():
    from threading import Event, Thread

    store, held, done = MemoryStore(timeout_seconds=0.05), Event(), Event()

    def hold() -> None:
        with store.begin(write=True):
            held.set()
            done.wait(10)

    thread = Thread(target=hold)
    thread.start()
    held.wait(10)
    error = raises(StoreBusy, lambda: write(store, A, 1))
    assert str(error) == "another thread holds the store for longer than the timeout"
    done.set()
    thread.join()
    write(store, A, 1)
    assert numbers(store) == [0]


def test_memory_refuses_a_writer_inside_a_writer_and_keeps_the_outer_one():
    store = MemoryStore()
    with store.begin(write=True) as tx:
        tx.add_account(A)
        error = raises(StoreBusy, lambda: write(store, B, 1))
        assert str(error) == "this thread is writing already"
        with store.begin(write=False) as reader:
            assert reader.head(B) is None
    assert numbers(store) == []
    write(store, B, 1)
    assert numbers(store, B) == [0]


# --- PostgreSQL -----------------------------------------------------------------------------------


@pytest.fixture
def schema() -> str:
    return f"failures_{next(_SCHEMAS)}"


@pytest.fixture
def pg(postgres_url, schema):
    store = SqlStore.open(postgres_url, schema=schema, timeout_seconds=0.2)
    write(store, A, 3)
    yield store
    store.close()


def test_a_row_that_somebody_else_holds_is_busy_and_can_be_read(pg, postgres_url, schema):
    engine = create_engine(postgres_url)
    with engine.connect() as other:
        joined = SqlStore.open(other, schema=schema)
        with joined.begin(write=True) as tx:
            tx.lock([A])
        error = raises(StoreBusy, lambda: write(pg, A, 1))
        assert str(error) == "somebody else holds the database for longer than the timeout"
        assert_says_nothing_else(error)
        assert numbers(pg) == [0, 1, 2]
        write(pg, B, 2)
        other.rollback()
    write(pg, A, 1)
    assert numbers(pg) == [0, 1, 2, 3]
    assert numbers(pg, B) == [0, 1]
    engine.dispose()


def test_a_read_only_server_can_be_read(pg, postgres_url, schema):
    url = f"{postgres_url}&options=-c%20default_transaction_read_only%3Don"
    store = SqlStore.open(url, schema=schema)
    error = raises(StoreReadOnly, lambda: write(store, A, 1))
    assert str(error) == "the database cannot be written"
    assert_says_nothing_else(error)
    assert numbers(store) == [0, 1, 2]
    store.close()


def test_a_role_without_rights_is_told_so(pg, postgres_url, schema):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {schema}_reader LOGIN")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {schema}_reader")
        connection.exec_driver_sql(
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {schema}_reader"
        )
    store = SqlStore.open(postgres_url.replace("ledger@", f"{schema}_reader@"), schema=schema)
    error = raises(StoreReadOnly, lambda: write(store, A, 1))
    assert str(error) == "the role may not do this in the database"
    assert numbers(store) == [0, 1, 2]
    store.close()
    engine.dispose()


def test_a_database_or_server_that_is_not_there(pg, postgres_server, tmp_path):
    missing = postgres_server.replace("/postgres?", "/nowhere?")
    error = raises(StoreMissing, lambda: SqlStore.open(missing))
    assert str(error) == "there is no such database on the server"
    assert_says_nothing_else(error)
    gone = f"postgresql+psycopg://u:hunter2@/x?host={tmp_path}"
    error = raises(StoreLost, lambda: SqlStore.open(gone))
    assert str(error) == "the database server cannot be reached, or ended the connection"
    assert_says_nothing_else(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_a_user_whom_the_server_does_not_let_in_is_told_so(pg, postgres_url):
    wrong = postgres_url.replace("ledger@", "nobody_here:hunter2@")
    error = raises(StoreError, lambda: SqlStore.open(wrong))
    assert type(error) is StoreError
    assert str(error) == (
        "the database server does not let this user in, or not with this password"
    )
    assert_says_nothing_else(error)
    assert "hunter2" not in "".join(traceback.format_exception(error))


def test_a_user_whose_connections_are_all_in_use_is_busy(pg, postgres_url, schema):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {schema}_full LOGIN CONNECTION LIMIT 0")
    full = postgres_url.replace("ledger@", f"{schema}_full@")
    error = raises(StoreBusy, lambda: SqlStore.open(full))
    assert str(error) == "the database server has no connection to spare"
    assert_says_nothing_else(error)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP ROLE {schema}_full")
    engine.dispose()


@pytest.mark.parametrize("pair", ["connect_timeout=soon", "sslmode=perhaps", "port=99999"])
def test_a_value_that_the_driver_does_not_take_is_named_as_the_urls(pg, postgres_url, pair):
    error = raises(StoreError, lambda: SqlStore.open(f"{postgres_url}&{pair}"))
    assert str(error) == "url: has a value that PostgreSQL's driver does not take"
    assert_says_nothing_else(error)


@pytest.mark.parametrize("table", ["entry", "layout"])
def test_a_table_of_another_program_on_a_server_is_left_alone(pg, postgres_url, schema, table):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE {schema}.alien_{table} (note TEXT)")
    error = raises(StoreError, lambda: SqlStore.open(postgres_url, schema=schema, prefix="alien_"))
    assert str(error) == FOREIGN
    assert_says_nothing_else(error)
    engine.dispose()


def end_others(engine) -> None:
    """The server ends every other connection that is in a transaction."""
    with engine.connect() as other:
        ended = other.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE state = 'idle in transaction' AND pid <> pg_backend_pid() "
            "AND datname = current_database()"
        )
        assert list(ended.scalars()) == [True]


def test_a_connection_that_the_server_ends_is_one_error_and_the_next_works(pg, postgres_url):
    engine = create_engine(postgres_url)

    def cut_off() -> None:
        with pg.begin(write=True) as tx:
            tx.lock([A])
            end_others(engine)
            tx.append(batch_of(A, [entry_row(3)]))

    error = raises(StoreLost, cut_off)
    assert str(error) == "the database server cannot be reached, or ended the connection"
    assert_says_nothing_else(error)
    assert numbers(pg) == [0, 1, 2]
    write(pg, A, 1)
    assert numbers(pg) == [0, 1, 2, 3]
    engine.dispose()


@pytest.mark.parametrize("rows", [3, 50])
def test_a_row_that_is_there_twice_is_refused_with_its_whole_batch(pg, rows):
    """Few rows go by INSERT, many by COPY: the same error, and nothing of the batch."""
    doubles = [DisclosureRow(3, "email", "", "d", SECRET)] * rows

    def write_doubles() -> None:
        with pg.begin(write=True) as tx:
            tx.lock([A])
            tx.append(batch_of(A, [entry_row(3)], doubles))

    error = raises(StoreError, write_doubles)
    assert str(error) == "a row with this key is there already"
    assert_says_nothing_else(error)
    assert numbers(pg) == [0, 1, 2]


def test_a_connection_of_the_pool_that_was_ended_is_replaced_without_a_word(
    pg, postgres_url, caplog
):
    others = (
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE state = 'idle' AND datname = current_database()"
    )
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert list(connection.exec_driver_sql(others).scalars()) == [True]
    engine.dispose()
    assert numbers(pg) == [0, 1, 2]
    assert caplog.record_tuples == []  # of psycopg's, whose pipeline has a warning for such errors


def test_a_server_that_ends_in_the_middle_of_many_rows_is_one_error(pg, postgres_url):
    engine = create_engine(postgres_url)

    def cut_off() -> None:
        with pg.begin(write=True) as tx:
            tx.lock([A])
            end_others(engine)
            tx.append(batch_of(A, [entry_row(3 + i) for i in range(500)]))

    error = raises(StoreLost, cut_off)
    assert str(error) == "the database server cannot be reached, or ended the connection"
    assert_says_nothing_else(error)
    write(pg, A, 1)
    assert numbers(pg) == [0, 1, 2, 3]
    engine.dispose()


def test_an_error_of_the_callers_own_comes_out_even_when_the_connection_is_gone(pg, postgres_url):
    engine = create_engine(postgres_url)

    def stop() -> None:
        with pg.begin(write=True) as tx:
            tx.lock([A])
            end_others(engine)
            raise Stop

    assert_says_nothing_else(raises(Stop, stop))
    write(pg, A, 1)
    assert numbers(pg) == [0, 1, 2, 3]
    engine.dispose()


POOLED = (
    "a pooler lends out the server's sessions, so nothing may be prepared in them; make the "
    'engine with connect_args={"prepare_threshold": None}'
)


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("53100", StoreFull, "no space left for the database; nothing of this batch was written"),
        ("53300", StoreBusy, "the database server has no connection to spare"),
        ("40001", StoreContended, "another transaction came in between; try again"),
        ("40P01", StoreContended, "two transactions waited for each other; try again"),
        ("57014", StoreBusy, "the database gave up after its own time limit"),
        ("08006", StoreLost, "the database server cannot be reached, or ended the connection"),
        ("08P01", StoreLost, "the database server cannot be reached, or ended the connection"),
        ("3F000", StoreMissing, "there is no such schema in the database"),
        ("42P01", StoreMissing, "the tables are not there"),
        ("42P05", StoreError, POOLED),
        ("26000", StoreError, POOLED),
        ("XX001", StoreError, "the database refused (DataCorrupted XX001)"),
        ("23502", StoreError, "the database refused (NotNullViolation 23502)"),
        ("23505", StoreError, "a row with this key is there already"),
    ],
)
def test_what_the_server_says_is_told_by_its_code(pg, postgres_url, code, error, words):
    engine = create_engine(postgres_url)
    sql = f"DO $$ BEGIN RAISE EXCEPTION '{SECRET}' USING ERRCODE = '{code}'; END $$"
    with engine.connect() as connection:
        raised = raises(error, lambda: attempt(connection.exec_driver_sql, sql))
        assert str(raised) == words
        assert_says_nothing_else(raised)
        raised = raises(StoreError, lambda: attempt(connection.exec_driver_sql, "SELECT 1"))
        assert str(raised) == "the transaction failed before and can only be rolled back"
    engine.dispose()
    assert numbers(pg) == [0, 1, 2]


def test_another_layout_on_a_server_is_refused(pg, postgres_url, schema):
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        newer = f"UPDATE {schema}.contactledger_layout SET layout = layout + 1"
        connection.exec_driver_sql(newer)
    raises(WrongLayout, lambda: SqlStore.open(postgres_url, schema=schema))
    assert numbers(pg) == [0, 1, 2]
    engine.dispose()
