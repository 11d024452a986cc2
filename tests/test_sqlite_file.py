"""Connections to a SQLite file without SQLAlchemy."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from contactledger.errors import StoreError, StoreMissing
from contactledger.store.driver import Driver
from contactledger.store.sqlite_file import FileConnections, connect
from contactledger.store.urls import File
from contactledger.testing import Stop, raises


@pytest.fixture
def connections(tmp_path):
    connections = FileConnections(File(str(tmp_path / "a.db"), uri=False), 0.2)
    yield connections
    connections.close()


def test_what_a_block_that_raises_wrote_is_taken_back(connections):
    def stop():
        with connections.begin(write=True) as connection:
            Driver(connection).run("INSERT INTO thing VALUES (1)")
            raise Stop

    with connections.begin(write=True) as connection:
        Driver(connection).run("CREATE TABLE thing (no)")
    raises(Stop, stop)
    with connections.begin(write=False) as again:
        found = Driver(again).rows("SELECT no FROM thing")
        assert (again is connection, found) == (True, [])


def test_a_file_that_cannot_be_connected_to_is_one_clear_error(tmp_path):
    def opened(path):
        return FileConnections(File(str(path), uri=False), 0.2).begin(write=False).__enter__()

    raises(StoreMissing, lambda: opened(tmp_path / "no" / "a.db"))
    letter = tmp_path / "letter.db"
    letter.write_bytes(b"Dear Bob, this is not a database. " * 100)
    error = raises(StoreError, lambda: opened(letter))
    assert str(error) == "the file is not a database"
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_file_that_may_only_be_read_is_connected_to_and_one_that_is_held_is_not(tmp_path):
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE thing (no)")
        connect(File(f"file:{path}?mode=ro", uri=True), 0.01).close()
        other.execute("BEGIN EXCLUSIVE")
        raises(sqlite3.OperationalError, lambda: connect(File(str(path), uri=False), 0.01))


def test_a_connection_is_set_up_for_evidence_and_begins_nothing_by_itself(tmp_path):
    raw = connect(File(str(tmp_path / "a.db"), uri=False), 0.2)
    assert raw.isolation_level is None
    names = ("journal_mode", "synchronous", "secure_delete", "busy_timeout", "cache_size")
    found = [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert found == ["wal", 2, 1, 200, -16_000]
    raw.close()
