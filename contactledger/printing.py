"""A report as a PDF: the document of `report/printed.py`, laid out by typst (extra `pdf`).

The file claims PDF/A-3a (archival, with the attached bundle) and PDF/UA-1 (tagged for screen
readers), and typst refuses to write one that does not keep what it claims. The same report, with
the same fonts, is the same bytes: the only time in it is the report's own moment.

A text is data and never markup. A character that no font here can draw stops the printing with
an error that names it and says which fonts draw it; it is never left out. On request it is
printed as its code point instead: [U+65E5].

typst reads files, so the parts lie in a folder of this process alone while it runs, and are gone
after. Nothing is fetched. A template of a user's (`printed_own.py`) sees that folder alone.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files as package
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Literal, cast

from attrs import frozen

from contactledger.errors import BadInput, BadTemplate, NotInstalled, NotSealed
from contactledger.log import bundle
from contactledger.log.container import Container
from contactledger.log.record import to_base64url
from contactledger.log.seal import parse_epoch, parse_genesis, parse_head, parse_key_change
from contactledger.report.document import (
    Block,
    Column,
    Document,
    Facts,
    Listing,
    Paragraph,
    Section,
    Table,
    TableRow,
    laid,
)
from contactledger.report.printed import Claims, checkable, left_out, page_words
from contactledger.report.printed_own import OURS, TYPST, OwnPaper, own_paper
from contactledger.report.words import Words

Missing = Literal["error", "code-point"]

STANDARDS = ["a-3a", "ua-1"]
PAPERS = {"a4": "a4", "letter": "us-letter"}
LETTER = frozenset(
    ["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"]
)
"""Territories that print on Letter; the others on A4 (CLDR, paperSize)."""
MAX_PROBES = 200
"""Tries to find out which characters no font has; what is in doubt then counts as one of them."""
_RECORD_BYTES = 65_536
_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z]{4})?(?:[-_]([A-Z]{2}))?\Z")
_LACKING = re.compile(
    r"the text `?\"(.+?)\"`? could not be displayed|contains the codepoint `?\"(.+?)\"", re.DOTALL
)
_PLACE = re.compile(rf"(?<!contactledger/){re.escape(TYPST)}:(\d+):\d+")
_QUOTED = re.compile(r"`([^`]*)`|\"([^\"]*)\"")
_ESCAPED = re.compile(r"\\u\{([0-9a-f]{1,6})\}")
_FAMILY = re.compile(r' font-family="[^"]*"')
_LONG_WORD = 25
"""Characters without a space from which on a word gets places to break, one every `_PIECE`."""
_LONG = re.compile(r"[^\s\u200b\-\u3000-\u9fff\uac00-\ud7af]{25,}")
_PIECE = 4
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
SERIF = "Libertinus Serif"
_DRAWN_BY = (
    (0x2E7F, "Noto Sans or another font of that script (Debian: fonts-noto-core)"),
    (0xA4CF, "Noto Sans CJK (Debian: fonts-noto-cjk)"),
    (0xABFF, "Noto Sans or another font of that script (Debian: fonts-noto-core)"),
    (0xD7FF, "Noto Sans CJK (Debian: fonts-noto-cjk)"),
    (0xFAFF, "Noto Sans CJK (Debian: fonts-noto-cjk)"),
    (0x1EFFF, "Noto Sans or another font of that script (Debian: fonts-noto-core)"),
    (0x1FAFF, "Noto Color Emoji (Debian: fonts-noto-color-emoji)"),
    (0x1FFFF, "Noto Sans Symbols (Debian: fonts-noto-core)"),
    (0x10FFFF, "Noto Sans CJK (Debian: fonts-noto-cjk) or the font of that script"),
)
""""Up to this code point" → which fonts draw it."""
_LONG_ROW = 1_200
"""Characters beneath a row from which on it may be broken over two pages."""


@frozen
class Attachment:
    """A bundle for the inside of a PDF: the account's name, and how its bytes are written."""

    account: str
    write: Callable[[BinaryIO], object]


