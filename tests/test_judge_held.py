"""What is held against nobody: J13, J30, J40 to J43."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contactledger.facts import Entry
from contactledger.findings import Finding, Outcome
from contactledger.judge.held import breaches
from contactledger.judge.policy import DEFAULT_POLICY
from tests.judging import THIRD, Log, day, two_sides

LATER = day(30)


def letter(log: Log, to: Any = "bob", **words: Any) -> Entry:
    """A letter of Ann's that was delivered, so that silence is ignored."""
    touch = log.touch("ann", to, **{"channel": "letter", "at": day(0), **words})
    log.signal(touch, "delivered", at=touch.at, **THIRD)
    return touch


def codes(found: Finding) -> list[str]:
    return [v.code for v in found.violations]


def with_lines(*lines: str) -> str:
    """The default policy with some lines of its own in front."""
    return "\n".join(lines) + "\n" + DEFAULT_POLICY


def wished(policy: str = DEFAULT_POLICY, *, subject: str = "bob", **words: Any) -> Finding:
    """A letter to Bob who had asked for something the day before."""
    log = two_sides(policy)
    log.prefers(subject, at=day(-1), recorded=day(-1), **words)
    return log.finding(letter(log), LATER)


def test_a_touch_that_kept_the_policy_and_was_ignored_is_held_against_the_party() -> None:
    log = two_sides()
    found = log.finding(letter(log), LATER)
    assert (found.outcome, found.held_against, found.violations) == (
        Outcome.IGNORED, "smith", (),
    )  # fmt: skip


@pytest.mark.parametrize("subject", ["bob", "smith"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"refused": "letter"}, "channel_refused"),
        ({"allowed": ["phone"]}, "channel_not_allowed"),
        ({"consent": False}, "opted_out"),
    ],
)
def test_j40_against_what_was_asked_for_nothing_is_held(subject, words, code) -> None:
    found = wished(subject=subject, **words)
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, None)
    violation = found.violations[0]
    assert (codes(found), violation.person, violation.rules) == ([code], "bob", ("J40", "J42"))
    assert len(violation.because) == 1


@pytest.mark.parametrize(
    "words",
    [
        {"allowed": ["letter"]},
        {"allowed": ["phone"], "preferred": "letter"},
        {"preferred": "phone"},
        {"consent": True},
        {"topics": ["other"]},
        {"refused": ["phone"], "refused_topics": ["spring"]},
    ],
)
def test_j40_what_keeps_to_the_wish_is_held(words) -> None:
    assert wished(**words).held_against == "smith"


def test_j40_a_refused_topic() -> None:
    log = two_sides()
    log.prefers("bob", refused_topics=["spring"], at=day(-1))
    assert codes(log.finding(letter(log, topics=["spring", "news"]), LATER)) == ["topic_refused"]


@pytest.mark.parametrize(
    ("scope", "hit"),
    [
        ({"scope_channels": ["letter"]}, True),
        ({"scope_channels": ["phone"]}, False),
        ({"scope_topics": ["news"]}, True),
        ({"scope_topics": ["spring"]}, False),
        ({"scope_purposes": ["question"]}, True),
        ({"scope_purposes": ["notice"]}, False),
        ({"scope_channels": ["letter"], "scope_topics": ["spring"]}, False),
    ],
)
def test_j40_an_opt_out_reaches_as_far_as_its_scope(scope, hit) -> None:
    log = two_sides()
    log.prefers("bob", consent=False, at=day(-1), **scope)
    assert codes(log.finding(letter(log, topics=["news"]), LATER)) == ["opted_out"] * hit


def test_j40_a_general_opt_out_spares_answers_and_what_is_owed() -> None:
    log = two_sides()
    log.prefers("bob", consent=False, at=day(-1))
    asked = log.touch("bob", "ann", at=day(-1))
    answer = log.answer(asked, "ann", at=day(0))
    outage = letter(log, purpose="outage")
    notice = letter(log, purpose="notice")
    assert [codes(log.finding(t, LATER)) for t in (answer, outage, notice)] == [
        [], [], ["opted_out"],
    ]  # fmt: skip


def test_j40_the_latest_word_on_consent_stands_of_the_person_or_the_party() -> None:
    log = two_sides()
    log.prefers("bob", consent=False, at=day(-5))
    log.prefers("bob", preferred="phone", at=day(-4))
    assert codes(log.finding(letter(log), LATER)) == ["opted_out"]
    log.prefers("smith", consent=True, at=day(-3), recorded=day(-3))
    assert codes(log.finding(letter(log), LATER)) == []
    log.prefers("bob", consent=False, at=day(-2), recorded=day(-2))
    assert codes(log.finding(letter(log), LATER)) == ["opted_out"]
    log.prefers("smith", consent=True, at=day(-4), recorded=day(-2))
    assert codes(log.finding(letter(log), LATER)) == ["opted_out"]


