"""Whatever is changed in what is sealed, `check` finds it and names it."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from contactledger.errors import Corrupt
from contactledger.keys import load_signer
from contactledger.ledger import Ledger
from contactledger.log.checkpoint import Checkpoint, sign_checkpoint
from contactledger.log.seal import (
    format_epoch,
    format_genesis,
    format_head,
    format_key_change,
    parse_epoch,
    parse_genesis,
    parse_head,
    parse_key_change,
)
from contactledger.log.tlog import leaf_hash
from contactledger.store.memory import MemoryStore
from contactledger.store.sealing import LEDGER_LOG, SLOTS, GivenRow
from contactledger.testing import NOON, A
from contactledger.trees import slot_path
from tests.ledgers import SMITH, two_sides
from tests.sealers import new_key, open_sealing, touches


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Accounts smith (300 entries), jones; sealed, rotated, sealed; one more entry since."""
    path, _ = new_key(tmp_path)
    ledger = open_sealing(MemoryStore(), path)
    ledger.record(SMITH, *two_sides(), *touches(300))
    ledger.record("jones", *two_sides())
    ledger.seal()
    newer, _ = new_key(tmp_path, "newer")
    ledger.rotate(newer)
    ledger._clock.forward(days=1)
    ledger.record(SMITH, *touches(5, 300))
    ledger.seal()
    ledger.record("jones", *touches(1))
    assert ledger.check() == len(two_sides()) * 2 + 4 + 306
    return ledger


def wrong(ledger: Ledger, account: str | None = None) -> str:
    """What `check` says."""
    with pytest.raises(Corrupt) as caught:
        ledger.check(account)
    return str(caught.value).replace(id_of(ledger, SMITH), "SMITH")


def id_of(ledger: Ledger, name: str) -> str:
    with ledger._store.begin(write=False) as tx:
        return ledger._accounts.must_find(name, tx)


def state(ledger: Ledger):
    return ledger._store._state


def leaf(ledger: Ledger, no: int, record: bytes, **more) -> None:
    """Put other bytes, and their leaf hash, into the ledger log."""
    rows = state(ledger).sealed
    rows[no] = rows[no]._replace(record=record, leaf=leaf_hash(record), **more)


def epoch(ledger: Ledger, no: int, **changes) -> None:
    old = parse_epoch(state(ledger).sealed[no].record)
    leaf(ledger, no, format_epoch(attrs.evolve(old, **changes)))


# ---- accounts


def test_a_stored_node_of_an_account(ledger):
    nodes = state(ledger).accounts[id_of(ledger, SMITH)].nodes
    kept = nodes[8, 0]
    nodes[8, 0] = b"\0" * 32
    expected = "account SMITH, entry 0: a stored node of its tree is not that of the entries"
    assert wrong(ledger) == expected
    del nodes[8, 0]
    assert wrong(ledger) == expected
    nodes[8, 0] = kept
    nodes[8, 1] = kept
    assert wrong(ledger) == "account SMITH: a stored node behind the head"


def _heads(ledger: Ledger, **changes) -> None:
    slots = state(ledger).slots
    slot = state(ledger).slot_of[id_of(ledger, SMITH)]
    head = attrs.evolve(parse_head(slots[slot].head), **changes)
    slots[slot] = slots[slot]._replace(head=format_head(head))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"slot": 7}, "its sealed head is not what its columns say"),
        ({"account": A}, "its sealed head is not what its columns say"),
        ({"size": 1}, "its sealed head is not what its columns say"),
        ({"root": b"\0" * 32}, "its sealed head is not that of the entries"),
        ({"blind": b"\0" * 16}, "its sealed head is not in the newest epoch"),
    ],
)
def test_a_sealed_head(ledger, changes, what):
    _heads(ledger, **changes)
    assert wrong(ledger, SMITH) == wrong(ledger) == f"account SMITH: {what}"


def test_a_sealed_head_that_is_none(ledger):
    slots = state(ledger).slots
    slot = state(ledger).slot_of[id_of(ledger, SMITH)]
    slots[slot] = slots[slot]._replace(head=b"{}")
    assert wrong(ledger) == "account SMITH: its sealed head is none: typ: not a head record"


def test_more_entries_sealed_than_there_are(ledger):
    slots = state(ledger).slots
    slot = state(ledger).slot_of[id_of(ledger, SMITH)]
    slots[slot] = slots[slot]._replace(size=999)
    _heads(ledger, size=999)
    assert wrong(ledger) == "account SMITH: 999 entries were sealed, there are 312"


