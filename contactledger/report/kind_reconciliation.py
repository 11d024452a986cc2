"""The reconciliation: two records of one account beside each other, on a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contactledger.report.document import (
    Block,
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
    joined,
    said,
)
from contactledger.report.kind_parts import is_not, when
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("summary", "contradicting", "only_ours", "only_theirs", "agreed", "uncompared")
ONE_BY_ONE = 200
"""Contradictions that are told one by one, some four to a page; the others stand in a table."""


def document(data: Row, words: Words) -> Document:
    """The rows of `reconciliation.reconciliation_rows` as a document."""
    label = words("Reconciliation of two records")
    return Document(
        label=label,
        title=data["title"],
        subtitle=words.day(data["as_of_local"]),
        facts=Facts(list(_rests_on(data, words))),
        sections=[*_sections(data, words), is_not(words, data["isnot"])],
        running=(
            f"{label}, {data['title']}",
            words("as of {date}", date=words.date(data["as_of_local"])),
        ),
        closing=words(
            "Made from the entries of the two records alone. Whoever holds both can make it again."
        ),
        lang=words.lang,
    )


def every_touch(data: Row) -> list[Row]:
    """Each touch of either record once, with where it stands: the list that CSV shows."""
    pairs = [
        {"where": where, **pair, "differs": [d["what"] for d in pair["differences"]]}
        for where in ("contradicting", "agreed")
        for pair in data[where]
    ]
    alone = [
        {"where": where, "by": None, "ours": None, "theirs": None, "differs": [], side: touch}
        for where, side in (("only_ours", "ours"), ("only_theirs", "theirs"))
        for touch in data[where]
    ]
    return [*pairs, *alone]


def _rests_on(data: Row, words: Words) -> Iterator[tuple[Text, Text]]:
    for word, side in ((words("Ours"), data["ours"]), (words("Theirs"), data["theirs"])):
        told = words(
            ", {entries}, until {when}",
            entries=words.count(side["entries"], "{n} entry", "{n} entries"),
            when=words.minute(side["until_local"]),
        )
        part = words(", in part") if side["partial"] else ""
        yield word, (words("kept by"), " ", Span(side["keeper"]), told, part)
    compared = words(
        "touch by touch; times of one touch may lie {tolerance} apart. Numbers in brackets are "
        "entries of the record they stand beside.",
        tolerance=data["tolerance"],
    )
    yield words("Compared"), compared
    moment = words.moment(data["as_of_local"], data["as_of"])
    yield words("As of"), (moment, Span(f" {data['zone']}", "soft"))


def _sections(data: Row, words: Words) -> Iterator[Section]:
    ours, theirs = data["ours"]["keeper"], data["theirs"]["keeper"]
    lead = Paragraph(" ".join(data["summary"]), "lead")
    yield Section(words("In short"), [lead, _counts(data, words)], name="summary")
    yield from _contradicting(data["contradicting"], words)
    alone = _alone(data["only_ours"], ours, words("of theirs, as near in time"), words)
    yield Section(words("Only in our record"), [alone], name="only_ours")
    alone = _alone(data["only_theirs"], theirs, words("of ours, as near in time"), words)
    yield Section(words("Only in their record"), [alone], name="only_theirs")
    yield Section(words("What stands in both"), [_agreed(data["agreed"], words)], name="agreed")
    whole = words("Nothing was left out: every touch of both records was compared in full.")
    missing: Block = Paragraph(whole)
    if data["uncompared"]:
        missing = Listing([said(one) for one in data["uncompared"]])
    yield Section(words("What could not be compared"), [missing], name="uncompared")


def _counts(data: Row, words: Words) -> Table:
    counts = data["counts"]
    lines: list[tuple[Text, str]] = [
        (words("In both, and agreed"), "agreed"),
        (words("In both, and contradicting"), "contradicting"),
        ((words("Only ours"), ", ", Span(data["ours"]["keeper"])), "only_ours"),
        ((words("Only theirs"), ", ", Span(data["theirs"]["keeper"])), "only_theirs"),
    ]
    return Table(
        [Column(words("Where it stands"), 3), Column(words("Touches"), 1, "end")],
        [TableRow([text, words.number(counts[k]) if counts[k] else "–"]) for text, k in lines],
    )


def _contradicting(pairs: list[Row], words: Words) -> Iterator[Section]:
    title = words("Where the two contradict each other")
    rest = pairs[ONE_BY_ONE:]
    blocks: list[Block] = []
    if not pairs:
        none = (
            "Nowhere: what stands in both is told in the same way, as far as it could be compared."
        )
        blocks = [Paragraph(words(none))]
    if rest:
        columns = [
            Column(words("Ours")),
            Column(words("Theirs")),
            Column(words("Who, to whom, about what"), 3),
            Column(words("What differs"), 3),
        ]
        blocks = [
            Paragraph(words("The first {n} are told one by one below.", n=ONE_BY_ONE), "note"),
            Table.of(columns, rest, _differing),
        ]
    yield Section(title, blocks, name="contradicting")
    for pair in pairs[:ONE_BY_ONE]:
        yield _contradiction(pair, words)


def _differing(pair: Row) -> TableRow:
    told = "; ".join(f"{d['text']}: {d['ours']} / {d['theirs']}" for d in pair["differences"])
    return TableRow([_no(pair["ours"]), _no(pair["theirs"]), _what(pair["ours"]), told])


def _contradiction(pair: Row, words: Words) -> Section:
    ours, theirs = pair["ours"], pair["theirs"]
    matched = words("matched by {what}", what=pair["by_text"])
    columns = [
        Column(words("What differs"), 2),
        Column(f"{words('Ours')} {_no(ours)}", 3),
        Column(f"{words('Theirs')} {_no(theirs)}", 3),
    ]
    rows = [TableRow([d["text"], (Span(d["ours"]),), (Span(d["theirs"]),)])
            for d in pair["differences"]]  # fmt: skip
    about = ours["about"] or theirs["about"] or ours["who"]
    who = (when(words, ours), ", ", Span(ours["who"]), f", {ours['channel_text']}; {matched}.")
    return Section(
        (Span(about),),
        [Paragraph(who, "note"), Table(columns, rows)],
        level=2,
        name="contradicting",
    )


def _alone(touches: list[Row], keeper: str, others: str, words: Words) -> Block:
    if not touches:
        return Paragraph(
            words("Nothing: all that {keeper} wrote down stands in both records.", keeper=keeper)
        )
    columns = [
        Column(words("Entry")),
        Column(words("When"), 2),
        Column(words("Who, to whom, about what"), 4),
        Column(words("May be"), 2),
    ]

    def row(t: Row) -> TableRow:
        may: Text = words("nothing there is like it")
        if t["possible"]:
            may = (f"[{', '.join(map(str, t['possible']))}]", " ", others)
        return TableRow([_no(t), when(words, t), _what(t), may])

    return Table.of(columns, touches, row)


def _agreed(pairs: list[Row], words: Words) -> Block:
    if not pairs:
        return Paragraph(words("No touch stands in both records and agrees."))
    columns = [
        Column(words("Ours")),
        Column(words("Theirs")),
        Column(words("When"), 2),
        Column(words("Who, to whom, about what"), 4),
        Column(words("Matched by"), 2),
    ]

    def row(p: Row) -> TableRow:
        under = [words("Not compared: {what}.", what=what) for what in p["uncompared"]]
        cells = [_no(p["ours"]), _no(p["theirs"]), when(words, p["ours"]), _what(p["ours"])]
        return TableRow([*cells, p["by_text"]], under)

    return Table.of(columns, pairs, row)


def _no(touch: Row) -> str:
    return f"[{touch['no']}]"


def _what(touch: Row) -> Text:
    """Who, to whom, through what, about what."""
    parts: list[Text] = [(Span(touch["who"]), Span(f", {touch['channel_text']}", "soft"))]
    if touch["about"]:
        parts.append((Span(touch["about"]),))
    return joined(parts, ": ")
