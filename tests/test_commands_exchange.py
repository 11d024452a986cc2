"""The commands with which two sides exchange: countersign, accept, reconcile."""

from __future__ import annotations

import json
import sys

import pytest

from contactledger import Ledger, __main__, open_bundle
from contactledger.countersigning import MEANING
from contactledger.facts import Touch
from contactledger.keys import keygen
from contactledger.report.kinds import OFFERED
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, two_sides


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs a command of this process: (exit code, standard output, standard error)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["contactledger", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def folder(tmp_path):
    """Both sides' keys, both databases, the vendor's bundle."""
    for side in ("acme", "smith"):
        keygen(tmp_path / f"{side}.key", f"{side}.example/ledger")
        with Ledger.open(
            f"sqlite:///{tmp_path / side}.db",
            recorder=side,
            signer=tmp_path / f"{side}.key",
            clock=FixedClock(),
        ) as ledger:
            ledger.record(SMITH, *two_sides(), Touch("ann", "bob", "phone", about="A call"))
            if side == "acme":
                ledger.record(SMITH, Touch("ann", "bob", "visit", about="A visit"))
                ledger.bundle(SMITH).save(tmp_path / "smith.bundle")
    return tmp_path


def signed(folder, command) -> tuple[int, str, str]:
    return command(
        "countersign",
        folder / "smith.bundle",
        *("--trust", folder / "acme.vkey", "--key", folder / "smith.key"),
        *("--out", folder / "received.json", "--remember", folder / "remembered.json"),
    )


def test_a_bundle_is_verified_and_signed_for(folder, command):
    code, out, err = signed(folder, command)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "verified: 9 entries of smith-motors, sealed by acme.example/ledger",
        MEANING,
        f"written: {folder / 'received.json'}; send it back to whoever gave you the bundle",
    ]
    assert (folder / "remembered.json").exists()


def test_what_came_back_is_accepted_and_shown_by_the_next_bundle(folder, command):
    signed(folder, command)
    code, out, err = command(
        *("accept", folder / "acme.db", folder / "received.json"),
        *("--trust", folder / "smith.vkey", "--recorder", "acme"),
    )
    assert (code, err) == (0, "")
    assert out.startswith("accepted: smith.example/ledger received 9 entries at 20")
    assert out.endswith(f" UTC by its own clock\n{MEANING}\n")
    where = f"sqlite:///{folder / 'acme.db'}"
    with Ledger.open(where, recorder="acme", signer=folder / "acme.key") as ledger:
        ledger.bundle(SMITH).save(folder / "next.bundle")
    keys = [folder / "acme.vkey", folder / "smith.vkey"]
    (seen,) = open_bundle(folder / "next.bundle", trust=keys).countersigned
    assert (seen.name, seen.size) == ("smith.example/ledger", 9)


def test_one_who_is_not_trusted_is_refused_in_one_line(folder, command):
    signed(folder, command)
    code, out, err = command(
        *("accept", f"sqlite:///{folder / 'acme.db'}", folder / "received.json"),
        *("--trust", folder / "acme.vkey", "--recorder", "acme"),
    )
    assert (code, out) == (1, "")
    assert err == (
        "contactledger: the note is signed by none of the keys that are trusted\n"
        "  see that the key it is checked with is the sender's newest one\n"
    )


def test_a_bundle_of_an_unknown_ledger_is_not_signed_for(folder, command):
    code, out, err = command(
        *("countersign", folder / "smith.bundle", "--trust", folder / "smith.vkey"),
        *("--key", folder / "smith.key", "--out", folder / "received.json"),
    )
    assert (code, out) == (1, "")
    assert err.startswith("contactledger: step 2, checkpoint: ")
    assert not (folder / "received.json").exists()


def test_a_ledger_and_a_bundle_are_laid_side_by_side(folder, command):
    code, out, err = command(
        *("reconcile", folder / "smith.db", folder / "smith.bundle"),
        *("--trust", folder / "acme.vkey", "--account", SMITH),
    )
    assert (code, err) == (0, "")
    assert out.startswith("RECONCILIATION OF TWO RECORDS\nsmith-motors\n")
    assert "In both, and agreed                     1\n" in out
    assert "holds 1 touch between parties" in out


@pytest.mark.parametrize("name", ["r.html", "r.txt", "r.json"])
def test_the_comparison_takes_the_form_of_its_files_name(folder, command, name):
    out = folder / name
    url = f"sqlite:///{folder / 'acme.db'}"
    done = command(
        *("reconcile", folder / "smith.bundle", url, "--trust", folder / "acme.vkey"),
        *("--account", SMITH, "--out", out),
    )
    assert done == (0, f"written: {out}\n", "")
    written = out.read_text("utf-8").lstrip()
    assert written.startswith({"r.html": "<!", "r.txt": "RECON", "r.json": "{"}[name])
    if name == "r.json":
        assert json.loads(written)["counts"]["agreed"] == 2


def test_the_bundle_inside_a_pdf_is_laid_beside_a_ledger(folder, command):
    command("report", folder / "acme.db", SMITH, "--out", folder / "smith.pdf")
    beside = ("reconcile", folder / "smith.db", folder / "smith.pdf", "--account", SMITH)
    trust = ("--trust", folder / "acme.vkey")
    english, german = command(*beside, *trust), command(*beside, *trust, "--lang", "de")
    assert "In both, and agreed                     1\n" in english[1]
    assert german[1].startswith("ABGLEICH ZWEIER AUFZEICHNUNGEN\nsmith-motors\n")
    assert [done[0] for done in (english, german)] == [0, 0]


def test_what_is_neither_a_ledger_nor_a_bundle_is_said_to_be_no_bundle(folder, command):
    (folder / "odd.txt").write_text("odd")
    code, _, err = command(
        *("reconcile", folder / "smith.db", folder / "odd.txt", "--account", SMITH),
        *("--trust", folder / "acme.vkey"),
    )
    assert code == 1
    assert err.startswith("contactledger: step 1, ")


def test_another_form_is_refused(folder, command):
    code, _, err = command(
        *("reconcile", folder / "smith.bundle", folder / "smith.bundle"),
        *("--trust", folder / "acme.vkey", "--out", folder / "r.docx"),
    )
    forms = ", ".join(f".{form}" for form in OFFERED["reconciliation"].forms)
    assert (code, err) == (1, f"contactledger: --out: must end in one of: {forms}\n")


def test_a_ledger_needs_the_name_of_the_account(folder, command):
    code, _, err = command(
        *("reconcile", folder / "smith.db", folder / "smith.bundle"),
        *("--trust", folder / "acme.vkey"),
    )
    assert (code, err) == (1, "contactledger: --account: name the account in the ledger\n")


def test_a_file_that_is_not_there_is_one_line(folder, command):
    code, out, err = command(
        *("reconcile", folder / "nothing.bundle", folder / "smith.bundle"),
        *("--trust", folder / "acme.vkey"),
    )
    assert (code, out) == (1, "")
    assert err.startswith("contactledger: side: cannot be read")