def test_a_head_that_was_given_out(ledger):
    account = id_of(ledger, SMITH)
    with ledger._store.begin(write=True) as tx:
        row, no = tx.slots([account])[account], tx.checkpoint().size - 1
        path = b"".join(slot_path(tx, row.slot, tx.checkpoint().slots))
        tx.put_given(GivenRow(account, no, "smith", NOON, row.head, path))
    assert ledger.check() > 0
    given = state(ledger).accounts[account].given
    good = given[no, "smith"]
    what = "account SMITH: a head that was given out is not in its epoch"
    given[no, "smith"] = good._replace(path=b"")
    assert wrong(ledger) == what
    given[no, "smith"] = good._replace(head=b"{}")
    assert wrong(ledger) == what
    given[no, "smith"] = good._replace(epoch=1)
    assert wrong(ledger) == what
    given[no, "smith"] = good._replace(epoch=2)
    assert wrong(ledger) == "ledger log, leaf 2: there is no such epoch"
    given[no, "smith"] = good._replace(epoch=99)
    assert wrong(ledger) == "ledger log, leaf 99: there is no such epoch"


# ---- the ledger log


def test_a_leaf_of_the_ledger_log(ledger):
    rows = state(ledger).sealed
    rows[1] = rows[1]._replace(leaf=b"\0" * 32)
    assert wrong(ledger) == "ledger log, leaf 1: the bytes are not those of the leaf hash"
    del rows[1]
    assert wrong(ledger) == "ledger log, leaf 1: a leaf is missing"


def test_a_leaf_that_is_no_record(ledger):
    leaf(ledger, 1, b"{}")
    assert wrong(ledger) == "ledger log, leaf 1: not a record: typ: not a epoch record"


@pytest.mark.parametrize(
    ("no", "kind", "what"),
    [
        (0, "epoch", "leaf 0, and no other, is the ledger record"),
        (2, "ledger", "leaf 0, and no other, is the ledger record"),
        (2, "kay", "a record of no known kind"),
    ],
)
def test_the_kind_of_a_leaf(ledger, no, kind, what):
    rows = state(ledger).sealed
    rows[no] = rows[no]._replace(kind=kind)
    assert wrong(ledger) == f"ledger log, leaf {no}: {what}"


def test_the_record_of_another_ledger(ledger):
    genesis = parse_genesis(state(ledger).sealed[0].record)
    leaf(ledger, 0, format_genesis(attrs.evolve(genesis, ledger=A)))
    assert wrong(ledger) == "ledger log, leaf 0: the record of another ledger"


def test_a_key_that_replaces_another_than_the_newest(ledger):
    change = parse_key_change(state(ledger).sealed[2].record)
    leaf(ledger, 2, format_key_change(attrs.evolve(change, replaces=change.key)))
    assert wrong(ledger) == "ledger log, leaf 2: does not replace the newest key"


BACK = "ledger log, leaf 4: an epoch goes back behind the one in front of it"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"epoch": 3}, "ledger log, leaf 4: an epoch stands at another place"),
        ({"sealed_at": NOON.replace(year=2020)}, BACK),
        ({"slots": 1}, BACK),
    ],
)
def test_an_epoch_at_another_place_or_behind_the_one_in_front(ledger, changes, what):
    state(ledger).slot_of.clear()  # the accounts' own check comes first
    epoch(ledger, 4, **changes)
    assert wrong(ledger) == what


def test_the_newest_epoch_is_that_of_the_accounts(ledger):
    for changes in ({"slots": 1}, {"root": b"\0" * 32}):
        epoch(ledger, 4, **changes)
        assert wrong(ledger).endswith(": its sealed head is not in the newest epoch")
    leaf(ledger, 4, b"{}")
    assert wrong(ledger) == "ledger log, leaf 4: there is no such epoch"


def test_a_checkpoint_that_is_not_that_of_the_leaves(ledger):
    rows = state(ledger).checkpoints
    good = rows[4]
    what = "ledger log, leaf 3: the checkpoint of this epoch is not that of the leaves"
    for changes in (
        {"root": b"\0" * 32},
        {"frontier": b""},
        {"slots": 2},
        {"size": 5},
    ):
        rows[4] = good._replace(**changes)
        assert wrong(ledger) == what
    del rows[4]
    assert wrong(ledger) == what


