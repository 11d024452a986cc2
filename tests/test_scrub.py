"""Scrubbing: what was erased is in no table, and then in no file of the database either."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from contactledger.errors import BadFact
from contactledger.facts import Fact, Message, Preference, Signal
from contactledger.ledger import Ledger
from contactledger.scrubbing import NOT_YET, Erasure, ErasureState
from contactledger.store import scrub
from contactledger.store.driver import Driver
from contactledger.store.memory import MemoryStore
from contactledger.store.port import InboxRow
from contactledger.store.sql import SqlStore
from contactledger.store.tables import tables
from contactledger.testing import NOON, FixedClock
from tests.ledgers import SMITH, editing, mail, two_sides

FORMAT = Path(__file__).resolve().parents[1] / "docs" / "format.md"
MARKS = ("bob@smith.example", "Bob Ray", "Bobs bad day", "bobs-key", "raw: text for Bob")
PATIENCE_SECONDS = 0.3


def classified() -> tuple[set[str], set[str]]:
    """The tables of `docs/format.md` section 7: with something erasable in them, and without."""
    section = FORMAT.read_text("utf-8").split("## 7.")[1].split("## 8.")[0]
    erasable, not_erasable = section.split("In every other table")
    first_cells = [
        re.findall(r"^\|([^|]*`[^|]*)\|", part, re.MULTILINE) for part in (erasable, not_erasable)
    ]
    with_it, without = (
        {n for c in cells for n in re.findall("`(.*?)`", c)} for cells in first_cells
    )
    return with_it, without


def test_every_table_of_the_layout_is_on_the_list_once():
    erasable, not_erasable = classified()
    layout = set(tables("", None).metadata.tables)
    assert erasable | not_erasable == layout
    assert erasable & not_erasable == set()


def test_the_tables_that_are_rewritten_are_the_erasable_ones_of_the_list(tmp_path):
    store = SqlStore.open(f"sqlite:///{tmp_path}/contacts.db")
    names = {name.strip('"').removeprefix("contactledger_") for name in store._statements.erasable}
    store.close()
    assert names == classified()[0]


def play(ledger: Ledger, rounds: int = 60) -> list[str]:
    """Bob everywhere, among others; his texts, and pieces of his disclosures as stored."""
    ledger.record(SMITH, *two_sides())
    facts: list[Fact] = []
    for no in range(rounds):
        text = f"Bobs bad day {no} " * (1 + no * 7 % 90)
        facts += [
            mail(f"bobs-key-{no}", about=text[:400], message=Message(text=text)),
            mail(f"carlas-{no}", to="carla", about=f"Carlas good day {no} " * (1 + no * 5 % 60)),
            Signal(f"bobs-key-{no}", "bounced", person="bob", address="bob@smith.example"),
            mail(original=b"raw: text for Bob " * (1 + no * 11 % 900)),
        ]
    for start in range(0, len(facts), 24):
        ledger.record(SMITH, *facts[start : start + 24])
    ledger.record(SMITH, Preference("bob", preferred="phone", source="bob@smith.example"))
    with ledger._store.begin(write=True) as tx:
        body = b'[{"email": "bob@smith.example", "event": "open"}]'
        tx.inbox_put(InboxRow("i" * 26, NOON, "x", "none", "done", "", 1, b"{}", body))
        (account,) = (head.account for head in tx.heads())
        bob = ledger.entries(SMITH)[5].id
        bodies = [row.body for row in tx.disclosures(account) if row.person == bob]
    assert len(bodies) > 3 * rounds
    # each begins with its salt; what is long lies in several pages
    return [*MARKS, *(body[:48] for body in bodies), *(body[-48:] for body in bodies)]


def found(folder: Path, texts: list[str]) -> set[str]:
    """Which of these texts lie in any file of a folder, in the raw bytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    everything = b"\n".join(file.read_bytes() for file in files)
    return {text for text in texts if text.encode() in everything}


def open_at(target: Any, **options: Any) -> Ledger:
    store = SqlStore.open(target, timeout_seconds=PATIENCE_SECONDS, **options)
    return Ledger.open(store, recorder="acme", clock=FixedClock())


@pytest.fixture
def ledger(tmp_path) -> Iterator[Ledger]:
    (tmp_path / "db").mkdir()
    with open_at(f"sqlite:///{tmp_path}/db/contacts.db") as made:
        yield made


