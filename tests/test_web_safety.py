"""OWASP's usual list, against the pages: each heading is one of it."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from contactledger.errors import BadInput, Unverified
from contactledger.web import pages
from contactledger.web.access import FORM_TOKEN, MAX_LINK, Seals
from contactledger.web.door import (
    FILES_A_MINUTE,
    LINKS_A_MINUTE,
    POSTS_A_MINUTE,
    UPLOADS_A_MINUTE,
)
from contactledger.web.limits import FORM_BYTES, JSON_BYTES, REMEMBERED, UPLOAD_BYTES, Rates
from contactledger.web.looks import HTMX_SHA384
from tests.ledgers import SMITH, Probe, event
from tests.visiting import AT, JONES, Site, hidden, token, visit

OPEN = {
    "/style.css",
    "/htmx.js",
    "/in/{token}",
    "/hooks/{source}",
    "/o/{token}",
    "/c/{token}",
    "/u/{token}",
}
"""Addresses that need no access: they show nothing of the ledger, or prove themselves."""


def every_address(site: Site, account: str) -> list[tuple[str, str]]:
    """Each method and address of the pages, with the ids of an account filled in."""
    found = []
    numbers = [str(entry.no) for entry in site.ledger.entries(account) if entry.kind == "touch"]
    for route in site.pages._app.routes:
        assert isinstance(route, Route)
        if route.path in OPEN:
            continue
        path = route.path.replace("{account}", account).replace("{no:int}", numbers[0])
        one = "touch-certificate.txt" if "/t/" in path else "proof-of-contact.json"
        one = "ledger-health.csv" if path.startswith("/get/") else one
        path = path.replace("{kind}", "promises").replace("{file}", one)
        path = path.replace("{what}", "findings")
        path = path.replace("{id}", "a" * 26).replace("{rest:path}", "no/such/page")
        found += [(m, AT + path) for m in sorted(route.methods or ()) if m != "HEAD"]
    return found


def asked(client: TestClient, method: str, address: str, **form: str):
    """The answer to a request of a page, or of the API."""
    if method == "POST" and "/api/" in address:
        touch = {"kind": "touch", "to": ["ann"], "channel": "email"}
        return client.post(address, json={"facts": [touch]})
    return client.post(address, data=form) if method == "POST" else client.get(address)


# --- A01 broken access control -------------------------------------------------------------


def test_every_address_is_refused_to_somebody_whom_nobody_knows():
    site = visit()
    for method, address in every_address(site, site.smith):
        answer = asked(site.browser(), method, address)
        assert answer.status_code == 401, (method, address)
        assert "Smith" not in answer.text


@pytest.mark.parametrize("account", [SMITH, JONES])
@pytest.mark.parametrize("who", ["customer", "jones", "smith-only", "anyone", "link"])
def test_every_address_of_an_account_is_not_there_for_those_of_another(who, account):
    site = visit()
    own = {"jones": JONES, "anyone": ""}.get(who, SMITH)
    if own == account:
        return
    client = site.by_link() if who == "link" else site.browser(who)
    id_ = site.ledger.entries(account)[0].account
    before = site.ledger.entries(account)
    form = {"token": token(client.get(f"{AT}/verify").text), "entry": "1", "word": "disputed"}
    tried = [(m, a) for m, a in every_address(site, id_) if id_ in a]
    assert len(tried) >= 12
    for method, address in tried:
        answer = asked(client, method, address, **form)
        assert answer.status_code == 404, (method, address)
        for word in ("Secret", "Inventory", "Bob", "Carla", "dealers", account):
            assert word not in answer.text
    assert site.ledger.entries(account) == before


def test_another_account_is_not_there_by_its_name_either():
    site = visit()
    for name in (SMITH, JONES, "house"):
        assert site.staff().get(f"{AT}/a/{name}").status_code == 404
        assert site.staff().get(f"{AT}/api/accounts/{name}/findings").status_code == 404


def test_what_is_no_account_and_what_is_anothers_cannot_be_told_apart():
    site = visit()
    theirs = site.browser("customer").get(f"{AT}/a/{site.jones}")
    nobodys = site.browser("customer").get(f"{AT}/a/{'a' * 26}")
    assert (theirs.status_code, theirs.text) == (nobodys.status_code, nobodys.text)


@pytest.mark.parametrize("who", ["customer", "smith-only", "anyone", "link"])
def test_what_lies_beside_the_accounts_is_for_those_who_see_everything(who):
    probe = Probe(event("delivered", provider_id="x"))
    site = visit(sources=[probe])
    waiting = site.ledger.receive(probe, {}, b"secret body").inbox
    client = site.by_link() if who == "link" else site.browser(who)
    form = {"token": token(client.get(f"{AT}/verify").text)}
    for path in ("/inbox", f"/inbox/{waiting}", "/health"):
        assert client.get(AT + path).status_code == 404
    reader = site.browser("reader")
    reads = {"token": token(reader.get(f"{AT}/").text)}
    for path in ("/replay", f"/inbox/{waiting}/discard"):
        assert client.post(AT + path, data=form).status_code == 404
        assert reader.post(AT + path, data=reads).status_code == 404
    assert [body.id for body in site.ledger.inbox()] == [waiting]


def test_a_search_finds_only_what_may_be_seen():
    site = visit()
    for who in ("customer", "smith-only"):
        client = site.browser(who)
        form = {"token": token(client.get(f"{AT}/verify").text), "q": ""}
        found = client.post(f"{AT}/find", data=form).text
        assert (site.smith in found, site.jones in found) == (True, False)
    listed = site.browser("customer").get(f"{AT}/api/accounts").json()["accounts"]
    assert [one["id"] for one in listed] == [site.smith]


def test_somebody_unknown_may_verify_and_is_shown_nothing_else():
    site = visit()
    anyone = site.browser("anyone")
    assert anyone.get(f"{AT}/").headers["location"] == f"{AT}/verify"
    page = anyone.get(f"{AT}/verify").text
    assert "/inbox" not in page
    assert "Accounts" not in page


def test_a_partner_of_the_same_account_cannot_mark_for_the_customer():
    site = visit()
    bob = site.by_link()
    html = bob.get(site.a(f"/t/{site.no('hello')}")).text
    bob.post(site.a("/mark"), data={**hidden(html), "word": "disputed", "party": site.id("acme")})
    assert site.entries()[-1].fact.party == site.id("smith")


# --- A02 cryptographic failures: links and cookies -----------------------------------------


def test_a_link_ends_and_so_does_what_it_opened():
    site = visit()
    bob = site.by_link(lasts=timedelta(days=1))
    link = AT + site.pages.link(SMITH, "smith", lasts=timedelta(days=1))
    assert bob.get(site.a()).status_code == 200
    site.clock.forward(days=1)
    assert bob.get(site.a()).status_code == 401
    assert site.browser().get(link).status_code == 401


def test_a_link_that_was_changed_anywhere_opens_nothing():
    site = visit()
    made = site.pages.link(SMITH, "smith").removeprefix("/in/")
    browser = TestClient(pages(site.ledger, lambda _: None), follow_redirects=False)
    for at in range(0, len(made), 7):
        other = "A" if made[at] != "A" else "B"
        seals = Seals(site.ledger._row.secret)
        with pytest.raises(Unverified):
            seals.opened(made[:at] + other + made[at + 1 :], site.clock())
    for bad in ("x", "é", made[:-4], "%00"):
        assert browser.get(f"/in/{bad}").status_code == 401
    assert browser.get(f"/in/{made}").status_code == 303


def test_a_link_of_another_ledger_opens_nothing():
    link = visit().pages.link(SMITH, "smith")
    assert visit().browser().get(AT + link).status_code == 401


def test_links_hold_ids_alone_and_their_keys_are_shown_nowhere():
    site = visit()
    seals = Seals(site.ledger._row.secret)
    assert repr(seals) == "Seals(…)"
    assert "ann" not in repr(site.allowed["ann"])
    with pytest.raises(BadInput, match="not a key"):
        seals.link(site.smith, "smith", None, site.clock() + MAX_LINK)


def test_the_cookie_of_a_link_is_kept_from_scripts_and_other_sites():
    site = visit()
    link = AT + site.pages.link(SMITH, "smith")
    plain = site.browser().get(link).headers["set-cookie"]
    secure = TestClient(site.app, "https://testserver", follow_redirects=False).get(link)
    assert "HttpOnly" in plain
    assert "SameSite=lax" in plain
    assert f"Path={AT}" in plain
    assert "Secure" in secure.headers["set-cookie"]


def test_links_cannot_be_tried_one_after_the_other():
    browser = visit().browser()
    codes = [browser.get(f"{AT}/in/guess").status_code for _ in range(LINKS_A_MINUTE + 1)]
    assert (set(codes[:-1]), codes[-1]) == ({401}, 429)


def test_a_link_does_not_take_away_what_the_host_allows():
    site = visit()
    both = site.staff()
    both.get(AT + site.pages.link(SMITH, "smith"))
    assert both.get(f"{AT}/health").status_code == 200
    stale = site.browser()
    stale.cookies.set("contactledger_link", "x")
    assert stale.get(f"{AT}/").status_code == 401


# --- A03 injection -------------------------------------------------------------------------


def test_what_people_typed_is_text_on_every_page():
    site = visit()
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    ann = site.staff()
    html = ann.get(site.a("/new")).text
    form = {**hidden(html), "sender": site.id("ann"), "to": site.id("bob"), "channel": "phone",
            "when": "2026-03-16T09:00", "about": evil, "text": evil, "call": ""}  # fmt: skip
    assert ann.post(site.a("/touch"), data=form).status_code == 303
    no = site.entries()[-1].no
    page = ann.get(site.a(f"/t/{no}")).text
    sent = ann.post(site.a("/mark"), data={**hidden(page), "word": "disputed", "text": evil})
    assert sent.status_code == 303
    bad = ann.post(site.a("/touch"), data={**form, "to": evil, "channel": evil})
    found = ann.post(f"{AT}/find", data={**hidden(page), "q": evil})
    for answer in (ann.get(site.a()), ann.get(site.a(f"/t/{no}")), ann.get(site.a("/report")),
                   ann.get(f"{AT}/"), bad, found):  # fmt: skip
        assert "<script>" not in answer.text
        assert "<img" not in answer.text


# --- A05 misconfiguration: headers ---------------------------------------------------------


def test_every_answer_keeps_the_browser_from_doing_more_than_was_meant():
    site = visit(sources=[Probe()])
    answers = [asked(site.staff(), m, a) for m, a in every_address(site, site.smith)]
    answers += [site.browser().get(AT + path) for path in ("/", "/style.css", "/hooks/x")]
    answers += [site.browser().get(f"{AT}/o/x.gif"), site.browser().get(f"{AT}/u/x")]
    for answer in answers:
        headers = answer.headers
        assert "default-src 'none'" in headers["content-security-policy"], answer.url
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] in ("same-origin", "no-referrer")
        assert "max-age" in headers["cache-control"] or headers["cache-control"] == "no-store"


def test_no_page_holds_a_script_or_a_style_of_its_own_but_the_one_file():
    site = visit()
    for method, address in every_address(site, site.smith):
        if method == "POST" or "/report" in address or "/get/" in address:
            continue
        html = site.staff().get(address).text
        ours = f'<script src="{AT}/htmx.js" integrity="{HTMX_SHA384}" defer></script>'
        html = html.replace(ours, "")
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", html), address


# --- A01 again: requests that another site makes the browser send --------------------------


@pytest.mark.parametrize("field", ["", "x" * 43, "é"])
def test_a_form_without_its_token_changes_nothing(field):
    site = visit()
    ann, before = site.staff(), site.entries()
    form = {"token": field, "entry": str(site.no("hello")), "word": "disputed"}
    for path in (site.a("/mark"), site.a("/touch"), f"{AT}/find", f"{AT}/replay", f"{AT}/verify"):
        assert ann.post(path, data=form).status_code == 403
    assert site.entries() == before


def test_a_token_is_its_visitors_alone_and_ends():
    site = visit()
    form = {"token": token(site.browser("reader").get(f"{AT}/").text), "q": ""}
    assert site.staff().post(f"{AT}/find", data=form).status_code == 403
    own = {"token": token(site.staff().get(f"{AT}/").text), "q": ""}
    site.clock.forward(seconds=FORM_TOKEN.total_seconds())
    assert site.staff().post(f"{AT}/find", data=own).status_code == 200
    site.clock.forward(seconds=FORM_TOKEN.total_seconds())
    assert site.staff().post(f"{AT}/find", data=own).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_what_another_site_sends_is_refused_even_with_a_token(headers):
    site = visit()
    form = {"token": token(site.staff().get(f"{AT}/").text), "q": ""}
    assert site.staff().post(f"{AT}/find", data=form, headers=headers).status_code == 403
    touch = {"facts": [{"kind": "touch", "to": ["bob"], "channel": "email"}]}
    api = f"{AT}/api/accounts/{site.smith}/record"
    assert site.staff().post(api, json=touch, headers=headers).status_code == 403
    good = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert site.staff().post(f"{AT}/find", data=form, headers=good).status_code == 200


def test_a_form_of_another_site_cannot_be_sent_to_the_api():
    site = visit()
    api = f"{AT}/api/accounts/{site.smith}/record"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = site.staff().post(api, content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415


# --- unvalidated redirects -----------------------------------------------------------------


def test_every_redirect_stays_within_the_pages():
    site = visit()
    evil = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    ann = site.staff()
    html = ann.get(site.a(f"/t/{site.no('hello')}")).text
    answers = [
        site.browser("smith-only").get(f"{AT}/?next=//evil.example", headers=evil),
        site.browser("anyone").get(f"{AT}/", headers=evil),
        site.browser().get(AT + site.pages.link(SMITH, "smith"), headers=evil),
        ann.post(site.a("/mark"), data={**hidden(html), "word": "acknowledged"}, headers=evil),
    ]
    for answer in answers:
        assert answer.status_code == 303
        assert answer.headers["location"].startswith(f"{AT}/")


# --- A04 insecure design: bounds -----------------------------------------------------------


def test_forms_uploads_and_json_are_bounded():
    site = visit()
    ann = site.staff()
    form = {"token": token(ann.get(f"{AT}/").text)}
    assert ann.post(f"{AT}/find", data={**form, "q": "x" * FORM_BYTES}).status_code == 413
    api = f"{AT}/api/accounts/{site.smith}/record"
    assert ann.post(api, json={"facts": "x" * JSON_BYTES}).status_code == 413
    lied = {"content-type": "multipart/form-data; boundary=x", "content-length": "9" * 30}
    assert ann.post(f"{AT}/verify", content=b"--x", headers=lied).status_code == 413
    assert UPLOAD_BYTES < 100_000_000


def test_a_form_of_too_many_fields_or_files_is_refused():
    site = visit()
    ann = site.staff()
    many = {f"f{n}": "x" for n in range(300)}
    assert ann.post(f"{AT}/find", data=many).status_code == 400
    files = [("a", ("a", b"x")), ("b", ("b", b"x"))]
    assert ann.post(f"{AT}/verify", files=files).status_code == 400


def test_a_visitor_who_sends_too_often_has_to_wait():
    site = visit()
    ann = site.staff()
    form = {"token": token(ann.get(f"{AT}/").text), "q": "none"}
    codes = [ann.post(f"{AT}/find", data=form) for _ in range(POSTS_A_MINUTE + 1)]
    assert {one.status_code for one in codes[:-1]} == {200}
    assert (codes[-1].status_code, codes[-1].headers["retry-after"]) == (429, "60")
    uploads = [ann.post(f"{AT}/verify", data=form).status_code for _ in range(UPLOADS_A_MINUTE + 1)]
    assert (set(uploads[:-1]), uploads[-1]) == ({422}, 429)
    paper = site.a("/get/nothing.pdf")
    papers = [ann.get(paper).status_code for _ in range(FILES_A_MINUTE + 1)]
    assert (set(papers[:-1]), papers[-1]) == ({404}, 429)
    assert ann.get(site.a("/get/proof-of-contact.csv")).status_code == 200
    assert site.browser("reader").get(f"{AT}/").status_code == 200


def test_rates_are_counted_by_the_minute_and_in_bounded_memory():
    now = [0.0]
    rates = Rates(lambda: now[0])
    assert [rates.over("x", "a", 1) for _ in range(2)] == [False, True]
    assert rates.over("x", "b", 1) is False
    now[0] = 60.0
    assert rates.over("x", "a", 1) is False
    for n in range(REMEMBERED + 5):
        rates.over("x", str(n), 1)
    assert len(rates._counts) <= REMEMBERED


# --- A09 logging: nothing personal in addresses and logs -----------------------------------


def test_no_address_and_no_line_of_the_log_holds_anything_personal(caplog):
    site = visit(sources=[Probe()])
    caplog.set_level(logging.DEBUG)
    ann = site.staff()
    addresses = []
    for method, address in every_address(site, site.smith):
        answer = asked(ann, method, address)
        addresses += [address, answer.headers.get("location", "")]
        if "/get/" not in address and "/report" not in address:
            addresses += re.findall(r'(?:href|action)="([^"]*)"', answer.text)
    form = {"token": token(ann.get(f"{AT}/").text), "q": "smith"}
    addresses.append(str(ann.post(f"{AT}/find", data=form).url))
    lines = [record.getMessage() for record in caplog.records if "contactledger" in record.name]
    for text in [*addresses, *lines]:
        for word in ("smith", "Smith", "bob", "Bob", "ann@", "sync", "jones"):
            assert word not in text


def test_an_error_of_ours_is_a_page_without_its_values(caplog, monkeypatch):
    site = visit()

    def fail(*_, **__):
        raise Unverified("Bob Ray, bob@smith.example")

    monkeypatch.setattr("contactledger.web.health.behind.recorded_at", fail)
    page = site.staff().get(f"{AT}/health")
    assert (page.status_code, "Something went wrong" in page.text) == (500, True)
    assert "Bob" not in page.text
    assert "Bob" not in caplog.text


def test_a_database_that_is_away_asks_to_try_again(monkeypatch):
    from contactledger.errors import StoreBusy

    site = visit()

    def fail(*_, **__):
        raise StoreBusy("busy")

    monkeypatch.setattr("contactledger.web.health.behind.recorded_at", fail)
    page = site.staff().get(f"{AT}/health")
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
