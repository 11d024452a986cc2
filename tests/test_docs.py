"""What the documents say is run: their Python, their commands, their links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from contactledger import Ledger

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = Sybil([PythonCodeBlockParser()], path=str(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_python_runs_as_it_stands(page, tmp_path, monkeypatch):
    # the README makes a database; the pages read the vectors that lie in the project
    monkeypatch.chdir(tmp_path if page.name == "README.md" else ROOT)
    document = BLOCKS.parse(page)
    ran = [example.evaluate() for example in document.examples()]
    for value in document.namespace.values():
        if isinstance(value, Ledger):
            value.close()
    assert bool(ran) == ("\n```python\n" in page.read_text("utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\(([^)#]+)[)#]", page.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def commands() -> list[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    return re.findall(r"^```sh\n(.*)\n```$", text, re.MULTILINE)


def test_the_readme_has_two_commands_of_one_line_each():
    demo, tests = commands()
    prepare = "python3 -m venv .venv && .venv/bin/python -m pip install -q -e"
    assert demo == f'{prepare} ".[cli,pdf]" && .venv/bin/python -m contactledger demo'
    assert tests == f'{prepare} ".[test]" && .venv/bin/python -m tests'


def test_the_ci_run_calls_the_readmes_test_command_word_for_word():
    run = ROOT / ".ci" / "run"
    assert run.stat().st_mode & 0o111
    lines = run.read_text("utf-8").splitlines()
    assert lines[-1] == commands()[1]
    assert "export CONTACTLEDGER_REQUIRE=postgres,pgbouncer,go,sigstore,chromium,fonts" in lines
