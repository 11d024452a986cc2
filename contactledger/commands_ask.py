"""The command that asks an account: who waits, how long answers take, who was told, who came."""

from __future__ import annotations

from typing import Annotated

import typer

from contactledger.asked_rows import ASKED
from contactledger.commanding import (
    Account,
    AsJson,
    AsOf,
    Db,
    as_of_moment,
    opened,
    say_json,
    say_page,
)


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(ask)


def ask(
    db: Db,
    account: Account,
    about: Annotated[
        list[str] | None,
        typer.Option(metavar="TOPIC", help="Say who was told of it; may repeat."),
    ] = None,
    as_of: AsOf = "",
    lang: Annotated[str, typer.Option(metavar="TAG", help="Of the sentences: en or de.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Say who waits for an answer and how long, what was tried before, who was told, who came.

    Who was told is said of the topics named, else of outages and releases. As JSON: the rows of
    every question, with `set` as their first key.
    """
    with opened(db) as ledger:
        asked = ledger.ask(account, as_of=as_of_moment(as_of))
    if not as_json:
        say_page(asked.text(*(about or ()), lang=lang))
        return
    for what in ASKED:
        topics = about if what == "told" and about else [None]
        for topic in topics:
            for row in asked.rows(what, topic=topic, personal=True):
                say_json({"set": what, **row})
