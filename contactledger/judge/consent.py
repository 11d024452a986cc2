"""What a person or party asked for, at a moment (J13, J40, J42).

What was asked for excuses the receiver from when it was asked, and blames the sender only
from when the sender knew: told, or recorded, whichever was earlier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import cast

from attrs import frozen

from contactledger.facts import Preference
from contactledger.judge.reach import Hearing, Question
from contactledger.judge.view import View
from contactledger.vocabulary import By, Channel, Purpose, SignalKind

OPT_OUTS = frozenset({SignalKind.UNSUBSCRIBED, SignalKind.COMPLAINED})


@frozen
class Asked:
    """Something asked for. `at`: from when it excuses; `known`: from when it blames."""

    at: datetime
    known: datetime
    no: int
    preference: Preference


@frozen
class Word:
    """Consent given or withdrawn. `channel`: of an opt-out by a signal, its touch's own."""

    at: datetime
    known: datetime
    no: int
    given: bool
    channel: Channel | None
    preference: Preference | None

    def covers(self, question: Question, owed: frozenset[Purpose]) -> bool:
        """Whether the word reaches that touch: its scope, or without one all but answers and
        the purposes that are owed (J40)."""
        fact, said = question.fact, self.preference
        spared = bool(fact.answers) or fact.purpose in owed
        if said is None:
            return fact.channel is self.channel and not spared
        if not (said.scope_channels or said.scope_topics or said.scope_purposes):
            return self.given or not spared
        return (
            (not said.scope_channels or fact.channel in said.scope_channels)
            and (not said.scope_topics or not set(said.scope_topics).isdisjoint(fact.topics))
            and (not said.scope_purposes or fact.purpose in said.scope_purposes)
        )


class Wishes:
    """The preferences and opt-outs of a view, by person or party, in order."""

    def __init__(self, view: View, hearings: Iterable[Hearing]) -> None:
        self._asked: dict[str, list[Asked]] = {}
        self._words: dict[str, list[Word]] = {}
        for subject, entries in view.preferences.items():
            for entry in entries:
                fact = cast(Preference, entry.fact)
                known = (
                    entry.recorded_at if fact.told is None else min(entry.recorded_at, fact.told)
                )
                known = max(known, entry.at)
                self._asked.setdefault(subject, []).append(Asked(entry.at, known, entry.no, fact))
                if fact.consent is not None:
                    word = Word(entry.at, known, entry.no, fact.consent, None, fact)
                    self._words.setdefault(subject, []).append(word)
        if not OPT_OUTS.isdisjoint(view.reported):
            for hearing in hearings:
                self._opted_out(hearing)
        for words in self._words.values():
            words.sort(key=lambda word: (word.at, word.no))

    def _opted_out(self, hearing: Hearing) -> None:
        """An unsubscribe or complaint by a human, as a word on that touch's channel (J13)."""
        question = hearing.question
        for line in hearing.lines:
            if line.what not in OPT_OUTS or line.by is not By.HUMAN or line.lifts is None:
                continue
            subject = line.person or question.party
            known = max(line.at, line.recorded_at)
            word = Word(line.at, known, line.no, False, question.fact.channel, None)
            self._words.setdefault(subject, []).append(word)

    def any(self) -> bool:
        """Whether anybody asked for anything at all."""
        return bool(self._asked or self._words)

    def of_any(self, ref: str, party: str) -> bool:
        """Whether a person or the party ever asked for anything or spoke of consent."""
        asked, words = self._asked, self._words
        return ref in asked or party in asked or ref in words or party in words

    def asked(self, ref: str, party: str, at: datetime) -> Asked | None:
        """The latest preference of a person by then, else of the party."""
        for subject in dict.fromkeys((ref, party)):
            found = _latest(self._asked.get(subject), at)
            if found is not None:
                return found
        return None

    def word(self, ref: str, question: Question, owed: frozenset[Purpose]) -> Word | None:
        """The latest word on consent that reaches the touch, of the person or the party."""
        at = question.entry.at
        found: Word | None = None
        for subject in dict.fromkeys((ref, question.party)):
            for word in _before(self._words.get(subject), at):
                if word.preference is None and word.at == at:
                    continue  # it binds touches after it, so not its own
                if word.covers(question, owed):
                    if found is None or (found.at, found.no) < (word.at, word.no):
                        found = word
                    break
        return found


def _latest(asked: list[Asked] | None, at: datetime) -> Asked | None:
    index = 0 if asked is None else bisect_right(asked, at, key=lambda one: one.at)
    return asked[index - 1] if asked is not None and index else None


def _before(words: list[Word] | None, at: datetime) -> Iterator[Word]:
    """The words of a subject by then, the latest in front."""
    if words is not None:
        for index in range(bisect_right(words, at, key=lambda word: word.at) - 1, -1, -1):
            yield words[index]
