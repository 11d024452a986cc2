"""Many writers at once: roots that hold, numbers without a gap, one account of a name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import pytest
from sqlalchemy import create_engine

from contactledger.errors import NotFound
from contactledger.facts import Party, Signal
from contactledger.ledger import Ledger
from contactledger.store.memory import MemoryStore
from contactledger.store.sql import SqlStore
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, audit, mail, two_sides

THREADS = 8
_PREFIXES = count()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def openers(request, tmp_path):
    """A function that opens the same ledger again and again; one process could not tell
    its ledgers from those of others."""
    if request.param == "memory":
        store = MemoryStore()
        yield lambda: Ledger.open(store, recorder="acme", clock=FixedClock())
        return
    url, prefix = f"sqlite:///{tmp_path}/contacts.db", "contactledger_"
    if request.param == "postgres":
        url, prefix = request.getfixturevalue("postgres_url"), f"threads{next(_PREFIXES)}_"
    opened = []

    def open_one():
        opened.append(Ledger.open(url, recorder="acme", prefix=prefix, clock=FixedClock()))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


def at_once(work, workers=THREADS):
    """What each of the threads gives, all let go at the same moment."""
    barrier = Barrier(workers)

    def run(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(workers) as pool:
        return [done.result() for done in [pool.submit(run, n) for n in range(workers)]]


def test_eight_threads_on_one_account_leave_no_gap(openers):
    ledger = openers()
    ledger.record(SMITH, *two_sides())

    def work(number):
        return [ledger.record(SMITH, mail(f"{number}-{i}"))[0].no for i in range(5)]

    numbers = sorted(no for some in at_once(work) for no in some)
    assert numbers == list(range(7, 47))
    assert ledger.check() == audit(ledger, SMITH) == 47


def test_eight_threads_on_several_accounts_leave_no_gap(openers):
    ledger = openers()
    names = ["a", "b", "c"]
    ledger.record_many({name: two_sides() for name in names})

    def work(number):
        for i in range(3):
            turned = names[number % 3 :] + names[: number % 3]
            ledger.record_many({name: [mail(f"{number}-{i}"), mail()] for name in turned})

    at_once(work)
    assert [audit(ledger, name) for name in names] == [7 + 48] * 3
    assert ledger.check() == 3 * 55


def test_the_same_key_from_eight_threads_is_one_entry(openers):
    ledger = openers()
    ledger.record(SMITH, *two_sides())
    made = at_once(
        lambda _: ledger.record(SMITH, mail("same"), Signal("same", "opened", at=_noon()))[0]
    )
    assert len({entry.no for entry in made}) == 1
    assert audit(ledger, SMITH) == 9


def _noon():
    return FixedClock()()


def test_a_name_opened_by_eight_at_once_is_one_account(openers):
    ledgers = [openers() for _ in range(THREADS)]
    made = at_once(lambda n: ledgers[n].record("new", Party(f"p{n}"))[0])
    assert len({entry.account for entry in made}) == 1
    assert sorted(entry.no for entry in made) == list(range(2, 2 + THREADS))
    assert [ledger.accounts() for ledger in ledgers] == [("new",)] * THREADS
    assert audit(ledgers[0], "new") == 2 + THREADS


def test_a_ledger_made_by_eight_at_once_is_one(openers):
    ledgers = at_once(lambda _: openers())
    assert len({ledger._row.id for ledger in ledgers}) == 1
    for number, ledger in enumerate(ledgers):
        ledger.record(SMITH, Party(f"p{number}"))
    assert ledgers[0].check() == audit(ledgers[-1], SMITH) == 2 + THREADS


# --- inside a host's transaction --------------------------------------------------------------------


def test_in_a_hosts_transaction_nothing_is_there_until_its_commit(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    SqlStore.open(engine).close()
    with engine.connect() as connection:
        ledger = Ledger.open(connection, recorder="acme", clock=FixedClock())
        connection.commit()
        ledger.record(SMITH, *two_sides())
        (kept,) = ledger.record(SMITH, mail("k"))
        assert ledger.entries(SMITH)[-1] == kept
        connection.rollback()
        with pytest.raises(NotFound):
            ledger.entries(SMITH)
        with pytest.raises(NotFound):
            ledger.record(SMITH, mail("k"))
        assert ledger.accounts() == ()
        ledger.record(SMITH, *two_sides())
        connection.commit()
        (again,) = ledger.record(SMITH, mail("k"))
        assert again.account != kept.account
        connection.rollback()
        assert ledger.check() == audit(ledger, SMITH) == 7
    engine.dispose()


def test_an_account_known_from_a_rolled_back_transaction_is_opened_again(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    SqlStore.open(engine).close()
    with engine.connect() as connection:
        ledger = Ledger.open(connection, recorder="acme", clock=FixedClock())
        connection.commit()
        for _ in range(2):
            ledger.record(SMITH, *two_sides())
            ledger.record(SMITH, mail())
            connection.rollback()
        ledger.record(SMITH, *two_sides())
        connection.commit()
        assert ledger.check() == 7
    engine.dispose()
