"""A report as HTML, text and JSON, from templates that a user may override block by block.

Templates are Jinja2 in an immutable sandbox with undefined names as errors; HTML and CSS
are escaped, `.txt` is not. They get plain dict rows (see rows.py and reconciliation.py), for
rows with findings the timeline as `chart`, and the filters listed in `FILTERS`. The library's
own templates are read from the package itself through `importlib.resources`; that is package
data, not a file of the user's, and the only thing this wing reads.

A user's `templates` maps names to sources: one named "proof-of-contact.html" takes the place
of ours and may extend it as "contactledger/proof-of-contact.html"; "style.css" alone changes
the looks. The sandbox keeps a template from the host's objects; it is no limit on time or
memory.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib.resources import files
from textwrap import fill
from typing import Any

import orjson
from attrs import Factory, frozen
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from contactledger.errors import BadTemplate
from contactledger.report.charts import symbol, timeline
from contactledger.report.phrases import clock, date, day, listed, number, utc_beside

OURS = (
    *("page.html", "style.css", "proof-of-contact.html", "proof-of-contact.txt"),
    *("reconciliation.html", "reconciliation.txt"),
    *("outlook.html", "outlook.txt"),
)
PREFIX = "contactledger/"
CITED = 12
"""Entry numbers printed behind a sentence; the rest is counted."""
KIND = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")


@frozen
class Report:
    """A report before it has a form: its kind, its rows, and a user's templates.

    `html()`, `text()` and `json()` give it as a string; each raises `BadTemplate` naming
    template and line, and never gives half a report.
    """

    kind: str
    data: Mapping[str, Any]
    templates: Mapping[str, str] = Factory(dict)

    def html(self) -> str:
        """The report as one self-contained HTML page: no script, nothing fetched."""
        if "findings" not in self.data:
            return _fill(self.templates, f"{self.kind}.html", dict(self.data))
        chart = Markup(timeline(dict(self.data)))  # noqa: S704  # charts.py escapes every name
        promised = {p["no"] for p in self.data["promises"]}
        anchors = promised.union(f["no"] for f in self.data["findings"])
        return _fill(
            self.templates, f"{self.kind}.html", {**self.data, "chart": chart, "anchors": anchors}
        )

    def text(self) -> str:
        """The report as plain text of at most 88 columns, where names allow it."""
        return _fill(self.templates, f"{self.kind}.txt", dict(self.data))

    def json(self) -> str:
        """The rows as JSON, keys in the order in which rows.py puts them, ending in LF."""
        return orjson.dumps(self.data, option=orjson.OPT_INDENT_2).decode() + "\n"


def render(
    kind: str, data: Mapping[str, Any], templates: Mapping[str, str] | None = None
) -> Report:
    """The `Report` of that kind ("proof-of-contact") over rows from `rows.rows`.

    `templates`: name → Jinja2 source that overrides ours. A kind that has no template is a
    `BadTemplate`, raised when the form is asked for.
    """
    if not KIND.match(kind):
        raise BadTemplate("a kind is lower-case letters, digits and -", field="kind")
    for pair in (templates or {}).items():
        if not all(isinstance(part, str) for part in pair):
            raise BadTemplate("names and sources are text", field="templates")
    return Report(kind, data, dict(templates or {}))


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with rows before methods: `row.items` is the row's value.

    Also the faster way: the common case is one dict look-up.
    """

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                pass
        return super().getattr(obj, attribute)


def cite(nos: Iterable[int], anchors: Any = (), limit: int = CITED) -> str:
    """As in "[12, 14]" of entry numbers, linked where the entry has a place on the page."""
    numbers = list(nos)
    if not numbers:
        return ""
    parts = [f'<a href="#e{n}">{n}</a>' if n in anchors else str(n) for n in numbers[:limit]]
    more = f" and {len(numbers) - limit} more" if len(numbers) > limit else ""
    return Markup(f'<span class="cite">[{", ".join(parts)}{more}]</span>')  # noqa: S704  # numbers


def said(sentence: Mapping[str, Any], anchors: Any = ()) -> str:
    """A sentence of the rows with its entries before the full stop, as HTML."""
    text, nos = sentence["text"], sentence["because"]
    if not nos:
        return escape(text)
    stop = "." if text.endswith(".") else ""
    return escape(text.removesuffix(".")) + "\u00a0" + cite(nos, anchors) + stop


