"""A user's own paper: their Typst template, their logo, their colours.

They come from the same mapping as the templates of the HTML: `report.typ` takes the place of ours
and imports it as "contactledger/report.typ" to change single parts; `logo.html` (made of
`logo.svg` or `logo.png`) holds the logo as a data URI; `style.css` gives the colours, as far as it
names `--ink`, `--soft` and `--line` outside of any `@media`.

A Typst template sees what lies in the folder of one printing and nothing else; the compiler keeps
it there. What could name a package to be fetched is refused before it runs, with its line: every
import but ours, and the words by which text becomes code.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

from attrs import frozen

from contactledger.errors import BadTemplate

TYPST = "report.typ"
OURS = "contactledger/report.typ"
WHOLE = f'#import "{OURS}": report\n#report()\n'
"""The template of whoever has none."""
COLOURS = {"ink": "#24231f", "soft": "#56544d", "line": "#d8d4ca"}
"""Those of `style.css` in print."""
_COLOUR = re.compile(r"--(ink|soft|line)\s*:\s*(#(?:[0-9a-fA-F]{3}){1,2})\s*[;}]")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LOGO = re.compile(r"data:image/(svg\+xml|png);base64,([A-Za-z0-9+/=]+)")
_ENDS = {"svg+xml": "svg", "png": "png"}
_RISKY = re.compile(r"\b(import|include|eval|std|plugin|dictionary)\b")
_ALLOWED = re.compile(rf'import\s+"{re.escape(OURS)}"')


@frozen
class OwnPaper:
    """What a report is printed with: the source of the template, colours by their names, and the
    logo as the end of its name and its bytes."""

    source: str
    own: bool
    colours: Mapping[str, str]
    logo: tuple[str, bytes] | None = None


def own_paper(templates: Mapping[str, str]) -> OwnPaper:
    """What a user's templates say of paper; BadTemplate names the line of what is unsafe."""
    source = templates.get(TYPST)
    for line, text in unsafe(source or ""):
        raise BadTemplate(text, field=TYPST, place=f"line {line}")
    css = _COMMENT.sub("", templates.get("style.css", "")).partition("@media")[0]
    colours = {**COLOURS, **{match[1]: match[2] for match in _COLOUR.finditer(css)}}
    logo = _logo(templates.get("logo.html", ""))
    return OwnPaper(WHOLE if source is None else source, source is not None, colours, logo)


def unsafe(source: str) -> Iterator[tuple[int, str]]:
    """Line and sentence of each thing in a Typst template that no template may do."""
    for number, line in enumerate(source.splitlines(), 1):
        for risky in _RISKY.finditer(line):
            if not _ALLOWED.match(line, risky.start()):
                text = f'{risky[0]} is out of bounds; the one import there is, is "{OURS}"'
                yield number, text


def _logo(page: str) -> tuple[str, bytes] | None:
    found = _LOGO.search(page)
    if found is None:
        return None
    try:
        return _ENDS[found[1]], base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise BadTemplate("the logo is no base64", field="logo.html") from None
