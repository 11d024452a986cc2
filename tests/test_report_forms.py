"""A picture and a table that was cut, in HTML, text and Markdown."""

from __future__ import annotations

from contactledger.report.document import Chart, Column, Section, Table, TableRow
from contactledger.report.forms import plain, section_html, section_markdown, section_text
from contactledger.report.kind_case import _rung
from contactledger.report.kind_parts import onus_said
from contactledger.report.words import Words

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
