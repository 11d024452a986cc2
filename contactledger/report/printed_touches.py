"""Every touch of a proof of contact as a table: what was sent, what came back, what proves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contactledger.report.document import (
    Block,
    Column,
    Paragraph,
    Span,
    Table,
    TableRow,
    Text,
    citing,
    joined,
    said,
)
from contactledger.report.words import Words

Row = dict[str, Any]


def touches(findings: list[Row], words: Words) -> Block:
    """The table of touches, or a sentence where there are none."""
    if not findings:
        return Paragraph(words("No touch between the parties was on record in this period."))
    caption = words(
        "Times are the receiver’s local time, with UTC beside. Beneath each touch stands its "
        "evidence: entry, time, what was reported, how far it carries, and who vouches."
    )
    columns = [
        Column(words("Entry")),
        Column(words("When"), 0.9),
        Column(words("Who, to whom, through what"), 1.6),
        Column(words("About what, and what came back"), 1.9),
        Column(words("Outcome"), 0.9),
        Column(words("Due"), 0.9),
    ]
    return Table.of(columns, findings, _Touches(words).row, caption)


class _Touches:
    """The parts of a row, in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def row(self, f: Row) -> TableRow:
        words = self.words
        utc = words.utc_beside(f["at"], f["at_local"])
        cells: list[Text] = [
            (Span(f"[{f['no']}]", "strong"),),
            (self.two(f["at_local"]), Span(f" {utc}", "soft")),
            list(self.who(f)),
            list(self.about(f)),
            (
                Span(words(f["outcome"]), "strong"),
                Span("\n" + ", ".join(graded(f, words)), "soft"),
            ),
            list(self.due(f)),
        ]
        recorders = {e["recorder"] for e in f["evidence"]}
        one = recorders.pop() if len(recorders) == 1 else ""
        lines = [list(self.evidence(e, said_once=bool(one))) for e in f["evidence"]]
        return TableRow(cells, [*self.counts(f), *lines, list(self.codes(f, one))])

    def two(self, local: str) -> str:
        """The day, and beneath it the time of day."""
        return f"{self.words.day(local)}\n{local[11:16]}"

    def who(self, f: Row) -> Iterator[str | Span]:
        yield Span(f["sender"]["name"])
        if f["sender_person"]:
            yield from (" (", Span(f["sender_person"]), ")")
        yield from (" → ", Span(f["receiver"]["name"]))
        if f["addressed"]:
            yield from (" (", *joined([(Span(a),) for a in f["addressed"]]), ")")
        yield Span(f"\n{through(f, self.words)}", "soft")

    def about(self, f: Row) -> Iterator[str | Span]:
        if f["about"]:
            yield from (Span(f["about"]), "\n")
        yield from said(f["back"])
        if f["held_against"]:
            party = f["held_against"]["name"]
            yield Span(" " + self.words("Counts against {party}.", party=party), "strong")

    def counts(self, f: Row) -> Iterator[Text]:
        """Against whom it counts and why not, over the whole width: the reasons can be long."""
        told = [said(f["counts"])] if f["counts"]["text"] else []
        if told or f["notes"]:
            yield joined([*told, *f["notes"]], " ")

    def due(self, f: Row) -> Iterator[str | Span]:
        words = self.words
        if not f["due"]:
            wanted, agreed = words("nothing wanted"), words("no deadline agreed")
            yield Span(wanted if f["expects"] == "nothing" else agreed, "soft")
            return
        yield self.two(f["due_local"])
        if f["late_by"]:
            yield Span("\n" + words("late by {time}", time=f["late_by"]), "soft")

    def evidence(self, e: Row, *, said_once: bool) -> Iterator[str | Span]:
        words = self.words
        yield Span(f"[{e['no']}]", "cite")
        yield f" {words.minute(e['at_local'])}  "
        yield Span(e["text"], "strong")
        if e["person"]:
            yield from (", ", Span(e["person"]))
        yield f"; {carries(e, words)}"
        if e["source"]:
            yield f"; {e['source']}"
        if e["recorder"] and not said_once:
            yield from (f"; {words('recorded by')} ", Span(e["recorder"]))
        if e["same_as"] is not None:
            yield f"; {words('the same as [{no}]', no=e['same_as'])}"
        for caveat in e["caveats"]:
            yield f". {words.start(caveat)}"

    def codes(self, f: Row, recorder: str) -> Iterator[str | Span]:
        words = self.words
        yield verdict(f, words)
        if len(f["people"]) > 1:
            yield " "
            people = [
                (
                    Span(p["name"]),
                    f": {words(p['reach'])}, {words(p['grade'])}",
                    *citing(p["because"]),
                )
                for p in f["people"]
            ]
            yield from (*joined(people, "; "), ".")
        if f["original"]:
            yield f" {reminds(f, words)}"
        if f["contested"]:
            yield from (f" {words('Contested')}:", *citing(f["contested"]), ".")
        if recorder:
            yield from (f" {words('Recorded by')} ", Span(recorder), ".")
        yield f" {words('Rules {codes}.', codes=', '.join(f['rules']))}"


