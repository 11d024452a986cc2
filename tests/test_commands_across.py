"""The commands that ask all accounts together."""

from __future__ import annotations

import json
import os
import sys

import pytest

from contactledger import (
    Ledger,
    Matter,
    Milestone,
    Party,
    Person,
    Touch,
    __main__,
    commands_across,
)
from contactledger.testing import FixedClock
from tests.judging import day

REPORTED = {"system": "third", "auth": "signed_body"}


@pytest.fixture
def path(tmp_path):
    """Bob of North asked about labels, Bob of South about his credit; an outage at both."""
    where = tmp_path / "contacts.db"
    clock = FixedClock(day(0))
    with Ledger.open(f"sqlite:///{where}", recorder="acme", clock=clock) as ledger:
        for name in ("north", "south"):
            ledger.record(
                name,
                Party("acme", "ACME", "vendor"),
                Party(name, f"{name.title()} Motors", "customer"),
                Person("ann", "acme", "Ann Lee"),
                Person("bob", name, "Bob Ray"),
                Milestone("out-5", "outage", "Outage of May", topics=("stock",)),
            )
        ledger.record(
            "north",
            Touch("ann", "bob", "phone", "outage", "call", milestone="out-5", expects="nothing"),
            Touch("bob", "ann", "ticket", "question", about="Labels", **REPORTED),
        )
        clock.forward(hours=1)
        ledger.record(
            "south",
            Matter("credit", party="south", title="A credit"),
            Touch("bob", "ann", "ticket", "question", "ask", matter="credit", **REPORTED),
            Touch("bob", "ann", "ticket", "question", "again", reminds="ask", **REPORTED),
        )
    return where


