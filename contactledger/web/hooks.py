"""Where reports come in: webhooks, the pixel, links, unsubscribing. Each proves itself; no login.

Status codes of a webhook, and why::

    200  the body is durable, whatever became of it: matched, parked, or kept as unreadable.
         Sending it again would change nothing. The answer has no body: of a text, Twilio would
         make a message to the customer, and Postmark takes nothing but 200 for success
    401  it did not verify, and nothing is kept. Not 403 (Postmark gives up on it), not 406
         (Mailgun gives up) and not 410 (some unsubscribe us): if it is our key that is out of
         date, the reports are still sent again when it is mended. Amazon SNS gives up on every
         4xx but 429, so it gets 500
    404  no such source here
    413  over the source's bound
    429  too many that do not verify from one address, with Retry-After
    503  the database could not be written, with Retry-After: send it again
"""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Iterable
from functools import partial
from urllib.parse import parse_qs

import attrs
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from contactledger.configured import PROOFS
from contactledger.errors import (
    BadEvent,
    BadInput,
    LedgerError,
    NotFound,
    StoreError,
    TooLarge,
    Unverified,
)
from contactledger.ledger import Ledger
from contactledger.sources.source import Source
from contactledger.web.door import HEADERS, with_headers
from contactledger.web.limits import Rates, bounded, visitor
from contactledger.web.looks import rendered
from contactledger.web.speaking import words_for

GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent GIF of one pixel."""
REFUSED = {"amazon_ses": 500}
"""What a report is answered that does not verify, where it is not 401; see above."""
FORGED_A_MINUTE = 60
"""Reports of one address that do not verify, before it has to wait."""
HITS_A_MINUTE = 600
"""Pixels and links of one address that are recorded; above it they work and are not recorded:
a gateway of many people stays below, a flood does not fill the ledger."""
FORM_BYTES = 4_096
AT_ONCE = 4
"""Reports that a process takes in at a time. More would wait for each other's locks, and meanwhile
hold the threads and connections that pages need."""

log = logging.getLogger("contactledger")


class Hooks:
    """The endpoints of one ledger."""

    def __init__(
        self,
        ledger: Ledger,
        sources: Iterable[Source],
        rates: Rates,
        *,
        public_url: str | None,
        unproven: bool,
    ) -> None:
        if public_url is not None and not public_url.startswith(("https://", "http://")):
            raise BadInput("must be an address of the web", field="public_url")
        self._ledger = ledger
        self._rates = rates
        self._public_url = None if public_url is None else public_url.rstrip("/")
        self.sources: dict[str, Source] = {}
        for source in sources:
            if not unproven and attrs.has(type(source)) and not _proves(source):
                why = "has no key, so anybody could post its reports; give it one"
                raise BadInput(why, field=f"sources: {source.name}")
            if source.name in self.sources:
                raise BadInput("names a source twice", field="sources")
            self.sources[source.name] = source
        self._at_once = CapacityLimiter(AT_ONCE)
        # what a path says is checked by the ledger's own key; the address is only for mails
        self._tracker = ledger.tracker(self._public_url or "https://localhost")

    def routes(self) -> list[BaseRoute]:
        """Their routes."""
        return [
            Route("/hooks/{source}", self.report, methods=["POST"]),
            Route("/hooks/{source}", self.there, methods=["GET", "HEAD"]),
            Route("/o/{token}", self.pixel, methods=["GET", "HEAD"]),
            Route("/c/{token}", self.click, methods=["GET", "HEAD"]),
            Route("/u/{token}", self.ask, methods=["GET", "HEAD"]),
            Route("/u/{token}", self.unsubscribe, methods=["POST"]),
        ]

    # --- webhooks --------------------------------------------------------------------------

    async def there(self, request: Request) -> Response:
        """Providers look whether an address is there before they use it (Mandrill sends HEAD)."""
        return _empty(200 if request.path_params["source"] in self.sources else 404)

    async def report(self, request: Request) -> Response:
        """Take in a report."""
        source = self.sources.get(request.path_params["source"])
        if source is None:
            return _empty(404)
        try:
            body = await bounded(request, source.max_body_bytes).body()
            take_in = partial(
                self._ledger.receive, source, dict(request.headers), body, url=self._url(request)
            )
            await run_sync(take_in, limiter=self._at_once)
        except Unverified:
            if self._rates.over("forged", visitor(request), FORGED_A_MINUTE):
                return _empty(429, 60)
            return _empty(REFUSED.get(source.name, 401))
        except TooLarge:
            return _empty(413)
        except BadEvent:
            return _empty(200)  # it lies in the inbox, and can be gone through again
        except StoreError as error:
            _lost("report", error)
            return _empty(503, 30)
        except LedgerError as error:
            log.warning("contactledger: a report is in the inbox (%s)", type(error).__name__)
        return _empty(200)

    def _url(self, request: Request) -> str:
        """The address as the provider knows it: some sign it."""
        if self._public_url is None:
            return str(request.url)
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._public_url}{path}{query}"

    # --- pixels and links ------------------------------------------------------------------

    async def pixel(self, request: Request) -> Response:
        """The pixel; the same picture whether it is one of ours or not."""
        await self._hit(request)
        return _shown(Response(GIF, media_type="image/gif"))

    async def click(self, request: Request) -> Response:
        """On to where the link leads, which is what was signed when the mail was sent."""
        try:
            target = await run_in_threadpool(self._tracker.target, request.url.path)
        except (Unverified, NotFound):
            text = "The message it was in is not kept any more, or the address is incomplete."
            return _page(request, "This link leads nowhere", text, 404)
        except StoreError:
            return _empty(503, 5)
        await self._hit(request, target=target)
        return _shown(RedirectResponse(target, 302))

    async def ask(self, request: Request) -> Response:
        """A page with a button: a GET is no wish, scanners follow links (RFC 8058 section 3.1)."""
        if not self._known(request):
            return _page(request, "This link leads nowhere", "The address is incomplete.", 404)
        await self._hit(request)
        text = "You will get no more of these messages."
        return _page(request, "Do you want to unsubscribe?", text, button="Unsubscribe")

    async def unsubscribe(self, request: Request) -> Response:
        """Unsubscribe: only a POST that says so counts, and it needs neither login nor cookie."""
        if not self._known(request):
            return _page(request, "This link leads nowhere", "The address is incomplete.", 404)
        try:
            form = await _form(request)
        except TooLarge:
            return _empty(413)
        except (ValueError, HTTPException):  # what is no form says nothing
            form = {}
        if form.get("List-Unsubscribe", "").strip().lower() != "one-click":
            return _page(
                request, "Nothing was changed", "The request did not say what is wanted.", 400
            )
        kept = await self._hit(request, form=form)
        done = "You are unsubscribed", "It is on record from this moment on."
        return _page(request, *done) if kept else _empty(503, 30)

    def _known(self, request: Request) -> bool:
        try:
            self._tracker.read(request.url.path)
        except Unverified:
            return False
        return True

    async def _hit(
        self, request: Request, *, target: str | None = None, form: dict[str, str] | None = None
    ) -> bool:
        """Take in a request of one of the paths; whether it is durable."""
        if form is None and self._rates.over("hit", visitor(request), HITS_A_MINUTE):
            return False
        try:
            await run_in_threadpool(
                self._tracker.hit,
                request.url.path,
                method=request.method,
                ip=visitor(request) or None,
                user_agent=request.headers.get("user-agent"),
                form=form,
                target=target,
            )
        except Unverified:
            return False
        except StoreError as error:
            _lost("hit", error)
            return False
        except LedgerError as error:
            log.warning("contactledger: a hit is in the inbox (%s)", type(error).__name__)
        return True


async def _form(request: Request) -> dict[str, str]:
    """The first value of each field: RFC 8058 allows both encodings of forms."""
    limited = bounded(request, FORM_BYTES)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with limited.form(max_files=0, max_fields=10) as form:
            return {name: value for name, value in form.items() if isinstance(value, str)}
    fields = parse_qs((await limited.body()).decode("utf-8", "replace"), max_num_fields=10)
    return {name: values[0] for name, values in fields.items()}


def _proves(source: Source) -> bool:
    """Whether a source was given anything by which it can tell genuine reports."""
    return any(getattr(source, name, None) for name in PROOFS)


def _lost(what: str, error: StoreError) -> None:
    """Log that something could not be kept; without a trace, whose values may be personal."""
    log.error("contactledger: a %s was not kept (%s)", what, type(error).__name__)


def _empty(status: int, again_in_seconds: int | None = None) -> Response:
    headers = {} if again_in_seconds is None else {"Retry-After": str(again_in_seconds)}
    return with_headers(Response(b"", status, headers))


def _shown(response: Response) -> Response:
    """Mail programs show the pixel in a page of their own, and follow links from there."""
    response = with_headers(response, {"Cross-Origin-Resource-Policy": "cross-origin"})
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _page(request: Request, title: str, text: str, status: int = 200, button: str = "") -> Response:
    words = words_for(request)
    html = rendered("plain.html", {"title": title, "text": text, "button": button}, words)
    return with_headers(Response(html, status, HEADERS, media_type="text/html"))
