"""What is not known: the times in which nobody is sure that anybody listened (J32).

`gaps(view)` lists every blindness that a collector wrote down, whether it caught up
afterwards or not, and every time that is only *assumed* to have been listened to: between
heartbeats that came later than their interval, between what a collector says of itself, and
for a channel in use that no collector speaks of, or does not yet.

A word without an end holds until the collector's next word.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import cast

from attrs import frozen

from contactledger.facts import Coverage, Touch
from contactledger.findings import Gap
from contactledger.judge.view import View
from contactledger.vocabulary import Channel, CoverageState


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
    words.sort(key=lambda word: (word.since, word.no))
    made = []
    for index, word in enumerate(words):
        later = words[index + 1].since if index + 1 < len(words) else None
        until = word.until or later
        made.append(_Word(word.since, until, word.blind, word.caught_up, word.channels, word.no))
    return made


def _blind(collector: str, said: list[_Word]) -> Iterator[Gap]:
    for word in said:
        if word.blind:
            state = "caught_up" if word.caught_up else "blind"
            yield Gap(collector, word.channels, word.since, word.until, state, (word.no,))


def _silent(collector: str, said: list[_Word], as_of: datetime) -> Iterator[Gap]:
    """Between the end of one word and the beginning of the next, and after the last."""
    reach, last = said[0].until, said[0]
    for word in said[1:]:
        if reach is not None and word.since > reach:
            because = (last.no, word.no)
            yield Gap(collector, last.channels, reach, word.since, "assumed", because)
        if reach is not None and (word.until is None or word.until > reach):
            reach, last = word.until, word
    if reach is not None and reach < as_of:
        yield Gap(collector, last.channels, reach, None, "assumed", (last.no,))


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
