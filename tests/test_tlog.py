"""Trees of RFC 9162: hashing, growing, proving, checking."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadRecord
from contactledger.log.tlog import (
    EMPTY_ROOT,
    MAX_HASHES,
    MAX_SIZE,
    append,
    check_consistency,
    check_inclusion,
    extend,
    frontier_at,
    grow,
    leaf_hash,
    new_nodes,
    node_hash,
    prove_consistency,
    prove_inclusion,
    reader_over,
    root,
    root_of,
    subtree_root,
)
from tests.corpora import merkle

CORPORA = Path(__file__).parents[2] / "shared" / "corpora"

MOST = 130
LEAVES = tuple(leaf_hash(bytes([index])) for index in range(MOST))
READER = reader_over(LEAVES)
OTHER = leaf_hash(b"something else")


@cache
def naive(start: int, end: int) -> bytes:
    """The definition of RFC 9162 section 2.1.1, word by word."""
    if start == end:
        return hashlib.sha256().digest()
    if end - start == 1:
        return LEAVES[start]
    split = 1
    while split * 2 < end - start:
        split *= 2
    left, right = naive(start, start + split), naive(start + split, end)
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_subtree(start: int, end: int) -> bool:
    width = 1
    while width < end - start:
        width *= 2
    return start % width == 0


def subtrees(most: int) -> list[tuple[int, int]]:
    return [
        (start, end) for end in range(1, most + 1) for start in range(end) if is_subtree(start, end)
    ]


# ---- public constants

# The eight records of RFC 6962 test trees (certificate-transparency, transparency-dev).
RECORDS = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
NODES = {
    (1, 0): "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    (1, 1): "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    (1, 2): "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    (1, 3): "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    (2, 0): "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    (2, 1): "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    (3, 0): "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
PUBLIC_LEAVES = [leaf_hash(bytes.fromhex(record)) for record in RECORDS]


def test_the_public_tree_of_eight_records_has_its_known_roots_at_every_size() -> None:
    assert [root_of(PUBLIC_LEAVES[:size]).hex() for size in range(9)] == list(ROOTS)
    assert ROOTS[0] == EMPTY_ROOT.hex()


def test_the_public_tree_of_eight_records_has_its_known_nodes() -> None:
    made = {(level, index): node.hex() for level, index, node in new_nodes(0, (), PUBLIC_LEAVES)}
    assert made == NODES
    assert node_hash(PUBLIC_LEAVES[0], PUBLIC_LEAVES[1]).hex() == NODES[1, 0]


# The rolling SHA-256 over every answer for trees of 0…130 leaves 0x00, 0x01, …, as the
# appendix "Subtree Test Vectors" of draft-ietf-plants-merkle-tree-certs publishes them.


def test_all_subtrees_up_to_130_leaves_hash_to_the_published_value() -> None:
    rolling = hashlib.sha256()
    for start, end in subtrees(MOST):
        rolling.update(f"[{start}, {end}) {subtree_root(start, end, READER).hex()}\n".encode())
    assert rolling.hexdigest() == "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f"


def test_all_inclusion_proofs_up_to_130_leaves_are_the_published_ones() -> None:
    rolling = hashlib.sha256()
    for start, end in subtrees(MOST):
        for index in range(start, end):
            proof = prove_inclusion(index, end, READER, start=start)
            rolling.update(line(f"{index} [{start}, {end})", proof))
    assert rolling.hexdigest() == "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f"


def test_all_consistency_proofs_up_to_130_leaves_are_the_published_ones() -> None:
    rolling = hashlib.sha256()
    ranges = subtrees(MOST)
    for size in range(MOST + 1):
        for start, end in ranges:
            if end > size:
                break
            proof = prove_consistency(end, size, READER, start=start)
            rolling.update(line(f"[{start}, {end}) {size}", proof))
    assert rolling.hexdigest() == "c586ebbb73a5621baf2140095d87dde934e3b6503a562a1a5215b8209edd083d"


def line(prefix: str, proof: tuple[bytes, ...]) -> bytes:
    return " ".join([prefix, *[node.hex() for node in proof]]).encode() + b"\n"


# ---- growing


@pytest.mark.parametrize("size", range(MOST + 1))
def test_every_way_to_a_root_is_the_definition(size: int) -> None:
    frontier: tuple[bytes, ...] = ()
    for index, leaf in enumerate(LEAVES[:size]):
        frontier = append(index, frontier, leaf)
    assert extend(0, (), LEAVES[:size]) == frontier
    assert frontier_at(size, READER) == frontier
    assert len(frontier) == size.bit_count()
    assert root(size, frontier) == root_of(LEAVES[:size]) == naive(0, size)
    assert subtree_root(0, size, READER) == naive(0, size)


def test_growing_in_two_steps_is_growing_in_one() -> None:
    for old in range(41):
        before = extend(0, (), LEAVES[:old])
        for new in range(old, 41):
            frontier, made = grow(old, before, LEAVES[old:new])
            assert frontier == extend(0, (), LEAVES[:new])
            first = new_nodes(0, (), LEAVES[:old])
            assert sorted(first + made) == sorted(new_nodes(0, (), LEAVES[:new]))


def test_stored_nodes_and_leaves_are_all_that_proofs_read() -> None:
    stored = {(0, index): leaf for index, leaf in enumerate(LEAVES)}
    frontier: tuple[bytes, ...] = ()
    for index, leaf in enumerate(LEAVES):
        frontier, made = grow(index, frontier, (leaf,))
        stored.update({(level, at): node for level, at, node in made})
    assert len(stored) == sum(MOST >> level for level in range(8))

    def read(level: int, index: int) -> bytes:
        return stored[level, index]

    for index in range(MOST):
        assert prove_inclusion(index, MOST, read) == prove_inclusion(index, MOST, READER)
        assert prove_consistency(index, MOST, read) == prove_consistency(index, MOST, READER)


def test_a_proof_reads_logarithmically_many_nodes() -> None:
    asked: list[tuple[int, int]] = []

    def read(level: int, index: int) -> bytes:
        asked.append((level, index))
        return OTHER

    prove_inclusion(2**39 + 12_345, 2**40 - 1, read)
    assert len(asked) <= 2 * 40
    asked.clear()
    prove_consistency(2**39 + 12_345, 2**40 - 1, read)
    assert len(asked) <= 2 * 40


def test_adding_leaves_one_by_one_makes_one_node_a_leaf_at_most() -> None:
    assert [len(new_nodes(size, extend(0, (), LEAVES[:size]), [OTHER])) for size in range(8)] == [
        0,
        1,
        0,
        2,
        0,
        1,
        0,
        3,
    ]


# ---- inclusion


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_of_every_size_proves_where_it_stands(size: int) -> None:
    total = naive(0, size)
    for index in range(size):
        proof = prove_inclusion(index, size, READER)
        assert check_inclusion(index, size, LEAVES[index], proof, total)
        assert not check_inclusion(index, size, OTHER, proof, total)
        assert not check_inclusion(index, size, LEAVES[index], proof, OTHER)
        assert not check_inclusion(index, size, LEAVES[index], (*proof, OTHER), total)
        if proof:
            assert not check_inclusion(index, size, LEAVES[index], proof[:-1], total)
            assert not check_inclusion(index, size, LEAVES[index], proof[1:], total)


def test_a_proof_shows_a_leaf_at_one_place_alone() -> None:
    for size in range(1, 20):
        for index in range(size):
            proof = prove_inclusion(index, size, READER)
            shown = [
                (at, leaf)
                for at in range(size + 1)
                for leaf in range(size)
                if check_inclusion(at, size, LEAVES[leaf], proof, naive(0, size))
            ]
            assert shown == [(index, index)]


def way(index: int, size: int) -> str:
    """From root to leaf, by the definition: at each split left or right."""
    if size == 1:
        return ""
    split = 1
    while split * 2 < size:
        split *= 2
    if index < split:
        return "L" + way(index, split)
    return "R" + way(index - split, size - split)


def test_a_proof_holds_only_where_the_way_from_the_root_is_the_same() -> None:
    ways = {(index, size): way(index, size) for size in range(1, 18) for index in range(size)}
    for (index, size), turns in ways.items():
        proof = prove_inclusion(index, size, READER)
        for (other, claimed), others in ways.items():
            held = check_inclusion(other, claimed, LEAVES[index], proof, naive(0, size))
            assert held is (turns == others)


def test_a_leaf_before_the_subtree_is_not_in_it() -> None:
    proof = prove_inclusion(7, 8, READER, start=4)
    assert check_inclusion(7, 8, LEAVES[7], proof, naive(4, 8), start=4)
    assert not check_inclusion(3, 8, LEAVES[7], proof, naive(4, 8), start=4)


def test_inclusion_in_every_subtree_proves() -> None:
    for start, end in subtrees(33):
        for index in range(start, end):
            proof = prove_inclusion(index, end, READER, start=start)
            assert check_inclusion(index, end, LEAVES[index], proof, naive(start, end), start=start)


# ---- consistency


@pytest.mark.parametrize("new", range(MOST + 1))
def test_every_older_tree_of_every_size_proves_that_it_is_a_prefix(new: int) -> None:
    for old in range(new + 1):
        proof = prove_consistency(old, new, READER)
        assert check_consistency(old, new, naive(0, old), naive(0, new), proof)
        assert not check_consistency(old, new, OTHER, naive(0, new), proof)
        assert not check_consistency(old, new, naive(0, old), naive(0, new), (*proof, OTHER))
        if old:
            assert not check_consistency(old, new, naive(0, old), OTHER, proof)
        if proof:
            assert not check_consistency(old, new, naive(0, old), naive(0, new), proof[:-1])
            assert not check_consistency(old, new, naive(0, old), naive(0, new), proof[1:])
            assert not check_consistency(old, new, naive(0, old), naive(0, new), ())


def test_a_consistency_proof_shows_one_older_root_alone() -> None:
    for new in range(1, 34):
        for old in range(1, new + 1):
            proof = prove_consistency(old, new, READER)
            shown = [
                size
                for size in range(1, new + 1)
                if check_consistency(old, new, naive(0, size), naive(0, new), proof)
            ]
            assert shown == [old]


def both_roots(old: int, new: int, proof: list[bytes], seed: bytes) -> tuple[bytes, bytes] | None:
    """The two roots that a proof leads to, by the recursion of RFC 9162 section 2.1.4.1."""

    def climb(old: int, new: int, whole: bool) -> tuple[bytes, bytes]:
        if old == new:
            known = seed if whole else proof.pop(0)
            return known, known
        split = 1
        while split * 2 < new:
            split *= 2
        if old <= split:
            left = climb(old, split, whole)
            return left[0], node_hash(left[1], proof.pop(0))
        right = climb(old - split, new - split, False)
        beside = proof.pop(0)
        return node_hash(beside, right[0]), node_hash(beside, right[1])

    try:
        roots = climb(old, new, True)
    except IndexError:
        return None
    return None if proof else roots


def test_a_consistency_proof_holds_for_other_sizes_just_where_the_definition_says_so() -> None:
    sizes = [(old, new) for new in range(1, 13) for old in range(1, new + 1)]
    for old, new in sizes:
        proof = prove_consistency(old, new, READER)
        roots = naive(0, old), naive(0, new)
        for claimed in sizes:
            held = check_consistency(*claimed, *roots, proof)
            assert held is (both_roots(*claimed, list(proof), roots[0]) == roots)


def test_every_subtree_of_every_tree_proves_that_it_is_part_of_it() -> None:
    for start, end in subtrees(33):
        for new in range(end, 34):
            proof = prove_consistency(end, new, READER, start=start)
            old_root, new_root = naive(start, end), naive(0, new)
            assert check_consistency(end, new, old_root, new_root, proof, start=start)
            assert not check_consistency(end, new, OTHER, new_root, proof, start=start)
            assert not check_consistency(end, new, old_root, OTHER, proof, start=start)
            longer = (*proof, OTHER)
            assert not check_consistency(end, new, old_root, new_root, longer, start=start)


def test_old_size_0_claims_nothing_of_the_new_root() -> None:
    assert prove_consistency(0, 7, READER) == ()
    assert check_consistency(0, 7, EMPTY_ROOT, OTHER, ())
    assert not check_consistency(0, 7, OTHER, naive(0, 7), ())
    assert not check_consistency(0, 7, EMPTY_ROOT, naive(0, 7), (OTHER,))


def test_two_empty_trees_are_consistent_and_have_the_empty_root() -> None:
    assert check_consistency(0, 0, EMPTY_ROOT, EMPTY_ROOT, ())
    assert not check_consistency(0, 0, EMPTY_ROOT, OTHER, ())


def test_equal_sizes_need_an_empty_proof_and_equal_roots() -> None:
    assert prove_consistency(5, 5, READER) == ()
    assert check_consistency(5, 5, naive(0, 5), naive(0, 5), ())
    assert not check_consistency(5, 5, naive(0, 5), naive(0, 6), ())
    assert not check_consistency(5, 5, naive(0, 5), naive(0, 5), (OTHER,))


def test_a_root_made_up_from_a_longer_proof_is_refused() -> None:
    leaf, root_of_two = LEAVES[0], naive(0, 2)
    assert not check_consistency(1, 1, leaf, node_hash(OTHER, leaf), (OTHER,))
    made_up = node_hash(OTHER, root_of_two)
    assert not check_consistency(1, 2, leaf, made_up, (LEAVES[1], OTHER))
    assert not check_inclusion(0, 2, leaf, (LEAVES[1], OTHER), made_up)


def test_an_older_tree_is_never_larger() -> None:
    assert not check_consistency(6, 5, naive(0, 6), naive(0, 5), ())
    assert not check_consistency(2, 1, OTHER, OTHER, ())


# ---- properties

records = st.lists(st.binary(max_size=8), min_size=1, max_size=70, unique=True)


@settings(max_examples=60, deadline=None)
@given(records, st.data())
def test_every_entry_proves_and_no_other_does(written: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(record) for record in written]
    size, total = len(leaves), root_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(index, size, reader_over(leaves))
    assert [at for at in range(size) if check_inclusion(index, size, leaves[at], proof, total)] == [
        index
    ]
    assert [at for at in range(size) if check_inclusion(at, size, leaves[index], proof, total)] == [
        index
    ]


@settings(max_examples=60, deadline=None)
@given(records, st.data())
def test_one_changed_bit_anywhere_spoils_a_proof(written: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(record) for record in written]
    new, total = len(leaves), root_of(leaves)
    old = data.draw(st.integers(1, new))
    proof = list(prove_consistency(old, new, reader_over(leaves)))
    assert check_consistency(old, new, root_of(leaves[:old]), total, proof)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        number = int.from_bytes(proof[at], "big") ^ (1 << bit)
        proof[at] = number.to_bytes(32, "big")
        assert not check_consistency(old, new, root_of(leaves[:old]), total, proof)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=4), max_size=20), max_size=6))
def test_batches_of_any_size_come_to_the_same_frontier(batches: list[list[bytes]]) -> None:
    size = 0
    frontier: tuple[bytes, ...] = ()
    for batch in batches:
        leaves = [leaf_hash(record) for record in batch]
        frontier = extend(size, frontier, leaves)
        size += len(leaves)
    everything = [leaf_hash(record) for batch in batches for record in batch]
    assert root(size, frontier) == root_of(everything)


# ---- malformed: a check says no, all else raises

HALF = OTHER[:16]
MALFORMED_SIZES = (-1, True, 1.0, "1", None, MAX_SIZE + 1, 2**64)
MALFORMED_HASHES = (HALF, OTHER + b"\x00", b"", OTHER.hex(), bytearray(OTHER), None)


@pytest.mark.parametrize("wrong", MALFORMED_SIZES)
def test_a_malformed_size_is_refused_everywhere(wrong: object) -> None:
    assert not check_inclusion(wrong, 1, OTHER, (), OTHER)  # type: ignore[arg-type]
    assert not check_inclusion(0, wrong, OTHER, (), OTHER)  # type: ignore[arg-type]
    assert not check_inclusion(0, 1, OTHER, (), OTHER, start=wrong)  # type: ignore[arg-type]
    assert not check_consistency(wrong, 1, OTHER, OTHER, ())  # type: ignore[arg-type]
    assert not check_consistency(1, wrong, OTHER, OTHER, ())  # type: ignore[arg-type]
    for call, field in (
        (lambda: append(wrong, (), OTHER), "size"),  # type: ignore[arg-type]
        (lambda: root(wrong, ()), "size"),  # type: ignore[arg-type]
        (lambda: frontier_at(wrong, READER), "size"),  # type: ignore[arg-type]
        (lambda: subtree_root(0, wrong, READER), "end"),  # type: ignore[arg-type]
        (lambda: prove_inclusion(wrong, 1, READER), "index"),  # type: ignore[arg-type]
        (lambda: prove_inclusion(0, wrong, READER), "size"),  # type: ignore[arg-type]
        (lambda: prove_inclusion(0, 1, READER, start=wrong), "start"),  # type: ignore[arg-type]
        (lambda: prove_consistency(wrong, 1, READER), "old"),  # type: ignore[arg-type]
        (lambda: prove_consistency(0, wrong, READER), "new"),  # type: ignore[arg-type]
    ):
        with pytest.raises(BadRecord) as error:
            call()
        assert str(error.value) == f"{field}: must be a whole number from 0 to {2**62}"


@pytest.mark.parametrize("wrong", MALFORMED_HASHES)
def test_a_malformed_hash_is_refused_everywhere(wrong: object) -> None:
    good = root_of((OTHER, OTHER))
    assert check_inclusion(0, 2, OTHER, (OTHER,), good)
    assert not check_inclusion(0, 2, wrong, (OTHER,), good)  # type: ignore[arg-type]
    assert not check_inclusion(0, 2, OTHER, (wrong,), good)  # type: ignore[arg-type]
    assert not check_inclusion(0, 2, OTHER, (OTHER,), wrong)  # type: ignore[arg-type]
    assert check_consistency(1, 2, OTHER, good, (OTHER,))
    assert not check_consistency(1, 2, wrong, good, (OTHER,))  # type: ignore[arg-type]
    assert not check_consistency(1, 2, OTHER, wrong, (OTHER,))  # type: ignore[arg-type]
    assert not check_consistency(1, 2, OTHER, good, (wrong,))  # type: ignore[arg-type]
    assert not check_consistency(1, 1, wrong, wrong, ())  # type: ignore[arg-type]
    for call, place in (
        (lambda: extend(0, (), (OTHER, wrong)), "leaves[1]"),  # type: ignore[arg-type]
        (lambda: root_of((wrong,)), "leaves[0]"),  # type: ignore[arg-type]
        (lambda: reader_over((wrong,)), "leaves[0]"),  # type: ignore[arg-type]
        (lambda: root(1, (wrong,)), "frontier[0]"),  # type: ignore[arg-type]
        (
            lambda: prove_inclusion(0, 2, lambda _level, _index: wrong),  # type: ignore[arg-type,return-value]
            "level 0, index 1, node",
        ),
    ):
        with pytest.raises(BadRecord) as error:
            call()
        assert str(error.value) == f"{place}: must be 32 bytes"


@pytest.mark.parametrize("proof", [None, OTHER, {OTHER}, iter((OTHER,)), "x", 1])
def test_a_proof_is_a_list_or_a_tuple_of_hashes(proof: object) -> None:
    good = root_of((OTHER, OTHER))
    assert not check_inclusion(0, 2, OTHER, proof, good)  # type: ignore[arg-type]
    assert not check_consistency(1, 2, OTHER, good, proof)  # type: ignore[arg-type]


def test_the_largest_tree_needs_63_hashes_and_more_are_refused() -> None:
    def read(level: int, index: int) -> bytes:
        return OTHER

    proof = prove_consistency(MAX_SIZE - 1, MAX_SIZE, read)
    assert len(proof) == MAX_HASHES == 63
    assert len(prove_inclusion(0, MAX_SIZE, read)) == 62
    old = frontier_at(MAX_SIZE - 1, read)
    assert check_consistency(MAX_SIZE - 1, MAX_SIZE, root(MAX_SIZE - 1, old), climbed(proof), proof)
    assert not check_inclusion(0, MAX_SIZE, OTHER, (OTHER,) * 64, OTHER)


def climbed(proof: tuple[bytes, ...]) -> bytes:
    """The root of a full tree of these: the last leaf but one first, then all to its left."""
    first, second, *rest = proof
    total = node_hash(first, second)
    for left in rest:
        total = node_hash(left, total)
    return total


def test_no_tree_grows_over_its_largest_size() -> None:
    with pytest.raises(BadRecord, match=r"^size: must be a whole number from 0 to "):
        append(MAX_SIZE, (OTHER,), OTHER)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (4, 2), (7, 2)])
def test_a_frontier_of_another_size_is_refused(size: int, count: int) -> None:
    expected = f"frontier: must hold {size.bit_count()} hashes at this size"
    for call in (
        lambda: root(size, (OTHER,) * count),
        lambda: append(size, (OTHER,) * count, OTHER),
    ):
        with pytest.raises(BadRecord) as error:
            call()
        assert str(error.value) == expected


@pytest.mark.parametrize(("index", "size", "start"), [(0, 0, 0), (5, 5, 0), (3, 8, 4), (8, 8, 4)])
def test_an_index_outside_the_tree_is_refused(index: int, size: int, start: int) -> None:
    with pytest.raises(BadRecord) as error:
        prove_inclusion(index, size, READER, start=start)
    assert str(error.value) == "index: is not in the tree"
    assert not check_inclusion(index, size, OTHER, (), OTHER, start=start)


@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 5), (3, 5), (6, 9), (5, 4)])
def test_leaves_that_are_no_subtree_are_refused(start: int, end: int) -> None:
    assert not check_inclusion(start, end, OTHER, (), OTHER, start=start)
    assert not check_consistency(end, 20, OTHER, OTHER, (), start=start)
    for call, field in (
        (lambda: prove_inclusion(start, end, READER, start=start), "size"),
        (lambda: prove_consistency(end, 20, READER, start=start), "old"),
        (lambda: subtree_root(start, end, READER), "end"),
    ):
        with pytest.raises(BadRecord) as error:
            call()
        assert str(error.value) == f"start: start and {field} do not bound a subtree"


def test_an_older_tree_that_is_larger_cannot_be_proved() -> None:
    with pytest.raises(BadRecord) as error:
        prove_consistency(6, 5, READER)
    assert str(error.value) == "old: is larger than the new tree"


@pytest.mark.parametrize(("level", "index"), [(0, 3), (1, 1), (2, 0), (-1, 0), (0, -1)])
def test_leaves_in_memory_have_no_other_than_complete_subtrees(level: int, index: int) -> None:
    read = reader_over(LEAVES[:3])
    assert read(1, 0) == naive(0, 2)
    with pytest.raises(BadRecord) as error:
        read(level, index)
    assert str(error.value) == f"level {level}, index {index}: no such complete subtree"


# ---- data that nobody here wrote


@pytest.mark.parametrize(
    ("name", "runner"),
    [
        ("merkle_transparency_dev", merkle.transparency_dev),
        ("merkle_tlog", merkle.tlog),
        ("rekor_proofs", merkle.rekor),
    ],
)
def test_every_public_case_is_right(name: str, runner: object) -> None:
    if not (CORPORA / name).is_dir():
        pytest.skip(f"the corpora are not here: {name} was NOT checked")
    result = runner(CORPORA / name)  # type: ignore[operator]
    assert result.wrong == ()
    assert result.right + result.skips == result.cases
    assert set(result.skipped) <= {merkle.SHORT}
