"""Whether anybody listened for an answer: the return path of a channel (J32, J35).

The return path of a touch is every collector that covers its channel; one that names no
channel covers them all. A channel is *blind* where a collector says it was, did not catch up
afterwards, and no other collector of the channel is recorded as working there. It is
*recorded* where one is recorded as working, by its word or a heartbeat. All else is *assumed*.

A word without an end holds until that collector's next word.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from attrs import frozen

from contactledger.facts import Coverage
from contactledger.judge.view import View, in_time_order
from contactledger.vocabulary import Channel, CoverageState

Span = tuple[datetime, datetime]


@frozen
class _Word:
    collector: str
    channels: frozenset[Channel]
    recorder: str
    blind: bool
    since: datetime
    until: datetime
    no: int

    def covers(self, channel: Channel) -> bool:
        """Whether it speaks of that channel."""
        return not self.channels or channel in self.channels


class Spans:
    """Disjoint stretches of time in order, that can say how much of them lies in another."""

    def __init__(self, spans: Iterable[Span]) -> None:
        joined: list[Span] = []
        for since, until in sorted(spans):
            if since >= until:
                continue
            if joined and since <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], until))
            else:
                joined.append((since, until))
        self.spans = joined
        self._starts = [since for since, _ in joined]
        self._ends = [until for _, until in joined]
        self._sums = [timedelta(0)]
        for since, until in joined:
            self._sums.append(self._sums[-1] + (until - since))

    def within(self, since: datetime, until: datetime) -> timedelta:
        """How much of [since, until) they cover."""
        first, last = bisect_right(self._ends, since), bisect_left(self._starts, until)
        if first >= last:
            return timedelta(0)
        covered = self._sums[last] - self._sums[first]
        covered -= max(timedelta(0), since - self._starts[first])
        return covered - max(timedelta(0), self._ends[last - 1] - until)

    def start_around(self, at: datetime) -> datetime:
        """When the stretch that holds this moment began, else the moment itself."""
        index = bisect_right(self._starts, at) - 1
        return self._starts[index] if index >= 0 and self._ends[index] > at else at

    def minus(self, other: Spans) -> Spans:
        """What is left of these without the other's."""
        left: list[Span] = []
        for begin, until in self.spans:
            since = begin
            for index in range(bisect_right(other._ends, since), len(other.spans)):
                gone, back = other.spans[index]
                if gone >= until:
                    break
                left.append((since, gone))
                since = back
            left.append((since, until))
        return Spans(left)


class Listening:
    """The coverage of a view, by channel; worked out once per channel that is asked for."""

    def __init__(self, view: View) -> None:
        self._words = _words(view)
        self._said: dict[Channel, tuple[list[_Word], Spans]] = {}
        self._blind: dict[Channel, Spans] = {}
        self._working: dict[tuple[Channel, str], Spans] = {}

    def __bool__(self) -> bool:
        """Whether anybody spoke of coverage at all; if not, there is nothing to ask for."""
        return bool(self._words)

    def blind(self, channel: Channel, since: datetime, until: datetime) -> timedelta:
        """For how long of that time nobody listened on the channel."""
        spans = self._blind.get(channel)
        if spans is None:
            spans = self._blind[channel] = self._blindness(channel)
        return spans.within(since, until)

    def blind_entries(self, channel: Channel, since: datetime, until: datetime) -> tuple[int, ...]:
        """The entries that say so."""
        said = self._said.get(channel)
        if said is None:
            words = [word for word in self._words if word.blind and word.covers(channel)]
            words.sort(key=lambda word: (word.since, word.no))
            said = self._said[channel] = (words, Spans((w.since, w.until) for w in words))
        words, joined = said
        first = joined.start_around(since)
        low = bisect_left(words, first, key=lambda word: word.since)
        high = bisect_left(words, until, key=lambda word: word.since)
        return tuple(sorted(word.no for word in words[low:high] if word.until > since))

    def recorded(
        self, channel: Channel, since: datetime, until: datetime, besides: str = ""
    ) -> bool:
        """Whether all that time is recorded as listened to, by a party other than `besides`."""
        spans = self._working.get((channel, besides))
        if spans is None:
            spans = self._working[channel, besides] = Spans(
                (word.since, word.until)
                for word in self._words
                if not word.blind and word.recorder != besides and word.covers(channel)
            )
        return spans.within(since, until) == until - since

    def _blindness(self, channel: Channel) -> Spans:
        words = [word for word in self._words if word.covers(channel)]
        blind: dict[str, list[Span]] = {}
        working: dict[str, list[Span]] = {}
        for word in words:
            side = blind if word.blind else working
            side.setdefault(word.collector, []).append((word.since, word.until))
        found: list[Span] = []
        for collector, spans in blind.items():
            others = [s for name, more in working.items() if name != collector for s in more]
            found.extend(Spans(spans).minus(Spans(others)).spans)
        return Spans(found)


def _words(view: View) -> list[_Word]:
    """Every word of every collector with its end; those that were made good left out."""
    by_collector: dict[str, list[tuple[datetime, datetime | None, bool, Coverage, int, str]]] = {}
    caught_up: dict[str, datetime] = {}
    for entry in sorted(view.coverage, key=in_time_order):
        fact = cast(Coverage, entry.fact)
        name = fact.collector or ""
        since, until = fact.since or entry.at, fact.until
        if fact.interval_seconds is not None:
            since, until = entry.at, entry.at + timedelta(seconds=fact.interval_seconds)
        blind = fact.state is CoverageState.BLIND
        if fact.caught_up and not blind:
            caught_up[name] = max(since, caught_up.get(name, since))
        by_collector.setdefault(name, []).append(
            (since, until, blind, fact, entry.no, entry.recorder)
        )
    found: list[_Word] = []
    for name, said in by_collector.items():
        said.sort(key=lambda word: (word[0], word[4]))
        after: datetime | None = None
        for since, until, blind, fact, no, recorder in reversed(said):
            end = until or after or view.as_of
            after = since
            made_good = fact.caught_up or end <= caught_up.get(name, since)
            if not (blind and made_good):
                channels = frozenset(fact.channels)
                found.append(_Word(name, channels, recorder, blind, since, end, no))
    return found
