"""The site: built by one command, no link into nothing, spelt right, its commands run."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from html.parser import HTMLParser
from importlib.resources import files
from io import BytesIO, TextIOWrapper
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer

import contactledger
from contactledger import __main__
from contactledger.cli import app
from contactledger.errors import LedgerError
from contactledger.facts import FACTS
from contactledger.vocabulary import (
    Channel,
    Expects,
    HandoffWord,
    MarkWord,
    MatterState,
    MilestoneKind,
    Purpose,
    Role,
    SignalKind,
    Urgency,
    Word,
)
from docs import commands
from docs.__main__ import spelt

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Built as the README says; a warning would have been an error."""
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "docs", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return out


class Links(HTMLParser):
    """What a page links to, and what can be linked to in it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's
        given = dict(attrs)
        if given.get("id"):
            self.anchors.add(given["id"])
        for name in ("href", "src"):
            if given.get(name):
                self.links.add(given[name])


def test_no_link_of_the_site_leads_into_nothing_and_none_is_fetched_to_read_it(site):
    pages = {page.relative_to(site).as_posix(): Links(page) for page in site.rglob("*.html")}
    dead = []
    for name, page in pages.items():
        for link in page.links:
            path, _, anchor = link.partition("#")
            if "://" in link or path.startswith(("mailto:", "data:")):
                continue
            target = (site / name).parent / unquote(path.partition("?")[0]) if path else site / name
            if not target.exists():
                dead.append((name, link))
            elif anchor and target.suffix == ".html":
                there = target.resolve().relative_to(site.resolve()).as_posix()
                if unquote(anchor) not in pages[there].anchors:
                    dead.append((name, link))
    assert dead == []
    assert {f"{page.stem}.html" for page in DOCS.glob("*.md")} <= pages.keys()


def test_the_search_needs_no_server(site):
    index = (site / "searchindex.js").read_text("utf-8")
    assert index.startswith("Search.setIndex(")
    words = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))["terms"]
    assert {"bundl", "onus", "ladder"} <= words.keys()
    assert not re.search(r'<script[^>]+src="https?:', (site / "search.html").read_text("utf-8"))


def test_the_reference_says_every_public_name(site):
    page = Links(site / "reference.html")
    named = {anchor.rpartition(".")[2] for anchor in page.anchors}
    assert {cls.__name__ for cls in FACTS.values()} <= named
    assert {"Ledger", "record", "findings", "open_bundle", "LedgerError", "Standing"} <= named


def test_the_words_are_spelt_as_words_are(capfd):
    assert spelt() == 0
    assert capfd.readouterr().out == ""


def test_a_slip_of_the_pen_ends_the_one_command(tmp_path, capfd):
    page = tmp_path / "page.md"
    page.write_text("It is teh page.\n", "utf-8")
    assert spelt([page]) != 0
    assert "teh ==> the" in capfd.readouterr().out


def test_every_class_of_the_library_has_its_entry_in_the_glossary():
    bold = re.findall(r"\*\*(.+?)\*\*", (DOCS / "glossary.md").read_text("utf-8"))
    words = {word.lower().replace(" ", "") for word in bold}
    public = [getattr(contactledger, name) for name in contactledger.__all__]
    classes = {
        one.__name__.lower()
        for one in public
        if isinstance(one, type) and (one is LedgerError or not issubclass(one, LedgerError))
    }
    assert classes - words == set()


def test_the_glossary_lists_the_words_that_a_field_may_say():
    text = (DOCS / "glossary.md").read_text("utf-8")
    for cls in (Role, Channel, Purpose, Urgency, Expects, SignalKind, MarkWord, MatterState,
                HandoffWord, MilestoneKind, Word):  # fmt: skip
        (said,) = re.findall(rf"^\| \*\*{cls.__name__}\*\*.*?\| (.*) \|$", text, re.MULTILINE)
        assert said == ", ".join(map(str, cls))


def test_the_glossary_has_the_name_of_every_class_of_facts_and_findings():
    bold = re.findall(r"\*\*(.+?)\*\*", (DOCS / "glossary.md").read_text("utf-8"))
    words = {word.lower().replace(" ", "") for word in bold}
    classes = {cls.__name__.lower() for cls in FACTS.values()}
    classes |= {"entry", "finding", "case", "standing", "reach", "grade", "outcome", "bundle"}
    classes |= {"checkpoint", "report", "event", "receipt", "ledger", "countersignature", "message"}
    classes |= {"permission", "nextstep", "remark"}
    assert classes - words == set()


def test_types_come_with_the_package():
    assert (files(contactledger) / "py.typed").is_file()


# --- the commands -------------------------------------------------------------------------------


def test_the_page_of_the_commands_is_made_from_them():
    made = (DOCS / "cli.md").read_text("utf-8")
    assert made == commands.reference(), "run: python -m docs --cli"


def every_command() -> list[list[str]]:
    found = []
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        inner = getattr(command, "commands", {})
        found += [[name, one] for one in inner] + [[name]]
    return found


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a line in a folder of its own: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["contactledger", *words])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_has_help_that_prints(command, words):
    code, out, err = command(*words, "--help")
    assert (code, err) == (0, "")
    assert " ".join(words) in out
    assert "Usage:" in out


def test_what_only_reads_gives_json_to_programs():
    reads = {"check", "standing", "next", "cases", "may-contact", "accounts", "entries", "holds",
             "erasures", "subject", "archives", "imports", "verify", "reconcile", "export"}  # fmt: skip
    group = typer.main.get_command(app)
    without = {
        name for name in reads if not any("--json" in p.opts for p in group.commands[name].params)
    }
    assert without == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_comes_for_the_shells(shell):
    done = subprocess.run(
        [sys.executable, "-m", "contactledger"],
        env={"_CONTACTLEDGER_COMPLETE": f"source_{shell}", "PATH": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_CONTACTLEDGER_COMPLETE" in done.stdout
    assert "Usage:" not in done.stdout


def shell_lines(page: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_tutorial_runs_from_nothing_to_a_verified_bundle(command, tmp_path):
    page = DOCS / "tutorial.md"
    text = page.read_text("utf-8")
    saved = re.findall(
        r"[Ss]ave this as `(\S+)`:\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL
    )
    assert [name for name, _ in saved] == ["sides.jsonl", "calls.csv"]
    for name, content in saved:
        (tmp_path / name).write_text(content, "utf-8")
    said = {}
    for whole in shell_lines(page):
        line, _, source = whole.partition(" < ")
        program, *words = shlex.split(line)
        stdin = (tmp_path / source).read_bytes() if source else b""
        code, out, err = command(*words, stdin=stdin)
        assert (program, code, err) == ("contactledger", 0, ""), line
        said.setdefault(words[0], []).append(out)
    first, second = said["standing"]
    assert "It is ACME Dealer Systems’ turn" in first
    (proven,) = said["verify"]
    assert proven.startswith("verified       13 entries of smith-motors: complete\n")
    assert said["accept"][0].startswith("accepted: smith.example/contacts received 13 entries")
    assert (tmp_path / "smith-motors.html").exists()
    assert first != second


def said_lines(page: Path) -> list[str]:
    """Every command line that a page shows, in a block or between backquotes."""
    text = re.sub(r"\s*\\\n\s*", " ", page.read_text("utf-8"))
    blocks = re.findall(r"^```(?:sh)?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    quoted = re.findall(r"`(contactledger [^`\n]+)`", text)
    return [line for line in (*lines, *quoted) if line.startswith("contactledger ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_is_one_with_options_that_there_are(page):
    group = typer.main.get_command(app)
    for line in said_lines(page):
        words = shlex.split(re.split(r"\s[|<>]\s|\s#", line)[0].replace("…", "..."))[1:]
        command, path = group, []
        while hasattr(command, "commands") and words and words[0] in command.commands:
            path.append(words.pop(0))
            command = command.commands[path[-1]]
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        given = {word.partition("=")[0] for word in words if word.startswith("--")} - {"--help"}
        alone = command is group and not words
        assert path or given <= {"--version", "--install-completion"} or alone, line
        assert given - options - {"--install-completion"} == set(), line
