"""The written policy: what a text says, how it says it again, and what it may not say."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadInput, BadPolicy, LedgerError, NotInstalled, TooLarge
from contactledger.findings import Grade
from contactledger.judge.calendar import Calendar, deadline, week_of, zone_of
from contactledger.judge.policy import (
    DEFAULT_POLICY,
    Cap,
    Step,
    Window,
    expand_policy,
    format_duration,
    format_window,
    parse_policy,
    policy_digest,
    rule_sentences,
)
from contactledger.judge.policy_text import load, places
from contactledger.vocabulary import Channel, Expects, Purpose, Role, Urgency

BAD = Path(__file__).parent / "bad"
PAGE = Path(__file__).parent.parent / "docs" / "policy.md"
PARTY = "abcdefghijklmnopqrstuvwx23"
OTHER_PARTY = "abcdefghijklmnopqrstuvwx24"
DEFAULT = parse_policy(DEFAULT_POLICY)
EMPTY = parse_policy("")
ANSWERS = (Expects.RESPONSE, Expects.REPLY)


def within(policy, channel, purpose=Purpose.QUESTION, wanted=Expects.REPLY, **whom):
    return policy.window(channel, purpose, whom.pop("urgency", Urgency.NORMAL), wanted, **whom)


# --- the default policy ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "window"),
    [
        (Channel.PHONE, Window(days=1)),
        (Channel.CHAT, Window(days=1)),
        (Channel.TICKET, Window(days=1)),
        (Channel.EMAIL, Window(days=3)),
        (Channel.LETTER, Window(days=3)),
        (Channel.MEETING, None),
        (Channel.OTHER, None),
    ],
)
@pytest.mark.parametrize("wanted", ANSWERS)
def test_j28_the_default_policy_gives_each_channel_its_window(channel, window, wanted):
    assert within(DEFAULT, channel, wanted=wanted) == window


@pytest.mark.parametrize("channel", Channel)
def test_the_default_policy_wants_an_outage_answered_in_four_business_hours(channel):
    assert within(DEFAULT, channel, Purpose.OUTAGE) == Window(minutes=240)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("channel", Channel)
def test_the_default_policy_wants_what_is_to_be_seen_seen_in_seven_business_days(channel, purpose):
    assert within(DEFAULT, channel, purpose, Expects.SEEN) == Window(days=7)


@pytest.mark.parametrize("channel", Channel)
def test_where_nothing_is_wanted_nothing_is_due(channel):
    assert within(DEFAULT, channel, wanted=Expects.NOTHING) is None


@pytest.mark.parametrize("policy", [DEFAULT, EMPTY], ids=["default", "empty"])
@pytest.mark.parametrize(
    ("channel", "expects"),
    [
        (Channel.TICKET, Expects.REPLY),
        (Channel.LETTER, Expects.REPLY),
        (Channel.PHONE, Expects.RESPONSE),
        (Channel.CHAT, Expects.RESPONSE),
        (Channel.MEETING, Expects.RESPONSE),
        (Channel.VISIT, Expects.RESPONSE),
        (Channel.EMAIL, Expects.SEEN),
        (Channel.SMS, Expects.SEEN),
        (Channel.WEB, Expects.SEEN),
        (Channel.IN_APP, Expects.SEEN),
        (Channel.OTHER, Expects.SEEN),
    ],
)
def test_j25_what_a_touch_wants_back_by_its_channel_and_a_notice_only_to_be_seen(
    policy, channel, expects
):
    assert policy.wanted(channel, Purpose.QUESTION) is expects
    assert policy.wanted(channel, Purpose.NOTICE) is Expects.SEEN


def test_the_default_policy_says_what_the_rules_of_judgement_say():
    assert DEFAULT.rules == 1
    assert DEFAULT.zone is None
    assert DEFAULT.calendar() == Calendar("office-hours", week_of(["mon-fri 09:00-17:00"]))
    assert DEFAULT.caps == (Cap(8, 30, "person", frozenset(), frozenset({Purpose.OUTAGE})),)
    assert DEFAULT.ladder == (
        Step("second_channel", Window(days=3)),
        Step("second_person", Window(days=5)),
        Step("level_higher", Window(days=10)),
    )
    assert DEFAULT.backfill_limit == timedelta(days=7)
    assert DEFAULT.delivery_grace == timedelta(hours=1)
    assert DEFAULT.coverage_tolerance == timedelta(0)
    assert DEFAULT.skew == timedelta(minutes=5)
    assert DEFAULT.evidence_needed is Grade.LIKELY
    assert DEFAULT.owed == {Purpose.OUTAGE}
    assert DEFAULT.next_answer == DEFAULT.next_answer_window() == Window(days=2)
    assert DEFAULT.entitled_duties(Purpose.INVOICE, ("billing",)) is None
    assert DEFAULT.allowed_channels is None
    assert (DEFAULT.refused_channels, DEFAULT.preferred_first) == (frozenset(), False)


def test_the_documented_page_holds_the_default_policy_word_for_word():
    assert f"```toml\n{DEFAULT_POLICY}```" in PAGE.read_text("utf-8")


def test_every_example_of_the_documented_page_is_a_policy_once_it_is_expanded():
    blocks = PAGE.read_text("utf-8").split("```toml\n")[1:]
    parsed = [parse_policy(expand_policy(block.split("```")[0])) for block in blocks]
    assert len(parsed) >= 8


# --- what a key left out means -----------------------------------------------------------------


def test_an_empty_text_is_a_policy_of_the_documented_defaults():
    assert EMPTY.rules == 1
    assert EMPTY.calendar() == DEFAULT.calendar()
    assert (EMPTY.caps, EMPTY.ladder, EMPTY.owed, EMPTY.next_answer) == ((), (), frozenset(), None)
    assert EMPTY.next_answer_window(Role.VENDOR, PARTY) is None
    assert within(EMPTY, Channel.PHONE) is None
    assert EMPTY.backfill_limit == timedelta(days=7)
    assert EMPTY.delivery_grace == timedelta(hours=1)
    assert EMPTY.skew == timedelta(minutes=5)
    assert EMPTY.evidence_needed is Grade.LIKELY


@pytest.mark.parametrize("policy", [DEFAULT, EMPTY], ids=["default", "empty"])
@pytest.mark.parametrize("channel", Channel)
def test_j40_calls_sms_chats_and_visits_are_quiet_outside_8_to_20(policy, channel):
    rings = channel in {Channel.PHONE, Channel.SMS, Channel.CHAT, Channel.VISIT}
    for time, outside in (("07:59:59", True), ("08:00:00", False), ("20:00:00", False)):
        local = datetime.fromisoformat(f"2026-03-08T{time}")  # a Sunday
        assert policy.quiet(channel, Purpose.OUTAGE, local) is (rings and outside)


def test_j40_no_hours_at_all_is_said_by_an_empty_list():
    night = datetime(2026, 3, 4, 3)  # noqa: DTZ001 - wall time
    assert parse_policy("hours = []").quiet(Channel.PHONE, Purpose.QUESTION, night) is False


@pytest.mark.parametrize("channel", Channel)
def test_channels_have_a_way_back_and_four_of_them_show_a_look(channel):
    assert DEFAULT.way_back(channel) is True
    shows = channel in {Channel.CHAT, Channel.IN_APP, Channel.WEB, Channel.TICKET}
    assert DEFAULT.shows_look(channel) is shows


# --- what each key says ------------------------------------------------------------------------


def test_scalars_and_lists_say_what_they_say():
    policy = parse_policy(
        """
        rules = 7
        zone = "Europe/Berlin"
        backfill_limit = "2 days"
        delivery_grace = "90 minutes"
        coverage_tolerance = "30 seconds"
        skew = "0 minutes"
        evidence_needed = "confirmed"
        owed = ["outage", "invoice"]
        preferred_first = true
        allowed_channels = ["email", "phone"]
        refused_channels = ["sms"]
        no_way_back = ["web"]
        shows_look = []
        """
    )
    assert (policy.rules, policy.zone) == (7, "Europe/Berlin")
    assert policy.backfill_limit == timedelta(days=2)
    assert policy.delivery_grace == timedelta(minutes=90)
    assert policy.coverage_tolerance == timedelta(seconds=30)
    assert policy.skew == timedelta(0)
    assert policy.evidence_needed is Grade.CONFIRMED
    assert policy.owed == {Purpose.OUTAGE, Purpose.INVOICE}
    assert policy.preferred_first is True
    assert policy.allowed_channels == {Channel.EMAIL, Channel.PHONE}
    assert policy.refused_channels == {Channel.SMS}
    assert [channel for channel in Channel if not policy.way_back(channel)] == [Channel.WEB]
    assert [channel for channel in Channel if policy.shows_look(channel)] == []


def test_the_most_specific_window_wins_purpose_before_urgency_before_channel():
    policy = parse_policy(
        """
        window = [
            { within = "9 days" },
            { within = "8 days", wanted = ["reply"] },
            { within = "7 days", channels = ["phone"] },
            { within = "6 days", channels = ["phone"], wanted = ["reply"] },
            { within = "5 days", urgencies = ["high"] },
            { within = "4 days", urgencies = ["high"], channels = ["phone"] },
            { within = "3 days", purposes = ["outage"] },
            { within = "2 days", purposes = ["outage"], channels = ["phone"] },
            { within = "1 day", purposes = ["outage"], urgencies = ["high"] },
        ]
        """
    )

    def days(channel, purpose, urgency, wanted):
        return policy.window(channel, purpose, urgency, wanted).days

    high, normal = Urgency.HIGH, Urgency.NORMAL
    reply, response = Expects.REPLY, Expects.RESPONSE
    assert days(Channel.EMAIL, Purpose.QUESTION, normal, response) == 9
    assert days(Channel.EMAIL, Purpose.QUESTION, normal, reply) == 8
    assert days(Channel.PHONE, Purpose.QUESTION, normal, response) == 7
    assert days(Channel.PHONE, Purpose.QUESTION, normal, reply) == 6
    assert days(Channel.EMAIL, Purpose.QUESTION, high, reply) == 5
    assert days(Channel.PHONE, Purpose.QUESTION, high, reply) == 4
    assert days(Channel.EMAIL, Purpose.OUTAGE, normal, reply) == 3
    assert days(Channel.PHONE, Purpose.OUTAGE, normal, reply) == 2
    assert days(Channel.PHONE, Purpose.OUTAGE, high, reply) == 1


def test_windows_that_no_touch_can_both_fit_are_no_contradiction():
    policy = parse_policy(
        """
        window = [
            { within = "1 day", channels = ["phone"], purposes = ["outage"] },
            { within = "2 days", channels = ["phone"], purposes = ["invoice"] },
            { within = "3 days", channels = ["email"], purposes = ["outage"] },
        ]
        """
    )
    assert within(policy, Channel.PHONE, Purpose.INVOICE) == Window(days=2)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("1 day", Window(days=1)),
        ("3 days", Window(days=3)),
        ("1 hour", Window(minutes=60)),
        ("4 hours", Window(minutes=240)),
        ("90 minutes", Window(minutes=90)),
        ("1000 days", Window(days=1000)),
        ("1000 hours", Window(minutes=60_000)),
    ],
)
def test_j26_windows_are_business_days_hours_or_minutes(text, window):
    assert parse_policy(f'next_answer = "{text}"').next_answer == window


def test_j25_wanted_by_purpose_and_channel_beats_purpose_beats_channel():
    policy = parse_policy(
        """
        [wanted]
        phone = "reply"
        question = "response"
        outage = { phone = "seen" }
        """
    )
    assert policy.wanted(Channel.PHONE, Purpose.OUTAGE) is Expects.SEEN
    assert policy.wanted(Channel.PHONE, Purpose.QUESTION) is Expects.RESPONSE
    assert policy.wanted(Channel.EMAIL, Purpose.QUESTION) is Expects.RESPONSE
    assert policy.wanted(Channel.PHONE, Purpose.INVOICE) is Expects.REPLY
    assert policy.wanted(Channel.EMAIL, Purpose.OUTAGE) is Expects.SEEN


def test_j40_hours_have_their_channels_and_exempt_purposes():
    policy = parse_policy(
        """
        [[hours]]
        open = ["mon-fri 09:00-18:00"]
        except = ["outage"]
        [[hours]]
        channels = ["email"]
        open = ["06:00-22:00"]
        """
    )
    sunday = datetime(2026, 3, 8, 12)  # noqa: DTZ001 - wall time
    night = datetime(2026, 3, 9, 3)  # noqa: DTZ001
    assert policy.quiet(Channel.PHONE, Purpose.QUESTION, sunday) is True
    assert policy.quiet(Channel.PHONE, Purpose.OUTAGE, night) is False
    assert policy.quiet(Channel.EMAIL, Purpose.OUTAGE, sunday) is False
    assert policy.quiet(Channel.EMAIL, Purpose.OUTAGE, night) is True
    assert policy.quiet(Channel.LETTER, Purpose.QUESTION, night) is False


def test_j41_caps_say_whom_over_which_channels_and_what_is_not_counted():
    policy = parse_policy(
        """
        [[cap]]
        touches = 2
        days = 7
        per = "party"
        channels = ["phone", "sms"]
        not_counted = ["outage", "invoice"]
        [[cap]]
        touches = 1
        days = 1
        """
    )
    assert policy.caps == (
        Cap(
            2,
            7,
            "party",
            frozenset({Channel.PHONE, Channel.SMS}),
            frozenset({Purpose.OUTAGE, Purpose.INVOICE}),
        ),
        Cap(1, 1, "person", frozenset(), frozenset()),
    )


def test_j40_entitled_duties_of_a_purpose_and_of_topics_add_up():
    policy = parse_policy(
        """
        [entitled]
        invoice = ["accounts"]
        inventory-sync = ["it", "parts"]
        """
    )
    assert policy.entitled_duties(Purpose.INVOICE, ()) == {"accounts"}
    assert policy.entitled_duties(Purpose.NOTICE, ("inventory-sync",)) == {"it", "parts"}
    assert policy.entitled_duties(Purpose.INVOICE, ("inventory-sync", "x")) == {
        "accounts",
        "it",
        "parts",
    }
    assert policy.entitled_duties(Purpose.NOTICE, ("x",)) is None


def test_a_calendar_names_its_week_and_holidays():
    policy = parse_policy(
        """
        [calendar]
        name = "dealer"
        week = ["mon-sat 08:00-12:00", "mon-fri 13:00-18:00"]
        holidays = [2026-12-24, 2026-12-31]
        """
    )
    assert policy.calendar() == Calendar(
        "dealer",
        week_of(["mon-sat 08:00-12:00", "mon-fri 13:00-18:00"]),
        frozenset({date(2026, 12, 24), date(2026, 12, 31)}),
    )


# --- role and party ----------------------------------------------------------------------------

TABLES = f"""
next_answer = "5 days"
calendar = {{ name = "own" }}
window = [ {{ within = "5 days" }}, {{ within = "6 days", purposes = ["outage"] }} ]
wanted = {{ outage = "reply" }}

