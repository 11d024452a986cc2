"""The scripts that spread the tables out, run on a real PostgreSQL.

Citus itself is in no registry that the tests may use; what its script asks of it is recorded
by functions of the same names and arguments.
"""

from __future__ import annotations

import re
from itertools import count

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from contactledger.cli import app
from contactledger.errors import BadInput, StoreMissing
from contactledger.ledger import Ledger
from contactledger.store.scaling import scripts
from contactledger.store.scaling.placement import BY_ACCOUNT, BY_REFERENCE, IN_ONE_PLACE
from contactledger.store.sql import SqlStore
from contactledger.testing import FixedClock, JoinedStoreSuite, StoreSuite
from tests import plans
from tests.ledgers import SMITH, audit, mail, two_sides
from tests.sealers import new_key, open_sealing

PARTS = 4
_SCHEMAS = count()


@pytest.fixture
def schema() -> str:
    """A schema that no other test has."""
    return f"spread_{next(_SCHEMAS)}"


@pytest.fixture
def owner(postgres_url):
    """A connection on which each statement is committed by itself."""
    url = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def partitioned(owner, schema) -> str:
    """A schema with tables in four partitions."""
    owner.execute(scripts.partitions(schema=schema, parts=PARTS))
    return schema


def rows(owner, schema, table):
    """All rows of a table."""
    return sorted(owner.execute(f"SELECT * FROM {schema}.contactledger_{table}").fetchall())


# --- hash partitions ------------------------------------------------------------------------------


class TestPartitions(StoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, partitioned: str):
        store = SqlStore.open(make_url(postgres_url), schema=partitioned, create=False)
        yield store
        store.close()


class TestPartitionsInAHostsConnection(JoinedStoreSuite):
    @pytest.fixture
    def store(self, postgres_url: str, partitioned: str):
        engine = create_engine(postgres_url)
        with engine.connect() as connection:
            yield SqlStore.open(connection, schema=partitioned, create=False)
        engine.dispose()


def filled(url, schema, key, names=(SMITH, "jones", "acura-west", "baker")):
    """A ledger with several accounts, a sealed one."""
    store = SqlStore.open(url, schema=schema, create=False)
    ledger = open_sealing(store, key)
    for name in names:
        ledger.record(name, *two_sides(), *[mail(f"m{n}", message=None) for n in range(3)])
    ledger.seal()
    return ledger


def test_a_ledger_in_partitions_records_reads_judges_seals_and_bundles(
    postgres_url, partitioned, tmp_path
):
    path, key = new_key(tmp_path)
    with filled(postgres_url, partitioned, path) as ledger:
        ledger.record(SMITH, mail("later"))
        assert audit(ledger, SMITH) == 11
        assert len(ledger.findings(SMITH)) == 4
        assert ledger.check() == 41
        ledger.bundle(SMITH).save(tmp_path / "smith.bundle")
    from contactledger import open_bundle

    opened = open_bundle(tmp_path / "smith.bundle", trust=[key])
    assert len(list(opened.entries())) == 11


def test_the_rows_of_one_account_lie_in_one_partition_of_each_table(
    postgres_url, partitioned, owner, tmp_path
):
    path, _ = new_key(tmp_path)
    names = [f"dealer-{number}" for number in range(16)]  # ids are random: few may lie together
    with filled(postgres_url, partitioned, path, names):
        pass
    numbers: dict[str, set[str]] = {}
    for table in BY_ACCOUNT:
        query = f"SELECT DISTINCT account, tableoid::regclass::text FROM {partitioned}.contactledger_{table}"
        for account, partition in owner.execute(query).fetchall():
            numbers.setdefault(account, set()).add(partition.rsplit("_", 1)[1])
    assert {len(found) for found in numbers.values()} == {1}
    assert len(numbers) == len(names)
    assert len(set.union(*numbers.values())) > 1


