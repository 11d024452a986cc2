"""Verifier keys: their text, their ids, which of them are refused, and what they hold good."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadRecord
from contactledger.log.verifier import (
    MAX_TIME,
    SMALL_ORDER_KEYS,
    Kind,
    VerifierKey,
    from_base64,
    is_name,
    time_of,
    to_base64,
)
from tests.signing import ENOCH, PETER, openssl_holds, signer

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
"""A public witness's key, of the cosigning kind."""

RFC_8032 = {
    "test 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "test 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "test 3": (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
}

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20).filter(is_name)


# ---- the text


@pytest.mark.parametrize("text", [PETER, ENOCH, REMORA])
def test_a_published_key_is_read_and_written_as_it_was(text):
    assert VerifierKey.parse(text).format() == text


def test_the_key_id_is_the_hash_of_name_kind_and_key():
    key = VerifierKey.parse(PETER)
    hashed = hashlib.sha256(b"PeterNeumann\n\x01" + key.public_key).digest()
    assert (key.name, key.kind, key.id) == ("PeterNeumann", Kind.ED25519, hashed[:4])


def test_the_cosigning_key_has_its_own_id_and_text():
    key = VerifierKey.parse(PETER).as_kind(Kind.COSIGNATURE)
    assert key.id == hashlib.sha256(b"PeterNeumann\n\x04" + key.public_key).digest()[:4]
    assert VerifierKey.parse(key.format()) == key
    assert key.as_kind(Kind.ED25519).format() == PETER


@settings(max_examples=50)
@given(NAMES, st.sampled_from(Kind))
def test_what_is_written_is_read_back(name, kind):
    key = VerifierKey(name, signer("any").key.public_key, kind)
    assert VerifierKey.parse(key.format()) == key


def test_no_part_of_a_key_is_a_key():
    ends = [(i, j) for i in range(len(PETER) + 1) for j in range(i, len(PETER) + 1)]
    parts = [PETER[i:j] for i, j in ends if PETER[i:j] != PETER]
    assert [part for part in parts if _reads(part)] == []


def test_a_key_with_one_character_changed_is_no_key():
    changed = [PETER[:i] + chr(ord(PETER[i]) + 1) + PETER[i + 1 :] for i in range(len(PETER))]
    assert [text for text in changed if _reads(text)] == []


def _reads(text: str) -> bool:
    try:
        VerifierKey.parse(text)
    except BadRecord:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be name+8 hex digits+base64"),
        (PETER + "\n", "must be name+8 hex digits+base64"),
        (PETER.replace("c74f20a3", "C74F20A3"), "must be name+8 hex digits+base64"),
        (PETER.replace("c74f20a3", "٠٧4f20a3"), "must be name+8 hex digits+base64"),
        ("PeterNeumann+c74f20a4" + PETER[21:], "its name and key do not give its key id"),
        ("Peter" + PETER[12:], "its name and key do not give its key id"),
        (PETER[:-1] + "=", "is not base64 as an encoder writes it"),
        (PETER[:-4] + "====", "is not base64 as an encoder writes it"),
        # of the tests of sumdb/note, with adjusted key ids
        (
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "is not base64 as an encoder writes it",
        ),
        (
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "is of a kind not known here",
        ),
    ],
)
def test_another_text_is_refused_and_not_shown(text, why):
    with pytest.raises(BadRecord) as caught:
        VerifierKey.parse(text)
    assert str(caught.value) == f"verifier key: {why}"


def test_a_key_of_the_wrong_length_is_refused():
    data = bytes([1]) + VerifierKey.parse(PETER).public_key + b"x"
    text = f"a+{hashlib.sha256(b'a' + bytes([10]) + data).hexdigest()[:8]}+{to_base64(data)}"
    with pytest.raises(BadRecord, match="public_key: must be 32 bytes"):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a+b", "a\tb", "a\nb", "a\u00a0b", "a\u2028b", "a\u3000b", "a\x00b", "\ud800"],
)
def test_a_name_is_not_empty_and_holds_no_space_and_no_plus(name):
    with pytest.raises(
        BadRecord, match=r"^name: must not be empty nor hold white space or a plus$"
    ):
        VerifierKey(name, signer("any").key.public_key)


@pytest.mark.parametrize("text", ["A", "AA", "AA=", "AB==", "AA==\n", " AA==", "A-==", "=", "é"])
def test_base64_has_one_spelling(text):
    with pytest.raises(BadRecord, match=r"^line 3, root: is not base64 as an encoder writes it$"):
        from_base64(text, "root", place="line 3")


