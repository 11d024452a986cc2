"""A report as text, or written to a file."""

from __future__ import annotations

import json

import pytest

from contactledger.errors import BadTemplate
from tests.ledgers import SMITH, filled, mail


@pytest.fixture
def page():
    ledger, _ = filled()
    ledger.record(SMITH, mail(about="Zoë’s mail"))
    return ledger.report(SMITH)


def test_each_form_is_text_and_the_same_in_a_file(page, tmp_path):
    for form in ("html", "text", "json"):
        make, path = getattr(page, form), tmp_path / form
        assert make(path) == make() == path.read_bytes().decode("utf-8")
        assert make(str(path)) == make()


def test_json_is_the_rows(page):
    assert json.loads(page.json()) == json.loads(json.dumps(page.data, default=str))


def test_a_notebook_is_shown_html(page):
    assert page._repr_html_() == page.html()


def test_a_template_that_does_not_render_writes_nothing(tmp_path):
    ledger, _ = filled()
    path = tmp_path / "page.html"
    broken = {"proof-of-contact.html": "{{ nothing.of.this }}"}
    with pytest.raises(BadTemplate):
        ledger.report(SMITH, templates=broken).html(path)
    assert not path.exists()
