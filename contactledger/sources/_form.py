"""Bodies of HTML forms: application/x-www-form-urlencoded and multipart/form-data (RFC 7578).

Texts keep bytes that are no UTF-8 as surrogate escapes, so that what was signed can be made
again from them; `clean` makes them fit to be recorded.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources._mime import parameters
from contactledger.sources._text import clean
from contactledger.sources.source import Headers, header

MAX_FIELDS = 1_000
"""Of one form; those of providers have up to about 60, and the sender's own variables."""

_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_DISPOSITION = re.compile(
    rb"^content-disposition[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE
)

Form = list[tuple[str, str]]
"""(name, value) in the order of the body; a name may stand there several times."""


def form_of(headers: Headers, body: bytes) -> Form:
    """The fields of a form by its content type; uploaded files are left out.

    `BadEvent` for another content type or a form that does not parse, `TooLarge` for one of
    too many fields.
    """
    given = header(headers, "Content-Type") or ""
    kind, more = parameters(given, "application/x-www-form-urlencoded")
    if kind == "multipart/form-data":
        return _multipart(body, more.get("boundary", ""))
    if kind != "application/x-www-form-urlencoded":
        raise BadEvent(
            "must be application/x-www-form-urlencoded or multipart/form-data",
            field="Content-Type",
        )
    if body.count(b"&") >= MAX_FIELDS:
        raise TooLarge(f"more than {MAX_FIELDS} fields in a form", field="body")
    text = body.decode("utf-8", "surrogateescape")
    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape")


def is_form(headers: Headers) -> bool:
    """Whether the content type says that the body is a form."""
    given = (header(headers, "Content-Type") or "").partition(";")[0].strip().lower()
    return given in ("multipart/form-data", "application/x-www-form-urlencoded")


def _multipart(body: bytes, boundary: str) -> Form:
    if not boundary:
        raise BadEvent("names no boundary", field="Content-Type")
    mark = re.escape(boundary.encode("utf-8", "replace"))
    line = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    form: Form = []
    start = count = 0
    for found in line.finditer(body):
        if start:
            count += 1
            if count > MAX_FIELDS:
                raise TooLarge(f"more than {MAX_FIELDS} fields in a form", field="body")
            form += _field(body[start : found.start()])
        if found.group(1):
            return form
        start = found.end()
    raise BadEvent("the form is cut short (no closing boundary)", field="body")


def _field(part: bytes) -> Form:
    blank = _BLANK_LINE.search(part)
    head = _DISPOSITION.search(part, 0, blank.start()) if blank else None
    if not blank or not head:
        return []
    given = parameters(head.group(1).decode("utf-8", "replace"), "")[1]
    if "name" not in given or "filename" in given:
        return []
    return [(given["name"], part[blank.end() :].decode("utf-8", "surrogateescape"))]


def first(form: Form, *names: str) -> str | None:
    """The cleaned value of the first field of one of these names that is not empty."""
    for wanted in names:
        for name, value in form:
            if name == wanted and value:
                return clean(value)
    return None
