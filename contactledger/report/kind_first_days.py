"""The first 90 days after an install: week by week, who reached out, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from contactledger.facts import Entry, Milestone
from contactledger.report.document import (
    Block,
    Column,
    Document,
    Facts,
    Listing,
    Section,
    Span,
    Table,
    TableRow,
    Text,
    cited,
    said,
)
from contactledger.report.kind_parts import (
    head,
    laid_out,
    none_or,
    of_time,
    seconds,
    touches,
    when,
)
from contactledger.report.names import Names
from contactledger.report.phrases import iso, iso_local
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("start", "weeks", "touches", "owed")
DAYS = 90


def rows(proof: Row, extra: Row) -> Row:
    """The rows of the kind, from those of a proof of contact of the whole account.

    `milestones` in `extra`: rows of the milestones on record. The days count from the first
    install; where none is on record, from the first touch, and the report says so.
    """
    installs = [m for m in extra.get("milestones", ()) if m["kind"] == "install"]
    start = min(installs, key=lambda m: m["at"]) if installs else None
    first = min((f["at"] for f in proof["findings"]), default=proof["as_of"])
    since = of_time(start["at"] if start else first)
    until = since + timedelta(days=DAYS)
    inside = [f for f in proof["findings"] if since <= of_time(f["at"]) < until]
    data: Row = {
        **head("first-90-days", proof),
        "start": start,
        **_both("first_day", since, proof["zone"]),
        **_both("end", until, proof["zone"]),
        "over": iso(until) <= proof["as_of"],
        "weeks": [],
        "findings": inside,
        "owed": list(proof.get("owed", {}).get("plan", ())),
    }
    data["period"] = {
        **proof["period"],
        "first_day": data["first_day_local"][:10],
        "last_day": iso_local(until - timedelta(seconds=1), proof["zone"])[:10],
    }
    weeks = -(-DAYS // 7)
    for week in range(weeks):
        begin, end = since + timedelta(days=7 * week), since + timedelta(days=7 * week + 7)
        if iso(begin) > proof["as_of"]:
            break
        got = [f for f in inside if begin <= of_time(f["at"]) < end]
        data["weeks"].append(
            {
                "week": week + 1,
                **_both("since", begin, proof["zone"]),
                "sent": [
                    {**p, "touches": len({f["no"] for f in got if f["sender"]["id"] == p["id"]})}
                    for p in proof["parties"]
                ],
                "answered": sum(f["outcome"] == "answered" for f in got),
                "ignored": sum(f["outcome"] == "ignored" for f in got),
                "because": [f["no"] for f in got],
            }
        )
    return data


def milestone_rows(entries: Iterable[Entry], called: Names, zone: str) -> list[Row]:
    """The milestones on record; of several versions of one, the last."""
    found = {
        e.id: {
            "no": e.no,
            "id": e.id,
            "kind": str(e.fact.kind),
            "name": called.of(e.id),
            **_both("at", e.at, zone),
        }
        for e in entries
        if isinstance(e.fact, Milestone)
    }
    return list(found.values())


def _both(key: str, moment: Any, zone: str) -> Row:
    return {key: iso(moment), f"{key}_local": iso_local(moment, zone)}


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    return laid_out(words, data, words("The first 90 days"), _sections(data, words))


def _sections(data: Row, words: Words) -> Iterator[Section]:
    yield Section(words("From when to when"), list(_start(data, words)), name="start")
    columns = [
        Column(words("Week")),
        Column(words("From"), 2),
        *(Column(p["name"], 1, "end") for p in data["parties"]),
        Column(words("answered"), 1, "end"),
        Column(words("ignored"), 1, "end"),
    ]

    def week(w: Row) -> TableRow:
        counts = [*(p["touches"] for p in w["sent"]), w["answered"], w["ignored"]]
        return TableRow(
            [str(w["week"]), words.date(w["since_local"]),
             *(words.number(n) if n else "–" for n in counts)]
        )  # fmt: skip

    caption = words("Touches made by each party, and what became of them.")
    weeks = none_or(
        Table.of(columns, data["weeks"], week, caption), words("The first week has not begun.")
    )
    yield Section(words("Week by week"), [weeks], name="weeks")
    every = none_or(touches(words, data["findings"]), words("No touch was made in these days."))
    yield Section(words("Every touch"), [every], name="touches")
    if data["owed"]:
        yield Section(
            words("The plan"), [Listing([said(row["said"]) for row in data["owed"]])], name="owed"
        )


def _start(data: Row, words: Words) -> Iterator[Block]:
    start = data["start"]
    begun: Text = words("No install is on record; the days count from the first touch.")
    if start:
        begun = cited(
            words("The days count from the install, {when}.", when=when(words, start)),
            [start["no"]],
        )
    pairs: list[tuple[Text, Text]] = [(words("Begun"), begun)]
    if start and start["name"]:
        pairs.append((words("Install"), (Span(start["name"]),)))
    state = words("They are over.") if data["over"] else words("They are not over yet.")
    pairs.append(
        (words("End"), words("{when}. {state}", when=words.date(data["end_local"]), state=state))
    )
    for label, one in (
        (words("First touch"), _first(data["findings"], None)),
        (words("First answer"), _first(data["findings"], "answered")),
    ):
        if one is None:
            pairs.append((label, words("none")))
        else:
            after = words.lasting(seconds(data["first_day"], one["at"]))
            text = words("{after} after the start", after=after)
            pairs.append((label, cited(text, [one["no"]])))
    yield Facts(pairs)


def _first(findings: list[Row], outcome: str | None) -> Row | None:
    fitting = [f for f in findings if outcome in (None, f["outcome"])]
    return min(fitting, key=lambda f: (f["at"], f["no"]), default=None)
