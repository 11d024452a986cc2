"""One history in memory, in SQLite and in PostgreSQL: every stored byte is the same, and every
finding, and the bundles."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from contactledger import Ledger, MemoryStore
from contactledger.store.port import Transaction
from contactledger.store.sealing import LEDGER_LOG, SLOTS
from contactledger.store.sql import SqlStore
from contactledger.store.tables import tables
from tests.hosting import database
from tests.ledgers import SMITH
from tests.playing import JONES, Played, playing

LEVELS = range(33)


def everything(tx: Transaction) -> dict[str, Any]:
    """All that a store's port gives, of any store."""
    accounts = [head.account for head in tx.heads()]
    kept: dict[str, Any] = {
        "ledger": tx.ledger(),
        "heads": tx.heads(),
        "inbox": tx.inbox(),
        "sealed": list(tx.sealed()),
        "checkpoints": tx.checkpoints(),
        "slots": tx.slots_from(),
        "unsealed": tx.unsealed(),
    }
    for name in (SLOTS, LEDGER_LOG):
        places = [(level, index) for level in LEVELS for index in range(12)]
        kept[f"tree {name}"] = tx.tree(name, places)
    for account in accounts:
        kept[account] = {
            "entries": list(tx.entries(account)),
            "disclosures": list(tx.disclosures(account)),
            "nodes": [tx.nodes(account, level, 0, 400) for level in LEVELS],
            "given": tx.given(account),
            "receipts": tx.receipts(account),
        }
    return kept


def rows(url: str, schema: str | None) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as SQL gives it."""
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        for name, table in tables("contactledger_", schema).metadata.tables.items():
            keys = [table.c[column.name] for column in table.primary_key]
            some = connection.execute(select(table).order_by(*keys)).all()
            found[name.rpartition(".")[2]] = [tuple(row) for row in some]
    engine.dispose()
    return found


def read(played: Played) -> dict[str, Any]:
    """What is stored, what is judged, and what goes out."""
    reader = played.at("writer")
    with reader._store.begin(write=False) as tx:
        stored = everything(tx)
    return {
        "stored": stored,
        "entries": {name: reader.entries(name) for name in reader.accounts()},
        "findings": {name: reader.findings(name) for name in reader.accounts()},
        "standing": [reader.standing(name) for name in reader.accounts()],
        "report": [reader.report(name).html() for name in reader.accounts()],
        "bundles": [
            played.bundle(SMITH),
            played.bundle(JONES),
            played.bundle(JONES, entries=[3, "later"]),
            played.bundle(JONES, originals=False),
        ],
        "checked": reader.check(),
    }


@pytest.fixture(scope="module")
def places(tmp_path_factory, request):
    """Where each store is, and its schema: SQLite, PostgreSQL, PostgreSQL behind a schema."""
    folder = tmp_path_factory.mktemp("same")
    server = request.getfixturevalue("postgres_url")
    with database(server) as url, database(server) as other:
        yield {
            "sqlite": (f"sqlite:///{folder}/contacts.db", None),
            "postgres": (url, None),
            "postgres, a schema": (other, "evidence"),
        }


def _in_memory(store: MemoryStore, _: str, **how: Any) -> Ledger:
    return Ledger.open(store, **how)


def _in_database(place: tuple[str, str | None], _: str, **how: Any) -> Ledger:
    return Ledger.open(place[0], schema=place[1], **how)


@pytest.fixture(scope="module")
def everywhere(places, tmp_path_factory):
    """What was read of each store after the history."""
    folder = tmp_path_factory.mktemp("keys")
    openers = {"memory": partial(_in_memory, MemoryStore())}
    openers |= {name: partial(_in_database, place) for name, place in places.items()}
    found = {}
    for name, opened in openers.items():
        with playing(opened, folder / name) as played:
            played.story()
            found[name] = read(played)
    return found


DATABASES = pytest.mark.parametrize("name", ["sqlite", "postgres", "postgres, a schema"])


def test_the_history_has_something_of_every_table(places, everywhere):
    found = rows(*places["sqlite"])
    assert {name for name, some in found.items() if not some} == set()
    assert len(everywhere["memory"]["entries"][SMITH]) > 300
    assert everywhere["memory"]["checked"] > 310


@DATABASES
def test_every_stored_byte_is_the_same(everywhere, name):
    stored = everywhere[name]["stored"]
    for what, kept in everywhere["memory"]["stored"].items():
        assert stored[what] == kept, what
    assert len(stored) == len(everywhere["memory"]["stored"])


@DATABASES
@pytest.mark.parametrize(
    "what", ["entries", "findings", "standing", "report", "bundles", "checked"]
)
def test_what_is_read_judged_and_handed_out_is_the_same(everywhere, name, what):
    assert everywhere[name][what] == everywhere["memory"][what]


@DATABASES
def test_the_rows_of_the_tables_are_the_same(places, everywhere, name):
    expected = rows(*places["sqlite"])
    for table, some in rows(*places[name]).items():
        assert some == expected[table], table


def test_a_ledger_goes_on_in_another_database_with_the_same_rows(places, everywhere, tmp_path):
    """Rows copied as they are from one kind of database into the other are the ledger."""
    url = f"sqlite:///{tmp_path}/copied.db"
    SqlStore.open(url).close()
    engine = create_engine(url)
    copied = tables("contactledger_", None).metadata.tables
    with engine.begin() as connection:
        connection.execute(copied["contactledger_layout"].delete())
        for name, some in rows(*places["postgres"]).items():
            columns = copied[name].columns.keys()
            connection.execute(
                copied[name].insert(), [dict(zip(columns, row, strict=True)) for row in some]
            )
    engine.dispose()
    with Ledger.open(url, recorder="acme") as ledger:
        assert ledger.check() == everywhere["memory"]["checked"]
        assert ledger.entries(SMITH) == everywhere["memory"]["entries"][SMITH]
