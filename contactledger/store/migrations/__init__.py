"""Migrations: the tables of an older layout made into those that this release knows.

Alembic runs them, with a version table of its own beside each ledger's tables, so any number
of ledgers and the host's own migrations live in one database. Each revision is named after
the layout it makes (`layout_2`), and sets the row of the table `layout` in the same
transaction: the two cannot disagree. A ledger that was made without Alembic, by
`Ledger.open`, is taken in as what its layout says.

There is no way back: nothing here may drop evidence. Alembic is the extra `migrate`; making
a new ledger does without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL
from sqlalchemy.engine.mock import MockConnection

from contactledger.errors import BadInput, NotInstalled, WrongLayout
from contactledger.store.connections import Host
from contactledger.store.engine import connections_of, dialect_of, open_engine
from contactledger.store.failures import attempt
from contactledger.store.making import PREFIX, alone, check_names, wrong_layout
from contactledger.store.opening import mark_of
from contactledger.store.statements import statements
from contactledger.store.urls import place_of

if TYPE_CHECKING:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

VERSIONS = Path(__file__).parent / "versions"
TIMEOUT_SECONDS = 60.0
"""How long a migration waits for those who still write."""
_NAMED = "layout_"


@frozen
class Step:
    """What a revision is given: Alembic's operations, and names under the ledger's prefix."""

    op: Operations
    prefix: str
    schema: str | None

    def create_table(self, name: str, key: str, *columns: sa.Column[Any], **how: Any) -> None:
        """A table with a primary key of these columns (their names, separated by spaces)."""
        keys = sa.PrimaryKeyConstraint(*key.split())
        self.op.create_table(self.prefix + name, *columns, keys, schema=self.schema, **how)

    def add_column(self, table: str, column: sa.Column[Any]) -> None:
        """A column more of a table."""
        self.op.add_column(self.prefix + table, column, schema=self.schema)

    def create_index(self, name: str, table: str, columns: list[str], **how: Any) -> None:
        """An index of a table."""
        named = self.prefix + name, self.prefix + table
        self.op.create_index(*named, columns, schema=self.schema, **how)


def version_table(prefix: str = PREFIX) -> str:
    """The name of Alembic's version table for the ledger of this prefix."""
    return f"{prefix}alembic_version"


def head(versions: Sequence[Path] = (VERSIONS,)) -> str:
    """The newest revision."""
    return str(_scripts(versions).get_current_head())


def migrate(
    target: str | URL | Engine | Host | MockConnection,
    *,
    prefix: str = PREFIX,
    schema: str | None = None,
    to: int | None = None,
    versions: Sequence[Path] = (VERSIONS,),
) -> tuple[str, ...]:
    """Bring the tables to the newest layout, or make them; the revisions that ran, in order.

    All of it in one transaction: of a URL or an Engine, its own; of a host's Connection or
    Session, the host's, which the host commits. `to`: an older layout to stop at; `versions`:
    the folders of revisions.
    BadInput, WrongLayout if a newer release made the tables, NotInstalled, StoreErrors.
    """
    scripts = _scripts(versions)
    if isinstance(target, MockConnection):
        why = "`alembic --sql` has no connection; use contactledger migrate --sql"
        raise BadInput(why, field="target")
    if isinstance(target, str | URL):
        target, prefix, schema = place_of(target, prefix, schema)
    with _engine_of(target) as there:
        connections = connections_of(there, TIMEOUT_SECONDS)
        check_names(prefix, schema, connections.engine.dialect.name)
        with connections.begin(write=True) as connection:
            return attempt(_migrate, connection, scripts, prefix, schema, _target(to))


def script(
    url: str | URL,
    *,
    prefix: str = PREFIX,
    schema: str | None = None,
    since: int | None = None,
    versions: Sequence[Path] = (VERSIONS,),
) -> str:
    """The same as SQL for the database that `url` names, which is not connected to.

    `since`: the layout that is there; None where there is nothing yet.
    """
    scripts = _scripts(versions)
    url, prefix, schema = place_of(url, prefix, schema)
    dialect = dialect_of(url)
    check_names(prefix, schema, dialect.name)
    there = () if since is None else (f"{_NAMED}{since}",)
    _refuse_unknown(scripts, there)
    text = StringIO()
    more = {"as_sql": True, "output_buffer": text, "starting_rev": there[0] if there else None}
    context = _context(scripts, prefix, schema, _target(None), dialect=dialect, more=more)
    with context.begin_transaction():
        if schema is not None:
            context.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        context.run_migrations(step=_step(context, prefix, schema))
    return text.getvalue()


