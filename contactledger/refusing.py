"""What no fact may say, whatever its kind: the last look before anything is encoded.

Types and lengths of single values are the codecs' business (`log/fields.py`), words and
times that of the declarations (`declare.py`); here stands what takes the whole fact, or the
ledger's clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from contactledger.errors import BadFact, BadInput
from contactledger.facts import (
    Alias,
    Entry,
    Fact,
    Handoff,
    Hold,
    Mark,
    Matter,
    Milestone,
    Moved,
    Party,
    Person,
    Preference,
    Promise,
    Retraction,
    Settlement,
    Signal,
    Touch,
)
from contactledger.judge.calendar import zone_of
from contactledger.log.record import ID
from contactledger.references import several

AHEAD = timedelta(minutes=5)
"""How far a time may lie ahead of the ledger's clock (J46)."""
MAX_ACCOUNT_CHARS = 200
"""Of an account's name."""

UNFIT = re.compile("[\x00\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""What no text of a record may hold: it cannot be stored, or hides what it says."""

_REQUIRED: dict[type[Fact], tuple[str, ...]] = {
    Party: ("key",),
    Person: ("key", "party"),
    Preference: ("subject",),
    Signal: ("touch",),
    Mark: ("entry",),
    Matter: ("key",),
    Promise: ("promiser", "promisee"),
    Settlement: ("promise",),
    Handoff: ("matter", "taker"),
    Milestone: ("key",),
    Retraction: ("entry",),
    Alias: ("old", "new"),
}

_ZONED = (Party, Person, Preference)


def refuse(fact: Fact, recorded_at: datetime) -> None:
    """BadFact, naming the field, for a fact that cannot be recorded at this time."""
    name = type(fact).__name__
    for required in _REQUIRED.get(type(fact), ()):
        if getattr(fact, required) in (None, ""):
            raise BadFact("must be given", field=f"{name}.{required}")
    if getattr(fact, "key", None) == "":  # all that have it would be one and the same
        raise BadFact("must not be empty; leave it out, or give one", field=f"{name}.key")
    at = fact.at
    late = at is not None and at > recorded_at and at > recorded_at + AHEAD
    if late and not (isinstance(fact, Touch) and fact.planned):
        raise BadFact("lies more than 5 minutes ahead", field=f"{name}.at")
    if isinstance(fact, Touch) and not fact.to:
        raise BadFact("names nobody", field="Touch.to")
    if isinstance(fact, _ZONED) and fact.zone is not None:
        _refuse_zone(fact.zone, f"{name}.zone")


def refuse_among(
    fact: Fact, *, kinds: Mapping[str, str], recorder: str, entry: Callable[[int], Entry]
) -> None:
    """BadFact for what cannot be said in this log. `kinds`: of ids; `entry`: by its number.

    The party that runs the ledger is never one with another by its own word: everything
    between the two sides would become a house's own affair, which nobody judges (J2).
    """
    if isinstance(fact, Moved) and (type(fact.to) is not str or not ID.match(fact.to)):
        raise BadFact("is written by the ledger itself: merge_accounts", field="Moved.to")
    if isinstance(fact, Hold) and fact.releases is not None:
        held = entry(fact.releases).fact
        if not isinstance(held, Hold) or held.releases is not None:
            raise BadFact("is not the entry of a legal hold", field="Hold.releases")
    if isinstance(fact, Alias):
        if fact.old == fact.new:
            raise BadFact("is the same as the old name", field="Alias.new")
        if recorder in (fact.old, fact.new):
            raise BadFact("the party that runs the ledger is nobody else", field="Alias")
        kind = kinds.get(str(fact.old))
        if kind != kinds.get(str(fact.new)):
            raise BadFact(f"is no {kind}, as the old name is", field="Alias.new")


def addresses(value: Any, where: str) -> tuple[str, ...] | None:
    """A person's addresses or numbers as a tuple; BadFact for what is neither text nor several."""
    if isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, str | tuple | None):
        raise BadFact("must be text, or several of them", field=where)
    return several(value) or None


def _refuse_zone(zone: Any, where: str) -> None:
    try:
        if type(zone) is str:
            zone_of(zone)
            return
    except BadInput:
        pass
    raise BadFact("must be the IANA name of a time zone", field=where)


def refuse_recorder(key: Any) -> None:
    """BadFact for what cannot be the key of the party that runs a ledger."""
    if key is not None and (type(key) is not str or not key or UNFIT.search(key)):
        raise BadFact("must be the key of a party, or None to read only", field="recorder")


def refuse_name(name: Any) -> None:
    """BadFact for what cannot be the name of an account."""
    if type(name) is not str or not 0 < len(name) <= MAX_ACCOUNT_CHARS or UNFIT.search(name):
        raise BadFact(
            f"an account's name is text of 1 to {MAX_ACCOUNT_CHARS} characters, without "
            "U+0000, lone surrogates and bidirectional overrides",
            field="account",
        )
