"""Sealing: what is sealed, what is signed, what is refused, and what is left after a failure."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier

import attrs
import pytest
from sqlalchemy import create_engine

from contactledger.errors import (
    BadInput,
    Corrupt,
    Fork,
    NotSealed,
    StoreBusy,
    Unverified,
)
from contactledger.facts import Coverage
from contactledger.keys import CallSigner, HighWater, load_signer
from contactledger.ledger import Ledger
from contactledger.log.checkpoint import (
    Checkpoint,
    add_cosignature,
    cosign,
    format_checkpoint,
    open_checkpoint,
)
from contactledger.log.note import parse_unverified
from contactledger.log.seal import parse_epoch, parse_genesis, parse_head, parse_key_change
from contactledger.log.tlog import EMPTY_ROOT, leaf_hash, root_of
from contactledger.sealed import known_keys, newest_sealed
from contactledger.sealing import SigningKey, signing_keys
from contactledger.store.driver import Driver
from contactledger.store.memory import MemoryStore
from contactledger.store.sql import SqlStore
from contactledger.testing import FixedClock
from contactledger.trees import check_entry
from tests.ledgers import SMITH, two_sides
from tests.sealers import (
    ORIGIN,
    Fault,
    extends,
    faulty,
    new_key,
    open_sealing,
    records,
    sealing_in_memory,
    touches,
)

OPENED = FixedClock()()


def log_of(ledger: Ledger) -> list[tuple[str, bytes]]:
    with ledger._store.begin(write=False) as tx:
        return [(row.kind, row.record) for row in tx.sealed()]


def sizes(ledger: Ledger) -> list[tuple[int, bool]]:
    """Checkpoints: their sizes, and whether they are signed."""
    with ledger._store.begin(write=False) as tx:
        return [(row.size, row.note is not None) for row in tx.checkpoints()]


# ---- what is sealed


def test_the_first_seal_writes_the_ledger_record_and_an_epoch_over_all_accounts(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    ledger.record("jones", *two_sides())
    sealed = ledger.seal()
    (_, first), (_, last) = log_of(ledger)
    genesis, epoch = parse_genesis(first), parse_epoch(last)
    assert [kind for kind, _ in log_of(ledger)] == ["ledger", "epoch"]
    assert (genesis.origin, genesis.keys) == (ORIGIN, (key.format(),))
    assert genesis.ledger == ledger._row.id
    assert (epoch.epoch, epoch.slots, epoch.sealed_at) == (1, 3, FixedClock()())
    assert sealed.epoch == epoch
    assert sealed.sealed_at == epoch.sealed_at
    root = root_of([leaf_hash(first), leaf_hash(last)])
    assert sealed.checkpoint == Checkpoint(ORIGIN, 2, root)
    assert open_checkpoint(sealed.note, [key], origin=ORIGIN).checkpoint == sealed.checkpoint
    assert ledger.check() == len(records(ledger)) + len(records(ledger, "jones"))


def test_the_house_log_has_slot_0_even_while_it_is_empty(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    house = ledger._row.house

    def head():
        with ledger._store.begin(write=False) as tx:
            return parse_head(tx.slots([house])[house].head)

    assert (head().slot, head().size, head().root) == (0, 0, EMPTY_ROOT)
    ledger.record("house", Coverage("sendgrid", since=OPENED, at=OPENED))
    ledger.seal()
    assert (head().slot, head().size) == (0, 3)
    ledger.check()


def test_a_house_log_that_is_there_first_is_sealed_once(tmp_path):
    path, _ = new_key(tmp_path)
    ledger = open_sealing(MemoryStore(), path)
    ledger.record("house", Coverage("sendgrid", since=OPENED, at=OPENED))
    assert ledger.seal().epoch.slots == 1
    ledger.check()


def test_a_ledger_without_any_account_can_be_sealed(tmp_path):
    path, key = new_key(tmp_path)
    sealed = open_sealing(MemoryStore(), path).seal()
    assert sealed.epoch.slots == 1
    assert open_checkpoint(sealed.note, [key]).checkpoint.size == 2


def test_only_changed_accounts_get_a_new_head_and_all_keep_their_slot(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.record("jones", *two_sides())
    ledger.seal()

    def heads():
        with ledger._store.begin(write=False) as tx:
            return {row.account: row for row in tx.slots_from()}

    before = heads()
    ledger.record(SMITH, *touches(3))
    assert ledger.seal().epoch.slots == 3
    after = heads()
    changed = {account for account in after if after[account] != before[account]}
    assert {a: row.slot for a, row in after.items()} == {a: row.slot for a, row in before.items()}
    (account,) = changed
    assert after[account].size == before[account].size + 3
    assert parse_head(after[account].head).blind != parse_head(before[account].head).blind


def test_where_nothing_is_new_the_last_checkpoint_comes_back(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    first = ledger.seal()
    mark = tmp_path / "acme.high-water"
    written = mark.stat().st_mtime_ns
    assert ledger.seal() == first
    assert sizes(ledger) == [(2, True)]
    assert mark.stat().st_mtime_ns == written


def test_the_time_of_a_seal_never_goes_back(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    first = ledger.seal()
    ledger._clock.forward(days=-1)
    ledger.record(SMITH, *touches(1))
    second = ledger.seal()
    assert second.sealed_at == first.sealed_at
    ledger._clock.forward(days=2)
    ledger.record(SMITH, *touches(1, 1))
    assert ledger.seal().sealed_at == FixedClock().forward(days=1)
    ledger.check()


def test_more_accounts_than_are_taken_at_a_time_are_all_sealed(tmp_path, monkeypatch):
    monkeypatch.setattr("contactledger.sealing.HEADS", 3)
    ledger, key = sealing_in_memory(tmp_path)
    for number in range(10):
        ledger.record(f"account-{number}", *two_sides()[:1])
    assert ledger.seal().epoch.slots == 12
    for number in range(10):
        proof = ledger.prove(f"account-{number}", 1)
        check_entry(records(ledger, f"account-{number}")[1], proof, [key])
    ledger.check()


def test_the_checkpoint_is_none_before_the_first_seal_and_then_the_newest(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    assert ledger.checkpoint() is None
    first = ledger.seal()
    assert ledger.checkpoint() == first
    ledger.record(SMITH, *touches(1))
    assert ledger.checkpoint() == first
    assert ledger.checkpoint() != ledger.seal()


def test_a_ledger_opened_for_reading_shows_its_checkpoint_and_cannot_seal(tmp_path):
    path, key = new_key(tmp_path)
    where = f"sqlite:///{tmp_path}/contacts.db"
    with open_sealing(where, path) as ledger:
        ledger.record(SMITH, *two_sides())
        sealed = ledger.seal()
    with Ledger.open(where, recorder=None, signer=path) as reading:
        assert reading.checkpoint() == sealed
        check_entry(records(reading)[2], reading.prove(SMITH, 2), [key])
        with pytest.raises(BadInput, match=r"^recorder: the ledger was opened for reading"):
            reading.seal()


# ---- every entry proves, and no other does


def test_every_entry_proves_up_to_the_signed_checkpoint_and_no_other_does(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    ledger.record("jones", *two_sides())
    opened = len(records(ledger))
    for size in range(opened, 131):
        if size > opened:
            ledger.record(SMITH, *touches(1, size))
        sealed = ledger.seal()
        entries = records(ledger)
        assert len(entries) == size
        whole = size in (opened, 8, 63, 64, 65, 130)
        for no in range(size) if whole else (0, size // 2, size - 1):
            proof = ledger.prove(SMITH, no)
            proved = check_entry(entries[no], proof, [key])
            assert (proved.head.size, proved.checkpoint) == (size, sealed.checkpoint)
            other = entries[(no + 1) % size]
            with pytest.raises(Unverified, match=r"^the entry is not in the log"):
                check_entry(other, proof, [key])
    ledger.check()


def test_an_entry_is_proved_only_once_it_is_sealed(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    with pytest.raises(NotSealed, match=r"^nothing is sealed yet$"):
        ledger.prove(SMITH, 0)
    ledger.seal()
    size = len(records(ledger))
    ledger.record(SMITH, *touches(1))
    for no in (size, -1):
        with pytest.raises(NotSealed, match=r"^the entry is not sealed yet$"):
            ledger.prove(SMITH, no)
    ledger.record("jones", *two_sides())
    with pytest.raises(NotSealed, match=r"^the entry is not sealed yet$"):
        ledger.prove("jones", 0)
    ledger.seal()
    check_entry(records(ledger)[size], ledger.prove(SMITH, size), [key])
    check_entry(records(ledger, "jones")[0], ledger.prove("jones", 0), [key])


# ---- keys


def test_without_a_signer_sealing_says_how_to_make_one(tmp_path):
    ledger = Ledger.open(MemoryStore(), recorder="acme")
    with pytest.raises(BadInput) as caught:
        ledger.seal()
    assert str(caught.value) == (
        "signer: no key to sign with: make one with contactledger.keys.keygen(path, name) and "
        "open the ledger with signer=path"
    )
    assert log_of(ledger) == []


@pytest.mark.parametrize("kind", ["environment", "callback"])
def test_a_key_that_is_no_file_needs_a_high_water_file(tmp_path, monkeypatch, kind):
    path, key = new_key(tmp_path)
    monkeypatch.setenv("ACME_KEY", path.read_text())
    signer = "env:ACME_KEY" if kind == "environment" else CallSigner(key, load_signer(path).sign)
    with pytest.raises(BadInput, match=r"^high_water: must be named where the key is no file"):
        open_sealing(MemoryStore(), signer)
    ledger = open_sealing(MemoryStore(), signer, high_water=tmp_path / "mark")
    sealed = ledger.seal()
    assert open_checkpoint(sealed.note, [key]).checkpoint == sealed.checkpoint
    assert (tmp_path / "mark").read_text() == format_checkpoint(sealed.checkpoint)


def test_the_high_water_file_lies_beside_the_key_file_unless_it_is_named(tmp_path):
    path, _ = new_key(tmp_path)
    (found,) = signing_keys(str(path))
    assert found.high_water == HighWater(tmp_path / "acme.high-water")
    (named,) = signing_keys(path, tmp_path / "mark")
    assert named.high_water == HighWater(tmp_path / "mark")
    assert signing_keys(None) == ()


def test_a_rotation_is_on_record_and_both_keys_sign_it(tmp_path):
    ledger, old = sealing_in_memory(tmp_path)
    ledger.seal()
    path, new = new_key(tmp_path, "newer")
    sealed = ledger.rotate(path)
    kinds = [kind for kind, _ in log_of(ledger)]
    assert kinds == ["ledger", "epoch", "key", "epoch"]
    change = parse_key_change(log_of(ledger)[2][1])
    assert (change.key, change.replaces) == (new.format(), old.format())
    for key in (old, new):
        assert open_checkpoint(sealed.note, [key]).checkpoint == sealed.checkpoint
    ledger.record(SMITH, *touches(1))
    after = ledger.seal()
    assert len(parse_unverified(after.note).unverified) == 2
    assert ledger.rotate(path) == after
    ledger.check()


def test_after_the_overlap_the_new_key_signs_alone(tmp_path):
    first, old = new_key(tmp_path)
    second, new = new_key(tmp_path, "newer")
    store = MemoryStore()
    ledger = open_sealing(store, first)
    ledger.record(SMITH, *two_sides())
    ledger.seal()
    ledger.rotate(second)
    alone = open_sealing(store, str(second))
    alone.record(SMITH, *touches(1))
    sealed = alone.seal()
    assert [line.key_id for line in parse_unverified(sealed.note).unverified] == [new.id]
    assert alone.check() == len(records(alone))
    late = open_sealing(store, [first, second])  # the old key adds its line
    both = late.seal()
    assert both.checkpoint == sealed.checkpoint
    for key in (old, new):
        assert open_checkpoint(both.note, [key]).checkpoint == sealed.checkpoint
    assert late.seal() == both


def test_a_new_key_takes_over_from_one_that_was_lost(tmp_path):
    first, old = new_key(tmp_path)
    store = MemoryStore()
    ledger = open_sealing(store, first)
    ledger.record(SMITH, *two_sides())
    ledger.seal()
    first.unlink()
    path, new = new_key(tmp_path, "newer")
    orphan = Ledger.open(store, recorder="acme", clock=FixedClock())
    sealed = orphan.rotate(path)
    assert open_checkpoint(sealed.note, [new]).checkpoint == sealed.checkpoint
    with pytest.raises(Unverified):
        open_checkpoint(sealed.note, [old])
    orphan.check()


def test_a_key_that_is_not_on_record_signs_nothing(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    path, _ = new_key(tmp_path, "newer")
    stranger = open_sealing(ledger._store, path)
    with pytest.raises(BadInput, match=r"^signer: is not on record as a key of this ledger: "):
        stranger.seal()
    assert not (tmp_path / "newer.high-water").exists()


def test_a_key_that_was_replaced_signs_nothing_alone(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    path, _ = new_key(tmp_path, "newer")
    ledger.rotate(path)
    old = open_sealing(ledger._store, tmp_path / "acme.key")
    with pytest.raises(BadInput, match=r"^signer: the ledger has a newer key: sign with that$"):
        old.seal()
    with pytest.raises(BadInput, match=r"^signer: was a key of this ledger before"):
        ledger.rotate(tmp_path / "acme.key")


def test_a_key_bears_the_name_of_the_log(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    path, _ = new_key(tmp_path, "other", origin="other.example/ledger")
    with pytest.raises(BadInput, match=r"^signer: its name must be the origin of the ledger's"):
        ledger.rotate(path)
    with pytest.raises(BadInput, match=r"^signer: its name must be the origin of the ledger's"):
        open_sealing(MemoryStore(), [new_key(tmp_path, "fresh")[0], path]).seal()


def test_a_service_that_signs_with_another_key_is_found_out(tmp_path):
    path, key = new_key(tmp_path)
    other, _ = new_key(tmp_path, "other")
    signer = CallSigner(key, load_signer(other).sign)
    ledger = open_sealing(MemoryStore(), signer, high_water=tmp_path / "mark")
    with pytest.raises(Unverified):
        ledger.seal()
    assert not (tmp_path / "mark").exists()
    assert sizes(ledger) == [(2, False)]
    repaired = open_sealing(ledger._store, path)
    assert repaired.seal().checkpoint.size == 2


def test_cosignatures_that_came_in_meanwhile_stay_on_the_note(tmp_path):
    ledger, key = sealing_in_memory(tmp_path)
    first = ledger.seal()
    path, new = new_key(tmp_path, "newer")
    ledger.rotate(path)
    alone = open_sealing(ledger._store, path)
    alone.record(SMITH, *touches(1))
    sealed = alone.seal()
    witness, seen = new_key(tmp_path, "witness", origin="witness.example")
    line = cosign(format_checkpoint(sealed.checkpoint), load_signer(witness), 1_770_000_000)
    with ledger._store.begin(write=True) as tx:
        row = tx.checkpoint()
        tx.put_checkpoint(row._replace(note=add_cosignature(row.note, line)))
    both = open_sealing(ledger._store, [tmp_path / "acme.key", path]).seal()
    opened = open_checkpoint(both.note, [key, new], [seen])
    assert [c.time for c in opened.cosignatures] == [1_770_000_000]
    assert len(opened.note.signatures) == 3
    assert extends(ledger, first, both)


# ---- forks


def in_file(folder: Path) -> tuple[Ledger, Path, Path]:
    key, _ = new_key(folder)
    database = folder / "contacts.db"
    ledger = open_sealing(f"sqlite:///{database}", key)
    ledger.record(SMITH, *two_sides())
    return ledger, key, database


def backup(database: Path, to: Path) -> None:
    source, target = sqlite3.connect(database), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()


def test_a_restored_older_backup_refuses_to_sign_and_writes_nothing(tmp_path):
    ledger, key, database = in_file(tmp_path)
    ledger.seal()
    backup(database, tmp_path / "older.db")
    ledger.record(SMITH, *touches(2))
    newest = ledger.seal()
    ledger.close()
    with open_sealing(f"sqlite:///{tmp_path}/older.db", key) as older:
        older.record(SMITH, *touches(5))
        for attempt in (older.seal, older.check, older.seal):
            with pytest.raises(Fork) as caught:
                attempt()
            assert str(caught.value) == (
                "this database holds 2 leaves of the ledger log and 3 were signed: it is an "
                "older copy (a restored backup?) or another ledger, and nothing was signed"
            )
        assert sizes(older) == [(2, True)]
    with open_sealing(f"sqlite:///{database}", key) as ledger:
        assert ledger.seal() == newest


def test_a_backup_that_went_on_by_itself_refuses_to_sign(tmp_path):
    ledger, key, database = in_file(tmp_path)
    ledger.seal()
    backup(database, tmp_path / "older.db")
    shutil.copy(tmp_path / "acme.high-water", tmp_path / "older.high-water")
    ledger.record(SMITH, *touches(2))
    ledger.seal()
    ledger.close()
    where = f"sqlite:///{tmp_path}/older.db"
    with open_sealing(where, key, high_water=tmp_path / "older.high-water") as older:
        for number in range(3):
            older.record(SMITH, *touches(1, number))
            older.seal()
    forked = r"^the first 3 leaves of the ledger log are not those"
    with open_sealing(where, key) as older, pytest.raises(Fork, match=forked):
        older.seal()


def test_a_second_ledger_with_the_same_key_refuses_to_sign(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    second = open_sealing(MemoryStore(), tmp_path / "acme.key")
    with pytest.raises(Fork, match=r"^this database holds 0 leaves of the ledger log and 2 were"):
        second.seal()
    assert log_of(second) == []


def test_a_mark_of_another_log_is_refused(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    other, _ = new_key(tmp_path, "other", origin="other.example/ledger")
    open_sealing(MemoryStore(), other).seal()
    key = SigningKey(load_signer(tmp_path / "acme.key"), HighWater.beside(other))
    ledger._keys = (key,)
    with pytest.raises(Fork, match=r"^what was signed before with this key has another origin$"):
        ledger.seal()


def test_a_mark_that_was_lost_is_asked_for(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    mark = tmp_path / "acme.high-water"
    kept = mark.read_bytes()
    mark.unlink()
    for attempt in (ledger.seal, ledger.check):
        with pytest.raises(Fork, match=r"^the high-water file of a key that has signed before is"):
            attempt()
    mark.write_bytes(kept)
    assert ledger.check() == len(records(ledger))


def test_what_is_signed_is_what_the_stored_leaves_say(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    steps_store, steps = faulty(ledger._store, tmp_path / "acme.key")
    steps.fail(9)  # the signature
    with pytest.raises(Fault):
        steps_store.seal()
    rows = ledger._store._state.sealed
    rows[1] = rows[1]._replace(leaf=b"\0" * 32)
    with pytest.raises(Corrupt, match=r"^ledger log: the checkpoint's root is not that of its"):
        ledger.seal()


def test_a_sealer_whose_mark_moved_while_it_worked_signs_on_top(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    theirs = open_sealing(ledger._store, tmp_path / "acme.key")
    mark = HighWater.beside(tmp_path / "acme.key")
    between = iter([False, True, *[False] * 9])  # once, after A was done

    class Slow:
        """Others sign, right after we have read the mark."""

        write = mark.write

        def read(self):
            before = mark.read()
            if next(between):
                theirs.record(SMITH, *touches(1, 1000))
                theirs.seal()
            return before

    ledger.record(SMITH, *touches(1))
    ledger._keys = (attrs.evolve(ledger._keys[0], high_water=Slow()),)
    assert ledger.seal() == theirs.checkpoint()
    ledger.check()


def test_a_first_seal_beside_another_first_seal_is_no_fork(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    theirs = open_sealing(ledger._store, tmp_path / "acme.key")
    mark = HighWater.beside(tmp_path / "acme.key")
    between = iter([True, *[False] * 9])

    class Slow:
        """Others make the first seal, right after we have seen that there is no mark."""

        write = mark.write

        def read(self):
            before = mark.read()
            if next(between):
                theirs.seal()
            return before

    ledger._keys = (attrs.evolve(ledger._keys[0], high_water=Slow()),)
    assert ledger.seal() == theirs.checkpoint()
    assert sizes(ledger) == [(2, True)]


def test_a_mark_that_another_database_moved_between_the_steps_stops_the_signature(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    mark = HighWater.beside(tmp_path / "acme.key")

    class Moved:
        read = mark.read

        def write(self, checkpoint, proof=()):
            theirs = Checkpoint(checkpoint.origin, checkpoint.size + 5, b"\1" * 32)
            mark.path.write_text(format_checkpoint(theirs))
            mark.write(checkpoint, proof)

    ledger._keys = (attrs.evolve(ledger._keys[0], high_water=Moved()),)
    ledger.record(SMITH, *touches(1))
    with pytest.raises(Fork, match=r"^this database holds 3 leaves of the ledger log and 8 were"):
        ledger.seal()
    assert sizes(ledger) == [(2, True), (3, False)]


def test_before_the_first_seal_no_key_is_on_record(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    with ledger._store.begin(write=False) as tx, pytest.raises(NotSealed):
        known_keys(tx)


# ---- a host's transaction


def test_a_ledger_in_a_hosts_transaction_is_not_sealed(tmp_path):
    path, _ = new_key(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path}/host.db")
    with engine.connect() as connection:
        ledger = open_sealing(connection, path)
        ledger.record(SMITH, *two_sides())
        with pytest.raises(BadInput, match=r"^where: a ledger in a host's transaction cannot be"):
            ledger.seal()
        connection.commit()
    with open_sealing(engine, path) as ledger:
        assert ledger.seal().epoch.slots == 2
    engine.dispose()


# ---- in databases


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """A store in a database of its own."""
    if request.param == "sqlite":
        made = SqlStore.open(f"sqlite:///{tmp_path}/c.db")
    else:
        url = request.getfixturevalue("postgres_url")
        made = SqlStore.open(url, schema=f"sealing_{next(SCHEMAS)}")
    yield made
    made.close()


SCHEMAS = count()


def test_a_database_is_sealed_rotated_proved_and_checked(store, tmp_path):
    path, old = new_key(tmp_path)
    newer, new = new_key(tmp_path, "newer")
    ledger = open_sealing(store, path)
    ledger.record(SMITH, *two_sides(), *touches(600))
    first = ledger.seal()
    ledger.record("jones", *two_sides())
    ledger.rotate(newer)
    ledger.record(SMITH, *touches(5, 600))
    last = ledger.seal()
    assert last == ledger.checkpoint()
    assert extends(ledger, first, last)
    entries = records(ledger)
    for no in (0, 255, 256, 511, 512, len(entries) - 1):
        for key in (old, new):
            assert check_entry(entries[no], ledger.prove(SMITH, no), [key]).epoch == last.epoch
    assert ledger.check() == len(entries) + len(records(ledger, "jones"))


def test_what_is_to_be_sealed_is_found_by_its_index(store, tmp_path):
    ledger = open_sealing(store, new_key(tmp_path)[0])
    ledger.record_many({f"account-{n}": two_sides()[:1] for n in range(300)})
    ledger.seal()
    ledger.record("account-7", *two_sides())
    with store._connections.begin(write=False) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            Driver(connection).run("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        plan = Driver(connection).rows(explain + store._statements.unsealed, ("", 1000))
        assert "contactledger_account_unsealed" in str(plan)


def test_a_proof_is_of_one_state_while_others_seal(store, tmp_path):
    path, key = new_key(tmp_path)
    ledger = open_sealing(store, path)
    ledger.record(SMITH, *two_sides())
    ledger.seal()
    opened = records(ledger)

    def seal() -> None:
        for number in range(15):
            ledger.record(SMITH, *touches(1, number))
            ledger.seal()

    def prove(no: int) -> None:
        check_entry(opened[no], ledger.prove(SMITH, no), [key])

    with ThreadPoolExecutor(1) as pool:
        sealing = pool.submit(seal)
        for number in count():
            if sealing.done():
                break
            with suppress(NotSealed):  # between the two steps of a seal
                prove(number % len(opened))
        sealing.result()
    for number in range(len(opened)):
        prove(number)
    ledger.check()


# ---- several sealers


def _seal_often(where: str, key: Path, start, name: str, outcomes) -> None:
    with open_sealing(where, key) as ledger:
        start.wait(timeout=60)
        for number in range(6):
            ledger.record(name, *(two_sides() if number == 0 else touches(1, number)))
            try:
                outcomes.put(ledger.seal().checkpoint.size)
            except StoreBusy:
                outcomes.put(-1)


def test_processes_that_seal_at_once_make_one_history(tmp_path):
    ledger, key, database = in_file(tmp_path)
    first = ledger.seal()
    where = f"sqlite:///{database}"
    context = get_context("spawn")
    start, outcomes = context.Barrier(3), context.Queue()
    sealers = [
        context.Process(target=_seal_often, args=(where, key, start, f"account-{n}", outcomes))
        for n in range(3)
    ]
    for sealer in sealers:
        sealer.start()
    found = [outcomes.get(timeout=60) for _ in range(18)]
    for sealer in sealers:
        sealer.join(timeout=60)
        assert sealer.exitcode == 0
    last = ledger.seal()
    assert max(found) <= last.checkpoint.size
    assert extends(ledger, first, last)
    assert ledger.check() > 0
    ledger.close()


def test_threads_that_share_a_ledger_seal_one_after_the_other(tmp_path):
    ledger, _, _ = in_file(tmp_path)
    ready = Barrier(4)

    def work(number: int) -> int:
        ready.wait(timeout=60)
        ledger.record(f"account-{number}", *two_sides())
        return ledger.seal().checkpoint.size

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert ledger.seal().checkpoint.size == max(found)
    ledger.check()
    ledger.close()


def test_a_sealer_that_was_overtaken_returns_the_newer_checkpoint(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    ledger.seal()
    ours, theirs = (open_sealing(ledger._store, tmp_path / "acme.key") for _ in range(2))
    mark = HighWater.beside(tmp_path / "acme.key")
    between = iter(["once"])

    class Late:
        """Right before it is written, somebody else seals."""

        read = mark.read

        def write(self, checkpoint, proof=()):
            for _ in between:
                theirs.record(SMITH, *touches(1, 1000))
                theirs.seal()
            mark.write(checkpoint, proof)

    ours._keys = (attrs.evolve(ours._keys[0], high_water=Late()),)
    ours.record(SMITH, *touches(1))
    found = ours.seal()
    assert found == theirs.checkpoint()
    assert sizes(ledger) == [(2, True), (3, False), (4, True)]
    ledger.check()


# ---- failures


@pytest.mark.parametrize("where", ["memory", "sqlite"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("sealed_before", [0, 3], ids=["first", "later"])
def test_whatever_step_fails_the_next_seal_goes_on(tmp_path, where, when, sealed_before):
    done = []
    for step in range(40):
        folder = tmp_path / f"{step}"
        folder.mkdir()
        path, key = new_key(folder)
        store = MemoryStore() if where == "memory" else SqlStore.open(f"sqlite:///{folder}/c.db")
        ledger, steps = faulty(store, path)
        ledger.record(SMITH, *two_sides())
        earlier = []
        for number in range(sealed_before):
            ledger.record(SMITH, *touches(1, number))
            earlier.append(ledger.seal())
        ledger.record(SMITH, *touches(2, 100))
        steps.fail(step, when)
        try:
            ledger.seal()
        except Fault as fault:
            done.append(str(fault))
        else:
            break
        finally:
            steps.fail(None)
        ledger.check()
        newest = ledger.checkpoint()
        assert newest is None or newest.checkpoint.size >= 2
        assert len(records(ledger)) == len(two_sides()) + 2 + sealed_before + 2
        sealed = ledger.seal()
        assert all(extends(ledger, old, sealed) for old in earlier)
        check_entry(records(ledger)[-1], ledger.prove(SMITH, len(records(ledger)) - 1), [key])
        assert ledger.check() == len(records(ledger))
        ledger.close()
    first = ["put_slots", "put_tree"] if sealed_before == 0 else []
    assert done == [
        "claim",
        *first,
        *("put_slots", "put_tree", "add_sealed", "put_tree", "put_checkpoint", "commit"),
        *("sign", "high-water", "claim", "put_checkpoint", "commit"),
    ]


def test_a_seal_that_waits_for_its_signature_says_so_and_proves_nothing(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    failing, steps = faulty(ledger._store, tmp_path / "acme.key")
    steps.fail(9)
    with pytest.raises(Fault, match=r"^sign$"):
        failing.seal()
    assert ledger.checkpoint() is None
    with pytest.raises(NotSealed, match=r"^the last seal is not signed yet: seal again$"):
        ledger.prove(SMITH, 0)
    sealed = ledger.seal()
    with ledger._store.begin(write=False) as tx:
        assert newest_sealed(tx) == sealed
        assert known_keys(tx).origin == ORIGIN


def test_the_same_state_is_signed_with_the_same_bytes(tmp_path):
    ledger, _ = sealing_in_memory(tmp_path)
    sealed = ledger.seal()
    with ledger._store.begin(write=True) as tx:
        tx.put_checkpoint(tx.checkpoint()._replace(note=None))
    assert ledger.seal() == sealed
