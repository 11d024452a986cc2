"""What the pages show, and to whom."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from contactledger import MemoryStore, open_bundle
from contactledger.errors import BadInput, NotFound
from contactledger.events import Incoming
from contactledger.facts import Mark, Person, Touch
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.vocabulary import Auth, Channel
from contactledger.web import Access, pages
from contactledger.web.reading_pages import ACCOUNTS
from tests.ledgers import SMITH, Probe, event, in_memory, mail, two_sides
from tests.visiting import AT, JONES, hidden, hrefs, selected, token, visit


def test_the_accounts_are_listed_with_whose_turn_it_is():
    site = visit()
    page = site.staff().get(f"{AT}/")
    assert page.status_code == 200
    assert f"{AT}/a/{site.smith}" in hrefs(page.text)
    assert f"{AT}/a/{site.jones}" in hrefs(page.text)
    assert "It is ACME Dealer Systems’ turn" in page.text
    assert 'href="/contacts/style.css"' in page.text


def test_accounts_can_be_found_by_a_part_of_their_name_without_it_in_an_address():
    site = visit()
    ann = site.staff()
    form = {"token": token(ann.get(f"{AT}/").text), "q": "JONES"}
    found = ann.post(f"{AT}/find", data=form)
    links = hrefs(found.text)
    assert f"{AT}/a/{site.jones}" in links
    assert f"{AT}/a/{site.smith}" not in links
    assert "1 account with this in the name." in found.text
    assert "jones" not in "".join(links)


def test_accounts_are_filtered_by_whose_turn_it_is():
    site = visit()
    ours = site.staff().get(f"{AT}/?turn=ours").text
    theirs = site.staff().get(f"{AT}/?turn=theirs").text
    strange = site.staff().get(f"{AT}/?turn=<x>").text
    assert f"{AT}/a/{site.smith}" in hrefs(ours)
    assert "None of the accounts that were looked through." in theirs
    assert 'aria-current="true">all' in strange
    assert "<x>" not in strange


def test_many_accounts_come_page_by_page():
    site = visit()
    site.ledger.record_many({f"shop-{n:02}": two_sides() for n in range(ACCOUNTS)})
    first = site.staff().get(f"{AT}/")
    (more,) = [link for link in hrefs(first.text) if "after=" in link]
    second = site.staff().get(more)
    assert first.text.count("<li class=") == ACCOUNTS
    assert second.text.count("<li class=") == 2
    assert not [link for link in hrefs(second.text) if "after=" in link]
    many = site.staff().post(f"{AT}/find", data={"token": token(first.text), "q": ""})
    assert f"the first {ACCOUNTS} are shown" in many.text


def test_an_archived_account_is_listed_and_its_pages_say_so(tmp_path):
    keygen(tmp_path / "acme.key", name="acme.example/ledger")
    with Ledger.open(MemoryStore(), recorder="acme", signer=tmp_path / "acme.key") as ledger:
        ledger.record(JONES, *two_sides())
        id_ = ledger.entries(JONES)[0].account
        ledger.seal()
        ledger.archive(JONES, tmp_path / "jones.bundle")
        ann = TestClient(pages(ledger, lambda _: Access.staff("ann")))
        assert "Archived." in ann.get("/").text
        page = ann.get(f"/a/{id_}")
        assert page.status_code == 410
        assert "The account is archived" in page.text


def test_an_account_shows_whose_turn_it_is_what_to_do_and_every_touch():
    site = visit()
    page = site.staff().get(site.a()).text
    for part in ("Whose turn it is", "What to do next", "Timeline", "Putting the sync to use",
                 "A quote", "1,895", "Record a touch", "To take away", "<svg"):  # fmt: skip
        assert part in page, part
    assert "Inventory sync is &lt;b&gt;new&lt;/b&gt;" in page
    assert "<b>new" not in page
    assert site.a(f"/t/{site.no('hello')}") in hrefs(page)


def test_touches_come_page_by_page_newest_first():
    site = visit()
    site.ledger.record(SMITH, *(mail(f"m{n}", about=f"Number {n:02}") for n in range(60)))
    first, second = (site.staff().get(site.a(f"?page={n}")).text for n in (1, 2))
    assert "Number 59" in first
    assert "Number 02" not in first.partition("Touches</h2>")[2].partition("</section>")[0]
    assert "Page 2 of 2" in second
    assert "Newer" in second
    assert site.staff().get(site.a("?page=999")).text == second
    assert site.staff().get(site.a("?page=-1")).text == first


def test_an_account_without_a_touch_says_so():
    site = visit()
    site.ledger.record("empty", *two_sides())
    id_ = site.ledger.entries("empty")[0].account
    page = site.staff().get(f"{AT}/a/{id_}").text
    for part in ("No touch between the parties", "No matter is open", "No promise"):
        assert part in page
    assert "<svg" not in page


def test_a_touch_shows_every_piece_of_evidence_and_how_it_was_authenticated():
    site = visit()
    hello = site.id("hello")
    answer = Touch("bob", "ann", Channel.EMAIL, answers=hello, auth=Auth.DKIM, source="mail")
    site.ledger.record(SMITH, answer, Touch("ann", "bob", Channel.EMAIL, reminds=hello))
    page = site.staff().get(site.a(f"/t/{site.no('hello')}")).text
    for part in ("Shall we show it to you?", "Delivered", "from sendgrid", "not authenticated",
                 "DKIM signature valid", "written down by a person", "Answered by Bob Ray",
                 "<h3>An answer</h3>"):  # fmt: skip
        assert part in page, part


def test_a_touch_inside_one_party_is_shown_and_not_judged():
    site = visit()
    site.ledger.record(SMITH, Person("dan", "acme", "Dan"), Touch("ann", "dan", key="inside"))
    page = site.staff().get(site.a(f"/t/{site.no('inside')}")).text
    assert "It is not judged" in page


@pytest.mark.parametrize("path", ["/t/0", "/t/9999", "/get/x.html", "/get/proof-of-contact.exe"])
def test_what_is_no_touch_and_no_file_is_not_found(path):
    assert visit().staff().get(visit().a(path)).status_code == 404
    site = visit()
    assert site.staff().get(site.a(path)).status_code == 404


def test_the_report_is_shown_with_its_own_style_allowed_by_its_hash():
    site = visit()
    page = site.staff().get(site.a("/report"))
    assert "Proof of contact" in page.text
    policy = page.headers["content-security-policy"]
    assert "style-src 'self' 'sha256-" in policy
    assert "unsafe" not in policy


def test_an_account_that_goes_on_in_another_is_still_shown_by_its_id():
    site = visit()
    site.ledger.record("old-smith", *two_sides(), mail(about="From before"))
    old = site.ledger.entries("old-smith")[0].account
    site.ledger.merge_accounts("old-smith", SMITH)
    page = site.staff().get(f"{AT}/a/{old}/get/proof-of-contact.txt")
    assert (page.status_code, "From before" in page.text) == (200, True)


def test_every_kind_of_report_can_be_taken_away_in_each_form():
    site = visit()
    page = site.staff().get(site.a())
    files = [link for link in hrefs(page.text) if "/get/" in link and "bundle" not in link]
    assert len(files) >= 6
    for link in files:
        got = site.staff().get(link)
        assert got.status_code == 200, link
        assert got.headers["content-disposition"].startswith('attachment; filename="')
        if link.endswith(".json"):
            assert json.loads(got.text)["account"]["name"] == SMITH


def test_the_bundle_can_be_taken_away_once_something_is_sealed(tmp_path):
    site = visit()
    unsealed = site.staff().get(site.a("/get/account.bundle"))
    assert (unsealed.status_code, "Nothing is sealed yet" in unsealed.text) == (409, True)
    key = keygen(tmp_path / "acme.key", name="acme.example/ledger")
    store = MemoryStore()
    with Ledger.open(store, recorder="acme", signer=tmp_path / "acme.key") as ledger:
        ledger.record(SMITH, *two_sides(), mail())
        app = pages(ledger, lambda _: Access.staff("ann"))
        id_ = ledger.entries(SMITH)[0].account
        got = TestClient(app).get(f"/a/{id_}/get/account.bundle")
        opened = open_bundle(BytesIO(got.content), trust=key.format())
        assert (opened.account, opened.complete) == (SMITH, True)


def test_the_inbox_shows_what_waits_and_goes_through_it_again():
    probe = Probe(event("delivered", provider_id="later"))
    site = visit(sources=[probe])
    empty = site.staff().get(f"{AT}/inbox").text
    assert "Nothing waits." in empty
    site.ledger.receive(probe, {}, "naïve body".encode() + b"\xff")
    listed = site.staff().get(f"{AT}/inbox").text
    (link,) = [one for one in hrefs(listed) if "/inbox/" in one]
    assert "It fits no touch." in listed
    assert "naïve body\ufffd" in site.staff().get(link).text
    assert site.staff().get(f"{AT}/inbox/{'a' * 26}").status_code == 404
    again = site.staff().post(f"{AT}/replay", data={"token": token(listed)})
    assert (again.status_code, again.headers["location"]) == (303, f"{AT}/inbox")


def test_what_is_nobodys_business_is_thrown_away():
    private = event("sent", message=Incoming("ann@acme.example", ("who@home.example",)))
    stranger = event("answered", message=Incoming("who@home.example", ("ann@acme.example",)))
    site = visit(sources=[Probe()])
    for one in (private, stranger):
        site.clock.forward(seconds=1)
        site.ledger.receive(Probe(one), {}, b"")
    listed = site.staff().get(f"{AT}/inbox").text
    assert "It comes from this side, and goes to nobody on record of another." in listed
    assert "Who sent it is not on record." in listed
    first, second = [one for one in hrefs(listed) if "/inbox/" in one]
    page = site.staff().get(first).text
    thrown = site.staff().post(f"{first}/discard", data={"token": token(page)})
    assert (thrown.status_code, thrown.headers["location"]) == (303, f"{AT}/inbox")
    assert [one for one in hrefs(site.staff().get(f"{AT}/inbox").text) if "/inbox/" in one] == [
        second
    ]
    gone = site.staff().post(f"{first}/discard", data={"token": token(page)})
    assert gone.status_code == 404


def test_a_long_inbox_comes_page_by_page_and_a_long_body_is_cut():
    probe = Probe(event("delivered", provider_id="later"))
    probe.max_body_bytes = 100_000
    site = visit(sources=[probe])
    for n in range(51):
        site.clock.forward(seconds=1)
        site.ledger.receive(probe, {}, b"%d" % n * 30_000 if n < 1 else b"x")
    listed = site.staff().get(f"{AT}/inbox").text
    first, *_, more = [one for one in hrefs(listed) if "inbox" in one and one != f"{AT}/inbox"]
    assert "Only the beginning is shown." in site.staff().get(first).text
    assert site.staff().get(more).text.count("/inbox/") == 1


def test_without_a_source_nothing_can_be_gone_through_again():
    site = visit()
    form = {"token": token(site.staff().get(f"{AT}/verify").text)}
    assert site.staff().post(f"{AT}/replay", data=form).status_code == 404


def test_health_shows_who_listens_what_waits_and_what_is_sealed(tmp_path):
    keygen(tmp_path / "acme.key", name="acme.example/ledger")
    store = MemoryStore()
    probe = Probe(event("delivered", provider_id="later"))
    with Ledger.open(store, recorder="acme", signer=tmp_path / "acme.key") as ledger:
        browser = TestClient(pages(ledger, lambda _: Access.staff("ann")))
        bare = browser.get("/health").text
        ledger.record(SMITH, *two_sides())
        ledger.heartbeat("mailbox", Channel.EMAIL, every_seconds=300)
        ledger.receive(probe, {}, b"")
        ledger.seal()
        full = browser.get("/health").text
        ledger.record(SMITH, mail())
        later = browser.get("/health").text
    assert "No collector reports" in bare
    assert "There is nothing to seal" in bare
    assert "mailbox" in full
    assert "probe: 1 fits no touch" in full
    assert "at size" in full
    assert "Something was recorded since" in later


def test_a_collector_that_stays_away_is_marked():
    site = visit()
    site.ledger.heartbeat("mailbox", Channel.EMAIL, every_seconds=300)
    site.clock.forward(days=1)
    assert "Stays away." in site.staff().get(f"{AT}/health").text


def test_pages_below_another_path_link_to_themselves():
    site = visit()
    deep = Starlette(routes=[Mount("/x", routes=[Mount("/y", site.pages)])])
    page = TestClient(deep, headers={"x-who": "ann"}).get("/x/y/")
    assert f"/x/y/a/{site.smith}" in hrefs(page.text)


def test_the_style_sheet_needs_no_access_and_fetches_nothing():
    style = visit().browser().get(f"{AT}/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_allow_may_be_asynchronous_and_must_give_an_access():
    ledger, _ = in_memory()

    async def allow(_):
        return Access.staff("ann")

    assert TestClient(pages(ledger, allow)).get("/").status_code == 200
    with pytest.raises(TypeError, match="allow must give an Access"):
        TestClient(pages(ledger, lambda _: "ann")).get("/")


def test_staff_of_one_account_are_led_to_it_and_of_several_see_these():
    site = visit()
    one = site.browser("smith-only").get(f"{AT}/")
    assert (one.status_code, one.headers["location"]) == (303, site.a())
    site.allowed["both"] = Access.staff("both", [SMITH, JONES, "gone"])
    both = site.browser("both").get(f"{AT}/").text
    assert f"{AT}/a/{site.jones}" in hrefs(both)
    assert f"{AT}/health" not in hrefs(both)


def test_a_link_is_for_a_party_that_is_there_and_for_a_bounded_time():
    site = visit()
    for bad in ({"lasts": timedelta(days=91)}, {"lasts": timedelta(0)}):
        with pytest.raises(BadInput, match="lasts"):
            site.pages.link(SMITH, "smith", **bad)
    with pytest.raises(NotFound):
        site.pages.link(SMITH, "nobody")
    with pytest.raises(NotFound):
        site.pages.link("house", "smith")
    assert "smith" not in site.pages.link(SMITH, "smith", person="bob")


def test_pages_are_refused_over_a_ledger_in_a_hosts_transaction(tmp_path):
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / 'host.db'}")
    with engine.connect() as connection, connection.begin():
        ledger = Ledger.open(connection, recorder="acme")
        with pytest.raises(BadInput, match="ledger"):
            pages(ledger, lambda _: None)
    engine.dispose()


# --- writing -------------------------------------------------------------------------------


def fill(site, client, path="/new", **given):
    """The form of a page as a browser would send it, with some of it filled in."""
    html = client.get(site.a(path)).text
    when = html.partition('type="datetime-local" value="')[2].partition('"')[0]
    chosen = {name: selected(html, name) for name in ("sender", "channel")}
    return {**hidden(html), **chosen, "when": when, "to": [], **given}


def test_a_call_is_recorded_with_what_became_of_it():
    site = visit()
    ann = site.staff()
    form = fill(site, ann, to=[site.id("bob")], call="answered", about="Sync", text="He likes it.")
    sent = ann.post(site.a("/touch"), data=form)
    touch, signal = site.entries()[-2:]
    assert sent.headers["location"] == site.a(f"/t/{touch.no}")
    assert (touch.fact.sender, touch.fact.channel) == (site.id("ann"), Channel.PHONE)
    assert (touch.fact.message.text, touch.fact.auth) == ("He likes it.", Auth.NONE)
    assert touch.at == site.clock()
    assert (str(signal.fact.what), signal.fact.touch) == ("answered", touch.id)
    assert ann.post(site.a("/touch"), data=form).headers["location"] == sent.headers["location"]
    assert site.entries()[-2].no == touch.no
    other = ann.post(site.a("/touch"), data={**form, "about": "Else"})
    assert (other.status_code, "sent before" in other.text) == (409, True)


def test_an_earlier_time_and_the_rest_of_the_form_are_recorded():
    site = visit()
    ann = site.staff()
    form = fill(site, ann, to=[site.id("bob"), site.id("carla")], channel="meeting",
                purpose="training", expects="nothing", matter=site.id("rel"),
                when="2026-03-03T10:30", call="busy", sender=site.id("acme"))  # fmt: skip
    ann.post(site.a("/touch"), data=form)
    fact = site.entries()[-1].fact
    assert isinstance(fact, Touch)
    assert (fact.purpose, fact.expects, fact.matter) == ("training", "nothing", site.id("rel"))
    assert (site.entries()[-1].at.isoformat(), fact.to) == (
        "2026-03-03T10:30:00+00:00", (site.id("bob"), site.id("carla")),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"to": []}, "name at least one person or party"),
        ({"to": ["nobody"]}, "to: is not one of the list"),
        ({"sender": "nobody"}, "sender: is not one of the list"),
        ({"when": "soon"}, "when: must be a time"),
        ({"now": "2026-01-01T00:00"}, "now: has no time zone"),
        ({"channel": "pigeon"}, "Touch.channel"),
        ({"call": "sang"}, "call: is not one of the list"),
        ({"answers": "7777"}, None),
        ({"when": "2036-01-01T00:00"}, "at"),
        ({"text": "x" * 40_001}, "Touch.message.text: is longer than 40000 characters"),
    ],
)
def test_a_form_that_cannot_be_taken_in_comes_back_filled_and_says_why(given, why):
    site = visit()
    ann = site.staff()
    before = len(site.entries())
    form = fill(site, ann, **{"to": [site.id("bob")], "about": "Kept & shown", **given})
    back = ann.post(site.a("/touch"), data=form)
    assert len(site.entries()) == before
    if why is None:
        assert back.status_code == 404
        return
    assert (back.status_code, why in back.text, "Kept &amp; shown" in back.text) == (
        422,
        True,
        True,
    )


def test_an_answer_goes_to_who_asked_over_the_same_channel():
    site = visit()
    bob = site.by_link()
    no = site.no("hello")
    html = bob.get(site.a(f"/new?answers={no}")).text
    assert selected(html, "sender") == site.id("bob")
    assert selected(html, "channel") == "email"
    assert f'value="{site.id("acme")}" checked' in html
    assert "Ann Lee" not in html.partition("To whom")[0]  # nobody else can be spoken for
    form = fill(site, bob, f"/new?answers={no}", to=[site.id("acme")], text="Please do.")
    bob.post(site.a("/touch"), data=form)
    fact = site.entries()[-1].fact
    assert (fact.answers, fact.auth) == ((site.id("hello"),), Auth.ACCESS)
    (found,) = [f for f in site.ledger.findings(SMITH) if f.no == no]
    assert (found.outcome, found.outcome_grade.word) == ("answered", "confirmed")


def test_a_customer_cannot_speak_for_anybody_else():
    site = visit()
    bob = site.browser("customer")
    form = fill(site, bob, to=[site.id("acme")], sender=site.id("ann"))
    assert bob.post(site.a("/touch"), data=form).status_code == 422


def test_an_answer_of_a_party_without_a_person_is_from_whom_was_asked():
    site = visit()
    html = site.by_link(person=None).get(site.a(f"/new?answers={site.no('hello')}")).text
    assert selected(html, "sender") == site.id("bob")
    bare = site.by_link(person=None).get(site.a("/new")).text
    assert selected(bare, "sender") == site.id("smith")


def test_a_dispute_of_the_customer_prints_in_the_vendors_report():
    site = visit()
    bob, no = site.by_link(), site.no("hello")
    page = bob.get(site.a(f"/t/{no}")).text
    form = {**hidden(page), "word": "disputed", "text": "It never came."}
    sent = bob.post(site.a("/mark"), data=form)
    assert sent.headers["location"] == site.a(f"/t/{no}")
    fact = site.entries()[-1].fact
    assert isinstance(fact, Mark)
    assert (fact.word, fact.party, fact.auth) == ("disputed", site.id("smith"), Auth.ACCESS)
    (row,) = [f for f in site.ledger.report(SMITH).data["findings"] if f["no"] == no]
    assert row["contested"] == [site.entries()[-1].no]
    assert "Disputed." in site.staff().get(site.a()).text
    seen = site.staff().get(site.a(f"/t/{no}")).text
    assert "It never came." in seen
    assert "entered by the party itself" in seen


def test_staff_mark_for_the_recorder():
    site = visit()
    ann, no = site.staff(), site.no("hello")
    page = ann.get(site.a(f"/t/{no}")).text
    ann.post(site.a("/mark"), data={**hidden(page), "word": "no_answer_needed"})
    fact = site.entries()[-1].fact
    assert (fact.word, fact.auth) == ("no_answer_needed", Auth.NONE)
    bad = ann.post(site.a("/mark"), data={**hidden(page), "word": "loved"})
    assert bad.status_code == 422
    none = ann.post(site.a("/mark"), data={**hidden(page), "entry": "x", "word": "disputed"})
    assert none.status_code == 404
    before = len(site.entries())
    long = {**hidden(page), "word": "disputed", "text": "x" * 40_001}
    assert ann.post(site.a("/mark"), data=long).status_code == 422
    assert len(site.entries()) == before


@pytest.mark.parametrize("who", ["reader", "silent"])
def test_who_may_only_read_is_shown_no_form_and_can_send_none(who):
    site = visit()
    reader, no = site.browser(who), site.no("hello")
    page = reader.get(site.a(f"/t/{no}")).text
    assert "Your word on it" not in page
    assert "Record a touch" not in reader.get(site.a()).text
    assert reader.get(site.a("/new")).status_code == 404
    form = {"token": token(reader.get(f"{AT}/verify").text), "entry": no, "word": "disputed"}
    for path in ("/touch", "/mark"):
        assert reader.post(site.a(path), data=form).status_code == 404


def test_leaving_forgets_the_link():
    site = visit()
    bob = site.by_link()
    form = {"token": token(bob.get(site.a()).text)}
    assert "You have left" in bob.post(f"{AT}/leave", data=form).text
    assert bob.get(site.a()).status_code == 401
