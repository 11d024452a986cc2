"""The demo: story 1, "Nobody told us", played into a folder with a clock of its own.

`play(folder)` makes `contacts.db`, a ledger like any other, and from it the proof-of-contact
report of Smith Motors as HTML and as text. The log's bytes are the same on every run.
"""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

from contactledger.demo import script
from contactledger.demo.stage import Stage
from contactledger.errors import BadInput
from contactledger.findings import Standing
from contactledger.report.plain import standing_text

DATABASE = "contacts.db"


@frozen
class Played:
    """What the demo made: the `standing`, the same as `text`, and the `files` it wrote."""

    standing: Standing
    text: str
    files: tuple[Path, ...]


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
    stage = Stage(
        f"sqlite:///{database}",
        account=script.ACCOUNT,
        recorder=script.RECORDER,
        start=script.START,
    )
    with stage.ledger as ledger:
        script.play(stage)
        ledger.check()
        standing = ledger.standing(script.ACCOUNT)
        report = ledger.report(script.ACCOUNT)
        files = (database, folder / "smith-motors.html", folder / "smith-motors.txt")
        files[1].write_text(report.html(), "utf-8")
        files[2].write_text(report.text(), "utf-8")
        text = standing_text(report.data)
    return Played(standing, text, files)
