"""A report as HTML, text, Markdown, CSV and JSON, from templates that a user may override block by
block.

Templates are Jinja2 in an immutable sandbox with undefined names as errors; HTML and CSS
are escaped, `.txt` is not. They get plain dict rows (see rows.py and reconciliation.py), for
rows with findings the timeline as `chart`, and the filters listed in `FILTERS`. The library's
own templates are read from the package itself through `importlib.resources`; that is package
data, not a file of the user's, and the only thing this wing reads.

A kind of `kinds.py` is laid out as a `Document` first: its template is a block for each of its
sections, and `part("name")` in it gives that section in the form that is asked for.

A user's `templates` maps names to sources: one named "proof-of-contact.html" takes the place
of ours and may extend it as "contactledger/proof-of-contact.html"; "style.css" alone changes
the looks, "logo.html" puts a logo on top, "words.json" (or "words.de.json" for one language)
changes single messages. The sandbox keeps a template from the host's objects; it is no limit on
time or memory.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
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
    pass_context,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from contactledger.errors import BadInput, BadTemplate
from contactledger.report.charts import symbol
from contactledger.report.csv import csv
from contactledger.report.document import Chart, Document, Section
from contactledger.report.forms import (
    facts_html,
    facts_markdown,
    facts_text,
    html,
    markdown,
    plain,
    section_html,
    section_markdown,
    section_text,
    wrapped,
)
from contactledger.report.kinds import KINDS, LISTS, TABLES, template
from contactledger.report.phrases import clock, number
from contactledger.report.printed_proof import proof_of_contact
from contactledger.report.printed_touches import Told
from contactledger.report.words import Words, places

OURS = (
    *("page.html", "style.css", "proof-of-contact.html", "proof-of-contact.txt"),
    *("document.html", "document.txt", "document.md"),
)
MADE = {
    name: (kind, form)
    for kind in KINDS
    for form in ("html", "txt", "md")
    if (name := f"{kind}.{form}") not in OURS
}
"""Templates that are made of the names of a kind's sections, and are no files."""
PROOF = "proof-of-contact"
CHUNK = 65_536
"""Characters of a stream that go out together."""
PREFIX = "contactledger/"
CITED = 12
"""Entry numbers printed behind a sentence; the rest is counted."""
KIND = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")


@frozen
class Report:
    """A report before it has a form: its kind, its rows, and a user's templates.

    `html()`, `text()`, `markdown()`, `csv()` and `json()` give it as a string; each raises
    `BadTemplate` naming template and line, and never gives half a report. `stream()` gives the
    HTML piece by piece.
    """

    kind: str
    data: Mapping[str, Any]
    templates: Mapping[str, str] = Factory(dict)
    words: Words = Factory(Words)

    def html(self) -> str:
        """The report as one self-contained HTML page: no script, nothing fetched."""
        return "".join(self.stream())

    def stream(self) -> Iterator[str]:
        """The same in pieces, as they are made; BadTemplate may come after some of them."""
        pieces: list[str] = []
        size = 0
        for piece in _pieces(self.templates, f"{self.kind}.html", self._values("html")):
            pieces.append(piece)
            size += len(piece)
            if size >= CHUNK:
                yield "".join(pieces)
                pieces, size = [], 0
        yield "".join(pieces)

    def text(self) -> str:
        """The report as plain text of 80 columns, where names allow it."""
        return _fill(self.templates, f"{self.kind}.txt", self._values("txt"))

    def markdown(self) -> str:
        """The report as Markdown (CommonMark, with the tables of GFM)."""
        return _fill(self.templates, f"{self.kind}.md", self._values("md"))

    def csv(self) -> str:
        """The main list of the report's rows as CSV (RFC 4180); `csv.py` says how cells are."""
        table = TABLES.get(self.kind)
        if table is None:
            raise BadTemplate("has no list of rows to show as CSV", field=self.kind)
        rows, columns = table
        listed = LISTS[self.kind](dict(self.data)) if self.kind in LISTS else self.data[rows]
        return csv(listed, columns)

    def json(self) -> str:
        """The rows as JSON, keys in the order in which rows.py puts them, ending in LF."""
        return orjson.dumps(self.data, option=orjson.OPT_INDENT_2).decode() + "\n"

    def document(self) -> Document:
        """The report as a document, which paper is made of. BadInput for a kind of one's own."""
        made = KINDS.get(self.kind)
        if made is None:
            raise BadInput(f"is not printed; these are: {', '.join(KINDS)}", field="kind")
        return made.document(dict(self.data), self.words)

    def _values(self, form: str) -> dict[str, Any]:
        """What a template is given: the rows, and what goes with the kind and the form."""
        values = {**self.data, "t": self.words, "lang": self.words.lang}
        values["dir"] = self.words.direction
        if self.kind not in KINDS:
            return values
        anchors: frozenset[int] = frozenset()
        if self.kind == PROOF and form != "md":
            made = proof_of_contact(dict(self.data), self.words, without=("findings",))
            values["told"] = Told(self.words)
            if form == "html":
                promised = {p["no"] for p in self.data["promises"]}
                anchors = frozenset(promised.union(f["no"] for f in self.data["findings"]))
                values["chart"] = _chart(made)
        else:
            made = self.document()
        return values | {"anchors": anchors} | _document_values(made, form, self.words, anchors)


