"""The funnel: how far touches got, channel by channel."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from contactledger.report.charts_funnel import GROUPS, funnel, funnel_of
from tests.test_charts import SVG, story


def test_each_step_holds_those_of_the_next():
    assert funnel(story()).rows == (
        ("e-mail", "12", "11", "3", "2", "1"),
        ("phone", "7", "6", "3", "3", "1"),
        ("ticket", "2", "2", "0", "0", "0"),
        ("meeting", "1", "1", "1", "1", "0"),
    )


def test_a_failed_touch_was_made_and_did_not_arrive():
    picture = funnel_of([("e-mail", "failed"), ("e-mail", "sent"), ("e-mail", "answered")])
    assert picture.rows == (("e-mail", "3", "1", "1", "1", "1"),)
    assert picture.title == "How far 3 touches got"
    assert picture.told == (
        "e-mail: 3 made, 1 arrived, 1 seen, 1 answered; 1 did not get there."
    )  # fmt: skip


def test_bars_are_as_long_as_their_numbers_and_labelled_with_them():
    root = ET.fromstring(funnel_of([("chat", "seen")] * 4 + [("chat", "delivered")] * 4).svg)
    widths = [float(str(r.get("width"))) for r in root.iter(f"{SVG}rect")]
    assert widths == [490.0, 490.0, 245.0]
    texts = [str(t.text) for t in root.iter(f"{SVG}text")]
    assert texts == ["chat", "made", "8", "arrived", "8, 100 %", "seen", "4, 50 %", "answered", "0"]


def test_more_groups_than_there_is_room_for_share_the_last_place():
    many = [(f"g{i:02}", "failed" if i > 25 else "seen") for i in range(30) for _ in range(30 - i)]
    rows = funnel_of(many).rows
    assert len(rows) == GROUPS
    assert rows[0] == ("g00", "30", "30", "30", "0", "0")
    assert rows[-1] == ("7 others", "28", "18", "18", "0", "10")


def test_an_open_says_little_and_the_chart_says_so():
    assert "useful in aggregate and says little about one message" in funnel(story()).note
    assert re.search(r"\bread\b", funnel(story()).figure()) is None
