"""Every command: JSON for programs, any encoding, no colours in a pipe, completion, Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from contactledger import Ledger, Party, Person, Touch, __main__, errors
from contactledger.cli import app
from contactledger.commanding import advice
from contactledger.keys import keygen
from contactledger.store.making import wrong_layout
from contactledger.testing import FixedClock
from tests.judging import day
from tests.test_docs_site import every_command

ACCOUNT = "smith → “Motors” 日"
"""A name with signs that not every encoding has."""

MAIL = """\
From: bob@smith.example
To: help@acme.example
Subject: Labels
Message-ID: <1@smith.example>
Date: Mon, 2 Mar 2026 15:00:00 +0000

They are blank.
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with a ledger, a key, a bundle and a policy, and nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    keygen("acme.key", "acme.example/contacts")
    keygen("smith.key", "smith.example/contacts")
    clock = FixedClock(day(0))
    with Ledger.open("sqlite:///a.db", recorder="acme", signer="acme.key", clock=clock) as ledger:
        ledger.record(
            ACCOUNT,
            Party("acme", "ACME", "vendor"),
            Person("ann", "acme", "Ann Lee", "help@acme.example"),
            Party("smith", "Smith “Motors” 日", "customer"),
            Person("bob", "smith", "Bob Ray", "bob@smith.example", "+1 555 0111"),
            Touch("bob", "acme", "ticket", about="Labels → blank", key="T-1"),
        )
        ledger.record("old", Party("acme", "ACME", "vendor"), Party("smith", "Smith"))
        ledger.bundle(ACCOUNT).save("a.bundle")
    Path("p.toml").write_text('rules = 1\nzone = "UTC"\n', "utf-8")
    Path("calls.csv").write_text(
        "call_id,at,direction,from,to,status\n"
        "c-1,2026-03-02T10:00:00Z,out,+1 555 0100,+1 555 0111,busy\n",
        "utf-8",
    )
    Path("bob.eml").write_text(MAIL, "utf-8")
    Path("words").mkdir()
    Path("words/logo.html").write_text("<b>ACME</b>", "utf-8")
    return tmp_path


class Session:
    """Runs commands of this process, one after the other, on streams of an encoding."""

    def __init__(self, monkeypatch, encoding: str) -> None:
        self.monkeypatch, self.encoding = monkeypatch, encoding

    def __call__(self, *words: str) -> tuple[int, bytes, bytes]:
        streams = {name: io.BytesIO() for name in ("stdout", "stderr")}
        for name, held in streams.items():
            wrapped = io.TextIOWrapper(held, encoding=self.encoding, write_through=True)
            self.monkeypatch.setattr(sys, name, wrapped)
        self.monkeypatch.setattr(sys, "argv", ["contactledger", *words])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        out, err = (held.getvalue() for held in streams.values())
        return ended.value.code or 0, out, err


LINES = """
demo --out played
init b.db --recorder acme --policy p.toml
keygen new.example/contacts --out new.key
check a.db --lookups
reindex a.db --recorder acme
accounts a.db
record a.db ACCOUNT --recorder acme touch to=bob channel=phone key=T-2 about="→ “Labels” 日"
entries a.db ACCOUNT
standing a.db ACCOUNT
next a.db ACCOUNT
cases a.db ACCOUNT
may-contact a.db ACCOUNT bob phone --at 2026-03-02T16:00Z
ask a.db ACCOUNT
across refresh a.db
across ignored a.db
across waiting a.db
across turns a.db
across told a.db Labels
report a.db ACCOUNT --out r.html
report-lint words
import a.db calls.csv --as calls --recorder acme --write
imports a.db --recorder acme
take-back a.db BATCH --recorder acme
receive a.db mail bob.eml --recorder acme
replay a.db --recorder acme
inbox a.db
discard a.db INBOX --recorder acme
heartbeat a.db mailbox --recorder acme --every 60 --channel email
hold a.db ACCOUNT --recorder acme --person bob --basis litigation
holds a.db ACCOUNT
release a.db ACCOUNT HOLD --recorder acme
subject a.db ACCOUNT bob
whereabouts a.db "+1 555 0111"
redact a.db ACCOUNT --recorder acme --entry 6
erasures a.db ACCOUNT
scrub a.db --recorder acme
seal a.db --recorder acme --signer acme.key
bundle a.db ACCOUNT --out b.bundle
verify a.bundle --trust acme.vkey
countersign a.bundle --trust acme.vkey --key smith.key --out back.note
accept a.db back.note --trust smith.vkey --recorder acme
reconcile a.db a.bundle --trust acme.vkey --account ACCOUNT
archive a.db old --recorder acme --signer acme.key --out old.archive
archives a.db
restore a.db old.archive --recorder acme
policy check p.toml
policy explain p.toml
policy list
policy show support-desk
migrate a.db
migrate a.db --sql
scaling partitions
scaling citus
scaling move --schema big
export a.db --parquet out
tick a.db --recorder acme
"""
"""Every command as it may be run one after the other, but `serve`, which does not end."""
GROUPS = {"across", "policy", "scaling"}
"""Commands that hold others."""
KEPT = {"receive", "replay"}
"""Nobody waits for that mail, so it is kept in the inbox: exit code 3."""
MAY_SAY_NOTHING = {"erasures", "heartbeat", "holds", "scrub", "tick"}


