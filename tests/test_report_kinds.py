"""Every kind of report in every form: the story, an empty account, one touch, hostile text."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest

from contactledger.errors import BadTemplate, NotFound
from contactledger.files import FORMS as PATHS
from contactledger.questions import About, Told, ToldRow
from contactledger.report.csv import csv
from contactledger.report.document import Facts, plain
from contactledger.report.forms import WIDTH, cells
from contactledger.report.kind_notice import account_rows
from contactledger.report.kind_parts import period
from contactledger.report.kinds import FORMS as SUFFIXES
from contactledger.report.kinds import KINDS, OF_LEDGER, OFFERED, TABLES
from contactledger.report.names import Names, names
from contactledger.report.render import Report, render
from contactledger.report.words import Words
from tests.kinds import (
    PROOF,
    asked_rows,
    kind_rows,
    outlook,
    proof_rows,
    reconciliation,
    story_rows,
    survey_rows,
)
from tests.reporting import standing

FORMS = ("html", "text", "markdown", "csv", "json")
OTHERS = ("proof-of-contact", "outlook", "reconciliation")
"""Kinds that are made of other rows than those of a proof of contact, or are that itself."""
ALL = [(kind, form) for kind in KINDS for form in FORMS]


def empty() -> dict[str, dict[str, object]]:
    """Kind → its rows of an account in which nothing ever happened."""
    found, _ = standing()
    nobody = attrs.evolve(found, columns=(), findings=(), promises=(), cases=(), gaps=(), notes=())
    proof = proof_rows(nobody, Names())
    made = {
        k: kind_rows(k, proof, milestones=())
        for k, kind in KINDS.items()
        if kind.rows and k != "touch-certificate"
    }
    made |= {k: survey_rows(k, nobody, Names(), proof, ()) for k in OF_LEDGER}
    return made | {
        "proof-of-contact": proof,
        "outlook": outlook(empty=True),
        "reconciliation": reconciliation(touches=0),
    }


EMPTY = empty()


def one_touch(kind: str) -> Report:
    found, story = standing()
    first = attrs.evolve(
        found, columns=found.columns[:1], findings=found.findings[:1], promises=(), cases=()
    )
    proof = proof_rows(first)
    if kind in OTHERS:
        one = {"outlook": outlook, "reconciliation": lambda: reconciliation(touches=1)}
        return render(kind, one.get(kind, lambda: proof)())
    if KINDS[kind].rows:
        return render(kind, kind_rows(kind, proof, milestones=()))
    called = names(story.entries)
    return render(kind, survey_rows(kind, first, called, proof, story.entries))


@pytest.mark.parametrize(("kind", "form"), ALL)
def test_every_kind_tells_the_story_in_every_form(kind, form):
    text = getattr(render(kind, story_rows(kind)), form)()
    assert text
    assert "None" not in text
    assert not re.search(r"\bread\b(?! or understood)", text.replace("was read or", ""))


@pytest.mark.parametrize(("kind", "form"), [(k, f) for k in EMPTY for f in FORMS])
def test_every_kind_of_an_empty_account_is_a_report(kind, form):
    assert getattr(render(kind, EMPTY[kind]), form)()


@pytest.mark.parametrize(("kind", "form"), ALL)
def test_every_kind_of_one_touch_is_a_report(kind, form):
    assert getattr(one_touch(kind), form)()


@pytest.mark.parametrize("kind", KINDS)
def test_the_pieces_of_the_stream_are_the_page(kind):
    report = render(kind, story_rows(kind))
    assert "".join(report.stream()) == report.html()


def test_a_long_page_goes_out_in_pieces():
    report = render(
        "x", {"rows": ["a" * 1000] * 200}, {"x.html": "{% for r in rows %}{{ r }}\n{% endfor %}"}
    )
    pieces = list(report.stream())
    assert [len(piece) >= 65_536 for piece in pieces] == [True, True, True, False]
    assert "".join(pieces) == report.html()


def test_what_is_offered_is_every_kind_there_is():
    assert set(OFFERED) == set(KINDS) == set(TABLES)
    assert {k for k, offer in OFFERED.items() if offer.over == "ledger"} == set(OF_LEDGER)
    assert {k for k, offer in OFFERED.items() if offer.needs} == {
        "touch-certificate", "notice-coverage",
    }  # fmt: skip
    assert {f".{form}" for form in SUFFIXES} == set(PATHS)
    assert all(set(offer.forms) <= set(SUFFIXES) for offer in OFFERED.values())


# --- hostile text -----------------------------------------------------------------------------

HOSTILE = {
    "html": "</bdi></td></table><script>alert(1)</script><img src=x onerror=a()>",
    "markdown": "](http://evil.example) **b** `c` | d | <i>e</i> ![f](g) # h www.evil.example",
    "formula": '=HYPERLINK("http://evil.example";"x")',
    "bidi": "\u202egpj.exe \u2067abc\u2069",
    "long": "x" * 10_000,
    "template": "{{ config }} {% include 'page.html' %}",
    "controls": "a\x00b\x1b[31m\r\nc\u2028d",
    "arabic": "شركة سميث",
    "wide": "史密斯汽车公司" * 20,
}


class Tags(HTMLParser):
    """The tags of a page, in order, with their attributes' names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, *sorted(name for name, _ in attrs)))


