"""A ledger as Parquet files, read back by somebody else's reader."""

from __future__ import annotations

import stat
import sys

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from contactledger import exporting
from contactledger.cli import app
from contactledger.errors import BadInput, NotFound, NotInstalled
from contactledger.facts import Message, Party, Person
from tests.ledgers import SMITH, in_file, mail, two_sides

HOSTILE = (
    "=HYPERLINK(\"http://evil.example\")",
    "<script>alert(1)</script>",
    "'; DROP TABLE findings; --",
    "\u200f\u200bmark \ufeff\x7f\x1b[31m",
    "\ud83d\ude00 \u4e2d\u6587 \u05d0".encode("utf-16", "surrogatepass").decode("utf-16"),
    "x" * 10_000,
    "line\nbreak\ttab \\ \"",
)  # fmt: skip
SECRETS = (
    *(b"Bob Ray", b"bob@smith", b"Smith Motors", b"smith-motors", b"Ann Lee"),
    *(b"Subject of it", b"+1 555", b"Carla Diaz"),
)


@pytest.fixture
def kept(tmp_path):
    ledger, _, path = in_file(tmp_path)
    message = Message(subject="Subject of it", text="Hello Bob")
    ledger.record(SMITH, *[mail(f"m{n}", message=message, expects="reply") for n in range(4)])
    ledger.record("jones", *two_sides(), mail("first"))
    yield ledger, path
    ledger.close()


def test_every_set_is_a_file_that_reads_back_as_the_rows(kept, tmp_path):
    ledger, _ = kept
    written = ledger.export_parquet(tmp_path / "out")
    assert [(e.what, e.rows) for e in written] == [
        ("entries", 19), ("findings", 5), ("cases", 5), ("promises", 0), ("parties", 4),
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{e.what}.parquet" for e in written
    )
    for each in written:
        assert pq.read_table(each.path).equals(ledger.rows(each.what).arrow())


def test_duckdb_groups_the_files(kept, tmp_path):
    ledger, _ = kept
    ledger.export_parquet(tmp_path)
    query = (
        "SELECT channel, outcome, count(*), max(at_utc) - min(at_utc) = INTERVAL 0 DAY "
        f"FROM '{tmp_path}/findings.parquet' JOIN '{tmp_path}/parties.parquet' "
        "ON sender_id = party_id AND findings.account_id = parties.account_id GROUP BY ALL"
    )
    found = duckdb.sql(query).fetchall()
    assert sum(count for _, _, count, _ in found) == 5
    assert {(channel, same) for channel, _, _, same in found} == {("email", True)}
    kinds = f"SELECT kind, record->>'typ', count(*) FROM '{tmp_path}/entries.parquet' GROUP BY ALL ORDER BY 1"
    assert ("touch", "contactledger/entry/v1", 5) in duckdb.sql(kinds).fetchall()


def test_nothing_personal_is_in_the_files_unless_it_was_asked_for(kept, tmp_path):
    ledger, _ = kept
    ledger.export_parquet(tmp_path / "plain")
    for path in (tmp_path / "plain").iterdir():
        said = path.read_bytes() + repr(pq.read_table(path).to_pylist()).encode()
        assert [secret for secret in SECRETS if secret in said] == []
        assert pq.read_schema(path).metadata[b"personal"] == b"no"
        assert not {"name", "account", "about", "title", "value"} & set(pq.read_schema(path).names)


def test_personal_files_are_the_owners_alone_and_say_what_they_are(kept, tmp_path):
    ledger, _ = kept
    written = ledger.export_parquet(tmp_path / "full", personal=True)
    assert [e.what for e in written] == [
        "entries",
        "disclosures",
        "findings",
        "cases",
        "promises",
        "parties",
    ]
    for each in written:
        assert stat.S_IMODE(each.path.stat().st_mode) == 0o600
        said = pq.read_schema(each.path).metadata[b"personal"]
        assert said == b"yes: an erasure in the ledger does not reach this file"
    found = pq.read_table(tmp_path / "full" / "findings.parquet").to_pylist()
    assert {row["about"] for row in found if row["account"] == SMITH} == {"Subject of it"}


