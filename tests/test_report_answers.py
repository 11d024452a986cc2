"""The answers in sentences: on a terminal, and in the proof of contact in every form."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger import Ledger, Milestone, Party, Person, Signal, Touch
from contactledger.judge.diligence import diligence
from contactledger.judge.kept import attendance
from contactledger.judge.questions import judged
from contactledger.judge.told import told
from contactledger.judge.waiting import waiting
from contactledger.questions import TOLD_STATES, About
from contactledger.report.answers import CAME, MOST, TITLES, TOLD, Answers, answer_rows, hours
from contactledger.report.names import Names
from tests.asking import ledger as two
from tests.judging import THIRD, day
from tests.ledgers import SMITH, in_memory, two_sides
from tests.test_stories import story

PAGE = """\
smith-motors, as of 1 Apr 2026 11:00 America/New_York

Who waits for an answer
  Smith Motors has waited for ACME Dealer Systems since 1 Mar 2026 22:00 about “Dashes
    in part numbers” (ticket): 31 days, of business time 178 hours; overdue by 170 hours
    of business time; it counts against ACME Dealer Systems [6].
  ACME Dealer Systems has waited for Smith Motors since 4 Mar 2026 10:00 about “Shall we
    set up your inventory sync?” (e-mail): 28 days, of business time 160 hours; overdue
    by 136 hours of business time; it counts against Smith Motors [9].
  ACME Dealer Systems has waited for Smith Motors since 10 Mar 2026 12:20 (phone): 22
    days, of business time 126 hours 40 minutes; overdue by 122 hours 40 minutes of
    business time [15].

How long answers take
  ACME Dealer Systems gave no answer to 1 question of Smith Motors [6].
  Smith Motors gave no answer to 2 questions of ACME Dealer Systems [9, 15].

What was tried before
  Smith Motors waits for ACME Dealer Systems: 0 of 3 steps of the ladder climbed;
    missing: try the preferred or a second channel, try a second person and go one level
    higher [6].
"""


def test_story_1_on_a_terminal():
    made = story(1)
    text = made["tell"]().ask(made["ACCOUNT"]).text("features")
    assert text.startswith(PAGE)
    assert text.endswith(
        "\nWho was told\n  “features”: Smith Motors, never told (Bob Ray: never told).\n"
    )


def test_every_state_has_its_words():
    assert tuple(TOLD) == TOLD_STATES
    assert list(CAME) == ["to_come", "came", "absent", "declined", "disputed", "unsaid"]


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 minutes"), (60, "1 hour"), (90, "1 hour 30 minutes"), (7, "7 minutes")],
)
def test_business_time_is_told_in_hours(minutes, text):
    assert hours(timedelta(minutes=minutes)) == text


@pytest.fixture
def ledger() -> Ledger:
    """An outage of which Bob was told; questions answered, pending and escalated; a meeting."""
    it, clock = in_memory()
    report = {"by": "human", "system": "third", "auth": "signed_body"}
    it.record(
        SMITH,
        *two_sides(),
        Person("max", "smith", "Max Roth", level=3),
        Milestone("out", "outage", "The outage of March"),
        Milestone("in", "install", "The system"),
        Touch("ann", "bob", "phone", "outage", "call", milestone="out", expects="nothing"),
        Signal("call", "answered", "bob", **report),
        Touch("bob", "ann", "ticket", "question", "ask", about="Labels"),
        Touch("ann", "bob", "meeting", key="m", starts=clock(), ends=clock()),
        Signal("m", "attended", "bob", **report),
        Signal("m", "absent", "carla", **report),
    )
    clock.forward(hours=30)
    it.record(
        SMITH,
        Touch("ann", "bob", "ticket", "question", "re", answers="ask"),
        Touch("ann", "bob", "letter", "question", "first", matter=None),
        Touch("ann", "max", "letter", "question", "second", reminds="first"),
        Touch("bob", "ann", "email", "social", "hm"),
    )
    clock.forward(hours=1)
    return it


MUCH = """\
smith-motors, as of 3 Mar 2026 16:00 UTC

Who waits for an answer
  ACME Dealer Systems has waited for Smith Motors since 3 Mar 2026 15:00 (letter): 1
    hour, of business time 1 hour, reminded 1 time; due 6 Mar 2026 15:00 [17, 18].

How long answers take
  ACME Dealer Systems answered 1 of 1 question of Smith Motors, 1 late; usually in 1 day
    6 hours, at worst in 1 day 6 hours (of business time 14 hours and 14 hours) [12].
  Smith Motors answered 1 of 2 questions of ACME Dealer Systems; usually in less than a
    minute, at worst in less than a minute (of business time 0 minutes and 0 minutes)
    [13].

Who was told
  “The outage of March”: Smith Motors, answered it (Bob Ray: answered it; Carla Diaz and
    Max Roth: never told) [10, 11].

Who was turned to higher up
  ACME Dealer Systems turned higher up, to Max Roth of Smith Motors: pending [18].

