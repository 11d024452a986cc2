"""Facts as a host gives them, before any account is locked."""

from __future__ import annotations

import pytest

from contactledger.accounts import HOUSE
from contactledger.errors import BadFact, BadInput
from contactledger.facts import Coverage, Milestone, Opened, Party, PolicyAdopted
from contactledger.judge.policy import DEFAULT_POLICY, policy_digest
from contactledger.preparing import adoption, prepared
from contactledger.recording import Given


def test_facts_come_out_as_they_came_in_and_a_policy_with_its_digest() -> None:
    party, policy = Given(Party("smith")), Given(PolicyAdopted(DEFAULT_POLICY), identity=b"x")
    same, adopted = prepared("smith", [party, policy])
    assert same is party
    assert adopted == Given(adoption(PolicyAdopted(DEFAULT_POLICY)), identity=b"x")
    assert isinstance(adopted.fact, PolicyAdopted)
    assert adopted.fact.digest == policy_digest(adopted.fact.text)


@pytest.mark.parametrize(
    ("name", "fact", "why"),
    [
        ("smith", "text", "fact 2, str: is not a fact"),
        ("smith", Opened("x"), "fact 2, Opened: is written by the ledger itself"),
        (
            "smith",
            PolicyAdopted(DEFAULT_POLICY, "0" * 64),
            "fact 2, PolicyAdopted.digest: is not the SHA-256 of the text",
        ),
        (
            HOUSE,
            Milestone("install"),
            "fact 2, Milestone.key: the house log holds impersonal facts only",
        ),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_its_place(
    name: str, fact: object, why: str
) -> None:
    with pytest.raises(BadFact) as caught:
        prepared(name, [Given(Coverage("mail", ("email",))), Given(fact)])  # type: ignore[arg-type]
    assert str(caught.value) == why


def test_a_policy_that_cannot_be_read_is_refused_with_its_place() -> None:
    with pytest.raises(BadInput) as caught:
        prepared("smith", [Given(PolicyAdopted("nonsense"))])
    assert caught.value.place.startswith("fact 1")
