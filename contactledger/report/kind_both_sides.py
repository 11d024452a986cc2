"""Both sides: who answers how fast, who was silent for how long, and whose turn it is.

Every column holds for every party, the vendor's own as the customer's. What waits and what was
answered are the questions that the judge names when asked, so that no two pages differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from contactledger.report.answers import Answers
from contactledger.report.charts_answers import Asked, answer_times_of
from contactledger.report.charts_funnel import funnel_of
from contactledger.report.document import (
    Block,
    Column,
    Document,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
)
from contactledger.report.kind_parts import (
    counted,
    head,
    laid_out,
    none_or,
    seconds,
    touches,
    turn,
    when,
    who,
)
from contactledger.report.phrases import CHANNELS
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("turn", "columns", "channels", "waiting", "answers", "silences")
_LINES = (
    ("strong", "Reached out", "sent"),
    ("sub", "and was answered", "sent_answered"),
    ("sub", "was ignored", "sent_ignored"),
    ("plain", "Breaches of the policy", "violations"),
    ("strong", "Was reached out to", "received"),
    ("sub", "and answered", "answered"),
    ("sub", "of these late", "answered_late"),
    ("sub", "ignored", "ignored"),
    ("sub", "of these, counts against it", "held_against"),
)


def rows(proof: Row, extra: Row) -> Row:
    """The rows of the kind, from those of a proof of contact and the `answers` of the account."""
    findings = proof["findings"]
    answers: Answers = extra["answers"]
    waits = {(one.no, one.owes) for one in answers.waiting}
    asked = {(no, one.party) for one in answers.times for no in one.because}
    return {
        **head("both-sides", proof),
        "onus": proof["onus"],
        "columns": proof["columns"],
        "channels": [
            {"channel": channel, "reach": reach, "touches": count}
            for (channel, reach), count in sorted(
                Counter((f["channel"], f["reach"]) for f in findings).items()
            )
        ],
        "waiting": [
            {**f, "waits_seconds": int(seconds(f["at"], proof["as_of"]))}
            for f in findings
            if (f["no"], f["receiver"]["id"]) in waits
        ],
        "answers": [
            {**f, "answer_seconds": int(max(0, seconds(f["at"], f["settled_at"])))}
            for f in findings
            if (f["no"], f["receiver"]["id"]) in asked
            and f["outcome"] == "answered"
            and f["settled_at"]
        ],
        "silences": [s for party in proof["parties"] if (s := _silence(party, proof))],
    }


def _silence(party: Row, proof: Row) -> Row | None:
    """The longest time in which a party made no touch, from its first to the report's moment, or
    to the end of its period; `until` None is the moment."""
    made = {f["no"]: f for f in proof["findings"] if f["sender"]["id"] == party["id"]}
    if not made:
        return None
    ordered = sorted(made.values(), key=lambda f: (f["at"], f["no"]))
    period, now = proof["period"], proof["as_of"]
    over = period["until"] is not None and period["until"] < now
    end = (period["until"], period["until_local"], None) if over else (now, None, None)
    stops = [(f["at"], f["at_local"], f["no"]) for f in ordered]
    spans = [(seconds(a[0], b[0]), a, b) for a, b in zip(stops, [*stops[1:], end], strict=True)]
    longest, since, until = max(spans, key=lambda span: span[0])
    return {
        "party": party,
        "seconds": int(max(0, longest)),
        "since": since[0],
        "since_local": since[1],
        "until": until[0] if until[1] else None,
        "until_local": until[1],
        "because": [no for no in (since[2], until[2]) if no is not None],
    }


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    return laid_out(words, data, words("Both sides"), _sections(data, words))


def _sections(data: Row, words: Words) -> Iterator[Section]:
    yield Section(words("Whose turn it is"), turn(words, data["onus"]), name="turn")
    columns = [_columns(data, words), *counted(words, data["columns"])]
    yield Section(words("Both sides in the same columns"), columns, name="columns")
    yield Section(words("Channel by channel"), _channels(data, words), name="channels")
    yield Section(words("What waits for an answer"), [_waiting(data, words)], name="waiting")
    yield Section(words("Times to answer"), _answers(data, words), name="answers")
    yield Section(words("The longest silences"), [_silences(data, words)], name="silences")


def _columns(data: Row, words: Words) -> Table:
    columns = data["columns"]
    lines = [
        TableRow(
            [words(label), *(words.number(c[key]) if c[key] else "–" for c in columns)],
            style=style,  # type: ignore[arg-type]  # the styles of _LINES
        )
        for style, label, key in _LINES
    ]
    for label, key in (
        (words("Usual time to answer (median)"), "answer_median_seconds"),
        (words("Longest time to answer"), "answer_worst_seconds"),
    ):
        times = [words.lasting(c[key]) if c[key] is not None else "–" for c in columns]
        lines.append(TableRow([label, *times]))
    lines.append(
        TableRow(
            [
                words("Has let wait longest"),
                *(
                    "–" if c["oldest_waiting_no"] is None else f"[{c['oldest_waiting_no']}]"
                    for c in columns
                ),
            ]
        )
    )
    heads = [
        Column(words("Count of touches"), 2),
        *(Column(c["name"], 1, "end") for c in columns),
    ]
    return Table(heads, lines)


def _channels(data: Row, words: Words) -> list[Block]:
    """How far touches got, of both sides together."""
    if not data["channels"]:
        return [Paragraph(words("No touch is on record."))]
    touches = (
        (words(CHANNELS[row["channel"]]), row["reach"])
        for row in data["channels"]
        for _ in range(row["touches"])
    )
    return funnel_of(touches, words=words).blocks()


def _waiting(data: Row, words: Words) -> Any:
    table = touches(words, data["waiting"])
    return none_or(table, words("Nothing waits for an answer."))


def _answers(data: Row, words: Words) -> list[Block]:
    def row(f: Row) -> TableRow:
        nos = ", ".join(str(no) for no in (f["no"], *f["answered_by"]))
        return TableRow(
            [
                f"[{nos}]",
                when(words, f),
                who(words, f),
                when(words, f, "settled_at"),
                (
                    words.lasting(f["answer_seconds"]),
                    Span(f", {words(f['outcome_grade'])}", "soft"),
                ),
            ],
        )

    columns = [
        Column(words("Entries")),
        Column(words("Asked"), 2),
        Column(words("Who, to whom, through what"), 3),
        Column(words("Answered"), 2),
        Column(words("Took"), 1),
    ]
    table = Table.of(
        columns,
        data["answers"],
        row,
        words("From the touch to the answer, by the clock on the wall; what counts as late is "
              "judged in the receiver’s business time."),
    )  # fmt: skip
    if not (data["answers"] or data["waiting"]):
        return [Paragraph(words("Nothing was answered."))]
    asked = [
        Asked(f["receiver"]["id"], timedelta(seconds=f["answer_seconds"]), f["late"])
        for f in data["answers"]
    ]
    asked += [Asked(f["receiver"]["id"], None) for f in data["waiting"]]
    named = {c["id"]: c["name"] for c in data["columns"]}
    picture = answer_times_of(asked, named, words=words)
    drawn = picture.blocks(words("How many, and how long they took"))
    return [*drawn, none_or(table, words("Nothing was answered."))]


def _silences(data: Row, words: Words) -> Any:
    def row(s: Row) -> TableRow:
        until = when(words, s, "until") if s["until"] else words("now")
        nos = ", ".join(map(str, s["because"]))
        return TableRow(
            [(Span(s["party"]["name"]),), words.lasting(s["seconds"]), when(words, s, "since"),
             until, f"[{nos}]"]
        )  # fmt: skip

    columns = [
        Column(words("Who"), 2),
        Column(words("Made no touch for"), 2),
        Column(words("Since"), 2),
        Column(words("Until"), 2),
        Column(words("Entries")),
    ]
    table = Table.of(columns, data["silences"], row)
    return none_or(table, words("Nobody has reached out yet."))
