"""The command line: `contactledger demo | check | standing`, and the commands of the
modules `commands_…`. docs/cli.md says all of it.

What says `--recorder` writes; all else reads. Exit codes::

    0   done
    1   refused or failed: one line on standard error, and below it what to do, where that is
        known. Or the answer is no (`may-contact`, `policy check`, `report-lint`)
    2   a wrong command, or the extra is not installed
    3   done in part (`across`, `import`, `receive`, `replay`, `redact`, `scrub`, `tick`)
    130 interrupted
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contactledger import (
    __version__,
    commands_across,
    commands_archive,
    commands_ask,
    commands_bundle,
    commands_erase,
    commands_exchange,
    commands_export,
    commands_import,
    commands_inbox,
    commands_keys,
    commands_migrate,
    commands_next,
    commands_policy,
    commands_receive,
    commands_report,
    commands_scaling,
    commands_serve,
    commands_tick,
    commands_write,
)
from contactledger.commanding import (
    Account,
    AsJson,
    AsOf,
    Db,
    Recorder,
    advice,
    any_encoding,
    as_of_moment,
    opened,
    say,
    say_json,
    say_page,
    tell,
)
from contactledger.errors import LedgerError
from contactledger.report.plain import standing_text

app = typer.Typer(
    name="contactledger",
    help="Who reached out, who answered, who ignored it; believable to both sides.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def run() -> None:
    """The command line of this process; errors of the library become one line and code 1."""
    any_encoding()
    try:
        app(prog_name="contactledger")
    except LedgerError as error:
        hint = advice(error)
        sys.stderr.write(f"contactledger: {error}\n" + (f"  {hint}\n" if hint else ""))
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"contactledger {__version__}")
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
    as_json: AsJson = False,
) -> None:
    """Play half a year of "Nobody told us" into a ledger; print the standing, write the report."""
    from contactledger.demo import play

    played = play(out)
    if as_json:
        say_json({"files": [str(path) for path in played.files], "key": str(played.key)})
        return
    say(played.text)
    console = Console(highlight=False, soft_wrap=True)
    for path in played.files:
        console.print(f"[dim]written:[/dim] {path}", markup=True)
    console.print(
        "\nThe other side checks the bundle offline, trusting nobody (the key that signed"
    )
    console.print("it was made for this demo and thrown away):")
    console.print(f"  contactledger verify {played.bundle} --trust {played.key}")
    if played.pdf is not None:
        console.print("The PDF carries the same bundle:")
        console.print(f"  contactledger verify {played.pdf} --trust {played.key}")


@app.command()
def check(
    db: Db,
    lookups: Annotated[
        bool, typer.Option("--lookups", help="And whether every name still leads to its entry.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Re-hash every entry of a ledger; name the first that does not match."""
    with opened(db) as ledger:
        count = ledger.check()
        found = {"entries": count, "accounts": len(ledger.accounts())}
        found["archived"] = len(ledger.archives())
        if lookups:
            found["lookups"] = ledger.check_lookups()
    if as_json:
        say_json(found)
        return
    away = found["archived"]
    archived = f", {away:,} of them archived and not here to be hashed" if away else ""
    say(f"{count:,} entries match their hashes; accounts: {found['accounts']:,}{archived}")
    if lookups:
        say(f"{found['lookups']:,} look-ups lead to their entries")


@app.command()
def reindex(db: Db, recorder: Recorder, as_json: AsJson = False) -> None:
    """Make the look-ups of a ledger again from its entries, where `check --lookups` says so."""
    with opened(db, recorder=recorder) as ledger:
        mended = ledger.reindex()
    tell({"mended": mended}, f"mended: {mended:,} look-ups", as_json=as_json)


@app.command()
def standing(db: Db, account: Account, as_of: AsOf = "", as_json: AsJson = False) -> None:
    """Print an account: every party in the same columns, and whose turn it is."""
    with opened(db) as ledger:
        data = ledger.report(account, as_of=as_of_moment(as_of)).data
    say_json(data) if as_json else say_page(standing_text(data))


commands_report.add_to(app)
commands_write.add_to(app)
commands_archive.add_to(app)
commands_ask.add_to(app)
commands_across.add_to(app)
commands_bundle.add_to(app)
commands_exchange.add_to(app)
commands_export.add_to(app)
commands_import.add_to(app)
commands_keys.add_to(app)
commands_policy.add_to(app)
commands_next.add_to(app)
commands_migrate.add_to(app)
commands_scaling.add_to(app)
commands_serve.add_to(app)
commands_receive.add_to(app)
commands_inbox.add_to(app)
commands_erase.add_to(app)
commands_tick.add_to(app)