def said_text(sentence: Mapping[str, Any]) -> str:
    """The same as plain text."""
    text, nos = sentence["text"], sentence["because"]
    return f"{text.removesuffix('.')} {cite_text(nos)}{'.' * text.endswith('.')}" if nos else text


def cite_text(nos: Iterable[int], limit: int = CITED) -> str:
    """As in "[12, 14]" of entry numbers, in plain text; "" of none."""
    numbers = list(nos)
    more = f" and {len(numbers) - limit} more" if len(numbers) > limit else ""
    return f"[{', '.join(map(str, numbers[:limit]))}{more}]" if numbers else ""


def css_string(text: str) -> str:
    """Text as a CSS string with its quotes; all but ASCII letters and digits is escaped."""
    body = "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)
    return Markup(f'"{body}"')  # noqa: S704  # nothing is left that HTML or CSS could take


def wrapped(text: str, indent: int = 0, hang: int = 0, width: int = 88) -> str:
    """Text broken into lines of `width`, all indented, those after the first by `hang` more."""
    first, rest = " " * indent, " " * (indent + hang)
    return fill(text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


@lru_cache(maxsize=64)
def _glyph(channel: str, outcome: str) -> str:
    """The mark of the timeline, small, for beside a word."""
    return Markup(  # noqa: S704  # made of constants
        f'<svg class="glyph" viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true" '
        f'fill="none">{symbol(channel, outcome)}</svg>'
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "cite": cite, "cite_text": cite_text, "clock": clock, "css_string": css_string,
    "date": date, "said": said, "said_text": said_text, "day": day, "listed": listed,
    "number": number, "utc_beside": utc_beside,
    "wrapped": wrapped,
}  # fmt: skip


@lru_cache(maxsize=8)
def _own(name: str) -> str:
    return files("contactledger.report").joinpath("templates", name).read_text("utf-8")


def _load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
    """Ours, by its own name and behind the prefix, so that a user's may extend it."""
    own = name.removeprefix(PREFIX)
    return (_own(own), name, lambda: True) if own in OURS else None


@lru_cache(maxsize=32)
def _environment(templates: frozenset[tuple[str, str]]) -> Environment:
    """One environment per set of templates, so that each is compiled once."""
    theirs = dict(templates)

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (theirs[name], name, lambda: True) if name in theirs else None

    loaders: list[BaseLoader] = [FunctionLoader(load), FunctionLoader(_load)]
    env = _Sandbox(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        autoescape=lambda name: not (name or "").endswith(".txt"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    env.filters.update(FILTERS)
    env.globals["glyph"] = _glyph
    return env


def _fill(templates: Mapping[str, str], name: str, values: Mapping[str, Any]) -> str:
    """The filled template, whole, or a `BadTemplate` that names template and line."""
    env = _environment(frozenset(templates.items()))
    try:
        return env.get_template(name).render(values)
    except TemplateSyntaxError as error:
        place = f"line {error.lineno}"
        raise BadTemplate(str(error.message), field=str(error.name), place=place) from None
    except _BROKEN as error:
        where, line = _place(error, name)
        why = _why(error, templates, where, inside=bool(line))
        raise BadTemplate(why, field=where, place=line) from None


_BROKEN = (
    TemplateError, ArithmeticError, AttributeError, LookupError, NotImplementedError,
    RecursionError, TypeError, ValueError,
)  # fmt: skip
"""What a template can raise: the sandbox's own errors and those of the expressions in it."""


def _place(error: BaseException, name: str) -> tuple[str, str]:
    """The innermost template and line that an error came from; no line if from none."""
    where, line = name, ""
    trace = error.__traceback__
    while trace is not None:
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            where, line = trace.tb_frame.f_code.co_filename, f"line {trace.tb_lineno}"
        trace = trace.tb_next
    return where, line


def _why(error: BaseException, templates: Mapping[str, str], where: str, *, inside: bool) -> str:
    """What went wrong, without a value of the rows: those may be personal.

    Jinja's own text is given if all that it quotes stands in the template or is a type's
    name; of other errors only the kind is.
    """
    if isinstance(error, TemplateNotFound):
        return "includes a template that is not there" if inside else "there is no such template"
    if not isinstance(error, TemplateError):
        return type(error).__name__
    source = templates.get(where) or _own(where.removeprefix(PREFIX))
    quoted = re.findall(r"'([^']*)'", str(error))
    known = all(q in source or q.endswith(" object") or hasattr(builtins, q) for q in quoted)
    return str(error) if known else type(error).__name__
