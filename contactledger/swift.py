"""Frozen values, built at the price of plain ones: `swift(Finding)`.

Setting a field of a frozen class goes around the class's own `__setattr__`, field by field,
and that costs five times as much as an assignment: a finding has 36 fields and 4 lines of
evidence with 11 each, which was a third of all judging. `swift(cls)` is called as `cls` is and
gives an instance of `cls`: it is built as one of a twin class with the same slots that is not
frozen, which then becomes a `cls`. Python allows that where the slots are the same and none is for
weak references, and refuses it with a TypeError otherwise.

The twin passes over validators and converters, so a class that has any is refused, unless the
caller says with `checked=True` that what it passes is what they would have made of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar, cast

import attrs

P = ParamSpec("P")
T = TypeVar("T")


def swift(cls: Callable[P, T], *, checked: bool = False) -> Callable[P, T]:
    """What builds instances of a frozen attrs class with slots, from the same arguments; all of
    them may be given by position."""
    fields: dict[str, Any] = {}
    for attribute in attrs.fields(cast("type[Any]", cls)):
        looked_at = attribute.validator is not None or attribute.converter is not None
        if looked_at and not checked:
            raise TypeError(f"{attribute.name} is looked at when it is set")
        fields[attribute.name] = attrs.field(default=attribute.default, alias=attribute.alias)

    def become(self: Any) -> None:
        self.__class__ = cls

    twin = attrs.make_class(
        cls.__name__,
        fields,
        bases=cast("type[Any]", cls).__bases__,
        slots=True,
        weakref_slot=False,
        eq=False,
        repr=False,
        class_body={"__attrs_post_init__": become},
    )
    return cast("Callable[P, T]", twin)


def swift_row(cls: type[T]) -> Callable[[tuple[Any, ...]], T]:
    """What makes a named tuple of a plain one with all its fields: `cls` itself is a function in
    Python, and takes four times as long."""
    return cast("Callable[[tuple[Any, ...]], T]", partial(tuple.__new__, cls))
