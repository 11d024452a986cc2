"""The command that takes a ledger out for analysis: `contactledger export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contactledger.commanding import AsJson, Db, opened, say, say_json


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(export)


def export(
    db: Db,
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
    as_json: AsJson = False,
) -> None:
    """Write the log and its verdicts as Parquet, for DuckDB, Spark or Polars; ids for names."""
    with opened(db) as ledger:
        written = ledger.export_parquet(
            parquet, sets=only or (), as_of=as_of or None, personal=personal
        )
    for file in written:
        if as_json:
            say_json({"path": str(file.path), "rows": file.rows})
        else:
            say(f"written: {file.path} ({file.rows:,} rows)")
