"""Every message that a report may print, found where it is written: in code, templates, tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import contactledger.report
from contactledger.judge.rules import CAVEATS, RULES, VIOLATIONS
from contactledger.report import answers, kind_both_sides, kind_health, kind_notice, phrases
from contactledger.report.kinds import OFFERED
from contactledger.vocabulary import Role, Word

ROOM = Path(contactledger.report.__file__).parent
REACHES = ("failed", "sent", "delivered", "seen", "answered")
COUNTED = 3
"""Arguments of `words.count`: how many, of one, of many."""


def messages() -> set[str]:
    """The English texts that a catalogue has to have."""
    return {text for text in _all() if text}


def _all() -> Iterator[str]:
    for file in sorted(ROOM.glob("*.py")):
        yield from in_code(file.read_text("utf-8"))
    for file in sorted((ROOM / "templates").iterdir()):
        yield from re.findall(r'\bt\("([^"]+)"', file.read_text("utf-8"))
    for table in (
        phrases.CHANNELS, phrases.PURPOSES, phrases.WANTED, phrases.WHAT, phrases.BY,
        phrases.RUNGS, phrases.PROMISES, phrases.MATTERS, phrases.HANDOFFS, phrases.ATTENDANCE,
        kind_health.GAP_STATES, kind_health.INBOX, answers.TOLD, kind_notice.MEANING, RULES,
    ):  # fmt: skip
        yield from table.values()
    yield from (phrases.clause(text) for text in (*CAVEATS.values(), *VIOLATIONS.values()))
    yield from (*phrases.NOT, *phrases.OUTCOMES, *phrases.GRADES, *REACHES)
    yield from (label for _, label, _ in kind_both_sides._LINES)
    yield from (*phrases.MONTHS, *phrases.DAYS, *(str(role) for role in Role))
    yield from (str(word) for word in Word)
    yield from (offer.label for offer in OFFERED.values())
    yield from ("no", "and", "or", "{n} day", "{n} days")


def in_code(source: str) -> Iterator[str]:
    """The texts given to `words(…)`, `self(…)` and `words.count(…)`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in ("words", "self"):
            yield from _texts(node.args[:1])
        counts = isinstance(function, ast.Attribute) and function.attr == "count"
        if counts and len(node.args) == COUNTED:
            yield from _texts(node.args[1:])


def _texts(arguments: list[ast.expr]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