def test_a_checkpoint_of_no_leaves(ledger):
    rows = state(ledger).checkpoints
    rows[99] = rows[5]._replace(size=99)
    with pytest.raises(Corrupt, match=r"there is no such epoch"):
        ledger.check()
    state(ledger).slots.clear()
    state(ledger).slot_of.clear()
    assert wrong(ledger) == "ledger log: a checkpoint of leaves that are not there"


def test_the_note_of_a_checkpoint(ledger, tmp_path):
    rows = state(ledger).checkpoints
    note = rows[5].note
    rows[5] = rows[5]._replace(note=note[:-8] + b"AAAA" + note[-4:])
    assert wrong(ledger).startswith("ledger log, leaf 4: the checkpoint's note does not open: ")
    rows[5] = rows[5]._replace(note=rows[4].note)
    assert (
        wrong(ledger) == "ledger log, leaf 4: the checkpoint's note is that of another checkpoint"
    )
    other = Checkpoint("acme.example/ledger", 5, b"\0" * 32)
    rows[5] = rows[5]._replace(note=sign_checkpoint(other, load_signer(tmp_path / "newer.key")))
    assert (
        wrong(ledger) == "ledger log, leaf 4: the checkpoint's note is that of another checkpoint"
    )
    rows[5] = rows[5]._replace(note=None)
    assert ledger.check() > 0


def test_the_ledger_log_ends_in_an_epoch(ledger):
    record = state(ledger).sealed[2].record
    change = parse_key_change(record)
    new = attrs.evolve(change, replaces=change.key)
    state(ledger).sealed[5] = (
        state(ledger)
        .sealed[2]
        ._replace(no=5, record=format_key_change(new), leaf=leaf_hash(format_key_change(new)))
    )
    assert wrong(ledger) == "ledger log, leaf 5: does not end in an epoch"


def test_a_stored_node_of_the_ledger_log(tmp_path):
    path, _ = new_key(tmp_path)
    ledger = open_sealing(MemoryStore(), path)
    ledger.record(SMITH, *two_sides())
    for number in range(256):
        ledger.record(SMITH, *touches(1, number))
        ledger.seal()
    assert ledger.check() > 256
    state(ledger).trees[LEDGER_LOG][8, 0] = b"\0" * 32
    with pytest.raises(Corrupt):
        ledger.check()
    del state(ledger).trees[LEDGER_LOG][8, 0]
    ledger._keys = ()
    state(ledger).slots.clear()
    state(ledger).slot_of.clear()
    assert wrong(ledger) == (
        "ledger log, leaf 255: a stored node of its tree is not that of the leaves"
    )


# ---- slots


def test_a_slot_that_is_missing_or_of_no_account(ledger):
    slots = state(ledger).slots
    kept = dict(slots)
    del slots[0]
    assert wrong(ledger) == "ledger log: slot 0 is missing"
    slots.update(kept)
    slots[2] = slots[2]._replace(account=ledger._row.house)
    assert wrong(ledger) == "ledger log: slot 0, and no other, is the house log's"
    slots[2] = slots[2]._replace(account=A)
    assert wrong(ledger) == "ledger log: slot 2 is that of an account that is not there"


def test_a_node_of_the_slot_tree(ledger):
    nodes = state(ledger).trees[SLOTS]
    state(ledger).slot_of.clear()  # the accounts' own check comes first
    nodes[1, 0] = b"\0" * 32
    assert wrong(ledger) == "ledger log: node 0 of level 1 of the slot tree is not that above"


def test_slots_that_are_not_those_of_the_newest_epoch(ledger):
    state(ledger).slot_of.clear()
    slots = state(ledger).slots
    del slots[2]
    assert wrong(ledger) == "ledger log: the slots are not those of the newest epoch"
    slots.clear()
    assert wrong(ledger) == "ledger log: the slots are not those of the newest epoch"


def test_an_account_that_counts_as_sealed_and_is_not(ledger):
    state(ledger).unsealed.clear()
    jones = id_of(ledger, "jones")
    assert wrong(ledger) == f"account {jones}: sealed and not sealed at once"
    state(ledger).unsealed.update({jones: True, id_of(ledger, SMITH): True})
    assert wrong(ledger) == "account SMITH: sealed and not sealed at once"


def test_a_ledger_that_was_never_sealed_is_in_order(tmp_path):
    ledger = open_sealing(MemoryStore(), new_key(tmp_path)[0])
    assert ledger.check() == 0
    ledger.record(SMITH, *two_sides())
    assert ledger.check() == len(two_sides()) + 2
    assert ledger.check(SMITH) == len(two_sides()) + 2
