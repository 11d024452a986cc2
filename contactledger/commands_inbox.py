"""The commands for what waits in the inbox: `inbox` lists it, `discard` throws bodies away.

With `--json`, standard output is JSON, an object a line: of `inbox` {"inbox": id, "source": …,
"received_at": …, "state": …, "reason": …, "tries": …, "bytes": size} for each body, oldest first;
of `discard` {"discarded": number}. A body itself is never printed.
"""

from __future__ import annotations

from typing import Annotated

import typer

from contactledger.commanding import AsJson, Db, Recorder, opened, say, say_json
from contactledger.log.canon import format_time
from contactledger.waiting import Body


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(inbox)
    app.command()(discard)


def inbox(db: Db, as_json: AsJson = False) -> None:
    """List what came in and waits, oldest first: it fits nothing on record, or several things,
    or could not be read."""
    with opened(db) as ledger:
        for body in ledger.inbox():
            if as_json:
                say_json(_row(body))
            else:
                say(_line(body))


def discard(
    db: Db,
    bodies: Annotated[
        list[str], typer.Argument(metavar="INBOX …", help="Ids, as `inbox` lists them.")
    ],
    recorder: Recorder,
    as_json: AsJson = False,
) -> None:
    """Throw away bodies that wait and are nobody's business: they are gone for good.

    What of them is on record stays there. If one of them does not wait, all are kept.
    """
    with opened(db, recorder=recorder) as ledger:
        number = ledger.discard(*bodies)
    if as_json:
        say_json({"discarded": number})
    else:
        say(f"thrown away: {number:,}")


def _row(body: Body) -> dict[str, str | int]:
    return {
        "inbox": body.id,
        "source": body.source,
        "received_at": format_time(body.received_at),
        "state": body.state,
        "reason": body.reason,
        "tries": body.tries,
        "bytes": len(body.body),
    }


def _line(body: Body) -> str:
    why = f"{body.state} ({body.reason})" if body.reason else body.state
    at = body.received_at.isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"{body.id}  {at}  {body.source}  {why}  {len(body.body):,} bytes"
