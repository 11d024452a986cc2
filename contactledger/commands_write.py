"""The commands with which a ledger begins and facts go on record: `init` and `record`, and the
two that list what is there: `accounts` and `entries`."""

from __future__ import annotations

import sys
from inspect import cleandoc
from typing import Annotated, Any

import orjson
import typer

from contactledger import files
from contactledger.accounts import HOUSE
from contactledger.commanding import (
    Account,
    AsJson,
    AsOf,
    Db,
    Recorder,
    as_of_moment,
    opened,
    say,
    say_json,
    tell,
)
from contactledger.errors import BadInput, StoreMissing, TooLarge
from contactledger.facts import Entry, Fact, PolicyAdopted
from contactledger.policies import READY, ready_policy
from contactledger.stating import KINDS, fact_of, fact_of_words, statement

MAX_INPUT_BYTES = 16 * 1024 * 1024
"""About a hundred thousand facts, all of them one commit; whole files are `import`'s."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (init, record, accounts, entries):
        app.command()(command)


def init(
    db: Db,
    recorder: Annotated[
        str, typer.Option(help="Your own party's key, as in acme; the same from now on.")
    ],
    policy: Annotated[
        str, typer.Option(help=f"For all accounts: a TOML file, or one of {', '.join(READY)}.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a ledger, and adopt a policy for its accounts. What is there already stays."""
    text = _policy(policy) if policy else ""
    try:
        ledger, made = opened(db, recorder=recorder), False
    except StoreMissing:
        ledger, made = opened(db, recorder=recorder, create=True), True
    with ledger:
        if text:
            ledger.record(HOUSE, PolicyAdopted(text))
    lines = ["made: a new ledger" if made else "is there already, and stays as it is"]
    if text:
        lines.append("adopted: the policy, for accounts that are opened from now on")
    if made:
        lines.append("next, introduce the two sides of an account, say:")
        how = f'record {db} ACCOUNT --recorder {recorder} party key=… name="…"'
        lines.append(f"  contactledger {how}")
    tell({"made": made, "adopted": bool(text)}, *lines, as_json=as_json)


def _policy(name: str) -> str:
    return ready_policy(name) if name in READY else files.read_text(name, "--policy")


def record(
    db: Db,
    account: Account,
    fact: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND FIELD=TEXT…]",
            help='As in: touch to=bob channel=phone about="The outage". Without it, JSON objects '
            'are read from standard input, one a line: {"kind": "touch", "fact": {"to": ["bob"]}}.',
        ),
    ] = None,
    *,
    recorder: Recorder,
    as_json: AsJson = False,
) -> None:
    """Put facts on record in an account, all of them or none. The first one opens it.

    What is on record already is not recorded twice.
    """
    facts = [fact_of_words(fact[0], fact[1:])] if fact else _stated()
    with opened(db, recorder=recorder) as ledger:
        written = ledger.record(account, *facts)
    for entry in written:
        if as_json:
            say_json(statement(entry))
        else:
            say(f"entry {entry.no}: {entry.kind}")


record.__doc__ = f"{cleandoc(record.__doc__ or '')}\n\nKinds: {', '.join(KINDS)}."


def _stated() -> list[Fact]:
    """The facts of standard input, an object a line."""
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInput("name a kind and its fields, or pipe JSON lines in", field="FACT")
    data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    if len(data) > MAX_INPUT_BYTES:
        raise TooLarge(f"more than {MAX_INPUT_BYTES} bytes", field="standard input")
    return [_fact(line, number) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]


def _fact(line: bytes, number: int) -> Fact:
    try:
        return fact_of(orjson.loads(line))
    except orjson.JSONDecodeError:
        raise BadInput(
            "is not valid JSON", field="standard input", place=f"line {number}"
        ) from None
    except BadInput as error:
        raise error.at(f"line {number}") from None


def accounts(db: Db, as_json: AsJson = False) -> None:
    """List the accounts by their names."""
    with opened(db) as ledger:
        for name in ledger.accounts():
            say_json({"account": name}) if as_json else say(name)


def entries(
    db: Db,
    account: Account,
    kind: Annotated[list[str] | None, typer.Option(help="These alone; may repeat.")] = None,
    as_of: AsOf = "",
    as_json: AsJson = False,
) -> None:
    """List an account's entries, in order; with --json all that each says."""
    with opened(db) as ledger:
        found = ledger.entries(account, as_of=as_of_moment(as_of))
    for entry in found:
        if not kind or entry.kind in kind:
            say_json(statement(entry)) if as_json else say(_line(entry))


def _line(entry: Entry) -> str:
    fact: Any = entry.fact
    words = [_word(fact, name) for name in ("key", "name", "title", "about", "channel", "what")]
    said = ", ".join(word for word in words if word)
    return f"{entry.no:>5}  {entry.at:%Y-%m-%d %H:%M}  {entry.kind:<14}  {said}".rstrip()


def _word(fact: Any, name: str) -> str:
    value = getattr(fact, name, None)
    return "" if value is None else str(getattr(value, "value", value))
