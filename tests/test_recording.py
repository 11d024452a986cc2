"""Recording one fact after another: keys, repeats, versions, conflicts, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from contactledger.errors import BadFact, BadInput, Conflict, LedgerError, NotFound, TooLarge
from contactledger.facts import (
    Alias,
    Blob,
    Coverage,
    Handoff,
    Mark,
    Matter,
    Message,
    Milestone,
    Money,
    Party,
    Person,
    PolicyAdopted,
    Preference,
    Promise,
    Redaction,
    Retraction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.vocabulary import Channel, Expects, Role
from tests.ledgers import SMITH, audit, filled, in_memory, mail, two_sides

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
UNFIT = "holds U+0000, a lone surrogate or a bidirectional override, which may not be recorded"


@pytest.fixture
def ledger():
    return filled()[0]


def why(ledger, *facts, error=BadFact, account=SMITH):
    """The text of the error of recording these; whatever is on record stays and holds."""
    before = ledger.entries(SMITH)
    with pytest.raises(LedgerError) as caught:
        ledger.record(account, *facts)
    assert type(caught.value) is error
    assert ledger.entries(SMITH) == before
    assert ledger.check() == len(before)
    return str(caught.value)


# --- what comes back ---------------------------------------------------------------------------


def test_what_is_returned_is_what_is_read(ledger):
    everything = (
        Preference("bob", preferred="phone", source="told Ann", told=AT),
        Matter("m-1", title="Sync", stake=Money(189_500, "USD"), topics="sync"),
        Milestone("rel-42", "release", "Release 42"),
        Touch(
            "ann",
            ["bob", "carla"],
            "email",
            key="t-1",
            about="News",
            matter="m-1",
            milestone="rel-42",
            message=Message("<a@b>", subject="News"),
            addresses={"bob": "bob@smith.example", "carla": "c@smith.example"},
            original=b"raw",
        ),
        Signal("t-1", "opened", "bob", ip="192.0.2.1", original=b"slice", at=AT),
        Touch("bob", "ann", "email", answers="t-1", key="t-2"),
        Touch("ann", "bob", "phone", reminds="t-1", planned=True, at=AT + timedelta(days=9)),
        Mark(3, "disputed", text="Not so"),
        Promise("p-1", "acme", "smith", AT, "a fix", "it works", matter="m-1"),
        Settlement("p-1", "kept", text="done"),
        Handoff("m-1", "acme", "smith", key="h-1", reason="yours"),
        Handoff("m-1", "smith", "acme", "refused", "h-1"),
        Coverage("mailbox", "email", since=AT),
        Retraction(9, "a slip"),
        PolicyAdopted("rules = 1\n"),
        Person("rob", "smith", email=["r@x", "s@x"]),
        Alias("rob", "bob"),
    )
    entries = ledger.record(SMITH, *everything)
    assert ledger.entries(SMITH)[-len(entries) :] == entries
    assert ledger.check() == audit(ledger, SMITH) == 7 + len(everything)


def test_entries_are_numbered_and_dated_by_the_ledger(ledger):
    first, second = ledger.record(SMITH, mail(at=AT), mail())
    assert (first.no, second.no) == (7, 8)
    assert (first.at, second.at) == (AT, first.recorded_at)
    assert first.recorder == second.recorder == ledger.entries(SMITH)[2].id


def test_a_clock_that_goes_back_does_not_take_the_log_along():
    ledger, clock = filled()
    then = clock()
    clock.forward(hours=-5)
    (entry,) = ledger.record(SMITH, mail())
    assert (entry.recorded_at, entry.at) == (then, then)
    assert ledger.check() == 8


def test_who_sends_or_speaks_is_the_recorder_unless_it_is_said(ledger):
    acme = ledger.entries(SMITH)[2].id
    made = ledger.record(
        SMITH,
        mail("t"),
        Matter("m"),
        Mark(2),
        Promise("p", "acme", "smith"),
        Settlement("p"),
        Handoff("m", taker="smith"),
        PolicyAdopted("rules = 1\n"),
    )
    names = ("sender", "party", "party", None, "party", "giver", "party")
    assert [n and getattr(e.fact, n) for n, e in zip(names, made, strict=True)] == [
        *(acme, acme, acme, None, acme, acme, acme)
    ]


def test_the_recorder_is_known_by_its_key_before_it_is_a_party_of_the_account():
    ledger, _ = in_memory()
    touch, party = ledger.record("new", Touch("acme", "acme", "chat"), Party("acme", "ACME"))
    assert touch.fact.sender == party.id == party.recorder == touch.recorder


# --- references -------------------------------------------------------------------------------


def test_a_key_an_id_and_an_entry_all_name_a_thing(ledger):
    bob = ledger.entries(SMITH)[5]
    asked = [ledger.record(SMITH, mail(to=who))[0].fact.to for who in ("bob", bob.id, bob, [bob])]
    assert asked == [(bob.id,)] * 4


def test_a_thing_of_the_same_batch_can_be_named(ledger):
    touch, signal, mark = ledger.record(
        SMITH, mail("t", at=AT), Signal("t", "opened", at=AT), Mark("t")
    )
    assert (signal.fact.touch, mark.fact.entry) == (touch.id, touch.no)


def test_a_number_a_key_an_id_and_an_entry_all_name_an_entry(ledger):
    (touch,) = ledger.record(SMITH, mail("t"))
    for name in (touch.no, "t", touch.id, touch):
        assert ledger.record(SMITH, Mark(name))[0].fact.entry == touch.no
    (signal,) = ledger.record(SMITH, Signal("t", "opened"))
    assert ledger.record(SMITH, Retraction(signal))[0].fact.entry == signal.no


def test_an_id_names_only_what_it_is_the_id_of(ledger):
    (touch,) = ledger.record(SMITH, mail("t"))
    text = "fact 1, Signal.touch: no touch of this key in the account"
    (signal,) = ledger.record(SMITH, Signal(touch, "opened"))
    bob = ledger.entries(SMITH)[5]
    for other in ("nobody", "bob", bob, bob.id, signal, signal.id, "a" * 26):
        assert why(ledger, Signal(other, "opened"), error=NotFound) == text


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (mail(to="nobody"), "Touch.to[0]: no person or party of this key in the account"),
        (mail(to=["bob", "no"]), "Touch.to[1]: no person or party of this key in the account"),
        (Touch("no", "bob"), "Touch.sender: no person or party of this key in the account"),
        (mail(answers="no"), "Touch.answers[0]: no touch of this key in the account"),
        (mail(matter="no"), "Touch.matter: no matter of this key in the account"),
        (mail(milestone="no"), "Touch.milestone: no milestone of this key in the account"),
        (Person("x", "no"), "Person.party: no party of this key in the account"),
        (Person("x", "bob"), "Person.party: no party of this key in the account"),
        (Preference("no"), "Preference.subject: no person or party of this key in the account"),
        (Settlement("no"), "Settlement.promise: no promise of this key in the account"),
        (Redaction(person="smith"), "Redaction.person: no person of this key in the account"),
        (Mark("no"), "Mark.entry: nothing of this key in the account"),
        (Mark(99), "Mark.entry: no entry of this number in the account"),
        (Mark(-1), "Mark.entry: no entry of this number in the account"),
        (Mark(True), "Mark.entry: no entry of this number in the account"),
        (
            mail(addresses={"no": "a@b"}),
            "Touch.addresses: no person or party of this key in the account",
        ),
        (Alias("no", "bob"), "Alias.old: no person or party or matter of this key in the account"),
    ],
)
def test_what_is_not_there_is_named_by_field_and_place(ledger, fact, text):
    assert why(ledger, mail(), fact, error=NotFound) == f"fact 2, {text}"


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (mail(to=7), "Touch.to[0]: must be a key, an id or an Entry"),
        (mail(addresses={7: "a@b"}), "Touch.addresses: must be a key, an id or an Entry"),
        (mail(addresses=["bob"]), "Touch.addresses: must be a mapping of person to address"),
        (mail(addresses={"bob": 7}), "Touch.addresses: must be text"),
        (Touch(to=(), channel="email"), "Touch.to: names nobody"),
        (Touch(to=None, channel="email"), "Touch.to[0]: must be a key, an id or an Entry"),
        (Party(7), "Party.key: must be text"),
        (Party("k", 7), "Party.name: must be text"),
        (Person("k", "smith", email=7), "Person.email: must be text, or several of them"),
        (Person("k", "smith", email=(7,)), "Person.email: must be text"),
        (Person("k", "smith", level="high"), "Person.level: must be an integer of at most 2^53-1"),
        (Person("k", "smith", level=2**53), "Person.level: must be an integer of at most 2^53-1"),
        (mail(tracked=1), "Touch.tracked: must be true or false"),
        (mail(message="hello"), "Touch.message: must be a Message"),
        (mail(message=Message(text=7)), "Touch.message.text: must be text"),
        (mail(original="text"), "Touch.original: must be bytes"),
        (mail(original=Blob("0" * 64, 1)), "Touch.original: must be bytes"),
        (Matter("m", stake=7), "Matter.stake: must be Money(minor, currency)"),
        (Matter("m", stake=Money(0.5, "USD")), "Matter.stake: must be an integer of at most 2^53-1"),
        (Party(), "Party.key: must be given"),
        (Person("k"), "Person.party: must be given"),
        (Preference(), "Preference.subject: must be given"),
        (Signal(), "Signal.touch: must be given"),
        (Mark(), "Mark.entry: must be given"),
        (Matter(), "Matter.key: must be given"),
        (Promise("p", "acme"), "Promise.promisee: must be given"),
        (Settlement(), "Settlement.promise: must be given"),
        (Handoff(taker="smith"), "Handoff.matter: must be given"),
        (Milestone(), "Milestone.key: must be given"),
        (Retraction(), "Retraction.entry: must be given"),
        (Alias(), "Alias.old: must be given"),
        (Alias("bob"), "Alias.new: must be given"),
        (Party("bob"), "Party.key: is the key of a person in this account"),
        (Person("smith", "smith"), "Person.key: is the key of a party in this account"),
        (mail(about="a\0b"), f"Touch.about: {UNFIT}"),
        (mail(about="\ud800"), f"Touch.about: {UNFIT}"),
        (mail("k\u202e"), f"Touch.key: {UNFIT}"),
        (mail(message=Message(text="a\u2066b")), f"Touch.message.text: {UNFIT}"),
        (mail(addresses={"bob": "\ud800"}), f"Touch.addresses: {UNFIT}"),
        (mail(about="x" * 40_001), "Touch.about: is longer than 40000 characters"),
        ("a text", "str: is not a fact"),
        (Touch, "type: is not a fact"),
        (None, "NoneType: is not a fact"),
    ],
)  # fmt: skip
def test_what_cannot_be_recorded_is_named_by_field_and_place(ledger, fact, text):
    assert why(ledger, mail(), fact) == f"fact 2, {text}"


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../etc/passwd", "localtime", "Europe", "\0", "\ud800", 7, b"UTC"]
)
def test_a_zone_is_one_of_the_iana_database(ledger, zone):
    text = "zone: must be the IANA name of a time zone"
    assert why(ledger, Party("p", zone=zone)) == f"fact 1, Party.{text}"
    assert why(ledger, Person("p", "smith", zone=zone)) == f"fact 1, Person.{text}"
    assert why(ledger, Preference("bob", zone=zone)) == f"fact 1, Preference.{text}"


def test_the_name_of_an_account_is_text_of_1_to_200_characters(ledger):
    text = (
        "account: an account's name is text of 1 to 200 characters, without "
        "U+0000, lone surrogates and bidirectional overrides"
    )
    for name in ("", "x" * 201, "a\0", "\ud800", "a\u202eb", None, 7, ("a",)):
        assert why(ledger, mail(), account=name) == text
    ledger.record("x" * 200, Party("p"))
    assert ledger.accounts() == (SMITH, "x" * 200)


def test_a_zone_that_is_one_is_taken(ledger):
    (party,) = ledger.record(SMITH, Party("p", zone="America/New_York"))
    assert party.fact.zone == "America/New_York"


def test_an_entry_over_65535_bytes_is_refused_and_its_neighbours_are_not_kept(ledger):
    over = mail(topics=[f"{i:0>60}" for i in range(1_100)])
    assert why(ledger, mail(), over, mail(), error=TooLarge) == (
        "fact 2, Touch: the record would be over 65535 bytes"
    )
    text = "é" * 33_000
    assert why(ledger, mail(about=text), error=TooLarge) == (
        "fact 1, Touch.about: the record would be over 65535 bytes"
    )


@pytest.mark.parametrize(
    "second",
    [mail(to="nobody"), mail("over", about="other"), mail("over"), Party("smith", role="partner")],
    ids=["not found", "conflict", "repeat", "new version"],
)
def test_of_several_facts_the_first_that_cannot_be_recorded_is_named(ledger, second):
    ledger.record(SMITH, mail("there"))
    over = mail("over", topics=[f"{i:0>60}" for i in range(1_100)])
    last = mail("there", about="other")
    assert why(ledger, over, second, last, error=TooLarge) == (
        "fact 1, Touch: the record would be over 65535 bytes"
    )


def test_of_a_large_batch_each_fact_is_there_once_in_its_place(ledger):
    facts = [mail(f"m-{i % 150}", about=f"part {i % 150}") for i in range(200)]
    entries = ledger.record(SMITH, *facts)
    first = entries[0].no
    assert [e.no for e in entries] == [first + i % 150 for i in range(200)]
    assert [e.fact.about for e in entries] == [fact.about for fact in facts]
    assert ledger.entries(SMITH)[first:] == entries[:150]
    wrong = [mail(f"n-{i}") for i in range(100)]
    assert why(ledger, *wrong, mail(to="nobody"), error=NotFound) == (
        "fact 101, Touch.to[0]: no person or party of this key in the account"
    )


def test_an_original_may_be_as_large_as_it_is(ledger):
    (entry,) = ledger.record(SMITH, mail(original=b"x" * 300_000))
    assert entry.fact.original.size_bytes == 300_000
    assert ledger.check() == 8


def test_an_original_that_is_there_may_be_named(ledger):
    (first,) = ledger.record(SMITH, mail(original=b"raw"))
    (second,) = ledger.record(SMITH, mail(original=first.fact.original))
    assert second.fact.original == first.fact.original
    assert ledger.check() == 9


# --- times ------------------------------------------------------------------------------------


def test_a_time_more_than_five_minutes_ahead_is_refused_unless_it_is_planned():
    ledger, clock = filled()
    edge = clock() + timedelta(minutes=5)
    ledger.record(SMITH, mail(at=edge))
    beyond = edge + timedelta(microseconds=1)
    text = "at: lies more than 5 minutes ahead"
    assert why(ledger, mail(at=beyond)) == f"fact 1, Touch.{text}"
    assert why(ledger, Signal(7, "opened", at=beyond), error=BadFact).startswith("fact 1, Signal.")
    (planned,) = ledger.record(SMITH, mail(at=beyond, planned=True))
    assert planned.at == beyond


def test_what_happened_long_ago_can_be_recorded_today():
    ledger, clock = filled()
    (entry,) = ledger.record(SMITH, mail(at=datetime(2010, 4, 1, tzinfo=UTC)))
    assert (entry.at.year, entry.recorded_at) == (2010, clock())


# --- repeats, versions, conflicts ---------------------------------------------------------------


def test_the_same_key_with_the_same_content_is_the_entry_that_is_there():
    ledger, clock = filled()
    touch = mail("t", topics="sync", about="News", original=b"raw", message=Message("<a@b>"))
    (first,) = ledger.record(SMITH, touch)
    clock.forward(days=1)
    assert ledger.record(SMITH, touch, touch) == (first, first)
    assert ledger.entries(SMITH)[5:6] == ledger.record(SMITH, two_sides()[3])
    assert audit(ledger, SMITH) == 8


def test_the_same_key_twice_in_a_batch_is_one_entry(ledger):
    first, second = ledger.record(SMITH, mail("t", original=b"x"), mail("t", original=b"x"))
    assert first == second
    assert audit(ledger, SMITH) == 8


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"about": "Other"}, "about"),
        ({"topics": ("a",)}, "topics"),
        ({"to": ("carla",)}, "to"),
        ({"channel": Channel.SMS}, "channel"),
        ({"expects": Expects.REPLY}, "expects"),
        ({"original": b"other"}, "original"),
        ({"original": None}, "original"),
        ({"message": None}, "message"),
        ({"at": AT + timedelta(seconds=1)}, "at"),
    ],
)
def test_the_same_key_with_other_content_is_a_conflict_that_names_field_and_entry(
    ledger, change, field
):
    touch = mail("t", about="News", original=b"raw", message=Message("<a@b>"), at=AT)
    ledger.record(SMITH, touch)
    assert why(ledger, attrs.evolve(touch, **change), error=Conflict) == (
        f"Touch.{field}: entry 7 has the same id with other content"
    )


def test_an_original_that_comes_later_is_other_content(ledger):
    ledger.record(SMITH, mail("t"))
    assert why(ledger, mail("t", original=b"raw"), error=Conflict) == (
        "Touch.original: entry 7 has the same id with other content"
    )


def test_promises_and_handoffs_conflict_as_touches_do(ledger):
    ledger.record(
        SMITH, Matter("m"), Promise("p", "acme", "smith"), Handoff("m", taker="smith", key="h")
    )
    assert why(ledger, Promise("p", "smith", "acme"), error=Conflict).startswith(
        "Promise.promiser:"
    )
    assert why(ledger, Handoff("m", taker="acme", key="h"), error=Conflict).startswith(
        "Handoff.taker:"
    )


def test_a_time_that_is_not_said_again_makes_no_conflict():
    ledger, clock = filled()
    (first,) = ledger.record(SMITH, mail("t", at=AT))
    clock.forward(hours=1)
    assert ledger.record(SMITH, mail("t")) == (first,)


def test_people_parties_preferences_matters_and_milestones_have_versions(ledger):
    versions = [
        (Party("smith", "Smith Motors", Role.CUSTOMER), Party("smith", "Smith Group")),
        (Person("bob", "smith", "Bob Ray"), Person("bob", "smith", "Robert Ray")),
        (Preference("bob", preferred="phone"), Preference("bob", preferred="email")),
        (Matter("m"), Matter("m", "closed")),
        (Milestone("r", "release"), Milestone("r", "release", "Release 42")),
    ]
    for old, new in versions:
        (first,), (second,) = ledger.record(SMITH, old), ledger.record(SMITH, new)
        same = isinstance(old, Preference) or first.id == second.id
        assert same
        assert first.no < second.no
        assert ledger.record(SMITH, new) == (second,)
        (third,) = ledger.record(SMITH, old)
        assert third.no > second.no
    assert ledger.check() == audit(ledger, SMITH)


def test_two_names_are_made_one_once(ledger):
    ledger.record(SMITH, Person("rob", "smith", "Rob"))
    (first,) = ledger.record(SMITH, Alias("rob", "bob"))
    assert ledger.record(SMITH, Alias("rob", "bob")) == (first,)
    assert audit(ledger, SMITH) == 9
    (touch,) = ledger.record(SMITH, mail(to="rob"))
    assert touch.fact.to == (ledger.entries(SMITH)[5].id,)


def test_a_key_leads_to_the_newest_version(ledger):
    (newer,) = ledger.record(SMITH, Person("bob", "smith", "Robert"))
    assert ledger.record(SMITH, Mark("bob"))[0].fact.entry == newer.no


def test_addresses_are_the_same_however_they_are_listed(ledger):
    (first,) = ledger.record(SMITH, Person("dan", "smith", email="d@x", phone=["1", "2"]))
    assert (first.fact.email, first.fact.phone) == (("d@x",), ("1", "2"))
    for again in (Person("dan", "smith", email=["d@x"], phone=("1", "2")), first.fact):
        assert ledger.record(SMITH, again) == (first,)
    (none,) = ledger.record(SMITH, Person("dan", "smith", email=(), phone=None))
    assert (none.no, none.fact.email, none.fact.phone) == (first.no + 1, None, None)


def test_without_a_key_the_same_content_at_the_same_time_is_the_same(ledger):
    signal = Signal("t", "opened", at=AT, ip="192.0.2.1")
    touch = mail(at=AT, original=b"raw")
    _, first, second, again, third = ledger.record(SMITH, mail("t"), signal, touch, touch, signal)
    assert (again, third) == (second, first)
    assert ledger.record(SMITH, touch, signal) == (second, first)
    others = (
        attrs.evolve(signal, ip="192.0.2.2"),
        attrs.evolve(signal, person="bob"),
        attrs.evolve(signal, auth="dkim"),
        attrs.evolve(signal, at=AT + timedelta(seconds=1)),
        attrs.evolve(touch, original=b"other"),
    )
    assert [e.no for e in ledger.record(SMITH, *others)] == list(range(10, 15))


def test_without_key_and_time_each_is_an_act_of_its_own(ledger):
    first, second = ledger.record(SMITH, mail(), mail())
    assert (first.no, second.no) == (7, 8)
    assert first.id != second.id


def test_what_was_erased_cannot_be_compared_and_is_passed_over(ledger):
    (first,) = ledger.record(SMITH, mail("t", about="Secret", topics="a"))
    ledger.redact(SMITH, entry=first, fields=["about"])
    (again,) = ledger.record(SMITH, mail("t", about="Other", topics="a"))
    assert again.no == first.no
    assert why(ledger, mail("t", topics="b"), error=Conflict).startswith("Touch.topics: entry 7")


# --- errors show nothing -------------------------------------------------------------------------


def test_the_place_of_an_error_counts_the_facts_that_were_given():
    ledger, _ = in_memory()
    for facts, place in [
        ([mail(to="x")], "fact 1"),
        ([Party("p"), mail(to="x")], "fact 2"),
        ([PolicyAdopted("rules = 1\n"), mail(to="x")], "fact 2"),
        ([PolicyAdopted("rules = one\n")], "fact 1"),
        ([Party("p"), "text"], "fact 2"),
    ]:
        with pytest.raises((BadInput, NotFound)) as caught:
            ledger.record("new", *facts)
        assert caught.value.place.split(", ")[0] == place
    assert ledger.accounts() == ()
    assert ledger.check() == 0
