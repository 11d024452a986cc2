"""What in a policy contradicts itself, with the key and the line."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadInput, BadPolicy
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.judge.policy_lint import Complaint, lint_policy
from contactledger.policies import READY, ready_policy

OWED = '[[cadence]]\nby = "vendor"\nto = "customer"\n'
PLAN = (
    '[[plan]]\nname = "{}"\nby = "vendor"\nto = "customer"\nfrom_day = {}\nto_day = {}\n'
    'channels = ["phone"]\n'
)
ANSWER = '[[window]]\nwithin = "1 day"\n'
PARTY = "abcdefghijklmnopqrstuvwx23"


def said(text: str, **words: date) -> list[str]:
    """The contradictions, and what may be meant, of a text that gives every touch a day."""
    return [str(one) for one in lint_policy(text + ANSWER, **words)]


def codes(text: str) -> list[str]:
    return [one.code for one in lint_policy(text + ANSWER)]


def test_the_default_policy_contradicts_nothing() -> None:
    assert lint_policy(DEFAULT_POLICY, date(2026, 1, 1)) == ()


def test_a_text_that_does_not_parse_is_the_error_that_it_always_was() -> None:
    with pytest.raises(BadPolicy, match="line 1, cap: must be a list"):
        lint_policy("cap = 3")


def test_a_cap_smaller_than_the_cadence_owed() -> None:
    text = OWED + "touches = 2\ndays = 30\n\n[[cap]]\ntouches = 3\ndays = 60\n"
    assert lint_policy(text + ANSWER) == (
        Complaint(
            "cap_below_cadence", "cap[0].touches", 8,
            "vendor owes customer 2 in any 30 days, and may make 3 in 60 days to one person.",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cadences", "cap", "broken"),
    [
        ("touches = 2\ndays = 30", "touches = 4\ndays = 60", []),
        ("touches = 2\ndays = 30", "touches = 1\ndays = 30", ["cap_below_cadence"]),
        ("touches = 2\ndays = 30", "touches = 1\ndays = 14", []),
        ("touches = 2\ndays = 30", "touches = 1\ndays = 16", ["cap_below_cadence"]),
        ("touches = 2\ndays = 30\nchannels = ['email']",
         "touches = 1\ndays = 30\nchannels = ['phone']", []),
        ("touches = 2\ndays = 30", "touches = 1\ndays = 30\nchannels = ['phone']", []),
        ("touches = 2\ndays = 30\nchannels = ['phone']",
         "touches = 1\ndays = 30\nchannels = ['phone', 'sms']", ["cap_below_cadence"]),
        ("touches = 2\ndays = 30\npurposes = ['outage']",
         "touches = 1\ndays = 30\nnot_counted = ['outage']", []),
        ("after = 'outage'\nwithin = '1 hour'", "touches = 1\ndays = 30", []),
        (f"touches = 2\ndays = 30\n{OWED}touches = 2\ndays = 30", "touches = 3\ndays = 30",
         ["cap_below_cadence"]),
    ],
)  # fmt: skip
def test_a_cap_counts_what_it_could_not_but_count(cadences, cap, broken) -> None:
    assert codes(f"{OWED}{cadences}\n[[cap]]\n{cap}\n") == broken


def test_a_cap_smaller_than_what_is_planned_within_its_days() -> None:
    text = "".join(PLAN.format(f"call-{n}", n, n + 1) for n in range(3))
    cap = "[[cap]]\ntouches = 2\ndays = {}\n"
    assert said(text + cap.format(7)) == [
        (
            "line 23, cap[0].touches: contradiction: 3 touches are planned within 7 days, and 2 may "
            "be made to one person."
        )
    ]
    assert codes(text + cap.format(3)) == []


def test_a_cap_smaller_than_asking_and_climbing() -> None:
    text = (
        '[[ladder]]\nstep = "second_channel"\nafter = "3 days"\n'
        '[[ladder]]\nstep = "level_higher"\nafter = "10 days"\n'
        '[[cap]]\ntouches = {}\ndays = 14\nper = "{}"\n'
    )
    assert said(text.format(2, "party")) == [
        (
            "line 8, cap[0].touches: contradiction: asking and climbing takes 3 touches within 14 "
            "days, and 2 may be made to one party."
        )
    ]
    assert codes(text.format(3, "account")) == []
    assert codes(text.format(1, "person")) == ["cap_below_ladder"]
    assert codes(text.format(2, "person")) == []
    assert codes(text.format(1, "party") + 'channels = ["email"]\n') == []


def test_who_keeps_the_cadence_is_not_said_to_be_silent() -> None:
    text = OWED + "touches = 1\ndays = 90\n"
    assert said(text) == [
        (
            "line 5, cadence[0].days: contradiction: vendor may let 90 days pass between two touches, "
            "and counts as silent after 60 days."
        )
    ]
    assert codes(text + OWED + "touches = 2\ndays = 30\n") == []
    assert codes(text + OWED + 'after = "outage"\nwithin = "1 hour"\n') == ["silent_before_cadence"]
    assert codes(text + '[relationship]\nsilent_after = "90 days"\n') == []


def test_quiet_hours_that_cover_all_business_hours() -> None:
    text = '[[hours]]\nchannels = ["phone"]\nopen = ["18:00-20:00", "sat 09:00-12:00"]\n'
    assert said(text) == [
        (
            "line 3, hours[0].open: contradiction: a call may never come within business hours, so "
            "that nobody at work can be reached that way."
        )
    ]
    sms = '[[hours]]\nchannels = ["phone"]\nopen = ["08:00-20:00"]\n'
    sms += '[[hours]]\nchannels = ["sms"]\nopen = ["17:00-20:00"]\n'
    assert [(one.key, one.text[:6]) for one in lint_policy(sms + ANSWER)] == [
        ("hours[1].open", "an SMS")
    ]


def test_hours_of_the_policy_may_cover_those_of_a_role_or_party() -> None:
    text = (
        '[[hours]]\nopen = ["08:00-12:00"]\n'
        '[role.customer.calendar]\nweek = ["mon-fri 18:00-22:00"]\n'
        f'[[party.{PARTY}.hours]]\nchannels = ["phone"]\nopen = ["20:00-22:00"]\n'
    )
    found = lint_policy(ANSWER + text)
    assert {(one.code, one.key, one.line) for one in found} == {
        ("quiet_all_business_hours", "hours[0].open", 4),
        ("quiet_all_business_hours", f"party.{PARTY}.hours[0].open", 9),
    }
    assert len(found) == 5


def test_the_hours_of_a_policy_that_names_none_may_cover_a_calendar_too() -> None:
    found = lint_policy(ANSWER + '[calendar]\nweek = ["mon-fri 20:00-24:00"]\n')
    assert {(one.code, one.key, one.line) for one in found} == {
        ("quiet_all_business_hours", "hours.open", 1)
    }


def test_a_window_longer_than_a_rung_of_the_ladder() -> None:
    rungs = (
        '[[ladder]]\nstep = "second_channel"\nafter = "3 days"\n'
        '[[ladder]]\nstep = "second_person"\nafter = "5 days"\n'
    )
    window = '[[window]]\nwanted = {}\nwithin = "{}"\nchannels = ["letter"]\n'
    assert said(rungs + window.format('["reply"]', "6 days")) == [
        (
            "line 9, window[0].within: contradiction: an answer may take 6 business days, and the "
            "ladder is climbed after 3 business days and 5 business days."
        )
    ]
    assert codes(rungs + window.format('["reply"]', "25 hours")) == ["window_longer_than_rung"]
    assert codes(rungs + window.format('["reply"]', "24 hours")) == []
    assert codes(rungs + window.format('["seen"]', "9 days")) == []
    role = '[[role.vendor.window]]\nwithin = "4 days"\n'
    assert [one.key for one in lint_policy(ANSWER + rungs + role)] == [
        "role.vendor.window[0].within"
    ]


def test_a_country_without_a_calendar_is_said_beside_all_else() -> None:
    text = (
        'preferred_channel = "sms"\nrefused_channels = ["sms"]\n[calendar]\n'
        'holidays = [{ country = "ZZ", from = 2026, to = 2027 }]\n'
    )
    assert said(text) == [
        "line 1, preferred_channel: contradiction: SMS is preferred and may not be used.",
        "line 4, calendar.holidays[0].country: contradiction: not known to the package holidays.",
    ]


def test_holidays_that_have_run_out_are_a_doubt() -> None:
    text = "[calendar]\nholidays = [2026-12-25, 2026-01-01]\n"
    assert said(text, on=date(2026, 12, 25)) == said(text) == []
    assert said(text, on=date(2026, 12, 26)) == [
        (
            "line 2, calendar.holidays: doubt: the last holiday named is 2026-12-25; every later one "
            "is a business day."
        )
    ]
    country = '[role.vendor.calendar]\nholidays = { country = "DE", from = 2026, to = 2026 }\n'
    assert [one[:42] for one in said(country, on=date(2027, 1, 1))] == [
        "line 2, role.vendor.calendar.holidays: dou"
    ]


def test_what_wants_an_answer_without_a_time_for_it_is_a_doubt() -> None:
    assert [str(one) for one in lint_policy('[wanted]\nemail = "reply"')] == [
        (
            "line 1, wanted: doubt: a question over e-mail, call, chat, letter, ticket wants an "
            "answer, and no window says when."
        )
    ]


def test_a_refused_channel_as_the_preferred_one() -> None:
    assert codes('preferred_channel = "sms"\nrefused_channels = ["sms"]\n') == ["preferred_refused"]
    assert codes('preferred_channel = "sms"\nallowed_channels = ["email", "phone"]\n') == [
        "preferred_refused"
    ]
    assert codes('preferred_channel = "sms"\n') == []


def test_what_is_owed_over_channels_that_may_not_be_used() -> None:
    refused = 'refused_channels = ["phone"]\n'
    assert said(refused + OWED + 'touches = 1\ndays = 30\nchannels = ["phone"]\n') == [
        "line 7, cadence[0].channels: contradiction: is owed over call, which may not be used."
    ]
    assert [one.key for one in lint_policy(refused + PLAN.format("call", 0, 1) + ANSWER)] == [
        "plan[0].channels"
    ]
    assert codes(refused + OWED + 'touches = 1\ndays = 30\nchannels = ["phone", "sms"]\n') == []


def test_an_answer_that_cannot_be_given_where_it_is_wanted() -> None:
    assert said('no_way_back = ["letter", "web"]\n') == [
        (
            "line 1, no_way_back: contradiction: a question over letter wants an answer that cannot "
            "be given there."
        )
    ]


def test_a_topic_both_allowed_and_refused() -> None:
    assert said('allowed_topics = ["a", "b", "c"]\nrefused_topics = ["c", "b"]\n') == [
        "line 2, refused_topics: contradiction: b, c: allowed as well."
    ]


def test_a_rung_that_turns_to_nobody_who_may_hear_of_it() -> None:
    text = (
        '[[ladder]]\nstep = "level_higher"\nafter = "3 days"\nto = ["owner"]\n'
        '[entitled]\ncheck_in = ["it"]\nquestion = ["it", "owner"]\n'
    )
    assert said(text) == [
        (
            "line 4, ladder[0].to: contradiction: nobody whom it turns to is entitled to hear of "
            "check-in."
        )
    ]


def test_a_second_channel_where_only_one_may_be_used() -> None:
    text = '[[ladder]]\nstep = "second_channel"\nafter = "3 days"\n'
    assert codes('allowed_channels = ["email"]\n' + text) == ["rung_without_channel"]
    assert codes(text) == []


def test_holidays_that_leave_no_business_day_are_the_error_that_adopting_would_be() -> None:
    """Sixty Mondays on end but for Labor Day, which the country adds."""
    mondays = [date(2026, 1, 5) + timedelta(weeks=n) for n in range(60)]
    mondays.remove(date(2026, 9, 7))
    own = ", ".join(map(str, mondays))
    text = '[calendar]\nweek = ["mon 09:00-17:00"]\nholidays = [{}]\n'
    assert lint_policy(ANSWER + text.format(own)) == ()
    country = '{ country = "US", from = 2026, to = 2026 }'
    with pytest.raises(BadPolicy, match="shut for more than 400 days on end"):
        lint_policy(ANSWER + text.format(f"{own}, {country}"))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_policy_with_a_slip_of_the_pen_is_linted_or_is_one_bad_input(data) -> None:
    text = ready_policy(data.draw(st.sampled_from(sorted(READY))))
    start = data.draw(st.integers(0, len(text)))
    slip = data.draw(st.text("[]{}\"'=.,#\n\\abc019-:", max_size=4))
    text = text[:start] + slip + text[start + data.draw(st.integers(0, 40)) :]
    said = linted(text)
    if isinstance(said, BadInput):
        assert str(said).isprintable()
    else:
        assert all(1 <= one.line <= text.count("\n") + 1 for one in said)
        assert all(str(one).isprintable() and one.text.endswith(".") for one in said)


def linted(text: str) -> tuple[Complaint, ...] | BadInput:
    try:
        return lint_policy(text, date(2026, 1, 1))
    except BadInput as error:
        return error
