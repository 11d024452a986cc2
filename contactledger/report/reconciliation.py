"""Two records of one account as dict rows: what agrees, what does not, what one holds alone.

Keys of the result: report, version, title, as_of, zone, tolerance, ours, theirs, counts, summary,
contradicting, agreed, only_ours, only_theirs, uncompared, isnot. Times and names are as in
rows.py; a touch is `{no, at, at_local, channel_text, who, about}`. Version 1 of the layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from contactledger.facts import Entry, Party, Touch
from contactledger.findings import Compared, Difference, Lone, Pair, Reconciliation
from contactledger.report.names import Names, names
from contactledger.report.phrases import (
    CHANNELS,
    OUTCOMES,
    iso,
    iso_local,
    word,
)
from contactledger.report.words import Words

Row = dict[str, Any]
VERSION = 1

MATCHED = {
    "message_id": "the same Message-ID",
    "provider_id": "the same id of the provider",
    "call_id": "the same id of the call or meeting",
    "people_and_time": "channel, people and time",
    "parties_and_time": "channel, parties and time; the people are not disclosed on both sides",
}
"""What a pair was matched by."""

UNCOMPARED = {
    "outcome": "the outcome, since one record says nothing of it",
    "answered_by": "who answered, since one record knows no address of theirs",
}

IS_NOT = (
    (
        "It does not say who is right. It shows where two records of the same account tell the "
        "same story, where they differ, and where only one of them speaks."
    ),
    (
        "What stands in both is much harder to make up than what stands in one; it is still what "
        "two parties wrote down."
    ),
    (
        "A touch that stands in one record alone may have been made up by one side, left out by "
        "the other, or never have arrived. The evidence for it stands in that side’s own report."
    ),
    "Touches are compared, and what became of them. Promises, matters and preferences are not.",
)


def reconciliation_rows(
    found: Reconciliation,
    ours: Sequence[Entry],
    theirs: Sequence[Entry],
    words: Words | None = None,
) -> Row:
    """Everything that a reconciliation report says. The entries are those of either record."""
    words, zone = words or Words(), _zone(ours)
    mine, other = _Book(ours, zone, words), _Book(theirs, zone, words)
    pairs = [_pair(p, mine, other) for p in found.pairs]
    contradicting = [row for row in pairs if row["differences"]]
    agreed = [row for row in pairs if not row["differences"]]
    counts = {
        "agreed": len(agreed),
        "contradicting": len(contradicting),
        "only_ours": len(found.only_ours),
        "only_theirs": len(found.only_theirs),
    }
    here, there = _side(found.ours, mine, zone), _side(found.theirs, other, zone)
    return {
        "report": "reconciliation",
        "version": VERSION,
        "title": words.listed(list(dict.fromkeys([here["account"], there["account"]]))),
        "as_of": iso(found.as_of),
        "as_of_local": iso_local(found.as_of, zone),
        "zone": zone,
        "tolerance": words.lasting(found.tolerance.total_seconds()),
        "ours": here,
        "theirs": there,
        "counts": counts,
        "summary": _summary(counts, here, there, words),
        "contradicting": contradicting,
        "agreed": agreed,
        "only_ours": [_lone(one, mine) for one in found.only_ours],
        "only_theirs": [_lone(one, other) for one in found.only_theirs],
        "uncompared": list(_uncompared(found, here, there, words)),
        "isnot": [words(text) for text in IS_NOT],
    }


class _Book:
    """One record's names, and its touches by number."""

    def __init__(self, entries: Iterable[Entry], zone: str, words: Words) -> None:
        kept = list(entries)
        self.zone = zone
        self.words = words
        self.names: Names = names(kept, words)
        self.touches = {e.no: e for e in kept if isinstance(e.fact, Touch)}

    def touch(self, no: int) -> Row:
        entry = self.touches[no]
        fact: Any = entry.fact
        sender = self.names.of(fact.sender or entry.recorder)
        receivers = self.words.listed([self.names.of(to) for to in fact.to])
        return {
            "no": no,
            "at": iso(entry.at),
            "at_local": iso_local(entry.at, self.zone),
            "channel_text": self.words(CHANNELS[fact.channel]),
            "who": self.words("{sender} to {receivers}", sender=sender, receivers=receivers),
            "about": self.names.about(no),
        }


def _zone(entries: Iterable[Entry]) -> str:
    """The zone of the party that keeps our record, else UTC."""
    zone = "UTC"
    for entry in entries:
        if isinstance(entry.fact, Party) and entry.id == entry.recorder:
            zone = entry.fact.zone or zone
    return zone


def _side(compared: Compared, book: _Book, zone: str) -> Row:
    return {
        "account": book.names.account or compared.account[:8],
        "keeper": book.names.of(compared.recorder),
        "entries": compared.entries,
        "touches": compared.touches,
        "until": iso(compared.until),
        "until_local": iso_local(compared.until, zone),
        "partial": compared.partial,
    }


