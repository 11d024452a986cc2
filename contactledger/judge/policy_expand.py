"""Writing a country's holidays out as dates, at the moment a policy is adopted.

The data of any holiday calendar changes every few weeks, so a text that goes into the log
names dates and never a calendar (J44). The package `holidays` (extra `policy`) is used here
and nowhere else; its version is written beside the dates as a comment.
"""

from __future__ import annotations

from datetime import date

from contactledger.errors import NotInstalled
from contactledger.judge.policy_read import Reference, located, read_policy
from contactledger.judge.policy_text import places

_PER_LINE = 6


def expand_policy(text: str) -> str:
    """The text with every reference to a country's holidays replaced by their dates.

    A text without references comes back byte for byte, and all else in a text with some
    stays where it is, comments included. The result parses and holds no reference. Raises
    `BadPolicy` for a text that does not parse, a country or part of one that is not known;
    `TooLarge` if the dates do not fit; `NotInstalled` without the extra `policy`.
    """
    references: list[Reference] = []
    read_policy(text, references)
    if not references:
        return text
    spans = places(text)
    expanded = text
    for reference in sorted(references, key=lambda each: spans[each.path].start, reverse=True):
        span = spans[reference.path]
        dates = _written(text, reference)
        if isinstance(reference.path[-1], str):
            dates = f"[{dates}\n]"
        expanded = expanded[: span.start] + dates + expanded[span.end :]
    read_policy(expanded)
    return expanded


def _written(text: str, reference: Reference) -> str:
    """The dates of a reference as items of an array, from a new line on."""
    days, version = _dates(text, reference)
    part = f"-{reference.subdivision}" if reference.subdivision else ""
    source = f"as the package holidays {version} has them"
    note = f"# {reference.country}{part}, {reference.first} to {reference.last}, {source}"
    rows = [days[first : first + _PER_LINE] for first in range(0, len(days), _PER_LINE)]
    dates = ",\n  ".join(", ".join(map(str, row)) for row in rows)
    return f"\n  {note}\n  {dates}"


def _dates(text: str, reference: Reference) -> tuple[list[date], str]:
    try:
        import holidays
    except ImportError:
        raise NotInstalled(
            "the holidays of a country need the extra: pip install 'contactledger[policy]'"
        ) from None
    years = range(reference.first, reference.last + 1)
    wrong = "country"
    try:
        days = holidays.country_holidays(reference.country, years=years)
        wrong = "subdivision"
        if reference.subdivision:
            days = holidays.country_holidays(
                reference.country, subdiv=reference.subdivision, years=years
            )
    except NotImplementedError:
        path = (*reference.path, wrong)
        raise located(text, path, "not known to the package holidays") from None
    if not days:
        raise located(text, reference.path, "has no public holidays in these years")
    return sorted(days), str(vars(holidays)["__version__"])
