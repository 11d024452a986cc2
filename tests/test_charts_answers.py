"""Answer times: one panel for each party asked, in the same places."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

from contactledger.report.charts_answers import (
    BUCKETS,
    PANELS,
    Asked,
    answer_times,
    answer_times_of,
    labels,
)
from contactledger.report.words import Words
from tests.test_charts import SVG, story

LABELS = labels(Words())


def cells(picture):
    """By group, the numbers that are not nought, by label."""
    return {
        row[0]: {h: n for h, n in zip(picture.head[1:], row[1:], strict=True) if n != "0"}
        for row in picture.rows
    }


def test_both_sides_of_the_story_stand_in_the_same_places():
    assert cells(answer_times(story())) == {
        "ACME Dealer Systems": {"≤ 1 hour": "1", "no answer": "1"},
        "Smith Motors": {
            "≤ 1 hour": "3", "≤ 4 days": "1", "≤ 2 weeks": "1", "no answer": "4",
            "Of these late": "1",
        },
    }  # fmt: skip


def test_a_bucket_holds_its_own_limit():
    spans = [*BUCKETS, timedelta(days=31), timedelta(0)]
    told = cells(answer_times_of([Asked("a", span) for span in spans], {"a": "A"}))
    assert told == {"A": {**dict.fromkeys(LABELS[:-1], "1"), LABELS[0]: "2"}}


def test_an_answer_dated_before_its_touch_took_no_time():
    data = story()
    (row, *_) = [f for f in data["findings"] if f["outcome"] == "answered"]
    row["settled_at"] = "2020-01-01T00:00:00Z"
    data["findings"] = [row]
    assert cells(answer_times(data))[row["receiver"]["name"]]["≤ 1 hour"] == "1"


def test_an_answer_of_which_no_time_is_known_took_none():
    data = story()
    (row, *_) = [f for f in data["findings"] if f["outcome"] == "answered"]
    data["findings"] = [{**row, "settled_at": None}]
    assert cells(answer_times(data))[row["receiver"]["name"]] == {"≤ 1 hour": "1"}


def test_a_reminder_is_no_question_of_its_own():
    data = story()
    silent = [f for f in data["findings"] if f["outcome"] == "ignored" and f["expects"] != "seen"]
    data["findings"] = [silent[0], {**silent[0], "original": {"touch": "x", "no": 1}}]
    assert [row[-2] for row in answer_times(data).rows] == ["1"]


def test_the_head_of_a_panel_says_how_many_and_how_fast():
    def told(*spans):
        return answer_times_of([Asked("a", s) for s in spans], {"a": "A"}).told

    hour = timedelta(hours=1)
    assert told(None) == "A: 1 asked, 0 answered."
    assert told(hour) == "A: 1 asked, 1 answered, after 1 hour."
    assert told(hour, 2 * hour, 9 * hour, None) == (
        "A: 4 asked, 3 answered, half of them within 2 hours."
    )


def test_late_answers_stand_on_those_in_time_in_another_filling():
    some = [Asked("a", timedelta(0))] * 3 + [Asked("a", timedelta(0), late=True)]
    root = ET.fromstring(answer_times_of(some, {"a": "A"}).svg)
    first, second = root.findall(f"{SVG}rect")[:2]
    assert (first.get("height"), second.get("height")) == ("57.0", "19.0")
    assert float(str(second.get("y"))) + 19 == float(str(first.get("y")))
    assert first.get("fill") != second.get("fill")


def test_only_those_asked_most_are_drawn_and_all_are_in_the_table():
    some = [Asked(f"g{i:02}", None) for i in range(20) for _ in range(i + 1)]
    picture = answer_times_of(some, {f"g{i:02}": f"Group {i}" for i in range(20)})
    heads = [t for t in ET.fromstring(picture.svg).iter(f"{SVG}text") if t.get("font-weight")]
    assert [t.text for t in heads] == [f"Group {i}" for i in range(8, 20)]
    assert len(heads) == PANELS
    assert len(picture.rows) == 20
    assert [row[0] for row in picture.rows[12:]] == [f"Group {i}" for i in range(8)]


def test_a_group_without_a_name_is_called_by_its_word():
    assert answer_times_of([Asked("vendor", None)], {}).rows[0][0] == "vendor"
