"""The door: every request for a page passes it, and nothing is shown to whom it does not know.

In this order: who it is (`allow`, then a link's cookie) → for a POST: how often, how much,
the form, that the form is ours → the page, in a thread → headers. Unknown accounts and those
of others are the same 404, so that trying names tells nothing.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contactledger.errors import (
    Archived,
    BadInput,
    Conflict,
    LedgerError,
    NotFound,
    NotSealed,
    OnHold,
    StoreBusy,
    StoreError,
    TooLarge,
    Unverified,
)
from contactledger.ledger import Ledger
from contactledger.report.words import Words
from contactledger.web import behind
from contactledger.web.access import Access, Seals
from contactledger.web.kept import Keeper
from contactledger.web.limits import FORM_BYTES, UPLOAD_BYTES, Rates, bounded, visitor
from contactledger.web.looks import SCRIPTED, rendered
from contactledger.web.speaking import words_for

COOKIE = "contactledger_link"
POSTS_A_MINUTE = 120
"""Forms of one visitor: faster than anybody writes."""
UPLOADS_A_MINUTE = 20
"""Bundles to be verified, of one address: each may take seconds."""
FILES_A_MINUTE = 60
"""Papers and bundles of one visitor: each may take seconds."""
LINKS_A_MINUTE = 30
"""Links opened from one address that were not made here, before it has to wait."""
MAX_FIELDS = 200
_COSTLY = (".pdf", ".bundle")

CSP = (
    "default-src 'none'; style-src 'self'{more}; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SCRIPTED_CSP = CSP.format(more="") + "; script-src 'self'; connect-src 'self'"
"""Of the pages that load the one script that there is (`looks.SCRIPTED`)."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CSP.format(more=""),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
"""Of every answer. Within the site the referrer stays: browsers send no Origin without it."""

Allow = Callable[[Request], Access | Awaitable[Access | None] | None]

log = logging.getLogger("contactledger")


