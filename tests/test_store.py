"""Every store passes the one suite; and what is particular to the SQL store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool
from sqlmodel import Field, SQLModel

from contactledger.errors import StoreError
from contactledger.store.driver import Driver
from contactledger.store.memory import MemoryStore
from contactledger.store.port import DisclosureRow, Store
from contactledger.store.sql import SqlStore, micros, moment
from contactledger.testing import (
    A,
    B,
    FixedClock,
    JoinedStoreSuite,
    StoreSuite,
    batch_of,
    entry_row,
    raises,
)
from tests.hosting import either
from tests.ledgers import editing

_SCHEMAS = count()


@pytest.fixture
def schema() -> str:
    """A schema that no other test has: it is made by the store."""
    return f"test_{next(_SCHEMAS)}"


def begins_by_itself(engine):
    """A host's engine as SQLAlchemy's page on SQLite tells it to be set up."""
    event.listen(engine, "connect", lambda driver, _: setattr(driver, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def add(store: Store, account: str, rows: int = 1) -> None:
    with store.begin(write=True) as tx:
        tx.add_account(account)
        tx.append(batch_of(account, [entry_row(no) for no in range(rows)]))


def accounts(store: Store) -> list[str]:
    with store.begin(write=False) as tx:
        return [head.account for head in tx.heads()]


class TestMemory(StoreSuite):
    @pytest.fixture
    def store(self):
        store = MemoryStore()
        yield store
        store.close()


class TestSqlite(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path):
        store = SqlStore.open(f"sqlite:///{tmp_path}/contacts.db")
        yield store
        store.close()


class TestSqliteOnAHostsEngine(StoreSuite):
    @pytest.fixture(params=["plain", "autocommit", "begins by itself"])
    def store(self, tmp_path: Path, request):
        level = {"isolation_level": "AUTOCOMMIT"} if request.param == "autocommit" else {}
        engine = create_engine(f"sqlite:///{tmp_path}/host.db", **level)
        if request.param == "begins by itself":
            begins_by_itself(engine)
        yield SqlStore.open(engine)
        engine.dispose()


class TestSqliteInAHostsConnection(JoinedStoreSuite):
    @pytest.fixture(params=["plain", "begins by itself"])
    def store(self, tmp_path: Path, request):
        engine = create_engine(f"sqlite:///{tmp_path}/host.db")
        if request.param == "begins by itself":
            begins_by_itself(engine)
        with engine.connect() as connection:
            yield SqlStore.open(connection)
        engine.dispose()


class TestPostgres(StoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, schema: str):
        store = SqlStore.open(make_url(postgres_url), schema=schema)
        yield store
        store.close()


class TestPostgresOnAHostsEngine(StoreSuite):
    @pytest.fixture(params=["AUTOCOMMIT", "SERIALIZABLE"])
    def store(self, postgres_url: str, schema: str, request):
        engine = create_engine(postgres_url, isolation_level=request.param)
        yield SqlStore.open(engine, schema=schema)
        engine.dispose()


class TestPostgresInAHostsSession(JoinedStoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, schema: str):
        engine = create_engine(postgres_url)
        with Session(engine) as session:
            yield SqlStore.open(session, schema=schema)
        engine.dispose()


# --- in a host's transaction ----------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "sqlite that begins by itself", "postgres"])
def host(request, tmp_path):
    """A host's engine with a table of its own, and our tables already made there."""
    with either(request.param, request, tmp_path) as url:
        engine = create_engine(url)
        if request.param.endswith("itself"):
            begins_by_itself(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE own (name TEXT)")
            SqlStore.open(connection, prefix="host_")
        yield engine
        engine.dispose()


def own_rows(engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM own")).scalars())


def kept(engine) -> list[str]:
    return accounts(SqlStore.open(engine, prefix="host_", create=False))


def sessions(engine):
    return [
        engine.connect(),
        Session(engine),
        sessionmaker(engine)(),
        scoped_session(sessionmaker(engine)),
    ]


def test_a_hosts_rollback_takes_our_rows_with_it(host):
    for session in sessions(host):
        session.execute(text("INSERT INTO own VALUES ('theirs')"))
        add(SqlStore.open(session, prefix="host_"), A)
        session.rollback()
        session.close()
        assert (own_rows(host), kept(host)) == ([], [])


def test_a_hosts_rollback_takes_our_rows_with_it_when_nothing_came_before(host):
    for session in sessions(host):
        add(SqlStore.open(session, prefix="host_"), A)
        session.rollback()
        session.close()
        assert kept(host) == []


def test_a_hosts_commit_keeps_our_rows_and_no_earlier(host):
    for session, account in zip(sessions(host), "abcd", strict=True):
        store = SqlStore.open(session, prefix="host_")
        session.execute(text("INSERT INTO own VALUES ('theirs')"))
        add(store, account * 26)
        store.close()
        assert account * 26 not in kept(host)
        session.commit()
        session.close()
    assert own_rows(host) == ["theirs"] * 4
    assert kept(host) == [letter * 26 for letter in "abcd"]


def test_a_block_that_raises_leaves_the_hosts_own_work(host):
    with Session(host) as session:
        store = SqlStore.open(session, prefix="host_")
        session.execute(text("INSERT INTO own VALUES ('before')"))
        add(store, A)
        raises(StoreError, lambda: add(store, A))
        session.execute(text("INSERT INTO own VALUES ('after')"))
        add(store, B)
        session.commit()
    assert own_rows(host) == ["before", "after"]
    assert kept(host) == [A, B]


def test_tables_made_in_a_hosts_transaction_go_with_its_rollback(host):
    with host.connect() as connection:
        add(SqlStore.open(connection, prefix="second_"), A)
        connection.rollback()
    with host.connect() as connection:
        assert not inspect(connection).has_table("second_entry")


@pytest.mark.parametrize("host", ["sqlite", "postgres"], indirect=True)
def test_a_connection_that_commits_by_itself_is_refused(host):
    with host.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        store = SqlStore.open(connection, prefix="host_")
        error = raises(StoreError, lambda: add(store, A))
        assert str(error) == "the host's connection commits by itself; give one that does not"
    assert kept(host) == []


def test_a_hosts_log_of_statements_shows_none_of_our_rows(host, caplog):
    caplog.set_level("DEBUG", logger="sqlalchemy")
    store = SqlStore.open(host, prefix="host_")
    personal = [DisclosureRow(no, "name", "", "d", "Qm9iIFJheQ") for no in range(40)]
    with store.begin(write=True) as tx:
        tx.add_account(A)
        tx.append(batch_of(A, [entry_row(no) for no in range(40)], personal))
    with store.begin(write=False) as tx:
        assert list(tx.disclosures(A)) == personal
    assert own_rows(host) == []
    assert ("SELECT name FROM own" in caplog.text, "Qm9iIFJheQ" in caplog.text) == (True, False)


# --- the tables -----------------------------------------------------------------------------------


def test_two_ledgers_of_different_prefixes_share_a_database(host):
    ours = SqlStore.open(host, prefix="ours_")
    theirs = SqlStore.open(host, prefix="theirs_")
    add(ours, A)
    add(theirs, B)
    assert (accounts(ours), accounts(theirs)) == ([A], [B])


def test_a_host_may_have_a_class_and_a_table_of_our_names():
    class Entry(SQLModel, table=True):
        __tablename__ = "contactledger_entry"
        id: int = Field(primary_key=True)

    assert list(SQLModel.metadata.tables) == ["contactledger_entry"]
    assert list(Entry.__table__.columns.keys()) == ["id"]


def test_a_database_of_our_own_is_set_up_for_evidence(tmp_path):
    store = SqlStore.open(f"sqlite:///{tmp_path}/contacts.db", timeout_seconds=2.5)
    with store._connections.begin(write=False) as connection:
        found = {
            name: Driver(connection).rows(f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "secure_delete", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "secure_delete": 1,
        "busy_timeout": 2_500,
    }
    store.close()


def test_what_was_erased_is_not_in_the_database_file(tmp_path):
    path = tmp_path / "contacts.db"
    store = SqlStore.open(f"sqlite:///{path}")
    with store.begin(write=True) as tx:
        tx.add_account(A)
        rows = [
            DisclosureRow(0, "name", "", "d", "Qm9iIFJheQ"),
            DisclosureRow(0, "x", "", "e", "s"),
        ]
        tx.append(batch_of(A, [entry_row(0)], rows, blobs=[("s", b"Dear Bob")]))
    with store.begin(write=True) as tx:
        tx.erase(A, [(0, "d")], ["s"])
    store.close()  # the last connection writes the log back and removes it
    assert [file.name for file in tmp_path.iterdir()] == ["contacts.db"]
    assert (b"Qm9iIFJheQ" in path.read_bytes(), b"Dear Bob" in path.read_bytes()) == (False, False)


def test_every_key_starts_with_the_account_except_where_no_account_is_known(tmp_path):
    store = SqlStore.open(f"sqlite:///{tmp_path}/contacts.db")
    store.close()
    with editing(tmp_path / "contacts.db") as database:
        names = [
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        keys = {
            name.removeprefix("contactledger_"): [
                column
                for _, column, *_, place in sorted(
                    database.execute(f"PRAGMA table_info({name})"), key=lambda row: row[5]
                )
                if place
            ]
            for name in names
        }
        links = [
            row for name in names for row in database.execute(f"PRAGMA foreign_key_list({name})")
        ]
    assert keys == {
        "layout": ["one"],
        "ledger": ["one"],
        "inbox": ["id"],
        "account": ["account"],
        "entry": ["account", "no"],
        "disclosure": ["account", "no", "field", "person", "digest"],
        "lookup": ["ref", "account", "id"],
        "blob": ["account", "sha256"],
        "seen": ["account", "digest"],
        "node": ["account", "place"],
        "given": ["account", "epoch", "whom"],
        "receipt": ["account", "epoch", "key"],
        "slot": ["slot"],
        "sealed": ["no"],
        "checkpoint": ["size"],
        "tree": ["name", "place"],
    }
    assert links == []


def test_tables_that_somebody_else_made_meanwhile_are_used(tmp_path):
    ours = create_engine(f"sqlite:///{tmp_path}/host.db")
    theirs = create_engine(f"sqlite:///{tmp_path}/host.db")

    def meanwhile(*_) -> None:  # the store has looked for its tables, and found none
        if not inspect(theirs).get_table_names():
            add(SqlStore.open(theirs), A)

    event.listen(ours, "checkin", meanwhile)
    assert accounts(SqlStore.open(ours)) == [A]
    ours.dispose()
    theirs.dispose()


def test_closing_a_store_leaves_a_hosts_engine_open(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db", poolclass=StaticPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMP TABLE mark (x)")
        connection.commit()
    SqlStore.open(engine).close()
    with engine.connect() as connection:
        assert inspect(connection).get_temp_table_names() == ["mark"]
    engine.dispose()


def test_opening_again_changes_nothing(tmp_path):
    path = tmp_path / "contacts.db"
    for _ in range(2):
        store = SqlStore.open(f"sqlite:///{path}")
        store.close()
    before = path.read_bytes()
    store = SqlStore.open(f"sqlite:///{path}")
    assert accounts(store) == []
    store.close()
    assert path.read_bytes() == before


# --- times, clock, suite ---------------------------------------------------------------------------

_AWARE = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9, minutes=-30))]))


