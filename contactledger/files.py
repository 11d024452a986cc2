"""Paths in and out: the forms of a report, bundles, keys, what is remembered of bundles.

The wings know no files; this is where paths become open files and strings are written. What
is replaced is replaced whole: a crash leaves the old file or the new one. What the system
refuses is BadInput that names the argument the path came from.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from os import PathLike
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from attrs import frozen

from contactledger.errors import BadInput

if TYPE_CHECKING:
    from contactledger.printing import Attachment, Missing
    from contactledger.report import render
    from contactledger.showing import Figure

Where = str | PathLike[str]
_CHUNK_BYTES = 1 << 20
FORMS = (".html", ".pdf", ".txt", ".md", ".csv", ".json")
"""What the name of a file ends in that a report is written to."""
MAX_TEXT_BYTES = 65_536
"""Far above a verifier key; a bound on what is read of a wrong file."""


@frozen
class Report:
    """A rendered report. Each form is returned, and written where a path is given.

    Raises BadTemplate if a template does not render; then nothing is written.
    """

    rendered: render.Report
    attached: Attachment | None = None
    """The bundle that a PDF of it carries."""

    @property
    def data(self) -> Any:
        """The plain dict rows that the templates are given."""
        return self.rendered.data

    def html(self, path: Where | None = None) -> str:
        """One self-contained page: no script, nothing fetched."""
        return _kept(self.rendered.html(), path)

    def text(self, path: Where | None = None) -> str:
        """Plain text."""
        return _kept(self.rendered.text(), path)

    def stream(self) -> Iterator[str]:
        """The HTML in pieces, as they are made, for a long one; BadTemplate may come midway."""
        return self.rendered.stream()

    def markdown(self, path: Where | None = None) -> str:
        """Markdown, with the tables of GitHub's."""
        return _kept(self.rendered.markdown(), path)

    def csv(self, path: Where | None = None) -> str:
        """The main list of its rows as CSV (RFC 4180); what looks like a formula is text."""
        return _kept(self.rendered.csv(), path)

    def json(self, path: Where | None = None) -> str:
        """The rows as JSON."""
        return _kept(self.rendered.json(), path)

    def pdf(
        self,
        path: Where | None = None,
        *,
        locale: str = "en",
        paper: str | None = None,
        fonts: Sequence[Where] = (),
        missing: Missing = "error",
        attach: bool = True,
    ) -> bytes:
        """A PDF (extra `pdf`): tagged, archival, with the account's signed bundle inside.

        `contactledger verify FILE.pdf --trust KEY` checks that bundle. A ledger with a signer
        seals first, as `Ledger.bundle` does; where nothing is sealed, or without `attach`,
        nothing is inside and the PDF says so. `locale` ("en-US") decides the paper, unless
        `paper` does ("a4", "letter"). `fonts`: folders of fonts beside those that come with it
        and those of the system. `missing`: "error" where no font draws a character (BadInput
        names it and such a font), "code-point" to print [U+65E5] in its place.
        """
        from contactledger.printing import Print, printed

        rows, document = self.data, self.rendered.document()
        words = self.rendered.words
        made = printed(
            document,
            datetime.fromisoformat(rows["as_of"]),
            Print(locale, paper, tuple(os.fspath(one) for one in fonts), missing),
            judged=rows.get("entries", {}).get("count"),
            attached=self.attached if attach else None,
            words=words if words.lang == document.lang else None,
            templates=self.rendered.templates,
        )
        if path is not None:
            Path(path).write_bytes(made)
        return made

    def form(self, suffix: str, **how: Any) -> bytes:
        """The form for a file whose name ends so, one of `FORMS`, as bytes; `how`: as it takes."""
        forms: dict[str, Callable[..., str | bytes]]
        forms = {
            ".html": self.html, ".pdf": self.pdf, ".txt": self.text, ".md": self.markdown,
            ".csv": self.csv, ".json": self.json,
        }  # fmt: skip
        made = forms[suffix](**how)
        return made if isinstance(made, bytes) else made.encode()

    def chart(self, name: str) -> Figure:
        """A chart of an account's proof of contact: "timeline", "funnel", "answer-times",
        "pressure" or "holders", in its language. It shows itself in a notebook. BadInput for
        another."""
        from contactledger.showing import account_chart

        return account_chart(name, self.data, self.rendered.words)

    def __repr__(self) -> str:
        return f"<Report {self.rendered.kind}>"

    def _repr_html_(self) -> str:
        from contactledger.report.card import paged

        return paged(self.html(), self.rendered.kind)


