"""The commands that write reports and look at templates for them."""

from __future__ import annotations

import json

import pytest

from contactledger import Ledger
from tests.ledgers import SMITH, mail, two_sides
from tests.test_cli import command  # noqa: F401 - a fixture


@pytest.fixture
def database(tmp_path):
    """A ledger in a file: one mail about labels, entry 6."""
    path = tmp_path / "contacts.db"
    with Ledger.open(f"sqlite:///{path}", recorder="acme") as ledger:
        ledger.record(SMITH, *two_sides())
        ledger.record(SMITH, mail("m1", about="Labels", topics=["labels"]))
    return path


@pytest.fixture
def written(command, database, tmp_path):  # noqa: F811 - the fixture
    """Writes a report with these options: its text."""

    def run(name, *options):
        out = tmp_path / name
        assert command("report", database, *options, "--out", out) == (0, f"written: {out}\n", "")
        return out.read_text("utf-8")

    return run


def test_a_report_is_of_the_kind_and_in_the_language_that_is_asked_for(written):
    page = written("r.md", SMITH, "--kind", "both-sides", "--lang", "de")
    assert page.startswith("# Beide Seiten: smith-motors\n")


def test_a_certificate_is_about_the_entry_that_is_named(written, database):
    with Ledger.open(f"sqlite:///{database}", recorder=None) as ledger:
        no = ledger.findings(SMITH)[0].no
    rows = json.loads(written("r.json", SMITH, "--kind", "touch-certificate", "--about", no))
    assert rows["no"] == no


def test_a_report_over_all_accounts_names_none(written):
    told = written("r.csv", "--kind", "notice-coverage", "--about", "labels")
    assert told.splitlines()[1].startswith("smith-motors,Smith Motors,Bob Ray,pending,")
    health = json.loads(written("r.json", "--kind", "ledger-health"))
    assert [a["account"]["name"] for a in health["accounts"]] == [SMITH]


def test_the_times_of_a_report_over_all_accounts_are_in_the_zone_asked_for(written):
    rows = json.loads(
        written("r.json", "--kind", "ledger-health", "--zone", "Asia/Tokyo",
                "--as-of", "2026-03-02T20:00Z")
    )  # fmt: skip
    assert (rows["zone"], rows["as_of_local"]) == ("Asia/Tokyo", "2026-03-03T05:00:00+09:00")


def test_who_was_told_is_read_from_the_answers_that_are_kept(written, tmp_path):
    asked = ("--kind", "notice-coverage", "--about", "labels")
    kept = json.loads(written("k.json", *asked, "--answers", tmp_path / "kept"))
    anew = json.loads(written("r.json", *asked))
    times = ("as_of", "as_of_local")
    assert {k: v for k, v in kept.items() if k not in times} == {
        k: v for k, v in anew.items() if k not in times
    }
    assert (tmp_path / "kept").exists()


def test_templates_of_ones_own_come_from_their_folder(written, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "words.json").write_text('{"Every promise": "Our word"}', "utf-8")
    assert "Our word" in written("r.html", SMITH, "--kind", "promises", "--templates", mine)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "ACCOUNT: a report of this kind is of one account; name it"),
        ([SMITH, "--kind", "ledger-health"], "ACCOUNT: a report over all accounts takes none"),
        (["--kind", "ledger-health", "--period", "2026"],
         "--period: a report over all accounts takes none"),
        ([SMITH, "--zone", "Asia/Tokyo"], "--zone: a report of one account is in its own zones"),
        ([SMITH, "--answers", "kept"], "--answers: a report of one account reads its log"),
        (["--kind", "ledger-health", "--zone", "Mars"], "zone: must be the IANA name of a time zone"),
        (["--kind", "notice-coverage"], "about: say which topic or matter"),
        ([SMITH, "--templates", "nowhere"], "templates: there is no such folder"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_one_line(command, database, tmp_path, options, why):  # noqa: F811
    out = tmp_path / "r.txt"
    assert command("report", database, *options, "--out", out) == (1, "", f"contactledger: {why}\n")
    assert not out.exists()


def test_templates_are_looked_at_without_a_ledger(command, tmp_path):  # noqa: F811
    (tmp_path / "words.json").write_text('{"Every promise": "Our word"}', "utf-8")
    said = f"{tmp_path}: nothing to say against them\n"
    assert command("report-lint", tmp_path) == (0, said, "")
    assert command("report-lint", tmp_path, "--json") == (0, "", "")
    (tmp_path / "promises.html").write_text("\n{{ nothing }}", "utf-8")
    code, out, err = command("report-lint", tmp_path)
    assert (code, out.startswith("promises.html:2: "), err) == (1, True, "")
    code, out, err = command("report-lint", tmp_path, "--json")
    remark = json.loads(out)
    assert (code, remark["template"], remark["line"], err) == (1, "promises.html", 2, "")
    assert f" ({remark['code']})\n" in command("report-lint", tmp_path)[1]


def test_a_form_that_there_is_not_is_refused_by_its_ending(command, database, tmp_path):  # noqa: F811
    code, _, said = command("report", database, SMITH, "--out", tmp_path / "r.doc")
    assert (code, said.partition(": must end in one of: ")[0]) == (1, "contactledger: --out")
