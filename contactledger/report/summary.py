"""The sentences of a report that are put together from its rows, for a director's eye.

Each gives `{"text": …, "because": [entry numbers]}`; no sentence says more than its rows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from contactledger.report.phrases import (
    CHANNELS,
    GAPS_AFTER,
    clock,
    date,
    lasting_between,
    listed,
    number,
    word,
)

Row = dict[str, Any]


def possessive(name: str) -> str:
    """As in "ACME’s", "Dealer Systems’"."""
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def whose(agreed: list[str], partly: list[tuple[str, int, int]], others: list[str]) -> str:
    """Who agreed to a policy and who did not, by name (J44).

    `partly`: name, touches that concern it, and how many of these were made after it agreed.
    """
    if not (agreed or partly):
        return "nobody is on record as having agreed to it"
    said = []
    if len(agreed) == 1:
        said.append(f"{possessive(agreed[0])} own policy")
    elif agreed:
        said.append(f"agreed by {listed(agreed)}")
    for name, touches, count in partly:
        all_ = number(touches, "touch", "touches")
        said.append(f"{name} agreed to it before {count:,} of its {all_}")
    if others:
        has = "has" if len(others) == 1 else "have"
        said.append(f"{listed(others)} {has} not agreed to it")
    return "; ".join(said)


def onus_text(onus: Row) -> str:
    """Whose turn it is, in one or two sentences."""
    if onus["party"] is None:
        return "It is nobody’s turn: nothing is open."
    text = f"It is {possessive(onus['party']['name'])} turn"
    if onus["until"]:
        text += f", until {date(onus['until_local'])} {clock(onus['until_local'])}"
    elif onus["since"]:
        text += f", since {date(onus['since_local'])}"
    text += "."
    if onus["next_rung_text"]:
        text += f" The next step is to {onus['next_rung_text']}."
    if onus["diligence"]:
        text += " The other side’s due diligence is complete."
    return text


def summary(data: Row) -> list[Row]:
    """The account in a paragraph: who reached out, what came of it, what is owed now."""
    if not data["findings"]:
        return [
            {"text": "No touch between the parties was on record in this period.", "because": []},
            {"text": data["onus"]["text"], "because": data["onus"]["because"]},
        ]
    said = [_reached_out(data)]
    for party in data["parties"]:
        said += _received(
            party, [f for f in data["findings"] if f["receiver"]["id"] == party["id"]]
        )
    said += _promises(data["promises"])
    said += _blind(data)
    said.append({"text": data["onus"]["text"], "because": data["onus"]["because"]})
    return said


def _reached_out(data: Row) -> Row:
    first, last = data["period"]["first_day"], data["period"]["last_day"]
    counted: dict[str, set[int]] = defaultdict(set)
    for f in data["findings"]:
        counted[f["sender"]["id"]].add(f["no"])
    parts = [f"{p['name']} {_times(len(counted[p['id']]))}" for p in data["parties"]]
    span = f"On {date(first)}" if first == last else f"Between {date(first)} and {date(last)}"
    return {"text": f"{span}, {listed(parts)}.", "because": []}


def _times(count: int) -> str:
    if not count:
        return "did not reach out"
    return f"reached out { ({1: 'once', 2: 'twice'}.get(count) or f'{count:,} times') }"


_BECAME = {
    "answered": ("was answered", "were answered"),
    "seen": ("was seen", "were seen"),
    "noted": ("wanted nothing back", "wanted nothing back"),
    "pending": ("is still within its time", "are still within their time"),
    "unreached": ("did not get there", "did not get there"),
    "unproven": ("stays unproven", "stay unproven"),
    "ignored": ("was ignored", "were ignored"),
}


def _received(party: Row, got: list[Row]) -> list[Row]:
    """What became of the touches one party received, and what counts against it.

    A reminder counts with the touch it reminds of and not again (J20).
    """
    if not got:
        return []
    by: dict[str, list[Row]] = defaultdict(list)
    for f in got:
        if not f["original"]:
            by[f["outcome"]].append(f)
    parts = []
    for outcome, (one, many) in _BECAME.items():
        count = len(by[outcome])
        late = sum(f["late"] for f in by[outcome])
        if count:
            said = f"{count:,} {one if count == 1 else many}"
            parts.append(f"{said} ({late:,} late)" if late else said)
    reminders = sum(bool(f["original"]) for f in got)
    if reminders:
        parts.append(f"{reminders:,} reminded of an earlier one")
    touches = number(len(got), "touch", "touches")
    told = [{"text": f"Of {touches} to {party['name']}, {listed(parts)}.", "because": []}]
    held = [f["no"] for f in got if f["held_against"]]
    free = [f["no"] for f in by["ignored"] if not f["held_against"]]
    if held:
        verb = "counts" if len(held) == 1 else "count"
        text = f"Of the ignored, {len(held):,} {verb} against {party['name']}."
        told.append({"text": text, "because": held})
    if free:
        which = f"The other {len(free):,}" if held else f"{len(free):,} of the ignored"
        verb = "does" if len(free) == 1 else "do"
        against = "" if held else " count against anybody"
        text = f"{which} {verb} not{against}, for the reasons given below."
        told.append({"text": text, "because": free})
    return told


def _promises(promises: list[Row]) -> list[Row]:
    by: dict[tuple[str, str], list[int]] = defaultdict(list)
    for p in promises:
        by[p["promiser"]["name"], p["state"]].append(p["no"])
    said = []
    for (name, state), nos in by.items():
        if state == "open":
            continue
        what = number(len(nos), "promise")
        text = {
            "kept": f"{name} kept {what}.",
            "missed": f"{name} missed {what}.",
            "overdue": f"{name} has {what} past due.",
            "disputed": f"The parties dispute whether {name} kept {what}.",
            "withdrawn": f"{name} withdrew {what}.",
        }[state]
        said.append({"text": text, "because": nos})
    return said


def _blind(data: Row) -> list[Row]:
    gaps = [g for g in data["gaps"] if g["state"] == "blind"]
    if not gaps:
        return []
    because = sorted({no for g in gaps for no in g["because"]})
    if len(gaps) == 1:
        return [{"text": gap_text(gaps[0]), "because": because}]
    return [{"text": f"Collectors were blind {len(gaps)} times.", "because": because}]


def gap_text(gap: Row) -> str:
    """One gap as a sentence: which collector, for which channels, from when to when."""
    through = listed([word(CHANNELS, c) for c in gap["channels"]])
    start = f"{date(gap['since_local'])} {clock(gap['since_local'])}"
    if not gap["collector"]:
        end = f" to {date(gap['until_local'])} {clock(gap['until_local'])}" if gap["until"] else ""
        return f"No collector is on record for {through} from {start}{end or ' on'}."
    who = f"The collector {gap['collector']}" + (f" ({through})" if through else "")
    after = GAPS_AFTER.get(gap["state"], "")
    if gap["until"] is None:
        return f"{who} {gap['state_text']} since {start}{after}."
    end = f"{date(gap['until_local'])} {clock(gap['until_local'])}"
    span = lasting_between(gap["since"], gap["until"])
    return f"{who} {gap['state_text']} for {span}, from {start} to {end}{after}."


def unknown(data: Row) -> list[Row]:
    """What is not known: times without a listener, silence that proves nothing, open links."""
    said = [{"text": gap_text(g), "because": g["because"]} for g in data["gaps"]]
    findings = data["findings"]
    for text, nos in (
        (
            "{} unproven: silence there cannot be told from blindness or a machine’s doing.",
            [f["no"] for f in findings if f["outcome"] == "unproven"],
        ),
        (
            "{} followed by an act that may be the answer; neither party has said so.",
            [f["no"] for f in findings if f["possible"]],
        ),
        ("{} contested by the party concerned.", [f["no"] for f in findings if f["contested"]]),
    ):
        if nos:
            many = f"{number(len(nos), 'touch', 'touches')} {'is' if len(nos) == 1 else 'are'}"
            said.append({"text": text.format(many).capitalize(), "because": nos})
    return said
