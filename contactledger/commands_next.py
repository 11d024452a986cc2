"""The commands that look ahead: `next`, `cases` and `may-contact`."""

from __future__ import annotations

from textwrap import fill
from typing import Annotated

import typer

from contactledger.ledger import Ledger
from contactledger.moments import Moment, moment
from contactledger.report.cases_text import cases_text
from contactledger.report.names import names
from contactledger.report.outlook import permission_row
from contactledger.report.wording import Scope
from contactledger.reporting import AHEAD

WIDTH = 88

Where = Annotated[str, typer.Argument(metavar="DB", help="A SQLite file or a database URL.")]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the ledger.")]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="TIME", help="As in 2026-07-01T09:00Z; by default now.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("next")(next_)
    app.command()(cases)
    app.command("may-contact")(may_contact)


def next_(
    db: Where,
    account: Account,
    party: Annotated[
        str, typer.Option(help="For whom; by default the party that keeps the log.")
    ] = "",
    as_of: AsOf = "",
) -> None:
    """Say what should be done next in an account, and where the relationship is."""
    with _opened(db) as ledger:
        page = ledger.outlook(account, party=party or None, as_of=_moment(as_of))
        typer.echo(page.text(), nl=False)


def cases(db: Where, account: Account, as_of: AsOf = "") -> None:
    """List the matters of an account: who holds each, since when, and whose turn it is."""
    with _opened(db) as ledger:
        typer.echo(cases_text(ledger.report(account, as_of=_moment(as_of)).data), nl=False)


def may_contact(
    db: Where,
    account: Account,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A key of the account.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="As in email, phone.")],
    about: Annotated[
        list[str] | None, typer.Option(help="A purpose or a topic; may repeat.")
    ] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="By default now.")] = "",
) -> None:
    """Say whether somebody may be contacted, or the rules against it; code 1 if not."""
    with _opened(db) as ledger:
        when = moment(at, "--at") if at else None
        found = ledger.may_contact(account, person, channel, tuple(about or ()), when)
        called = names(ledger.entries(account))
    zones = (called.zones.get(ref) for ref in (found.person, found.party))
    zone = next(filter(None, zones), "UTC")
    row = permission_row(found, called, AHEAD, Scope(zone=zone))
    said = f"{row['said']['text']} Rule {', '.join(row['rules'])}. Times are {zone}."
    typer.echo(fill(said, WIDTH))
    if not found:
        raise typer.Exit(1)


def _opened(db: str) -> Ledger:
    return Ledger.open(db if "://" in db else f"sqlite:///{db}", recorder=None, create=False)


def _moment(text: str) -> Moment | None:
    return moment(text, "--as-of") if text else None
