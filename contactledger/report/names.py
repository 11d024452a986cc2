"""The names that findings leave out: ids → what people call them.

Findings hold ids alone, so that a verdict holds nothing personal. A report looks the names
up in the entries it was given; where a personal value was erased it says "[redacted]", and
where nobody ever gave a name it shows the first eight characters of the id. An exchange that
begins with a touch about nothing is called by its channel and purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import Factory, frozen

from contactledger.facts import (
    Entry,
    Matter,
    Milestone,
    Opened,
    Party,
    Person,
    Promise,
    Signal,
    Touch,
)
from contactledger.report.phrases import CHANNELS, CUT, PURPOSES, clean, word
from contactledger.report.words import Words

REDACTED = "[redacted]"


@frozen
class Line:
    """What an entry says of its own making: who wrote it down, from which source, how
    authenticated, in whose system; for a touch also what it was about."""

    kind: str
    recorder: str
    source: str
    auth: str
    system: str
    about: str = ""
    sender: str = ""
    channel: str = ""


@frozen
class Names:
    """Display names by id, lines by entry number; `account` is the log's own name."""

    account: str = ""
    called: Mapping[str, str] = Factory(dict)
    lines: Mapping[int, Line] = Factory(dict)
    outcomes: Mapping[int, str] = Factory(dict)
    """Entry number of a promise → the outcome it is for."""
    numbers: Mapping[str, int] = Factory(dict)
    """Id of a touch → its entry number."""
    zones: Mapping[str, str] = Factory(dict)
    """Zone of a party or person, where one is recorded."""

    def of(self, ref: str | None) -> str:
        """The display name of an id; a short id where none is known, "" for None."""
        if ref is None:
            return ""
        return self.called.get(ref) or ref[:8]

    def about(self, no: int) -> str:
        """What the touch of that entry was about, or ""."""
        line = self.lines.get(no)
        return line.about if line else ""


def _text(words: Words, entry: Entry, *fields: str) -> str:
    """The first personal field with a value; "[redacted]" if none has and one is gone."""
    for field in fields:
        value = getattr(entry.fact, field)
        value = value.subject if field == "message" and value is not None else value
        if value:
            return clean(value, cut=words(CUT))
    gone = any(field in fields for field, _ in entry.gone)
    return words(REDACTED) if gone else ""


def _kind_of(touch: Touch, words: Words) -> str:
    """What an exchange is called that begins with a touch about nothing: "phone, outage"."""
    return f"{words(word(CHANNELS, touch.channel))}, {words(word(PURPOSES, touch.purpose))}"


_NAMED_BY: dict[type, str] = {
    Party: "name",
    Person: "name",
    Matter: "title",
    Milestone: "name",
    Promise: "what",
}


def names(entries: Iterable[Entry], words: Words | None = None) -> Names:
    """The names that the given entries hold, later versions before earlier ones.

    `words`: of the language that says what was erased or cut off.

    A version that gives no name keeps the last one given; one whose name was erased has none.

    Entries are read in the order given (by number, as a log gives them). An alias renames
    nothing here: findings already bear the id that stays, and a report must not show one
    party under the name of another on anybody's word.
    """
    called: dict[str, str] = {}
    lines: dict[int, Line] = {}
    outcomes: dict[int, str] = {}
    numbers: dict[str, int] = {}
    zones: dict[str, str] = {}
    account = ""
    titled: set[str] = set()
    words = words or Words()
    for entry in entries:
        fact = entry.fact
        if isinstance(fact, Touch):
            about = _text(words, entry, "about", "message")
            lines[entry.no] = Line(
                entry.kind, entry.recorder, fact.source or "", fact.auth, fact.system,
                about, fact.sender or entry.recorder, fact.channel,
            )  # fmt: skip
            called[entry.id] = about or _kind_of(fact, words)
            numbers[entry.id] = entry.no
            continue
        if isinstance(fact, Signal):
            lines[entry.no] = Line(
                entry.kind, entry.recorder, fact.source or "", fact.auth, fact.system
            )
            continue
        lines[entry.no] = Line(entry.kind, entry.recorder, "", "none", "hand")
        field = _NAMED_BY.get(type(fact))
        if field:
            title = _text(words, entry, field)
            if title:
                called[entry.id] = title
                titled.add(entry.id)
            elif entry.id not in titled:  # a key stands in where nobody gave a name
                called[entry.id] = _text(words, entry, "key") or called.get(entry.id, "")
        if isinstance(fact, Party | Person) and fact.zone:
            zones[entry.id] = fact.zone
        elif isinstance(fact, Promise):
            outcomes[entry.no] = _text(words, entry, "outcome")
        elif isinstance(fact, Opened):
            account = _text(words, entry, "name")
    return Names(account, called, lines, outcomes, numbers, zones)
