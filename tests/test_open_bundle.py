"""A bundle is opened whole and true, or refused by the number of the step that does not hold."""

from __future__ import annotations

import copy
import io
from datetime import timedelta
from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import facts as f
from contactledger.errors import BadBundle
from contactledger.log import bundle as layout
from contactledger.log import bundle_log, record
from contactledger.log.bundle_log import STEPS
from contactledger.log.bundle_open import claimed, read_entries, read_house, verify
from contactledger.log.bundle_text import format_path, parse_path
from contactledger.log.canon import canonical, format_time, parse
from contactledger.log.checkpoint import (
    Checkpoint,
    add_cosignature,
    cosign,
    parse_checkpoint,
    sign_checkpoint,
)
from contactledger.log.container import Container, write
from contactledger.log.note import parse_unverified
from contactledger.log.record import decode, digest_of
from contactledger.log.seal import (
    Genesis,
    KeyChange,
    format_genesis,
    format_head,
    format_key_change,
)
from contactledger.log.tlog import leaf_hash, root_of
from contactledger.log.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof
from contactledger.log.verifier import Kind
from tests.bench.bundles import peak_bytes, saved
from tests.bundles import (
    ACME,
    ANN,
    BOB,
    HOUSE,
    LEDGER,
    ORIGIN,
    OTHERS,
    SMITHS,
    T0,
    Maker,
    key_of,
    story,
    written,
)

KEY = key_of("first")
TRUST = [KEY.key]


def opened(data: bytes, trust=TRUST, **how):
    return verify(io.BytesIO(data), trust, **how)


def refused(data: bytes, trust=TRUST, **how) -> BadBundle:
    with pytest.raises(BadBundle) as caught:
        opened(data, trust, **how)
    error = caught.value
    assert error.name == STEPS[error.step]
    assert str(error).startswith(f"step {error.step}, {error.name}: ")
    return error


def files(data: bytes) -> dict[str, bytes]:
    container = Container(io.BytesIO(data))
    return {name: b"".join(container.chunks(name)) for name in container.members}


def packed(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    write(target, [(name, [parts[name]]) for name in sorted(parts)])
    return target.getvalue()


def changed(data: bytes, **replace: bytes | None) -> bytes:
    """The bundle with files replaced, or left out; slashes are written as two underscores."""
    parts = files(data)
    for name, content in replace.items():
        parts.pop(name, None)
        if content is not None:
            parts[name] = content
    return packed(parts)


def sealed_story() -> Maker:
    maker = story()
    maker.seal()
    return maker


def grown() -> Maker:
    """Three seals, the head of the first given to somebody, a change of keys, both signing."""
    maker = sealed_story()
    maker.logs[SMITHS].add(f.Touch(ANN, (BOB,), f.Channel.EMAIL, about="Again"))
    maker.rotate(key_of("second"))
    maker.logs[SMITHS].add(f.Touch(BOB, (ANN,), f.Channel.EMAIL, about="Yes"))
    maker.seal()
    return maker


SMALL = written(sealed_story().content())


def tiny_story() -> Maker:
    """As little as a bundle of every file can hold."""
    maker = Maker()
    maker.log(SMITHS).add(f.Touch(ANN, (BOB,), original=b"raw"))
    maker.seal()
    return maker


TINY = written(tiny_story().content())
LARGE = written(grown().content(since=[0]))


# --- what opens


def test_a_bundle_says_what_was_sealed():
    maker = sealed_story()
    found = opened(SMALL)
    assert (found.head.account, found.head.slot, found.head.size) == (SMITHS, 1, 8)
    assert found.checkpoint == Checkpoint(ORIGIN, 2, root_of(maker.leaves()))
    assert (found.signer, found.partial, found.first) == (KEY.key, False, True)
    assert (found.countersigned, found.strangers, found.since) == ((), (), ())
    assert (found.account_log.missing, found.account_log.missing_blobs) == (0, 0)
    assert claimed(found.signed).head == found.head


def test_entries_come_back_as_they_were_written():
    maker = sealed_story()
    found = opened(SMALL)
    log = maker.logs[SMITHS]
    whole = [decode(one.record, [d.body for d in one.disclosures]) for one in log.encoded]
    assert list(read_entries(io.BytesIO(SMALL), found)) == whole
    house = [decode(record) for record in maker.logs[HOUSE].records]
    assert list(read_house(io.BytesIO(SMALL), found)) == house


def test_a_house_log_in_which_nothing_stands_is_shown_empty():
    maker = story()
    maker.logs[HOUSE].encoded.clear()
    maker.seal()
    data = written(maker.content())
    found = opened(data)
    assert found.house_head is not None
    assert found.house_head.size == 0
    assert list(read_house(io.BytesIO(data), found)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 16])
