"""Look-ups against the entries that make them: compared, and made again."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from contactledger.cli import app
from contactledger.errors import Corrupt, NotFound
from contactledger.facts import Mark, Matter, Preference
from contactledger.ledger import Ledger
from contactledger.store.port import LookupRow
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, editing, filled, in_file, mail, two_sides

JONES = "jones"


@pytest.fixture
def kept(tmp_path):
    """A ledger in a file with two accounts and every kind of look-up; and the file."""
    ledger, _, path = in_file(tmp_path)
    ledger.record(
        SMITH,
        mail("first", addresses={"bob": "bob@smith.example"}),
        mail("second", addresses={"bob": "bob@smith.example"}),
    )
    ledger.record(JONES, *two_sides(), mail("first"))
    yield ledger, path
    ledger.close()


def change(path, statement, *values):
    with editing(path) as file:
        return file.execute(statement, values).rowcount


def rows(path):
    with editing(path) as file:
        return file.execute("SELECT * FROM contactledger_lookup ORDER BY 1, 2, 3").fetchall()


def test_the_look_ups_of_a_whole_ledger_are_those_of_its_entries(kept):
    ledger, path = kept
    assert ledger.check_lookups() == len(rows(path))
    assert ledger.reindex() == 0


def test_an_empty_ledger_has_none(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/new.db", recorder="acme") as ledger:
        assert ledger.check_lookups() == 0


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_missing_look_up_is_named_and_made_again(kept, count):
    ledger, path = kept
    before = rows(path)
    missing = "DELETE FROM contactledger_lookup WHERE id IN (SELECT id FROM contactledger_entry WHERE kind = 'touch' LIMIT ?)"
    gone = change(path, missing, count)
    assert gone > 0
    with pytest.raises(Corrupt, match="a look-up is missing, or leads elsewhere"):
        ledger.check_lookups()
    assert ledger.check() == 17  # the evidence is whole
    assert ledger.reindex() == gone
    assert rows(path) == before
    assert ledger.check_lookups() == len(before)


def test_a_look_up_that_leads_elsewhere_is_named_and_led_back(kept):
    ledger, path = kept
    before = rows(path)
    assert (
        change(
            path,
            "UPDATE contactledger_lookup SET no = no + 1 WHERE kind = 'message' OR kind = 'reach'",
        )
        == 3
    )
    with pytest.raises(Corrupt):
        ledger.check_lookups()
    assert ledger.reindex() == 3
    assert rows(path) == before


def test_a_look_up_that_no_entry_makes_is_named_and_taken_away(kept):
    ledger, path = kept
    before = rows(path)
    for account, no in ((ledger.entries(SMITH)[0].account, 5), ("z" * 26, 0)):
        row = (b"x" * 16, account, "i" * 26, no, "touch")
        change(path, "INSERT INTO contactledger_lookup VALUES (?, ?, ?, ?, ?)", *row)
        with pytest.raises(Corrupt, match="a look-up that no entry makes") as caught:
            ledger.check_lookups()
        assert (caught.value.account, caught.value.no) == (account, no)
        assert ledger.reindex() == 1
        assert rows(path) == before


def test_a_name_that_was_lost_is_found_again_after_reindexing(kept):
    _, path = kept
    change(path, "DELETE FROM contactledger_lookup WHERE kind = 'opened'")
    with Ledger.open(f"sqlite:///{path}", recorder="acme", clock=FixedClock()) as other:
        with pytest.raises(NotFound):
            other.entries(SMITH)
        assert other.reindex() == 2
        assert len(other.entries(SMITH)) == 9


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        (mail("third", matter="rel"), "Touch.matter"),
        (mail("first", addresses={"bob": "bob@smith.example"}), "Touch.key"),
        (Mark("second", "acknowledged"), "Mark.entry"),
        (Preference("bob", refused=("sms",)), "Preference.subject"),
    ],
)
def test_a_look_up_that_leads_behind_the_log_is_named_by_the_field_that_needs_it(kept, fact, field):
    ledger, path = kept
    ledger.record(SMITH, Matter("rel", title="Sync"), Preference("bob", refused=("chat",)))
    change(path, "UPDATE contactledger_lookup SET no = no + 900 WHERE kind <> 'opened'"
           " AND kind NOT IN ('party', 'person')")  # fmt: skip
    with pytest.raises(Corrupt, match=f"that {field} needs leads to no entry; reindex") as caught:
        ledger.record(SMITH, fact)
    assert caught.value.no > 900
    assert ledger.reindex() > 0
    ledger.record(SMITH, fact)


def test_an_entry_that_was_lost_is_named(kept):
    ledger, path = kept
    change(path, "DELETE FROM contactledger_entry WHERE no = 8")
    with pytest.raises(Corrupt, match="entry 8: the entry is not there"):
        ledger.record(SMITH, mail("second", addresses={"bob": "bob@smith.example"}))


@pytest.mark.parametrize("which", ["person", "entry", "newest"])
def test_after_an_erasure_nothing_is_missing_and_nothing_comes_back(kept, which):
    ledger, path = kept
    if which == "person":
        ledger.redact(SMITH, person="bob")
    elif which == "entry":
        ledger.redact(SMITH, entry=7)
    else:  # the older one still says the address, the row leads to the newer
        ledger.redact(SMITH, entry=8, fields=["addresses"])
    after = rows(path)
    (waiting,) = [row for row in after if row[0] == ledger._references.unscrubbed()]
    assert ledger.check_lookups() == len(after) - 1
    assert ledger.reindex() == 0
    assert rows(path) == after
    assert LookupRow(*waiting).kind == "redaction"


def test_a_ledger_in_memory_is_compared_as_well():
    ledger, _ = filled()
    with ledger._store.begin(write=False) as tx:
        count = len(tx.lookups_from())
    assert ledger.check_lookups() == count


def test_the_command_check_compares_the_look_ups_when_asked_to(kept):
    _, path = kept
    plain = "17 entries match their hashes; accounts: 2\n"
    done = CliRunner().invoke(app, ["check", str(path)])
    assert (done.exit_code, done.output) == (0, plain)
    done = CliRunner().invoke(app, ["check", str(path), "--lookups"])
    assert done.output == f"{plain}{len(rows(path))} look-ups lead to their entries\n"
