"""Calendars: the set calendars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contactledger.errors import BadEvent, BadInput
from contactledger.sources import ICal, VCard
from contactledger.sources._calendar import Component, components
from tests.corpora import Case, Result, Right, Skip, Verdict, read_file, run

KNOWN_ORACLE_ERRORS = {
    "Western/Central Europe": (
        "the oracle gives an offset to a zone that the calendar does not define: it was left "
        "over from another file of the same run"
    ),
}
"""A zone in the file → why the oracle is wrong."""

LENIENT = Right("a time that cannot be read is left out; the oracle raises at it")


def calendars(folder: Path) -> Result:
    """calendars: components with uid, texts, times, organiser, attendees; or a refusal."""

    def check(case: Case) -> Verdict:
        body = read_file(folder, case)
        expected = case["expected"]
        if expected is None:
            (person,) = VCard().people(body, "party")
            return person.name == "Given Family"
        try:
            found = components(body)
            ICal("UTC").parse({}, body)
        except BadInput as error:
            return isinstance(error, BadEvent) and not expected["ok"]
        if not expected["ok"]:
            return False
        for zone, reason in KNOWN_ORACLE_ERRORS.items():
            if zone.encode() in body:
                return Skip(reason)
        wanted = expected["components"]
        if len(found) != len(wanted) or not all(map(_same, found, wanted)):
            return False
        return (
            LENIENT
            if any("ERR" in str(x.get("dtstart", "")) + str(x.get("dtend", "")) for x in wanted)
            else True
        )

    return run(folder, check)


def _same(found: Component, wanted: dict[str, Any]) -> bool:
    """A text is compared without the spaces around it, an address without "mailto:"."""
    return (
        found.name == wanted["component"]
        and found.uid == _stripped(wanted.get("uid"))
        and found.summary == _stripped(wanted.get("summary"))
        and found.status == _stripped(wanted.get("status"))
        and _time(found.starts, wanted, "dtstart")
        and _time(found.ends, wanted, "dtend")
        and (found.organizer or "") == _bare(wanted.get("organizer"))
        and [(one.address, one.partstat) for one in found.attendees]
        == [(_bare(one["addr"]), one["partstat"]) for one in wanted.get("attendees", ())]
    )


def _time(found: Any, wanted: dict[str, Any], name: str) -> bool:
    """A length (DURATION) makes an end that the oracle does not work out."""
    text = wanted.get(name)
    if text is None or str(text).startswith("ERR"):
        return name == "dtend" or text is not None or found is None
    return found is not None and found.isoformat() == text


def _bare(address: str | None) -> str:
    text = (address or "").strip()
    return text[7:] if text[:7].lower() == "mailto:" else text


def _stripped(text: str | None) -> str | None:
    return None if text is None else text.strip() or None
