"""The case dossier: a matter from its first act to now, and who held the ball for how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contactledger.errors import NotFound
from contactledger.report.charts_holders import matter_bar
from contactledger.report.document import (
    Block,
    Chart,
    Column,
    Document,
    Facts,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
    Text,
    cited,
)
from contactledger.report.kind_parts import (
    head,
    laid_out,
    names,
    none_or,
    onus_said,
    outcome,
    rules,
    sentences,
    when,
    who,
)
from contactledger.report.phrases import HANDOFFS, MATTERS, PROMISES, RUNGS
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("matter", "rules")


def rows(proof: Row, extra: Row) -> Row:
    """The rows of the kind, from those of a proof of contact.

    `about` in `extra`: the id or the title of one matter; without it every matter that is open or
    was named by somebody, as in the proof of contact. NotFound for a matter that is not there.
    """
    about = extra.get("about")
    findings: dict[str, list[Row]] = {}
    for f in proof["findings"]:
        findings.setdefault(f["matter"]["id"], []).append(f)
    cases = [c for c in proof["cases"] if about in (None, c["matter"], c["title"])]
    if about is not None and not cases:
        raise NotFound("no matter of that key, title or id is told of", field="about")
    return {
        **head("case-dossier", proof),
        "about": about,
        "cases": [{**c, "acts": _acts(c, findings.get(c["matter"], []), proof)} for c in cases],
        "rules": sentences(proof),
    }


def _acts(case: Row, findings: list[Row], proof: Row) -> list[Row]:
    """What happened in the matter, in the order of its times."""
    acts = [
        {"what": "touch", **{k: f[k] for k in ("no", "at", "at_local")}, "finding": f}
        for f in findings
    ]
    acts += [
        {"what": "promise", **{k: p[k] for k in ("no", "at", "at_local")}, "promise": p}
        for p in proof["promises"]
        if p["no"] in case["promises"]
    ]
    acts += [
        {"what": "handoff", **{k: h[k] for k in ("no", "at", "at_local")}, "handoff": h}
        for h in case["handoffs"]
    ]
    return sorted(acts, key=lambda act: (act["at"], act["no"]))


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    return laid_out(words, data, words("Case dossier"), _sections(data, words))


def _sections(data: Row, words: Words) -> Iterator[Section]:
    for case in data["cases"]:
        title = (Span(case["title"]),) if case["title"] else words("A matter without a title")
        yield Section(title, list(_case(data, case, words)), name="matter")
    if not data["cases"]:
        text = words("No matter is open, and none was named.")
        yield Section(words("Matters"), [Paragraph(text)], name="matter")
    codes = [code for c in data["cases"] for code in (*c["rules"], c["onus"]["rule"])]
    yield from rules(words, codes, data["rules"])


def _case(data: Row, case: Row, words: Words) -> Iterator[Block]:
    yield Paragraph(onus_said(words, case["onus"]), "turn")
    yield Facts(list(_facts(case, words)))
    columns = [
        Column(words("Held by"), 3),
        Column(words("Since"), 2),
        Column(words("Until"), 2),
        Column(words("Entries"), 1),
    ]

    def hold(h: Row) -> TableRow:
        until = when(words, h, "until") if h["until"] else words("now")
        return TableRow(
            [(Span(h["party"]["name"]),), when(words, h, "since"), until, _cite(h["because"])]
        )

    if case["holds"]:
        title = words("Who held the ball, one after another.")
        told = "; ".join(_days(case, words)) or title
        prefix = f"cl-holders-{data['cases'].index(case)}"
        yield Chart(matter_bar(data, case, (title, told), prefix, words), told)
        yield Table.of(columns, case["holds"], hold, title)
    columns = [
        Column(words("Entry")),
        Column(words("When"), 2),
        Column(words("What was done"), 5),
        Column(words("What came of it"), 2),
    ]
    yield none_or(
        Table.of(columns, case["acts"], lambda act: _act(act, words)),
        words("No act of this matter lies in the period."),
    )


def _days(case: Row, words: Words) -> list[str]:
    """How long each party held the matter in all."""
    return [
        words("{party} {days} days", party=d["party"]["name"], days=words.tenths(d["tenths"]))
        for d in case["days_held"]
    ]


def _facts(case: Row, words: Words) -> Iterator[tuple[Text, Text]]:
    opened = words(
        "{state}; opened {when} by {party}",
        state=words(MATTERS[case["state"]]),
        when=words.date(case["opened_at_local"]),
        party=case["opened_by"]["name"],
    )
    yield words("State"), opened
    yield words("Parties"), names([p["name"] for p in case["parties"]])
    if case["stake"]:
        yield words("At stake"), case["stake"]
    if case["worth"]:
        yield words("The account is worth"), case["worth"]
    if case["days_held"]:
        days = _days(case, words)
        yield words("Held in all"), ", ".join(days)
    if case["circles"]:
        yield (
            words("Circles"),
            words.count(
                case["circles"],
                "it came back {n} time to a party that had it",
                "it came back {n} times to a party that had it",
            ),
        )
    for rung in case["rungs"]:
        label = words("Ladder: {rung}", rung=words(RUNGS.get(rung["code"], rung["code"])))
        yield label, _rung(rung, words)


def _rung(rung: Row, words: Words) -> Text:
    if rung["climbed_by"] is not None:
        return cited(words("done"), [rung["climbed_by"]])
    if rung["tried_by"] is not None:
        until = when(words, rung, "waits_until")
        return cited(words("tried, waiting until {when}", when=until), [rung["tried_by"]])
    return words("not done, open from {when}", when=words.date(rung["opens_at_local"]))


def _act(act: Row, words: Words) -> TableRow:
    head_ = [f"[{act['no']}]", when(words, act)]
    if act["what"] == "touch":
        f = act["finding"]
        about: list[str | Span] = ["\u2002", Span(f["about"])] if f["about"] else []
        said = who(words, f)
        what: Text = [*([said] if isinstance(said, str) else said), *about]
        return TableRow([*head_, what, outcome(words, f)])
    if act["what"] == "promise":
        p = act["promise"]
        what = [Span(p["promiser"]["name"]), " ", words("promised"), " ",
                Span(p["promisee"]["name"]), ": ", Span(p["what"])]  # fmt: skip
        return TableRow([*head_, what, (Span(words(PROMISES[p["state"]]), "strong"),)])
    h = act["handoff"]
    what = [Span(h["giver"]["name"]), " ", words("passed it on to"), " ", Span(h["taker"]["name"])]
    state = words(HANDOFFS[h["state"]])
    if h["circle"]:
        state += f", {words('a circle')}"
    return TableRow([*head_, what, (Span(state, "strong"),)])


def _cite(nos: list[int]) -> str:
    return f"[{', '.join(map(str, nos))}]" if nos else "–"
