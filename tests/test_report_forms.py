"""The forms: tables that are cut or narrowed, pictures, and what kinds say only now and then."""

from __future__ import annotations

import attrs
import pytest

from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.report.document import Chart, Column, Facts, Section, Span, Table, TableRow
from contactledger.report.forms import (
    WIDTH,
    cells,
    facts_markdown,
    plain,
    section_html,
    section_markdown,
    section_text,
    wrapped,
)
from contactledger.report.kind_case import _rung
from contactledger.report.kind_parts import onus_said
from contactledger.report.render import render
from contactledger.report.words import Words
from tests.kinds import kind_rows, proof_rows
from tests.ledgers import SMITH, filled, mail

WORDS = Words()
CUT = Section("Cut", [Table([Column("A")], [TableRow(["1"])], "", 2)])
SEEN = Section("Seen", [Chart("<svg></svg>", "Two marks.", "Marks.")])


def test_a_table_that_was_cut_says_so_in_every_form():
    said = "2 earlier rows are not printed here."
    assert all(
        said in made
        for made in (
            section_html(CUT, 1, WORDS),
            section_text(CUT, WORDS),
            section_markdown(CUT, WORDS),
        )
    )


def test_a_picture_is_a_picture_in_html_and_words_elsewhere():
    page = section_html(SEEN, 1, WORDS)
    assert "<svg></svg></div><figcaption>Marks.</figcaption>" in page
    assert section_text(SEEN, WORDS) == "SEEN\n----\nTwo marks.\n"
    assert section_markdown(SEEN, WORDS) == "## Seen\n\nTwo marks.\n"


def test_an_onus_says_that_due_diligence_is_complete():
    onus = {"party": {"name": "Bob"}, "until": None, "since": None, "next_rung": "",
            "diligence": True, "because": []}  # fmt: skip
    assert onus_said(WORDS, onus) == (
        "It is the turn of Bob. The other side’s due diligence is complete."
    )


def test_a_rung_that_was_tried_says_how_long_it_waits():
    at = {"waits_until": "2026-03-03T15:00:00Z", "waits_until_local": "2026-03-03T15:00:00+00:00"}
    said = _rung({"climbed_by": None, "tried_by": 7, **at}, WORDS)
    assert plain(said, WORDS) == "tried, waiting until 3 Mar 2026, 15:00 [7]"


def test_a_part_of_a_section_has_a_title_without_capitals_and_without_a_line():
    part = attrs.evolve(SEEN, level=2)
    assert section_text(part, WORDS) == "Seen\nTwo marks.\n"


def test_columns_are_narrowed_until_they_fit_or_are_as_narrow_as_words_bear():
    def widest(count):
        table = Table([Column("A") for _ in range(count)], [TableRow(["word " * 9] * count)])
        made = section_text(Section("Wide", [table]), WORDS)
        return max(map(cells, made.splitlines()))

    assert (widest(2), widest(4)) == (WIDTH, WIDTH)
    assert widest(30) > WIDTH


def test_a_word_that_is_cut_over_lines_gets_no_space_in_it():
    name = "株式会社東京自動車" * 4
    assert wrapped(f"As of  {name}", hang=7, width=20).split("\n") == [
        "As of ",
        *[f"       {name[start : start + 6]}" for start in range(0, 36, 6)],
    ]
    assert wrapped(name, hang=2, width=10).split("\n") == [
        name[:5],
        *[f"  {name[start : start + 4]}" for start in range(5, 36, 4)],
    ]


@pytest.mark.parametrize(
    ("shares", "compared"),
    [
        ([(1, "start"), (1, "end"), (1, "end")], True),
        ([(0, "start"), (2, "start"), (1, "end")], True),
        ([(2, "start"), (5, "start"), (1, "end")], False),
        ([(1, "start"), (1, "start"), (1, "start"), (1, "end")], False),
        ([(1, "start"), (1, "end"), (1, "start")], False),
        ([(1, "start"), (1, "start")], False),
        ([(1, "end")], False),
    ],
)
def test_numbers_beside_a_narrow_column_or_two_stay_a_table_on_a_phone(shares, compared):
    table = Table([Column("A", share, side) for share, side in shares], [])
    made = section_html(Section("Counts", [table]), 1, WORDS)
    assert ('<table class="parties"' in made, '<table class="cards"' in made) == (
        compared,
        not compared,
    )


def test_what_a_fact_is_called_is_bold_once():
    facts = Facts([((Span("noted", "strong"),), "nothing *more*")])
    assert facts_markdown(facts, WORDS) == "- **noted**: nothing \\*more\\*"


def test_a_dossier_says_what_the_account_is_worth_and_that_a_matter_went_in_a_circle():
    proof = proof_rows()
    for case in proof["cases"]:
        case["worth"], case["circles"] = "USD 9,000.00", 2
        case["handoffs"] = [{**h, "circle": True} for h in case["handoffs"]]
    text = render("case-dossier", kind_rows("case-dossier", proof)).markdown()
    assert "The account is worth: USD 9,000.00" in text.replace("*", "")
    assert "Circles: it came back 2 times to a party that had it" in text.replace("*", "")
    assert "never taken up, a circle" in text


def test_a_report_of_any_kind_says_on_whose_policy_it_rests_in_the_words_of_the_proof():
    ledger, _ = filled()
    ledger.record(SMITH, mail())
    ours = "ACME Dealer Systems’ own policy; Smith Motors has not agreed to it [1]"
    trial = "a trial policy, put in place of the adopted one for this report only"
    for kind in ("proof-of-contact", "promises"):
        text = " ".join(ledger.report(SMITH, kind).text().split())
        assert f" Judged by {ours} Rests on " in text
        tried = ledger.report(SMITH, kind, what_if=DEFAULT_POLICY).text()
        assert f" Judged by {trial}" in " ".join(tried.split())


def test_pressure_is_on_those_who_were_addressed_and_cites_a_dozen_touches():
    proof = proof_rows()
    whole = kind_rows("contact-pressure", proof)["people"][0]
    for finding in proof["findings"][:2]:
        finding["people"] = [{**row, "addressed": False} for row in finding["people"]]
    rows = kind_rows("contact-pressure", proof)
    assert (whole["touches"], rows["people"][0]["touches"]) == (16, 14)
    rows["people"][0]["because"] = list(range(1, 14))
    text = render("contact-pressure", rows).markdown().replace("\\", "")
    assert "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …]" in text


def test_a_certificate_says_against_whom_it_counts_and_where_the_touch_broke_the_policy():
    def text(no):
        rows = kind_rows("touch-certificate", proof_rows(), about=no)
        return " ".join(render("touch-certificate", rows).text().split())

    assert "Counts against Smith Motors" in text(25)
    assert "The touch itself did not keep the policy: - made outside the agreed hours" in text(53)


def test_where_nothing_calls_for_an_act_it_is_nobodys_turn():
    onus = {"party": None, "because": [3]}
    said = onus_said(Words.of("de"), onus)
    assert plain(said, WORDS) == "Niemand ist am Zug: Es steht nichts an [3]."


def test_the_filters_of_a_template_speak_the_language_of_the_report():
    mine = (
        "{{ as_of_local|day }}; {{ as_of_local|date }}; {{ ['a', 'b']|listed }}; "
        "{{ as_of|utc_beside(as_of_local) }}"
    )
    made = render("proof-of-contact", proof_rows(), {"proof-of-contact.txt": mine}, "de").text()
    assert made == "Di, 28. April 2026; 28. April 2026; a und b; 15:00 UTC"
