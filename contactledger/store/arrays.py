"""Columns of many rows as arrays in PostgreSQL's binary format, each one value of a statement.

psycopg makes an array value by value and takes 13 µs for the rows of an entry; what stands in our
columns is plain enough to be joined, in 4. The format: the number of dimensions, whether there
are nulls, the type of the elements, the length and where counting starts, 32 bits each; then each
element behind its length (`array_recv` in PostgreSQL's src/backend/utils/adt/arrayfuncs.c).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Any, ClassVar

_HEAD = Struct(">iiIii")


class _Lengths(dict[int, bytes]):
    """A length as 32 bits; those that come again and again are kept."""

    def __missing__(self, size: int) -> bytes:
        made = size.to_bytes(4, "big")
        if size < _KEPT:
            self[size] = made
        return made


class _Signs(dict[int, str]):
    """The same as characters of Latin-1."""

    def __missing__(self, size: int) -> str:
        made = _LENGTHS[size].decode("latin-1")
        if size < _KEPT:
            self[size] = made
        return made


_KEPT = 4_096
_LENGTHS, _SIGNS = _Lengths(), _Signs()


class Array(bytes):
    """An array as bytes. `oid`: its type, `element`: that of its elements, by the numbers of
    PostgreSQL's src/include/catalog/pg_type.dat."""

    oid: ClassVar[int]
    element: ClassVar[int]


class Texts(Array):
    """An array of TEXT."""

    oid, element = 1009, 25


class Blobs(Array):
    """An array of BYTEA."""

    oid, element = 1001, 17


class Numbers(Array):
    """An array of BIGINT."""

    oid, element = 1016, 20


ARRAYS = (Texts, Blobs, Numbers)


def texts(values: Sequence[str]) -> Texts:
    """Texts in ASCII, as all are that our columns hold; UnicodeError for others."""
    if not all(map(str.isascii, values)):
        raise UnicodeError("not in ASCII")
    # a length is four characters of Latin-1, so that all are encoded in one go
    joined = "".join([_SIGNS[len(value)] + value for value in values])
    return Texts(_head(Texts, values) + joined.encode("latin-1"))


def blobs(values: Sequence[bytes]) -> Blobs:
    """Bytes."""
    return Blobs(_head(Blobs, values) + b"".join([_LENGTHS[len(v)] + v for v in values]))


def numbers(values: Sequence[int]) -> Numbers:
    """Integers of 64 bits; OverflowError for larger ones."""
    before = _LENGTHS[8]
    parts = [before + value.to_bytes(8, "big", signed=True) for value in values]
    return Numbers(_head(Numbers, values) + b"".join(parts))


def _head(kind: type[Array], values: Sequence[Any]) -> bytes:
    return _HEAD.pack(1, 0, kind.element, len(values), 1)


ARRAY_OF: dict[str, Callable[[Sequence[Any]], Array]] = {
    "text": texts,
    "bytea": blobs,
    "bigint": numbers,
}
"""What makes an array of the values of a column, by the column's type."""
