"""Sources by name, with what they need from the environment: for the command line.

Secrets stand in environment variables and nowhere else (arguments can be read by every
process of a machine): `CONTACTLEDGER_<SOURCE>_<FIELD>`, as in CONTACTLEDGER_SENDGRID_KEY or
CONTACTLEDGER_BREVO_BASIC. While a key is exchanged, the others stand in variables of the
same name ending in _2, _3 … _9. Every field of a source that is a text, or a number, can be
set so; a variable that begins so and means nothing is an error, since a key that is
misspelt would let in whatever is posted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from contactledger import sources
from contactledger.errors import BadInput

if TYPE_CHECKING:
    from contactledger.sources.source import Source

PREFIX = "CONTACTLEDGER_"
SEVERAL = frozenset({"basic", "bearer", "key", "roots", "topics"})
"""Fields that may be set several times, and of which only what authenticates is secret."""
ONE = frozenset({"certificate", "mapping", "organizer", "token_arg", "zone"})
NUMBERS = frozenset({"tolerance_seconds"})
PROOFS = frozenset({"basic", "bearer", "certificate", "key"})
"""Fields by which a source can tell that a report is genuine."""

_APART = frozenset(
    {
        "Agents",
        "Grader",
        "Mapping",
        "Networks",
        "Own",
        "Source",
        "Tracking",
        "VCard",
        "from_anymail",
    }
)
"""No sources of reports; the tracker's key is the ledger's own (`Ledger.tracker`)."""


def named() -> dict[str, Any]:
    """The classes of all sources that can be made here, by their names."""
    classes: list[Any] = [getattr(sources, name) for name in sources.__all__ if name not in _APART]
    return {one.name: one for one in classes}


def configured(name: str, environment: Mapping[str, str]) -> Source:
    """The source of this name. `BadInput` for a name, a variable or a value that will not do.

    Errors name the variable and never what it holds.
    """
    classes = named()
    if name not in classes:
        raise BadInput(f"must be one of: {', '.join(sorted(classes))}", field="SOURCE")
    mine = _prefix(name)
    others = [_prefix(other) for other in classes if other != name]
    longer = tuple(other for other in others if other.startswith(mine))
    given = {
        variable.removeprefix(mine): value
        for variable, value in environment.items()
        if variable.startswith(mine) and not (longer and variable.startswith(longer))
    }
    fields = {field.name: field for field in attrs.fields(classes[name])}
    values: dict[str, Any] = {}
    for word in sorted(given):
        field, variable = _field(word), mine + word
        if field not in fields or field not in SEVERAL | ONE | NUMBERS:
            raise BadInput("means nothing to this source", field=variable)
        if field in SEVERAL:
            values.setdefault(field, []).append(given[word])
        else:
            values[field] = _number(given[word], variable) if field in NUMBERS else given[word]
    missing = [n for n, f in fields.items() if f.default is attrs.NOTHING and n not in values]
    if missing:
        raise BadInput("is needed by this source", field=mine + missing[0].upper())
    try:
        made: Source = classes[name](**values)
    except BadInput as error:
        raise BadInput(error.why, field=f"{mine}{error.field.upper()}") from None
    return made


def unproven(source: Source) -> bool:
    """Whether this source could tell genuine reports from forged ones and was given nothing
    to do so."""
    made: Any = type(source)
    fields = [field.name for field in attrs.fields(made) if field.name in PROOFS]
    return bool(fields) and not any(getattr(source, name) for name in fields)


def _prefix(name: str) -> str:
    return f"{PREFIX}{name.upper().replace('-', '_')}_"


def _field(word: str) -> str:
    """KEY, KEY_2 … KEY_9 are all the field `key`."""
    name, _, number = word.rpartition("_")
    several = len(number) == 1 and number in "23456789" and name.lower() in SEVERAL
    return (name if several else word).lower()


def _number(text: str, variable: str) -> int | None:
    """Seconds, or "none" for no bound."""
    if text == "none":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadInput('must be whole seconds, or "none"', field=variable)
    return int(text)
