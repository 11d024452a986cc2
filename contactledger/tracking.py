"""Own pixels and links: put into a message before it leaves, and taken back from requests.

    tracker = ledger.tracker("https://mail.acme.example")
    with ledger.sending("smith-motors", message, to=["bob"], tracked=True) as touch:
        tracker.put_into(message, touch.token, person=…)
        smtp.send_message(message)

The original on record is the message as it was before: its text is the same, and its links are
where a link's path leads. So no table of links is kept, and none outlives the message: where
the original was erased, its links lead nowhere any more (NotFound).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default as policy
from html import escape, unescape
from typing import Any

from contactledger.errors import BadInput, NotFound
from contactledger.facts import Blob, Touch
from contactledger.log.record import decode
from contactledger.receiving import Receipt
from contactledger.references import id_ref, new_id
from contactledger.sources.track import Token, Tracking, hit
from contactledger.store.port import Store

MAX_PATH_CHARS = 2_000
MAX_LINKS = 1_000
"""Of one message; those behind it are left as they are."""

_LINK = re.compile(
    r"""(<a\b[^<>]{0,2000}?\shref\s{0,10}=\s{0,10})("[^"<>]{1,8000}"|'[^'<>]{1,8000}')""",
    re.IGNORECASE,
)
_BODY_END = re.compile(r"</body\s{0,10}>", re.IGNORECASE)
_WEB = ("https://", "http://")


def tracking_key(secret: bytes) -> bytes:
    """The key for tracking that a ledger's secret gives; it tells nothing of the secret."""
    return hmac.new(secret, b"contactledger/track/v1/key", hashlib.sha256).digest()


def links_in(html: str) -> list[str]:
    """The targets of a message's links, in order; those that lead elsewhere than to the web
    (mailto:, anchors) are left out."""
    found = (unescape(link[2][1:-1].strip()) for link in _LINK.finditer(html))
    return [target for target in found if target.lower().startswith(_WEB)][:MAX_LINKS]


class Tracker:
    """Makes and takes back the paths of one ledger. `Ledger.tracker` makes it."""

    def __init__(
        self,
        base_url: str,
        key: bytes,
        *,
        store: Store,
        receive: Callable[[Any, Mapping[str, str], bytes], Receipt],
        now: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        if not base_url.lower().startswith(_WEB) or "?" in base_url or "#" in base_url:
            raise BadInput("must be an address of the web without a query", field="base_url")
        self.base_url = base_url.rstrip("/")
        self.source = Tracking(key)
        self._store = store
        self._receive = receive
        self._now = now
        self._random = random_bytes

    def __repr__(self) -> str:
        return f"Tracker({self.base_url!r})"

    # --- out -----------------------------------------------------------------------------

    def put_into(
        self,
        message: EmailMessage,
        touch: str,
        *,
        person: str | None = None,
        own: bool = False,
        unsubscribe: bool = False,
    ) -> int:
        """Lead the links of the message's HTML over the tracker and add the pixel; how many.

        `touch`: the touch's id (`Sent.token`). `person`: the id of the one person who gets this
        copy; without it nobody is told apart. `own`: the sender's own copy, whose views are
        kept and marked. `unsubscribe`: with the headers of RFC 8058 (needs `person`). A message
        without HTML is left as it is.
        """
        if unsubscribe:
            if person is None:
                raise BadInput("is needed to unsubscribe somebody", field="person")
            address = self.base_url + self.source.unsubscribe(touch, person)
            message["List-Unsubscribe"] = f"<{address}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        part = message.get_body(("html",))
        if part is None:
            return 0
        made, count = self.rewritten(part.get_content(), touch, person=person, own=own)
        part.set_content(made, subtype="html")
        return count

    def rewritten(
        self, html: str, touch: str, *, person: str | None = None, own: bool = False
    ) -> tuple[str, int]:
        """The same HTML with its links led over the tracker and the pixel at its end."""
        count = 0

        def led(link: re.Match[str]) -> str:
            nonlocal count
            target = unescape(link[2][1:-1].strip())
            if not target.lower().startswith(_WEB) or count >= MAX_LINKS:
                return link[0]
            path = self.source.link(touch, count, target, person, own=own)
            count += 1
            return f'{link[1]}"{escape(self.base_url + path)}"'

        made = _LINK.sub(led, html)
        address = escape(self.base_url + self.source.pixel(touch, person, own=own))
        pixel = f'<img src="{address}" width="1" height="1" alt="">'
        ends = [found.start() for found in _BODY_END.finditer(made)]
        end = ends[-1] if ends else len(made)
        return made[:end] + pixel + made[end:], count

    # --- in ------------------------------------------------------------------------------

    def read(self, path: str) -> Token:
        """What a path says; `Unverified` for one that was not signed here."""
        return self.source.read(path[:MAX_PATH_CHARS])

    def target(self, path: str) -> str:
        """Where a link leads, looked up in the original of its touch.

        `Unverified` for a path that was not signed for that target, `NotFound` where the
        touch or its original is not there any more.
        """
        token = self.read(path)
        return self.source.target(path, links_in(self._html(token.touch)))

    def hit(
        self,
        path: str,
        *,
        method: str = "GET",
        ip: str | None = None,
        user_agent: str | None = None,
        form: Mapping[str, str] | None = None,
        target: str | None = None,
    ) -> Receipt:
        """Take in a request of one of the paths: durable, verified, matched, recorded."""
        body = hit(
            path[:MAX_PATH_CHARS],
            id=new_id(self._random),
            at=self._now(),
            method=method,
            ip=ip,
            user_agent=user_agent,
            target=target,
            form=form,
        )
        return self._receive(self.source, {"Content-Type": "application/json"}, body)

    def _html(self, touch: str) -> str:
        with self._store.begin(write=False) as tx:
            rows = [row for row in tx.find([id_ref(touch)]) if row.kind == "touch"]
            if len(rows) != 1:
                raise NotFound("no touch of this id", field="touch")
            account, no = rows[0].account, rows[0].no
            (entry,) = tx.entries(account, no, no + 1)
            bodies = [part.body for part in tx.disclosures(account, no, no + 1)]
            fact = decode(entry.record, bodies).fact
            original = fact.original if isinstance(fact, Touch) else None
            data = tx.blob(account, original.sha256) if isinstance(original, Blob) else None
        if data is None:
            raise NotFound("the message is not kept any more", field="Touch.original")
        message: Message = BytesParser(policy=policy).parsebytes(data)
        part = message.get_body(("html",)) if isinstance(message, EmailMessage) else None
        return "" if part is None else str(part.get_content())