def _kept(text: str, path: Where | None) -> str:
    if path is not None:
        Path(path).write_bytes(text.encode("utf-8"))  # bytes: the same on every system
    return text


@contextmanager
def reading(where: Where, field: str) -> Iterator[BinaryIO]:
    """A file open for reading its bytes. BadInput names `field` if it cannot be opened."""
    try:
        file = Path(where).open("rb")  # noqa: SIM115 - closed below; the body's errors are its own
    except OSError as error:
        raise BadInput(f"cannot be read: {_why(error)}", field=field) from None
    with file:
        yield file


@contextmanager
def replacing(where: Where, field: str) -> Iterator[BinaryIO]:
    """A file to be written in the place of `where`, which it takes when the block has ended.

    Until then, and if the block raises, whatever was there stays. BadInput names `field` if
    the system refuses to write.
    """
    path = Path(where)
    new = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        file = new.open("xb")
    except OSError as error:
        raise BadInput(f"cannot be written: {_why(error)}", field=field) from None
    with _filled(file, new, field, then=lambda: new.replace(path)):
        yield file


@contextmanager
def creating(where: Where, field: str) -> Iterator[BinaryIO]:
    """A new file that its owner alone may read, complete and durable when the block has ended.

    Nothing is left of it if the block raises. BadInput names `field` if something is there
    already, or if the system refuses to write.
    """
    from contactledger.keys import sync_folder

    path = Path(where)
    try:
        file = _only_mine(path)
    except OSError as error:
        raise BadInput(f"cannot be written: {_why(error)}", field=field) from None
    with _filled(file, path, field, then=lambda: sync_folder(path.parent)):
        yield file


@contextmanager
def _filled(
    file: BinaryIO, path: Path, field: str, *, then: Callable[[], object]
) -> Iterator[None]:
    """The file is written in this block and closed, then there is one thing more to do; if any
    of it fails, the file goes."""
    try:
        with file:
            yield
            file.flush()
            os.fsync(file.fileno())
        then()
    except OSError as error:
        path.unlink()
        raise BadInput(f"cannot be written: {_why(error)}", field=field) from None
    except BaseException:
        path.unlink()
        raise


def sha256_of(where: Where, field: str) -> bytes:
    """The SHA-256 of a file's bytes; BadInput names `field` if it cannot be read."""
    hashed = hashlib.sha256()
    with reading(where, field) as file:
        while chunk := file.read(_CHUNK_BYTES):
            hashed.update(chunk)
    return hashed.digest()


def read_text(where: Where, field: str) -> str:
    """The text of a small file in UTF-8; BadInput names `field`."""
    with reading(where, field) as file:
        data = file.read(MAX_TEXT_BYTES + 1)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BadInput("is not UTF-8", field=field) from None


def read_json(where: Where, field: str) -> dict[str, Any]:
    """The JSON object in a file, an empty one where there is no file; BadInput names `field`."""
    if not Path(where).exists():
        return {}
    with reading(where, field) as file:
        try:
            found = json.load(file)
        except ValueError:
            found = None
    if not isinstance(found, dict):
        raise BadInput("is not a JSON object", field=field)
    return found


def write_json(where: Where, value: dict[str, Any], field: str) -> None:
    """Replace the file by this JSON object; BadInput names `field`."""
    with replacing(where, field) as file:
        file.write(json.dumps(value, indent=1, ensure_ascii=False).encode())
        file.write(b"\n")


def save_all(where: Where, contents: Mapping[str, bytes]) -> None:
    """Write these files into a new folder, or into a zip file if the name ends in ".zip".

    Personal data, so the owner alone may read them. BadInput if something is there already.
    """
    path = Path(where)
    try:
        if path.suffix.lower() == ".zip":
            with _only_mine(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as packed:
                for name, data in contents.items():
                    packed.writestr(ZipInfo(name, _NO_DATE), data, ZIP_DEFLATED)
            return
        path.mkdir(mode=0o700)
        for name, data in contents.items():
            (path / name).parent.mkdir(mode=0o700, exist_ok=True)
            with _only_mine(path / name) as file:
                file.write(data)
    except OSError as error:
        raise BadInput(f"cannot be written: {_why(error)}", field="path") from None


_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip file: the same contents give the same bytes."""


def _only_mine(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__
