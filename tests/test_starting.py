"""What an import and an opening bring along: nothing that was not asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "alembic", "babel", "cryptography", "holidays", "jinja2", "pendulum", "phonenumbers",
    "pydantic", "sqlalchemy", "sqlmodel", "starlette", "typer", "typst",
}  # fmt: skip
"""Packages that take long to import, and each of which somebody can do without."""


LATER = {
    "contactledger.asking", "contactledger.judge.judge",
    "contactledger.judge.next_steps", "contactledger.report.kinds", "contactledger.surveys",
    "contactledger.tabulating",
}  # fmt: skip
"""Parts of the package that are for reading."""


def imported(code: str, of: set[str] = HEAVY) -> set[str]:
    """Which of these a process has imported after running `code`."""
    say = f"import sys; print(*({of!r} & set(sys.modules)))"
    run = [sys.executable, "-c", f"{code}\n{say}"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


WORK = """
from contactledger import Ledger, MemoryStore, Party
with Ledger.open(MemoryStore(), recorder="acme") as ledger:
    ledger.record("a", Party("acme", "ACME", "vendor"))
    ledger.findings("a")
    ledger.check()
"""


@pytest.mark.parametrize(
    "code",
    ["import contactledger", "from contactledger import Ledger, MemoryStore, Touch", WORK],
    ids=["the package", "its names", "a ledger in memory at work"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code):
    assert imported(code) == set()


FILE = """
from contactledger import Ledger, Party
with Ledger.open({url!r}, recorder="acme") as ledger:
    ledger.record("a", Party("acme", "ACME", "vendor"))
    ledger.findings("a")
    ledger.check()
"""


def test_a_ledger_in_a_file_at_work_needs_none_of_them_either(tmp_path):
    assert imported(FILE.format(url=f"sqlite:///{tmp_path}/a.db")) == set()


def test_who_only_records_waits_for_nothing_that_judges_asks_or_reports(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    recording = FILE.format(url=url).replace('ledger.findings("a")', "pass")
    assert imported(recording, LATER) == set()
    asking = f"{recording}\nwith Ledger.open({url!r}, recorder=None) as ledger: "
    assert imported(f"{asking}ledger.ask('a').rows('turns')", LATER) == {
        "contactledger.asking",
        "contactledger.judge.judge",
        "contactledger.tabulating",
    }


def test_a_ledger_on_a_server_at_work_needs_its_driver_and_none_of_them(postgres_url):
    url = f"{postgres_url}&ledger_prefix=starting_"
    assert imported(FILE.format(url=url)) == set()
