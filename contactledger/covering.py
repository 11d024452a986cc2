"""Coverage as facts: when a collector listened and when it was blind (J32), from what is known.

Pure functions; `Ledger.cover` records what they give in the house log. Two things are known:

- *heartbeats*: the moments at which a collector (a webhook's endpoint, a mailbox, a PBX) was
  seen alive. Between two of them that are closer than the interval, with some grace, it listened;
  a longer gap is written down as blind, so that silence in it is never held against anybody.
- *an import's period*: an export holds all there was from … until …, so whoever made it listened
  all that time, whatever a webhook missed meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from contactledger.declare import as_utc
from contactledger.errors import BadFact
from contactledger.facts import Coverage
from contactledger.vocabulary import Channel, CoverageState

GRACE = 0.5
"""Of an interval: a heartbeat may be that late before the time counts as blind."""
MAX_HEARTBEATS = 10_000_000


def from_heartbeats(
    beats: Iterable[datetime],
    *,
    collector: str,
    channels: Sequence[Channel],
    interval_seconds: int,
    until: datetime | None = None,
    caught_up: bool = False,
) -> tuple[Coverage, ...]:
    """Working from the first heartbeat on, blind in each gap; nothing is said of before.

    `until`: up to when something would have been heard; the time from the last heartbeat to
    there is blind as well, if it is a gap. `caught_up`: what the collector missed was fetched
    afterwards (a mailbox keeps it), so the gaps harm nobody. Heartbeats may come in any order.
    """
    if interval_seconds < 1:
        raise BadFact("must be a second at least", field="interval_seconds")
    limit = timedelta(seconds=interval_seconds * (1 + GRACE))
    moments = sorted({as_utc(beat, "heartbeat") for beat in beats})
    if len(moments) > MAX_HEARTBEATS:
        raise BadFact(f"more than {MAX_HEARTBEATS}", field="heartbeats")
    if until is not None:
        moments = [moment for moment in moments if moment <= as_utc(until, "until")]
    if not moments:
        return ()
    end = moments[-1] if until is None else as_utc(until, "until")
    made = []
    for state, since, to in _spells(moments, end, limit):
        blind = state is CoverageState.BLIND
        made.append(
            Coverage(
                collector, tuple(channels), state, since, to, caught_up=blind and caught_up, at=to
            )
        )
    return tuple(made)


def from_period(
    since: datetime, until: datetime, *, collector: str, channels: Sequence[Channel]
) -> Coverage:
    """Working from … until …, as the period of an import says."""
    first, last = as_utc(since, "period"), as_utc(until, "period")
    if last <= first:
        raise BadFact("ends before it begins", field="period")
    return Coverage(
        collector, tuple(dict.fromkeys(channels)), CoverageState.WORKING, first, last, at=last
    )


def _spells(
    moments: list[datetime], end: datetime, limit: timedelta
) -> Iterator[tuple[CoverageState, datetime, datetime]]:
    """Stretches of work and of blindness between them, in order."""
    since = last = moments[0]
    for moment in [*moments[1:], end]:
        if moment - last > limit:
            if last > since:
                yield CoverageState.WORKING, since, last
            yield CoverageState.BLIND, last, moment
            since = moment
        last = moment
    if last > since:
        yield CoverageState.WORKING, since, last
