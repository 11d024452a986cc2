"""The health of a ledger: where it was blind, what waits to be matched, what contradicts itself.

What stands here weakens reports: silence while blind proves nothing, and what was not matched is
on nobody's record. No names, no addresses: accounts, collectors, sources and counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from contactledger.findings import Standing
from contactledger.report.document import (
    Column,
    Document,
    Facts,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
    Text,
)
from contactledger.report.kind_parts import is_not, none_or, of_time, when
from contactledger.report.phrases import CHANNELS, NOT, clean, iso, iso_local
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("coverage", "waiting", "accounts")
GAP_STATES = {
    "blind": "blind",
    "caught_up": "blind, and fetched afterwards",
    "assumed": "assumed to have listened",
}
INBOX = {
    "new": "not gone through yet",
    "ambiguous": "fits more than one touch",
    "unknown": "fits no touch",
    "failed": "could not be parsed",
    "conflict": "contradicts what is on record",
}


def account_rows(standing: Standing, name: str, entries: int) -> Row:
    """How sound one account's record is, as counts with their entries."""
    found = standing.findings
    return {
        "account": {"id": standing.account, "name": clean(name) or standing.account[:8]},
        "entries": entries,
        "touches": len({f.no for f in found}),
        "unproven": [f.no for f in found if f.outcome == "unproven"],
        "contested": sorted({no for f in found for no in f.contested}),
        "conflicting": [f.no for f in found if "conflicting_evidence" in f.notes],
        "possible": [f.no for f in found if f.possible],
    }


def gap_rows(standing: Standing, zone: str) -> list[Row]:
    """The times without a listener, as the collectors of a ledger have them."""
    return [
        {
            "collector": g.collector,
            "channels": [str(c) for c in g.channels],
            "since": iso(g.since),
            "since_local": iso_local(g.since, zone),
            "until": None if g.until is None else iso(g.until),
            "until_local": None if g.until is None else iso_local(g.until, zone),
            "state": g.state,
        }
        for g in standing.gaps
    ]


def rows(
    accounts: list[Row],
    gaps: list[Row],
    waiting: Mapping[str, Mapping[str, int]],
    forged: int,
    as_of: str,
    as_of_local: str,
    zone: str,
) -> Row:
    """The rows of the kind. `waiting`: source → state → bodies; `forged`: refused ones."""
    return {
        "report": "ledger-health",
        "version": 1,
        "as_of": as_of,
        "as_of_local": as_of_local,
        "zone": zone,
        "accounts": accounts,
        "gaps": sorted(_joined(gaps), key=lambda g: (g["since"], g["collector"])),
        "waiting": [
            {"source": clean(source), "state": clean(state), "count": count}
            for source, states in sorted(waiting.items())
            for state, count in sorted(states.items())
        ],
        "forged": forged,
        "isnot": list(NOT),
    }


def _joined(gaps: list[Row]) -> list[Row]:
    """Times of one kind that overlap as one: each account has those of its own, which begin with
    its first touch, and of many accounts nobody wants to read all."""
    kinds: dict[tuple[str, ...], list[Row]] = {}
    for gap in sorted(gaps, key=lambda g: of_time(g["since"])):
        alike = kinds.setdefault((gap["collector"], gap["state"], *gap["channels"]), [])
        last = alike[-1] if alike else None
        if last is None or _ends(last) < of_time(gap["since"]):
            alike.append(gap)
        elif _ends(last) < _ends(gap):
            alike[-1] = {**last, "until": gap["until"], "until_local": gap["until_local"]}
    return [gap for alike in kinds.values() for gap in alike]


def _ends(gap: Row) -> datetime:
    """When it ends; one that goes on never does."""
    return of_time(gap["until"]) if gap["until"] else datetime.max.replace(tzinfo=UTC)


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    moment = words.moment(data["as_of_local"], data["as_of"])
    label = words("Ledger health")
    count = words.count(len(data["accounts"]), "{n} account", "{n} accounts")
    facts: list[tuple[Text, Text]] = [
        (words("As of"), (moment, Span(f" {data['zone']}", "soft"))),
        (words("Reports refused as forged"), words.number(data["forged"])),
    ]
    return Document(
        label=label,
        title=label,
        subtitle=count,
        facts=Facts(facts),
        sections=list(_sections(data, words)),
        running=(label, words("as of {date}", date=moment)),
        closing=words("Numbers in brackets are entries of the log of the account beside them."),
        lang=words.lang,
    )


def _sections(data: Row, words: Words) -> Iterator[Section]:
    columns = [
        Column(words("Collector"), 2),
        Column(words("Channels"), 2),
        Column(words("Since"), 2),
        Column(words("Until"), 2),
        Column(words("State"), 2),
    ]

    def gap(g: Row) -> TableRow:
        return TableRow(
            [
                g["collector"] or words("none on record"),
                ", ".join(words(CHANNELS[c]) for c in g["channels"]) or "–",
                when(words, g, "since"),
                when(words, g, "until") if g["until"] else words("now"),
                (Span(words(GAP_STATES[g["state"]]), "strong"),),
            ]
        )

    table = Table.of(columns, data["gaps"], gap)
    whole = words("No time is on record at which nobody listened.")
    yield Section(words("When nobody listened"), [none_or(table, whole)], name="coverage")
    columns = [
        Column(words("Source"), 2),
        Column(words("State"), 4),
        Column(words("Reports"), 1, "end"),
    ]

    def line(w: Row) -> TableRow:
        state = words(INBOX[w["state"]] if w["state"] in INBOX else w["state"])
        return TableRow([w["source"], state, words.number(w["count"])])

    table = Table.of(columns, data["waiting"], line)
    none = words("Nothing waits: every report was matched.")
    yield Section(words("What is not matched"), [none_or(table, none)], name="waiting")
    columns = [
        Column(words("Account"), 3),
        Column(words("Entries"), 1, "end"),
        Column(words("Touches"), 1, "end"),
        Column(words("Unproven"), 2),
        Column(words("Contested"), 2),
        Column(words("Contradictory"), 2),
        Column(words("May be answered"), 2),
    ]
    table = Table.of(columns, data["accounts"], lambda a: _account(a, words))
    every = table if table.rows else Paragraph(words("There is no account."))
    yield Section(words("Account by account"), [every], name="accounts")
    yield is_not(words, data["isnot"])


def _account(a: Row, words: Words) -> TableRow:
    counts = [_cited(a[key], words) for key in ("unproven", "contested", "conflicting", "possible")]
    return TableRow(
        [
            (Span(a["account"]["name"]),),
            words.number(a["entries"]),
            words.number(a["touches"]) if a["touches"] else "–",
            *counts,
        ]
    )


def _cited(nos: list[int], words: Words) -> str:
    if not nos:
        return "–"
    shown = ", ".join(map(str, nos[:3])) + (", …" if len(nos) > 3 else "")
    return f"{words.number(len(nos))} [{shown}]"
