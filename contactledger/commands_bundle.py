"""The commands of bundles: `bundle` makes one out of a ledger, `verify` opens one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress as Bar

from contactledger import files
from contactledger.errors import BadInput
from contactledger.exchange import Countersigned, OpenedBundle, open_bundle
from contactledger.ledger import Ledger
from contactledger.log.bundle_log import Progress
from contactledger.log.record import to_base64url
from contactledger.report.plain import standing_text


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(verify)
    app.command()(bundle)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle you were given.")],
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
        Path | None, typer.Option(help="Write the report, too: .html, .txt or .json.")
    ] = None,
    judged: Annotated[
        bool, typer.Option("--judge/--no-judge", help="Judge it, too: takes all of it in memory.")
    ] = True,
) -> None:
    """Verify a bundle offline, and judge what is in it by your own copy of the rules."""
    if out is not None and not judged:
        raise BadInput("is a judgement, which --no-judge leaves out", field="--out")
    if out is not None and out.suffix not in (".html", ".txt", ".json"):
        raise BadInput("must end in one of: .html, .txt, .json", field="--out")
    with _progress(f"verifying {file.name}") as progress:
        opened = open_bundle(
            file, trust=trust, remember=remember, time_roots=time_root or None, progress=progress
        )
    for line in _lines(opened, remembering=remember is not None):
        typer.echo(line)
    if not opened.complete:
        typer.echo("A partial bundle is not judged: what answers its touches may not be in it.")
        return
    if not judged:
        return
    with _progress(f"judging {opened.size:,} entries"):
        report = opened.report()
        text = standing_text(report.data)
    typer.echo()
    typer.echo(text, nl=False)
    if out is not None:
        forms = {".html": report.html, ".txt": report.text, ".json": report.json}
        with files.replacing(out, "--out") as target:
            target.write(forms[out.suffix]().encode())
        typer.echo(f"written: {out}")


def bundle(  # noqa: PLR0913, PLR0917 - one for each option
    db: Annotated[str, typer.Argument(metavar="DB", help="A SQLite file or a database URL.")],
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the ledger.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    entry: Annotated[
        list[str] | None,
        typer.Option(help="Not all of it: an entry's number or a touch's key; may repeat."),
    ] = None,
    to: Annotated[str | None, typer.Option(help="Who gets it: a key in the account.")] = None,
    originals: Annotated[bool, typer.Option(help="With the raw messages.")] = True,
    signer: Annotated[
        str | None, typer.Option(help="Seal first, with this key file or env:NAME.")
    ] = None,
    recorder: Annotated[
        str | None, typer.Option(help="The key of the party that runs the ledger.")
    ] = None,
    high_water: Annotated[
        Path | None, typer.Option(help="How far was signed, where that is not beside the key.")
    ] = None,
) -> None:
    """Write an account as a file that the other side can verify offline.

    Without --recorder the database is only read, and the newest seal is shown.
    """
    if recorder is None and (signer is not None or to is not None):
        raise BadInput("is needed with --signer and --to", field="--recorder")
    where = db if "://" in db else f"sqlite:///{db}"
    opened = Ledger.open(
        where, recorder=recorder, signer=signer, high_water=high_water, create=False
    )
    wanted = None if entry is None else [int(one) if one.isdecimal() else one for one in entry]
    with opened as ledger:
        made = ledger.bundle(account, entries=wanted, to=to, originals=originals)
        with _progress(f"writing {out.name}") as progress:
            size = made.save(out, progress=progress)
    typer.echo(f"written: {out} ({size:,} bytes)")
    typer.echo(f"the other side checks it with: contactledger verify {out.name} --trust KEY")


@contextmanager
def _progress(what: str) -> Iterator[Progress]:
    """A bar on standard error while somebody watches; nothing in a file or a pipe."""
    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(opened: OpenedBundle, *, remembering: bool) -> Iterator[str]:
    """What was verified, one fact a line."""
    held = opened.verified.account_log.entries
    kind = "complete" if opened.complete else f"partial, {held:,} of them here"
    yield f"verified       {opened.size:,} entries of {opened.account}: {kind}"
    yield f"signed by      {opened.key}"
    yield f"sealed         {_time(opened.sealed_at)}, by the ledger's clock"
    yield f"account        {opened.account_id}, slot {opened.slot}"
    yield f"root           {to_base64url(opened.head.root)}"
    if opened.first:
        known = "now kept" if remembering else "keep it with --remember FILE"
        yield f"               the first opening: compare these over another way ({known})"
    else:
        yield "               continues what was verified before"
    for size in opened.verified.since:
        yield f"               continues the {size:,} entries that were given to somebody"
    yield f"redacted       {opened.redacted:,} personal parts, as entries say"
    originals = opened.withheld_originals
    yield f"withheld       {opened.withheld:,} personal parts and {originals:,} originals"
    for one in opened.countersigned:
        yield f"countersigned  {_countersigned(one)}"
    if not opened.countersigned:
        yield "countersigned  by nobody you named"
    for stamp in opened.timestamped:
        yield f"timestamped    by {stamp.authority}, {_time(stamp.at)}, by its own clock"


def _countersigned(one: Countersigned) -> str:
    what = "the checkpoint" if one.size is None else f"{one.size:,} entries received"
    return f"by {one.name}, {what}, {_time(one.at)}, by its own clock"


def _time(at: object) -> str:
    return "at no time that can be" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"