@settings(max_examples=100)
@given(_AWARE)
def test_micros_and_moment_are_a_pair(time):
    assert moment(micros(time)) == time


@settings(max_examples=100)
@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_micros_keep_the_order_of_times(one, other):
    assert (one < other) is (micros(one) < micros(other))


def test_a_fixed_clock_moves_only_when_told():
    clock = FixedClock()
    assert (clock(), clock()) == (datetime(2026, 3, 2, 9, tzinfo=UTC),) * 2
    assert clock.forward(days=1, hours=2, seconds=3) == datetime(2026, 3, 3, 11, 0, 3, tzinfo=UTC)
    clock.set(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert (clock(), clock().tzinfo) == (datetime(2026, 1, 1, tzinfo=UTC), UTC)
    error = raises(ValueError, lambda: FixedClock(datetime(2026, 1, 1)))  # noqa: DTZ001
    assert str(error) == "a time without a zone"


def test_raises_wants_this_very_error():
    def fails() -> None:
        raise KeyError("k")

    assert type(raises(KeyError, fails)) is KeyError
    with pytest.raises(AssertionError, match="KeyError instead of LookupError"):
        raises(LookupError, fails)
    with pytest.raises(AssertionError, match="no KeyError"):
        raises(KeyError, lambda: None)