def test_after_scrubbing_the_erased_bytes_are_in_no_file_of_sqlite(ledger, tmp_path):
    texts = play(ledger)
    made = ledger.redact(SMITH, person="bob")
    assert ledger.erasures(SMITH) == (Erasure(SMITH, made.no, ErasureState.RECORDED, NOT_YET),)
    begun = [text for text in texts if text.startswith("WyJ")]  # as [salt, … begins
    assert found(tmp_path, begun) == set(begun)  # the write-ahead log has them all
    (erasure,) = ledger.scrub()
    assert erasure == Erasure(SMITH, made.no, ErasureState.SCRUBBED, scrub.BACKUPS)
    assert sorted(file.name for file in (tmp_path / "db").iterdir()) == [
        "contacts.db",
        "contacts.db-shm",
        "contacts.db-wal",
    ]
    assert found(tmp_path, texts) == set()
    assert ledger.erasures(SMITH) == (Erasure(SMITH, made.no, ErasureState.SCRUBBED, ""),)
    assert ledger.scrub() == ()
    assert ledger.check() > 240
    assert [e.fact.about for e in ledger.entries(SMITH) if e.no == 8] == ["Carlas good day 0 "]


def test_truncating_the_write_ahead_log_alone_leaves_remains_in_the_pages(ledger, tmp_path):
    """Why `scrub` rewrites the file: secure_delete overwrites a cell that is deleted, but not
    the copies that splitting pages left behind."""
    texts = play(ledger, rounds=150)
    ledger.redact(SMITH, person="bob")
    with editing(tmp_path / "db" / "contacts.db") as database:
        assert database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall() == [(0, 0, 0)]
    assert found(tmp_path, texts) != set()
    ledger.scrub()
    assert found(tmp_path, texts) == set()


def test_while_somebody_reads_the_state_is_recorded_and_says_why(ledger, tmp_path):
    texts = play(ledger, rounds=3)
    reader = sqlite3.connect(tmp_path / "db" / "contacts.db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM contactledger_entry").fetchall() == [(20,)]
    made = ledger.redact(SMITH, person="bob")
    recorded = Erasure(SMITH, made.no, ErasureState.RECORDED, scrub.READERS)
    assert ledger.scrub() == (recorded,)
    reader.close()
    assert [erasure.state for erasure in ledger.scrub()] == [ErasureState.SCRUBBED]
    assert found(tmp_path, texts) == set()