@frozen
class Print:
    """How a report is printed.

    `locale` ("en", "en-US", "de-AT") decides the paper, unless `paper` does ("a4", "letter").
    `fonts`: folders of fonts that are looked through before those of the system. `missing`: what
    becomes of a character that no font has.
    """

    locale: str = "en"
    paper: str | None = None
    fonts: tuple[str, ...] = ()
    missing: Missing = "error"

    def __attrs_post_init__(self) -> None:
        if not _LOCALE.match(self.locale):
            raise BadInput('is not a locale such as "en" or "en-US"', field="locale")
        if self.paper is not None and self.paper not in PAPERS:
            raise BadInput(f"must be one of: {', '.join(PAPERS)}", field="paper")
        if self.missing not in ("error", "code-point"):
            raise BadInput("must be one of: error, code-point", field="missing")
        for folder in self.fonts:
            if not Path(folder).is_dir():
                raise BadInput("is not a folder", field="fonts")

    @property
    def region(self) -> str | None:
        """The territory of the locale, if it names one."""
        match = _LOCALE.match(self.locale)
        return match[2] if match else None

    @property
    def on(self) -> str:
        """The paper, as typst calls it."""
        if self.paper is not None:
            return PAPERS[self.paper]
        return PAPERS["letter" if self.region in LETTER else "a4"]


def printed(
    made: Document,
    moment: datetime,
    how: Print,
    *,
    judged: int | None = None,
    attached: Attachment | None = None,
    words: Words | None = None,
    templates: Mapping[str, str] | None = None,
) -> bytes:
    """A document as a PDF, with the bundle of `attached` inside.

    `moment`: of the report, the only time in the file. `judged`: how many entries it was made
    from. `words`: the language of what paper says beside the document. `templates`: a user's, for
    the Typst template, the logo and the colours among them. NotInstalled without the extra `pdf`;
    BadInput for a character that no font has; BadTemplate names the line of a template that cannot
    be printed. Where nothing is sealed there is no bundle, and the PDF says so.
    """
    typst = _typst()
    paper = own_paper(templates or {})
    with TemporaryDirectory(prefix="contactledger-") as safe:
        folder = Path(safe)
        claims = None if attached is None else _attach(folder, attached)
        words = words or Words()
        made = checkable(made, claims, judged, words)
        whole = _Sheet(folder, words, attached=claims is not None).whole(made)
        whole |= {
            "page": page_words(words),
            "attached": claims and claims.file,
            "full_title": f"{made.label}: {made.title}, {made.subtitle}",
            "paper": how.on,
            "region": how.region,
        }
        whole |= {"colours": paper.colours, "logo": _laid_out(folder, paper)}
        return _Press(typst, folder, how, int(moment.timestamp()), paper).run(whole)


def _laid_out(folder: Path, paper: OwnPaper) -> str | None:
    """The templates as files of the folder, and the name of the logo there."""
    (folder / TYPST).write_text(paper.source, "utf-8")
    ours = folder / OURS
    ours.parent.mkdir()
    ours.write_bytes(package("contactledger.report").joinpath("templates", TYPST).read_bytes())
    if paper.logo is None:
        return None
    end, content = paper.logo
    (folder / f"logo.{end}").write_bytes(content)
    return f"logo.{end}"


def template_faults(templates: Mapping[str, str]) -> list[tuple[int, str]]:
    """Line and sentence of what is wrong with a user's Typst template: a small report is printed
    with it. NotInstalled without the extra `pdf`."""
    table = Table(
        [Column("A", 1), Column("B")], [TableRow(["1", "2"], ["3"]), TableRow(["4", "5"])]
    )
    blocks: list[Block] = [
        Paragraph("Lead.", "lead"),
        Listing(["Item"]),
        Facts([("a", "b")]),
        table,
    ]
    sections = [
        Section("One", blocks, name="summary"),
        Section("Two", [], boxed=True, name="isnot"),
    ]
    made = Document("Report", "Smith Motors", "2026", Facts([("a", "b")]), sections)
    try:
        printed(made, datetime(2026, 1, 1, tzinfo=UTC), Print(), templates=templates)
    except BadTemplate as error:
        line = error.place.removeprefix("line ")
        return [(int(line) if line.isdigit() else 1, error.why)]
    return []


