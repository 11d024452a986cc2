"""Every message that a report may print, found where it is written: in code, templates, tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import contactledger.report
from contactledger.checking import HASHED
from contactledger.exchange import VERIFIED
from contactledger.judge import policy_words
from contactledger.judge.rules import CAVEATS, NOTES, RULES, VIOLATIONS
from contactledger.judge.rules_next import NEXT_RULES
from contactledger.report import (
    answers,
    kind_both_sides,
    kind_health,
    kind_notice,
    kind_parts,
    names,
    outlook,
    phrases,
    printed_proof,
    reconciliation,
    rows,
    summary,
)
from contactledger.report.kinds import OFFERED
from contactledger.vocabulary import MilestoneKind, Purpose, Role, Urgency, Word

ROOM = Path(contactledger.report.__file__).parent
REACHES = ("failed", "sent", "delivered", "seen", "answered")
COUNTED = 3
"""Arguments of `words.count`: how many, of one, of many."""


def messages() -> set[str]:
    """The English texts that a catalogue has to have."""
    return {text for text in _all() if text}


def _all() -> Iterator[str]:
    for file in (*sorted(ROOM.glob("*.py")), Path(policy_words.__file__)):
        yield from in_code(file.read_text("utf-8"))
    for file in sorted((ROOM / "templates").iterdir()):
        yield from re.findall(r'\bt\("([^"]+)"', file.read_text("utf-8"))
    for table in (
        phrases.CHANNELS, phrases.PURPOSES, phrases.WANTED, phrases.WHAT, phrases.BY,
        phrases.RUNGS, phrases.PROMISES, phrases.MATTERS, phrases.HANDOFFS, phrases.ATTENDANCE,
        kind_health.GAP_STATES, kind_health.INBOX, answers.TOLD, answers.TITLES,
        answers.CAME, kind_notice.MEANING, RULES,
    ):  # fmt: skip
        yield from table.values()
    for table in (
        phrases.OUTCOMES, phrases.GRADES, phrases.AUTH, phrases.GAPS, phrases.GAPS_AFTER,
        phrases.SPARED, summary.TIMES, summary.PROMISED, outlook.STATES, outlook.AGAINST,
        outlook.STEPS, outlook.REMARKS, outlook.REASONS, reconciliation.MATCHED,
        reconciliation.UNCOMPARED, reconciliation.DIFFERENCES, NEXT_RULES,
    ):  # fmt: skip
        yield from table.values()
    for table in (
        policy_words.CHANNEL_WORDS, policy_words.WANTS, policy_words.STEPS, policy_words.STEPS_TO,
        policy_words.PER,
    ):  # fmt: skip
        yield from table.values()
    yield from (*policy_words.DAY_NAMES, *(str(kind) for kind in MilestoneKind))
    yield from (word.replace("_", "-") for word in (*Purpose, *Urgency))
    for pair in (
        *summary.BECAME.values(), *summary.UNKNOWN.values(), *policy_words.UNITS.values()
    ):  # fmt: skip
        yield from pair
    yield from (phrases.clause(text) for text in (*CAVEATS.values(), *VIOLATIONS.values()))
    yield from (phrases.sentence(text) for text in NOTES.values())
    yield from (*phrases.NOT, *outlook.IS_NOT, *reconciliation.IS_NOT)
    yield from (*phrases.OUTCOMES, *phrases.GRADES, *REACHES, HASHED, VERIFIED)
    yield from (phrases.CUT, names.REDACTED, kind_parts.MADE_OF_ACCOUNT, rows.TRIAL)
    yield from (label for _, label, _ in (*kind_both_sides._LINES, *printed_proof.COLUMNS))
    yield from (*phrases.MONTHS, *phrases.DAYS, *(str(role) for role in Role))
    yield from (str(word) for word in Word)
    yield from (offer.label for offer in OFFERED.values())
    yield from ("no", "and", "or", "{n} day", "{n} days")


def in_code(source: str) -> Iterator[str]:
    """The texts given to `words(…)`, `self.words(…)`, `self(…)` and `words.count(…)`, themselves
    or under the name that they were given in the same file."""
    tree = ast.parse(source)
    named: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).extend(_texts([node.value], {}))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        called = getattr(function, "id", None) or getattr(function, "attr", None)
        if called == "words" or (called == "self" and isinstance(function, ast.Name)):
            yield from _texts(node.args[:1], named)
        if called == "count" and len(node.args) == COUNTED:
            yield from _texts(node.args[1:], named)


def _texts(arguments: list[ast.expr], named: dict[str, list[str]]) -> Iterator[str]:
    for argument in arguments:
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value
        elif isinstance(argument, ast.Name):
            yield from named.get(argument.id, ())
        elif isinstance(argument, ast.IfExp):
            yield from _texts([argument.body, argument.orelse], named)
