"""What is not known: the times in which nobody is sure that anybody listened (J32).

`gaps(view)` lists every blindness that a collector wrote down, whether it caught up
afterwards or not, and every time that is only *assumed* to have been listened to: between
heartbeats that came later than their interval, between what a collector says of itself, and
for a channel in use that no collector speaks of, or does not yet.

A word without an end holds until the collector's next word. What was missed counts as caught up
with if the word that says *blind* says so, or a later word that it works.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from attrs import evolve, frozen

from contactledger.facts import Coverage, Touch
from contactledger.findings import Gap
from contactledger.judge.view import View
from contactledger.vocabulary import Channel, CoverageState

_NEVER = datetime.max.replace(tzinfo=UTC)


@frozen
class _Word:
    """What a collector says of itself from … until (None: still)."""

    since: datetime
    until: datetime | None
    blind: bool
    caught_up: bool
    channels: tuple[Channel, ...]
    no: int


def gaps(view: View) -> tuple[Gap, ...]:
    """Every time of which it is not known that a collector listened, the earliest in front."""
    words = _words(view)
    found: list[Gap] = []
    for collector, said in words.items():
        found.extend(_blind(collector, said))
        found.extend(_silent(collector, said, view.as_of))
    found.extend(_unspoken(view, words))
    return tuple(sorted(found, key=lambda gap: (gap.since, gap.collector, gap.channels)))


def _words(view: View) -> dict[str, list[_Word]]:
    """Collector → its words in order, each with an end where the next gives it one."""
    said: dict[str, list[_Word]] = {}
    for entry in view.coverage:
        fact = cast(Coverage, entry.fact)
        since = fact.since or entry.at
        until = fact.until
        if fact.interval_seconds is not None:
            since, until = entry.at, entry.at + timedelta(seconds=fact.interval_seconds)
        blind = fact.state is CoverageState.BLIND
        word = _Word(since, until, blind, fact.caught_up, fact.channels, entry.no)
        said.setdefault(fact.collector or "", []).append(word)
    return {collector: _ended(words) for collector, words in sorted(said.items())}


def _ended(words: list[_Word]) -> list[_Word]:
    """The same words, each with an end where the next gives it one, and with what was caught
    up with later marked as such."""
    words.sort(key=lambda word: (word.since, word.no))
    caught_up = max((w.since for w in words if w.caught_up and not w.blind), default=None)
    made: list[_Word] = []
    later: datetime | None = None
    for word in reversed(words):
        until = word.until or later
        later = word.since
        made_good = caught_up is not None and until is not None and until <= caught_up
        made.append(evolve(word, until=until, caught_up=word.caught_up or made_good))
    made.reverse()
    return made


def _blind(collector: str, said: list[_Word]) -> Iterator[Gap]:
    for word in said:
        if word.blind:
            state = "caught_up" if word.caught_up else "blind"
            yield Gap(collector, word.channels, word.since, word.until, state, (word.no,))


def _silent(collector: str, said: list[_Word], as_of: datetime) -> Iterator[Gap]:
    """The times between its words and after the last, those of several channels as one."""
    silences: dict[tuple[datetime, datetime | None, tuple[int, ...]], list[Channel]] = {}
    named = dict.fromkeys(channel for word in said for channel in word.channels)
    for channel in named or (None,):
        words = [word for word in said if not word.channels or channel in word.channels]
        for silence in _between(words, as_of):
            channels = silences.setdefault(silence, [])
            if channel is not None:
                channels.append(channel)
    for (since, until, because), channels in silences.items():
        yield Gap(collector, tuple(channels), since, until, "assumed", because)


def _between(
    words: list[_Word], as_of: datetime
) -> Iterator[tuple[datetime, datetime | None, tuple[int, ...]]]:
    reach, last = words[0].until or _NEVER, words[0]
    for word in words[1:]:
        if word.since > reach:
            yield reach, word.since, (last.no, word.no)
        until = word.until or _NEVER
        if until > reach:
            reach, last = until, word
    if reach < as_of:
        yield reach, None, (last.no,)


def _unspoken(view: View, words: dict[str, list[_Word]]) -> Iterator[Gap]:
    """Channels in use before any collector speaks of them; a collector that names no channel
    speaks of all."""
    first: dict[Channel, datetime] = {}
    for said in words.values():
        for word in said:
            for channel in word.channels or tuple(Channel):
                first[channel] = min(first.get(channel, word.since), word.since)
    used: dict[Channel, tuple[datetime, int]] = {}
    for entry in view.touches.values():
        channel = cast(Touch, entry.fact).channel
        used[channel] = min(used.get(channel, (entry.at, entry.no)), (entry.at, entry.no))
    for channel, (since, no) in used.items():
        until = first.get(channel)
        if until is None or since < until:
            yield Gap("", (channel,), since, until, "assumed", (no,))
