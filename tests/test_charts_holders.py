"""The holder bars: who had the ball of each matter, from when until when."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from contactledger.report.charts_holders import BARS, holders, matter_bar
from contactledger.report.words import Words
from tests.test_charts import SVG, story


def stay(party: str, since: str, until: str | None, *because: int) -> dict[str, Any]:
    return {
        "party": {"id": party, "name": party.title()},
        "since": f"{since}T12:00:00Z",
        "since_local": f"{since}T12:00:00+00:00",
        "until": until and f"{until}T12:00:00Z",
        "until_local": until and f"{until}T12:00:00+00:00",
        "because": list(because),
    }


def case(*holds: dict[str, Any], **more: Any) -> dict[str, Any]:
    holder = None if not holds or holds[-1]["until"] else holds[-1]["party"]
    return {
        "matter": "m", "title": "The credit", "state_text": "open", "stake": None,
        "closed_at": None, "holds": list(holds), "days_held": [], "holder": holder, **more,
    }  # fmt: skip


def drawn(*cases: dict[str, Any]) -> Any:
    parties = [{"id": p, "name": p.title()} for p in ("acme", "smith")]
    return holders(
        {"cases": list(cases), "parties": parties, "as_of": "2026-06-01T12:00:00Z", "zone": "UTC"}
    )


def bars(picture: Any) -> list[tuple[float, float, str]]:
    """Left, width and hint of each bar, without the squares of the legend."""
    rects = [r for r in ET.fromstring(picture.svg).findall(f"{SVG}rect") if len(r)]
    return [
        (float(str(r.get("x"))), float(str(r.get("width"))), str(r.findtext(f"{SVG}title")))
        for r in rects
    ]


def test_the_matter_of_the_story_went_from_one_side_to_the_other():
    picture = holders(story())
    assert [(row[0], row[1], row[3]) for row in picture.rows] == [
        ("Inventory sync does not match the lot", "Smith Motors", "19 Feb 2026"),
        ("Inventory sync does not match the lot", "ACME Dealer Systems", "today"),
    ]


def test_bars_lie_end_to_end_and_the_last_has_an_arrow():
    picture = drawn(
        case(stay("acme", "2026-03-01", "2026-04-16", 3), stay("smith", "2026-04-16", None, 4, 5))
    )
    (x1, w1, told1), (x2, w2, told2) = bars(picture)
    assert (x1, round(x1 + w1 - x2, 1), round(x2 + w2, 1)) == (12.0, 0.0, 788.0)
    assert (told1, told2) == (
        "Acme, 1 Mar 2026 to 16 Apr 2026",
        "Smith, 16 Apr 2026 to today",
    )
    arrows = [
        p for p in ET.fromstring(picture.svg).iter(f"{SVG}path") if p.get("fill") == "currentColor"
    ]
    assert [p.get("d") for p in arrows if str(p.get("d")).startswith("M788")] == [
        "M788.0 27.0l8 6.5l-8 6.5z"
    ]
    assert picture.rows == (
        ("The credit", "Acme", "1 Mar 2026", "16 Apr 2026", "3"),
        ("The credit", "Smith", "16 Apr 2026", "today", "4, 5"),
    )


def test_stays_too_short_to_be_seen_go_to_the_one_before():
    back_and_forth = [
        stay("smith" if i % 2 else "acme", "2026-03-01", None if i == 399 else "2026-03-01")
        for i in range(400)
    ]
    picture = drawn(case(stay("acme", "2024-01-01", "2026-03-01"), *back_and_forth[:-1]))
    assert len(bars(picture)) <= 3
    assert len(picture.rows) == 400
    assert len(picture.svg) < 5_000


def test_a_short_last_stay_still_has_its_arrow():
    picture = drawn(
        case(
            stay("acme", "2016-01-01", "2026-06-01"),
            stay("acme", "2026-06-01", "2026-06-01"),
            stay("smith", "2026-06-01", None),
        )
    )
    assert picture.svg.count("l8 6.5l-8 6.5z") == 1


def test_a_matter_that_nobody_held_is_not_drawn():
    picture = drawn(case(), case(stay("acme", "2026-03-01", None), title="", stake="USD 1,895.00"))
    assert picture.title == "Who held 1 matter, and for how long"
    assert picture.rows[0][0] == "no title"
    assert "no title, open, USD 1,895.00 at stake" in picture.svg


def test_only_the_newest_are_drawn_and_all_stand_in_the_table():
    many = [
        case(
            stay("acme", f"2026-03-{i % 28 + 1:02}", "2026-05-01"),
            matter=f"m{i:03}",
            title=f"M{i}",
            closed_at=f"2026-05-{i % 28 + 1:02}T00:00:00Z",
        )
        for i in range(100)
    ]
    picture = drawn(*many)
    assert len(bars(picture)) == BARS
    assert len(picture.rows) == 100
    assert picture.title == "Who held 100 matters, and for how long: the 30 newest"


def test_words_say_for_how_long_and_who_has_it_now():
    days = [
        {"party": {"id": "acme", "name": "Acme"}, "tenths": 455},
        {"party": {"id": "smith", "name": "Smith"}, "tenths": 460},
    ]
    assert drawn(case(stay("smith", "2026-03-01", None), days_held=days)).told == (
        "The credit: Acme for 45.5 days and Smith for 46.0 days; now Smith."
    )
    assert drawn(case(stay("acme", "2026-03-01", "2026-04-01"))).told == (
        "The credit: held by nobody for long."
    )
    assert drawn().told == ""


def test_a_seventh_party_is_an_outline_and_in_the_legend():
    some = case(*[stay(f"party{i}", f"2026-0{i + 1}-01", f"2026-0{i + 1}-20") for i in range(5)],
                stay("party5", "2026-05-21", "2026-05-25"), stay("party6", "2026-05-25", None))  # fmt: skip
    root = ET.fromstring(drawn(some).svg)
    fills = [r.get("fill") for r in root.findall(f"{SVG}rect") if len(r)]
    assert fills == [*(f"url(#cl-holders-fill{i})" for i in range(6)), None]
    assert [t.text for t in root.iter(f"{SVG}text")][-7:] == [f"Party{i}" for i in range(7)]


def test_one_matter_alone_speaks_the_language_that_is_asked_for():
    data = story()
    (held,) = [c for c in data["cases"] if c["holds"]]
    root = ET.fromstring(matter_bar(data, held, ("Titel", "Text"), "m", Words.of("de")))
    assert [e.text for e in root[:2]] == ["Titel", "Text"]
    assert [t.text for t in root.iter(f"{SVG}text")] == [
        "Feb.",
        "März",
        "Apr.",
        "ACME Dealer Systems",
        "Smith Motors",
    ]
    hints = [r[0].text for r in root.iter(f"{SVG}rect") if len(r)]
    assert [" bis " in hint for hint in hints] == [True, True]
