"""Proof files: an entry's way to a checkpoint that the log signed, and nothing else."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadRecord, LedgerError, TooLarge, Unverified
from contactledger.log.checkpoint import Checkpoint, add_cosignature, cosign, sign_checkpoint
from contactledger.log.note import MAX_NOTE_BYTES
from contactledger.log.tlog import (
    MAX_HASHES,
    MAX_SIZE,
    leaf_hash,
    prove_inclusion,
    reader_over,
    root_of,
)
from contactledger.log.tlog_proof import (
    MAX_EXTRA_BYTES,
    TlogProof,
    format_tlog_proof,
    open_tlog_proof,
    parse_tlog_proof,
)
from contactledger.log.verifier import to_base64
from tests.signing import signer

LOG, WITNESS = signer("log"), signer("witness")
RECORDS = [f"record {number}".encode() for number in range(11)]
LEAVES = [leaf_hash(record) for record in RECORDS]
NOTE = sign_checkpoint(Checkpoint("log", 11, root_of(LEAVES)), LOG)
ZERO = to_base64(bytes(32))


def proof_of(index: int) -> TlogProof:
    return TlogProof(index, prove_inclusion(index, 11, reader_over(LEAVES)), NOTE)


def test_the_file_is_written_line_by_line():
    proof = TlogProof(789, (bytes(32), b"\xff" * 32), b"checkpoint\n", b"extra data")
    assert format_tlog_proof(proof) == (
        b"c2sp.org/tlog-proof@v1\nextra ZXh0cmEgZGF0YQ==\nindex 789\n"
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        b"//////////////////////////////////////////8=\n\ncheckpoint\n"
    )
    assert format_tlog_proof(TlogProof(0, (), b"checkpoint\n")) == (
        b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"
    )


@settings(max_examples=100)
@given(
    st.integers(0, MAX_SIZE),
    st.lists(st.binary(min_size=32, max_size=32), max_size=MAX_HASHES),
    st.binary(max_size=80).map(lambda data: data + b"\n"),
    st.none() | st.binary(max_size=60),
)
def test_what_is_written_is_read_back(index, hashes, checkpoint, extra):
    proof = TlogProof(index, tuple(hashes), checkpoint, extra)
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


def test_the_largest_proof_is_read_back():
    proof = TlogProof(MAX_SIZE, (bytes(32),) * MAX_HASHES, b"x\n", bytes(MAX_EXTRA_BYTES))
    assert parse_tlog_proof(format_tlog_proof(proof)) == proof


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["", "extra ", "extra AA==", "index 0", "index 00", ZERO, "x"])))
def test_any_lines_are_a_proof_with_one_spelling_or_one_error(lines):
    data = "\n".join(["c2sp.org/tlog-proof@v1", *lines, "", "x\n"]).encode()
    try:
        proof = parse_tlog_proof(data)
    except BadRecord:
        return
    assert format_tlog_proof(proof) == data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "proof: has no blank line before its checkpoint"),
        (b"c2sp.org/tlog-proof@v1\nindex 0\n", "proof: has no blank line before its checkpoint"),
        (b"x" * 100_000 + b"\n\nx\n", "proof: has no blank line before its checkpoint"),
        (b"c2sp.org/tlog-proof@v2\nindex 0\n\nx\n", "line 1: must be c2sp.org/tlog-proof@v1"),
        (b"c2sp.org/tlog-proof@v1\r\nindex 0\n\nx\n", "line 1: must be c2sp.org/tlog-proof@v1"),
        (b"c2sp.org/tlog-proof@v1\n\nx\n", "line 2, index: is missing"),
        (b"c2sp.org/tlog-proof@v1\nextra AA==\n\nx\n", "line 3, index: is missing"),
        (b"c2sp.org/tlog-proof@v1\nIndex 0\n\nx\n", "line 2, index: is missing"),
        (
            b"c2sp.org/tlog-proof@v1\nindex 0_8\n\nx\n",
            "line 2, index: must be a decimal number from 0 to 2^62",
        ),
        (
            b"c2sp.org/tlog-proof@v1\nextra AA==\nindex 08\n\nx\n",
            "line 3, index: must be a decimal number from 0 to 2^62",
        ),
        (
            b"c2sp.org/tlog-proof@v1\nextra AB==\nindex 8\n\nx\n",
            "line 2, extra: is not base64 as an encoder writes it",
        ),
        (b"c2sp.org/tlog-proof@v1\nindex 8\nAAAA\n\nx\n", "line 3, hash: must be 32 bytes"),
        (
            b"c2sp.org/tlog-proof@v1\nextra AA==\nindex 8\n*\n\nx\n",
            "line 4, hash: is not base64 as an encoder writes it",
        ),
        ("c2sp.org/tlog-proof@v1\nindex ٨\n\nx\n".encode(), "proof, byte 29: is not ASCII"),
        (b"c2sp.org/tlog-proof@v1\nindex 8\n\n", "checkpoint: must end in LF"),
        (b"c2sp.org/tlog-proof@v1\nindex 8\n\nx", "checkpoint: must end in LF"),
        (
            b"c2sp.org/tlog-proof@v1\nindex 8\n\n" + b"x" * MAX_NOTE_BYTES + b"\n",
            f"checkpoint: is over {MAX_NOTE_BYTES} bytes",
        ),
        (
            f"c2sp.org/tlog-proof@v1\nindex 8\n{f'{ZERO}' + chr(10)}".encode()
            + f"{ZERO}\n".encode() * 63
            + b"\nx\n",
            "hashes: has over 63 hashes",
        ),
    ],
)
def test_a_file_that_is_no_proof_says_where(data, why):
    with pytest.raises(LedgerError) as caught:
        parse_tlog_proof(data)
    assert str(caught.value) == why


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"index": -1}, BadRecord, "index: must be a whole number from 0 to 2^62"),
        ({"index": True}, BadRecord, "index: must be a whole number from 0 to 2^62"),
        ({"index": MAX_SIZE + 1}, BadRecord, "index: must be a whole number from 0 to 2^62"),
        ({"hashes": (bytes(32), bytes(31))}, BadRecord, "hashes[1]: must be 32 bytes"),
        ({"hashes": (bytes(32),) * 64}, TooLarge, "hashes: has over 63 hashes"),
        ({"extra": bytes(MAX_EXTRA_BYTES + 1)}, TooLarge, "extra: is over 32768 bytes"),
        ({"checkpoint": b"x"}, BadRecord, "checkpoint: must end in LF"),
    ],
)
def test_a_value_that_cannot_be_written_is_refused(changes, error, why):
    with pytest.raises(error) as caught:
        format_tlog_proof(attrs.evolve(proof_of(3), **changes))
    assert str(caught.value) == why


@pytest.mark.parametrize("index", range(11))
def test_each_record_is_proved_and_no_other_record_by_its_file(index):
    data = format_tlog_proof(proof_of(index))
    proof, opened = open_tlog_proof(data, RECORDS[index], [LOG.key], origin="log")
    assert (proof, opened.checkpoint.size) == (proof_of(index), 11)
    for other in RECORDS[:index] + RECORDS[index + 1 :]:
        with pytest.raises(Unverified) as caught:
            open_tlog_proof(data, other, [LOG.key])
        assert str(caught.value) == (
            "the proof does not lead from the record to the checkpoint's root"
        )


def test_a_proof_under_a_checkpoint_that_nobody_trusted_signed_is_refused():
    data = format_tlog_proof(proof_of(3))
    with pytest.raises(Unverified, match=r"^the note is signed by none of the keys"):
        open_tlog_proof(data, RECORDS[3], [signer("somebody").key])


def test_the_cosignatures_of_its_checkpoint_are_told():
    text = NOTE.decode().partition("\n\n")[0] + "\n"
    note = add_cosignature(NOTE, cosign(text, WITNESS, 7))
    data = format_tlog_proof(attrs.evolve(proof_of(3), checkpoint=note))
    _, opened = open_tlog_proof(data, RECORDS[3], [LOG.key], [WITNESS.key])
    assert [(seen.key.name, seen.time) for seen in opened.cosignatures] == [("witness", 7)]


def test_no_byte_of_a_proof_file_without_extra_is_free():
    data = format_tlog_proof(proof_of(3))
    for at in range(len(data)):
        for changed in (data[:at], data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]):
            with pytest.raises(LedgerError):
                open_tlog_proof(changed, RECORDS[3], [LOG.key])
