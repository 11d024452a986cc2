"""The commands with which two sides exchange: `countersign`, `accept`, `reconcile`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contactledger import files
from contactledger.commanding import AsJson, Db, Recorder, opened, say_json, say_page, tell
from contactledger.countersigning import MEANING, Countersignature, countersign
from contactledger.errors import BadInput
from contactledger.exchange import OpenedBundle, open_bundle
from contactledger.reconciling import Side, reconcile
from contactledger.report.kinds import OFFERED

Trust = Annotated[
    list[str],
    typer.Option("--trust", metavar="KEY", help="A verifier key or its .vkey file; may repeat."),
]
FORMS = tuple(f".{form}" for form in OFFERED["reconciliation"].forms)
_DATABASE = b"SQLite format 3"
"""How a ledger in a file begins; any other file is taken for a bundle, or a PDF with one inside."""


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
    as_json: AsJson = False,
) -> None:
    """Verify a bundle and sign that you were given it. It says nothing about agreeing."""
    held = open_bundle(bundle, trust=trust, remember=remember)
    countersign(held, key, datetime.now(UTC)).save(out)
    tell(
        {
            "path": str(out),
            "account": held.account,
            "entries": held.size,
            "key": held.key,
            "sealed_at": held.sealed_at,
        },
        f"verified: {held.size:,} entries of {held.account}, sealed by {held.origin}",
        MEANING,
        f"written: {out}; send it back to whoever gave you the bundle",
        as_json=as_json,
    )


def accept(
    db: Db,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What came back.")],
    trust: Trust,
    recorder: Recorder,
    as_json: AsJson = False,
) -> None:
    """Take in a countersignature; later bundles of the account hold it."""
    with opened(db, recorder=recorder) as ledger:
        kept = ledger.accept(Countersignature.load(file), trust=trust)
    tell(
        {"name": kept.name, "entries": kept.size, "at": kept.at},
        f"accepted: {kept.name} received {kept.size:,} entries at {kept.at:%Y-%m-%d %H:%M:%S} UTC "
        "by its own clock",
        MEANING,
        as_json=as_json,
    )


def reconcile_(
    ours: Annotated[str, typer.Argument(metavar="OURS", help="A ledger, or a bundle.")],
    theirs: Annotated[str, typer.Argument(metavar="THEIRS", help="A bundle, or a ledger.")],
    trust: Trust,
    account: Annotated[str, typer.Option(help="The account's name, where one is a ledger.")] = "",
    out: Annotated[
        Path | None, typer.Option(help=f"A file ending in {', '.join(FORMS)}; else it is printed.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="TAG", help="Of the fixed words: en or de.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Lay two records of one account side by side: agreed, contradicting, in one alone."""
    found = reconcile(_side(ours, trust, account), _side(theirs, trust, account))
    report = found.report(lang=lang)
    if out is None:
        say_json(report.data) if as_json else say_page(report.text())
        return
    if out.suffix not in FORMS:
        raise BadInput(f"must end in one of: {', '.join(FORMS)}", field="--out")
    made = report.form(out.suffix)
    with files.replacing(out, "--out") as file:
        file.write(made)
    tell({"path": str(out)}, f"written: {out}", as_json=as_json)


def _side(where: str, trust: list[str], account: str) -> OpenedBundle | Side:
    """A bundle, or that inside a PDF, verified; or the account in a ledger."""
    if "://" not in where:
        with files.reading(where, "side") as file:
            if file.read(len(_DATABASE)) != _DATABASE:
                return open_bundle(where, trust=trust)
    if not account:
        raise BadInput("name the account in the ledger", field="--account")
    with opened(where) as ledger:
        return ledger.side(account)