Who came
  Meeting of 2 Mar 2026. ACME Dealer Systems (host): nobody says whether anybody came;
    Smith Motors: came (Bob Ray), absent Carla Diaz [13, 14, 15].
"""


def test_the_answers_of_an_account_that_was_asked_much(ledger):
    assert ledger.ask(SMITH).text() == MUCH


def test_a_reply_that_nobody_linked_and_a_question_without_a_deadline_are_said():
    """Mon Ann asks Bob, who writes on Tue without saying that he answers. On Wed Sue asks Ann over a
    channel for which no deadline was agreed."""
    log = two('[[window]]\nchannels = ["email"]\nwithin = "9 days"\n')
    first = log.touch("ann", "bob", expects="reply", at=day(0))
    log.touch("bob", "ann", expects="nothing", at=day(1))
    log.touch("sue", "ann", channel="ticket", at=day(2))
    one, two_ = answer_rows(Answers(waiting=waiting(judged(log.entries, day(3)))), Names())[
        "waiting"
    ]
    assert one["text"].endswith("; due 13 Mar 2026 10:00; a later act may be the answer.")
    assert two_["text"].endswith(": 1 day, of business time 8 hours.")
    assert one["because"] == [first.no, first.no + 1, first.no + 2]


def test_every_step_of_diligence_has_its_sentence():
    log = two(
        '[[window]]\nwithin = "1 day"\n[[ladder]]\nstep = "second_channel"\nafter = "2 days"\n'
    )
    letter = log.touch("ann", "bob", channel="letter", expects="reply", matter="rel", at=day(0))
    log.signal(letter, "delivered", at=day(0), **THIRD)

    def said(at):
        rows = answer_rows(Answers(diligence=diligence(judged(log.entries, at))), Names())
        return [line["text"].removeprefix("acme waits for smith: ") for line in rows["diligence"]]

    climbed = "0 of 1 step of the ladder climbed; "
    assert said(day(2, 11)) == [climbed + "missing: try the preferred or a second channel."]
    call = log.touch("ann", "bob", channel="phone", expects="reply", matter="rel", at=day(2, 12))
    log.signal(call, "voicemail", at=day(2, 12), **THIRD)
    assert said(day(2, 13)) == [climbed + "the last touch has time until 5 Mar 2026 12:00."]
    assert said(day(9)) == ["due diligence is complete, 1 step of the ladder."]
    log = two('[[window]]\nwithin = "1 day"\n')
    letter = log.touch("ann", "bob", channel="letter", expects="reply", at=day(0))
    log.signal(letter, "delivered", at=day(0), **THIRD)
    assert said(day(9)) == ["due diligence is complete, no ladder is agreed."]


def test_who_was_told_of_a_party_of_which_nobody_is_known():
    log = two()
    log.party("prime", "partner")
    found = told(judged(log.entries, day(1)), About("topic", "labels"), by="smith")
    assert [line["text"] for line in answer_rows(Answers(told=[found]), Names())["told"]] == [
        "“labels”: acme, never told (ann and abe: never told).", "“labels”: prime, never told.",
    ]  # fmt: skip


def test_a_long_list_ends_with_how_many_more_there_are():
    log = two()
    for n in range(MOST + 2):
        log.touch("ann", "bob", channel="meeting", at=day(0), starts=day(1 + n))
    asked = judged(log.entries, day(60))
    lines = answer_rows(Answers(attendance=attendance(asked)), Names())["attendance"]
    assert len(lines) == MOST + 1
    assert lines[0]["text"].startswith("Meeting of 24 Mar 2026.")
    assert lines[-1] == {"text": "And 2 more.", "because": [10, 9]}


def test_an_account_of_which_nothing_is_asked_says_so():
    it, _ = in_memory()
    it.record(SMITH, Party("acme", role="vendor"))
    assert it.ask(SMITH).text() == (
        "smith-motors, as of 2 Mar 2026 09:00 UTC\n\nNothing was asked, promised or told yet.\n"
    )
    data = it.report(SMITH).data["answers"]
    assert data == {"titles": TITLES, **{key: [] for key in TITLES}}


def test_the_proof_of_contact_has_them_in_every_form(ledger):
    report = ledger.report(SMITH)
    said = [line["text"] for key in TITLES for line in report.data["answers"][key]]
    titles = [title for key, title in TITLES.items() if report.data["answers"][key]]
    assert len(titles) > 3
    for form in (report.html(), report.text(), report.markdown()):
        flat = " ".join(form.split())
        assert [title for title in titles if title.upper() not in flat and title not in flat] == []
    text = " ".join(report.text().split())
    assert [line for line in said if line.removesuffix(".") not in text] == []
    assert ledger.report(SMITH, period="2025").data["answers"] == report.data["answers"]


def test_what_was_erased_is_so_in_the_language_of_the_page(ledger):
    ledger.redact(SMITH, person="bob")
    assert "[redacted]" in ledger.ask(SMITH).text()
    text = ledger.ask(SMITH).text(lang="de")
    assert ("[gelöscht]" in text, "[redacted]" in text) == (True, False)
