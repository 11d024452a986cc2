"""Asking a ledger, or a bundle, what may and should be done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contactledger import (
    Alias,
    Ledger,
    Matter,
    MemoryStore,
    Milestone,
    Party,
    Person,
    PolicyAdopted,
    Preference,
    Touch,
    open_bundle,
)
from contactledger.errors import BadFact, BadInput, NotFound
from contactledger.keys import keygen
from contactledger.policies import ready_policy
from contactledger.testing import FixedClock
from tests.judging import day

ACCOUNT = "smith-motors"


@pytest.fixture
def ledger(tmp_path):
    """ACME and Smith Motors in New York by the policy for dealership software, a day old."""
    key = keygen(tmp_path / "acme.key", "acme")
    clock = FixedClock(day(-1))
    with Ledger.open(
        MemoryStore(), recorder="acme", signer=tmp_path / "acme.key", clock=clock
    ) as it:
        it.key, it.clock = key, clock
        it.record(
            ACCOUNT,
            PolicyAdopted(ready_policy("dealership-software")),
            Party("acme", "ACME", "vendor"),
            Person("ann", "acme", "Ann"),
            Party("smith", "Smith Motors", "customer", "America/New_York"),
            Person("bob", "smith", "Bob Ray"),
            Preference("bob", preferred="phone"),
            Milestone("install", "install", "The system"),
            Matter("rel", title="Release 42", party="acme"),
        )
        clock.set(day(0, 16))
        yield it


def test_may_contact_speaks_in_the_keys_of_the_account(ledger):
    assert bool(ledger.may_contact(ACCOUNT, "bob", "phone")) is True
    night = ledger.may_contact(ACCOUNT, "bob", "phone", "news", "2026-03-03T02:00Z")
    assert (night.allowed, night.earliest, night.topics) == (False, day(1, 13), ("news",))
    mail = ledger.may_contact(ACCOUNT, "bob", "email", matter="rel")
    assert [v.code for v in mail.against] == ["preferred_not_tried"]
    ledger.record(ACCOUNT, Touch("ann", "bob", "phone", matter="rel"))
    assert bool(ledger.may_contact(ACCOUNT, "bob", "email", matter="rel")) is True
    assert bool(ledger.may_contact(ACCOUNT, "ann", "phone", sender="bob", at=day(1, 9))) is True
    assert bool(ledger.may_contact(ACCOUNT, "smith", "ticket")) is True


def test_an_id_will_do_for_a_key(ledger):
    bob = next(e.id for e in ledger.entries(ACCOUNT) if e.kind == "person" and e.fact.key == "bob")
    assert ledger.may_contact(ACCOUNT, bob, "phone").person == bob


@pytest.mark.parametrize(
    ("words", "error", "text"),
    [
        ({"person": "eve"}, NotFound, "person: nothing of that name in the account"),
        ({"sender": "eve"}, NotFound, "sender: nothing of that name in the account"),
        ({"matter": "bob"}, NotFound, "matter: nothing of that name in the account"),
        ({"person": "ann"}, BadInput, "person: belongs to the party that would contact it"),
        ({"channel": "pigeon"}, BadFact, "Touch.channel: "),
    ],
)
def test_a_name_that_is_none_is_said_by_its_field_and_never_by_itself(ledger, words, error, text):
    words = {"person": "bob", "channel": "phone", **words}
    with pytest.raises(error) as caught:
        ledger.may_contact(ACCOUNT, words.pop("person"), words.pop("channel"), **words)
    assert str(caught.value).startswith(text)
    assert "eve" not in str(caught.value)


def test_next_steps_are_those_of_whoever_keeps_the_log_or_of_the_party_named(ledger):
    plan = [(step.what, step.name) for step in ledger.next_steps(ACCOUNT)]
    assert plan == [("follow_plan", "first-call"), ("follow_plan", "first-training")]
    ledger.record(ACCOUNT, Touch("ann", "bob", "phone", expects="reply"))
    theirs = ledger.next_steps(ACCOUNT, party="smith")
    assert [step.what for step in theirs] == ["answer"]
    assert [step.name for step in ledger.next_steps(ACCOUNT)] == ["first-training"]
    assert ledger.next_steps(ACCOUNT, as_of=day(-1, 11))[0].name == "first-call"
    with pytest.raises(NotFound, match="party: nothing of that name in the account"):
        ledger.next_steps(ACCOUNT, party="jones")


def test_a_party_by_its_old_name_is_the_one_that_stays(ledger):
    ledger.record(ACCOUNT, Party("smyth", "Smyth", "customer"))
    ledger.record(ACCOUNT, Alias("smyth", "smith"))
    assert ledger.next_steps(ACCOUNT, party="smyth") == ledger.next_steps(ACCOUNT, party="smith")


def test_the_relationship_says_how_the_plan_goes(ledger):
    found = ledger.relationship(ACCOUNT)
    assert [(plan.name, plan.state) for plan in found.plans] == [
        ("first-call", "open"), ("first-training", "planned"), ("first-month", "planned"),
        ("second-month", "planned"), ("ninety-days", "planned"),
    ]  # fmt: skip
    ledger.clock.set(day(30))
    assert [plan.state for plan in ledger.relationship(ACCOUNT).plans] == [
        "missed", "missed", "open", "planned", "planned",
    ]  # fmt: skip


def test_an_opened_bundle_answers_as_the_ledger_does(ledger, tmp_path):
    ledger.record(ACCOUNT, Touch("ann", "bob", "phone", expects="reply"))
    ledger.bundle(ACCOUNT).save(tmp_path / "smith.bundle")
    theirs = open_bundle(tmp_path / "smith.bundle", trust=[ledger.key.format()])
    assert theirs.next_steps(party="smith") == ledger.next_steps(ACCOUNT, party="smith")
    assert theirs.may_contact("bob", "sms", "news") == ledger.may_contact(
        ACCOUNT, "bob", "sms", "news"
    )
    assert theirs.relationship() == ledger.relationship(ACCOUNT)
    assert theirs.outlook().json() == ledger.outlook(ACCOUNT).json()


def test_the_outlook_is_a_page_in_three_forms_with_the_names(ledger):
    page = ledger.outlook(ACCOUNT)
    assert "First-call: reach out to Bob Ray by phone, as planned" in page.text()
    assert "<bdi>ACME</bdi>" in page.html()
    assert '"report": "outlook"' in page.json()
    own = ledger.outlook(ACCOUNT, party="smith", templates={"outlook.txt": "{{ party.name }}"})
    assert own.text() == "Smith Motors"


def test_the_outlook_is_a_kind_of_report_like_the_others_in_german_too(ledger):
    page = ledger.report(ACCOUNT, "outlook", lang="de")
    assert page.json() == ledger.outlook(ACCOUNT, lang="de").json()
    assert "First-call: Bob Ray wie geplant ansprechen (Kanal: Telefon)" in " ".join(
        page.text().split()
    )
    assert page.markdown().startswith("# Was als Nächstes zu tun ist: smith-motors\n")
    assert page.csv().startswith("what,said.text,to.name,")
    for wrong in ({"period": "2026"}, {"about": 3}, {"what_if": "rules = 1"}):
        with pytest.raises(BadInput, match="kind: is of the whole account as it stands"):
            ledger.report(ACCOUNT, "outlook", **wrong)


def test_a_reconciliation_is_of_two_records_and_no_report_of_one(ledger):
    with pytest.raises(BadInput, match="kind: is of two records: ask reconcile for it"):
        ledger.report(ACCOUNT, "reconciliation")


def test_what_came_later_stands_on_no_earlier_page(ledger):
    ledger.record(ACCOUNT, Person("eve", "smith", "Eve Later"))
    page = ledger.outlook(ACCOUNT, as_of=ledger.clock() - timedelta(hours=1))
    assert "Eve" not in page.json()


def test_the_proof_of_contact_says_what_was_owed_without_being_asked_for(ledger):
    for n in (1, 50, 51):
        ledger.clock.set(day(n, 16))
        ledger.record(ACCOUNT, Touch("ann", "bob", "email", key=f"m-{n}"))
    ledger.clock.set(day(70, 16))
    page = ledger.report(ACCOUNT)
    text = " ".join(page.text().split())
    assert "WHAT WAS OWED WITHOUT BEING ASKED FOR" in text
    assert "First-call (ACME to Smith Motors), 1 Mar 2026 to 5 Mar 2026: missed" in text
    assert "2 touches in any 30 days (e-mail): kept, the next is due 21 May 2026 16:00" in text
    assert "Too few lay behind from 31 Mar 2026 to 22 Apr 2026." in text
    assert "C3: A planned touch is done by the first touch" in text
    assert ">What was owed without being asked for</h2>" in page.html()
    assert [row["state"] for row in page.data["owed"]["plan"]][:2] == ["missed", "missed"]
    whole = ledger.report(ACCOUNT, period="2026-03").data["owed"]
    assert whole == page.data["owed"]


def test_gaps_that_were_closed_are_said_too(ledger):
    text = '[[cadence]]\nby = "vendor"\nto = "customer"\ntouches = 1\ndays = 7\n'
    ledger.record(ACCOUNT, PolicyAdopted(text))
    ledger.clock.set(day(10, 16))
    ledger.record(ACCOUNT, Touch("ann", "bob", "email"))
    page = ledger.report(ACCOUNT)
    line = "Too few lay behind from 9 Mar 2026 to 12 Mar 2026."
    assert (line in page.html(), line in page.text()) == (True, True)


def test_a_policy_that_owes_nothing_has_no_such_section():
    with Ledger.open(MemoryStore(), recorder="acme", clock=FixedClock(day(0))) as it:
        it.record(ACCOUNT, Party("acme", "ACME", "vendor"))
        page = it.report(ACCOUNT)
        assert page.data["owed"] == {"cadences": [], "plan": [], "rules": []}
        assert "What was owed without being asked for" not in page.html()
        assert "WITHOUT BEING ASKED" not in page.text()
