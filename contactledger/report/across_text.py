"""The answers over all accounts in sentences, for a terminal.

`text` takes the rows of a question as `contactledger.across_rows` has them, with their personal
columns; where a name was erased or never given, the first letters of the id stand for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from textwrap import fill
from typing import Any

from attrs import Factory, frozen

from contactledger.report.answers import CITED, TOLD, WIDTH
from contactledger.report.phrases import CHANNELS, PURPOSES, clean, iso_local, word
from contactledger.report.words import Words

Row = Mapping[str, Any]


@frozen
class Found:
    """What was found: the `question`, how many rows in how many accounts, and the first of them.

    `as_of`: the moment that was judged at, `zone` that of all times. `rules`: code → sentence.
    """

    question: str
    count: int
    accounts: int
    rows: Sequence[Row]
    as_of: datetime
    zone: str = "UTC"
    rules: Mapping[str, str] = Factory(dict)


def text(found: Found, words: Words) -> str:
    """A line that counts, and a sentence for each row, in lines of 88 columns, ending in LF."""
    page = _Page(found, words)
    head = words(
        "{what} in {accounts}, as of {when} {zone}",
        what=_counted(found, words),
        accounts=words.count(found.accounts, "{n} account", "{n} accounts"),
        when=page.when(found.as_of),
        zone=found.zone,
    )
    if len(found.rows) < found.count:
        head += words("; the first {n}", n=words.number(len(found.rows)))
    sentence: Callable[[Row], str] = getattr(page, found.question)
    lines = [head[:1].upper() + head[1:] + (":" if found.rows else ".")]
    for row in found.rows:
        said = f"{page.account(row)}: {sentence(row)}{_cited(row)}."
        lines.append(fill(said, WIDTH, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(lines) + "\n"


def _counted(found: Found, words: Words) -> str:
    n = found.count
    return {
        "ignored": words.count(n, "{n} silence", "{n} silences"),
        "waiting": words.count(
            n, "{n} question without an answer", "{n} questions without an answer"
        ),
        "turns": words.count(n, "{n} open matter", "{n} open matters"),
        "told": words.count(n, "{n} party or person", "{n} parties and people"),
    }[found.question]


def _cited(row: Row) -> str:
    because = row["because"][:CITED] if "because" in row else [row["no"]] if "no" in row else []
    return f" [{', '.join(map(str, because))}]" if because else ""


@frozen
class _Page:
    """The sentences; they share the zone and the language."""

    found: Found
    words: Words

    def when(self, moment: datetime) -> str:
        local = iso_local(moment, self.found.zone)
        return f"{self.words.date(local)} {local[11:16]}"

    def account(self, row: Row) -> str:
        return clean(row["account"])

    def ignored(self, row: Row) -> str:
        text = self.words(
            "{party} ignored what came from {sender} on {when}",
            party=_name(row, "party"),
            sender=_name(row, "sender"),
            when=self.when(row["at_utc"]),
        )
        due = self.words("; due {when}", when=self.when(row["due_utc"]))
        return f"{text}{self.what(row)}{due}{self.reminded(row)}{self.counted(row, 'party')}"

    def waiting(self, row: Row) -> str:
        words = self.words
        text = words(
            "{owed} waits for {owes}, since {when}",
            owed=_name(row, "owed"),
            owes=_name(row, "owes"),
            when=self.when(row["at_utc"]),
        )
        text += self.what(row)
        due = row["due_utc"]
        if due is not None and due < self.found.as_of:
            text += words("; overdue since {when}", when=self.when(due))
        elif due is not None:
            text += words("; due {when}", when=self.when(due))
        return f"{text}{self.reminded(row)}{self.counted(row, 'owes')}"

    def turns(self, row: Row) -> str:
        words = self.words
        party = _name(row, "party") if row["party"] else words("nobody")
        text = words("{party} must act", party=party) if row["party"] else party
        if row["title"]:
            text = words("“{title}”, {text}", title=row["title"], text=text)
        if row["since_utc"] is not None:
            text += words(", since {when}", when=self.when(row["since_utc"]))
        if row["until_utc"] is not None:
            text += words(", until {when}", when=self.when(row["until_utc"]))
        rule = words(self.found.rules.get(row["rule"], ""))
        return f"{text}. {rule.rstrip('.')}" if rule else text

    def told(self, row: Row) -> str:
        words, party = self.words, _name(row, "party")
        who = party
        if row["person"]:
            who = words("{person} of {party}", person=_name(row, "person"), party=party)
        return words("{who}, {state}", who=who, state=words(TOLD[row["state"]]))

    def what(self, row: Row) -> str:
        words, about = self.words, row["about"]
        channel, purpose = word(CHANNELS, row["channel"]), word(PURPOSES, row["purpose"])
        text = words(" about “{about}”", about=about) if about else ""
        return f"{text} ({words(channel)}, {words(purpose)})"

    def reminded(self, row: Row) -> str:
        if not row["reminders"]:
            return ""
        return ", " + self.words.count(row["reminders"], "{n} reminder", "{n} reminders")

    def counted(self, row: Row, party: str) -> str:
        if not row["held_against"]:
            return ""
        return self.words("; it counts against {party}", party=_name(row, party))


def _name(row: Row, column: str) -> str:
    return row[f"{column}_name"] or str(row[column])[:8]
