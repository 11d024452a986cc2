"""Migrations: what they make is what opening makes; they keep the rows, the order, and out of
the host's own migrations."""

from __future__ import annotations

import builtins
import os
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, create_mock_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from contactledger import Ledger
from contactledger.cli import app
from contactledger.errors import BadInput, NotInstalled, StoreReadOnly, WrongLayout
from contactledger.hosts.alembic import LedgerTables
from contactledger.store import making, migrations
from contactledger.store.migrations import head, migrate, script, version_table
from contactledger.store.port import LAYOUT
from contactledger.store.sql import SqlStore
from contactledger.store.tables import tables
from contactledger.testing import FixedClock
from tests.hosting import either
from tests.ledgers import SMITH, audit, editing, mail, two_sides

ALL = tuple(f"layout_{number}" for number in range(2, LAYOUT + 1))
"""Every revision; layout 1 was never released."""
KINDS = pytest.mark.parametrize("kind", ["sqlite", "postgres"])


@pytest.fixture
def url(kind, request, tmp_path):
    """An empty database."""
    with either(kind, request, tmp_path) as url:
        yield url


@pytest.fixture
def engine(url):
    engine = create_engine(url)
    yield engine
    engine.dispose()


def schemas(kind: str) -> list[str | None]:
    return [None] if kind == "sqlite" else [None, "evidence"]


def shape(engine, prefix: str, schema: str | None) -> dict[str, object]:
    """Everything that a database tells of the tables of a ledger, in its own words."""
    version, found = version_table(prefix), {}
    with engine.connect() as connection:
        seen = inspect(connection)
        for name in seen.get_table_names(schema=schema):
            if name.startswith(prefix) and name != version:
                asked = {"table_name": name, "schema": schema}
                found[name.removeprefix(prefix)] = (
                    [{**c, "type": repr(c["type"])} for c in seen.get_columns(**asked)],
                    seen.get_pk_constraint(**asked),
                    [
                        {**i, "dialect_options": _said(i["dialect_options"])}
                        for i in seen.get_indexes(**asked)
                    ],
                    seen.get_unique_constraints(**asked),
                    seen.get_foreign_keys(**asked),
                    seen.get_check_constraints(**asked),
                )
        if engine.dialect.name == "sqlite":
            # whether a table has a rowid, or is strict, no inspector says; the text of a table
            # tells how it came to be, too (ADD COLUMN), that of an index does not
            listed = connection.exec_driver_sql("PRAGMA table_list")
            found["kinds"] = sorted(
                row[1:6] for row in listed if row[1].startswith(prefix) and row[1] != version
            )
            rows = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            )
            found["ddl"] = {name: " ".join(ddl.replace('"', "").split()) for name, ddl in rows}
        else:
            rows = connection.execute(
                text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = :s"),
                {"s": schema or "public"},
            )
            found["ddl"] = {name: ddl for name, ddl in rows if version not in name}
    return found


def _said(options: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in options.items()}


# --- drift ----------------------------------------------------------------------------------------


@KINDS
def test_what_the_migrations_make_is_what_opening_makes(kind, engine):
    for schema in schemas(kind):
        assert migrate(engine, prefix="own_", schema=schema) == ALL
        migrated = shape(engine, "own_", schema)
        with engine.begin() as connection:
            tables("own_", schema).metadata.drop_all(connection)
        SqlStore.open(engine, prefix="own_", schema=schema)
        assert shape(engine, "own_", schema) == migrated
        made = tables("own_", schema).metadata.tables
        assert {f"own_{name}" for name in migrated} >= {table.name for table in made.values()}


@KINDS
def test_alembic_itself_sees_no_difference(kind, engine):
    for schema in schemas(kind):
        migrate(engine, schema=schema)
        opts = {
            "version_table": version_table(),
            "version_table_schema": schema,
            "include_schemas": schema is not None,
            "include_name": partial(is_in, schema),
            "compare_type": True,
            "compare_server_default": True,
        }
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=opts)
            wanted = tables("contactledger_", schema).metadata
            assert compare_metadata(context, wanted) == []


