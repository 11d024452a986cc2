"""The pages of a small ledger, and visitors to them.

site = visit()
ann = site.staff()                    # a browser of the vendor's
bob = site.by_link("smith", "bob")    # one that came over a link
"""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from contactledger.facts import Coverage, Entry, Matter, Message, Money, Promise, Signal, Touch
from contactledger.ledger import Ledger
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel, SignalKind
from contactledger.web import Access, Pages, pages
from contactledger.web.behind import named
from tests.ledgers import SMITH, filled, mail, two_sides

JONES = "jones-cars"
AT = "/contacts"


class Site:
    """A ledger of two accounts with its pages, mounted in a host that knows who is who by a
    header (which stands for its log-in)."""

    def __init__(self, ledger: Ledger, clock: FixedClock, **more: Any) -> None:
        self.ledger, self.clock = ledger, clock
        self.allowed: dict[str, Access | None] = {
            "ann": Access.staff("ann", person="ann"),
            "smith-only": Access.staff("smith-only", SMITH),
            "reader": Access.staff("reader", records=False),
            "customer": Access.customer("customer", SMITH, "smith", person="bob"),
            "silent": Access.customer("silent", SMITH, "smith", records=False),
            "jones": Access.customer("jones", JONES, "smith"),
            "anyone": Access.anyone(),
        }
        self.pages: Pages = pages(
            ledger, lambda request: self.allowed.get(request.headers.get("x-who", "")), **more
        )
        self.pages._rates._clock = lambda: 0.0  # a minute that does not end while a test counts
        self.app = Starlette(routes=[Mount(AT, self.pages)])
        self.smith = named(ledger, SMITH).id
        self.jones = named(ledger, JONES).id

    def browser(self, who: str = "") -> TestClient:
        """A browser of somebody whom the host knows by this name."""
        headers = {"x-who": who} if who else {}
        return TestClient(self.app, headers=headers, follow_redirects=False)

    def staff(self) -> TestClient:
        """A browser of the vendor's."""
        return self.browser("ann")

    def by_link(self, party: str = "smith", person: str | None = "bob", **more: Any) -> TestClient:
        """A browser that opened a link."""
        client = self.browser()
        opened = client.get(AT + self.pages.link(SMITH, party, person=person, **more))
        assert opened.status_code == 303
        return client

    def a(self, path: str = "") -> str:
        """The address of a page of Smith Motors."""
        return f"{AT}/a/{self.smith}{path}"

    def entries(self) -> tuple[Entry, ...]:
        """What is on record of Smith Motors."""
        return self.ledger.entries(SMITH)

    def id(self, key: str) -> str:
        """The id behind a key of Smith Motors."""
        return next(e.id for e in self.entries() if getattr(e.fact, "key", None) == key)

    def no(self, key: str) -> int:
        """The entry number of it."""
        return next(e.no for e in self.entries() if getattr(e.fact, "key", None) == key)


def visit(**more: Any) -> Site:
    """The site: ACME wrote to Bob a month ago, phoned Carla, and promised something."""
    ledger, clock = filled()
    start = clock()
    ledger.record(
        SMITH,
        Matter("rel", title="Putting the sync to use", stake=Money(189500, "USD")),
        mail("hello", about="Inventory sync is <b>new</b>", matter="rel", expects="reply",
             message=Message(subject="Sync", text="Shall we show it to you?")),
        Signal("hello", SignalKind.DELIVERED, person="bob", source="sendgrid", at=start),
        Touch("ann", "carla", Channel.PHONE, key="call", about="Sync"),
        Promise("quote", "ann", "smith", start + timedelta(days=2), "A quote"),
    )  # fmt: skip
    ledger.record(JONES, *two_sides(), mail("secret", about="Secret of Jones"))
    ledger.record("house", Coverage("mailbox", Channel.EMAIL, at=start))
    clock.forward(days=14)
    return Site(ledger, clock, **more)


def token(html: str) -> str:
    """The token of the first form of a page."""
    found = re.search(r'name="token" value="([^"]+)"', html)
    assert found
    return found[1]


def hidden(html: str) -> dict[str, str]:
    """What the hidden fields of a page hold."""
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html)
    return {name: unescape(value) for name, value in fields}


def selected(html: str, name: str) -> str:
    """What stands in a list of a form."""
    select = re.search(rf'<select id="{name}".*?</select>', html, re.DOTALL)
    assert select
    chosen = re.search(r'<option value="([^"]*)" selected', select[0])
    return chosen[1] if chosen else ""


def hrefs(html: str) -> list[str]:
    """Where the links of a page lead."""
    return [unescape(link) for link in re.findall(r'href="([^"#]+)', html)]
