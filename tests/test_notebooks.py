"""The example notebooks run, and show what they are kept with."""

from __future__ import annotations

import pytest

from tests.notebooks import NOTEBOOKS, executed, read, shown

pytestmark = pytest.mark.filterwarnings("default")  # of the machinery that runs notebooks


def test_there_is_one_for_the_vendor_one_for_the_customer_and_one_for_the_analyst():
    assert NOTEBOOKS == ["analyst.ipynb", "purchasing_office.ipynb", "success_manager.ipynb"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_shows_what_it_is_kept_with(name):
    assert shown(executed(name)) == shown(read(name)), (
        "look at it, then: python -m tests.notebooks --update"
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_good_to_read(name):
    cells = read(name).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    words = sum(len(c.source.split()) for c in cells if c.cell_type == "markdown")
    assert words > 150
    pictures = [o for c in cells for o in c.get("outputs", []) if "<svg" in str(o.get("data", ""))]
    assert len(pictures) >= 2
    assert [o for c in cells for o in c.get("outputs", []) if o.output_type == "error"] == []
