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
    clock,
    date,
    iso,
    iso_local,
    lasting,
    listed,
    number,
    word,
)

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
    found: Reconciliation, ours: Sequence[Entry], theirs: Sequence[Entry]
) -> Row:
    """Everything that a reconciliation report says. The entries are those of either record."""
    zone = _zone(ours)
    mine, other = _Book(ours, zone), _Book(theirs, zone)
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
        "title": " and ".join(dict.fromkeys([here["account"], there["account"]])),
        "as_of": iso(found.as_of),
        "as_of_local": iso_local(found.as_of, zone),
        "zone": zone,
        "tolerance": lasting(found.tolerance),
        "ours": here,
        "theirs": there,
        "counts": counts,
        "summary": _summary(counts, here, there),
        "contradicting": contradicting,
        "agreed": agreed,
        "only_ours": [_lone(one, mine) for one in found.only_ours],
        "only_theirs": [_lone(one, other) for one in found.only_theirs],
        "uncompared": list(_uncompared(found, here, there)),
        "isnot": list(IS_NOT),
    }


class _Book:
    """One record's names, and its touches by number."""

    def __init__(self, entries: Iterable[Entry], zone: str) -> None:
        kept = list(entries)
        self.zone = zone
        self.names: Names = names(kept)
        self.touches = {e.no: e for e in kept if isinstance(e.fact, Touch)}

    def touch(self, no: int) -> Row:
        entry = self.touches[no]
        fact: Any = entry.fact
        sender = self.names.of(fact.sender or entry.recorder)
        return {
            "no": no,
            "at": iso(entry.at),
            "at_local": iso_local(entry.at, self.zone),
            "channel_text": CHANNELS[fact.channel],
            "who": f"{sender} to {listed([self.names.of(to) for to in fact.to])}",
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
    return {
        "ours": mine.touch(pair.ours),
        "theirs": other.touch(pair.theirs),
        "by": pair.by,
        "by_text": word(MATCHED, pair.by),
        "apart": lasting(pair.at[0] - pair.at[1]) if pair.at[0] != pair.at[1] else "",
        "differences": [_difference(d, mine, other) for d in pair.differences],
        "uncompared": [word(UNCOMPARED, what) for what in pair.uncompared],
    }


def _difference(difference: Difference, mine: _Book, other: _Book) -> Row:
    ours, theirs = (
        _said(value, book) for value, book in ((difference.ours, mine), (difference.theirs, other))
    )
    text = {
        "time": "When it happened",
        "outcome": "What became of it",
        "answered_by": "Who answered",
    }[difference.what]
    if difference.parties is not None and difference.what == "outcome":
        text = f"{text} at {mine.names.of(difference.parties[0])}"
    return {"what": difference.what, "text": text, "ours": ours, "theirs": theirs}


def _said(value: object, book: _Book) -> str:
    if isinstance(value, datetime):
        local = iso_local(value, book.zone)
        return f"{date(local)}, {clock(local)}"
    if isinstance(value, tuple):
        return listed([book.names.of(person) for person in value])
    return f"{value} ({word(OUTCOMES, str(value))})"


def _lone(lone: Lone, book: _Book) -> Row:
    return {**book.touch(lone.no), "possible": list(lone.possible)}


def _summary(counts: Mapping[str, int], here: Row, there: Row) -> list[str]:
    agreed, contradicting = counts["agreed"], counts["contradicting"]
    both = agreed + contradicting
    whole = (
        f"The record of {here['keeper']} holds {_touches(here['touches'])} between parties, that "
        f"of {there['keeper']} holds {_touches(there['touches'])}; {_touches(both)} "
        f"{_stand(both)} in both."
    )
    said = [whole]
    if both and not contradicting:
        said.append("There the two agree in all that could be compared.")
    elif both:
        agree = f"{agreed or 'none'} {'agrees' if agreed == 1 else 'agree'}"
        said.append(
            f"Of these {agree}, and on {contradicting} the two records contradict each other."
        )
    for key, side in (("only_ours", here), ("only_theirs", there)):
        alone = counts[key]
        if alone:
            text = f"{_touches(alone)} {_stand(alone)} in the record of {side['keeper']} alone."
            said.append(text[:1].upper() + text[1:])
    return said


def _touches(count: int) -> str:
    return number(count, "touch", "touches")


def _stand(count: int) -> str:
    return "stands" if count == 1 else "stand"


def _uncompared(found: Reconciliation, here: Row, there: Row) -> Iterable[Row]:
    """What the comparison could not see, side by side, with the entries concerned."""
    for side, row, other in ((found.ours, here, there), (found.theirs, there, here)):
        yield from _unseen(side, f"in the record of {row['keeper']}", other["keeper"])
    for what, text in UNCOMPARED.items():
        nos = [pair.ours for pair in found.pairs if what in pair.uncompared]
        if nos:
            yield _noted(f"Not compared for {_touches(len(nos))} in both: {text}.", nos)


def _unseen(side: Compared, where: str, other: str) -> Iterable[Row]:
    if side.partial:
        yield _noted(
            f"Only some of the entries {where} were given: what is not among them may still be "
            "in it, and outcomes were not compared."
        )
    if side.later:
        yield _noted(
            f"{_touches(len(side.later)).capitalize()} {where} came, or came on record, after the "
            "moment of this comparison.",
            side.later,
        )
    if side.nameless:
        yield _noted(
            f"Of {_touches(len(side.nameless))} {where} neither ids nor people are disclosed: "
            "they could be matched by parties, channel and time alone.",
            side.nameless,
        )
    if side.elsewhere:
        yield _noted(
            f"{_touches(len(side.elsewhere)).capitalize()} {where} passed between others than "
            f"{other}, which need not know of them.",
            side.elsewhere,
        )


def _noted(text: str, because: Iterable[int] = ()) -> Row:
    return {"text": text, "because": list(because)}
