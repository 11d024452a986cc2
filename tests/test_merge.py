"""Merging: two names that are one, two accounts that go on as one; and retracting."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from contactledger.errors import BadFact, NotFound
from contactledger.facts import (
    Alias,
    Matter,
    Message,
    Moved,
    Party,
    Person,
    Preference,
    Promise,
    Retraction,
    Touch,
)
from contactledger.findings import Outcome
from contactledger.ledger import Ledger
from contactledger.merging import Merged
from contactledger.sources.mail import Mail
from contactledger.sources.sendgrid import SendGrid
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, audit, filled, holds, in_file, in_memory, mail, message, two_sides

GROUP = "smith-group"
OLD_ADDRESS = "robert@old.example"


@pytest.fixture(params=["memory", "file"])
def ledger(request, tmp_path):
    made = filled()[0] if request.param == "memory" else in_file(tmp_path)[0]
    with made:
        made.record(SMITH, Person("robert", "smith", "Robert Ray", email=OLD_ADDRESS))
        yield made


def people(ledger, account=SMITH):
    return {e.fact.key: e.id for e in ledger.entries(account) if isinstance(e.fact, Person | Party)}


def outcome(ledger, touch, account=SMITH):
    return next(f.outcome for f in ledger.findings(account) if f.touch == touch.id)


def answer_from(address, asked, day="Mon, 02"):
    """A mail from this address that answers a touch's message."""
    made = message("ann@acme.example", In_Reply_To=asked)
    del made["From"]
    made["From"] = f"Bob <{address}>"
    made["Message-ID"] = "<reply@old.example>"
    made["Date"] = f"{day} Mar 2026 09:00:00 +0000"
    return made.as_bytes()


# --- people, parties, matters ----------------------------------------------------------------


def test_a_mail_from_the_old_address_answers_for_the_one_that_stays(ledger):
    ledger.merge(SMITH, "robert", "bob")
    note = message()
    with ledger.sending(SMITH, note, to=["bob"], expects="reply") as sent:
        pass
    assert outcome(ledger, sent.entry) is Outcome.PENDING
    receipt = ledger.receive(Mail(), {}, answer_from(OLD_ADDRESS, note["Message-ID"]))
    (answer,) = receipt.recorded
    assert (answer.fact.sender, answer.fact.answers) == (people(ledger)["bob"], (sent.entry.id,))
    assert outcome(ledger, sent.entry) is Outcome.ANSWERED


def test_a_report_for_the_old_address_is_matched_to_a_touch_to_either_name(ledger):
    (old,) = ledger.record(SMITH, mail(to="robert"))
    body = [{"event": "delivered", "timestamp": 1772442060, "email": "bob@smith.example"}]
    ledger.merge(SMITH, "robert", "bob")
    receipt = ledger.receive(SendGrid(), {}, json.dumps(body).encode())
    (signal,) = receipt.recorded
    assert (signal.fact.touch, signal.fact.person) == (old.id, people(ledger)["bob"])
    assert signal.fact.matched == "address"


def test_two_people_with_one_address_are_told_apart_no_more_once_they_are_one(ledger):
    ledger.record(SMITH, Person("bobby", "smith", "Bobby", email="bob@smith.example"))
    (first,) = ledger.receive(Mail(), {}, answer_from("bob@smith.example", "<asked@here>")).recorded
    assert first.fact.sender == people(ledger)["smith"]
    ledger.merge(SMITH, "bobby", "bob")
    second = answer_from("bob@smith.example", "<asked@here>").replace(b"<reply@", b"<again@")
    (again,) = ledger.receive(Mail(), {}, second).recorded
    assert again.fact.sender == people(ledger)["bob"]