@pytest.mark.parametrize(("name", "table"), [*plans.statements_of(BY_ACCOUNT)])
def test_a_statement_of_one_account_touches_one_partition(owner, partitioned, name, table):
    """As the server plans it with this account's id in the place of the mark."""
    named = plans.touched(owner, name, table, partitioned)
    parts = [relation for relation in named if re.search(r"_\d+$", relation)]
    if name.startswith(("add_", "put_")):  # goes where its row belongs, when it runs
        assert named == [f"contactledger_{table}"]
    else:
        assert len(parts) == 1
        assert set(named) <= {*parts, f"contactledger_{table}"}


def locked(connection, schema):
    """Numbers of the partitions of each table that this transaction has touched."""
    query = (
        "SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE l.pid = pg_backend_pid() AND n.nspname = %s AND c.relkind = 'r'"
    )
    found: dict[str, set[int]] = {}
    for (name,) in connection.exec_driver_sql(query, (schema,)).fetchall():
        match = re.fullmatch(r"contactledger_([a-z]+)_(\d+)", name)
        if match:
            found.setdefault(match[1], set()).add(int(match[2]))
    return found


def test_recording_in_one_account_locks_one_partition_of_its_tables(postgres_url, partitioned):
    """What really happens: every relation that the transaction has touched, as the server says."""
    with Ledger.open(
        SqlStore.open(postgres_url, schema=partitioned), recorder="acme", clock=FixedClock()
    ) as ledger:
        ledger.record(SMITH, *two_sides(), mail("first"))
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        store = SqlStore.open(connection, schema=partitioned)
        ledger = Ledger.open(store, recorder="acme", clock=FixedClock())
        ledger.record(SMITH, mail("second"), *[mail(f"b{n}") for n in range(50)])
        ledger.findings(SMITH)
        found = locked(connection, partitioned)
    engine.dispose()
    spread = {name: numbers for name, numbers in found.items() if name in BY_ACCOUNT}
    # the house log, empty here, is asked for too; it is another account
    once = {"entry", "disclosure", "seen", "node"} & set(spread)
    assert {name: len(spread[name]) for name in once} == dict.fromkeys(once, 1)
    assert {"entry", "disclosure"} <= once
    assert len(set.union(*(spread[name] for name in once))) == 1


def test_a_ledger_moves_into_partitions_with_every_byte_and_its_seal(
    postgres_url, owner, schema, tmp_path
):
    path, _ = new_key(tmp_path)
    old = f"{schema}_old"
    SqlStore.open(postgres_url, schema=old).close()
    with filled(postgres_url, old, path) as ledger:
        before = ledger.checkpoint()
        owner.execute(scripts.partitions(schema=schema, parts=PARTS))
        owner.execute(scripts.move(old_schema=old, schema=schema))
        with pytest.raises(StoreMissing):  # who has the old place open writes nothing there
            ledger.record(SMITH, mail("too late"))
    for table in (*BY_ACCOUNT, *BY_REFERENCE, *IN_ONE_PLACE):
        there = "account_moved" if table == "account" else table
        assert rows(owner, schema, table) == rows(owner, old, there)
    with open_sealing(SqlStore.open(postgres_url, schema=schema), path) as ledger:
        assert ledger.check() == 40
        assert ledger.checkpoint() == before
        ledger.record(SMITH, mail("after the move"))
        assert ledger.seal().checkpoint.size > before.checkpoint.size


def test_the_command_check_finds_a_schema_that_the_url_names(postgres_url, partitioned, tmp_path):
    with filled(postgres_url, partitioned, new_key(tmp_path)[0]):
        pass
    done = CliRunner().invoke(
        app, ["check", f"{postgres_url}&options=-csearch_path%3D{partitioned}"]
    )
    assert done.output == "40 entries match their hashes; accounts: 4\n"


def test_a_ledger_moves_into_no_tables_that_hold_another(postgres_url, owner, schema, tmp_path):
    old = f"{schema}_old"
    for name in (old, schema):
        SqlStore.open(postgres_url, schema=name).close()
        filled(postgres_url, name, new_key(tmp_path, name)[0]).close()
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(scripts.move(old_schema=old, schema=schema))
    owner.execute("ROLLBACK")
    assert len(rows(owner, schema, "account")) == 4