@pytest.fixture
def across(monkeypatch, capsys, path):
    """Runs a question as of the third day: (exit code, standard output, error)."""
    monkeypatch.setattr(Ledger, "_now", lambda _: day(2))

    def run(question: str, *arguments: object, db: object = path) -> tuple[int, str, str]:
        words = ["contactledger", "across", question, str(db), *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_whom_we_have_not_answered(across):
    assert across("waiting", "--owes", "us") == (0, """\
2 questions without an answer in 2 accounts, as of 4 Mar 2026 10:00 UTC:
  north: North Motors waits for ACME, since 2 Mar 2026 10:00 about “Labels” (ticket,
    question); overdue since 3 Mar 2026 10:00; it counts against ACME [8].
  south: South Motors waits for ACME, since 2 Mar 2026 11:00 (ticket, question); overdue
    since 3 Mar 2026 11:00, 1 reminder; it counts against ACME [8].
""", "")  # fmt: skip
    assert across("waiting", "--owed", "us")[1] == (
        "No questions without an answer in no accounts, as of 4 Mar 2026 10:00 UTC.\n"
    )


def test_what_is_not_due_says_when_it_is(across, monkeypatch):
    monkeypatch.setattr(Ledger, "_now", lambda _: day(0, 12))
    page = across("waiting", "--limit", 1)[1]
    assert (
        page
        == """\
2 questions without an answer in 2 accounts, as of 2 Mar 2026 12:00 UTC; the first 1:
  north: North Motors waits for ACME, since 2 Mar 2026 10:00 about “Labels” (ticket,
    question); due 3 Mar 2026 10:00 [8].
"""
    )


def test_who_ignored_what(across):
    page = across("ignored", "--limit", 1)[1]
    assert (
        page
        == """\
2 silences in 2 accounts, as of 4 Mar 2026 10:00 UTC; the first 1:
  north: ACME ignored what came from North Motors on 2 Mar 2026 10:00 about “Labels”
    (ticket, question); due 3 Mar 2026 10:00; it counts against ACME [8].
"""
    )
    assert across("ignored", "--every", "--limit", 1)[1] == page


def test_whose_turn_it_is(across):
    assert (
        across("turns", "--whose", "them", "--zone", "Europe/Berlin")[1]
        == """\
2 open matters in 2 accounts, as of 4 Mar 2026 11:00 Europe/Berlin:
  north: “Labels”, North Motors must act, since 3 Mar 2026 11:00. An answer is overdue
    and there is another way to ask: whoever asked must climb the next rung.
  south: “A credit”, South Motors must act, since 3 Mar 2026 12:00. An answer is overdue
    and there is another way to ask: whoever asked must climb the next rung.
"""
    )


def test_in_german(across):
    said = across("told", "--milestone", "out-5", "--state", "never_told", "--lang", "de")
    assert said == (0, """\
2 Parteien und Personen in 1 Konto, Stand 4. März 2026 10:00 UTC:
  south: South Motors, nie benachrichtigt.
  south: Bob Ray von South Motors, nie benachrichtigt.
""", "")  # fmt: skip


def test_who_was_told_of_an_outage_where_it_is_on_record(across):
    page = across("told", "--milestone", "out-5", "--state", "unproven", "--limit", 1)[1]
    assert (
        page
        == """\
2 parties and people in 1 account, as of 4 Mar 2026 10:00 UTC; the first 1:
  north: North Motors, nothing shows that it arrived [7].
"""
    )
    code, out, err = across("told", "--matter", "out-5")
    assert (code, out) == (1, "")
    assert err.startswith("contactledger: matter: nothing of that name in any account\n")


def test_as_json_it_is_a_count_and_rows_with_names(across):
    code, out, err = across("told", "stock", "--state", "unproven", "--json", "--limit", 1)
    count, row = [json.loads(line) for line in out.splitlines()]
    assert (code, err, count) == (0, "", {"set": "count", "count": 2, "accounts": 1})
    names = ("set", "account", "party_name", "person", "state")
    assert [row[name] for name in names] == ["told", "north", "North Motors", None, "unproven"]


def kept(folder):
    """Files of answers in it; SQLite may keep others beside each while it is used."""
    return sorted(p.name for p in folder.iterdir() if p.suffix == ".answers" or p.name == "other")


def test_what_is_kept_lies_beside_the_file_or_where_it_is_told_to(across, path, tmp_path):
    assert across("refresh") == (0, "accounts judged anew: 2\n", "")
    assert across("refresh", "--json")[1] == '{"judged":0,"unjudged":[]}\n'
    assert (tmp_path / "contacts.db.answers").exists()
    other = tmp_path / "other"
    assert across("refresh", "--answers", other)[1] == "accounts judged anew: 2\n"
    assert other.exists()
    for _ in range(2):  # of a server that no file is named for, nothing is kept
        assert across("refresh", db=f"sqlite:///{path}")[1] == "accounts judged anew: 2\n"
    assert [name for name in kept(tmp_path) if name != "other"] == ["contacts.db.answers"]
    code, _, err = across("refresh", "--answers", path)
    assert (code, err) == (1, "contactledger: path: is no file of gists; another path, please\n")


def test_accounts_that_cannot_be_judged_are_named_and_the_code_is_3(across, monkeypatch):
    said = "contactledger: accounts that this release cannot judge, in no answer: {}\n"
    monkeypatch.setattr("contactledger.judge.basis.RULES", 2)
    both = said.format("2 (north, south)")
    assert across("refresh") == (3, "accounts judged anew: 2\n", both)
    assert across("waiting") == (
        3, "No questions without an answer in no accounts, as of 4 Mar 2026 10:00 UTC.\n", both,
    )  # fmt: skip


def test_without_a_ledger_nothing_is_made(across, tmp_path):
    code, _, err = across("waiting", db=tmp_path / "none.db")
    assert (code, err.splitlines()[1]) == (
        1,
        "  make a ledger with: contactledger init DB --recorder KEY",
    )
    assert not (tmp_path / "none.db.answers").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [(["--lang", "xx"], "lang: no words"), (["--zone", "Mars"], "zone: must be the IANA name")],
)
def test_a_language_or_zone_that_is_none_is_refused_before_anything_is_judged(
    across, path, options, why
):
    code, out, err = across("turns", *options)
    assert (code, out, err.startswith(f"contactledger: {why}")) == (1, "", True)
    assert not path.with_name("contacts.db.answers").exists()


def test_as_many_processes_judge_as_there_are_cores(monkeypatch):
    assert commands_across.cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert commands_across.cores() == (os.cpu_count() or 1)
