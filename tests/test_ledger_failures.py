"""What a ledger does when its database does not: one clear error, and nothing is lost."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import create_engine

from contactledger.errors import (
    BadInput,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    WrongLayout,
)
from contactledger.ledger import Ledger
from contactledger.store.port import LAYOUT
from contactledger.store.sql import SqlStore
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, audit, in_file, mail, sql


@pytest.fixture
def path(tmp_path):
    """A file with a ledger of seven entries in it."""
    ledger, _, path = in_file(tmp_path)
    ledger.close()
    return path


def opened(where, **more):
    return Ledger.open(where, recorder="acme", clock=FixedClock(), **more)


def intact(path, count=7):
    with opened(f"sqlite:///{path}") as ledger:
        assert ledger.check() == audit(ledger, SMITH) == count


def test_a_missing_database_is_said_to_be_missing(tmp_path, path):
    for where in ("none.db", "folder/none.db"):
        with pytest.raises(StoreMissing):
            opened(f"sqlite:///{tmp_path}/{where}", create=False)
    with pytest.raises(StoreMissing):
        opened(f"sqlite:///{tmp_path}/folder/none.db")
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".db") == [path.name]


def test_what_is_no_address_of_a_database_is_refused(tmp_path):
    for where in ("contacts.db", "mysql://x/y", "sqlite://"):
        with pytest.raises(BadInput):
            opened(where)


def test_a_locked_database_is_busy_and_can_be_read(path):
    other = sqlite3.connect(path, isolation_level=None)
    store = SqlStore.open(f"sqlite:///{path}", timeout_seconds=0.05)
    with opened(store) as ledger:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            ledger.record(SMITH, mail())
        assert ledger.check() == 7
        other.execute("ROLLBACK")
        ledger.record(SMITH, mail())
        assert ledger.check() == audit(ledger, SMITH) == 8
    other.close()


def test_a_full_disk_loses_the_batch_and_nothing_before_it(path):
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        connection.rollback()
    ledger = opened(engine)  # the pool gives the same connection, with its limit
    before = ledger.entries(SMITH)
    with pytest.raises(StoreFull):
        ledger.record(SMITH, *[mail(about="x" * 2_000) for _ in range(50)])
    assert ledger.entries(SMITH) == before
    assert ledger.check() == 7
    engine.dispose()
    intact(path)


def test_a_read_only_file_can_be_read_and_not_written(path):
    where = f"sqlite:///file:{path}?mode=ro&uri=true"
    with opened(where) as ledger, pytest.raises(StoreReadOnly):
        ledger.record(SMITH, mail())
    with Ledger.open(where, recorder=None, clock=FixedClock()) as reader:
        assert reader.check() == len(reader.entries(SMITH)) == 7
    intact(path)


def test_another_layout_is_refused_and_left_alone(path):
    sql(path, "UPDATE contactledger_layout SET layout = ?", LAYOUT + 1)
    with pytest.raises(WrongLayout):
        opened(f"sqlite:///{path}")
    sql(path, "UPDATE contactledger_layout SET layout = ?", LAYOUT)
    intact(path)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear Bob, " * 1_000)
    with pytest.raises(StoreError):
        opened(f"sqlite:///{path}")
    assert path.read_bytes() == b"Dear Bob, " * 1_000


def test_a_ledger_that_another_party_runs_lets_its_database_go(path):
    with pytest.raises(BadInput):
        Ledger.open(f"sqlite:///{path}", recorder="smith")
    intact(path)


def test_two_ledgers_under_two_prefixes_do_not_see_each_other(path):
    with opened(f"sqlite:///{path}", prefix="other_") as other:
        assert other.accounts() == ()
        other.record(SMITH)
        assert (other.check(), len(other.entries(SMITH))) == (2, 2)
    intact(path)
