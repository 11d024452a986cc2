"""Frozen values built at the price of plain ones."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from contactledger.facts import Disclosure
from contactledger.findings import Finding, Grade, PersonRow, Reach
from contactledger.swift import swift, swift_row


def test_what_it_builds_is_an_instance_like_any_other_and_as_frozen() -> None:
    row = swift(PersonRow)("bob", Reach.SEEN, Grade.LIKELY, (4,))
    plain = PersonRow("bob", Reach.SEEN, Grade.LIKELY, (4,))
    assert (type(row), row, hash(row), repr(row)) == (PersonRow, plain, hash(plain), repr(plain))
    assert attrs.evolve(row, person="eve") == attrs.evolve(plain, person="eve")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        row.person = "eve"  # type: ignore[misc]


def test_every_field_of_a_finding_comes_to_where_it_belongs() -> None:
    names = [a.name for a in attrs.fields(Finding)]
    values: list[Any] = list(range(len(names)))
    made = swift(Finding)(*values)
    assert [getattr(made, name) for name in names] == values


@attrs.frozen(weakref_slot=False)
class _Looked:
    number: int = attrs.field(validator=attrs.validators.instance_of(int))


@attrs.frozen(weakref_slot=False)
class _Turned:
    number: int = attrs.field(converter=int)


@pytest.mark.parametrize("cls", [_Looked, _Turned])
def test_a_class_that_looks_at_its_fields_is_refused(cls: Any) -> None:
    with pytest.raises(TypeError, match="number"):
        swift(cls)


def test_a_class_of_other_slots_is_refused_by_python() -> None:
    @attrs.frozen
    class Referred:
        number: int

    with pytest.raises(TypeError, match="layout"):
        swift(Referred)(1)


def test_a_named_tuple_is_made_of_a_plain_one() -> None:
    values = (1, "about", "", "digest", "body")
    made = swift_row(Disclosure)(values)
    assert (type(made), made, made.field) == (Disclosure, Disclosure(*values), "about")
