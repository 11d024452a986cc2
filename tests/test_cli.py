"""The command line: what it prints, what it writes, and how it says what went wrong."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from contactledger import Ledger, Party, __main__, __version__, cli
from contactledger.errors import BadFact, StoreMissing
from tests.ledgers import editing

ACCOUNT = "smith-motors"


@pytest.fixture
def database(tmp_path) -> Path:
    """A ledger of one account, kept in a file."""
    path = tmp_path / "contacts.db"
    with Ledger.open(f"sqlite:///{path}", recorder="acme") as ledger:
        ledger.record(ACCOUNT, Party("acme", "ACME", "vendor"), Party("smith", "Smith Motors"))
    return path


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


def test_the_version_is_printed(command):
    assert command("--version") == (0, f"contactledger {__version__}\n", "")


def test_check_counts_what_it_has_hashed(command, database):
    assert command("check", database) == (0, "4 entries match their hashes; accounts: 1\n", "")


def test_a_database_url_will_do_for_a_file(command, database):
    assert command("check", f"sqlite:///{database}")[0] == 0


def test_a_damaged_entry_is_one_line_and_code_1(command, database):
    with editing(database) as damaged:
        damaged.execute(
            "UPDATE contactledger_entry SET record = CAST("
            "replace(CAST(record AS TEXT), 'entry/v1', 'entry/v2') AS BLOB) WHERE no = 3"
        )
    code, out, err = command("check", database)
    assert (code, out, err.count("\n")) == (1, "", 2)
    assert err.startswith("contactledger: account ")
    assert ", entry 3: the bytes are not those of the leaf hash\n  do not write to it; " in err


def test_standing_prints_every_party_in_the_same_columns(command, database):
    code, out, err = command("standing", database, ACCOUNT, "--as-of", "2126-01-01T00:00Z")
    assert (code, err) == (0, "")
    assert "smith-motors, as of 1 Jan 2126 00:00 UTC" in out
    (parties,) = (line.split() for line in out.splitlines() if "ACME" in line)
    assert parties == ["ACME", "Smith", "Motors"]


@pytest.mark.parametrize(
    ("name", "begins"), [("r.html", "<!"), ("r.txt", "PROOF OF CONTACT"), ("r.json", "{")]
)
def test_the_report_takes_the_form_of_its_files_name(command, database, tmp_path, name, begins):
    out = tmp_path / name
    assert command("report", database, ACCOUNT, "--out", out) == (0, f"written: {out}\n", "")
    written = out.read_text("utf-8")
    assert written.lstrip().startswith(begins)
    if name == "r.json":
        assert json.loads(written)["account"]["name"] == ACCOUNT


def test_an_unknown_form_is_refused(command, database, tmp_path):
    code, out, err = command("report", database, ACCOUNT, "--out", tmp_path / "r.docx")
    assert (code, out) == (1, "")
    assert err.startswith("contactledger: --out: must end in one of: .html, ")


def test_a_file_that_cannot_be_written_is_one_line(command, database, tmp_path):
    assert command("report", database, ACCOUNT, "--out", tmp_path / "no" / "r.txt") == (
        1,
        "",
        "contactledger: --out: cannot be written: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("maybeZ", "must be a time as in 2026-07-01T09:00Z"),
        ("2026-07-01T09:00", "has no time zone; write Z or an offset behind it"),
    ],
)
def test_a_time_that_is_none_is_refused(command, database, given, why):
    assert command("standing", database, ACCOUNT, "--as-of", given) == (
        1,
        "",
        f"contactledger: --as-of: {why}\n",
    )


def test_an_account_that_is_not_there_is_said_without_its_name(command, database):
    code, out, err = command("standing", database, "bob-ray")
    assert (code, out) == (1, "")
    assert err == (
        "contactledger: account: no account of this name in the ledger\n"
        "  see their names with: contactledger accounts DB\n"
    )


def test_a_database_that_is_not_there_is_not_made(command, tmp_path):
    path = tmp_path / "none.db"
    code, out, err = command("check", path)
    assert (code, out, err.count("\n"), path.exists()) == (1, "", 2, False)
    assert err.endswith("\n  make a ledger with: contactledger init DB --recorder KEY\n")


def test_a_wrong_command_is_code_2(command):
    assert command("praise")[0] == 2


def test_the_demo_is_played_into_a_folder(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("demo")
    assert (code, err) == (0, "")
    assert "Smith Motors" in out
    made = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert made == [
        "acme.vkey",
        "contacts.db",
        "smith-motors.bundle",
        "smith-motors.html",
        "smith-motors.pdf",
        "smith-motors.txt",
    ]
    assert sorted(line for line in out.splitlines() if line.startswith("written: ")) == [
        f"written: {Path('demo', name)}" for name in made
    ]


def test_the_demo_says_nothing_of_a_pdf_where_none_could_be_made(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "typst", None)
    code, out, err = command("demo")
    assert (code, err) == (0, "")
    assert "smith-motors.bundle" in out
    assert "PDF" not in out


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_its_extra_it_says_in_one_line_what_to_install(command, monkeypatch, missing):
    monkeypatch.setattr(__main__, "find_spec", lambda name: None if name == missing else name)
    code, out, err = command("demo")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.endswith('-m pip install "contactledger[cli]"\n')


def test_python_m_contactledger_is_the_same_also_where_typer_is_missing():
    hide = "import sys; sys.modules['typer'] = None; import importlib.util as u; f = u.find_spec; "
    hide += "u.find_spec = lambda name: None if name == 'typer' else f(name); import runpy; "
    hide += "runpy.run_module('contactledger', run_name='__main__')"
    plain = subprocess.run(
        [sys.executable, "-m", "contactledger", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (plain.returncode, plain.stdout) == (0, f"contactledger {__version__}\n")
    hidden = subprocess.run(
        [sys.executable, "-c", hide], capture_output=True, text=True, check=False
    )
    assert (hidden.returncode, hidden.stdout) == (2, "")
    assert hidden.stderr.count("\n") == 1
    assert "contactledger[cli]" in hidden.stderr


def test_the_module_is_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["contactledger", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(__main__.__file__), run_name="__main__")
    assert (ended.value.code or 0, capsys.readouterr().out) == (0, f"contactledger {__version__}\n")


def test_a_ledger_opened_for_reading_records_nothing(database):
    with Ledger.open(f"sqlite:///{database}", recorder=None) as ledger:
        with pytest.raises(BadFact, match="recorder: the ledger was opened for reading"):
            ledger.record(ACCOUNT, Party("new", "New"))
        assert len(ledger.entries(ACCOUNT)) == 4


def test_reading_makes_no_ledger(tmp_path):
    with pytest.raises(StoreMissing, match="there is no such database file, and none may be made"):
        Ledger.open(f"sqlite:///{tmp_path / 'new.db'}", recorder=None)
    assert list(tmp_path.iterdir()) == []


def test_the_commands_stand_in_the_help(command):
    code, out, _ = command("--help")
    assert code == 0
    for name in ("demo", "check", "standing", "report"):
        assert name in out
    assert cli.app.info.name == "contactledger"