def test_keys_of_both_lead_to_the_one_that_stays(ledger):
    bob = people(ledger)["bob"]
    ledger.merge(SMITH, "robert", "bob")
    touch, preference, person = ledger.record(
        SMITH,
        mail(to=["robert", "bob", "carla"], addresses={"robert": OLD_ADDRESS}),
        Preference("robert", preferred="phone"),
        Person("robert", "smith", "Robert B. Ray", email=OLD_ADDRESS),
    )
    assert touch.fact.to == (bob, people(ledger)["carla"])
    assert touch.fact.addresses == {bob: OLD_ADDRESS}
    assert (preference.fact.subject, person.id) == (bob, bob)
    (promise,) = ledger.record(SMITH, Promise("p", "ann", "robert"))
    assert promise.fact.promisee == bob


def test_an_alias_holds_for_what_follows_it_in_the_same_batch(ledger):
    made = ledger.record(
        SMITH,
        Person("bobby", "smith", "Bobby"),
        Alias("robert", "bob"),
        mail(to="robert"),
        Alias("bob", "carla"),
        mail(to="robert"),
        Retraction(9),
        mail(to="robert"),
    )
    ids = people(ledger)
    assert made[5].fact.entry == made[1].no == 9
    assert [made[i].fact.to[0] for i in (2, 4, 6)] == [ids["bob"], ids["carla"], ids["robert"]]


def test_findings_and_cases_of_two_names_are_those_of_one(ledger):
    first, second = ledger.record(
        SMITH,
        mail("first", to="robert", expects="reply", matter=None),
        Touch("bob", "acme", "email", message=Message(text="Yes"), answers="first"),
    )
    before = ledger.findings(SMITH)
    ledger.merge(SMITH, "robert", "bob")
    after = ledger.findings(SMITH)
    assert outcome(ledger, first) is Outcome.ANSWERED
    assert [f.outcome for f in before] == [f.outcome for f in after]
    rows = next(f for f in after if f.touch == first.id).rows
    assert [row.person for row in rows] == [people(ledger)["bob"]]
    assert second.no == first.no + 1


def test_two_matters_that_are_one_make_one_case(ledger):
    ledger.record(
        SMITH,
        Matter("credit", title="The credit"),
        Matter("refund", title="The refund"),
        mail("a", matter="credit"),
        mail("b", matter="refund"),
    )
    assert len(ledger.cases(SMITH)) == 2
    ledger.merge(SMITH, "refund", "credit")
    (case,) = ledger.cases(SMITH)
    (credit, _) = (e for e in ledger.entries(SMITH) if isinstance(e.fact, Matter))
    assert case.matter == credit.id
    (touch,) = ledger.record(SMITH, mail("c", matter="refund"))
    assert touch.fact.matter == credit.id


def test_erasing_a_person_covers_every_name(ledger):
    ledger.record(SMITH, mail(to="robert", about="to Robert alone"))
    ledger.merge(SMITH, "robert", "bob")
    ledger.redact(SMITH, person="robert")
    texts = ("to Robert alone", "Robert Ray", OLD_ADDRESS, "Bob Ray", "bob@smith.example")
    assert [text for text in texts if holds(ledger, text)] == []


def test_after_retracting_an_alias_the_two_are_two_again(ledger):
    alias = ledger.merge(SMITH, "robert", "bob")
    ledger.retract(SMITH, alias, "another Robert after all")
    ids = people(ledger)
    (touch,) = ledger.record(SMITH, mail(to="robert"))
    assert touch.fact.to == (ids["robert"],)
    ledger.redact(SMITH, person="bob")
    assert (holds(ledger, "Robert Ray"), holds(ledger, "Bob Ray")) == (True, False)


def test_merging_again_gives_the_entry_that_is_there(ledger):
    first = ledger.merge(SMITH, "robert", "bob")
    assert ledger.merge(SMITH, "robert", "bob") == first
    ledger.retract(SMITH, first)
    assert ledger.merge(SMITH, "robert", "bob").no == first.no + 2


