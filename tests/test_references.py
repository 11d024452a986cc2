"""Names become references under a secret, and lead back to what they name."""

from __future__ import annotations

import base64
import hmac
import os
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from contactledger.facts import (
    Coverage,
    Entry,
    Message,
    Opened,
    Party,
    Person,
    Preference,
    Touch,
)
from contactledger.log.record import ID
from contactledger.references import (
    References,
    id_ref,
    lookups_of,
    new_id,
    new_ids,
    normal_address,
    several,
)

REFS = References(b"secret")
AT = datetime(2026, 3, 2, tzinfo=UTC)


def entry(fact, kind, id_="i" * 26, no=3):
    return Entry("a" * 26, no, id_, kind, AT, AT, "r" * 26, fact)


def led(fact, kind):
    return {(row.ref, row.id, row.no, row.kind) for row in lookups_of(entry(fact, kind), REFS)}


@given(st.binary(min_size=16, max_size=16))
def test_an_id_is_128_bits_in_lower_case_base32(data):
    id_ = new_id(lambda _: data)
    assert ID.match(id_)
    assert id_ == base64.b32encode(data).decode().lower().rstrip("=")


@given(st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=70))
def test_ids_of_one_draw_are_those_of_its_parts(parts):
    made = new_ids(lambda size: b"".join(parts)[:size], len(parts))
    assert made == [new_id(lambda _, part=part: part) for part in parts]


def test_two_ids_differ():
    assert len({new_id(os.urandom) for _ in range(1_000)}) == 1_000


@given(st.binary(max_size=64), st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_a_reference_is_the_hmac_of_its_parts_cut_to_16_bytes(secret, parts):
    said = "\0".join(parts).encode("utf-8", "surrogatepass")
    assert References(secret).of(*parts) == hmac.digest(secret, said, "sha256")[:16]


def test_the_same_name_leads_elsewhere_in_another_space_account_or_ledger():
    made = [
        REFS.account("x"),
        REFS.key("a", "who", "x"),
        REFS.key("a", "touch", "x"),
        REFS.key("b", "who", "x"),
        REFS.message_id("x"),
        REFS.provider_id("x"),
        REFS.call_id("x"),
        REFS.address("x"),
        REFS.reach("a", "x", "email"),
        References(b"other").account("x"),
    ]
    assert len(set(made)) == len(made)


def test_a_message_id_leads_to_the_same_place_with_and_without_its_brackets():
    assert REFS.message_id(" <a@b> ") == REFS.message_id("a@b")


def test_addresses_are_compared_as_their_hosts_do():
    same = [
        ("Bob@Smith.example", " bob@smith.EXAMPLE "),
        ("+1 (555) 01-11", "+155501 11"),
        ("0555/0111", "05550111"),
        ("Sip-Name", "sip-name"),
    ]
    for one, other in same:
        assert normal_address(one) == normal_address(other)
    assert normal_address("+1555") != normal_address("1555")


def test_nothing_of_the_secret_is_shown():
    assert repr(References(b"hunter2")) == "References(…)"


def test_an_account_is_found_by_its_name_until_that_is_erased():
    row = ("a" * 26, 3, "opened")
    assert led(Opened("smith"), "opened") == {(REFS.account("smith"), *row)}
    assert led(Opened(None, house=True), "opened") == set()


def test_a_person_is_found_by_id_key_and_every_address():
    who = ("i" * 26, 3)
    person = Person("bob", "p", email=("b@x", "c@x"), phone="+1")
    assert led(person, "person") == {
        (id_ref("i" * 26), *who, "person"),
        (REFS.key("a" * 26, "who", "bob"), *who, "person"),
        (REFS.address("b@x"), *who, "address"),
        (REFS.address("c@x"), *who, "address"),
        (REFS.address("+1"), *who, "address"),
    }
    assert led(Person(None, "p"), "person") == {(id_ref("i" * 26), *who, "person")}


def test_parties_and_people_share_a_space_of_keys():
    assert led(Party("bob"), "party") == {
        (id_ref("i" * 26), "i" * 26, 3, "party"),
        (REFS.key("a" * 26, "who", "bob"), "i" * 26, 3, "party"),
    }


def test_a_touch_is_found_by_what_carriers_call_it_and_whom_it_reaches():
    message = Message("<m@x>", "prov", "call", "subject", "text")
    touch = Touch("s", ("p", "q"), "email", key="t", message=message, addresses={"p": "P@x"})
    row = ("i" * 26, 3)
    assert led(touch, "touch") == {
        (id_ref("i" * 26), *row, "touch"),
        (REFS.key("a" * 26, "touch", "t"), *row, "touch"),
        (REFS.message_id("m@x"), *row, "message"),
        (REFS.provider_id("prov"), *row, "message"),
        (REFS.call_id("call"), *row, "message"),
        (REFS.reach("a" * 26, "p", "email"), *row, "reach"),
        (REFS.reach("a" * 26, "q", "email"), *row, "reach"),
        (REFS.address("p@x"), "p", 3, "address"),
    }
    assert led(Touch("s", message=Message()), "touch") == {(id_ref("i" * 26), *row, "touch")}


def test_a_preference_is_found_by_its_subject():
    ref = REFS.of("preference", "a" * 26, "bob")
    assert led(Preference("bob"), "preference") == {(ref, "bob", 3, "preference")}


def test_what_nothing_refers_to_is_led_to_by_nothing():
    assert led(Coverage("mailbox"), "coverage") == set()


def test_one_address_or_several_are_several():
    assert (several(None), several("a"), several(("a", "b"))) == ((), ("a",), ("a", "b"))
