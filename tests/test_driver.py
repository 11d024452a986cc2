"""What is sent to PostgreSQL together, and what is copied: the errors of either, on a real one."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, event

from contactledger import Ledger
from contactledger.errors import StoreError, StoreMissing
from contactledger.store.combining import only_if, rows_in, said_once
from contactledger.store.driver import Driver
from contactledger.store.statements import Copy
from tests.hosting import database
from tests.ledgers import SMITH, mail, two_sides


@pytest.fixture
def driver(postgres_url):
    """A driver with a table of numbers and words, in a transaction that is taken back."""
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE thing (no int PRIMARY KEY, word text)")
        yield Driver(connection)
    engine.dispose()


INSERT = "INSERT INTO thing (no, word) VALUES (%s, %s)"
COPY = Copy("COPY thing (no, word) FROM STDIN (FORMAT binary)", ("int4", "text"))


def insert_later(driver, numbers):
    for no in numbers:
        driver.later(INSERT, (no, "secret"))
    driver.now()


def there(driver):
    return driver.rows("SELECT no, word FROM thing ORDER BY no")


def test_an_insert_of_one_row_is_made_one_of_several():
    assert rows_in("INSERT INTO t (a, b) VALUES (?, ?)", 1) == "INSERT INTO t (a, b) VALUES (?, ?)"
    text = "INSERT INTO t (a, b) VALUES (%s, %s) ON CONFLICT (a) DO UPDATE SET b = excluded.b"
    tail = " ON CONFLICT (a) DO UPDATE SET b = excluded.b"
    assert rows_in(text, 3) == f"INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s), (%s, %s){tail}"


def test_an_update_and_inserts_are_made_one_statement_with_each_value_once():
    marked = ("INSERT INTO t (a, b) VALUES (%s, %s) ON CONFLICT DO NOTHING", 2)
    once, places = said_once(["x", 1, "x", b"z", 1, "x"])
    assert (once, places) == (["x", 1, b"z"], (1, 2, 1, 3, 2, 1))
    assert only_if("UPDATE h SET n = %s WHERE a = %s", (marked,), places) == (
        "WITH done AS (UPDATE h SET n = $1 WHERE a = $2 RETURNING 1), "
        "part0 AS (INSERT INTO t (a, b) SELECT given.* FROM done, "
        "(VALUES ($1, $3), ($2, $1)) AS given ON CONFLICT DO NOTHING) SELECT 1 FROM done"
    )


def test_a_few_rows_go_in_one_statement(driver):
    driver.few(INSERT, [(1, "a"), (2, "b"), (3, "c")])
    driver.few(INSERT, [(4, "d")])
    driver.few(INSERT, [])
    assert there(driver) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]


def test_what_waits_is_there_for_the_next_question(driver):
    driver.later(INSERT, (1, "a"))
    driver.few(INSERT, [(2, "b"), (3, "c")])
    assert there(driver) == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.parametrize("last", [False, True])
def test_an_error_of_what_was_sent_together_comes_out_as_one_of_the_tree(driver, last):
    numbers = [1, 1, *([] if last else range(2, 300))]
    with pytest.raises(StoreError) as caught:
        insert_later(driver, numbers)
    error = caught.value
    assert str(error) == "a row with this key is there already"
    assert (error.__cause__, error.__context__) == (None, None)


def test_text_that_cannot_be_stored_is_said_though_it_was_sent_together(driver):
    driver.later(INSERT, (1, "\ud800"))
    with pytest.raises(StoreError, match="holds text that cannot be stored"):
        driver.now()


def test_copying_says_no_where_a_key_is_there_and_nothing_is_changed(driver):
    driver.run(INSERT, (2, "there"))
    assert driver.copied(COPY, [(1, "a"), (2, "b")]) is False
    assert there(driver) == [(2, "there")]
    assert driver.copied(COPY, [(1, "a"), (3, "c")]) is True
    assert there(driver) == [(1, "a"), (2, "there"), (3, "c")]


def test_copying_raises_whatever_else_is_wrong(driver):
    with pytest.raises(StoreMissing):
        driver.copied(Copy("COPY nothing FROM STDIN", ("int4", "text")), [(1, "a")])


def test_several_questions_go_out_with_what_waits_and_each_has_its_answer(driver):
    driver.later(INSERT, (1, "a"))
    ask = "SELECT no, word FROM thing WHERE no > %s ORDER BY no"
    assert driver.answers([(ask, (0,)), (ask, (1,))]) == [[(1, "a")], []]
    assert driver.answers([]) == []


def test_commit_goes_along_with_what_waits(postgres_url):
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, engine.connect() as other:
        driver, sees = Driver(connection), Driver(other)
        driver.run("CREATE TABLE waited (no int)")
        driver.commit()  # nothing waits
        driver.later("BEGIN")
        driver.later("INSERT INTO waited VALUES (1)")
        assert sees.rows("SELECT no FROM waited") == []
        driver.commit()
        assert sees.rows("SELECT no FROM waited") == [(1,)]
        driver.run("DROP TABLE waited")
    engine.dispose()


@contextmanager
def traced(url, path):
    """A ledger on one connection whose messages libpq writes down; gives how many round
    trips there were since it was asked last."""
    engine = create_engine(url, pool_size=1, max_overflow=0)
    file = path.open("wb")
    event.listen(engine, "connect", lambda raw, _: raw.pgconn.trace(file.fileno()))

    def trips():
        with engine.connect() as connection:
            connection.connection.driver_connection.pgconn.untrace()
            lines = path.read_text("utf-8", "replace").splitlines()
            file.truncate(0)
            connection.connection.driver_connection.pgconn.trace(file.fileno())
        sent = [line.split("\t")[3] for line in lines if "\tF\t" in line]
        return sum(message.startswith(("Sync", "Query")) for message in sent)

    with Ledger.open(engine, recorder="acme") as ledger:
        yield ledger, trips
    engine.dispose()
    file.close()


def test_a_recording_is_one_round_trip_where_nobody_else_wrote_and_two_where_somebody_did(
    postgres_url, tmp_path
):
    with database(postgres_url) as url, traced(url, tmp_path / "trace") as (ledger, trips):
        ledger.record(SMITH, *two_sides())
        ledger.record(SMITH, mail(key="first"))  # now the account's name is remembered
        trips()
        counted = []
        for number in range(4):
            ledger.record(SMITH, mail(key=f"k-{number}"))
            counted.append(trips())
        assert counted == [2, 2, 1, 1]
        with Ledger.open(url, recorder="acme") as other:
            other.record(SMITH, mail(key="k-4"))
        ledger.record(SMITH, mail(key="k-5"))
        assert trips() == 3  # guessed wrong once
        ledger.record(SMITH, mail(key="k-6"))
        assert trips() == 2
        ledger.record(SMITH, *(mail(key=f"b-{number}") for number in range(40)))
        assert trips() > 2
        assert ledger.check() == 55
