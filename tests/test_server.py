"""Connections to PostgreSQL without SQLAlchemy."""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest

from contactledger.errors import BadInput, StoreBusy, StoreError, StoreLost, StoreMissing
from contactledger.store import server
from contactledger.store.driver import BOUNDED, Driver
from contactledger.store.server import ServerConnections
from contactledger.store.urls import server_of
from contactledger.testing import Stop, raises


@contextmanager
def opened(url, timeout_seconds=0.2):
    connections = ServerConnections(url, timeout_seconds)
    try:
        yield connections
    finally:
        connections.close()


@pytest.fixture
def connections(postgres_url):
    with opened(postgres_url) as connections:
        yield connections


def rows(connection, text):
    return Driver(connection).rows(text)


def test_a_reader_sees_one_state_and_a_writer_the_newest(connections):
    level = "SELECT current_setting('transaction_isolation')"
    for write, wanted in ((False, "repeatable read"), (True, "read committed")):
        with connections.begin(write=write) as connection:
            assert rows(connection, level) == [(wanted,)]


def test_the_end_of_a_block_commits_and_a_block_that_raises_takes_back(connections):
    def stop():
        with connections.begin(write=True) as connection:
            Driver(connection).run("INSERT INTO thing VALUES (2)")
            raise Stop

    with connections.begin(write=True) as connection:
        Driver(connection).run("CREATE TABLE thing (no INTEGER)")
        Driver(connection).run("INSERT INTO thing VALUES (1)")
    raises(Stop, stop)
    with connections.begin(write=True) as again:
        assert (again is connection, rows(again, "SELECT no FROM thing")) == (True, [(1,)])
        Driver(again).run("DROP TABLE thing")


def test_who_leaves_the_beginning_to_the_caller_gets_a_connection_at_rest(connections):
    with connections.begin(write=True, opened=False) as connection:
        assert connection.driver_connection.info.transaction_status.name == "IDLE"


def test_a_session_of_ours_waits_for_locks_no_longer_than_the_timeout(connections):
    with connections.begin(write=True, opened=False) as connection:
        assert connection.info == {BOUNDED: True}
        assert rows(connection, "SHOW lock_timeout") == [("200ms",)]


def test_what_cannot_be_set_up_is_closed_again(postgres_url, monkeypatch):
    seen = []

    def refused(raw, _):
        seen.append(raw)
        raise psycopg.OperationalError

    monkeypatch.setattr(server, "_bound", refused)
    with opened(postgres_url) as connections:
        raises(StoreLost, lambda: connections.begin(write=True).__enter__())
    assert [raw.closed for raw in seen] == [True, True]  # it is tried once more


def test_one_that_was_ended_while_idle_is_replaced_with_all_that_lay_beside_it(connections):
    begun = [connections.begin(write=False) for _ in range(3)]
    before = [each.__enter__() for each in begun]
    for each in begun:
        each.__exit__(None, None, None)
    with connections.begin(write=True, opened=False) as one:
        own = one.driver_connection.info.backend_pid
        for other in before:
            if other is not one:
                pid = other.driver_connection.info.backend_pid
                assert rows(one, f"SELECT pg_terminate_backend({pid}, 5000)") == [(True,)]
        with connections.begin(write=False) as connection:
            assert connection not in before
            assert connection.driver_connection.info.backend_pid != own


def test_a_transaction_that_cannot_begin_gives_its_connection_back(connections, monkeypatch):
    monkeypatch.setattr(ServerConnections, "opening", lambda *_: ("BEGIN", "SELECT 1 / 0"))
    for _ in range(20):
        raises(StoreError, lambda: connections.begin(write=False).__enter__())
    assert len(connections.engine.pool.idle) == 1


def test_all_that_a_url_says_reaches_the_server(postgres_url):
    more = "&application_name=the+shop&options=-c%20statement_timeout%3D300"
    with opened(postgres_url + more) as ours, ours.begin(write=False) as connection:
        assert rows(connection, "SHOW application_name") == [("the shop",)]
        error = raises(StoreBusy, lambda: rows(connection, "SELECT pg_sleep(9)"))
        assert str(error) == "the database gave up after its own time limit"


def test_several_hosts_are_tried_in_turn(postgres_url):
    said = server_of(postgres_url)
    hosts = f"host=/nowhere&host={said['host']}"
    url = f"postgresql://{said['user']}@/{said['dbname']}?{hosts}"
    with opened(url) as ours, ours.begin(write=False) as connection:
        assert rows(connection, "SELECT 1") == [(1,)]


def test_a_url_with_words_that_the_driver_does_not_know_is_refused_without_its_password():
    url = "postgresql://ledger:hunter2@h/d?colour=red"
    error = raises(BadInput, lambda: ServerConnections(url, 1))
    assert str(error) == "url: has parameters that PostgreSQL's driver does not know"
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_server_or_database_that_is_not_there_is_one_clear_error(postgres_server):
    for url, kind in (
        ("postgresql://u:hunter2@/d?host=/nowhere", StoreLost),
        (postgres_server.replace("/postgres?", "/nowhere?"), StoreMissing),
    ):
        with opened(url) as ours:
            error = raises(kind, lambda ours=ours: ours.begin(write=False).__enter__())
        assert (error.__cause__, error.__context__) == (None, None)