def test_a_chain_of_names_leads_to_the_last_and_a_ring_stays_idle(ledger):
    ids = people(ledger)
    ledger.merge(SMITH, "robert", "bob")
    ledger.merge(SMITH, "bob", "carla")
    ledger.merge(SMITH, "carla", "robert")
    (touch,) = ledger.record(SMITH, mail(to="robert"))
    assert touch.fact.to == (ids["carla"],)
    with ledger._store.begin(write=False) as tx:
        account = ledger.entries(SMITH)[0].account
        merged = Merged.load(tx, ledger._references, account)
    assert merged.every(ids["bob"]) == [ids["carla"], ids["robert"], ids["bob"]]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("bob", "bob", "Alias.new: is the same as the old name"),
        ("bob", "smith", "Alias.new: is no person, as the old name is"),
        ("smith", "acme", "Alias: the party that runs the ledger is nobody else"),
        ("acme", "smith", "Alias: the party that runs the ledger is nobody else"),
    ],
)
def test_what_cannot_be_one_is_refused(ledger, old, new, why):
    with pytest.raises(BadFact) as raised:
        ledger.merge(SMITH, old, new)
    assert str(raised.value) == f"fact 1, {why}"


# --- accounts --------------------------------------------------------------------------------


@pytest.fixture
def two():
    ledger, clock = in_memory()
    ledger.record(SMITH, *two_sides(), Preference("bob", consent=False, source="by mail"))
    ledger.record(
        GROUP,
        Party("acme", "ACME Dealer Systems", "vendor"),
        Party("group", "Smith Group", "customer"),
        Person("carla", "group", "Carla of the Group", email="carla@group.example"),
    )
    clock.forward(days=1)
    with ledger:
        yield ledger


def test_the_old_name_leads_to_the_new_account_and_the_old_id_to_the_old_log(two):
    old, new = two.entries(SMITH)[0].account, two.entries(GROUP)[0].account
    *_, moved = two.merge_accounts(SMITH, GROUP)
    assert (moved.account, moved.fact.to, moved.kind) == (old, new, "moved")
    (touch,) = two.record(SMITH, mail())
    assert touch.account == new
    assert two.entries(SMITH) == two.entries(GROUP)
    assert [e.kind for e in two.entries(old)][-1] == "moved"
    assert two.accounts() == tuple(sorted([GROUP, old]))
    assert two.check() == len(two.entries(old)) + len(two.entries(new)) == 19
    assert (audit(two, old), audit(two, new)) == (9, 10)


def test_people_and_their_preferences_are_introduced_and_those_who_are_there_stay(two):
    made = two.merge_accounts(SMITH, GROUP)
    assert [(e.kind, getattr(e.fact, "key", None)) for e in made[:-1]] == [
        ("party", "smith"),
        ("person", "ann"),
        ("person", "bob"),
        ("preference", None),
    ]
    ids = people(two, GROUP)
    bob, preference = made[2], made[3]
    assert bob.fact.party == ids["smith"]
    assert (preference.fact.subject, preference.fact.consent) == (ids["bob"], False)
    assert bob.at == bob.fact.told == preference.fact.told == bob.recorded_at - timedelta(days=1)
    names = [e.fact.name for e in two.entries(GROUP) if getattr(e.fact, "key", 0) == "carla"]
    assert names == ["Carla of the Group"]


def test_what_comes_back_for_a_mail_of_the_old_account_is_recorded_in_the_old_log(two):
    note = message()
    with two.sending(SMITH, note, to=["bob"], expects="reply") as sent:
        pass
    two.merge_accounts(SMITH, GROUP)
    reply = answer_from("bob@smith.example", note["Message-ID"], "Tue, 03")
    receipt = two.receive(Mail(), {}, reply)
    (answer,) = receipt.recorded
    assert answer.account == sent.entry.account
    assert outcome(two, sent.entry, sent.entry.account) is Outcome.ANSWERED


def test_a_new_mail_of_somebody_in_both_logs_goes_to_the_new_account(two):
    two.merge_accounts(SMITH, GROUP)
    (touch,) = two.receive(Mail(), {}, answer_from("bob@smith.example", "<no@where>")).recorded
    assert touch.account == two.entries(GROUP)[0].account
    assert touch.fact.sender == people(two, GROUP)["bob"]


