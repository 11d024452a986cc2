"""The proof of contact on paper says what its rows say, and how it can be checked."""

from __future__ import annotations

import copy

import pytest

from contactledger.errors import BadInput
from contactledger.report import printed_proof
from contactledger.report.document import (
    Chart,
    Facts,
    Listing,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
    cited,
    citing,
    joined,
    laid,
    plain,
)
from contactledger.report.printed import Claims, checkable, left_out
from contactledger.report.printed_proof import proof_of_contact
from contactledger.report.render import render
from contactledger.report.words import Words
from tests.golden import report

EN = Words()
CLAIMS = Claims("a.bundle", "account-id", 3, 10, "root" * 10, "acme.example", "acme+key", "then")


@pytest.fixture
def data():
    return copy.deepcopy(dict(report().data))


def texts(block):
    if isinstance(block, Paragraph):
        yield block.text
    elif isinstance(block, Listing):
        yield from block.items
    elif isinstance(block, Facts):
        for pair in block.pairs:
            yield from pair
    elif isinstance(block, Chart):
        yield from (block.told, block.caption)
    else:
        yield block.caption
        yield from (column.title for column in block.columns)
        for row in block.rows:
            yield from (*row.cells, *row.under)


def words(made, name=""):
    """All that a document says, or a section of it and those within it."""
    lines = [made.label, made.title, made.subtitle, made.closing, *texts(made.facts)]
    within = False
    for section in made.sections:
        within = section.name == name or (within and section.level == 2) or not name
        if within:
            lines += [section.title, *(text for block in section.blocks for text in texts(block))]
    return "\n".join(map(plain, lines))


def test_its_sections_stand_in_the_order_of_the_html(data):
    html = report().html()
    titles = [plain(s.title) for s in proof_of_contact(data, EN).sections if s.level == 1]
    places = [html.index(f">{title}</h2>") for title in titles]
    assert places == sorted(places)
    assert len(titles) == html.count("</h2>")


def test_every_touch_promise_and_matter_is_there_with_its_number(data):
    text = words(proof_of_contact(data, EN))
    for finding in data["findings"]:
        assert f"[{finding['no']}]" in text
        assert finding["about"] in text
        assert finding["back"]["text"].removesuffix(".") in text
        assert finding["counts"]["text"].removesuffix(".") in text
        for line in finding["evidence"]:
            assert f"[{line['no']}]" in text
            assert line["text"] in text
            assert all(caveat[1:] in text for caveat in line["caveats"])
    for promise in data["promises"]:
        assert f"[{promise['no']}]" in text
        assert promise["what"] in text
    for case in data["cases"]:
        assert case["title"] in text
    for rule in data["rules"]:
        assert f"{rule['code']}\n{rule['text']}" in text


def first(data, key):
    return data[key][0]


