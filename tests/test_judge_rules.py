"""The rules in plain words."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from contactledger.judge.rules import CAVEATS, EXCUSES, NOTES, ORDER, RULES, VIOLATIONS

ALL = [RULES, VIOLATIONS, CAVEATS, NOTES]


def test_every_rule_of_the_judgement_and_of_the_onus_has_its_words() -> None:
    assert list(RULES) == [f"J{n}" for n in range(1, 55)] + [f"O{n}" for n in range(1, 10)]
    assert sorted(RULES, key=ORDER.__getitem__) == list(RULES)


def test_every_rule_of_the_judgement_has_a_test_that_bears_its_number() -> None:
    files = sorted(Path(__file__).parent.glob("test_judge_*.py"))
    texts = "\n".join(path.read_text("utf-8") for path in files)
    borne = {name.upper() for name in re.findall(r"^def test_([jo]\d+)_", texts, re.MULTILINE)}
    assert borne == set(RULES)


def test_j40_every_violation_is_a_breach_or_an_excuse() -> None:
    assert sorted(EXCUSES) == ["bounced_after_delivery", "evidence_too_weak"]
    assert EXCUSES.issubset(VIOLATIONS)


def test_each_is_made_of_whole_sentences() -> None:
    for text in itertools.chain.from_iterable(words.values() for words in ALL):
        assert (text[0].isupper(), text.endswith("."), "  " in text) == (True, True, False)


def test_nothing_is_said_to_be_read_and_nothing_about_the_law() -> None:
    said = " ".join(itertools.chain.from_iterable(words.values() for words in ALL)).lower()
    found = {word.strip(".,;:") for word in said.split()}
    assert found & {"read", "legal", "law", "liable", "court", "proof", "breach"} == set()
