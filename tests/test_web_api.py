"""The JSON API and its description."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from contactledger.facts import Matter
from contactledger.vocabulary import Auth
from contactledger.web.api import CALLS_A_MINUTE, RECORDED, SETS
from tests.ledgers import SMITH
from tests.visiting import AT, Site, visit


def api(site: Site, path: str = "") -> str:
    return f"{AT}/api/accounts/{site.smith}{path}"


def record(site: Site, who: str, *facts: object):
    return site.browser(who).post(api(site, "/record"), json={"facts": list(facts)})


def test_the_accounts_are_listed_by_id():
    site = visit()
    answer = site.staff().get(f"{AT}/api/accounts").json()
    assert [one["id"] for one in answer["accounts"]] == sorted([site.smith, site.jones])
    first, second = answer["accounts"]
    rest = site.staff().get(f"{AT}/api/accounts?after={first['id']}").json()
    assert (rest["accounts"], rest["more"]) == ([second], False)


@pytest.mark.parametrize("what", SETS)
def test_each_set_of_rows_is_that_of_the_library(what):
    site = visit()
    answer = site.staff().get(api(site, f"/{what}"))
    rows = site.ledger.rows(what, account=SMITH, personal=True)
    assert answer.json()["columns"] == dict(rows.columns)
    assert len(answer.json()["rows"]) == len(rows)
    assert answer.headers["content-type"] == "application/json"


def test_the_standing_is_that_of_the_report_at_a_moment_and_in_a_period():
    site = visit()
    now = site.staff().get(api(site, "/standing")).json()
    assert now["account"]["id"] == site.smith
    assert now["onus"]["rule"] == site.ledger.standing(SMITH).onus.rule
    early = site.staff().get(api(site, "/standing?as_of=2026-03-02T09:00Z")).json()
    assert early["as_of"] == "2026-03-02T09:00:00Z"
    none = site.staff().get(api(site, "/standing?period=2020")).json()
    assert none["findings"] == []


def test_next_steps_are_those_of_ones_own_party():
    site = visit()
    ours = site.staff().get(api(site, "/next_steps")).json()
    theirs = site.browser("customer").get(api(site, "/next_steps")).json()
    assert ours["party"]["name"] == "ACME Dealer Systems"
    assert theirs["party"]["name"] == "Smith Motors"


def test_may_contact_says_whether_and_why_not():
    site = visit()
    query = "?person=bob&channel=phone&about=outage,sync&at=2026-03-16T03:00Z"
    night = site.staff().get(api(site, f"/may_contact{query}")).json()
    assert (night["allowed"], night["against"][0]["code"]) == (False, "outside_hours")
    day = site.staff().get(api(site, "/may_contact?person=bob&channel=email")).json()
    assert day["allowed"] is True
    nobody = site.staff().get(api(site, "/may_contact?person=x&channel=email"))
    assert nobody.status_code == 404


def test_facts_are_recorded_all_or_none():
    site = visit()
    touch = {
        "kind": "touch",
        "sender": "ann",
        "to": ["bob", "carla"],
        "channel": "phone",
        "key": "over-the-api",
        "at": "2026-03-15T09:00:00Z",
        "message": {"text": "Hello"},
    }
    matter = {"kind": "matter", "key": "m", "stake": {"minor": 5, "currency": "EUR"}}
    answer = record(site, "ann", touch, matter)
    entries = site.entries()[-2:]
    assert answer.json() == {"entries": [{"no": e.no, "id": e.id, "kind": e.kind} for e in entries]}
    assert entries[0].fact.message.text == "Hello"
    assert isinstance(entries[1].fact, Matter)
    assert record(site, "ann", touch).json()["entries"] == [answer.json()["entries"][0]]
    assert record(site, "ann", {**touch, "channel": "sms"}).status_code == 409
    before = site.entries()
    assert record(site, "ann", matter, {"kind": "touch", "to": ["nobody"]}).status_code == 404
    assert site.entries() == before


@pytest.mark.parametrize(
    ("given", "field", "place"),
    [
        ("x", "facts", ""),
        ([], "facts", ""),
        (["x"], "kind", "fact 1"),
        ([{"kind": "redaction", "person": "bob"}], "kind", "fact 1"),
        ([{"kind": "touch", "auth": "party_signed"}], "Touch.?", "fact 1"),
        ([{"kind": "touch", "nonsense": 1}], "Touch.?", "fact 1"),
        ([{"kind": "touch", "channel": "pigeon"}], "Touch.channel", "fact 1"),
        ([{"kind": "touch", "at": "soon"}], "at", "fact 1"),
        ([{"kind": "touch", "at": 5}], "at", "fact 1"),
        ([{"kind": "touch", "message": {"x": 1}}], "message", "fact 1"),
        ([{"kind": "touch", "message": 3}], "message", "fact 1"),
        ([{"kind": "matter", "stake": {"minor": 1, "currency": "x"}}], "Money.currency", "fact 1"),
        ([{"kind": "preference", "hours": 5}], "Preference.hours", "fact 1"),
        ([{"kind": "preference", "hours": None}], "Preference.hours", "fact 1"),
    ],
)
def test_what_cannot_be_recorded_names_field_and_place(given, field, place):
    site = visit()
    answer = site.staff().post(api(site, "/record"), json={"facts": given})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["why"].startswith(place)


def test_what_is_no_json_is_refused():
    site = visit()
    headers = {"content-type": "application/json"}
    for body in (b"{", b"", b"\xff", b"[1]"):
        answer = site.staff().post(api(site, "/record"), content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (422, "BadInput")


def test_a_customer_speaks_for_its_own_party_and_what_it_says_is_marked():
    site = visit()
    answer = {"kind": "touch", "to": ["ann"], "channel": "email", "answers": ["hello"]}
    for sender in (None, "bob", "smith"):
        given = answer if sender is None else {**answer, "sender": sender, "key": sender}
        assert record(site, "customer", given).status_code == 200
        fact = site.entries()[-1].fact
        assert fact.auth is Auth.ACCESS
        assert fact.sender == site.id(sender or "smith")
    mark = {"kind": "mark", "entry": site.no("hello"), "word": "disputed"}
    assert record(site, "customer", mark).status_code == 200
    fact = site.entries()[-1].fact
    assert (fact.party, fact.auth) == (site.id("smith"), Auth.ACCESS)
    again = {**mark, "party": "smith", "word": "acknowledged"}
    assert record(site, "customer", again).status_code == 200


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        ({"kind": "touch", "sender": "ann", "to": ["bob"], "channel": "email"}, 422),
        ({"kind": "touch", "sender": "nobody", "to": ["bob"], "channel": "email"}, 404),
        ({"kind": "mark", "entry": 1, "party": "acme"}, 422),
        ({"kind": "promise", "promiser": "acme", "promisee": "smith"}, 422),
        ({"kind": "signal", "touch": "hello", "what": "answered"}, 422),
        ({"kind": "retraction", "entry": 2}, 422),
    ],
)
def test_a_customer_cannot_speak_for_another_party(fact, status):
    site = visit()
    before = site.entries()
    assert record(site, "customer", fact).status_code == status
    assert site.entries() == before


def test_who_may_only_read_records_nothing():
    site = visit()
    for who in ("reader", "silent"):
        assert record(site, who, {"kind": "matter", "key": "m"}).status_code == 404


def test_errors_are_json_and_say_what_to_do():
    site = visit()
    assert site.browser().get(f"{AT}/api/accounts").json() == {
        "error": "Unauthorized", "field": "", "why": "you need access for this",
    }  # fmt: skip
    odd = site.staff().get(api(site, "/standing?as_of=noon"))
    assert odd.json() == {
        "error": "BadInput", "field": "as_of",
        "why": "as_of: has no time zone; write Z or an offset behind it",
    }  # fmt: skip
    none = site.staff().get(api(site, "/secrets"))
    assert none.json() == {"error": "NotFound", "field": "", "why": "there is no such thing"}


def test_who_asks_too_often_has_to_wait():
    site = visit()
    client = site.browser("anyone")
    codes = [client.get(f"{AT}/api/accounts") for _ in range(CALLS_A_MINUTE + 1)]
    assert codes[0].json() == {"accounts": [], "more": False}
    assert (codes[-1].status_code, codes[-1].headers["retry-after"]) == (429, "60")


def test_the_description_names_every_address_and_every_field():
    site = visit()
    described = site.staff().get(f"{AT}/api/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    assert described["servers"] == [{"url": AT}]
    routes = {r.path for r in site.pages._app.routes if getattr(r, "path", "").startswith("/api/a")}
    paths = {path.replace("{what}", "x") for path in described["paths"]}
    sets = {f"/api/accounts/{{account}}/{what}" for what in SETS}
    assert paths == (routes - {"/api/accounts/{account}/{what}"}) | sets
    assert set(described["components"]["schemas"]) == {"Error", *RECORDED}
    touch = described["components"]["schemas"]["touch"]
    assert touch["properties"]["channel"]["enum"][:2] == ["email", "phone"]
    assert "auth" not in touch["properties"]
    assert touch["additionalProperties"] is False


def test_what_the_description_says_of_reading_is_what_is_answered():
    site = visit()
    described = site.staff().get(f"{AT}/api/openapi.json").json()
    needed = {"person": "bob", "channel": "email"}
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            if method == "get":
                names = {p["name"] for p in about["parameters"] if p["required"]} - {"account"}
                query = {name: needed[name] for name in names}
                address = AT + path.replace("{account}", site.smith)
                answer = site.staff().get(address, params=query)
                assert str(answer.status_code) in about["responses"]
                assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("as_off=2026-03-02", "has a parameter that is not known; known: as_of, period"),
        ("period=2026&period=2025", "has a parameter twice"),
    ],
)
def test_a_parameter_that_would_change_nothing_is_refused(query, why):
    site = visit()
    answer = site.staff().get(api(site, f"/standing?{query}"))
    assert answer.status_code == 422
    assert answer.json() == {"error": "BadInput", "field": "query", "why": f"query: {why}"}
    nothing = site.staff().get(f"{AT}/api/openapi.json?pretty=1").json()
    assert nothing["why"] == "query: has a parameter that is not known; there are none"


def test_what_no_route_takes_is_an_error_of_ours_too():
    browser = TestClient(visit().pages, headers={"x-who": "ann"})
    for method, path, status in (
        ("GET", "/api/accounts/a%0Ab/standing", 404),
        ("DELETE", "/api/accounts", 405),
        ("GET", "/a/%0A", 404),
        ("PUT", "/health", 405),
    ):
        answer = browser.request(method, path)
        assert answer.status_code == status
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        kind = "application/json" if path.startswith("/api") else "text/html; charset=utf-8"
        assert answer.headers["content-type"] == kind