def _chart(made: Document) -> str:
    """The first picture of a document."""
    charts = (b for s in made.sections for b in s.blocks if isinstance(b, Chart))
    return Markup(next(charts).svg)  # noqa: S704  # charts.py escapes every name


def _document_values(
    made: Document, form: str, words: Words, anchors: Container[int]
) -> dict[str, Any]:
    """What a template is given of a document: its head, and its sections by their names."""
    numbered = list(enumerate(made.sections, 1))

    def shown(number: int, section: Section) -> str:
        if form == "html":
            return section_html(section, number, words, anchors)
        return (section_text if form == "txt" else section_markdown)(section, words)

    def joined(chosen: Iterable[tuple[int, Section]]) -> str:
        texts = [shown(number, section) for number, section in chosen]
        between = {"html": "", "txt": "\n\n", "md": "\n"}[form]
        text = between.join(texts) + ("" if form == "html" or not texts else between)
        return Markup(text) if form == "html" else text  # noqa: S704  # section_html escapes

    def put(text: Any) -> str:
        if form == "html":
            return html(text)
        return plain(text, words) if form == "txt" else markdown(text, words)

    facts = {
        "html": lambda: facts_html(made.facts, anchors),
        "txt": lambda: facts_text(made.facts, words),
        "md": lambda: facts_markdown(made.facts, words),
    }[form]()
    return {
        "doc": {
            "label": put(made.label), "title": put(made.title), "subtitle": put(made.subtitle),
            "closing": put(made.closing), "facts": facts, "running": list(made.running),
        },
        "part": lambda name: joined(pair for pair in numbered if pair[1].name == name),
        "parts": lambda: joined(pair for pair in numbered if pair[1].name != "isnot"),
    }  # fmt: skip


def render(
    kind: str,
    data: Mapping[str, Any],
    templates: Mapping[str, str] | None = None,
    lang: str = "en",
) -> Report:
    """The `Report` of that kind ("proof-of-contact") over rows from `rows.rows`.

    `templates`: name → Jinja2 source that overrides ours. A kind that has no template is a
    `BadTemplate`, raised when the form is asked for. `lang`: of the fixed words; BadInput for one
    that there are no words of.
    """
    if not KIND.match(kind):
        raise BadTemplate("a kind is lower-case letters, digits and -", field="kind")
    for pair in (templates or {}).items():
        if not all(isinstance(part, str) for part in pair):
            raise BadTemplate("names and sources are text", field="templates")
    return Report(kind, data, dict(templates or {}), words_of(lang, templates))


def words_of(lang: str, templates: Mapping[str, str] | None = None) -> Words:
    """The words of a language, those that a user's templates change first."""
    return Words.of(lang, own_messages(templates or {}, lang))


