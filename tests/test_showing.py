"""What notebooks show: verdicts with names that are looked up when they are shown, and charts."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import attrs
import pytest
from IPython.core.formatters import DisplayFormatter

from contactledger.errors import BadInput
from contactledger.exchange import open_bundle
from contactledger.facts import Handoff, Matter, Money, Promise
from contactledger.judge.judge import judge
from contactledger.showing import Several, chart
from contactledger.shown import Shown
from tests.ledgers import SMITH, in_memory, mail, two_sides
from tests.sealers import sealing_in_memory

SECRETS = ("Bob Ray", "bob@smith", "Ann Lee", "smith-motors", "Smith Motors", "The refund", "Sync")


@pytest.fixture
def told():
    ledger, clock = in_memory()
    ledger.record(
        SMITH,
        *two_sides(),
        Matter("credit", title="The refund", stake=Money(189_500, "USD")),
        mail("rel-1", about="Sync is <b>back</b>", expects="reply", matter="credit"),
        mail("rel-2", about="Sync again", expects="reply"),
        Promise("p1", "acme", "smith", due=clock() + timedelta(days=1), what="It", matter="credit"),
        Handoff("credit", "acme", "smith"),
    )
    clock.set(clock() + timedelta(hours=2))
    ledger.record(SMITH, mail("re-1", to="acme", sender="bob", answers="rel-1", about="Yes"))
    clock.set(clock() + timedelta(days=30))
    return ledger


def html(value):
    """What a notebook would show, by the very formatter of IPython."""
    return DisplayFormatter().format(value)[0].get("text/html")


def plain(value):
    return DisplayFormatter().format(value)[0]["text/plain"]


def test_a_standing_a_finding_and_a_case_show_themselves_with_names(told):
    standing = told.standing(SMITH)
    (first, *_) = told.findings(SMITH)
    (case,) = [c for c in told.cases(SMITH) if c.named]
    assert "<bdi>ACME Dealer Systems</bdi>" in html(standing)
    assert "<bdi>Sync is &lt;b&gt;back&lt;/b&gt;</bdi>" in html(first)
    assert "<bdi>The refund</bdi>" in html(case)
    assert "USD 1,895.00" in html(case)


def test_what_is_inside_a_standing_shows_itself_too(told):
    standing = told.standing(SMITH)
    assert html(standing.findings[0]) == html(told.findings(SMITH)[0])
    assert html(standing.cases[0]) == html(told.cases(SMITH)[0])


def test_several_are_a_table_and_so_is_a_slice(told):
    found = told.findings(SMITH)
    assert html(found).count("<tr>") == 1 + len(found)
    assert "3 findings: " in html(found)
    assert html(found[:1]).count("<tr>") == 2
    cases = told.cases(SMITH)
    assert html(cases).count("<tr>") == 1 + len(cases)
    assert html(told.findings(SMITH, period="2020")) is None


def test_several_are_the_tuple_they_are(told):
    found = told.findings(SMITH)
    assert isinstance(found, tuple)
    assert found == tuple(found)
    assert (found[0], found[-1]) == tuple(list(found)[::2])
    assert isinstance(found[1:], Several)


def test_plain_text_is_short_and_says_nothing_personal(told):
    standing, found, cases = told.standing(SMITH), told.findings(SMITH), told.cases(SMITH)
    report = told.report(SMITH)
    things = [standing, found, cases, found[0], cases[0], report, report.chart("funnel")]
    for thing in things:
        for text in (repr(thing), str(thing), f"{thing}", plain(thing)):
            assert len(text) < 130
            assert [secret for secret in SECRETS if secret in text] == []
    assert re.fullmatch(r"<3 × Finding: 1 \w+, 1 \w+, 1 \w+>", repr(found))
    assert repr(found[0]).endswith("email, notice: answered, confirmed>")
    assert repr(found[:0]) == "()"
    assert repr(report) == "<Report proof-of-contact>"


def test_what_was_erased_since_is_not_shown(told):
    (first, *_) = found = told.findings(SMITH)
    assert "Bob Ray" in html(found[2]) or "Bob" in html(first)
    told.redact(SMITH, person="bob")
    for one in (*found, found, told.standing(SMITH)):
        assert "Bob Ray" not in html(one)


def test_once_the_ledger_cannot_be_read_ids_stand_for_names(told):
    found = told.findings(SMITH)
    lost = copy.copy(found[0])
    object.__setattr__(lost, "_show", attrs.evolve(found[0]._show, account="nobody"))
    assert f"<bdi>{lost.sender[:8]}</bdi>" in html(lost)


def test_nothing_but_the_notebook_sees_who_shows_a_value(told):
    (shown, *_) = told.findings(SMITH)
    (bare, *_) = judge(told.entries(SMITH), told.standing(SMITH).as_of)
    assert shown == bare
    assert hash(shown) == hash(bare)
    assert attrs.asdict(shown) == attrs.asdict(bare)
    assert html(bare) is None
    for made in (pickle.loads(pickle.dumps(shown)), copy.deepcopy(shown)):
        assert made == shown
        assert html(made) is None
    assert pickle.loads(pickle.dumps(shown._show)) is None


def test_several_survive_pickling_as_what_they_hold(told):
    found = told.findings(SMITH)
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    assert html(again) is None


def test_a_value_that_was_read_from_nowhere_is_plain_text():
    assert Shown()._repr_html_() is None


def test_a_report_is_shown_in_a_frame_that_its_style_does_not_leave(told):
    page = html(told.report(SMITH))
    assert page.startswith('<iframe sandbox srcdoc="&lt;!DOCTYPE html&gt;')
    assert page.count("<") == 2


@pytest.mark.parametrize("name", ["timeline", "funnel", "answer-times", "pressure", "holders"])
def test_a_report_has_charts_that_show_themselves(told, name, tmp_path):
    figure = told.report(SMITH).chart(name)
    root = ET.fromstring(figure.svg(tmp_path / "chart.svg"))
    assert (tmp_path / "chart.svg").read_text("utf-8") == figure.svg()
    assert root.findtext("{http://www.w3.org/2000/svg}title") == figure.title
    assert root.findtext("{http://www.w3.org/2000/svg}desc") == figure.told
    assert repr(figure) == f"<Figure {name}>"
    shown = ET.fromstring(html(figure))
    assert [e.tag for e in shown] == ["style", "figure"]
    assert "prefers-color-scheme:dark" in str(shown[0].text)
    assert {tuple(row) for row in figure.rows} == {figure.picture.head}


def test_a_chart_is_of_the_language_of_its_report(told):
    german = told.report(SMITH, lang="de").chart("funnel")
    assert next(iter(german.rows[0])) == "Kanal"
    assert "Die Zahlen" in html(german)


def test_a_chart_of_another_name_or_of_no_touches_is_refused(told):
    with pytest.raises(BadInput, match="must be one of: timeline, funnel"):
        told.report(SMITH).chart("pie")
    with pytest.raises(BadInput, match="only a proof of contact"):
        told.outlook(SMITH).chart("funnel")


def test_charts_of_rows_say_what_those_of_the_report_say(told):
    rows = told.rows(account=SMITH, personal=True)
    assert chart("funnel", rows).rows[0]["Made"] == "3"
    (times,) = [r for r in chart("answer-times", rows, by="receiver").rows if r["≤ 4 hours"] == "1"]
    assert times["no answer"] == "1"
    by_account = chart("pressure", rows, by="account").rows
    assert [(row["Who"], row["In all"]) for row in by_account] == [(SMITH, "3")]


def test_charts_of_rows_refuse_what_they_cannot_draw(told):
    with pytest.raises(BadInput, match="must be one of: funnel, answer-times, pressure"):
        chart("pie", told.rows())
    with pytest.raises(BadInput, match="have no column nobody"):
        chart("funnel", told.rows(), by="nobody")


def test_what_a_bundle_gives_shows_itself_as_what_the_ledger_gives(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    ledger.record(SMITH, *two_sides(), mail("rel-1", about="Sync is back", expects="reply"))
    ledger.seal()
    ledger.bundle(SMITH).save(tmp_path / "smith.bundle")
    bundle = open_bundle(tmp_path / "smith.bundle", trust=key)
    assert "Sync is back" in html(bundle.findings()[0])
    assert html(bundle.findings()) == html(ledger.findings(SMITH, as_of=bundle.sealed_at))
    assert html(bundle.standing()) == html(ledger.standing(SMITH, as_of=bundle.sealed_at))


def test_much_evidence_is_cut_and_counted(told):
    (first, *_) = told.findings(SMITH)
    long = attrs.evolve(first, evidence=first.evidence[:1] * 30)
    object.__setattr__(long, "_show", first._show)
    assert html(long).count("<li") == 13
    assert "and 18 more" in html(long)


def test_a_long_table_is_cut_and_counted(told):
    found = told.findings(SMITH)
    assert "and 10 more: take a slice" in html(Several([found[0]] * 30))
