"""`--json` of the commands: an object a line, with the words of the library."""

from __future__ import annotations

import json
import sys

import pytest

from contactledger import Channel, Ledger, Party, Person, Preference, Touch, __main__
from contactledger.keys import keygen
from contactledger.testing import FixedClock
from tests.judging import day

ACCOUNT = "smith"


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a command on the ledger a.db: (exit code, what its lines say). Nothing else is said."""
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///a.db", recorder="acme", clock=FixedClock(day(0))) as ledger:
        ledger.record(
            ACCOUNT,
            Party("acme", "ACME", "vendor"),
            Party("smith", "Smith Motors", "customer", "America/New_York"),
            Person("bob", "smith", "Bob Ray", phone="+1 555 0111"),
            Preference("bob", refused=("sms",)),
            Touch("bob", "acme", "ticket", about="Labels"),
        )

    def run(*arguments: object) -> tuple[int, list]:
        line = ["contactledger", *map(str, arguments), "--json"]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        assert printed.err == ""
        return ended.value.code or 0, [json.loads(line) for line in printed.out.splitlines()]

    return run


NOW = ("--as-of", "2026-03-02T16:00Z")


def test_check_counts(command):
    counts = {"entries": 7, "accounts": 1, "archived": 0}
    assert command("check", "a.db") == (0, [counts])
    code, (found,) = command("check", "a.db", "--lookups")
    assert (code, found.keys() - counts.keys()) == (0, {"lookups"})


def test_a_standing_is_the_data_of_the_report(command, tmp_path):
    code, (data,) = command("standing", "a.db", ACCOUNT, *NOW)
    assert (code, data["account"]["name"]) == (0, ACCOUNT)
    assert [column["name"] for column in data["columns"]] == ["ACME", "Smith Motors"]


def test_what_is_next_is_one_object_and_each_case_one(command):
    code, (data,) = command("next", "a.db", ACCOUNT, *NOW)
    assert (code, [step["what"] for step in data["steps"]]) == (0, ["answer"])
    code, cases = command("cases", "a.db", ACCOUNT, *NOW)
    assert (code, [case["title"] for case in cases]) == (0, ["Labels"])


def test_permission_says_why_and_keeps_its_exit_code(command):
    how = ("may-contact", "a.db", ACCOUNT, "bob")
    code, (found,) = command(*how, "phone", "--at", "2026-03-02T16:00Z")
    assert (code, found["allowed"], found["rules"]) == (0, True, ["J40"])
    code, (found,) = command(*how, "sms", "--at", "2026-03-02T16:00Z")
    assert (code, found["allowed"]) == (1, False)


def test_policies(command, tmp_path):
    _, listed = command("policy", "list")
    assert [row["name"] for row in listed][:2] == ["dealership-software", "support-desk"]
    (tmp_path / "p.toml").write_text('rules = 1\nzone = "UTC"\n', "utf-8")
    code, (*doubts, found) = command("policy", "check", "p.toml")
    assert (code, [one["doubt"] for one in doubts], len(found["digest"])) == (0, [True], 64)
    assert all(type(sentence) is str for sentence in command("policy", "explain", "p.toml")[1])
    (tmp_path / "p.toml").write_text(
        '[calendar]\nholidays = { country = "XX", from = 2026, to = 2026 }\n'
    )
    code, (*_, found) = command("policy", "check", "p.toml")
    assert (code, found["doubt"]) == (1, False)
    assert "not known to the package holidays" in found["text"]


def test_a_bundle_verified_is_two_lines(command):
    key = keygen("acme.key", "acme.example/contacts")
    with Ledger.open("sqlite:///a.db", recorder="acme", signer="acme.key") as ledger:
        ledger.bundle(ACCOUNT).save("a.bundle")
        ledger.bundle(ACCOUNT, entries=[2]).save("some.bundle")
    trust = ("--trust", "acme.vkey")
    code, (said, report) = command("verify", "a.bundle", *trust)
    assert (code, said["entries"], said["complete"], said["first"]) == (0, 7, True, True)
    assert said["key"] == key.format()
    assert report["account"]["name"] == ACCOUNT
    assert command("verify", "a.bundle", *trust, "--no-judge") == (0, [said])
    code, (partial,) = command("verify", "some.bundle", *trust)
    assert (code, partial["complete"]) == (0, False)
    code, (both,) = command("reconcile", "a.db", "a.bundle", *trust, "--account", ACCOUNT)
    assert (code, both["report"]) == (0, "reconciliation")


def test_the_report_of_a_bundle_may_be_written_as_well(command, tmp_path, monkeypatch, capsys):
    keygen("acme.key", "acme.example/contacts")
    with Ledger.open("sqlite:///a.db", recorder="acme", signer="acme.key") as ledger:
        ledger.bundle(ACCOUNT).save("a.bundle")
    line = "contactledger verify a.bundle --trust acme.vkey --json --out r.txt"
    monkeypatch.setattr(sys, "argv", line.split())
    with pytest.raises(SystemExit):
        __main__.main()
    printed = capsys.readouterr()
    verified, _ = map(json.loads, printed.out.splitlines())
    assert (verified["account"], printed.err) == (ACCOUNT, "written: r.txt\n")
    assert (tmp_path / "r.txt").exists()


def test_imports_and_archives_are_listed(command, tmp_path):
    (tmp_path / "calls.csv").write_text(
        "call_id,at,direction,from,to,status\n"
        "c-1,2026-03-02T10:00:00Z,out,+1 555 0100,+1 555 0111,busy\n"
        "c-2,soon,out,+1 555 0100,+1 555 0111,busy\n",
        "utf-8",
    )
    how = ("import", "a.db", "calls.csv", "--as", "calls", "--recorder", "acme")
    code, (tried,) = command(*how)
    assert (code, tried["dry_run"], tried["batch"], tried["recorded"]) == (3, True, None, 2)
    assert tried["faults"] == ["line 3, at: must be a time as in ISO 8601, with its offset"]
    code, (done,) = command(*how, "--write")
    assert (code, done["dry_run"], done["recorded"]) == (3, False, 2)
    code, (batch,) = command("imports", "a.db", "--recorder", "acme")
    assert (code, batch["batch"], batch["entries"]) == (0, done["batch"], 2)
    keygen("acme.key", "acme.example/contacts")
    with Ledger.open("sqlite:///a.db", recorder="acme", signer="acme.key") as ledger:
        made = ledger.archive(ACCOUNT, "smith.archive")
    assert command("archives", "a.db") == (
        0, [{"account": made.account, "entries": 9, "sha256": made.sha256}],
    )  # fmt: skip


def test_a_heartbeat_says_what_went_on_record(command):
    clock = FixedClock(day(0))
    with Ledger.open("sqlite:///a.db", recorder="acme", clock=clock) as ledger:
        ledger.heartbeat("mailbox", Channel.EMAIL, every_seconds=60)
    how = ("heartbeat", "a.db", "mailbox", "--recorder", "acme", "--every", 60)
    code, words = command(*how, "--channel", "email")
    assert (code, [word["kind"] for word in words]) == (0, ["coverage"])
    assert words[0]["fact"]["state"] == "blind"


def test_an_export_names_its_files(command):
    code, (file,) = command("export", "a.db", "--parquet", "out", "--only", "entries")
    assert (code, file["rows"]) == (0, 7)
    assert file["path"].endswith(".parquet")
