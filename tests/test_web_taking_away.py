"""What can be taken away: every kind of report in every form, by whom it may be."""

from __future__ import annotations

import json

import pytest

from contactledger.report.kinds import OFFERED
from contactledger.web import looks
from contactledger.web.looks import HTMX, HTMX_SHA384, forms_of, offers
from contactledger.web.taking_away import TYPES
from tests.ledgers import SMITH
from tests.visiting import AT, hidden, hrefs, visit

ALONE = [one for one in offers("account") if one["kind"] != "proof-of-contact"]


@pytest.fixture(scope="module")
def site():
    return visit()


def test_the_page_of_an_account_offers_every_kind_in_every_form(site):
    for who in ("ann", "reader", "customer"):
        links = hrefs(site.browser(who).get(site.a()).text)
        for kind, offer in OFFERED.items():
            if offer.over == "account" and not offer.needs:
                assert site.a(f"/report/{kind}") in links, (who, kind)
                wanted = {site.a(f"/get/{kind}.{form}") for form in offer.forms}
                assert wanted <= set(links), (who, kind)


@pytest.mark.parametrize("who", ["ann", "customer"])
@pytest.mark.parametrize("kind", [one["kind"] for one in ALONE])
def test_a_kind_is_read_and_taken_away(site, who, kind):
    browser = site.browser(who)
    page = browser.get(site.a(f"/report/{kind}"))
    assert (page.status_code, page.text[:9].lower()) == (200, "<!doctype")
    assert "style-src 'self' 'sha256-" in page.headers["content-security-policy"]
    for form in ("txt", "md", "csv", "json"):
        if form in OFFERED[kind].forms:
            got = browser.get(site.a(f"/get/{kind}.{form}"))
            assert got.headers["content-type"].partition(";")[0] == TYPES[form]
            name = got.headers["content-disposition"]
            assert name == f'attachment; filename="{kind}.{form}"'


def test_a_report_is_taken_away_as_paper(site):
    got = site.browser("customer").get(site.a("/get/promises.pdf"))
    assert (got.headers["content-type"], got.content[:5]) == ("application/pdf", b"%PDF-")


def test_where_the_extra_is_not_installed_no_paper_is_offered(site, monkeypatch):
    monkeypatch.setattr(looks, "find_spec", lambda _: None)
    assert "pdf" not in forms_of(OFFERED["promises"])
    assert ".pdf" not in site.staff().get(site.a()).text
    assert site.staff().get(site.a("/get/promises.pdf")).status_code == 404


def test_the_outlook_is_that_of_the_visitors_own_party(site):
    ours = json.loads(site.staff().get(site.a("/get/outlook.json")).text)
    theirs = json.loads(site.browser("customer").get(site.a("/get/outlook.json")).text)
    assert (ours["party"]["name"], theirs["party"]["name"]) == (
        "ACME Dealer Systems",
        "Smith Motors",
    )


def test_a_dossier_may_be_of_one_matter(site):
    one = site.staff().get(site.a(f"/get/case-dossier.json?matter={site.id('rel')}")).text
    assert [case["title"] for case in json.loads(one)["cases"]] == ["Putting the sync to use"]
    strange = site.staff().get(site.a("/get/case-dossier.json?matter=<b>"))
    assert strange.status_code == 200


def test_a_touch_has_its_certificate(site):
    no = site.no("hello")
    links = hrefs(site.staff().get(site.a(f"/t/{no}")).text)
    (link,) = [one for one in links if one.endswith("touch-certificate.txt")]
    got = site.browser("customer").get(link)
    assert got.headers["content-disposition"].endswith(f'touch-certificate-{no}.txt"')
    assert f"Entry {no}" in got.text or f"[{no}]" in got.text
    for path in (f"/t/{no}/get/promises.txt", "/t/0/get/touch-certificate.txt",
                 "/get/touch-certificate.txt", "/report/touch-certificate", "/report/nonsense",
                 "/report/ledger-health", "/get/ledger-health.txt"):  # fmt: skip
        assert site.staff().get(site.a(path)).status_code == 404, path


def test_reports_over_all_accounts_are_for_who_sees_everything(site):
    ann = site.staff()
    page = ann.get(f"{AT}/health").text
    assert f"{AT}/get/ledger-health.csv" in hrefs(page)
    assert "jones" in ann.get(f"{AT}/get/ledger-health.csv").text
    form = {**hidden(page), "about": "Putting the sync to use", "file": "notice-coverage.csv"}
    told = ann.post(f"{AT}/told", data=form)
    assert (told.status_code, SMITH in told.text) == (200, True)
    empty = ann.post(f"{AT}/told", data={**form, "about": " "})
    assert (empty.status_code, "say what about" in empty.text) == (422, True)
    assert ann.get(f"{AT}/get/notice-coverage.csv").status_code == 404
    for who in ("customer", "smith-only", "anyone"):
        other = site.browser(who)
        assert other.get(f"{AT}/get/ledger-health.csv").status_code == 404
        own = hidden(other.get(f"{AT}/verify").text)
        assert other.post(f"{AT}/told", data={**form, **own}).status_code == 404


def test_the_one_script_is_the_file_that_npm_has(site):
    from base64 import b64encode
    from hashlib import sha384

    got = site.browser().get(f"{AT}/htmx.js")
    assert got.headers["content-type"].startswith("text/javascript")
    assert f"sha384-{b64encode(sha384(got.content).digest()).decode()}" == HTMX_SHA384
    assert got.text == looks.packaged(HTMX, "assets")


def test_only_the_two_pages_that_use_it_allow_a_script(site):
    for path, allowed in ((f"{AT}/", True), (f"{AT}/verify", True), (site.a(), False),
                          (f"{AT}/health", False), (site.a("/report"), False)):  # fmt: skip
        answer = site.staff().get(path)
        assert ("script-src 'self'" in answer.headers["content-security-policy"]) == allowed, path
        assert ("<script" in answer.text) == allowed, path
