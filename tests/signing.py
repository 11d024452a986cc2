"""Signers for tests, from seeds, and OpenSSL as a second opinion."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contactledger.keys import KeySigner, parse_signer_key
from contactledger.log.verifier import VerifierKey
from tests import required

PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6K"
    "E6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1"
    "RvMc+QQ=\n"
)
"""The example of the documentation of Go's sumdb/note: keys, text, and what they sign."""


def peter() -> KeySigner:
    return parse_signer_key(PETER_SECRET)


def signer(name: str) -> KeySigner:
    """A signer whose key follows from its name."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    return KeySigner(VerifierKey(name, private.public_key().public_bytes_raw()), private)


def openssl() -> str:
    """The path of the program; the test is skipped, loudly, where there is none."""
    found = shutil.which("openssl")
    if found is None:
        required.absent("openssl", "install OpenSSL 3 (apt-get install openssl)")
    return found


def openssl_holds(folder: Path, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether OpenSSL's own program accepts an Ed25519 signature."""
    (folder / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public_key)
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    done = subprocess.run(
        [
            *(openssl(), "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key.der"),
            *("-rawin", "-in", "message", "-sigfile", "signature"),
        ],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.stdout.strip() in (
        b"Signature Verified Successfully",
        b"Signature Verification Failure",
    )
    return done.returncode == 0
