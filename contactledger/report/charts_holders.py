"""Who held each matter, from when until when: one bar a matter, a filling for each party."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import define

from contactledger.report.charts import Scale, ticks
from contactledger.report.charts_frame import (
    ENGLISH,
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
from contactledger.report.words import Words

BARS = 30
"""Matters drawn, those that are or were open last; all stand in the table."""
LEAST = 1.5
"""Width of the shortest stay that is drawn apart from the one before it."""
_LINE = 38


@define
class _Stay:
    party: str
    x1: float
    x2: float
    told: str
    lasts: bool


def holders(data: Row, *, prefix: str = "cl-holders", words: Words = ENGLISH) -> Picture:
    """The holder bars of a report's rows. Uses cases, parties, as_of and zone."""
    held = [case for case in data["cases"] if case["holds"]]
    held.sort(key=lambda c: (c["closed_at"] or "9", c["holds"][-1]["since"], c["matter"]))
    shown = held[-BARS:][::-1]
    parties = _parties(held, data["parties"])
    start = min((h["since"] for c in shown for h in c["holds"]), default=data["as_of"])
    scale = Scale.of(datetime.fromisoformat(start), datetime.fromisoformat(data["as_of"]), WIDTH)
    order = {party: i for i, party in enumerate(parties)}
    height = 10 + len(shown) * _LINE
    body = [patterns(len(parties), prefix), ""]
    if shown:
        body[-1] = ticks(data["zone"], scale, height, words)
    for i, case in enumerate(shown):
        body.append(_bar(case, scale, order, 10 + i * _LINE, prefix, words))
    items = [(filled(order[party], prefix), name) for party, name in parties.items()]
    keys, bottom = legend(items, height + 26, WIDTH)
    told = " ".join(_said(case, words) for case in shown)
    title = words.count(
        len(held),
        "Who held {n} matter, and for how long",
        "Who held {n} matters, and for how long",
    )
    if len(shown) < len(held):
        title += words(": the {n} newest", n=len(shown))
    size = (WIDTH, round(bottom) if shown else 20)
    body.append(keys)
    svg = drawn("holders", body, size, title, told or words("Nobody held anything."), prefix)
    head = (words("Matter"), words("Held by"), words("Since"), words("Until"), words("Entries"))
    return Picture(svg, title, told, head, tuple(_rows(held, words)), _note(words), words)


def matter_bar(
    data: Row, case: Row, told: tuple[str, str], prefix: str, words: Words = ENGLISH
) -> str:
    """One matter of a report's rows as an `<svg>`, named and described by `told`."""
    parties = _parties([case], data["parties"])
    scale = Scale.of(
        datetime.fromisoformat(case["holds"][0]["since"]),
        datetime.fromisoformat(data["as_of"]),
        WIDTH,
    )
    order = {party: i for i, party in enumerate(parties)}
    keys, bottom = legend([(filled(order[p], prefix), n) for p, n in parties.items()], 52, WIDTH)
    bars = _drawn_stays(_stays(case, scale, words), order, 20, prefix)
    body = [patterns(len(parties), prefix), ticks(data["zone"], scale, 28, words), bars, keys]
    return drawn("holders", body, (WIDTH, round(bottom)), *told, prefix)


def _parties(held: list[Row], parties: list[Row]) -> dict[str, str]:
    """Id → name of those who held something, in the order of the report's columns."""
    those = {h["party"]["id"]: h["party"]["name"] for c in held for h in c["holds"]}
    first = {p["id"]: p["name"] for p in parties if p["id"] in those}
    return first | those


def _until(hold: Row, words: Words) -> str:
    return words.date(hold["until_local"]) if hold["until"] else words("today")


def _stays(case: Row, scale: Scale, words: Words) -> list[_Stay]:
    """The stays as wide as they are; what is too short to be seen goes to the one before it."""
    out: list[_Stay] = []
    for hold in case["holds"]:
        x1 = scale.x(datetime.fromisoformat(hold["since"]))
        x2 = scale.x(datetime.fromisoformat(hold["until"])) if hold["until"] else scale.width - 12
        since = words.date(hold["since_local"])
        period = words("{since} to {until}", since=since, until=_until(hold, words))
        told = f"{hold['party']['name']}, {period}"
        if out and x2 - out[-1].x1 < LEAST * 2:
            out[-1].x2, out[-1].told = x2, f"{out[-1].told}; {told}"
            out[-1].lasts = not hold["until"]
            continue
        out.append(_Stay(hold["party"]["id"], x1, max(x2, x1 + LEAST), told, not hold["until"]))
    return out


def _bar(
    case: Row, scale: Scale, order: dict[str, int], y: float, prefix: str, words: Words
) -> str:
    parts = [case["title"] or words("no title"), words(case["state_text"])]
    if case["stake"]:
        parts.append(words("{stake} at stake", stake=case["stake"]))
    name = fitted(", ".join(parts), WIDTH - 30)
    title = label(0, y + 12, name, 'font-weight="600"')
    return title + _drawn_stays(_stays(case, scale, words), order, y + 30, prefix)


def _drawn_stays(stays: list[_Stay], order: dict[str, int], floor: float, prefix: str) -> str:
    out = [f'<path d="M12 {floor - 6:.1f}H{WIDTH - 12}" {FAINT}/>']
    for stay in stays:
        look = filled(order[stay.party], prefix)
        out.append(box(stay.x1, floor - 13, (stay.x2 - stay.x1, 13), look, stay.told))
        if stay.lasts:
            tip = f"M{stay.x2:.1f} {floor - 13:.1f}l8 6.5l-8 6.5z"
            out.append(f'<path d="{tip}" fill="currentColor"/>')
    return "".join(out)


def _said(case: Row, words: Words) -> str:
    days = [
        words(
            "{party} for {days} days",
            party=d["party"]["name"],
            days=words.tenths(d["tenths"]),
        )
        for d in case["days_held"]
    ]
    title = case["title"] or words("A matter")
    told = words.listed(days) or words("held by nobody for long")
    if not case["holder"]:
        return f"{title}: {told}."
    return words(
        "{title}: {told}; now {party}.", title=title, told=told, party=case["holder"]["name"]
    )


def _rows(held: list[Row], words: Words) -> Iterable[tuple[str, ...]]:
    for case in reversed(held):
        for hold in case["holds"]:
            yield (
                case["title"] or words("no title"),
                hold["party"]["name"],
                words.date(hold["since_local"]),
                _until(hold, words),
                ", ".join(map(str, hold["because"][:12])),
            )


def _note(words: Words) -> str:
    """What stands beneath the picture."""
    return words(
        "The holder is who had to act. A bar that ends in an arrow is held to this day; where "
        "there is none, nobody held the matter."
    )
