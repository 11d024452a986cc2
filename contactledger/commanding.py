"""What the commands share: their common options, opening, and how they print.

People get text, in colours where a terminal shows them (NO_COLOR is kept to); programs get
JSON by `--json`: UTF-8 whatever the terminal's encoding, one object a line. Progress is shown on
standard error while somebody watches, and never in a file or a pipe.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import orjson
import typer
from rich.console import Console
from rich.progress import Progress as Bar
from rich.text import Text

from contactledger import errors
from contactledger.ledger import Ledger
from contactledger.moments import Moment, moment

PARTLY = 3
"""The exit code for what was done in part."""


def account_names(context: typer.Context, incomplete: str) -> list[str]:
    """For completion in a shell: the accounts of the ledger on the line whose names begin so."""
    try:
        with opened(context.params.get("db") or "") as ledger:
            return [name for name in ledger.accounts() if name.startswith(incomplete)]
    except errors.LedgerError:
        return []  # a shell that completes has no place for errors


def completing(words: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Completion by one of these words."""
    return lambda incomplete: [word for word in words() if word.startswith(incomplete)]


Db = Annotated[str, typer.Argument(metavar="DB", help="A SQLite file or a database URL.")]
Account = Annotated[
    str,
    typer.Argument(metavar="ACCOUNT", help="Its name in the ledger.", autocompletion=account_names),
]
Recorder = Annotated[str, typer.Option(help="The key of the party that runs the ledger.")]
AsOf = Annotated[
    str, typer.Option("--as-of", metavar="TIME", help="As in 2026-07-01T09:00Z; by default now.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")]
Signer = Annotated[str | None, typer.Option(help="The key to sign with: a file, or env:NAME.")]
HighWater = Annotated[
    Path | None, typer.Option(help="How far was signed, where that is not beside the key.")
]


def opened(db: str, *, recorder: str | None = None, create: bool = False, **how: Any) -> Ledger:
    """The ledger of a file or a URL; without a recorder it is only read."""
    where = db if "://" in db else f"sqlite:///{db}"
    return Ledger.open(where, recorder=recorder, create=create, **how)


def as_of_moment(text: str) -> Moment | None:
    """The moment of --as-of, None for now."""
    return moment(text, "--as-of") if text else None


# --- printing ---------------------------------------------------------------------------------


def say(text: str) -> None:
    """Print text as it is, a line of its own."""
    _put(sys.stdout, text)


def warn(text: str) -> None:
    """Print a line on standard error."""
    _put(sys.stderr, text)


def _put(stream: TextIO | None, text: str) -> None:
    # not by typer.echo: where a terminal is plain ASCII it takes that for an error, writes UTF-8
    if stream is not None:
        stream.write(text.removesuffix("\n") + "\n")
        stream.flush()


def say_json(value: Any) -> None:
    """Print one line of JSON, in UTF-8."""
    typer.echo(orjson.dumps(value))


def tell(values: dict[str, Any], *lines: str, as_json: bool) -> None:
    """Print what was done: lines for people, one object for programs."""
    if as_json:
        say_json(values)
        return
    for line in lines:
        say(line)


_COLOURS = (
    ("bold", r"(?m)^[A-Z][A-Z ]{5,}$|^Whose turn it is$|^Cases$|^Promises$"),
    ("red", r"\b(?:overdue|past due|ignored|counts against it|missed|refused|blind|since \d.*)\b"),
    ("yellow", r"\b(?:unproven|pending|disputed|unreached|claimed)\b"),
    ("green", r"\b(?:answered|kept|confirmed|It may be done now)\b"),
)


def say_page(text: str) -> None:
    """Print a page of text; in colours, if it is a terminal that it is printed on."""
    if sys.stdout is None or not sys.stdout.isatty():
        say(text)
        return
    page = Text(text.removesuffix("\n"))
    for style, words in _COLOURS:
        page.highlight_regex(words, style)
    Console(highlight=False, soft_wrap=True).print(page)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], object]]:
    """A bar on standard error while somebody watches; nothing in a file or a pipe."""
    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


