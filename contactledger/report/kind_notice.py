"""Who was told about a feature or an outage, over all accounts: told, saw it, ignored it, could
not be reached, never told; each party and each person of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from contactledger.facts import Entry, Person
from contactledger.report.document import (
    Column,
    Document,
    Facts,
    Listing,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
    Text,
    cited,
    joined,
)
from contactledger.report.kind_parts import is_not
from contactledger.report.names import Names
from contactledger.report.phrases import NOT, clean
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("count", "accounts", "words")
STATES = {
    "saw_it": "saw it",
    "told": "told",
    "ignored": "ignored it",
    "unreached": "could not be reached",
    "never_told": "never told",
}
"""Code → words; the first that fits stands for a party, the furthest of its people."""
MEANING = {
    "saw_it": "a person answered, or a system showed it to a person",
    "told": "it was sent, and nothing says that it failed",
    "ignored": "it arrived, an answer was due, the collector listened, and nothing came back",
    "unreached": "every attempt failed",
    "never_told": "no touch about it was made to them",
}


def account_rows(proof: Row, entries: Iterable[Entry], called: Names, about: str) -> Row:
    """What one account was told about a topic; `proof`: the rows of its proof of contact.

    Whoever told is no receiver: a party that made a touch about it is left out, unless it was
    told as well.
    """
    about_it = [
        f for f in proof["findings"] if about in f["topics"] or about in _names_of(f["matter"])
    ]
    people: dict[str, dict[str, str]] = {}
    for entry in entries:
        if isinstance(entry.fact, Person) and entry.fact.party:
            people.setdefault(entry.fact.party, {})[entry.id] = called.of(entry.id)
    tellers = {f["sender"]["id"] for f in about_it} or {proof["parties"][0]["id"]} if (
        proof["parties"]
    ) else set()  # fmt: skip
    told = {f["receiver"]["id"] for f in about_it}
    return {
        "account": proof["account"],
        "parties": [
            _party(p, [f for f in about_it if f["receiver"]["id"] == p["id"]],
                   people.get(p["id"], {}))
            for p in proof["parties"]
            if p["id"] in told or p["id"] not in tellers
        ],
    }  # fmt: skip


def _names_of(matter: Row) -> tuple[str, str]:
    return matter["id"], matter["name"]


def _party(party: Row, got: list[Row], people: dict[str, str]) -> Row:
    rows = []
    for person, name in people.items():
        states = [
            (_state(row["reach"], f["outcome"]), f["no"])
            for f in got
            for row in f["people"]
            if row["id"] == person and (row["addressed"] or row["reach"] in ("seen", "answered"))
        ]
        state = next((code for code in STATES if any(s == code for s, _ in states)), "never_told")
        because = sorted({no for s, no in states if s == state})
        rows.append({"person": {"id": person, "name": name}, "state": state, "because": because})
    whole = [(_state(f["reach"], f["outcome"]), f["no"]) for f in got]
    state = next((code for code in STATES if any(s == code for s, _ in whole)), "never_told")
    return {
        "party": party,
        "state": state,
        "people": rows,
        "because": sorted({no for s, no in whole if s == state}),
    }


def _state(reach: str, outcome: str) -> str:
    if reach in ("seen", "answered"):
        return "saw_it"
    if reach == "failed":
        return "unreached"
    return "ignored" if outcome == "ignored" else "told"


def rows(accounts: list[Row], about: str, as_of: str, as_of_local: str, zone: str) -> Row:
    """The rows of the kind, from those of each account."""
    counted = Counter(p["state"] for a in accounts for p in a["parties"])
    persons = Counter(row["state"] for a in accounts for p in a["parties"] for row in p["people"])
    return {
        "report": "notice-coverage",
        "version": 1,
        "about": clean(about),
        "as_of": as_of,
        "as_of_local": as_of_local,
        "zone": zone,
        "count": [
            {"state": code, "parties": counted[code], "people": persons[code]} for code in STATES
        ],
        "accounts": accounts,
        "people": [
            {"account": a["account"], "party": p["party"], **row}
            for a in accounts
            for p in a["parties"]
            for row in p["people"]
        ],
        "isnot": list(NOT),
    }


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    when = words.moment(data["as_of_local"], data["as_of"])
    label = words("Who was told")
    return Document(
        label=label,
        title=data["about"],
        subtitle=words.count(len(data["accounts"]), "{n} account", "{n} accounts"),
        facts=Facts([(words("As of"), (when, Span(f" {data['zone']}", "soft")))]),
        sections=list(_sections(data, words)),
        running=(f"{label}, {data['about']}", words("as of {date}", date=when)),
        closing=words("Numbers in brackets are entries of the log of the account beside them."),
        lang=words.lang,
    )


def _sections(data: Row, words: Words) -> Iterator[Section]:
    columns = [
        Column(words("What became of it"), 3),
        Column(words("Parties"), 1, "end"),
        Column(words("People"), 1, "end"),
    ]

    def count(c: Row) -> TableRow:
        numbers = [words.number(c[key]) if c[key] else "–" for key in ("parties", "people")]
        return TableRow([words(STATES[c["state"]]), *numbers])

    yield Section(words("In numbers"), [Table.of(columns, data["count"], count)], name="count")
    columns = [
        Column(words("Account"), 2),
        Column(words("Party"), 2),
        Column(words("What became of it"), 2),
        Column(words("Its people"), 4),
    ]
    lines = [(a, p) for a in data["accounts"] for p in a["parties"]]
    table = Table.of(columns, lines, lambda line: _line(*line, words))
    every = table if table.rows else Paragraph(words("No account has a party to be told."))
    yield Section(words("Account by account"), [every], name="accounts")
    meaning: list[Text] = [
        (Span(words(text), "strong"), ": ", words(MEANING[code])) for code, text in STATES.items()
    ]
    yield Section(words("The words"), [Listing(meaning)], name="words")
    yield is_not(words, data["isnot"])


def _line(account: Row, party: Row, words: Words) -> TableRow:
    people = [
        (Span(row["person"]["name"]), ": ",
         *_flat(cited(words(STATES[row["state"]]), row["because"])))
        for row in party["people"]
    ]  # fmt: skip
    return TableRow(
        [
            (Span(account["account"]["name"]),),
            (Span(party["party"]["name"]),),
            cited(words(STATES[party["state"]]), party["because"]),
            joined(people, "; ") or "–",
        ]
    )


def _flat(text: Text) -> Iterator[str | Span]:
    yield from [text] if isinstance(text, str) else text