FIRST = with_lines("preferred_first = true")


def test_j40_preferred_first_the_preferred_channel_must_be_tried() -> None:
    assert codes(wished(FIRST, preferred="phone")) == ["preferred_not_tried"]
    assert codes(wished(FIRST, preferred="letter")) == []
    assert codes(wished(FIRST)) == []


@pytest.mark.parametrize(
    ("at", "tried"),
    [
        (day(0) - timedelta(days=3), True),
        (day(0) - timedelta(days=3, minutes=1), False),
        (day(3), True),
        (day(3, 10, 1), False),
    ],
)
def test_j40_tried_from_one_window_before_to_the_due_and_a_failed_attempt_counts(at, tried) -> None:
    log = two_sides(FIRST)
    log.prefers("bob", preferred="phone", at=day(-9))
    call = log.touch("ann", "sue", channel="phone", matter="rel", at=at, recorded=day(-9))
    log.signal(call, "busy", at=at, recorded=LATER)
    touch = letter(log, matter="rel", recorded=day(0))
    assert codes(log.finding(touch, LATER)) == [] if tried else ["preferred_not_tried"]


def test_j40_without_a_due_the_preferred_channel_may_be_tried_until_now() -> None:
    log = two_sides(FIRST)
    log.prefers("bob", preferred="phone", at=day(-9))
    told = letter(log, expects="nothing", matter="rel")
    assert codes(log.finding(told, day(1))) == ["preferred_not_tried"]
    log.touch("ann", "bob", channel="phone", matter="rel", at=day(2))
    assert codes(log.finding(told, day(2))) == []


@pytest.mark.parametrize(("hour", "broken"), [(20, False), (21, True), (7, True), (8, False)])
def test_j40_what_rings_outside_the_agreed_hours_of_the_receiver_s_zone(hour, broken) -> None:
    log = two_sides()
    log.person("bob", "smith", zone="Etc/GMT-1")
    call = log.touch("ann", "bob", channel="phone", at=day(0, hour - 1))
    mail = log.touch("ann", "bob", at=day(0, hour - 1))
    assert [codes(log.finding(t, day(1))) for t in (call, mail)] == [
        ["outside_hours"] * broken, [],
    ]  # fmt: skip


def test_j40_the_hours_that_somebody_asked_for_come_before_the_policy_s() -> None:
    log = two_sides()
    log.prefers("bob", hours=["mon-fri 18:00-22:00"], at=day(-1))
    log.prefers("sue", hours=["09:00-17:00"], zone="Etc/GMT+5", at=day(-1))
    early = log.touch("ann", ("bob", "abe"), channel="phone", at=day(0, 10))
    late = log.touch("ann", "bob", channel="phone", at=day(0, 21))
    far = log.touch("ann", "sue", channel="phone", at=day(0, 21))
    both = log.touch("ann", ("bob", "smith"), channel="phone", at=day(0, 21))
    found = [log.finding(t, day(1)) for t in (early, late, far, both)]
    assert [[(v.code, v.person) for v in f.violations] for f in found] == [
        [("outside_hours", "bob")], [], [], [("outside_hours", None)],
    ]  # fmt: skip


def test_j40_an_exempt_purpose_may_ring_at_any_time() -> None:
    hours = '[[hours]]\nchannels = ["phone"]\nopen = ["08:00-20:00"]\nexcept = ["outage"]\n'
    log = two_sides("rules = 1\n" + hours)
    call = log.touch("ann", "bob", channel="phone", purpose="outage", at=day(0, 3))
    assert codes(log.finding(call, day(1))) == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('refused_channels = ["letter"]', "channel_refused"),
        ('allowed_channels = ["phone"]', "channel_not_allowed"),
    ],
)
def test_j40_the_channels_that_the_policy_refuses_or_does_not_allow(line, code) -> None:
    log = two_sides(with_lines(line))
    assert codes(log.finding(letter(log), LATER)) == [code]


ENTITLED = DEFAULT_POLICY + '\n[entitled]\nquestion = ["accounts"]\n'


