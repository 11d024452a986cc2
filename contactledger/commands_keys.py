"""The commands of signing: `keygen` makes a key, `seal` signs what a ledger holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contactledger.commanding import AsJson, Db, HighWater, Recorder, opened, tell
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
    as_json: AsJson = False,
) -> None:
    """Make a key to sign with, and the verifier key to hand to the other side."""
    key = make_key(out, name)
    public = out.with_suffix(".vkey")
    tell(
        {"path": str(out), "verifier_path": str(public), "key": key.format()},
        f"written: {out}: keep it secret, and apart from the database's backups",
        f"written: {public}: hand it to the other side",
        key.format(),
        as_json=as_json,
    )


def seal(
    db: Db,
    recorder: Recorder,
    signer: Annotated[str, typer.Option(help="The key file, or env:NAME.")],
    high_water: HighWater = None,
    as_json: AsJson = False,
) -> None:
    """Sign everything that was recorded; print the checkpoint."""
    with opened(db, recorder=recorder, signer=signer, high_water=high_water) as ledger:
        sealed = ledger.seal()
    note = sealed.note.decode()
    values = {"size": sealed.checkpoint.size, "sealed_at": sealed.sealed_at, "note": note}
    tell(values, note, as_json=as_json)
