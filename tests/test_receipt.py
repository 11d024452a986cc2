"""Receipts and countersignatures as bytes: what they hold, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadInput, BadRecord, Unverified
from contactledger.log.checkpoint import Checkpoint, cosign, format_checkpoint
from contactledger.log.note import add_signatures, format_note, make_signature, sign
from contactledger.log.receipt import (
    make_countersignature,
    open_countersignature,
    open_receipt,
    parse_countersignature,
    parse_receipt_note,
    posix_seconds,
    sign_receipt,
)
from contactledger.log.seal import Received, format_receipt
from contactledger.log.verifier import Kind, VerifierKey
from tests.signing import openssl_holds, signer

AT = datetime(2026, 6, 1, 9, 0, 0, 250_000, tzinfo=UTC)
SMITH, ACME = signer("smith.example/ledger"), signer("acme.example/ledger")
RECEIVED = Received("a" * 26, AT, 7, b"r" * 32, 12)
TEXT = format_checkpoint(Checkpoint("acme.example/ledger", 8, b"c" * 32))


def file(received: Received = RECEIVED, by=SMITH, text: str = TEXT) -> bytes:
    return make_countersignature(text, received, by)


def changed(**parts: object) -> bytes:
    """The file with parts of its object replaced, canonical as ever."""
    return orjson.dumps({**orjson.loads(file()), **parts}, option=orjson.OPT_SORT_KEYS)


def test_a_receipt_is_a_note_of_one_line_and_holds_nothing_personal():
    text, _, lines = sign_receipt(RECEIVED, SMITH).decode().partition("\n\n")
    assert text.encode() == format_receipt(RECEIVED)
    assert orjson.loads(text) == {
        "typ": "contactledger/receipt/v1",
        "account": "a" * 26,
        "at": "2026-06-01T09:00:00.250000Z",
        "epoch": 7,
        "root": "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI",
        "size": 12,
    }
    assert lines.startswith("— smith.example/ledger ")
    assert lines.count("\n") == 1


def test_a_receipt_opens_with_the_key_of_either_kind():
    note = sign_receipt(RECEIVED, SMITH)
    for key in (SMITH.key, SMITH.key.as_kind(Kind.COSIGNATURE)):
        receipt = open_receipt(note, [ACME.key, key])
        assert (receipt.received, receipt.key) == (RECEIVED, SMITH.key)


def test_openssl_accepts_the_signature_of_a_receipt(tmp_path):
    note = sign_receipt(RECEIVED, SMITH)
    _, parsed = parse_receipt_note(note)
    (line,) = parsed.unverified
    message = format_receipt(RECEIVED) + b"\n"
    assert openssl_holds(tmp_path, SMITH.key.public_key, message, line.value)
    assert not openssl_holds(tmp_path, SMITH.key.public_key, message + b"\n", line.value)


def test_a_receipt_of_a_stranger_or_with_a_changed_word_is_not_believed():
    note = sign_receipt(RECEIVED, SMITH)
    with pytest.raises(Unverified, match="none of the keys"):
        open_receipt(note, [ACME.key])
    with pytest.raises(Unverified, match="does not hold"):
        open_receipt(note.replace(b'"size":12', b'"size":13'), [SMITH.key])


def test_a_receipt_has_one_signature_and_one_line():
    note = sign_receipt(RECEIVED, SMITH)
    two = add_signatures(note, make_signature(parse_receipt_note(note)[1].text, ACME))
    with pytest.raises(BadRecord, match="receipt: must have one signature"):
        parse_receipt_note(two)
    with pytest.raises(BadRecord):
        parse_receipt_note(sign(format_receipt(RECEIVED).decode() + "\n\n", SMITH))


def test_a_countersignature_says_what_was_seen_and_what_was_received():
    signed = open_countersignature(file(), [ACME.key, SMITH.key])
    assert signed.key == SMITH.key
    assert signed.checkpoint == Checkpoint("acme.example/ledger", 8, b"c" * 32)
    assert signed.received == RECEIVED
    assert (signed.checkpoint_note, signed.receipt_note) == parse_countersignature(file())


def test_the_same_countersignature_has_the_same_bytes():
    assert file() == file()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        file()[:-1],
        file() + b"\n",
        changed(typ="contactledger/countersignature/v2"),
        changed(more="x"),
        changed(receipt=7),
        changed(checkpoint=None),
    ],
)
def test_other_bytes_are_no_countersignature(data):
    with pytest.raises(BadRecord):
        open_countersignature(data, [SMITH.key])


def test_both_halves_are_signed_by_one_key():
    theirs, ours = orjson.loads(file()), orjson.loads(file(by=ACME))
    mixed = changed(checkpoint=ours["checkpoint"], receipt=theirs["receipt"])
    with pytest.raises(Unverified, match="none of the keys"):
        open_countersignature(mixed, [SMITH.key, ACME.key])


def test_both_halves_were_made_at_one_time():
    later = Received("a" * 26, AT + timedelta(seconds=1), 7, b"r" * 32, 12)
    mixed = changed(receipt=orjson.loads(file(later))["receipt"])
    with pytest.raises(Unverified, match="not made at one time"):
        open_countersignature(mixed, [SMITH.key])


@pytest.mark.parametrize("epoch", [6, 8])
def test_the_epoch_received_is_the_one_that_the_checkpoint_ends_in(epoch):
    with pytest.raises(Unverified, match="not of the epoch that the checkpoint ends in"):
        open_countersignature(file(Received("a" * 26, AT, epoch, b"r" * 32, 12)), [SMITH.key])


def test_the_checkpoint_bears_the_cosignature_alone():
    lines = [cosign(TEXT, SMITH, posix_seconds(AT)), cosign(TEXT, ACME, posix_seconds(AT))]
    with pytest.raises(BadRecord, match="checkpoint: must have one signature"):
        open_countersignature(changed(checkpoint=format_note(TEXT, lines).decode()), [SMITH.key])


def test_a_plain_signature_is_no_cosignature():
    with pytest.raises(Unverified):
        open_countersignature(changed(checkpoint=sign(TEXT, SMITH).decode()), [SMITH.key])


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_is_an_error_of_the_tree_and_never_believed(data):
    whole = bytearray(file())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises((BadInput, Unverified)):
        open_countersignature(bytes(whole), [SMITH.key])


def test_posix_seconds_are_whole_and_rounded_down():
    assert posix_seconds(AT) == int(AT.timestamp())
    assert posix_seconds(datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)) == -1


def test_a_time_before_1970_cannot_be_cosigned():
    early = Received("a" * 26, datetime(1969, 1, 1, tzinfo=UTC), 7, b"r" * 32, 12)
    with pytest.raises(BadRecord, match="POSIX seconds"):
        file(early)


def test_two_keys_of_one_name_are_told_apart():
    other = VerifierKey("smith.example/ledger", ACME.key.public_key)
    assert open_countersignature(file(), [other, SMITH.key]).key == SMITH.key
    with pytest.raises(Unverified):
        open_countersignature(file(), [other])
