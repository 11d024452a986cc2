"""Checkpoints: one text for one head, the log's own word, and who saw it when."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadRecord, Unverified
from contactledger.log.checkpoint import (
    Checkpoint,
    Cosignature,
    add_cosignature,
    cosign,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from contactledger.log.note import Kind, parse_unverified
from contactledger.log.tlog import MAX_SIZE
from tests.signing import openssl_holds, signer

PUBLISHED = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
"""The example of C2SP tlog-checkpoint."""
ROOT = bytes(range(32))
ROOT_LINE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
LOG, NEW, WITNESS, CUSTOMER = map(signer, ("log", "log.new", "witness.example/w1", "customer"))
HEAD = Checkpoint("log", 12, ROOT)
TEXT = f"log\n12\n{ROOT_LINE}\n"

LINES = st.text(
    st.characters(exclude_categories=("Cs",)).filter(lambda c: c >= " "), min_size=1, max_size=20
)


# ---- the text


def test_the_published_example_is_read_and_written_as_it_was():
    head = parse_checkpoint(PUBLISHED)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert format_checkpoint(head) == PUBLISHED


@settings(max_examples=100)
@given(LINES, st.integers(0, MAX_SIZE), st.binary(min_size=32, max_size=32), st.lists(LINES))
def test_what_is_written_is_read_back(origin, size, root, extensions):
    head = Checkpoint(origin, size, root, tuple(extensions))
    assert parse_checkpoint(format_checkpoint(head)) == head


@settings(max_examples=100)
@given(st.lists(LINES | st.sampled_from(["", "0", "7", "07", ROOT_LINE]), max_size=5))
def test_any_lines_are_a_checkpoint_with_one_spelling_or_one_error(lines):
    text = "".join(f"{line}\n" for line in lines)
    try:
        head = parse_checkpoint(text)
    except BadRecord:
        return
    assert format_checkpoint(head) == text


@pytest.mark.parametrize(
    "size",
    [
        *("", "-1", "+8", "0_8", "08", "00", " 8", "8 ", "8.0", "1e3", "0x8", "٨", "８", "²"),
        *(str(MAX_SIZE + 1), "9" * 19, "9" * 20, "9" * 5000),
    ],
)
def test_a_size_has_one_spelling(size):
    with pytest.raises(BadRecord) as caught:
        parse_checkpoint(f"log\n{size}\n{ROOT_LINE}\n")
    why = "must be a decimal number from 0 to 2^62" if size else "must not be empty"
    assert str(caught.value) == f"line 2, size: {why}"


def test_the_smallest_and_the_largest_size_are_read():
    for size in (0, MAX_SIZE):
        assert parse_checkpoint(f"log\n{size}\n{ROOT_LINE}\n").size == size


@pytest.mark.parametrize(
    ("root", "why"),
    [
        ("YWJjZGVm", "must be 32 bytes"),
        (ROOT_LINE[:-4] + "Hx8f", "must be 32 bytes"),
        (ROOT_LINE[:-2] + "9=", "is not base64 as an encoder writes it"),
        (ROOT_LINE[:-1], "is not base64 as an encoder writes it"),
        (ROOT_LINE + " ", "is not base64 as an encoder writes it"),
        ("", "must not be empty"),
    ],
)
def test_a_root_is_32_bytes_and_has_one_spelling(root, why):
    with pytest.raises(BadRecord) as caught:
        parse_checkpoint(f"log\n12\n{root}\n")
    assert str(caught.value) == f"line 3, root: {why}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "text: must end in LF"),
        (TEXT[:-1], "text: must end in LF"),
        ("log\n12\n", "checkpoint: has fewer than three lines"),
        (f"\n12\n{ROOT_LINE}\n", "line 1, origin: must not be empty"),
        (TEXT + "\n", "line 4, extensions[0]: must not be empty"),
        (TEXT + "one\n\n", "line 5, extensions[1]: must not be empty"),
        (TEXT.replace("\n", "\r\n"), "line 1, text: holds a control character"),
    ],
)
def test_a_text_that_is_no_checkpoint_says_where(text, why):
    with pytest.raises(BadRecord) as caught:
        parse_checkpoint(text)
    assert str(caught.value) == why


def test_only_lf_parts_lines():
    text = f"log\u2028a\u0085b\n12\n{ROOT_LINE}\n"
    assert parse_checkpoint(text).origin == "log\u2028a\u0085b"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"origin": ""}, "origin: must be one line, not empty"),
        ({"origin": "log\n13"}, "origin: must be one line, not empty"),
        ({"extensions": ("one", "")}, "extensions[1]: must be one line, not empty"),
        ({"origin": "a\tb"}, "line 1, text: holds a control character"),
        ({"origin": "\ud800"}, "text: holds a lone surrogate"),
        ({"size": -1}, "size: must be a whole number from 0 to 2^62"),
        ({"size": True}, "size: must be a whole number from 0 to 2^62"),
        ({"size": MAX_SIZE + 1}, "size: must be a whole number from 0 to 2^62"),
        ({"root": bytes(31)}, "root: must be 32 bytes"),
        ({"root": "x" * 32}, "root: must be 32 bytes"),
    ],
)
def test_a_head_that_cannot_be_written_is_refused(changes, why):
    with pytest.raises(BadRecord) as caught:
        format_checkpoint(attrs.evolve(HEAD, **changes))
    assert str(caught.value) == why


# ---- the log's word


def test_a_checkpoint_that_the_log_signed_is_opened():
    note = sign_checkpoint(HEAD, LOG)
    opened = open_checkpoint(note, [LOG.key], origin="log")
    assert (opened.checkpoint, opened.cosignatures, opened.note.text) == (HEAD, (), TEXT)


def test_one_of_two_keys_of_the_log_is_enough():
    note = sign_checkpoint(HEAD, LOG, NEW)
    for key in (LOG.key, NEW.key):
        assert open_checkpoint(note, [key]).checkpoint == HEAD


def test_a_checkpoint_of_another_log_is_refused():
    with pytest.raises(Unverified, match=r"^the checkpoint is that of another log$"):
        open_checkpoint(sign_checkpoint(HEAD, LOG), [LOG.key], origin="log2")


def test_a_signed_text_that_is_no_checkpoint_is_refused():
    from contactledger.log.note import sign

    with pytest.raises(BadRecord, match=r"^checkpoint: has fewer than three lines$"):
        open_checkpoint(sign("hello\n", LOG), [LOG.key])


# ---- who saw it when


def test_a_cosignature_tells_who_and_when():
    note = add_cosignature(sign_checkpoint(HEAD, LOG), cosign(TEXT, WITNESS, 1679315147))
    note = add_cosignature(note, cosign(TEXT, CUSTOMER, 1679315150))
    as_cosigner = CUSTOMER.key.as_kind(Kind.COSIGNATURE)
    opened = open_checkpoint(note, [LOG.key], [WITNESS.key, as_cosigner])
    assert opened.cosignatures == (
        Cosignature(WITNESS.key.as_kind(Kind.COSIGNATURE), 1679315147),
        Cosignature(as_cosigner, 1679315150),
    )
    assert open_checkpoint(note, [LOG.key], [CUSTOMER.key]).cosignatures == (
        Cosignature(as_cosigner, 1679315150),
    )
    assert open_checkpoint(note, [LOG.key]).cosignatures == ()


def test_a_cosignature_signs_two_lines_and_the_text(tmp_path):
    signature = cosign(PUBLISHED, WITNESS, 1679315147)
    assert signature.value[:8].hex() == "00000000641850cb"
    message = (
        "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    public_key = WITNESS.key.public_key
    assert openssl_holds(tmp_path, public_key, message.encode(), signature.value[8:])


def test_the_published_cosignature_is_of_the_published_time():
    line = (
        b"\xe2\x80\x94 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWX"
        b"EhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    (signature,) = parse_unverified(PUBLISHED.encode() + b"\n" + line).unverified
    assert signature.name == "witness.example.com/w1"
    assert int.from_bytes(signature.value[:8], "big") == 1679315147
    assert len(signature.value) == 8 + 64


def test_cosigning_again_replaces_the_earlier_line():
    note = add_cosignature(sign_checkpoint(HEAD, LOG), cosign(TEXT, WITNESS, 1))
    note = add_cosignature(note, cosign(TEXT, WITNESS, 2))
    assert [c.time for c in open_checkpoint(note, [LOG.key], [WITNESS.key]).cosignatures] == [2]
    assert len(parse_unverified(note).unverified) == 2


def test_extension_lines_are_cosigned_too():
    text = TEXT + "more\n"
    note = add_cosignature(
        sign_checkpoint(attrs.evolve(HEAD, extensions=("more",)), LOG), cosign(text, WITNESS, 5)
    )
    opened = open_checkpoint(note, [LOG.key], [WITNESS.key])
    assert (opened.checkpoint.extensions, len(opened.cosignatures)) == (("more",), 1)


def test_a_cosignature_alone_is_not_the_word_of_the_log():
    from contactledger.log.note import format_note

    note = format_note(TEXT, [cosign(TEXT, WITNESS, 1)])
    with pytest.raises(Unverified, match=r"^the checkpoint is signed by none of the log's keys$"):
        open_checkpoint(note, [LOG.key], [WITNESS.key])


def test_the_log_does_not_witness_itself_by_its_signature():
    note = sign_checkpoint(HEAD, LOG)
    assert open_checkpoint(note, [LOG.key], [LOG.key]).cosignatures == ()


def test_a_false_cosignature_of_a_known_key_rejects_the_checkpoint():
    good = cosign(TEXT, WITNESS, 1)
    later = attrs.evolve(good, value=(2).to_bytes(8, "big") + good.value[8:])
    note = add_cosignature(sign_checkpoint(HEAD, LOG), later)
    with pytest.raises(Unverified, match=r"^signature 2 of the note does not hold under its key$"):
        open_checkpoint(note, [LOG.key], [WITNESS.key])


def test_only_a_checkpoint_is_cosigned():
    with pytest.raises(BadRecord, match=r"^checkpoint: has fewer than three lines$"):
        cosign("hello\n", WITNESS, 1)
