"""Signed notes: what is given back only if a trusted key signed it."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadInput, BadRecord, LedgerError, TooLarge, Unverified
from contactledger.keys import CallSigner
from contactledger.log.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Kind,
    Note,
    Signature,
    VerifierKey,
    add_signatures,
    format_note,
    make_cosignature,
    make_signature,
    open_note,
    parse_unverified,
    sign,
)
from contactledger.log.verifier import MAX_TIME, SMALL_ORDER_KEYS
from tests.corpora import notes
from tests.signing import (
    ENOCH,
    ENOCH_LINE,
    PETER,
    PETER_LINE,
    TEXT,
    openssl_holds,
    peter,
    signer,
)

BAD = Path(__file__).parent / "bad"
CORPORA = Path(__file__).parents[2] / "shared" / "corpora"
PETER_KEY, ENOCH_KEY = VerifierKey.parse(PETER), VerifierKey.parse(ENOCH)
GOOD = f"{TEXT}\n{PETER_LINE}".encode()
BOTH = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}".encode()

TEXTS = st.text(
    st.characters(exclude_categories=("Cs",)).filter(lambda c: c == "\n" or c >= " "), max_size=40
).map(lambda text: text + "\n")


def lines(note: Note) -> tuple[list[str], list[str]]:
    """The lines of the signatures that hold, and of the others."""
    return [s.line for s in note.signatures], [s.line for s in note.unverified]


PETERS, ENOCHS = PETER_LINE[:-1], ENOCH_LINE[:-1]


# ---- the example of sumdb/note


def test_the_published_note_is_signed_byte_by_byte():
    assert sign(TEXT, peter()) == GOOD
    assert peter().key == PETER_KEY


def test_one_known_key_is_enough_and_the_other_is_left_unverified():
    note = open_note(BOTH, [PETER_KEY])
    assert (note.text, lines(note)) == (TEXT, ([PETERS], [ENOCHS]))


def test_both_keys_hold_where_both_are_known():
    assert lines(open_note(BOTH, [ENOCH_KEY, PETER_KEY])) == ([PETERS, ENOCHS], [])


def test_no_known_key_rejects_the_note():
    for verifiers in ([], [signer("somebody").key]):
        with pytest.raises(Unverified) as caught:
            open_note(BOTH, verifiers)
        assert str(caught.value) == "the note is signed by none of the keys that are trusted"


def test_a_key_of_the_same_name_and_another_id_is_not_known():
    other = VerifierKey("PeterNeumann", ENOCH_KEY.public_key)
    with pytest.raises(Unverified):
        open_note(GOOD, [other])
    assert lines(open_note(BOTH, [other, ENOCH_KEY])) == ([ENOCHS], [PETERS])


def test_a_bad_signature_of_a_known_key_rejects_what_another_key_signed_well():
    with pytest.raises(Unverified) as caught:
        open_note(BOTH.replace(b"RvMc+QQ=", b"RvMc+QU="), [PETER_KEY, ENOCH_KEY])
    assert str(caught.value) == "signature 2 of the note does not hold under its key"


def test_a_repeated_line_counts_once():
    note = f"{TEXT}\n{PETER_LINE * 2}{ENOCH_LINE * 2}".encode()
    assert lines(open_note(note, [PETER_KEY])) == ([PETERS], [ENOCHS])


def test_a_key_counts_once_and_its_further_lines_must_hold():
    one, text = signer("witness"), "log\n0\n"
    key = one.key.as_kind(Kind.COSIGNATURE)
    first, second = (make_cosignature(text, one, time) for time in (1, 2))
    assert lines(open_note(format_note(text, [first, second]), [key])) == ([first.line], [])
    wrong = attrs.evolve(second, value=second.value[:-1] + b"\x00")
    with pytest.raises(Unverified, match="signature 2 "):
        open_note(format_note(text, [first, wrong]), [key])


def test_a_hundred_signatures_are_read_and_no_more():
    assert lines(open_note(f"{TEXT}\n{PETER_LINE * 100}".encode(), [PETER_KEY])) == ([PETERS], [])
    with pytest.raises(TooLarge, match=rf"^note: has over {MAX_SIGNATURES} signatures$"):
        open_note(f"{TEXT}\n{PETER_LINE * 101}".encode(), [])


def test_a_note_over_the_bound_is_not_read():
    room = MAX_NOTE_BYTES - len(f"\n\n{PETER_LINE}".encode())
    note = format_note("x" * room + "\n", parse_unverified(GOOD).unverified)
    assert len(note) == MAX_NOTE_BYTES
    with pytest.raises(TooLarge, match=rf"^note: is over {MAX_NOTE_BYTES} bytes$"):
        parse_unverified(b"x" + note)


def test_two_keys_under_one_name_and_id_are_refused_and_one_given_twice_is_not(monkeypatch):
    assert lines(open_note(GOOD, [PETER_KEY, PETER_KEY])) == ([PETERS], [])
    monkeypatch.setattr(VerifierKey, "id", property(lambda _: b"\xc7\x4f\x20\xa3"))
    with pytest.raises(BadInput, match=r"^verifiers: two keys have one name and one id$"):
        open_note(GOOD, [PETER_KEY, VerifierKey("PeterNeumann", ENOCH_KEY.public_key)])


# ---- what is malformed

MALFORMED = {
    "note-101-signatures.txt": "note: has over 100 signatures",
    "note-base64-missing.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-base64-of-the-key-id-alone.txt": "signature 1: is too short to hold a signature",
    "note-base64-with-a-hyphen.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-base64-with-a-trailing-space.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-base64-with-stray-bits.txt": "signature 1, value: is not base64 as an encoder writes it",
    "note-base64-without-padding.txt": "signature 1, value: is not base64 as an encoder writes it",
    "note-blank-line-after-signatures.txt": "note: does not end in a signature line and LF",
    "note-crlf.txt": "note: has no blank line before its signatures",
    "note-empty.txt": "note: has no blank line before its signatures",
    "note-escape-in-text.txt": "line 1, text: holds a control character",
    "note-hyphen-for-em-dash.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-line-after-signatures.txt": "signature 2: is not: em dash, name of a key, base64",
    "note-line-separator-in-signatures.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-name-missing.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-name-with-a-no-break-space.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-name-with-a-plus.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-name-with-a-space.txt": "signature 1: is not: em dash, name of a key, base64",
    "note-no-blank-line.txt": "note: has no blank line before its signatures",
    "note-no-final-newline.txt": "note: does not end in a signature line and LF",
    "note-no-signatures.txt": "note: does not end in a signature line and LF",
    "note-not-utf-8.txt": "note, byte 0: is not UTF-8",
    "note-nul.txt": "line 1, text: holds a control character",
    "note-second-signature-wrong.txt": "signature 2 of the note does not hold under its key",
    "note-signature-cut.txt": "signature 1 of the note does not hold under its key",
    "note-signature-of-another-text.txt": "signature 1 of the note does not hold under its key",
    "note-signed-by-strangers.txt": "the note is signed by none of the keys that are trusted",
    "note-surrogate-in-utf-8.txt": "note, byte 0: is not UTF-8",
    "note-tab.txt": "line 1, text: holds a control character",
    "note-text-moved-by-a-blank-line.txt": "signature 1 of the note does not hold under its key",
    "note-two-spaces.txt": "signature 1: is not: em dash, name of a key, base64",
}


def test_every_bad_note_has_its_expectation():
    assert sorted(path.name for path in BAD.glob("note-*")) == sorted(MALFORMED)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_bad_note_is_refused_and_says_where(name):
    with pytest.raises(LedgerError) as caught:
        open_note((BAD / name).read_bytes(), [PETER_KEY])
    assert str(caught.value) == MALFORMED[name]


def test_no_byte_of_a_note_is_free():
    for at in range(len(GOOD)):
        for flip in (1, 0x20, 0x80):
            changed = GOOD[:at] + bytes([GOOD[at] ^ flip]) + GOOD[at + 1 :]
            with pytest.raises((BadRecord, Unverified)):
                open_note(changed, [PETER_KEY])
        with pytest.raises((BadRecord, Unverified)):
            open_note(GOOD[:at], [PETER_KEY])


@settings(max_examples=100)
@given(
    st.binary(max_size=60) | st.text(st.sampled_from("— a\n=A+/\t"), max_size=40).map(str.encode)
)
def test_any_bytes_are_a_note_or_one_error(data):
    try:
        note = parse_unverified(data)
    except BadRecord:
        return
    assert format_note(note.text, note.unverified) == data


def test_a_control_character_among_the_signatures_is_refused():
    with pytest.raises(BadRecord, match=r"^signature 1: "):
        parse_unverified(GOOD.replace(b"PeterNeumann", b"Peter\x01Neumann"))


# ---- signing


@settings(max_examples=50)
@given(TEXTS)
def test_what_is_signed_is_opened(text):
    note = open_note(sign(text, signer("a"), signer("b")), [signer("a").key])
    assert note == Note(
        text, (make_signature(text, signer("a")),), (make_signature(text, signer("b")),)
    )


def test_openssl_accepts_what_we_sign_and_refuses_it_for_another_text(tmp_path):
    one = signer("acme.example/ledger")
    (signature,) = parse_unverified(sign("Ein Gruß\n", one)).unverified
    public_key = one.key.public_key
    assert openssl_holds(tmp_path, public_key, "Ein Gruß\n".encode(), signature.value)
    assert not openssl_holds(tmp_path, public_key, b"Ein Gruss\n", signature.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "text: must end in LF"),
        ("abc", "text: must end in LF"),
        ("one\ntwo\rthree\n", "line 2, text: holds a control character"),
        ("\ud800\n", "text: holds a lone surrogate"),
        ("cosignature/v1\ntime 1\n", "text: must not begin as what a cosignature signs"),
    ],
)
def test_a_text_that_is_no_note_is_not_signed(text, why):
    with pytest.raises(BadRecord) as caught:
        sign(text, peter())
    assert str(caught.value) == why


def test_a_note_wants_a_signer():
    with pytest.raises(BadRecord, match=r"^note: does not end in a signature line and LF$"):
        sign(TEXT)


def test_a_signer_that_signs_with_another_key_is_found_out():
    wrong = CallSigner(PETER_KEY, signer("somebody").sign)
    for make in (make_signature, lambda text, by: make_cosignature(text, by, 1)):
        with pytest.raises(Unverified) as caught:
            make(TEXT, wrong)
        assert str(caught.value) == "what the signer gave back does not hold under its own key"


def test_a_signer_has_the_name_of_its_key():
    @attrs.frozen
    class Renamed:
        name: str = "somebody"
        key: VerifierKey = PETER_KEY
        sign = staticmethod(peter().sign)

    with pytest.raises(BadInput, match=r"^signer: has another name than its key$"):
        sign(TEXT, Renamed())


def test_what_a_signer_raises_comes_through():
    def fail(message: bytes) -> bytes:
        raise ConnectionError("the service is away")

    with pytest.raises(ConnectionError, match="the service is away"):
        sign(TEXT, CallSigner(PETER_KEY, fail))


@pytest.mark.parametrize("time", [-1, MAX_TIME + 1, True, 1.0, "1"])
def test_a_cosignature_wants_whole_seconds(time):
    with pytest.raises(BadRecord, match=r"^time: must be whole POSIX seconds from 0 to 2\^63-1$"):
        make_cosignature(TEXT, peter(), time)


# ---- adding lines


def test_a_line_is_added_behind_those_that_are_there():
    (enoch,) = parse_unverified(f"{TEXT}\n{ENOCH_LINE}".encode()).unverified
    assert add_signatures(GOOD, enoch) == BOTH


def test_a_line_of_the_same_key_is_replaced():
    (old,) = parse_unverified(GOOD).unverified
    broken = format_note(
        TEXT, [attrs.evolve(old, value=b"x"), *parse_unverified(BOTH).unverified[1:]]
    )
    assert add_signatures(broken, old) == f"{TEXT}\n{ENOCH_LINE}{PETER_LINE}".encode()


@pytest.mark.parametrize(
    "signature",
    [
        Signature("a AAAAAAA=\n— b", b"abcd", b"x"),
        Signature("a b", b"abcd", b"x"),
        Signature("\ud800", b"abcd", b"x"),
        Signature("a", b"abc", b"xx"),
    ],
)
def test_a_line_that_would_be_read_otherwise_is_not_written(signature):
    with pytest.raises(BadRecord) as caught:
        format_note(TEXT, [signature])
    assert str(caught.value).startswith("signature")


# ---- public data


@pytest.mark.parametrize(
    ("name", "run", "at_least"),
    [
        ("notes", notes.notes, 135),
        ("ed25519_cctv", notes.ed25519_cctv, 480),
        ("wycheproof", notes.wycheproof, 319),
    ],
)
def test_public_data_finds_nothing_wrong(name, run, at_least):
    if not (CORPORA / name).is_dir():
        pytest.skip(f"THE CORPORA ARE NOT THERE: ../shared/corpora/{name}; nothing was compared")
    result = run(CORPORA / name)
    assert (result.wrong, result.right >= at_least) == ((), True)


def test_the_public_edge_cases_use_every_key_of_small_order():
    if not (CORPORA / "ed25519_cctv").is_dir():
        pytest.skip("THE CORPORA ARE NOT THERE: ../shared/corpora; nothing was compared")
    from tests.corpora import read_cases

    cases = [case for _, case in read_cases(CORPORA / "ed25519_cctv")]
    used = {bytes.fromhex(case["key"]) for case in cases if "low_order_A" in case["flags"]}
    assert used == SMALL_ORDER_KEYS
