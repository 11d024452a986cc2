"""The commands with which reports come in: `receive` takes one body, `replay` takes up again
what waits in the inbox, `heartbeat` says that a collector is alive.

Exit codes of the first two::

    0   everything is on record (or was already)
    1   refused or failed, one line on standard error; of a new body nothing is kept
    2   a wrong command
    3   kept in the inbox, but not all of it is on record: it matched nobody, or several, or
        could not be read. `replay` tries again

With `--json`, standard output is JSON, an object a line: of `receive` its receipt; of
`replay` the receipt of each body as it is done, then {"bodies": …, "waiting": …}.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import orjson
import typer

from contactledger.commanding import AsJson, Db, Recorder, completing, opened, say, say_json, warn
from contactledger.configured import configured, named, unproven
from contactledger.errors import BadEvent, BadFact, BadInput, TooLarge
from contactledger.facts import Coverage, Entry
from contactledger.ledger import Ledger
from contactledger.receiving import Receipt
from contactledger.sources.source import Source, check_size
from contactledger.stating import statement
from contactledger.vocabulary import Channel

KEPT = 3
"""The exit code for what is kept and not all on record."""
MAX_HEADERS_BYTES = 64 * 1024
"""What web servers let through."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(receive)
    app.command()(replay)
    app.command()(heartbeat)


def receive(
    db: Db,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Who reports: sendgrid, twilio, mail …",
            autocompletion=completing(named),
        ),
    ],
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The body as it came; - is standard input.")
    ] = "-",
    *,
    recorder: Recorder,
    headers: Annotated[
        Path | None, typer.Option(help='Its headers: "Name: value" in lines, or a JSON object.')
    ] = None,
    url: Annotated[str, typer.Option(help="The address it was posted to.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take in one report. Keys are read from CONTACTLEDGER_<SOURCE>_KEY and the like.

    Exit code 3: kept, but not all of it is on record; see `replay`.
    """
    made = configured(source, os.environ)
    if unproven(made):
        warn(f"no key is set for {source}: nothing proves who sent this")
    given = _headers(headers) if headers else {}
    body = _body(file, made.max_body_bytes)
    check_size(made, body)
    with opened(db, recorder=recorder) as ledger:
        try:
            receipt = ledger.receive(made, given, body, url=url or None)
        except (BadEvent, BadFact, TooLarge) as error:
            # what is too large to be taken in, or forged, was refused before it was kept
            receipt = Receipt("", source=source, failed=type(error).__name__)
            warn(f"contactledger: {error}")
    _tell(receipt, as_json)
    if receipt.parked or receipt.failed:
        raise typer.Exit(KEPT)


def replay(
    db: Db,
    recorder: Recorder,
    source: Annotated[
        list[str] | None, typer.Option(help="Only of this source; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go again through what is parked or could not be read, oldest first.

    It may be run at any time: what is on record is not recorded twice. Exit code 3: something
    still waits.
    """
    bodies = entries = 0
    with opened(db, recorder=recorder) as ledger:
        wanted = {name for name in ledger.waiting() if not source or name in source}
        for name in source or ():
            if name != "tracking":
                configured(name, os.environ)  # a name that is none is an error
        for receipt in ledger.replaying(*_sources(ledger, wanted)):
            bodies += 1
            entries += len(receipt.recorded)
            if as_json:
                _tell(receipt, as_json)
        waiting = {n: w for n, w in sorted(ledger.waiting().items()) if not source or n in source}
    if as_json:
        say_json({"bodies": bodies, "waiting": waiting})
    else:
        say(f"bodies gone through: {bodies:,}\nrecorded: {entries:,} entries")
        for name, states in waiting.items():
            counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
            say(f"waiting still: {name}: {counts}")
    if waiting:
        raise typer.Exit(KEPT)


def heartbeat(
    db: Db,
    collector: Annotated[
        str, typer.Argument(metavar="COLLECTOR", help='As in "webhook.sendgrid" or "mailbox".')
    ],
    recorder: Recorder,
    every: Annotated[int, typer.Option(metavar="SECONDS", help="When the next one is due.")],
    channel: Annotated[list[Channel], typer.Option(help="What it collects; several may be.")],
    caught_up: Annotated[
        bool, typer.Option("--caught-up", help="What it missed, if it was away, was fetched.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say that a collector is alive; print the coverage that goes on record because of it."""
    with opened(db, recorder=recorder) as ledger:
        words = ledger.heartbeat(collector, *channel, every_seconds=every, caught_up=caught_up)
    for entry in words:
        say_json(statement(entry)) if as_json else say(_coverage(cast(Coverage, entry.fact)))


def _coverage(fact: Coverage) -> str:
    since, until = (f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "" for at in (fact.since, fact.until))
    return f"{fact.collector} {fact.state.value} {since}/{until or '..'}"


def _sources(ledger: Ledger, wanted: set[str]) -> list[Source]:
    """Those of the wanted ones that can be made here; a host's own stay waiting."""
    known = named()
    made = [configured(name, os.environ) for name in sorted(wanted) if name in known]
    own: list[Source] = []
    if "tracking" in wanted:
        own.append(ledger.tracker("https://localhost").source)
    return made + own


def _body(file: str, most: int) -> bytes:
    """The bytes, and one more than are taken at most."""
    try:
        if file == "-":
            if sys.stdin is None:
                raise BadInput("there is no standard input", field="FILE")
            return sys.stdin.buffer.read(most + 1)
        with Path(file).open("rb") as body:
            return body.read(most + 1)
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field="FILE") from None


def _headers(file: Path) -> dict[str, str]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field="--headers") from None
    if len(data) > MAX_HEADERS_BYTES:
        raise TooLarge(f"more than {MAX_HEADERS_BYTES} bytes", field="--headers")
    text = data.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        return _from_json(text)
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        name, colon, value = line.strip().partition(":")
        if number == 1 and (line.startswith("HTTP/") or " HTTP/" in line):
            continue  # the line that servers and curl put above them
        if not colon and name:
            raise BadInput('must read "Name: value"', field="--headers", place=f"line {number}")
        if name:
            found[name.strip()] = value.strip()
    return found


def _from_json(text: str) -> dict[str, str]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadInput("is not valid JSON", field="--headers") from None
    if type(found) is not dict or not all(type(value) is str for value in found.values()):
        raise BadInput("must be a JSON object of texts", field="--headers")
    return found


def _tell(receipt: Receipt, as_json: bool) -> None:
    if as_json:
        say_json(_plain(receipt))
        return
    lines = [
        f"recorded: {len(receipt.recorded):,} entries",
        f"known already: {receipt.repeated:,}",
        f"conflicting: {len(receipt.conflicting):,}",
    ]
    if receipt.failed:
        lines = ["kept in the inbox: it could not be read or recorded"]
    elif receipt.parked:
        lines.append(f"kept in the inbox as {receipt.inbox}: {len(receipt.parked):,} events")
    say("\n".join(lines))


def _plain(receipt: Receipt) -> dict[str, Any]:
    return {
        "inbox": receipt.inbox or None,
        "source": receipt.source,
        "recorded": [_entry(entry) for entry in receipt.recorded],
        "repeated": receipt.repeated,
        "conflicting": [_entry(entry) for entry in receipt.conflicting],
        "parked": [
            {"index": one.index, "state": one.state, "rule": one.rule} for one in receipt.parked
        ],
        "failed": receipt.failed or None,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {"account": entry.account, "no": entry.no, "kind": entry.kind}
