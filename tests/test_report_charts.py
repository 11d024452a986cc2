"""The timeline: one lane per party, marks that read in grey, a size that stays bounded."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import attrs
import pytest

from contactledger.findings import Outcome
from contactledger.report.charts import COLOURS, SHAPES, STEP, symbol, timeline
from contactledger.report.names import Names, names
from contactledger.report.rows import Scope, rows
from contactledger.vocabulary import Channel
from tests.reporting import SCOPE, WORDING, ident, many, standing

SVG = "{http://www.w3.org/2000/svg}"


def story() -> dict[str, Any]:
    found, told = standing()
    return rows(found, names(told.entries), WORDING, SCOPE)


def parsed(data: dict[str, Any], **more: Any) -> ET.Element:
    return ET.fromstring(timeline(data, **more))


def marks(root: ET.Element) -> list[ET.Element]:
    return root.findall(f"{SVG}use")


def texts(root: ET.Element) -> list[str]:
    return [str(t.text) for t in root.iter(f"{SVG}text")]


def test_every_touch_of_the_story_is_a_mark_that_says_what_it_is():
    found, _ = standing()
    titles = [str(mark.findtext(f"{SVG}title")) for mark in marks(parsed(story()))]
    assert len(titles) == len(found.findings)
    assert titles[:3] == [
        "[13] 6 Jan 2026, e-mail: unproven",
        "[16] 14 Jan 2026, phone: answered",
        "[18] 20 Jan 2026, e-mail: seen",
    ]


def test_every_party_has_a_lane_also_one_that_never_wrote():
    assert texts(parsed(story()))[4:7] == ["ACME Dealer Systems", "Smith Motors", "Lot Data GmbH"]


def test_a_sender_who_is_no_party_of_the_columns_gets_a_lane():
    data = story()
    data["parties"] = data["parties"][:1]
    assert texts(parsed(data))[4:6] == ["ACME Dealer Systems", "Smith Motors"]


def test_the_picture_says_what_it_shows_to_those_who_do_not_see_it():
    root = parsed(story())
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "cl-title cl-desc"
    assert root.findtext(f"{SVG}title") == "22 touches of 3 parties, in time"
    assert root.findtext(f"{SVG}desc") == (
        "ACME Dealer Systems: 5 answered, 1 seen, 1 pending, 2 unreached, 2 unproven, 6 ignored. "
        "Smith Motors: 1 answered, 2 noted, 2 ignored. Lot Data GmbH: none. "
        "The same touches stand in the table of findings."
    )


def test_answers_are_joined_to_what_they_answer():
    (link,) = [p for p in parsed(story()).iter(f"{SVG}path") if p.get("class") == "cl-link"]
    assert str(link.get("d")).count("M") == 2


def test_an_answer_outside_the_period_is_joined_to_nothing():
    data = story()
    for row in data["findings"]:
        row["answered_by"] = [9999] * bool(row["answered_by"])
    assert [p for p in parsed(data).iter(f"{SVG}path") if p.get("class") == "cl-link"] == []


def test_only_times_known_to_be_blind_are_hatched():
    (gap,) = parsed(story()).findall(f"{SVG}rect")
    assert gap.get("fill") == "url(#cl-hatch)"
    assert gap.findtext(f"{SVG}title") == "sendgrid-webhook was blind"


def test_a_blindness_that_still_lasts_is_hatched_to_the_end():
    data = story()
    data["gaps"][0]["until"] = None
    (gap,) = parsed(data).findall(f"{SVG}rect")
    assert float(str(gap.get("x"))) + float(str(gap.get("width"))) == 788.0


def test_without_gaps_the_legend_has_no_hatching():
    data = story()
    data["gaps"] = []
    root = parsed(data)
    assert root.findall(f"{SVG}rect") == []
    assert "nobody listening" not in texts(root)


def test_shapes_are_all_different_and_there_is_one_for_each_channel():
    assert set(SHAPES) == {str(c) for c in Channel}
    assert len(set(SHAPES.values())) == len(SHAPES)


def test_outcomes_differ_without_their_colour():
    grey = {re.sub(r"#[0-9a-f]{6}|cl-[a-z]+", "", symbol("email", str(o))) for o in Outcome}
    fills = {
        str(o): re.sub(r'(fill|stroke)="#(?!fff)[0-9a-f]{3,6}"', r"\1=ink", symbol("email", str(o)))
        for o in Outcome
    }
    assert set(COLOURS) == set(fills)
    assert len({re.sub(r"cl-[a-z]+", "", text) for text in fills.values()}) == len(Outcome)
    assert len(grey) >= 6


def test_the_picture_of_an_empty_period_is_a_picture():
    found, _ = standing()
    empty = attrs.evolve(found, findings=(), gaps=(), columns=())
    root = parsed(rows(empty, Names()))
    assert root.findtext(f"{SVG}title") == "No touches of no parties, in time"
    assert marks(root) == []


def test_one_touch_at_the_very_moment_has_its_place():
    found, _ = standing()
    one = attrs.evolve(found.findings[0], at=found.as_of)
    root = parsed(rows(attrs.evolve(found, findings=(one,), gaps=()), Names()))
    assert [mark.get("x") for mark in marks(root)] == ["400.0"]


def test_marks_at_one_time_lie_over_one_another_and_hide_none():
    found, _ = standing()
    same = tuple(attrs.evolve(f, at=found.findings[0].at) for f in found.findings[:6])
    root = parsed(rows(attrs.evolve(found, findings=same), Names()))
    places = Counter((mark.get("x"), mark.get("y")) for mark in marks(root))
    assert set(places.values()) == {1}


def test_a_crowded_lane_is_drawn_in_columns_and_every_touch_is_in_one_mark():
    found, entries = many(5000)
    data = rows(found, names(entries), WORDING, SCOPE)
    root = parsed(data)
    counted = 0
    for mark in marks(root):
        title = str(mark.findtext(f"{SVG}title"))
        together = re.search(r", ([\d,]+) touches$", title)
        counted += int(together[1].replace(",", "")) if together else 1
    assert counted == 5000
    assert len(timeline(data)) < 150_000
    senders = [m for m in marks(root) if float(str(m.get("x"))) % STEP != STEP / 2]
    assert senders == []


def test_a_name_cannot_leave_its_text():
    data = story()
    data["parties"][0]["name"] = '</text><script>alert("x")</script>'
    data["gaps"][0]["collector"] = "<b>"
    root = parsed(data)
    assert [e.tag for e in root.iter() if e.tag.endswith(("script", "}b"))] == []


def test_two_pictures_on_a_page_share_no_ids():
    ids = [re.findall(r' id="([^"]+)"', timeline(story(), prefix=p)) for p in ("a", "b")]
    assert set(ids[0]) & set(ids[1]) == set()
    assert all(len(set(each)) == len(each) for each in ids)


def test_a_narrow_picture_wraps_its_legend():
    wide, narrow = parsed(story()), parsed(story(), width=300)
    assert int(str(narrow.get("height"))) > int(str(wide.get("height")))


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (timedelta(hours=6), ["03:00", "04:00", "05:00", "06:00", "07:00", "08:00"]),
        (timedelta(days=2), ["06:00", "12:00", "18:00", "00:00", "06:00", "12:00", "18:00", "00:00"]),
        (timedelta(days=3), ["4 Mar", "5 Mar", "6 Mar"]),
        (timedelta(days=30), ["9 Mar", "16 Mar", "23 Mar", "30 Mar"]),
        (timedelta(days=100), ["Apr", "May", "Jun"]),
        (timedelta(days=700), ["Apr 2026", "Jul 2026", "Oct 2026", "Jan 2027", "Apr 2027", "Jul 2027", "Oct 2027", "Jan 2028"]),
        (timedelta(days=1500), ["Jul 2026", "Jan 2027", "Jul 2027", "Jan 2028", "Jul 2028", "Jan 2029", "Jul 2029", "Jan 2030"]),
        (timedelta(days=4000), ["Jan 2027", "Jan 2028", "Jan 2029", "Jan 2030", "Jan 2031", "Jan 2032", "Jan 2033", "Jan 2034", "Jan 2035", "Jan 2036", "Jan 2037"]),
    ],
    ids=lambda x: str(x.days) if isinstance(x, timedelta) else "",
)  # fmt: skip
def test_the_axis_has_about_a_dozen_ticks_whatever_the_period(length, labels):
    found, _ = standing()
    start = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)
    end = start + length
    empty = attrs.evolve(found, findings=(), gaps=(), columns=(), as_of=end)
    assert texts(parsed(rows(empty, Names(), None, Scope(since=start)))) == labels


def test_ticks_stand_at_midnight_of_the_reports_zone():
    found, _ = standing()
    start = datetime(2026, 3, 7, 6, tzinfo=UTC)
    empty = attrs.evolve(found, findings=(), gaps=(), columns=(), as_of=start + timedelta(days=4))
    scope = Scope(since=start, zone="America/Chicago")
    root = parsed(rows(empty, Names(), None, scope))
    xs = [
        float(x)
        for x in re.findall(r'd="M([\d.]+) 4V', timeline(rows(empty, Names(), None, scope)))
    ]
    # the clocks go forward on 8 March: that day is an hour shorter
    assert texts(root) == ["7 Mar", "8 Mar", "9 Mar", "10 Mar", "11 Mar"]
    assert [round(b - a, 1) for a, b in pairwise(xs)] == [
        194.0,
        185.9,
        194.0,
        194.0,
    ]


def test_the_same_touch_received_by_two_parties_is_one_place_for_links():
    found, told = standing()
    twice = attrs.evolve(found.findings[3], party=ident("lotdata"))
    data = rows(attrs.evolve(found, findings=(*found.findings, twice)), names(told.entries))
    (link,) = [p for p in parsed(data).iter(f"{SVG}path") if p.get("class") == "cl-link"]
    assert str(link.get("d")).count("M") == 2
