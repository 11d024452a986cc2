"""One ledger on three PostgreSQL servers: what its layout is for."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from random import Random

import pytest

from contactledger import open_bundle
from contactledger.errors import Corrupt, StoreContended, StoreFull
from contactledger.ledger import Ledger
from contactledger.store.scaling.placement import BY_ACCOUNT
from contactledger.store.sql import SqlStore
from contactledger.testing import FixedClock, StoreSuite
from tests import cluster as rig
from tests import plans, postgres, required
from tests.ledgers import audit, mail, two_sides
from tests.sealers import new_key, open_sealing

MONDAY = FixedClock()()
NAMES = [f"account-{number:02}" for number in range(40)]


@pytest.fixture(scope="module")
def servers():
    """Three servers for all tests of this module."""
    programs = postgres.programs()
    if programs is None:
        required.absent("postgres", postgres.HOW)
    with rig.cluster(programs) as made:
        yield made


@pytest.fixture
def cluster(servers):
    """The same without a row in them."""
    servers.empty()
    return servers


class TestCluster(StoreSuite):
    @pytest.fixture
    def store(self, cluster):
        store = SqlStore.open(cluster.coordinator, create=False)
        yield store
        store.close()


def opened(cluster, **more):
    return Ledger.open(
        cluster.coordinator, recorder="acme", clock=FixedClock(), create=False, **more
    )


def at(cluster, account):
    """The server that holds an account's log."""
    (found,) = [
        n
        for n in range(rig.SERVERS)
        if cluster.run(n, f"SELECT 1 FROM contactledger_account_{n} WHERE account = %s", account)
    ]
    return found


def test_record_read_judge_seal_and_bundle_through_the_coordinator(cluster, tmp_path):
    path, key = new_key(tmp_path)
    with open_sealing(
        cluster.coordinator, path, create=False, random_bytes=Random(4).randbytes
    ) as ledger:
        for name in NAMES:
            ledger.record(name, *two_sides(), *[mail(f"m{n}", about="Sync") for n in range(3)])
        ledger.record(NAMES[0], *[mail(f"n{n}") for n in range(60)])  # by COPY
        assert ledger.accounts() == tuple(NAMES)
        assert [audit(ledger, name) for name in NAMES] == [70, *[10] * 39]
        assert len(ledger.findings(NAMES[0])) == 63
        assert ledger.record(NAMES[1], mail("m1", about="Sync"))[0].no == 8  # there already
        assert ledger.check() == 460
        ledger.seal()
        ledger.record(NAMES[2], mail("after the seal"))
        ledger.bundle(NAMES[2], to="smith").save(tmp_path / "one.bundle")
        assert ledger.check() == 461
    assert len(list(open_bundle(tmp_path / "one.bundle", trust=[key]).entries())) == 11
    spread = {table: cluster.counts(table) for table in ("account", "entry", "lookup")}
    assert {table: sum(counts) for table, counts in spread.items()} == {
        "account": 40,
        "entry": 461,
        "lookup": cluster.run(0, "SELECT count(*) FROM contactledger_lookup")[0][0],
    }
    assert all(all(counts) for counts in spread.values())


def test_an_accounts_rows_lie_on_one_server_and_are_spread_with_the_account(cluster):
    with opened(cluster) as ledger:
        for name in NAMES:
            ledger.record(name, *two_sides(), mail(original=b"raw " + name.encode(), at=MONDAY))
    homes: dict[str, set[int]] = {}
    for number in range(rig.SERVERS):
        for table in BY_ACCOUNT:
            query = f"SELECT DISTINCT account FROM contactledger_{table}_{number}"
            for (account,) in cluster.run(number, query):
                homes.setdefault(account, set()).add(number)
    assert {len(found) for found in homes.values()} == {1}
    assert set.union(*homes.values()) == {0, 1, 2}
    for table in ("blob", "seen", "disclosure"):
        assert sum(cluster.counts(table)) >= len(NAMES)


@pytest.mark.parametrize(("name", "table"), [*plans.statements_of(BY_ACCOUNT)])
def test_a_statement_of_one_account_goes_to_one_server(servers, name, table):
    with rig.connected(servers.coordinator) as connection:
        named = plans.touched(connection, name, table)
    parts = [relation for relation in named if re.search(r"_(0|at_\d)$", relation)]
    if name.startswith(("add_", "put_")):
        assert named == [f"contactledger_{table}"]  # goes where its row belongs, when it runs
    elif table in rig.FRONTED:
        assert len(parts) == 3  # of this rig, see its docstring
    else:
        assert len(parts) == 1


def test_eight_writers_on_accounts_of_their_own_do_not_disturb_each_other(cluster):
    with opened(cluster) as ledger:
        for number in range(8):
            ledger.record(NAMES[number], *two_sides())

        def write(number):
            for turn in range(5):
                ledger.record(NAMES[number], mail(f"k{turn}"), mail(f"l{turn}"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
        assert [audit(ledger, NAMES[number]) for number in range(8)] == [17] * 8
        assert ledger.check() == 8 * 17


# --- what postgres_fdw does not do ----------------------------------------------------------------

FAILING_COMMIT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
  AS $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON contactledger_lookup_{number}
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse();
"""
"""A server that takes every row and then refuses at COMMIT, as on a full disk."""


@contextmanager
def refusing(cluster, number):
    cluster.run(number, FAILING_COMMIT.format(number=number))
    try:
        yield
    finally:
        cluster.run(number, f"DROP TRIGGER refuse ON contactledger_lookup_{number}")
        cluster.run(number, "DROP FUNCTION refuse()")


def test_a_commit_that_fails_half_way_leaves_whole_logs_and_is_found_in_the_look_ups(cluster):
    """There is no two-phase commit: the servers commit one after the other. An account's own
    rows are on one of them, so its log has all of a batch or nothing; its look-ups may not."""
    halves = 0
    with opened(cluster) as ledger:
        for name in NAMES[:8]:
            ledger.record(name, *two_sides())
        before = ledger.check_lookups()
        for failing in range(rig.SERVERS):
            with refusing(cluster, failing):
                for name in NAMES[:8]:
                    with pytest.raises(StoreFull):
                        ledger.record(name, *[mail(f"{failing}-{n}") for n in range(20)])
                    size = audit(ledger, name)  # its own log is right whatever happened
                    assert size % 20 == 7
            halves += cluster.run(0, "SELECT count(*) FROM contactledger_lookup")[0][0] != before
            ledger.check()
            try:
                ledger.check_lookups()
            except Corrupt:
                assert ledger.reindex() > 0
            before = ledger.check_lookups()
        assert halves > 0  # it does happen, with one order of the commits or the other
        for name in NAMES[:8]:  # done again, as a host does that got an error: nothing twice
            ledger.record(name, *[mail(f"{f}-{n}") for f in range(3) for n in range(20)])
            assert audit(ledger, name) == 7 + 60
        assert ledger.check() == 8 * 67
        ledger.check_lookups()


def test_writers_of_one_account_may_be_told_to_try_again(cluster):
    """postgres_fdw reads at REPEATABLE READ: who waited for another writer's commit gets an
    error in the place of the new row, and that is said, not hidden."""
    with opened(cluster) as ledger:
        ledger.record("a", *two_sides())

        def write(number):
            done = 0
            for turn in range(4):
                with suppress(StoreContended):
                    ledger.record("a", mail(f"{number}-{turn}"))
                    done += 1
            return done

        with ThreadPoolExecutor(4) as pool:
            done = sum(pool.map(write, range(4)))
        assert audit(ledger, "a") == 7 + done
        assert done > 0
        ledger.check()
