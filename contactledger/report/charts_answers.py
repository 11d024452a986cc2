"""How long answers took: one panel for each party that was asked, silence beside speed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from attrs import define, field, frozen

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

BUCKETS = (
    timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=2),
    timedelta(days=4), timedelta(days=7), timedelta(days=14), timedelta(days=30),
)  # fmt: skip
"""How long the answers of a bar took at most; two more are for what took longer, and for none."""
PANELS = 12
"""Groups that get a panel of their own, those that were asked most; the rest is in the table."""
_BARS = len(BUCKETS) + 2
_WEEK = BUCKETS.index(timedelta(days=7))
_BAR, _HEIGHT = WIDTH / _BARS, 76


def labels(words: Words) -> tuple[str, ...]:
    """What stands beneath each bar."""
    spans = [words.lasting(limit.total_seconds()) for limit in BUCKETS]
    spans[_WEEK : _WEEK + 2] = words("1 week"), words("2 weeks")
    return (*(f"≤ {span}" for span in spans), words("longer"), words("no answer"))


@frozen
class Asked:
    """One question to a group: how long its answer took, None where there is none."""

    group: str
    took: timedelta | None
    late: bool = False


@define
class _Panel:
    name: str
    counts: list[list[int]] = field(factory=lambda: [[0, 0] for _ in range(_BARS)])
    """For each bar, in time and late; without an answer nothing counts as late."""
    took: list[timedelta] = field(factory=list)

    @property
    def asked(self) -> int:
        return sum(map(sum, self.counts))

    def head(self, words: Words) -> str:
        """As in "12 asked, 9 answered, half of them within 3 hours"."""
        asked, answered = words.number(self.asked), words.number(len(self.took))
        said = words("{asked} asked, {answered} answered", asked=asked, answered=answered)
        if not self.took:
            return said
        middle = sorted(self.took)[(len(self.took) - 1) // 2]
        time = words.lasting(middle.total_seconds())
        if len(self.took) > 1:
            return f"{said}, {words('half of them within {time}', time=time)}"
        return f"{said}, {words('after {time}', time=time)}"


def answer_times(data: Row, *, prefix: str = "cl-answers", words: Words = ENGLISH) -> Picture:
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
    return answer_times_of(asked, named, prefix, words)


def _between(since: str, until: str | None) -> timedelta:
    """From an ISO stamp to another; an answer dated before the touch took no time (J24)."""
    end = datetime.fromisoformat(until or since)
    return max(end - datetime.fromisoformat(since), timedelta(0))


def answer_times_of(
    asked: Iterable[Asked],
    named: Mapping[str, str],
    prefix: str = "cl-answers",
    words: Words = ENGLISH,
) -> Picture:
    """The answer times of these questions; `named`: group → its name, in the order of panels."""
    panels: dict[str, _Panel] = {}
    for one in asked:
        panel = panels.setdefault(one.group, _Panel(named.get(one.group, one.group)))
        if one.took is None:
            panel.counts[-1][0] += 1
            continue
        panel.took.append(one.took)
        at = sum(one.took > limit for limit in BUCKETS)
        panel.counts[at][one.late] += 1
    order = {group: i for i, group in enumerate(named)}
    shown = sorted(panels, key=lambda g: (-panels[g].asked, g))[:PANELS]
    ordered = sorted(panels, key=lambda g: (g not in shown, order.get(g, len(order)), g))
    most = max((sum(n) for p in panels.values() for n in p.counts), default=0)
    body, y = [patterns(3, prefix)], 4.0
    for group in ordered[: len(shown)]:
        body.append(_panel(panels[group], most, y, prefix, words))
        y += _HEIGHT + 58
    looks = [
        (filled(0, prefix), words("in time")),
        (filled(1, prefix), words("late")),
        (filled(9, prefix), words("no answer")),
    ]
    keys, bottom = legend(looks if shown else [], y, WIDTH)
    told = " ".join(f"{panels[g].name}: {panels[g].head(words)}." for g in ordered[: len(shown)])
    took = sum(len(p.took) for p in panels.values())
    title = words.count(took, "How long {n} answer took", "How long {n} answers took")
    rows = tuple([_row(panels[g], words) for g in ordered])
    size = (WIDTH, max(round(bottom), 20))
    nothing = words("Nothing was asked.")
    svg = drawn("answers", [*body, keys], size, title, told or nothing, prefix)
    head = (words("Who was asked"), *labels(words), words("Of these late"))
    return Picture(svg, title, told, head, rows, _note(words), words)


def _row(panel: _Panel, words: Words) -> tuple[str, ...]:
    cells = [words.number(sum(n)) for n in panel.counts]
    return (panel.name, *cells, words.number(sum(late for _, late in panel.counts)))


def _panel(panel: _Panel, most: int, y: float, prefix: str, words: Words) -> str:
    floor, scale = y + 32 + _HEIGHT, _HEIGHT / most
    name = fitted(panel.name, 330)
    out = [
        label(0, y + 13, name, 'font-weight="600"'),
        label(WIDTH, y + 13, panel.head(words), 'text-anchor="end"'),
        f'<path d="M0 {floor:.1f}H{WIDTH}" {FAINT}/>',
    ]
    for i, (text, (in_time, late)) in enumerate(zip(labels(words), panel.counts, strict=True)):
        x, top, middle = i * _BAR + 14, floor, 'text-anchor="middle"'
        looks = (filled(9 if i == _BARS - 1 else 0, prefix), filled(1, prefix))
        for count, look in zip((in_time, late), looks, strict=True):
            if count:
                top -= count * scale
                out.append(box(x, top, (_BAR - 28, count * scale), look))
        if in_time + late:
            number = words.number(in_time + late)
            out.append(label(x + _BAR / 2 - 14, top - 4, number, middle))
        out.append(label(x + _BAR / 2 - 14, floor + 14, text, middle))
    return "".join(out)


def _note(words: Words) -> str:
    """What stands beneath the picture."""
    return words(
        "By the calendar, from the touch to its answer. Late is what came after it was due. "
        "No answer: one was wanted, and none is on record; not all of it is due by now."
    )
