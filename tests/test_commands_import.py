"""The commands import, imports, take-back."""

from __future__ import annotations

import sys

import pytest

from contactledger import Ledger, __main__
from tests.ledgers import two_sides

TABLE = """call_id,at,direction,from,to,status
c-1,2026-02-26T10:00:00Z,out,+1 555 0100,+1 555 0111,busy
c-2,2026-02-26T11:00:00Z,in,+1 555 9999,+1 555 0100,busy
"""
ASTERISK = '"","15550111","15550100","from-trunk","","a","b","Dial","","2026-02-26 10:00:00","","",1,0,"BUSY","DOCUMENTATION"\n'
ICS = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nORGANIZER:mailto:ann@acme.example\r\nDTSTART:20260226T100000\r\nDTSTAMP:20260226T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
TWILIO = "Sid,From,To,Start Time,Status\nCA1,+15550111,+15550100,2026-02-26 10:00:00,busy\n"
MAPPING = 'name = "mine"\nchannel = "phone"\nmessage = true\n[columns]\nfrom = "From"\nto = "To"\n'
REST = '{"sid": "CA1", "status": "busy", "direction": "inbound", "from": "+15550111", "to": "+15550100", "start_time": "Mon, 02 Mar 2026 12:00:00 +0000"}'
FS = '{"variables": {"uuid": "c0041bbc-d88a", "start_epoch": "1772100000", "caller_id_number": "15550111"}}'
CARD = "BEGIN:VCARD\nFN:Dan Oh\nEND:VCARD\n"
MBOX = "From bob Thu Feb 26 10:00:00 2026\nFrom: bob@smith.example\n\nYes.\n\n"


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "contacts.db"
    with Ledger.open(f"sqlite:///{path}", recorder="acme") as ledger:
        ledger.record("smith-motors", *two_sides())
    return path


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["contactledger", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            __main__.main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_an_import_is_tried_written_listed_and_taken_back(tmp_path, database, command):
    table = tmp_path / "calls.csv"
    table.write_text(TABLE)
    given = ("import", database, table, "--recorder", "acme", "--as", "calls")
    assert command(*given)[1] == (
        "would be recorded: 2 entries\nknown already: 0\nconflicting: 0\n"
        "lead to nobody on record: 1\ncoverage: 0\n"
    )
    assert command("imports", database, "--recorder", "acme")[1] == ""
    period = ("--period", "2026-02-01T00:00Z/2026-02-27T00:00Z")
    code, out, _ = command(*given, *period, "--write")
    first, *rest = out.splitlines()
    batch = first.removeprefix("batch ")
    assert (code, rest[0], rest[-1]) == (0, "recorded: 2 entries", "coverage: 1")
    listed = command("imports", database, "--recorder", "acme")[1]
    assert listed.startswith(batch)
    assert listed.endswith("calls  3 entries\n")
    gone = ("take-back", database, batch, "--recorder", "acme", "--reason", "wrong file")
    assert command(*gone)[1] == "retracted: 3 entries\n"
    assert command("imports", database, "--recorder", "acme")[1].endswith(", taken back\n")


def test_rows_that_cannot_be_read_are_listed_and_the_exit_code_says_in_part(
    tmp_path, database, command
):
    table = tmp_path / "calls.csv"
    table.write_text(TABLE + "c-3,soon,out,a,b,busy\nc-4\n")
    given = ("import", database, table, "--recorder", "acme", "--as", "calls")
    code, out, error = command(*given)
    assert (code, error) == (3, "")
    assert out.splitlines()[0] == "would be recorded: 2 entries"
    assert out.splitlines()[-3:] == [
        "could not be read: 2, so nothing is said of coverage",
        "  line 4, at: must be a time as in ISO 8601, with its offset",
        "  line 5: has 1 cells, the header 6",
    ]
    period = ("--period", "2026-02-01T00:00Z/2026-02-27T00:00Z")
    code, out, _ = command(*given, *period, "--write")
    assert (code, out.splitlines()[1], out.splitlines()[5]) == (
        3,
        "recorded: 2 entries",
        "coverage: 0",
    )


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("Master.csv", ASTERISK, ("--as", "asterisk", "--zone", "UTC")),
        ("cdr.json", FS, ("--as", "freeswitch")),
        ("people.vcf", CARD, ("--as", "vcard", "--people-of", "smith-motors/smith")),
        ("mail.mbox", MBOX, ("--as", "mbox")),
        ("calls.json", REST, ("--as", "twilio")),
        ("meetings.ics", ICS, ("--as", "ical", "--zone", "Europe/Berlin")),
        ("twilio.csv", TWILIO, ("--as", "table")),
        ("twilio.csv", TWILIO, ("--as", "table", "--mapping", "twilio-calls")),
        ("twilio.csv", TWILIO, ("--as", "table", "--mapping", "mine.toml")),
    ],
)
def test_every_form_is_read(tmp_path, database, command, monkeypatch, name, text, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    (tmp_path / "mine.toml").write_text(MAPPING)
    code, out, error = command("import", database, tmp_path / name, "--recorder", "acme", *options)
    assert (code, error) == (0, "")
    assert out.startswith("would be recorded: ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--as", "fax"),
            "--as: must be one of: calls, asterisk, freeswitch, ical, mbox, table, twilio, vcard",
        ),
        (("--as", "vcard"), "--people-of: must read ACCOUNT/PARTY for an address book"),
        (("--as", "asterisk"), "--zone: is needed: Asterisk's times name no zone"),
        (
            ("--as", "calls", "--period", "nowZ/thenZ"),
            "--period: must be a time as in 2026-07-01T09:00Z",
        ),
        (
            ("--as", "calls", "--period", "2026-01-01T00:00Z"),
            "--period: has no time zone; write Z or an offset behind it",
        ),
        (
            ("--as", "table", "--mapping", "none.toml"),
            "--mapping: cannot be read (FileNotFoundError)",
        ),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, database, command, options, said):
    table = tmp_path / "calls.csv"
    table.write_text(TABLE)
    found = command("import", database, table, "--recorder", "acme", *options)
    assert found == (1, "", f"contactledger: {said}\n")


def test_a_file_that_is_not_there_is_one_line(database, command):
    found = command("import", database, "none.csv", "--recorder", "acme", "--as", "calls")
    assert found == (1, "", "contactledger: FILE: cannot be read (FileNotFoundError)\n")


def test_a_mailbox_comes_in_batches_of_its_own(tmp_path, database, command, monkeypatch):
    monkeypatch.setattr("contactledger.mailboxes.MESSAGES", 1)
    box = tmp_path / "mail.mbox"
    box.write_text(MBOX + "From x Thu Feb 26 10:00:00 2026\n\u0000\n\n" + MBOX.replace("Yes", "No"))
    given = ("import", database, box, "--recorder", "acme", "--as", "mbox", "--write")
    code, out, _ = command(*given)
    assert (code, out.count("batch "), out.count("recorded: 1 entries")) == (3, 3, 2)
    assert "  message 2, line 1: begins with no header field" in out