def lines(folder: Path) -> Iterator[list[str]]:
    """The lines, with the names that only come up on the way."""
    for line in LINES.strip().splitlines():
        words = [ACCOUNT if word == "ACCOUNT" else word for word in shlex.split(line)]
        with Ledger.open("sqlite:///a.db", recorder="acme") as ledger:
            if "BATCH" in words:
                words[words.index("BATCH")] = ledger.imports()[-1].id
            if "INBOX" in words:
                words[words.index("INBOX")] = next(ledger.inbox()).id
            if "HOLD" in words:
                words[words.index("HOLD")] = str(ledger.holds(ACCOUNT)[-1].no)
        yield words


def test_every_command_has_json_and_is_run_here():
    group = typer.main.get_command(app)
    for words in every_command():
        command = group.commands[words[0]]
        for word in words[1:]:
            command = command.commands[word]
        if not hasattr(command, "commands"):
            assert any("--json" in one.opts for one in command.params), words
    run = {" ".join(line.split()[: 2 if line.split()[0] in GROUPS else 1])
           for line in LINES.strip().splitlines()}  # fmt: skip
    every = {" ".join(words) for words in every_command()} - GROUPS
    assert every - run == {"serve"}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_what_every_command_prints_fits_the_terminals_encoding(folder, monkeypatch, encoding):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    run = Session(monkeypatch, encoding)
    for words in lines(folder):
        code, out, err = run(*words)
        assert (code, err) == (3 * (words[0] in KEPT), b""), (words, err)
        out.decode(encoding)
        assert b"\x1b" not in out, words
        assert out or words[0] in MAY_SAY_NOTHING, words