CHANGES = {
    "no policy": (lambda d: d.update(policies=[]), "no policy was needed"),
    "no count": (lambda d: d["entries"].update(count=None, checked=""), "were not checked"),
    "no matter": (lambda d: d["onus"].update(matter=None), "Whose turn it is"),
    "unnamed, kept": (
        lambda d: d["cases"].append({**first(d, "cases"), "named": False, "title": "a lone one"}),
        "a lone one",
    ),
    "notes": (lambda d: d.update(notes=["A note."]), "A note."),
    "urgent": (lambda d: first(d, "findings").update(urgency="high"), ", high urgency"),
    "attendance": (lambda d: first(d, "findings").update(attendance="absent"), "absent"),
    "late": (
        lambda d: first(d, "findings").update(late=True, late_by="2 days", due=d["as_of"],
                                              due_local=d["as_of_local"]),
        "late by 2 days",
    ),
    "nothing due": (
        lambda d: first(d, "findings").update(due=None, expects="reply"), "no deadline agreed",
    ),
    "contested": (lambda d: first(d, "findings").update(contested=[7]), "Contested:\u00a0[7]."),
    "a reminder": (lambda d: first(d, "findings").update(original={"no": 5}), "Reminds of [5]."),
    "of an earlier one": (
        lambda d: first(d, "findings").update(original={"no": None}), "Reminds of an earlier touch."
    ),
    "better": (
        lambda d: first(d, "findings").update(better={"reach": "sent", "grade": "likely"}),
        "; sent is likely",
    ),
    "the same": (
        lambda d: first(d, "findings")["evidence"][0].update(same_as=3), "; the same as [3]"
    ),
    "two recorders": (
        lambda d: first(d, "findings")["evidence"].append(
            {**first(d, "findings")["evidence"][0], "recorder": "Smith", "no": 999}
        ),
        "; recorded by Smith",
    ),
    "no promise": (lambda d: d.update(promises=[]), "No promise is on record."),
    "nobody said": (
        lambda d: first(d, "promises").update(words=[], held_by=None, outcome="", due=None),
        "nobody yet",
    ),
    "held": (
        lambda d: first(d, "promises").update(held_by={"name": "ACME"}, outcome="it works"),
        "; held by ACME",
    ),
    "one closed": (lambda d: d.update(cases_closed=1), "1 exchange that nobody named"),
    "no case": (lambda d: d.update(cases=[], cases_closed=0), "No matter is open."),
    "at stake": (
        lambda d: first(d, "cases").update(named=True, stake=None, worth="USD 2"),
        "not said; the account is worth USD 2",
    ),
    "nobody holds": (
        lambda d: first(d, "cases").update(named=True, holder=None, days_held=[]), "nobody"
    ),
    "circles": (
        lambda d: first(d, "cases").update(named=True, circles=2),
        "It came back in a circle 2 times",
    ),
    "closed": (
        lambda d: first(d, "cases").update(
            named=True, closed_at=d["as_of"], closed_at_local=d["as_of_local"], state_text="closed"
        ),
        ", closed; opened by",
    ),
    "unnamed": (lambda d: first(d, "cases").update(named=False), "Exchanges that nobody named"),
    "a rung": (
        lambda d: first(d, "cases").update(named=True, rungs=[
            {"text": "call", "question": 4, "opens_at_local": d["as_of_local"], "climbed_by": None,
             "tried_by": 9, "waits_until_local": d["as_of_local"]},
            {"text": "visit", "question": None, "opens_at_local": d["as_of_local"],
             "climbed_by": 8, "tried_by": None, "waits_until_local": None},
            {"text": "write", "question": None, "opens_at_local": d["as_of_local"],
             "climbed_by": None, "tried_by": None, "waits_until_local": None},
        ]),
        "call for [4], from",
    ),
    "handed on": (
        lambda d: first(d, "cases").update(named=True, handoffs=[
            {"no": 6, "giver": {"name": "A"}, "taker": {"name": "B"}, "state_text": "accepted",
             "at_local": d["as_of_local"], "circle": True},
        ]),
        "A → B",
    ),
    "nothing unknown": (lambda d: d.update(unknown=[]), "no silence is in doubt"),
    "no finding": (lambda d: d.update(findings=[]), "No touch between the parties"),
    "owed": (
        lambda d: d.update(owed={
            "cadences": [{"said": {"text": "One a month.", "because": [2]}, "gaps": [
                {"since_local": d["as_of_local"], "until": None, "until_local": None},
                {"since_local": d["as_of_local"], "until": d["as_of"],
                 "until_local": d["as_of_local"]},
            ]}],
            "plan": [{"said": {"text": "A call after the install.", "because": []}}],
            "rules": [{"code": "N1", "text": "Owed is owed."}],
        }),
        "Too few lay behind from",
    ),
    "nothing owed": (lambda d: d.update(owed={"cadences": [], "plan": []}), "Proof of contact"),
    "no party": (lambda d: d.update(parties=[]), "nobody yet"),
    "no person of the sender": (
        lambda d: d["findings"][0].update(sender_person=None), "\nACME Dealer Systems → Smith",
    ),
    "no answer": (
        lambda d: [c.update(answer_median=None, last_sent_at=None, oldest_waiting_no=None)
                   for c in d["columns"]],
        "–",
    ),
    "another zone": (lambda d: d.update(zone="UTC"), " UTC"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_it_says_so(data, change, expected):
    change(data)
    assert expected in words(proof_of_contact(data, EN))


def test_matters_beyond_the_bound_are_counted(data, monkeypatch):
    monkeypatch.setattr(printed_proof, "PRINTED_MATTERS", 1)
    case = {**first(data, "cases"), "named": True}
    data["cases"] = [{**case, "title": "first"}, {**case, "title": "second"}]
    text = words(proof_of_contact(data, EN), "cases")
    assert "The last 1 of 2 are told one by one." in text
    assert "first" not in text
    assert "second" in text


def test_it_is_put_before_what_it_is_not_how_it_is_checked(data):
    made = proof_of_contact(data, EN)
    names = [section.name for section in checkable(made, CLAIMS, 10, EN).sections]
    assert names[-2:] == ["checking", "isnot"]
    bare = checkable(proof_of_contact({**data, "isnot": []}, EN), None, None, EN)
    assert "Nothing is attached" in words(bare, "checking")
    last = checkable(proof_of_contact(data, EN), CLAIMS, None, EN).running[-1]
    assert last == "10 entries, rootrootrootroot"


@pytest.mark.parametrize(
    ("judged", "expected"),
    [(9, "goes on after the moment"), (12, "2 entries of this report came after"), (None, "")],
)
def test_bundle_and_report_may_end_at_different_entries(data, judged, expected):
    text = words(checkable(proof_of_contact(data, EN), CLAIMS, judged, EN), "checking")
    assert expected in text
    for word in ("acme+key", "account-id, slot 3", "10 entries, sealed then", "root" * 10):
        assert word in text


def test_without_a_box_it_stands_last(data):
    made = proof_of_contact(data, EN)
    shorter = type(made)(made.label, "t", "s", Facts([]), [Section("One", [])])
    assert [plain(s.title) for s in checkable(shorter, None, None, EN).sections] == [
        "One",
        "How to check this report",
    ]


def test_a_kind_without_a_page_is_a_clear_error(data):
    with pytest.raises(BadInput, match="kind: is not printed; these are: proof-of-contact"):
        render("horoscope", data).document()


def test_a_table_of_which_all_is_printed_says_nothing():
    assert left_out(3, 0, EN, attached=True) == ""


def test_texts_are_joined_and_cited():
    assert cited("It is.", []) == "It is."
    assert plain(cited("It is.", [1, 2])) == "It is\u00a0[1, 2]."
    assert plain(citing(range(14))).endswith("10, 11, … +2]")
    assert plain(joined(["a", (Span("b"), "c")], "; ")) == "a; bc"
    assert plain("a") == "a"


def test_a_document_is_laid_out_as_plain_values(data):
    table = Table([], [TableRow([(Span("x", "strong"), " and ", Span("y"), "!")])])
    made = proof_of_contact(data, EN)
    made = type(made)("L", "T", "S", Facts([]), [Section("One", [table], boxed=True)])
    (section,) = laid(made)["sections"]
    assert section["blocks"][0]["rows"] == [
        {"cells": [[["strong", "x"], " and y!"]], "under": [], "style": "plain"}
    ]
    assert (section["title"], section["level"], section["boxed"]) == ("One", 1, True)