[role.vendor]
next_answer = "4 days"
calendar = {{ name = "role" }}
window = [ {{ within = "4 days", channels = ["phone"] }} ]
hours = [ {{ channels = ["phone"], open = ["10:00-12:00"] }} ]
wanted = {{ phone = "seen" }}

[party.{PARTY}]
next_answer = "3 days"
calendar = {{ name = "party" }}
window = [ {{ within = "3 days", channels = ["chat"] }} ]
hours = [ {{ channels = ["phone"], open = ["14:00-16:00"] }} ]
wanted = {{ phone = "response" }}
"""


@pytest.mark.parametrize(
    ("role", "party", "days", "phone", "chat", "name", "hour", "wanted"),
    [
        (None, None, 5, 5, 5, "own", 9, Expects.REPLY),
        (Role.CUSTOMER, OTHER_PARTY, 5, 5, 5, "own", 9, Expects.REPLY),
        (Role.VENDOR, None, 4, 4, 5, "role", 11, Expects.SEEN),
        (Role.VENDOR, OTHER_PARTY, 4, 4, 5, "role", 11, Expects.SEEN),
        ("vendor", PARTY, 3, 4, 3, "party", 15, Expects.RESPONSE),
        (Role.CUSTOMER, PARTY, 3, 5, 3, "party", 15, Expects.RESPONSE),
    ],
)
def test_j27_the_table_of_a_party_beats_that_of_its_role_beats_the_policys_own(
    role, party, days, phone, chat, name, hour, wanted
):
    policy = parse_policy(TABLES)
    whom = {"role": role, "party": party}
    assert policy.next_answer_window(**whom) == Window(days=days)
    assert within(policy, Channel.PHONE, **whom) == Window(days=phone)
    assert within(policy, Channel.PHONE, **whom) == Window(days=phone)  # asked again
    assert within(policy, Channel.CHAT, **whom) == Window(days=chat)
    assert policy.calendar(**whom).name == name
    assert policy.wanted(Channel.PHONE, Purpose.OUTAGE, **whom) is wanted
    rings = [
        clock
        for clock in (9, 11, 15)
        if not policy.quiet(
            Channel.PHONE,
            Purpose.QUESTION,
            datetime(2026, 3, 4, clock),  # noqa: DTZ001
            **whom,
        )
    ]
    assert rings == ([9, 11, 15] if hour == 9 else [hour])


def test_swapping_the_tables_of_two_roles_swaps_what_is_agreed_for_them():
    swapped = parse_policy(TABLES.replace("role.vendor", "role.customer"))
    policy = parse_policy(TABLES)
    for channel in Channel:
        assert within(policy, channel, role=Role.VENDOR) == within(
            swapped, channel, role=Role.CUSTOMER
        )
        assert within(policy, channel, role=Role.CUSTOMER) == within(
            swapped, channel, role=Role.VENDOR
        )


def test_parties_that_no_table_names_share_one_remembered_answer():
    policy = parse_policy('window = [ { within = "5 days" } ]')
    for number in range(50):
        within(policy, Channel.PHONE, party=f"party{number}")
    assert len(policy._found) == 1


# --- text, digest, identity --------------------------------------------------------------------


def test_the_digest_is_the_sha_256_of_the_text_in_utf_8():
    text = "# Grüße\n"
    assert policy_digest(text) == hashlib.sha256(text.encode()).hexdigest()
    assert parse_policy(text).digest == policy_digest(text)


def test_the_same_text_gives_the_same_policy_and_another_text_another():
    assert parse_policy(DEFAULT_POLICY) is DEFAULT
    assert parse_policy("rules = 1") != EMPTY
    assert {DEFAULT: 1}[parse_policy(DEFAULT_POLICY)] == 1


def test_a_policy_cannot_be_changed():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        DEFAULT.rules = 2
    with pytest.raises(TypeError):
        DEFAULT.tables[""] = None


def test_an_unknown_rules_number_parses_and_is_left_to_the_judge():
    assert parse_policy("rules = 99").rules == 99


# --- bad texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(BAD.glob("policy-*.toml")), ids=lambda path: path.stem)
def test_a_bad_policy_is_one_error_that_names_key_and_line(path):
    text = path.read_text("utf-8")
    with pytest.raises(BadPolicy) as caught:
        parse_policy(text)
    assert f"# {caught.value}" == text.split("\n")[0]


@pytest.mark.parametrize("path", sorted(BAD.glob("policy-*.toml")), ids=lambda path: path.stem)
def test_a_bad_policy_cannot_be_adopted_either(path):
    if path.stem in {"policy-holidays-of-a-country", "policy-holidays-of-a-country-in-a-list"}:
        assert "country" not in tomllib.loads(expand_policy(path.read_text("utf-8")))["calendar"]
        return
    with pytest.raises(BadPolicy):
        expand_policy(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("# \ud800\n", "line 1: a lone surrogate"),
        ("rules = 1\r\nzone = 3\r\n", "line 2, zone: must be the IANA name of a time zone"),
        ("rules = 1\0", "line 1: not TOML: Expected newline or end of document after a statement"),
        ("rules = ", "line 1: not TOML: Invalid value"),
        (b"rules = 1", "policy: must be text"),
    ],
)
def test_texts_that_no_file_can_hold_are_bad_policies_too(text, error):
    with pytest.raises(BadPolicy) as caught:
        parse_policy(text)
    assert str(caught.value) == error


def test_a_digest_of_a_lone_surrogate_is_a_bad_policy():
    with pytest.raises(BadPolicy):
        policy_digest("\ud800")


def test_a_text_of_60_000_bytes_is_a_policy_and_one_of_one_more_is_too_large():
    line = "#" + "ü" * 999 + "\n"
    text = line * 30
    assert len(text.encode()) == 60_000
    assert parse_policy(text).rules == 1
    with pytest.raises(TooLarge) as caught:
        parse_policy(text + "#")
    assert str(caught.value) == "policy: more than 60000 bytes"


def test_a_dotted_key_of_thousands_of_parts_is_refused_before_it_takes_minutes():
    with pytest.raises(BadPolicy) as caught:
        parse_policy(".".join("a" * 20_000) + " = 1")
    assert str(caught.value) == "line 1: longer than 4000 characters"


def read(text: str):
    try:
        return parse_policy(text)
    except BadInput as error:
        return error


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_policy_with_a_slip_of_the_pen_parses_or_is_one_bad_input_with_its_line(data):
    start = data.draw(st.integers(0, len(DEFAULT_POLICY)))
    length = data.draw(st.integers(0, 12))
    slip = data.draw(st.text("[]{}\"'=.,#\n\\abc019-:", max_size=4))
    text = DEFAULT_POLICY[:start] + slip + DEFAULT_POLICY[start + length :]
    result = read(text)
    if isinstance(result, BadInput):
        assert result.place.startswith("line ")
        assert str(result).isprintable()
    else:
        assert result.text == text
        assert all(line.endswith(".") for line in rule_sentences(result))


# --- places ------------------------------------------------------------------------------------

ODD_TOML = r"""
# a comment with = and [brackets] and 'quotes'
plain = 1_000 # after
"quo\"ted # key" = 'lit#eral'
'other.key'.inner . "deep" = QQQtwo
lines with "quotes", \" and ] # no commentQQQ""
literal = QQQaQQQ
three = '''it's
} here''''
empty = ""
when = [ 1979-05-27 07:32:00, 1979-05-27T07:32:00Z,
  07:32:00, # a time
  2026-01-01 , ]
