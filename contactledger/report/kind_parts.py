"""What the documents of several kinds have in common: the head, names, times, whose turn it is.

All words go through `Words`, so that a document is of one language throughout. Rows bear the
sentences of the judge in English; what is fixed about them is a message like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
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
    cited,
    joined,
)
from contactledger.report.phrases import CHANNELS, NOT, PURPOSES, RUNGS
from contactledger.report.words import Words

Row = dict[str, Any]
MADE_OF_ACCOUNT = (
    "Made from the entries of the account’s log alone. Whoever holds the log can compute every "
    "line again."
)
HEAD = (
    "version", "account", "period", "as_of", "as_of_local", "zone", "entries", "parties",
    "policies", "isnot",
)  # fmt: skip
"""What the rows of every kind about an account take over from those of the proof of contact."""


def head(kind: str, proof: Row) -> Row:
    """The first keys of a kind's rows."""
    return {"report": kind, **{key: proof[key] for key in HEAD}}


def laid_out(
    words: Words, data: Row, label: str, sections: Iterable[Section], facts: Sequence[Any] = ()
) -> Document:
    """The document of a kind about an account: the head, its sections, what it is not."""
    name = data["account"]["name"]
    return Document(
        label=label,
        title=name,
        subtitle=period(words, data),
        facts=Facts([*_rests_on(words, data), *facts]),
        sections=[*sections, is_not(words, data["isnot"])],
        running=(f"{label}, {name}", words("as of {date}", date=words.date(data["as_of_local"]))),
        closing=words(MADE_OF_ACCOUNT),
        lang=words.lang,
    )


def period(words: Words, data: Mapping[str, Any]) -> str:
    """From which day to which, or the day itself where it is one."""
    first, last = (words.date(data["period"][day]) for day in ("first_day", "last_day"))
    return first if first == last else words("{since} to {until}", since=first, until=last)


def _rests_on(words: Words, data: Row) -> Iterator[tuple[Text, Text]]:
    parties = [(Span(p["name"]), Span(f" ({words(p['role'])})", "soft")) for p in data["parties"]]
    yield words("Between"), joined(parties) or words("nobody yet")
    moment = words.moment(data["as_of_local"], data["as_of"])
    yield words("As of"), (moment, Span(f" {data['zone']}", "soft"))
    judged = [cited(p["whose"], [p["no"]]) for p in data["policies"]]
    none = words("no policy was needed: there is nothing to judge")
    yield words("Judged by"), joined(judged, "; ") or none
    count = data["entries"]["count"]
    rests = [] if count is None else [words.count(count, "{n} entry.", "{n} entries.")]
    rests += [data["entries"]["checked"]] if data["entries"]["checked"] else []
    rests.append(words("Numbers in brackets are entries of the log."))
    yield words("Rests on"), " ".join(rests)


def is_not(words: Words, lines: Sequence[str] = NOT) -> Section:
    """What no report is, in a box at its end."""
    return Section(
        words("What this is not"), [Listing([words(n) for n in lines])], boxed=True, name="isnot"
    )


def counted(words: Words, columns: Sequence[Row]) -> list[Block]:
    """How touches are counted in the columns of the sides, where there is a question of it: only
    of three parties can one reach two."""
    said = words("A touch to several parties counts once for each of them.")
    return [Paragraph(said, "note")] if len(columns) > 2 else []


def turn(words: Words, onus: Row) -> list[Block]:
    """Whose turn it is, with the rule that says so."""
    rule = words("Rule {code}: {text}", code=onus["rule"], text=words(onus["rule_text"]))
    return [Paragraph(onus_said(words, onus), "turn"), Paragraph(rule, "note")]


def onus_said(words: Words, onus: Row) -> Text:
    """Whose turn it is, in a sentence or two with their entries."""
    if onus["party"] is None:
        return cited(words("It is nobody’s turn: nothing calls for an act."), onus["because"])
    name = onus["party"]["name"]
    if onus["until"]:
        text = words(
            "It is the turn of {party}, until {when}.",
            party=name,
            when=words.moment(onus["until_local"], onus["until"]),
        )
    elif onus["since"]:
        text = words(
            "It is the turn of {party}, since {when}.",
            party=name,
            when=words.date(onus["since_local"]),
        )
    else:
        text = words("It is the turn of {party}.", party=name)
    if onus["next_rung"]:
        rung = words(RUNGS.get(onus["next_rung"], onus["next_rung"].replace("_", " ")))
        text += " " + words("The next step: {rung}.", rung=rung)
    if onus["diligence"]:
        text += " " + words("The other side’s due diligence is complete.")
    return cited(text, onus["because"])


def when(words: Words, row: Mapping[str, Any], key: str = "at") -> str:
    """A time of a row in the receiver's zone, UTC beside; a dash where there is none."""
    return words.moment(row[f"{key}_local"], row[key]) if row[key] else "–"


def names(items: Iterable[str]) -> Text:
    """Names, one after the other."""
    return joined((Span(item),) for item in items)


def who(words: Words, f: Row) -> Text:
    """From whom to whom, through what."""
    parts: list[str | Span] = [Span(f["sender"]["name"]), " → ", Span(f["receiver"]["name"])]
    if f["addressed"]:
        parts += [" (", *names(f["addressed"]), ")"]
    how = f"{words(CHANNELS[f['channel']])}, {words(PURPOSES[f['purpose']])}"
    return [*parts, Span(f", {how}", "soft")]


def outcome(words: Words, f: Row) -> Text:
    """What became of a touch, how sure it is, and whether it was late."""
    parts = [words(f["outcome_grade"])]
    parts += [words("late")] if f["late"] else []
    parts += [words(f["attendance"])] if f["attendance"] else []
    return (Span(words(f["outcome"]), "strong"), Span(f", {', '.join(parts)}", "soft"))


def touches(words: Words, findings: Sequence[Row], caption: str = "") -> Table:
    """A table of touches: entry, when, who, about what, what became of it."""

    def row(f: Row) -> TableRow:
        about = (Span(f["about"]),) if f["about"] else "–"
        caveats = dict.fromkeys(
            words("Entry {no}: {caveat}.", no=e["no"], caveat=words(c))
            for e in f["evidence"]
            for c in e["caveats"]
        )
        return TableRow(
            [f"[{f['no']}]", when(words, f), who(words, f), about, outcome(words, f)],
            under=list(caveats),
        )

    columns = [
        Column(words("Entry")),
        Column(words("When"), 2),
        Column(words("Who, to whom, through what"), 3),
        Column(words("About what"), 3),
        Column(words("Outcome"), 2),
    ]
    return Table.of(columns, findings, row, caption)


def none_or(table: Table, empty: str) -> Block:
    """The table, or a sentence where it has no rows."""
    return table if table.rows else Paragraph(empty)


def rules(words: Words, codes: Iterable[str], sentences: Mapping[str, str]) -> Iterator[Section]:
    """The rules that a report names, each with its sentence, in the order of their numbers; no
    section where none is named."""
    used = set(codes)
    pairs = [(code, words(text)) for code, text in sentences.items() if code in used]
    if pairs:
        yield Section(words("The rules, in plain words"), [Facts(pairs)], name="rules")


def sentences(proof: Row) -> dict[str, str]:
    """Code of a rule that fired → its sentence."""
    return {rule["code"]: rule["text"] for rule in proof["rules"]}


def of_time(stamp: str) -> datetime:
    """The moment of an ISO stamp in UTC."""
    return datetime.fromisoformat(stamp)


def seconds(since: str, until: str) -> float:
    """The length of time between two stamps in UTC."""
    return (of_time(until) - of_time(since)).total_seconds()