def test_a_new_mail_of_somebody_in_the_old_log_alone_goes_there(two):
    old = two.entries(SMITH)[0].account
    two.redact(SMITH, entry=4, fields=["key"])  # the party has no key to be introduced by
    made = two.merge_accounts(SMITH, GROUP)
    assert [e.kind for e in made] == ["person", "moved"]
    (touch,) = two.receive(Mail(), {}, answer_from("bob@smith.example", "<no@where>")).recorded
    assert touch.account == old


def test_a_move_can_be_retracted_and_the_name_leads_back(two):
    old = two.entries(SMITH)[0].account
    *_, moved = two.merge_accounts(SMITH, GROUP)
    two.retract(old, moved)
    assert two.record(SMITH, mail())[0].account == old
    assert two.accounts() == (GROUP, SMITH)
    assert two.merge_accounts(SMITH, GROUP)[-1].no == moved.no + 3


def test_moves_are_followed_to_the_end(two):
    two.record("holding", Party("acme", "ACME", "vendor"))
    two.merge_accounts(SMITH, GROUP)
    two.merge_accounts(GROUP, "holding")
    assert two.entries(SMITH) == two.entries("holding")
    for pair in ((SMITH, "holding"), ("holding", GROUP), ("holding", "holding"), ("x", GROUP)):
        with pytest.raises((BadFact, NotFound)) as raised:
            two.merge_accounts(*pair)
        assert str(raised.value) in (
            "account: must be two accounts that are not one already",
            "account: no account of this name in the ledger",
        )


def test_the_house_is_merged_with_nobody(two):
    two.record("house")
    with pytest.raises(BadFact, match="must be two accounts"):
        two.merge_accounts(SMITH, "house")


def test_nobody_writes_a_move_by_a_name(two):
    with pytest.raises(BadFact) as raised:
        two.record(SMITH, Moved(GROUP))
    assert str(raised.value) == (
        "fact 1, Moved.to: is written by the ledger itself: merge_accounts"
    )


def test_another_process_that_knew_the_old_name_follows_it(tmp_path):
    ledger, _, path = in_file(tmp_path)
    ledger.record(GROUP, Party("acme", "ACME", "vendor"), Party("group", "G", "customer"))
    other = Ledger.open(f"sqlite:///{path}", recorder="acme", clock=FixedClock())
    with ledger, other:
        assert other.record(SMITH, mail())[0].account != ledger.entries(GROUP)[0].account
        ledger.merge_accounts(SMITH, GROUP)
        assert other.record(SMITH, mail())[0].account == ledger.entries(GROUP)[0].account


# --- retracting (J47) --------------------------------------------------------------------------


def test_a_retracted_answer_opens_its_touch_again_with_the_old_due(ledger):
    asked, answer = ledger.record(
        SMITH,
        mail("asked", expects="reply"),
        Touch("bob", "acme", "email", message=Message(text="Yes"), answers="asked"),
    )
    assert outcome(ledger, asked) is Outcome.ANSWERED
    due = next(f.due for f in ledger.findings(SMITH) if f.touch == asked.id)
    made = ledger.retract(SMITH, answer, "it was from another Bob")
    assert (made.fact.entry, made.fact.reason) == (answer.no, "it was from another Bob")
    (finding,) = ledger.findings(SMITH)
    assert (finding.outcome, finding.due) == (Outcome.PENDING, due)
    assert answer in ledger.entries(SMITH)


def test_a_retraction_is_not_retracted_and_a_policy_neither(ledger):
    (touch,) = ledger.record(SMITH, mail())
    retraction = ledger.retract(SMITH, touch)
    ledger.retract(SMITH, retraction)
    ledger.retract(SMITH, 1)
    assert ledger.findings(SMITH) == ()
    assert ledger.standing(SMITH).account == touch.account
