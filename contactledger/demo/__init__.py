"""The demo: story 1, "Nobody told us", played into a folder with a clock of its own.

`play(folder)` makes `contacts.db`, a ledger like any other, and from it the proof-of-contact
report of Smith Motors as HTML, as text, and with the extra `pdf` as a PDF. The log's bytes are the
same on every run. What the other side would be given lies beside: the account as a bundle, which
is inside the PDF as well, and the verifier key to check it with. The key that signed is made for
this run and thrown away with it; a real one is kept.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import frozen

from contactledger.demo import script
from contactledger.demo.stage import Stage
from contactledger.errors import BadInput, NotInstalled
from contactledger.files import Report
from contactledger.findings import Standing
from contactledger.keys import keygen
from contactledger.report.plain import standing_text

DATABASE = "contacts.db"
BUNDLE = "smith-motors.bundle"
VERIFIER_KEY = "acme.vkey"
KEY_NAME = "acme.example/demo"


@frozen
class Played:
    """What the demo made: the `standing`, the same as `text`, the `files` it wrote, and among
    them the `bundle` that anybody verifies with the `key` beside it."""

    standing: Standing
    text: str
    files: tuple[Path, ...]

    @property
    def bundle(self) -> Path:
        """The account as the other side would be given it."""
        return self.files[3]

    @property
    def key(self) -> Path:
        """The verifier key of the throw-away key that signed it."""
        return self.files[4]

    @property
    def pdf(self) -> Path | None:
        """The report with the bundle inside; None where the extra `pdf` is not installed."""
        return self.files[5] if len(self.files) > 5 else None


def play(folder: Path) -> Played:
    """Play the story into a folder, which is made if it is not there.

    A database of an earlier demo there is replaced. Raises `BadInput` if the folder cannot be
    written, and the ledger's own errors.
    """
    database = folder / DATABASE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise BadInput(f"cannot be written ({type(error).__name__})", field="folder") from None
    with TemporaryDirectory() as safe:
        key = keygen(Path(safe) / "acme.key", KEY_NAME)
        stage = Stage(
            f"sqlite:///{database}",
            account=script.ACCOUNT,
            recorder=script.RECORDER,
            start=script.START,
            signer=Path(safe) / "acme.key",
        )
        with stage.ledger as ledger:
            script.play(stage)
            bundle = ledger.bundle(script.ACCOUNT)
            ledger.check()
            standing = ledger.standing(script.ACCOUNT)
            report = ledger.report(script.ACCOUNT)
            bundle.save(folder / BUNDLE)
            printed = _printed(report, folder / "smith-motors.pdf")
    page, plain = folder / "smith-motors.html", folder / "smith-motors.txt"
    page.write_text(report.html(), "utf-8")
    plain.write_text(report.text(), "utf-8")
    (folder / VERIFIER_KEY).write_text(f"{key.format()}\n", "ascii")
    files: tuple[Path, ...] = (database, page, plain, folder / BUNDLE, folder / VERIFIER_KEY)
    files += () if printed is None else (printed,)
    return Played(standing, standing_text(report.data), files)


def _printed(report: Report, path: Path) -> Path | None:
    """The report as a PDF where the extra is installed; one of an earlier demo goes."""
    path.unlink(missing_ok=True)
    try:
        report.pdf(path)
    except NotInstalled:
        return None
    return path
