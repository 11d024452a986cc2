"""Contact pressure: how often each person was reached out to, and what broke a cap.

Counted are the touches to each person named on a touch, over all channels, with reminders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from contactledger.report.charts_pressure import days_of, pressure_of, touched
from contactledger.report.document import Column, Document, Section, Span, Table, TableRow, Text
from contactledger.report.kind_parts import (
    head,
    laid_out,
    none_or,
    of_time,
    rules,
    sentences,
    touches,
)
from contactledger.report.phrases import CHANNELS
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("people", "times", "caps", "weeks", "rules")
ROLLING_DAYS = 7
MONTH_DAYS = 30


def rows(proof: Row, _: Row) -> Row:
    """The rows of the kind, from those of a proof of contact."""
    reached: dict[tuple[str, str], list[Row]] = {}
    weeks: Counter[tuple[str, str]] = Counter()
    for f in proof["findings"]:
        weeks[_monday(f["at_local"]), f["receiver"]["id"]] += 1
        for person in f["people"]:
            if person["addressed"]:
                reached.setdefault((f["receiver"]["id"], person["id"]), []).append(f)
    called = {p["id"]: p for p in proof["parties"]}
    return {
        **head("contact-pressure", proof),
        "people": [
            _person(called[party], person, got, proof["as_of"])
            for (party, person), got in sorted(reached.items(), key=lambda one: -len(one[1]))
            if party in called
        ],
        "days": days_of(proof["findings"]),
        "over_cap": [
            f for f in proof["findings"] if any(v["code"] == "over_cap" for v in f["violations"])
        ],
        "weeks": [
            {"week": week, "party": called[party], "touches": count}
            for (week, party), count in sorted(weeks.items())
            if party in called
        ],
        "rules": sentences(proof),
    }


def _monday(local: str) -> str:
    moment = of_time(local)
    return (moment - timedelta(days=moment.weekday())).date().isoformat()


def _person(party: Row, person: str, got: list[Row], as_of: str) -> Row:
    moments = sorted((of_time(f["at"]), f["no"]) for f in got)
    now = of_time(as_of)
    best, start = (0, 0), 0
    for end, (moment, _) in enumerate(moments):
        while moment - moments[start][0] >= timedelta(days=ROLLING_DAYS):
            start += 1
        best = max(best, (end - start + 1, -start))
    count, first = best[0], -best[1]
    name = next(p["name"] for p in got[0]["people"] if p["id"] == person)
    recent = [no for moment, no in moments if moment > now - timedelta(days=MONTH_DAYS)]
    return {
        "party": party,
        "person": {"id": person, "name": name},
        "touches": len(got),
        "last_30_days": len(recent),
        "busiest_7_days": count,
        "busiest_since": moments[first][0].isoformat()[:10],
        "channels": dict(Counter(f["channel"] for f in got)),
        "because": [no for _, no in moments[first : first + count]],
    }


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    return laid_out(words, data, words("Contact pressure"), _sections(data, words))


def _sections(data: Row, words: Words) -> Iterator[Section]:
    columns = [
        Column(words("Who"), 3),
        Column(words("Touches"), 1, "end"),
        Column(words("In the last 30 days"), 1, "end"),
        Column(words("Most in any 7 days"), 1, "end"),
        Column(words("Through what"), 3),
        Column(words("Entries"), 2),
    ]
    people = Table.of(
        columns,
        data["people"],
        lambda p: _line(p, words),
        words("Entries are those of the busiest 7 days."),
    )
    yield Section(
        words("Person by person"),
        [none_or(people, words("Nobody was named on a touch."))],
        name="people",
    )
    if data["days"]:
        picture = pressure_of(touched(data["days"], words), words=words)
        title = words("Who was contacted when")
        yield Section(title, picture.blocks(words("How often, and when")), name="times")
    caps = none_or(
        touches(words, data["over_cap"]), words("No touch was over a cap of the policy.")
    )
    yield Section(words("More than the policy allows"), [caps], name="caps")
    columns = [
        Column(words("Week from"), 2),
        Column(words("To whom"), 3),
        Column(words("Touches"), 1, "end"),
    ]

    def week(w: Row) -> TableRow:
        return TableRow(
            [words.date(w["week"]), (Span(w["party"]["name"]),), words.number(w["touches"])]
        )

    weeks = none_or(Table.of(columns, data["weeks"], week), words("No touch is on record."))
    yield Section(words("Week by week"), [weeks], name="weeks")
    yield from rules(words, ["J41", "J43"] if data["over_cap"] else [], data["rules"])


def _line(p: Row, words: Words) -> TableRow:
    through = [f"{words(CHANNELS[c])} {words.number(n)}" for c, n in p["channels"].items()]
    nos = [str(no) for no in p["because"][:12]]
    if len(p["because"]) > len(nos):
        nos.append("…")
    who: Text = (Span(p["person"]["name"]),)
    if p["person"]["id"] != p["party"]["id"]:
        who = (*who, Span(f", {p['party']['name']}", "soft"))
    return TableRow(
        [
            who,
            words.number(p["touches"]),
            words.number(p["last_30_days"]),
            words.number(p["busiest_7_days"]),
            ", ".join(through),
            f"[{', '.join(nos)}]",
        ]
    )
