"""The commands of signing: `keygen` makes a key, `seal` signs what a ledger holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contactledger.commanding import Db, HighWater, Recorder, opened
from contactledger.keys import keygen as make_key


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(keygen)
    app.command()(seal)


def keygen(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help='As in "acme.example/contacts"; it is public.')
    ],
    out: Annotated[Path, typer.Option(help="The key file; it must not be there yet.")],
) -> None:
    """Make a key to sign with, and the verifier key to hand to the other side."""
    key = make_key(out, name)
    typer.echo(f"written: {out}: keep it secret, and apart from the database's backups")
    typer.echo(f"written: {out.with_suffix('.vkey')}: hand it to the other side")
    typer.echo(key.format())


def seal(
    db: Db,
    recorder: Recorder,
    signer: Annotated[str, typer.Option(help="The key file, or env:NAME.")],
    high_water: HighWater = None,
) -> None:
    """Sign everything that was recorded; print the checkpoint."""
    with opened(db, recorder=recorder, signer=signer, high_water=high_water) as ledger:
        sealed = ledger.seal()
    typer.echo(sealed.note.decode(), nl=False)
