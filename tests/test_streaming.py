"""Rows that leave as arrays while their sender goes on: on a real PostgreSQL."""

from __future__ import annotations

from random import Random

import attrs
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from contactledger import Ledger
from contactledger.errors import NotFound, StoreError
from contactledger.recording import AT_ONCE, PART
from contactledger.store.arrays import numbers, texts
from contactledger.store.driver import Driver
from contactledger.store.memory import MemoryStore
from contactledger.store.sql import SqlTransaction
from contactledger.store.statements import Unfold, statements
from contactledger.testing import FixedClock
from tests.hosting import database
from tests.ledgers import SMITH, mail, two_sides
from tests.test_same_bytes import everything

UNFOLD = Unfold(
    "INSERT INTO thing (no, account, word, data) SELECT no, %s, word, data "
    "FROM unnest(%b, %b, %b) AS given (no, word, data)",
    1,
    ((0, "bigint"), (2, "text"), (3, "bytea")),
)


@pytest.fixture
def url(postgres_url):
    with database(postgres_url) as url:
        yield url


@pytest.fixture
def driver(postgres_url):
    """A driver with a table, in a transaction that is taken back."""
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE thing "
            "(no bigint PRIMARY KEY, account text, word text, data bytea)"
        )
        yield Driver(connection)
    engine.dispose()


def thing(no: int) -> tuple[int, str, str, bytes]:
    return (no, "a", "w" * no, b"\0" * no)


def there(driver) -> list[int]:
    return [no for (no,) in driver.rows("SELECT no FROM thing ORDER BY no")]


# --- the arrays --------------------------------------------------------------------------------

WORDS = st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=300)
ROWS = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1), WORDS, st.binary(max_size=5_000)),
    min_size=1,
    max_size=50,
    unique_by=lambda row: row[0],
)