def is_in(schema: str | None, name: str, type_: str, at: dict[str, str | None]) -> bool:
    """Whether a table is in this schema."""
    return type_ != "table" or at["schema_name"] == schema


@KINDS
def test_the_tables_are_rendered_in_plain_types(kind, engine):
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={})
        wanted = produce_migrations(context, tables("contactledger_", None).metadata)
    code = render_python_code(wanted.upgrade_ops)
    assert code.count("op.create_table(") == len(tables("", None).metadata.tables)
    assert ("sqlmodel" in code, "AutoString" in code) == (False, False)
    for path in migrations.VERSIONS.glob("*.py"):
        assert "import sqlmodel" not in path.read_text("utf-8")


def test_the_newest_revision_is_that_of_the_layout():
    assert head() == f"layout_{LAYOUT}"


# --- from nothing, from what opening made, and again ----------------------------------------------


def filled(where, **how) -> Ledger:
    ledger = Ledger.open(where, recorder="acme", clock=FixedClock(), **how)
    ledger.record(SMITH, *two_sides(), mail("k"))
    return ledger


def revisions(engine, prefix: str = "contactledger_", schema: str | None = None) -> list[str]:
    place = f"{schema}.{prefix}" if schema else prefix
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT version_num FROM {place}alembic_version")
        return list(rows.scalars())


@KINDS
def test_a_ledger_opens_in_tables_that_were_migrated_and_migrating_again_does_nothing(kind, engine):
    for schema in schemas(kind):
        migrate(engine, schema=schema)
        assert migrate(engine, schema=schema) == ()
        ledger = filled(engine, schema=schema, create=False)
        assert migrate(engine, schema=schema) == ()
        assert ledger.check() == audit(ledger, SMITH) == 8
        assert revisions(engine, schema=schema) == [head()]


@KINDS
def test_what_opening_made_is_taken_in_as_it_is(kind, engine):
    for schema in schemas(kind):
        ledger = filled(engine, schema=schema)
        before = ledger.entries(SMITH)
        assert migrate(engine, schema=schema) == ()
        assert revisions(engine, schema=schema) == [head()]
        assert ledger.entries(SMITH) == before


@KINDS
def test_ledgers_are_migrated_apart(kind, engine):
    migrate(engine, prefix="one_")
    filled(engine, prefix="two_")
    assert migrate(engine, prefix="three_") == ALL
    assert migrate(engine, prefix="two_") == ()
    assert [revisions(engine, f"{name}_") for name in ("one", "two", "three")] == [[head()]] * 3


@KINDS
def test_inside_a_hosts_transaction_the_host_commits(kind, engine):
    with Session(engine) as session:
        migrate(session)
        session.rollback()
        assert inspect(engine).get_table_names() == []
    with Session(engine) as session:
        assert migrate(session) == ALL
        session.commit()
    filled(engine, create=False).close()


@KINDS
def test_a_url_is_opened_and_closed_again(kind, url):
    assert migrate(url) == ALL
    assert migrate(make_url(url)) == ()
    filled(url, create=False).close()


def test_names_that_cannot_be_used_are_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/new.db"
    with pytest.raises(BadInput, match=r"^prefix: must be a-z, 0-9 and _, 40 characters at most$"):
        migrate(url, prefix="Contacts-")
    with pytest.raises(BadInput, match=r"^schema: SQLite has none; name a prefix, or another file"):
        script(url, schema="evidence")
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_only_prints_its_sql_is_told_what_prints_ours():
    printing = create_mock_engine("postgresql+psycopg://", lambda *_: None)
    with pytest.raises(BadInput, match=r"^target: .*; use contactledger migrate --sql$"):
        migrate(printing)


def test_without_alembic_the_error_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **how):
        if name.split(".")[0] == "alembic":
            raise ImportError(name)
        return real(name, *arguments, **how)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(NotInstalled, match=r"contactledger\[migrate\]"):
        migrate("sqlite://")