def test_j40_somebody_addressed_must_be_entitled() -> None:
    log = two_sides(ENTITLED)
    log.person("sue", "smith", duties=["accounts"])
    log.person("bob", "smith", duties=["it"])
    touches = [letter(log, to) for to in ("bob", "sue", ("bob", "sue"), "smith")]
    assert [codes(log.finding(t, LATER)) for t in touches] == [
        ["nobody_entitled"], [], [], ["nobody_entitled"],
    ]  # fmt: skip
    free = letter(log, "smith", purpose="check_in")
    assert codes(log.finding(free, LATER)) == []


def test_j40_evidence_weaker_than_the_policy_needs() -> None:
    log = two_sides(DEFAULT_POLICY.replace('needed = "likely"', 'needed = "confirmed"'))
    found = log.finding(letter(log), LATER)
    assert (found.outcome, found.held_against, codes(found)) == (
        Outcome.IGNORED, None, ["evidence_too_weak"],
    )  # fmt: skip


def test_j40_weak_evidence_excuses_the_receiver_and_is_no_breach_by_the_sender() -> None:
    log = two_sides()
    call = log.touch("ann", "bob", channel="phone", at=day(0))
    log.signal(call, "voicemail", at=day(0))
    late = log.touch("ann", "bob", channel="phone", at=day(0, 23))
    log.signal(late, "voicemail", at=day(0, 23))
    weak, broken = log.judge(LATER)
    assert [(v.code, v.breach) for v in weak.violations] == [("evidence_too_weak", False)]
    assert [(v.code, v.breach) for v in broken.violations] == [
        ("outside_hours", True),
        ("evidence_too_weak", False),
    ]
    assert [len(breaches(f)) for f in (weak, broken)] == [0, 1]
    assert (weak.held_against, broken.held_against) == (None, None)


def test_j13_an_opt_out_by_signal_binds_touches_after_it_on_that_channel() -> None:
    log = two_sides()
    first = letter(log)
    out = log.signal(first, "unsubscribed", by="human", person="bob", at=day(1), **THIRD)
    early = letter(log, at=day(1), recorded=day(1))
    late = letter(log, at=day(2))
    call = log.touch("ann", "bob", channel="phone", at=day(2))
    other = letter(log, "sue", at=day(2))
    asked = log.touch("bob", "ann", at=day(2))
    answer = log.answer(asked, "ann", channel="letter", at=day(2))
    found = [log.finding(t, LATER) for t in (first, early, late, call, other, answer)]
    assert [codes(f) for f in found] == [[], [], ["opted_out"], [], [], []]
    assert found[2].violations[0].rules == ("J13", "J40", "J42")
    assert found[2].violations[0].because == (out.no,)
    log.prefers("bob", consent=True, at=day(3))
    again = letter(log, at=day(4))
    assert codes(log.finding(again, LATER)) == []


def test_j13_a_machine_s_unsubscribe_binds_nobody_and_an_unnamed_one_the_whole_party() -> None:
    log = two_sides()
    first = letter(log, ("bob", "sue"))
    log.signal(first, "unsubscribed", by="machine", at=day(1), **THIRD)
    assert codes(log.finding(letter(log, at=day(2)), LATER)) == []
    log.signal(first, "complained", by="human", at=day(3), **THIRD)
    found = log.finding(letter(log, ("bob", "sue"), at=day(4)), LATER)
    assert [(v.code, v.person) for v in found.violations] == [
        ("opted_out", "bob"), ("opted_out", "sue"),
    ]  # fmt: skip


def test_j30_a_channel_with_no_way_back_on_a_touch_that_wants_one() -> None:
    log = two_sides(with_lines('no_way_back = ["letter"]'))
    assert codes(log.finding(letter(log), LATER)) == ["no_way_to_answer"]
    assert codes(log.finding(letter(log, expects="seen"), LATER)) == []


def test_j40_the_policy_s_preferred_channel_is_that_of_whoever_asked_for_none() -> None:
    usual = with_lines("preferred_first = true", 'preferred_channel = "phone"')
    assert codes(wished(usual)) == ["preferred_not_tried"]
    assert codes(wished(usual, preferred="letter")) == []
    assert codes(wished(usual, refused="sms")) == ["preferred_not_tried"]
    assert codes(wished(with_lines('preferred_channel = "phone"'))) == []
    log = two_sides(usual)
    log.touch("ann", "sue", channel="phone", matter="rel", at=day(0))
    assert codes(log.finding(letter(log, matter="rel"), LATER)) == []


