"""Merkle trees over an append-only list: heads, proofs, and the checking of proofs.

This comment is the specification; the trees are those of RFC 6962 (section 2.1) and
RFC 9162 (section 2.1) with SHA-256, and everything that speaks either can check ours.

**Hashes.** A *leaf* is the hash of a record's bytes, a *node* the hash of its two children;
the prefix byte keeps one from being passed off as the other::

    leaf_hash(record)      = SHA-256(0x00 ‖ record)
    node_hash(left, right) = SHA-256(0x01 ‖ left ‖ right)
    EMPTY_ROOT             = SHA-256(nothing)

Every function below takes leaf hashes, not records; only `leaf_hash` sees a record.

**Root.** Write T(a, b) for the hash over the leaves a … b-1. T(a, a+1) is that leaf; else
T(a, b) = node_hash(T(a, a+k), T(a+k, b)) with k the largest power of two below b - a. The
root of a tree of n leaves is T(0, n). A root does not commit to n: whoever signs a root
signs the size with it.

**Stored nodes.** T(i·2^l, (i+1)·2^l) is the *complete* subtree at level l, index i; level 0
is the leaves. Once its last leaf is there it never changes, so it may be stored for ever.
`new_nodes` names those that an append completes, and a *node reader* is any function
(level, index) → hash that gives them back. It is asked for complete subtrees only, and for
O(log n) of them a proof.

**Frontier.** The complete subtrees that make up a tree of n leaves, largest first: one for
each 1 in n written in binary, so never more than 63. With it a tree grows and has its root
told without its leaves; adding a leaf costs one hash on average.

**Inclusion.** The proof that leaf i stands in a tree of n leaves lists the siblings on the
way from leaf to root, lowest first. Its length follows from i and n; any other is refused.
Required: 0 ≤ i < n.

**Consistency.** The proof that the tree of m leaves is a prefix of the tree of n leaves lists
the subtrees from which both roots can be computed, in the order of RFC 9162 section 2.1.4.
Required: m ≤ n. With m = n the proof is empty and the roots are equal. With m = 0 the proof
is empty and the old root is `EMPTY_ROOT`: nothing is claimed, so nothing of the new root is
checked.

**Subtrees.** With `start` the same pairs speak of the leaves start … end-1 alone instead of
0 … end-1. Such a range is a subtree if start is a multiple of the least power of two that is
not below end - start (draft-ietf-plants-merkle-tree-certs, section 4). With start = 0,
which is the default, they are exactly the proofs of RFC 9162.

**Bounds.** Hashes are `bytes` of length 32, at most 63 of them in a proof (as in C2SP
tlog-witness), sizes are whole numbers of at most 2^62, so that no proof needs more. What comes
from elsewhere, a proof to be checked, is either right or it is not: `check_inclusion` and
`check_consistency` say False to anything malformed and never raise. All others are given
our own values and raise `BadRecord` when those cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from contactledger.errors import BadRecord

Frontier = tuple[bytes, ...]
"""The complete subtrees of a tree, largest first."""

Node = tuple[int, int, bytes]
"""(level, index, hash) of a complete subtree."""

NodeReader = Callable[[int, int], bytes]
"""The port to stored nodes: (level, index) → hash of that complete subtree."""

HASH_BYTES = 32
MAX_HASHES = 63
"""Hashes in one proof: what C2SP tlog-witness allows; looked at before the hashes are."""
MAX_SIZE = 2**62
"""Leaves in one tree: the largest whose consistency proofs all keep to `MAX_HASHES`."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""


