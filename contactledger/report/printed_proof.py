"""The proof of contact as a document: the words and the order of its HTML form, on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
from contactledger.report.phrases import clock, date, day, number, utc_beside

Row = dict[str, Any]

_COLUMNS = (
    ("strong", "Reached out", "sent"),
    ("sub", "and was answered", "sent_answered"),
    ("sub", "was seen", "sent_seen"),
    ("sub", "needed nothing back", "sent_noted"),
    ("sub", "is still within the time", "sent_pending"),
    ("sub", "did not get there", "sent_unreached"),
    ("sub", "stays unproven", "sent_unproven"),
    ("sub", "was ignored", "sent_ignored"),
    ("sub", "reminded of an earlier one", "reminders"),
    ("plain", "Times it did not keep the policy", "violations"),
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


def proof_of_contact(data: Mapping[str, Any]) -> Document:
    """The rows of `rows.rows`, "proof-of-contact", as a document."""
    period = f"{date(data['period']['first_day'])} to {date(data['period']['last_day'])}"
    name = data["account"]["name"]
    return Document(
        label="Proof of contact",
        title=name,
        subtitle=period,
        facts=Facts(list(_rests_on(data))),
        sections=list(_sections(data)),
        running=(f"Proof of contact, {name}", f"as of {date(data['as_of_local'])}"),
        closing="Made from the entries of the account’s log alone. "
        "Whoever holds the log can compute every line again.",
    )


def _rests_on(data: Mapping[str, Any]) -> Iterator[tuple[Text, Text]]:
    parties = [(Span(p["name"]), Span(f" ({p['role']})", "soft")) for p in data["parties"]]
    yield "Between", joined(parties) or "nobody yet"
    utc = "" if data["zone"] == "UTC" else f", {utc_beside(data['as_of'], data['as_of_local'])}"
    yield "As of", (_moment(data["as_of_local"]), Span(f" {data['zone']}{utc}", "soft"))
    judged = [cited(p["whose"], [p["no"]]) for p in data["policies"]]
    none = "no policy was needed: there is nothing to judge"
    yield "Judged by", joined(judged, "; ") or none
    count = data["entries"]["count"]
    log = "" if count is None else f"{number(count, 'entry', 'entries')} of the log. "
    checked = data["entries"]["checked"] or "The log’s hashes were not checked for this report."
    yield "Rests on", f"{log}{checked} Numbers in brackets are entries of the log."


def _sections(data: Mapping[str, Any]) -> Iterator[Section]:
    yield Section("In short", list(_summary(data)), name="summary")
    yield Section("Whose turn it is", list(_turn(data["onus"])), name="onus")
    yield Section(
        "Both sides in the same columns", [_both_sides(data["columns"]), _LEFT_OUT], name="columns"
    )
    yield Section("Timeline", [_timeline(data)], name="timeline")
    yield Section("Every touch", [_touches(data["findings"])], name="findings")
    yield Section("Promises", [_promises(data["promises"])], name="promises")
    yield from _matters(data)
    yield from _owed(data.get("owed"))
    yield from _answers(data.get("answers"))
    yield Section("What is not known", [_unknown(data["unknown"])], name="unknown")
    yield Section("The rules, in plain words", list(_rules(data)), name="rules")
    yield Section("The policy", list(_policy(data["policies"])), name="policy")
    yield Section("What this is not", [Listing(list(data["isnot"]))], boxed=True, name="isnot")


_LEFT_OUT = Paragraph("A line that would be empty for every party is left out.", "note")


def _summary(data: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(joined([said(s) for s in data["summary"]], " "), "lead")
    for note in data["notes"]:
        yield Paragraph(note, "note")


def _turn(onus: Row) -> Iterator[Block]:
    matter = onus["matter"]
    where: Text = ("; in the matter “", Span(matter["name"]), "”") if matter else ""
    yield Paragraph(said(onus), "turn")
    yield Paragraph(joined([f"{onus['rule_text']} Rule {onus['rule']}", where, "."], ""))
    text = "This names the next act in the oldest open matter. What happened until now is judged"
    yield Paragraph(f"{text} touch by touch below.", "note")


def _both_sides(columns: list[Row]) -> Table:
    def row(label: str, cells: list[Text], style: Any = "plain") -> TableRow:
        return TableRow([label, *cells], style=style)

    rows = [
        row(label, [str(c[key] or "–") for c in columns], style)
        for style, label, key in _COLUMNS
        if style == "strong" or any(c[key] for c in columns)
    ]
    rows += [
        row("Usual time to answer (median)", [c["answer_median"] or "–" for c in columns]),
        row("Longest time to answer", [c["answer_worst"] or "–" for c in columns]),
        row(
            "Last reached out",
            [date(c["last_sent_at_local"]) if c["last_sent_at"] else "–" for c in columns],
        ),
        row(
            "Has let wait longest",
            [
                "–" if c["oldest_waiting_no"] is None else f"[{c['oldest_waiting_no']}]"
                for c in columns
            ],
        ),
    ]
    titles = [Column(f"{c['name']} ({c['role']})", 0.6, "end") for c in columns]
    return Table([Column("Count of touches", 1), *titles], rows)


def _timeline(data: Mapping[str, Any]) -> Chart:
    return Chart(
        timeline(dict(data)),
        f"Timeline of {number(len(data['findings']), 'touch', 'touches')}; "
        "the same touches stand in the table of touches.",
        "Each mark is a touch, in the lane of the party that made it; its shape is the channel, "
        "its colour and filling the outcome. A line joins a touch to its answer. Where a lane is "
        "crowded, touches of one kind at about one time share a mark. Every mark is a row of the "
        "table of touches.",
    )


# --- every touch


def _touches(findings: list[Row]) -> Block:
    if not findings:
        return Paragraph("No touch between the parties was on record in this period.")
    return Table.of(
        [
            Column("Entry"),
            Column("When", 0.9),
            Column("Who, to whom, through what", 1.6),
            Column("About what, and what came back", 1.9),
            Column("Outcome", 0.65),
            Column("Due", 0.9),
        ],
        findings,
        _touch,
        "Times are the receiver’s local time, with UTC beside. Beneath each touch stands its "
        "evidence: entry, time, what was reported, how far it carries, and who vouches.",
    )


def _touch(f: Row) -> TableRow:
    cells: list[Text] = [
        (Span(f"[{f['no']}]", "strong"),),
        (_two(f["at_local"]), Span(f" {utc_beside(f['at'], f['at_local'])}", "soft")),
        list(_who(f)),
        list(_about(f)),
        (Span(f["outcome"], "strong"), Span("\n" + ", ".join(_graded(f)), "soft")),
        list(_due(f)),
    ]
    recorders = {e["recorder"] for e in f["evidence"]}
    one = recorders.pop() if len(recorders) == 1 else ""
    lines = [list(_evidence(e, said_once=bool(one))) for e in f["evidence"]]
    under = [*_counts(f), *lines, list(_codes(f, one))]
    return TableRow(cells, under)


def _who(f: Row) -> Iterator[str | Span]:
    yield Span(f["sender"]["name"])
    if f["sender_person"]:
        yield from (" (", Span(f["sender_person"]), ")")
    yield from (" to ", Span(f["receiver"]["name"]))
    if f["addressed"]:
        yield from (" (", *joined([(Span(a),) for a in f["addressed"]]), ")")
    urgency = "" if f["urgency"] == "normal" else f", {f['urgency']} urgency"
    yield Span(f"\n{f['channel_text']}, {f['purpose_text']}{urgency}", "soft")


def _about(f: Row) -> Iterator[str | Span]:
    if f["about"]:
        yield from (Span(f["about"]), "\n")
    yield from said(f["back"])
    if f["held_against"]:
        yield Span(f" Counts against {f['held_against']['name']}.", "strong")


def _counts(f: Row) -> Iterator[Text]:
    """Against whom it counts and why not, over the whole width: the reasons can be long."""
    told = [said(f["counts"])] if f["counts"]["text"] else []
    if told or f["notes"]:
        yield joined([*told, *f["notes"]], " ")


def _graded(f: Row) -> Iterator[str]:
    yield f["outcome_grade"]
    if f["late"]:
        yield "late"
    if f["attendance"]:
        yield f["attendance"]


def _due(f: Row) -> Iterator[str | Span]:
    if not f["due"]:
        nothing = f["expects"] == "nothing"
        yield Span("nothing wanted" if nothing else "no deadline agreed", "soft")
        return
    yield _two(f["due_local"])
    if f["late_by"]:
        yield Span(f"\nlate by {f['late_by']}", "soft")


def _evidence(e: Row, *, said_once: bool) -> Iterator[str | Span]:
    yield Span(f"[{e['no']}]", "cite")
    yield f" {date(e['at_local'])} {clock(e['at_local'])}  "
    yield Span(e["text"], "strong")
    if e["person"]:
        yield from (", ", Span(e["person"]))
    yield f"; shows {e['lifts']}, {e['grade']}" if e["lifts"] else "; proves nothing"
    if e["source"]:
        yield f"; {e['source']}"
    if e["recorder"] and not said_once:
        yield from ("; recorded by ", Span(e["recorder"]))
    if e["same_as"] is not None:
        yield f"; the same as [{e['same_as']}]"
    for caveat in e["caveats"]:
        yield f". {caveat[:1].upper()}{caveat[1:]}"


def _codes(f: Row, recorder: str) -> Iterator[str | Span]:
    yield f"It {f['expects_text']}. Reach {f['reach']}, {f['grade']}"
    if f["better"]:
        yield f"; {f['better']['reach']} is {f['better']['grade']}"
    yield "."
    if len(f["people"]) > 1:
        yield " "
        people = [
            (Span(p["name"]), f": {p['reach']}, {p['grade']}", *citing(p["because"]))
            for p in f["people"]
        ]
        yield from (*joined(people, "; "), ".")
    if f["original"]:
        no = f["original"]["no"]
        yield " Reminds of an earlier touch." if no is None else f" Reminds of [{no}]."
    if f["contested"]:
        yield from (" Contested:", *citing(f["contested"]), ".")
    if recorder:
        yield from (" Recorded by ", Span(recorder), ".")
    yield f" Rules {', '.join(f['rules'])}."


# --- what follows the touches


def _promises(promises: list[Row]) -> Block:
    if not promises:
        return Paragraph("No promise is on record.")
    columns = [
        Column("Entry"),
        Column("Who promised what", 2),
        Column("Due", 1),
        Column("State", 1),
        Column("Who says so", 1.4),
    ]
    return Table.of(columns, promises, _promise)


def _promise(p: Row) -> TableRow:
    what: list[str | Span] = [Span(p["promiser"]["name"]), " to ", Span(p["promisee"]["name"])]
    what += [": ", Span(p["what"])]
    if p["outcome"]:
        what += [", ", Span(p["outcome"])]
    state: list[str | Span] = [Span(p["state_text"], "strong"), f", {p['grade']}"]
    if p["held_by"]:
        state += ["; held by ", Span(p["held_by"]["name"])]
    words = [(Span(w["party"]["name"]), f": {w['word']} [{w['no']}]") for w in p["words"]]
    by = joined(words, "; ") or ("nobody yet",)
    rules = Span(f" {', '.join(p['rules'])}", "soft")
    due = _two(p["due_local"]) if p["due"] else "no date"
    return TableRow([f"[{p['no']}]", what, due, state, (*by, rules)])


def _matters(data: Mapping[str, Any]) -> Iterator[Section]:
    closed = data["cases_closed"]
    are = "is" if closed == 1 else "are"
    told = (
        f"{number(closed, 'exchange')} that nobody named, with nothing left open, {are} not "
        "listed here; their touches are in the table above."
    )
    note: list[Block] = [Paragraph(told, "note")] if closed else []
    if not data["cases"]:
        note = [Paragraph("No matter is open."), *note]
    named = [c for c in data["cases"] if c["named"]]
    others = [c for c in data["cases"] if not c["named"]]
    if others:
        note = [Table.of(_OTHERS, others, _other, _UNNAMED), *note]
    left = len(named) - PRINTED_MATTERS
    if left > 0:
        told = f"The last {PRINTED_MATTERS} of {len(named):,} are told one by one."
        note = [Paragraph(told, "note"), *note]
    yield Section("Matters, and who holds them", note, name="cases")
    for case in named[-PRINTED_MATTERS:]:
        yield Section((Span(case["title"]),), [Facts(list(_matter(case)))], level=2)


PRINTED_MATTERS = 200
"""Matters that are told one by one, some five to a page."""
_UNNAMED = "Exchanges that nobody named, with something left open in them."
_OTHERS = (
    Column("Begun", 0.8),
    Column("Exchange", 2),
    Column("Holder", 1.6),
    Column("Whose turn", 2.6),
)


def _other(c: Row) -> TableRow:
    title: list[str | Span] = [Span(c["title"]), *citing(c["touches"])]
    turn = [*said(c["onus"]), Span(f" Rule {c['onus']['rule']}.", "soft")]
    return TableRow([date(c["opened_at_local"]), title, list(_holder(c)), turn])


def _matter(c: Row) -> Iterator[tuple[Text, Text]]:
    opened = date(c["opened_at_local"])
    state = f"{c['state_text']} since {opened}"
    if c["closed_at"]:
        state = f"{opened} to {date(c['closed_at_local'])}, {c['state_text']}"
    touches = number(len(c["touches"]), "touch", "touches")
    by = Span(c["opened_by"]["name"])
    yield "State", (f"{state}; opened by ", by, f"; {touches}", *citing(c["touches"]))
    if c["stake"] or c["worth"]:
        worth = f"; the account is worth {c['worth']}" if c["worth"] else ""
        yield "At stake", f"{c['stake'] or 'not said'}{worth}"
    yield "Holder", list(_holder(c))
    if c["handoffs"]:
        yield "Handed on", joined([list(_handoff(h)) for h in c["handoffs"]], "; ")
    if c["rungs"]:
        yield "Ladder", "; ".join(_rung(r) for r in c["rungs"])
    rule = f"{c['onus']['rule_text']} " if c["onus"]["party"] else ""
    yield "Whose turn", (*said(c["onus"]), Span(f" {rule}Rule {c['onus']['rule']}.", "soft"))


def _holder(c: Row) -> Iterator[str | Span]:
    yield Span(c["holder"]["name"]) if c["holder"] else "nobody"
    if c["holder"] and c["holder_since"]:
        yield f", since {date(c['holder_since_local'])}"
    if c["days_held"]:
        yield ". Held in all: "
        yield from joined(
            [
                (Span(d["party"]["name"]), f" {d['tenths'] // 10}.{d['tenths'] % 10} days")
                for d in c["days_held"]
            ]
        )
    if c["circles"]:
        yield f". It came back in a circle {number(c['circles'], 'time')}"


def _handoff(h: Row) -> Iterator[str | Span]:
    yield from (Span(h["giver"]["name"]), " to ", Span(h["taker"]["name"]))
    circle = ", a circle" if h["circle"] else ""
    yield f", {date(h['at_local'])}: {h['state_text']}{circle} [{h['no']}]"


def _rung(r: Row) -> str:
    question = "" if r["question"] is None else f" for [{r['question']}]"
    done = "not done"
    if r["climbed_by"] is not None:
        done = f"done [{r['climbed_by']}]"
    elif r["tried_by"] is not None:
        done = f"tried [{r['tried_by']}], waiting until {_moment(r['waits_until_local'])}"
    return f"{r['text']}{question}, from {date(r['opens_at_local'])}: {done}"


def _owed(owed: Row | None) -> Iterator[Section]:
    if not owed or not (owed["cadences"] or owed["plan"]):
        return
    items = [
        joined(
            [
                said(row["said"]),
                *(
                    f"Too few lay behind from {date(g['since_local'])} to {date(g['until_local'])}."
                    for g in row.get("gaps", ())
                    if g["until"]
                ),
            ],
            " ",
        )
        for row in [*owed["cadences"], *owed["plan"]]
    ]
    rules = " ".join(f"{r['code']}: {r['text']}" for r in owed["rules"])
    title = "What was owed without being asked for"
    yield Section(title, [Listing(items), Paragraph(rules, "note")], name="owed")


def _answers(answers: Row | None) -> Iterator[Section]:
    """What was answered to the questions that an account is asked."""
    for key, title in (answers or {"titles": {}})["titles"].items():
        if answers and answers[key]:
            yield Section(title, [Listing([said(line) for line in answers[key]])], name=key)


def _unknown(unknown: list[Row]) -> Block:
    if unknown:
        return Listing([said(u) for u in unknown])
    told = "The collectors were listening for the whole of the period, and no silence is in doubt."
    return Paragraph(told)


def _rules(data: Mapping[str, Any]) -> Iterator[Block]:
    words = [*data["outcomes"], *data["grades"]]
    yield Facts([((Span(w["word"], "strong"),), w["text"]) for w in words])
    yield Paragraph("Below are only the rules that decided something in this report.", "note")
    columns = [Column("Rule"), Column("What it says", 1), Column("Times", 0, "end")]
    rows = [TableRow([r["code"], r["text"] or "–", str(r["count"])]) for r in data["rules"]]
    yield Table(columns, rows)


def _policy(policies: list[Row]) -> Iterator[Block]:
    if not policies:
        yield Paragraph("No policy was applied.")
    for p in policies:
        decided = number(p["findings"], "finding")
        yield Paragraph(f"Entry [{p['no']}], {p['whose']}; it decided {decided}.")
        yield Listing(list(p["sentences"]))
        yield Paragraph(("SHA-256 ", Span(p["digest"], "mono")), "note")


def _moment(local: str) -> str:
    return f"{day(local)}, {clock(local)}"


def _two(local: str) -> str:
    """The day, and beneath it the time of day."""
    return f"{day(local)}\n{clock(local)}"
