"""A report as text, or written to a file; new files."""

from __future__ import annotations

import errno
import json
import stat
from hashlib import sha256

import pytest

from contactledger import files
from contactledger.errors import BadInput, BadTemplate
from contactledger.report.card import paged
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
    assert page._repr_html_() == paged(page.html(), page.rendered.kind)


def test_a_template_that_does_not_render_writes_nothing(tmp_path):
    ledger, _ = filled()
    path = tmp_path / "page.html"
    broken = {"proof-of-contact.html": "{{ nothing.of.this }}"}
    with pytest.raises(BadTemplate):
        ledger.report(SMITH, templates=broken).html(path)
    assert not path.exists()


def test_a_new_file_is_its_owners_alone_and_there_only_when_it_is_whole(tmp_path):
    path = tmp_path / "new"
    with files.creating(path, "path") as file:
        file.write(b"whole")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"whole", 0o600)
    again = files.creating(path, "path")
    with pytest.raises(BadInput, match="path: cannot be written: File exists"), again:
        pass
    assert path.read_bytes() == b"whole"
    other = tmp_path / "other"
    full = OSError(errno.ENOSPC, "no space")
    for error, expected in ((full, BadInput), (KeyboardInterrupt(), KeyboardInterrupt)):
        with pytest.raises(expected):
            half_written(other, error)
        assert not other.exists()


def half_written(path, error):
    with files.creating(path, "path") as file:
        file.write(b"half")
        raise error


def test_the_hash_of_a_file_is_that_of_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_CHUNK_BYTES", 3)
    (tmp_path / "some").write_bytes(b"12345678")
    assert files.sha256_of(tmp_path / "some", "path") == sha256(b"12345678").digest()
