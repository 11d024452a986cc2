"""Who held each matter, from when until when: one bar a matter, a filling for each party."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import define

from contactledger.report.charts import Scale, ticks
from contactledger.report.charts_frame import (
    FAINT,
    WIDTH,
    Picture,
    Row,
    box,
    drawn,
    filled,
    fitted,
    label,
    legend,
    patterns,
)
from contactledger.report.phrases import date, listed, number

BARS = 30
"""Matters drawn, those that are or were open last; all stand in the table."""
LEAST = 1.5
"""Width of the shortest stay that is drawn apart from the one before it."""
NOTE = (
    "The holder is who had to act. A bar that ends in an arrow is held to this day; where there "
    "is none, nobody held the matter."
)
_LINE = 38


@define
class _Stay:
    party: str
    x1: float
    x2: float
    told: str
    lasts: bool


def holders(data: Row, *, prefix: str = "cl-holders") -> Picture:
    """The holder bars of a report's rows. Uses cases, parties, as_of and zone."""
    held = [case for case in data["cases"] if case["holds"]]
    held.sort(key=lambda c: (c["closed_at"] or "9", c["holds"][-1]["since"], c["matter"]))
    shown = held[-BARS:][::-1]
    parties = _parties(held, data["parties"])
    start = min((h["since"] for c in shown for h in c["holds"]), default=data["as_of"])
    scale = Scale.of(datetime.fromisoformat(start), datetime.fromisoformat(data["as_of"]), WIDTH)
    order = {party: i for i, party in enumerate(parties)}
    height = 10 + len(shown) * _LINE
    body = [patterns(len(parties), prefix), ticks(data["zone"], scale, height) if shown else ""]
    for i, case in enumerate(shown):
        body.append(_bar(case, scale, order, 10 + i * _LINE, prefix))
    items = [(filled(order[party], prefix), name) for party, name in parties.items()]
    keys, bottom = legend(items, height + 26, WIDTH)
    told = " ".join(map(_said, shown))
    title = f"Who held {number(len(held), 'matter')}, and for how long"
    if len(shown) < len(held):
        title += f": the {len(shown)} newest"
    size = (WIDTH, round(bottom) if shown else 20)
    body.append(keys)
    svg = drawn("holders", body, size, title, told or "Nobody held anything.", prefix)
    head = ("Matter", "Held by", "Since", "Until", "Entries")
    return Picture(svg, title, told, head, tuple(_rows(held)), NOTE)


def matter_bar(data: Row, case: Row, told: tuple[str, str], prefix: str) -> str:
    """One matter of a report's rows as an `<svg>`, named and described by `told`, in any language:
    in the picture itself stand names and dates alone."""
    parties = _parties([case], data["parties"])
    scale = Scale.of(
        datetime.fromisoformat(case["holds"][0]["since"]),
        datetime.fromisoformat(data["as_of"]),
        WIDTH,
    )
    order = {party: i for i, party in enumerate(parties)}
    keys, bottom = legend([(filled(order[p], prefix), n) for p, n in parties.items()], 52, WIDTH)
    stays = _stays(case, scale)
    for stay in stays:
        stay.told = ""
    bars = _drawn_stays(stays, order, 20, prefix)
    body = [patterns(len(parties), prefix), ticks(data["zone"], scale, 28), bars, keys]
    return drawn("holders", body, (WIDTH, round(bottom)), *told, prefix)


def _parties(held: list[Row], parties: list[Row]) -> dict[str, str]:
    """Id → name of those who held something, in the order of the report's columns."""
    those = {h["party"]["id"]: h["party"]["name"] for c in held for h in c["holds"]}
    first = {p["id"]: p["name"] for p in parties if p["id"] in those}
    return first | those


def _until(hold: Row) -> str:
    return date(hold["until_local"]) if hold["until"] else "today"


def _stays(case: Row, scale: Scale) -> list[_Stay]:
    """The stays as wide as they are; what is too short to be seen goes to the one before it."""
    out: list[_Stay] = []
    for hold in case["holds"]:
        x1 = scale.x(datetime.fromisoformat(hold["since"]))
        x2 = scale.x(datetime.fromisoformat(hold["until"])) if hold["until"] else scale.width - 12
        told = f"{hold['party']['name']}, {date(hold['since_local'])} to {_until(hold)}"
        if out and x2 - out[-1].x1 < LEAST * 2:
            out[-1].x2, out[-1].told = x2, f"{out[-1].told}; {told}"
            out[-1].lasts = not hold["until"]
            continue
        out.append(_Stay(hold["party"]["id"], x1, max(x2, x1 + LEAST), told, not hold["until"]))
    return out


def _bar(case: Row, scale: Scale, order: dict[str, int], y: float, prefix: str) -> str:
    stake = f", {case['stake']} at stake" if case["stake"] else ""
    name = fitted(f"{case['title'] or 'no title'}, {case['state_text']}{stake}", WIDTH - 30)
    title = label(0, y + 12, name, 'font-weight="600"')
    return title + _drawn_stays(_stays(case, scale), order, y + 30, prefix)


def _drawn_stays(stays: list[_Stay], order: dict[str, int], floor: float, prefix: str) -> str:
    out = [f'<path d="M12 {floor - 6:.1f}H{WIDTH - 12}" {FAINT}/>']
    for stay in stays:
        look = filled(order[stay.party], prefix)
        out.append(box(stay.x1, floor - 13, (stay.x2 - stay.x1, 13), look, stay.told))
        if stay.lasts:
            tip = f"M{stay.x2:.1f} {floor - 13:.1f}l8 6.5l-8 6.5z"
            out.append(f'<path d="{tip}" fill="currentColor"/>')
    return "".join(out)


def _said(case: Row) -> str:
    days = [
        f"{d['party']['name']} for {d['tenths'] // 10}.{d['tenths'] % 10} days"
        for d in case["days_held"]
    ]
    now = f"; now {case['holder']['name']}" if case["holder"] else ""
    return f"{case['title'] or 'A matter'}: {listed(days) or 'held by nobody for long'}{now}."


def _rows(held: list[Row]) -> Iterable[tuple[str, ...]]:
    for case in reversed(held):
        for hold in case["holds"]:
            yield (
                case["title"] or "no title",
                hold["party"]["name"],
                date(hold["since_local"]),
                _until(hold),
                ", ".join(map(str, hold["because"][:12])),
            )