def test_logs_of_every_size_are_read_in_chunks_of_any_size(monkeypatch, size):
    monkeypatch.setattr(bundle_log, "CHUNK", 3)
    maker = Maker()
    log = maker.log(SMITHS)
    maker.seal()
    for _ in range(size):
        log.add(f.Touch(ANN, (BOB,), about="Hello"))
        maker.seal()
    data = written(maker.content(since=range(size)))
    done = []
    found = opened(data, progress=lambda *counted: done.append(counted))
    assert found.head.size == size + 2
    assert found.since == tuple(range(2, size + 2))
    assert done[-1] == (size + 2, size + 2)
    assert opened(data) == found
    assert all(before < after for before, after in pairwise(done) if before != after)
    assert [e.no for e in read_entries(io.BytesIO(data), found)] == list(range(size + 2))
    assert [found.account_log.roots[m] for m in found.since] == [
        root_of(log.leaves[:m]) for m in found.since
    ]


def test_a_log_is_never_held_in_memory_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle_log, "CHUNK", 100)
    path = saved(tmp_path / "large.bundle", 4_000)
    assert peak_bytes(path) < path.stat().st_size / 2


# --- what may be left out, and is counted


def test_a_part_that_is_left_out_is_counted_and_its_entry_says_it_is_gone():
    maker = sealed_story()
    parts = maker.logs[SMITHS].disclosures()
    data = written(maker.content(disclosures=lambda: parts[1:]))
    found = opened(data)
    assert found.account_log.missing == 1
    entries = list(read_entries(io.BytesIO(data), found))
    assert sum(len(entry.gone) for entry in entries) == 1


def test_an_original_that_is_left_out_is_counted():
    maker = sealed_story()
    assert opened(written(maker.content(blobs=()))).account_log.missing_blobs == 1


def test_a_partial_bundle_holds_some_entries_with_their_proofs():
    maker = sealed_story()
    data = written(maker.partial([0, 1, 6]))
    found = opened(data)
    assert found.partial
    assert found.house_head is None
    assert [e.no for e in read_entries(io.BytesIO(data), found)] == [0, 1, 6]
    assert list(read_house(io.BytesIO(data), found)) == []


# --- every byte, every file


WHERE = {
    "account/entries.ndjson": {5, 6},
    "account/head.json": {4},
    "account/head.path": {4},
    "blobs": {6},
    "disclosures.ndjson": {6},
    "house/entries.ndjson": {7},
    "house/head.json": {7},
    "house/head.path": {7},
    "ledger/checkpoint": {2},
    "ledger/epoch.json": {3},
    "ledger/epoch.tlog-proof": {3},
    "ledger/genesis.json": {2},
    "ledger/genesis.tlog-proof": {2},
}


def test_every_byte_of_the_file_is_needed_as_it_is():
    data = bytearray(TINY)
    for place in range(len(data)):
        data[place] ^= 1
        refused(bytes(data))
        data[place] ^= 1
    assert opened(bytes(data)).head.size == 3


def test_every_byte_of_every_file_is_refused_in_its_step_though_the_zip_is_sound():
    parts = files(TINY)
    for name, content in parts.items():
        steps = WHERE[name if name in WHERE else "blobs"]
        for place in range(len(content)):
            bent = bytearray(content)
            bent[place] ^= 2
            assert refused(packed({**parts, name: bytes(bent)})).step in steps, (name, place)


MAY_GO = {"blobs", "since"}


def test_no_file_can_be_removed_but_what_is_counted_or_was_never_promised():
    for data in (SMALL, LARGE):
        for name in files(data):
            less = changed(data, **{name: None})
            if name.split("/")[0] in MAY_GO:
                opened(less, [*TRUST])
            else:
                assert refused(less).step in (1, 2, 6), name
    assert opened(changed(LARGE, **{"since/8.json": None})).since == ()


def test_no_file_can_be_there_twice_or_under_another_name():
    for data in (SMALL, LARGE):
        parts = files(data)
        for name, content in parts.items():
            for other in (
                f"{name}.copy",
                "extra",
                "time/stamp",
                f"blobs/{'0' * 64}",
                "since/5.json",
            ):
                assert refused(changed(data, **{other: content})).step in (1, 6, 8), (name, other)
                assert refused(changed(data, **{name: None, other: content})).step in (1, 6, 8, 2)
            for other in parts:
                if parts[other] != content:
                    refused(changed(data, **{other: content}))
                    swapped = {name: parts[other], other: content}
                    refused(changed(data, **swapped))