def test_the_scripts_refuse_what_cannot_be():
    for wrong in (1, 1_025):
        with pytest.raises(BadInput) as caught:
            scripts.partitions(parts=wrong)
        assert str(caught.value) == "parts: must be from 2 to 1,024"
        with pytest.raises(BadInput, match="shards"):
            scripts.citus(shards=wrong)
    with pytest.raises(BadInput, match="schema: must name another place"):
        scripts.move()
    with pytest.raises(BadInput, match="prefix"):
        scripts.partitions(prefix='"; DROP TABLE x')


def test_without_a_schema_the_tables_go_where_the_connection_leads(owner):
    script = scripts.partitions(prefix="here_", parts=2)
    assert "SCHEMA" not in script
    owner.execute(script)
    query = "SELECT relname FROM pg_class WHERE relname LIKE 'here\\_entry\\__' ORDER BY 1"
    assert owner.execute(query).fetchall() == [("here_entry_0",), ("here_entry_1",)]


# --- Citus ------------------------------------------------------------------------------------------

STUBS = """
CREATE TABLE {schema}.asked (no serial, what text, named text, by text, beside text, shards int);
CREATE FUNCTION {schema}.create_distributed_table(
  table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
  colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL) RETURNS void
  LANGUAGE sql AS $$
    INSERT INTO {schema}.asked (what, named, by, beside, shards)
    VALUES ('distributed', table_name::text, distribution_column, colocate_with, shard_count) $$;
CREATE FUNCTION {schema}.create_reference_table(table_name regclass) RETURNS void
  LANGUAGE sql AS $$ INSERT INTO {schema}.asked (what, named) VALUES ('reference', table_name::text) $$;
CREATE FUNCTION {schema}.citus_add_local_table_to_metadata(
  table_name regclass, cascade_via_foreign_keys boolean DEFAULT false) RETURNS void
  LANGUAGE sql AS $$ INSERT INTO {schema}.asked (what, named) VALUES ('local', table_name::text) $$;
"""
"""The functions of Citus 13 that the script calls, with the names of their arguments
(docs.citusdata.com, "Citus Utility Functions"); each writes down what it was asked."""


@pytest.fixture
def asked(owner, schema):
    """What the script for Citus asks, in order, and the ledger's schema."""
    owner.execute(f"CREATE SCHEMA {schema}_citus")
    owner.execute(STUBS.format(schema=f"{schema}_citus"))
    owner.execute(f"SET search_path TO public, {schema}_citus")
    script = scripts.citus(schema=schema, shards=48)
    extension = "CREATE EXTENSION IF NOT EXISTS citus;\n"
    assert script.count(extension) == 1
    owner.execute(script.replace(extension, ""))
    query = f"SELECT what, named, by, beside, shards FROM {schema}_citus.asked ORDER BY no"
    found = owner.execute(query).fetchall()
    owner.execute("RESET search_path")
    return found


def test_citus_is_asked_to_spread_by_account_by_reference_and_to_leave_the_rest(asked, schema):
    name = f"{schema}.contactledger_"
    first, *others = BY_ACCOUNT
    assert asked == [
        ("distributed", f"{name}{first}", "account", "none", 48),
        *(("distributed", f"{name}{t}", "account", f"{name}account", None) for t in others),
        ("distributed", f"{name}lookup", "ref", "none", 48),
        *(
            ("reference" if t == "ledger" else "local", f"{name}{t}", None, None, None)
            for t in IN_ONE_PLACE
        ),
    ]


def test_every_unique_key_of_a_table_that_citus_spreads_holds_the_column(owner, asked, schema):
    """Citus refuses a table whose unique index lacks the distribution column."""
    for what, table, by, _, _ in asked:
        if what != "distributed":
            continue
        keys = owner.execute(
            "SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_attribute a "
            "ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indrelid = %s::regclass AND i.indisunique GROUP BY i.indexrelid",
            (table,),
        ).fetchall()
        assert [by in key for (key,) in keys] == [True]


def test_the_tables_that_the_script_for_citus_makes_are_those_of_a_ledger(
    asked, postgres_url, schema
):
    with Ledger.open(
        SqlStore.open(postgres_url, schema=schema, create=False), recorder="acme"
    ) as ledger:
        ledger.record(SMITH, *two_sides())
        assert ledger.check() == 7
