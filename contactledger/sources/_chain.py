"""Certificates of those who sign reports: which key, for whom, and who vouches for it.

The path is built and checked by `cryptography` (RFC 5280, in the profile of the web's
certificates): names, basic constraints, key usage, signatures, and the validity of every
certificate at one moment. Revocation is not looked up, since no source reads the network.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from contactledger.errors import BadInput, Unverified
from contactledger.sources._auth import to_texts

MAX_CHAIN = 10
"""Certificates that come with a leaf."""

Pem = str | bytes | None


def load_certificates(pem: Pem, field: str) -> list[x509.Certificate]:
    """All certificates of a PEM, in order; `BadInput` naming `field` where there is none."""
    try:
        data = pem.encode("ascii") if isinstance(pem, str) else pem
        return x509.load_pem_x509_certificates(data or b"")
    except ValueError:
        raise BadInput("is no certificate in PEM", field=field) from None


def to_roots(value: str | bytes | Iterable[str] | None) -> tuple[x509.Certificate, ...]:
    """Trusted certificates from one PEM, several, or none."""
    texts: Iterable[Pem] = (value,) if isinstance(value, bytes) else to_texts(value)
    return tuple(one for text in texts for one in load_certificates(text, "roots"))


def rsa_key(
    name: str,
    chain: list[x509.Certificate],
    at: datetime,
    roots: tuple[x509.Certificate, ...],
    hosts: Iterable[str],
) -> rsa.RSAPublicKey:
    """The key of the first certificate, which was valid `at` that moment.

    With `roots`, the others must lead from it to one of these, and it must be for one of the
    `hosts`. `Unverified`, beginning with the source's `name`; `BadInput` for another kind of
    key.
    """
    leaf, *more = chain
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadInput("must hold an RSA key", field="certificate")
    if not leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc:
        raise Unverified(f"{name}: the certificate was not valid when the message was signed")
    if roots:
        _check(name, leaf, more[:MAX_CHAIN], at, roots, hosts)
    return key


def _check(
    name: str,
    leaf: x509.Certificate,
    more: list[x509.Certificate],
    at: datetime,
    roots: tuple[x509.Certificate, ...],
    hosts: Iterable[str],
) -> None:
    named = [host for host in hosts if host in _names(leaf)]
    if not named:
        raise Unverified(f"{name}: the certificate is for somebody else")
    builder = PolicyBuilder().store(Store(list(roots))).time(at.replace(tzinfo=None))
    try:
        builder.build_server_verifier(x509.DNSName(named[0])).verify(leaf, more)
    except VerificationError:
        raise Unverified(f"{name}: the certificate leads to none of the roots") from None


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return found.value.get_values_for_type(x509.DNSName)
