"""Receipts and countersignatures: what the other side signs when it was given a log.

Whoever opened a bundle may say so in two signatures, made with one key at one time:

**Cosignature.** A line of kind 0x04 under the checkpoint it was given (C2SP tlog-cosignature,
see `contactledger.log.checkpoint`). It covers the whole ledger and names no account.

**Receipt.** A signed note with one signature of kind 0x01, whose text is one line, the record
`contactledger/receipt/v1`. It names the account, how many of its entries there were, and their
root, so it holds on its own, long after newer checkpoints have taken over::

    {"account":id,"at":time,"epoch":n,"root":…,"size":n,"typ":"contactledger/receipt/v1"}

    — smith.example/ledger Az3grlgtzPICa5OS8npVmf1M…

Both prove that this log was received, and neither that anybody agrees with it: agreement is the
mark `acknowledged`, an entry of the log (J39).

**Countersignature file.** Both, to be sent back: the checkpoint's text with the cosignature as
its only line, and the receipt, as strings of one canonical object. It holds nothing personal: the
account is a random id, the key's name is that of an organisation::

    {"checkpoint": note, "receipt": note, "typ": "contactledger/countersignature/v1"}
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from attrs import frozen

from contactledger.errors import BadRecord, Unverified
from contactledger.log.canon import canonical, parse
from contactledger.log.checkpoint import Checkpoint, cosign, parse_checkpoint
from contactledger.log.note import Note, Signer, format_note, open_note, parse_unverified, sign
from contactledger.log.seal import Received, format_receipt, parse_receipt
from contactledger.log.verifier import Kind, VerifierKey, is_utf8, time_of

COUNTERSIGNATURE_TYP = "contactledger/countersignature/v1"
EPOCH_OF_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Receipt:
    """A receipt that was verified: what was received, and whose key says so."""

    received: Received
    key: VerifierKey


@frozen
class Countersigned:
    """A countersignature that was verified: `checkpoint` was seen and `received` received by
    the holder of `key`, at `received.at` by its own clock. The two notes as they were read."""

    key: VerifierKey
    checkpoint: Checkpoint
    received: Received
    checkpoint_note: bytes
    receipt_note: bytes


def posix_seconds(at: datetime) -> int:
    """Whole seconds since 1970, rounded down; negative before."""
    return (at - EPOCH_OF_TIME) // timedelta(seconds=1)


# ---- receipts


def sign_receipt(received: Received, signer: Signer) -> bytes:
    """The signed note of a receipt."""
    return sign(format_receipt(received).decode() + "\n", signer)


def parse_receipt_note(note: bytes) -> tuple[Received, Note]:
    """A receipt *whoever signed it*, and the note with its one line; BadRecord for others."""
    parsed = parse_unverified(note)
    if len(parsed.unverified) != 1:
        raise BadRecord("must have one signature", place="receipt")
    return parse_receipt(parsed.text.removesuffix("\n").encode()), parsed


def open_receipt(note: bytes, keys: Iterable[VerifierKey]) -> Receipt:
    """The receipt that one of the keys signed, given as either kind.

    BadRecord for a note that is no receipt; Unverified if no key of `keys` signed it.
    """
    received, _ = parse_receipt_note(note)
    known = {key.as_kind(Kind.ED25519) for key in keys}
    (signature,) = open_note(note, known).signatures
    who = (signature.name, signature.key_id)
    return Receipt(received, next(key for key in known if (key.name, key.id) == who))


# ---- countersignatures


def make_countersignature(checkpoint_text: str, received: Received, signer: Signer) -> bytes:
    """The file in which the signer says at `received.at` that it has seen and received these."""
    line = cosign(checkpoint_text, signer, posix_seconds(received.at))
    return canonical(
        {
            "typ": COUNTERSIGNATURE_TYP,
            "checkpoint": format_note(checkpoint_text, [line]).decode(),
            "receipt": sign_receipt(received, signer).decode(),
        }
    )


def parse_countersignature(data: bytes) -> tuple[bytes, bytes]:
    """The two notes of such a file, of which nothing may be believed yet; BadRecord."""
    document = parse(data)
    if not isinstance(document, dict) or document.get("typ") != COUNTERSIGNATURE_TYP:
        raise BadRecord("not a countersignature", field="typ")
    notes = [document.get("checkpoint"), document.get("receipt")]
    if len(document) != 3 or not all(isinstance(n, str) and is_utf8(n) for n in notes):
        raise BadRecord("not a countersignature: other fields than it has")
    checkpoint, receipt = (str(note).encode() for note in notes)
    return checkpoint, receipt


def open_countersignature(data: bytes, keys: Iterable[VerifierKey]) -> Countersigned:
    """What such a file says, if one key of `keys` (given as either kind) made all of it.

    BadRecord for bytes that are no countersignature, Unverified if a signature does not hold,
    is of nobody named in `keys`, or if the two do not belong together.
    """
    checkpoint_note, receipt_note = parse_countersignature(data)
    receipt = open_receipt(receipt_note, keys)
    cosigned = open_note(checkpoint_note, [receipt.key.as_kind(Kind.COSIGNATURE)])
    if cosigned.unverified:
        raise BadRecord("must have one signature", place="checkpoint")
    checkpoint, received = parse_checkpoint(cosigned.text), receipt.received
    if time_of(cosigned.signatures[0].value) != posix_seconds(received.at):
        raise Unverified("the receipt and the cosignature were not made at one time")
    if received.epoch + 1 != checkpoint.size:
        raise Unverified("the receipt is not of the epoch that the checkpoint ends in")
    return Countersigned(receipt.key, checkpoint, received, checkpoint_note, receipt_note)