nested = [ [ 1, -2.5e3 ], [ "a]", { x = [ true, inf ], y.z = { } } ], [] ]
[ table . "sub table" ] # header
a = { }
[[rows]]
n = 1
[rows.more]
m = 2
[[rows.inner]]
k = 1
[[rows.inner]]
k = 2
[[ rows ]]
n = 2
[[rows.inner]]
k = 3""".replace("QQQ", '"' * 3)


def leaves(value, path=()):
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list) and value:
        return [leaf for n, item in enumerate(value) for leaf in leaves(item, (*path, n))]
    return [(path, value)]


@pytest.mark.parametrize("text", [ODD_TOML, DEFAULT_POLICY, TABLES, ODD_TOML.replace("\n", "\r\n")])
def test_every_value_is_found_where_it_stands(text):
    found = places(text)
    for path, value in leaves(tomllib.loads(text)):
        span = found[path]
        assert repr(tomllib.loads(f"v = {text[span.start : span.end]}")["v"]) == repr(value)
        assert span.line == text[: span.start].count("\n") + 1


def test_a_text_is_walked_in_one_go():
    assert places("") == {}
    assert load("") == {}


# --- holidays ----------------------------------------------------------------------------------

REFERRING = """\
# our policy
[calendar]
holidays = { country = "DE", subdivision = "BY", from = 2025, to = 2028 } # public ones
[role.customer.calendar]
week = ["mon-fri 09:00-17:00"]
holidays = [2026-12-24, { country = "US", from = 2026, to = 2026 }, 2026-12-31]
# the end
"""


def test_j44_expanding_writes_down_the_very_dates_of_the_package():
    policy = parse_policy(expand_policy(REFERRING))
    bavaria = holidays.country_holidays("DE", subdiv="BY", years=range(2025, 2029))
    assert policy.calendar().holidays == frozenset(bavaria)
    america = holidays.country_holidays("US", years=2026)
    assert policy.calendar(Role.CUSTOMER).holidays == frozenset(america) | {
        date(2026, 12, 24),
        date(2026, 12, 31),
    }


def test_expanding_touches_nothing_else_and_names_the_version():
    expanded = expand_policy(REFERRING)
    version = holidays.__version__
    bavaria = "# DE-BY, 2025 to 2028, as the package holidays"
    assert expanded.startswith(f"# our policy\n[calendar]\nholidays = [\n  {bavaria} {version} has")
    assert "\n] # public ones\n[role.customer.calendar]\n" in expanded
    assert f"[2026-12-24, \n  # US, 2026 to 2026, as the package holidays {version} has" in expanded
    assert expanded.endswith("2026-12-25, 2026-12-31]\n# the end\n")


def test_expanding_twice_is_expanding_once():
    once = expand_policy(REFERRING)
    assert expand_policy(once) == once


@pytest.mark.parametrize("text", ["", DEFAULT_POLICY, TABLES, "\r\n# \r\nrules = 1"])
def test_a_text_without_references_comes_back_byte_for_byte(text):
    assert expand_policy(text) == text


@pytest.mark.parametrize(
    ("reference", "error"),
    [
        (
            'country = "XX", from = 2026, to = 2026',
            "line 3, calendar.holidays.country: not known to the package holidays",
        ),
        (
            'country = "DE", subdivision = "XX", from = 2026, to = 2026',
            "line 3, calendar.holidays.subdivision: not known to the package holidays",
        ),
    ],
)
def test_a_country_that_the_package_does_not_know_is_a_bad_policy(reference, error):
    with pytest.raises(BadPolicy) as caught:
        expand_policy(f"# one\n[calendar]\nholidays = {{ {reference} }}\n")
    assert str(caught.value) == error


def test_a_country_without_holidays_in_those_years_is_a_bad_policy():
    # the package begins with independence
    with pytest.raises(BadPolicy) as caught:
        expand_policy('[calendar]\nholidays = [{ country = "SS", from = 1980, to = 1981 }]\n')
    assert (
        str(caught.value) == "line 2, calendar.holidays[0]: has no public holidays in these years"
    )


def test_dates_that_do_not_fit_into_an_entry_are_too_large():
    reference = '{ country = "IN", from = 2001, to = 2030 }'
    text = "[calendar]\nholidays = [\n" + f"{reference},\n" * 20 + "]\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package says which of its dates are estimates
        with pytest.raises(TooLarge):
            expand_policy(text)


def test_without_the_extra_expanding_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    assert expand_policy(DEFAULT_POLICY) == DEFAULT_POLICY
    with pytest.raises(NotInstalled) as caught:
        expand_policy(REFERRING)
    assert str(caught.value) == (
        "the holidays of a country need the extra: pip install 'contactledger[policy]'"
    )
    assert isinstance(caught.value, LedgerError)


def test_judging_never_loads_the_package_of_holidays():
    code = (
        "import sys; from contactledger.judge.policy import *; p = parse_policy(DEFAULT_POLICY);"
        "rule_sentences(p); expand_policy(DEFAULT_POLICY); sys.exit('holidays' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_deadline_from_the_text_alone():
    policy = parse_policy(expand_policy(REFERRING) + '[[window]]\nwithin = "1 day"\n')
    zone = zone_of("Europe/Berlin")
    at = datetime(2026, 4, 2, 8, tzinfo=UTC)  # Maundy Thursday, ten o'clock in Munich
    due = deadline(policy.calendar(), zone, at, within(policy, Channel.PHONE))
    assert due == datetime(2026, 4, 7, 8, tzinfo=UTC)


# --- in plain words ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window(days=1), "1 business day"),
        (Window(days=3), "3 business days"),
        (Window(minutes=60), "1 business hour"),
        (Window(minutes=240), "4 business hours"),
        (Window(minutes=90), "90 business minutes"),
        (Window(minutes=1), "1 business minute"),
        (Window(), "0 business minutes"),
    ],
)
def test_windows_in_plain_words(window, words):
    assert format_window(window) == words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(days=7), "7 days"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=25), "25 hours"),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_durations_in_plain_words(duration, words):
    assert format_duration(duration) == words


def test_the_default_policy_reads_like_this():
    assert rule_sentences(DEFAULT) == (
        "A touch whose purpose is outage that wants an answer is to be answered within 4 business hours of the receiver.",
        "A call, chat or ticket that wants an answer is to be answered within 1 business day of the receiver.",
        "An e-mail or letter that wants an answer is to be answered within 3 business days of the receiver.",
        "A touch that wants to be seen is to be seen within 7 business days of the receiver.",
        "Where several windows fit, the one that names the purpose counts, then the one that names the urgency, then the channel, then what is wanted.",
        "For a touch that no window fits, no deadline is agreed.",
        "An answer that asks something back is to be answered within 2 business days of the receiver.",
        "Business hours are Monday to Friday 09:00–17:00 in the receiver's own zone, no holidays.",
        "A call, SMS, chat or visit may come every day 08:00–20:00 in the receiver's own time.",
        "Unless it says so itself, an e-mail, SMS, web page, in-app message or touch over another channel wants to be seen; a call, chat, meeting or visit wants a response; a letter or ticket wants a reply; an answer wants nothing back.",
        "A touch whose purpose is notice wants to be seen.",
        "At most 8 touches of one sender to one person in 30 days, over all channels and campaigns together; those whose purpose is outage are not counted.",
        "Somebody who opted out of everything is still sent what is owed: outage.",
        "Reports by itself that it was displayed: chat, web page, in-app message and ticket.",
        "Whoever is owed an answer tries the preferred channel, else a second one, after 3 business days, turns to a second person after 5 business days and goes a level higher after 10 business days.",
        "Silence is held against a party only on evidence that is at least likely.",
        "The clock of an answer starts at the touch, or at its delivery if that came more than 1 hour later.",
        "An entry written down more than 7 days after the event is its writer's claim where it favours the writer.",
        "Where the way back was blind for any time, silence is unproven.",
        "Clocks may differ by 5 minutes: an answer dated that much before its touch still counts.",
    )


def test_every_other_rule_has_its_sentence():
    policy = parse_policy(
        f"""
        zone = "Europe/Berlin"
        preferred_first = true
        coverage_tolerance = "1 hour"
        allowed_channels = ["phone", "email"]
        refused_channels = ["sms"]
        no_way_back = ["web"]
        shows_look = []
        window = [
            {{ within = "1 hour", urgencies = ["high", "low"], wanted = ["reply"] }},
            {{ within = "1 day" }},
        ]
        hours = [ {{ channels = ["phone"], open = ["mon-fri 08:00-20:00", "sat 10:00-12:00"], except = ["outage", "check_in"] }} ]
        cap = [ {{ touches = 1, days = 1, per = "party", channels = ["phone", "sms"] }} ]
        [entitled]
        invoice = ["owner", "accounts"]
        [calendar]
        week = ["08:00-24:00"]
        holidays = [2026-12-25]
        [role.customer]
        next_answer = "1 day"
        [party.{PARTY}.wanted]
        outage = {{ phone = "reply" }}
        social = "nothing"
        """
    )
    assert rule_sentences(policy) == (
        "A touch of low or high urgency that wants a reply is to be answered within 1 business hour of the receiver.",
        "A touch is to be answered, or seen where that is all it wants, within 1 business day of the receiver.",
        "Where several windows fit, the one that names the purpose counts, then the one that names the urgency, then the channel, then what is wanted.",
        "Business hours are every day 08:00–24:00 in the receiver's own zone, shut on 1 holiday, 2026-12-25.",
        "A call may come Monday to Friday 08:00–20:00, Saturday 10:00–12:00 in the receiver's own time, for outage or check-in at any time.",
        "Unless it says so itself, an e-mail, SMS, web page, in-app message or touch over another channel wants to be seen; a call, chat, meeting or visit wants a response; a letter or ticket wants a reply; an answer wants nothing back.",
        "A touch whose purpose is notice wants to be seen.",
        "At most 1 touch (call or SMS) of one sender to one party in 1 day, over all campaigns together.",
        "Allowed without being asked for: e-mail and call.",
        "Agreed not to be used: SMS.",
        "The channel that the receiver prefers is to be tried first.",
        "On invoice whoever is addressed must have the duty accounts or owner.",
        "One cannot answer over: web page.",
        "Silence is held against a party only on evidence that is at least likely.",
        "The clock of an answer starts at the touch, or at its delivery if that came more than 1 hour later.",
        "An entry written down more than 7 days after the event is its writer's claim where it favours the writer.",
        "Where the way back was blind for more than 1 hour, silence is unproven.",
        "Clocks may differ by 5 minutes: an answer dated that much before its touch still counts.",
        "Where neither person nor party names a zone, it is Europe/Berlin.",
        "Toward a customer: an answer that asks something back is to be answered within 1 business day of the receiver.",
        "Toward party abcdefghijklmnopqrstuvwx23: unless it says so itself, an e-mail, SMS, web page, in-app message or touch over another channel wants to be seen; a call, chat, meeting or visit wants a response; a letter or ticket wants a reply; an answer wants nothing back.",
        "Toward party abcdefghijklmnopqrstuvwx23: a touch whose purpose is notice wants to be seen.",
        "Toward party abcdefghijklmnopqrstuvwx23: a call whose purpose is outage wants a reply.",
        "Toward party abcdefghijklmnopqrstuvwx23: a touch whose purpose is social wants nothing back.",
    )


def test_sentences_follow_the_very_look_up_of_the_judge():
    for text in (DEFAULT_POLICY, TABLES, ""):
        policy = parse_policy(text)
        first = next(line for line in rule_sentences(policy) if line.startswith("Unless"))
        wanted = policy.wanted(Channel.LETTER, Purpose.INVOICE)
        assert f"a letter or ticket wants a {wanted}" in first
