"""An account that is as it was left is written from memory; whatever else happened shows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine

from contactledger import Ledger
from contactledger.errors import (
    Archived,
    BadFact,
    Conflict,
    NotFound,
    StoreBusy,
    StoreInDoubt,
)
from contactledger.facts import Alias, Person
from contactledger.store.port import AccountRow, Guessed, LookupRow, SeenRow
from contactledger.store.remembering import ACCOUNTS, PATIENCE, REFERENCES, Memory
from contactledger.store.sql import SqlStore
from contactledger.testing.rows import A, batch_of, entry_row, fill
from tests.campaign.proxy import Proxy
from tests.hosting import database
from tests.ledgers import SMITH, audit, mail, two_sides

PEOPLE = 7
"""Entries of an account with both sides on record: opened, policy, five of them."""


# --- what is remembered ------------------------------------------------------------------------


def head(account: str, size: int) -> AccountRow:
    return AccountRow(account, size, bytes([size]) * 32, None)


def left(memory: Memory, account: str, sizes: range, known=None) -> None:
    """One recording after the other, each finding what the last one left."""
    for size in sizes:
        memory.keep(head(account, size), head(account, size + 1), known or {})


def test_an_account_is_guessed_once_it_was_found_as_it_was_left():
    memory = Memory()
    left(memory, "a", range(1))
    assert memory.guess("a") is None
    left(memory, "a", range(1, 2))
    assert memory.guess("a").head == head("a", 2)
    assert memory.guess("b") is None


def test_an_account_that_others_write_to_is_left_alone_for_a_while():
    memory = Memory()
    left(memory, "a", range(2))
    left(memory, "a", range(5, 5 + PATIENCE))  # somebody wrote three entries
    assert memory.guess("a") is None
    left(memory, "a", range(5 + PATIENCE, 6 + PATIENCE))
    assert memory.guess("a").head == head("a", 6 + PATIENCE)
    memory.doubt("a")
    memory.doubt("unknown")
    assert memory.guess("a") is None


def test_a_database_that_does_not_take_it_is_never_asked_again():
    memory = Memory()
    left(memory, "a", range(2))
    left(memory, "b", range(2))
    memory.doubt("a", able=False)
    memory.doubt("a")
    assert memory.guess("b") is None


def test_look_ups_are_remembered_while_the_account_is_as_it_was_left_and_newest_first():
    memory = Memory()
    memory.keep(head("a", 0), head("a", 1), {b"old": [1], b"none": []})
    memory.keep(head("a", 1), head("a", 2), {b"new": [2]})
    assert memory.guess("a").known == {b"old": [1], b"new": [2]}
    memory.keep(head("a", 2), head("a", 3), {bytes([n]): [n] for n in range(REFERENCES - 1)})
    memory.keep(head("a", 3), head("a", 4), {b"new": []})
    assert list(memory.guess("a").known) == [bytes([n]) for n in range(REFERENCES - 1)]
    left(memory, "a", range(9, 10 + PATIENCE))
    assert memory.guess("a").known == {}


def test_what_is_remembered_is_bounded():
    memory = Memory()
    for number in range(ACCOUNTS + 1):
        left(memory, f"a{number}", range(2))
    assert (memory.guess("a0"), memory.guess("a1").head) == (None, head("a1", 2))
    memory.forget(["a1", "a0"])
    assert memory.guess("a1") is None


# --- in a store --------------------------------------------------------------------------------


OLD, NEW = (LookupRow(ref * 16, A, ref.decode() * 26, 0, "touch") for ref in (b"o", b"n"))
AHEAD = {A: {OLD.ref, NEW.ref}}


@pytest.fixture
def url(postgres_url):
    with database(postgres_url) as url:
        yield url


@contextmanager
def remembering(url):
    """A store that writes account A from memory, which has two entries and one look-up."""
    store = SqlStore.open(url)
    fill(store, A, 1)
    with store.begin(write=True) as tx:
        tx.lock([A], AHEAD)
        tx.append(batch_of(A, [entry_row(1)], lookups=[OLD]))
    with store.begin(write=True) as tx:
        tx.lock([A], AHEAD)
    yield store
    store.close()


def numbers(store) -> list[int]:
    with store.begin(write=False) as tx:
        return [row.no for row in tx.entries(A)]


def test_a_transaction_reads_what_it_wrote_from_memory(url):
    with remembering(url) as store, store.begin(write=True) as tx:
        assert tx.lock([A], AHEAD)[A].size == 2
        assert tx.guesses
        assert tx.find([NEW.ref, OLD.ref], A) == [OLD]
        tx.append(batch_of(A, [entry_row(2)], lookups=[NEW]))
        assert tx.guesses
        assert tx.find([OLD.ref, NEW.ref], A) == [NEW, OLD]
        assert not tx.guesses
        assert [row.no for row in tx.entries(A)] == [0, 1, 2]


def test_batches_one_after_the_other_are_there_together(url):
    with remembering(url) as store:
        with store.begin(write=True) as tx:
            tx.lock([A], AHEAD)
            for no in (2, 3):
                tx.append(batch_of(A, [entry_row(no)]))
        assert numbers(store) == [0, 1, 2, 3]


def test_an_error_made_of_what_is_so_comes_out_and_nothing_is_written(url):
    def fail(store):
        with store.begin(write=True) as tx:
            tx.lock([A], AHEAD)
            tx.append(batch_of(A, [entry_row(2)], lookups=[NEW]))
            assert tx.guesses
            raise LookupError("ours")

    with remembering(url) as store:
        with pytest.raises(LookupError, match="ours"):
            fail(store)
        assert numbers(store) == [0, 1]


def test_a_large_batch_and_one_that_took_nothing_for_unknown_are_written_under_the_lock(url):
    with remembering(url) as store:
        for ahead, rows in ((AHEAD, range(2, 40)), ({A: {OLD.ref}}, range(40, 41))):
            with store.begin(write=True) as tx:
                tx.lock([A], ahead)
                assert tx.guesses
                tx.append(batch_of(A, [entry_row(no) for no in rows]))
                assert not tx.guesses
        assert numbers(store) == list(range(41))


def test_every_kind_of_row_is_written_from_memory(url):
    with remembering(url) as store:
        more = {"blobs": [("s", b"body")], "seen": [SeenRow(b"d" * 16, 2)]}
        with store.begin(write=True) as tx:
            tx.lock([A], AHEAD)
            tx.append(batch_of(A, [entry_row(2)], lookups=[NEW], **more))
            assert tx.guesses
        with store.begin(write=False) as tx:
            assert tx.blob(A, "s") == b"body"
            assert tx.seen(A, [b"d" * 16]) == {b"d" * 16: 2}
            assert tx.find([NEW.ref], A) == [NEW]


def guess_wrong(store, meanwhile, *, read: bool = False) -> None:
    """Append to A from memory, while something happens that is not remembered."""
    with store.begin(write=True) as tx:
        size = tx.lock([A], AHEAD)[A].size
        meanwhile()
        tx.append(batch_of(A, [entry_row(size)], lookups=[NEW]))
        if read:
            tx.find([NEW.ref], A)


def test_where_somebody_was_faster_nothing_is_written(url):
    with remembering(url) as store, remembering_other(url) as other:
        for read in (False, True):
            with pytest.raises(Guessed):
                guess_wrong(store, other, read=read)
            for _ in range(PATIENCE + 2):
                with store.begin(write=True) as tx:
                    tx.lock([A], AHEAD)
        assert numbers(store) == [0, 1, 2, 3]


@contextmanager
def remembering_other(url):
    """Another process's way to append an entry."""
    store = SqlStore.open(url)

    def append() -> None:
        with store.begin(write=True) as tx:
            size = tx.lock([A])[A].size
            tx.append(batch_of(A, [entry_row(size)]))

    yield append
    store.close()