def leaf_hash(record: bytes) -> bytes:
    """The leaf for a record's bytes."""
    return sha256(b"\x00" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node from those of its two children."""
    return sha256(b"\x01" + left + right).digest()


# ---- growing a tree, and its root


def append(size: int, frontier: Frontier, leaf: bytes) -> Frontier:
    """The frontier of `size` + 1 leaves from that of `size`; `BadRecord` if they do not fit."""
    return extend(size, frontier, (leaf,))


def extend(size: int, frontier: Frontier, leaves: Iterable[bytes]) -> Frontier:
    """The frontier after appending `leaves`; one hash a leaf on average.

    Raises `BadRecord` for a frontier that does not belong to `size`, for a leaf that is not
    a hash, and for a tree that would grow over `MAX_SIZE`.
    """
    return _grow(size, frontier, leaves, None)


def new_nodes(size: int, frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Node, ...]:
    """The complete subtrees of level 1 and more that appending `leaves` makes, lowest first.

    Together with the leaves themselves (level 0) these are what a node reader must give
    back later. Raises as `extend`.
    """
    return grow(size, frontier, leaves)[1]


def grow(
    size: int, frontier: Frontier, leaves: Iterable[bytes]
) -> tuple[Frontier, tuple[Node, ...]]:
    """What `extend` and `new_nodes` give, for the cost of one of them."""
    made: list[Node] = []
    frontier = _grow(size, frontier, leaves, made)
    return frontier, tuple(made)


def _grow(
    size: int, frontier: Frontier, leaves: Iterable[bytes], made: list[Node] | None
) -> Frontier:
    _need_frontier(size, frontier)
    row = list(leaves)
    _need_hashes(row, "leaves")
    _need_size(size + len(row), "size")
    # Level by level: a row is what is new on its level, from index `at` on.
    large, small = list(frontier), []
    level, at = 0, size
    while row:
        if at & 1:  # the left sibling of the first is the frontier's, smallest last
            row.insert(0, large.pop())
        if len(row) & 1:  # the last has no right sibling yet
            small.append(row.pop())
        row = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(row[::2], row[1::2], strict=True)
        ]
        level, at = level + 1, at >> 1
        if made is not None:
            made += [(level, index, node) for index, node in enumerate(row, at)]
    return (*large, *reversed(small))


def root(size: int, frontier: Frontier) -> bytes:
    """The root of a tree from its frontier; `BadRecord` if they do not fit."""
    _need_frontier(size, frontier)
    return _fold(frontier)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree of these leaves; `BadRecord` for one that is not a hash."""
    return _fold(_grow(0, (), leaves, None))


def frontier_at(size: int, node_reader: NodeReader) -> Frontier:
    """The frontier that the tree had at `size`, from stored nodes."""
    _need_size(size, "size")
    return tuple([_read(node_reader, level, index) for level, index in _pieces(0, size)])


def subtree_root(start: int, end: int, node_reader: NodeReader) -> bytes:
    """T(start, end) from stored nodes; with `start` 0 the root that the tree had at size `end`.

    Raises `BadRecord` unless the range is a subtree (an empty one has `EMPTY_ROOT`).
    """
    _need_range(start, end, "end")
    return _hash_of(start, end, node_reader)


def reader_over(leaves: Iterable[bytes]) -> NodeReader:
    """A node reader over leaves held in memory.

    It raises `BadRecord` when asked for a subtree that is not complete.
    """
    rows = [list(leaves)]
    _need_hashes(rows[0], "leaves")
    while len(rows[-1]) > 1:
        below = rows[-1]
        pairs = zip(below[::2], below[1::2], strict=False)  # an odd last one has no parent yet
        rows.append([node_hash(left, right) for left, right in pairs])

    def read(level: int, index: int) -> bytes:
        if level >= 0 <= index:
            try:
                return rows[level][index]
            except IndexError:
                pass
        raise BadRecord("no such complete subtree", place=f"level {level}, index {index}")

    return read


# ---- inclusion


def prove_inclusion(
    index: int, size: int, node_reader: NodeReader, *, start: int = 0
) -> tuple[bytes, ...]:
    """The proof that the leaf at `index` is one of the leaves `start` … `size` - 1.

    Raises `BadRecord` unless start ≤ index < size and the range is a subtree.
    """
    plain = type(start) is type(index) is type(size) is int
    if not (
        plain and 0 == start <= index < size <= MAX_SIZE
    ):  # else say what is wrong, if anything
        _need_size(index, "index")
        _need_range(start, size, "size")
        if not start <= index < size:
            raise BadRecord("is not in the tree", field="index")
    # Upward from the leaf: `at` is its ancestor on a level, `last` that of the last leaf.
    # On the way there is at most one sibling that is not complete: the end of the tree.
    proof = []
    at, last = index, size - 1
    for level in range((last - start).bit_length()):
        sibling = at ^ 1
        if sibling < last:
            found = node_reader(level, sibling)
            if type(found) is not bytes or len(found) != HASH_BYTES:
                raise _not_a_hash(level, sibling)
            proof.append(found)
        elif sibling == last:
            proof.append(_hash_of(sibling << level, size, node_reader))
        at >>= 1
        last >>= 1
    return tuple(proof)


def check_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes, *, start: int = 0
) -> bool:
    """Whether `proof` shows that `leaf` stands at `index` under `root`.

    `root` is over the leaves `start` … `size` - 1. Anything malformed is False. The result is
    that of the steps of RFC 9162 section 2.1.3.2, with the proof's length known beforehand.
    """
    if not (_is_size(index) and _is_range(start, size) and start <= index < size):
        return False
    if not (_is_hash(leaf) and _is_hash(root) and _is_proof(proof)):
        return False
    at, last = index - start, size - start - 1
    meet = (at ^ last).bit_length()  # as many levels the leaf and the last one are apart
    if len(proof) != meet + (at >> meet).bit_count():
        return False
    here = leaf
    for sibling in proof[:meet]:
        here = sha256(b"\x01" + (sibling + here if at & 1 else here + sibling)).digest()
        at >>= 1
    for sibling in proof[meet:]:
        here = sha256(b"\x01" + sibling + here).digest()
    return here == root


