"""The commands of archiving: `archive` moves an old account into a file, `restore` brings it back,
`archives` lists those that are out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from contactledger.ledger import Ledger

Where = Annotated[str, typer.Argument(metavar="DB", help="A SQLite file or a database URL.")]
Recorder = Annotated[str, typer.Option(help="The key of the party that runs the ledger.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (archive, restore, archives):
        app.command()(command)


def archive(
    db: Where,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the ledger.")],
    recorder: Recorder,
    out: Annotated[Path, typer.Option(help="The file to make; there must be none.")],
    signer: Annotated[
        str | None, typer.Option(help="Seal first, with this key file or env:NAME.")
    ] = None,
    high_water: Annotated[
        Path | None, typer.Option(help="How far was signed, where that is not beside the key.")
    ] = None,
) -> None:
    """Move an account's entries out of the database, into a file that anybody can verify."""
    with _opened(db, recorder=recorder, signer=signer, high_water=high_water) as ledger:
        made = ledger.archive(account, out)
        ledger.scrub()
    typer.echo(f"archived: {made.entries:,} entries of {made.account} to {out}")
    typer.echo(f"SHA-256:  {made.sha256}")
    typer.echo("The file is now the only copy. Keep it as you keep the database.")


def restore(
    db: Where,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The account's file.")],
    recorder: Recorder,
) -> None:
    """Bring an archived account back into the database, byte for byte."""
    with _opened(db, recorder=recorder) as ledger:
        made = ledger.restore(file)
    typer.echo(f"restored: {made.entries:,} entries of {made.account}")


def archives(db: Where) -> None:
    """List the accounts that are archived, and the files they are in, by their SHA-256."""
    with _opened(db, recorder=None) as ledger:
        for one in ledger.archives():
            typer.echo(f"{one.sha256}  {one.account} ({one.entries:,} entries)")


def _opened(db: str, **how: Any) -> Ledger:
    return Ledger.open(db if "://" in db else f"sqlite:///{db}", create=False, **how)
