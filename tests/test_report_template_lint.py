"""The linter of templates says what is wrong and where, and nothing of what is right."""

from __future__ import annotations

import pytest

from contactledger.report.kinds import KINDS
from contactledger.report.render import OURS, source_of
from contactledger.report.template_lint import GIVEN, lint_templates
from tests.kinds import story_rows


def said(name: str, source: str, **others: str) -> list[str]:
    return [str(remark) for remark in lint_templates({name: source, **others})]


@pytest.mark.parametrize("name", sorted({*OURS, *(f"{kind}.html" for kind in KINDS)}))
def test_nothing_is_said_of_our_own(name):
    assert lint_templates({name: source_of(name)}) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_the_variables_of_a_kind_are_the_keys_of_its_rows(kind):
    assert set(story_rows(kind)) == GIVEN[kind]


OURS_EXTENDED = '{% extends "contactledger/promises.html" %}\n'
BAD = {
    "syntax": ("promises.html", "\n{% if %}", ("promises.html:2: Expected an expression, got 'end of "
               "statement block' (syntax)")),
    "filter": ("promises.html", "\n\n{{ count|shout }}",
               "promises.html:3: No filter named 'shout'. (syntax)"),
    "variable": ("promises.html", "{{ count }}\n{{ cuont }}",
                 "promises.html:2: no report of this kind gives cuont (variable)"),
    "block": ("promises.html", OURS_EXTENDED + "{% block promisses %}x{% endblock %}",
              ("promises.html:2: what it extends has no block promisses; it would never be shown "
              "(block)")),
    "extends": ("promises.html", '{% extends "house.html" %}',
                "promises.html:1: there is no template house.html (template)"),
    "include": ("x.txt", '\n{% include "y.txt" %}', "x.txt:2: there is no template y.txt (template)"),
    "attribute": ("x.html", "{{ a.__class__ }}",
                  "x.html:1: the attribute __class__ is out of bounds (unsafe)"),
    "safe": ("x.html", "{{ a|safe }}", ("x.html:1: safe passes text on as it is; what people typed "
             "could be markup (unsafe)")),
    "script": ("x.html", "<p>\n<script src='a.js'></script>", ("x.html:2: a page fetches nothing and "
               "runs no script: put it into the template itself (fetches)")),
    "font": ("style.css", "a { background: url(//x.example/a.png) }", ("style.css:1: a page fetches "
             "nothing and runs no script: put it into the template itself (fetches)")),
    "json": ("words.json", "{\n,", "words.json:2: is no JSON (syntax)"),
    "list": ("words.de.json", "[]", "words.de.json:1: is no JSON object of texts (syntax)"),
    "places": ("words.json", '{\n"{n} day": "Tag"}',
               "words.json:2: the places in braces are not the same (words)"),
    "braces": ("words.json", '{"a": "{"}', ("words.json:1: the places in braces are not the same "
               "(words)")),
    "number": ("words.json", '{"a": 1}', ("words.json:1: the places in braces are not the same "
               "(words)")),
    "unused": ("report.docx", "", "report.docx:1: no report looks for a file of this name (unused)"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "source", "text"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_said_with_its_line(name, source, text):
    assert said(name, source) == [text]


@pytest.mark.parametrize(
    "source",
    [
        OURS_EXTENDED
        + "{% block rules %}{% block inner %}{{ doc.label }}{% endblock %}{% endblock %}",
        '{% include "logo.html" ignore missing %}{% for p in promises %}{{ p.no }}{% endfor %}',
        "{{ t('Promises') }}{% from 'x.html' import a, b as c %}{{ a() }}{{ c() }}",
        "{% import 'x.html' as x %}{{ x.a() }}{% set y = 1 %}{{ y }}",
    ],
)
def test_nothing_is_said_of_what_is_right(source):
    assert said("promises.html", source, **{"x.html": "", "words.json": '{"a": "b"}'}) == []


def test_templates_that_extend_one_another_or_a_broken_one_are_no_trouble():
    mine = '{% extends "b.html" %}{% block x %}{% endblock %}'
    assert said("a.html", mine, **{"b.html": '{% extends "a.html" %}'}) == [
        "a.html:1: what it extends has no block x; it would never be shown (block)"
    ]
    broken = said("a.html", mine, **{"b.html": "{% if %}"})
    assert [line.rpartition(" ")[2] for line in broken] == ["(syntax)"]


def test_a_block_of_a_parent_of_ones_own_is_known():
    mine = {"house.html": OURS_EXTENDED + "{% block rules %}{% endblock %}",
            "promises.html": '{% extends "house.html" %}{% block rules %}{% endblock %}'}  # fmt: skip
    assert lint_templates(mine) == ()