def test_what_was_erased_is_in_no_file(kept, tmp_path):
    ledger, _ = kept
    ledger.redact(SMITH)
    ledger.redact("jones")
    ledger.export_parquet(tmp_path / "after", personal=True)
    for path in (tmp_path / "after").iterdir():
        said = path.read_bytes() + repr(pq.read_table(path).to_pylist()).encode()
        assert [secret for secret in SECRETS if secret in said] == []
    rows = pq.read_table(tmp_path / "after" / "disclosures.parquet").num_rows
    assert rows == 0


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_stays_text(tmp_path, text):
    ledger, _, _ = in_file(tmp_path)
    ledger.record(
        "hostile",
        Party("acme", text, "vendor"),
        Party("evil", text),
        Person("eve", "evil", text),
        mail("t", to="eve", about=text),
    )
    ledger.export_parquet(tmp_path / "out", personal=True)
    ledger.close()
    query = f"SELECT account, sender, receiver, about FROM '{tmp_path}/out/findings.parquet' WHERE account != '{SMITH}'"
    assert duckdb.sql(query).fetchall() == [("hostile", text, text, text)]


def test_row_groups_fill_up_over_the_accounts(kept, tmp_path, monkeypatch):
    ledger, _ = kept
    monkeypatch.setattr(exporting, "GROUP_ROWS", 8)
    ledger.export_parquet(tmp_path / "out", sets=["entries"])
    file = pq.ParquetFile(tmp_path / "out" / "entries.parquet")
    groups = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert groups == [8, 8, 3]
    assert file.read().equals(ledger.rows("entries").arrow())
    assert file.schema_arrow.metadata[b"as_of"] == b"2026-03-02T09:00:00.000000Z"


def test_what_is_there_already_stays_and_is_said(kept, tmp_path):
    ledger, _ = kept
    there = tmp_path / "out" / "cases.parquet"
    there.parent.mkdir()
    there.write_text("mine")
    with pytest.raises(BadInput, match=r"folder: cases\.parquet is there already"):
        ledger.export_parquet(there.parent)
    assert [path.name for path in there.parent.iterdir()] == ["cases.parquet"]
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="folder: cannot be made"):
        ledger.export_parquet(tmp_path / "file" / "below")


def test_an_export_that_fails_leaves_no_file(kept, tmp_path, monkeypatch):
    ledger, _ = kept

    def fails(account):
        raise NotFound("gone", field="account")

    monkeypatch.setattr(ledger, "_load", fails)
    with pytest.raises(NotFound):
        ledger.export_parquet(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_set_that_is_not_there_is_refused_before_anything_is_made(kept, tmp_path):
    ledger, _ = kept
    for wrong in ("people", "disclosures"):
        with pytest.raises(BadInput, match="what"):
            ledger.export_parquet(tmp_path / "out", sets=[wrong])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("module", ["pyarrow", "pyarrow.parquet"])
def test_without_pyarrow_the_error_says_what_to_install(kept, tmp_path, monkeypatch, module):
    ledger, _ = kept
    monkeypatch.setitem(sys.modules, module, None)
    if module == "pyarrow.parquet":
        import pyarrow as pa

        monkeypatch.delattr(pa, "parquet", raising=False)
    with pytest.raises(NotInstalled):
        ledger.export_parquet(tmp_path / "out")


def test_the_command_writes_what_it_says(kept, tmp_path):
    _, path = kept
    out = tmp_path / "out"
    asked = ["export", str(path), "--parquet", str(out), "--only", "findings", "--only", "parties"]
    done = CliRunner().invoke(app, asked)
    said = f"written: {out}/findings.parquet (5 rows)\nwritten: {out}/parties.parquet (4 rows)\n"
    assert (done.exit_code, done.output) == (0, said)
    done = CliRunner().invoke(
        app,
        [
            "export",
            f"sqlite:///{path}",
            "--parquet",
            str(tmp_path / "full"),
            "--personal",
            "--as-of",
            "2026-03-01T00:00Z",
        ],
    )
    assert done.exit_code == 0
    assert pq.read_metadata(tmp_path / "full" / "entries.parquet").num_rows == 0