@pytest.mark.parametrize(
    ("topics", "broken"),
    [
        (("pricing", "stock"), ["topic_refused"]),
        (("billing",), ["topic_not_allowed"]),
        (("stock", "billing"), []),
        ((), []),
    ],
)
def test_j40_topics_that_the_policy_refuses_or_does_not_allow(topics, broken) -> None:
    log = two_sides(with_lines('refused_topics = ["pricing"]', 'allowed_topics = ["stock"]'))
    found = log.finding(letter(log, topics=topics), LATER)
    assert (codes(found), found.held_against is None) == (broken, bool(broken))


@pytest.mark.parametrize(("need", "held"), [("claimed", "smith"), ("likely", None)])
def test_j40_the_evidence_that_a_silence_needs_is_that_of_its_channel(need, held) -> None:
    log = two_sides(DEFAULT_POLICY + f'\n[evidence.silence]\nphone = "{need}"\n')
    call = log.touch("ann", "bob", channel="phone", at=day(0), system="own")
    log.signal(call, "voicemail", at=day(0), system="own")
    found = log.finding(call, LATER)
    assert (found.outcome, found.held_against) == (Outcome.IGNORED, held)


# --- caps ------------------------------------------------------------------------------------

CAPPED = """
rules = 1
[[window]]
within = "1 day"
[[cap]]
touches = 2
days = 30
per = "person"
not_counted = ["outage"]
[[cap]]
touches = 1
days = 1
per = "party"
channels = ["phone"]
"""


def test_j41_the_cap_is_over_all_channels_and_campaigns_and_marks_that_touch_only() -> None:
    log = two_sides(CAPPED)
    for number, (channel, campaign) in enumerate([("email", "a"), ("letter", "b"), ("chat", None)]):
        log.touch("ann", "bob", channel=channel, campaign=campaign, at=day(number))
    first, second, third = log.judge(day(3))
    assert (first.violations, second.violations) == ((), ())
    (broken,) = third.violations
    assert (broken.code, broken.limit, broken.count, broken.because, broken.person) == (
        "over_cap", 2, 3, (first.no, second.no, third.no), "bob",
    )  # fmt: skip
    assert broken.rules == ("J40", "J41")


@pytest.mark.parametrize(("third", "broken"), [(day(30), False), (day(30, 9, 59), True)])
def test_j41_the_period_rolls_and_its_beginning_is_left_out(third, broken) -> None:
    log = two_sides(CAPPED)
    for at in (day(0), day(1), third, day(40)):
        log.touch("ann", "bob", at=at)
    assert [codes(f) for f in log.judge(day(50))] == [[], [], ["over_cap"] * broken, []]


def test_j41_answers_broadcasts_and_failed_ones_do_not_count_nor_exempt_purposes() -> None:
    log = two_sides(CAPPED)
    asked = log.touch("bob", "ann", at=day(0))
    log.touch("ann", "bob", at=day(0))
    log.touch("ann", "bob", broadcast=True, at=day(0))
    log.answer(asked, "ann", at=day(0))
    failed = log.touch("ann", ("bob", "sue"), at=day(0))
    log.signal(failed, "bounced", person="bob", at=day(0), **THIRD)
    gone = log.touch("ann", "bob", at=day(0))
    log.signal(gone, "bounced", at=day(0), **THIRD)
    log.touch("ann", "bob", purpose="outage", at=day(0))
    log.touch("ann", "sue", at=day(1))
    last = log.touch("ann", "bob", at=day(1))
    assert [codes(f) for f in log.judge(day(2))] == [[]] * 9
    assert log.finding(log.touch("ann", "bob", at=day(1)), day(2)).violations[0].count == 3
    assert codes(log.finding(last, day(2))) == ["over_cap"]


def test_j41_later_evidence_recounts() -> None:
    log = two_sides(CAPPED)
    touches = [log.touch("ann", "bob", at=day(n)) for n in range(3)]
    assert codes(log.finding(touches[2], day(3))) == ["over_cap"]
    log.signal(touches[0], "bounced", at=day(4), **THIRD)
    assert codes(log.finding(touches[2], day(4))) == []
    log.signal(touches[0], "opened", by="human", at=day(5), **THIRD)
    assert codes(log.finding(touches[2], day(5))) == ["over_cap"]


def test_j41_a_cap_per_account_counts_everybody_and_a_touch_to_two_once() -> None:
    log = two_sides('[[cap]]\ntouches = 2\ndays = 30\nper = "account"')
    log.party("prime", "partner")
    log.touch("ann", ["bob", "prime"], at=day(0))
    log.touch("abe", "sue", at=day(1))
    log.touch("bob", "ann", at=day(1))
    last = log.touch("ann", "prime", at=day(2))
    (over,) = log.finding(last, day(3)).violations
    assert (over.code, over.limit, over.count, over.person) == ("over_cap", 2, 3, None)
    assert [codes(f) for f in log.judge(day(3)) if f.touch != last.id] == [[], [], [], []]