# ---- consistency


def prove_consistency(
    old: int, new: int, node_reader: NodeReader, *, start: int = 0
) -> tuple[bytes, ...]:
    """The proof that the leaves `start` … `old` - 1 are a subtree of the tree of `new` leaves.

    With `start` 0: that the tree of `old` leaves is a prefix of that of `new`. Raises
    `BadRecord` unless start ≤ old ≤ new and the range is a subtree.
    """
    _need_size(new, "new")
    _need_range(start, old, "old")
    if old > new:
        raise BadRecord("is larger than the new tree", field="old")
    if start == old:
        return ()
    low, high, left = 0, new, start
    proof = []
    while (low, high) != (left, old):
        middle = low + _half(high - low)
        if old <= middle:
            proof.append(_hash_of(middle, high, node_reader))
            high = middle
        else:
            proof.append(_hash_of(low, middle, node_reader))
            low, left = middle, max(left, middle)
    if left != start:  # the way split the range: its last piece is not the old root itself
        proof.append(_hash_of(low, high, node_reader))
    return tuple(reversed(proof))


def check_consistency(
    old: int,
    new: int,
    old_root: bytes,
    new_root: bytes,
    proof: Sequence[bytes],
    *,
    start: int = 0,
) -> bool:
    """Whether `proof` shows that the tree under `old_root` is a prefix of that under `new_root`.

    `old_root` is over the leaves `start` … `old` - 1, `new_root` over all `new`. Anything
    malformed is False. The steps are those of RFC 9162 section 2.1.4.2, with `first` for
    the subtree's first leaf on its level, which is 0 all the way up where `start` is.
    """
    if not (_is_range(start, old) and _is_size(new) and old <= new):
        return False
    if not (_is_hash(old_root) and _is_hash(new_root) and _is_proof(proof)):
        return False
    if start == old:
        sound = new > 0 or new_root == EMPTY_ROOT
        return sound and not proof and old_root == EMPTY_ROOT
    first, end, last = start, old - 1, new - 1
    while first != end and (end & 1 or end == last):
        first, end, last = first >> 1, end >> 1, last >> 1
    rest = list(proof)
    if first == end:
        seed = old_root
    elif rest:
        seed = rest.pop(0)
    else:
        return False
    return _climb(first, end, last, seed, rest) == (old_root, new_root)


