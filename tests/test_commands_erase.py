"""`redact`, `scrub`, `erasures`, `hold`, `release`, `holds`, `subject`, `whereabouts`."""

from __future__ import annotations

import json
import sqlite3
import sys

import pytest

from contactledger import Ledger, Party, Person, Touch, __main__

ACCOUNT = "smith"


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a command on a ledger with Bob and Carla: (exit code, standard output, error)."""
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///a.db", recorder="acme") as ledger:
        ledger.record(
            ACCOUNT,
            Party("acme", "ACME", "vendor"),
            Party("smith", "Smith Motors"),
            Person("bob", "smith", "Bob Ray"),
            Person("carla", "smith", "Carla Diaz"),
            Touch(to="bob", channel="phone", about="Labels"),
        )

    def run(name: str, *arguments: object) -> tuple[int, str, str]:
        line = ["contactledger", name, "a.db", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


US = ("--recorder", "acme")
SCRUBBED = "smith, entry 7: scrubbed (backups and snapshots made before are not reached)\n"


def test_a_person_is_erased_from_tables_and_files(command, tmp_path):
    assert command("redact", ACCOUNT, *US, "--person", "bob") == (
        0, f"entry 7: erased from every table\n{SCRUBBED}", "",
    )  # fmt: skip
    assert b"Bob Ray" not in (tmp_path / "a.db").read_bytes()
    assert command("erasures", ACCOUNT) == (0, "smith, entry 7: scrubbed\n", "")
    assert json.loads(command("erasures", ACCOUNT, "--json")[1]) == {
        "account": "smith", "no": 7, "state": "scrubbed", "why": "",
    }  # fmt: skip
    assert command("scrub", *US) == (0, "", "")


def test_one_field_of_one_entry_is_erased(command):
    code, out, _ = command("redact", ACCOUNT, *US, "--entry", 6, "--field", "about", "--json")
    assert (code, json.loads(out)["no"]) == (0, 7)
    with Ledger.open("sqlite:///a.db", recorder=None) as ledger:
        assert ledger.entries(ACCOUNT)[6].fact.about is None
        assert ledger.entries(ACCOUNT)[4].fact.name == "Bob Ray"


def test_the_whole_account_is_erased_when_that_is_said(command):
    assert command("redact", ACCOUNT, *US, "--everything")[0] == 0
    with Ledger.open("sqlite:///a.db", recorder=None) as ledger:
        (name,) = ledger.accounts()
        assert {getattr(e.fact, "name", None) for e in ledger.entries(name)} == {None}


@pytest.mark.parametrize(
    "wanted", [(), ("--person", "bob", "--everything"), ("--entry", 6, "--person", "bob")]
)
def test_what_is_erased_is_said_once(command, wanted):
    assert command("redact", ACCOUNT, *US, *wanted) == (
        1, "", "contactledger: redact: name one of --person, --entry and --everything\n",
    )  # fmt: skip


def test_while_somebody_reads_it_is_recorded_only_and_code_3(command, tmp_path, monkeypatch):
    monkeypatch.setattr("contactledger.store.scrub.PATIENCE_MS", 50, raising=False)
    reader = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM contactledger_entry").fetchone()
    code, out, err = command("redact", ACCOUNT, *US, "--person", "bob")
    assert (code, err) == (3, "")
    assert out.startswith("entry 7: erased from every table\nsmith, entry 7: recorded (")
    assert command("erasures", ACCOUNT)[1] == (
        "smith, entry 7: recorded (no scrub has gone through since)\n"
    )
    assert command("scrub", *US, "--json")[0] == 3
    reader.close()
    assert command("scrub", *US) == (0, SCRUBBED, "")


def test_what_is_on_hold_is_not_erased_until_it_is_released(command):
    assert command(
        "hold", ACCOUNT, *US, "--person", "bob", "--basis", "litigation", "--reason", "court"
    ) == (0, "entry 7: on hold; it ends with: contactledger release a.db smith 7\n", "")
    listed = command("holds", ACCOUNT)[1]
    assert listed.startswith("    7  20")
    assert listed.endswith("  one person  litigation\n")
    code, out, err = command("redact", ACCOUNT, *US, "--person", "bob")
    assert (code, out) == (1, "")
    assert err.endswith(
        "entry 7: a legal hold covers this; release it before erasing\n"
        "  see `contactledger holds`; end one with: contactledger release\n"
    )
    assert command("release", ACCOUNT, 7, *US) == (
        0, "entry 8: the hold of entry 7 is released\n", "",
    )  # fmt: skip
    assert command("holds", ACCOUNT)[1] == ""


def test_a_hold_may_keep_the_whole_account(command):
    command("hold", ACCOUNT, *US)
    assert command("holds", ACCOUNT)[1].endswith("  the account\n")
    (said,) = command("holds", ACCOUNT, "--json")[1].splitlines()
    assert (json.loads(said)["no"], json.loads(said)["fact"]) == (7, {})


def test_a_person_is_given_what_is_about_them(command, tmp_path):
    out = command("subject", ACCOUNT, "bob")[1]
    assert "Bob Ray" in out
    assert "Carla" not in out
    data = json.loads(command("subject", ACCOUNT, "bob", "--json")[1])
    assert command("subject", ACCOUNT, "bob", "--out", "bob.zip") == (
        0, f"written: bob.zip ({len(data['entries'])} entries)\n", "",
    )  # fmt: skip
    assert (tmp_path / "bob.zip").exists()
    assert command("subject", ACCOUNT, "eve")[2].splitlines()[1] == (
        "  see what is on record with: contactledger entries DB ACCOUNT"
    )


def test_where_somebody_is_on_record_is_listed_by_an_address(command):
    assert command("whereabouts", "bob@smith.example") == (0, "", "")
    with Ledger.open("sqlite:///a.db", recorder="acme") as ledger:
        person = Person("bob", "smith", "Bob Ray", email="bob@smith.example")
        (bob,) = ledger.record(ACCOUNT, person)
    said = (0, f"{bob.id}  {ACCOUNT}\n", "")
    assert command("whereabouts", "Bob@smith.example") == said
    (line,) = command("whereabouts", "bob@smith.example", "--json")[1].splitlines()
    assert json.loads(line) == {"account": ACCOUNT, "person": bob.id}
