"""`record` and `record_many`: new accounts, the house, all or none, one writer at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pendulum
import pytest

from contactledger.errors import BadFact, BadPolicy, Conflict, NotFound, StoreMissing
from contactledger.facts import (
    Coverage,
    Mark,
    Opened,
    Party,
    Person,
    PolicyAdopted,
    Retraction,
    Signal,
    Touch,
)
from contactledger.judge.policy import DEFAULT_POLICY, expand_policy, policy_digest
from contactledger.ledger import HOUSE, Ledger
from contactledger.store.memory import MemoryStore
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, audit, facts_of, filled, in_memory, mail, two_sides

OTHER = 'rules = 1\nname = "Ours"\n'


@pytest.fixture
def ledger():
    return filled()[0]


# --- a new account -------------------------------------------------------------------------------


def test_an_account_opens_with_its_name_and_the_default_policy():
    ledger, clock = in_memory()
    (entry,) = ledger.record(SMITH, Party("smith"))
    opened, adopted, party = ledger.entries(SMITH)
    assert party == entry
    assert opened.fact == Opened(SMITH, ledger=ledger._row.id, at=clock())
    text = expand_policy(DEFAULT_POLICY)
    acme = ledger._row.recorder
    assert adopted.fact == PolicyAdopted(text, policy_digest(text), 1, acme, at=clock())
    assert [e.recorded_at for e in (opened, adopted, party)] == [clock()] * 3
    assert ledger.accounts() == (SMITH,)


def test_an_account_opens_with_the_policy_it_is_given_first():
    ledger, _ = in_memory()
    (policy, party) = ledger.record(SMITH, PolicyAdopted("rules = 1\n"), Party("smith"))
    assert [e.kind for e in ledger.entries(SMITH)] == ["opened", "policy_adopted", "party"]
    assert (policy.no, party.no) == (1, 2)
    assert policy.fact.text == expand_policy("rules = 1\n")


def test_an_account_opens_with_the_policy_of_the_house():
    ledger, _ = in_memory()
    ledger.record(HOUSE, PolicyAdopted("rules = 1\n"))
    ledger.record(SMITH, Party("smith"))
    assert ledger.entries(SMITH)[1].fact.text == expand_policy("rules = 1\n")
    ledger.record("jones")
    assert [e.kind for e in ledger.entries("jones")] == ["opened", "policy_adopted"]


def test_an_account_is_not_opened_by_a_record_that_fails():
    ledger, _ = in_memory()
    with pytest.raises(NotFound):
        ledger.record(SMITH, Party("smith"), mail(to="nobody"))
    with pytest.raises(NotFound):
        ledger.entries(SMITH)
    assert (ledger.accounts(), ledger.check()) == ((), 0)
    ledger.record(SMITH, Party("smith"))
    assert audit(ledger, SMITH) == 3


def test_entry_0_is_written_by_the_ledger_alone(ledger):
    with pytest.raises(BadFact) as caught:
        ledger.record(SMITH, Opened("other"))
    assert str(caught.value) == "fact 1, Opened: is written by the ledger itself"


# --- policies ---------------------------------------------------------------------------------------


def test_a_policy_is_kept_whole_with_its_digest(ledger):
    (entry,) = ledger.record(SMITH, PolicyAdopted("rules = 1\n", party="smith", auth="access"))
    text = expand_policy("rules = 1\n")
    assert (entry.fact.text, entry.fact.digest) == (text, policy_digest(text))
    assert entry.fact.auth == "access"
    dated = PolicyAdopted("rules = 1\n", at=entry.at)
    first, again = ledger.record(SMITH, dated, dated)
    assert again == first


@pytest.mark.parametrize(
    ("policy", "error", "text"),
    [
        (PolicyAdopted("rules = "), BadPolicy, "fact 2, line 1"),
        (PolicyAdopted("rules = 1\nwhatever = 2\n"), BadPolicy, "fact 2, line 2"),
        (
            PolicyAdopted("rules = 1\n", digest="00"),
            BadFact,
            "fact 2, PolicyAdopted.digest: is not the SHA-256 of the text",
        ),
    ],
)
def test_a_bad_policy_is_named_by_fact_and_line(ledger, policy, error, text):
    with pytest.raises(error) as caught:
        ledger.record(SMITH, mail(), policy)
    assert str(caught.value)[: len(text)] == text
    assert ledger.check() == 7


# --- all or none --------------------------------------------------------------------------------------


def test_a_batch_is_recorded_whole_or_not_at_all(ledger):
    before = ledger.entries(SMITH)
    with pytest.raises(Conflict):
        ledger.record(SMITH, mail("k"), mail("l"), mail("k", about="other"))
    assert ledger.entries(SMITH) == before
    ledger.record(SMITH, mail("k", about="other"))
    assert audit(ledger, SMITH) == 8


def test_several_accounts_are_recorded_in_one_commit(ledger):
    done = ledger.record_many({SMITH: [mail()], "jones": [Party("j"), Party("k")], "new": []})
    assert {name: [e.no for e in some] for name, some in done.items()} == {
        SMITH: [7],
        "jones": [2, 3],
        "new": [],
    }
    with pytest.raises(NotFound) as caught:
        ledger.record_many({SMITH: [mail()], "jones": [Party("l")], "third": [mail(to="x")]})
    assert str(caught.value).startswith("fact 1, Touch.to[0]: no person or party")
    assert ledger.accounts() == ("jones", "new", SMITH)
    assert (audit(ledger, SMITH), audit(ledger, "jones")) == (8, 4)
    assert ledger.record_many({}) == {}


def test_the_same_person_of_two_accounts_is_two(ledger):
    ledger.record("jones", *two_sides())
    bob, other = (ledger.entries(name)[5] for name in (SMITH, "jones"))
    assert bob.id != other.id
    with pytest.raises(NotFound):
        ledger.record("jones", Mark(1), mail(to=bob))
    with pytest.raises(BadFact) as caught:
        ledger.record("jones", Mark(bob))
    assert str(caught.value) == "fact 1, Mark.entry: is an entry of another account"


def test_a_fact_with_its_time_and_no_reference_is_recorded_as_it_is():
    ledger, clock = in_memory()
    fact = Coverage("mailbox", "email", since=clock(), at=clock())
    first, second = ledger.record("new", fact, fact)
    assert (first.fact, second) == (fact, first)


# --- the house ------------------------------------------------------------------------------------------


def test_the_house_holds_impersonal_facts_and_is_no_account(ledger):
    (entry,) = ledger.record(HOUSE, Coverage("sendgrid", "email", interval_seconds=3_600))
    opened, policy, coverage = ledger.entries(HOUSE)
    assert (opened.fact.house, opened.fact.name, coverage) == (True, None, entry)
    assert policy.kind == "policy_adopted"
    assert ledger.accounts() == (SMITH,)
    ledger.record(HOUSE, PolicyAdopted("rules = 1\n", party="acme"))
    assert ledger.check(HOUSE) == audit(ledger, HOUSE) == 4


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        (Touch(to="acme"), "Touch.to"),
        (Party("p"), "Party.key"),
        (Mark(1, text="a"), "Mark.entry"),
        (Retraction(1), "Retraction.entry"),
        (Signal("t"), "Signal.touch"),
    ],
)
def test_the_house_refuses_what_is_personal(ledger, fact, field):
    with pytest.raises(BadFact) as caught:
        ledger.record(HOUSE, fact)
    assert str(caught.value) == f"fact 1, {field}: the house log holds impersonal facts only"


# --- names and ids ----------------------------------------------------------------------------------------


def test_an_account_goes_by_its_id_as_well(ledger):
    id_ = ledger.entries(SMITH)[0].account
    ledger.record(id_, mail())
    assert ledger.entries(id_) == ledger.entries(SMITH)
    assert ledger.accounts() == (SMITH,)


def test_many_accounts_are_listed_in_order(ledger):
    names = [f"account {number:04d}" for number in range(1_100)]
    ledger.record_many({name: [] for name in reversed(names)})
    assert ledger.accounts() == (*names, SMITH)
    assert ledger.check() == 2 * 1_100 + 7


# --- opening a ledger ---------------------------------------------------------------------------------------


def test_a_ledger_is_opened_again_by_the_same_party():
    store = MemoryStore()
    first, _ = in_memory(store=store)
    first.record(SMITH, *two_sides())
    second, _ = in_memory(store=store)
    assert second.entries(SMITH) == first.entries(SMITH)
    assert repr(second) == repr(first) == f"<Ledger {first._row.id}>"
    with pytest.raises(BadFact) as caught:
        in_memory(store=store, recorder="smith")
    assert str(caught.value) == "recorder: another party runs this ledger"
    assert second.record(SMITH, mail("k"))[0] == first.record(SMITH, mail("k"))[0]


def test_a_ledger_can_be_opened_for_reading_alone():
    store = MemoryStore()
    with pytest.raises(StoreMissing) as missing:
        Ledger.open(store, recorder=None)
    assert str(missing.value) == "there is no ledger in this database yet"
    ledger, clock = in_memory(store=store)
    ledger.record(SMITH, *two_sides())
    reader = Ledger.open(store, recorder=None, clock=clock)
    assert reader.entries(SMITH) == ledger.entries(SMITH)
    assert reader.check() == 7
    with pytest.raises(BadFact) as caught:
        reader.record(SMITH, mail())
    assert str(caught.value) == "recorder: the ledger was opened for reading; name its recorder"


def test_without_a_clock_it_is_now():
    with Ledger.open(MemoryStore(), recorder="acme") as ledger:
        before = datetime.now(UTC)
        (entry,) = ledger.record(SMITH, Party("smith"))
        assert before <= entry.recorded_at <= datetime.now(UTC)
        assert ledger.entries(SMITH)[-1] == entry


@pytest.mark.parametrize("key", ["", 3, b"acme", "ac\x00me"])
def test_who_runs_the_ledger_is_named_by_a_key(tmp_path, key):
    with pytest.raises(BadFact, match=r"^recorder: must be the key of a party, or None to read"):
        Ledger.open(f"sqlite:///{tmp_path}/x.db", recorder=key)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_key_is_none(ledger):
    empty = r"must not be empty; leave it out, or give one$"
    with pytest.raises(BadFact, match=rf"^fact 1, Touch.key: {empty}"):
        ledger.record(SMITH, mail(""))
    with pytest.raises(BadFact, match=r"^fact 1, Party.key: must be given$"):
        ledger.record(SMITH, Party(""))


def test_a_clock_may_give_any_aware_time_and_no_naive_one():
    berlin = pendulum.datetime(2026, 3, 2, 10, tz="Europe/Berlin")
    ledger = Ledger.open(MemoryStore(), recorder="acme", clock=lambda: berlin)
    (entry,) = ledger.record(SMITH, Party("smith"))
    assert entry.recorded_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    naive = Ledger.open(MemoryStore(), recorder="acme", clock=berlin.naive)
    with pytest.raises(BadFact) as caught:
        naive.record(SMITH, Party("smith"))
    assert str(caught.value) == "clock: has no time zone; write it with its offset or zone"


def test_random_bytes_may_be_given_and_then_everything_repeats():
    def seeded():
        drawn = iter(range(10_000))
        return lambda size: (next(drawn)).to_bytes(16, "big") * (size // 16)

    made = []
    for _ in range(2):
        clock = FixedClock()
        ledger = Ledger.open(MemoryStore(), recorder="acme", clock=clock, random_bytes=seeded())
        ledger.record(SMITH, *two_sides())
        made.append(ledger.entries(SMITH))
    assert made[0] == made[1]


def test_salts_never_repeat(ledger):
    ledger.record(SMITH, *[mail(about="same") for _ in range(600)])
    digests = [row for entry in ledger.entries(SMITH) for row in entry.sd]
    assert len(set(digests)) == len(digests)


def test_facts_are_kept_as_they_are_given(ledger):
    person = Person("x", "smith", "X", zone="Europe/Berlin", duties="it", level=2)
    (entry,) = ledger.record(SMITH, person)
    assert facts_of((entry,)) == facts_of(ledger.entries(SMITH)[-1:])
    assert entry.at - ledger.entries(SMITH)[0].at == timedelta(0)