# --- any terminal -----------------------------------------------------------------------------

PLAIN = {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "→": "->",
         "·": "-", "≤": "<=", "≥": ">=", "×": "x", "\u00a0": " ", "\u2011": "-",
         "\u2068": "", "\u2069": ""}  # fmt: skip
"""What stands for the signs of our own words where an encoding has none of them."""


def plainly(error: UnicodeError) -> tuple[str, int]:
    """A codec's error handler: another sign for what an encoding lacks, at worst "?"."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign, "?") for sign in missing), error.end


def any_encoding() -> None:
    """Make standard output and error stand every text, whatever the encoding of the terminal."""
    codecs.register_error("contactledger", plainly)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # none in a test, or where it is None
        if reconfigure is not None:
            reconfigure(errors="contactledger")


# --- what to do about an error ----------------------------------------------------------------

ADVICE: tuple[tuple[type[errors.LedgerError], str, str], ...] = (
    (errors.BadTemplate, "", "look through them with: contactledger report-lint FOLDER"),
    (errors.Conflict, "", "what is on record stays; give the new fact a key of its own"),
    (errors.Archived, "", "bring it back with: contactledger restore DB FILE --recorder KEY"),
    (errors.OnHold, "", "see `contactledger holds`; end one with: contactledger release"),
    (errors.Unverified, "", "see that the key it is checked with is the sender's newest one"),
    (errors.CannotJudge, "", "a newer release wrote that policy; install one"),
    (errors.Corrupt, "look-up", "mend it with: contactledger reindex DB --recorder KEY"),
    (errors.Corrupt, "", "do not write to it; keep a copy, and restore a backup (docs/backup.md)"),
    (errors.Fork, "", "an older backup, or a second sealer with the same key (docs/backup.md)"),
    (
        errors.BadBundle,
        "",
        "do not rely on it; ask for it again, and for the sender's verifier key",
    ),
    (errors.StoreMissing, "on the server", "make the database first, with createdb say"),
    (errors.StoreMissing, "its folder", "see that the folder is there, and who may open the file"),
    (errors.StoreMissing, "", "make a ledger with: contactledger init DB --recorder KEY"),
    (errors.WrongLayout, "newer release", "install that release, or a later one"),
    (errors.WrongLayout, "contactledger migrate", "back it up, then run: contactledger migrate DB"),
    (
        errors.StoreInDoubt,
        "",
        "look with `contactledger entries` whether it is there; then run again",
    ),
    (errors.StoreLost, "", "see that the server runs and can be reached; nothing was written"),
    (errors.StoreBusy, "", "another process writes for long; run the command again"),
    (errors.StoreFull, "", "make room on the device; nothing of it was written"),
    (
        errors.StoreReadOnly,
        " role ",
        "see that role's rights; contactledger migrate DB --roles prints what each needs",
    ),
    (errors.StoreReadOnly, "", "see who may write the file and its folder"),
)
"""Class, words of the error's text, what to do next; the first that fits."""


def advice(error: errors.LedgerError) -> str:
    """What to do about an error, "" where its own text says all there is to say."""
    if isinstance(error, errors.NotFound):
        if error.field == "account":
            return "see their names with: contactledger accounts DB"
        of_account = error.field in ("person", "party", "matter", "entry") or "." in error.field
        return "see what is on record with: contactledger entries DB ACCOUNT" if of_account else ""
    extra = re.search(r"contactledger\[\w+\]", str(error))
    if isinstance(error, errors.NotInstalled) and extra:
        return f'install it with: {sys.executable} -m pip install "{extra[0]}"'
    text = str(error)
    fits = (what for cls, words, what in ADVICE if isinstance(error, cls) and words in text)
    return next(fits, "")
