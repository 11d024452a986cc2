"""Findings and cases as small cards for notebooks, alone and several in one table.

Like the card of a standing: inline styles, no ids, the colours of the page around it, and at
most a screenful. Names are set apart from the writing direction around them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup, escape

from contactledger.findings import Case, Finding
from contactledger.report.finding_row import finding_row
from contactledger.report.names import Names
from contactledger.report.phrases import (
    CHANNELS,
    MATTERS,
    clock,
    date,
    iso,
    iso_local,
    listed,
    money,
    number,
    word,
)
from contactledger.report.wording import Wording

SHOWN = 20
"""Rows of a table; whoever wants more takes a slice."""
_LINES = 12
"""Lines of evidence of one finding."""

_BOX = "font:13px/1.45 system-ui,sans-serif;max-width:64em;padding:.6em 0"
_CELL = "padding:.2em 1em .2em 0;text-align:left;vertical-align:top"


def _tag(name: str, style: str, inner: Any, more: str = "") -> Markup:
    return Markup("<{0}{3} style='{1}'>{2}</{0}>").format(name, style, inner, Markup(more))  # noqa: S704


def _name(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text)


def _soft(inner: Any) -> Markup:
    return _tag("span", "opacity:.7", inner)


def _joined(parts: Iterable[Any], between: str = " ") -> Markup:
    return Markup(escape(between)).join(parts)  # noqa: S704 - each part is escaped by join


def finding_card(f: Finding, called: Names, wording: Wording) -> str:
    """One finding: what happened, what came back, what it counts for, and on which entries."""
    row = finding_row(f, called, wording)
    who = _joined([_name(row["sender"]["name"]), "to", _name(row["receiver"]["name"])])
    when = f"{date(row['at_local'])} {clock(row['at_local'])} {f.zone}"
    head = _joined([who, _soft(f"{row['channel_text']}, {row['purpose_text']}, {when} [{f.no}]")])
    outcome = f"{f.outcome}{', late' if f.late else ''}"
    verdict = _joined([_tag("strong", "font-weight:600", outcome), _soft(f.outcome_grade.word)])
    due = f"Due {date(row['due_local'])} {clock(row['due_local'])}." if f.due else ""
    said = [row["back"]["text"], row["counts"]["text"], due, *row["notes"]]
    lines = [
        _tag("li", "margin:0", _joined([f"[{e['no']}]", e["text"], _soft(_carries(e))]))
        for e in row["evidence"][:_LINES]
    ]
    if len(row["evidence"]) > _LINES:
        lines.append(_tag("li", "margin:0", f"and {len(row['evidence']) - _LINES} more"))
    return str(
        _tag(
            "div",
            _BOX,
            _joined(
                [
                    _tag("div", "", head),
                    _tag("div", "font:500 1.2em Georgia,serif", _name(row["about"])),
                    _tag("div", "border-left:3px solid;padding-left:.8em;margin:.4em 0", verdict),
                    _tag("div", "", " ".join(text for text in said if text)),
                    _tag("ul", "margin:.4em 0;padding-left:1.2em", Markup("").join(lines)),
                    _soft(f"Rules {', '.join(f.rules)}."),
                ],
                "",
            ),
        )
    )


def _carries(line: dict[str, Any]) -> str:
    """What a line of evidence shows and who vouches, with the caveats that go with it."""
    shows = f"shows {line['lifts']}, {line['grade']}" if line["lifts"] else "proves nothing"
    return f"{date(line['at_local'])} {clock(line['at_local'])}; " + ". ".join(
        [shows, *line["caveats"]]
    )


def findings_card(found: Sequence[Finding], called: Names) -> str:
    """Several findings as a table, in their order; how many of each outcome above it."""
    counts = Counter(str(f.outcome) for f in found).most_common()
    told = f"{number(len(found), 'finding')}: {listed([f'{n} {o}' for o, n in counts])}"
    rows = [
        (
            f"[{f.no}]",
            _tag("span", "white-space:nowrap", _local(f.at, f.zone)),
            _joined([_name(called.of(f.sender)), "to", _name(called.of(f.party))]),
            CHANNELS[f.channel],
            _name(called.about(f.no)),
            f"{f.outcome}{', late' if f.late else ''}",
            f.outcome_grade.word,
        )
        for f in found[:SHOWN]
    ]
    heads = ("Entry", "When", "Who, to whom", "Through", "About", "Outcome", "Grade")
    return _table(told, heads, rows, len(found))


def _local(at: Any, zone: str) -> str:
    stamp = iso_local(at, zone)
    return f"{date(stamp)} {clock(stamp)}"


def _titled(c: Case, called: Names) -> str:
    return called.of(c.matter) or "no title"


def case_card(c: Case, called: Names) -> str:
    """One matter: its state, what is at stake, who holds it and for how long, whose turn."""
    state = f"{word(MATTERS, c.state)}, since {date(iso(c.opened_at))}"
    days = [_joined([_name(called.of(party)), f"{held:,.1f} days"]) for party, held in c.days_held]
    facts = [
        ("State", state),
        ("At stake", money(c.stake) if c.stake else ""),
        ("Holder", _name(called.of(c.holder)) if c.holder else "nobody"),
        ("Held in all", _joined(days, ", ")),
        ("Circles", str(c.circles or "")),
        ("Whose turn", _joined([_name(called.of(c.onus.party)), f"(rule {c.onus.rule})"])
            if c.onus.party else f"nobody’s (rule {c.onus.rule})"),
        ("Entries", ", ".join(map(str, c.because[:_LINES]))),
    ]  # fmt: skip
    rows = [
        Markup("<tr>{}{}</tr>").format(
            _tag("th", f"{_CELL};font-weight:400;opacity:.7", name, " scope='row'"),
            _tag("td", _CELL, what),
        )
        for name, what in facts
        if what
    ]
    title = _tag("div", "font:500 1.2em Georgia,serif", _name(_titled(c, called)))
    style = "border-collapse:collapse;font:inherit;color:inherit"
    return str(_tag("div", _BOX, title + _tag("table", style, Markup("").join(rows))))


def cases_card(found: Sequence[Case], called: Names) -> str:
    """Several matters as a table, in their order."""
    rows = [
        (
            _name(_titled(c, called)),
            word(MATTERS, c.state),
            date(iso(c.opened_at)),
            _name(called.of(c.holder) or "nobody"),
            f"{len(c.touches):,}",
            _joined([_name(called.of(c.onus.party) or "nobody"), f"({c.onus.rule})"]),
        )
        for c in found[:SHOWN]
    ]
    heads = ("Matter", "State", "Since", "Holder", "Touches", "Whose turn")
    return _table(number(len(found), "matter"), heads, rows, len(found))


def _table(told: str, heads: Sequence[str], rows: Sequence[Sequence[Any]], count: int) -> str:
    """A table under a line that says what it holds, and how much more there is."""
    head = Markup("").join(
        _tag("th", f"{_CELL};font-weight:600", text, " scope='col'") for text in heads
    )
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(_tag("td", _CELL, cell) for cell in row))
        for row in rows
    )
    more = _soft(f"and {count - len(rows):,} more: take a slice") if count > len(rows) else ""
    table = Markup(
        "<table style='border-collapse:collapse;font:inherit;color:inherit'>"
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
    ).format(head, body)
    return str(_tag("div", _BOX, _tag("div", "padding-bottom:.4em", told) + table + more))
