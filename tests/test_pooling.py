"""Connections of our own: kept, waited for, thrown away, left to a parent."""

from __future__ import annotations

import gc
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from contactledger.errors import StoreBusy
from contactledger.store import forking, pooling
from contactledger.store.pooling import Dialect, OwnConnections, Pool, Way
from contactledger.testing import raises


@pytest.fixture
def connections(tmp_path):
    def connected():
        return sqlite3.connect(tmp_path / "a.db", check_same_thread=False), {"said": "so"}

    dialect = Dialect("sqlite", "pysqlite", sqlite3)
    connections = OwnConnections(Way(dialect, connected, sqlite3.Connection.rollback), 0.2)
    yield connections
    connections.close()


def is_open(connection):
    try:
        connection.driver_connection.execute("SELECT 1").close()
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_connection_is_used_again_and_keeps_what_is_known_of_it(connections):
    with closing(connections.engine.raw_connection()) as first:
        pass
    with closing(connections.engine.raw_connection()) as second:
        assert (second is first, second.info) == (True, {"said": "so"})


def test_a_connection_looks_like_one_of_sqlalchemys(connections):
    with closing(connections.engine.raw_connection()) as connection:
        beneath = connection.connection.dbapi_connection
        assert beneath is connection.driver_connection
        assert connection.dialect is connections.engine.dialect


def test_each_has_a_connection_of_its_own_and_few_are_kept(connections):
    used = [connections.engine.raw_connection() for _ in range(8)]
    assert len(set(map(id, used))) == 8
    for connection in used:
        connection.close()
    assert sorted(map(is_open, used)) == [False] * 3 + [True] * 5


def test_there_are_not_more_than_so_many(connections, monkeypatch):
    monkeypatch.setattr(pooling, "WAIT_SECONDS", 0.01)
    used = [connections.engine.raw_connection() for _ in range(pooling.MOST)]
    error = raises(StoreBusy, connections.engine.raw_connection)
    assert str(error) == "all connections to the database are in use"
    for connection in used:
        connection.close()
    with closing(connections.engine.raw_connection()) as again:
        assert again in used


def test_who_wants_one_more_waits_for_one_that_is_given_back(connections):
    used = [connections.engine.raw_connection() for _ in range(pooling.MOST)]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connections.engine.raw_connection)
        used[0].close()
        assert waiting.result(10) is used[0]
    for connection in used:
        connection.close()


def test_a_connection_that_cannot_be_opened_leaves_its_place_to_others(connections, monkeypatch):
    monkeypatch.setattr(pooling, "WAIT_SECONDS", 0.01)

    def refused():
        raise sqlite3.OperationalError("unable to open database file")

    way = Way(connections.engine.dialect, refused, sqlite3.Connection.rollback)
    engine = OwnConnections(way, 0.2).engine
    for _ in range(pooling.MOST + 1):
        raises(sqlite3.OperationalError, engine.raw_connection)


def test_of_a_connection_that_is_broken_nothing_is_kept(connections):
    with closing(connections.engine.raw_connection()) as broken:
        with closing(connections.engine.raw_connection()) as beside:
            pass
        broken.driver_connection.close()
    assert (connections.engine.pool.idle, is_open(beside)) == ([], False)
    with closing(connections.engine.raw_connection()) as connection:
        assert is_open(connection)


def test_a_connection_in_use_when_the_rest_was_closed_is_closed_behind_it(connections):
    with closing(connections.engine.raw_connection()) as connection:
        connections.close()
        assert is_open(connection)
    assert not is_open(connection)


def test_what_is_let_go_of_without_a_word_is_closed_too(connections):
    engine = pooling.OwnEngine(connections.engine._way)
    with closing(engine.raw_connection()) as used:
        with closing(engine.raw_connection()) as kept:
            pass
        del engine
        gc.collect()
        assert (is_open(kept), is_open(used)) == (False, True)
    assert not is_open(used)


def test_a_child_leaves_its_parents_connections_open(connections):
    engine = connections.engine
    with closing(engine.raw_connection()) as used:
        with closing(engine.raw_connection()) as kept:
            pass
        forking.after_fork()
        with closing(engine.raw_connection()) as own:
            assert own is not kept
    (pool,) = [pool for pool in pooling._PARENTS if used in pool.idle]
    assert (pool.idle, list(map(is_open, pool.idle))) == ([kept, used], [True, True])
    pooling._PARENTS.remove(pool)
    pool.close()


def test_another_thread_may_have_taken_the_last_connection():
    assert Pool().taken() is None