def test_no_file_can_come_from_another_bundle():
    maker = grown()
    mine = written(maker.content(since=[0]))
    for other in (written(maker.content(OTHERS)), SMALL):
        theirs = files(other)
        for name, content in files(mine).items():
            if name in theirs and theirs[name] != content:
                swapped = changed(mine, **{name: theirs[name]})
                if other is SMALL and name == layout.DISCLOSURES:  # it withholds what came later
                    assert opened(swapped).account_log.missing == 2
                else:
                    refused(swapped)
        for folder in ("account", "house", "ledger"):
            some = {name: c for name, c in theirs.items() if name.startswith(folder)}
            if any(files(mine)[name] != c for name, c in some.items()):
                refused(changed(mine, **some))


DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "insert", "copy"]),
        st.integers(0, len(LARGE)),
        st.integers(1, 64),
        st.binary(min_size=1, max_size=64),
    ),
    min_size=1,
    max_size=4,
)


def damaged(data: bytes, damage) -> bytes:
    for kind, place, length, more in damage:
        if kind == "cut":
            data = data[:place] + data[place + length :]
        elif kind == "flip":
            data = data[:place] + more[: len(data) - place] + data[place + len(more) :]
        elif kind == "insert":
            data = data[:place] + more + data[place:]
        else:
            data = data[:place] + data[place : place + length] + data[place:]
    return data


@settings(max_examples=100, deadline=None)
@given(DAMAGE)
def test_random_damage_is_refused_and_never_crashes(damage):
    data = damaged(LARGE, damage)
    if data != LARGE:
        refused(data)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(files(LARGE))), DAMAGE)
def test_random_damage_inside_a_sound_zip_is_refused_and_never_crashes(name, damage):
    parts = files(LARGE)
    bent = damaged(parts[name], [(k, p % (len(parts[name]) + 1), n, m) for k, p, n, m in damage])
    if bent == parts[name]:
        return
    try:
        opened(packed({**parts, name: bent}))
    except BadBundle:
        return
    # what may be left out whole may be left out in part
    assert name == "disclosures.ndjson"
    assert set(bent.splitlines()) < set(parts[name].splitlines())


# --- history rewritten, everything above it made anew but the signature


def dropped(log):
    log.encoded.pop(5)
    for no in range(5, len(log.encoded)):
        renumbered(log, no, {"no": no})


def added(log):
    log.add(f.Touch(ANN, (BOB,), f.Channel.PHONE, about="You had a call"))


def reordered(log):
    log.encoded[6], log.encoded[7] = log.encoded[7], log.encoded[6]
    for no in (6, 7):
        renumbered(log, no, {"no": no, "recorded_at": log_time(no), "at": log_time(no)})


def backdated(log):
    renumbered(log, 7, {"at": log_time(2)})


def reworded(log):
    log.encoded.pop()
    log.ids.pop()
    log.add(f.Touch(BOB, (ANN,), f.Channel.EMAIL, about="I never got anything"))


def log_time(no: int) -> str:
    return format_time(T0 + timedelta(hours=no))


def renumbered(log, no, changes):
    document = {**parse(log.encoded[no].record), **changes}
    log.encoded[no] = log.encoded[no]._replace(record=canonical(document))


@pytest.mark.parametrize("rewrite", [dropped, added, reordered, backdated, reworded])
def test_history_cannot_be_rewritten_without_the_key(rewrite):
    honest, forged = story(), story()
    honest.seal()
    rewrite(forged.logs[SMITHS])
    forged.signers = (key_of("a thief's"),)
    forged.seal()
    data, true = written(forged.content()), files(SMALL)
    fake = files(data)
    # with all of it made anew, signed by another key
    assert refused(data).step == 2
    # under the true signature
    stolen = parse_unverified(true["ledger/checkpoint"]).unverified[0]
    text = parse_unverified(fake["ledger/checkpoint"]).text
    note = f"{text}\n{stolen.line}\n".encode()
    parts = {**fake, "ledger/checkpoint": note}
    for name in ("ledger/epoch.tlog-proof", "ledger/genesis.tlog-proof"):
        proof = parse_tlog_proof(parts[name])
        parts[name] = format_tlog_proof(attrs.evolve(proof, checkpoint=note))
    assert refused(packed(parts)).step == 2
    # with the true checkpoint above it, the true epoch, the true head
    for number, kept in ((3, "ledger"), (4, "epoch"), (5, "head")):
        parts = {**fake, **{n: c for n, c in true.items() if n.startswith("ledger/")}}
        if kept == "ledger":
            parts["ledger/epoch.json"] = fake["ledger/epoch.json"]
        if kept == "head":
            parts |= {n: c for n, c in true.items() if n.startswith(("account/head", "house/"))}
        assert refused(packed(parts)).step == number


