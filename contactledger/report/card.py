"""A standing as a small card: HTML for notebooks, and the same as plain text.

The card carries its own inline styles and no ids, takes its colours from the page around it
(so that it reads on a dark notebook), and holds at most a screenful whatever the account.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import escape

from contactledger.findings import Column, Onus, Standing
from contactledger.report.names import Names
from contactledger.report.phrases import RUNGS, clock, date, iso, lasting, number, word
from contactledger.report.summary import onus_text

ZONE = "UTC"

_LINES: tuple[tuple[str, Callable[[Column], int]], ...] = (
    ("reached out", lambda c: c.sent),
    ("was answered", lambda c: c.sent_answered),
    ("was seen", lambda c: c.sent_seen),
    ("was ignored", lambda c: c.sent_ignored),
    ("did not get there", lambda c: c.sent_unreached),
    ("stays unproven", lambda c: c.sent_unproven),
    ("was reached out to", lambda c: c.received),
    ("answered", lambda c: c.answered),
    ("ignored", lambda c: c.ignored),
    ("counts against it", lambda c: c.held_against),
    ("promises kept", lambda c: c.promises_kept),
    ("promises missed", lambda c: c.promises_missed),
)

_CELL = "padding:.15em .9em .15em 0;text-align:right;font-variant-numeric:tabular-nums"


def _head(standing: Standing, names: Names) -> tuple[str, str, str]:
    """Name of the account, its moment, and whose turn it is."""
    stamp = iso(standing.as_of)
    account = names.account or standing.account[:8]
    return account, f"as of {date(stamp)} {clock(stamp)} {ZONE}", _turn(standing.onus, names)


def _turn(onus: Onus, names: Names) -> str:
    text = onus_text(
        {
            "party": None if onus.party is None else {"name": names.of(onus.party)},
            "since": onus.since,
            "since_local": iso(onus.since) if onus.since else "",
            "until": onus.until,
            "until_local": iso(onus.until) if onus.until else "",
            "next_rung_text": word(RUNGS, onus.next_rung) if onus.next_rung else "",
            "diligence": onus.diligence,
        }
    )
    return f"{text} (rule {onus.rule})"


def _tail(standing: Standing) -> str:
    """What else the standing holds, in one line."""
    waits = [c.answer_median for c in standing.columns if c.answer_median is not None]
    parts = [
        number(len(standing.findings), "finding"),
        number(sum(c.state != "closed" for c in standing.cases), "open matter"),
        number(sum(g.state != "assumed" for g in standing.gaps), "time", "times")
        + " without a listener",
    ]
    if waits:
        parts.append(f"slowest usual answer {lasting(max(waits))}")
    return ", ".join(parts)


def standing_card(standing: Standing, names: Names) -> str:
    """The standing as one `<div>` of HTML, safe to put into any page."""
    account, moment, turn = _head(standing, names)
    heads = "".join(
        f'<th scope="col" style="{_CELL};font-weight:600"><bdi>{escape(names.of(c.party))}</bdi>'
        f'<br><span style="font-weight:400;opacity:.7">{c.role}</span></th>'
        for c in standing.columns
    )
    rows = "".join(
        f'<tr><th scope="row" style="padding:.15em 1.6em .15em 0;text-align:left;'
        f'font-weight:400">{label}</th>'
        + "".join(f'<td style="{_CELL}">{count(c) or "–"}</td>' for c in standing.columns)
        + "</tr>"
        for label, count in _LINES
    )
    return (
        '<div style="font:13px/1.45 system-ui,sans-serif;max-width:44em;padding:.6em 0">'
        f'<div style="font:500 1.35em Georgia,serif"><bdi>{escape(account)}</bdi> '
        f'<span style="font-size:.65em;opacity:.7">{moment}</span></div>'
        '<div style="border-left:3px solid;padding:.1em 0 .1em .8em;margin:.6em 0">'
        f"{escape(turn)}</div>"
        '<table style="border-collapse:collapse;font:inherit;color:inherit">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<div style="opacity:.7;margin-top:.5em">{escape(_tail(standing))}</div></div>'
    )


_DARK = {
    "answered": "#84c5a3", "link": "#84c5a3", "seen": "#8bbbe2", "noted": "#b0aca1",
    "pending": "#dcb561", "unreached": "#c4a3dc", "unproven": "#c2beb4", "ignored": "#ec9292",
    "hue0": "#8bbbe2", "hue1": "#e0ab70", "hue2": "#8cc78f", "hue3": "#c4a3dc",
    "hue4": "#ec9292", "hue5": "#7cc4c6",
}  # fmt: skip
"""Colours of charts on a dark ground."""
_GROUND = "var(--jp-layout-color0,var(--vscode-editor-background,Canvas))"
_ELSEWHERE = "body:not([data-jp-theme-light]):not(.vscode-light)"
"""A page that is no notebook which says of itself whether it is dark."""


def _dark(where: str) -> str:
    return "".join(f"{where} .cl-shown .cl-{one}{{color:{c}}}" for one, c in _DARK.items())


_STYLE = (
    ".cl-shown{max-width:60em}.cl-shown figure{margin:.5em 0}.cl-shown svg{max-width:100%;"
    "height:auto}.cl-shown figcaption,.cl-shown details{font-size:12px;opacity:.8}"
    ".cl-shown caption{text-align:left}"
    f".cl-shown .cl-open{{fill:{_GROUND}}}.cl-shown .cl-cut,.cl-shown .cl-halo{{stroke:{_GROUND}}}"
    f"{_dark('[data-jp-theme-light=false]')}{_dark('.vscode-dark')}"
    f"@media (prefers-color-scheme:dark){{{_dark(_ELSEWHERE)}}}"
)


def framed(figure: str) -> str:
    """A `<figure>` of a chart as a notebook shows it, in its colours, light or dark."""
    return f'<div class="cl-shown"><style>{_STYLE}</style>{figure}</div>'


def paged(page: str, title: str) -> str:
    """A whole page in a frame of its own: its style stays inside, and nothing in it runs."""
    return (
        f'<iframe sandbox srcdoc="{escape(page)}" title="{escape(title)}" '
        'style="width:100%;height:40em;border:1px solid;box-sizing:border-box"></iframe>'
    )


def standing_text(standing: Standing, names: Names) -> str:
    """The same card as plain text, ending in LF."""
    account, moment, turn = _head(standing, names)
    titles = [names.of(c.party)[:24] for c in standing.columns]
    widths = [max(len(t), 5) + 3 for t in titles]
    lines = [f"{account}, {moment}", turn, ""]
    lines.append(" " * 20 + "".join(t.rjust(w) for t, w in zip(titles, widths, strict=True)))
    for label, count in _LINES:
        cells = "".join(
            str(count(c) or "–").rjust(w) for c, w in zip(standing.columns, widths, strict=True)
        )
        lines.append(label.ljust(20) + cells)
    return "\n".join([*lines, "", _tail(standing)]) + "\n"
