"""Facts field by field: copied with changes, compared, put into words for a digest or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from hashlib import sha256
from operator import attrgetter
from typing import Any, TypeVar, cast

import attrs

from contactledger.facts import FACTS, Blob, Entry, Fact, Message, Money
from contactledger.log.canon import format_time
from contactledger.log.fields import PLANS

_F = TypeVar("_F", bound=Fact)

NOTHING: frozenset[str] = frozenset()
ASIDE = frozenset(("conflicts", "clock_ahead", "original", "matched", "auth", "person"))
"""What a retry of the same report may change."""
ASIDE_AND_TIME = ASIDE | {"at"}

_NAMES: dict[type[Any], tuple[str, ...]] = {
    cls: tuple(a.name for a in attrs.fields(cls)) for cls in FACTS.values()
}
_VALUES = {cls: attrgetter(*names) for cls, names in _NAMES.items()}
_PLACES = {cls: {name: at for at, name in enumerate(names)} for cls, names in _NAMES.items()}


def replaced(fact: _F, changes: Mapping[str, Any]) -> _F:
    """The fact with some fields replaced, without running its converters again."""
    if not changes:
        return fact
    cls: type[Any] = type(fact)
    values, places = list(_VALUES[cls](fact)), _PLACES[cls]
    for name, value in changes.items():
        values[places[name]] = value
    return cast("_F", PLANS[cls].make(*values))


def difference(there: Entry, new: Fact, *, at: bool) -> str | None:
    """The first field in which a fact differs from its entry; what was erased, and an `at`
    that is not said again (`at` False), cannot be compared and is passed over."""
    old, gone = there.fact, {name for name, _ in there.gone}
    for name in _NAMES[type(old)]:
        was, now = getattr(old, name), getattr(new, name)
        if was == now or (name == "at" and not at) or name in gone:
            continue
        if isinstance(now, bytes) and was is not None and was.sha256 == _hex(now):
            continue
        return name
    return None


def said(fact: Fact, aside: frozenset[str]) -> list[str]:
    """What a fact says, field by field, without those `aside`: the same for the same fact."""
    words = []
    for name in _NAMES[type(fact)]:
        value = getattr(fact, name)
        if value is not None and value != () and name not in aside:
            words.append(f"{name}={_hex(value) if type(value) is bytes else repr(value)}")
    return words


def _hex(data: bytes) -> str:
    return sha256(data).hexdigest()


def plain(value: Any) -> Any:
    """A field's value as JSON has it; of what consists of parts, those that are there."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, Money | Blob | Message):
        return {name: part for name, part in attrs.asdict(value).items() if part is not None}
    return value
