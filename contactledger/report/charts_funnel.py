"""How far touches got, channel by channel: made, arrived, seen, answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from contactledger.report.charts_frame import (
    ENGLISH,
    FAINT,
    WIDTH,
    Picture,
    Row,
    box,
    drawn,
    fitted,
    label,
)
from contactledger.report.phrases import CHANNELS
from contactledger.report.words import Words

_REACHED = {"failed": 1, "sent": 1, "delivered": 2, "seen": 3, "answered": 4}
"""Reach → how many of the steps it takes."""
_DENSITY = (0.0, 0.2, 0.5, 0.9)
"""The further a bar reaches, the darker it is; the labels say the same."""
GROUPS = 24
"""More groups than that share the last place; an account has at most as many as channels."""
_LEFT, _RIGHT, _BAR = 190, 120, 15


def funnel(data: Row, *, prefix: str = "cl-funnel", words: Words = ENGLISH) -> Picture:
    """The funnel of a report's rows, by channel. Uses the key findings."""
    touches = ((words(CHANNELS[f["channel"]]), f["reach"]) for f in data["findings"])
    return funnel_of(touches, prefix, words)


def funnel_of(
    touches: Iterable[tuple[str, str]], prefix: str = "cl-funnel", words: Words = ENGLISH
) -> Picture:
    """The funnel of pairs of a group and a reach; the largest group comes first."""
    counted: dict[str, list[int]] = {}
    failed: Counter[str] = Counter()
    for group, reach in touches:
        steps = counted.setdefault(group, [0, 0, 0, 0])
        for i in range(_REACHED[reach]):
            steps[i] += 1
        failed[group] += reach == "failed"
    groups = sorted(counted, key=lambda group: (-counted[group][0], group))
    if len(groups) > GROUPS:
        rest = groups[GROUPS - 1 :]
        groups = [*groups[: GROUPS - 1], words("{n} others", n=words.number(len(rest)))]
        counted[groups[-1]] = [sum(counted[g][i] for g in rest) for i in range(4)]
        failed[groups[-1]] = sum(failed[g] for g in rest)
    rows = tuple([(g, *map(words.number, counted[g]), words.number(failed[g])) for g in groups])
    most = max((steps[0] for steps in counted.values()), default=0)
    body, y = [], 6.0
    for group in groups:
        body.append(_group(group, counted[group], failed[group], most, y, words))
        y += 4 * _BAR + 18
    touched = words.count(sum(counted[g][0] for g in groups), "{n} touch", "{n} touches")
    title = words("How far {touches} got", touches=touched)
    told = " ".join(_told(row, words) for row in rows)
    size = (WIDTH, max(round(y), 20))
    svg = drawn("funnel", body, size, title, told or words("Nothing."), prefix)
    head = (words("Channel"), *map(_capital, _steps(words)), words("Did not get there"))
    return Picture(svg, title, told, head, rows, _note(words), words)


def _steps(words: Words) -> tuple[str, str, str, str]:
    return words("made"), words("arrived"), words("seen"), words("answered")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _told(row: tuple[str, ...], words: Words) -> str:
    group, made, arrived, seen, answered, failed = row
    return words(
        "{group}: {made} made, {arrived} arrived, {seen} seen, {answered} answered; "
        "{failed} did not get there.",
        group=group, made=made, arrived=arrived, seen=seen, answered=answered, failed=failed,
    )  # fmt: skip


def _group(group: str, steps: list[int], failed: int, most: int, y: float, words: Words) -> str:
    """The four bars of one group, under a line, with its name on the left."""
    scale = (WIDTH - _LEFT - _RIGHT) / most
    out = [
        f'<path d="M0 {y:.1f}H{WIDTH}" {FAINT}/>',
        label(0, y + 19, fitted(group, _LEFT - 80), 'font-weight="600"'),
    ]
    if failed:
        out.append(label(0, y + 35, words("{n} failed", n=words.number(failed))))
    for i, (step, count) in enumerate(zip(_steps(words), steps, strict=True)):
        top = y + 8 + i * _BAR
        share = words.number(count)
        if i and count:
            share += f", {round(100 * count / steps[0])} %"
        out.append(label(_LEFT - 8, top + 10, step, 'text-anchor="end"'))
        if count:
            look = (
                f'class="cl-hue0" color="#2c5f8a" fill="currentColor" '
                f'fill-opacity="{_DENSITY[i]}" stroke="currentColor"'
            )
            out.append(box(_LEFT, top, (count * scale, _BAR - 3.5), look, f"{group}, {step}"))
        out.append(label(_LEFT + count * scale + 7, top + 10, share))
    return "".join(out)


def _note(words: Words) -> str:
    """What stands beneath the picture."""
    return words(
        "Each step holds those of the next. Seen is what a system reported, which is useful in "
        "aggregate and says little about one message."
    )
