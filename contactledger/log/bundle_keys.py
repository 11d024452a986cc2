"""The keys of a ledger as a bundle shows them: which there were, and which may be believed.

A change of keys is a leaf of the ledger log. That the log holds it says nothing yet, since the
new key itself signs the log: it is believed only if the old one, believed already, signed a
checkpoint with that leaf under it, and the bundle's checkpoint extends that one.
"""

from __future__ import annotations

from collections.abc import Iterable

from contactledger.errors import BadRecord
from contactledger.log.bundle_log import step
from contactledger.log.bundle_text import MAX_PATH_BYTES, parse_path
from contactledger.log.canon import MAX_RECORD_BYTES
from contactledger.log.checkpoint import Checkpoint, parse_checkpoint
from contactledger.log.container import Container
from contactledger.log.note import MAX_NOTE_BYTES, Note, open_note
from contactledger.log.seal import Genesis, KeyChange, parse_key_change
from contactledger.log.tlog import check_consistency, check_inclusion, leaf_hash
from contactledger.log.tlog_proof import parse_tlog_proof
from contactledger.log.verifier import VerifierKey

MAX_PROOF_BYTES = MAX_NOTE_BYTES + 65_536
"""A proof file: its checkpoint, and what stands in front of that."""
_STEP = 2


def signers(note: Note) -> set[tuple[str, bytes]]:
    """Names and ids of the keys whose signature was found to hold."""
    return {(signature.name, signature.key_id) for signature in note.signatures}


def read_changes(
    container: Container, numbers: Iterable[int], said: Checkpoint, believed: set[VerifierKey]
) -> dict[int, KeyChange]:
    """The changes of keys by leaf; new keys that may be believed are added to `believed`.

    Everything is proved against what the bundle's checkpoint says, and holds once that does.
    """
    changes = {}
    for no in sorted(numbers):
        change, vouched = _read_change(container, no, said)
        if vouched and VerifierKey.parse(change.replaces) in believed:
            believed.add(VerifierKey.parse(change.key))
        changes[no] = change
    return changes


def _read_change(container: Container, no: int, said: Checkpoint) -> tuple[KeyChange, bool]:
    """A change of keys, and whether the old key signed a checkpoint with it."""
    name = f"ledger/keys/{no}"
    with step(_STEP, f"{name}.json"):
        record = container.read(f"{name}.json", MAX_RECORD_BYTES)
        change = parse_key_change(record)
        old, new = VerifierKey.parse(change.replaces), VerifierKey.parse(change.key)
    with step(_STEP, f"{name}.tlog-proof"):
        proof = parse_tlog_proof(container.read(f"{name}.tlog-proof", MAX_PROOF_BYTES))
        if proof.index != no or proof.extra is not None:
            raise BadRecord("is not that of this leaf alone")
        opened = open_note(proof.checkpoint, {old, new})
        then = parse_checkpoint(opened.text)
        if then.origin != said.origin:
            raise BadRecord("its checkpoint is that of another log")
        leaf = leaf_hash(record)
        if not check_inclusion(no, then.size, leaf, proof.hashes, then.root):
            raise BadRecord("does not lead from the record to its checkpoint's root")
    with step(_STEP, f"{name}.consistency"):
        hashes = parse_path(container.read(f"{name}.consistency", MAX_PATH_BYTES))
        if not check_consistency(then.size, said.size, then.root, said.root, hashes):
            raise BadRecord("the bundle's checkpoint does not extend that one")
    return change, (old.name, old.id) in signers(opened)


def keys_in_order(genesis: Genesis, changes: dict[int, KeyChange]) -> list[VerifierKey]:
    """Every key of the ledger, the newest last; each change replaces the newest so far."""
    known = [VerifierKey.parse(text) for text in genesis.keys]
    for no, change in changes.items():
        with step(_STEP, f"ledger/keys/{no}.json"):
            if VerifierKey.parse(change.replaces) != known[-1]:
                raise BadRecord("replaces another key than the newest")
            known.append(VerifierKey.parse(change.key))
    return known
