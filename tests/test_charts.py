"""What holds of every chart: valid XML, words for it, names that stay text, a bounded size."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import attrs
import pytest

from contactledger.report.charts_answers import answer_times
from contactledger.report.charts_frame import HUES, Picture, box, label
from contactledger.report.charts_funnel import funnel
from contactledger.report.charts_holders import holders
from contactledger.report.charts_pressure import pressure
from contactledger.report.names import Names, names
from contactledger.report.rows import rows
from contactledger.report.words import Words, catalogue
from tests.reporting import SCOPE, WORDING, many, standing

CHARTS = (funnel, answer_times, pressure, holders)
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    '</text><script>alert("x")</script>',
    "]]><![CDATA[ &amp; {{ 7*7 }}",
    "\u202egnirts\u202c \x00\x0b\ud800\ufffe",
    "汽车经销商" * 40,
    "مرحبا 👋🏽" * 30,
    "x" * 10_000,
)


def story() -> dict[str, Any]:
    found, told = standing()
    return rows(found, names(told.entries), WORDING, SCOPE)


@cache
def large() -> dict[str, Any]:
    found, entries = many(10_000)
    return rows(found, names(entries), WORDING, SCOPE)


def renamed(data: Any, name: str) -> Any:
    """The rows with every name and title replaced, past whatever cleans them."""
    if isinstance(data, dict):
        return {k: name if k in ("name", "title") else renamed(v, name) for k, v in data.items()}
    return [renamed(one, name) for one in data] if isinstance(data, list) else data


every_chart = pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.__name__)


@every_chart
def test_a_screen_reader_is_told_what_is_seen(chart):
    picture = chart(story())
    root = ET.fromstring(picture.svg)
    prefix = f"cl-{chart.__name__}".removesuffix("_times").replace("answer", "answers")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{prefix}-title {prefix}-desc"
    assert [(e.tag, e.get("id"), e.text) for e in root[:2]] == [
        (f"{SVG}title", f"{prefix}-title", picture.title),
        (f"{SVG}desc", f"{prefix}-desc", picture.told),
    ]


@every_chart
def test_its_numbers_are_a_table_with_a_cell_for_every_head(chart):
    picture = chart(story())
    assert picture.rows
    assert {len(row) for row in picture.rows} == {len(picture.head)}
    figure = picture.figure()
    assert figure.count('<th scope="col">') == len(picture.head)
    assert figure.count('<th scope="row">') == len(picture.rows)
    assert figure.count("<td>") == len(picture.rows) * (len(picture.head) - 1)


@every_chart
@pytest.mark.parametrize("name", HOSTILE, ids=["markup", "xml", "control", "wide", "rtl", "long"])
def test_a_name_stays_a_name(chart, name):
    figure = chart(renamed(story(), name)).figure()
    plain = ET.fromstring(chart(story()).figure())
    tags = {e.tag for e in ET.fromstring(figure).iter()}
    assert tags <= {e.tag for e in plain.iter()} | {f"{SVG}title"}
    assert len(chart(renamed(story(), name)).svg) < 400_000


@every_chart
def test_a_label_takes_no_more_room_than_there_is(chart):
    root = ET.fromstring(chart(renamed(story(), "x" * 10_000)).svg)
    assert max(len(str(t.text)) for t in root.iter(f"{SVG}text")) < 140


@every_chart
def test_there_is_no_script_no_style_and_nothing_fetched(chart):
    svg = chart(story()).svg
    assert re.findall(r"<script|<style|style=|href=|src=|@import|on[a-z]+=", svg) == []
    assert [u for u in re.findall(r"url\(([^)]*)\)", svg) if not u.startswith("#")] == []
    assert re.findall(r"https?://[^\"]+", svg) == ["http://www.w3.org/2000/svg"]


@every_chart
def test_the_same_rows_give_the_same_bytes(chart):
    assert chart(story()) == chart(story())


@every_chart
def test_two_on_one_page_share_no_ids(chart):
    ids = [re.findall(r' id="([^"]+)"', chart(story(), prefix=p).svg) for p in ("a", "b")]
    assert set(ids[0]) & set(ids[1]) == set()
    assert all(len(set(each)) == len(each) for each in ids)
    assert {u[1:] for u in re.findall(r"url\(([^)]*)\)", chart(story(), prefix="a").svg)} <= set(
        ids[0]
    )


@every_chart
def test_ink_is_that_of_the_page_so_that_it_reads_on_a_dark_one(chart):
    root = ET.fromstring(chart(story()).svg)
    assert {t.get("fill") for t in root.iter(f"{SVG}text")} == {"currentColor"}
    assert root.get("color") is None
    coloured = [e for e in root.iter() if e.get("color")]
    assert {e.get("color") for e in coloured} <= set(HUES)
    assert [e.tag for e in coloured if not str(e.get("class")).startswith("cl-hue")] == []


@every_chart
def test_what_colour_tells_apart_is_told_apart_without_it(chart):
    svg = chart(story()).svg
    looks = set(re.findall(r'class="cl-hue\d" color="#[0-9a-f]{6}" fill="[^"]+"[^>/]*', svg))
    grey = {re.sub(r'class="cl-hue\d" color="#[0-9a-f]{6}" ', "", look) for look in looks}
    assert len(grey) == len(looks)


@every_chart
def test_an_empty_account_has_one_too(chart):
    found, _ = standing()
    empty = attrs.evolve(found, findings=(), gaps=(), columns=(), cases=(), promises=())
    picture = chart(rows(empty, Names()))
    assert ET.fromstring(picture.svg).get("viewBox").startswith("0 0 800 ")
    assert picture.rows == ()
    ET.fromstring(picture.figure())


@every_chart
def test_ten_thousand_touches_are_no_larger_a_picture(chart):
    assert len(chart(large()).svg) < 40_000


def test_a_label_holds_nothing_that_only_a_sentence_needs():
    name = Words()("{party}, nobody by name", party="שלום")
    assert "\u2068" in name
    plain = name.replace("\u2068", "").replace("\u2069", "")
    assert label(0, 0, name) == label(0, 0, plain)
    assert f"<title>{plain}</title>" in box(0, 0, (1, 1), "", name)


def test_a_picture_without_a_note_has_no_caption_for_one():
    picture = Picture("<svg/>", "t", "d", ("a",), (("1",),))
    assert "figcaption" not in picture.figure()
    assert "<figcaption>n</figcaption>" in attrs.evolve(picture, note="n").figure()


def test_every_prefix_is_a_chart_of_its_own():
    ids = [re.findall(r' id="([^"]+)"', chart(story()).svg) for chart in CHARTS]
    flat = [one for each in ids for one in each]
    assert len(set(flat)) == len(flat)


def test_a_long_table_of_numbers_is_cut_and_counted():
    picture = Picture("<svg/>", "t", "d", ("a", "b"), (("1", "2"),) * 1500)
    assert picture.figure().count('<th scope="row">') == 200
    assert '<td colspan="2">… and 1,300 more</td>' in picture.figure()


# --- in other languages, and in a document


@every_chart
def test_no_english_word_is_left_in_a_german_chart(chart):
    """Every word that is drawn or told is one of the catalogue's, a name, or a number."""
    english = {w for text in catalogue("de") for w in re.findall(r"[A-Za-z]{3,}", text)}
    german = {w for text in catalogue("de").values() for w in re.findall(r"\w{3,}", text)}
    data = story()
    names = set(re.findall(r"\w{3,}", " ".join(strings(data))))
    picture = chart(data, words=Words.of("de"))
    texts = [e.text or "" for e in ET.fromstring(picture.svg).iter()]
    texts += [picture.title, picture.told, picture.note, *picture.head]
    drawn = set(re.findall(r"[A-Za-z]{3,}", " ".join(texts)))
    left = (drawn & english) - german - names
    assert [w for w in left if not any(text.startswith(w) for text in german)] == []
    assert picture.title != chart(data).title


def strings(data: Any) -> list[str]:
    """What people typed: names, titles, stakes."""
    if isinstance(data, dict):
        own = [str(v) for k, v in data.items() if k in ("name", "title", "stake") and v]
        return own + [text for value in data.values() for text in strings(value)]
    return [text for one in data for text in strings(one)] if isinstance(data, list) else []


@every_chart
def test_in_a_document_it_is_the_picture_its_words_and_its_numbers(chart):
    picture = chart(story())
    drawn, table = picture.blocks()
    assert (drawn.svg, drawn.told, drawn.caption) == (picture.svg, picture.told, picture.note)
    assert [column.title for column in table.columns] == list(picture.head)
    assert [row.cells for row in table.rows] == list(picture.rows)


def test_numbers_that_cannot_stand_side_by_side_stand_in_one_column():
    _, table = Picture(
        "<svg/>", "T", "", ("Who", "a", "b", "c", "In all"), (("x", "1", "–", "2", "3"),
        ("y", "0", "–", "0", "0")),
    ).blocks("When")  # fmt: skip
    assert [column.title for column in table.columns] == ["Who", "When", "In all"]
    assert [row.cells for row in table.rows] == [("x", "a: 1; c: 2", "3"), ("y", "–", "0")]
