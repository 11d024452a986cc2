"""What a fact takes in: times, words of the vocabularies, slugs, hours; and what it refuses."""

# ruff: noqa: DTZ001, SIM905

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactledger import errors, vocabulary
from contactledger.declare import as_utc, to_tuple
from contactledger.errors import BadFact, BadInput, Conflict, Corrupt, LedgerError, NotFound
from contactledger.facts import (
    FACTS,
    Coverage,
    Handoff,
    Money,
    Preference,
    Promise,
    Signal,
    Touch,
    fields_of,
)
from contactledger.vocabulary import Channel, Expects, HandoffWord, Purpose, SignalKind

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def why(make, *args, **kwargs):
    with pytest.raises(BadFact) as caught:
        make(*args, **kwargs)
    return str(caught.value)


# --- times -----------------------------------------------------------------------------------


def test_a_naive_time_is_refused_by_name():
    assert why(Touch, at=datetime(2026, 3, 2, 12)) == (
        "Touch.at: has no time zone; write it with its offset or zone"
    )
    assert why(Promise, due=datetime(2026, 3, 2)) == (
        "Promise.due: has no time zone; write it with its offset or zone"
    )


def test_what_is_no_time_is_refused_by_name():
    for value in ("2026-03-02", 0, NOON.date()):
        assert why(Touch, at=value) == "Touch.at: must be a datetime with a time zone"


def test_any_aware_time_is_kept_as_plain_utc():
    for given_ in (
        datetime(2026, 3, 2, 7, tzinfo=timezone(timedelta(hours=-5))),
        pendulum.datetime(2026, 3, 2, 7, tz="America/New_York"),
        pendulum.datetime(2026, 3, 2, 13, tz="Europe/Berlin"),
        NOON,
    ):
        at = Touch(at=given_).at
        assert (at, type(at), at.tzinfo) == (NOON, datetime, UTC)


def test_of_a_doubled_hour_the_one_that_is_meant_is_kept():
    first = pendulum.datetime(2026, 10, 25, 2, 30, tz="Europe/Berlin", fold=0)
    second = pendulum.datetime(2026, 10, 25, 2, 30, tz="Europe/Berlin", fold=1)
    assert Touch(at=second).at - Touch(at=first).at == timedelta(hours=1)


def test_a_time_that_leaves_the_calendar_in_utc_is_refused():
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    late = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-3)))
    for value in (early, late):
        assert why(as_utc, value, "as_of") == "as_of: lies outside the years 1 to 9999 in UTC"


@given(
    st.datetimes(
        timezones=st.timezones(), min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)
    )
)
def test_an_instant_stays_the_same_instant(at):
    assert as_utc(at, "x") == at.astimezone(UTC)


# --- words -----------------------------------------------------------------------------------


def test_a_words_plain_text_will_do():
    assert Touch(channel="phone").channel is Channel.PHONE
    assert Preference(allowed="email").allowed == (Channel.EMAIL,)
    assert Preference(allowed=["email", Channel.SMS]).allowed == (Channel.EMAIL, Channel.SMS)
    assert Touch(expects=None).expects is None


def test_an_unknown_word_is_refused_with_those_there_are():
    channels = "email, phone, sms, chat, meeting, visit, letter, web, in_app, ticket, other"
    assert why(Touch, channel="fax") == f"Touch.channel: must be one of: {channels}"
    assert why(Touch, channel=None) == f"Touch.channel: must be one of: {channels}"
    assert why(Preference, allowed=["email", "fax"]) == (
        f"Preference.allowed: must be one of: {channels}"
    )
    assert why(Preference, allowed=7) == f"Preference.allowed: must be one of: {channels}"
    assert why(Preference, allowed=None) == f"Preference.allowed: must be one of: {channels}"
    assert why(Handoff, word="dropped") == (
        "Handoff.word: must be one of: offered, accepted, refused"
    )
    assert why(Signal, what=7).startswith("Signal.what: must be one of: queued, sent, ")


def test_what_a_touch_is_for_follows_from_its_channel_unless_it_is_said():
    usual = {channel: Touch(channel=channel).purpose for channel in Channel}
    assert usual == {
        **dict.fromkeys(Channel, Purpose.NOTICE),
        **dict.fromkeys((Channel.TICKET, Channel.LETTER), Purpose.QUESTION),
        **dict.fromkeys(
            (Channel.PHONE, Channel.CHAT, Channel.MEETING, Channel.VISIT), Purpose.CHECK_IN
        ),
    }
    assert Touch(channel="ticket", purpose="outage").purpose is Purpose.OUTAGE


