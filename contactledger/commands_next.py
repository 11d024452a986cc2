"""The commands that look ahead: `next`, `cases` and `may-contact`."""

from __future__ import annotations

from textwrap import fill
from typing import Annotated

import typer

from contactledger.commanding import (
    Account,
    AsJson,
    AsOf,
    Db,
    as_of_moment,
    opened,
    say,
    say_json,
    say_page,
)
from contactledger.moments import moment
from contactledger.report.cases_text import cases_text
from contactledger.report.names import names
from contactledger.report.outlook import permission_row
from contactledger.report.wording import Scope
from contactledger.reporting import AHEAD

WIDTH = 88


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("next")(next_)
    app.command()(cases)
    app.command("may-contact")(may_contact)


def next_(
    db: Db,
    account: Account,
    party: Annotated[
        str, typer.Option(help="For whom; by default the party that keeps the log.")
    ] = "",
    as_of: AsOf = "",
    as_json: AsJson = False,
) -> None:
    """Say what should be done next in an account, and where the relationship is."""
    with opened(db) as ledger:
        page = ledger.outlook(account, party=party or None, as_of=as_of_moment(as_of))
    say_json(page.data) if as_json else say_page(page.text())


def cases(db: Db, account: Account, as_of: AsOf = "", as_json: AsJson = False) -> None:
    """List the matters of an account: who holds each, since when, and whose turn it is."""
    with opened(db) as ledger:
        data = ledger.report(account, as_of=as_of_moment(as_of)).data
    if as_json:
        for case in data["cases"]:
            say_json(case)
    else:
        say_page(cases_text(data))


def may_contact(
    db: Db,
    account: Account,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A key of the account.")],
    channel: Annotated[str, typer.Argument(metavar="CHANNEL", help="As in email, phone.")],
    about: Annotated[
        list[str] | None, typer.Option(help="A purpose or a topic; may repeat.")
    ] = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="By default now.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say whether somebody may be contacted, or the rules against it; code 1 if not."""
    with opened(db) as ledger:
        when = moment(at, "--at") if at else None
        found = ledger.may_contact(account, person, channel, tuple(about or ()), when)
        called = names(ledger.entries(account))
    zones = (called.zones.get(ref) for ref in (found.person, found.party))
    zone = next(filter(None, zones), "UTC")
    row = permission_row(found, called, AHEAD, Scope(zone=zone))
    if as_json:
        say_json(row)
    else:
        said = f"{row['said']['text']} Rule {', '.join(row['rules'])}. Times are {zone}."
        say(fill(said, WIDTH))
    if not found:
        raise typer.Exit(1)
