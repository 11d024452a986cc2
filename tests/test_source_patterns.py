"""The patterns of all sources, looked at as they are built: none can be made to work for ever.

A pattern backtracks without end where a repetition lies within a repetition, or where several
repetitions that take the same characters follow each other. Both are seen in its structure, so
nothing is timed here.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants as ops
from re import _parser as parser
from typing import Any

import pytest

from contactledger import sources
from contactledger.sources import Agents
from contactledger.sources._machine_agent import shipped_agents

LARGE = 50
"""A repetition that may go on for longer than this counts; smaller ones only add a factor."""

WITHIN = {
    "_json._TOKEN": "an escape within a text; of JSON that was read before",
    "_json._SIGN": "an escape within a text; of JSON that was read before",
}
"""Patterns with a repetition within a repetition → why they are linear all the same: what the
inner one begins with is nothing that the outer one takes."""


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in pkgutil.iter_modules(sources.__path__):
        found = vars(importlib.import_module(f"{sources.__name__}.{module.name}"))
        for name, value in found.items():
            for number, one in enumerate(_within(value)):
                yield f"{module.name}.{name}" + (f"[{number}]" if number else ""), one


def _within(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _within(one)


ALL = dict(patterns())
ALL |= {
    f"agents{name}": value
    for name in Agents.__slots__
    for value in _within(getattr(shipped_agents(), name, None))
}
"""With those that are data."""


def _repeats(tree: Any) -> Iterator[tuple[int, int, Any]]:
    """(least, most, what) of the repetitions at this level, through groups and branches."""
    for op, argument in tree:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            yield argument
        else:
            for part in _parts(op, argument):
                yield from _repeats(part)


def _parts(op: Any, argument: Any) -> list[Any]:
    if op is ops.SUBPATTERN:
        return [argument[-1]]
    if op is ops.BRANCH:
        return list(argument[1])
    if op in (ops.ASSERT, ops.ASSERT_NOT):
        return [argument[1]]
    return []


def nested(tree: Any) -> bool:
    """Whether a long repetition lies within a long one."""
    return any(
        (most >= LARGE and any(inner >= LARGE for _, inner, _ in _repeats(what))) or nested(what)
        for _, most, what in _repeats(tree)
    )


def _chain(tree: Any, taken: bool) -> list[tuple[bool, frozenset[str]]]:
    """What may follow each other: (whether it is a long repetition, the characters it takes).

    What may be left out is all `taken`, or all left out; what must be there parts a chain (an
    empty set) unless it is a long repetition itself.
    """
    found: list[tuple[bool, frozenset[str]]] = []
    for op, argument in tree:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            least, most, what = argument
            if most >= LARGE:
                found.append((True, _takes(what)))
            elif least or taken:
                found += _chain(what, taken)
        elif op is ops.SUBPATTERN:
            found += _chain(argument[-1], taken)
        elif op is ops.BRANCH or op in (ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.ANY):
            found.append((False, frozenset()))
    return found


SAMPLE = [chr(n) for n in range(256)]


def _takes(what: Any) -> frozenset[str]:
    """The characters, of the first 256, that one turn of a repetition may begin with."""
    op, argument = what[0] if len(what) else (ops.ANY, None)
    if op is ops.SUBPATTERN:
        return _takes(argument[-1])
    if op is ops.BRANCH:
        return frozenset().union(*map(_takes, argument[1]))
    return frozenset(c for c in SAMPLE if _is(op, argument, c))


def _is(op: Any, argument: Any, char: str) -> bool:
    if op is ops.LITERAL:
        return chr(argument) == char
    if op is ops.NOT_LITERAL:
        return chr(argument) != char
    if op is ops.IN:
        turned = argument[0][0] is ops.NEGATE
        return turned is not any(_is(*one, char) for one in argument[turned:])
    if op is ops.RANGE:
        return argument[0] <= ord(char) <= argument[1]
    if op is ops.CATEGORY:
        digits, space = char.isdigit(), char.isspace()
        word = char.isalnum() or char == "_"
        return {
            ops.CATEGORY_DIGIT: digits, ops.CATEGORY_NOT_DIGIT: not digits,
            ops.CATEGORY_SPACE: space, ops.CATEGORY_NOT_SPACE: not space,
            ops.CATEGORY_WORD: word, ops.CATEGORY_NOT_WORD: not word,
        }[argument]  # fmt: skip
    return True


def longest(tree: Any) -> int:
    """How many long repetitions follow each other, each taking characters of the one before."""
    best = 0
    for taken in (True, False):
        run, before = 0, frozenset[str]()
        for long, takes in _chain(tree, taken):
            run = (run + 1 if takes & before else 1) if long else 0
            before = takes
            best = max(best, run)
    deeper = [part for op, argument in tree for part in _parts(op, argument)]
    deeper += [what for _, _, what in _repeats(tree)]
    return max([best, *map(longest, deeper)])


def _tree(pattern: re.Pattern[Any]) -> Any:
    return parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_long_repetition_lies_within_another(name):
    assert nested(_tree(ALL[name])) is (name in WITHIN)


@pytest.mark.parametrize("name", sorted(ALL))
def test_no_three_long_repetitions_take_the_same_characters_one_after_the_other(name):
    assert longest(_tree(ALL[name])) < 3


def test_the_measure_knows_what_backtracks():
    assert nested(_tree(re.compile(r"(?:a+)+b")))
    assert nested(_tree(re.compile(r"(?:x|[ab]{1,60}c?)*")))
    assert not nested(_tree(re.compile(r"(?:a{1,9})+b+")))
    assert longest(_tree(re.compile(r"\s*(?:/\s*([a-z\s-]{1,200}))?\s*\Z"))) == 3
    assert longest(_tree(re.compile(r"a*b*c*"))) == 1
    assert longest(_tree(re.compile(r".*x.*x.*"))) == 1
    assert longest(_tree(re.compile(r"(?:.*[^a]*)b"))) == 2