def hostile(kind: str, text: str) -> Report:
    """The kind over the story, every name and subject of which is that text."""
    found, story = standing()
    called = names(story.entries)
    worst = attrs.evolve(
        called,
        account=text[:200],
        called=dict.fromkeys(called.called, _clean(text)),
        outcomes=dict.fromkeys(called.outcomes, _clean(text)),
        lines={no: attrs.evolve(line, about=_clean(text)) for no, line in called.lines.items()},
    )
    proof = proof_rows(found, worst)
    if kind == "reconciliation":
        return render(kind, _renamed(reconciliation(), _clean(text)))
    if kind in OTHERS:
        rows = outlook(worst) if kind == "outlook" else proof | asked_rows(worst)
        return render(kind, rows)
    if KINDS[kind].rows:
        return render(kind, kind_rows(kind, proof))
    return render(kind, survey_rows(kind, found, worst, proof, story.entries))


def _renamed(value: Any, text: str) -> Any:
    """The rows of a reconciliation, everything in which that people typed is that text."""
    if isinstance(value, list):
        return [_renamed(one, text) for one in value]
    if not isinstance(value, dict):
        return value
    typed = ("who", "about", "keeper", "title")
    return {k: text if k in typed else _renamed(v, text) for k, v in value.items()}


def _clean(text: str) -> str:
    from contactledger.report.phrases import clean

    return clean(text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_change_no_tag_of_the_page(kind, text):
    page = hostile(kind, text).html()
    assert Tags(page).seen == Tags(hostile(kind, "Name").html()).seen
    assert not set(page) & set("\x00\x1b\u202e\u2067")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_change_no_line_of_the_markdown(kind, text):
    made = hostile(kind, text).markdown()
    tame = hostile(kind, "Name").markdown()
    bars = [re.sub(r"\\.", "", line).count("|") for line in made.splitlines()]
    assert bars == [re.sub(r"\\.", "", line).count("|") for line in tame.splitlines()]
    bare = re.sub(r"\\.", "", made).replace("<br>", "")
    assert not re.search(r"[\]`<]|\[|!\[|://|www\.", bare)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", KINDS)
def test_no_line_of_the_text_is_wider_than_eighty_columns(kind, text):
    lines = hostile(kind, text).text().splitlines()
    assert [line for line in lines if cells(line) > WIDTH] == []


def test_what_a_spreadsheet_would_compute_is_text():
    starts = ("=", "+", "-", "@", "\t", "\r", " =", "\ufeff=", "＝")
    made = csv([{"a": f"{start}1+1"} for start in starts], ["a"])
    cells_ = made.split("\r\n", 1)[1]
    assert [part.lstrip('"')[0] for part in re.split(r"(?<=1)\"?\r\n", cells_) if part] == [
        "'"
    ] * len(starts)


def test_a_csv_is_that_of_rfc_4180():
    made = csv(
        [{"a": 'x "y", z', "b": {"c": None}, "d": [1, 2], "e": True, "f": -3},
         {"a": "", "b": None, "d": [], "e": False, "f": "-3.5"}],
        ["a", "b.c", "d", "e", "f"],
    )  # fmt: skip
    assert made == 'a,b.c,d,e,f\r\n"x ""y"", z",,1; 2,true,-3\r\n,,,false,-3.5\r\n'


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_the_csv_are_those_that_are_written_down(kind):
    head = render(kind, story_rows(kind)).csv().split("\r\n")[0]
    assert tuple(head.split(",")) == TABLES[kind][1]


def test_a_kind_of_ones_own_has_no_csv_and_says_so():
    with pytest.raises(BadTemplate, match="has no list of rows to show as CSV"):
        render("x", {}).csv()


# --- what single kinds say --------------------------------------------------------------------


def test_json_is_the_rows():
    rows = story_rows("both-sides")
    assert json.loads(render("both-sides", rows).json()) == rows


def test_a_touch_certificate_is_about_one_touch_with_all_its_evidence_and_its_proof():
    rows = kind_rows("touch-certificate", proof_rows(), about=13)
    assert [f["no"] for f in rows["findings"]] == [13]
    assert rows["proof"] == PROOF
    text = render("touch-certificate", rows).text()
    assert all(f"[{e['no']}]" in text for e in rows["findings"][0]["evidence"])
    assert "A proxy fetched the pictures; nobody need have looked." in " ".join(text.split())
    assert "ab" * 32 in text


def test_a_touch_that_is_not_sealed_has_a_certificate_that_says_so():
    rows = kind_rows("touch-certificate", proof_rows(), about="13", proof=None)
    text = " ".join(render("touch-certificate", rows).text().split())
    assert "No signed checkpoint covers this entry yet." in text


def test_there_is_no_certificate_of_what_is_no_touch():
    with pytest.raises(NotFound, match="no touch of that number was judged"):
        kind_rows("touch-certificate", proof_rows(), about=4)


def test_both_sides_counts_the_longest_silence_of_each_side_up_to_now():
    rows = kind_rows("both-sides", proof_rows())
    told = {s["party"]["name"]: (s["seconds"] // 86_400, s["because"]) for s in rows["silences"]}
    assert told == {"ACME Dealer Systems": (14, [31, 37]), "Smith Motors": (27, [51])}


def test_both_sides_lists_answers_with_the_time_they_took():
    rows = kind_rows("both-sides", proof_rows())
    assert [(f["no"], f["answer_seconds"] // 3600) for f in rows["answers"]] == [
        (16, 0), (21, 50), (29, 0), (44, 0), (49, 170), (57, 1),
    ]  # fmt: skip


def test_a_case_dossier_can_be_that_of_one_matter():
    proof = proof_rows()
    title = proof["cases"][0]["title"]
    rows = kind_rows("case-dossier", proof, about=title)
    assert [c["title"] for c in rows["cases"]] == [title]
    assert [a["no"] for a in rows["cases"][0]["acts"]] == [21, 23, 24, 34, 36, 40, 46]


def test_days_held_have_the_decimal_mark_of_the_language():
    rows = kind_rows("case-dossier", proof_rows())
    held = rows["cases"][0]["days_held"][0]
    days = f"{held['party']['name']} {held['tenths'] // 10},{held['tenths'] % 10} Tage"
    assert days in " ".join(render("case-dossier", rows, lang="de").text().split())


def test_promises_are_counted_for_both_sides_alike():
    rows = kind_rows("promises", proof_rows())
    assert {c["name"]: (c["kept"], c["missed"]) for c in rows["count"]} == {
        "ACME Dealer Systems": (0, 1), "Smith Motors": (1, 0), "Lot Data GmbH": (0, 0),
    }  # fmt: skip


def test_contact_pressure_finds_the_busiest_seven_days_of_each_person():
    rows = kind_rows("contact-pressure", proof_rows())
    bob = rows["people"][0]
    assert (bob["person"]["name"], bob["touches"], bob["last_30_days"], bob["busiest_7_days"]) == (
        "Bob Ray", 16, 4, 3,
    )  # fmt: skip
    assert bob["because"] == [42, 44, 47]


def test_the_first_90_days_count_from_the_install():
    rows = kind_rows("first-90-days", proof_rows())
    assert (rows["period"]["first_day"], rows["period"]["last_day"]) == ("2026-01-05", "2026-04-05")
    assert rows["over"] is True
    assert len(rows["weeks"]) == 13
    assert max(f["no"] for f in rows["findings"]) == 53


def test_without_an_install_the_first_90_days_count_from_the_first_touch_and_say_so():
    rows = kind_rows("first-90-days", proof_rows(), milestones=[{"kind": "outage"}])
    assert rows["period"]["first_day"] == "2026-01-06"
    text = " ".join(render("first-90-days", rows).text().split())
    assert "No install is on record; the days count from the first touch." in text


def test_what_a_plan_asked_for_stands_in_the_first_90_days():
    proof = proof_rows()
    proof["owed"] = {"plan": [{"said": {"text": "First week: done.", "because": [4, 13]}}]}
    text = render("first-90-days", kind_rows("first-90-days", proof)).text()
    assert "- First week: done [4, 13]." in text


def test_days_that_have_not_begun_are_not_listed():
    rows = kind_rows(
        "first-90-days",
        proof_rows(),
        milestones=[{**story_rows_install(), "at": "2026-04-20T15:00:00Z"}],
    )
    assert (rows["over"], len(rows["weeks"])) == (False, 2)


def story_rows_install():
    from tests.kinds import INSTALL

    return INSTALL


def test_who_was_told_says_it_of_each_party_and_each_person():
    rows = story_rows("notice-coverage")
    (account,) = rows["accounts"]
    told = {p["party"]["name"]: p["state"] for p in account["parties"]}
    assert told == {"Smith Motors": "seen", "Lot Data GmbH": "never_told"}
    assert {row["person"]["name"]: row["state"] for row in rows["people"]} == {
        "Bob Ray": "seen", "Dana Ortiz": "never_told",
    }  # fmt: skip


def test_of_several_answers_about_one_name_the_one_that_shows_most_speaks():
    def answer(state, *because):
        row = ToldRow("smith", None, None, state, None, None, None, False, (), (), because)
        return Told("a", datetime(2026, 1, 1, tzinfo=UTC), About("matter", "m"), "acme", (row,))

    def best(*answers):
        (party,) = account_rows({"id": "a", "name": "a"}, answers, Names())["parties"]
        return party["state"], party["because"]

    assert best(answer("told", 4), answer("seen", 9)) == ("seen", [9])
    assert best(answer("seen", 9), answer("told", 4)) == ("seen", [9])
    assert best(answer("seen", 9), answer("seen", 4, 9)) == ("seen", [4, 9])


def test_health_counts_what_weakens_a_report_and_names_nobody():
    rows = story_rows("ledger-health")
    assert rows["forged"] == 3
    assert rows["waiting"] == [
        {"source": "mail", "state": "odd", "count": 1},
        {"source": "sendgrid", "state": "failed", "count": 1},
        {"source": "sendgrid", "state": "unknown", "count": 2},
    ]
    assert rows["accounts"][0]["unproven"] == [13, 37]
    assert "Bob Ray" not in render("ledger-health", rows).json()


@pytest.mark.parametrize("kind", EMPTY)
def test_no_section_of_an_empty_account_is_a_title_alone(kind):
    sections = render(kind, EMPTY[kind]).document().sections
    bare = [s.title for s in sections if not s.blocks or Facts([]) in s.blocks]
    assert bare == []


def test_what_is_not_known_of_an_empty_account_is_not_that_somebody_listened():
    assert (
        "no silence that could be in doubt"
        in render("proof-of-contact", EMPTY["proof-of-contact"]).text()
    )
    health = render("ledger-health", EMPTY["ledger-health"]).text()
    assert "No time is on record at which nobody listened." in health


def test_a_period_of_one_day_is_named_once():
    assert period(Words(), {"period": {"first_day": "2026-01-05", "last_day": "2026-01-05"}}) == (
        "5 Jan 2026"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_blocks_of_a_kind_are_the_names_of_its_sections(kind):
    report = render(kind, story_rows(kind))
    named = {section.name for section in report.document().sections}
    assert named - {"isnot"} <= set(KINDS[kind].sections)
    assert all(plain(section.title) for section in report.document().sections)


def test_a_block_of_a_kind_can_be_replaced_without_copying_the_rest():
    mine = (
        '{% extends "contactledger/promises.html" %}'
        "{% block rules %}<p>House rules.</p>{{ super() }}{% endblock %}"
    )
    rows = story_rows("promises")
    page = render("promises", rows, {"promises.html": mine}).html()
    assert page.replace("<p>House rules.</p>", "") == render("promises", rows).html()


def test_the_proof_of_contact_has_markdown_and_csv_as_well():
    report = render("proof-of-contact", proof_rows())
    assert report.markdown().startswith("# Proof of contact: Smith Motors\n")
    assert report.csv().count("\r\n") == 1 + len(report.data["findings"])
