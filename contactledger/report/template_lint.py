"""A linter for a user's templates: what would go wrong, with its line, before a report is made.

It says what Jinja cannot read, blocks that the template it extends does not have (they would never
be shown), variables that no report of that kind gives, filters and templates that are not there,
and what is unsafe: underscored attributes, text passed on unescaped, and things that a page would
fetch from elsewhere. Nothing is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import orjson
from attrs import frozen
from jinja2 import TemplateSyntaxError, meta, nodes

from contactledger.errors import BadInput
from contactledger.report.kind_parts import HEAD
from contactledger.report.render import (
    PREFIX,
    PROOF,
    environment,
    is_ours,
    source_of,
)
from contactledger.report.words import places

ALWAYS = frozenset(["t", "lang", "dir"])
_OF_DOCUMENT = frozenset(["doc", "part", "parts", "anchors"])
_BESIDE = {PROOF: frozenset(["told", "chart"])}
"""Kind → what its templates have beside: of the proof of contact, what is said of a touch."""
_PROOF = frozenset(
    [*HEAD, "report", "summary", "onus", "columns", "findings", "promises", "cases", "cases_closed",
     "gaps", "unknown", "rules", "notes", "outcomes", "grades", "owed", "answers"]
)  # fmt: skip
_HEAD = frozenset([*HEAD, "report"])
_OVER_ALL = frozenset(["report", "version", "as_of", "as_of_local", "zone", "accounts", "isnot"])
GIVEN: Mapping[str, frozenset[str]] = {
    "proof-of-contact": _PROOF,
    "touch-certificate": _HEAD | {"no", "findings", "proof", "rules"},
    "both-sides": _HEAD | {"onus", "columns", "channels", "waiting", "answers", "silences"},
    "case-dossier": _HEAD | {"about", "cases", "rules"},
    "promises": _HEAD | {"count", "promises", "rules"},
    "first-90-days": _HEAD
    | {"start", "first_day", "first_day_local", "end", "end_local", "over", "weeks", "findings",
       "owed"},
    "contact-pressure": _HEAD | {"people", "days", "over_cap", "weeks", "rules"},
    "notice-coverage": _OVER_ALL | {"about", "count", "people"},
    "ledger-health": _OVER_ALL | {"gaps", "waiting", "forged"},
    "outlook": frozenset(
        ["report", "version", "account", "as_of", "as_of_local", "zone", "party", "steps", "plan",
         "cadences", "remarks", "rules", "isnot"]
    ),
    "reconciliation": frozenset(
        ["report", "version", "title", "as_of", "as_of_local", "zone", "tolerance", "ours",
         "theirs", "counts", "summary", "contradicting", "agreed", "only_ours", "only_theirs",
         "uncompared", "isnot"]
    ),
}  # fmt: skip
"""Kind → the variables that its templates are given, beside those of `ALWAYS`."""
_FETCHES = re.compile(
    r"<script\b|@import"
    r"|(?:src|href)\s*=\s*[\"']?(?:https?:)?//"
    r"|url\(\s*[\"']?(?:https?:)?//",
    re.IGNORECASE,
)
_TEMPLATES = (".html", ".txt", ".md", ".css")


@frozen(order=True)
class TemplateRemark:
    """One remark: which template, which line (from 1), a code, and a sentence."""

    template: str
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.template}:{self.line}: {self.text} ({self.code})"


def lint_templates(templates: Mapping[str, str]) -> tuple[TemplateRemark, ...]:
    """What there is to say of a user's templates, by name and line; nothing of good ones."""
    found: set[TemplateRemark] = set()
    for name, source in templates.items():
        if name.endswith(".json"):
            found.update(_words(name, source))
        elif name.endswith(_TEMPLATES):
            found.update(_template(name, source, templates))
        else:
            found.add(TemplateRemark(name, 1, "unused", "no report looks for a file of this name"))
    return tuple(sorted(found))


def _words(name: str, source: str) -> Iterator[TemplateRemark]:
    try:
        read = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        yield TemplateRemark(name, error.lineno, "syntax", "is no JSON")
        return
    if not isinstance(read, dict):
        yield TemplateRemark(name, 1, "syntax", "is no JSON object of texts")
        return
    lines = source.splitlines()
    for message, text in read.items():
        start = orjson.dumps(message).decode()
        line = next((n for n, found in enumerate(lines, 1) if start in found), 1)
        try:
            same = isinstance(text, str) and places(message) == places(text)
        except BadInput:
            same = False
        if not same:
            yield TemplateRemark(name, line, "words", "the places in braces are not the same")


