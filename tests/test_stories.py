"""The five stories, read aloud, and a vendor's day with a real mail server."""

from __future__ import annotations

import runpy
import socketserver
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from contactledger import Ledger, Outcome
from contactledger.findings import Case, Column, Finding

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STORIES = sorted((EXAMPLES / "stories").glob("*.py"))


class Told:
    """A story's account, spoken of by the keys and subjects of the story."""

    def __init__(self, ledger: Ledger, account: str) -> None:
        self.standing = ledger.standing(account)
        self.called = {}
        for entry in ledger.entries(account):
            name = getattr(entry.fact, "key", None) or getattr(entry.fact, "about", None)
            self.called[entry.id] = name or entry.kind
        self.touches: dict[str, Finding] = {
            self.called[finding.touch]: finding for finding in self.standing.findings
        }

    def outcomes(self) -> dict[str, Any]:
        """Touch → outcome, and against whom it counts."""
        return {
            name: (finding.outcome.value, self.called.get(finding.held_against))
            for name, finding in self.touches.items()
        }

    def column(self, party: str) -> Column:
        return next(c for c in self.standing.columns if self.called[c.party] == party)

    def case(self, matter: str) -> Case:
        return next(c for c in self.standing.cases if self.called[c.matter] == matter)

    def onus(self, matter: str) -> tuple[str | None, str]:
        """Who must act in a matter, and by which rule."""
        turn = self.case(matter).onus
        return self.called.get(turn.party), turn.rule

    def violations(self, touch: str) -> list[str]:
        return [violation.code for violation in self.touches[touch].violations]


def story(number: int) -> dict[str, Any]:
    return runpy.run_path(str(STORIES[number - 1]))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_runs_by_itself_and_prints_where_it_stands(path):
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert "Whose turn it is" in done.stdout
    assert done.stderr == ""


# --- a vendor's day ------------------------------------------------------------------------------


class MailServer(socketserver.TCPServer):
    """As much of RFC 5321 as it takes to be handed a message, on a port of its own."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.messages.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


def test_a_mail_is_on_record_before_the_server_has_it_and_its_answer_finds_it(tmp_path, capsys):
    dealership = runpy.run_path(str(EXAMPLES / "dealership.py"))
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        standing = dealership["main"](tmp_path, f"127.0.0.1:{server.server_address[1]}")
        server.shutdown()
        thread.join()
    asked, called, answered = standing.findings
    (sent,) = server.messages
    assert f"X-Contactledger: {asked.touch}\r\n".encode() in sent
    assert (asked.outcome, called.outcome) == (Outcome.ANSWERED, Outcome.PENDING)
    assert asked.answered_by == (answered.no,)
    assert [column.sent for column in standing.columns] == [2, 1]
    assert "Whose turn it is" in capsys.readouterr().out
    assert (tmp_path / "smith-motors.html").read_text("utf-8").count("</html>") == 1
    assert not (tmp_path / "outbox").exists()


def test_without_a_server_the_mail_lies_in_the_outbox(tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / "dealership.py", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Smith Motors" in done.stdout
    (mail,) = (tmp_path / "outbox").iterdir()
    assert b"\nX-Contactledger: " in mail.read_bytes()


def test_a_mail_that_no_server_takes_is_on_record_as_failed(tmp_path):
    dealership = runpy.run_path(str(EXAMPLES / "dealership.py"))
    with MailServer() as server:
        nobody = server.server_address[1]
    with pytest.raises(ConnectionRefusedError):
        dealership["main"](tmp_path, f"127.0.0.1:{nobody}")
    with Ledger.open(f"sqlite:///{tmp_path / 'contacts.db'}", recorder=None) as ledger:
        (finding,) = ledger.findings("smith-motors")
    assert finding.outcome is Outcome.UNREACHED
