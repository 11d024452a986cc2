"""The command that serves the pages of a ledger by themselves: `serve`.

For trying it out, and behind a proxy that does the log-in. It listens on this machine alone
unless told otherwise. Whoever comes shows the password of CONTACTLEDGER_WEB_PASSWORD (HTTP
basic authentication, any user name) and then sees and records everything; holders of links
see their account. Webhooks are there for every source that has a key in the environment
(CONTACTLEDGER_<SOURCE>_KEY and the like).
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contactledger.commanding import AsJson, Db, Recorder, opened, tell
from contactledger.configured import PREFIX, configured, named, unproven
from contactledger.errors import BadInput, NotInstalled

if TYPE_CHECKING:
    from contactledger.sources.source import Source
    from contactledger.web.door import Allow

PASSWORD = f"{PREFIX}WEB_PASSWORD"
MIN_PASSWORD_CHARS = 12


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(serve)


def serve(
    db: Db,
    recorder: Recorder,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535)] = 8000,
    public_url: Annotated[str, typer.Option(help="The address as others see it.")] = "",
    signer: Annotated[str, typer.Option(help="The key to seal with, a path or env:NAME.")] = "",
    as_json: AsJson = False,
) -> None:
    """Serve the pages, webhooks and the JSON API of a ledger; the password is in the environment
    (CONTACTLEDGER_WEB_PASSWORD)."""
    try:
        import uvicorn

        from contactledger.web import pages
    except ImportError:
        raise NotInstalled("serving needs contactledger[serve]") from None

    allow = by_password(os.environ)
    with opened(db, recorder=recorder, signer=signer or None) as ledger:
        app: Any = pages(
            ledger, allow, sources=with_keys(os.environ), public_url=public_url or None
        )
        url = f"http://{host}:{port}/"
        tell({"url": url}, f"serving on {url} (Ctrl-C ends it)", as_json=as_json)
        uvicorn.run(asking(app), host=host, port=port, log_level="warning", server_header=False)


def by_password(environment: Mapping[str, str]) -> Allow:
    """An `allow` by the password of the environment; BadInput for none, or a short one."""
    from contactledger.web import Access

    password = environment.get(PASSWORD, "")
    if len(password) < MIN_PASSWORD_CHARS:
        raise BadInput(f"must be set, to {MIN_PASSWORD_CHARS} characters at least", field=PASSWORD)

    def allow(request: Any) -> Any:
        scheme, _, said = request.headers.get("authorization", "").partition(" ")
        try:
            given = b64decode(said, validate=True).partition(b":")[2]
        except ValueError:
            given = b""
        good = scheme.lower() == "basic" and hmac.compare_digest(given, password.encode())
        return Access.staff("password") if good else None

    return allow


def asking(app: Any) -> Any:
    """The same app, whose 401 makes a browser ask for the password."""

    async def asked(scope: Any, receive: Any, send: Any) -> None:
        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] == 401:
                more = (b"www-authenticate", b'Basic realm="contactledger", charset="UTF-8"')
                message = {**message, "headers": [*message["headers"], more]}
            await send(message)

        await app(scope, receive, sent)

    return asked


def with_keys(environment: Mapping[str, str]) -> list[Source]:
    """The sources of the environment that can tell genuine reports."""
    found = []
    for name in sorted(named()):
        mine = f"{PREFIX}{name.upper().replace('-', '_')}_"
        if any(variable.startswith(mine) for variable in environment):
            made = configured(name, environment)
            if not unproven(made):
                found.append(made)
    return found
