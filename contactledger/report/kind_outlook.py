"""The outlook: what a party should do next, and where the relationship is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contactledger.report.document import (
    Block,
    Document,
    Facts,
    Listing,
    Paragraph,
    Section,
    Span,
    Text,
    said,
)
from contactledger.report.kind_parts import MADE_OF_ACCOUNT, is_not
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("steps", "relationship", "plan", "cadence", "rules")


def document(data: Row, words: Words) -> Document:
    """The rows of `outlook.outlook_rows` as a document."""
    label = words("What to do next")
    name = data["account"]["name"]
    moment = words.moment(data["as_of_local"], data["as_of"])
    party = (Span(data["party"]["name"]),)
    return Document(
        label=label,
        title=name,
        subtitle=words.day(data["as_of_local"]),
        facts=Facts(
            [
                (words("For whom"), party),
                (words("As of"), (moment, Span(f" {data['zone']}", "soft"))),
            ]
        ),
        sections=[*_sections(data, words), is_not(words, data["isnot"])],
        running=(f"{label}, {name}", words("as of {date}", date=words.date(data["as_of_local"]))),
        closing=words(MADE_OF_ACCOUNT),
        lang=words.lang,
    )


def _sections(data: Row, words: Words) -> Iterator[Section]:
    steps = _lines(data["steps"], words, words("Nothing waits to be done."))
    yield Section(words("What to do next"), [steps], name="steps")
    remarks = _lines(data["remarks"], words, words("Nothing is worth a word."))
    yield Section(words("Where the relationship is"), [remarks], name="relationship")
    if data["plan"]:
        yield Section(words("The plan"), [_lines(data["plan"], words)], name="plan")
    if data["cadences"]:
        title = words("What is owed again and again")
        yield Section(title, [_lines(data["cadences"], words)], name="cadence")
    if data["rules"]:
        pairs: list[tuple[Text, Text]] = [(rule["code"], rule["text"]) for rule in data["rules"]]
        yield Section(words("The rules, in plain words"), [Facts(pairs)], name="rules")


def _lines(rows: list[Row], words: Words, empty: str = "") -> Block:
    """Sentences, each with the codes of its rules."""
    if not rows:
        return Paragraph(empty)
    return Listing([(*_told(row), _rules(row, words)) for row in rows])


def _told(row: Row) -> Iterator[str | Span]:
    text = said(row["said"])
    yield from [text] if isinstance(text, str) else text


def _rules(row: Row, words: Words) -> Span:
    codes = row["rules"]
    told = words.count(len(codes), "Rule {codes}.", "Rules {codes}.", codes=", ".join(codes))
    return Span(f" {told}" if codes else "", "soft")
