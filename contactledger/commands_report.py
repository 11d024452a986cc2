"""The commands about reports: `report` writes one, `report-lint` looks at templates for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactledger import files
from contactledger.commanding import (
    AsJson,
    AsOf,
    Db,
    account_names,
    as_of_moment,
    completing,
    opened,
    progress,
    say,
    say_json,
    tell,
)
from contactledger.commands_across import cores
from contactledger.errors import BadInput
from contactledger.report.kinds import OF_ACCOUNT, OF_LEDGER
from contactledger.templating import PACKAGE, lint

if TYPE_CHECKING:
    from contactledger.ledger import Ledger

PROOF = "proof-of-contact"
_KINDS = f"{', '.join(OF_ACCOUNT)}; over all accounts {' or '.join(OF_LEDGER)}."
_WHERE = f'A folder of templates, or "{PACKAGE}acme.reports".'


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(report)
    app.command("report-lint")(report_lint)


def report(  # noqa: PLR0913 - options of the command line
    db: Db,
    account: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT",
            help="Its name in the ledger; none for a report over all accounts.",
            autocompletion=account_names,
        ),
    ] = "",
    *,
    out: Annotated[
        Path, typer.Option(help="A file ending in .html, .pdf, .txt, .md, .csv or .json.")
    ],
    kind: Annotated[
        str,
        typer.Option(
            metavar="KIND",
            help=_KINDS,
            autocompletion=completing(lambda: (*OF_ACCOUNT, *OF_LEDGER)),
        ),
    ] = PROOF,
    about: Annotated[
        str,
        typer.Option(
            help="The entry of a certificate's touch, a dossier's matter, or what was told."
        ),
    ] = "",
    as_of: AsOf = "",
    period: Annotated[
        str, typer.Option(help='Only touches of it: "2026", "2026-03", "2026-01/2026-03".')
    ] = "",
    lang: Annotated[str, typer.Option(metavar="TAG", help="Of the fixed words: en or de.")] = "en",
    zone: Annotated[
        str, typer.Option(help='Of the times, over all accounts: "Europe/Berlin".')
    ] = "",
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Those that `across` keeps, for who was told."),
    ] = None,
    templates: Annotated[str, typer.Option(metavar="WHERE", help=_WHERE)] = "",
    locale: Annotated[str, typer.Option(help='Of a PDF: "en-US" prints on Letter.')] = "en",
    code_points: Annotated[
        bool, typer.Option("--code-points", help="In a PDF, where no font has it: [U+65E5].")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a report of an account, or of all of them; by default the proof of contact.

    A PDF (extra `pdf`) of an account carries its bundle, as the newest seal has it.
    """
    if out.suffix not in files.FORMS:
        raise BadInput(f"must end in one of: {', '.join(files.FORMS)}", field="--out")
    how: dict[str, Any] = {
        "as_of": as_of_moment(as_of),
        "templates": templates or None,
        "lang": lang,
    }
    if zone and kind not in OF_LEDGER:
        raise BadInput("a report of one account is in its own zones", field="--zone")
    if answers is not None and kind not in OF_LEDGER:
        raise BadInput("a report of one account reads its log", field="--answers")
    with opened(db) as ledger:
        if kind in OF_LEDGER:
            how |= {"zone": zone or "UTC", "answers": answers}
            made = _survey(ledger, kind, account, about, period, how)
        elif not account:
            raise BadInput("a report of this kind is of one account; name it", field="ACCOUNT")
        else:
            made = ledger.report(account, kind, about=about or None, period=period or None, **how)
        drawn = {"locale": locale, "missing": "code-point" if code_points else "error"}
        form = made.form(out.suffix, **(drawn if out.suffix == ".pdf" else {}))
    with files.replacing(out, "--out") as target:
        target.write(form)
    tell({"path": str(out), "bytes": len(form)}, f"written: {out}", as_json=as_json)


def _survey(
    ledger: Ledger, kind: str, account: str, about: str, period: str, how: dict[str, Any]
) -> files.Report:
    for field, given in (("ACCOUNT", account), ("--period", period)):
        if given:
            raise BadInput("a report over all accounts takes none", field=field)
    path = how.pop("answers")
    if path is None:
        return ledger.survey(kind, about=about, **how)
    with (
        progress("judging") as bar,
        ledger.across(path, processes=cores(), progress=bar) as across,
    ):
        return ledger.survey(kind, about=about, answers=across, **how)


def report_lint(
    templates: Annotated[str, typer.Argument(metavar="TEMPLATES", help=_WHERE)],
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with templates of one's own, with file and line; code 1 if anything is."""
    remarks = lint(templates)
    for remark in remarks:
        if as_json:
            say_json(
                {
                    "template": remark.template,
                    "line": remark.line,
                    "code": remark.code,
                    "text": remark.text,
                }
            )
        else:
            say(str(remark))
    if remarks:
        raise typer.Exit(1)
    if not as_json:
        say(f"{templates}: nothing to say against them")
