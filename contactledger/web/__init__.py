"""The web part (extra `web`): pages, webhooks and a JSON API of a ledger, as one ASGI app.

    from contactledger.web import Access, pages

    contacts = pages(ledger, allow=lambda request: Access.staff(request.user.username))
    app = Starlette(routes=[Mount("/contacts", contacts)])

Which module to open for what::

    app.py            `pages`: the routes, and links for customers
    access.py         who may see what; signed links and tokens of forms
    door.py           what every request for a page passes: access, forms, headers, errors
    limits.py         how much and how often
    kept.py           what accounts were judged, as long as it is true
    account_page.py   an account: turn, steps, touches, matters, promises
    reading_pages.py  accounts, a touch, what one takes away
    writing_pages.py  a touch or an answer, a party's word on an entry
    taking_away.py    reports of every kind and form, bundles
    inbox.py health.py verify.py   what waits; who listens and what is sealed; bundles
    hooks.py          webhooks, pixels, links, unsubscribing
    api.py openapi.py the JSON API and its description
    behind.py         what the pages ask of a ledger that is no word of it
    looks.py speaking.py  pages of templates/, in the words of catalogue/; assets/
    wsgi.py           the way in for hosts that speak WSGI

Pages work without JavaScript; two of them use a little (`looks.py`). The customer's view is the
same pages, seen over an `Access.customer` or a link (`Pages.link`).
"""

from contactledger.web.access import Access
from contactledger.web.app import Pages, pages

__all__ = ["Access", "Pages", "pages"]