def test_a_log_that_begins_otherwise_is_refused_even_where_the_ledger_signed_it():
    for bend, step in (
        (lambda log: renumbered(log, 0, {"kind": "policy_adopted", "fact": {}, "sd": []}), 5),
        (lambda log: renumbered(log, 1, {"kind": "redaction", "fact": {}}), 5),
        (lambda log: renumbered(log, 3, {"no": 4}), 5),
        (lambda log: renumbered(log, 3, {"account": OTHERS}), 5),
        (lambda log: renumbered(log, 3, {"recorded_at": log_time(0)}), 5),
        (lambda log: renumbered(log, 3, {"at": "yesterday"}), 5),
        (lambda log: renumbered(log, 0, {"fact": {"ledger": ACME}}), 5),
        (lambda log: renumbered(log, 0, {"fact": {"ledger": ACME, "house": True}}), 5),
    ):
        maker = story()
        bend(maker.logs[SMITHS])
        maker.seal()
        assert refused(written(maker.content())).step == step


def test_an_account_in_which_nothing_stands_has_no_bundle():
    for left in (0, 1):
        maker = story()
        del maker.logs[SMITHS].encoded[left:]
        maker.seal()
        error = refused(written(maker.content()))
        assert (error.step, "entries 0 and 1" in error.what) == (5, True)
    maker = story()
    del maker.logs[HOUSE].encoded[1:]
    maker.seal()
    assert refused(written(maker.content())).step == 7


def test_an_account_cannot_be_passed_off_as_the_house_log_nor_the_house_log_as_one():
    maker = story()
    renumbered(maker.logs[SMITHS], 0, {"fact": {"ledger": LEDGER, "house": True}})
    maker.seal()
    assert "the house log" in refused(written(maker.content())).what
    maker = story()
    renumbered(maker.logs[HOUSE], 0, {"fact": {"ledger": LEDGER}})
    maker.seal()
    error = refused(written(maker.content()))
    assert (error.step, "an account" in error.what) == (7, True)
    maker = sealed_story()
    content = maker.content()
    error = refused(written(attrs.evolve(content, house=maker.log_content(OTHERS, maker.seals[0]))))
    assert (error.step, "slot 0" in error.what) == (7, True)


def test_the_house_log_may_hold_nothing_personal():
    maker = story()
    maker.logs[HOUSE].add(f.Touch(ANN, (BOB,), about="secret"))
    maker.seal()
    error = refused(written(maker.content()))
    assert (error.step, error.file, "personal" in error.what) == (7, "house/entries.ndjson", True)


# --- disclosures and originals that are not what they should be


def test_disclosures_that_belong_to_nothing_or_stand_out_of_order_are_refused():
    maker = sealed_story()
    parts = maker.logs[SMITHS].disclosures()
    alien = maker.logs[OTHERS].disclosures()[-1][1]
    first, second = [row for row in parts if row[0] == 6][:2]
    at = parts.index(first)
    swapped = [*parts[:at], second, first, *parts[at + 2 :]]
    for bent in (
        [*parts, parts[-1]],
        [parts[-1], *parts],
        [(1, parts[0][1]), *parts],
        [*parts, (99, parts[0][1])],
        sorted([*parts, (6, alien)], key=lambda row: (row[0], digest_of(row[1]))),
        swapped,
    ):
        error = refused(written(maker.content(disclosures=lambda bent=bent: bent)))
        assert (error.step, error.file) == (6, "disclosures.ndjson")


def test_originals_that_nothing_names_or_that_are_others_are_refused():
    name = next(name for name in files(SMALL) if name.startswith("blobs/"))
    content = files(SMALL)[name]
    for bent in ({name: content + b"x"}, {name: content[::-1]}, {f"blobs/{'0' * 64}": content}):
        assert refused(changed(SMALL, **bent)).step == 6


