"""The fields of an object in a report: each one read as what it should be, or named.

Absent, null and empty are the same. What is there and is something else is a `BadEvent`
with the dotted path of the field ("event-data.message.headers.message-id").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from attrs import frozen

from contactledger.errors import BadEvent
from contactledger.sources._text import clean, from_epoch, plausible

Moment = tuple[datetime | None, str | None]
"""An instant and the text it was read from."""

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{4,24} ?(Z|[+-][0-9:]{2,6})?\Z")
_DECIMAL = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}\Z")


def from_iso(text: str, field: str, *, naive_utc: bool = False) -> datetime:
    """The instant of an ISO 8601 time; more digits than microseconds are cut.

    `BadEvent` for another text, for one without an offset (unless `naive_utc` takes it for
    UTC), and outside the years 1990 to 2099.
    """
    found = _ISO.match(text)
    try:
        at = datetime.fromisoformat(text.replace(" +", "+").replace(" Z", "Z"))
    except ValueError:
        found = None
    if not found:
        raise BadEvent("must be a time as in ISO 8601", field=field)
    if at.tzinfo is None:
        if not naive_utc:
            raise BadEvent("has no offset from UTC", field=field)
        at = at.replace(tzinfo=UTC)
    return plausible(at, field)


@frozen
class Fields:
    """An object of a report, and the dotted path that leads to it."""

    values: Mapping[str, Any]
    path: str = ""

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def text(self, *names: str) -> str | None:
        """The first of these that is a text and not empty."""
        for name in names:
            value = self.values.get(name)
            if value is None or value == "":
                continue
            if type(value) is not str:
                raise BadEvent("must be a text", field=self._at(name))
            return clean(value)
        return None

    def id(self, *names: str) -> str | None:
        """The same of ids, which some write as numbers."""
        for name in names:
            if type(self.values.get(name)) is int:
                return str(self.values[name])
        return self.text(*names)

    def flag(self, name: str) -> bool | None:
        """True or false, also as a text or 0 and 1; None where it is anything else."""
        value = self.values.get(name)
        return {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())

    def object(self, name: str) -> Fields:
        """An object within; an empty array is PHP's way of writing an empty object."""
        value = self.values.get(name)
        if value in (None, [], ""):
            value = {}
        if type(value) is not dict:
            raise BadEvent("must be a JSON object", field=self._at(name))
        return Fields(value, self._at(name))

    def objects(self, name: str) -> list[Fields]:
        """An array of objects within."""
        value = self.values.get(name)
        if value is None:
            return []
        if type(value) is not list:
            raise BadEvent("must be a JSON array", field=self._at(name))
        paths = [f"{self._at(name)}[{number}]" for number in range(len(value))]
        for item, path in zip(value, paths, strict=True):
            if type(item) is not dict:
                raise BadEvent("must be a JSON object", field=path)
        return [Fields(item, path) for item, path in zip(value, paths, strict=True)]

    def texts(self, name: str) -> list[str]:
        """An array of texts within, or a single one."""
        value = self.values.get(name)
        found = [value] if type(value) is str else value or []
        if type(found) is not list or not all(type(one) is str for one in found):
            raise BadEvent("must be a JSON array of texts", field=self._at(name))
        return [clean(one) for one in found if one]

    def epoch(self, name: str) -> Moment:
        """A time in seconds since 1970, as a number or a text."""
        value = self.values.get(name)
        if value is None or value == "":
            return None, None
        number = float(value) if type(value) is str and _DECIMAL.match(value) else value
        return from_epoch(number, self._at(name)), str(value)

    def iso(self, *names: str, naive_utc: bool = False) -> Moment:
        """A time in ISO 8601: the first of these that is there."""
        for name in names:
            text = self.text(name)
            if text is not None:
                return from_iso(text, self._at(name), naive_utc=naive_utc), text
        return None, None

    def token(self, name: str) -> str | None:
        """The ledger's token among arguments of the sender's own, which may hold anything."""
        value = self.values.get(name)
        return clean(value) if type(value) is str and value else None


def in_brackets(message_id: str | None) -> str | None:
    """A Message-ID with the angle brackets that belong to it (RFC 5322 3.6.4)."""
    if not message_id:
        return None
    bare = message_id.strip()
    return bare if bare.startswith("<") else f"<{bare}>"