@frozen
class Visit:
    """One request, by somebody who may be here."""

    ledger: Ledger
    seals: Seals
    request: Request
    access: Access
    form: FormData
    keeper: Keeper

    @property
    def words(self) -> Words:
        """The words in which the visitor is answered."""
        return words_for(self.request)

    def to(self, path: str) -> str:
        """The address of a path of ours, wherever the pages are mounted."""
        return f"{self.request.scope.get('root_path', '')}/{path.lstrip('/')}"

    def account(self) -> behind.Named:
        """The account that the address names, if the visitor may see it; else NotFound."""
        found = behind.named(self.ledger, self.request.path_params["account"])
        if found.id != self.request.path_params["account"] or not self.sees(found):
            raise NotFound("no account of this name in the ledger", field="account")
        return found

    def accounts(self) -> list[behind.Named]:
        """The accounts that the visitor may see, in order of their names."""
        if self.access.accounts is None:
            return behind.all_named(self.ledger)
        return behind.named_so(self.ledger, self.access.accounts)

    def sees(self, named: behind.Named) -> bool:
        """Whether the visitor may see an account: a name that the host gave is what the ledger
        takes it for, so that after a merge it leads on to where the account goes on."""
        if self.access.sees(named.id, named.name):
            return True
        return behind.leads(self.ledger, self.access.accounts or (), named.id)

    def only_everything(self) -> None:
        """NotFound for a visitor who may not see what lies beside the accounts."""
        if not self.access.everything:
            raise NotFound("no such page")

    def only_records(self) -> None:
        """NotFound for a visitor who may only read."""
        if not self.access.records:
            raise NotFound("no such page")

    def number(self, name: str, least: int, most: int) -> int:
        """A whole number of the query; `least` where there is none or it will not do."""
        text = self.request.query_params.get(name, "")
        good = text.isascii() and text.isdigit() and len(text) < 10
        return min(max(int(text), least), most) if good else least

    def text(self, name: str) -> str:
        """A field of the form without the spaces around it; "" where there is none."""
        value = self.form.get(name, "")
        return "" if isinstance(value, UploadFile) else value.strip()

    def texts(self, name: str) -> list[str]:
        """All fields of that name."""
        return [v for v in self.form.getlist(name) if isinstance(v, str) and v]

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page of ours."""
        token = self.seals.form_token(self.access, behind.now(self.ledger))
        shown = {"to": self.to, "access": self.access, "token": token, **values}
        html = rendered(template, shown, self.words)
        made = Response(html, status, {"Content-Language": self.words.lang}, "text/html")
        if template in SCRIPTED:
            made.headers["Content-Security-Policy"] = SCRIPTED_CSP
        return made

    def see_other(self, path: str) -> Response:
        """On to a page of ours, after a form (303)."""
        return RedirectResponse(self.to(path), HTTPStatus.SEE_OTHER)


Handler = Callable[[Visit], Response]


class Door:
    """Lets visitors in to the pages of one ledger."""

    def __init__(self, ledger: Ledger, allow: Allow, rates: Rates) -> None:
        self._ledger = ledger
        self._allow = allow
        self._rates = rates
        self.seals = behind.seals(ledger)
        self.keeper = Keeper(ledger)

    def __call__(self, handler: Handler, *, most: int = FORM_BYTES) -> Any:
        """The endpoint of a page."""

        async def endpoint(request: Request) -> Response:
            try:
                response = await self._answer(request, handler, most)
            except (LedgerError, HTTPException) as error:
                response = self.failed(request, error)
            return with_headers(response)

        return endpoint

    async def _answer(self, request: Request, handler: Handler, most: int) -> Response:
        access = await self.access(request)
        if access is None:
            return self.refused(request)
        if request.method != "POST":
            costly = request.url.path.endswith(_COSTLY)
            if costly and self._rates.over("file", access.who, FILES_A_MINUTE):
                return self.too_many(request)
            return await run_in_threadpool(handler, self.visit(request, access, FormData()))
        use, limit = ("upload", UPLOADS_A_MINUTE) if most == UPLOAD_BYTES else ("", POSTS_A_MINUTE)
        if self._rates.over(use, visitor(request) if use else access.who, limit):
            return self.too_many(request)
        refuse_foreign(request)
        async with bounded(request, most).form(max_files=1, max_fields=MAX_FIELDS) as form:
            visit = self.visit(request, access, form)
            now = behind.now(self._ledger)
            if not self.seals.is_form_token(visit.text("token"), access, now):
                raise HTTPException(403, "The form is too old, or not ours. Go back and try again.")
            return await run_in_threadpool(handler, visit)

    async def access(self, request: Request) -> Access | None:
        """What the visitor may see: by the host's word, else by a link that was opened."""
        given = await run_in_threadpool(self._allow, request)
        access: Access | None = await given if inspect.isawaitable(given) else given
        if access is not None and not isinstance(access, Access):
            raise TypeError("allow must give an Access, or None")
        if access is None or access.accounts == frozenset():
            access = self._by_link(request) or access
        return access

    def _by_link(self, request: Request) -> Access | None:
        token = request.cookies.get(COOKIE)
        if not token:
            return None
        try:
            return self.seals.opened(token, behind.now(self._ledger))
        except Unverified:
            return None

    # --- links -----------------------------------------------------------------------------

    async def link(self, request: Request) -> Response:
        """Open a link: its token goes into a cookie, and out of the address."""
        token = request.path_params["token"]
        visit = self.visit(request, Access.anyone(), FormData())
        try:
            access = self.seals.opened(token, behind.now(self._ledger))
        except Unverified:
            if self._rates.over("link", visitor(request), LINKS_A_MINUTE):
                return with_headers(self.too_many(request))
            return with_headers(self.refused(request))
        (account,) = access.accounts or ("",)
        response = visit.see_other(f"a/{account}")
        response.set_cookie(
            COOKIE,
            token,
            path=request.scope.get("root_path", "") or "/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return with_headers(response)

    def leave(self, visit: Visit) -> Response:
        """Forget the link that was opened."""
        response = visit.page("message.html", title="You have left", text="The link is forgotten.")
        response.delete_cookie(COOKIE, path=visit.request.scope.get("root_path", "") or "/")
        return response

    # --- what goes wrong -------------------------------------------------------------------

    def failed(self, request: Request, error: Exception) -> Response:
        """The page of an error. Errors of the library name fields and places, no values."""
        status, title, text = said(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("contactledger: a page failed (%s)", type(error).__name__)
        response = self._message(request, status, title, text)
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = "5"
        return response

    def refused(self, request: Request) -> Response:
        """Nobody we know."""
        text = "Log in, or open the link that you were sent. If it has ended, ask for a new one."
        return self._message(request, 401, "You need access for this page", text)

    def too_many(self, request: Request) -> Response:
        """Too often in one minute."""
        response = self._message(request, 429, "Too often", "Wait a minute and try again.")
        response.headers["Retry-After"] = "60"
        return response

    def _message(self, request: Request, status: int, title: str, text: str) -> Response:
        visit = self.visit(request, Access.anyone(), FormData())
        return visit.page("message.html", status, title=title, text=text)

    def visit(self, request: Request, access: Access, form: FormData) -> Visit:
        """A request by somebody who may be here."""
        return Visit(self._ledger, self.seals, request, access, form, self.keeper)


def said(error: Exception) -> tuple[int, str, str]:
    """Status, title and text of an error. No place: a number of a fact means nothing here."""
    if isinstance(error, HTTPException):
        return error.status_code, HTTPStatus(error.status_code).phrase, error.detail
    for kinds, status, title in _SAID:
        if isinstance(error, kinds):
            return status, title, "" if status == HTTPStatus.NOT_FOUND else str(error)
    return 500, "Something went wrong", ""


_SAID: tuple[tuple[Any, int, str], ...] = (
    (TooLarge, 413, "Too large"),
    (NotFound, 404, "There is no such page"),
    (BadInput, 422, "This cannot be taken in"),
    ((Conflict, OnHold), 409, "This contradicts what is on record"),
    (NotSealed, 409, "Nothing is sealed yet"),
    (Archived, 410, "The account is archived"),
    (StoreBusy, 503, "The ledger is busy"),
    (StoreError, 503, "The ledger cannot be reached"),
)


def refuse_foreign(request: Request) -> None:
    """HTTPException for a request that another site made the browser send.

    Browsers say where a request comes from in Sec-Fetch-Site and Origin; neither can be set
    by a page. Programs send neither.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "The form comes from another site.")
    origin = request.headers.get("origin")
    if origin and (origin == "null" or urlsplit(origin).netloc != request.headers.get("host")):
        raise HTTPException(403, "The form comes from another site.")


def with_headers(response: Response, more: Mapping[str, str] | None = None) -> Response:
    """The answer with the headers that keep a browser from doing more than was meant; those
    it has already stay."""
    for name, value in {**HEADERS, **(more or {})}.items():
        response.headers.setdefault(name, value)
    return response