def test_opening_a_ledger_does_without_alembic(tmp_path):
    code = (
        "import sys; from contactledger import Ledger\n"
        f"Ledger.open('sqlite:///{tmp_path}/new.db', recorder='acme').close()\n"
        "print('alembic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


# --- from a layout that was released --------------------------------------------------------------

LAYOUTS = Path(__file__).with_name("layouts")
"""Databases that releases of older layouts have made: two accounts, sealed, with a redaction
and a bundle that was handed out; as SQL."""


def stored(kind: str, url: str, layout: int) -> None:
    """Put such a database at `url`, without Alembic's table, as `Ledger.open` made it."""
    with editing(":memory:") as old:
        old.executescript((LAYOUTS / f"layout_{layout}.sql").read_text("utf-8"))
        if kind == "sqlite":
            with editing(make_url(url).database) as file:
                old.backup(file)
            file.close()
        else:
            migrate(url, to=layout)
            engine, there = create_engine(url), MetaData()
            with engine.begin() as connection:
                there.reflect(connection)
                connection.execute(there.tables["contactledger_layout"].delete())
                for name, table in there.tables.items():
                    if name != version_table():
                        rows = old.execute(f"SELECT {', '.join(table.c.keys())} FROM {name}")
                        named = [dict(zip(table.c.keys(), row, strict=True)) for row in rows]
                        if named:
                            connection.execute(table.insert(), named)
                there.tables[version_table()].drop(connection)
            engine.dispose()
    old.close()


@KINDS
@pytest.mark.parametrize("layout", range(2, LAYOUT))
def test_a_ledger_of_an_older_layout_goes_on_after_migrating(kind, layout, url, engine):
    stored(kind, url, layout)
    with pytest.raises(WrongLayout, match=f"have layout {layout}, .*: run contactledger migrate$"):
        Ledger.open(url, recorder="acme")
    assert migrate(url) == ALL[layout - 1 :]
    assert migrate(url) == ()
    assert revisions(engine) == [head()]
    clock = FixedClock()
    clock.forward(days=2)
    with Ledger.open(url, recorder="acme", clock=clock) as ledger:
        assert ledger.accounts() == ("jones", SMITH)
        assert (ledger.check(), len(ledger.findings(SMITH))) == (18, 2)
        assert ledger.checkpoint() is not None
        ledger.record(SMITH, mail("second"))
        assert ledger.check() == audit(ledger, SMITH) + audit(ledger, "jones") == 19
    assert {f"layout_{n}.sql" for n in range(2, LAYOUT)} == {p.name for p in LAYOUTS.iterdir()}


# --- a step on a database that holds something ----------------------------------------------------

NEXT = '''
"""A step that only this test has: a column with a value for every row, and a table."""
import sqlalchemy as sa

revision = "layout_{next}"
down_revision = "layout_{now}"

def upgrade(step):
    name = step.prefix + "account"
    colour = sa.Column("colour", sa.Text(), nullable=False, server_default="grey")
    step.op.add_column(name, colour, schema=step.schema)
    place = f"{{step.schema}}.{{name}}" if step.schema else name
    step.op.execute(f"UPDATE {{place}} SET colour = 'green' WHERE size > 2")
    step.create_table("shade", "name", sa.Column("name", sa.Text(), nullable=False))
    {then}
'''


@pytest.fixture
def versions(tmp_path):
    """Folders of revisions with one that comes after the newest."""

    def folders(then: str = "") -> list[Path]:
        more = tmp_path / "more"
        more.mkdir(exist_ok=True)
        (more / "next.py").write_text(NEXT.format(now=LAYOUT, next=LAYOUT + 1, then=then))
        return [migrations.VERSIONS, more]

    return folders


def rows_of(engine, schema: str | None) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table but `layout`, with the columns that this release knows."""
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for name, table in tables("contactledger_", schema).metadata.tables.items()
            if not name.endswith("layout")
        }


@KINDS
def test_a_step_changes_the_tables_and_keeps_every_row(kind, engine, versions):
    for schema in schemas(kind):
        filled(engine, schema=schema).record("jones", *two_sides())
        before = rows_of(engine, schema)
        ran = migrate(engine, schema=schema, versions=versions())
        assert ran == (f"layout_{LAYOUT + 1}",)
        assert revisions(engine, schema=schema) == list(ran)
        assert rows_of(engine, schema) == before
        place = f"{schema}.contactledger_" if schema else "contactledger_"
        with engine.connect() as connection:
            colours = connection.exec_driver_sql(f"SELECT colour FROM {place}account")
            assert list(colours.scalars()) == ["green", "green"]
            layout = connection.exec_driver_sql(f"SELECT layout FROM {place}layout")
            assert list(layout.scalars()) == [LAYOUT + 1]
        assert migrate(engine, schema=schema, versions=versions()) == ()


@KINDS
def test_an_older_layout_says_migrate_by_name(kind, engine, monkeypatch):
    ledger = filled(engine)
    monkeypatch.setattr(making, "LAYOUT", LAYOUT + 1)  # of the release that comes next
    with pytest.raises(WrongLayout) as caught:
        Ledger.open(engine, recorder="acme")
    assert str(caught.value) == (
        f"the tables have layout {LAYOUT}, this release knows layout {LAYOUT + 1}: "
        "run contactledger migrate"
    )
    assert ledger.check() == 8


@KINDS
def test_a_newer_layout_is_left_alone(kind, engine, versions):
    ledger = filled(engine)
    migrate(engine, versions=versions())
    says = f"the tables have layout {LAYOUT + 1}, this release knows layout {LAYOUT}: "
    for attempt in (lambda: migrate(engine), lambda: Ledger.open(engine, recorder="acme")):
        with pytest.raises(WrongLayout) as caught:
            attempt()
        assert str(caught.value) == says + "a newer release made them"
    assert ledger.check() == 8  # the step took nothing away


@KINDS
def test_a_step_that_fails_leaves_everything_as_it_was(kind, engine, versions):
    ledger = filled(engine)
    before, made = rows_of(engine, None), shape(engine, "contactledger_", None)
    with pytest.raises(RuntimeError, match="the power went"):
        migrate(engine, versions=versions("raise RuntimeError('the power went')"))
    assert (rows_of(engine, None), shape(engine, "contactledger_", None)) == (before, made)
    assert not inspect(engine).has_table(version_table())
    assert ledger.check() == 8
    assert migrate(engine, versions=versions()) == (f"layout_{LAYOUT + 1}",)


@KINDS
def test_a_layout_and_a_version_that_contradict_each_other_are_refused(kind, engine):
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE contactledger_alembic_version SET version_num = 'x'")
    with pytest.raises(WrongLayout) as caught:
        migrate(engine)
    assert str(caught.value) == (
        f"the tables have layout {LAYOUT}, but contactledger_alembic_version says x"
    )


@KINDS
def test_tables_without_a_layout_are_refused(kind, engine):
    SqlStore.open(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM contactledger_layout")
    with pytest.raises(WrongLayout, match="the tables have layout unknown, this release knows"):
        migrate(engine)


def test_a_database_that_cannot_be_written_cannot_be_migrated(tmp_path):
    path = tmp_path / "empty.db"
    sqlite3.connect(path).close()
    path.touch()
    with pytest.raises(StoreReadOnly, match=r"^the database cannot be written$"):
        migrate(f"sqlite:///file:{path}?mode=ro&uri=true")


# --- as a script, and from the command line -------------------------------------------------------


def run_script(kind: str, url: str, sql: str) -> None:
    """As an administrator would: by the database's own client."""
    if kind == "sqlite":
        with editing(make_url(url).database) as connection:
            connection.executescript(sql)
        connection.close()
        return
    place = make_url(url)
    client = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", place.query["host"]]
    subprocess.run(
        [*client, "-U", place.username, "-d", place.database], input=sql, text=True, check=True
    )


@KINDS
def test_the_script_makes_what_a_migration_makes(kind, url, engine, versions):
    for schema in schemas(kind):
        run_script(kind, url, script(url, schema=schema))
        made = shape(engine, "contactledger_", schema)
        assert migrate(engine, prefix="own_", schema=schema) == ALL
        assert len(made) == len(shape(engine, "own_", schema))
        assert migrate(engine, schema=schema) == ()
        filled(engine, schema=schema, create=False)
        run_script(kind, url, script(url, schema=schema, since=LAYOUT, versions=versions()))
        assert revisions(engine, schema=schema) == [f"layout_{LAYOUT + 1}"]
        assert script(url, schema=schema, since=LAYOUT).count("CREATE TABLE") == 0


@pytest.mark.parametrize("kind", ["postgres"])
def test_a_url_of_postgresql_needs_no_driver_to_be_named(kind, url, engine):
    bare = url.replace("+psycopg:", ":")
    assert script(bare) == script(url)
    assert migrate(bare) == ALL
    filled(engine, create=False)


def test_without_the_driver_of_a_database_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(NotInstalled, match=r"contactledger\[postgres\]"):
        migrate("postgresql://server/db")


def test_a_script_begins_nowhere_that_is_unknown():
    with pytest.raises(WrongLayout, match="the tables have layout 9, this release knows"):
        script("sqlite:///x.db", since=9)


def command(*arguments: object) -> str:
    """What the command line prints; it ends well."""
    ran = CliRunner().invoke(app, list(map(str, arguments)))
    assert ran.exit_code == 0, ran.exception
    return ran.stdout


@KINDS
def test_the_command_migrates_and_says_what_it_did(kind, url, engine):
    said = "".join(f"migrated to {name.replace('_', ' ')}\n" for name in ALL)
    assert command("migrate", url, "--prefix", "own_") == said
    assert command("migrate", url, "--prefix", "own_") == f"nothing to do: layout {LAYOUT}\n"
    printed = command("migrate", url, "--sql", "--prefix", "other_")
    assert printed == script(url, prefix="other_")
    assert not inspect(engine).has_table("other_entry")


def test_the_command_takes_the_path_of_a_file(tmp_path):
    command("migrate", tmp_path / "new.db")
    filled(f"sqlite:///{tmp_path}/new.db", create=False).close()


# --- beside a host's own Alembic ------------------------------------------------------------------

FILTER = """
from contactledger.hosts.alembic import LedgerTables
from office import Base
target_metadata = Base.metadata
ledger = LedgerTables(prefix="office_", schema={schema!r})
"""
HOOKS = """
            include_schemas={schemas},
            include_name=ledger.include_name,
            include_object=ledger.include_object,
            connection=connection,"""
TO_THE_NEWEST = """
    from contactledger.hosts.alembic import migrate
    migrate(op.get_bind(), prefix="office_", schema={schema!r})
"""

OFFICE = """
from sqlalchemy import MetaData, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Invoice(Base):
    __tablename__ = "office_invoice"   # a table of the host's under the very prefix
    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    {more}
"""


class Host:
    """A project with its own Alembic, run as its programmer runs it."""

    def __init__(self, folder: Path, url: str, schema: str | None) -> None:
        self.folder = folder
        self.alembic("init", "migrations")
        escaped = url.replace("%", "%%")
        _replace(
            folder / "alembic.ini",
            "sqlalchemy.url = driver://user:pass@localhost/dbname",
            f"sqlalchemy.url = {escaped}",
        )
        env = folder / "migrations" / "env.py"
        _replace(env, "target_metadata = None", FILTER.format(schema=schema))
        hooks = HOOKS.format(schemas=schema is not None)
        _replace(env, "\n            connection=connection,", hooks)
        self.schema = schema
        self.has("")

    def has(self, more: str) -> None:
        (self.folder / "office.py").write_text(OFFICE.format(more=more))

    def alembic(self, *arguments: str) -> str:
        where = f"{self.folder}{os.pathsep}{Path(__file__).resolve().parents[1]}"
        ran = subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=self.folder, env={**os.environ, "PYTHONPATH": where},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def revise(self, number: str) -> list[str]:
        """The operations that autogenerate writes into the next revision."""
        self.alembic("revision", "--autogenerate", "--rev-id", number)
        upgrade = self.path(number).read_text().partition("def upgrade()")[2]
        upgrade = upgrade.partition("def downgrade()")[0]
        lines = [line.strip() for line in upgrade.splitlines()]
        return [line for line in lines if line.startswith("op.") or line == "pass"]

    def path(self, number: str) -> Path:
        """The file of a revision."""
        (path,) = (self.folder / "migrations" / "versions").glob(f"{number}_*.py")
        return path


def _replace(path: Path, old: str, new: str) -> None:
    text_ = path.read_text()
    assert text_.count(old) == 1
    path.write_text(text_.replace(old, new))


@pytest.mark.parametrize(
    ("kind", "schema"), [("sqlite", None), ("postgres", None), ("postgres", "evidence")]
)
def test_a_hosts_autogenerate_leaves_the_ledger_alone_and_sees_the_hosts_tables(
    kind, schema, url, engine, tmp_path
):
    host = Host(tmp_path, url, schema)
    assert host.revise("0001") == ["op.create_table('office_invoice',"]
    _replace(host.path("0001"), '"""Upgrade schema."""', TO_THE_NEWEST.format(schema=schema))
    host.alembic("upgrade", "head")
    assert inspect(engine).has_table("office_invoice")
    ledger = filled(engine, prefix="office_", schema=schema, create=False)
    assert revisions(engine, "office_", schema) == [head()]

    host.has("paid: Mapped[bool]")
    (added,) = host.revise("0002")
    assert added.startswith("op.add_column('office_invoice', sa.Column('paid'")
    assert ledger.check() == audit(ledger, SMITH) == 8


def test_without_the_filter_a_host_would_drop_the_ledger(tmp_path):
    """Why there is one."""
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    SqlStore.open(engine)
    with engine.connect() as connection:
        bare = MigrationContext.configure(connection)
        dropped = {change[1].name for change in _changes(bare) if change[0] == "remove_table"}
        assert len(dropped) == len(tables("", None).metadata.tables)
        ours = {"include_name": LedgerTables().include_name}
        assert _changes(MigrationContext.configure(connection, opts=ours)) == []
    engine.dispose()


def _changes(context: MigrationContext) -> list[tuple[str, object]]:
    return compare_metadata(context, MetaData())


def test_a_host_that_reads_its_tables_from_the_database_does_not_make_the_ledger(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    SqlStore.open(engine)
    found = MetaData()
    found.reflect(engine)
    ours = LedgerTables()
    opts = {"include_name": ours.include_name, "include_object": ours.include_object}
    other = create_engine(f"sqlite:///{tmp_path}/other.db")
    with other.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=opts), found) == []
    for each in (engine, other):
        each.dispose()


@pytest.mark.parametrize(
    ("name", "schema", "seen"),
    [
        ("crm_entry", None, False),
        ("crm_entry", "evidence", False),
        ("crm_entry", "office", True),
        ("crm_entry_12", "evidence", False),
        ("crm_alembic_version", "evidence", False),
        ("crm_entry_notes", None, True),
        ("crm_invoice", None, True),
        ("alembic_version", None, True),
    ],
)
def test_only_the_ledgers_own_names_are_left_out(name, schema, seen):
    ours = LedgerTables("crm_", "evidence")
    assert ours.include_name(name, "table", {"schema_name": schema}) is seen
    assert ours.include_name(name, "index", {"schema_name": schema}) is True
    assert ours.include_name(None, "schema", {}) is True
    named = tables("crm_", "evidence").entry
    assert ours.include_object(named, "crm_entry", "table", True, None) is False
    assert ours.include_object(named.c.no, "no", "column", True, None) is True
