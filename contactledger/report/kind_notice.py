"""Who was told about a feature or an outage, over all accounts: each party and each person of it,
in the states of `contactledger.questions.TOLD_STATES`; the judge says who is in which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from contactledger.questions import TOLD_STATES, Told, ToldRow
from contactledger.report.answers import TOLD
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
MEANING = {
    "answered": "somebody of them, or the person, answered",
    "seen": "a system showed it to a person",
    "ignored": "it arrived and wanted something, its time is up, somebody listened, nothing came",
    "pending": "it wants something, and its time is not up",
    "told": "it arrived, and nothing more was wanted, or a colleague answered",
    "unproven": "no report says that it came to anybody",
    "unreached": "everything that was sent came back",
    "never_told": "there was no touch about it",
}


def account_rows(account: Row, told: Sequence[Told], called: Names) -> Row:
    """What one account was told, from the answers about everything that bears the name asked for.

    `account`: its id and name. Of several answers the one that shows most speaks.
    """
    best: dict[str, dict[str | None, Row]] = {}
    for answer in told:
        for row in answer.rows:
            people = best.setdefault(row.party, {})
            people[row.person] = _better(people.get(row.person), row)
    return {
        "account": account,
        "parties": [
            {
                "party": _named(party, called),
                **people.pop(None),
                "people": [
                    {"person": _named(person or "", called), **row}
                    for person, row in people.items()
                ],
            }
            for party, people in best.items()
        ],
    }


def _named(id_: str, called: Names) -> Row:
    return {"id": id_, "name": called.of(id_)}


def _better(known: Row | None, row: ToldRow) -> Row:
    if known is None or TOLD_STATES.index(row.state) < TOLD_STATES.index(known["state"]):
        return {"state": row.state, "because": list(row.because)}
    if row.state == known["state"]:
        return {"state": row.state, "because": sorted({*known["because"], *row.because})}
    return known


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
            {"state": code, "parties": counted[code], "people": persons[code]}
            for code in TOLD_STATES
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
        return TableRow([words(TOLD[c["state"]]), *numbers])

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
        (Span(words(TOLD[code]), "strong"), ": ", words(text)) for code, text in MEANING.items()
    ]
    yield Section(words("The words"), [Listing(meaning)], name="words")
    yield is_not(words, data["isnot"])


def _line(account: Row, party: Row, words: Words) -> TableRow:
    people = [
        (Span(row["person"]["name"]), ": ",
         *_flat(cited(words(TOLD[row["state"]]), row["because"])))
        for row in party["people"]
    ]  # fmt: skip
    return TableRow(
        [
            (Span(account["account"]["name"]),),
            (Span(party["party"]["name"]),),
            cited(words(TOLD[party["state"]]), party["because"]),
            joined(people, "; ") or "–",
        ]
    )


def _flat(text: Text) -> Iterator[str | Span]:
    yield from [text] if isinstance(text, str) else text
