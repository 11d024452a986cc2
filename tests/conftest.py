"""What all tests share: a real PostgreSQL where there is one, and a loud word where not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres, required
from tests.hosting import database

pytest.register_assert_rewrite("contactledger.testing")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real server; one for the run (per worker)."""
    programs = postgres.programs()
    if programs is None:
        required.absent("postgres", postgres.HOW)
    with postgres.server(programs) as url:
        yield url


@pytest.fixture(scope="module")
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a database on it of the module's own: what one leaves there meets no other."""
    with database(postgres_server) as url:
        yield url


def pytest_report_header() -> str | None:
    """Which PostgreSQL a run was on belongs to what it says."""
    programs = postgres.programs()
    return None if programs is None else f"PostgreSQL: {postgres.version(programs)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The loud block."""
    skipped = [
        (report.nodeid, report.longrepr[2])
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    ]
    lines = required.summary(skipped)
    if lines:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
        for line in lines:
            terminalreporter.line(line, red=True)
