"""The language of the pages: the one that the host has set, else what the visitor's browser asks
for.

The words are those of the reports and, in `catalogue/` beside this, what only pages say. What is
not in a catalogue is shown in English.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson

from contactledger.errors import BadInput
from contactledger.report.words import SHIPPED, Words, catalogue

LANG = "contactledger.lang"
"""Where in a request's scope the language stands that the host has set."""
MAX_WISHES = 20
"""Languages of a browser that are looked at."""
_WISH = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*\Z")


@lru_cache(maxsize=8)
def words_in(lang: str) -> Words:
    """The words of a language that is shipped; BadInput for another."""
    if lang not in SHIPPED:
        raise BadInput(f"must be one of: {', '.join(SHIPPED)}", field="lang")
    if lang == "en":
        return Words()
    text = files("contactledger.web").joinpath("catalogue", f"{lang}.json").read_bytes()
    return Words(lang, {**catalogue(lang), **orjson.loads(text)})


def words_for(request: Any) -> Words:
    """The words in which a request is answered."""
    chosen = request.scope.get(LANG)
    return words_in(chosen or wished(request.headers.get("accept-language", "")))


def wished(header: str) -> str:
    """Of the languages that are shipped the one that an Accept-Language (RFC 9110, 12.5.4) likes
    best, English where it likes none."""
    liked: dict[str, float] = {}
    for wish in header.split(",")[:MAX_WISHES]:
        found = _WISH.match(wish)
        if found and found[1].lower() in SHIPPED:
            lang, weight = found[1].lower(), float(found[2] or 1)
            liked[lang] = max(weight, liked.get(lang, 0))
    best = max(liked, key=liked.__getitem__, default="en")
    return best if liked.get(best) else "en"
