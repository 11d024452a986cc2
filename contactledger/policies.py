"""Ready policies, as files of the package: to be read, changed where they do not fit, adopted.

    ledger.record("smith-motors", PolicyAdopted(ready_policy("support-desk", country="DE")))

They name no holidays until a country is given, since nobody can know yours.
"""

from __future__ import annotations

import json
from importlib.resources import files

from contactledger.errors import BadInput, NotFound

READY: dict[str, str] = {
    "dealership-software": "a vendor of dealership software and a dealership",
    "support-desk": "a support desk: how soon a ticket is answered",
    "training": "training that was bought, and the outcome it is for",
    "outage-notices": "outages: who is told, how soon, at any hour",
}
"""Name → what it is for, in one line."""

YEARS = 5
"""How many years of holidays are named; a policy is agreed on anew well before."""

_NO_HOLIDAYS = "holidays = []"


def ready_policy(
    name: str,
    *,
    country: str | None = None,
    subdivision: str | None = None,
    year: int | None = None,
) -> str:
    """The text of a ready policy, to be adopted as it is or after changes.

    `country`: the ISO 3166 code whose public holidays are kept free, with `subdivision` those
    of a part of it, in `year` and the four years after it; adopting the text writes their
    dates out. Raises NotFound; BadInput for a country without a year.
    """
    if name not in READY:
        raise NotFound(f"one of: {', '.join(READY)}", field="policy")
    text = (files("contactledger") / "ready" / f"{name}.toml").read_text("utf-8")
    if country is None:
        return text
    if year is None:
        raise BadInput("the first year of the holidays is needed", field="year")
    part = "" if subdivision is None else f", subdivision = {json.dumps(subdivision)}"
    years = f"from = {year}, to = {year + YEARS - 1}"
    reference = f"holidays = {{ country = {json.dumps(country)}{part}, {years} }}"
    return text.replace(_NO_HOLIDAYS, reference)
