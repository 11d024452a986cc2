"""Entries as bytes: what is refused, what is erased, what comes back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import attrs
import pytest

from contactledger import facts as f
from contactledger.errors import BadFact, BadRecord, TooLarge
from contactledger.log.canon import canonical
from contactledger.log.fields import MAX_TEXT_CHARS
from contactledger.log.record import (
    bodies_of,
    decode,
    disclosed,
    encode,
    from_base64url,
    strip,
    to_base64url,
)
from tests.vectors.make import ACCOUNT, ACME, BOB, TOUCH, salts

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)


def made(fact, no=5, owner=""):
    return encode(
        fact,
        account=ACCOUNT,
        no=no,
        id=TOUCH,
        at=T0,
        recorded_at=T0,
        recorder=ACME,
        owner=owner,
        salt=salts(),
    )


TOUCHED = f.Touch(
    ACME, (BOB,), "email", key="rel-42", about="Hello", addresses={BOB: "b@x.example"}, at=T0
)


def test_an_entry_without_a_disclosure_reads_as_gone():
    encoded = made(TOUCHED)
    kept = [d.body for d in encoded.disclosures if d.field != "about"]
    entry = decode(encoded.record, kept)
    assert entry.fact == attrs.evolve(TOUCHED, about=None)
    assert entry.gone == {("about", "")}


def test_addresses_are_disclosed_person_by_person():
    fact = attrs.evolve(TOUCHED, addresses={BOB: "b@x.example", ACME: "a@x.example"})
    encoded = made(fact)
    kept = [d.body for d in encoded.disclosures if d.person != BOB]
    entry = decode(encoded.record, kept)
    assert entry.fact.addresses == {ACME: "a@x.example"}
    assert entry.gone == {("addresses", BOB)}


@pytest.mark.parametrize(
    ("topics", "why"), [(["Not A Slug"], "slug"), ([["x"]], "not a value"), (5, "not a value")]
)
def test_slugs_are_looked_at_when_they_are_read_however_often(topics, why):
    record = changed(fact={"topics": topics})
    for _ in range(2):
        with pytest.raises(BadRecord, match=why):
            decode(record)


def test_stripping_takes_every_personal_part_and_nothing_else():
    encoded = made(TOUCHED)
    entry = decode(encoded.record, [d.body for d in encoded.disclosures])
    assert strip(entry) == decode(encoded.record)


def test_nothing_personal_stands_in_the_record():
    encoded = made(attrs.evolve(TOUCHED, message=f.Message("<m@x.example>", text="Hi Bob")))
    for word in (b"rel-42", b"Hello", b"b@x.example", b"m@x.example", b"Hi Bob"):
        assert word not in encoded.record


def test_a_field_equal_to_its_default_is_not_in_the_bytes_whichever_object_it_is():
    profile = b"contactledger/v1".decode()  # equal, and not the same object
    assert b"profile" not in made(f.Opened("Smith", profile=profile)).record


def test_the_same_value_twice_has_two_digests():
    first, second = made(TOUCHED), made(TOUCHED, owner=BOB)
    assert {d.digest for d in first.disclosures}.isdisjoint(
        d.digest for d in encode_again().disclosures
    )
    assert [d.person for d in second.disclosures if d.field == "about"] == [BOB]


def encode_again():
    salt = salts()
    for _ in range(10):
        salt()
    return encode(
        TOUCHED,
        account=ACCOUNT,
        no=5,
        id=TOUCH,
        at=T0,
        recorded_at=T0,
        recorder=ACME,
        owner="",
        salt=salt,
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"about": "a\x00b"}, "Touch.about"),
        ({"about": "a\ud800"}, "Touch.about"),
        ({"about": "abc\u202egpj.exe"}, "Touch.about"),
        ({"about": "\u2066hidden\u2069"}, "Touch.about"),
        ({"about": 5}, "Touch.about"),
        ({"about": "x" * (MAX_TEXT_CHARS + 1)}, "Touch.about"),
        ({"key": b"rel"}, "Touch.key"),
        ({"tracked": 1}, "Touch.tracked"),
        ({"message": "text"}, "Touch.message"),
        ({"message": f.Message(subject=4)}, "Touch.message.subject"),
        ({"original": "text"}, "Touch.original"),
        ({"addresses": {BOB: 7}}, "Touch.addresses"),
    ],
)
def test_a_field_that_cannot_be_recorded_is_named(change, field):
    with pytest.raises(BadFact) as caught:
        made(attrs.evolve(TOUCHED, **change))
    assert caught.value.field == field
    assert "rel-42" not in str(caught.value)


def test_other_kinds_name_their_fields_too():
    with pytest.raises(BadFact, match=r"Matter\.stake"):
        made(f.Matter("m", stake=5))
    with pytest.raises(BadFact, match=r"Matter\.stake"):
        made(f.Matter("m", stake=f.Money(2**60, "USD")))
    with pytest.raises(BadFact, match=r"Person\.level"):
        made(f.Person("m", ACME, level=1.5))
    with pytest.raises(BadFact, match=r"Money\.currency"):
        f.Money(5, "usd")


def test_hebrew_and_arabic_marks_are_text_like_any_other():
    text = "שלום \u200fעולם \u061cمرحبا"
    encoded = made(attrs.evolve(TOUCHED, about=text))
    assert decode(encoded.record, [d.body for d in encoded.disclosures]).fact.about == text


def test_a_record_over_65535_bytes_names_its_kind():
    with pytest.raises(TooLarge, match="Touch"):
        made(f.Touch(ACME, tuple([BOB] * 3000), "email"))


def test_a_disclosure_over_65535_bytes_names_its_field():
    with pytest.raises(TooLarge, match=r"Touch\.about"):
        made(attrs.evolve(TOUCHED, about="🚗" * 20_000))


def changed(**parts):
    document = json.loads(made(TOUCHED).record)
    for name, value in parts.items():
        if value is KeyError:
            del document[name]
        else:
            document[name] = value
    return canonical(document)


DIGEST = "A" * 43


@pytest.mark.parametrize(
    "parts",
    [
        {"typ": "contactledger/head/v1"},
        {"typ": KeyError},
        {"no": "5"},
        {"no": True},
        {"extra": 1},
        {"account": "ABC"},
        {"id": "a" * 27},
        {"recorder": ""},
        {"kind": "tough"},
        {"at": "yesterday"},
        {"recorded_at": "2026-01-05T09:00:00Z"},
        {"fact": {"unheard_of": 1}},
        {"fact": {"about": "in the clear"}},
        {"fact": {"channel": "fax"}},
        {"fact": {"topics": "Not A Slug"}},
        {"fact": {"starts": 5}},
        {"sd": [5]},
        {"sd": [["about", "", 5]]},
        {"sd": [["key", "", DIGEST], ["about", "", DIGEST]]},
        {"sd": [["channel", "", DIGEST]]},
    ],
)
def test_bytes_that_are_not_an_entry_are_refused(parts):
    with pytest.raises(BadRecord):
        decode(changed(**parts))


@pytest.mark.parametrize(
    "inside", [b'"level":1.5', b'"Level":1', b'"x":"\\u0000"', b'"x":' + b"[" * 15 + b"]" * 15]
)
def test_what_stands_inside_a_fact_is_in_the_profile(inside):
    record = changed(fact={}).replace(b'"fact":{}', b'"fact":{' + inside + b"}")
    with pytest.raises(BadRecord, match=r"profile|a key|nested|U\+0000"):
        decode(record)


def test_not_even_an_object_is_refused():
    with pytest.raises(BadRecord):
        decode(b"[]")


def body_of(document):
    return to_base64url(canonical(document))


SALT = "A" * 22


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("about", body_of([SALT, "key", "x"])),
        ("about", body_of([SALT, "about"])),
        ("about", body_of(["AA", "about", "x"])),
        ("about", body_of([5, "about", "x"])),
        ("about", body_of("about")),
        ("about", "not base64url!"),
        ("about", "A"),
        ("about", "AB"),
        ("message", body_of([SALT, "message", {"unheard_of": 1}])),
        ("original", body_of([SALT, "original", {"size": 1}])),
    ],
)
def test_a_disclosure_that_is_not_one_is_refused(name, body):
    record = changed(sd=[[name, "", DIGEST]], fact={})
    with pytest.raises(BadRecord):
        decode(record, {DIGEST: body})


def test_a_disclosure_says_its_field_and_value():
    (body,) = [d.body for d in made(TOUCHED).disclosures if d.field == "about"]
    assert disclosed(body) == ("about", "Hello")


def test_parts_encoded_together_are_those_encoded_one_by_one():
    parts = [bytes(range(size)) for size in range(9)]
    together = [body.decode() for body in bodies_of(parts)]
    assert together == [to_base64url(part) for part in parts]


def test_base64url_comes_back_and_padding_is_refused():
    for size in range(40):
        data = bytes(range(size))
        assert to_base64url(data) == urlsafe_b64encode(data).rstrip(b"=").decode()
        assert from_base64url(to_base64url(data)) == data
    with pytest.raises(BadRecord):
        from_base64url("AA==")