def _attach(folder: Path, attached: Attachment) -> Claims | None:
    """The bundle as a file in the folder, and what it claims; None where nothing is sealed."""
    name = _UNSAFE.sub("-", attached.account)[:64].strip("-") or "account"
    path = folder / f"{name}.bundle"
    try:
        with path.open("wb") as target:
            attached.write(target)
    except NotSealed:
        path.unlink()
        return None
    with path.open("rb") as source:
        container = Container(source)
        head = parse_head(container.read("account/head.json", _RECORD_BYTES))
        epoch = parse_epoch(container.read(bundle.EPOCH, _RECORD_BYTES))
        genesis = parse_genesis(container.read(bundle.GENESIS, _RECORD_BYTES))
        changes = sorted(
            int(match[1]) for match in map(bundle.KEY_FILE.match, container.members) if match
        )
        keys = [
            parse_key_change(container.read(f"ledger/keys/{no}.json", _RECORD_BYTES)).key
            for no in changes
        ]
    return Claims(
        file=path.name,
        account=head.account,
        slot=head.slot,
        size=head.size,
        root=to_base64url(head.root),
        origin=genesis.origin,
        key=(*genesis.keys, *keys)[-1],
        sealed_at=f"{epoch.sealed_at:%Y-%m-%d %H:%M:%S} UTC",
    )


class _Sheet:
    """The document as typst reads it: pictures as files, long words with places to break."""

    def __init__(self, folder: Path, words: Words, *, attached: bool) -> None:
        self._folder = folder
        self._words = words
        self._attached = attached
        self._charts = 0

    def whole(self, made: Document) -> dict[str, Any]:
        whole = laid(made)
        for section, told in zip(whole["sections"], made.sections, strict=True):
            section["name"] = told.name
            for block in section["blocks"]:
                if block["is"] == "chart":
                    self._chart(block)
                elif block["is"] == "table":
                    self._table(block)
        return cast("dict[str, Any]", _breakable(whole))

    def _chart(self, block: dict[str, Any]) -> None:
        self._charts += 1
        block["file"] = f"chart-{self._charts}.svg"
        svg = _FAMILY.sub(f' font-family="{SERIF}"', block.pop("svg"))
        (self._folder / block["file"]).write_text(svg, "utf-8")

    def _table(self, block: dict[str, Any]) -> None:
        rows = block["rows"]
        block["left_out"] = left_out(
            len(rows), block["left_out"], self._words, attached=self._attached
        )
        block["tight"] = not any(row["under"] for row in rows)
        for row in rows:
            row["long"] = len(str(row["under"])) > _LONG_ROW


def _breakable(value: Any) -> Any:
    """The same with a place to break in every word that is too long for a column."""
    if isinstance(value, str):
        return _LONG.sub(_broken, value) if len(value) >= _LONG_WORD else value
    if isinstance(value, list):
        if value and value[0] == "mono":  # a key, a digest: to be copied as it is
            return value
        return [_breakable(one) for one in value]
    if isinstance(value, dict):
        return {key: _breakable(one) for key, one in value.items()}
    return value


def _broken(match: re.Match[str]) -> str:
    word = match[0]
    return "\u200b".join(word[i : i + _PIECE] for i in range(0, len(word), _PIECE))


