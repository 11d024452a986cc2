"""The commands about personal data: `redact` and `scrub` erase, `erasures` says how far that is,
`hold`, `release` and `holds` keep from erasing, `subject` gives a person what is about them, and
`whereabouts` says in which accounts somebody is.

Exit code 3 of `redact` and `scrub`: it is erased from every table, and the database's files may
still hold the bytes; run `scrub` again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from contactledger.commanding import (
    PARTLY,
    Account,
    AsJson,
    Db,
    Recorder,
    opened,
    say,
    say_json,
    tell,
)
from contactledger.errors import BadInput
from contactledger.scrubbing import Erasure, ErasureState
from contactledger.stating import statement

Person = Annotated[str, typer.Option(help="A person's key, or id.")]
Reason = Annotated[str, typer.Option(help="Why; it is on record, as a personal text.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (redact, scrub, erasures, hold, release, holds, subject, whereabouts):
        app.command()(command)


def redact(
    db: Db,
    account: Account,
    recorder: Recorder,
    person: Person = "",
    entry: Annotated[
        int | None, typer.Option(help="The number of an entry, as `entries` lists it.")
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(help="Only these fields; may be given several times.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Of the whole account, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Erase personal parts for good: of a person, of an entry, or of the whole account.

    That it was done is on record; every hash, seal and bundle stays valid. The database's files
    are scrubbed as well. Exit code 3: that did not go through yet; run `scrub`.
    """
    if sum((bool(person), entry is not None, everything)) != 1:
        raise BadInput("name one of --person, --entry and --everything", field="redact")
    with opened(db, recorder=recorder) as ledger:
        made = ledger.redact(account, person=person or None, entry=entry, fields=field or ())
        if not as_json:
            say(f"entry {made.no}: erased from every table")
        _told(ledger.scrub(), as_json)


def scrub(db: Db, recorder: Recorder, as_json: AsJson = False) -> None:
    """Take what was erased out of the database's files; list what waited for it.

    Exit code 3: something still waits, since another process reads; run it again.
    """
    with opened(db, recorder=recorder) as ledger:
        _told(ledger.scrub(), as_json)


def erasures(db: Db, account: Account, as_json: AsJson = False) -> None:
    """List the redactions of an account: recorded only, or scrubbed from the files, too."""
    with opened(db) as ledger:
        _list(ledger.erasures(account), as_json)


def _told(done: Iterable[Erasure], as_json: bool) -> None:
    if _list(done, as_json):
        raise typer.Exit(PARTLY)


def _list(done: Iterable[Erasure], as_json: bool) -> bool:
    """Print how far each has got; whether any is not scrubbed yet."""
    waiting = False
    for one in done:
        waiting = waiting or one.state is ErasureState.RECORDED
        if as_json:
            words = {"account": one.account, "no": one.entry_no}
            say_json({**words, "state": one.state.value, "why": one.why})
        else:
            why = f" ({one.why})" if one.why else ""
            say(f"{one.account}, entry {one.entry_no}: {one.state.value}{why}")
    return waiting


def hold(
    db: Db,
    account: Account,
    recorder: Recorder,
    person: Person = "",
    basis: Annotated[str, typer.Option(help='A slug, as in "litigation".')] = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Place a legal hold: until it is released, nothing of the account (or of one person) may
    be erased."""
    with opened(db, recorder=recorder) as ledger:
        made = ledger.hold(account, person or None, basis=basis or None, reason=reason or None)
    ends = f"contactledger release {db} {account} {made.no}"
    tell(statement(made), f"entry {made.no}: on hold; it ends with: {ends}", as_json=as_json)


def release(
    db: Db,
    account: Account,
    hold: Annotated[int, typer.Argument(metavar="NO", help="As `holds` lists it.")],
    recorder: Recorder,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """End a legal hold."""
    with opened(db, recorder=recorder) as ledger:
        made = ledger.release(account, hold, reason=reason or None)
    line = f"entry {made.no}: the hold of entry {hold} is released"
    tell(statement(made), line, as_json=as_json)


def holds(db: Db, account: Account, as_json: AsJson = False) -> None:
    """List the legal holds in force."""
    with opened(db) as ledger:
        for entry in ledger.holds(account):
            if as_json:
                say_json(statement(entry))
            else:
                basis, person = (getattr(entry.fact, name) for name in ("basis", "person"))
                whom = "one person" if person else "the account"
                say(f"{entry.no:>5}  {entry.at:%Y-%m-%d}  {whom}  {basis or ''}".rstrip())


def subject(
    db: Db,
    account: Account,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A person's key, or id.")],
    out: Annotated[
        Path | None, typer.Option(help="A new folder, or a .zip file; else it is printed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give everything that is on record about one person, for that person to read."""
    with opened(db) as ledger:
        made = ledger.subject(account, person)
    if out is not None:
        made.save(out)
        count = len(made.data["entries"])
        written = f"written: {out} ({count:,} entries)"
        tell({"path": str(out), "entries": count}, written, as_json=as_json)
    elif as_json:
        say_json(made.data)
    else:
        say(made.text())


def whereabouts(
    db: Db,
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="An e-mail address or a telephone number.")
    ],
    as_json: AsJson = False,
) -> None:
    """List in which accounts somebody is on record with this address, and by which id.

    Each line says what `subject`, `redact` and `hold` take. Archived accounts are not looked into.
    """
    with opened(db) as ledger:
        for account, person in ledger.whereabouts(address):
            tell({"account": account, "person": person}, f"{person}  {account}", as_json=as_json)
