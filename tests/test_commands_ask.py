"""The command that asks an account."""

from __future__ import annotations

import json
import sys

import pytest

from contactledger import Ledger, Party, Person, Touch, __main__
from contactledger.asked_rows import ASKED
from contactledger.testing import FixedClock
from tests.judging import day

ACCOUNT = "smith-motors"
PAGE = """\
smith-motors, as of 2 Mar 2026 12:00 UTC

Who waits for an answer
  Smith Motors has waited for ACME since 2 Mar 2026 10:00 about “Labels” (ticket): 2
    hours, of business time 2 hours; due 3 Mar 2026 10:00 [5].

How long answers take
  ACME gave no answer to 1 question of Smith Motors [5].

Who was told
  “prices”: Smith Motors, never told (Bob Ray: never told).
"""
GERMAN = """\
smith-motors, Stand 2. März 2026 12:00 UTC

Wer auf Antwort wartet
  Smith Motors wartet seit 2. März 2026 10:00 auf ACME, es geht um „Labels“ (Ticket): 2
    Stunden, davon Geschäftszeit 2 Stunden; fällig 3. März 2026 10:00 [5].

Wie lange Antworten dauern
  ACME ließ 1 Frage von Smith Motors ohne Antwort [5].

Wem es gesagt wurde
  „prices“: Smith Motors, nie benachrichtigt (Bob Ray: nie benachrichtigt).
"""


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Runs `ask` on a ledger in which Bob asked ACME: (exit code, standard output, error)."""
    path = tmp_path / "contacts.db"
    with Ledger.open(f"sqlite:///{path}", recorder="acme", clock=FixedClock(day(0))) as ledger:
        ledger.record(
            ACCOUNT,
            Party("acme", "ACME", "vendor"),
            Party("smith", "Smith Motors", "customer"),
            Person("bob", "smith", "Bob Ray"),
            Touch("bob", "acme", "ticket", about="Labels", topics=("labels",)),
        )

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["contactledger", "ask", str(path), *arguments])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_ask_prints_the_answers(command):
    said = command(ACCOUNT, "--as-of", "2026-03-02T12:00Z", "--about", "prices")
    assert said == (0, PAGE, "")


def test_as_json_it_is_the_rows_of_every_set(command):
    code, out, err = command(ACCOUNT, "--as-of", "2026-03-02T12:00Z", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert list(dict.fromkeys(row["set"] for row in rows)) == [
        what for what in ASKED if what in ("told", "waiting", "answer_times", "turns")
    ]
    assert [row["about"] for row in rows if row["set"] == "told"] == ["labels", "labels"]
    (waits,) = [row for row in rows if row["set"] == "waiting"]
    assert (waits["owed"], waits["owes"], waits["waited_seconds"]) == ("Smith Motors", "ACME", 7200)


def test_as_json_it_is_about_the_topics_named(command):
    out = command(ACCOUNT, "--about", "a", "--about", "b", "--json")[1]
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["about"] for row in rows if row["set"] == "told"] == ["a", "a", "b", "b"]


def test_an_account_that_is_not_there_is_said(command):
    code, out, err = command("nobody")
    assert (code, out) == (1, "")
    assert err.startswith("contactledger: account: no account of this name in the ledger\n")


def test_in_german(command):
    said = command(ACCOUNT, "--as-of", "2026-03-02T12:00Z", "--about", "prices", "--lang", "de")
    assert said == (0, GERMAN, "")


def test_a_language_without_words_is_refused(command):
    code, out, err = command(ACCOUNT, "--lang", "xx")
    assert (code, out, err.startswith("contactledger: lang: no words are there")) == (1, "", True)
