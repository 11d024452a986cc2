"""What a machine lacks is said loudly, and is a failure where it is required."""

from __future__ import annotations

import pytest

from tests import required

pytest_plugins = ["pytester"]

CONFTEST = """
from tests.conftest import pytest_terminal_summary
"""
TESTS = """
import pytest
from tests.required import absent

def test_one():
    absent("postgres", "install it so")

@pytest.mark.parametrize("n", [1, 2])
def test_two(n):
    absent("chromium", "install it thus")

def test_three():
    pytest.skip("another reason")
"""


def test_what_is_absent_is_skipped_and_said_at_the_end(pytester, monkeypatch):
    monkeypatch.delenv(required.VARIABLE, raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_x=TESTS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(skipped=4)
    result.stdout.fnmatch_lines(
        [
            "*!!! NOT TESTED !!!*",
            "2 tests were NOT run, for want of chromium: test_x.py",
            "    install it thus",
            "    CONTACTLEDGER_REQUIRE=chromium turns this into a failure",
            "1 test was NOT run, for want of postgres: test_x.py",
            "    install it so",
            "    CONTACTLEDGER_REQUIRE=postgres turns this into a failure",
        ],
        consecutive=True,
    )


def test_what_is_required_and_absent_is_a_failure(pytester, monkeypatch):
    monkeypatch.setenv(required.VARIABLE, "other, postgres")
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_x=TESTS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(skipped=3, failed=1)
    result.stdout.fnmatch_lines(["*needs postgres: install it so (CONTACTLEDGER_REQUIRE names it)"])


def test_a_run_that_lacks_nothing_says_nothing():
    assert required.summary([("test_x.py::test_three", "Skipped: another reason")]) == []


def test_the_programs_of_a_server_are_found_in_the_path(monkeypatch, tmp_path):
    from tests import postgres

    there = tmp_path / "bin"
    there.mkdir()
    program = there / "initdb"
    program.touch(mode=0o755)
    monkeypatch.delenv(postgres.VARIABLE, raising=False)
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(there))
    assert postgres.programs() == there
    monkeypatch.setenv("PATH", str(tmp_path))
    assert postgres.programs() is None
    debian = tmp_path / "debian"
    for version in ("9", "15", "16"):
        (debian / version / "bin").mkdir(parents=True)
        (debian / version / "bin" / "initdb").touch()
    monkeypatch.setattr(postgres, "DEBIAN", debian)
    assert postgres.programs() == debian / "16" / "bin"


def test_a_server_of_choice_is_taken_and_no_other_in_its_place(monkeypatch, tmp_path):
    from tests import postgres

    program = tmp_path / "initdb"
    program.touch(mode=0o755)
    monkeypatch.setenv(postgres.VARIABLE, str(tmp_path))
    assert postgres.programs() == tmp_path
    program.unlink()
    with pytest.raises(ValueError, match="where no initdb is"):
        postgres.programs()
