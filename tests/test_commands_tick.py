"""`tick`, for cron: nothing new, nothing printed."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from contactledger import Channel, Ledger, Party, Person, Touch, __main__
from contactledger.errors import StoreBusy
from contactledger.keys import keygen
from contactledger.scrubbing import Erasure, ErasureState
from contactledger.store.sql import SqlStore
from contactledger.testing import FixedClock
from tests.judging import day

OVERDUE = "overdue: smith: Answer Bob Ray, who asked by ticket and waits (“Labels”); "


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """Bob asked ACME something in March, and waits still."""
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///a.db", recorder="acme", clock=FixedClock(day(0))) as ledger:
        ledger.record(
            "smith",
            Party("acme", "ACME", "vendor"),
            Party("smith", "Smith Motors", zone="America/New_York"),
            Person("bob", "smith", "Bob Ray"),
            Touch("bob", "acme", "ticket", about="Labels"),
        )

    def run(*arguments: object) -> tuple[int, str, str]:
        line = ["contactledger", "tick", "a.db", "--recorder", "acme", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_what_is_overdue_is_told_once_where_a_state_is_kept(command, tmp_path):
    code, out, err = command("--state", "tick.json")
    assert (code, err) == (0, "")
    assert [line[: len(OVERDUE)] for line in out.splitlines()] == [OVERDUE]
    kept = json.loads((tmp_path / "tick.json").read_text("utf-8"))
    assert datetime.now(UTC) - datetime.fromisoformat(kept["last"]) < timedelta(minutes=5)
    assert command("--state", "tick.json") == (0, "", "")


def test_what_was_not_overdue_at_the_last_tick_is_new(command, tmp_path):
    (tmp_path / "tick.json").write_text(json.dumps({"last": day(0).isoformat()}), "utf-8")
    assert command("--state", "tick.json")[1].startswith(OVERDUE)
    (tmp_path / "old.json").write_text('{"last": "2020-01-01T00:00Z"}', "utf-8")
    assert command("--state", "old.json")[1].startswith(OVERDUE)


def test_without_a_state_all_is_told_each_time_and_as_json_where_wanted(command):
    assert command()[1] == command()[1]
    (said,) = map(json.loads, command("--json")[1].splitlines())
    assert (said["alert"], said["account"], said["what"]) == ("overdue", "smith", "answer")
    assert said["because"] == [5]
    assert said["text"].startswith(OVERDUE)


def test_accounts_that_are_not_named_are_not_looked_at(command):
    with Ledger.open("sqlite:///a.db", recorder="acme") as ledger:
        ledger.record("jones", Party("acme", "ACME", "vendor"), Party("jones", "Jones"))
    assert command("--account", "jones") == (0, "", "")


def test_a_collector_that_stays_away_is_told_and_on_record(command):
    clock = FixedClock(day(0))
    with Ledger.open("sqlite:///a.db", recorder="acme", clock=clock) as ledger:
        ledger.heartbeat("webhook.sendgrid", Channel.EMAIL, every_seconds=60)
        clock.forward(hours=1)
        ledger.heartbeat("webhook.sendgrid", Channel.EMAIL, every_seconds=60)
        clock.forward(seconds=30)
        ledger.heartbeat("webhook.sendgrid", Channel.EMAIL, every_seconds=60)
    _, out, _ = command("--account", "jones", "--json")
    (said,) = map(json.loads, out.splitlines())
    assert (said["alert"], said["collector"]) == ("blind", "webhook.sendgrid")
    assert said["text"].startswith("blind: webhook.sendgrid was last heard of 2026-03-02 ")
    assert command("--account", "jones") == (0, "", "")


def test_it_seals_where_there_is_a_key(command):
    keygen("acme.key", "acme.example/contacts")
    assert command("--signer", "acme.key", "--account", "none")[0] == 0
    with Ledger.open("sqlite:///a.db", recorder=None) as ledger:
        assert ledger.checkpoint() is not None


def test_a_step_that_fails_is_said_and_the_others_are_done(command, monkeypatch, tmp_path):
    def busy(_, **__):
        raise StoreBusy("held")

    monkeypatch.setattr(Ledger, "scrub", busy)
    code, out, err = command("--state", "tick.json")
    assert (code, err) == (1, "contactledger: scrub: held\n")
    assert out.startswith(OVERDUE)
    assert not (tmp_path / "tick.json").exists()


def test_an_erasure_that_waits_is_code_3(command, monkeypatch):
    waits = Erasure("smith", 6, ErasureState.RECORDED, "somebody reads")
    monkeypatch.setattr(Ledger, "scrub", lambda _, **__: (waits,))
    assert command("--account", "none")[0] == 3


def test_the_files_are_rewritten_once_a_day_and_for_a_redaction_that_waits(
    command, monkeypatch, tmp_path
):
    rewritten = []
    scrub = SqlStore.scrub
    monkeypatch.setattr(SqlStore, "scrub", lambda store: rewritten.append(1) or scrub(store))
    now = datetime.now(UTC)
    for last, times in ((now - timedelta(days=1), 1), (now, 0), (now, 0)):
        rewritten.clear()
        (tmp_path / "tick.json").write_text(json.dumps({"last": last.isoformat()}), "utf-8")
        assert command("--state", "tick.json")[0] == 0
        assert len(rewritten) == times
    with Ledger.open("sqlite:///a.db", recorder="acme") as ledger:
        redaction = ledger.redact("smith", person="bob")
        assert command("--state", "tick.json")[0] == 0
        (erased,) = ledger.erasures("smith")
        assert (erased.entry_no, erased.state) == (redaction.no, ErasureState.SCRUBBED)
    assert len(rewritten) == 1
    assert command()[0] == 0
    assert len(rewritten) == 2  # nobody knows when the last tick was


def test_a_state_that_is_none_is_named(command, tmp_path):
    (tmp_path / "tick.json").write_text("[]", "utf-8")
    assert command("--state", "tick.json") == (
        1, "", "contactledger: --state: is not a JSON object\n",
    )  # fmt: skip
    (tmp_path / "tick.json").write_text('{"last": 5}', "utf-8")
    assert command("--state", "tick.json")[0] == 0
