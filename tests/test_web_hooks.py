"""Webhooks, pixels, links and unsubscribing: what is answered, and what is durable by then."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from threading import Event, Lock

import httpx2
import pytest
from starlette.testclient import TestClient

from contactledger.errors import BadEvent, BadInput, Conflict, StoreBusy, Unverified
from contactledger.sources import AmazonSES, Mailgun, Postmark, Twilio
from contactledger.vocabulary import SignalKind
from contactledger.web import Access, pages
from contactledger.web.hooks import AT_ONCE, FORGED_A_MINUTE, GIF, HITS_A_MINUTE
from contactledger.web.limits import Rates
from tests.ledgers import SMITH, Probe, editing, event, in_file, message
from tests.visiting import AT, Site, visit

HOOK = f"{AT}/hooks/probe"


class Failing(Probe):
    """A source that raises where it is told to."""

    def __init__(self, *, verify: Exception | None = None, parse: Exception | None = None):
        super().__init__()
        self.raised = verify, parse

    def verify(self, headers, body, url, now):
        if self.raised[0]:
            raise self.raised[0]
        return super().verify(headers, body, url, now)

    def parse(self, headers, body):  # noqa: ARG002 - as a source has it
        if self.raised[1]:
            raise self.raised[1]
        return []


def post(source, body=b"x", **more):
    site = visit(sources=[source])
    return site, site.browser().post(HOOK, content=body, **more)


def test_a_report_is_on_record_when_it_is_answered(tmp_path):
    ledger, _, path = in_file(tmp_path)
    with ledger:
        with ledger.sending(SMITH, message(), to=["bob"]) as sent:
            pass
        probe = Probe(event("delivered", token=sent.token))
        browser = TestClient(pages(ledger, lambda _: None, sources=[probe]))
        answer = browser.post("/hooks/probe", content=b"it came")
        # another process sees it already
        with editing(path) as other:
            (kept,) = other.execute("SELECT body, state FROM contactledger_inbox").fetchall()
        other.close()
    assert (answer.status_code, answer.content) == (200, b"")
    assert (bytes(kept[0]), kept[1]) == (b"it came", "done")


def test_what_fits_no_touch_and_what_cannot_be_read_is_kept_and_answered_with_success():
    site, unknown = post(Probe(event("delivered", provider_id="nobody")))
    assert (unknown.status_code, site.ledger.waiting()) == (200, {"probe": {"unknown": 1}})
    site, broken = post(Failing(parse=BadEvent("is no event")))
    assert (broken.status_code, site.ledger.waiting()) == (200, {"probe": {"failed": 1}})
    site, bug = post(Failing(parse=RuntimeError("a bug")))
    assert (bug.status_code, site.ledger.waiting()) == (200, {"probe": {"failed": 1}})


def test_a_report_that_does_not_verify_is_refused_and_nothing_is_kept():
    site, answer = post(Failing(verify=Unverified("forged")))
    assert (answer.status_code, site.ledger.waiting()) == (401, {})


@pytest.mark.parametrize(
    ("name", "status"), [(Postmark.name, 401), (Mailgun.name, 401), (AmazonSES.name, 500)]
)
def test_the_code_for_a_forgery_is_one_after_which_the_provider_tries_again(name, status):
    source = Failing(verify=Unverified("forged"))
    source.name = name
    site = visit(sources=[source])
    assert site.browser().post(f"{AT}/hooks/{name}", content=b"{}").status_code == status


def test_a_source_without_a_key_is_refused_unless_that_is_meant():
    with pytest.raises(BadInput, match="sources: postmark: has no key"):
        visit(sources=[Postmark()])
    visit(sources=[Postmark(basic="a:b"), Twilio(key="k")])
    site = visit(sources=[Postmark()], unproven=True)
    headers = {"content-type": "application/json"}
    answer = site.browser().post(f"{AT}/hooks/postmark", content=b"{}", headers=headers)
    assert answer.status_code == 200


def test_many_forgeries_from_one_address_have_to_wait():
    site = visit(sources=[Failing(verify=Unverified("forged"))])
    browser = site.browser()
    codes = [browser.post(HOOK, content=b"x") for _ in range(FORGED_A_MINUTE + 1)]
    assert {answer.status_code for answer in codes[:-1]} == {401}
    assert (codes[-1].status_code, codes[-1].headers["retry-after"]) == (429, "60")


def test_a_body_over_the_bound_of_its_source_is_refused_whether_it_says_its_length_or_not():
    site, declared = post(Probe(), b"x" * 1_001)
    chunked = site.browser().post(HOOK, content=iter([b"x" * 600, b"x" * 600]))
    assert (declared.status_code, chunked.status_code) == (413, 413)
    assert site.ledger.waiting() == {}


def test_a_database_that_cannot_be_written_asks_for_the_report_again(caplog):
    _, answer = post(Failing(verify=StoreBusy("busy")))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "a report was not kept (StoreBusy)" in caplog.text


def test_a_report_that_is_kept_and_cannot_be_recorded_is_answered_with_success(caplog):
    _, answer = post(Failing(parse=None, verify=Conflict("Touch", "about", 3)))
    assert answer.status_code == 200
    assert "a report is in the inbox (Conflict)" in caplog.text


def test_there_is_an_answer_for_those_who_only_look():
    site = visit(sources=[Probe()])
    browser = site.browser()
    assert [browser.head(HOOK).status_code, browser.get(HOOK).status_code] == [200, 200]
    for path in (f"{AT}/hooks/other",):
        assert [browser.get(path).status_code, browser.post(path).status_code] == [404, 404]


class Addressed(Probe):
    """A source that remembers the address it was asked about."""

    url: str | None = None

    def verify(self, headers, body, url, now):
        self.url = url
        return super().verify(headers, body, url, now)


@pytest.mark.parametrize(
    ("public", "expected"),
    [
        (None, f"http://testserver{HOOK}?a=1"),
        ("https://acme.example/crm/", "https://acme.example/crm/hooks/probe?a=1"),
    ],
)
def test_the_address_that_providers_sign_is_the_public_one(public, expected):
    source = Addressed()
    visit(sources=[source], public_url=public).browser().post(f"{HOOK}?a=1", content=b"x")
    assert source.url == expected


def test_without_a_query_the_address_ends_with_the_path():
    source = Addressed()
    visit(sources=[source], public_url="https://acme.example").browser().post(HOOK, content=b"x")
    assert source.url == "https://acme.example/hooks/probe"


def test_sources_are_named_once_and_the_public_address_is_one():
    with pytest.raises(BadInput, match="sources"):
        visit(sources=[Probe(), Probe()])
    with pytest.raises(BadInput, match="public_url"):
        visit(public_url="acme.example")


# --- pixels and links ----------------------------------------------------------------------


def html_mail() -> EmailMessage:
    made = message()
    made.add_alternative('<p><a href="https://acme.example/sync?a=1">See</a></p>', subtype="html")
    return made


class Sent:
    """A site of which Bob got a mail with a pixel, a link and an unsubscribe header."""

    def __init__(self) -> None:
        self.site: Site = visit()
        made = html_mail()
        tracker = self.site.ledger.tracker(f"https://testserver{AT}")
        with self.site.ledger.sending(SMITH, made, to=["bob"], tracked=True) as sent:
            bob = self.site.id("bob")
            tracker.put_into(made, sent.token, person=bob, unsubscribe=True)
        self.before = len(self.site.entries())
        self.unsubscribe = path(made["List-Unsubscribe"].strip("<>"))
        body = made.get_body(("html",)).get_content()
        self.link = path(body.partition('href="')[2].partition('"')[0])
        self.pixel = path(body.partition('src="')[2].partition('"')[0])
        self.browser = self.site.browser()

    def new(self):
        return [entry.fact for entry in self.site.entries()[self.before :]]


def path(address: str) -> str:
    return address.removeprefix("https://testserver")


def test_the_pixel_is_recorded_and_shown_and_is_never_cached():
    sent = Sent()
    got = sent.browser.get(sent.pixel, headers={"user-agent": "Thunderbird"})
    (fact,) = sent.new()
    assert (got.content, got.headers["content-type"]) == (GIF, "image/gif")
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (fact.what, fact.user_agent) == (SignalKind.OPENED, "Thunderbird")


def test_a_made_up_pixel_is_the_same_picture_and_recorded_nowhere():
    sent = Sent()
    got = sent.browser.get(f"{AT}/o/{'A' * 60}.gif")
    assert (got.status_code, got.content, sent.new()) == (200, GIF, [])


def test_a_link_leads_to_what_was_signed_and_nowhere_else():
    sent = Sent()
    got = sent.browser.get(f"{sent.link}?to=https://evil.example&url=//evil.example")
    (fact,) = sent.new()
    assert (got.status_code, got.headers["location"]) == (302, "https://acme.example/sync?a=1")
    assert (fact.what, fact.url) == (SignalKind.CLICKED, "https://acme.example/sync?a=1")
    for made_up in ("A" * 60, "https://evil.example", "//evil.example", "%0d%0aLocation:x"):
        bad = sent.browser.get(f"{AT}/c/{made_up}")
        assert bad.status_code in (401, 404)
        assert "location" not in bad.headers


def test_one_click_unsubscribes_without_login_cookie_or_redirect():
    sent = Sent()
    got = sent.browser.post(sent.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    (fact,) = sent.new()
    assert (got.status_code, fact.what) == (200, SignalKind.UNSUBSCRIBED)
    assert "You are unsubscribed" in got.text


def test_one_click_may_come_as_multipart():
    sent = Sent()
    files = {"List-Unsubscribe": (None, "One-Click")}
    assert sent.browser.post(sent.unsubscribe, files=files).status_code == 200
    assert [fact.what for fact in sent.new()] == [SignalKind.UNSUBSCRIBED]


def test_a_get_asks_first_and_changes_nothing():
    sent = Sent()
    got = sent.browser.get(sent.unsubscribe)
    assert 'name="List-Unsubscribe" value="One-Click"' in got.text
    assert sent.new() == []


@pytest.mark.parametrize("data", [{}, {"List-Unsubscribe": "no"}, {"x": "One-Click"}])
def test_a_post_that_does_not_say_so_changes_nothing(data):
    sent = Sent()
    assert sent.browser.post(sent.unsubscribe, data=data).status_code == 400
    assert sent.new() == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=1&" * 50 + b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", b"--y\r\nnothing"),
        ("multipart/form-data", b"x"),
    ],
)
def test_what_is_no_form_changes_nothing(kind, body):
    sent = Sent()
    answer = sent.browser.post(sent.unsubscribe, content=body, headers={"content-type": kind})
    assert (answer.status_code, sent.new()) == (400, [])


def test_a_made_up_address_unsubscribes_nobody():
    sent = Sent()
    made_up = f"{AT}/u/{'A' * 60}"
    one_click = {"List-Unsubscribe": "One-Click"}
    assert sent.browser.get(made_up).status_code == 404
    assert sent.browser.post(made_up, data=one_click).status_code == 404
    assert sent.new() == []


def test_an_unsubscribing_that_is_too_large_is_refused():
    sent = Sent()
    data = {"List-Unsubscribe": "One-Click", "x": "x" * 5_000}
    assert sent.browser.post(sent.unsubscribe, data=data).status_code == 413


def test_a_flood_of_hits_works_and_is_not_recorded(monkeypatch):
    sent = Sent()
    monkeypatch.setattr(Rates, "over", lambda *_: True)
    assert sent.browser.get(sent.pixel).content == GIF
    assert sent.browser.get(sent.link).status_code == 302
    assert (sent.new(), HITS_A_MINUTE) == ([], 600)


def failing(sent: Sent, error: Exception):
    def fail(*_, **__):
        raise error

    sent.site.ledger._inbox.receive = fail
    return sent.browser


def test_a_database_that_cannot_be_written_shows_the_picture_and_does_not_confirm(caplog):
    sent = Sent()
    browser = failing(sent, StoreBusy("busy"))
    assert browser.get(sent.pixel).content == GIF
    answer = browser.post(sent.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert "a hit was not kept (StoreBusy)" in caplog.text


def test_a_hit_that_is_kept_and_cannot_be_recorded_is_confirmed(caplog):
    sent = Sent()
    browser = failing(sent, BadEvent("is odd"))
    answer = browser.post(sent.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "a hit is in the inbox (BadEvent)" in caplog.text


def test_a_link_while_the_database_is_away_asks_to_try_again(monkeypatch):
    sent = Sent()

    def fail(*_, **__):
        raise StoreBusy("busy")

    monkeypatch.setattr(sent.site.ledger._store, "begin", fail)
    assert sent.browser.get(sent.link).status_code == 503


def test_hooks_ask_nobody_who_they_are():
    asked = []
    site = visit(sources=[Probe()])
    app = pages(site.ledger, asked.append, sources=[Probe()])
    browser = TestClient(app)
    browser.post("/hooks/probe", content=b"x")
    browser.get(f"/o/{'A' * 60}.gif")
    assert asked == []
    assert Access.anyone().accounts == frozenset()


def test_reports_that_wait_leave_threads_to_the_pages(monkeypatch):
    """So many are taken in at a time; the others wait without a thread or a connection."""
    site = visit(sources=[Probe()])
    inside, most, lock = 0, 0, Lock()
    full, go_on = Event(), Event()

    def slow(*_, **__):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == AT_ONCE:
                full.set()
        assert go_on.wait(30)
        with lock:
            inside -= 1

    monkeypatch.setattr(site.ledger, "receive", slow)

    async def many() -> list[int]:
        transport = httpx2.ASGITransport(site.app)
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://x", timeout=30) as browser,
            asyncio.TaskGroup() as group,
        ):
            posts = [group.create_task(browser.post(HOOK, content=b"x")) for _ in range(60)]
            assert await asyncio.to_thread(full.wait, 30)
            page = await browser.get(site.a(), headers={"x-who": "ann"})
            go_on.set()
            return [page.status_code, *[(await one).status_code for one in posts]]

    assert asyncio.run(many()) == [200] * 61
    assert most == AT_ONCE