def test_the_vocabularies_are_those_of_version_1():
    words = {
        name: [member.value for member in cls]
        for name, cls in vars(vocabulary).items()
        if isinstance(cls, type)
        and issubclass(cls, vocabulary.StrEnum)
        and cls.__mro__[0] is not vocabulary.StrEnum
    }
    assert words == {
        "Role": ["vendor", "customer", "partner", "consultant"],
        "Channel": "email phone sms chat meeting visit letter web in_app ticket other".split(),
        "Purpose": "notice question outage promise invoice training check_in social".split(),
        "Urgency": ["low", "normal", "high"],
        "Expects": ["nothing", "seen", "response", "reply"],
        "SignalKind": (
            "queued sent delivered deferred bounced rejected opened clicked answered no_answer busy "
            "voicemail accepted declined attended absent displayed deleted relayed expanded "
            "auto_replied complained unsubscribed unknown"
        ).split(),
        "By": ["human", "machine", "unknown"],
        "Auth": (
            "none basic shared_secret signed_part signed_body dkim access party_signed"
        ).split(),
        "System": ["third", "own", "hand"],
        "MarkWord": ["no_answer_needed", "acknowledged", "disputed", "not_an_answer"],
        "MatterState": ["opened", "paused", "resumed", "closed"],
        "Word": ["kept", "missed", "withdrawn"],
        "HandoffWord": ["offered", "accepted", "refused"],
        "MilestoneKind": ["install", "outage", "release", "other"],
        "CoverageState": ["working", "blind"],
    }


# --- slugs, hours, money -----------------------------------------------------------------------


def test_a_slug_is_a_machines_word():
    assert Touch(topics="inventory-sync").topics == ("inventory-sync",)
    assert Touch(topics={"a": 1}).topics == ("a",)
    assert Touch(campaign=None).campaign is None
    rule = "must be a slug of lower-case letters, digits and _.:- (64 at most)"
    for bad in ("Bob Ray", "", "-x", "a" * 65, "naïve", "a\n", 7, None):
        assert why(Touch, topics=(bad,)) == f"Touch.topics: {rule}"
    assert why(Touch, topics=7) == f"Touch.topics: {rule}"
    assert why(Coverage, collector="Bob's phone") == f"Coverage.collector: {rule}"


def test_hours_look_like_hours():
    good = ("mon-fri 09:00-17:00", "08:00-20:00", "sat 10:00-24:00")
    assert Preference(hours=good).hours == good
    assert Preference(hours="08:00-20:00").hours == ("08:00-20:00",)
    for bad in ("9-17", "mon-fri", "25:00-26:00", "mo 09:00-10:00", "09:00-17:00\n", 9):
        assert why(Preference, hours=(bad,)) == (
            'Preference.hours: must look like "mon-fri 09:00-17:00"'
        )


def test_a_currency_is_three_capital_letters():
    assert Money(189_500, "USD").minor == 189_500
    for bad in ("usd", "$", "EURO", "", 978):
        assert why(Money, 1, bad) == "Money.currency: an ISO 4217 code of three capital letters"


def test_one_value_will_do_where_several_may_stand():
    assert to_tuple("bob") == ("bob",)
    assert to_tuple(["a", "b"]) == ("a", "b")
    assert to_tuple(("a",)) == ("a",)
    assert to_tuple(7) == (7,)


# --- the facts -----------------------------------------------------------------------------------


def test_every_fact_can_be_made_of_nothing_and_cannot_be_changed():
    for cls in FACTS.values():
        made = cls()
        assert made == cls()
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            made.at = NOON


def test_what_is_personal_is_declared_and_nothing_else():
    own = {
        cls.__name__: sorted(a.name for a in fields_of(cls) if a.metadata.get("personal"))
        for cls in FACTS.values()
    }
    assert own == {
        "Opened": ["name"],
        "PolicyAdopted": [],
        "Party": ["key", "name"],
        "Person": ["email", "key", "name", "phone", "title"],
        "Preference": ["source"],
        "Touch": ["about", "addresses", "key", "message", "original", "word"],
        "Signal": [
            *("address", "event_id", "ip", "original", "reason", "said_at", "url"),
            *("user_agent", "word"),
        ],
        "Mark": ["text"],
        "Matter": ["key", "title"],
        "Promise": ["key", "outcome", "what"],
        "Settlement": ["text"],
        "Handoff": ["key", "reason"],
        "Milestone": ["key", "name"],
        "Coverage": [],
        "Retraction": ["reason"],
        "Redaction": [],
        "Alias": [],
        "Hold": ["reason"],
        "Moved": [],
    }


# --- the errors -----------------------------------------------------------------------------------


def test_the_tree_is_the_one_that_is_drawn():
    drawn, above = {}, []
    for branch, name in re.findall(r"^    ([│├└─ ]*)([A-Z]\w+)", errors.__doc__, re.MULTILINE):
        depth = len(branch) // 4
        above[depth:] = [name]
        drawn[name] = above[depth - 1] if depth else "Exception"
    real = {
        name: cls.__mro__[1].__name__
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, LedgerError)
    }
    assert drawn == real


def test_an_error_says_place_and_field_and_takes_a_place_in_front():
    assert str(BadInput("is odd")) == "is odd"
    assert str(BadInput("is odd", field="F.x").at("fact 2")) == "fact 2, F.x: is odd"
    assert str(BadInput("is odd", place="line 3").at("fact 2")) == "fact 2, line 3: is odd"
    assert str(NotFound("no such thing")) == "no such thing"
    assert str(NotFound("no such thing", place="a").at("b")) == "b, a: no such thing"
    assert str(Conflict("Touch", "about", 7)) == (
        "Touch.about: entry 7 has the same id with other content"
    )
    assert str(Corrupt("is odd", account="a")) == "account a: is odd"
    assert str(Corrupt("is odd", account="a", no=0)) == "account a, entry 0: is odd"


def test_words_are_their_text():
    assert (Expects.SEEN, HandoffWord.OFFERED, SignalKind.OPENED) == ("seen", "offered", "opened")
