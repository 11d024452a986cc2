"""A log that is read again: only what is new of it is read, and nothing that is not so any more."""

from __future__ import annotations

import pytest

from contactledger import following, refreshing
from contactledger.accounts import HOUSE
from contactledger.errors import StoreError
from contactledger.facts import Coverage, Party, PolicyAdopted
from contactledger.following import NOTHING, Following, followed
from contactledger.judge.policy import DEFAULT_POLICY
from contactledger.store.memory import MemoryStore, MemoryTransaction
from contactledger.vocabulary import Channel, CoverageState
from tests.ledgers import SMITH, filled, in_memory, mail

FEW, MANY = 5, 80
"""Words of collectors in the house log."""


@pytest.fixture
def read(monkeypatch):
    """How many entries a store has given away."""
    given: list[object] = []
    asked = MemoryTransaction.entries

    def counted(self, *args, **named):
        for row in asked(self, *args, **named):
            given.append(row)
            yield row

    monkeypatch.setattr(MemoryTransaction, "entries", counted)
    return lambda: len(given)


def listened(ledger, number):
    at = ledger._now()
    return ledger.cover(
        *[
            Coverage(f"mailbox.{n}", (Channel.EMAIL,), CoverageState.WORKING, at, at)
            for n in range(number)
        ]
    )


def costs(ledger, read):
    """Of judging an account, asking about it, and opening another one."""
    uses = (
        lambda: ledger.standing(SMITH),
        lambda: ledger.may_contact(SMITH, "bob", "phone"),
        lambda: ledger.report(SMITH).text(),
        lambda: ledger.record("jones", Party("jones")),
    )
    found = []
    for use in uses:
        before = read()
        use()
        found.append(read() - before)
    return found


def test_judging_and_opening_cost_no_more_where_collectors_said_more(read):
    found = []
    for number in (FEW, MANY):
        ledger, _ = filled()
        listened(ledger, number)
        ledger.findings(SMITH)  # the first reads it
        found.append(costs(ledger, read))
        listened(ledger, 2)
        before = read()
        ledger.findings(SMITH)
        own = len(ledger.entries(SMITH))
        assert (
            read() - before == 2 * own + 2 * 2
        )  # twice what is new: its hashes, then what it says
    assert found[0] == found[1]


def test_answers_over_all_accounts_read_it_once(read, monkeypatch):
    monkeypatch.setattr(refreshing, "BATCH", 1)
    found = []
    for number in (FEW, MANY):
        ledger, _ = filled()
        listened(ledger, number)
        ledger.findings(SMITH)
        for name in ("jones", "miller", "brown"):
            ledger.record(name, Party(name))
        with ledger.across() as across:
            before = read()
            assert across.refresh() == 4
            first = read() - before
            ledger.record("jones", Party("more"))
            assert across.refresh() == 1
            found.append((first - 2 - number, read() - before - first))  # its size is learnt once
    assert found[0] == found[1]


def test_what_is_kept_is_what_another_ledger_wrote():
    store = MemoryStore()
    ours, _ = in_memory(store=store)
    theirs, _ = in_memory(store=store)
    ours.record(SMITH, Party("smith"))
    assert ours.side(SMITH).house == ()
    text = DEFAULT_POLICY + "\n# of the house\n"
    theirs.record(HOUSE, PolicyAdopted(text))
    ours.record("jones", Party("jones"))
    assert ours.entries("jones")[1].fact.text == text
    newer = DEFAULT_POLICY + "\n# a newer one\n"
    theirs.record(HOUSE, PolicyAdopted(newer))
    listened(theirs, 1)
    ours.record("miller", Party("miller"))
    assert ours.entries("miller")[1].fact.text == newer
    assert ours.side(SMITH).house == theirs.entries(HOUSE)


def test_what_was_rolled_back_is_forgotten():
    ledger, _ = filled()
    log = Following(ledger._row.house)

    def given_up(tx):
        ledger._write({HOUSE: []}, tx)
        assert len(log.read(tx)) == 2
        raise StoreError("no more")

    with pytest.raises(StoreError), ledger._store.begin(write=True) as tx:
        given_up(tx)
    with ledger._store.begin(write=False) as tx:
        assert log.read(tx) == ()
    listened(ledger, 3)
    with ledger._store.begin(write=False) as tx:
        assert log.read(tx) == ledger.entries(HOUSE)


def test_where_something_was_erased_all_is_read_again():
    ledger, _ = filled()
    account = ledger.entries(SMITH)[0].account

    def now(known=None):
        with ledger._store.begin(write=False) as tx:
            return followed(tx, account, known)

    known = now()
    assert now(known) is known
    ledger.record(SMITH, mail("m", about="a secret"))
    grown = now(known)
    assert all(a is b for a, b in zip(grown.entries, known.entries, strict=False))
    ledger.redact(SMITH, person="bob")
    erased = now(grown)
    assert erased.entries == ledger.entries(SMITH)
    assert erased.entries[5].fact.name is None
    assert now(grown.__class__(99, grown.frontier, grown.entries)).entries == erased.entries


def test_a_log_that_is_too_long_is_read_each_time(read, monkeypatch):
    monkeypatch.setattr(following, "KEPT", FEW)
    ledger, _ = filled()
    with ledger._store.begin(write=False) as tx:
        assert followed(tx, ledger._row.house, None) is NOTHING
    listened(ledger, FEW)
    ledger.standing(SMITH)
    first, before = ledger.entries(HOUSE), read()
    assert ledger.side(SMITH).house == first
    assert read() - before == len(first) + len(ledger.entries(SMITH))
