"""Labels that fit, fillings, legends."""

from __future__ import annotations

import re

from contactledger.report.charts_frame import HUES, filled, fitted, legend, patterns, room, safe


def test_a_label_is_cut_where_there_is_no_room_for_it():
    assert fitted("Smith Motors", 100) == "Smith Motors"
    assert fitted("Smith Motors of Denver", 60) == "Smith M…"
    assert fitted("汽车经销商汽车", 60) == "汽车经销…"
    assert room("e\u0301") == room("e")


def test_there_is_a_filling_for_each_hue_and_beyond_them_an_outline():
    fillings = re.findall(r"<pattern.*?</pattern>", patterns(99, "p"))
    assert len(fillings) == len(HUES)
    assert len({re.sub(r'id="[^"]*"|class="[^"]*"|color="[^"]*"', "", f) for f in fillings}) == 6
    assert patterns(2, "p").count("<pattern") == 2
    assert "url(#p-fill5)" in filled(5, "p")
    assert filled(6, "p") == 'stroke="currentColor" stroke-width=".9"'


def test_a_legend_takes_as_many_lines_as_it_needs():
    assert legend([("a", "ACME"), ("b", "Smith")], 10, 800)[1] == 34
    squares, after = legend([("a", "A rather long name")] * 9, 10, 400)
    lines = re.findall(r'<rect x="[^"]*" y="([^"]*)"', squares)
    assert lines == ["10.0"] * 2 + ["30.0"] * 2 + ["50.0"] * 2 + ["70.0"] * 2 + ["90.0"]
    assert after == 114
    assert legend([], 10, 800) == ("", 10)


def test_what_xml_does_not_allow_is_replaced():
    assert safe('\x00<a href="x">\ud800&\n') == "�&lt;a href=&quot;x&quot;&gt;�&amp;\n"