def test_a_look_up_that_was_taken_for_unknown_and_is_there_stops_it(url):
    with remembering(url) as store:
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:  # as a reindex does, without an entry
            values = (NEW.ref, NEW.account, NEW.id, 0, "touch")
            row = "INSERT INTO contactledger_lookup VALUES (%s, %s, %s, %s, %s)"
            connection.exec_driver_sql(row, values)
        admin.dispose()
        with pytest.raises(Guessed):
            guess_wrong(store, lambda: None)
        assert numbers(store) == [0, 1]


def test_look_ups_that_are_taken_away_are_forgotten(url):
    with remembering(url) as store:
        with store.begin(write=True) as tx:
            tx.lock([A], AHEAD)
            tx.erase(A, (), (), [(OLD.ref, OLD.id)])
        with store.begin(write=True) as tx:
            tx.lock([A], AHEAD)
            assert tx.find([OLD.ref], A) == []


# --- in a ledger -------------------------------------------------------------------------------


def open_ledger(url: str) -> Ledger:
    return Ledger.open(url, recorder="acme")


@contextmanager
def two_ledgers(url):
    """Two processes' ledgers; the first writes the account from memory."""
    with open_ledger(url) as ours, open_ledger(url) as theirs:
        ours.record(SMITH, *two_sides())
        for number in range(4):
            ours.record(SMITH, mail(key=f"k{number}"))
        yield ours, theirs
        ours.check()


