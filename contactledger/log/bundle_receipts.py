"""Receipts in a bundle: who had this account's log in hands before, how far, and when.

`account/receipts/<n>.note` are signed notes (`contactledger.log.receipt`), numbered from 0 in
order of epoch, time, name and id of the key. Whatever one says was received must be the
beginning of the log in the bundle: in a whole one its root is computed from the entries, in a
partial one it is that of the head, or of an older head which the bundle shows.

A receipt of a key that nobody named to us is passed over, as is a cosignature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import frozen

from contactledger.errors import BadRecord
from contactledger.log.bundle_log import refuse, step
from contactledger.log.canon import MAX_RECORD_BYTES
from contactledger.log.container import Container
from contactledger.log.receipt import Receipt, open_receipt, parse_receipt_note
from contactledger.log.seal import Epoch, Head, Received
from contactledger.log.verifier import Kind, VerifierKey

RECEIPT_FILE = re.compile(r"account/receipts/(0|[1-9][0-9]{0,3})\.note\Z")
MAX_RECEIPTS = 1_000
"""Receipts in one bundle; a monthly one for eighty years."""
_STEP = 8


@frozen
class Shown:
    """A receipt as it lies in a bundle, *whoever signed it*."""

    file: str
    note: bytes
    received: Received
    name: str


def in_order(notes: Iterable[bytes]) -> tuple[bytes, ...]:
    """Receipts in the order in which a bundle numbers them, the newest if there are many."""
    ordered = sorted(notes, key=_order)
    return tuple(ordered[-MAX_RECEIPTS:])


def _order(note: bytes) -> tuple[object, ...]:
    received, parsed = parse_receipt_note(note)
    (line,) = parsed.unverified
    return received.epoch, received.at, line.name, line.key_id


def read_receipts(container: Container) -> tuple[Shown, ...]:
    """The receipts of a bundle in order of their numbers, none of them verified."""
    numbers = sorted(int(found[1]) for n in container.members if (found := RECEIPT_FILE.match(n)))
    if len(numbers) > MAX_RECEIPTS:
        refuse(f"has over {MAX_RECEIPTS} receipts", _STEP)
    shown: list[Shown] = []
    for index, number in enumerate(numbers):
        file = f"account/receipts/{number}.note"
        with step(_STEP, file):
            if number != index:
                raise BadRecord(f"has another number than {index}")
            note = container.read(file, MAX_RECORD_BYTES)
            received, parsed = parse_receipt_note(note)
            if shown and _order(note) <= _order(shown[-1].note):
                raise BadRecord("is not in order of epoch, time and key")
            shown.append(Shown(file, note, received, parsed.unverified[0].name))
    return tuple(shown)


def check_receipts(
    shown: Iterable[Shown],
    head: Head,
    epoch: Epoch,
    roots: Mapping[int, bytes],
    keys: Iterable[VerifierKey],
) -> tuple[Receipt, ...]:
    """Those that one of `keys` signed; all must be of a beginning of this log.

    `roots`: of the sizes that can be compared beside the head's.
    """
    comparable = {**roots, head.size: head.root}
    known = {key.as_kind(Kind.ED25519) for key in keys}
    by_name = {(key.name, key.id) for key in known}
    found = []
    for one in shown:
        received = one.received
        with step(_STEP, one.file):
            if received.account != head.account or not 0 < received.size <= head.size:
                raise BadRecord("is for another account, or for more than this log")
            if received.epoch > epoch.epoch:
                raise BadRecord("is of a later epoch than the bundle")
            if received.size not in comparable:
                raise BadRecord("is for a size of which the bundle shows no head")
            if comparable[received.size] != received.root:
                raise BadRecord("rollback or fork: another log was received than this one")
            _, parsed = parse_receipt_note(one.note)
            if any((line.name, line.key_id) in by_name for line in parsed.unverified):
                found.append(open_receipt(one.note, known))
    return tuple(found)
