"""Pages from templates: escaped, in the visitor's language, with the filters of the reports.

Pages work without JavaScript. Two of them use a little htmx where it helps: accounts are found
while one types, and a bundle that is dropped is verified at once. It is one file of this package,
as npm has it, and a browser is told its hash; every other page allows no script at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from contactledger.report.kinds import OFFERED, Offer
from contactledger.report.render import FILTERS
from contactledger.report.words import Words

HTMX = "htmx-2.0.11.min.js"
"""npm's htmx.org 2.0.11, dist/htmx.min.js, Zero-Clause BSD."""
HTMX_SHA384 = "sha384-2OatzQy1H+Zd/IIrjr1TcuDGqLXeHhbooAyJY1KdQMKnr4LZ22k31GBLdYKHmVjg"
SCRIPTED = frozenset({"accounts.html", "verify.html"})
"""The pages that may load it; what people typed about an account stands on neither."""
ENGLISH = Words()


@lru_cache(maxsize=32)
def packaged(name: str, folder: str = "templates") -> str:
    """A file of the package, of its templates or its `assets`."""
    return files("contactledger.web").joinpath(folder, name).read_text("utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(packaged),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    made.filters["begun"] = begun
    made.globals |= {"htmx_hash": HTMX_SHA384, "offers": offers, "forms_of": forms_of}
    made.globals["told"] = OFFERED["notice-coverage"]
    made.globals["certificate"] = OFFERED["touch-certificate"]
    return made


def begun(text: str) -> str:
    """The text as a sentence begins; what follows its first letter stays, names above all."""
    return text[:1].upper() + text[1:]


def rendered(template: str, values: Mapping[str, Any], words: Words = ENGLISH) -> str:
    """The page of a template, in a language."""
    return _environment().get_template(template).render({"t": words, "lang": words.lang, **values})


def forms_of(offer: Offer) -> tuple[str, ...]:
    """The forms in which a report can be taken away here: PDF where its extra is installed."""
    return tuple(form for form in offer.forms if form != "pdf" or find_spec("typst"))


def offers(over: str) -> list[dict[str, Any]]:
    """What can be taken away without naming anything else: kind, label, forms."""
    return [
        {"kind": kind, "label": offer.label, "forms": forms_of(offer)}
        for kind, offer in OFFERED.items()
        if offer.over == over and not offer.needs
    ]
