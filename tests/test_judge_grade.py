"""Who vouches: J33 to J35, J37 to J39."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.facts import Entry
from contactledger.findings import Finding, Grade, Outcome, Reach
from tests.judging import OWN, THIRD, Log, day, stripped, two_sides

EVENING = day(0, 18)
WEEK = timedelta(days=7)


def delivered(**words) -> Finding:
    """A mail to Bob with one report of delivery."""
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "delivered", at=day(0, 11), **words)
    return log.finding(touch, day(30))


@pytest.mark.parametrize(
    ("words", "grade", "caveats"),
    [
        ({"recorder": "smith"}, Grade.CONFIRMED, ()),
        ({"auth": "access", "person": "bob"}, Grade.CONFIRMED, ()),
        ({"auth": "party_signed", "person": "bob"}, Grade.CONFIRMED, ()),
        ({"system": "third", "auth": "signed_body"}, Grade.LIKELY, ()),
        ({"system": "third", "auth": "basic"}, Grade.LIKELY, ("basic_auth",)),
        ({"system": "third", "auth": "shared_secret"}, Grade.LIKELY, ("shared_secret",)),
        ({"system": "third", "auth": "signed_part"}, Grade.LIKELY, ("signed_part",)),
        ({"system": "third"}, Grade.CLAIMED, ()),
        ({"system": "own", "auth": "signed_body"}, Grade.CLAIMED, ()),
        ({"auth": "access"}, Grade.CLAIMED, ()),
        ({"system": "hand"}, Grade.CLAIMED, ()),
    ],
)
def test_j33_who_says_that_it_arrived_decides_the_grade(words, grade, caveats) -> None:
    found = delivered(**words)
    assert (found.reach, found.grade, found.evidence[-1].caveats) == (
        Reach.DELIVERED, grade, caveats,
    )  # fmt: skip


def answered(recorder: str, **words) -> Grade:
    log = two_sides()
    asked = log.touch("bob", "ann", channel="ticket", recorder="smith", at=day(0))
    log.answer(asked, "ann", recorder=recorder, at=day(0, 12), **words)
    return log.finding(asked, EVENING).grade


@pytest.mark.parametrize(
    ("recorder", "words", "grade"),
    [
        ("smith", {}, Grade.CONFIRMED),
        ("acme", {}, Grade.CLAIMED),
        ("acme", THIRD, Grade.LIKELY),
        ("prime", {"auth": "dkim"}, Grade.CONFIRMED),
        ("acme", {"auth": "dkim"}, Grade.CLAIMED),
        ("prime", {}, Grade.CLAIMED),
    ],
)
def test_j33_that_it_was_answered_is_for_the_asker_to_confirm(recorder, words, grade) -> None:
    assert answered(recorder, **words) is grade


def test_j33_that_it_failed_is_confirmed_by_whoever_sent_it() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(touch, "busy", at=day(0), **OWN)
    assert log.finding(touch, EVENING).grade is Grade.CONFIRMED


def marked(word: str, *, on: str = "signal", **words) -> Finding:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    signal = log.signal(touch, "delivered", at=day(0, 11), **THIRD)
    log.mark(signal if on == "signal" else touch, word, at=day(1), **words)
    return log.finding(touch, day(30))


@pytest.mark.parametrize("on", ["signal", "touch"])
def test_j33_acknowledged_by_the_burdened_party_it_is_confirmed(on) -> None:
    found = marked("acknowledged", on=on, recorder="smith")
    assert (found.grade, found.evidence[-1].caveats) == (Grade.CONFIRMED, ("acknowledged",))


@pytest.mark.parametrize("on", ["signal", "touch"])
def test_j33_disputed_by_the_burdened_party_it_is_contested_and_at_most_claimed(on) -> None:
    found = marked("disputed", on=on, recorder="smith")
    assert (found.grade, found.evidence[-1].caveats) == (Grade.CLAIMED, ("contested",))
    assert len(found.contested) == 1


def test_j33_an_acknowledgement_entered_by_the_recorder_is_only_its_claim() -> None:
    assert marked("acknowledged", party="smith").grade is Grade.LIKELY
    assert marked("acknowledged", party="smith", auth="access").grade is Grade.CONFIRMED
    assert marked("acknowledged").grade is Grade.LIKELY


def test_j33_a_dispute_entered_by_the_side_that_it_hurts_is_believed() -> None:
    assert marked("disputed", party="smith").grade is Grade.CLAIMED
    assert marked("disputed", party="smith", recorder="prime").grade is Grade.LIKELY


def test_j33_the_last_word_stands_and_at_one_moment_the_dispute() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    signal = log.signal(touch, "delivered", at=day(0, 11), **THIRD)
    log.mark(signal, "disputed", recorder="smith", at=day(1))
    log.mark(signal, "acknowledged", recorder="smith", at=day(1))
    log.mark(signal, "no_answer_needed", recorder="smith", at=day(2))
    assert log.finding(touch, day(9)).grade is Grade.CLAIMED
    log.mark(signal, "acknowledged", recorder="smith", at=day(2))
    assert log.finding(touch, day(9)).grade is Grade.CONFIRMED


def test_j33_an_answer_that_the_asker_calls_none_is_contested() -> None:
    log = two_sides()
    asked = log.touch("bob", "ann", channel="ticket", at=day(0))
    answer = log.answer(asked, "ann", at=day(0, 12), **THIRD)
    log.mark(answer, "not_an_answer", recorder="smith", at=day(1))
    found = log.finding(asked, EVENING)
    assert found.grade is Grade.LIKELY
    found = log.finding(asked, day(2))
    assert (found.grade, len(found.contested)) == (Grade.CLAIMED, 1)


def test_j33_a_disputed_touch_is_contested() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    mark = log.mark(touch, "disputed", recorder="smith", at=day(0))
    assert log.finding(touch, EVENING).contested == (mark.no,)


def test_j34_the_best_grade_for_the_reach_shown_and_a_better_lower_reach_beside() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "delivered", at=day(0), **THIRD)
    log.signal(touch, "opened", by="human", at=day(0, 12), **OWN)
    found = log.finding(touch, EVENING)
    assert (found.reach, found.grade, found.better) == (
        Reach.SEEN, Grade.CLAIMED, (Reach.DELIVERED, Grade.LIKELY),
    )  # fmt: skip
    assert "J34" in found.rules
    log.signal(touch, "opened", by="human", at=day(0, 13), **THIRD)
    found = log.finding(touch, EVENING)
    assert (found.grade, found.better) == (Grade.LIKELY, None)


def backfilled(late: timedelta, *, recorder: str = "acme", **words) -> tuple[Log, Entry]:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(
        touch, "delivered", at=day(0, 11), recorded=day(0, 11) + late, recorder=recorder, **words
    )
    return log, touch


def test_j37_written_down_late_in_its_recorder_s_favour_it_is_claimed_a_tie_is_not() -> None:
    log, touch = backfilled(WEEK, **THIRD)
    assert log.finding(touch, day(30)).grade is Grade.LIKELY
    log, touch = backfilled(WEEK + timedelta(microseconds=1), **THIRD)
    found = log.finding(touch, day(30))
    assert (found.grade, found.evidence[-1].caveats) == (Grade.CLAIMED, ("backfilled",))
    assert "J37" in found.rules


def test_j37_the_cap_holds_only_where_it_favours_the_recorder() -> None:
    log, touch = backfilled(2 * WEEK, recorder="smith")
    assert log.finding(touch, day(30)).grade is Grade.CONFIRMED


def test_j37_an_attached_authentic_original_lifts_the_cap() -> None:
    log, touch = backfilled(2 * WEEK, attached=["original", "reason"], **THIRD)
    found = log.finding(touch, day(30))
    assert (found.grade, found.evidence[-1].caveats) == (
        Grade.LIKELY, ("backfilled", "carried_by_original"),
    )  # fmt: skip
    basic = {"system": "third", "auth": "basic"}
    log, touch = backfilled(2 * WEEK, attached=["original"], **basic)
    assert log.finding(touch, day(30)).grade is Grade.CLAIMED


def test_j38_redaction_changes_no_grade() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    signal = log.signal(touch, "delivered", at=day(0), attached=["original", "address"], **THIRD)
    before = log.finding(touch, day(1))
    log.redact(signal, at=day(2))
    log.redact(person="bob", at=day(2))
    log.redact(at=day(2))
    assert log.finding(touch, day(3)) == before


@pytest.mark.parametrize(
    ("words", "grade"),
    [
        ({}, Grade.CLAIMED),
        ({"fields": ["original"]}, Grade.CLAIMED),
        ({"fields": ["reason"]}, Grade.LIKELY),
    ],
)
def test_j38_an_erased_original_no_longer_lifts_a_backfill_cap(words, grade) -> None:
    log, touch = backfilled(2 * WEEK, attached=["original"], **THIRD)
    log.redact(log.entries[-1], at=day(20), **words)
    found = log.finding(touch, day(30))
    assert (found.grade, "J38" in found.rules) == (grade, grade is Grade.CLAIMED)
    stripped_log = log
    stripped_log.entries = stripped(log.entries)
    assert stripped_log.finding(touch, day(30)) == found


def test_j39_only_the_mark_is_agreement() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(touch, "delivered", at=day(0), **OWN)
    mark = log.mark(log.entries[1], "acknowledged", recorder="smith", at=day(0))
    assert log.finding(touch, EVENING).grade is Grade.CLAIMED
    log.retract(mark, recorder="smith", at=day(0))
    log.mark(touch, "acknowledged", recorder="smith", at=day(0))
    assert log.finding(touch, EVENING).grade is Grade.CONFIRMED


def ignored_letter(*coverage: dict, recorder: str = "acme") -> Finding:
    log = two_sides()
    for words in coverage:
        log.coverage("letter", at=day(-1), **words)
    touch = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(touch, "delivered", recorder=recorder, at=day(0), **THIRD)
    return log.finding(touch, day(30))


def test_j35_the_grade_of_ignored_is_the_weaker_of_delivery_and_coverage() -> None:
    assumed = ignored_letter(recorder="smith")
    assert (assumed.outcome, assumed.grade, assumed.outcome_grade) == (
        Outcome.IGNORED, Grade.CONFIRMED, Grade.LIKELY,
    )  # fmt: skip
    assert ("J35" in assumed.rules, "coverage_assumed" in assumed.notes) == (True, True)


def test_j35_recorded_coverage_caps_at_likely_where_only_the_asker_recorded_it() -> None:
    own = ignored_letter({}, recorder="smith")
    assert (own.outcome_grade, "coverage_assumed" in own.notes) == (Grade.LIKELY, False)
    both = ignored_letter({}, {"recorder": "smith", "collector": "desk"}, recorder="smith")
    assert both.outcome_grade is Grade.CONFIRMED
    weak = ignored_letter({}, {"recorder": "smith", "collector": "desk"})
    assert weak.outcome_grade is Grade.LIKELY


def newsletter(opened: int | None) -> Finding:
    log = two_sides()
    if opened is not None:
        earlier = log.touch("ann", "bob", tracked=True, at=day(opened), recorded=day(opened))
        log.signal(earlier, "opened", by="human", at=day(opened), recorded=day(opened), **THIRD)
    touch = log.touch("ann", "bob", tracked=True, at=day(0), recorded=day(0))
    log.signal(touch, "delivered", at=day(0), **THIRD)
    return log.finding(touch, day(30))


def test_j35_the_silence_of_a_pixel_is_likely_only_if_images_loaded_there_before() -> None:
    loads, never, long_ago = newsletter(-90), newsletter(None), newsletter(-91)
    assert (loads.outcome_grade, loads.held_against) == (Grade.LIKELY, "smith")
    assert (never.outcome_grade, never.held_against) == (Grade.CLAIMED, None)
    assert [v.code for v in never.violations] == ["evidence_too_weak"]
    assert long_ago.outcome_grade is Grade.CLAIMED
    assert ("images_load" in loads.notes, "images_may_not_load" in never.notes) == (True, True)


def test_j35_a_channel_that_reports_display_needs_no_pixel() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="in_app", at=day(0))
    log.signal(touch, "delivered", at=day(0), **THIRD)
    found = log.finding(touch, day(30))
    assert (found.outcome, found.outcome_grade) == (Outcome.IGNORED, Grade.LIKELY)
