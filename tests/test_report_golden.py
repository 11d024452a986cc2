"""The report of story 1 is what it was when it was last looked at."""

from __future__ import annotations

import pytest

from tests.golden import CASES, FOLDER
from tests.golden.__main__ import main


@pytest.mark.parametrize("name", CASES)
def test_the_golden_file_is_as_it_was_last_looked_at(name):
    assert CASES[name]() == (FOLDER / name).read_bytes().decode(), (
        "look at it, then: python -m tests.golden --update"
    )


def test_no_golden_file_is_left_over():
    files = {p.name for p in FOLDER.iterdir() if p.suffix not in (".py", "") and p.is_file()}
    assert files == set(CASES)


def test_comparing_says_that_nothing_differs(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == ""