class _Press:
    """typst over the files in a folder, with fonts until every character has one."""

    def __init__(self, typst: Any, folder: Path, how: Print, moment: int, paper: OwnPaper) -> None:
        self._typst, self._folder, self._how, self._moment = typst, folder, how, moment
        self._paper = paper
        self._fonts = _fonts(how.fonts, system=False)

    def run(self, whole: Mapping[str, Any]) -> bytes:
        """The PDF. Fonts that come with typst first, so that it looks the same everywhere."""
        text = json.dumps(whole, ensure_ascii=False)
        charts = [path.read_text("utf-8") for path in sorted(self._folder.glob("chart-*.svg"))]
        drawn = sorted({c for chart in charts for c in chart if not c.isascii()})
        try:
            return self._pdf(text, drawn)
        except self._typst.TypstError as error:
            _lacking(error)
        self._fonts = _fonts(self._how.fonts, system=True)
        try:
            return self._pdf(text, drawn)
        except self._typst.TypstError as error:
            lacking = _lacking(error)
        if self._how.missing == "error":
            raise lacking
        table = {ord(c): f"[U+{ord(c):04X}]" for c in self._without_glyph({*text, *drawn})}
        for path in self._folder.glob("chart-*.svg"):
            path.write_text(path.read_text("utf-8").translate(table), "utf-8")
        return self._pdf(text.translate(table), [])

    def _pdf(self, text: str, drawn: Sequence[str]) -> bytes:
        """A picture would leave out what it cannot draw, so its characters are tried in words."""
        if drawn:
            self._tried(drawn)
        (self._folder / "report.json").write_text(text, "utf-8")
        try:
            return self._compiled(TYPST)
        except self._typst.TypstError as error:
            if self._paper.own and not _LACKING.search(str(error)):
                raise _faulty(error, self._paper.source) from None
            raise

    def _compiled(self, name: str) -> bytes:
        return cast(
            "bytes",
            self._typst.compile(
                self._folder / name,
                root=self._folder,
                font_paths=self._fonts,
                format="pdf",
                pdf_standards=STANDARDS,
                timestamp=self._moment,
            ),
        )

    def _tried(self, characters: Iterable[str]) -> None:
        (self._folder / "probe.json").write_text(json.dumps(list(characters)), "utf-8")
        (self._folder / "probe.typ").write_text(_PROBE, "utf-8")
        self._compiled("probe.typ")

    def _without_glyph(self, characters: Iterable[str]) -> list[str]:
        """Those that no font has: halves of halves are tried, as neighbours fare alike.

        After `MAX_PROBES` tries whatever is in doubt counts as one of them.
        """
        doubtful = [sorted(c for c in characters if not c.isascii())]
        found: list[str] = []
        for _ in range(MAX_PROBES):
            if not doubtful:
                break
            some = doubtful.pop()
            try:
                self._tried(some)
            except self._typst.TypstError:
                if len(some) == 1:
                    found += some
                else:
                    half = len(some) // 2
                    doubtful += [some[:half], some[half:]]
        return [*found, *(c for some in doubtful for c in some)]


_PROBE = f"""
#set document(title: "probe")
#set text(font: "{SERIF}")
#for c in json("probe.json") [#par(c)]
"""


@lru_cache(maxsize=4)
def _fonts(folders: tuple[str, ...], *, system: bool) -> Any:
    """Fonts are looked for once, for as long as the process lives."""
    return _typst().Fonts(include_system_fonts=system, font_paths=list(folders))


def _faulty(error: Exception, source: str) -> BadTemplate:
    """What typst has against a user's template, and the last line of it on the way there.

    Its own words are given if all that it quotes stands in the template, since the rest may be of
    the report, which is personal.
    """
    told = str(error).partition(" (searched at ")[0]
    places = _PLACE.findall(str(getattr(error, "diagnostic", "")))
    quoted = _QUOTED.findall(told)
    known = not told.startswith("panicked") and all("".join(one) in source for one in quoted)
    why = told if known else "typst cannot print it"
    return BadTemplate(why, field=TYPST, place=f"line {places[0]}" if places else "")


def _lacking(error: Exception) -> BadInput:
    """That a character cannot stand here; any other refusal of typst is not one of ours."""
    match = _LACKING.search(str(error))
    if match is None:
        raise error
    text = _ESCAPED.sub(lambda escaped: chr(int(escaped[1], 16)), match[1] or match[2])
    one = next((c for c in text if not c.isascii()), text[0])
    named = f"U+{ord(one):04X} ({unicodedata.name(one, 'which has no name')})"
    instead = 'print it as its code point with missing="code-point"'
    if match[2]:
        return BadInput(f"no archival PDF may hold {named}: {instead}", field="fonts")
    fonts = next(fonts for last, fonts in _DRAWN_BY if ord(one) <= last)
    return BadInput(
        f"none draws {named}: install {fonts}, name a folder that holds such a font with fonts=, "
        f"or {instead}",
        field="fonts",
    )


def _typst() -> Any:
    try:
        import typst
    except ImportError:
        raise NotInstalled("printing needs the extra: pip install contactledger[pdf]") from None
    return typst
