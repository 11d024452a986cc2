"""The way in for hosts that speak WSGI: Flask, a Django without ASGI, Pyramid.

    from contactledger.web.wsgi import wsgi
    application = DispatcherMiddleware(flask_app, {"/contacts": wsgi(pages(ledger, allow))})

The pages run on an event loop in a thread of their own, which a2wsgi keeps. `allow` gets a
Starlette request; what the host put into the WSGI environment (REMOTE_USER, a session) is
`request.scope["wsgi_environ"]`.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from contactledger.errors import NotInstalled


def wsgi(app: ASGIApp) -> Any:
    """The pages as a WSGI application. NotInstalled without the extra `wsgi`."""
    try:
        from a2wsgi import ASGIMiddleware
    except ImportError:
        raise NotInstalled("WSGI hosts need contactledger[wsgi]") from None
    return ASGIMiddleware(app)  # type: ignore[arg-type]