@pytest.mark.parametrize(
    "value",
    [
        5,
        {"sha256": "0" * 64},
        {"sha256": "../../etc/passwd", "size": 1},
        {"sha256": 5, "size": 1},
    ],
)
def test_an_original_that_is_named_oddly_is_refused(monkeypatch, value):
    maker = Maker()
    plan = record.PLANS[f.Touch]
    bent = tuple(
        (name, where, split, large, (lambda *_: value) if large else code)
        for name, where, split, large, code in plan.personal
    )
    monkeypatch.setitem(record.PLANS, f.Touch, attrs.evolve(plan, personal=bent))
    maker.log(SMITHS).add(f.Touch(ANN, (BOB,), original=b"x"))
    maker.seal()
    error = refused(written(maker.content(blobs=())))
    assert (error.step, "entry 2" in error.what) == (6, True)


def test_a_disclosure_of_an_original_that_is_no_json_is_refused():
    maker = story()
    log = maker.logs[SMITHS]
    body = "bm90IGpzb24"
    sd = [["original", "", digest_of(body)]]
    renumbered(log, 6, {"sd": sd})
    rows = sorted(
        [row for row in log.disclosures() if row[0] != 6] + [(6, body)], key=lambda r: r[0]
    )
    maker.seal()
    error = refused(written(maker.content(disclosures=lambda: rows, blobs=())))
    assert (error.step, "entry 6" in error.what) == (6, True)


# --- partial


def test_a_partial_bundle_needs_its_first_entries_its_order_and_all_its_proofs():
    maker = sealed_story()
    whole = maker.partial([0, 1, 5, 6])
    proofs = list(whole.proofs())
    for bent in (
        maker.partial([0]),
        maker.partial([1, 2]),
        maker.partial([0, 1, 6, 5]),
        maker.partial([0, 1, 5, 5]),
        maker.partial([0, 1, 1]),
        attrs.evolve(whole, proofs=lambda: proofs[:-1]),
        attrs.evolve(whole, proofs=lambda: [*proofs, proofs[-1]]),
        attrs.evolve(whole, proofs=lambda: [*proofs[:-1], proofs[0]]),
        attrs.evolve(whole, proofs=lambda: [*proofs[:-1], ()]),
    ):
        assert refused(written(bent)).step in (5, 6)
    parts = files(written(whole))
    for line in (b"[5]\n", b'["AA"]\n', b"{}\n", b"x"):
        assert refused(packed({**parts, "account/proofs.ndjson": line})).step == 5
    assert refused(packed({**parts, "house/head.json": b"{}"})).step == 1


# --- keys


def test_a_key_that_is_trusted_leads_to_the_newest_if_it_signed_the_change():
    maker = grown()
    maker.signers = maker.signers[1:]
    maker.seal()
    data = written(maker.content())
    second = key_of("second").key
    assert opened(LARGE).strangers == ()  # the new key signed, too, and is known by the log
    for trust in ([KEY.key], [second], [KEY.key, second]):
        assert opened(data, trust).signer == second
    assert refused(data, [key_of("another").key]).step == 2


def test_keys_may_change_several_times():
    maker = sealed_story()
    for name in ("second", "third"):
        maker.rotate(key_of(name))
        maker.signers = maker.signers[1:]
    maker.seal()
    data = written(maker.content())
    assert opened(data, [KEY.key]).signer == key_of("third").key
    for no in maker.keys:
        less = {f"ledger/keys/{no}.{e}": None for e in ("json", "tlog-proof", "consistency")}
        assert refused(changed(data, **less)).step == 2


def test_a_new_key_that_only_says_so_itself_is_not_believed():
    maker = sealed_story()
    thief = key_of("a thief's")
    maker.signers = (thief,)
    no = len(maker.ledger_log)
    maker.ledger_log.append(format_key_change(KeyChange(T0, thief.key.format(), KEY.key.format())))
    maker.keys[no] = len(maker.seals)
    maker.seal()
    data = written(maker.content())
    assert refused(data).step == 2
    assert opened(data, [thief.key]).signer == thief.key


def test_a_change_of_keys_is_proved_in_its_checkpoint_and_that_in_the_bundles():
    proof = parse_tlog_proof(files(LARGE)["ledger/keys/2.tlog-proof"])
    other = sign_checkpoint(Checkpoint("elsewhere", 4, bytes(32)), KEY)
    empty = sign_checkpoint(Checkpoint(ORIGIN, 4, bytes(32)), KEY)
    for bent in (
        attrs.evolve(proof, index=1),
        attrs.evolve(proof, extra=b""),
        attrs.evolve(proof, hashes=proof.hashes[1:]),
        attrs.evolve(proof, checkpoint=other),
        attrs.evolve(proof, checkpoint=empty),
    ):
        error = refused(changed(LARGE, **{"ledger/keys/2.tlog-proof": format_tlog_proof(bent)}))
        assert (error.step, error.file) == (2, "ledger/keys/2.tlog-proof")
    error = refused(changed(LARGE, **{"ledger/keys/2.consistency": b""}))
    assert (error.step, error.file) == (2, "ledger/keys/2.consistency")
    error = refused(changed(LARGE, **{"ledger/keys/2.json": None}))
    assert (error.step, error.file) == (1, "ledger/keys/2")


