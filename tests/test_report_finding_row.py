"""One finding as a row: what came back, what it counts for, and the evidence beneath."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest

from contactledger.findings import (
    Evidence,
    Finding,
    Grade,
    Outcome,
    PersonRow,
    Reach,
    Violation,
)
from contactledger.report.finding_row import finding_row
from contactledger.report.names import Names, names
from contactledger.report.wording import Wording
from contactledger.vocabulary import By, SignalKind
from tests.reporting import WORDING, at, ident, standing

FOUND, STORY = standing()
CALLED = names(STORY.entries)
BY_KEY = {f.touch: f for f in FOUND.findings}


def finding(key: str, **changes: Any) -> Finding:
    return attrs.evolve(BY_KEY[ident(key)], **changes)


def row(key: str, **changes: Any) -> dict[str, Any]:
    return finding_row(finding(key, **changes), CALLED, WORDING)


def test_who_reached_whom_when_and_through_what():
    r = row("m3")
    assert (r["sender"]["name"], r["sender_person"], r["receiver"]["name"], r["addressed"]) == (
        "ACME Dealer Systems", "Ann Lee", "Smith Motors", ["Bob Ray"],
    )  # fmt: skip
    assert (r["at"], r["at_local"]) == ("2026-02-03T15:00:00Z", "2026-02-03T09:00:00-06:00")
    assert (r["channel_text"], r["purpose_text"], r["about"]) == (
        "e-mail", "notice", "What is new in February",
    )  # fmt: skip


def test_a_touch_of_a_party_as_such_names_no_person():
    r = row(
        "v1",
        sender_person=ident("acme"),
        rows=(PersonRow(ident("smith"), Reach.SENT, Grade.CLAIMED, ()),),
    )
    assert (r["sender_person"], r["addressed"]) == (None, [])


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("q1", "Answered by Bob Ray (e-mail) after 2 days 2 hours."),
        ("q2", "Answered by Bob Ray (e-mail) after 7 days 2 hours, late by 4 days 2 hours."),
        ("c1", "Answered by Bob Ray after 1 minute."),
        ("m2", "Seen after 5 hours 30 minutes."),
        ("m6", "It did not get there: bounced."),
        ("a1", "Nothing was wanted back."),
        ("m8", "Nothing yet; the time has not run out."),
        ("m3", "Nothing came back."),
        ("m1", "Nothing came back."),
        ("c2", "Nothing linked to it, but an act that may be the answer; nobody has said so."),
    ],
)
def test_what_came_back(key, text):
    assert row(key)["back"]["text"] == text


@pytest.mark.parametrize(
    ("key", "changes", "text"),
    [
        ("m8", {"due": None}, "Nothing yet."),
        ("m2", {"late": True}, "Seen after 5 hours 30 minutes, late."),
        ("m2", {"settled_at": None}, "Seen."),
        ("m6", {"evidence": ()}, "It did not get there."),
        ("c1", {"rows": (), "settled_at": None}, "Answered."),
        ("c2", {"possible": (29, 30)}, "Nothing linked to it, but acts that may be the answer; nobody has said so."),
        ("q1", {"answered_by": (9999,)}, "Answered by Bob Ray after 2 days 2 hours."),
    ],
)  # fmt: skip
def test_what_came_back_where_less_is_known(key, changes, text):
    assert row(key, **changes)["back"]["text"] == text


def test_an_answer_over_an_unknown_channel_names_its_sender_alone():
    lines = {23: attrs.evolve(CALLED.lines[23], channel="")}
    called = attrs.evolve(CALLED, lines=lines)
    back = finding_row(finding("q1"), called, WORDING)["back"]["text"]
    assert back == "Answered by Bob Ray after 2 days 2 hours."


def test_what_came_back_rests_on_the_entries_that_show_it():
    assert [row(k)["back"]["because"] for k in ("q1", "c1", "m2", "m6", "c2", "m3")] == [
        [23], [17], [20], [48], [29], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("m3", "Counts against Smith Motors."),
        ("t1", "Counts against ACME Dealer Systems, once with its 1 reminder."),
        ("t1r", "Counted once, with the touch it reminds of."),
        ("c2", "Does not count against Smith Motors, because an act may be the answer."),
        ("c4", "Does not count against Smith Motors, because the touch did not keep the policy: made outside the agreed hours."),
        ("m7", "Does not count against Smith Motors, because the touch did not keep the policy: more touches to this person than the policy allows (9, the limit is 8)."),
        ("m2", ""),
    ],
)  # fmt: skip
def test_against_whom_it_counts_or_why_against_nobody(key, text):
    assert row(key)["counts"]["text"] == text


def test_an_ignored_touch_that_counts_for_no_printed_reason_says_just_that():
    assert row("m3", held_against=None)["counts"]["text"] == "Does not count against Smith Motors."


def test_a_touch_that_was_seen_and_broke_the_policy_says_so():
    broken = finding("c4").violations
    assert row("m2", violations=broken)["counts"]["text"] == (
        "The touch itself did not keep the policy: made outside the agreed hours."
    )


WEAK = Violation("evidence_too_weak", ("J40",), (31,), breach=False)
LATE = Violation("quiet_hours", ("J40",), (31,))


@pytest.mark.parametrize(
    ("changes", "text", "because"),
    [
        ({"violations": (WEAK,)}, "Does not count against Smith Motors, because evidence too weak.", [31]),
        ({"violations": (LATE, WEAK)}, "Does not count against Smith Motors, because the touch did not keep the policy: made outside the agreed hours; also evidence too weak.", [31]),
        ({"violations": (attrs.evolve(LATE, reminder=33),)}, "Does not count against Smith Motors, because the touch did not keep the policy: made outside the agreed hours, in its reminder [33].", [31]),
        ({"notes": ("answer_failed",)}, "Does not count against Smith Motors, because an answer was sent and never arrived.", []),
        ({"notes": ("broadcast",)}, "Does not count against Smith Motors, because it was told to everybody.", []),
        ({"notes": ("asked_but_not_told",), "violations": (WEAK,)}, "Does not count against Smith Motors, because evidence too weak and the receiver had asked for something else, which the sender could not know yet.", [31]),
        ({"outcome": Outcome.SEEN, "violations": (WEAK,)}, "", []),
        ({"original": ident("m1"), "violations": (LATE,)}, "Counted once, with the touch it reminds of. It did not keep the policy itself: made outside the agreed hours.", [31]),
    ],
)  # fmt: skip
def test_what_excuses_the_receiver_is_told_from_what_the_sender_did_not_keep(
    changes, text, because
):
    shown = row("m3", held_against=None, **changes)["counts"]
    assert shown == {"text": text, "because": because}


def test_what_is_said_as_the_reason_is_not_said_again_as_a_note():
    assert row("c2")["notes"] == []
    assert row("c2", outcome=Outcome.PENDING)["notes"] == [
        "A later act of the receiver may be the answer."
    ]


@pytest.mark.parametrize(
    ("notes", "beside"),
    [(("nobody_came",), "nobody came"), (("attended",), "attended"), ((), "")],
)
def test_who_came_stands_beside_the_outcome(notes, beside):
    assert row("c1", notes=notes)["attendance"] == beside


def test_violations_are_named_with_limit_count_person_and_entries():
    assert row("m7")["violations"] == [
        {
            "code": "over_cap",
            "text": "more touches to this person than the policy allows (9, the limit is 8)",
            "breach": True,
            "reminder": None,
            "rules": ["J40", "J41"],
            "person": "Bob Ray",
            "limit": 8,
            "count": 9,
            "because": [27, 30, 33],
        }
    ]


def test_codes_without_sentences_are_printed_as_they_are():
    r = finding_row(finding("m1"), CALLED, Wording())
    assert r["notes"] == ["machine open hides."]
    assert r["evidence"][2]["caveats"] == ["machine open"]


def test_evidence_says_what_by_whom_how_far_who_vouches_and_who_wrote_it_down():
    assert row("m1")["evidence"][2] == {
        "no": 15,
        "what": "opened",
        "text": "opened by a machine",
        "at": "2026-01-06T15:01:48Z",
        "at_local": "2026-01-06T09:01:48-06:00",
        "recorded_at": "2026-01-06T15:01:48Z",
        "by": "machine",
        "person": "Bob Ray",
        "lifts": "delivered",
        "grade": "likely",
        "source": "sendgrid (signed)",
        "recorder": "ACME Dealer Systems",
        "rules": ["J11"],
        "caveats": ["a proxy fetched the pictures; nobody need have looked"],
        "same_as": None,
    }


def test_evidence_of_an_entry_nobody_named_has_neither_source_nor_recorder():
    line = Evidence(
        7, SignalKind.DEFERRED, at(2, 1), at(2, 1), By.MACHINE, None, None, Grade.CLAIMED
    )
    (shown,) = finding_row(finding("m3", evidence=(line,)), Names(), Wording())["evidence"]
    assert (shown["source"], shown["recorder"], shown["person"], shown["lifts"]) == (
        "",
        "",
        None,
        None,
    )


def test_an_unknown_word_of_evidence_is_printed_as_it_is():
    line = Evidence(7, "carrier pigeon", at(2, 1), at(2, 1), By.HUMAN, None, None, Grade.CLAIMED)
    (shown,) = row("m3", evidence=(line,))["evidence"]
    assert shown["text"] == "carrier pigeon by a person"


def test_how_a_report_came_in_is_printed_where_its_source_is_not_known():
    lines = {14: attrs.evolve(CALLED.lines[14], source="")}
    shown = finding_row(finding("m1"), attrs.evolve(CALLED, lines=lines), WORDING)["evidence"][1]
    assert shown["source"] == "signed"


def test_a_reminder_names_the_entry_it_reminds_of():
    assert row("t1r")["original"] == {"touch": ident("t1"), "no": 34}
    assert row("t1")["original"] is None


def test_a_better_graded_lower_reach_stands_beside():
    assert row("c5")["better"] == {"reach": "sent", "grade": "likely"}


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_makes_a_row(outcome):
    r = row("c2", outcome=outcome, late=True, late_by=timedelta(hours=1), possible=())
    assert (r["outcome"], bool(r["outcome_text"]), bool(r["back"]["text"])) == (outcome, True, True)
