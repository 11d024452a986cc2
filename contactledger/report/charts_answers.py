"""How long answers took: one panel for each party that was asked, silence beside speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import define, field, frozen

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
from contactledger.report.phrases import lasting, number

BUCKETS = (
    (timedelta(hours=1), "1 hour"),
    (timedelta(hours=4), "4 hours"),
    (timedelta(days=1), "1 day"),
    (timedelta(days=2), "2 days"),
    (timedelta(days=4), "4 days"),
    (timedelta(days=7), "1 week"),
    (timedelta(days=14), "2 weeks"),
    (timedelta(days=30), "30 days"),
)
LABELS = (*(f"≤ {text}" for _, text in BUCKETS), "longer", "no answer")
PANELS = 12
"""Groups that get a panel of their own, those that were asked most; the rest is in the table."""
NOTE = (
    "By the calendar, from the touch to its answer. Late is what came after it was due. "
    "No answer: one was wanted, and none is on record; not all of it is due by now."
)
_BAR, _HEIGHT = WIDTH / len(LABELS), 76


@frozen
class Asked:
    """One question to a group: how long its answer took, None where there is none."""

    group: str
    took: timedelta | None
    late: bool = False


@define
class _Panel:
    name: str
    counts: list[list[int]] = field(factory=lambda: [[0, 0] for _ in LABELS])
    """For each label, in time and late; without an answer nothing counts as late."""
    took: list[timedelta] = field(factory=list)

    @property
    def asked(self) -> int:
        return sum(map(sum, self.counts))

    def head(self) -> str:
        """As in "12 asked, 9 answered, half of them within 3 hours"."""
        said = f"{self.asked:,} asked, {len(self.took):,} answered"
        if not self.took:
            return said
        middle = lasting(sorted(self.took)[(len(self.took) - 1) // 2])
        return f"{said}, {'half of them within' if len(self.took) > 1 else 'after'} {middle}"


def answer_times(data: Row, *, prefix: str = "cl-answers") -> Picture:
    """The answer times of a report's rows, by the party asked. Uses parties and findings."""
    named = {p["id"]: p["name"] for p in data["parties"]}
    asked = []
    for f in data["findings"]:
        named.setdefault(f["receiver"]["id"], f["receiver"]["name"])
        took = None
        if f["outcome"] == "answered":
            took = _between(f["at"], f["settled_at"])
        elif f["expects"] not in ("reply", "response") or f["original"]:
            continue
        asked.append(Asked(f["receiver"]["id"], took, f["late"]))
    return answer_times_of(asked, named, prefix)


def _between(since: str, until: str | None) -> timedelta:
    """From an ISO stamp to another; an answer dated before the touch took no time (J24)."""
    end = datetime.fromisoformat(until or since)
    return max(end - datetime.fromisoformat(since), timedelta(0))


def answer_times_of(
    asked: Iterable[Asked], named: Mapping[str, str], prefix: str = "cl-answers"
) -> Picture:
    """The answer times of these questions; `named`: group → its name, in the order of panels."""
    panels: dict[str, _Panel] = {}
    for one in asked:
        panel = panels.setdefault(one.group, _Panel(named.get(one.group, one.group)))
        if one.took is None:
            panel.counts[-1][0] += 1
            continue
        panel.took.append(one.took)
        at = sum(one.took > limit for limit, _ in BUCKETS)
        panel.counts[at][one.late] += 1
    order = {group: i for i, group in enumerate(named)}
    shown = sorted(panels, key=lambda g: (-panels[g].asked, g))[:PANELS]
    ordered = sorted(panels, key=lambda g: (g not in shown, order.get(g, len(order)), g))
    most = max((sum(n) for p in panels.values() for n in p.counts), default=0)
    body, y = [patterns(3, prefix)], 4.0
    for group in ordered[: len(shown)]:
        body.append(_panel(panels[group], most, y, prefix))
        y += _HEIGHT + 58
    looks = [(filled(0, prefix), "in time"), (filled(1, prefix), "late")]
    keys, bottom = legend([*looks, (filled(9, prefix), "no answer")] if shown else [], y, WIDTH)
    told = " ".join(f"{panels[g].name}: {panels[g].head()}." for g in ordered[: len(shown)])
    title = f"How long {number(sum(len(p.took) for p in panels.values()), 'answer')} took"
    rows = tuple([_row(panels[g]) for g in ordered])
    size = (WIDTH, max(round(bottom), 20))
    svg = drawn("answers", [*body, keys], size, title, told or "Nothing was asked.", prefix)
    return Picture(svg, title, told, ("Who was asked", *LABELS, "Of these late"), rows, NOTE)


def _row(panel: _Panel) -> tuple[str, ...]:
    cells = [f"{sum(n):,}" for n in panel.counts]
    return (panel.name, *cells, f"{sum(late for _, late in panel.counts):,}")


def _panel(panel: _Panel, most: int, y: float, prefix: str) -> str:
    floor, scale = y + 32 + _HEIGHT, _HEIGHT / most
    name = fitted(panel.name, 330)
    out = [
        label(0, y + 13, name, 'font-weight="600"'),
        label(WIDTH, y + 13, panel.head(), 'text-anchor="end"'),
        f'<path d="M0 {floor:.1f}H{WIDTH}" {FAINT}/>',
    ]
    for i, (text, (in_time, late)) in enumerate(zip(LABELS, panel.counts, strict=True)):
        x, top, middle = i * _BAR + 14, floor, 'text-anchor="middle"'
        looks = (filled(9 if i == len(LABELS) - 1 else 0, prefix), filled(1, prefix))
        for count, look in zip((in_time, late), looks, strict=True):
            if count:
                top -= count * scale
                out.append(box(x, top, (_BAR - 28, count * scale), look))
        if in_time + late:
            out.append(label(x + _BAR / 2 - 14, top - 4, f"{in_time + late:,}", middle))
        out.append(label(x + _BAR / 2 - 14, floor + 14, text, middle))
    return "".join(out)
