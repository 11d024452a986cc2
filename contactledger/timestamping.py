"""Timestamps: that a checkpoint was there at a time, by the clock of a third party (RFC 3161).

One timestamp over the newest checkpoint covers every account. It says *not later than*: whoever
rewrites the past afterwards cannot have it stamped with the old time. Nothing here calls anybody:
`timestamp_request` gives the bytes to post to an authority (Content-Type
`application/timestamp-query`), `add_timestamp` takes its answer in, and from then on bundles
of that checkpoint carry it. Who opens one names the root certificates that it trusts.

Reading and verifying are `rfc3161-client`'s, the extra `timestamp`. An answer is a statement of
its authority over the checkpoint alone; it has parts that no signature covers (the status, the
certificates that come with it), and nothing is read from those but who signed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from os import PathLike
from typing import TYPE_CHECKING, Any, cast

from attrs import frozen

from contactledger import files
from contactledger.errors import BadInput, NotInstalled, NotSealed, TooLarge, Unverified
from contactledger.log.bundle_times import MAX_TIME_BYTES
from contactledger.log.checkpoint import Checkpoint, format_checkpoint
from contactledger.retrying import in_one_transaction
from contactledger.sealed import known_keys, newest_signed
from contactledger.store.port import LedgerRow, Store, Transaction
from contactledger.store.sealing import ReceiptRow

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

Roots = files.Where | Iterable[files.Where]
KEPT = "rfc3161-"
"""What the key of a kept timestamp begins with, among what came back for the house log: it is for
the ledger as a whole, as that is."""
_PAGE = 1_000


@frozen
class Timestamped:
    """That a checkpoint was there at `at`, by the clock of `authority` (the subject of its
    certificate, RFC 4514), under its `serial` number."""

    authority: str
    at: datetime
    serial: int


class Timestamping:
    """The methods of `Ledger` for timestamps."""

    _store: Store
    _row: LedgerRow

    def timestamp_request(self) -> bytes:
        """What to send to a timestamping authority for the newest checkpoint (RFC 3161, DER).

        NotSealed before the first seal; NotInstalled without the extra `timestamp`.
        """
        client = _client()
        with self._store.begin(write=False) as tx:
            sealed = newest_signed(tx)
        if sealed is None:
            raise NotSealed("nothing is sealed yet")
        building = client.TimestampRequestBuilder().data(_text(sealed.checkpoint))
        building = building.hash_algorithm(client.HashAlgorithm.SHA256)
        # no nonce: the checkpoint is there once, and an old answer for it is as good
        request = building.nonce(nonce=False).cert_request(cert_request=True).build()
        return bytes(request.as_bytes())

    def add_timestamp(self, response: bytes, *, roots: Roots) -> Timestamped:
        """Take in an authority's answer, to be carried by bundles of its checkpoint.

        `roots`: paths of its root certificates (PEM). Unverified if it does not verify under
        one of them, or is for no checkpoint that this ledger signed; then nothing is kept.
        """
        if len(response) > MAX_TIME_BYTES:
            raise TooLarge(f"over {MAX_TIME_BYTES} bytes", field="response")
        trusted = read_roots(roots)

        def keep(tx: Transaction) -> Timestamped:
            tx.claim()
            checkpoint = _stamped(tx, response)
            made = open_timestamp(response, checkpoint, trusted)
            if made is None:
                raise Unverified("it does not verify under any of these root certificates")
            key = KEPT + sha256(response).hexdigest()
            tx.put_receipt(ReceiptRow(self._row.house, checkpoint.size - 1, key, response))
            return made

        return in_one_transaction(self._store, keep, idempotent=True)


def read_roots(roots: Roots) -> tuple[Certificate, ...]:
    """The certificates in these PEM files; BadInput if one cannot be read, or holds none."""
    from cryptography import x509

    single = isinstance(roots, str | PathLike)
    several = [cast("files.Where", roots)] if single else list(cast("Iterable[files.Where]", roots))
    found: list[Certificate] = []
    for one in several:
        try:
            found += x509.load_pem_x509_certificates(files.read_text(one, "roots").encode())
        except ValueError as error:
            if isinstance(error, BadInput):
                raise
            raise BadInput("is no certificate in PEM", field="roots") from None
    if not found:
        raise BadInput("name at least one root certificate", field="roots")
    return tuple(found)


def open_timestamp(
    token: bytes, checkpoint: Checkpoint, roots: Iterable[Certificate]
) -> Timestamped | None:
    """What an authority says of a checkpoint, if it verifies under one of these roots; else None.

    NotInstalled without the extra `timestamp`.
    """
    client = _client()
    response = _read(token)
    if response is None:
        return None
    try:
        client.VerifierBuilder(roots=list(roots)).build().verify_message(
            response, _text(checkpoint)
        )
    except (client.VerificationError, ValueError):
        return None
    info = response.tst_info
    return Timestamped(_authority(response), info.gen_time.astimezone(UTC), info.serial_number)


def _text(checkpoint: Checkpoint) -> bytes:
    return format_checkpoint(checkpoint).encode()


def _client() -> Any:
    try:
        import rfc3161_client
    except ImportError:
        raise NotInstalled("timestamps need the extra: contactledger[timestamp]") from None
    return rfc3161_client


def _read(token: bytes) -> TimeStampResponse | None:
    """An answer that was granted; None for anything else."""
    try:
        response = _client().decode_timestamp_response(token)
    except ValueError:
        return None
    # 0 is granted as asked for (RFC 3161 section 2.4.2); what is not has no token in it
    return cast("TimeStampResponse", response) if response.status == 0 else None


def _stamped(tx: Transaction, token: bytes) -> Checkpoint:
    """The signed checkpoint that an answer is for. Unverified if there is none."""
    response, origin, after = _read(token), known_keys(tx).origin, 0
    if response is None:
        raise Unverified("it is no timestamp of an authority that granted it")
    stamped = response.tst_info.message_imprint.message
    newest = newest_signed(tx)  # which it mostly is
    if newest is not None and sha256(_text(newest.checkpoint)).digest() == stamped:
        return newest.checkpoint
    while rows := tx.checkpoints(after, _PAGE):
        for row in rows:
            checkpoint = Checkpoint(origin, row.size, row.root)
            if row.note is not None and sha256(_text(checkpoint)).digest() == stamped:
                return checkpoint
        after = rows[-1].size
    raise Unverified("it is for no checkpoint that this ledger has signed")


def _authority(response: TimeStampResponse) -> str:
    """Whose certificate it is that the signature names, and that was verified."""
    from cryptography import x509

    (signed,) = response.signed_data.signer_infos
    certificates = map(x509.load_der_x509_certificate, response.signed_data.certificates)
    named = (one for one in certificates if one.serial_number == signed.serial_number)
    return next(one.subject.rfc4514_string() for one in named if one.issuer == signed.issuer)
