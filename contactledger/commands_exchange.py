"""The commands with which two sides exchange: `countersign`, `accept`, `reconcile`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contactledger import files
from contactledger.commanding import AsJson, Db, Recorder, opened, say_json, say_page
from contactledger.countersigning import MEANING, Countersignature, countersign
from contactledger.errors import BadInput
from contactledger.exchange import OpenedBundle, open_bundle
from contactledger.reconciling import Side, reconcile

Trust = Annotated[
    list[str],
    typer.Option("--trust", metavar="KEY", help="A verifier key or its .vkey file; may repeat."),
]
_ZIP = b"PK"


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (countersign_, accept, reconcile_):
        app.command(command.__name__.rstrip("_"))(command)


def countersign_(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="What you were given.")],
    trust: Trust,
    key: Annotated[str, typer.Option(help="Your key file, or env:NAME.")],
    out: Annotated[Path, typer.Option(help="The file to send back.")],
    remember: Annotated[
        Path | None, typer.Option(help="The file that keeps what you have verified before.")
    ] = None,
) -> None:
    """Verify a bundle and sign that you were given it. It says nothing about agreeing."""
    held = open_bundle(bundle, trust=trust, remember=remember)
    countersign(held, key, datetime.now(UTC)).save(out)
    typer.echo(f"verified: {held.size:,} entries of {held.account}, sealed by {held.origin}")
    typer.echo(MEANING)
    typer.echo(f"written: {out}; send it back to whoever gave you the bundle")


def accept(
    db: Db,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What came back.")],
    trust: Trust,
    recorder: Recorder,
) -> None:
    """Take in a countersignature; later bundles of the account hold it."""
    with opened(db, recorder=recorder) as ledger:
        kept = ledger.accept(Countersignature.load(file), trust=trust)
    typer.echo(
        f"accepted: {kept.name} received {kept.size:,} entries at {kept.at:%Y-%m-%d %H:%M:%S} UTC "
        "by its own clock"
    )
    typer.echo(MEANING)


def reconcile_(
    ours: Annotated[str, typer.Argument(metavar="OURS", help="A ledger, or a bundle.")],
    theirs: Annotated[str, typer.Argument(metavar="THEIRS", help="A bundle, or a ledger.")],
    trust: Trust,
    account: Annotated[str, typer.Option(help="The account's name, where one is a ledger.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="A file ending in .html, .txt or .json; else it is printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lay two records of one account side by side: agreed, contradicting, in one alone."""
    found = reconcile(_side(ours, trust, account), _side(theirs, trust, account))
    report = found.report()
    forms = {".html": report.html, ".txt": report.text, ".json": report.json}
    if out is None:
        say_json(report.data) if as_json else say_page(report.text())
        return
    if out.suffix not in forms:
        raise BadInput(f"must end in one of: {', '.join(forms)}", field="--out")
    with files.replacing(out, "--out") as file:
        file.write(forms[out.suffix]().encode())
    typer.echo(f"written: {out}")


def _side(where: str, trust: list[str], account: str) -> OpenedBundle | Side:
    """A bundle, verified, or the account in a ledger."""
    if "://" not in where:
        with files.reading(where, "side") as file:
            if file.read(len(_ZIP)) == _ZIP:
                return open_bundle(where, trust=trust)
    if not account:
        raise BadInput("name the account in the ledger", field="--account")
    with opened(where) as ledger:
        return ledger.side(account)
