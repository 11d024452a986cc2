"""The commands of bundles: `bundle` makes one out of a ledger, `verify` opens one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from contactledger import files
from contactledger.commanding import (
    Account,
    AsJson,
    Db,
    HighWater,
    Signer,
    opened,
    progress,
    say,
    say_json,
    say_page,
    tell,
    warn,
)
from contactledger.errors import BadInput
from contactledger.exchange import Countersigned, OpenedBundle, open_bundle
from contactledger.log.record import to_base64url
from contactledger.report.plain import standing_text


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(verify)
    app.command()(bundle)


def verify(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The bundle you were given, or a PDF with one inside."),
    ],
    trust: Annotated[
        list[str],
        typer.Option("--trust", metavar="KEY", help="A verifier key or .vkey file; may repeat."),
    ],
    remember: Annotated[
        Path | None, typer.Option(help="The file that keeps what you have verified before.")
    ] = None,
    time_root: Annotated[
        list[Path] | None,
        typer.Option(help="A timestamping authority's root certificate (PEM); may repeat."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the report, too: .html, .pdf, .txt or .json.")
    ] = None,
    judged: Annotated[
        bool, typer.Option("--judge/--no-judge", help="Judge it, too: takes all of it in memory.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Verify a bundle offline, and judge what is in it by your own copy of the rules.

    Of a PDF the bundle inside is verified and judged; compare what its pages say. With --json two
    lines: what was verified, then the report, if it is judged.
    """
    if out is not None and not judged:
        raise BadInput("is a judgement, which --no-judge leaves out", field="--out")
    if out is not None and out.suffix not in files.FORMS:
        raise BadInput(f"must end in one of: {', '.join(files.FORMS)}", field="--out")
    with progress(f"verifying {file.name}") as bar:
        held = open_bundle(
            file, trust=trust, remember=remember, time_roots=time_root or None, progress=bar
        )
    if as_json:
        say_json(_facts(held))
    for line in () if as_json else _lines(held, remembering=remember is not None):
        say(line)
    if not held.complete and not as_json:
        say("A partial bundle is not judged: what answers its touches may not be in it.")
    if not held.complete or not judged:
        return
    with progress(f"judging {held.size:,} entries"):
        report = held.report()
        data = report.data
    if as_json:
        say_json(data)
    else:
        say("")
        say_page(standing_text(data))
    if out is not None:
        made = report.form(out.suffix)
        with files.replacing(out, "--out") as target:
            target.write(made)
        (warn if as_json else say)(f"written: {out}")


def bundle(  # noqa: PLR0913, PLR0917 - one for each option
    db: Db,
    account: Account,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    entry: Annotated[
        list[str] | None,
        typer.Option(help="Not all of it: an entry's number or a touch's key; may repeat."),
    ] = None,
    to: Annotated[str | None, typer.Option(help="Who gets it: a key in the account.")] = None,
    originals: Annotated[bool, typer.Option(help="With the raw messages.")] = True,
    signer: Signer = None,
    recorder: Annotated[
        str | None, typer.Option(help="The key of the party that runs the ledger.")
    ] = None,
    high_water: HighWater = None,
    as_json: AsJson = False,
) -> None:
    """Write an account as a file that the other side can verify offline.

    Without --recorder the database is only read, and the newest seal is shown. With --signer
    everything is sealed first.
    """
    if recorder is None and (signer is not None or to is not None):
        raise BadInput("is needed with --signer and --to", field="--recorder")
    wanted = None if entry is None else [int(one) if one.isdecimal() else one for one in entry]
    with opened(db, recorder=recorder, signer=signer, high_water=high_water) as ledger:
        made = ledger.bundle(account, entries=wanted, to=to, originals=originals)
        with progress(f"writing {out.name}") as bar:
            size = made.save(out, progress=bar)
    tell(
        {"path": str(out), "bytes": size},
        f"written: {out} ({size:,} bytes)",
        f"the other side checks it with: contactledger verify {out.name} --trust KEY",
        as_json=as_json,
    )


def _facts(held: OpenedBundle) -> dict[str, Any]:
    """What was verified, as `_lines` says it, for programs."""
    return {
        "account": held.account,
        "account_id": held.account_id,
        "slot": held.slot,
        "entries": held.size,
        "complete": held.complete,
        "key": held.key,
        "sealed_at": held.sealed_at,
        "root": to_base64url(held.head.root),
        "first": held.first,
        "redacted": held.redacted,
        "withheld": held.withheld,
        "withheld_originals": held.withheld_originals,
        "countersigned": [
            {"name": one.name, "entries": one.size, "at": one.at} for one in held.countersigned
        ],
        "timestamped": [{"by": one.authority, "at": one.at} for one in held.timestamped],
    }


def _lines(held: OpenedBundle, *, remembering: bool) -> Iterator[str]:
    """What was verified, one fact a line."""
    count = held.verified.account_log.entries
    kind = "complete" if held.complete else f"partial, {count:,} of them here"
    yield f"verified       {held.size:,} entries of {held.account}: {kind}"
    if held.printed:
        yield "               this is the bundle inside the PDF: compare what its pages say"
    yield f"signed by      {held.key}"
    yield f"sealed         {_time(held.sealed_at)}, by the ledger's clock"
    yield f"account        {held.account_id}, slot {held.slot}"
    yield f"root           {to_base64url(held.head.root)}"
    if held.first:
        known = "now kept" if remembering else "keep it with --remember FILE"
        yield f"               the first opening: compare these over another way ({known})"
    else:
        yield "               continues what was verified before"
    for size in held.verified.since:
        yield f"               continues the {size:,} entries that were given to somebody"
    yield f"redacted       {held.redacted:,} personal parts, as entries say"
    originals = held.withheld_originals
    yield f"withheld       {held.withheld:,} personal parts and {originals:,} originals"
    for one in held.countersigned:
        yield f"countersigned  {_countersigned(one)}"
    if not held.countersigned:
        yield "countersigned  by nobody you named"
    for stamp in held.timestamped:
        yield f"timestamped    by {stamp.authority}, {_time(stamp.at)}, by its own clock"


def _countersigned(one: Countersigned) -> str:
    what = "the checkpoint" if one.size is None else f"{one.size:,} entries received"
    return f"by {one.name}, {what}, {_time(one.at)}, by its own clock"


def _time(at: object) -> str:
    return "at no time that can be" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
