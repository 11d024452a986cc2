"""The timeline: one lane per party, one mark per touch, as inline SVG.

The channel is the mark's shape, the outcome its colour *and* its filling, so that it reads
in grey; an answer is joined to what it answers, times without a listener are hatched. What is
said of ink and colours in `charts_frame` holds here, too. Marks that would lie on one another
are merged, so that the size of the picture is bounded by its width and not by the number of
touches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field

from contactledger.report.charts_frame import (
    ENGLISH,
    FAINT,
    INK,
    WIDTH,
    Picture,
    day_month,
    drawn,
    label,
    month,
    month_year,
    safe,
)
from contactledger.report.phrases import CHANNELS, clock, zone_of
from contactledger.report.words import Words

Row = dict[str, Any]

STEP = 15
"""Width that a mark takes, in the units of the picture."""
LEVELS = 8
"""A lane with more touches than half of this many full rows is drawn in columns."""

SHAPES = {
    "email": "M-6.5-4.5h13v9h-13z",
    "phone": "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z",
    "sms": "M-3-4.5h6a3 3 0 0 1 3 3v3a3 3 0 0 1-3 3h-6a3 3 0 0 1-3-3v-3a3 3 0 0 1 3-3z",
    "chat": "M-6.5 0l3.2-5h6.6l3.2 5l-3.2 5h-6.6z",
    "meeting": "M0-6l6.5 11h-13z",
    "visit": "M0 6l6.5-11h-13z",
    "letter": "M-6.5 4.5l2.5-9h10.5l-2.5 9z",
    "web": "M0-6.2l6 4.4l-2.3 7h-7.4l-2.3-7z",
    "in_app": "M-4-5h8l3 10h-14z",
    "ticket": "M0-6.5l6.5 6.5l-6.5 6.5l-6.5-6.5z",
    "other": "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z",
}
COLOURS = {
    "answered": "#2f6b4f", "seen": "#2c5f8a", "noted": "#8b8880", "pending": "#8a6414",
    "unreached": "#6a4484", "unproven": "#55534e", "ignored": "#9b2c2c",
}  # fmt: skip
_PAPER = "#ffffff"
"""The ground that marks stand out from; a dark page gives its own to the classes `cl-open`,
`cl-cut` and `cl-halo`."""


@define
class _Mark:
    x: float
    lane: int
    channel: str
    outcome: str
    when: str
    level: int
    nos: list[int] = field(factory=list)


@define
class Scale:
    """From moments to places between two margins of a picture of that width."""

    start: datetime
    end: datetime
    width: float

    @classmethod
    def of(cls, start: datetime, end: datetime, width: float) -> Scale:
        """The scale from one moment to another; never empty."""
        least = timedelta(hours=1)
        return (
            cls(start, end, width)
            if end - start >= least
            else cls(start - least, end + least, width)
        )

    def x(self, moment: datetime) -> float:
        """Where a moment is; what lies outside is at the end."""
        part = (moment - self.start) / (self.end - self.start)
        return 12 + min(max(part, 0.0), 1.0) * (self.width - 24)


def symbol(channel: str, outcome: str) -> str:
    """One mark around the origin, about 13 units wide, as SVG elements."""
    shape = SHAPES[channel]
    one = f'<path class="cl-{outcome}{{}}" color="{COLOURS[outcome]}" d="{{}}" {{}}/>'
    thin, full = 'stroke="currentColor" stroke-width="1.4"', 'fill="currentColor"'
    if outcome == "answered":
        return one.format("", shape, f"{full} {thin}")
    if outcome == "ignored":
        cross = "M-2.2-2.2l4.4 4.4M2.2-2.2l-4.4 4.4"
        cut = f'<path class="cl-cut" d="{cross}" stroke="{_PAPER}" stroke-width="1.3"/>'
        return one.format("", shape, f"{full} {thin}") + cut
    if outcome == "noted":
        return one.format("", shape, f'{full} fill-opacity=".3" stroke="currentColor"')
    dashed = ' stroke-dasharray="2 1.6"' * (outcome == "unproven")
    hollow = one.format(" cl-open", shape, f'fill="{_PAPER}" {thin}{dashed}')
    if outcome == "seen":
        return hollow + one.format("", "M-2.2 0a2.2 2.2 0 1 0 4.4 0a2.2 2.2 0 1 0-4.4 0z", full)
    if outcome == "unreached":
        return hollow + one.format("", "M-4 4l8-8", thin)
    return hollow


def timeline(data: Row, *, width: int = WIDTH, prefix: str = "cl", words: Words = ENGLISH) -> str:
    """The timeline of a report's rows as one `<svg>` element.

    `prefix` keeps the ids of several pictures in one page apart. Uses the keys parties,
    findings, gaps, period, as_of and zone.
    """
    scale = _scale(data, width)
    lanes = _lanes(data)
    marks, places = _pack(data["findings"], lanes, scale)
    heights = [max((m.level for m in marks if m.lane == i), default=0) for i in range(len(lanes))]
    tops, top = [], 8
    for height in heights:
        tops.append(top + 30 + height * 14)
        top += 52 + height * 14
    out = [_gaps(data["gaps"], scale, top, prefix), ticks(data["zone"], scale, top, words)]
    for i, name in enumerate(lanes.values()):
        out.append(_lane(name, tops[i], tops[i] - heights[i] * 14 - 16, width))
    out.append(_links(data["findings"], places, tops))
    out += [_mark(m, tops, prefix, words) for m in marks]
    legend, height = _legend(marks, data["gaps"], (top + 34, width), prefix, words)
    defs = "".join(
        f'<g id="{prefix}-{channel}-{outcome}">{symbol(channel, outcome)}</g>'
        for channel, outcome in sorted({(m.channel, m.outcome) for m in marks})
    )
    hatch = (
        f'<pattern id="{prefix}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0 0v6" stroke="#8b8880" stroke-width="1.6"/>'
        "</pattern>"
    )
    title, told = _told(data, lanes, words)
    body = [f"<defs>{defs}{hatch}</defs>", *out, legend]
    return drawn("timeline", body, (width, height), title, told, prefix)


def timeline_picture(data: Row, *, prefix: str = "cl", words: Words = ENGLISH) -> Picture:
    """The timeline with its words and its touches as a table."""
    title, told = _told(data, _lanes(data), words)
    rows = [
        (
            f"{f['no']}",
            f"{words.date(f['at_local'])} {clock(f['at_local'])}",
            f["sender"]["name"],
            f["receiver"]["name"],
            words(CHANNELS[f["channel"]]),
            words(f["outcome"]),
        )
        for f in data["findings"]
    ]
    head = (
        words("Entry"), words("When"), words("Sender"), words("Receiver"), words("Through what"),
        words("Outcome"),
    )  # fmt: skip
    svg = timeline(data, prefix=prefix, words=words)
    return Picture(svg, title, told, head, tuple(rows), words=words)


def _moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _scale(data: Row, width: int) -> Scale:
    """From the period's start to its end or as_of, whichever is earlier."""
    times = [f["at"] for f in data["findings"]]
    start = _moment(min([data["period"]["since"], *times]))
    end = _moment(max([min(data["period"]["until"] or data["as_of"], data["as_of"]), *times]))
    return Scale.of(start, end, width)


