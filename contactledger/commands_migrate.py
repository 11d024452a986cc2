"""The command `migrate`: the tables of an older layout made into those this release knows."""

from __future__ import annotations

from typing import Annotated

import typer

from contactledger.commanding import AsJson, Db, tell
from contactledger.errors import BadInput
from contactledger.store.making import PREFIX


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(migrate)


def migrate(
    db: Db,
    prefix: Annotated[str, typer.Option(help="Of the tables' names.")] = PREFIX,
    schema: Annotated[str | None, typer.Option(help="They are in (PostgreSQL).")] = None,
    sql: Annotated[
        bool, typer.Option("--sql", help="Connect to nothing; print what would be run.")
    ] = False,
    since: Annotated[
        int | None, typer.Option(help="With --sql: the layout that is there; none by default.")
    ] = None,
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Connect to nothing; print the SQL of least privilege."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a ledger's tables to the layout of this release, or make them.

    Run it as the owner of the tables, after a backup and with no older release running. All
    of it is one transaction.
    """
    from contactledger.store import migrations
    from contactledger.store.roles import roles_script
    from contactledger.store.urls import is_sqlite, place_of

    where = db if "://" in db else f"sqlite:///{db}"
    if roles:
        url, prefix, schema = place_of(where, prefix, schema)
        if is_sqlite(url):
            raise BadInput("SQLite has none", field="--roles")
        script = roles_script(prefix=prefix, schema=schema)
    elif sql:
        script = migrations.script(where, prefix=prefix, schema=schema, since=since)
    else:
        ran = migrations.migrate(where, prefix=prefix, schema=schema)
        told = [f"migrated to {revision.replace('_', ' ')}" for revision in ran]
        told = told or [f"nothing to do: {migrations.head().replace('_', ' ')}"]
        tell({"migrated": list(ran), "layout": migrations.head()}, *told, as_json=as_json)
        return
    tell({"sql": script}, script, as_json=as_json)
