"""Where a user's templates come from: a mapping, a folder, or a package.

    ledger.report("smith-motors", templates="our-templates")          # a folder
    ledger.report("smith-motors", templates="package:acme.reports")   # files of a package
    for remark in lint("our-templates"):
        print(remark)                       # promises.html:2: what it extends has no block …

A folder holds only what differs from ours: `proof-of-contact.html` (which may extend
"contactledger/proof-of-contact.html" and replace one block), `style.css`, `words.json` or
`words.de.json` with single messages, `logo.svg` or `logo.png`, `report.typ` for paper.
Other files are left alone, and folders within it are not looked into.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from contactledger.errors import BadInput, BadTemplate, NotInstalled
from contactledger.report.printed_own import TYPST, unsafe
from contactledger.report.template_lint import TemplateRemark, lint_templates

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Templates = Mapping[str, str] | str | PathLike[str]
PACKAGE = "package:"
SUFFIXES = (".html", ".txt", ".md", ".css", ".json", ".typ")
LOGOS = {"logo.svg": "image/svg+xml", "logo.png": "image/png"}
MAX_FILES = 100
MAX_BYTES = 1_048_576
"""Of one file; a report holds a logo inside, and nobody wants ten of them in a mail."""


def templates_of(given: Templates | None) -> dict[str, str] | None:
    """Name → source of a user's templates; a logo becomes the template "logo.html".

    BadTemplate names the file that is too large or no UTF-8; BadInput for a folder or a package
    that is not there.
    """
    if given is None or isinstance(given, Mapping):
        return None if given is None else dict(given)
    where = fspath(given)
    found: dict[str, str] = {}
    for name, file in _files(where):
        if name in LOGOS:
            data = base64.b64encode(_bytes(name, file)).decode("ascii")
            source = f"data:{LOGOS[name]};base64,{data}"
            found["logo.html"] = f'<img class="logo" alt="" src="{source}">\n'
        elif name.endswith(SUFFIXES):
            try:
                found[name] = _bytes(name, file).decode()
            except UnicodeDecodeError:
                raise BadTemplate("is not UTF-8", field=name) from None
    return found


def lint(given: Templates) -> tuple[TemplateRemark, ...]:
    """What there is to say of a user's templates, with file and line; nothing of good ones.

    A template for paper is tried in print; without the extra `pdf` only what is unsafe is said.
    """
    templates = templates_of(given) or {}
    own = {name: source for name, source in templates.items() if name != TYPST}
    return tuple(sorted([*lint_templates(own), *_paper(templates)]))


def _paper(templates: Mapping[str, str]) -> Iterator[TemplateRemark]:
    """What there is to say of the template for paper."""
    if TYPST not in templates:
        return
    from contactledger.printing import template_faults

    risky = list(unsafe(templates[TYPST]))
    yield from (TemplateRemark(TYPST, line, "unsafe", text) for line, text in risky)
    if risky:
        return
    try:
        faults = template_faults(templates)
    except NotInstalled:
        return
    yield from (TemplateRemark(TYPST, line, "typst", text) for line, text in faults)


def _files(where: str) -> Iterator[tuple[str, Traversable | Path]]:
    folder: Traversable | Path
    if where.startswith(PACKAGE):
        try:
            folder = files(where.removeprefix(PACKAGE))
        except (ImportError, ValueError):
            raise BadInput("there is no such package", field="templates") from None
    else:
        folder = Path(where)
        if not folder.is_dir():
            raise BadInput("there is no such folder", field="templates")
    listed = sorted((file for file in folder.iterdir() if file.is_file()), key=lambda f: f.name)
    if len(listed) > MAX_FILES:
        raise BadInput(f"holds more than {MAX_FILES} files", field="templates")
    return ((file.name, file) for file in listed)


def _bytes(name: str, file: Traversable | Path) -> bytes:
    with file.open("rb") as opened:
        data: bytes = opened.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BadTemplate(f"is larger than {MAX_BYTES} bytes", field=name)
    return data