def _lanes(data: Row) -> dict[str, str]:
    """Party id → name, in the order of the columns."""
    lanes = {p["id"]: p["name"] for p in data["parties"]}
    for f in data["findings"]:
        lanes.setdefault(f["sender"]["id"], f["sender"]["name"])
    return lanes


def _pack(
    findings: list[Row], lanes: dict[str, str], scale: Scale
) -> tuple[list[_Mark], dict[int, _Mark]]:
    """Marks side by side, else one over another; and the mark of each entry.

    A lane that holds more than fits is drawn in columns of one mark's width, each kind of
    mark once per column, so that nothing is hidden behind something else.
    """
    order = {party: i for i, party in enumerate(lanes)}
    sent = Counter(f["sender"]["id"] for f in findings)
    crowded = {p for p, n in sent.items() if n > LEVELS * scale.width / STEP / 2}
    ends: list[list[float]] = [[] for _ in lanes]
    places: dict[int, _Mark] = {}
    drawn: dict[tuple[int, float, str, str], _Mark] = {}
    for f in sorted(findings, key=lambda f: (f["at"], f["no"])):
        sender = f["sender"]["id"]
        lane, x = order[sender], scale.x(_moment(f["at"]))
        if sender in crowded:
            x = x // STEP * STEP + STEP / 2
        key = (lane, x, f["channel"], f["outcome"])
        mark = drawn.get(key)
        if mark is None:
            level = _level(ends[lane], x)
            mark = drawn[key] = _Mark(x, lane, f["channel"], f["outcome"], f["at_local"], level)
        mark.nos.append(f["no"])
        places.setdefault(f["no"], mark)
    return list(drawn.values()), places