@given(ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_sent_as_arrays_is_what_is_stored(driver, rows):
    driver.ahead(UNFOLD, [(no, "acme", word, data) for no, word, data in rows])
    found = driver.rows("DELETE FROM thing RETURNING no, account, word, data")
    assert sorted(found) == sorted((no, "acme", word, data) for no, word, data in rows)


def test_a_length_is_the_same_whether_it_is_kept_or_not():
    long = ["x" * 65_535, "", "y" * 4_095]
    again = [texts(long), texts(long)]
    assert again[0] == again[1]
    assert len(again[0]) == 20 + 3 * 4 + 65_535 + 4_095


def test_what_an_array_cannot_hold_is_refused(driver):
    with pytest.raises(OverflowError):
        numbers([2**63])
    with pytest.raises(StoreError, match="holds text that cannot be stored"):
        driver.ahead(UNFOLD, [(1, "a", "Jürgen", b"")])
    assert there(driver) == []


# --- the driver --------------------------------------------------------------------------------


def test_what_left_before_is_there_for_the_next_question(driver):
    driver.later("INSERT INTO thing (no) VALUES (%s)", (1,))
    driver.ahead(UNFOLD, [thing(2), thing(3)])
    driver.later("INSERT INTO thing (no) VALUES (%s)", (4,))
    driver.ahead(UNFOLD, [thing(5)])
    assert there(driver) == [1, 2, 3, 4, 5]
    driver.ahead(UNFOLD, [thing(6)])
    driver.run("DELETE FROM thing WHERE no < %s", (6,))
    assert there(driver) == [6]


@pytest.mark.parametrize("parts", [1, 2, 40])
def test_an_error_comes_with_what_follows_and_is_the_first_that_there_was(driver, parts):
    def send():
        for _ in range(parts):
            driver.ahead(UNFOLD, [thing(1)])
        driver.now()

    driver.run("INSERT INTO thing (no) VALUES (%s)", (1,))
    with pytest.raises(StoreError) as caught:
        send()
    assert str(caught.value) == "a row with this key is there already"
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_at_the_end_nobody_asks_whether_it_went_well(driver):
    driver.run("SAVEPOINT before")
    driver.ahead(UNFOLD, [thing(1), thing(1)])
    driver.end()
    driver.run("ROLLBACK TO SAVEPOINT before")
    assert there(driver) == []


def test_commit_goes_along_with_what_left_before(postgres_url):
    with database(postgres_url) as url:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection, engine.connect() as other:
            driver, sees = Driver(connection), Driver(other)
            driver.run("CREATE TABLE thing (no bigint, account text, word text, data bytea)")
            driver.later("BEGIN")
            driver.ahead(UNFOLD, [thing(1)])
            assert there(sees) == []
            driver.commit()
            assert there(sees) == [1]
        engine.dispose()


# --- recordings --------------------------------------------------------------------------------


def opened(place) -> Ledger:
    """The same clock and the same random numbers wherever it is."""
    drawn = Random(9)
    return Ledger.open(place, recorder="acme", clock=FixedClock(), random_bytes=drawn.randbytes)


def sizes(monkeypatch) -> list[int]:
    """How many entries were handed over at a time."""
    found = []
    append = SqlTransaction.append

    def watched(self, batch):
        found.append(len(batch.entries))
        append(self, batch)

    monkeypatch.setattr(SqlTransaction, "append", watched)
    return found


MANY = [mail(f"m{n}", about=f"Mail {n}") for n in range(3 * PART)]


def test_a_large_batch_goes_in_parts_and_the_bytes_are_those_of_one(url, monkeypatch, tmp_path):
    handed = sizes(monkeypatch)
    places = {"memory": MemoryStore(), "file": f"sqlite:///{tmp_path}/c.db", "server": url}
    stored, batches = {}, {}
    for name, place in places.items():
        with opened(place) as ledger:
            ledger.record(SMITH, *two_sides())
            handed.clear()
            ledger.record(SMITH, *MANY, mail("m0", about="Mail 0"), mail("last"))
            batches[name] = handed.copy()
            assert ledger.check()
            with ledger._store.begin(write=False) as tx:
                stored[name] = everything(tx)
    assert batches == {"memory": [], "file": [3 * PART + 1], "server": [PART, PART, PART, 1]}
    assert stored["server"] == stored["file"] == stored["memory"]


def test_a_fact_that_is_refused_late_takes_the_parts_before_it_back(url):
    with opened(url) as ledger:
        ledger.record(SMITH, *two_sides())
        size = len(ledger.entries(SMITH))
        wrong = attrs.evolve(mail("wrong"), sender="nobody")
        with pytest.raises(NotFound, match="fact 193"):
            ledger.record(SMITH, *MANY, wrong)
        assert len(ledger.entries(SMITH)) == size
        ledger.record(SMITH, *MANY)  # over the same connection
        assert len(ledger.entries(SMITH)) == size + len(MANY)
        assert ledger.check()


def test_a_host_is_answered_step_by_step_and_can_take_all_of_it_back(url, monkeypatch):
    handed = sizes(monkeypatch)
    with opened(url) as ledger:
        ledger.record(SMITH, *two_sides())
    engine = create_engine(url)
    with engine.connect() as connection, opened(connection) as joined:
        joined.record(SMITH, *MANY)
        assert handed[-1] == len(MANY)
        connection.rollback()
    engine.dispose()
    with opened(url) as ledger:
        assert len(ledger.entries(SMITH)) == 2 + len(two_sides())


def test_a_server_process_that_ends_in_between_costs_nothing(url, monkeypatch):
    ended = []
    append = SqlTransaction.append

    def ending(self, batch):
        append(self, batch)
        if len(ended) < 2:  # tries of three
            pid = self._driver.raw.info.backend_pid
            with psycopg.connect(server, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
            ended.append(pid)

    with opened(url) as ledger:
        ledger.record(SMITH, *two_sides())
        server = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        monkeypatch.setattr(SqlTransaction, "append", ending)
        entries = ledger.record(SMITH, *MANY)
        assert [entry.no for entry in entries] == [*range(7, 7 + len(MANY))]
        assert ledger.entries(SMITH)[7:] == entries
        assert len(set(ended)) == 2
        assert ledger.check()


def refuse(url, like) -> None:
    """From now on the database refuses to take disclosures by such a statement."""
    make = f"""
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_query() LIKE '{like}' THEN
        RAISE feature_not_supported USING MESSAGE = 'not here';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER refuses BEFORE INSERT ON contactledger_disclosure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse();
    """
    server = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server) as connection:
        connection.execute(make)


def test_a_database_that_takes_no_arrays_gets_the_rows_by_copy(url, monkeypatch):
    with opened(url) as ledger:
        ledger.record(SMITH, *two_sides())
        refuse(url, "%unnest%")
        handed = sizes(monkeypatch)
        ledger.record(SMITH, *MANY)
        assert handed[-1] == len(MANY)
        handed.clear()
        ledger.record(SMITH, *[mail(f"n{n}") for n in range(2 * AT_ONCE)])
        assert handed == [2 * AT_ONCE]
        assert ledger.check()


def test_a_database_that_refuses_either_says_so(url):
    with opened(url) as ledger:
        ledger.record(SMITH, *two_sides())
        refuse(url, "%")
        with pytest.raises(StoreError, match="FeatureNotSupported 0A000") as caught:
            ledger.record(SMITH, *MANY)
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)
        assert len(ledger.entries(SMITH)) == 2 + len(two_sides())


def test_the_account_stands_once_in_a_statement_and_all_else_is_an_array():
    many = statements("contactledger_", None, "%s").many_lookups
    assert many.unfold.text.startswith(
        'INSERT INTO "contactledger_lookup" (ref, account, id, no, kind) '
        "SELECT ref, %s, id, no, kind FROM unnest(%b, %b, %b, %b) AS given (ref, id, no, kind)"
    )
    assert many.unfold.account == 1
    assert many.unfold.arrays == ((0, "bytea"), (2, "text"), (3, "bigint"), (4, "text"))


def test_it_is_the_same_where_a_host_binds_values_by_itself(url, monkeypatch):
    engine = create_engine(url, connect_args={"cursor_factory": psycopg.ClientCursor})
    with opened(url) as ledger:
        ledger.record(SMITH, *two_sides())
    handed = sizes(monkeypatch)
    with opened(engine) as ledger:
        ledger.record(SMITH, *MANY)
        assert handed == [PART, PART, PART]
        assert ledger.check()
    engine.dispose()