def _climb(
    first: int, end: int, last: int, seed: bytes, proof: list[bytes]
) -> tuple[bytes, bytes] | None:
    """The old and the new root that a consistency proof leads to; None for a wrong length."""
    old = new = seed
    for sibling in proof:
        if last == 0:
            return None
        if end & 1 or end == last:
            if first < end:
                old = node_hash(sibling, old)
            new = node_hash(sibling, new)
            while not end & 1 and end:
                first, end, last = first >> 1, end >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        first, end, last = first >> 1, end >> 1, last >> 1
    return (old, new) if last == 0 else None


# ---- the shape of a tree


def _half(count: int) -> int:
    """The largest power of two below `count` ≥ 2: how many leaves stand left of a split."""
    return 1 << ((count - 1).bit_length() - 1)


def _pieces(low: int, high: int) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that the subtree low … high-1 is made of."""
    pieces = []
    while low < high:
        level = (high - low).bit_length() - 1
        pieces.append((level, low >> level))
        low += 1 << level
    return pieces


def _hash_of(low: int, high: int, node_reader: NodeReader) -> bytes:
    """T(low, high) from stored nodes."""
    total = None
    while low < high:  # its pieces, the smallest first
        size = (high - low) & (low - high)
        level = size.bit_length() - 1
        high -= size
        node = node_reader(level, high >> level)
        if type(node) is not bytes or len(node) != HASH_BYTES:
            raise _not_a_hash(level, high >> level)
        total = node if total is None else sha256(b"\x01" + node + total).digest()
    return EMPTY_ROOT if total is None else total


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The hash over neighbouring complete subtrees, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    *larger, total = hashes
    for left in reversed(larger):
        total = node_hash(left, total)
    return total


def _read(node_reader: NodeReader, level: int, index: int) -> bytes:
    found = node_reader(level, index)
    if type(found) is not bytes or len(found) != HASH_BYTES:
        raise _not_a_hash(level, index)
    return found


def _not_a_hash(level: int, index: int) -> BadRecord:
    return BadRecord(_NOT_A_HASH, field="node", place=f"level {level}, index {index}")


# ---- what is well formed

_NOT_A_HASH = f"must be {HASH_BYTES} bytes"
_TYPES, _SIZES = frozenset((bytes,)), frozenset((HASH_BYTES,))
"""Of hashes."""


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_SIZE


def _is_hash(value: object) -> bool:
    return type(value) is bytes and len(value) == HASH_BYTES


def _is_proof(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MAX_HASHES and _are_hashes(value)


def _are_hashes(values: Sequence[object]) -> bool:
    return _TYPES.issuperset(map(type, values)) and _SIZES.issuperset(map(len, values))  # type: ignore[arg-type]


def _is_range(start: int, end: int) -> bool:
    if not (_is_size(start) and _is_size(end) and start <= end):
        return False
    return start == end or start % (1 << (end - start - 1).bit_length()) == 0


def _need_size(value: int, field: str) -> None:
    if not _is_size(value):
        raise BadRecord(f"must be a whole number from 0 to {MAX_SIZE}", field=field)


def _need_range(start: int, end: int, field: str) -> None:
    _need_size(start, "start")
    _need_size(end, field)
    if not _is_range(start, end):
        raise BadRecord(f"start and {field} do not bound a subtree", field="start")


def _need_hashes(values: Sequence[bytes], field: str) -> None:
    if _are_hashes(values):
        return  # the hot path; what follows only finds the one to name
    index = next(index for index, value in enumerate(values) if not _is_hash(value))
    raise BadRecord(_NOT_A_HASH, field=f"{field}[{index}]")


def _need_frontier(size: int, frontier: Frontier) -> None:
    _need_size(size, "size")
    _need_hashes(frontier, "frontier")
    if len(frontier) != size.bit_count():
        raise BadRecord(f"must hold {size.bit_count()} hashes at this size", field="frontier")
