"""The commands with which whole files come in: `import`, `imports`, `take-back`.

Exit codes: 0 all of it, 1 none of it (the reason is one line on standard error), 2 a wrong
command, 3 in part: rows could not be read. Each of them is told with its line and field, all
others are (or would be) imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from contactledger.commanding import (
    PARTLY,
    AsJson,
    Db,
    Recorder,
    completing,
    opened,
    say,
    say_json,
    tell,
)
from contactledger.errors import BadInput
from contactledger.importing import Batch, Imported
from contactledger.moments import moment
from contactledger.sources import (
    Asterisk,
    Calls,
    FreeSwitch,
    ICal,
    Mapping,
    Table,
    TwilioLog,
    VCard,
)

FORMS = ("calls", "asterisk", "freeswitch", "ical", "mbox", "table", "twilio", "vcard")
MAX_FILE_BYTES = 256 * 1024 * 1024
"""Read at most; each form has a lower bound of its own, which names it."""


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("import")(import_)
    app.command("imports")(imports)
    app.command("take-back")(take_back)


def import_(  # noqa: PLR0913, PLR0917 - they are the options of a command
    db: Db,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to import.")],
    recorder: Recorder,
    form: Annotated[
        str,
        typer.Option(
            "--as",
            help=f"One of: {', '.join(FORMS)}.",
            autocompletion=completing(lambda: FORMS),
        ),
    ],
    mapping: Annotated[
        str, typer.Option(help="Of a table: a name that comes with the package, or a TOML file.")
    ] = "",
    zone: Annotated[str, typer.Option(help="Of times that name none, as Europe/Berlin.")] = "",
    period: Annotated[
        str, typer.Option(metavar="SINCE/UNTIL", help="The file is complete for that time.")
    ] = "",
    people_of: Annotated[
        str, typer.Option(metavar="ACCOUNT/PARTY", help="Of an address book: whose people.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--write", help="Only tell what would be recorded.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Import a file; without --write nothing is recorded. Exit code 3: rows could not be read.

    A mailbox comes in some hundred messages at a time, each a batch of its own. An address book
    (vcard) needs --people-of.
    """
    covered = _period(period) if period else None
    partly = False
    with opened(db, recorder=recorder) as ledger, _file(file) as body_file:
        if form == "mbox":
            batches = ledger.import_mailbox(body_file, dry_run=dry_run, period=covered)
        elif form == "vcard":
            account, _, party = people_of.rpartition("/")
            if not account or not party:
                raise BadInput("must read ACCOUNT/PARTY for an address book", field="--people-of")
            body = body_file.read(VCard.max_body_bytes + 1)
            batches = iter([ledger.import_people(account, party, body, dry_run=dry_run)])
        else:
            body = body_file.read(MAX_FILE_BYTES)
            source = _source(form, body, _mapping(mapping), zone or None)
            batches = iter([ledger.import_(source, body, dry_run=dry_run, period=covered)])
        for done in batches:
            say_json(_counts(done)) if as_json else say(_told(done))
            partly = partly or bool(done.faults)
    if partly:
        raise typer.Exit(PARTLY)


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    try:
        body_file = path.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field="FILE") from None
    with body_file:
        yield body_file


def _mapping(name: str) -> Mapping | str:
    """A mapping that comes with the package, by its name, or one of a file."""
    if not name.endswith(".toml"):
        return name
    try:
        return Mapping.read(Path(name).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read ({type(error).__name__})", field="--mapping") from None


def imports(db: Db, recorder: Recorder, as_json: AsJson = False) -> None:
    """List the imports on record."""
    with opened(db, recorder=recorder) as ledger:
        for batch in ledger.imports():
            if as_json:
                say_json(_row(batch))
                continue
            gone = ", taken back" if batch.taken_back else ""
            when = f"{batch.imported_at:%Y-%m-%d %H:%M}"
            say(f"{batch.id}  {when}  {batch.source}  {batch.entries:,} entries{gone}")


def take_back(
    db: Db,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="As `imports` lists it.")],
    recorder: Recorder,
    reason: Annotated[str, typer.Option(help="Why; it is on record.")] = "",
    as_json: AsJson = False,
) -> None:
    """Retract every entry of an import."""
    with opened(db, recorder=recorder) as ledger:
        count = len(ledger.take_back(batch, reason or None))
    tell({"batch": batch, "retracted": count}, f"retracted: {count:,} entries", as_json=as_json)


def _source(form: str, body: bytes, mapping: Mapping | str, zone: str | None) -> Any:
    if form == "asterisk":
        if zone is None:
            raise BadInput("is needed: Asterisk's times name no zone", field="--zone")
        return Asterisk(zone)
    if form == "freeswitch":
        return FreeSwitch(zone or "UTC")
    if form == "ical":
        return ICal(zone)
    if form == "twilio":
        return TwilioLog()
    if form == "table":
        return Table(mapping, zone=zone) if mapping else Table.fitting(body, zone=zone)
    if form != "calls":
        raise BadInput(f"must be one of: {', '.join(FORMS)}", field="--as")
    return Calls()


def _period(text: str) -> tuple[datetime, datetime]:
    """A period as ISO 8601 writes it: two times with a slash between."""
    since, _, until = text.partition("/")
    return moment(since, "--period"), moment(until, "--period")


def _counts(done: Imported) -> dict[str, Any]:
    """What was, or would be, recorded, as `_told` says it, for programs."""
    return {
        "dry_run": done.dry_run,
        "batch": None if done.dry_run else done.batch,
        "recorded": len(done.recorded),
        "repeated": done.repeated,
        "conflicting": len(done.conflicting),
        "parked": len(done.parked),
        "coverage": len(done.coverage),
        "faults": [str(fault) for fault in done.faults],
    }


def _row(batch: Batch) -> dict[str, Any]:
    return {
        "batch": batch.id,
        "imported_at": batch.imported_at,
        "source": batch.source,
        "entries": batch.entries,
        "taken_back": batch.taken_back,
    }


def _told(done: Imported) -> str:
    head = "would be recorded" if done.dry_run else f"batch {done.batch}\nrecorded"
    lines = [
        f"{head}: {len(done.recorded):,} entries",
        f"known already: {done.repeated:,}",
        f"conflicting: {len(done.conflicting):,}",
        f"lead to nobody on record: {len(done.parked):,}",
        f"coverage: {len(done.coverage):,}",
    ]
    if done.faults:
        lines.append(f"could not be read: {len(done.faults):,}, so nothing is said of coverage")
        lines += [f"  {fault}" for fault in done.faults]
    return "\n".join(lines)
