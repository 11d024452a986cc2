"""Two ledgers, one per side: bundles exchanged, verified, countersigned, taken back, reconciled."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contactledger import Ledger

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "two_sides.py"
FIRST_OF_JUNE = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The folder, and what the example gives: both bundles, the comparison."""
    folder = tmp_path_factory.mktemp("two-sides")
    return folder, *runpy.run_path(str(EXAMPLE))["main"](folder)


def test_it_runs_by_itself_and_prints_the_comparison():
    done = subprocess.run(
        [sys.executable, EXAMPLE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parents[1])},
    )
    assert done.stderr == ""
    assert "RECONCILIATION OF TWO RECORDS" in done.stdout
    assert done.stdout.startswith("acme.example/ledger: 15 entries of smith-motors, verified; ")


def test_each_side_verified_the_others_whole_log(played):
    _, theirs, ours, _ = played
    assert [(b.origin, b.account, b.complete, b.withheld, b.redacted) for b in (theirs, ours)] == [
        ("acme.example/ledger", "smith-motors", True, 0, 0),
        ("smith.example/ledger", "smith-motors", True, 0, 0),
    ]
    assert (theirs.first, ours.first) == (False, False)  # what was remembered is continued


def test_each_bundle_shows_that_the_other_side_signed_for_it(played):
    _, theirs, ours, _ = played
    signed = [[(c.name, c.size, c.at) for c in b.countersigned] for b in (theirs, ours)]
    assert signed == [
        [("smith.example/ledger", 15, FIRST_OF_JUNE)],
        [("acme.example/ledger", 12, FIRST_OF_JUNE)],
    ]


def test_the_customer_computes_what_the_vendors_own_ledger_says(played):
    folder, theirs, _, _ = played
    with Ledger.open(f"sqlite:///{folder / 'acme' / 'contacts.db'}", recorder=None) as vendor:
        assert theirs.standing() == vendor.standing("smith-motors", as_of=theirs.sealed_at)
        assert vendor.check() > 0


def test_the_two_share_no_id(played):
    folder, _, _, _ = played
    ids = []
    for side in ("acme", "smith"):
        with Ledger.open(f"sqlite:///{folder / side / 'contacts.db'}", recorder=None) as ledger:
            ids.append({e.id for e in ledger.entries("smith-motors")})
    assert ids[0] & ids[1] == set()


def test_what_agrees_what_contradicts_and_what_one_side_holds_alone(played):
    _, _, _, compared = played
    about = [
        {e.no: getattr(e.fact, "about", None) or e.fact.message.subject for e in side.entries
         if e.kind == "touch"}
        for side in (compared.ours, compared.theirs)
    ]  # fmt: skip
    assert [(about[0][p.ours], p.by) for p in compared.agreed] == [
        ("What is new in May", "message_id"),
        ("Missed a call of ACME's", "people_and_time"),
    ]
    assert [(about[1][p.theirs], p.differences[0].what) for p in compared.contradicting] == [
        ("Shall we set up your inventory sync?", "outcome"),
        ("Training, as agreed", "time"),
    ]
    assert [about[0][one.no] for one in compared.only_ours] == [
        "Re: inventory sync",
        "Part numbers lose their dashes",
    ]
    assert [about[1][one.no] for one in compared.only_theirs] == [
        "Showed the sync at the dealership"
    ]


def test_the_silence_of_one_side_is_the_answer_of_the_other(played):
    _, theirs, _, compared = played
    (sync, _) = compared.contradicting
    (difference,) = sync.differences
    assert (difference.ours, difference.theirs) == ("answered", "ignored")
    held = [f for f in theirs.findings() if f.no == sync.theirs]
    assert [f.held_against for f in held] == [difference.parties[1]]


def test_the_report_lies_in_the_folder_as_a_page_and_as_text(played):
    folder, *_ = played
    html = (folder / "reconciliation.html").read_text("utf-8")
    assert html.count("</html>") == 1
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", html)
    text = (folder / "reconciliation.txt").read_text("utf-8")
    assert text.startswith("RECONCILIATION OF TWO RECORDS\nsmith-motors\n")


def test_what_travels_between_them_is_a_bundle_a_key_and_a_small_file(played):
    folder, *_ = played
    assert sorted(p.name for p in (folder / "smith").iterdir() if p.suffix != ".lock") == [
        "contacts.db",
        "for-acme.bundle",
        "ledger.high-water",
        "ledger.key",
        "ledger.vkey",
        "received.json",
        "remembered.json",
    ]
    assert (folder / "smith" / "received.json").stat().st_size < 1_000
