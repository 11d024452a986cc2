"""The command line: `contactledger demo | check | standing | report`, and the commands of the
modules `commands_…`.

What says `--recorder` writes (imports, reports received and replayed, heartbeats, keys); all else
reads. An error of the library is one line on standard error and exit code 1; a wrong command is
Typer's, with exit code 2; 3 says that something was done in part (`import`, `receive`, `replay`).
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contactledger import (
    __version__,
    commands_archive,
    commands_bundle,
    commands_exchange,
    commands_export,
    commands_import,
    commands_keys,
    commands_migrate,
    commands_next,
    commands_policy,
    commands_receive,
    commands_scaling,
)
from contactledger.errors import BadInput, LedgerError
from contactledger.ledger import Ledger
from contactledger.moments import moment
from contactledger.report.plain import standing_text

app = typer.Typer(
    name="contactledger",
    help="Who reached out, who answered, who ignored it; believable to both sides.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Where = Annotated[str, typer.Argument(metavar="DB", help="A SQLite file or a database URL.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the ledger.")]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="TIME", help="As in 2026-07-01T09:00Z; by default now.")
]


def run() -> None:
    """The command line of this process; errors of the library become one line and code 1."""
    try:
        app()
    except LedgerError as error:
        sys.stderr.write(f"contactledger: {error}\n")
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"contactledger {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Who reached out, who answered, who ignored it; believable to both sides."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder to play into.")] = Path("demo"),
) -> None:
    """Play half a year of "Nobody told us" into a ledger; print the standing, write the report."""
    from contactledger.demo import play

    played = play(out)
    typer.echo(played.text)
    console = Console(highlight=False, soft_wrap=True)
    for path in played.files:
        console.print(f"[dim]written:[/dim] {path}", markup=True)
    console.print(
        "\nThe other side checks the bundle offline, trusting nobody (the key that signed"
    )
    console.print("it was made for this demo and thrown away):")
    console.print(f"  contactledger verify {played.bundle} --trust {played.key}")


@app.command()
def check(
    db: Where,
    lookups: Annotated[
        bool, typer.Option("--lookups", help="And whether every name still leads to its entry.")
    ] = False,
) -> None:
    """Re-hash every entry of a ledger; name the first that does not match."""
    with _opened(db) as ledger:
        count = ledger.check()
        accounts, away = len(ledger.accounts()), len(ledger.archives())
        archived = f", {away:,} of them archived and not here to be hashed" if away else ""
        typer.echo(f"{count:,} entries match their hashes; accounts: {accounts:,}{archived}")
        if lookups:
            typer.echo(f"{ledger.check_lookups():,} look-ups lead to their entries")


@app.command()
def standing(db: Where, account: Account, as_of: AsOf = "") -> None:
    """Print an account: every party in the same columns, and whose turn it is."""
    with _opened(db) as ledger:
        typer.echo(standing_text(ledger.report(account, as_of=_moment(as_of)).data), nl=False)


@app.command()
def report(
    db: Where,
    account: Account,
    out: Annotated[Path, typer.Option(help="A file ending in .html, .txt or .json.")],
    as_of: AsOf = "",
    period: Annotated[
        str, typer.Option(help='Only touches of it: "2026", "2026-03", "2026-01/2026-03".')
    ] = "",
) -> None:
    """Write the proof-of-contact report of an account."""
    with _opened(db) as ledger:
        made = ledger.report(account, as_of=_moment(as_of), period=period or None)
    forms = {".html": made.html, ".txt": made.text, ".json": made.json}
    if out.suffix not in forms:
        raise BadInput(f"must end in one of: {', '.join(forms)}", field="--out")
    try:
        out.write_text(forms[out.suffix](), "utf-8")
    except OSError as error:
        raise BadInput(f"cannot be written ({type(error).__name__})", field="--out") from None
    typer.echo(f"written: {out}")


def _opened(db: str) -> Ledger:
    return Ledger.open(db if "://" in db else f"sqlite:///{db}", recorder=None, create=False)


def _moment(text: str) -> datetime | None:
    return moment(text, "--as-of") if text else None


commands_archive.add_to(app)
commands_bundle.add_to(app)
commands_exchange.add_to(app)
commands_export.add_to(app)
commands_import.add_to(app)
commands_keys.add_to(app)
commands_policy.add_to(app)
commands_next.add_to(app)
commands_migrate.add_to(app)
commands_scaling.add_to(app)
commands_receive.add_to(app)