def _template(name: str, source: str, templates: Mapping[str, str]) -> Iterator[TemplateRemark]:
    env = environment(frozenset(templates.items()))
    try:
        tree = env.parse(source, name)
        env.compile(source, name)
    except TemplateSyntaxError as error:
        yield TemplateRemark(name, error.lineno, "syntax", str(error.message))
        return
    for number, line in enumerate(source.splitlines(), 1):
        if _FETCHES.search(line):
            text = "a page fetches nothing and runs no script: put it into the template itself"
            yield TemplateRemark(name, number, "fetches", text)
    for attribute in tree.find_all(nodes.Getattr):
        if attribute.attr.startswith("_"):
            text = f"the attribute {attribute.attr} is out of bounds"
            yield TemplateRemark(name, attribute.lineno, "unsafe", text)
    for use in tree.find_all(nodes.Filter):
        if use.name in ("safe", "forceescape", "xmlattr"):
            text = f"{use.name} passes text on as it is; what people typed could be markup"
            yield TemplateRemark(name, use.lineno, "unsafe", text)
    yield from _variables(name, tree)
    yield from _blocks(name, tree, templates)


def _variables(name: str, tree: nodes.Template) -> Iterator[TemplateRemark]:
    kind = name.rpartition(".")[0]
    given = GIVEN.get(kind)
    if given is None:
        return
    given |= ALWAYS | _OF_DOCUMENT | _BESIDE.get(kind, frozenset())
    unknown = meta.find_undeclared_variables(tree) - given - {"glyph"} - _defined(tree)
    for use in tree.find_all(nodes.Name):
        if use.name in unknown:
            text = f"no report of this kind gives {use.name}"
            yield TemplateRemark(name, use.lineno, "variable", text)


def _defined(tree: nodes.Template) -> set[str]:
    """What the template itself defines, which its blocks may use."""
    found = {macro.name for macro in tree.find_all(nodes.Macro)}
    found |= {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    for imported in tree.find_all(nodes.FromImport):
        found |= {n if isinstance(n, str) else n[1] for n in imported.names}
    return found | {imported.target for imported in tree.find_all(nodes.Import)}


def _blocks(
    name: str, tree: nodes.Template, templates: Mapping[str, str]
) -> Iterator[TemplateRemark]:
    """Templates that are not there, and blocks that nothing above has a place for."""
    for use in tree.find_all((nodes.Extends, nodes.Include, nodes.FromImport, nodes.Import)):
        missing = isinstance(use, nodes.Include) and use.ignore_missing
        target = getattr(getattr(use, "template", None), "value", None)
        if isinstance(target, str) and not missing and not _there(target, templates):
            text = f"there is no template {target}"
            yield TemplateRemark(name, use.lineno, "template", text)
    above = _above(tree, templates, frozenset([name]))
    if above is None:
        return
    inside = {id(b) for outer in tree.find_all(nodes.Block) for b in outer.find_all(nodes.Block)}
    for block in tree.find_all(nodes.Block):
        if block.name not in above and id(block) not in inside:
            text = f"what it extends has no block {block.name}; it would never be shown"
            yield TemplateRemark(name, block.lineno, "block", text)


def _there(name: str, templates: Mapping[str, str]) -> bool:
    return name in templates or is_ours(name.removeprefix(PREFIX))


def _above(
    tree: nodes.Template, templates: Mapping[str, str], seen: frozenset[str]
) -> set[str] | None:
    """The blocks of all that a template extends; None where it extends nothing that is known."""
    parent = next(tree.find_all(nodes.Extends), None)
    target = getattr(parent.template, "value", None) if parent else None
    if not isinstance(target, str) or target in seen or not _there(target, templates):
        return None
    source = templates[target] if target in templates else source_of(target.removeprefix(PREFIX))
    try:
        above = environment(frozenset(templates.items())).parse(source, target)
    except TemplateSyntaxError:  # said where that one is looked at
        return None
    found = {block.name for block in above.find_all(nodes.Block)}
    return found | (_above(above, templates, seen | {target}) or set())
