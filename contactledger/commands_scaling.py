"""The commands that print SQL for a ledger that has outgrown one table, or one machine.

They connect to nothing: what they print is for `psql`, and for the eyes of whoever owns the
database. The scripts are imported when one is asked for: the tables take half a second.
"""

from __future__ import annotations

from typing import Annotated

import typer

from contactledger.commanding import AsJson, tell

PREFIX = "contactledger_"
Prefix = Annotated[str, typer.Option(help="What the tables' names begin with.")]
Schema = Annotated[str, typer.Option(help="The schema of the tables; by default none is named.")]

scaling = typer.Typer(
    help="Print the SQL that spreads a ledger's tables out in PostgreSQL.", no_args_is_help=True
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(scaling, name="scaling")


@scaling.command()
def partitions(
    parts: Annotated[int, typer.Option(help="How many.")] = 16,
    prefix: Prefix = PREFIX,
    schema: Schema = "",
    as_json: AsJson = False,
) -> None:
    """New tables in hash partitions, inside one PostgreSQL."""
    from contactledger.store.scaling import scripts

    text = scripts.partitions(prefix=prefix, schema=schema or None, parts=parts)
    tell({"sql": text}, text, as_json=as_json)


@scaling.command()
def citus(
    shards: Annotated[int, typer.Option(help="How many.")] = 32,
    prefix: Prefix = PREFIX,
    schema: Schema = "",
    as_json: AsJson = False,
) -> None:
    """New tables in shards, on the coordinator of a Citus cluster."""
    from contactledger.store.scaling import scripts

    text = scripts.citus(prefix=prefix, schema=schema or None, shards=shards)
    tell({"sql": text}, text, as_json=as_json)


@scaling.command()
def move(
    old_prefix: Annotated[
        str, typer.Option(help="What the old tables' names begin with.")
    ] = PREFIX,
    old_schema: Annotated[str, typer.Option(help="The schema of the old tables.")] = "",
    prefix: Prefix = PREFIX,
    schema: Schema = "",
    as_json: AsJson = False,
) -> None:
    """All rows of the old tables into the new ones, which are empty; writers wait meanwhile."""
    from contactledger.store.scaling import scripts

    text = scripts.move(
        old_prefix=old_prefix, old_schema=old_schema or None, prefix=prefix, schema=schema or None
    )
    tell({"sql": text}, text, as_json=as_json)
