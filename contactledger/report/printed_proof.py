"""The proof of contact as a document: the words and the order of its HTML form, on paper."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from contactledger.report.charts import timeline
from contactledger.report.document import (
    Block,
    Chart,
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
    citing,
    joined,
    said,
)
from contactledger.report.kind_parts import MADE_OF_ACCOUNT, counted, period
from contactledger.report.printed_touches import touches
from contactledger.report.words import Words

Row = dict[str, Any]

COLUMNS = (
    ("strong", "Reached out", "sent"),
    ("sub", "and was answered", "sent_answered"),
    ("sub", "was seen", "sent_seen"),
    ("sub", "needed nothing back", "sent_noted"),
    ("sub", "is still within the time", "sent_pending"),
    ("sub", "did not get there", "sent_unreached"),
    ("sub", "stays unproven", "sent_unproven"),
    ("sub", "was ignored", "sent_ignored"),
    ("sub", "reminded of an earlier one", "reminders"),
    ("plain", "Breaches of the policy", "violations"),
    ("strong", "Was reached out to", "received"),
    ("sub", "and answered", "answered"),
    ("sub", "of these late", "answered_late"),
    ("sub", "saw", "seen"),
    ("sub", "of these late", "seen_late"),
    ("sub", "ignored", "ignored"),
    ("sub", "of these, counts against it", "held_against"),
    ("plain", "Promises kept", "promises_kept"),
    ("plain", "Promises missed", "promises_missed"),
    ("plain", "Promises open", "promises_open"),
    ("sub", "of these past due", "promises_overdue"),
    ("plain", "Promises disputed", "promises_disputed"),
)


SECTIONS = (
    "summary", "onus", "columns", "timeline", "findings", "promises", "cases", "owed", "answers",
    "unknown", "rules", "policy",
)  # fmt: skip
"""The names of its sections, beside that of what it is not."""


def proof_of_contact(
    data: Mapping[str, Any], words: Words, *, without: Container[str] = ()
) -> Document:
    """The rows of `rows.rows`, "proof-of-contact", as a document.

    `without`: names of sections that nobody will look at, and that are not made.
    """
    label, name = words("Proof of contact"), data["account"]["name"]
    made = _Proof(words)
    return Document(
        label=label,
        title=name,
        subtitle=period(words, data),
        facts=Facts(list(made.rests_on(data))),
        sections=list(made.sections(data, without)),
        running=(f"{label}, {name}", words("as of {date}", date=words.date(data["as_of_local"]))),
        closing=words(MADE_OF_ACCOUNT),
        lang=words.lang,
    )


@frozen
class _Proof:
    """The parts of the document, in one language."""

    words: Words

    def rests_on(self, data: Mapping[str, Any]) -> Iterator[tuple[Text, Text]]:
        words = self.words
        parties = [
            (Span(p["name"]), Span(f" ({words(p['role'])})", "soft")) for p in data["parties"]
        ]
        yield words("Between"), joined(parties) or words("nobody yet")
        utc = f", {words.utc_beside(data['as_of'], data['as_of_local'])}"
        zone = data["zone"] if data["zone"] == "UTC" else f"{data['zone']}{utc}"
        yield words("As of"), (self.moment(data["as_of_local"]), Span(f" {zone}", "soft"))
        judged = [cited(p["whose"], [p["no"]]) for p in data["policies"]]
        none = words("no policy was needed: there is nothing to judge")
        yield words("Judged by"), joined(judged, "; ") or none
        count, checked = data["entries"]["count"], data["entries"]["checked"]
        rests = []
        if count is not None:
            rests.append(words.count(count, "{n} entry of the log.", "{n} entries of the log."))
        rests.append(checked or words("The log’s hashes were not checked for this report."))
        rests.append(words("Numbers in brackets are entries of the log."))
        yield words("Rests on"), " ".join(rests)

    def sections(self, data: Mapping[str, Any], without: Container[str]) -> Iterator[Section]:
        words = self.words
        yield Section(words("In short"), list(self.summary(data)), name="summary")
        yield Section(words("Whose turn it is"), list(self.turn(data["onus"])), name="onus")
        note = Paragraph(words("A line that would be empty for every party is left out."), "note")
        sides = data["columns"]
        columns: list[Block] = [self.both_sides(sides), note, *counted(words, sides)]
        yield Section(words("Both sides in the same columns"), columns, name="columns")
        yield Section(words("Timeline"), [self.timeline(data)], name="timeline")
        if "findings" not in without:
            yield Section(words("Every touch"), [self.touches(data["findings"])], name="findings")
        yield Section(words("Promises"), [self.promises(data["promises"])], name="promises")
        yield from self.matters(data)
        yield from self.owed(data.get("owed"))
        yield from self.answers(data.get("answers"))
        yield Section(words("What is not known"), [self.unknown(data)], name="unknown")
        rules = list(self.rules(data))
        yield Section(words("The rules, in plain words"), rules, name="rules")
        yield Section(words("The policy"), list(self.policy(data["policies"])), name="policy")
        isnot = [Listing(list(data["isnot"]))]
        yield Section(words("What this is not"), isnot, boxed=True, name="isnot")

    def summary(self, data: Mapping[str, Any]) -> Iterator[Block]:
        yield Paragraph(joined([said(s) for s in data["summary"]], " "), "lead")
        for note in data["notes"]:
            yield Paragraph(note, "note")

    def turn(self, onus: Row) -> Iterator[Block]:
        words, matter = self.words, onus["matter"]
        where: Text = ""
        if matter:
            quoted = (words("“"), Span(matter["name"]), words("”"))
            where = (f"; {words('in the matter')} ", *quoted)
        rule = f"{onus['rule_text']} {words('Rule {code}', code=onus['rule'])}"
        yield Paragraph(said(onus), "turn")
        yield Paragraph(joined([rule, where, "."], ""))
        text = words(
            "This names the next act in the oldest open matter. What happened until now is judged "
            "touch by touch below."
        )
        yield Paragraph(text, "note")

    def both_sides(self, columns: list[Row]) -> Table:
        words = self.words

        def row(label: str, cells: Sequence[Text], style: Any = "plain") -> TableRow:
            return TableRow([label, *cells], style=style)

        rows = [
            row(words(label), [words.number(c[key]) if c[key] else "–" for c in columns], style)
            for style, label, key in COLUMNS
            if style == "strong" or any(c[key] for c in columns)
        ]
        for label, key in (
            (words("Usual time to answer (median)"), "answer_median"),
            (words("Longest time to answer"), "answer_worst"),
        ):
            rows.append(row(label, [c[key] or "–" for c in columns]))
        last = [words.date(c["last_sent_at_local"]) if c["last_sent_at"] else "–" for c in columns]
        rows.append(row(words("Last reached out"), last))
        nos = [c["oldest_waiting_no"] for c in columns]
        waits: list[Text] = ["–" if no is None else (Span(f"[{no}]", "cite"),) for no in nos]
        rows.append(row(words("Has let wait longest"), waits))
        titles = [Column(f"{c['name']} ({words(c['role'])})", 0.6, "end") for c in columns]
        return Table([Column(words("Count of touches"), 1), *titles], rows)

    def timeline(self, data: Mapping[str, Any]) -> Chart:
        words = self.words
        touches = words.count(len(data["findings"]), "{n} touch", "{n} touches")
        told = words(
            "Timeline of {touches}; the same touches stand in the table of touches.",
            touches=touches,
        )
        caption = words(
            "Each mark is a touch, in the lane of the party that made it; its shape is the "
            "channel, its colour and filling the outcome. A line joins a touch to its answer. "
            "Where a lane is crowded, touches of one kind at about one time share a mark. Every "
            "mark is a row of the table of touches."
        )
        return Chart(timeline(dict(data), words=words), told, caption)

    def touches(self, findings: list[Row]) -> Block:
        return touches(findings, self.words)

    # --- what follows the touches

    def promises(self, promises: list[Row]) -> Block:
        words = self.words
        if not promises:
            return Paragraph(words("No promise is on record."))
        columns = [
            Column(words("Entry")),
            Column(words("Who promised what"), 2),
            Column(words("Due"), 1),
            Column(words("State"), 1),
            Column(words("Who says so"), 1.4),
        ]
        return Table.of(columns, promises, self.promise)

    def promise(self, p: Row) -> TableRow:
        words = self.words
        what: list[str | Span] = [Span(p["promiser"]["name"]), " → ", Span(p["promisee"]["name"])]
        what += [": ", Span(p["what"])]
        if p["outcome"]:
            what += [", ", Span(p["outcome"])]
        state: list[str | Span] = [Span(p["state_text"], "strong"), f", {words(p['grade'])}"]
        if p["held_by"]:
            state += ["; ", words("held by"), " ", Span(p["held_by"]["name"])]
        said_ = [
            (Span(w["party"]["name"]), f": {words(str(w['word']))} ", Span(f"[{w['no']}]", "cite"))
            for w in p["words"]
        ]
        by = joined(said_, "; ") or (words("nobody yet"),)
        rules = Span(f" {', '.join(p['rules'])}", "soft")
        due = f"{words.day(p['due_local'])}\n{p['due_local'][11:16]}" if p["due"] else ""
        cells: list[Text] = [f"[{p['no']}]", what, due or words("no date"), state, (*by, rules)]
        return TableRow(cells, anchor=p["no"])

    def matters(self, data: Mapping[str, Any]) -> Iterator[Section]:
        words, closed = self.words, data["cases_closed"]
        note: list[Block] = []
        if closed:
            told = words.count(
                closed,
                "{n} exchange that nobody named, with nothing left open, is not listed here; its "
                "touches are in the table above.",
                "{n} exchanges that nobody named, with nothing left open, are not listed here; "
                "their touches are in the table above.",
            )
            note = [Paragraph(told, "note")]
        if not data["cases"]:
            note = [Paragraph(words("No matter is open.")), *note]
        named = [c for c in data["cases"] if c["named"]]
        others = [c for c in data["cases"] if not c["named"]]
        if others:
            caption = words("Exchanges that nobody named, with something left open in them.")
            columns = [
                Column(words("Begun"), 0.8),
                Column(words("Exchange"), 2),
                Column(words("Holder"), 1.6),
                Column(words("Whose turn"), 2.6),
            ]
            note = [Table.of(columns, others, self.other, caption), *note]
        if len(named) > PRINTED_MATTERS:
            told = words(
                "The last {n} of {every} are told one by one.",
                n=words.number(PRINTED_MATTERS), every=words.number(len(named)),
            )  # fmt: skip
            note = [Paragraph(told, "note"), *note]
        yield Section(words("Matters, and who holds them"), note, name="cases")
        for case in named[-PRINTED_MATTERS:]:
            facts = Facts(list(self.matter(case)))
            yield Section((Span(case["title"]),), [facts], level=2, name="cases")

    def other(self, c: Row) -> TableRow:
        title: list[str | Span] = [Span(c["title"]), *citing(c["touches"])]
        rule = self.words("Rule {code}.", code=c["onus"]["rule"])
        turn = [*said(c["onus"]), Span(f" {rule}", "soft")]
        opened = self.words.date(c["opened_at_local"])
        return TableRow([opened, title, list(self.holder(c)), turn])

    def matter(self, c: Row) -> Iterator[tuple[Text, Text]]:
        words = self.words
        opened, by = words.date(c["opened_at_local"]), Span(c["opened_by"]["name"])
        state = words("{state} since {when}", state=c["state_text"], when=opened)
        if c["closed_at"]:
            closed = words.date(c["closed_at_local"])
            span = words("{since} to {until}", since=opened, until=closed)
            state = f"{span}, {c['state_text']}"
        touches = words.count(len(c["touches"]), "{n} touch", "{n} touches")
        cited_ = citing(c["touches"])
        yield words("State"), (f"{state}; {words('opened by')} ", by, f"; {touches}", *cited_)
        if c["stake"] or c["worth"]:
            worth = words("; the account is worth {amount}", amount=c["worth"] or "")
            stake = c["stake"] or words("not said")
            yield words("At stake"), f"{stake}{worth if c['worth'] else ''}"
        yield words("Holder"), list(self.holder(c))
        if c["handoffs"]:
            handed = joined([list(self.handoff(h)) for h in c["handoffs"]], "; ")
            yield words("Handed on"), handed
        if c["rungs"]:
            yield words("Ladder"), joined([list(self.rung(r)) for r in c["rungs"]], "; ")
        rule = f"{c['onus']['rule_text']} " if c["onus"]["party"] else ""
        rule += words("Rule {code}.", code=c["onus"]["rule"])
        yield words("Whose turn"), (*said(c["onus"]), Span(f" {rule}", "soft"))

    def holder(self, c: Row) -> Iterator[str | Span]:
        words = self.words
        yield Span(c["holder"]["name"]) if c["holder"] else words("nobody")
        if c["holder"] and c["holder_since"]:
            yield words(", since {when}", when=words.date(c["holder_since_local"]))
        if c["days_held"]:
            yield f". {words('Held in all')}: "
            yield from joined(
                [
                    (
                        Span(d["party"]["name"]),
                        " " + words("{days} days", days=words.tenths(d["tenths"])),
                    )
                    for d in c["days_held"]
                ]
            )
        if c["circles"]:
            times = words.count(c["circles"], "{n} time", "{n} times")
            yield words(". It came back in a circle {times}", times=times)

    def handoff(self, h: Row) -> Iterator[str | Span]:
        words = self.words
        yield from (Span(h["giver"]["name"]), " → ", Span(h["taker"]["name"]))
        circle = f", {words('a circle')}" if h["circle"] else ""
        yield f", {words.date(h['at_local'])}: {h['state_text']}{circle} "
        yield Span(f"[{h['no']}]", "cite")

    def rung(self, r: Row) -> Iterator[str | Span]:
        words = self.words
        yield r["text"]
        if r["question"] is not None:
            yield from (f" {words('for')} ", Span(f"[{r['question']}]", "cite"))
        yield f", {words('from {when}', when=words.date(r['opens_at_local']))}: "
        if r["climbed_by"] is not None:
            yield from (f"{words('done')} ", Span(f"[{r['climbed_by']}]", "cite"))
        elif r["tried_by"] is not None:
            until = self.moment(r["waits_until_local"])
            yield words("tried, waiting until {when}", when=until)
            yield from (" ", Span(f"[{r['tried_by']}]", "cite"))
        else:
            yield words("not done")

    def owed(self, owed: Row | None) -> Iterator[Section]:
        if not owed or not (owed["cadences"] or owed["plan"]):
            return
        words = self.words
        items = [
            joined(
                [
                    said(row["said"]),
                    *(
                        words(
                            "Too few lay behind from {since} to {until}.",
                            since=words.date(g["since_local"]),
                            until=words.date(g["until_local"]),
                        )
                        for g in row.get("gaps", ())
                        if g["until"]
                    ),
                ],
                " ",
            )
            for row in [*owed["cadences"], *owed["plan"]]
        ]
        rules = " ".join(f"{r['code']}: {r['text']}" for r in owed["rules"])
        title = words("What was owed without being asked for")
        yield Section(title, [Listing(items), Paragraph(rules, "note")], name="owed")

    def answers(self, answers: Row | None) -> Iterator[Section]:
        """What was answered to the questions that an account is asked."""
        for key, title in (answers or {"titles": {}})["titles"].items():
            if answers and answers[key]:
                lines = Listing([said(line) for line in answers[key]])
                yield Section(title, [lines], name="answers")

    def unknown(self, data: Mapping[str, Any]) -> Block:
        words = self.words
        if data["unknown"]:
            return Listing([said(u) for u in data["unknown"]])
        if not data["findings"]:
            return Paragraph(words("There is no touch, and so no silence that could be in doubt."))
        return Paragraph(
            words(
                "The collectors were listening for the whole of the period, and no silence is in "
                "doubt."
            )
        )

    def rules(self, data: Mapping[str, Any]) -> Iterator[Block]:
        words = self.words
        used = [*data["outcomes"], *data["grades"]]
        if used:
            yield Facts([((Span(words(w["word"]), "strong"),), w["text"]) for w in used])
        only = words("Below are only the rules that decided something in this report.")
        yield Paragraph(only, "note")
        columns = [
            Column(words("Rule")),
            Column(words("What it says"), 1),
            Column(words("Times"), 0, "end"),
        ]
        rows = [
            TableRow([r["code"], r["text"] or "–", words.number(r["count"])]) for r in data["rules"]
        ]
        yield Table(columns, rows)

    def policy(self, policies: list[Row]) -> Iterator[Block]:
        words = self.words
        if not policies:
            yield Paragraph(words("No policy was applied."))
        for p in policies:
            decided = words.count(p["findings"], "{n} finding", "{n} findings")
            yield Paragraph(
                words(
                    "Entry [{no}], {whose}; it decided {findings}.",
                    no=p["no"], whose=p["whose"], findings=decided,
                )
            )  # fmt: skip
            yield Listing(list(p["sentences"]))
            yield Paragraph(("SHA-256 ", Span(p["digest"], "mono")), "note")

    def moment(self, local: str) -> str:
        return f"{self.words.day(local)}, {local[11:16]}"


PRINTED_MATTERS = 200
"""Matters that are told one by one, some five to a page."""
