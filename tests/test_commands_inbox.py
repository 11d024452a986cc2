"""The commands inbox and discard."""

from __future__ import annotations

import json

from contactledger import Ledger
from tests.ledgers import Probe, event, two_sides
from tests.test_commands_receive import BY, EARLIER, command

__all__ = ["command"]  # the fixture


def kept(folder, monkeypatch):
    monkeypatch.chdir(folder)
    with Ledger.open("sqlite:///contacts.db", recorder="acme", clock=EARLIER) as ledger:
        ledger.record("smith-motors", *two_sides())
        probe = Probe(event("delivered", provider_id="later"))
        return [ledger.receive(probe, {}, b"Bob Ray").inbox for _ in range(2)]


def test_what_waits_is_listed_without_what_it_says(tmp_path, monkeypatch, command):
    ids = sorted(kept(tmp_path, monkeypatch))
    at = "2026-01-01T00:00:00Z"
    lines = "".join(f"{one}  {at}  probe  unknown  7 bytes\n" for one in ids)
    assert command("inbox", "contacts.db") == (0, lines, "")
    code, told, _ = command("inbox", "contacts.db", "--json")
    first = json.loads(told.splitlines()[0])
    assert code == 0
    assert first == {
        "inbox": ids[0],
        "source": "probe",
        "received_at": "2026-01-01T00:00:00.000000Z",
        "state": "unknown",
        "reason": "",
        "tries": 1,
        "bytes": 7,
    }


def test_a_reason_is_said(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///contacts.db", recorder="acme", clock=EARLIER) as ledger:
        message = b"From: who@else.example\r\n\r\nHello.\r\n"
        from contactledger.sources import Mail

        ledger.receive(Mail(), {}, message)
    assert "  mail  unknown (sender)  " in command("inbox", "contacts.db")[1]


def test_bodies_are_thrown_away(tmp_path, monkeypatch, command):
    first, second = kept(tmp_path, monkeypatch)
    assert command("discard", "contacts.db", first, *BY) == (0, "thrown away: 1\n", "")
    told = command("discard", "contacts.db", second, *BY, "--json")
    assert told == (0, '{"discarded":1}\n', "")
    assert command("inbox", "contacts.db") == (0, "", "")
    code, out, error = command("discard", "contacts.db", second, *BY)
    assert (code, out) == (1, "")
    assert "inbox: no such body waits in the inbox" in error
