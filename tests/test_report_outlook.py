"""The rows of what to do next, and of where a relationship is, in plain sentences."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import attrs
import pytest

from contactledger.advice import Remark
from contactledger.judge.may_contact import may_contact
from contactledger.judge.next_steps import next_steps
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.relationship import relationship
from contactledger.judge.rules import EXCUSES, VIOLATIONS
from contactledger.report.names import names
from contactledger.report.outlook import (
    AGAINST,
    REASONS,
    REMARKS,
    STATES,
    STEPS,
    outlook_rows,
    permission_row,
)
from contactledger.report.render import render
from contactledger.report.wording import Scope
from contactledger.reporting import AHEAD
from tests.judging import THIRD, Log, day, two_sides

POLICY = (
    DEFAULT_POLICY
    + """
[[cadence]]
by = "vendor"
to = "customer"
touches = 2
days = 30
channels = ["email"]

[[cadence]]
by = "vendor"
to = "customer"
after = "outage"
within = "4 hours"
channels = ["phone", "sms"]
purposes = ["outage"]

[[plan]]
name = "first-call"
by = "vendor"
to = "customer"
from_day = 0
to_day = 3
channels = ["phone"]

[[plan]]
name = "look-back"
by = "vendor"
to = "customer"
from_day = 20
to_day = 25
"""
)


def rows(log: Log, as_of: datetime, party: str = "acme") -> dict[str, Any]:
    steps = next_steps(log.entries, as_of, party=party)
    found = relationship(log.entries, as_of)
    scope = Scope(account="Smith", zone="Europe/Berlin")
    return outlook_rows(party, steps, found, names(log.entries), AHEAD, scope)


def said(data: dict[str, Any], key: str) -> list[str]:
    return [row["said"]["text"] for row in data[key]]


@pytest.fixture
def log() -> Log:
    """ACME owes Smith Motors two mails a month and a plan; it made one call."""
    log = two_sides(POLICY)
    log.party("acme", "vendor", name="ACME")
    log.party("smith", "customer", name="Smith Motors")
    log.person("bob", "smith", name="Bob Ray")
    log.coverage("email", "phone", "ticket", since=day(-9), until=day(200), at=day(-9))
    log.milestone("install", kind="install", name="The system", at=day(0))
    call = log.touch("ann", "bob", channel="phone", expects="nothing", at=day(1), about="Hello")
    log.signal(call, "answered", by="human", person="bob", at=day(1), **THIRD)
    return log


def test_each_step_is_a_sentence_with_its_rules_and_entries(log) -> None:
    log.matter("rel", title="Release 42", party="acme", at=day(1))
    ticket = log.touch("bob", "ann", channel="ticket", matter="rel", at=day(2))
    log.signal(ticket, "delivered", at=day(2), **THIRD)
    mail = log.touch("ann", "bob", expects="reply", at=day(2), about="Prices")
    log.signal(mail, "delivered", at=day(2), **THIRD)
    log.promise("ann", "bob", due=day(9), at=day(2))
    log.promise("ann", "bob", at=day(2))
    data = rows(log, day(7, 23))
    assert said(data, "steps") == [
        ("Reach out to Bob Ray by e-mail: the policy owes it; overdue since 2 Mar 2026 01:00. "
        "It may be done now."),
        ("Answer Bob Ray, who asked by ticket and waits (“Release 42”); overdue since 5 Mar 2026 "
        "11:00."),
        ("To try the preferred or a second channel: turn to Bob Ray by phone (“Prices”); since "
        "9 Mar 2026 11:00. Not before 10 Mar 2026 09:00: it is outside the agreed hours."),
        "Keep what was promised to Smith Motors; due 11 Mar 2026 11:00.",
        "Keep what was promised to Smith Motors.",
    ]  # fmt: skip
    step = data["steps"][1]
    assert (step["said"]["because"], step["rules"], step["what"]) == (
        [ticket.no], ["N1", "J29"], "answer",
    )  # fmt: skip
    assert (step["person"], step["due"], step["due_local"], step["overdue"]) == (
        {"id": "bob", "name": "Bob Ray"}, "2026-03-05T10:00:00Z", "2026-03-05T11:00:00+01:00", True,
    )  # fmt: skip
    assert step["permission"] is None
    codes = [rule["code"] for rule in data["rules"]]
    assert codes == [c for c in AHEAD.rules if c in codes]
    assert {"N1", "N2", "N3", "N8", "O2", "J51"} <= set(codes)


def test_enough_says_until_when_and_a_rung_from_when(log) -> None:
    log.adopt("[[cap]]\ntouches = 1\ndays = 7\n", at=day(1, 11))
    (stop,) = said(rows(log, day(2)), "steps")
    assert stop == (
        "Leave Bob Ray in peace: as many touches were made as the policy allows; until "
        "10 Mar 2026 11:00."
    )
    text = '[[window]]\nwithin = "1 day"\n[[ladder]]\nstep = "level_higher"\nafter = "3 days"\n'
    late = two_sides(text)
    late.coverage("email", since=day(-9), until=day(99), at=day(-9))
    mail = late.touch("ann", "bob", expects="reply", at=day(0))
    late.signal(mail, "delivered", at=day(0), **THIRD)
    (step,) = said(rows(late, day(2)), "steps")
    assert step == (
        "To go one level higher: turn to smith by phone (“e-mail, question”); from 5 Mar 2026 "
        "11:00. It may be done now."
    )


def test_the_plan_and_the_cadence_say_how_they_stand(log) -> None:
    log.milestone("down", kind="outage", name="Sunday’s outage", at=day(3))
    data = rows(log, day(3, 11))
    assert said(data, "plan") == [
        "First-call (ACME to Smith Motors), 2 Mar 2026 to 6 Mar 2026: done, and answered.",
        "Look-back (ACME to Smith Motors), 22 Mar 2026 to 28 Mar 2026: planned.",
    ]
    assert said(data, "cadences") == [
        "ACME to Smith Motors, 2 touches in any 30 days (e-mail): behind, since 2 Mar 2026 01:00.",
        (
            "ACME to Smith Motors, one touch (phone or text message, outage) after Sunday’s outage: "
            "due, by 5 Mar 2026 15:00."
        ),
    ]
    for n in (4, 5):
        log.touch("ann", "bob", expects="nothing", at=day(n))
    call = log.touch(
        "ann", "bob", channel="sms", purpose="outage", milestone="down", at=day(3, 12),
        recorded=day(5),
    )  # fmt: skip
    data = rows(log, day(6))
    assert said(data, "cadences") == [
        (
            "ACME to Smith Motors, 2 touches in any 30 days (e-mail): kept, the next is due "
            "5 Apr 2026 12:00."
        ),
        (
            "ACME to Smith Motors, one touch (phone or text message, outage) after Sunday’s outage: "
            "told in time."
        ),
    ]
    assert data["cadences"][1]["made"] == [call.no]
    assert data["cadences"][0]["gaps"] == [
        {
            "since": "2026-03-02T00:00:00Z", "since_local": "2026-03-02T01:00:00+01:00",
            "until": "2026-03-07T10:00:00Z", "until_local": "2026-03-07T11:00:00+01:00",
        }
    ]  # fmt: skip


def test_a_planned_touch_that_nobody_answered_says_so(log) -> None:
    call = log.touch("ann", "bob", expects="nothing", at=day(20))
    data = rows(log, day(27))
    assert said(data, "plan")[1].endswith("28 Mar 2026: done, not answered.")
    assert data["plan"][1]["done_no"] == call.no


def test_remarks_say_who_toward_whom_and_every_reason(log) -> None:
    ticket = log.touch("bob", "ann", channel="ticket", at=day(1))
    log.signal(ticket, "delivered", at=day(1), **THIRD)
    data = rows(log, day(70))
    assert said(data, "remarks") == [
        "ACME has not reached out to Smith Motors for 69 days.",
        (
            "ACME had better not ask Smith Motors for a referral now: a touch of theirs was ignored and "
            "they were not in touch for long, or a long silence has only just ended."
        ),
        "Smith Motors has not reached out to ACME for 69 days.",
        "Smith Motors had better not ask ACME for a referral now: they were not in touch for long, or a long silence has only just ended.",
    ]
    assert said(rows(log, day(2)), "remarks") == [
        "ACME may ask Smith Motors for a referral.",
        "Smith Motors may ask ACME for a referral.",
    ]


def test_too_many_are_counted(log) -> None:
    called = names(log.entries)
    found = relationship(log.entries, day(2))
    many = (
        Remark("pestered", "acme", "smith", day(0), ("R2",), (7,), count=1),
        Remark("overloading", "smith", "acme", day(0), ("R3",), (8,), count=35, limit=10),
    )
    data = outlook_rows("acme", (), attrs.evolve(found, remarks=many), called)
    assert said(data, "remarks") == [
        "ACME sent Smith Motors 1 touch more than the policy allows lately.",
        "Smith Motors made 35 touches to ACME in a short time, more than 10.",
    ]
    assert (data["zone"], data["rules"], data["account"]["name"]) == ("UTC", [], "account")


def test_who_prefers_another_channel_than_the_one_asked_over_is_not_said_to_have_asked_there(log):
    log.prefers("bob", preferred="phone", at=day(1))
    log.touch("bob", "ann", channel="ticket", about="Labels", at=day(2))
    (answer,) = [one for one in said(rows(log, day(7)), "steps") if "asked" in one]
    assert answer.startswith(
        "Answer Bob Ray by phone, as is preferred, who asked by ticket and waits (“Labels”); "
    )


def test_a_no_that_waiting_does_not_help_says_so(log) -> None:
    log.prefers("bob", refused="phone", consent=False, at=day(1))
    may = may_contact(log.entries, "bob", "phone", "news", at=day(2), sender="acme")
    row = permission_row(may, names(log.entries))
    assert row["said"]["text"] == (
        "As things stand it may not: the receiver opted out and the channel was refused."
    )
    assert [one["code"] for one in row["against"]] == ["opted_out", "channel_refused"]
    assert (row["allowed"], row["earliest"], row["topics"]) == (False, None, ["news"])


def test_every_word_has_its_text() -> None:
    assert set(AGAINST) == set(VIOLATIONS) - EXCUSES
    assert set(REASONS) == {"R4", "R5", "R6"}
    assert len(STEPS) == 11
    assert len(REMARKS) == 5
    assert len(STATES) == 10


@pytest.mark.parametrize("day_", [2, 30])
def test_the_page_says_all_of_it_in_html_and_text(log, day_) -> None:
    data = rows(log, day(day_))
    page = render("outlook", data)
    text, html = page.text(), page.html()
    flat = " ".join(text.split())
    for key in ("steps", "plan", "cadences", "remarks"):
        for line in said(data, key):
            assert line.removesuffix(".") in flat
            assert line.removesuffix(".").replace("'", "&#39;") in html
    assert max(map(len, text.split("\n"))) <= 88
    assert not re.search(r"\n\n\n\n", text)
    assert "<script" not in html


def test_an_account_without_anything_says_so() -> None:
    log = two_sides()
    text = render("outlook", rows(log, day(0))).text()
    assert "Nothing waits to be done." in text
    assert "Nothing is worth a word." in text
    assert "THE PLAN" not in text
    assert "THE RULES THAT FIRED" not in text
    html = render("outlook", rows(log, day(0))).html()
    assert "Nothing is worth a word." in html
    assert "s-rules" not in html


def test_what_people_typed_cannot_leave_its_place(log) -> None:
    log.person("bob", "smith", name="<b>Bob</b>")
    assert "<b>Bob" not in render("outlook", rows(log, day(30))).html()
