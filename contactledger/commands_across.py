"""The commands that ask all accounts together, from answers that are kept in a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contactledger.commanding import PARTLY, AsJson, Db, opened, progress, say, say_json, say_page
from contactledger.judge.calendar import zone_of
from contactledger.judge.rules import RULES
from contactledger.questions import TOLD_STATES
from contactledger.report.across_text import Found, text
from contactledger.report.words import Words

if TYPE_CHECKING:
    from contactledger.across import Across, Answer

SHOWN = 20
"""Rows, unless more are asked for: to name people, the account of each is read."""

Answers = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Where answers are kept; by default beside a SQLite file, as DB.answers.",
    ),
]
Processes = Annotated[
    int, typer.Option(min=0, help="That judge at a time; 0: as many as there are cores.")
]
Limit = Annotated[int, typer.Option(min=0, help="Rows, of all that are counted.")]
Lang = Annotated[str, typer.Option(metavar="TAG", help="Of the sentences: en or de.")]
Zone = Annotated[str, typer.Option(help='Of the times in them: "Europe/Berlin".')]
Party = Annotated[
    str, typer.Option(metavar="PARTY", help='"us", who keep the ledger, or the id of a party.')
]

across = typer.Typer(help="Ask all accounts together.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(across, name="across")


@across.command()
def refresh(
    db: Db, answers: Answers = None, processes: Processes = 0, as_json: AsJson = False
) -> None:
    """Judge anew what is out of date, and keep it; the first time that is every account.

    Every question does it first. What was judged before Ctrl-C is kept. Code 3 where accounts
    cannot be judged.
    """
    with opened(db) as ledger:
        path = _path(db, answers)
        with progress("judging") as bar, ledger.across(
            path, processes=processes or cores(), progress=bar
        ) as all_of_them:  # fmt: skip
            judged = all_of_them.refresh()
            unjudged = all_of_them.unjudged()
    if as_json:
        say_json({"judged": judged, "unjudged": list(unjudged)})
    else:
        say(f"accounts judged anew: {judged:,}")
    _say_unjudged(unjudged)


@across.command()
def ignored(
    db: Db,
    *,
    answers: Answers = None,
    every: Annotated[
        bool, typer.Option("--every", help="Also what counts against nobody.")
    ] = False,
    limit: Limit = SHOWN,
    processes: Processes = 0,
    lang: Lang = "en",
    zone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """Say who ignored what, the oldest in front."""
    held = None if every else True

    def ask(all_of_them: Across) -> Answer:
        return all_of_them.ignored(held=held, limit=limit, personal=True)

    _answer("ignored", ask, db, answers, processes, (lang, zone), as_json=as_json)


@across.command()
def waiting(  # noqa: PLR0913 - options of the command line
    db: Db,
    *,
    answers: Answers = None,
    owes: Party = "",
    owed: Party = "",
    limit: Limit = SHOWN,
    processes: Processes = 0,
    lang: Lang = "en",
    zone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """Say which questions were not answered, the oldest in front.

    `--owes us`: whom we have not answered; `--owed us`: who has not answered us.
    """

    def ask(all_of_them: Across) -> Answer:
        return all_of_them.waiting(owes=owes or None, owed=owed or None, limit=limit, personal=True)

    _answer("waiting", ask, db, answers, processes, (lang, zone), as_json=as_json)


@across.command()
def turns(
    db: Db,
    *,
    answers: Answers = None,
    whose: Annotated[
        str, typer.Option(metavar="PARTY", help='"us", "them", or the id of a party.')
    ] = "",
    limit: Limit = SHOWN,
    processes: Processes = 0,
    lang: Lang = "en",
    zone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """Say whose turn it is in every open matter, what has waited longest in front."""

    def ask(all_of_them: Across) -> Answer:
        return all_of_them.turns(whose or None, limit=limit, personal=True)

    _answer("turns", ask, db, answers, processes, (lang, zone), as_json=as_json)


@across.command()
def told(  # noqa: PLR0913 - options of the command line
    db: Db,
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="What they should know of: a slug.")
    ] = "",
    *,
    answers: Answers = None,
    milestone: Annotated[
        str, typer.Option(metavar="KEY", help="In place of a topic: an outage, a release.")
    ] = "",
    matter: Annotated[str, typer.Option(metavar="KEY", help="In place of a topic.")] = "",
    state: Annotated[
        str, typer.Option(help=f"Only those in one of the states: {', '.join(TOLD_STATES)}.")
    ] = "",
    by: Party = "us",
    limit: Limit = SHOWN,
    processes: Processes = 0,
    lang: Lang = "en",
    zone: Zone = "UTC",
    as_json: AsJson = False,
) -> None:
    """Say who was told of something, and who was not: `--state never_told`.

    A topic is asked of every account, a milestone or a matter of those that have it on record.
    """

    def ask(all_of_them: Across) -> Answer:
        return all_of_them.told(
            topic or None,
            milestone=milestone or None,
            matter=matter or None,
            state=state or None,
            by=by,
            limit=limit,
            personal=True,
        )

    _answer("told", ask, db, answers, processes, (lang, zone), as_json=as_json)


def _answer(
    question: str,
    ask: Callable[[Across], Answer],
    db: str,
    answers: Path | None,
    processes: int,
    printed: tuple[str, str],
    *,
    as_json: bool,
) -> None:
    lang, zone = printed
    words = Words.of(lang)
    zone_of(zone)
    with opened(db) as ledger:
        path = _path(db, answers)
        with progress("judging") as bar, ledger.across(
            path, processes=processes or cores(), progress=bar
        ) as all_of_them:  # fmt: skip
            found = ask(all_of_them)
            unjudged = all_of_them.unjudged() if found.unjudged else ()
    if as_json:
        say_json({"set": "count", "count": found.count, "accounts": found.accounts})
        for row in found.rows:
            say_json({"set": question, **row})
    else:
        said = Found(question, found.count, found.accounts, found.rows, found.as_of, zone, RULES)
        say_page(text(said, words))
    _say_unjudged(unjudged)


def _path(db: str, answers: Path | None) -> Path | None:
    """Where the answers are kept; None, in memory, beside a server that nobody named a file for."""
    if answers is not None or "://" in db:
        return answers
    return Path(f"{db}.answers")


def cores() -> int:
    """How many processes this one may run at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _say_unjudged(accounts: tuple[str, ...]) -> None:
    if accounts:
        some = ", ".join(accounts[:5]) + (", …" if len(accounts) > 5 else "")
        typer.echo(
            f"contactledger: accounts that this release cannot judge, in no answer: "
            f"{len(accounts):,} ({some})",
            err=True,
        )
        raise typer.Exit(PARTLY)