def test_while_somebody_writes_the_state_is_recorded_and_says_why(ledger, tmp_path):
    play(ledger, rounds=1)
    ledger.redact(SMITH, person="bob")
    writer = sqlite3.connect(tmp_path / "db" / "contacts.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    (erasure,) = ledger.scrub()
    assert (erasure.state, erasure.why) == (
        ErasureState.RECORDED,
        "somebody else holds the database for longer than the timeout",
    )
    writer.close()
    assert [erasure.state for erasure in ledger.scrub()] == [ErasureState.SCRUBBED]


def test_a_scrub_that_fails_leaves_the_timeout_of_the_connection_as_it_was(ledger, tmp_path):
    play(ledger, rounds=1)
    ledger.redact(SMITH, person="bob")
    writer = sqlite3.connect(tmp_path / "db" / "contacts.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    ledger.scrub()
    writer.close()
    with ledger._store._connections.begin(write=False) as connection:
        assert Driver(connection).rows("PRAGMA busy_timeout") == [(300,)]


def test_the_file_is_rewritten_with_a_small_cache_and_the_connection_keeps_its_own(ledger):
    said: list[str] = []
    store: Any = ledger._store
    with store._connections.begin(write=False) as connection:
        raw = connection.connection.driver_connection
    raw.set_trace_callback(said.append)
    ledger.scrub()
    raw.set_trace_callback(None)
    cache = [text for text in said if "cache_size =" in text or text == "VACUUM"]
    assert cache == [
        f"PRAGMA cache_size = {scrub.VACUUM_CACHE}",
        "VACUUM",
        "PRAGMA cache_size = -16000",
    ]


def test_several_redactions_are_scrubbed_at_once_and_each_account_is_named(ledger):
    for account in (SMITH, "jones-cars"):
        ledger.record(account, *two_sides())
    first = ledger.redact(SMITH, person="bob")
    second = ledger.redact("jones-cars", person="carla", fields=["phone"])
    third = ledger.redact("jones-cars")
    assert {(e.account, e.entry_no, e.state) for e in ledger.scrub()} == {
        (SMITH, first.no, ErasureState.SCRUBBED),
        (third.account, second.no, ErasureState.SCRUBBED),
        (third.account, third.no, ErasureState.SCRUBBED),
    }  # the account without its name is named by its id


def test_inside_a_hosts_transaction_nothing_can_be_scrubbed(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    with Session(engine) as session, Ledger.open(session, recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
        ledger.redact(SMITH, person="bob")
        (erasure,) = ledger.scrub()
        assert (erasure.state, erasure.why) == (ErasureState.RECORDED, scrub.HOSTS)
        session.commit()
    with Ledger.open(engine, recorder="acme") as ledger:
        assert [e.state for e in ledger.scrub()] == [ErasureState.SCRUBBED]
    engine.dispose()
    assert found(tmp_path, list(MARKS)) == set()


def test_a_hosts_engine_without_secure_delete_is_scrubbed_as_well(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db", poolclass=NullPool)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA secure_delete = OFF"))
    with open_at(engine) as ledger:
        texts = play(ledger, rounds=20)
        ledger.redact(SMITH, person="bob")
        assert found(tmp_path, texts) != set()
        assert [e.state for e in ledger.scrub()] == [ErasureState.SCRUBBED]
    assert found(tmp_path, texts) == set()


def test_a_journal_that_is_kept_is_said(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db", poolclass=NullPool)
    event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA journal_mode = PERSIST"))
    with open_at(engine) as ledger:
        ledger.record(SMITH, *two_sides())
        ledger.redact(SMITH, person="bob")
        assert [(e.state, e.why) for e in ledger.scrub()] == [
            (ErasureState.RECORDED, scrub.PERSISTS)
        ]


def test_a_store_in_memory_has_no_files_to_scrub():
    with Ledger.open(MemoryStore(), recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
        ledger.redact(SMITH, person="bob")
        assert [e.state for e in ledger.scrub()] == [ErasureState.SCRUBBED]


def test_a_database_that_is_gone_is_said(tmp_path):
    store = SqlStore.open(f"sqlite:///{tmp_path}/contacts.db")
    store.close()
    engine = create_engine(f"sqlite:///{tmp_path}/none/contacts.db")
    assert scrub.scrub(engine, (), 0.1) == (
        False,
        "the database file, or its folder, is not there or cannot be opened",
    )


def test_a_pool_that_is_used_up_is_said(tmp_path):
    url = f"sqlite:///{tmp_path}/contacts.db"
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    with engine.connect():
        found = scrub.scrub(engine, (), 0.1)
    assert found == (False, "all connections to the database are in use")
    engine.dispose()


def test_a_ledger_opened_for_reading_scrubs_nothing(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/contacts.db", recorder="acme"):
        pass
    reading = Ledger.open(f"sqlite:///{tmp_path}/contacts.db", recorder=None)
    with reading, pytest.raises(BadFact, match="opened for reading"):
        reading.scrub()


# --- PostgreSQL --------------------------------------------------------------------------------


@pytest.fixture
def on_postgres(postgres_url) -> Iterator[tuple[Ledger, Any]]:
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS scrubbed CASCADE")
    with open_at(engine, schema="scrubbed") as made:
        yield made, engine
    engine.dispose()


def test_after_scrubbing_the_erased_bytes_are_in_no_table_file_of_postgres(
    on_postgres, postgres_url
):
    ledger, engine = on_postgres
    texts = play(ledger)
    (folder,) = parse_qs(urlsplit(postgres_url).query)["host"]
    base = Path(folder) / "data" / "base"
    made = ledger.redact(SMITH, person="bob")
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
    # long bodies are compressed by PostgreSQL, so only the short ones can be looked for
    assert len(found(base, texts)) > 60
    assert ledger.scrub() == (Erasure(SMITH, made.no, ErasureState.SCRUBBED, scrub.SERVER),)
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
    assert found(base, texts) == set()
    assert ledger.check() > 240
    assert ledger.scrub() == ()


def test_a_transaction_that_began_before_keeps_postgres_from_scrubbing(on_postgres, postgres_url):
    ledger, engine = on_postgres
    ledger.record(SMITH, *two_sides())
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as old:
        old.exec_driver_sql("SELECT 1")
        ledger.redact(SMITH, person="bob")
        assert [(e.state, e.why) for e in ledger.scrub()] == [(ErasureState.RECORDED, scrub.SEEN)]
    assert [e.state for e in ledger.scrub()] == [ErasureState.SCRUBBED]


def test_a_reader_that_holds_a_table_is_waited_for_no_longer_than_said(on_postgres):
    ledger, engine = on_postgres
    ledger.record(SMITH, *two_sides())
    ledger.redact(SMITH, person="bob")
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM scrubbed.contactledger_disclosure")
        assert [(e.state, e.why) for e in ledger.scrub()] == [
            (ErasureState.RECORDED, "somebody else holds the database for longer than the timeout")
        ]
    assert [e.state for e in ledger.scrub()] == [ErasureState.SCRUBBED]


def test_a_role_that_may_not_vacuum_is_said(on_postgres):
    ledger, engine = on_postgres
    ledger.record(SMITH, *two_sides())
    ledger.redact(SMITH, person="bob")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS guest")
        connection.exec_driver_sql("CREATE ROLE guest")
    other = create_engine(engine.url, poolclass=NullPool)
    event.listen(other, "connect", lambda raw, _: (raw.execute("SET ROLE guest"), raw.commit()))
    names = ledger._store._statements.erasable
    with engine.begin() as connection:
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA scrubbed TO guest")
    assert scrub.scrub(other, names, PATIENCE_SECONDS) == (False, scrub.NO_OWNER)
    other.dispose()
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY guest")
        connection.exec_driver_sql("DROP ROLE guest")