def _migrate(
    connection: Connection,
    scripts: ScriptDirectory,
    prefix: str,
    schema: str | None,
    target: str,
) -> tuple[str, ...]:
    alone(connection, prefix, schema)
    ran: list[str] = []
    more = {"on_version_apply": [lambda *, step, **_: ran.append(step.up_revision_id)]}
    context = _context(scripts, prefix, schema, target, connection=connection, more=more)
    there = _there(context, prefix, schema)
    _refuse_unknown(scripts, there)
    if there and not context.get_current_heads():
        context.stamp(scripts, there[0])  # made by `Ledger.open`
    context.run_migrations(step=_step(context, prefix, schema))
    return tuple(ran)


def _target(to: int | None) -> str:
    return "head" if to is None else f"{_NAMED}{to}"


def _there(context: MigrationContext, prefix: str, schema: str | None) -> tuple[str, ...]:
    """The revision that the database is at, by its layout; its version table must agree."""
    connection = context.connection
    assert connection is not None  # noqa: S101 - a context that is not offline has one
    layouts: list[int] = []
    if sa.inspect(connection).has_table(f"{prefix}layout", schema=schema):
        asked = statements(prefix, schema, mark_of(connection.engine)).layout
        layouts = list(connection.exec_driver_sql(asked).scalars())
        if len(layouts) != 1:
            raise wrong_layout(layouts)
    there = tuple(f"{_NAMED}{layout}" for layout in layouts)
    known = context.get_current_heads()
    if known not in ((), there):
        raise WrongLayout(
            f"the tables have layout {', '.join(map(str, layouts)) or 'unknown'}, but "
            f"{version_table(prefix)} says {', '.join(known)}"
        )
    return there


def _refuse_unknown(scripts: ScriptDirectory, there: tuple[str, ...]) -> None:
    known = {each.revision for each in scripts.walk_revisions()}
    for revision in there:
        if revision not in known:
            raise wrong_layout([int(revision.removeprefix(_NAMED))])


def _context(
    scripts: ScriptDirectory,
    prefix: str,
    schema: str | None,
    target: str,
    *,
    connection: Connection | None = None,
    dialect: sa.Dialect | None = None,
    more: dict[str, Any],
) -> MigrationContext:
    from alembic.runtime.migration import MigrationContext

    def steps(revision: Any, _: object) -> Any:
        # what `alembic upgrade head` asks, without its global environment: a host's env.py
        # may be running
        return scripts._upgrade_revs(target, revision)  # noqa: SLF001

    def follow(*, ctx: MigrationContext, step: Any, **_: object) -> None:
        name = f'"{schema}"."{prefix}layout"' if schema else f'"{prefix}layout"'
        ctx.execute(f"DELETE FROM {name}")  # noqa: S608
        layout = int(step.up_revision_id.removeprefix(_NAMED))
        ctx.execute(f"INSERT INTO {name} (one, layout) VALUES (1, {layout})")  # noqa: S608

    applied = [follow, *more.pop("on_version_apply", ())]
    return MigrationContext.configure(
        connection=connection,
        dialect=dialect,
        opts={
            "fn": steps,
            "transactional_ddl": True,
            "version_table": version_table(prefix),
            "version_table_schema": schema,
            "on_version_apply": applied,
            **more,
        },
    )


def _step(context: MigrationContext, prefix: str, schema: str | None) -> Step:
    from alembic.operations import Operations

    return Step(Operations(context), prefix, schema)


def _scripts(versions: Sequence[Path]) -> ScriptDirectory:
    try:
        from alembic.script import ScriptDirectory
    except ImportError:
        raise NotInstalled("migrations need Alembic, an extra: contactledger[migrate]") from None
    return ScriptDirectory(VERSIONS.parent, version_locations=list(versions))


@contextmanager
def _engine_of(target: str | Engine | Host) -> Iterator[Engine | Host]:
    """Of a URL, an engine as long as the block lasts."""
    if not isinstance(target, str):
        yield target
        return
    engine = open_engine(target, create=True, timeout_seconds=TIMEOUT_SECONDS)
    try:
        yield engine
    finally:
        engine.dispose()
