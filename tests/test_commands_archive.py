"""`contactledger archive`, `restore` and `archives`: what they print, and what they leave."""

from __future__ import annotations

from hashlib import sha256

import pytest
from typer.testing import CliRunner

from contactledger import Ledger
from contactledger.cli import app
from contactledger.errors import Archived, BadInput
from contactledger.keys import keygen
from tests.ledgers import SMITH, mail, two_sides

OURS = ("--recorder", "acme")


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keygen("acme.key", "acme.example/ledger")
    with Ledger.open("sqlite:///a.db", recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides(), mail("m-1", about="Inventory sync"))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_an_account_goes_into_a_file_and_comes_back(database):
    done = run("archive", "a.db", SMITH, *OURS, "--out", "smith.archive", "--signer", "acme.key")
    digest = sha256((database / "smith.archive").read_bytes()).hexdigest()
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            f"archived: 8 entries of {SMITH} to smith.archive",
            f"SHA-256:  {digest}",
            "The file is now the only copy. Keep it as you keep the database.",
        ],
    )
    assert run("archives", "sqlite:///a.db").output == f"{digest}  {SMITH} (8 entries)\n"
    checked = "entries match their hashes; accounts: 1"
    away = f"0 {checked}, 1 of them archived and not here to be hashed\n"
    assert run("check", "a.db").output == away
    assert isinstance(run("standing", "a.db", SMITH).exception, Archived)
    assert run("verify", "smith.archive", "--trust", "acme.vkey").exit_code == 0
    kept = b"".join(path.read_bytes() for path in database.glob("a.db*"))
    assert b"SW52ZW50b3J5" not in kept  # what is disclosed lies there as base64
    done = run("restore", "a.db", "smith.archive", *OURS)
    assert (done.exit_code, done.output) == (0, f"restored: 8 entries of {SMITH}\n")
    assert run("archives", "a.db").output == ""
    assert run("check", "a.db").output == f"8 {checked}\n"
    assert isinstance(run("restore", "a.db", "smith.archive", *OURS).exception, BadInput)