def test_j41_every_broken_cap_is_listed() -> None:
    log = two_sides(CAPPED)
    for person in ("bob", "sue", "bob", "bob"):
        log.touch("ann", (person,), channel="phone", at=day(0))
    log.touch("ann", ("bob", "sue"), channel="phone", at=day(5))
    last = log.judge(day(6))[-1]
    assert [(v.limit, v.count, v.person) for v in last.violations] == [(2, 4, "bob")]
    third = log.judge(day(6))[3]
    assert [(v.limit, v.count, v.person) for v in third.violations] == [
        (2, 3, "bob"), (1, 4, None),
    ]  # fmt: skip


def test_j41_a_call_linked_as_an_answer_is_an_answer() -> None:
    log = two_sides(CAPPED)
    asked = log.touch("bob", "ann", at=day(0))
    touches = [log.touch("ann", "bob", at=day(0)) for _ in range(3)]
    log.signal(asked, "answered", answer=touches[0].id, at=day(1))
    assert codes(log.finding(touches[2], day(2))) == []


# --- what binds when -------------------------------------------------------------------------


def test_j42_a_wish_excuses_from_when_it_was_asked_and_blames_from_when_it_was_known() -> None:
    log = two_sides()
    touch = letter(log)
    wish = log.prefers("bob", refused=["letter"], at=day(-1), recorded=day(2))
    found = log.finding(touch, LATER)
    assert (found.outcome, found.held_against, found.violations) == (Outcome.IGNORED, None, ())
    assert ("J42" in found.rules, "asked_but_not_told" in found.notes) == (True, True)
    assert wish.no in found.because


@pytest.mark.parametrize(("told", "blamed"), [(day(0), True), (day(1), False), (None, False)])
def test_j42_the_earlier_of_recorded_and_told_is_when_the_sender_knew(told, blamed) -> None:
    log = two_sides()
    touch = letter(log)
    log.prefers("bob", refused=["letter"], at=day(-1), recorded=day(2), told=told)
    assert codes(log.finding(touch, LATER)) == ["channel_refused"] * blamed


def test_j42_a_wish_binds_nothing_before_it() -> None:
    log = two_sides()
    touch = letter(log)
    log.prefers("bob", refused=["letter"], consent=False, at=day(1))
    assert log.finding(touch, LATER).held_against == "smith"


@pytest.mark.parametrize(
    ("until", "told", "codes_found"),
    [
        (day(-2), day(-1), ["nobody_entitled"]),
        (day(-2), None, []),
        (day(-2), day(0, 11), []),
        (day(1), day(-1), []),
    ],
)
def test_j42_who_left_is_not_entitled_from_when_the_sender_was_told(
    until, told, codes_found
) -> None:
    log = two_sides()
    touch = letter(log)
    left = log.person("bob", "smith", until=until, told=told, at=day(1))
    found = log.finding(touch, LATER)
    assert codes(found) == codes_found
    assert found.held_against == (None if codes_found else "smith")
    if codes_found:
        assert found.violations[0].because == (touch.no, left.no)


def test_j42_who_came_back_is_entitled_again_and_one_who_stayed_is_enough() -> None:
    log = two_sides()
    log.person("bob", "smith", until=day(-9), at=day(-9), recorded=day(-9))
    alone, both = letter(log, recorded=day(0)), letter(log, ("bob", "sue"))
    assert [codes(log.finding(t, LATER)) for t in (alone, both)] == [["nobody_entitled"], []]
    log.person("bob", "smith", at=day(-5), recorded=day(-5))
    assert codes(log.finding(alone, LATER)) == []


def test_j42_a_person_known_only_later_is_not_told_to_have_left() -> None:
    log = two_sides()
    log.person("new", "smith", until=day(-3), at=day(2), recorded=day(2))
    assert codes(log.finding(letter(log, "new", recorded=day(3)), LATER)) == []


def test_j43_broadcasts_have_no_cap_and_are_held_against_nobody() -> None:
    log = two_sides(CAPPED)
    for _ in range(3):
        letter(log, broadcast=True)
    found = log.judge(LATER)[2]
    assert (found.outcome, found.held_against, found.violations) == (Outcome.IGNORED, None, ())
    assert ("J43" in found.rules, "broadcast" in found.notes) == (True, True)
