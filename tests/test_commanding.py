"""What the commands share: colours, encodings, pipes, and what to do about an error."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console

from contactledger import Ledger, Party, commanding, errors
from contactledger.commanding import advice, any_encoding, plainly, progress, say, say_page
from contactledger.store.making import wrong_layout
from contactledger.store.port import LAYOUT


@pytest.fixture
def database(tmp_path):
    """Smith Motors, with signs in its name that not every encoding has."""
    path = tmp_path / "contacts.db"
    with Ledger.open(f"sqlite:///{path}", recorder="acme") as ledger:
        ledger.record(
            "smith", Party("acme", "ACME", "vendor"), Party("smith", "Smith → “Motors” 日")
        )
    return path


def run(*arguments, encoding="utf-8", **how):
    """A process of its own, with that encoding on its standard output."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    line = [sys.executable, "-m", "contactledger", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, check=False, env=environment, **how)


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "smith, Smith → “Motors” 日"),
        ("cp1252", "smith, Smith -> “Motors” ?"),
        ("cp437", 'smith, Smith -> "Motors" ?'),
    ],
)
def test_a_terminal_of_any_encoding_gets_the_nearest_signs(database, encoding, said):
    done = run("entries", database, "smith", encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(encoding).splitlines()[3].endswith(said)


def test_json_is_utf_8_whatever_the_terminal_has(database):
    done = run("entries", database, "smith", "--json", encoding="cp1252")
    assert "Smith → “Motors” 日" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("command", [["--help"], ["record", "--help"], ["standing", "--help"]])
def test_help_prints_in_a_windows_terminal_of_old(command):
    done = run(*command, encoding="cp437")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_reader_who_leaves_early_is_no_error(database):
    line = f'"{sys.executable}" -m contactledger entries "{database}" smith | head -n 1'
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_nothing_but_text_goes_into_a_pipe(database):
    done = run("standing", database, "smith")
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_gets_colours_and_the_same_words(monkeypatch):
    page = "Whose turn it is\n  it is overdue since 2 March\n"
    for name in ("NO_COLOR", "TERM", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    say_page(page)
    shown = sys.stdout.getvalue()
    assert "\x1b[1mWhose turn it is\x1b[0m" in shown
    assert "\x1b[31moverdue\x1b[0m" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    say_page(page)
    assert "\x1b[3" not in sys.stdout.getvalue()


def test_without_a_terminal_a_page_is_plain(capsys):
    say_page("overdue\n")
    say("as it is")
    assert capsys.readouterr().out == "overdue\nas it is\n"


def test_a_bar_is_drawn_only_where_somebody_watches(monkeypatch, capsys):
    with progress("working") as bar:
        bar(1, 2)
    assert capsys.readouterr().err == ""
    watching = Console(force_terminal=True, stderr=True, width=80)
    monkeypatch.setattr(commanding, "Console", lambda **_: watching)
    with progress("verifying loud.bundle") as bar:
        bar(1, 2)
    assert "verifying loud.bundle" in capsys.readouterr().err


def test_a_stream_that_cannot_be_changed_is_left(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)
    any_encoding()


def test_only_writing_is_mended():
    wrong = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")
    with pytest.raises(UnicodeDecodeError):
        plainly(wrong)
    assert plainly(UnicodeEncodeError("ascii", "a→日b", 1, 3, "no")) == ("->?", 3)
    assert plainly(UnicodeEncodeError("cp1252", "\u2068א\u2069", 0, 3, "no")) == ("?", 3)


@pytest.mark.parametrize(
    ("error", "begins"),
    [
        (errors.StoreMissing("x"), "make a ledger"),
        (errors.StoreContended("x"), "another process"),
        (errors.StoreInDoubt("x"), "look with"),
        (errors.StoreLost("x"), "see that"),
        (errors.NotFound("x", field="account"), "see their names"),
        (errors.NotFound("x", field="person"), "see what"),
        (errors.NotFound("x", field="Touch.matter"), "see what"),
        (errors.NotFound("x", field="policy"), ""),
        (errors.BadInput("x"), ""),
        (errors.StoreMissing("there is no such database on the server"), "make the database first"),
        (errors.StoreMissing("the file, or its folder, is not there"), "see that the folder"),
        (wrong_layout([LAYOUT - 1]), "back it up, then run"),
        (wrong_layout([LAYOUT + 1]), "install that release"),
        (errors.StoreReadOnly("the role may not"), "see that role's rights"),
        (errors.StoreReadOnly("the file cannot be written"), "see who may write the file"),
    ],
)
def test_an_error_says_what_to_do_where_that_is_known(error, begins):
    assert advice(error).startswith(begins)
    assert bool(advice(error)) == bool(begins)


def test_every_command_that_advice_names_is_one():
    from typer.main import get_command

    from contactledger.cli import app

    known = get_command(app).commands.keys()
    texts = [text for *_, text in commanding.ADVICE]
    named = {word for text in texts for word in text.replace("`", " ").split("contactledger ")[1:]}
    assert {words.split()[0] for words in named} <= known
