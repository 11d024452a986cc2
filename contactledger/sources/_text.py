"""Strings and instants from outside, made fit to be recorded.

What is replaced here is only the reading of it: the bytes as they came stay in
`Event.original`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from contactledger.errors import BadEvent

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_UNFIT = re.compile("[\x00\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""U+0000 and lone surrogates cannot be stored; the bidirectional embeddings, overrides and
isolates (Unicode Annex 9) can make a line of a report read as something else."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Outside of these a time is a mistake of whoever wrote it (a zero, milliseconds for seconds)."""

_EARLIEST_EPOCH = int(EARLIEST.timestamp())
_LATEST_EPOCH = int(LATEST.timestamp())

_from_timestamp = datetime.fromtimestamp

_DIGITS = re.compile(r"[0-9]{1,12}\Z")


def clean(text: str) -> str:
    """The same text with what cannot be stored or displayed safely replaced by U+FFFD."""
    return _UNFIT.sub(REPLACEMENT, text)


def plausible(instant: datetime, field: str) -> datetime:
    """The same instant in UTC, if it lies between 1990 and 2100; else a `BadEvent`."""
    if not EARLIEST <= instant < LATEST:
        raise BadEvent("the time lies outside the years 1990 to 2099", field=field)
    return instant.astimezone(UTC)


def from_epoch(value: object, field: str) -> datetime:
    """The instant of a number of seconds since 1970 (int, float, or text of digits).

    `BadEvent` if it is anything else, or outside the years 1990 to 2099.
    """
    if type(value) is int and _EARLIEST_EPOCH <= value < _LATEST_EPOCH:  # nearly all of them
        return _from_timestamp(value, UTC)
    if type(value) is not int and type(value) is not float:
        if type(value) is not str or not _DIGITS.match(value):
            raise BadEvent("must be a number of seconds since 1970", field=field)
        value = int(value)
    if not _EARLIEST_EPOCH <= value < _LATEST_EPOCH:
        raise BadEvent("the time lies outside the years 1990 to 2099", field=field)
    return datetime.fromtimestamp(value, UTC)
