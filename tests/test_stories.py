"""The five stories, read aloud, and a vendor's day with a real mail server."""

from __future__ import annotations

import os
import runpy
import socketserver
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from contactledger import Ledger, Money, Outcome
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


def run(path: Path, *arguments: object) -> str:
    """What an example prints, run as a user runs it; it must not write to standard error."""
    done = subprocess.run(
        [sys.executable, path, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_runs_by_itself_and_prints_where_it_stands(path):
    assert "Whose turn it is" in run(path)


# --- 1: nobody told us ---------------------------------------------------------------------------


def test_nobody_told_us_and_the_onus_is_split():
    told = Told(story(1)["tell"](), "smith-motors")
    assert told.outcomes() == {
        # the vendor left the customer's ticket lying, and its own helpdesk says so
        "ticket": ("ignored", "acme"),
        # only a machine of Apple's opened the newsletter: who can tell?
        "news": ("unproven", None),
        # the question arrived, was due, and the mailbox was listening
        "sync": ("ignored", "smith"),
        # the voicemail is the vendor's own word, and no claim is held against anybody
        "call": ("ignored", None),
        # the cancelling mail may still be answered in time
        "We are cancelling": ("pending", None),
    }
    assert {name: f.outcome_grade.word for name, f in told.touches.items()} == {
        "ticket": "confirmed",
        "news": "claimed",
        "sync": "likely",
        "call": "claimed",
        "We are cancelling": "confirmed",
    }
    assert told.violations("call") == ["evidence_too_weak"]
    assert [told.column(party).held_against for party in ("acme", "smith")] == [1, 1]


def test_each_side_must_climb_for_what_it_asked_itself():
    told = Told(story(1)["tell"](), "smith-motors")
    assert told.onus("ticket") == ("smith", "O2")
    assert told.onus("sync") == ("acme", "O2")
    assert told.onus("We are cancelling") == ("acme", "O8")
    assert told.onus("news") == (None, "O9")


# --- 2: $1,895 -----------------------------------------------------------------------------------


def test_the_credit_went_in_a_circle_and_came_back_to_the_manufacturer():
    case = Told(story(2)["tell"](), "the-credit").case("credit")
    told = Told(story(2)["tell"](), "the-credit")
    handed = [
        (told.called[h.giver], told.called[h.taker], h.state, h.circle)
        for h in told.case("credit").handoffs
    ]
    assert handed == [
        ("works", "northern", "accepted", False),
        ("northern", "southern", "accepted", False),
        ("southern", "meridian", "accepted", False),
        ("meridian", "works", "accepted", True),
    ]
    assert case.circles == 1
    assert told.called[told.case("credit").holder] == "works"
    assert case.stake == Money(189_500, "USD")
    assert case.worth == Money(200_000_000, "USD")


def test_everybody_answered_once_and_the_vice_president_never():
    told = Told(story(2)["tell"](), "the-credit")
    assert told.touches["ask"].outcome == "answered"
    assert told.outcomes()["vp"] == ("ignored", "works")
    # The call, the other person and the president remind of the same question: one silence.
    assert told.column("works").held_against == 1
    assert told.column("hill").reminders == 3
    assert told.column("hill").sent_ignored == 1


def test_the_dealer_did_all_that_could_be_asked_and_it_is_the_manufacturers_turn():
    told = Told(story(2)["tell"](), "the-credit")
    case = told.case("credit")
    climbed = {
        rung.code: next(n for n, f in told.touches.items() if f.no == rung.climbed_by)
        for rung in case.rungs
    }
    assert climbed == {
        "second_channel": "call",
        "second_person": "cfo",
        "level_higher": "president",
    }
    assert told.onus("credit") == ("works", "O3")
    assert case.onus.diligence
    assert told.called[told.standing.onus_matter] == "credit"


# --- 3: capacity, not hours ----------------------------------------------------------------------


def test_a_promise_on_which_both_sides_differ_is_disputed_and_held_by_nobody():
    told = Told(story(3)["tell"](), "lake-district")
    (promise,) = told.standing.promises
    assert promise.state == "disputed"
    assert promise.held_by is None
    assert [(told.called[party], word) for party, word, _ in promise.words] == [
        ("learnit", "kept"),
        ("district", "missed"),
    ]
    assert told.column("learnit").promises_disputed == 1
    assert told.column("learnit").promises_missed == 0


def test_it_shows_who_came_to_which_session():
    told = Told(story(3)["tell"](), "lake-district")
    came = {
        name: {told.called[e.person]: e.what.value for e in finding.evidence if e.person}
        for name, finding in told.touches.items()
        if finding.channel == "meeting"
    }
    assert came == {
        "session-1": {"eva": "attended", "tom": "attended"},
        "session-2": {"eva": "attended", "tom": "absent"},
        "session-3": {"eva": "absent", "tom": "absent"},
    }


def test_the_district_spoke_last_so_it_is_the_vendors_turn():
    assert Told(story(3)["tell"](), "lake-district").onus("training") == ("learnit", "O6")


# --- 4: the ticket of April 2010 -----------------------------------------------------------------


def test_the_vendor_ignored_the_customer_and_its_own_log_confirms_it():
    told = Told(story(4)["tell"](), "miller")
    ticket = told.touches["ticket-118"]
    assert told.outcomes()["ticket-118"] == ("ignored", "vendor")
    assert ticket.outcome_grade.word == "confirmed"
    assert ticket.due.isoformat() == "2010-04-13T15:00:00+00:00"
    assert ticket.reminders == (told.touches["again"].no,)
    assert told.column("vendor").held_against == 1
    assert told.column("customer").held_against == 0


def test_in_the_customers_own_ledger_the_same_ticket_is_its_word_alone():
    told = Told(story(4)["tell"]("customer"), "miller")
    assert told.column("vendor").held_against == 0
    assert told.touches["ticket-118"].outcome_grade.word == "claimed"


def test_a_broadcast_to_everybody_is_held_against_nobody():
    told = Told(story(4)["tell"](), "miller")
    assert told.outcomes()["news"] == ("unproven", None)
    assert told.onus("news") == (None, "O9")


# --- 5: timing -----------------------------------------------------------------------------------


def test_eight_months_of_silence_lie_between_the_call_and_the_request():
    told = Told(story(5)["tell"](), "quiet-account")
    first, request = told.touches["day-three"], told.touches["referral"]
    assert (request.at - first.at).days == 242
    assert told.outcomes() == {
        "day-three": ("answered", None),
        "referral": ("answered", None),
        "Re: Would you recommend us?": ("noted", None),
    }
    assert not request.late


def test_the_ledger_would_have_said_that_the_request_comes_too_early():
    ledger = story(5)["tell"]()
    called = Told(ledger, "quiet-account").called
    remarks = ledger.relationship("quiet-account", as_of="2026-10-06T08:00Z").remarks
    (ours,) = [
        r for r in remarks if r.code.startswith("referral") and called[r.party] == "supplier"
    ]
    assert (ours.code, ours.rules) == ("referral_not_now", ("R6",))
    touches = [f for f in ledger.findings("quiet-account") if f.no in ours.because]
    assert [f"{found.at:%d %B}" for found in touches] == ["05 February", "06 October"]


def test_the_ledger_says_who_overloads_whom():
    ledger = story(5)["tell"]()
    called = Told(ledger, "busy-account").called
    remarks = ledger.relationship("busy-account", as_of="2026-03-05T08:00Z").remarks
    (found,) = [remark for remark in remarks if remark.code == "overloading"]
    assert (called[found.party], called[found.toward]) == ("roux", "supplier")
    assert (found.count, found.limit, found.rules) == (35, 10, ("R3",))


def test_the_cap_binds_the_customer_who_calls_35_times_a_day():
    findings = _from("roux")
    assert len(findings) == 35
    assert [v.code for f in findings[:8] for v in f.violations] == []
    over = [v for f in findings[8:] for v in f.violations]
    assert [(v.code, v.limit, v.count) for v in over] == [
        ("over_cap", 8, count) for count in range(9, 36)
    ]
    assert {f.outcome for f in findings} == {Outcome.ANSWERED}


def test_the_cap_binds_the_supplier_who_calls_every_day():
    findings = _from("supplier")
    assert len(findings) == 22
    assert [[v.code for v in f.violations] for f in findings] == [[]] * 8 + [["over_cap"]] * 14
    assert {f.held_against for f in findings} == {None}


def _from(party: str) -> list[Finding]:
    ledger = story(5)["tell"]()
    called = Told(ledger, "busy-account").called
    return [f for f in ledger.findings("busy-account") if called[f.sender] == party]


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
    assert "Smith Motors" in run(EXAMPLES / "dealership.py", tmp_path)
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