def own_messages(templates: Mapping[str, str], lang: str) -> dict[str, str]:
    """The messages that a user changed: English text → text, of any language and of this one.

    BadTemplate names the file where it is no JSON object of texts, or a message's places differ.
    """
    found: dict[str, str] = {}
    for name in ("words.json", f"words.{lang}.json"):
        if name in templates:
            found |= _messages(name, templates[name])
    return found


def _messages(name: str, source: str) -> dict[str, str]:
    try:
        read = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise BadTemplate("is no JSON", field=name, place=f"line {error.lineno}") from None
    if not isinstance(read, dict) or not all(isinstance(text, str) for text in read.values()):
        raise BadTemplate("is a JSON object of texts", field=name)
    for message, text in read.items():
        if places(message) != places(text):
            raise BadTemplate("a message whose places in braces are others", field=name)
    return read


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
    more = f", … +{len(numbers) - limit}" if len(numbers) > limit else ""
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
    more = f", … +{len(numbers) - limit}" if len(numbers) > limit else ""
    return f"[{', '.join(map(str, numbers[:limit]))}{more}]" if numbers else ""


def css_string(text: str) -> str:
    """Text as a CSS string with its quotes; all but ASCII letters and digits is escaped."""
    body = "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):06x}" for c in text)
    return Markup(f'"{body}"')  # noqa: S704  # nothing is left that HTML or CSS could take


@lru_cache(maxsize=64)
def _glyph(channel: str, outcome: str) -> str:
    """The mark of the timeline, small, for beside a word."""
    return Markup(  # noqa: S704  # made of constants
        f'<svg class="glyph" viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true" '
        f'fill="none">{symbol(channel, outcome)}</svg>'
    )


def _of_words(name: str) -> Callable[..., Any]:
    """A filter that is a function of the report's own language."""

    @pass_context
    def of_language(context: Context, value: Any, *more: Any) -> Any:
        return getattr(context["t"], name)(value, *more)

    return of_language


@pass_context
def _apart(context: Context, name: str) -> str:
    """A name in plain text, set apart where it is written in the other direction."""
    return str(context["t"].apart(name))


FILTERS: dict[str, Callable[..., Any]] = {
    "apart": _apart,
    "cite": cite, "cite_text": cite_text, "clock": clock, "css_string": css_string,
    "date": _of_words("date"), "day": _of_words("day"), "listed": _of_words("listed"),
    "number": number, "said": said, "said_text": said_text,
    "utc_beside": _of_words("utc_beside"), "wrapped": wrapped,
}  # fmt: skip


@lru_cache(maxsize=8)
def _own(name: str) -> str:
    return files("contactledger.report").joinpath("templates", name).read_text("utf-8")


def _load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
    """Ours, by its own name and behind the prefix, so that a user's may extend it."""
    own = name.removeprefix(PREFIX)
    return (source_of(own), name, lambda: True) if is_ours(own) else None


def is_ours(name: str) -> bool:
    """Whether the library has a template of that name."""
    return name in OURS or name in MADE


def source_of(name: str) -> str:
    """The source of a template of the library's."""
    return template(*MADE[name]) if name in MADE else _own(name)


@lru_cache(maxsize=32)
def environment(templates: frozenset[tuple[str, str]]) -> Environment:
    """One environment per set of templates, so that each is compiled once."""
    theirs = dict(templates)

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (theirs[name], name, lambda: True) if name in theirs else None

    loaders: list[BaseLoader] = [FunctionLoader(load), FunctionLoader(_load)]
    env = _Sandbox(
        loader=ChoiceLoader(loaders),
        undefined=StrictUndefined,
        autoescape=lambda name: not (name or "").endswith((".txt", ".md")),
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
    return "".join(_pieces(templates, name, values))


def _pieces(templates: Mapping[str, str], name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """The filled template in pieces, until the end or a `BadTemplate`."""
    env = environment(frozenset(templates.items()))
    try:
        yield from env.get_template(name).generate(values)
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
    source = templates.get(where) or source_of(where.removeprefix(PREFIX))
    quoted = re.findall(r"'([^']*)'", str(error))
    known = all(q in source or q.endswith(" object") or hasattr(builtins, q) for q in quoted)
    return str(error) if known else type(error).__name__
