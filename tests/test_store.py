"""Every store passes the one suite; and what is particular to the SQL store."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from contactledger.store.memory import MemoryStore
from contactledger.store.sql import SqlStore
from contactledger.testing import JoinedStoreSuite, StoreSuite


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
