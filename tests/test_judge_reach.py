"""How far a touch got: J1 to J18."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.findings import Finding, Grade, Outcome, Reach
from contactledger.judge.lifts import LIFTS
from contactledger.vocabulary import By, Expects, SignalKind
from tests.judging import OWN, THIRD, Log, day, two_sides

EVENING = day(0, 18)


def reach_of(what: str, *, channel: str = "email", expects: str | None = None, **words) -> Finding:
    """The finding of one touch to Bob with one signal on it, told the same evening."""
    log = two_sides()
    touch = log.touch("ann", "bob", channel=channel, expects=expects, at=day(0))
    log.signal(touch, what, at=day(0, 11), **{**THIRD, "person": "bob", **words})
    return log.finding(touch, EVENING)


def last_caveats(found: Finding) -> tuple[str, ...]:
    return found.evidence[-1].caveats


def test_j1_one_finding_per_touch_and_receiving_party() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("pia", "prime")
    log.touch("ann", ("sue", "pia", "bob"), at=day(0))
    log.touch("bob", "ann", at=day(1))
    found = [(f.no, f.sender, f.party) for f in log.judge(day(2))]
    assert found == [(10, "acme", "prime"), (10, "acme", "smith"), (11, "smith", "acme")]


def test_j1_an_addressee_named_twice_is_one() -> None:
    log = two_sides()
    touch = log.touch("ann", ("bob", "bob"), at=day(0))
    assert [row.person for row in log.finding(touch, day(1)).rows] == ["bob"]


def test_j2_a_touch_inside_one_party_is_not_judged() -> None:
    log = two_sides()
    log.touch("ann", "abe", at=day(0))
    assert log.judge(day(1)) == ()


def test_j2_a_party_is_a_side_of_its_own_whatever_its_role() -> None:
    log = two_sides()
    log.party("other", "vendor")
    touch = log.touch("ann", "other", at=day(0))
    assert log.finding(touch, day(1)).party == "other"


def test_j3_reach_is_kept_per_person_and_the_furthest_is_the_party_s() -> None:
    log = two_sides()
    touch = log.touch("ann", ("bob", "sue"), at=day(0))
    log.signal(touch, "bounced", person="bob", at=day(0), **THIRD)
    log.signal(touch, "opened", by="human", person="sue", at=day(0), **THIRD)
    found = log.finding(touch, EVENING)
    assert [(r.person, r.reach) for r in found.rows] == [("bob", Reach.FAILED), ("sue", Reach.SEEN)]
    assert found.reach is Reach.SEEN


def test_j3_one_failed_addressee_of_two_does_not_sink_the_touch() -> None:
    log = two_sides()
    touch = log.touch("ann", ("bob", "sue"), at=day(0))
    log.signal(touch, "bounced", person="bob", at=day(0), **THIRD)
    assert log.finding(touch, EVENING).reach is Reach.SENT
    log.signal(touch, "bounced", person="sue", at=day(0), **THIRD)
    found = log.finding(touch, EVENING)
    assert (found.reach, found.outcome) == (Reach.FAILED, Outcome.UNREACHED)


def test_j4_anybody_of_the_receiving_party_counts_over_any_channel() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="email", expects="reply", at=day(0))
    log.answer(touch, "sue", channel="phone", at=day(0, 15))
    found = log.finding(touch, EVENING)
    assert found.outcome is Outcome.ANSWERED
    assert [(r.person, r.reach, r.addressed) for r in found.rows] == [
        ("bob", Reach.SENT, True),
        ("sue", Reach.ANSWERED, False),
    ]


def test_j4_a_person_of_no_receiving_party_counts_for_nothing() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("pia", "prime")
    touch = log.touch("ann", "bob", expects="reply", at=day(0))
    log.answer(touch, "pia", at=day(0, 11))
    log.signal(touch, "opened", by="human", person="pia", at=day(0, 12), **THIRD)
    log.signal(touch, "opened", by="human", person="nobody-known", at=day(0, 13), **THIRD)
    found = log.finding(touch, EVENING)
    assert [(line.lifts, line.caveats) for line in found.evidence[1:]] == [
        (None, ("outsider",)),
        (None, ("open", "outsider")),
        (None, ("open", "outsider")),
    ]
    assert found.reach is Reach.SENT


def test_j4_a_failure_at_somebody_who_was_not_addressed_sinks_nothing() -> None:
    found = reach_of("bounced", person="sue")
    assert found.reach is Reach.SENT
    assert last_caveats(found) == ("not_addressed",)


def test_j4_what_concerns_another_receiving_party_stands_in_its_finding_alone() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("pia", "prime")
    touch = log.touch("ann", ("bob", "pia"), expects="reply", at=day(0))
    log.signal(touch, "opened", by="human", person="pia", at=day(0), **THIRD)
    log.answer(touch, "pia", at=day(0, 11))
    prime, smith = log.judge(EVENING)[:2]
    assert (prime.party, prime.reach) == ("prime", Reach.ANSWERED)
    assert (smith.party, [line.what for line in smith.evidence]) == ("smith", ["touch"])


def test_j5_a_touch_with_nothing_more_or_only_queued_is_sent_and_claimed() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    bare = log.finding(touch, EVENING)
    assert (bare.reach, bare.grade) == (Reach.SENT, Grade.CLAIMED)
    log.signal(touch, "queued", at=day(0))
    queued = log.finding(touch, EVENING)
    assert (queued.reach, queued.grade) == (Reach.SENT, Grade.CLAIMED)
    assert "J5" in queued.rules


@pytest.mark.parametrize("hours", [(11, 12), (12, 11)])
def test_j6_arrival_outranks_a_failure_in_any_order_and_the_conflict_is_printed(hours) -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "bounced", at=day(0, hours[0]), **THIRD)
    log.signal(touch, "opened", by="human", at=day(0, hours[1]), **THIRD)
    found = log.finding(touch, EVENING)
    assert (found.reach, "J6" in found.rules) == (Reach.SEEN, True)
    assert found.notes == ("conflicting_evidence", "zone_assumed")


def test_j6_a_failure_replaces_sent() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "sent", at=day(0), **THIRD)
    log.signal(touch, "bounced", at=day(0), **THIRD)
    found = log.finding(touch, EVENING)
    assert (found.reach, found.outcome, found.rows[0].reach) == (
        Reach.FAILED, Outcome.UNREACHED, Reach.FAILED,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "permanent", "reach"),
    [
        ("bounced", None, Reach.FAILED),
        ("rejected", None, Reach.FAILED),
        ("deferred", None, Reach.SENT),
        ("bounced", False, Reach.SENT),
        ("deferred", True, Reach.FAILED),
    ],
)
def test_j7_only_a_permanent_failure_is_final(what, permanent, reach) -> None:
    assert reach_of(what, permanent=permanent).reach is reach


@pytest.mark.parametrize("what", ["no_answer", "busy", "rejected"])
def test_j7_a_call_that_did_not_get_through_is_final_for_that_touch(what) -> None:
    assert reach_of(what, channel="phone", permanent=False).reach is Reach.FAILED


def test_j7_the_next_call_is_a_touch_of_its_own() -> None:
    log = two_sides()
    first = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(first, "busy", at=day(0), **OWN)
    second = log.touch("ann", "bob", channel="phone", at=day(0, 12))
    log.signal(second, "answered", by="human", at=day(0, 12), **OWN)
    assert [f.outcome for f in log.judge(EVENING)] == [Outcome.UNREACHED, Outcome.ANSWERED]


def test_j8_a_bounce_after_delivery_keeps_the_reach_and_is_a_violation() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="letter", at=day(0))
    log.signal(touch, "delivered", at=day(0, 11), **THIRD)
    bounce = log.signal(touch, "bounced", at=day(1), **THIRD)
    found = log.finding(touch, day(10))
    assert (found.reach, found.outcome, found.held_against) == (
        Reach.DELIVERED, Outcome.IGNORED, None,
    )  # fmt: skip
    assert [(v.code, v.because, v.breach) for v in found.violations] == [
        ("bounced_after_delivery", (bounce.no,), False)
    ]


def test_j8_a_bounce_before_delivery_or_of_one_of_two_is_no_violation() -> None:
    log = two_sides()
    touch = log.touch("ann", ("bob", "sue"), channel="letter", at=day(0))
    log.signal(touch, "bounced", person="bob", at=day(0, 11), **THIRD)
    log.signal(touch, "delivered", person="bob", at=day(0, 12), **THIRD)
    assert log.finding(touch, day(10)).violations == ()
    log.signal(touch, "bounced", person="bob", at=day(0, 13), **THIRD)
    log.signal(touch, "delivered", person="sue", at=day(0, 13), **THIRD)
    assert log.finding(touch, day(10)).violations == ()


@pytest.mark.parametrize(
    ("system", "reach"),
    [("hand", Reach.SEEN), ("own", Reach.DELIVERED), ("third", Reach.DELIVERED)],
)
def test_j9_what_stands_in_the_addressed_party_s_own_log_is_delivered_confirmed(
    system, reach
) -> None:
    log = two_sides()
    ticket = log.touch("bob", "ann", channel="ticket", system=system, at=day(0))
    found = log.finding(ticket, EVENING)
    assert (found.reach, found.grade, found.rows[0].reach) == (reach, Grade.CONFIRMED, reach)
    assert "J9" in found.rules


def test_j9_a_touch_addressed_to_the_party_itself_has_no_person_s_row() -> None:
    log = two_sides()
    ticket = log.touch("bob", "acme", channel="ticket", at=day(0))
    assert log.finding(ticket, EVENING).rows == ()


@pytest.mark.parametrize(
    ("what", "by", "reach"),
    [
        ("answered", "human", Reach.ANSWERED),
        ("answered", "machine", Reach.DELIVERED),
        ("answered", "unknown", Reach.DELIVERED),
        ("voicemail", "unknown", Reach.DELIVERED),
    ],
)
def test_j10_a_call_answered_by_a_machine_is_a_voicemail_and_only_delivered(
    what, by, reach
) -> None:
    assert reach_of(what, channel="phone", by=by).reach is reach


@pytest.mark.parametrize(
    ("by", "reach"),
    [("human", Reach.SEEN), ("machine", Reach.DELIVERED), ("unknown", Reach.DELIVERED)],
)
def test_j11_only_an_open_by_a_person_is_seen(by, reach) -> None:
    assert reach_of("opened", by=by).reach is reach


@pytest.mark.parametrize(
    ("by", "expects", "reach"),
    [
        ("human", "response", Reach.ANSWERED),
        ("human", "reply", Reach.SEEN),
        ("human", "seen", Reach.SEEN),
        ("unknown", "response", Reach.SEEN),
        ("machine", "response", Reach.DELIVERED),
    ],
)
def test_j11_a_click_by_a_person_answers_where_a_response_is_wanted(by, expects, reach) -> None:
    assert reach_of("clicked", by=by, expects=expects).reach is reach


def test_j11_a_click_by_nobody_knows_whom_is_claimed_whoever_reports_it() -> None:
    found = reach_of("clicked", by="unknown")
    assert (found.reach, found.grade, last_caveats(found)) == (
        Reach.SEEN, Grade.CLAIMED, ("unknown_click",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "by", "reach"),
    [
        ("auto_replied", "machine", Reach.DELIVERED),
        ("delivered", "unknown", Reach.DELIVERED),
        ("expanded", "unknown", Reach.DELIVERED),
        ("relayed", "unknown", Reach.SENT),
        ("displayed", "machine", Reach.DELIVERED),
        ("displayed", "human", Reach.SEEN),
        ("deleted", "human", Reach.DELIVERED),
    ],
)
def test_j12_receipts_and_automatic_replies_are_no_answers(what, by, reach) -> None:
    assert reach_of(what, by=by).reach is reach


@pytest.mark.parametrize("what", ["complained", "unsubscribed"])
def test_j13_a_complaint_or_unsubscribe_by_a_human_is_seen_and_no_answer(what) -> None:
    assert reach_of(what, by="human", expects="reply").reach is Reach.SEEN
    assert reach_of(what, by="unknown", expects="reply").reach is Reach.DELIVERED


def test_j14_a_page_displayed_to_a_named_person_by_a_human_is_seen() -> None:
    assert reach_of("displayed", channel="web", by="human").reach is Reach.SEEN
    assert reach_of("displayed", channel="web", by="unknown").reach is Reach.DELIVERED


@pytest.mark.parametrize("person", [None, "smith"])
def test_j14_an_anonymous_display_lifts_nobody(person) -> None:
    found = reach_of("displayed", channel="web", by="human", person=person)
    assert (found.reach, last_caveats(found)) == (Reach.SENT, ("anonymous_display",))


@pytest.mark.parametrize("what", ["accepted", "declined"])
def test_j15_accepting_or_declining_answers_the_invitation(what) -> None:
    assert reach_of(what, channel="meeting").outcome is Outcome.ANSWERED
    assert reach_of(what, channel="meeting", by="machine").reach is Reach.DELIVERED


def meeting(**words) -> tuple[Log, object]:
    log = two_sides()
    times = {"starts": day(5, 14), "ends": day(5, 15)}
    touch = log.touch(
        "ann", ("bob", "sue"), channel="meeting", purpose="training", at=day(0), **times
    )
    return log, touch


def test_j15_attendance_is_judged_at_the_meeting_s_end() -> None:
    log, touch = meeting()
    log.signal(touch, "delivered", person="bob", at=day(0), **THIRD)
    assert log.finding(touch, day(5, 15)).outcome is Outcome.PENDING
    assert log.finding(touch, day(5, 15) + timedelta(seconds=1)).outcome is Outcome.IGNORED


def test_j15_one_attendee_is_enough_and_a_list_written_afterwards_is_in_time() -> None:
    log, touch = meeting()
    log.signal(touch, "attended", person="sue", at=day(5, 16))
    log.signal(touch, "absent", person="bob", at=day(5, 16))
    found = log.finding(touch, day(6))
    assert (found.outcome, found.late, found.settled_at) == (
        Outcome.ANSWERED, False, day(5, 15),
    )  # fmt: skip
    assert found.evidence[-1].lifts is None


def attendance(found: Finding) -> list[str]:
    return [note for note in found.notes if note in {"attended", "nobody_came"}]


def test_j15_an_accepted_meeting_to_which_nobody_came_says_so_after_its_end() -> None:
    log, touch = meeting()
    log.signal(touch, "accepted", person="bob", by="human", at=day(1))
    log.signal(touch, "absent", person="bob", at=day(5, 14), recorded=day(5, 14))
    log.signal(touch, "absent", person="sue", at=day(5, 14), recorded=day(5, 14))
    before, after = (log.finding(touch, at) for at in (day(5, 14, 59), day(5, 15)))
    assert (attendance(before), attendance(after)) == ([], ["nobody_came"])
    assert (after.outcome, after.held_against, "J15" in after.rules) == (
        Outcome.ANSWERED, None, True,
    )  # fmt: skip


def test_j15_a_meeting_to_which_somebody_came_says_so() -> None:
    log, touch = meeting()
    log.signal(touch, "attended", person="sue", at=day(5, 16))
    log.signal(touch, "absent", person="bob", at=day(5, 16))
    assert attendance(log.finding(touch, day(6))) == ["attended"]


@pytest.mark.parametrize(
    ("accepted", "absent", "notes"),
    [
        ([], ["bob", "sue"], []),
        (["bob", "sue"], ["bob"], []),
        (["bob"], [], []),
        (["bob"], [None], []),
        (["bob"], ["ann"], []),
        (["bob"], ["smith"], ["nobody_came"]),
        (["bob", "sue"], ["bob", "sue"], ["nobody_came"]),
    ],
)
def test_j15_nobody_came_is_said_only_of_those_who_accepted(accepted, absent, notes) -> None:
    log, touch = meeting()
    for person in accepted:
        log.signal(touch, "accepted", person=person, by="human", at=day(1))
    for person in absent:
        log.signal(touch, "absent", person=person, at=day(5, 16))
    assert attendance(log.finding(touch, day(6))) == notes


def test_j15_nobody_came_is_not_said_where_the_receiver_disputes_it() -> None:
    log, touch = meeting()
    log.signal(touch, "accepted", person="bob", by="human", at=day(1))
    absent = log.signal(touch, "absent", person="bob", at=day(5, 16))
    log.mark(absent, "disputed", recorder="smith", at=day(6))
    assert attendance(log.finding(touch, day(7))) == []


def test_j15_a_meeting_without_times_is_over_when_it_is_said_who_came() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="visit", at=day(0))
    log.signal(touch, "attended", person="bob", at=day(1))
    assert attendance(log.finding(touch, day(1))) == ["attended"]


def test_j15_a_meeting_without_an_end_is_due_at_its_beginning() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", channel="visit", starts=day(5, 14), at=day(0))
    assert log.finding(touch, day(1)).due == day(5, 14)


def test_j17_a_positive_report_without_a_recipient_lifts_the_party_and_no_person() -> None:
    log = two_sides()
    touch = log.touch("ann", ("bob", "sue"), at=day(0))
    log.signal(touch, "opened", by="human", at=day(0), **THIRD)
    found = log.finding(touch, EVENING)
    assert (found.reach, [row.reach for row in found.rows]) == (Reach.SEEN, [Reach.SENT] * 2)
    assert "J17" in found.rules


def test_j17_a_failure_without_a_recipient_sinks_nothing_unless_there_was_one() -> None:
    log = two_sides()
    touch = log.touch("ann", ("bob", "sue"), at=day(0))
    log.signal(touch, "bounced", at=day(0), **THIRD)
    assert log.finding(touch, EVENING).reach is Reach.SENT
    assert reach_of("bounced", person=None).reach is Reach.FAILED


@pytest.mark.parametrize("also", ["abe", "pia"])
def test_j17_where_several_parties_were_addressed_an_unnamed_report_lifts_none(also) -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("pia", "prime")
    touch = log.touch("ann", ("bob", also), at=day(0))
    log.signal(touch, "opened", by="human", at=day(0), **THIRD)
    assert {f.reach for f in log.judge(EVENING)} == {Reach.SENT}


def test_j17_a_report_that_names_the_party_counts_for_the_party() -> None:
    found = reach_of("opened", by="human", person="smith")
    assert (found.reach, found.evidence[-1].person) == (Reach.SEEN, None)


def test_j18_of_two_reports_of_one_event_the_machine_and_the_earlier_time_stand() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    first = log.signal(touch, "opened", by="human", at=day(0, 13), **THIRD)
    log.signal(touch, "opened", by="machine", same_as=first.no, at=day(0, 12), **THIRD)
    found = log.finding(touch, EVENING)
    assert found.reach is Reach.DELIVERED
    assert [(line.by, line.at) for line in found.evidence[1:]] == [(By.MACHINE, day(0, 12))] * 2
    assert "J18" in found.rules


def test_j18_a_report_that_repeats_one_of_another_touch_or_itself_stands_alone() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "opened", by="human", same_as=99, at=day(0), **THIRD)
    log.signal(touch, "opened", by="human", same_as=len(log.entries), at=day(0), **THIRD)
    found = log.finding(touch, EVENING)
    assert [line.caveats for line in found.evidence[1:]] == [("open",), ("open",)]


def test_j18_reports_that_name_each_other_are_one_event() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    no = len(log.entries)
    log.signal(touch, "opened", by="human", same_as=no + 1, at=day(0), **THIRD)
    log.signal(touch, "opened", by="unknown", same_as=no, at=day(0), **THIRD)
    assert log.finding(touch, EVENING).reach is not Reach.SEEN


def test_j18_different_events_are_judged_each_alone() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "opened", by="machine", at=day(0, 12), **THIRD)
    log.signal(touch, "opened", by="human", at=day(0, 13), **THIRD)
    assert log.finding(touch, EVENING).reach is Reach.SEEN


def test_a_conflicting_copy_is_printed_and_lifts_nothing() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    first = log.signal(touch, "delivered", at=day(0), **THIRD)
    log.signal(touch, "opened", by="human", conflicts=first.no, at=day(0), **THIRD)
    found = log.finding(touch, EVENING)
    assert (found.reach, last_caveats(found)) == (Reach.DELIVERED, ("open", "conflicting_copy"))


def test_a_final_failure_in_a_conflicting_copy_sinks_nothing() -> None:
    log = two_sides()
    touch = log.touch("ann", "bob", at=day(0))
    log.signal(touch, "bounced", conflicts=3, at=day(0), **THIRD)
    assert log.finding(touch, EVENING).reach is Reach.SENT


def test_what_a_machine_did_never_proves_a_person() -> None:
    machine = [LIFTS[what, By.MACHINE, wanted][0] for what in SignalKind for wanted in Expects]
    assert {reach for reach in machine if reach is not None} == {
        Reach.FAILED, Reach.SENT, Reach.DELIVERED,
    }  # fmt: skip


def test_an_unknown_report_proves_nothing() -> None:
    found = reach_of("unknown")
    assert (found.reach, last_caveats(found)) == (Reach.SENT, ("unknown_report",))


def test_reports_that_are_alike_are_heard_alike_whomever_they_are_about() -> None:
    log = two_sides()
    log.party("prime", "partner")
    log.person("pia", "prime")
    touches = [log.touch("ann", ("bob", "pia"), at=day(n)) for n in range(3)]
    for n, touch in enumerate(touches):
        log.signal(touch, "delivered", person="pia", at=day(n, 11), **THIRD)
        log.signal(touch, "opened", person="pia", by="machine", at=day(n, 12), **THIRD)
        log.signal(touch, "deferred", person="bob", at=day(n, 13), **THIRD)
        log.signal(touch, "opened", person="bob", by="unknown", at=day(n, 14), **THIRD)
        log.signal(touch, "opened", person="bob", by="machine", at=day(n, 15), **THIRD)
    found = log.judge(day(3))
    heard = {
        (f.party, f.reach, tuple((line.what, line.person, line.lifts) for line in f.evidence[1:]))
        for f in found
    }
    assert (len(found), heard) == (
        6,
        {
            (
                "prime", Reach.DELIVERED,
                (("delivered", "pia", Reach.DELIVERED), ("opened", "pia", Reach.DELIVERED)),
            ),
            (
                "smith", Reach.DELIVERED,
                (
                    ("deferred", "bob", None), ("opened", "bob", Reach.DELIVERED),
                    ("opened", "bob", Reach.DELIVERED),
                ),
            ),
        },
    )  # fmt: skip