def test_what_every_command_says_with_json_is_an_object_a_line_in_utf_8(folder, monkeypatch):
    run = Session(monkeypatch, "cp1252")
    said = {}
    for words in lines(folder):
        code, out, err = run(*words, "--json")
        assert (code, err) == (3 * (words[0] in KEPT), b""), (words, err)
        said[" ".join(words[:2])] = [json.loads(line) for line in out.decode().splitlines()]
    assert said["demo --out"][0]["files"][0].endswith("contacts.db")
    assert said["init b.db"] == [{"made": True, "adopted": True}]
    assert said["keygen new.example/contacts"][0]["verifier_path"] == "new.vkey"
    assert said["reindex a.db"] == [{"mended": 0}]
    assert said["report a.db"][0]["path"] == "r.html"
    assert said["hold a.db"][0]["kind"] == "hold"
    assert said["release a.db"][0]["kind"] == "hold"
    assert said["seal a.db"][0]["note"].startswith("acme.example/contacts\n")
    assert said["bundle a.db"][0]["path"] == "b.bundle"
    assert said["countersign a.bundle"][0]["account"] == ACCOUNT
    assert said["accept a.db"][0]["name"] == "smith.example/contacts"
    assert said["archive a.db"][0]["account"] == said["restore a.db"][0]["account"] == "old"
    assert said["take-back a.db"][0]["retracted"] == 2
    assert "rules = 1" in said["policy show"][0]["text"]
    assert said["scaling citus"][0]["sql"].startswith("BEGIN;")
    assert said["migrate a.db"][0].keys() == {"sql"}
    assert said["entries a.db"][6]["fact"]["about"] == "Labels → blank"


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_help_fits_an_encoding_of_nothing_but_ascii(words, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    code, out, err = Session(monkeypatch, "ascii")(*words, "--help")
    assert (code, err) == (0, b"")
    assert b"Usage:" in out
    assert b"\x1b" not in out


def test_where_there_are_no_streams_at_all_nothing_is_printed_and_nothing_fails(
    folder, monkeypatch
):
    for name in ("stdin", "stdout"):
        monkeypatch.setattr(sys, name, None)
    for words in (["standing", "a.db", ACCOUNT], ["receive", "a.db", "mail", "--recorder", "acme"]):
        monkeypatch.setattr(sys, "argv", ["contactledger", *words])
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        said = sys.stderr.getvalue()
        assert (ended.value.code or 0, said) == (
            (0, "") if words[0] == "standing"
            else (1, "contactledger: FILE: there is no standard input\n")
        )  # fmt: skip


# --- real processes ---------------------------------------------------------------------------


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    root = str(Path(__file__).resolve().parents[1])
    return {**kept, "PYTHONPATH": root, **more}


def test_an_old_windows_console_without_utf_8_gets_the_nearest_signs(folder):
    done = subprocess.run(
        [sys.executable, "-m", "contactledger", "standing", "a.db", ACCOUNT],
        env=environment(PYTHONUTF8="0", PYTHONIOENCODING="cp1252"),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "smith -> “Motors” ?" in done.stdout.decode("cp1252")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Ctrl-C is another thing on Windows")
def test_ctrl_c_ends_a_command_with_130_and_without_a_traceback(folder):
    os.mkfifo("pipe")
    line = ["receive", "a.db", "mail", "pipe", "--recorder", "acme"]
    started = subprocess.Popen(
        [sys.executable, "-m", "contactledger", *line],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with Path("pipe").open("wb"):  # from here on the command reads, and waits
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=60)
    assert (started.returncode, out, err) == (130, b"", b"")


def test_ctrl_c_while_the_program_is_still_loading_is_the_same(monkeypatch):
    monkeypatch.setattr(__main__, "find_spec", interrupted)
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130


def interrupted(_: str) -> None:
    raise KeyboardInterrupt


# --- completion -------------------------------------------------------------------------------


@pytest.fixture
def completed(monkeypatch):
    """What bash is offered for the last word of a line."""

    def run(line: str) -> list[str]:
        words = ["contactledger", *line.split()]
        monkeypatch.setenv("_CONTACTLEDGER_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        code, out, err = Session(monkeypatch, "utf-8")()
        assert (code, err) == (0, b"")
        return out.decode().split()

    return run


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("standing a.db o", ["old"]),
        ("report a.db o", ["old"]),
        ("standing none.db o", []),
        ("receive a.db sendg", ["sendgrid", "sendgrid_inbound"]),
        ("import a.db calls.csv --as ic", ["ical"]),
        ("report a.db old --kind both", ["both-sides"]),
        ("policy show supp", ["support-desk"]),
    ],
)
def test_names_are_completed_from_the_ledger_and_words_from_their_lists(
    folder, completed, line, offered
):
    assert completed(line) == offered


# --- what to do about an error ----------------------------------------------------------------

SAYS_IT_ITSELF = {
    "BadInput": "names the field and what it must be",
    "BadFact": "the same",
    "BadPolicy": "names the key and the line",
    "NotSealed": "says how to seal",
    "BadRecord": "comes out of a file that is refused as a whole",
    "BadEvent": "the body lies in the inbox, and the command says so",
    "TooLarge": "names the bound",
    "StoreError": "the ancestor of those below it",
    "LedgerError": "the same of all",
}


def example(cls):
    made = {
        errors.Conflict: lambda: cls("Touch", "about", 3),
        errors.OnHold: lambda: cls("a", 3),
        errors.Archived: lambda: cls("a", "0" * 64),
        errors.BadBundle: lambda: cls("x", step=1, name="zip"),
        errors.NotFound: lambda: cls("x", field="person"),
        errors.WrongLayout: lambda: wrong_layout([1]),
        errors.NotInstalled: lambda: cls("serving needs contactledger[serve]"),
    }
    return made.get(cls, lambda: cls("x"))()


def classes(root):
    yield root
    for cls in root.__subclasses__():
        if cls.__module__ == errors.__name__:
            yield from classes(cls)


@pytest.mark.parametrize("cls", sorted(set(classes(errors.LedgerError)), key=str))
def test_every_error_says_what_to_do_next_or_all_there_is_to_say(cls):
    assert bool(advice(example(cls))) == (cls.__name__ not in SAYS_IT_ITSELF)


def test_a_look_up_that_is_lost_is_mended_by_another_command_than_an_entry():
    assert "reindex" in advice(errors.Corrupt("a look-up is missing, or leads elsewhere"))
    assert "backup" in advice(errors.Corrupt("the bytes are not those of the leaf hash"))
    assert advice(errors.NotInstalled("no extra")) == ""
