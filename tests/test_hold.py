"""Legal holds: while one stands, nothing it covers is erased, and both sides can see it."""

from __future__ import annotations

import pytest

from contactledger.errors import BadFact, NotFound, OnHold
from contactledger.facts import Alias, Hold, Message, Person, Redaction, Retraction, Touch
from tests.ledgers import SMITH, filled, holds, mail


@pytest.fixture
def ledger():
    made, _ = filled()
    with made:
        yield made


def refused(ledger, **what):
    """The number of the hold that refuses to erase this; nothing was recorded or erased."""
    before = ledger.entries(SMITH)
    with pytest.raises(OnHold) as raised:
        ledger.redact(SMITH, **what)
    assert ledger.entries(SMITH) == before
    assert raised.value.account == before[0].account
    assert str(raised.value) == (
        f"account {before[0].account}, entry {raised.value.no}: a legal hold covers this; "
        "release it before erasing"
    )
    return raised.value.no


def test_an_account_on_hold_keeps_everything_until_the_hold_is_released(ledger):
    hold = ledger.hold(SMITH, basis="litigation", reason="Smith v. ACME")
    assert ledger.holds(SMITH) == (hold,)
    for what in ({}, {"person": "bob"}, {"entry": 5}, {"entry": 5, "fields": ["phone"]}):
        assert refused(ledger, **what) == hold.no
    released = ledger.release(SMITH, hold, reason="settled")
    assert released.fact == Hold(None, hold.no, reason="settled", at=released.at)
    assert ledger.holds(SMITH) == ()
    ledger.redact(SMITH, person="bob")
    assert not holds(ledger, "Bob Ray")


def test_a_person_on_hold_keeps_what_is_theirs_and_what_they_share(ledger):
    ledger.record(
        SMITH,
        mail("bobs", about="for Bob"),
        mail("carlas", to="carla", about="for Carla"),
        mail("both", to=["bob", "carla"], about="for both"),
    )
    hold = ledger.hold(SMITH, "bob")
    for what in ({"person": "bob"}, {"entry": "bobs"}, {"entry": "both"}, {"person": "carla"}, {}):
        assert refused(ledger, **what) == hold.no
    ledger.redact(SMITH, entry="carlas")
    assert (holds(ledger, "for Carla"), holds(ledger, "for both")) == (False, True)


def test_a_hold_on_a_person_leaves_others_alone(ledger):
    ledger.record(SMITH, mail("carlas", to="carla", about="for Carla"))
    ledger.hold(SMITH, "bob")
    ledger.redact(SMITH, person="carla")
    assert [t for t in ("for Carla", "Carla Diaz") if holds(ledger, t)] == []
    assert holds(ledger, "Bob Ray")


def test_a_hold_follows_an_alias(ledger):
    ledger.record(SMITH, Person("rob", "smith", "Robert Elsewhere"), mail("robs", to="rob"))
    hold = ledger.hold(SMITH, "rob")
    ledger.record(SMITH, Alias("rob", "bob"))
    assert refused(ledger, person="bob") == hold.no


def test_a_person_whose_parts_are_gone_already_is_refused_too(ledger):
    ledger.redact(SMITH, person="bob")
    bob = ledger.entries(SMITH)[5].id
    hold = ledger.hold(SMITH, bob)
    assert refused(ledger, person=bob) == hold.no


def test_two_holds_are_released_one_by_one(ledger):
    first, second = ledger.hold(SMITH, "bob"), ledger.hold(SMITH)
    assert ledger.holds(SMITH) == (first, second)
    ledger.release(SMITH, first.no)
    assert ledger.holds(SMITH) == (second,)
    assert refused(ledger, person="bob") == second.no


def test_a_hold_that_was_retracted_binds_nobody(ledger):
    hold = ledger.hold(SMITH)
    ledger.record(SMITH, Retraction(hold))
    assert ledger.holds(SMITH) == ()


def test_a_redaction_on_hold_takes_the_whole_batch_with_it(ledger):
    ledger.hold(SMITH)
    before = ledger.entries(SMITH)
    with pytest.raises(OnHold):
        ledger.record(SMITH, mail("one more"), Redaction(person="bob"))
    assert ledger.entries(SMITH) == before


@pytest.mark.parametrize("what", [5, "a release"])
def test_only_a_hold_can_be_released(ledger, what):
    if what == "a release":
        what = ledger.release(SMITH, ledger.hold(SMITH))
    with pytest.raises(BadFact) as raised:
        ledger.release(SMITH, what)
    assert str(raised.value) == "fact 1, Hold.releases: is not the entry of a legal hold"


def test_a_hold_names_somebody_who_is_there(ledger):
    with pytest.raises(NotFound) as raised:
        ledger.hold(SMITH, "nobody")
    assert str(raised.value) == "fact 1, Hold.person: no person of this key in the account"


def test_a_hold_changes_no_verdict(ledger):
    ledger.record(
        SMITH, Touch(to="bob", channel="phone", key="call", message=Message(text="?")), mail("m")
    )
    before = ledger.findings(SMITH)
    ledger.release(SMITH, ledger.hold(SMITH, "bob"))
    assert ledger.findings(SMITH) == before
    assert len(before) == 2
