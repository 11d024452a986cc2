"""A user's templates from a folder or a package."""

from __future__ import annotations

import sys

import pytest

from contactledger.errors import BadInput, BadTemplate
from contactledger.templating import MAX_BYTES, MAX_FILES, lint, templates_of
from tests.ledgers import SMITH, filled


def test_none_and_a_mapping_are_taken_as_they_are():
    assert templates_of(None) is None
    assert templates_of({"style.css": "x"}) == {"style.css": "x"}


def test_a_folder_gives_its_templates_and_its_logo_and_nothing_else(tmp_path):
    (tmp_path / "style.css").write_text("h1 { color: red }")
    (tmp_path / "words.de.json").write_text("{}")
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "notes.docx").write_bytes(b"\xff")
    (tmp_path / "inner").mkdir()
    assert templates_of(tmp_path) == {
        "style.css": "h1 { color: red }",
        "words.de.json": "{}",
        "logo.html": '<img class="logo" alt="" src="data:image/svg+xml;base64,PHN2Zy8+">\n',
    }


def test_a_package_gives_its_templates(tmp_path, monkeypatch):
    package = tmp_path / "acme_reports"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "promises.txt").write_text("mine")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert templates_of("package:acme_reports") == {"promises.txt": "mine"}
    sys.modules.pop("acme_reports")


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("package:acme_no_such", "templates: there is no such package"),
        ("package:", "templates: there is no such package"),
        ("/no/such/folder", "templates: there is no such folder"),
    ],
)
def test_what_is_not_there_is_said(where, why):
    with pytest.raises(BadInput, match=why):
        templates_of(where)


def test_what_is_no_template_is_named(tmp_path):
    (tmp_path / "a.html").write_bytes(b"\xff")
    with pytest.raises(BadTemplate, match=r"a\.html: is not UTF-8"):
        templates_of(tmp_path)
    (tmp_path / "a.html").write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(BadTemplate, match=rf"a\.html: is larger than {MAX_BYTES} bytes"):
        templates_of(tmp_path)


def test_a_folder_of_everything_is_refused(tmp_path):
    for number in range(MAX_FILES + 1):
        (tmp_path / str(number)).touch()
    with pytest.raises(BadInput, match="templates: holds more than 100 files"):
        templates_of(tmp_path)


def test_a_report_wears_the_logo_the_colours_and_the_words_of_a_folder(tmp_path):
    (tmp_path / "style.css").write_text(
        '{% include "contactledger/style.css" %}\n:root { --ink: #003; }'
    )
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    (tmp_path / "words.json").write_text('{"Every promise": "Our word"}')
    ledger, _ = filled()
    page = ledger.report(SMITH, "promises", templates=tmp_path).html()
    assert '<img class="logo" alt="" src="data:image/png;base64,iVBORw==">' in page
    assert ":root { --ink: #003; }" in page
    assert (">Our word</h2>" in page, ">Every promise</h2>" in page) == (True, False)


def test_a_folder_is_linted_with_file_and_line(tmp_path):
    (tmp_path / "promises.html").write_text("\n{{ cuont }}")
    assert [str(remark) for remark in lint(tmp_path)] == [
        "promises.html:2: no report of this kind gives cuont (variable)"
    ]
    assert lint({}) == ()
