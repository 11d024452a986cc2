"""The heat map of contact pressure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from contactledger.report.charts_pressure import COLUMNS, DARKEST, LINES, pressure
from tests.test_charts import SVG, story


def touched(day: str, who: str = "bob", *, cap: bool = False, named: bool = True) -> dict[str, Any]:
    return {
        "at_local": f"{day}T09:00:00-06:00",
        "receiver": {"id": "smith", "name": "Smith"},
        "people": [{"id": who, "name": who.title(), "addressed": named}],
        "violations": [{"code": "over_cap"}] if cap else [{"code": "quiet_hours"}],
    }


def drawn(*touches: dict[str, Any]) -> Any:
    return pressure({"findings": list(touches)})


def test_every_touch_to_a_person_is_counted_in_its_week():
    picture = pressure(story())
    assert picture.title == "Contact pressure: who was contacted how often, by the week"
    assert picture.head[:3] == ("Who", "5 Jan", "12 Jan")
    assert [(row[0], row[-1]) for row in picture.rows] == [
        ("Bob Ray, Smith Motors", "16"),
        ("ACME Dealer Systems, nobody by name", "2"),
        ("Ann Lee, ACME Dealer Systems", "2"),
        ("Raj Patel, ACME Dealer Systems", "1"),
        ("Smith Motors, nobody by name", "1"),
    ]


def test_a_touch_over_the_cap_is_framed_and_said():
    picture = drawn(touched("2026-03-02"), touched("2026-03-03", cap=True))
    assert picture.rows == (("Bob, Smith", "1", "1 over the limit", "2"),)
    frames = [r.get("stroke-width") for r in ET.fromstring(picture.svg).iter(f"{SVG}rect")]
    assert frames == [None, "2"]


def test_who_answered_without_being_addressed_was_not_contacted():
    assert drawn(touched("2026-03-02", named=False)).rows[0][0] == "Smith, nobody by name"


def test_the_fullest_cell_is_the_darkest_and_its_number_still_reads():
    picture = drawn(*[touched("2026-03-02")] * 9, touched("2026-03-04"))
    shades = [float(s) for s in re.findall(r'fill-opacity="([^"]+)"', picture.svg)]
    assert shades == [DARKEST, 0.1]
    assert picture.told == "Bob, Smith: 10 touches, most in the day of 2 Mar (9)."


@pytest.mark.parametrize(
    ("days", "unit", "columns", "last"),
    [
        (0, "day", 1, "2 Mar"),
        (39, "day", 40, "10 Apr"),
        (40, "week", 6, "6 Apr"),
        (300, "month", 10, "Dec 2026"),
        (1300, "quarter", 15, "Q3 2029"),
        (9000, "year", 25, "2050"),
    ],
)
def test_columns_are_the_smallest_unit_in_which_the_time_fits(days, unit, columns, last):
    end = date(2026, 3, 2) + timedelta(days=days)
    picture = drawn(touched("2026-03-02"), touched(f"{end}"))
    assert picture.title.endswith(f"by the {unit}")
    assert (len(picture.head) - 2, picture.head[-2]) == (columns, last)
    assert columns <= COLUMNS


def test_a_time_longer_than_any_has_its_columns_too():
    picture = drawn(touched("1900-01-01"), touched("2026-01-01"))
    assert picture.head[1:-1] == tuple(f"{y}–{y + 9}" for y in range(1900, 2030, 10))
    assert len(drawn(touched("0001-01-01"), touched("9999-12-31")).head) == 2 + 10
    assert drawn(touched("9999-12-31")).head == ("Who", "31 Dec", "In all")


def test_people_beyond_the_last_line_share_it():
    people = [touched("2026-03-02", f"p{i:02}", cap=i > 25) for i in range(30)]
    rows = drawn(*people, *people[:10], *[touched("2026-03-03", "p29")] * 3).rows
    assert len(rows) == LINES
    assert rows[0] == ("P29, Smith", "1 over the limit", "3", "4")
    assert rows[-1] == ("7 others together", "7 over the limit", "–", "7")


def test_a_number_of_thousands_fits_its_cell():
    assert ">2k</text>" in drawn(*[touched("2026-03-02")] * 2500).svg