def size(ledger: Ledger) -> int:
    return len(ledger.entries(SMITH))


def test_what_others_wrote_meanwhile_is_found(url):
    with two_ledgers(url) as (ours, theirs):
        (there,) = theirs.record(SMITH, mail(key="theirs"))
        assert ours.record(SMITH, mail(key="theirs")) == (there,)
        theirs.record(SMITH, Person("dora", "smith", "Dora Fox"))
        (entry,) = ours.record(SMITH, mail(key="to-dora", to="dora"))
        assert entry.no == size(ours) - 1 == PEOPLE + 6
        assert audit(ours, SMITH) == PEOPLE + 7


def test_repeats_and_conflicts_are_what_they_are_under_the_lock(url):
    with two_ledgers(url) as (ours, _):
        (first,) = ours.record(SMITH, mail(key="k5"))
        assert ours.record(SMITH, mail(key="k5")) == (first,)
        with pytest.raises(Conflict):
            ours.record(SMITH, mail(key="k5", to="carla"))
        with pytest.raises(NotFound, match="no person or party"):
            ours.record(SMITH, mail(key="k6", to="nobody"))
        with pytest.raises(BadFact):
            ours.record(SMITH, mail(key="k6", to="bob", topics=("No Slug",)))
        assert ours.record(SMITH) == ()
        assert size(ours) == PEOPLE + 5


def test_an_erasure_and_an_alias_of_others_count_at_once(url):
    with two_ledgers(url) as (ours, theirs):
        theirs.record(SMITH, Alias(old="carla", new="bob"))
        (entry,) = ours.record(SMITH, mail(key="k5", to="carla"))
        bob = theirs.record(SMITH, mail(key="k6"))[0].fact.to
        assert entry.fact.to == bob


def test_an_account_that_others_archived_meanwhile_takes_nothing(url):
    with open_ledger(url) as ledger:
        account = ledger.record(SMITH, *two_sides())[0].account
        for number in range(4):
            ledger.record(SMITH, mail(key=f"k{number}"))
        store = SqlStore.open(url)
        with store.begin(write=True) as tx:
            tx.lock([account])
            tx.drop_entries(account, b"f" * 32)
        store.close()
        with pytest.raises(Archived):
            ledger.record(SMITH, mail(key="k5"))


def test_threads_on_one_account_write_every_entry_once(url):
    with open_ledger(url) as ledger:
        ledger.record(SMITH, *two_sides())
        keys = [f"k{number}" for number in range(60)]
        with ThreadPoolExecutor(4) as pool:
            entries = list(pool.map(lambda key: ledger.record(SMITH, mail(key=key))[0], keys))
        assert sorted(entry.no for entry in entries) == list(range(PEOPLE, PEOPLE + 60))
        assert audit(ledger, SMITH) == PEOPLE + 60


