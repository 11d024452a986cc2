"""Facts as objects and words: what is stated is what is read back."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest

from contactledger import Ledger, MemoryStore, Message, Money, Party, Person, Touch
from contactledger.errors import BadFact
from contactledger.facts import Blob, Signal
from contactledger.log.canon import dump
from contactledger.log.record import decode
from contactledger.stating import KINDS, fact_of, fact_of_words, statement
from tests.test_vectors import LINES

AT = datetime(2026, 3, 2, 15, tzinfo=UTC)


def test_an_object_states_a_fact():
    assert fact_of(
        {
            "kind": "touch",
            "at": "2026-03-02T16:00+01:00",
            "fact": {
                "to": ["bob"],
                "channel": "phone",
                "topics": "labels",
                "tracked": True,
                "about": None,
                "message": {"subject": "Labels"},
                "addresses": {"bob": "+1 555 0111"},
            },
        }
    ) == Touch(
        to="bob",
        channel="phone",
        topics="labels",
        tracked=True,
        message=Message(subject="Labels"),
        addresses={"bob": "+1 555 0111"},
        at=AT,
    )
    assert fact_of(
        {"kind": "matter", "fact": {"stake": {"minor": 189500, "currency": "USD"}}}
    ).stake == Money(189500, "USD")
    assert fact_of({"kind": "mark", "fact": {"entry": 5}}).entry == 5


def test_words_state_the_same():
    assert fact_of_words(
        "touch",
        [
            "to=bob",
            "to=carla",
            "channel=phone",
            "tracked=true",
            "message.subject=A = b",
            "addresses.bob=+1 555 0111",
            "at=2026-03-02T15:00Z",
        ],
    ) == Touch(
        to=("bob", "carla"),
        channel="phone",
        tracked=True,
        message=Message(subject="A = b"),
        addresses={"bob": "+1 555 0111"},
        at=AT,
    )
    assert fact_of_words("matter", ["stake=189500 USD"]).stake == Money(189500, "USD")
    assert fact_of_words("person", ["level=-2"]).level == -2
    assert fact_of_words("preference", ["subject=bob", "consent=false"]).consent is False


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "statement: must be an object with a kind and a fact"),
        (
            {"kind": "touch", "to": "bob"},
            "statement: has a part that is none; there are: kind, fact, at",
        ),
        ({"kind": ["touch"]}, f"kind: must be one of: {', '.join(KINDS)}"),
        ({"kind": "touch", "fact": []}, "fact: must be an object"),
        ({}, f"kind: must be one of: {', '.join(KINDS)}"),
        ({"kind": "opened"}, f"kind: must be one of: {', '.join(KINDS)}"),
        (
            {"kind": "milestone", "fact": {"bob@x.example": 1}},
            "Milestone: has a field that is none; there are: key, kind, name, topics, ends, at",
        ),
        ({"kind": "touch", "fact": {"channel": 5}}, "Touch.channel: must be text"),
        ({"kind": "touch", "fact": {"to": 5}}, "Touch.to: must be a list"),
        ({"kind": "touch", "fact": {"to": [5]}}, "Touch.to: must be text"),
        ({"kind": "touch", "fact": {"tracked": 1}}, "Touch.tracked: must be true or false"),
        ({"kind": "mark", "fact": {"entry": True}}, "Mark.entry: must be a whole number"),
        ({"kind": "touch", "fact": {"message": "x"}}, "Touch.message: must be an object"),
        (
            {"kind": "touch", "fact": {"message": {"body": "x"}}},
            (
                "Touch.message: has a part that is none; there are: "
                "message_id, provider_id, call_id, subject, text"
            ),
        ),
        ({"kind": "touch", "fact": {"original": "x"}},
         "Touch.original: cannot be stated; receive or import the message itself"),
        ({"kind": "matter", "fact": {"stake": {"minor": 5}}}, "Matter.stake: needs minor and currency"),
        ({"kind": "matter", "fact": {"stake": {"minor": 5.5, "currency": "USD"}}},
         "Matter.stake.minor: must be a whole number"),
        ({"kind": "matter", "fact": {"stake": {"minor": 5, "currency": "dollars"}}},
         "Money.currency: an ISO 4217 code of three capital letters"),
        ({"kind": "touch", "at": "soon", "fact": {}},
         "Touch.at: has no time zone; write Z or an offset behind it"),
    ],
)  # fmt: skip
def test_what_is_of_the_wrong_shape_is_refused_by_field_and_never_by_value(given, says):
    with pytest.raises(BadFact) as refused:
        fact_of(given)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["to"], "words must read FIELD=TEXT, with one of: key, kind, name, topics, ends, at"),
        (["to=bob"], "words must read FIELD=TEXT, with one of: key, kind, name, topics, ends, at"),
        (["name.x=5"], "words must read FIELD=TEXT"),
    ],
)
def test_words_that_say_nothing_are_refused(words, says):
    with pytest.raises(BadFact, match=says):
        fact_of_words("milestone", words)


def test_a_message_is_said_part_by_part():
    with pytest.raises(BadFact, match=r"one of: .*, message\.…, addresses\.…, "):
        fact_of_words("touch", ["message=hello"])


@pytest.mark.parametrize(
    ("kind", "word", "says"),
    [
        ("touch", "tracked=yes", "Touch.tracked: must be true or false"),
        ("mark", "entry=five", "Mark.entry: must be a whole number"),
        ("mark", "entry=٥", "Mark.entry: must be a whole number"),
        ("matter", "stake=USD 5", "Matter.stake: must be a whole number"),
    ],
)
def test_a_word_that_is_no_number_or_no_yes_is_refused(kind, word, says):
    with pytest.raises(BadFact) as refused:
        fact_of_words(kind, [word])
    assert str(refused.value) == says


def test_what_is_one_may_be_said_once():
    with pytest.raises(BadFact, match=r"Touch\.about: may be said once"):
        fact_of_words("touch", ["about=a", "about=b"])


def test_every_kind_of_entry_is_an_object_that_states_the_same_fact():
    seen = set()
    for line in LINES:
        entry = decode(line["record"].encode(), line["disclosures"])
        said = statement(entry)
        dump(said)  # which refuses what is not plain JSON
        seen.add(entry.kind)
        if entry.kind in KINDS:
            said["fact"].pop("original", None)
            bare = {"original": None} if hasattr(entry.fact, "original") else {}
            again = fact_of({name: said[name] for name in ("kind", "fact", "at")})
            assert again == attrs.evolve(entry.fact, at=entry.at, **bare)
    assert seen >= set(KINDS)


def test_what_is_erased_is_named():
    with Ledger.open(MemoryStore(), recorder="acme") as ledger:
        ledger.record(
            "a", Party("acme"), Party("smith"), Person("bob", "smith", "Bob Ray", title="Owner")
        )
        ledger.redact("a", person="bob")
        said = statement(ledger.entries("a")[4])
    assert (said["gone"], said["fact"].keys()) == (["key", "name", "title"], {"party"})


def test_an_original_is_named_by_its_hash():
    with Ledger.open(MemoryStore(), recorder="acme") as ledger:
        _, _, touch, _ = ledger.record(
            "a",
            Party("acme"),
            Party("smith"),
            Touch(to="smith", key="t"),
            Signal("t", "delivered", original=b"raw"),
        )
        last = ledger.entries("a")[-1]
    assert isinstance(last.fact.original, Blob)
    assert statement(last)["fact"] == {
        "touch": touch.id,
        "what": "delivered",
        "original": {"sha256": last.fact.original.sha256, "size_bytes": 3},
    }
