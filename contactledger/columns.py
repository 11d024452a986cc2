"""How a column of rows is declared: its name, its kind, and where its value is found.

The builders at the end make the usual ones: `plain("no", "int")` is the attribute `no` of
whatever the row is made of. Columns that hold a name, an address or a text are *personal*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from attrs import frozen

from contactledger.facts import (
    Entry,
    Matter,
    Milestone,
    Money,
    Opened,
    Party,
    Person,
    Promise,
    Touch,
)

Row = dict[str, Any]


@frozen
class Column:
    """A column: its name, its kind (text, int, bool, time, texts or ints), and its value for
    one thing among its account's names. Times are UTC, and end in `_utc`."""

    name: str
    kind: str
    of: Callable[[Any, Called], Any]
    personal: bool = False


@frozen
class Called:
    """An account's id and the names that its entries still disclose: ids → names, numbers of
    touches and promises → what they are about."""

    account_id: str
    account: str | None
    names: Mapping[str, str | None]
    abouts: Mapping[int, str | None]

    @classmethod
    def of(cls, entries: Iterable[Entry], account_id: str) -> Called:
        """From an account's entries, in order: the newest version of a name counts, and where
        that was erased there is none."""
        account = None
        names: dict[str, str | None] = {}
        abouts: dict[int, str | None] = {}
        for entry in entries:
            fact = entry.fact
            if isinstance(fact, Opened):
                account = fact.name
            elif isinstance(fact, Party | Person | Milestone):
                names[entry.id] = fact.name if fact.name is not None else fact.key
            elif isinstance(fact, Matter):
                names[entry.id] = fact.title
            elif isinstance(fact, Touch):
                subject = fact.message.subject if fact.message else None
                abouts[entry.no] = fact.about if fact.about is not None else subject
            elif isinstance(fact, Promise):
                abouts[entry.no] = fact.what
        return cls(account_id, account, names, abouts)


def plain(name: str, kind: str) -> Column:
    """The attribute as it is."""
    return Column(name, kind, lambda thing, _: getattr(thing, name))


def word(name: str) -> Column:
    """A word of a closed vocabulary."""
    return Column(name, "text", lambda thing, _: str(getattr(thing, name)))


def grade(name: str) -> Column:
    """A grade or a reach, by its word."""
    return Column(name, "text", lambda thing, _: getattr(thing, name).word)


def id_(name: str, of: str) -> Column:
    """An id, which is the attribute `of`."""
    return Column(name, "text", lambda thing, _: getattr(thing, of))


def time(name: str) -> Column:
    """A moment in UTC."""
    return Column(f"{name}_utc", "time", lambda thing, _: getattr(thing, name))


def list_(name: str, kind: str) -> Column:
    """A tuple, as a list."""
    return Column(name, kind, lambda thing, _: list(getattr(thing, name)))


def count(name: str) -> Column:
    """How many there are."""
    return Column(name, "int", lambda thing, _: len(getattr(thing, name)))


def name(name: str, of: str) -> Column:
    """What is still disclosed of the name that belongs to the id in `of`."""
    return Column(name, "text", lambda thing, c: c.names.get(getattr(thing, of)), personal=True)


def about(name: str) -> Column:
    """What is still disclosed of what the entry `no` is about."""
    return Column(name, "text", lambda thing, c: c.abouts.get(thing.no), personal=True)


def seconds(name: str) -> Column:
    """A length of time in whole seconds."""

    def of(thing: Any, _: Called) -> int | None:
        span: timedelta | None = getattr(thing, name)
        return None if span is None else int(span.total_seconds())

    return Column(f"{name}_seconds", "int", of)


def money(name: str) -> tuple[Column, Column]:
    """An amount: minor units, and the currency."""

    def part(attribute: str) -> Callable[[Any, Called], Any]:
        def of(thing: Any, _: Called) -> Any:
            amount: Money | None = getattr(thing, name)
            return None if amount is None else getattr(amount, attribute)

        return of

    return (
        Column(f"{name}_minor", "int", part("minor")),
        Column(f"{name}_currency", "text", part("currency")),
    )


ACCOUNT = (
    Column("account_id", "text", lambda _, c: c.account_id),
    Column("account", "text", lambda _, c: c.account, personal=True),
)
"""The columns that every row begins with."""
