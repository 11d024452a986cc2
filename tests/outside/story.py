"""A ledger with everything that leaves a trace in a bundle, and the bundles it makes.

Several accounts, a seal after each, originals, a person erased, the key replaced, three
receipts and a cosignature of the customer's, older heads that were given away.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from contactledger import Ledger, MemoryStore, OpenedBundle, open_bundle
from contactledger.countersigning import countersign
from contactledger.facts import Touch
from contactledger.keys import keygen
from contactledger.testing import FixedClock
from contactledger.vocabulary import Channel
from tests.ledgers import SMITH, two_sides
from tests.signing import signer

NAME = "acme.example/ledger"
THEIRS = signer("smith.example/ledger")
ACCOUNTS = {SMITH: 3, "jones": 1, "brown": 6, "miller": 11, "davis": 14}
"""Accounts, and how many touches each has at first."""


@frozen
class Made:
    """A bundle: where it lies, its files, and what `open_bundle` says of it."""

    path: Path
    files: Mapping[str, bytes]
    opened: OpenedBundle


@frozen
class Story:
    """The verifier key that the customer has had from the start, the newest, the bundles."""

    first: str
    newest: str
    theirs: str
    bundles: Mapping[str, Made]

    @property
    def trust(self) -> tuple[str, str]:
        """What the customer trusts: the vendor's first key, and its own."""
        return self.first, self.theirs


def touches(count: int, start: int = 0, to: str = "bob") -> list[Touch]:
    """E-mails with their originals."""
    return [
        Touch(
            to=to,
            channel=Channel.EMAIL,
            key=f"touch-{no}",
            about=f"Übersicht {no}",
            original=b"raw message %d\r\n" % no,
        )
        for no in range(start, start + count)
    ]


def play(folder: Path) -> Story:
    """The story, its bundles saved in the folder."""
    first, newest = (keygen(folder / f"{name}.key", NAME) for name in ("first", "newest"))
    store, clock = MemoryStore(), FixedClock()
    ledger = Ledger.open(store, recorder="acme", signer=folder / "first.key", clock=clock)
    for account, count in ACCOUNTS.items():
        ledger.record(account, *two_sides(), *touches(count))
        clock.forward(days=1)
        ledger.seal()
    trust = [first, THEIRS.key]
    _received(ledger, clock, trust, to="bob")
    ledger.record(SMITH, *touches(4, 3, to="carla"))
    _received(ledger, clock, trust, to="carla")
    clock.forward(days=1)
    ledger.rotate(folder / "newest.key")
    ledger = Ledger.open(store, recorder="acme", signer=folder / "newest.key", clock=clock)
    ledger.redact(SMITH, person="carla")
    ledger.record(SMITH, *touches(3, 7))
    _received(ledger, clock, trust, to="bob")
    size = len(ledger.entries(SMITH))
    asked = {
        **{account: (account, None) for account in ACCOUNTS},
        "one touch": (SMITH, ["touch-8"]),
        "one by one": (SMITH, range(size)),
    }
    made = {}
    for name, (account, entries) in asked.items():
        path = folder / f"{name}.bundle"
        ledger.bundle(account, entries=entries).save(path)
        made[name] = Made(path, unpacked(path), open_bundle(path, trust=trust))
    ledger.close()
    return Story(first.format(), newest.format(), THEIRS.key.format(), made)


def unpacked(path: Path) -> dict[str, bytes]:
    """The files of a bundle, read by the standard library."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def _received(ledger: Ledger, clock: FixedClock, trust: list, to: str) -> None:
    """The customer is given the account, signs for it, and the vendor takes that in."""
    file = io.BytesIO()
    ledger.bundle(SMITH, to=to).write(file)
    signed = countersign(open_bundle(file, trust=trust), THEIRS, clock())
    ledger.accept(signed, trust=THEIRS.key)
