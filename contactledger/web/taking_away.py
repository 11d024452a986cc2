"""What one takes away: reports of every kind and form, and the account as a bundle.

The kinds and forms are those of `report/kinds.py`. Whoever sees an account may take away all
reports of it: every one shows each party in the same columns. Those over all accounts are for
visitors who see everything. What a notice was about may be a title, so it is posted.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.responses import Response, StreamingResponse

from contactledger.errors import BadInput, NotFound
from contactledger.files import Report
from contactledger.log.record import ID
from contactledger.report.kinds import OFFERED
from contactledger.web import behind
from contactledger.web.door import CSP, Visit
from contactledger.web.looks import forms_of

TYPES = {
    "html": "text/html", "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown",
    "csv": "text/csv", "json": "application/json",
}  # fmt: skip
_COPY = 65_536


def report(visit: Visit) -> Response:
    """A report of the account, to be read here."""
    named = visit.account()
    kind = visit.request.path_params.get("kind", "proof-of-contact")
    offer = OFFERED.get(kind)
    if offer is None or offer.over != "account" or offer.needs:
        raise NotFound("no such report")
    return _read(_made(visit, named, kind, None))


def download(visit: Visit) -> Response:
    """A report as a file, or the account as a bundle."""
    named = visit.account()
    file = visit.request.path_params["file"]
    if file == "account.bundle":
        return _attached(_bundle(visit, named), "application/zip", file)
    kind, form = _asked(file, "account")
    if OFFERED[kind].needs:
        raise NotFound("no such file")
    matter = visit.request.query_params.get("matter", "")
    about = matter if OFFERED[kind].about == "matter" and ID.match(matter) else None
    return _file(visit, _made(visit, named, kind, about), form, file)


def certificate(visit: Visit) -> Response:
    """The certificate of one touch, as a file."""
    named, no = visit.account(), visit.request.path_params["no"]
    behind.touch_of(visit.keeper.entries(named.id), no)
    file = visit.request.path_params["file"]
    kind, form = _asked(file, "account")
    if OFFERED[kind].about != "touch":
        raise NotFound("no such file")
    return _file(visit, _made(visit, named, kind, no), form, f"{kind}-{no}.{form}")


def survey(visit: Visit) -> Response:
    """A report over all accounts, as a file."""
    visit.only_everything()
    posted = visit.request.method == "POST"
    kind, form = _asked(visit.text("file") if posted else visit.request.path_params["file"],
                        "ledger")  # fmt: skip
    about = visit.text("about")
    if OFFERED[kind].needs and not posted:
        raise NotFound("no such file")
    if OFFERED[kind].needs and not about:
        raise BadInput("say what about", field="about")
    made = visit.ledger.survey(kind, about=about, lang=visit.words.lang)
    return _file(visit, made, form, f"{kind}.{form}")


def _asked(file: str, over: str) -> tuple[str, str]:
    """Kind and form of a file's name; NotFound for one that is not offered."""
    kind, _, form = file.rpartition(".")
    offer = OFFERED.get(kind)
    if offer is None or offer.over != over or form not in forms_of(offer):
        raise NotFound("no such file")
    return kind, form


def _made(visit: Visit, named: behind.Named, kind: str, about: str | int | None) -> Report:
    lang = visit.words.lang
    if kind == "outlook":
        return visit.ledger.outlook(named.called, party=visit.access.party, lang=lang)
    return visit.ledger.report(named.called, kind, about=about, lang=lang)


def _file(visit: Visit, made: Report, form: str, name: str) -> Response:
    how: dict[str, Any] = {}
    if form == "pdf":  # a character that no font has is printed as its code point, not refused
        how = {"locale": visit.words.lang, "missing": "code-point"}
    return _attached([made.form(f".{form}", **how)], TYPES[form], name)


def _read(made: Report) -> Response:
    """A report as a page. Its one style sheet is allowed by its hash."""
    html = made.html()
    hashes = "".join(
        f" 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
        for style in re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    )
    response = Response(html, media_type="text/html")
    response.headers["Content-Security-Policy"] = CSP.format(more=hashes)
    return response


def _attached(content: Iterable[bytes], kind: str, file: str) -> Response:
    response = StreamingResponse(content, media_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response


def _bundle(visit: Visit, named: behind.Named) -> Iterator[bytes]:
    """The bundle in pieces; it is whole before the first goes out."""
    spooled = SpooledTemporaryFile(max_size=4 * 1024 * 1024)  # noqa: SIM115 - closed when sent
    try:
        visit.ledger.bundle(named.id).write(spooled)  # type: ignore[arg-type]
    except BaseException:
        spooled.close()
        raise
    spooled.seek(0)

    def pieces() -> Iterator[bytes]:
        with spooled:
            while piece := spooled.read(_COPY):
                yield piece

    return pieces()
