"""Merkle trees and proofs, put to `contactledger.log.tlog`."""

from __future__ import annotations

from base64 import b64decode, b64encode
from functools import cache
from pathlib import Path
from typing import Any

from tests.corpora import Case, Result, Right, Skip, Verdict, run

SHORT = (
    "declared valid over a root that is no SHA-256 hash; refused here (LOG.md: exactly 32 bytes)"
)
"""One upstream case compares two equal texts of 12 bytes as if they were roots."""


def transparency_dev(folder: Path) -> Result:
    """Proofs good and bad, each with `wantErr`; a malformed one is refused like a wrong one."""

    def check(case: Case) -> Verdict:
        probe = _PROBES.get(case["type"])
        if probe is None:
            return Skip(f"type {case['type']}: no such structure in this release")
        vector = case["vector"]
        got, hashes = probe(vector)
        expected = case["expected"]["valid"]
        if expected and not got and any(len(h) != 32 for h in hashes):
            return Skip(SHORT)
        return got is expected

    return run(folder, check)


def _bytes(text: str | None) -> bytes:
    return b64decode(text or "", validate=True)


def _inclusion(vector: Any) -> tuple[bool, list[bytes]]:
    from contactledger.log.tlog import check_inclusion

    start = vector.get("start", 0)
    end = vector["end"] if "end" in vector else vector["treeSize"]
    leaf, root = _bytes(vector["leafHash"]), _bytes(vector["root"])
    proof = [_bytes(text) for text in vector["proof"] or ()]
    got = check_inclusion(vector["leafIdx"], end, leaf, proof, root, start=start)
    return got, [leaf, root]


def _consistency(vector: Any) -> tuple[bool, list[bytes]]:
    from contactledger.log.tlog import check_consistency

    start = vector.get("start", 0)
    old = vector["end"] if "end" in vector else vector["size1"]
    new = vector["size"] if "size" in vector else vector["size2"]
    old_root, new_root = _bytes(vector["root1"]), _bytes(vector["root2"])
    proof = [_bytes(text) for text in vector["proof"] or ()]
    got = check_consistency(old, new, old_root, new_root, proof, start=start)
    return got, [old_root, new_root]


_PROBES = {
    "inclusion": _inclusion,
    "subtreeinclusion": _inclusion,
    "consistency": _consistency,
    "subtreeconsistency": _consistency,
}


@cache
def _leaf(index: int) -> bytes:
    from contactledger.log.tlog import leaf_hash

    return leaf_hash(f"leaf {index}".encode())


def tlog(folder: Path) -> Result:
    """Heads and proofs over the leaves "leaf <i>": ours must be the same, and must check.

    A root is right if the frontier grown leaf by leaf, the one grown in one go and the one
    read back from stored nodes all come to it.
    """

    def check(case: Case) -> Verdict:
        kind = _TLOG.get(case["kind"])
        if kind is None:
            return Skip(f"kind {case['kind']}: no such structure in this release")
        return kind(case)

    return run(folder, check)


def _tlog_root(case: Case) -> bool:
    from contactledger.log.tlog import append, frontier_at, reader_over, root, root_of

    size, expected = case["n"], bytes.fromhex(case["root"])
    leaves = [_leaf(index) for index in range(size)]
    frontier: tuple[bytes, ...] = ()
    for index, leaf in enumerate(leaves):
        frontier = append(index, frontier, leaf)
    last = case.get("last_leaf_hash")
    return (
        root(size, frontier) == root_of(leaves) == expected
        and frontier_at(size, reader_over(leaves)) == frontier
        and (not last or leaves[-1].hex() == last)
    )


def _tlog_inclusion(case: Case) -> bool:
    from contactledger.log.tlog import check_inclusion, prove_inclusion, reader_over, root_of

    index, size = case["index"], case["size"]
    proof = tuple([bytes.fromhex(text) for text in case["proof"] or ()])
    leaves = [_leaf(at) for at in range(size)]
    return prove_inclusion(index, size, reader_over(leaves)) == proof and check_inclusion(
        index, size, leaves[index], proof, root_of(leaves)
    )


def _tlog_consistency(case: Case) -> bool:
    from contactledger.log.tlog import check_consistency, prove_consistency, reader_over, root_of

    old, new = case["old"], case["size"]
    proof = tuple([bytes.fromhex(text) for text in case["proof"] or ()])
    leaves = [_leaf(at) for at in range(new)]
    return prove_consistency(old, new, reader_over(leaves)) == proof and check_consistency(
        old, new, root_of(leaves[:old]), root_of(leaves), proof
    )


_TLOG = {"root": _tlog_root, "inclusion": _tlog_inclusion, "consistency": _tlog_consistency}


NO_NOTE = "its checkpoint is no signed note by the format; only its lines were compared"
"""What a checkpoint says without being readable as a note; a verifier would stop at that."""


def rekor(folder: Path) -> Result:
    """Entries of a public log: leaf from the body, inclusion, and what the checkpoint names.

    The checkpoint is read as a note and written again, byte by byte, and index, proof and
    checkpoint go through a proof file and back. Of its text, size and root are compared, as
    the oracle did; who signed it is not looked at, since no case has the log's key.
    """

    def check(case: Case) -> Verdict:
        from contactledger.log.tlog import check_inclusion, leaf_hash

        leaf = leaf_hash(b64decode(case["body_b64"], validate=True))
        root = b64decode(case["root_b64"], validate=True)
        proof = tuple([b64decode(text, validate=True) for text in case["proof_b64"] or ()])
        got = check_inclusion(case["index"], case["size"], leaf, proof, root)
        expected = case["expected"]
        named, is_note = _named(case["checkpoint"], case["index"], proof)
        matches = None if named is None else named == (str(case["size"]), case["root_b64"])
        return (
            leaf == b64decode(case["leaf_hash_b64"], validate=True)
            and got is expected["inclusion_valid"]
            and matches is expected["checkpoint_matches"]
            and (is_note or Right(NO_NOTE))
        )

    return run(folder, check)


def _named(
    checkpoint: str | None, index: int, proof: tuple[bytes, ...]
) -> tuple[tuple[str, str] | None, bool]:
    """(size, root) as a checkpoint has them, or None without one; and whether it is a note."""
    from contactledger.errors import BadInput
    from contactledger.log.checkpoint import parse_checkpoint
    from contactledger.log.note import format_note, parse_unverified
    from contactledger.log.tlog_proof import TlogProof, format_tlog_proof, parse_tlog_proof

    if not checkpoint:
        return None, True
    try:
        note = parse_unverified(checkpoint.encode())
        head = parse_checkpoint(note.text)
    except BadInput:
        size, root = [*checkpoint.split("\n"), "", "", ""][1:3]
        return (size, root), False
    assert format_note(note.text, note.unverified) == checkpoint.encode()
    file = TlogProof(index, proof, checkpoint.encode())
    assert parse_tlog_proof(format_tlog_proof(file)) == file
    return (str(head.size), b64encode(head.root).decode()), True
