"""The command that takes a ledger out for analysis: `contactledger export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contactledger.ledger import Ledger


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(export)


def export(
    db: Annotated[str, typer.Argument(metavar="DB", help="A SQLite file or a database URL.")],
    parquet: Annotated[Path, typer.Option(metavar="DIR", help="The folder for the Parquet files.")],
    only: Annotated[
        list[str] | None, typer.Option(help="This set alone; may be given several times.")
    ] = None,
    as_of: Annotated[str, typer.Option("--as-of", metavar="TIME", help="By default now.")] = "",
    personal: Annotated[
        bool,
        typer.Option(
            "--personal",
            help="With names, addresses and texts. Keep such files as you keep the ledger: "
            "nothing that is erased later is erased from them.",
        ),
    ] = False,
) -> None:
    """Write the log and its verdicts as Parquet, for DuckDB, Spark or Polars; ids for names."""
    where = db if "://" in db else f"sqlite:///{db}"
    with Ledger.open(where, recorder=None, create=False) as ledger:
        written = ledger.export_parquet(
            parquet, sets=only or (), as_of=as_of or None, personal=personal
        )
    for file in written:
        typer.echo(f"written: {file.path} ({file.rows:,} rows)")