def _level(ends: list[float], x: float) -> int:
    """The lowest level that is free at `x`, which is then taken."""
    for level, end in enumerate(ends):
        if end + STEP <= x:
            ends[level] = x
            return level
    ends.append(x)
    return len(ends) - 1


def _lane(name: str, y: int, label_y: int, width: int) -> str:
    halo = f'font-weight="600" paint-order="stroke" stroke="{_PAPER}" stroke-width="3"'
    return (
        f'<path d="M0 {y}H{width}" {FAINT}/><text class="cl-ink cl-halo" x="0" y="{label_y}" '
        f"{INK} {halo}>{safe(name)}</text>"
    )


def _mark(m: _Mark, tops: list[int], prefix: str, words: Words) -> str:
    y = tops[m.lane] - m.level * 14
    shown = ", ".join(map(str, m.nos[:8])) + (" …" if len(m.nos) > 8 else "")
    told = f"[{shown}] {words.date(m.when)}, {words(CHANNELS[m.channel])}: {words(m.outcome)}"
    if len(m.nos) > 1:
        told += f", {words.count(len(m.nos), '{n} touch', '{n} touches')}"
    return (
        f'<use href="#{prefix}-{m.channel}-{m.outcome}" x="{m.x:.1f}" y="{y}">'
        f"<title>{safe(told)}</title></use>"
    )


def _links(findings: list[Row], places: dict[int, _Mark], tops: list[int]) -> str:
    """Lines from a touch to the touches that answered it."""
    lines: dict[str, None] = {}
    for f in findings:
        here = places[f["no"]]
        for no in f["answered_by"]:
            there = places.get(no)
            if there is not None:
                y1 = tops[here.lane] - here.level * 14
                y2 = tops[there.lane] - there.level * 14
                middle = (y1 + y2) / 2
                curve = f"C{here.x:.1f} {middle} {there.x:.1f} {middle} {there.x:.1f} {y2}"
                lines[f"M{here.x:.1f} {y1}{curve}"] = None
    if not lines:
        return ""
    path, colour = "".join(lines), COLOURS["answered"]
    return (
        f'<path class="cl-link" color="{colour}" d="{path}" stroke="currentColor" '
        'stroke-width="1.1"/>'
    )


def _gaps(gaps: list[Row], scale: Scale, height: int, prefix: str) -> str:
    out = []
    for gap in gaps:
        if gap["state"] == "assumed":
            continue
        x1 = scale.x(_moment(gap["since"]))
        x2 = scale.x(_moment(gap["until"])) if gap["until"] else scale.x(scale.end)
        told = safe(f"{gap['collector']} {gap['state_text']}")
        out.append(
            f'<rect x="{x1:.1f}" y="0" width="{max(x2 - x1, 3):.1f}" height="{height}" '
            f'fill="url(#{prefix}-hatch)" opacity=".55"><title>{told}</title></rect>'
        )
    return "".join(out)


