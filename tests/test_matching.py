"""Whose touch a report is about: rules in their order, exactly one, ambiguous or unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger.events import Incoming
from contactledger.facts import Message, Party, Person, Touch
from contactledger.vocabulary import Auth, By, Channel, Purpose, SignalKind, System
from tests.ledgers import SMITH, Probe, event, filled, mail

NAMES = {
    "token": "t" * 26,
    "provider_id": "prov-1",
    "message_id": "<m1@acme.example>",
    "in_reply_to": "<m2@acme.example>",
    "references": ("<m3@acme.example>", "<m4@acme.example>"),
    "call_id": "call-1",
    "address": "bob@smith.example",
}


@pytest.fixture
def ledger():
    return filled()[0]


def take(ledger, *events, auth=Auth.SIGNED_BODY):
    return ledger.receive(Probe(*events, auth=auth), {}, b"")


def matched(ledger, **names):
    """(touch, rule) of the one signal that comes of an event, or the (state, rule) it parks in."""
    receipt = take(ledger, event(**names))
    if receipt.parked:
        ((index, state, rule),) = [(p.index, p.state, p.rule) for p in receipt.parked]
        assert (index, receipt.recorded) == (0, ())
        return state, rule
    (entry,) = receipt.recorded
    return entry.fact.touch, entry.fact.matched


def test_the_rules_are_tried_in_their_order(ledger):
    named = [
        Message(provider_id="prov-1"),
        Message(message_id="<m1@acme.example>"),
        Message(message_id="<m2@acme.example>"),
        Message(message_id="<m3@acme.example>"),
        Message(message_id="<m4@acme.example>"),
        Message(call_id="call-1"),
    ]
    carla = ledger.record(SMITH, *[mail(to="carla", message=m) for m in named])
    own, near = ledger.record(SMITH, mail(to="carla"), mail())
    names = {**NAMES, "token": own.id}
    for rule, touch in [
        ("token", own),
        ("provider_id", carla[0]),
        ("message_id", carla[1]),
        ("in_reply_to", carla[2]),
        ("references", carla[3]),
    ]:
        assert matched(ledger, event_id=rule, **names) == (touch.id, rule)
        names.pop(rule)
    names["references"] = ("<unknown@x>", "<m4@acme.example>")
    assert matched(ledger, event_id="r2", **names) == (carla[4].id, "references")
    del names["references"]
    assert matched(ledger, event_id="c", **names) == (carla[5].id, "call_id")
    del names["call_id"]
    assert matched(ledger, event_id="a", **names) == (near.id, "address")


def test_a_rule_that_gives_nothing_leaves_it_to_the_next(ledger):
    (touch,) = ledger.record(SMITH, mail(message=Message(message_id="<m1@acme.example>")))
    names = {"token": "z" * 26, "provider_id": "other", "message_id": "m1@acme.example"}
    assert matched(ledger, **names) == (touch.id, "message_id")


def test_a_token_is_the_id_of_a_touch_and_of_nothing_else(ledger):
    bob = ledger.entries(SMITH)[5]
    for token in (bob.id, "not an id", "T" * 26):
        assert matched(ledger, token=token) == ("unknown", "")


def test_a_rule_that_gives_several_leaves_it_to_the_next_and_else_it_is_ambiguous(ledger):
    twice = Message(provider_id="prov-1")
    first, _ = ledger.record(
        SMITH, mail(message=twice, to="carla"), mail(message=twice, to="carla")
    )
    assert matched(ledger, provider_id="prov-1") == ("ambiguous", "provider_id")
    names = {"provider_id": "prov-1", "token": first.id}
    assert matched(ledger, **names) == (first.id, "token")
    (near,) = ledger.record(SMITH, mail())
    assert matched(ledger, provider_id="prov-1", address="bob@smith.example") == (
        near.id,
        "address",
    )


def test_a_provider_id_of_two_accounts_is_ambiguous(ledger):
    message = Message(provider_id="prov-1")
    ledger.record(SMITH, mail(message=message))
    ledger.record("jones", Party("j"), Touch(to="j", channel="email", message=message))
    assert matched(ledger, provider_id="prov-1") == ("ambiguous", "provider_id")


def test_an_address_matches_one_touch_over_its_channel_in_30_days():
    ledger, clock = filled()
    at = clock()
    assert matched(ledger, address="bob@smith.example") == ("unknown", "")
    ledger.record(SMITH, Touch(to="bob", channel="sms", at=at), mail(to="carla", at=at))
    assert matched(ledger, address="bob@smith.example") == ("unknown", "")
    (touch,) = ledger.record(SMITH, mail(at=at))
    clock.forward(days=30)
    assert matched(ledger, address="BOB@smith.example", event_id="1") == (touch.id, "address")
    late = at + timedelta(days=30, microseconds=1)
    assert matched(ledger, address="bob@smith.example", at=late) == ("unknown", "")
    early = at - timedelta(minutes=5, microseconds=1)
    assert matched(ledger, address="bob@smith.example", at=early) == ("unknown", "")
    ledger.record(SMITH, mail(at=at + timedelta(days=1)))
    assert matched(ledger, address="bob@smith.example") == ("ambiguous", "address")


def test_an_address_of_two_accounts_is_ambiguous_if_both_were_reached(ledger):
    ledger.record(SMITH, mail())
    bob = Person("b", "jones", email="bob@smith.example")
    ledger.record("jones", Party("jones"), bob)
    assert matched(ledger, address="bob@smith.example", event_id="1")[1] == "address"
    ledger.record("jones", Touch(to="b", channel="email"))
    assert matched(ledger, address="bob@smith.example") == ("ambiguous", "address")


def test_the_address_used_for_a_touch_is_known_from_it(ledger):
    (touch,) = ledger.record(SMITH, mail(addresses={"bob": "bobby@home.example"}))
    assert matched(ledger, address="bobby@home.example") == (touch.id, "address")


def test_a_signal_says_whose_it_is_only_where_one_person_has_the_address(ledger):
    shared = Person("dan", "smith", email=("office@smith.example", "dan@smith.example"))
    ledger.record(SMITH, shared, Person("eve", "smith", email="office@smith.example"))
    (touch,) = ledger.record(SMITH, mail(to=["bob", "carla"]))
    bob = ledger.entries(SMITH)[5].id
    people = {}
    for address in ("bob@smith.example", "office@smith.example", "x@y.example", None, ""):
        given = event(token=touch.id, address=address, event_id=repr(address))
        (entry,) = take(ledger, given).recorded
        people[address] = entry.fact.person
    assert people == {
        "bob@smith.example": bob,
        "office@smith.example": None,
        "x@y.example": None,
        None: None,
        "": None,
    }


def test_a_signal_keeps_what_the_event_said():
    ledger, clock = filled()
    (touch,) = ledger.record(SMITH, mail())
    at = clock() - timedelta(minutes=1)
    given = event(
        "bounced",
        at=at,
        token=touch.id,
        by=By.MACHINE,
        event_id="e-1",
        address="Bob@smith.example",
        word="bounce",
        permanent=True,
        reason="550 no such\0 user",
        said_at="1772438340",
        url="https://x.example",
        ip="192.0.2.1",
        user_agent="Agent",
        detector="probe:rule",
        detector_date="2026-01-01",
        original=b"{}",
    )
    (entry,) = take(ledger, given).recorded
    fact = entry.fact
    assert (entry.at, fact.what, fact.by, fact.permanent) == (
        at,
        SignalKind.BOUNCED,
        By.MACHINE,
        True,
    )
    assert (fact.auth, fact.system, fact.source) == (Auth.SIGNED_BODY, System.THIRD, "probe")
    assert (fact.detector, fact.detector_date) == ("probe:rule", "2026-01-01")
    assert (fact.word, fact.reason) == ("bounce", "550 no such\N{REPLACEMENT CHARACTER} user")
    assert (fact.address, fact.said_at, fact.event_id) == ("Bob@smith.example", "1772438340", "e-1")
    assert (fact.url, fact.ip, fact.user_agent) == ("https://x.example", "192.0.2.1", "Agent")
    assert fact.original.size_bytes == 2
    assert (fact.matched, fact.clock_ahead, fact.same_as, fact.conflicts) == (
        *("token", False),
        *(None, None),
    )
    assert ledger.check() == 9


def test_an_event_that_is_authenticated_by_itself_says_so(ledger):
    (touch,) = ledger.record(SMITH, mail())
    (entry,) = take(ledger, event(token=touch.id, auth=Auth.DKIM), auth=Auth.NONE).recorded
    assert entry.fact.auth is Auth.DKIM


def test_a_clock_that_runs_ahead_is_marked_and_ours_is_used():
    ledger, clock = filled()
    (touch,) = ledger.record(SMITH, mail())
    edge, beyond = (clock() + timedelta(minutes=5, microseconds=n) for n in (0, 1))
    one, two, three = take(
        ledger,
        event(token=touch.id, at=edge),
        event(token=touch.id, at=beyond),
        event("opened", token=touch.id),
    ).recorded
    assert [(e.at, e.fact.clock_ahead) for e in (one, two, three)] == [
        (edge, False),
        (clock(), True),
        (clock(), False),
    ]


@pytest.mark.parametrize("text", ["\n" * 90_000, "\x01" * 90_000, "é" * 90_000, '"\\' * 90_000])
def test_a_text_of_any_length_and_kind_fits(ledger, text):
    (touch,) = ledger.record(SMITH, mail())
    long = dict.fromkeys(("word", "reason", "said_at", "url", "ip", "user_agent"), text)
    take(ledger, event(token=touch.id, event_id=text, **long))
    message = Incoming("bob@smith.example", ("ann@acme.example",), text, text)
    ids = dict.fromkeys(("provider_id", "message_id", "call_id"), text)
    take(ledger, event("answered", message=message, channel=Channel.EMAIL, **ids))
    assert ledger.check() == 10


# --- messages and calls that came in ------------------------------------------------------------


def come(sender="bob@smith.example", to=("ann@acme.example",), **more):
    return Incoming(sender, to, "Re: sync", "Thanks, it works.", **more)


def test_a_message_from_a_known_address_is_a_touch_of_the_other_side(ledger):
    ann, bob = ledger.entries(SMITH)[3].id, ledger.entries(SMITH)[5].id
    given = event(
        "answered", message=come(), message_id="<b1@smith.example>", address="bob@smith.example"
    )
    (entry,) = take(ledger, given, auth=Auth.NONE).recorded
    fact = entry.fact
    assert (fact.sender, fact.to, fact.answers) == (bob, (ann,), ())
    assert (fact.channel, fact.purpose, fact.about) == (Channel.EMAIL, Purpose.QUESTION, "Re: sync")
    assert fact.message == Message(
        "<b1@smith.example>", None, None, "Re: sync", "Thanks, it works."
    )
    assert take(ledger, given).repeated == 1
    assert ledger.check() == 8


@pytest.mark.parametrize("name", ["in_reply_to", "references"])
def test_it_answers_the_touch_that_it_replies_to(ledger, name):
    (asked,) = ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    value = "<a1@acme.example>"
    more = {name: (value,) if name == "references" else value}
    given = event("answered", message=come(), message_id="<b1@smith.example>", **more)
    (entry,) = take(ledger, given).recorded
    assert (entry.fact.answers, entry.fact.purpose) == ((asked.id,), Purpose.NOTICE)


def test_a_reply_to_ones_own_side_answers_nothing(ledger):
    carla = Touch("carla", "ann", "email", message=Message("<c1@smith.example>"))
    ledger.record(SMITH, carla)
    given = event("answered", message=come(), message_id="<b1@x>", in_reply_to="<c1@smith.example>")
    (entry,) = take(ledger, given).recorded
    assert entry.fact.answers == ()
    party = Touch("smith", "ann", "email", message=Message("<s1@smith.example>"))
    ledger.record(SMITH, party)
    given = event("answered", message=come(), message_id="<b2@x>", in_reply_to="<s1@smith.example>")
    assert take(ledger, given).recorded[0].fact.answers == ()


def test_a_message_to_no_known_address_is_one_to_the_recorder(ledger):
    acme = ledger.entries(SMITH)[2].id
    (entry,) = take(ledger, event("answered", message=come(to=("x@y.example",)))).recorded
    assert entry.fact.to == (acme,)


def test_a_message_from_an_unknown_address_is_parked(ledger):
    ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    for sender in ("who@else.example", ""):
        receipt = take(
            ledger, event("answered", message=come(sender), in_reply_to="<a1@acme.example>")
        )
        assert [(p.state, p.rule) for p in receipt.parked] == [("unknown", "sender")]


def test_a_sender_of_two_accounts_is_ambiguous_unless_the_thread_says_which(ledger):
    (asked,) = ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    ledger.record("jones", Party("jones"), Person("b", "jones", email="bob@smith.example"))
    receipt = take(ledger, event("answered", message=come(), message_id="<b1@x>"))
    assert [(p.state, p.rule) for p in receipt.parked] == [("ambiguous", "sender")]
    given = event("answered", message=come(), message_id="<b2@x>", in_reply_to="<a1@acme.example>")
    (entry,) = take(ledger, given).recorded
    assert (entry.account, entry.fact.answers) == (asked.account, (asked.id,))


def test_an_automatic_reply_is_a_signal_about_the_touch_it_answers(ledger):
    (asked,) = ledger.record(SMITH, mail(message=Message("<a1@acme.example>")))
    message = come(automatic="auto-submitted")
    given = event("auto_replied", message=message, in_reply_to="<a1@acme.example>", by=By.MACHINE)
    (entry,) = take(ledger, given).recorded
    assert (entry.fact.touch, entry.fact.what, entry.fact.person) == (
        asked.id,
        SignalKind.AUTO_REPLIED,
        ledger.entries(SMITH)[5].id,
    )
    receipt = take(ledger, event("auto_replied", message=message))
    assert [(p.state, p.rule) for p in receipt.parked] == [("unknown", "")]


def call(what="answered", call_id="c-1", **more):
    more.setdefault("message", Incoming("+1 555 0100", ("+1 555 0111",), outgoing=True))
    return event(what, call_id=call_id, address="+15550111", channel=Channel.PHONE, **more)


def test_a_call_is_a_touch_and_a_signal_of_how_it_ended(ledger):
    ann, bob = ledger.entries(SMITH)[3].id, ledger.entries(SMITH)[5].id
    touch, signal = take(ledger, call("voicemail", by=By.MACHINE)).recorded
    assert (touch.fact.sender, touch.fact.to, touch.fact.channel) == (ann, (bob,), Channel.PHONE)
    assert (touch.fact.purpose, touch.fact.message.call_id) == (Purpose.NOTICE, "c-1")
    assert (signal.fact.touch, signal.fact.what) == (touch.id, SignalKind.VOICEMAIL)
    assert (signal.fact.person, signal.fact.matched) == (bob, "call_id")


def test_a_call_from_a_number_of_ours_that_nobody_has_is_the_recorders(ledger):
    acme, bob = ledger.entries(SMITH)[2].id, ledger.entries(SMITH)[5].id
    message = Incoming("+1 555 9999", ("+1 555 0111",), outgoing=True)
    touch, _ = take(ledger, call(message=message)).recorded
    assert (touch.fact.sender, touch.fact.to) == (acme, (bob,))
    nobody = Incoming("+1 555 9999", ("+1 555 8888",), outgoing=True)
    receipt = take(ledger, call(message=nobody, call_id="c-2"))
    assert [(p.state, p.rule) for p in receipt.parked] == [("unknown", "sender")]


def test_a_call_that_came_in_is_the_callers_and_its_signal_is_about_whoever_was_called(ledger):
    ann, bob = ledger.entries(SMITH)[3].id, ledger.entries(SMITH)[5].id
    touch, signal = take(ledger, call(message=Incoming("+15550111", ("+15550100",)))).recorded
    assert (touch.fact.sender, touch.fact.to, touch.fact.purpose) == (bob, (ann,), Purpose.QUESTION)
    assert signal.fact.person == ann


def test_a_call_that_is_reported_again_or_goes_on_is_the_same_call(ledger):
    busy, done = call("busy", word="busy"), call(word="completed")
    first = take(ledger, busy, busy, done)
    assert [e.kind for e in first.recorded] == ["touch", "signal", "signal"]
    assert first.repeated == 1
    assert {e.fact.touch for e in first.recorded[1:]} == {first.recorded[0].id}
    again = take(ledger, done, busy)
    assert (again.recorded, again.repeated) == ((), 2)
    (more,) = take(ledger, call("unknown", word="canceled")).recorded
    assert more.fact.touch == first.recorded[0].id
    assert ledger.check() == 11


def test_a_call_without_an_id_is_told_by_who_when_and_how(ledger):
    touch, signal = take(ledger, call(call_id=None, said_at="10:00")).recorded
    assert (signal.fact.touch, touch.fact.message.call_id) == (touch.id, None)
    assert take(ledger, call(call_id=None, said_at="10:00")).repeated == 1
    assert len(take(ledger, call(call_id=None, said_at="10:05")).recorded) == 2
