"""The commands of archiving: `archive` moves an old account into a file, `restore` brings it back,
`archives` lists those that are out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from contactledger.archiving import Archive
from contactledger.commanding import (
    Account,
    AsJson,
    Db,
    HighWater,
    Recorder,
    Signer,
    opened,
    tell,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (archive, restore, archives):
        app.command()(command)


def archive(
    db: Db,
    account: Account,
    recorder: Recorder,
    out: Annotated[Path, typer.Option(help="The file to make; there must be none.")],
    signer: Signer = None,
    high_water: HighWater = None,
    as_json: AsJson = False,
) -> None:
    """Move an account's entries out of the database, into a file that anybody can verify.

    What is not sealed yet is sealed first, with --signer.
    """
    with opened(db, recorder=recorder, signer=signer, high_water=high_water) as ledger:
        made = ledger.archive(account, out)
        ledger.scrub()
    tell(
        {**_row(made), "path": str(out)},
        f"archived: {made.entries:,} entries of {made.account} to {out}",
        f"SHA-256:  {made.sha256}",
        "The file is now the only copy. Keep it as you keep the database.",
        as_json=as_json,
    )


def restore(
    db: Db,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The account's file.")],
    recorder: Recorder,
    as_json: AsJson = False,
) -> None:
    """Bring an archived account back into the database, byte for byte."""
    with opened(db, recorder=recorder) as ledger:
        made = ledger.restore(file)
    tell(_row(made), f"restored: {made.entries:,} entries of {made.account}", as_json=as_json)


def archives(db: Db, as_json: AsJson = False) -> None:
    """List the accounts that are archived, and the files they are in, by their SHA-256."""
    with opened(db) as ledger:
        for one in ledger.archives():
            line = f"{one.sha256}  {one.account} ({one.entries:,} entries)"
            tell(_row(one), line, as_json=as_json)


def _row(one: Archive) -> dict[str, Any]:
    return {"account": one.account, "entries": one.entries, "sha256": one.sha256}
