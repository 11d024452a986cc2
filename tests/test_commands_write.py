"""`init`, `record`, `accounts`, `entries`."""

from __future__ import annotations

import io
import json
import sys

import pytest

from contactledger import Ledger, __main__
from contactledger.commands_write import MAX_INPUT_BYTES


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs a command in a folder of its own: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object, stdin: bytes | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["contactledger", *map(str, arguments)])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


RECORD = ("record", "a.db", "smith", "--recorder", "acme")


def test_a_ledger_is_made_and_says_what_is_next(command):
    code, out, err = command("init", "a.db", "--recorder", "acme")
    assert (code, err) == (0, "")
    first, _, line = out.splitlines()
    assert first == "made: a new ledger"
    assert line.startswith("  contactledger record a.db ACCOUNT --recorder acme party ")
    assert command("init", "a.db", "--recorder", "acme") == (
        0, "is there already, and stays as it is\n", "",
    )  # fmt: skip
    assert command("init", "a.db", "--recorder", "other") == (
        1, "", "contactledger: recorder: another party runs this ledger\n",
    )  # fmt: skip


@pytest.mark.parametrize("ready", [True, False])
def test_a_policy_is_adopted_for_all_accounts(command, ready, tmp_path):
    (tmp_path / "own.toml").write_text('rules = 1\nzone = "Europe/Berlin"\n', "utf-8")
    policy = "support-desk" if ready else "own.toml"
    out = command("init", "a.db", "--recorder", "acme", "--policy", policy)[1]
    assert "adopted: the policy, for accounts that are opened from now on\n" in out
    command(*RECORD, "party", "key=acme")
    with Ledger.open("sqlite:///a.db", recorder=None) as ledger:
        text = ledger.entries("smith")[1].fact.text
        assert text == ledger.entries("house")[1].fact.text
    assert ("Europe/Berlin" in text) is not ready


def test_a_policy_that_cannot_be_read_makes_no_ledger(command, tmp_path):
    assert command("init", "a.db", "--recorder", "acme", "--policy", "no.toml")[::2] == (
        1, "contactledger: --policy: cannot be read: No such file or directory\n",
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_a_fact_is_recorded_word_by_word(command):
    command("init", "a.db", "--recorder", "acme")
    assert command(*RECORD, "party", "key=acme", "name=ACME", "role=vendor") == (
        0, "entry 2: party\n", "",
    )  # fmt: skip
    assert command(*RECORD, "party", "key=smith", "name=Smith → Motors")[1] == "entry 3: party\n"
    touch = ("touch", "to=smith", "channel=phone", "about=Labels", "at=2026-03-02T15:00Z", "key=t")
    assert command(*RECORD, *touch)[1] == "entry 4: touch\n"
    assert command(*RECORD, *touch)[1] == "entry 4: touch\n"
    assert command("entries", "a.db", "smith")[1].splitlines()[3:] == [
        command("entries", "a.db", "smith", "--kind", "party")[1].splitlines()[1],
        "    4  2026-03-02 15:00  touch           t, Labels, phone",
    ]
    assert command("accounts", "a.db") == (0, "smith\n", "")
    assert command("accounts", "a.db", "--json") == (0, '{"account":"smith"}\n', "")


def test_facts_are_read_as_lines_of_json(command):
    command("init", "a.db", "--recorder", "acme")
    lines = b'{"kind":"party","fact":{"key":"acme"}}\n\n{"kind":"party","fact":{"key":"b","name":"S"}}\n'
    code, out, err = command(*RECORD, "--json", stdin=lines)
    assert (code, err) == (0, "")
    first, second = map(json.loads, out.splitlines())
    assert (first["no"], first["kind"], first["fact"]) == (2, "party", {"key": "acme"})
    assert (second["no"], second["fact"]) == (3, {"key": "b", "name": "S"})
    read = command("entries", "a.db", "smith", "--json", "--as-of", "2126-01-01T00:00Z")[1]
    assert read.splitlines()[2:] == out.splitlines()


@pytest.mark.parametrize(
    ("stdin", "says"),
    [
        (b'{"kind":"party"}\n{', "line 2, standard input: is not valid JSON"),
        (b'\n{"kind":"party","fact":{"role":"x"}}',
         "line 2, Party.role: must be one of: vendor, customer, partner, consultant"),
        (b" " * (MAX_INPUT_BYTES + 1), f"standard input: more than {MAX_INPUT_BYTES} bytes"),
    ],
)  # fmt: skip
def test_a_line_that_will_not_do_is_named_and_nothing_recorded(command, stdin, says):
    command("init", "a.db", "--recorder", "acme")
    assert command(*RECORD, stdin=stdin) == (1, "", f"contactledger: {says}\n")
    assert command("accounts", "a.db")[1] == ""


def test_a_person_at_a_terminal_is_told_what_to_type(command, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    says = "contactledger: FACT: name a kind and its fields, or pipe JSON lines in\n"
    for stdin in (Terminal(), None):
        monkeypatch.setattr(sys, "stdin", stdin)
        assert command(*RECORD) == (1, "", says)


def test_the_help_of_record_names_the_kinds(command):
    assert "preference" in command("record", "--help")[1]