@given(st.binary(max_size=80))
def test_base64_is_read_back(data):
    assert from_base64(to_base64(data), "root") == data


# ---- which keys are refused


def _add(one, two):
    (x1, y1), (x2, y2) = one, two
    k = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - k, -1, P)
    return x % P, y % P


def _times(count, point):
    total = (0, 1)
    while count:
        if count & 1:
            total = _add(total, point)
        point, count = _add(point, point), count >> 1
    return total


def _point(y):
    """A point with this y, or None (RFC 8032 section 5.1.3, without the sign)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x, y) if x * x % P == square else None


def test_the_refused_keys_are_all_encodings_of_all_points_of_small_order():
    points = (_times(ORDER, point) for y in range(2, 50) if (point := _point(y)))
    eighth = next(point for point in points if _times(4, point) != (0, 1))
    small = {_times(count, eighth) for count in range(8)}
    encodings = set()
    for x, y in small:
        for spelled in (y, y + P):
            if spelled < 2**255:
                for sign in {x & 1} if x else {0, 1}:
                    encodings.add((spelled + (sign << 255)).to_bytes(32, "little"))
    assert (len(small), len(encodings)) == (8, 14)
    assert encodings == SMALL_ORDER_KEYS


@pytest.mark.parametrize("public_key", sorted(SMALL_ORDER_KEYS), ids=bytes.hex)
def test_a_key_of_small_order_is_refused(public_key):
    with pytest.raises(BadRecord) as caught:
        VerifierKey("a", public_key)
    assert str(caught.value) == "public_key: is of small order: its signatures say nothing"


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("over", range(2, 19))
def test_a_key_not_below_the_prime_is_refused(over, sign):
    with pytest.raises(BadRecord, match="public_key: is not in canonical form"):
        VerifierKey("a", (P + over + (sign << 255)).to_bytes(32, "little"))


def test_the_largest_canonical_number_but_one_is_let_in():
    data = (P - 2).to_bytes(32, "little")
    assert VerifierKey("a", data).public_key == data


@pytest.mark.parametrize("public_key", [b"", bytes(31), bytes(33), bytearray(32), "x" * 32])
def test_a_public_key_is_32_bytes(public_key):
    with pytest.raises(BadRecord, match="public_key: must be 32 bytes"):
        VerifierKey("a", public_key)


# ---- what they hold good


@pytest.mark.parametrize("vector", RFC_8032)
def test_the_signatures_of_rfc_8032_hold_and_no_other(vector):
    public_key, message, signature = map(bytes.fromhex, RFC_8032[vector])
    key = VerifierKey("a", public_key)
    assert key.signed(message, signature)
    assert not key.signed(message + b"x", signature)
    for at in range(64):
        flipped = signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :]
        assert not key.signed(message, flipped)


@pytest.mark.parametrize("length", [0, 7, 8, 63, 65, 71, 73, 1000])
@pytest.mark.parametrize("kind", Kind)
def test_a_signature_of_another_length_does_not_hold(kind, length):
    assert not signer("a").key.as_kind(kind).holds("text\n", bytes(length))


def test_a_cosignature_holds_for_its_time_alone(tmp_path):
    one = signer("witness.example/w1")
    value = one.sign(b"cosignature/v1\ntime 1679315147\nlog\n1\n")
    key = one.key.as_kind(Kind.COSIGNATURE)
    assert key.holds("log\n1\n", (1679315147).to_bytes(8, "big") + value)
    assert not key.holds("log\n1\n", (1679315148).to_bytes(8, "big") + value)
    assert not one.key.holds("log\n1\n", (1679315147).to_bytes(8, "big") + value)
    assert openssl_holds(
        tmp_path, key.public_key, b"cosignature/v1\ntime 1679315147\nlog\n1\n", value
    )


def test_a_cosignature_of_a_time_past_2_to_the_63_does_not_hold():
    one = signer("a")
    key = one.key.as_kind(Kind.COSIGNATURE)
    for time, held in ((MAX_TIME, True), (MAX_TIME + 1, False)):
        value = one.sign(f"cosignature/v1\ntime {time}\nlog\n".encode())
        assert key.holds("log\n", time.to_bytes(8, "big") + value) is held


def test_the_time_of_a_published_cosignature():
    line = "ZGhGuQAAAABm/qTPeyKXD+R2rzyQsxPiP8mXum7qq/iF0u4vanlqJyocWODBt97w9uL+8qT7S5gxEHWWOworDcFiEBYJXORmnFBOBA=="
    assert time_of(from_base64(line, "line")[4:]) == 1727964367
