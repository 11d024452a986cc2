"""Every store passes the one suite; and what is particular to the SQL store."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from contactledger.store.memory import MemoryStore
from contactledger.store.sql import SqlStore
from contactledger.testing import JoinedStoreSuite, StoreSuite

_SCHEMAS = count()


@pytest.fixture
def schema() -> str:
    """A schema that no other test has: it is made by the store."""
    return f"test_{next(_SCHEMAS)}"


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


class TestSqliteInAHostsConnection(JoinedStoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path):
        engine = create_engine(f"sqlite:///{tmp_path}/host.db")
        with engine.connect() as connection:
            yield SqlStore.open(connection)
        engine.dispose()


class TestPostgres(StoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, schema: str):
        store = SqlStore.open(postgres_url, schema=schema)
        yield store
        store.close()


class TestPostgresInAHostsConnection(JoinedStoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, schema: str):
        engine = create_engine(postgres_url)
        with engine.connect() as connection:
            yield SqlStore.open(connection, schema=schema)
        engine.dispose()


class TestPostgresInAHostsSession(JoinedStoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, schema: str):
        engine = create_engine(postgres_url)
        with Session(engine) as session:
            yield SqlStore.open(session, schema=schema)
        engine.dispose()
