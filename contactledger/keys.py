"""Keys to sign with, where they may lie, and the mark of how far a log was signed.

**Key file.** One line, the signer key text that Go's `sumdb/note` writes and reads::

    PRIVATE+KEY+name+hex(key id)+base64(0x01 ‖ the 32 bytes of RFC 8032)

It is created exclusively, with mode 0600, and never overwritten; the verifier key, which is
for everybody, lies beside it with the ending `.vkey`. A key may as well stand in an
environment variable, or stay inside a service that signs on request. There is no key unless
somebody makes one, and none ever stands in the database.

**High-water file.** The text of the last checkpoint that was signed: origin, size, root. A
log that was restored from an older backup, or that two sealers write, would sign two
histories; whoever signs compares with this file first and writes it before the signature
leaves the process. So it lies beside the key and never beside the database: restoring a
folder would restore both. It is replaced atomically, and a lock file beside it lets one
writer in at a time.

Texts of errors name files and variables, and never what they hold.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs
from attrs import field, frozen

from contactledger.errors import (
    BadInput,
    BadRecord,
    Fork,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreReadOnly,
)
from contactledger.log.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from contactledger.log.note import Signer
from contactledger.log.tlog import check_consistency
from contactledger.log.verifier import KEY_BYTES, Kind, VerifierKey, from_base64, to_base64

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there the last rename stands
    fcntl = None  # type: ignore[assignment]

MAX_KEY_FILE_BYTES = 4096
"""Far above a key with the longest name; a bound on what is read of a wrong file."""
MAX_NAME_BYTES = 255
"""What C2SP tlog-cosignature lets a cosigner be called."""

_POSIX = os.name == "posix"
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
_SIGNER = re.compile(
    r"PRIVATE\+KEY\+(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)\Z"
)


# ---- signers


@frozen
class KeySigner:
    """A signer that holds its private key; neither `repr` nor an error shows it."""

    key: VerifierKey
    _private: Ed25519PrivateKey = field(repr=False, eq=False)

    @property
    def name(self) -> str:
        """The name of the key."""
        return self.key.name

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over `message`, 64 bytes."""
        return self._private.sign(message)


