"""Collectors that say they are alive, and the coverage that follows from it, as it happens.

    ledger.heartbeat("webhook.sendgrid", Channel.EMAIL, every_seconds=300)

Whatever runs a collector (a webhook's endpoint, the job that empties a mailbox) says so every
few minutes. Not each of these goes on record but what they say together: *working* once a day,
*blind* where they failed to come for longer than the interval and its grace (`covering.GRACE`).
One that stays away is written down as blind, without an end, by the next heartbeat of any other
collector or by `check_heartbeats`, so that a collector which died is not silence of the other
side (J32). When it comes back the blindness gets its end; `caught_up` says that what it missed
was fetched since.

The newest heartbeat of each collector is kept as a row of the inbox table (state *beat*), outside
the log: a slug, its channels, three times. Nothing of it is personal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from attrs import evolve, frozen

from contactledger.accounts import HOUSE
from contactledger.covering import GRACE
from contactledger.errors import BadFact
from contactledger.facts import Coverage, Entry
from contactledger.recording import Given, Written
from contactledger.references import References
from contactledger.retrying import in_one_transaction
from contactledger.store.port import InboxRow, Store, Transaction
from contactledger.vocabulary import Channel, CoverageState

if TYPE_CHECKING:
    from collections.abc import Mapping

BEAT = "beat"
"""State of the row of a collector."""
WRITE_EVERY = timedelta(days=1)
"""How long work goes on before it is written down; until then it is assumed (J35)."""
PAGE = 500


@frozen
class Beat:
    """A collector as its heartbeats left it: working `since`, last heard of at `last`; `blind`:
    that it stays away is on record."""

    collector: str
    channels: tuple[Channel, ...]
    every_seconds: int
    since: datetime
    last: datetime
    blind: bool = False

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been heard of again."""
        return now - self.last > timedelta(seconds=self.every_seconds * (1 + GRACE))

    def worked(self) -> list[Coverage]:
        """That it worked from `since` until it was last heard of; nothing of a single moment."""
        if self.last <= self.since:
            return []
        return [self._word(CoverageState.WORKING, self.since, self.last, at=self.last)]

    def gone(self, now: datetime) -> tuple[Beat, list[Coverage]]:
        """It stays away: blind from when it was last heard of, as yet without an end."""
        blind = self._word(CoverageState.BLIND, self.last, None, at=now)
        return evolve(self, since=self.last, blind=True), [*self.worked(), blind]

    def back(self, now: datetime, caught_up: bool) -> tuple[Beat, list[Coverage]]:
        """It is heard of again, too late: what it was blind for is known."""
        blind = self._word(CoverageState.BLIND, self.last, now, caught_up=caught_up, at=now)
        return evolve(self, since=now, last=now, blind=False), [*self.worked(), blind]

    def heard(self, now: datetime, caught_up: bool) -> tuple[Beat, list[Coverage]]:
        """It is heard of; one that comes from the past changes nothing."""
        if now <= self.last:
            return self, []
        if self.overdue(now):
            return self.back(now, caught_up)
        on = evolve(self, last=now)
        if now - self.since < WRITE_EVERY:
            return on, []
        return evolve(on, since=now), on.worked()

    def _word(
        self, state: CoverageState, since: datetime, until: datetime | None, **more: Any
    ) -> Coverage:
        return Coverage(self.collector, self.channels, state, since, until, **more)


class Heartbeats:
    """The methods of `Ledger` by which collectors say that they listen."""

    _store: Store
    _references: References

    if TYPE_CHECKING:

        def _now(self) -> datetime: ...
        def _write(
            self, given: Mapping[str, Sequence[Given]], tx: Transaction | None = None
        ) -> dict[str, list[Written]]: ...

    def heartbeat(
        self,
        collector: str,
        *channels: Channel,
        every_seconds: int,
        caught_up: bool = False,
    ) -> tuple[Entry, ...]:
        """A collector of these channels is alive and will say so again in `every_seconds`.

        Gives the coverage that goes on record because of it, mostly none. `caught_up`: what it
        missed, if it was away, has been fetched. Other collectors that stay away are written
        down as blind.
        """
        if every_seconds < 1:
            raise BadFact("must be a second at least", field="every_seconds")
        now = self._now()
        fresh = Beat(collector, tuple(channels), every_seconds, now, now)
        Coverage(collector, fresh.channels)  # which refuses what is no name of a collector
        return self._beaten(now, fresh, caught_up)

    def check_heartbeats(self) -> tuple[Entry, ...]:
        """Write down as blind every collector that stays away; the new entries."""
        return self._beaten(self._now(), None, caught_up=False)

    def collectors(self) -> tuple[Beat, ...]:
        """The collectors that were ever heard of, the longest silent first."""
        with self._store.begin(write=False) as tx:
            return tuple(sorted(_beats(tx), key=lambda beat: (beat.last, beat.collector)))

    def _beaten(self, now: datetime, fresh: Beat | None, caught_up: bool) -> tuple[Entry, ...]:
        def work(tx: Transaction) -> tuple[Entry, ...]:
            tx.claim()  # two heartbeats at once must not both end the same stretch
            words: list[Coverage] = []
            known = {beat.collector: beat for beat in _beats(tx)}
            changed: list[Beat] = []
            if fresh is not None:
                there = known.pop(fresh.collector, None)
                beat, said = _joined(there, fresh, now, caught_up)
                changed.append(beat)
                words += said
            for other in known.values():
                if not other.blind and other.overdue(now):
                    beat, said = other.gone(now)
                    changed.append(beat)
                    words += said
            for beat in changed:
                tx.inbox_put(self._beat_row(beat, now))
            given = [Given(word) for word in words]
            written = self._write({HOUSE: given}, tx)[HOUSE] if given else []
            return tuple(one.entry for one in written if one.state == "new")

        return in_one_transaction(self._store, work)

    def _beat_row(self, beat: Beat, now: datetime) -> InboxRow:
        said = {
            "channels": [channel.value for channel in beat.channels],
            "every_seconds": beat.every_seconds,
            "since": beat.since.isoformat(),
            "last": beat.last.isoformat(),
            "blind": beat.blind,
        }
        id_ = self._references.of("heartbeat", beat.collector).hex()[:26]
        return InboxRow(id_, now, beat.collector, "none", BEAT, "", 0, orjson.dumps(said), b"")


def _joined(
    there: Beat | None, fresh: Beat, now: datetime, caught_up: bool
) -> tuple[Beat, list[Coverage]]:
    """A heartbeat joined to those before; one of other channels begins anew."""
    if there is None:
        return fresh, []
    if there.channels == fresh.channels:
        beat, words = there.heard(now, caught_up)
        return evolve(beat, every_seconds=fresh.every_seconds), words
    _, words = there.back(now, caught_up) if there.overdue(now) else (there, there.worked())
    return fresh, words


def _beats(tx: Transaction) -> list[Beat]:
    found: list[Beat] = []
    last: InboxRow | None = None
    while rows := tx.inbox([BEAT], limit=PAGE, after=last):
        found += [_beat(row) for row in rows]
        last = rows[-1]
    return found


def _beat(row: InboxRow) -> Beat:
    said = orjson.loads(row.headers)
    return Beat(
        row.source,
        tuple(Channel(word) for word in said["channels"]),
        said["every_seconds"],
        datetime.fromisoformat(said["since"]),
        datetime.fromisoformat(said["last"]),
        said["blind"],
    )
