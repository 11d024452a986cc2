"""The sentences of a report that are put together from its rows, for a director's eye.

Each gives `{"text": …, "because": [entry numbers]}`; no sentence says more than its rows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from contactledger.report.phrases import CHANNELS, GAPS_AFTER, word
from contactledger.report.words import Words

Row = dict[str, Any]


def whose(
    agreed: list[str], partly: list[tuple[str, int, int]], others: list[str], words: Words
) -> str:
    """Who agreed to a policy and who did not, by name (J44).

    `partly`: name, touches that concern it, and how many of these were made after it agreed.
    """
    if not (agreed or partly):
        return words("nobody is on record as having agreed to it")
    said = []
    if len(agreed) == 1:
        said.append(words("{whose} own policy", whose=words.whose(agreed[0])))
    elif agreed:
        said.append(words("agreed by {names}", names=words.listed(agreed)))
    for name, touches, count in partly:
        every = words.count(touches, "{n} touch", "{n} touches")
        number = words.number(count)
        said.append(
            words("{party} agreed to it before {n} of its {touches}", party=name, n=number,
                  touches=every)
        )  # fmt: skip
    if others:
        said.append(
            words.count(
                len(others),
                "{names} has not agreed to it",
                "{names} have not agreed to it",
                names=words.listed(others),
            )
        )
    return "; ".join(said)


def onus_text(onus: Row, words: Words | None = None) -> str:
    """Whose turn it is, in one or two sentences."""
    words = words or Words()
    if onus["party"] is None:
        return words("It is nobody’s turn: nothing calls for an act.")
    party = words.whose(onus["party"]["name"])
    if onus["until"]:
        when = words.minute(onus["until_local"])
        text = words("It is {whose} turn, until {when}.", whose=party, when=when)
    elif onus["since"]:
        when = words.date(onus["since_local"])
        text = words("It is {whose} turn, since {when}.", whose=party, when=when)
    else:
        text = words("It is {whose} turn.", whose=party)
    if onus["next_rung_text"]:
        text += " " + words("The next step is to {rung}.", rung=onus["next_rung_text"])
    if onus["diligence"]:
        text += " " + words("The other side’s due diligence is complete.")
    return text


def summary(data: Row, words: Words) -> list[Row]:
    """The account in a paragraph: who reached out, what came of it, what is owed now."""
    turn = {"text": data["onus"]["text"], "because": data["onus"]["because"]}
    if not data["findings"]:
        none = words("No touch between the parties was on record in this period.")
        return [{"text": none, "because": []}, turn]
    said = [_reached_out(data, words)]
    for party in data["parties"]:
        got = [f for f in data["findings"] if f["receiver"]["id"] == party["id"]]
        said += _received(party, got, words)
    said += _promises(data["promises"], words)
    said += _blind(data, words)
    said.append(turn)
    return said


def _reached_out(data: Row, words: Words) -> Row:
    first, last = data["period"]["first_day"], data["period"]["last_day"]
    counted: dict[str, set[int]] = defaultdict(set)
    for f in data["findings"]:
        counted[f["sender"]["id"]].add(f["no"])
    parts = [_times(p["name"], len(counted[p["id"]]), words) for p in data["parties"]]
    what = words.listed(parts)
    if first == last:
        return {"text": words("On {day}, {what}.", day=words.date(first), what=what), "because": []}
    since, until = words.date(first), words.date(last)
    text = words("Between {since} and {until}, {what}.", since=since, until=until, what=what)
    return {"text": text, "because": []}


TIMES = {
    0: "{party} did not reach out",
    1: "{party} reached out once",
    2: "{party} reached out twice",
}


def _times(party: str, count: int, words: Words) -> str:
    if count in TIMES:
        return words(TIMES[count], party=party)
    return words("{party} reached out {n} times", party=party, n=words.number(count))


BECAME = {
    "answered": ("{n} was answered", "{n} were answered"),
    "seen": ("{n} was seen", "{n} were seen"),
    "noted": ("{n} wanted nothing back", "{n} wanted nothing back"),
    "pending": ("{n} is still within its time", "{n} are still within their time"),
    "unreached": ("{n} did not get there", "{n} did not get there"),
    "unproven": ("{n} stays unproven", "{n} stay unproven"),
    "ignored": ("{n} was ignored", "{n} were ignored"),
}
"""What became of one touch, and of several."""


def _received(party: Row, got: list[Row], words: Words) -> list[Row]:
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
    for outcome, (one, many) in BECAME.items():
        count = len(by[outcome])
        late = sum(f["late"] for f in by[outcome])
        if count:
            said = words.count(count, one, many)
            parts.append(f"{said} ({words('{n} late', n=words.number(late))})" if late else said)
    reminders = sum(bool(f["original"]) for f in got)
    if reminders:
        parts.append(words("{n} reminded of an earlier one", n=words.number(reminders)))
    text = words(
        "Of {touches} to {party}, {what}.",
        touches=words.count(len(got), "{n} touch", "{n} touches"),
        party=party["name"],
        what=words.listed(parts),
    )
    return [{"text": text, "because": []}, *_against(party["name"], by["ignored"], got, words)]


def _against(party: str, ignored: list[Row], got: list[Row], words: Words) -> list[Row]:
    """What of the ignored counts against a party, and what does not."""
    held = [f["no"] for f in got if f["held_against"]]
    free = [f["no"] for f in ignored if not f["held_against"]]
    told = []
    if held:
        text = words.count(
            len(held),
            "Of the ignored, {n} counts against {party}.",
            "Of the ignored, {n} count against {party}.",
            party=party,
        )
        told.append({"text": text, "because": held})
    if free and held:
        text = words.count(
            len(free),
            "The other {n} does not, for the reasons given below.",
            "The other {n} do not, for the reasons given below.",
        )
        told.append({"text": text, "because": free})
    elif free:
        text = words.count(
            len(free),
            "{n} of the ignored does not count against anybody, for the reasons given below.",
            "{n} of the ignored do not count against anybody, for the reasons given below.",
        )
        told.append({"text": text, "because": free})
    return told


PROMISED = {
    "kept": "{party} kept {promises}.",
    "missed": "{party} missed {promises}.",
    "overdue": "{party} has {promises} past due.",
    "disputed": "The parties dispute whether {party} kept {promises}.",
    "withdrawn": "{party} withdrew {promises}.",
}
"""State of promises → a sentence."""


def _promises(promises: list[Row], words: Words) -> list[Row]:
    by: dict[tuple[str, str], list[int]] = defaultdict(list)
    for p in promises:
        by[p["promiser"]["name"], p["state"]].append(p["no"])
    said = []
    for (name, state), nos in by.items():
        if state != "open":
            what = words.count(len(nos), "{n} promise", "{n} promises")
            text = words(PROMISED[state], party=name, promises=what)
            said.append({"text": text, "because": nos})
    return said


def _blind(data: Row, words: Words) -> list[Row]:
    gaps = [g for g in data["gaps"] if g["state"] == "blind"]
    if not gaps:
        return []
    because = sorted({no for g in gaps for no in g["because"]})
    if len(gaps) == 1:
        return [{"text": gap_text(gaps[0], words), "because": because}]
    text = words("Collectors were blind {n} times.", n=words.number(len(gaps)))
    return [{"text": text, "because": because}]


def gap_text(gap: Row, words: Words) -> str:
    """One gap as a sentence: which collector, for which channels, from when to when."""
    through = words.listed([words(word(CHANNELS, c)) for c in gap["channels"]])
    start = words.minute(gap["since_local"])
    end = words.minute(gap["until_local"]) if gap["until"] else ""
    if not gap["collector"]:
        none = {"channels": through, "since": start}
        if not end:
            return words("No collector is on record for {channels} from {since} on.", **none)
        return words(
            "No collector is on record for {channels} from {since} to {until}.", **none, until=end
        )
    who = words("The collector {name}", name=gap["collector"])
    who += f" ({through})" if through else ""
    known = {"who": who, "was": gap["state_text"], "since": start}
    if not end:
        text = words("{who} {was} since {since}", **known)
    else:
        for_ = words.lasting_between(gap["since"], gap["until"])
        text = words("{who} {was} for {time}, from {since} to {until}", **known, time=for_,
                     until=end)  # fmt: skip
    return f"{text}{words(GAPS_AFTER.get(gap['state'], ''))}."


UNKNOWN = {
    "unproven": (
        "{touches} is unproven: silence there cannot be told from blindness or a machine’s doing.",
        "{touches} are unproven: silence there cannot be told from blindness or a machine’s doing.",
    ),
    "possible": (
        "{touches} is followed by an act that may be the answer; neither party has said so.",
        "{touches} are followed by an act that may be the answer; neither party has said so.",
    ),
    "contested": (
        "{touches} is contested by the party concerned.",
        "{touches} are contested by the party concerned.",
    ),
}
"""What is not known of one touch, and of several."""


def unknown(data: Row, words: Words) -> list[Row]:
    """What is not known: times without a listener, silence that proves nothing, open links."""
    said = [{"text": gap_text(g, words), "because": g["because"]} for g in data["gaps"]]
    findings = data["findings"]
    for what, nos in (
        ("unproven", [f["no"] for f in findings if f["outcome"] == "unproven"]),
        ("possible", [f["no"] for f in findings if f["possible"]]),
        ("contested", [f["no"] for f in findings if f["contested"]]),
    ):
        if nos:
            one, many = UNKNOWN[what]
            touches = words.count(len(nos), "{n} touch", "{n} touches")
            text = words.count(len(nos), one, many, touches=touches)
            said.append({"text": words.start(text), "because": nos})
    return said