def _pair(pair: Pair, mine: _Book, other: _Book) -> Row:
    words = mine.words
    apart = abs((pair.at[0] - pair.at[1]).total_seconds())
    return {
        "ours": mine.touch(pair.ours),
        "theirs": other.touch(pair.theirs),
        "by": pair.by,
        "by_text": words(word(MATCHED, pair.by)),
        "apart": words.lasting(apart) if apart else "",
        "differences": [_difference(d, mine, other) for d in pair.differences],
        "uncompared": [words(word(UNCOMPARED, what)) for what in pair.uncompared],
    }


def _difference(difference: Difference, mine: _Book, other: _Book) -> Row:
    ours, theirs = (
        _said(value, book) for value, book in ((difference.ours, mine), (difference.theirs, other))
    )
    text = mine.words(DIFFERENCES[difference.what])
    if difference.parties is not None and difference.what == "outcome":
        party = mine.names.of(difference.parties[0])
        text = mine.words("What became of it at {party}", party=party)
    return {"what": difference.what, "text": text, "ours": ours, "theirs": theirs}


def _said(value: object, book: _Book) -> str:
    if isinstance(value, datetime):
        return book.words.moment(iso_local(value, book.zone))
    if isinstance(value, tuple):
        return book.words.listed([book.names.of(person) for person in value])
    return f"{book.words(str(value))} ({book.words(word(OUTCOMES, str(value)))})"


DIFFERENCES = {
    "time": "When it happened",
    "outcome": "What became of it",
    "answered_by": "Who answered",
}
"""What two records tell otherwise."""


def _lone(lone: Lone, book: _Book) -> Row:
    return {**book.touch(lone.no), "possible": list(lone.possible)}


def _summary(counts: Mapping[str, int], here: Row, there: Row, words: Words) -> list[str]:
    agreed, contradicting = counts["agreed"], counts["contradicting"]
    both = agreed + contradicting
    said = [
        words.count(
            both,
            "The record of {ours} holds {touches} between parties, that of {theirs} holds "
            "{others}; {both} stands in both.",
            "The record of {ours} holds {touches} between parties, that of {theirs} holds "
            "{others}; {both} stand in both.",
            ours=here["keeper"],
            touches=_touches(here["touches"], words),
            theirs=there["keeper"],
            others=_touches(there["touches"], words),
            both=_touches(both, words),
        )
    ]
    if both and not contradicting:
        said.append(words("There the two agree in all that could be compared."))
    elif both:
        said.append(
            words.count(
                agreed,
                "Of these {agreed} agrees, and on {contradicting} the two records contradict each "
                "other.",
                "Of these {agreed} agree, and on {contradicting} the two records contradict each "
                "other.",
                agreed=words.number(agreed) if agreed else words("none"),
                contradicting=words.number(contradicting),
            )
        )
    for key, side in (("only_ours", here), ("only_theirs", there)):
        if counts[key]:
            text = words.count(
                counts[key],
                "{n} touch stands in the record of {keeper} alone.",
                "{n} touches stand in the record of {keeper} alone.",
                keeper=side["keeper"],
            )
            said.append(text)
    return said


def _touches(count: int, words: Words) -> str:
    return words.count(count, "{n} touch", "{n} touches")


def _uncompared(found: Reconciliation, here: Row, there: Row, words: Words) -> Iterable[Row]:
    """What the comparison could not see, side by side, with the entries concerned."""
    for side, row, other in ((found.ours, here, there), (found.theirs, there, here)):
        yield from _unseen(side, row["keeper"], other["keeper"], words)
    for what, text in UNCOMPARED.items():
        nos = [pair.ours for pair in found.pairs if what in pair.uncompared]
        if nos:
            touches, told = _touches(len(nos), words), words(text)
            yield _noted(
                words("Not compared for {touches} in both: {what}.", touches=touches, what=told),
                nos,
            )


def _unseen(side: Compared, keeper: str, other: str, words: Words) -> Iterable[Row]:
    if side.partial:
        text = words(
            "Only some of the entries in the record of {keeper} were given: what is not among "
            "them may still be in it, and outcomes were not compared.",
            keeper=keeper,
        )
        yield _noted(text)
    if side.later:
        text = words(
            "{touches} in the record of {keeper} came, or came on record, after the moment of "
            "this comparison.",
            touches=_touches(len(side.later), words),
            keeper=keeper,
        )
        yield _noted(text, side.later)
    if side.nameless:
        text = words(
            "Of {touches} in the record of {keeper} neither ids nor people are disclosed: they "
            "could be matched by parties, channel and time alone.",
            touches=_touches(len(side.nameless), words),
            keeper=keeper,
        )
        yield _noted(text, side.nameless)
    if side.elsewhere:
        text = words(
            "{touches} in the record of {keeper} passed between others than {other}, which need "
            "not know of them.",
            touches=_touches(len(side.elsewhere), words),
            keeper=keeper,
            other=other,
        )
        yield _noted(text, side.elsewhere)


def _noted(text: str, because: Iterable[int] = ()) -> Row:
    return {"text": text, "because": list(because)}