def test_a_key_replaces_the_newest_and_no_other():
    maker = sealed_story()
    maker.signers = (key_of("second"), key_of("third"))
    maker.rotate(key_of("fourth"))
    error = refused(written(maker.content()), [key_of("fourth").key])
    assert (error.step, "newest" in error.what) == (2, True)


def test_the_newest_key_must_have_signed():
    maker = grown()
    maker.signers = maker.signers[:1]
    maker.seal()
    error = refused(written(maker.content()))
    assert (error.step, "newest" in error.what) == (2, True)


def test_the_key_of_one_ledger_cannot_sign_for_another():
    other = key_of("first", "other.example/ledger")
    maker = Maker(signers=(other,))
    maker.log(SMITHS)
    maker.seal()
    error = refused(written(maker.content()), [other.key])
    assert (error.step, "origin" in error.what) == (2, True)


def test_the_ledgers_first_record_is_of_this_log():
    for index, origin, names in ((0, "elsewhere", [KEY.key.format()]), (0, ORIGIN, ["no key"])):
        maker = story()
        maker.genesis = format_genesis(Genesis(LEDGER, origin, tuple(names)))
        maker.ledger_log[index] = maker.genesis
        maker.seal()
        assert refused(written(maker.content())).step == 2
    proof = parse_tlog_proof(files(SMALL)["ledger/genesis.tlog-proof"])
    error = refused(
        changed(
            SMALL,
            **{"ledger/genesis.tlog-proof": format_tlog_proof(attrs.evolve(proof, extra=b"x"))},
        )
    )
    assert (error.step, error.file) == (2, "ledger/genesis.tlog-proof")


def test_the_first_record_is_leaf_0_and_no_copy_of_it():
    maker = story()
    maker.seal()
    maker.ledger_log.append(maker.genesis)
    maker.seal()
    content = maker.content()
    proof = TlogProof(2, maker.proof(2, 4), content.checkpoint)
    data = changed(written(content), **{"ledger/genesis.tlog-proof": format_tlog_proof(proof)})
    assert refused(data).step == 2


# --- cosignatures


def test_witnesses_count_only_if_they_are_trusted_and_are_not_the_ledger_itself():
    maker = sealed_story()
    witness, stranger = key_of("w", "witness.example"), key_of("s", "stranger.example")
    text = parse_unverified(maker.seals[-1].note).text
    note = maker.seals[-1].note
    for time, one in ((1_780_000_000, witness), (5, stranger), (7, KEY)):
        note = add_cosignature(note, cosign(text, one, time))
    maker.seals[-1].note = note
    data = written(maker.content())
    found = opened(data, [KEY.key, witness.key.as_kind(Kind.COSIGNATURE)])
    assert [(c.key.name, c.time) for c in found.countersigned] == [
        ("witness.example", 1_780_000_000)
    ]
    assert found.strangers == ("stranger.example", ORIGIN)
    assert opened(data).countersigned == ()
    # a witness alone is not the ledger's word
    assert refused(data, [witness.key.as_kind(Kind.COSIGNATURE)]).step == 2
    assert refused(data, [witness.key]).step == 2
    # a line of a trusted witness that does not hold rejects the whole
    line = next(one for one in note.decode().split("\n") if "witness" in one)
    maker.seals[-1].note = note.replace(line.encode(), f"{line[:40]}AAAA{line[44:]}".encode())
    bent = written(maker.content())
    assert opened(bent).strangers == ("witness.example", "stranger.example", ORIGIN)
    assert refused(bent, [KEY.key, witness.key]).step == 2


# --- epochs


def test_an_older_epoch_cannot_be_shown_for_the_newest():
    maker = sealed_story()
    maker.logs[SMITHS].add(f.Touch(BOB, (ANN,), about="You never called"))
    maker.seal()
    now, then = maker.content(), maker.seals[0]
    maker.logs[SMITHS].encoded.pop()
    stale = attrs.evolve(
        now,
        epoch=then.epoch,
        epoch_proof=maker.proof(1, 3),
        account=maker.log_content(SMITHS, then),
        house=maker.log_content(HOUSE, then),
    )
    error = refused(written(stale))
    assert (error.step, "newest" in error.what) == (3, True)