class Told:
    """What the templates of the proof of contact say of a touch, in one language: all its words in
    one call, since a page may have ten thousand touches."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._said: dict[tuple[str, ...], str] = {}

    def __call__(self, f: Row) -> Row:
        """`at`, `utc`, `due` (and whether one `is_due`), `late`, `through`, `outcome`, `graded`,
        `verdict`, `reminds`, `contested`, `rules`; of `people` name, reach and entries, of
        `evidence` the row, its time and how far it carries."""
        words = self.words
        due = ""
        if f["due"]:
            due = self._moment(f["due_local"])
        elif f["expects"] != "nothing":
            due = words("no deadline agreed")
        return {
            "at": self._moment(f["at_local"]),
            "utc": words.utc_beside(f["at"], f["at_local"]),
            "is_due": bool(f["due"]),
            "due": due or words("nothing wanted"),
            "late": words("late by {time}", time=f["late_by"]) if f["late_by"] else "",
            "through": through(f, words),
            "outcome": words(f["outcome"]),
            "graded": ", ".join(graded(f, words)),
            "people": [(p, self._pair(p["reach"], p["grade"])) for p in f["people"]],
            "evidence": [(e, self._minute(e["at_local"]), self._carries(e)) for e in f["evidence"]],
            "verdict": verdict(f, words),
            "reminds": reminds(f, words) if f["original"] else "",
            "contested": words("Contested") if f["contested"] else "",
            "rules": words("Rules {codes}.", codes=", ".join(f["rules"])),
        }

    def _moment(self, local: str) -> str:
        key = ("day", local[:10])
        if key not in self._said:
            self._said[key] = self.words.day(local)
        return f"{self._said[key]}, {local[11:16]}"

    def _minute(self, local: str) -> str:
        key = ("date", local[:10])
        if key not in self._said:
            self._said[key] = self.words.date(local)
        return f"{self._said[key]} {local[11:16]}"

    def _pair(self, *codes: str) -> str:
        if codes not in self._said:
            self._said[codes] = ", ".join(map(self.words, codes))
        return self._said[codes]

    def _carries(self, e: Row) -> str:
        key = ("carries", e["lifts"] or "", e["grade"])
        if key not in self._said:
            self._said[key] = carries(e, self.words)
        return self._said[key]


def through(f: Row, words: Words) -> str:
    """Over what, what for, and how urgent."""
    urgency = ""
    if f["urgency"] != "normal":
        urgency = words(", {urgency} urgency", urgency=words(f["urgency"]))
    return f"{f['channel_text']}, {f['purpose_text']}{urgency}"


def graded(f: Row, words: Words) -> Iterator[str]:
    """What stands beside an outcome: its grade, late, who came."""
    yield words(f["outcome_grade"])
    if f["late"]:
        yield words("late")
    if f["attendance"]:
        yield f["attendance"]


def carries(e: Row, words: Words) -> str:
    """How far a piece of evidence carries."""
    if not e["lifts"]:
        return words("proves nothing")
    return words("shows {reach}, {grade}", reach=words(e["lifts"]), grade=words(e["grade"]))


def verdict(f: Row, words: Words) -> str:
    """What was wanted, and how far it got, in a sentence or two."""
    wanted = words("It {wanted}.", wanted=f["expects_text"])
    reach = words("Reach {reach}, {grade}", reach=words(f["reach"]), grade=words(f["grade"]))
    if f["better"]:
        better = f["better"]
        reach += words(
            "; {reach} is {grade}", reach=words(better["reach"]), grade=words(better["grade"])
        )
    return f"{wanted} {reach}."


def reminds(f: Row, words: Words) -> str:
    """Of which touch it reminds."""
    no = f["original"]["no"]
    earlier = words("Reminds of an earlier touch.")
    return earlier if no is None else words("Reminds of [{no}].", no=no)
