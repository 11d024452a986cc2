"""The commands that look ahead."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from contactledger import Ledger, Party, Person, Preference, Touch, __main__
from contactledger.testing import FixedClock
from tests.judging import day

ACCOUNT = "smith-motors"


@pytest.fixture
def database(tmp_path):
    """Bob of Smith Motors, in New York, asked ACME something; he takes no text messages."""
    path = tmp_path / "contacts.db"
    clock = FixedClock(day(0))
    with Ledger.open(f"sqlite:///{path}", recorder="acme", clock=clock) as ledger:
        ledger.record(
            ACCOUNT,
            Party("acme", "ACME", "vendor"),
            Party("smith", "Smith Motors", "customer", "America/New_York"),
            Person("bob", "smith", "Bob Ray"),
            Preference("bob", refused=("sms",)),
            Touch("bob", "acme", "ticket", about="Labels"),
        )
    return path


@pytest.fixture
def command(monkeypatch, capsys, database):
    """Runs a command on the ledger: (exit code, standard output, standard error)."""

    def run(name: str, *arguments: object) -> tuple[int, str, str]:
        line = ["contactledger", name, str(database), ACCOUNT, *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_next_says_what_to_do_and_where_the_relationship_is(command):
    code, out, err = command("next", "--as-of", "2026-03-02T12:00Z")
    assert (code, err) == (0, "")
    assert out.startswith("WHAT TO DO NEXT\nsmith-motors\nMon 2 Mar 2026\n\nFor whom  ACME\n")
    assert "- Answer Bob Ray, who asked by ticket and waits (“Labels”); due" in out
    assert "\nWHERE THE RELATIONSHIP IS\n" in out


def test_next_is_for_the_party_named(command):
    assert "\nFor whom  Smith Motors\n" in command("next", "--party", "smith")[1]
    assert command("next", "--party", "jones") == (
        1,
        "",
        (
            "contactledger: party: nothing of that name in the account\n"
            "  see what is on record with: contactledger entries DB ACCOUNT\n"
        ),
    )


def test_cases_lists_the_matters(command):
    code, out, _ = command("cases", "--as-of", "2026-03-02T12:00Z")
    assert code == 0
    assert "\nLabels (open)\n  Opened 2 Mar 2026 by Smith Motors; Smith Motors and ACME\n" in out


def test_may_contact_is_yes_with_code_0(command):
    assert command("may-contact", "bob", "phone", "--at", "2026-03-02T16:00Z") == (
        0, "It may be done now. Rule J40. Times are America/New_York.\n", "",
    )  # fmt: skip


def test_or_no_with_code_1_and_the_earliest_time_where_they_are(command):
    assert command("may-contact", "bob", "phone", "--at", "2026-03-02T12:00Z", "--about", "x") == (
        1,
        (
            "Not before 2 Mar 2026 08:00: it is outside the agreed hours. Rule J40. Times are\n"
            "America/New_York.\n"
        ),
        "",
    )
    code, out, _ = command("may-contact", "bob", "sms", "--at", "2026-03-02T16:00Z")
    assert (code, out[:55]) == (1, "As things stand it may not: the channel was refused. Ru")


def test_a_party_without_a_zone_is_told_times_in_utc(command):
    assert command("may-contact", "acme", "email")[0] == 1
    assert command("may-contact", "acme", "email")[2] == (
        "contactledger: person: belongs to the party that would contact it\n"
    )


def test_a_time_that_is_none_names_its_option(command):
    assert command("may-contact", "bob", "phone", "--at", "soon")[2].startswith(
        "contactledger: --at: "
    )
    assert command("next", "--as-of", "soon")[2].startswith("contactledger: --as-of: ")


def test_the_documented_commands_run_as_they_stand(command, database, monkeypatch):
    page = Path(__file__).parents[1] / "docs" / "policy.md"
    block = page.read_text("utf-8").split("```sh\n")[2].split("```")[0]
    monkeypatch.chdir(database.parent)
    for line in block.strip().split("\n"):
        program, name, file, account, *more = shlex.split(line)
        assert (program, file, account) == ("contactledger", database.name, ACCOUNT)
        code, out, err = command(name, *more)
        assert (code in ({0, 1} if name == "may-contact" else {0}), err) == (True, "")
        assert out