def test_an_epoch_bears_the_number_of_its_leaf():
    maker = grown()
    proof = parse_tlog_proof(files(LARGE)["ledger/epoch.tlog-proof"])
    moved = attrs.evolve(proof, index=1, hashes=maker.proof(1, 5))
    epoch = maker.seals[0].epoch
    same = {"ledger/epoch.tlog-proof": format_tlog_proof(moved), "ledger/epoch.json": epoch}
    assert refused(changed(LARGE, **same)).step == 3
    maker = story()
    maker.seal(number=5)
    content = maker.content()
    proof = TlogProof(1, content.epoch_proof, content.checkpoint)
    bent = changed(written(content), **{"ledger/epoch.tlog-proof": format_tlog_proof(proof)})
    error = refused(bent)
    assert (error.step, "number of the epoch" in error.what) == (3, True)


# --- bounds


def test_bounds_hold(monkeypatch):
    monkeypatch.setattr(layout, "MAX_KEYS", 0)
    assert refused(LARGE).step == 1
    monkeypatch.setattr(layout, "MAX_KEYS", 100)
    monkeypatch.setattr(layout, "MAX_SINCE", 0)
    assert refused(LARGE).step == 1


# --- older heads


def forked() -> tuple[Maker, Maker]:
    """One ledger that goes on in two ways under one key."""
    honest = story()
    honest.seal()
    other = copy.deepcopy(honest)
    honest.logs[SMITHS].add(f.Touch(BOB, (ANN,), about="Please call me"))
    other.logs[SMITHS].add(f.Touch(ANN, (BOB,), about="We called you"))
    for maker in (honest, other):
        maker.seal()
    return honest, other


def remembered(*data: bytes):
    memory = {}
    for one in data:
        found = opened(one, memory=memory)
        memory[found.head.account] = found.signed
    return memory


def test_what_is_remembered_is_extended():
    first = written(sealed_story().content())
    memory = remembered(first)
    assert not opened(first, memory=memory).first
    later = opened(LARGE, memory=memory)
    assert (later.first, later.head.size) == (False, 10)


def test_an_older_bundle_after_a_newer_is_a_rollback_with_both_heads_as_evidence():
    memory = remembered(LARGE)
    error = refused(SMALL, memory=memory)
    assert error.step == 8
    older, newer = error.evidence
    assert (claimed(older).head.size, claimed(newer).head.size) == (10, 8)


def test_two_histories_of_one_ledger_are_a_fork_with_both_heads_as_evidence():
    honest, other = forked()
    memory = remembered(written(honest.content()))
    other.logs[SMITHS].add(f.Touch(ANN, (BOB,), about="And again"))
    other.seal()
    error = refused(written(other.content()), memory=memory)
    assert (error.step, "fork" in error.what) == (8, True)
    assert [claimed(one).head.size for one in error.evidence] == [9, 10]
    for one in error.evidence:
        checkpoint = parse_checkpoint(parse_unverified(one.checkpoint).text)
        assert checkpoint.origin == ORIGIN


def test_two_histories_at_the_same_size_are_a_fork():
    honest, other = forked()
    memory = remembered(written(honest.content()))
    assert refused(written(other.content()), memory=memory).step == 8
    # seen through another account of the same ledger, too
    error = refused(written(other.content(OTHERS)), memory=memory)
    assert (error.step, "fork" in error.what) == (8, True)
    assert opened(written(honest.content(OTHERS)), memory=memory).first


def test_an_account_keeps_its_slot_and_its_ledger():
    maker = sealed_story()
    memory = remembered(written(maker.content()))
    maker.slots[1], maker.slots[2] = maker.slots[2], maker.slots[1]
    maker.seal()
    error = refused(written(maker.content()), memory=memory)
    assert (error.step, "slot" in error.what) == (8, True)
    name = "other.example/ledger"
    key = key_of("first", name)
    signed = memory[SMITHS]
    nothing = attrs.evolve(claimed(signed).head, size=0)
    never = {SMITHS: attrs.evolve(signed, head=format_head(nothing))}
    assert refused(SMALL, memory=never).step == 8
    elsewhere = sign_checkpoint(Checkpoint(name, 2, bytes(32)), key)
    error = refused(SMALL, memory={SMITHS: attrs.evolve(signed, checkpoint=elsewhere)})
    assert (error.step, "another ledger" in error.what) == (8, True)


