"""Promises: what was promised, for which outcome, by when, what came of it, and who says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from contactledger.report.document import (
    Column,
    Document,
    Section,
    Span,
    Table,
    TableRow,
    Text,
    joined,
)
from contactledger.report.kind_parts import (
    head,
    laid_out,
    none_or,
    rules,
    sentences,
    when,
)
from contactledger.report.phrases import PROMISES
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("count", "promises", "rules")


def rows(proof: Row, _: Row) -> Row:
    """The rows of the kind, from those of a proof of contact."""
    counted = Counter((p["promiser"]["id"], p["state"]) for p in proof["promises"])
    return {
        **head("promises", proof),
        "count": [
            {**party, **{state: counted[party["id"], state] for state in PROMISES}}
            for party in proof["parties"]
        ],
        "promises": proof["promises"],
        "rules": sentences(proof),
    }


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    return laid_out(words, data, words("Promises"), _sections(data, words))


def _sections(data: Row, words: Words) -> Iterator[Section]:
    columns = [Column(words("Who promised"), 2)]
    columns += [Column(words(text), 1, "end") for text in PROMISES.values()]

    def line(c: Row) -> TableRow:
        counts = [words.number(c[state]) if c[state] else "–" for state in PROMISES]
        return TableRow([(Span(c["name"]),), *counts])

    count = Table.of(columns, data["count"], line)
    yield Section(
        words("Both sides in the same columns"),
        [none_or(count, words("No party is on record."))],
        name="count",
    )
    columns = [
        Column(words("Entry")),
        Column(words("Who promised what"), 3),
        Column(words("For which outcome"), 2),
        Column(words("Due"), 2),
        Column(words("State"), 2),
        Column(words("Who says so"), 2),
    ]
    table = Table.of(columns, data["promises"], lambda p: _promise(p, words))
    every = none_or(table, words("No promise is on record."))
    yield Section(words("Every promise"), [every], name="promises")
    codes = [code for p in data["promises"] for code in p["rules"]]
    yield from rules(words, codes, data["rules"])


def _promise(p: Row, words: Words) -> TableRow:
    what: Text = [Span(p["promiser"]["name"]), " → ", Span(p["promisee"]["name"]), ": ",
                  Span(p["what"])]  # fmt: skip
    said = [
        (Span(w["party"]["name"]), f": {words(str(w['word']))} ", Span(f"[{w['no']}]", "cite"))
        for w in p["words"]
    ]
    state: list[str | Span] = [
        Span(words(PROMISES[p["state"]]), "strong"), Span(f", {words(p['grade'])}", "soft"),
    ]  # fmt: skip
    if p["held_by"]:
        state += ["; ", words("held by"), " ", Span(p["held_by"]["name"])]
    return TableRow(
        [
            f"[{p['no']}]",
            what,
            (Span(p["outcome"]),) if p["outcome"] else "–",
            when(words, p, "due") if p["due"] else words("no date"),
            state,
            joined(said, "; ") or words("nobody yet"),
        ]
    )
