"""The pages where there is more than one of everything: accounts and people that were merged,
receivers in several time zones, reports that wait."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from contactledger.facts import Matter, Party, Person, Touch
from contactledger.vocabulary import Role
from contactledger.web import Access, pages
from contactledger.web.behind import named, named_so
from tests.ledgers import SMITH, Probe, event, filled, mail
from tests.visiting import AT, JONES, hrefs, selected, visit


def merged() -> Any:
    """A site whose account of Jones goes on in that of Smith, and two that know it by its name."""
    site = visit()
    site.allowed["two"] = Access.staff("two", [JONES, "nobody"])
    site.ledger.merge_accounts(JONES, SMITH)
    return site


def test_a_name_that_the_host_gave_leads_on_to_where_the_account_goes_on():
    site = merged()
    listed = site.browser("two").get(f"{AT}/")
    assert [link for link in hrefs(listed.text) if "/a/" in link] == [site_a(site.jones), site.a()]
    assert site.browser("two").get(site.a()).status_code == 200
    assert site.browser("jones").get(site.a()).status_code == 200
    assert site.browser("jones").get(site_a(site.jones)).status_code == 200
    told = site.browser("jones").get(f"{AT}/api/accounts").json()["accounts"]
    assert {one["id"] for one in told} == {site.jones, site.smith}


def site_a(account: str) -> str:
    return f"{AT}/a/{account}"


def test_who_saw_the_other_account_alone_is_led_nowhere():
    site = merged()
    assert site.browser("customer").get(site_a(site.jones)).status_code == 404
    link = site.by_link()
    assert link.get(site_a(site.jones)).status_code == 404
    assert link.get(site.a()).status_code == 200


def test_an_account_that_goes_on_says_where():
    site = merged()
    old = site.staff().get(site_a(site.jones)).text
    assert f'log: <a href="{site.a()}"><bdi>{SMITH}</bdi></a>' in " ".join(old.split())
    assert "goes on in another" not in site.staff().get(site.a()).text
    listed = site.staff().get(f"{AT}/").text
    assert f"It goes on in “{SMITH}”." in listed
    assert listed.count("It goes on in") == 1


def test_where_an_account_goes_on_is_named_without_a_way_there_for_whom_it_is_closed():
    site = visit()
    link = site.browser()
    link.get(AT + site.pages.link(JONES, "smith"))
    site.ledger.merge_accounts(JONES, SMITH)
    page = link.get(site_a(site.jones)).text
    assert "This account goes on in another’s log." in page
    assert site.smith not in page
    assert SMITH not in page


def test_names_that_are_no_account_are_passed_over():
    site = merged()
    found = named_so(site.ledger, ["house", "nobody", JONES, site.smith])
    assert [one.id for one in found] == [site.jones, site.smith]
    assert named(site.ledger, JONES).id == site.smith


def test_of_two_people_that_are_one_the_form_offers_the_one_that_stays():
    site = visit()
    site.ledger.record(
        SMITH,
        Party("smith-2", "Smith Motors of Ogden", Role.CUSTOMER),
        Person("bobby", "smith-2", "Bobby"),
        Matter("other", title="The same once more"),
        Touch("bobby", "ann", "phone", key="asked"),
    )
    bobby, ogden = site.id("bobby"), site.id("smith-2")
    site.ledger.merge(SMITH, "bobby", "bob")
    site.ledger.merge(SMITH, "smith-2", "smith")
    site.ledger.merge(SMITH, "other", "rel")
    page = site.staff().get(site.a(f"/new?answers={site.no('asked')}")).text
    assert f'value="{bobby}"' not in page
    assert f'value="{ogden}"' not in page
    assert "The same once more" not in page
    assert f'value="{site.id("bob")}" checked' in page
    site.allowed["bobby"] = Access.customer("bobby", SMITH, "smith-2", person="bobby")
    form = site.browser("bobby").get(site.a("/new")).text
    assert selected(form, "sender") == site.id("bob")
    assert "Carla Diaz" in form


def test_what_waits_is_counted_as_the_questions_count_it():
    site = visit()
    site.ledger.record(SMITH, mail("news", about="News"), Touch("bob", "ann", "ticket", key="t"))
    site.clock.forward(days=30)
    asked = site.ledger.ask(SMITH).waiting()
    assert len(asked) == 3
    assert "3 questions without an answer; last touch" in site.staff().get(f"{AT}/").text


def test_times_of_receivers_in_several_zones_stand_beside_utc():
    ledger, clock = filled()
    ledger.record(
        SMITH,
        Party("tokyo", "Tokyo Ltd", Role.PARTNER, "Asia/Tokyo"),
        Person("taro", "tokyo", "Taro"),
        mail("ask", ("bob", "taro"), expects="reply"),
    )
    clock.forward(days=1)
    app = Starlette(routes=[Mount(AT, pages(ledger, lambda _: Access.staff("ann")))])
    browser, account = TestClient(app), named(ledger, SMITH)
    page = browser.get(f"{AT}/a/{account.id}").text
    assert "Times are the receiver’s local time, with UTC beside." in page
    assert page.count('<span class="soft">(09:00 UTC)</span>') == 2
    assert "Mon 2 Mar 2026, 18:00</time>" in page
    no = next(f.no for f in ledger.findings(SMITH))
    touch = browser.get(f"{AT}/a/{account.id}/t/{no}").text
    assert touch.count("Asia/Tokyo") == 1
    assert "by Fri 6 Mar 2026, 09:00 Asia/Tokyo" in touch


def test_going_through_the_inbox_again_is_offered_where_there_is_a_source():
    ledger, _ = filled()
    probe = Probe(event("delivered", provider_id="later"))
    ledger.receive(probe, {}, b"one")
    bare = TestClient(pages(ledger, lambda _: Access.staff("ann"))).get("/inbox").text
    assert "tried once" in bare
    assert "Go through all of it again" not in bare
    full = pages(ledger, lambda _: Access.staff("ann"), sources=[probe], unproven=True)
    assert "Go through all of it again" in TestClient(full).get("/inbox").text
