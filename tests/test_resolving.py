"""What facts name, and the references under which it is looked up."""

from __future__ import annotations

import pytest

from contactledger.facts import Mark, Party, Person, Preference, Promise, Touch
from contactledger.references import References, id_ref
from contactledger.resolving import Keys, named_in, spaces_of

REFS = References(b"secret")
ACCOUNT, ID = "a" * 26, "i" * 26
WHO = ("person", "party")


def key(space: str, value: str) -> bytes:
    return REFS.key(ACCOUNT, space, value)


def test_what_a_fact_names_are_its_fields_that_refer_and_are_not_at_their_default() -> None:
    touch = Touch(to=("bob", "eve"), matter="m", topics=("matter",), key="t")
    assert list(named_in(touch)) == [
        (("to", "Touch.to", WHO), ("bob", "eve")),
        (("matter", "Touch.matter", ("matter",)), "m"),
    ]
    assert list(named_in(Mark(0))) == [(("entry", "Mark.entry", ("entry",)), 0)]
    assert list(named_in(Touch(to=[]))) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "wanted"),
    [
        (Touch(to=("bob",), key="t"), {key("touch", "t"), key("who", "bob")}),
        (Touch(key="t", answers=("t",)), {key("touch", "t")}),
        (Touch(to=(ID,)), {key("who", ID), id_ref(ID)}),
        (Touch(to=(5,), addresses={"eve": "e", 6: "f"}), {key("who", "eve")}),  # type: ignore[arg-type,dict-item]
        (Touch(addresses="eve"), set()),  # type: ignore[arg-type]
        (Party("acme"), {key("who", "acme")}),
        (Party(5), set()),  # type: ignore[arg-type]
        (Person("bob", "acme"), {key("who", "bob"), key("who", "acme")}),
        (Preference("bob"), {REFS.of("preference", ACCOUNT, "bob"), key("who", "bob")}),
        (Promise(), set()),
        (Mark(3), set()),
        (Mark("t"), {REFS.aliases(ACCOUNT)}),  # type: ignore[arg-type]
    ],
)
def test_all_that_a_fact_will_look_up_is_known_beforehand(fact: object, wanted: set[bytes]) -> None:
    keys = Keys(REFS, ACCOUNT)
    assert keys.asked is None
    found = keys.wanted([fact])  # type: ignore[list-item]
    assert found == wanted | {REFS.aliases(ACCOUNT)}
    assert keys.asked is found


def test_people_and_parties_have_one_space_of_keys() -> None:
    assert spaces_of(("person", "party", "touch", "entry")) == ("who", "touch")