@pytest.mark.parametrize("kind", ["url", "engine"])
@pytest.mark.parametrize("held", ["row", "table"])
def test_whoever_holds_the_account_is_waited_for_no_longer_than_the_timeout(url, held, kind):
    locks = {
        "row": "UPDATE contactledger_account SET size = size",
        "table": "LOCK TABLE contactledger_entry",
    }
    engine = create_engine(url)
    store = SqlStore.open(url if kind == "url" else engine, timeout_seconds=0.2)
    with Ledger.open(store, recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
        for number in range(4):
            ledger.record(SMITH, mail(key=f"k{number}"))
        with engine.connect() as connection:
            connection.exec_driver_sql(locks[held])
            with pytest.raises(StoreBusy):
                ledger.record(SMITH, mail(key="k5"))
        ledger.record(SMITH, mail(key="k5"))
        assert audit(ledger, SMITH) == PEOPLE + 5
    engine.dispose()


@pytest.mark.parametrize(("cut", "there"), [("unsent", 0), ("done", 1)])
def test_a_recording_cut_off_is_in_doubt_and_the_same_again_is_there_once(url, cut, there):
    cuts: list[str] = []
    proxy = Proxy(url, lambda: cuts.pop() if cuts else None)
    with open_ledger(proxy.url) as through, open_ledger(url) as ledger:
        through.record(SMITH, *two_sides())
        for number in range(4):
            through.record(SMITH, mail(key=f"k{number}"))
        cuts.append(cut)
        with pytest.raises(StoreInDoubt):
            through.record(SMITH, mail(key="k5"))
        assert (proxy.cuts, size(ledger)) == (1, PEOPLE + 4 + there)
        (entry,) = through.record(SMITH, mail(key="k5"))
        assert entry.no == PEOPLE + 4
        assert audit(ledger, SMITH) == PEOPLE + 5
    proxy.close()


def test_a_database_that_cannot_do_it_in_one_statement_is_written_under_the_lock(url):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with two_ledgers(url) as (ours, _), engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF current_query() LIKE 'WITH done%%' THEN "
            "RAISE EXCEPTION 'no' USING ERRCODE = '0A000'; END IF; RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON contactledger_entry "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        for number in range(20):
            ours.record(SMITH, mail(key=f"n{number}"))
        assert audit(ours, SMITH) == PEOPLE + 24
    engine.dispose()


# --- how long it waits -------------------------------------------------------------------------


def limit_of(ledger: Ledger) -> str:
    with ledger._store.begin(write=False) as tx:
        return tx._driver.rows("SELECT current_setting('lock_timeout')")[0][0]


def test_a_session_of_our_own_has_its_limit_and_a_hosts_has_none_left_behind(url):
    engine = create_engine(url)
    for where, limit in ((url, "10s"), (engine, "0")):
        with Ledger.open(where, recorder="acme") as ledger:
            ledger.record(SMITH, *two_sides())
            for number in range(4):
                ledger.record(SMITH, mail(key=f"k{number}"))
            assert limit_of(ledger) == limit
    engine.dispose()


def test_a_young_ledger_is_written_by_plans_that_will_do_when_it_has_grown(url):
    engine = create_engine(url)
    for where in (url, engine):
        with Ledger.open(where, recorder="acme") as ledger:
            ledger.record(SMITH, *two_sides(), *[mail(key=f"k{n}") for n in range(50)])
            with ledger._store.begin(write=True) as tx:
                refs = [bytes([number]) for number in range(8)]
                asked, values = tx._sql.among(tx._sql.find_here_in, refs)
                plan = tx._driver.rows(f"EXPLAIN {asked}", (SMITH, *values))
            assert "Seq Scan" not in str(plan)
    engine.dispose()


def test_a_limit_that_scrubbing_has_taken_back_is_sent_along_again(url):
    with open_ledger(url) as ledger:
        ledger.record(SMITH, *two_sides())
        for number in range(4):
            ledger.record(SMITH, mail(key=f"k{number}"))
        ledger._store.scrub()
        assert limit_of(ledger) == "0"
        with ledger._store.begin(write=False) as tx:
            assert not tx._driver._bounded
        ledger.record(SMITH, mail(key="k5"))
        assert audit(ledger, SMITH) == PEOPLE + 5
