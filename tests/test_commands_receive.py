"""The commands receive and replay."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from contactledger import Ledger, Person, __main__
from contactledger.commands_receive import MAX_HEADERS_BYTES
from contactledger.sources import Mailjet
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel
from tests.ledgers import Probe, event, mail, two_sides

ACCOUNT = "smith-motors"
EARLIER = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///contacts.db", recorder="acme") as ledger:
        ledger.record(ACCOUNT, *two_sides(), mail("q1"))
    return "contacts.db"


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments, given=b""):
        monkeypatch.setattr(sys, "argv", ["contactledger", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(given)))
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def report(address="bob@smith.example", **more):
    return json.dumps({"event": "sent", "time": 1772442060, "email": address, **more}).encode()


UNPROVEN = "no key is set for mailjet: nothing proves who sent this\n"
BY = ("--recorder", "acme")


def test_a_report_is_taken_in_once_from_standard_input_or_a_file(database, command, tmp_path):
    given = ("receive", database, "mailjet")
    told = "recorded: {} entries\nknown already: {}\nconflicting: 0\n"
    found = report(time=int(json.loads(now(database))))
    assert command(*given, *BY, given=found) == (0, told.format(1, 0), UNPROVEN)
    (tmp_path / "body.json").write_bytes(found)
    assert command(*given, "body.json", *BY) == (0, told.format(0, 1), UNPROVEN)


def now(database):
    with Ledger.open(f"sqlite:///{database}", recorder=None) as ledger:
        return str(int(ledger.entries(ACCOUNT)[-1].at.timestamp()) + 1)


def test_as_json_a_receipt_is_a_line(database, command):
    with Ledger.open(f"sqlite:///{database}", recorder=None) as ledger:
        touch = ledger.entries(ACCOUNT)[-1]
    found = report(time=int(now(database)))
    _, out, _ = command("receive", database, "mailjet", *BY, "--json", given=found)
    told = json.loads(out)
    assert len(told.pop("inbox")) == 26
    assert told == {
        "source": "mailjet",
        "recorded": [{"account": touch.account, "no": touch.no + 1, "kind": "signal"}],
        "repeated": 0,
        "conflicting": [],
        "parked": [],
        "failed": None,
    }


def test_what_matches_nobody_is_kept_and_gone_through_again_when_they_are_on_record(
    database, command
):
    found = report("dan@smith.example", time=int(now(database)))
    code, out, _ = command("receive", database, "mailjet", *BY, "--json", given=found)
    told = json.loads(out)
    assert (code, told["parked"]) == (3, [{"index": 0, "state": "unknown", "rule": ""}])
    code, out, _ = command("receive", database, "mailjet", *BY, given=found)
    assert code == 3
    assert out.splitlines()[-1].startswith("kept in the inbox as ")
    waits = "bodies gone through: 2\nrecorded: 0 entries\nwaiting still: mailjet: 2 unknown\n"
    assert command("replay", database, *BY) == (3, waits, "")
    assert command("replay", database, *BY, "--source", "brevo") == (
        0,
        "bodies gone through: 0\nrecorded: 0 entries\n",
        "",
    )
    with Ledger.open(f"sqlite:///{database}", recorder="acme") as ledger:
        ledger.record(ACCOUNT, Person("dan", "smith", email="dan@smith.example"), mail(to="dan"))
    code, out, _ = command("replay", database, *BY, "--json", "--source", "mailjet")
    first, second, last = [json.loads(line) for line in out.splitlines()]
    assert (code, first["inbox"]) == (0, told["inbox"])
    assert [(len(one["recorded"]), one["repeated"]) for one in (first, second)] == [(1, 0), (0, 1)]
    assert last == {"bodies": 2, "waiting": {}}
    assert command("replay", database, *BY) == (
        0,
        "bodies gone through: 0\nrecorded: 0 entries\n",
        "",
    )


def test_what_cannot_be_read_is_kept_too_and_said_in_one_line(database, command, caplog):
    code, out, error = command("receive", database, "mailjet", *BY, given=b"{")
    assert (code, out) == (3, "kept in the inbox: it could not be read or recorded\n")
    assert error.splitlines()[1].startswith("contactledger: line 1, column ")
    code, out, _ = command("receive", database, "mailjet", *BY, "--json", given=b"{")
    assert (code, json.loads(out)["failed"]) == (3, "BadEvent")
    code, out, _ = command("replay", database, *BY, "--json")
    *told, last = [json.loads(line) for line in out.splitlines()]
    assert (code, [one["failed"] for one in told]) == (3, ["BadEvent", "BadEvent"])
    assert last == {"bodies": 2, "waiting": {"mailjet": {"failed": 2}}}


def test_a_hosts_own_source_waits_for_the_host_and_a_hit_is_taken_up(database, command):
    with Ledger.open(f"sqlite:///{database}", recorder="acme") as ledger:
        ledger.receive(Probe(event(address="who@else.example")), {}, b"")
        tracker = ledger.tracker("https://mail.acme.example")
        assert tracker.hit(tracker.source.pixel("a" * 26)).parked
    code, out, _ = command("replay", database, *BY)
    assert (code, out.splitlines()[0]) == (3, "bodies gone through: 1")
    assert out.splitlines()[2:] == [
        "waiting still: probe: 1 unknown",
        "waiting still: tracking: 1 unknown",
    ]
    assert command("replay", database, *BY, "--source", "tracking")[0] == 3


URL = "https://acme.example/hook"
CALL = b"CallSid=CA1&CallStatus=busy&From=%2B15550100&To=%2B15550111"


def test_the_key_is_of_the_environment_and_a_forged_report_is_kept_nowhere(
    database, command, monkeypatch, tmp_path
):
    monkeypatch.setenv("CONTACTLEDGER_TWILIO_KEY", "s3cret")
    text = URL + "CallSidCA1CallStatusbusyFrom+15550100To+15550111"
    signature = base64.b64encode(hmac.digest(b"s3cret", text.encode(), hashlib.sha1)).decode()
    headers = tmp_path / "headers"
    given = ("receive", database, "twilio", *BY, "--url", URL, "--headers", headers)
    lines = f"POST /hook HTTP/1.1\r\nHost: acme.example\r\nX-Twilio-Signature: {signature}\r\n\r\n"
    headers.write_bytes(lines.encode())
    assert command(*given, given=CALL)[0] == 0
    headers.write_text(json.dumps({"X-Twilio-Signature": signature}))
    assert command(*given, given=CALL)[1].splitlines()[1] == "known already: 1"
    assert command(*given, given=CALL + b"&x=y") == (
        1,
        "",
        (
            "contactledger: twilio: the signature is not by a key that is known here\n"
            "  see that the key it is checked with is the sender's newest one\n"
        ),
    )
    assert command("replay", database, *BY)[0] == 0


@pytest.mark.parametrize(
    ("options", "headers", "said"),
    [
        ((), None, "--headers: cannot be read (FileNotFoundError)"),
        ((), b"Host: x\nsomething else", '--headers: must read "Name: value"'),
        ((), b"{", "--headers: is not valid JSON"),
        ((), b'{"Host": 5}', "--headers: must be a JSON object of texts"),
        ((), bytes(MAX_HEADERS_BYTES + 1), "--headers: more than 65536 bytes"),
        (("none.json",), b"", "FILE: cannot be read (FileNotFoundError)"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_kept(database, command, options, headers, said):
    if headers is not None:
        with open("headers", "wb") as file:  # noqa: PTH123
            file.write(headers)
    given = ("receive", database, "mailjet", *options, *BY, "--headers", "headers")
    code, out, error = command(*given)
    assert (code, out) == (1, "")
    assert said in error.splitlines()[-1]
    assert command("replay", database, *BY)[0] == 0


def test_a_body_over_the_bound_is_refused_unread_and_a_name_that_is_none_is_said(database, command):
    given = bytes(Mailjet.max_body_bytes + 1)
    code, _, error = command("receive", database, "mailjet", *BY, given=given)
    assert code == 1
    assert error.splitlines()[1].startswith("contactledger: body: a body of ")
    assert command("replay", database, *BY)[0] == 0
    code, _, error = command("replay", database, *BY, "--source", "fax")
    assert (code, error.split(": ")[:2]) == (1, ["contactledger", "SOURCE"])


def test_a_heartbeat_in_time_says_nothing_and_is_kept(database, command):
    given = ("heartbeat", database, "mailbox", *BY, "--every", "300", "--caught-up")
    assert command(*given, "--channel", "email", "--channel", "sms") == (0, "", "")
    with Ledger.open(f"sqlite:///{database}", recorder="acme") as ledger:
        assert ledger.collectors()[0].channels == (Channel.EMAIL, Channel.SMS)


def test_a_heartbeat_that_finds_another_collector_silent_says_so(database, command):
    with Ledger.open(f"sqlite:///{database}", recorder="acme", clock=EARLIER) as ledger:
        ledger.heartbeat("mailbox", Channel.EMAIL, every_seconds=1)
    code, out, _ = command("heartbeat", database, "hook", *BY, "--every", "1", "--channel", "email")
    assert (code, out) == (0, "mailbox blind 2026-01-01T00:00:00Z/..\n")
