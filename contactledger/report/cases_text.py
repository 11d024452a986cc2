"""The matters of an account on a terminal: who holds each, since when, and whose turn it is.

Made of the rows of `rows.rows`, so it can say nothing that the whole report does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

from contactledger.report.phrases import clock, date, listed, number

WIDTH = 88


def cases_text(data: Mapping[str, Any]) -> str:
    """The matters of a report's rows as plain text, ending in LF."""
    return "\n".join(_lines(data)) + "\n"


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    local = data["as_of_local"]
    yield f"{data['account']['name']}, as of {date(local)} {clock(local)} {data['zone']}"
    if not data["cases"]:
        yield ""
        yield "No matter is open, and none was named."
    for case in data["cases"]:
        yield ""
        yield from _case(case)
    if data["cases_closed"]:
        yield ""
        yield f"Closed, and named by nobody: {number(data['cases_closed'], 'exchange')}."


def _case(case: Mapping[str, Any]) -> Iterator[str]:
    money = [f"{case[key]} {what}" for key, what in _MONEY if case[key]]
    yield fill(f"{case['title']} ({listed([case['state_text'], *money])})", WIDTH)
    parties = listed([party["name"] for party in case["parties"]])
    yield _item(f"Opened {date(case['opened_at_local'])} by {case['opened_by']['name']}; {parties}")
    if case["holder"]:
        yield _item(f"Held by {case['holder']['name']} since {date(case['holder_since_local'])}")
    held = [
        f"{days['party']['name']} {days['tenths'] // 10}.{days['tenths'] % 10}"
        for days in case["days_held"]
    ]
    circles = f"; it came back {number(case['circles'], 'time')}" if case["circles"] else ""
    yield _item(f"Days held: {listed(held)}{circles}")
    for handoff in case["handoffs"]:
        yield _item(
            f"Passed on by {handoff['giver']['name']} to {handoff['taker']['name']}, "
            f"{date(handoff['at_local'])}: {handoff['state_text']} [{handoff['no']}]"
        )
    for rung in case["rungs"]:
        yield _item(f"Ladder: {rung['text']}: {_rung(rung)}")
    onus = case["onus"]
    numbers = ", ".join(map(str, onus["because"]))
    cited = f" [{numbers}]" if numbers else ""
    yield _item(f"{onus['text']} Rule {onus['rule']}{cited}.")


_MONEY = (("stake", "at stake"), ("worth", "the account is worth"))


def _rung(rung: Mapping[str, Any]) -> str:
    if rung["climbed_by"] is not None:
        return f"done [{rung['climbed_by']}]"
    if rung["tried_by"] is not None:
        until = rung["waits_until_local"]
        return f"tried [{rung['tried_by']}], waiting until {date(until)} {clock(until)}"
    return f"not done, open from {date(rung['opens_at_local'])}"


def _item(text: str) -> str:
    return fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
