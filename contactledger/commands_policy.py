"""The commands about written policies: `policy check`, `explain`, `list` and `show`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import Annotated

import typer

from contactledger import files
from contactledger.commanding import AsJson, completing, say, say_json, tell
from contactledger.judge.policy import expand_policy, parse_policy, policy_digest, rule_sentences
from contactledger.judge.policy_lint import lint_policy
from contactledger.policies import READY, ready_policy

WIDTH = 88

commands = typer.Typer(
    help="Written contact policies: check one, have it explained, take a ready one.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The policy, a TOML text.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(commands, name="policy")


@commands.command()
def check(file: File, as_json: AsJson = False) -> None:
    """Say what in a policy contradicts itself, with key and line; code 1 if anything does."""
    text = files.read_text(file, "FILE")
    found = lint_policy(text, datetime.now(UTC).date())
    for complaint in found:
        if as_json:
            say_json({"doubt": complaint.doubt, "text": str(complaint)})
        else:
            say(f"{file}: {complaint}")
    wrong = sum(not complaint.doubt for complaint in found)
    if wrong:
        raise typer.Exit(1)
    digest = policy_digest(expand_policy(text))
    if as_json:
        say_json({"digest": digest})
    else:
        say(f"{file}: nothing contradicts itself; adopted as it is, its digest is {digest}")


@commands.command()
def explain(file: File, as_json: AsJson = False) -> None:
    """Say a policy again in plain sentences."""
    policy = parse_policy(expand_policy(files.read_text(file, "FILE")))
    for sentence in rule_sentences(policy):
        if as_json:
            say_json(sentence)
        else:
            say(fill(sentence, WIDTH, initial_indent="- ", subsequent_indent="  "))


@commands.command("list")
def list_(as_json: AsJson = False) -> None:
    """Name the ready policies."""
    width = max(map(len, READY))
    for name, what in READY.items():
        say_json({"name": name, "for": what}) if as_json else say(f"{name:<{width}}  {what}")


@commands.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="As `policy list` names it.",
            autocompletion=completing(lambda: READY),
        ),
    ],
    country: Annotated[
        str, typer.Option(help='With the public holidays of this country, as in "DE".')
    ] = "",
    subdivision: Annotated[str, typer.Option(help='And of this part of it, as in "BY".')] = "",
    as_json: AsJson = False,
) -> None:
    """Print a ready policy, to be kept in a file, changed and adopted."""
    text = ready_policy(
        name,
        country=country or None,
        subdivision=subdivision or None,
        year=datetime.now(UTC).year,
    )
    expand_policy(text)  # so that a country without holidays is said now
    tell({"name": name, "text": text}, text, as_json=as_json)