def test_a_ledger_begun_anew_under_the_same_key_shows_by_its_slots():
    """Neither account nor size are those remembered; the slot is."""
    memory = remembered(SMALL)
    maker = sealed_story()
    maker.slots[1], maker.slots[2] = maker.slots[2], maker.slots[1]
    maker.seal()
    anew = written(maker.content(OTHERS))
    assert opened(anew).head.slot == opened(SMALL).head.slot == 1
    error = refused(anew, memory=memory)
    assert (error.step, error.what) == (
        8,
        "fork: another account is remembered in this slot of the ledger",
    )
    assert [claimed(one).head.account for one in error.evidence] == [SMITHS, OTHERS]
    signed = memory[SMITHS]
    elsewhere = sign_checkpoint(
        Checkpoint("other.example/ledger", 9, bytes(32)), key_of("first", "other.example/ledger")
    )
    other = {SMITHS: attrs.evolve(signed, checkpoint=elsewhere)}
    assert opened(anew, memory=other).first  # another ledger has slots of its own


def test_a_partial_bundle_shows_that_it_continues_what_is_remembered():
    maker = sealed_story()
    memory = remembered(written(maker.content()))
    assert not opened(written(maker.partial([0, 1, 6])), memory=memory).first
    maker.logs[SMITHS].add(f.Touch(ANN, (BOB,), about="Again"))
    maker.seal()
    without = maker.partial([0, 1, 6])
    error = refused(written(without), memory=memory)
    assert (error.step, error.file) == (8, "since/8.json")
    shown = attrs.evolve(without, since=(maker.since(SMITHS, maker.seals[0]),))
    assert opened(written(shown), memory=memory).since == (8,)
    honest, other = forked()
    memory = remembered(written(sealed_story().content()), written(honest.content()))
    other.logs[SMITHS].add(f.Touch(ANN, (BOB,), about="And again"))
    other.seal()
    bent = attrs.evolve(other.partial([0, 1]), since=(other.since(SMITHS, other.seals[1]),))
    error = refused(written(bent), memory=memory)
    assert (error.step, "remembered" in error.what) == (8, True)


def test_a_head_that_was_given_and_is_not_continued_proves_the_fork_by_itself():
    maker = sealed_story()
    log = maker.logs[SMITHS]
    log.encoded.pop()
    log.ids.pop()
    log.add(f.Touch(BOB, (ANN,), about="Something else"))
    log.add(f.Touch(ANN, (BOB,), about="Again"))
    maker.seal()
    error = refused(written(maker.content(since=[0])))
    assert (error.step, error.file, "fork" in error.what) == (8, "since/8.json", True)
    assert [claimed(one).head.size for one in error.evidence] == [8, 9]


def test_an_older_head_is_what_its_name_says_and_proved_all_the_way_up():
    maker = grown()
    content = maker.content()
    size, since = maker.since(SMITHS, maker.seals[0])
    _, others = maker.since(OTHERS, maker.seals[0])
    now, newest = maker.since(SMITHS, maker.seals[-1])
    for name, bent in (
        (size, others),
        (size + 1, since),
        (now, newest),
        (size, attrs.evolve(since, epoch_proof=())),
        (size, attrs.evolve(since, head_path=())),
        (size, attrs.evolve(since, epoch=maker.seals[1].epoch)),
    ):
        error = refused(written(attrs.evolve(content, since=((name, bent),))))
        assert (error.step, error.file) == (8, f"since/{name}.json")


# --- read again


def test_entries_that_have_changed_since_they_were_verified_are_not_given_out():
    found = opened(SMALL)
    other = story()
    backdated(other.logs[SMITHS])
    other.seal()
    with pytest.raises(BadBundle, match="changed since"):
        list(read_entries(io.BytesIO(written(other.content())), found))
    maker = sealed_story()
    parts = maker.logs[SMITHS].disclosures()
    less = written(maker.content(disclosures=lambda: parts[1:]))
    with pytest.raises(BadBundle, match="changed since"):
        list(read_entries(io.BytesIO(less), found))


def test_a_fact_that_this_release_does_not_know_is_refused_when_it_is_read():
    maker = story()
    renumbered(maker.logs[SMITHS], 6, {"fact": {"colour": "red"}})
    maker.seal()
    data = written(maker.content())
    found = opened(data)
    with pytest.raises(BadBundle, match="line 7"):
        list(read_entries(io.BytesIO(data), found))


def test_a_path_has_one_spelling():
    hashes = (leaf_hash(b"a"), leaf_hash(b"b"))
    assert parse_path(format_path(hashes)) == hashes
    error = refused(changed(SMALL, **{"account/head.path": format_path(hashes)[:-1]}))
    assert (error.step, "LF" in error.what) == (4, True)
