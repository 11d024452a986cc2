"""Keys where they lie, who may read them, and how far a log was signed."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import attrs
import pytest

from contactledger.errors import (
    BadInput,
    BadRecord,
    Fork,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreReadOnly,
    Unverified,
)
from contactledger.keys import (
    CallSigner,
    HighWater,
    keygen,
    load_signer,
    parse_signer_key,
    require_extension,
)
from contactledger.log.checkpoint import Checkpoint, format_checkpoint
from contactledger.log.note import Kind, VerifierKey, open_note, sign
from contactledger.log.tlog import leaf_hash, prove_consistency, reader_over, root_of
from contactledger.log.verifier import from_base64
from tests.signing import PETER, PETER_SECRET, TEXT, openssl, peter, signer

posix = pytest.mark.skipif(os.name != "posix", reason="modes and flock are POSIX's")


# ---- the text of a signer key


def test_the_published_signer_key_gives_the_published_verifier_key():
    one = parse_signer_key(PETER_SECRET)
    assert (one.name, one.key) == ("PeterNeumann", VerifierKey.parse(PETER))


def test_no_part_of_a_signer_key_and_none_changed_is_a_signer_key():
    length = len(PETER_SECRET)
    texts = [PETER_SECRET[i:j] for i in range(length + 1) for j in range(i, length + 1)]
    texts.remove(PETER_SECRET)
    for at, char in enumerate(PETER_SECRET):
        texts.append(PETER_SECRET[:at] + chr(ord(char) + 1) + PETER_SECRET[at + 1 :])
    for text in texts:
        with pytest.raises(BadRecord):
            parse_signer_key(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PETER, "signer key: must be PRIVATE+KEY+name+8 hex digits+base64"),
        (PETER_SECRET + "\n", "signer key: must be PRIVATE+KEY+name+8 hex digits+base64"),
        (PETER_SECRET.replace("c74f20a3", "c74f20a4"), "signer key: its name and key do not give its key id"),
        (PETER_SECRET.replace("+AYEK", "+BYEK"), "signer key: is of a kind not known here"),
        (PETER_SECRET + "AAAA", "signer key: is of a kind not known here"),
        (PETER_SECRET[:-1], "signer key: is not base64 as an encoder writes it"),
    ],
)  # fmt: skip
def test_another_text_is_refused_and_its_secret_not_shown(text, why):
    with pytest.raises(BadRecord) as caught:
        parse_signer_key(text)
    assert str(caught.value) == why


def test_the_secret_is_shown_by_nothing():
    shown = f"{peter()!r} {peter()} {attrs.asdict(peter(), recurse=False)}"
    assert repr(peter()) == f"KeySigner(key={VerifierKey.parse(PETER)!r})"
    seed = from_base64(PETER_SECRET[-44:], "key")[1:]
    assert [
        form for form in (PETER_SECRET[-40:], repr(seed)[2:-1], seed.hex()) if form in shown
    ] == []


# ---- making a key


def test_a_new_key_is_written_with_its_verifier_key_beside_it(tmp_path):
    key = keygen(tmp_path / "acme.key", "acme.example/ledger")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.key", "acme.vkey"]
    assert (tmp_path / "acme.vkey").read_bytes() == f"{key.format()}\n".encode()
    one = load_signer(tmp_path / "acme.key", key)
    assert (one.name, one.key) == ("acme.example/ledger", key)
    assert open_note(sign(TEXT, one), [key]).text == TEXT


def test_two_new_keys_differ(tmp_path):
    one, two = (keygen(tmp_path / f"{name}.key", "acme") for name in "ab")
    assert one.public_key != two.public_key


@posix
def test_a_private_key_is_its_owner_s_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        keygen(tmp_path / "acme.key", "acme")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "acme.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("there", ["acme.key", "acme.vkey"])
def test_a_file_that_is_there_is_never_overwritten(tmp_path, there):
    (tmp_path / there).write_text("precious")
    with pytest.raises(BadInput) as caught:
        keygen(tmp_path / "acme.key", "acme")
    assert str(caught.value) == f"{tmp_path / there}: is there already; a key is never overwritten"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "precious")]


@posix
def test_a_link_to_nowhere_is_not_followed(tmp_path):
    (tmp_path / "acme.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="is there already"):
        keygen(tmp_path / "acme.key", "acme")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "name: must not be empty nor hold white space or a plus"),
        ("Acme Dealer Systems", "name: must not be empty nor hold white space or a plus"),
        ("acme\u202e", "name: must be printable, 255 bytes at most"),
        ("ä" * 128, "name: must be printable, 255 bytes at most"),
    ],
)
def test_a_name_that_is_no_key_s_makes_no_file(tmp_path, name, why):
    with pytest.raises(BadInput) as caught:
        keygen(tmp_path / "acme.key", name)
    assert (str(caught.value), list(tmp_path.iterdir())) == (why, [])


def test_the_longest_name_is_let_in(tmp_path):
    keygen(tmp_path / "acme.key", "a" * 255)
    assert load_signer(tmp_path / "acme.key").name == "a" * 255


def test_a_private_key_does_not_take_the_place_of_the_public_one(tmp_path):
    with pytest.raises(BadInput, match=r"^path: a private key must not end in \.vkey$"):
        keygen(tmp_path / "acme.vkey", "acme")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput) as caught:
        keygen(tmp_path / "no" / "acme.key", "acme")
    assert str(caught.value) == f"{tmp_path / 'no' / 'acme.key'}: No such file or directory"


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_disk_that_fails_leaves_no_key(tmp_path, monkeypatch, failing):
    calls = fail_at(monkeypatch, "fsync", failing, errno.ENOSPC)
    with pytest.raises(BadInput, match=r": No space left on device$"):
        keygen(tmp_path / "acme.key", "acme")
    assert (len(calls), list(tmp_path.iterdir())) == (failing, [])


def fail_at(monkeypatch: pytest.MonkeyPatch, name: str, failing: int, number: int) -> list[int]:
    """Makes the nth call of a function of `os` fail; the list grows by one a call."""
    real, calls = getattr(os, name), []

    def call(*args: object) -> object:
        calls.append(1)
        if len(calls) == failing:
            raise OSError(number, os.strerror(number))
        return real(*args)

    monkeypatch.setattr(os, name, call)
    return calls


# ---- loading a key


def write_key(path: Path, text: str = PETER_SECRET + "\n", mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_key_file_is_loaded_from_a_path_in_either_form(tmp_path):
    path = write_key(tmp_path / "a.key")
    assert load_signer(path).key == load_signer(str(path)).key == VerifierKey.parse(PETER)
    crlf = write_key(tmp_path / "b.key", PETER_SECRET + "\r\n")
    assert sign(TEXT, load_signer(crlf)) == sign(TEXT, peter())


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666, 0o440])
def test_a_key_file_that_others_may_use_is_refused_with_the_way_out(tmp_path, mode):
    path = write_key(tmp_path / "a.key", mode=mode)
    with pytest.raises(BadInput) as caught:
        load_signer(path)
    assert str(caught.value) == (
        f"{path}: others than its owner may use this private key: run chmod 600 on it, and "
        "replace the key if somebody may have read it"
    )


@posix
def test_a_key_file_that_nobody_may_write_is_loaded(tmp_path):
    assert load_signer(write_key(tmp_path / "a.key", mode=0o400)).name == "PeterNeumann"


@posix
def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(BadInput) as caught:
            load_signer(path)
        assert str(caught.value) == f"{path}: is no regular file"


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(BadInput) as caught:
        load_signer(tmp_path / "a.key")
    assert str(caught.value) == (f"{tmp_path / 'a.key'}: cannot be read: No such file or directory")


@pytest.mark.parametrize("data", [b"", b"\xff" * 100, b"x" * 100_000, PETER.encode()])
def test_a_file_that_holds_no_key_is_refused_and_not_shown(tmp_path, data):
    path = tmp_path / "a.key"
    path.write_bytes(data)
    path.chmod(0o600)
    with pytest.raises(BadRecord) as caught:
        load_signer(path)
    assert str(caught.value) == (
        f"{path}, signer key: must be PRIVATE+KEY+name+8 hex digits+base64"
    )


def test_a_key_is_loaded_from_the_environment(monkeypatch):
    monkeypatch.setenv("LEDGER_KEY", PETER_SECRET)
    assert sign(TEXT, load_signer("env:LEDGER_KEY")) == sign(TEXT, peter())


def test_a_variable_that_is_not_set_or_holds_no_key_is_named(monkeypatch):
    monkeypatch.delenv("LEDGER_KEY", raising=False)
    with pytest.raises(BadInput) as caught:
        load_signer("env:LEDGER_KEY")
    assert str(caught.value) == "env:LEDGER_KEY: is not set"
    monkeypatch.setenv("LEDGER_KEY", "secret")
    with pytest.raises(BadRecord) as caught:
        load_signer("env:LEDGER_KEY")
    assert str(caught.value) == (
        "env:LEDGER_KEY, signer key: must be PRIVATE+KEY+name+8 hex digits+base64"
    )


def test_a_callable_signs_with_its_verifier_key():
    for key in (PETER, VerifierKey.parse(PETER), peter().key.as_kind(Kind.COSIGNATURE)):
        one = load_signer(peter().sign, key)
        assert (one.name, one.key) == ("PeterNeumann", VerifierKey.parse(PETER))
        assert sign(TEXT, one) == sign(TEXT, peter())


def test_openssl_signs_for_us_with_a_key_of_its_own(tmp_path):
    def run(*args: str) -> bytes:
        done = subprocess.run([openssl(), *args], cwd=tmp_path, capture_output=True, check=True)
        return done.stdout

    run("genpkey", "-algorithm", "ed25519", "-out", "key.pem")
    public_key = run("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-32:]

    def call(message: bytes) -> bytes:
        (tmp_path / "message").write_bytes(message)
        return run("pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "message")

    key = VerifierKey("kms.example/key", public_key)
    note = sign("signed elsewhere\n", load_signer(call, key))
    assert open_note(note, [key]).text == "signed elsewhere\n"


def test_a_callable_wants_its_verifier_key():
    with pytest.raises(BadInput, match=r"^key: is needed with a callable$"):
        load_signer(peter().sign)


def test_a_callable_that_signs_with_another_key_is_found_out():
    with pytest.raises(Unverified):
        sign(TEXT, load_signer(signer("somebody").sign, PETER))


def test_the_callable_is_not_shown():
    assert repr(CallSigner(peter().key, b"secret".join)) == f"CallSigner(key={peter().key!r})"


def test_a_signer_is_given_back_as_it_is():
    one = peter()
    assert load_signer(one) is one


def test_a_key_that_is_not_the_one_asked_for_is_refused(tmp_path):
    path = write_key(tmp_path / "a.key")
    assert load_signer(path, PETER).name == "PeterNeumann"
    with pytest.raises(BadInput, match=r"^key: is not the key of this signer$"):
        load_signer(path, signer("somebody").key)


# ---- how far a log was signed

LEAVES = [leaf_hash(bytes([number])) for number in range(40)]
READER = reader_over(LEAVES)
FORKED = [*LEAVES[:7], *[leaf_hash(b"other" + bytes([number])) for number in range(33)]]


def head(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint("acme.example/ledger", size, root_of(leaves[:size]))


def proof(old: int, new: int) -> tuple[bytes, ...]:
    return prove_consistency(old, new, READER)


@pytest.fixture
def mark(tmp_path) -> HighWater:
    return HighWater.beside(tmp_path / "acme.key")


def test_the_mark_lies_beside_the_key(tmp_path):
    assert HighWater.beside(tmp_path / "acme.key").path == tmp_path / "acme.high-water"


def test_nothing_was_signed_at_first_and_then_what_was_written(mark):
    assert mark.read() is None
    mark.check(head(5))
    mark.write(head(5))
    assert mark.read() == head(5)
    assert mark.path.read_text() == format_checkpoint(head(5))
    assert sorted(path.name for path in mark.path.parent.iterdir()) == [
        "acme.high-water",
        "acme.high-water.lock",
    ]


def test_every_longer_log_with_its_proof_is_let_in(mark):
    for size in range(41):
        if size:
            mark.check(head(size), proof(size - 1, size))
            mark.write(head(size), proof(size - 1, size))
        else:
            mark.write(head(size))
        assert mark.read() == head(size)


def test_the_same_head_may_be_written_again(mark):
    mark.write(head(5))
    mark.write(head(5))
    assert mark.read() == head(5)


def test_extension_lines_are_not_kept(mark):
    mark.write(attrs.evolve(head(5), extensions=("more",)))
    assert mark.read() == head(5)


OLDER = (
    "this log has 5 leaves and was signed with 9 before: it is an older copy (a restored "
    "backup?), and nothing is signed"
)
FORK = (
    "this log does not continue the one that was signed with 9 leaves (a fork: a restored "
    "backup, or a second sealer?), and nothing is signed"
)


@pytest.mark.parametrize(
    ("checkpoint", "given", "why"),
    [
        (head(5), (), OLDER),
        (head(5), proof(5, 9), OLDER),
        (head(9, FORKED), (), FORK),
        (head(12, FORKED), proof(9, 12), FORK),
        (head(12, FORKED), prove_consistency(9, 12, reader_over(FORKED)), FORK),
        (head(12), (), FORK),
        (head(12), proof(8, 12), FORK),
        (head(9), proof(9, 12), FORK),
        (
            attrs.evolve(head(12), origin="other"),
            proof(9, 12),
            "the log signed before with this key has another origin",
        ),
    ],
)
def test_a_log_that_does_not_continue_is_refused_and_the_mark_stands(mark, checkpoint, given, why):
    mark.write(head(9))
    for attempt in (mark.check, mark.write):
        with pytest.raises(Fork) as caught:
            attempt(checkpoint, given)
        assert str(caught.value) == why
    with pytest.raises(Fork):
        require_extension(head(9), checkpoint, given)
    assert mark.read() == head(9)


@pytest.mark.parametrize("text", ["", "acme.example/ledger\n12\n", "x\x00\n", "a\n01\nx\n"])
def test_a_damaged_mark_is_no_leave_to_sign(mark, text):
    mark.path.write_text(text)
    for attempt in (mark.check, mark.write):
        with pytest.raises(BadRecord) as caught:
            attempt(head(5))
        assert str(caught.value).startswith(f"{mark.path}, ")
    assert mark.path.read_text() == text


def test_a_file_left_over_from_a_crash_is_in_nobody_s_way(mark):
    mark.path.with_name("acme.high-water.new").write_text("x" * 1000)
    mark.write(head(5))
    assert mark.read() == head(5)


@pytest.mark.parametrize(
    ("function", "failing", "number", "error", "why"),
    [
        ("fsync", 1, errno.ENOSPC, StoreFull, "written: No space left on device"),
        ("replace", 1, errno.EROFS, StoreReadOnly, "written: Read-only file system"),
        ("open", 2, errno.EDQUOT, StoreFull, "written: Disk quota exceeded"),
        ("open", 1, errno.EACCES, StoreError, "locked: Permission denied"),
    ],
)
def test_a_mark_that_cannot_be_set_is_said_and_the_old_one_stands(
    mark, monkeypatch, function, failing, number, error, why
):
    mark.write(head(5))
    with monkeypatch.context() as patch:
        fail_at(patch, function, failing, number)
        with pytest.raises(error) as caught:
            mark.write(head(9), proof(5, 9))
    assert type(caught.value) is error
    assert str(caught.value) == f"the high-water file cannot be {why}"
    assert mark.read() == head(5)
    mark.write(head(9), proof(5, 9))
    assert mark.read() == head(9)


def test_a_folder_that_cannot_be_made_durable_is_said(mark, monkeypatch):
    fail_at(monkeypatch, "fsync", 2, errno.EIO)
    with pytest.raises(StoreError, match=r"^the high-water file cannot be written: Input/output"):
        mark.write(head(5))


def test_a_mark_that_cannot_be_read_is_said(mark):
    mark.path.mkdir()
    with pytest.raises(StoreError, match=r"^the high-water file cannot be read: Is a directory$"):
        mark.read()


def test_an_error_without_a_number_is_said_by_its_name(mark, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match=r"^the high-water file cannot be written: OSError$"):
        mark.write(head(5))


@posix
def test_a_second_writer_is_told_that_there_is_a_first(mark):
    import fcntl

    with mark.path.with_name("acme.high-water.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(StoreBusy, match=r"^another process is signing with this key$"):
            mark.write(head(5))
    mark.write(head(5))
    assert mark.read() == head(5)


def _race(path: Path, number: int, start: Barrier, won: Queue[int]) -> None:
    """Tries to set a head of size 9 that nobody else has; puts its number if it was let to."""
    leaves = [*LEAVES[:8], leaf_hash(bytes([100 + number]))]
    way = prove_consistency(8, 9, reader_over(leaves))
    start.wait(timeout=60)
    while True:
        try:
            HighWater(path).write(Checkpoint("log", 9, root_of(leaves)), way)
        except StoreBusy:
            continue
        except Fork:
            won.put(-1)
        else:
            won.put(number)
        return


@posix
def test_of_four_sealers_at_once_one_wins_and_the_others_are_told(tmp_path):
    path = tmp_path / "high-water"
    HighWater(path).write(Checkpoint("log", 8, root_of(LEAVES[:8])))
    context = get_context("spawn")
    start, won = context.Barrier(4), context.Queue()
    sealers = [context.Process(target=_race, args=(path, n, start, won)) for n in range(4)]
    for sealer in sealers:
        sealer.start()
    *others, winner = sorted(won.get(timeout=60) for _ in sealers)
    for sealer in sealers:
        sealer.join()
    assert (others, winner >= 0) == ([-1, -1, -1], True)
    leaves = [*LEAVES[:8], leaf_hash(bytes([100 + winner]))]
    assert HighWater(path).read() == Checkpoint("log", 9, root_of(leaves))


_WRITER = """
import sys
from contactledger.keys import HighWater
from contactledger.log.checkpoint import Checkpoint
from contactledger.log.tlog import EMPTY_ROOT, append, leaf_hash, root, prove_consistency
from contactledger.log.tlog import reader_over
mark, leaves, frontier = HighWater(sys.argv[1]), [], ()
for size in range(1, 2000):
    leaf = leaf_hash(b"%d" % size)
    frontier = append(size - 1, frontier, leaf)
    leaves.append(leaf)
    way = prove_consistency(size - 1, size, reader_over(leaves))
    mark.write(Checkpoint("log", size, root(size, frontier)), way)
    print(size, flush=True)
"""


@posix
def test_a_writer_killed_at_any_moment_loses_no_mark_that_it_told_of(tmp_path):
    leaves = [leaf_hash(b"%d" % size) for size in range(1, 2000)]
    for number in range(4):
        path = tmp_path / str(number)
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, path], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            for _ in range(3 + 11 * number):
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            told = 3 + 11 * number + len(writer.stdout.read().splitlines())
        found = HighWater(path).read()
        assert found is not None
        assert found.size - told in (0, 1)
        assert found.root == root_of(leaves[: found.size])
        after = Checkpoint("log", found.size + 1, root_of(leaves[: found.size + 1]))
        way = prove_consistency(found.size, after.size, reader_over(leaves))
        HighWater(path).write(after, way)