def _steps(start: datetime, end: datetime, words: Words) -> Iterator[tuple[datetime, str]]:
    """The ticks of a time axis, at most a dozen or so, each with its label."""
    days = (end - start) / timedelta(days=1)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if days <= 2:
        step = timedelta(hours=1 if days <= 0.5 else 6)
        tick = midnight
        while tick <= end:
            yield tick, f"{tick:%H:%M}"
            tick += step
    elif days <= 75:
        step = timedelta(days=1 if days <= 12 else 7)
        tick = midnight - timedelta(days=midnight.weekday() if days > 12 else 0)
        while tick <= end:
            yield tick, day_month(tick, words)
            tick = (tick + step).replace(hour=0)
    else:
        months = next((m for m in (1, 3, 6) if days <= m * 400), 12)
        tick = midnight.replace(day=1, month=(midnight.month - 1) // months * months + 1)
        while tick <= end:
            whole = months > 1 or tick.month == 1
            yield tick, month_year(tick, words) if whole else month(tick, words)
            ahead = tick.month - 1 + months
            tick = tick.replace(year=tick.year + ahead // 12, month=ahead % 12 + 1)


def ticks(zone_name: str, scale: Scale, height: int, words: Words = ENGLISH) -> str:
    """A time axis: faint lines down to `height`, and beneath them what time it is in a zone."""
    zone = zone_of(zone_name)
    out = []
    since, until = scale.start.astimezone(zone), scale.end.astimezone(zone)
    for tick, text in _steps(since, until, words):
        if tick < scale.start:
            continue
        x = scale.x(tick.astimezone(UTC))
        out.append(
            f'<path d="M{x:.1f} 4V{height}" {FAINT} stroke-width=".7"/>'
            + label(min(x + 3, scale.width - 44), height + 14, text)
        )
    return "".join(out)


def _legend(
    marks: list[_Mark], gaps: list[Row], place: tuple[int, int], prefix: str, words: Words
) -> tuple[str, int]:
    """What the shapes and the fillings mean, for those that occur; and the picture's height.

    `place`: where it begins, and the width that it has.
    """
    top, width = place
    channels = [c for c in SHAPES if any(m.channel == c for m in marks)]
    outcomes = [o for o in COLOURS if any(m.outcome == o for m in marks)]
    items = [
        (f'<path d="{SHAPES[c]}" stroke="currentColor" stroke-width="1.2"/>', words(CHANNELS[c]))
        for c in channels
    ]
    like = "email" if "email" in channels else (channels or [""])[0]
    items += [(symbol(like, o), words(o)) for o in outcomes]
    if any(gap["state"] != "assumed" for gap in gaps):
        square = f'<path d="M-6.5-5h13v10h-13z" fill="url(#{prefix}-hatch)" opacity=".7"/>'
        items.append((square, words("nobody listening")))
    out, x, y = [], 8.0, top
    for i, (picture, text) in enumerate(items):
        wide = 24 + len(text) * 6.3
        if (x + wide > width or i == len(channels)) and x > 8:
            x, y = 8.0, y + 20
        out.append(f'<g transform="translate({x:.0f} {y})">{picture}{label(12, 4, text)}</g>')
        x += wide + 12
    return "".join(out), (y + 14 if items else top)


def _told(data: Row, lanes: dict[str, str], words: Words) -> tuple[str, str]:
    """Title and description for whoever does not see the picture."""
    touches = words.count(len(data["findings"]), "{n} touch", "{n} touches")
    parties = words.count(len(lanes), "{n} party", "{n} parties")
    title = words("{touches} of {parties}, in time", touches=touches, parties=parties)
    became = Counter((f["sender"]["id"], f["outcome"]) for f in data["findings"])
    parts = []
    for party, name in lanes.items():
        made = [f"{n} {words(o)}" for o in COLOURS if (n := became[party, o])]
        parts.append(f"{name}: {', '.join(made) or words('none')}.")
    same = words("The same touches stand in the table of findings.")
    return f"{title[:1].upper()}{title[1:]}", f"{' '.join(parts)} {same}"
