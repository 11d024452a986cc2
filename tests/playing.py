"""One history of a ledger, played in any store: the same clock, the same chance, every verb.

    with playing(lambda **how: Ledger.open(url, **how), tmp_path) as played:
        played.story()

`at` may give another ledger for each kind of work (writer, sealer, eraser), over one database.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from contactledger import Ledger, Message, Promise, open_bundle
from contactledger.countersigning import countersign
from contactledger.exchange import OpenedBundle
from contactledger.facts import Preference, Signal
from contactledger.keys import CallSigner
from contactledger.log.verifier import VerifierKey
from contactledger.testing import FixedClock
from tests.ledgers import SMITH, Probe, event, mail, message, two_sides
from tests.signing import signer

JONES = "jones-motors"
OURS, THEIRS = signer("acme.example/ledger"), signer("smith.example/ledger")
_NEWER = signer("acme.example/newer")
NEWER = CallSigner(VerifierKey(OURS.name, _NEWER.key.public_key), _NEWER.sign)
"""Another key in place of ours, of the same name."""


class Played:
    """Ledgers of one clock and one source of chance, by their work."""

    def __init__(self, opened: Callable[..., Ledger], folder: Path) -> None:
        self.clock, self.folder = FixedClock(), folder
        self._chance, self._opened = Random(7), opened
        self._ledgers: dict[str, Ledger] = {}

    def at(self, work: str) -> Ledger:
        """The ledger for this work."""
        if work not in self._ledgers:
            keys = {"signer": OURS, "high_water": self.folder / "high-water"}
            self._ledgers[work] = self._opened(
                work,
                recorder=None if work == "reader" else "acme",
                clock=self.clock,
                random_bytes=self._chance.randbytes,
                **(keys if work == "sealer" else {}),
            )
        return self._ledgers[work]

    def close(self) -> None:
        for ledger in self._ledgers.values():
            ledger.close()

    def bundle(self, account: str, work: str = "sealer", **how: Any) -> bytes:
        """The bytes of a bundle."""
        file = io.BytesIO()
        self.at(work).bundle(account, **how).write(file)
        return file.getvalue()

    def story(self) -> None:
        """Half a year of two accounts."""
        self._recorded()
        self._received()
        self._sealed()
        self._erased()
        self.clock.forward(days=1)
        self.at("sealer").seal()

    def _recorded(self) -> None:
        writer, clock = self.at("writer"), self.clock
        writer.record(SMITH, *two_sides(), Preference("bob", preferred="phone"))
        clock.forward(hours=1, seconds=0.000_001)
        writer.record(SMITH, mail("first", about="the outage", message=Message(provider_id="m-1")))
        clock.forward(days=3)
        many = [mail(f"k{no}", original=b"raw " * no) for no in range(300)]
        writer.record_many({SMITH: many, JONES: two_sides()})
        clock.forward(days=1)
        writer.record(SMITH, Signal("k7", "bounced", person="bob", address="bob@smith.example"))
        writer.record(SMITH, Promise("credit", "acme", "smith", what="a credit"))
        with writer.sending(JONES, message(), to=["bob"], about="für Bob 😀"):
            clock.forward(seconds=2)
        wrong = writer.record(SMITH, mail("wrong"))[0]
        writer.retract(SMITH, wrong, "never sent")
        writer.hold(JONES, "carla", basis="litigation")

    def _received(self) -> None:
        writer = self.at("writer")
        for number in range(3):
            opened = event("opened", provider_id="m-1", event_id=f"e{number % 2}")
            writer.receive(Probe(opened), {"x": "1"}, b"[%d]" % number)
        writer.receive(Probe(event(provider_id="nobody's")), {}, b"[9]")

    def _sealed(self) -> None:
        sealer = self.at("sealer")
        sealer.seal()
        opened = self.opened(self.bundle(SMITH, to="bob"))
        sealer.accept(countersign(opened, THEIRS, self.clock()), trust=THEIRS.key)
        self.clock.forward(days=20)
        self.at("writer").record(JONES, mail("later"))
        sealer.rotate(NEWER, high_water=self.folder / "newer")

    def _erased(self) -> None:
        self.clock.forward(days=60)
        self.at("eraser").redact(SMITH, person="bob")
        self.at("eraser").tidy()

    def opened(self, data: bytes) -> OpenedBundle:
        """The bundle as the other side opens it."""
        return open_bundle(io.BytesIO(data), trust=[OURS.key])


@contextmanager
def playing(opened: Callable[..., Ledger], folder: Path) -> Iterator[Played]:
    """A history to play with `opened(work, **how)`; its ledgers are closed after the block."""
    folder.mkdir(exist_ok=True)
    played = Played(opened, folder)
    try:
        yield played
    finally:
        played.close()