@frozen
class CallSigner:
    """A signer that asks somebody else: a key management service, an agent, a card.

    `call` is given the message and returns the Ed25519 signature, 64 bytes.
    """

    key: VerifierKey
    call: Callable[[bytes], bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the key."""
        return self.key.name

    def sign(self, message: bytes) -> bytes:
        """What the callback signs."""
        return self.call(message)


def load_signer(
    where: str | os.PathLike[str] | Signer | Callable[[bytes], bytes],
    key: VerifierKey | str | None = None,
) -> Signer:
    """A signer from the path of a key file, `env:NAME`, or a callable with its verifier key.

    `key` is required for a callable; elsewhere it is what the key found must be. A signer is
    given back as it is. `BadInput` if there is no key there, or one that others may read.
    """
    wanted = VerifierKey.parse(key) if isinstance(key, str) else key
    if wanted is not None:
        wanted = wanted.as_kind(Kind.ED25519)  # a cosigner's is the same key
    if isinstance(where, str) and where.startswith("env:"):
        signer: Signer = _from_environment(where.removeprefix("env:"))
    elif isinstance(where, str | os.PathLike):
        signer = _from_file(Path(where))
    elif hasattr(where, "sign"):
        signer = cast("Signer", where)
    elif wanted is None:
        raise BadInput("is needed with a callable", field="key")
    else:
        signer = CallSigner(wanted, where)
    if wanted not in (None, signer.key):
        raise BadInput("is not the key of this signer", field="key")
    return signer


def parse_signer_key(text: str) -> KeySigner:
    """The signer of a signer key text; `BadRecord` for any other text, which it does not show."""
    found = _SIGNER.match(text)
    if found is None:
        raise BadRecord("must be PRIVATE+KEY+name+8 hex digits+base64", field="signer key")
    data = from_base64(found["key"], "signer key")
    if len(data) != 1 + KEY_BYTES or data[0] != Kind.ED25519:
        raise BadRecord("is of a kind not known here", field="signer key")
    # Imported where a key is used: most who open a ledger have none.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(data[1:])
    signer = _signer(found["name"], private)
    if signer.key.id.hex() != found["id"]:
        raise BadRecord("its name and key do not give its key id", field="signer key")
    return signer


def _signer(name: str, private: Ed25519PrivateKey) -> KeySigner:
    return KeySigner(VerifierKey(name, private.public_key().public_bytes_raw()), private)


def _from_environment(name: str) -> KeySigner:
    text = os.environ.get(name)
    if text is None:
        raise BadInput("is not set", field=f"env:{name}")
    try:
        return parse_signer_key(text.strip())
    except BadRecord as error:
        raise error.at(f"env:{name}") from None


def _from_file(path: Path) -> KeySigner:
    with _reading(path) as descriptor:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BadInput("is no regular file", place=str(path))
        if _POSIX and status.st_mode & 0o077:
            raise BadInput(
                "others than its owner may use this private key: run chmod 600 on it, and "
                "replace the key if somebody may have read it",
                place=str(path),
            )
        data = os.read(descriptor, MAX_KEY_FILE_BYTES)
    try:
        return parse_signer_key(data.decode("utf-8", "replace").strip())
    except BadRecord as error:
        raise error.at(str(path)) from None


@contextmanager
def _reading(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        raise BadInput(f"cannot be read: {_why(error)}", place=str(path)) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


# ---- making a key


def keygen(path: str | os.PathLike[str], name: str) -> VerifierKey:
    """The verifier key of a new private key, which is written to `path` with mode 0600.

    The verifier key is written beside it, with the ending `.vkey`. `name` is best an address
    without a scheme, such as acme.example/ledger; at most 255 bytes. `BadInput`, and no file
    is left, for a name that is no key's, if one of the files is there already, or if they
    cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = Path(path)
    public = secret.with_suffix(".vkey")
    if public == secret:
        raise BadInput("a private key must not end in .vkey", field="path")
    private = Ed25519PrivateKey.generate()
    key = _signer(name, private).key
    if len(name.encode()) > MAX_NAME_BYTES or not name.isprintable():
        raise BadInput(f"must be printable, {MAX_NAME_BYTES} bytes at most", field="name")
    data = to_base64(bytes([key.kind]) + private.private_bytes_raw())
    secret_text = f"PRIVATE+KEY+{name}+{key.id.hex()}+{data}\n"
    made: list[Path] = []
    try:
        for file, text, mode in (
            (secret, secret_text, 0o600),
            (public, f"{key.format()}\n", 0o644),
        ):
            _create(file, text, mode)
            made.append(file)
        sync_folder(secret.parent)
    except OSError as error:
        for done in made:  # a moment ago, and never used
            done.unlink()
        exists = isinstance(error, FileExistsError)
        why = "is there already; a key is never overwritten" if exists else _why(error)
        raise BadInput(why, place=str(file)) from None
    return key


def _create(path: Path, text: str, mode: int) -> None:
    """A new file, on the disk when this returns; `FileExistsError` if there is one already."""
    descriptor = os.open(path, _WRITE | os.O_EXCL, mode)
    try:
        _write_and_close(descriptor, text)
    except OSError:
        path.unlink()
        raise


# ---- how far a log was signed


@frozen
class HighWater:
    """The high-water file of a signer: how far its log was signed the last time."""

    path: Path = field(converter=Path)

    @classmethod
    def beside(cls, key_file: str | os.PathLike[str]) -> HighWater:
        """The one that belongs to a key file: the same name with the ending `.high-water`."""
        return cls(Path(key_file).with_suffix(".high-water"))

    def read(self) -> Checkpoint | None:
        """What was signed last, or None where nothing was; `BadRecord` if the file is damaged."""
        with _told("read"):
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                return None
        try:
            return parse_checkpoint(data.decode("utf-8", "replace"))
        except BadRecord as error:
            raise error.at(str(self.path)) from None

    def check(self, checkpoint: Checkpoint, proof: Sequence[bytes] = ()) -> None:
        """`Fork` unless `checkpoint` extends what was signed last: to be asked first.

        `proof` is the consistency proof from the size signed last to that of `checkpoint`
        (empty where they are equal, or nothing was signed).
        """
        before = self.read()
        if before is not None:
            require_extension(before, checkpoint, proof)

    def write(self, checkpoint: Checkpoint, proof: Sequence[bytes] = ()) -> None:
        """Sets the mark, durably, before a signature over `checkpoint` leaves the process.

        Raises as `check`; `StoreBusy` while another process is setting it; `StoreFull`,
        `StoreReadOnly` or `StoreError` if it cannot be written. The mark that was there stands
        unless this returns.
        """
        text = format_checkpoint(attrs.evolve(checkpoint, extensions=()))
        new = self._beside(".new")
        with self._locked():
            self.check(checkpoint, proof)
            with _told("written"):
                _write_and_close(os.open(new, _WRITE | os.O_TRUNC, 0o600), text)
                new.replace(self.path)
                sync_folder(self.path.parent)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _told("locked"):
            descriptor = os.open(self._beside(".lock"), _WRITE, 0o600)
        try:
            if fcntl is not None:  # pragma: no branch - Windows
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise StoreBusy("another process is signing with this key") from None
            yield
        finally:
            os.close(descriptor)  # which gives the lock back, as does the end of the process


def require_extension(before: Checkpoint, after: Checkpoint, proof: Sequence[bytes]) -> None:
    """`Fork` unless `after` is the same log as `before`, grown or as it was."""
    if after.origin != before.origin:
        raise Fork("the log signed before with this key has another origin")
    if after.size < before.size:
        raise Fork(
            f"this log has {after.size} leaves and was signed with {before.size} before: it is "
            "an older copy (a restored backup?), and nothing is signed"
        )
    if not check_consistency(before.size, after.size, before.root, after.root, proof):
        raise Fork(
            f"this log does not continue the one that was signed with {before.size} leaves "
            "(a fork: a restored backup, or a second sealer?), and nothing is signed"
        )


# ---- files


def _write_and_close(descriptor: int, text: str) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable; Windows has no such call, and needs none."""
    if _POSIX:  # pragma: no branch - Windows
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _told(done: str) -> Iterator[None]:
    """What the operating system refuses, as an error of the tree."""
    try:
        yield
    except OSError as error:
        kind = {errno.ENOSPC: StoreFull, errno.EDQUOT: StoreFull, errno.EROFS: StoreReadOnly}.get(
            error.errno or 0, StoreError
        )
        text = f"the high-water file cannot be {done}: {_why(error)}"
        raise kind(text) from None


def _why(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__
