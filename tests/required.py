"""Things that a full run of the tests needs and that a machine may not have.

A test that needs one which is absent is skipped, and a block at the end of the run says so
loudly. Names in the environment variable CONTACTLEDGER_REQUIRE (separated by commas) must
be there: then what would be a skip is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NoReturn

import pytest

VARIABLE = "CONTACTLEDGER_REQUIRE"
_MARK = "needs "


def absent(name: str, how: str) -> NoReturn:
    """Skip the test that asks for `name`, or fail it where `name` is required.

    `how` says in one line how to get it.
    """
    reason = f"{_MARK}{name}: {how}"
    if name in {word.strip() for word in os.environ.get(VARIABLE, "").split(",")}:
        pytest.fail(f"{reason} ({VARIABLE} names it)", pytrace=False)
    pytest.skip(reason)


def summary(skipped: Iterable[tuple[str, str]]) -> list[str]:
    """Lines of the loud block from (test, reason) of skipped tests; none without such skips."""
    tests: dict[str, list[str]] = {}
    for test, reason in skipped:
        text = reason.removeprefix("Skipped: ")
        if text.startswith(_MARK):
            tests.setdefault(text.removeprefix(_MARK), []).append(test)
    lines = []
    for what, names in sorted(tests.items()):
        name, _, how = what.partition(": ")
        files = sorted({test.partition("::")[0] for test in names})
        lines += [
            f"{_counted(len(names))} NOT run, for want of {name}: {', '.join(files)}",
            f"    {how}",
            f"    {VARIABLE}={name} turns this into a failure",
        ]
    return lines


def _counted(number: int) -> str:
    return "1 test was" if number == 1 else f"{number} tests were"
