"""The pages of a ledger as one ASGI app, to be mounted in a host's (see the folder's docstring)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from contactledger.errors import BadInput
from contactledger.exchange import Trust
from contactledger.facts import Party, Person
from contactledger.ledger import Ledger
from contactledger.sources.source import Source
from contactledger.web import (
    account_page,
    behind,
    health,
    inbox,
    reading_pages,
    taking_away,
    verify,
    writing_pages,
)
from contactledger.web.access import MAX_LINK
from contactledger.web.api import failed as api_failed
from contactledger.web.api import routes as api_routes
from contactledger.web.door import Allow, Door, with_headers
from contactledger.web.hooks import Hooks
from contactledger.web.limits import UPLOAD_BYTES, Rates
from contactledger.web.looks import HTMX, packaged
from contactledger.web.speaking import LANG, words_in


class Pages:
    """An ASGI app over one ledger. `pages` makes it."""

    def __init__(
        self,
        ledger: Ledger,
        allow: Allow,
        sources: Iterable[Source] = (),
        trust: Iterable[Trust] = (),
        *,
        public_url: str | None = None,
        unproven: bool = False,
        lang: str | None = None,
    ) -> None:
        if lang is not None:
            words_in(lang)  # or BadInput
        self._lang = lang
        behind.refuse_joined(ledger)
        self._ledger = ledger
        rates = self._rates = Rates()
        door = Door(ledger, allow, rates)
        self._seals = door.seals
        self._keeper = door.keeper
        hooks = Hooks(ledger, sources, rates, public_url=public_url, unproven=unproven)
        show = partial(door, most=UPLOAD_BYTES)
        verifier = verify.Verifier(tuple(trust))
        account = "/a/{account}"
        self._app = Starlette(
            routes=[
                Route("/", door(reading_pages.accounts)),
                Route("/find", door(reading_pages.find), methods=["POST"]),
                Route(account, door(account_page.account)),
                Route(f"{account}/t/{{no:int}}", door(reading_pages.touch)),
                Route(f"{account}/report", door(taking_away.report)),
                Route(f"{account}/report/{{kind}}", door(taking_away.report)),
                Route(f"{account}/get/{{file}}", door(taking_away.download)),
                Route(f"{account}/t/{{no:int}}/get/{{file}}", door(taking_away.certificate)),
                Route(f"{account}/new", door(writing_pages.new_touch)),
                Route(f"{account}/touch", door(writing_pages.record_touch), methods=["POST"]),
                Route(f"{account}/mark", door(writing_pages.record_mark), methods=["POST"]),
                Route("/inbox", door(partial(inbox.listed, hooks.sources))),
                Route("/inbox/{id}", door(inbox.one)),
                Route("/inbox/{id}/discard", door(inbox.discard), methods=["POST"]),
                Route("/replay", door(partial(inbox.replay, hooks.sources)), methods=["POST"]),
                Route("/health", door(health.health)),
                Route("/get/{file}", door(taking_away.survey)),
                Route("/told", door(taking_away.survey), methods=["POST"]),
                Route("/verify", door(verifier.ask)),
                Route("/verify", show(verifier.verdict), methods=["POST"]),
                Route("/in/{token}", door.link),
                Route("/leave", door(door.leave), methods=["POST"]),
                Route("/style.css", _style),
                Route("/htmx.js", _htmx),
                *hooks.routes(),
                *api_routes(ledger, door, rates),
                Route("/{rest:path}", door(reading_pages.nowhere), methods=["GET", "POST"]),
            ],
            exception_handlers={HTTPException: partial(_unrouted, door)},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self._keeper.tidy()
        await self._app({**scope, LANG: self._lang}, receive, send)

    def link(
        self,
        account: str,
        party: str,
        *,
        person: str | None = None,
        lasts: timedelta = timedelta(days=14),
    ) -> str:
        """The path, below where the pages are mounted, of a link for a party of an account.

        Who opens it sees that account alone, and answers, acknowledges and disputes as that
        party, or as that `person` of it, until it ends. It names them by random ids. Raises
        NotFound, and BadInput for a link that lasts longer than `MAX_LINK`.
        """
        if not timedelta(0) < lasts <= MAX_LINK:
            raise BadInput(f"must be {MAX_LINK.days} days at most", field="lasts")
        named = behind.named(self._ledger, account)
        entries = list(behind.loaded(self._ledger, named.id).entries)
        ids = [behind.party_of(entries, party, Party)]
        if person is not None:
            ids.append(behind.party_of(entries, person, Person))
        until = behind.now(self._ledger) + lasts
        return f"/in/{self._seals.link(named.id, ids[0], ids[1] if ids[1:] else None, until)}"


def pages(
    ledger: Ledger,
    allow: Allow,
    *,
    sources: Iterable[Source] = (),
    trust: Iterable[Trust] = (),
    public_url: str | None = None,
    unproven: bool = False,
    lang: str | None = None,
) -> Pages:
    """The pages of a ledger, to be mounted in a host's ASGI app.

    `allow(request)` says who somebody is: an `Access`, or None for nobody; it may be async. No
    page is shown without it, but to the holder of a signed link that has not ended (`link`).
    `sources`: those whose reports are taken in at /hooks/NAME. `trust`: verifier keys of other
    ledgers, for the page that verifies. `public_url`: the address the pages are mounted at, as
    others see it, where a proxy stands in front: some providers sign it. `unproven`: also of
    sources without a key, where something in front lets nobody else through (BadInput if not).

    `lang`: "en" or "de" for everybody; by default that which the visitor's browser asks for.

    The ledger must not be in a host's transaction: what is answered with success is durable.
    """
    return Pages(ledger, allow, sources, trust, public_url=public_url, unproven=unproven, lang=lang)


async def _unrouted(door: Door, request: Request, error: Exception) -> Response:
    """What no route takes, by its address or its method, in the shape of what was asked for."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    if path.startswith("/api/"):
        return api_failed(error)
    return with_headers(door.failed(request, error))


async def _style(_: Request) -> Response:
    """The one style sheet; it holds nothing of the ledger."""
    made = Response(packaged("style.css"), media_type="text/css")
    return with_headers(made, {"Cache-Control": "max-age=3600"})


async def _htmx(_: Request) -> Response:
    """The one script, of which two pages make use (`looks.py`)."""
    made = Response(packaged(HTMX, "assets"), media_type="text/javascript")
    return with_headers(made, {"Cache-Control": "max-age=86400"})
