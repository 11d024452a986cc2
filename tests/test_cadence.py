"""What was owed without being asked for: cadence and plan (C1 to C3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.advice import CadenceFinding, PlanFinding
from contactledger.judge.cadence import gaps_in, owed
from contactledger.judge.judge import judge
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.view import view
from contactledger.vocabulary import Channel, MilestoneKind, Purpose
from tests.judging import MONDAY, START, THIRD, Log, day, logs, stripped, two_sides

MONTHLY = DEFAULT_POLICY + (
    '\n[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 2\ndays = 30\nchannels = ["email"]\n'
)
OUTAGE = DEFAULT_POLICY + (
    '\n[[cadence]]\nby = "vendor"\nto = "customer"\nafter = "outage"\nwithin = "4 hours"\n'
    'channels = ["phone"]\npurposes = ["outage"]\n'
)


def cadences(log: Log, as_of: datetime, **words: Any) -> tuple[CadenceFinding, ...]:
    seen = view(log.entries, as_of, **words)
    return owed(seen, log.judge(as_of, **words))[0]


def plan(log: Log, as_of: datetime) -> tuple[PlanFinding, ...]:
    return owed(view(log.entries, as_of), log.judge(as_of))[1]


# --- again and again ---------------------------------------------------------------------------


def test_c1_two_mails_in_any_thirty_days_are_owed_from_when_the_policy_said_so() -> None:
    log = two_sides(MONTHLY)
    (found,) = cadences(log, START + timedelta(days=30))
    assert (found.by, found.to, found.state, found.touches, found.days) == (
        "acme", "smith", "kept", 2, 30,
    )  # fmt: skip
    assert (found.since, found.due, found.channels) == (
        START, START + timedelta(days=30), (Channel.EMAIL,),
    )  # fmt: skip
    (found,) = cadences(log, START + timedelta(days=30, seconds=1))
    assert (found.state, found.gaps) == ("behind", ((START + timedelta(days=30), None),))
    assert (found.rules, found.because, found.made) == (("C1",), (1,), ())


def test_c1_the_next_is_due_when_the_second_newest_falls_out_of_the_days() -> None:
    log = two_sides(MONTHLY)
    mails = [log.touch("ann", "bob", at=day(n)) for n in (-20, -3, 0)]
    (found,) = cadences(log, day(9))
    assert (found.state, found.due) == ("kept", day(27))
    assert found.made == tuple(mail.no for mail in mails)
    assert found.because == (mails[1].no, mails[2].no)
    (found,) = cadences(log, day(27))
    assert (found.state, found.made) == ("kept", (mails[2].no,))
    (found,) = cadences(log, day(27, 10, 1))
    assert (found.state, found.due) == ("behind", day(27))
    log.touch("ann", "bob", at=day(28))
    (found,) = cadences(log, day(29))
    assert (found.state, found.gaps) == ("kept", ((day(27), day(28)),))


@pytest.mark.parametrize(
    "words",
    [
        {"channel": "phone"},
        {"sender": "bob", "to": "ann"},
        {"topics": ("news",)},
        {"fails": True},
        {"answers": True},
    ],
    ids=str,
)
def test_c1_what_failed_broke_the_policy_or_was_asked_for_does_not_count(words) -> None:
    log = two_sides('refused_topics = ["news"]\n' + MONTHLY)
    words = dict(words)
    fails, answers = words.pop("fails", False), words.pop("answers", False)
    if answers:
        words["answers"] = (log.touch("bob", "ann", at=day(-1)).id,)
    touch = log.touch(words.pop("sender", "ann"), words.pop("to", "bob"), at=day(0), **words)
    if fails:
        log.signal(touch, "bounced", permanent=True, at=day(0), **THIRD)
    (found,) = cadences(log, day(0, 11))
    assert found.made == ()


def test_c1_a_broadcast_counts_and_so_does_the_evidence_that_was_agreed_on() -> None:
    log = two_sides(MONTHLY + '[evidence]\ncadence = "likely"\n')
    told = log.touch("ann", "smith", broadcast=True, at=day(0), **THIRD)
    log.signal(told, "delivered", at=day(0), **THIRD)
    log.touch("ann", "bob", at=day(0))
    (found,) = cadences(log, day(1))
    assert found.made == (told.no,)


@pytest.mark.parametrize(("row", "made"), [('channels = ["email"]\n', 1), ("", 0)])
def test_c1_a_channel_that_the_row_names_counts_though_another_is_preferred(row, made) -> None:
    log = two_sides("preferred_first = true\n" + MONTHLY.replace('channels = ["email"]\n', row))
    log.prefers("bob", preferred="phone", at=day(-1))
    log.touch("ann", "bob", at=day(0))
    (found,) = cadences(log, day(1))
    assert len(found.made) == made


def test_c1_a_row_that_stands_unchanged_in_the_next_policy_goes_on() -> None:
    log = two_sides(MONTHLY)
    log.adopt("skew = '1 minute'\n" + MONTHLY, at=day(-1))
    log.adopt(MONTHLY.replace("touches = 2", "touches = 1"), at=day(5))
    (found,) = cadences(log, day(4))
    assert (found.since, found.state) == (START, "behind")
    (found,) = cadences(log, day(6))
    assert (found.since, found.due, found.state) == (day(5), day(35), "kept")
    (found,) = cadences(log, day(6), what_if=MONTHLY)
    assert (found.since, found.basis.trial) == (START, True)


def test_c1_it_binds_whoever_has_the_role() -> None:
    log = two_sides(MONTHLY.replace('"vendor"\nto = "customer"', '"customer"\nto = "vendor"'))
    log.party("jones", "customer")
    assert [(f.by, f.to) for f in cadences(log, day(0))] == [("smith", "acme"), ("jones", "acme")]


def test_without_a_policy_nothing_is_owed() -> None:
    log = two_sides()
    log.entries = [entry for entry in log.entries if entry.kind != "policy_adopted"]
    assert owed(view(log.entries, day(0)), ()) == ((), ())
    assert owed(view(two_sides().entries, day(0)), ()) == ((), ())


times = st.lists(st.integers(0, 60), max_size=12).map(
    lambda days: sorted(MONDAY + timedelta(days=n) for n in days)
)


@settings(max_examples=100, deadline=None)
@given(times, st.integers(1, 4), st.integers(1, 20), st.integers(0, 90))
def test_gaps_are_the_days_on_which_one_counts_too_few(times, touches, span, until) -> None:
    as_of = MONDAY + timedelta(days=until, hours=12)
    times = [at for at in times if at <= as_of]
    gaps, due = gaps_in(times, touches, timedelta(days=span), MONDAY, as_of)
    for half in range(2 * until + 1):
        at = MONDAY + timedelta(hours=12 * half)
        made = sum(at - timedelta(days=span) < one <= at for one in times)
        short = made < touches and at >= MONDAY + timedelta(days=span)
        assert any(since <= at < (to or as_of) for since, to in gaps) == short
    assert (bool(gaps) and gaps[-1][1] is None) == (as_of > due)


# --- after a milestone -------------------------------------------------------------------------


def outage(log: Log, n: int = 0, hour: int = 10, key: str = "down") -> Any:
    return log.milestone(key, kind="outage", at=day(n, hour))


def test_c2_a_call_for_every_outage_within_its_time() -> None:
    log = two_sides(OUTAGE)
    down = outage(log)
    (found,) = cadences(log, day(0, 14))
    assert (found.state, found.due, found.after, found.milestone, found.because) == (
        "due", day(0, 14), MilestoneKind.OUTAGE, "down", (down.no,),
    )  # fmt: skip
    (found,) = cadences(log, day(0, 14, 1))
    assert (found.state, found.purposes) == ("missed", (Purpose.OUTAGE,))
    call = log.touch("ann", "bob", channel="phone", purpose="outage", milestone="down", at=day(2))
    (found,) = cadences(log, day(3))
    assert (found.state, found.made, found.rules) == ("told_late", (call.no,), ("C2",))


def test_c2_a_call_that_names_no_outage_counts_by_its_purpose_while_it_is_time() -> None:
    log = two_sides(OUTAGE)
    outage(log, 0, 12)
    for at in (day(0, 11), day(1, 13)):
        log.touch("ann", "bob", channel="phone", purpose="outage", at=at)
    log.touch("ann", "bob", channel="phone", purpose="outage", milestone="x", at=day(0, 13))
    (found,) = cadences(log, day(3))
    assert found.state == "missed"
    call = log.touch(
        "ann", "bob", channel="phone", purpose="outage", at=day(0, 16), recorded=day(3)
    )
    (found,) = cadences(log, day(3))
    assert (found.state, found.made) == ("told", (call.no,))


def test_c2_without_purposes_a_touch_must_name_the_milestone() -> None:
    log = two_sides(OUTAGE.replace('purposes = ["outage"]\n', ""))
    outage(log)
    log.touch("ann", "bob", channel="phone", purpose="outage", at=day(0, 11))
    (found,) = cadences(log, day(1))
    assert found.state == "missed"
    log.touch("ann", "bob", channel="phone", milestone="down", at=day(0, 9), recorded=day(1))
    (found,) = cadences(log, day(1))
    assert found.state == "told"


def test_c2_the_policy_at_the_milestone_says_what_is_owed_and_nothing_before_the_first() -> None:
    log = two_sides()
    outage(log, -40, key="before")
    outage(log, 0, key="then")
    log.adopt(OUTAGE, at=day(1))
    log.milestone("release", kind="release", at=day(2))
    outage(log, 2, key="now")
    log.adopt(DEFAULT_POLICY, at=day(3))
    assert [found.milestone for found in cadences(log, day(4))] == ["now"]


# --- by a plan ---------------------------------------------------------------------------------

PLAN = DEFAULT_POLICY + "".join(
    f'\n[[plan]]\nname = "{name}"\nby = "vendor"\nto = "customer"\nfrom_day = {first}\n'
    f"to_day = {last}\n{more}\n"
    for name, first, last, more in (
        ("first-call", 0, 3, 'channels = ["phone", "visit"]'),
        ("training", 3, 14, 'purposes = ["training"]'),
        ("first-month", 25, 35, 'channels = ["phone"]'),
        ("ninety-days", 80, 90, 'channels = ["phone"]'),
    )
)


def states(log: Log, as_of: datetime) -> dict[str, tuple[str, int | None]]:
    return {found.name: (found.state, found.done_no) for found in plan(log, as_of)}


def test_c3_each_planned_touch_is_planned_then_open_then_done_or_missed() -> None:
    log = two_sides(PLAN)
    log.milestone("install", kind="install", at=day(0))
    assert states(log, day(0)) == {
        "first-call": ("open", None), "training": ("planned", None),
        "first-month": ("planned", None), "ninety-days": ("planned", None),
    }  # fmt: skip
    call = log.touch("ann", "bob", channel="phone", at=day(2))
    late = log.touch("ann", "bob", purpose="training", at=day(16))
    assert states(log, day(36)) == {
        "first-call": ("done", call.no), "training": ("done_late", late.no),
        "first-month": ("missed", None), "ninety-days": ("planned", None),
    }  # fmt: skip
    first = plan(log, day(36))[0]
    assert (first.opens_at, first.due, first.rules) == (day(0), day(4), ("C3",))
    assert (first.because, first.answered) == ((first.because[0], call.no), False)


def test_c3_a_touch_does_one_of_them_and_what_is_in_its_days_comes_first() -> None:
    log = two_sides(PLAN)
    log.milestone("install", kind="install", at=day(0))
    call = log.touch("ann", "bob", channel="phone", at=day(26))
    assert states(log, day(27)) == {
        "first-call": ("missed", None), "training": ("missed", None),
        "first-month": ("done", call.no), "ninety-days": ("planned", None),
    }  # fmt: skip
    log.signal(call, "answered", by="human", person="bob", at=day(26), **THIRD)
    assert [found.answered for found in plan(log, day(27))] == [False, False, True, False]


def test_c3_a_touch_that_names_another_milestone_does_nothing_here() -> None:
    log = two_sides(PLAN)
    log.milestone("install", kind="install", at=day(0))
    log.milestone("second", kind="install", at=day(1))
    call = log.touch("ann", "bob", channel="phone", milestone="second", at=day(2))
    done = [(f.milestone, f.done_no) for f in plan(log, day(3)) if f.name == "first-call"]
    assert done == [("install", None), ("second", call.no)]


def test_c3_an_install_from_before_the_log_has_what_was_still_to_come() -> None:
    log = two_sides(PLAN)
    log.milestone("install", kind="install", at=START - timedelta(days=10))
    log.milestone("release", kind="release", at=day(0))
    assert list(states(log, day(0))) == ["training", "first-month", "ninety-days"]


@settings(max_examples=40, deadline=None)
@given(logs(policy=PLAN + MONTHLY[len(DEFAULT_POLICY) :]), st.integers(0, 40))
def test_without_any_personal_field_what_is_owed_is_the_same(log: Log, n: int) -> None:
    log.milestone("install", kind="install", at=day(31), name="Bob's new system")
    bare = stripped(log.entries)
    seen = view(bare, day(n))
    assert owed(seen, judge(bare, day(n))) == owed(view(log.entries, day(n)), log.judge(day(n)))
