"""A bundle's container: any zip program reads it, and only one spelling of it is accepted."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactledger.errors import BadRecord, TooLarge
from contactledger.log import container as module
from contactledger.log.container import Container, write

PARTS = {"account/head.json": b"{}\n", "blobs/aa": b"", "ledger/checkpoint": b"x" * 70_000}


def made(parts=None):
    target = io.BytesIO()
    size = write(target, [(name, [data]) for name, data in sorted((parts or PARTS).items())])
    assert size == len(target.getvalue())
    return target.getvalue()


def read(data):
    opened = Container(io.BytesIO(data))
    return {name: b"".join(opened.chunks(name)) for name in opened.members}


NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,5}(/[a-z0-9][a-z0-9.-]{0,5}){0,2}", fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=6))
def test_what_is_written_is_read_here_and_by_any_zip_program(parts):
    target = io.BytesIO()
    write(target, [(name, [data[:7], data[7:]]) for name, data in sorted(parts.items())])
    assert read(target.getvalue()) == parts
    with zipfile.ZipFile(io.BytesIO(target.getvalue())) as other:
        assert {i.filename: other.read(i) for i in other.infolist()} == parts


def test_no_byte_is_free():
    small = made({"a": b"hello", "b/c": b"", "d": b"x"})
    for place in range(len(small)):
        for bit in (1, 0x80):
            changed = bytearray(small)
            changed[place] ^= bit
            with pytest.raises((BadRecord, TooLarge)):
                read(bytes(changed))


def test_every_cut_and_every_addition_is_refused():
    small = made({"a": b"hello", "b": b"x"})
    for size in range(len(small)):
        with pytest.raises(BadRecord):
            read(small[:size])
    for more in (b"\0", b"PK", small):
        with pytest.raises(BadRecord):
            read(small + more)
        with pytest.raises(BadRecord):
            read(more + small)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x",
        "../x",
        "a/../b",
        "A",
        "a\\b",
        "a//b",
        "a/",
        "",
        "c:x",
        "ü",
        "a/b/c/d/e",
        "x" * 101,
        "a\n",
    ],
)
def test_a_name_that_leaves_the_bundle_is_not_written(name):
    with pytest.raises(BadRecord, match="name"):
        write(io.BytesIO(), [(name, [b""])])


def test_names_stand_in_order_and_once():
    for names in (["b", "a"], ["a", "a"]):
        with pytest.raises(BadRecord, match="order"):
            write(io.BytesIO(), [(name, [b""]) for name in names])


@pytest.mark.parametrize("name", ["../x", "A", "b\\c"])
def test_a_name_that_leaves_the_bundle_is_not_read(name):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as other:
        other.writestr(zipfile.ZipInfo(name), b"x")
    with pytest.raises(BadRecord):
        read(target.getvalue())


def test_zips_of_other_programs_are_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as other:
        other.writestr("a", b"x" * 100)
    with pytest.raises(BadRecord):
        read(target.getvalue())
    with pytest.raises(BadRecord):
        read(b"not a zip at all, but long enough to be looked at")


def test_a_name_that_is_not_ascii_is_refused():
    small = made({"ab": b"x"}).replace(b"ab", b"a\xff")
    with pytest.raises(BadRecord, match="name"):
        read(small)


def test_a_count_that_is_too_high_is_refused():
    small = bytearray(made({"a": b"x"}))
    struct.pack_into("<2H", small, len(small) - 22 + 8, 2, 2)
    with pytest.raises(BadRecord, match="cut short"):
        read(bytes(small))


def test_a_count_that_is_too_low_is_refused():
    small = bytearray(made({"a": b"x", "b": b"y"}))
    struct.pack_into("<2H", small, len(small) - 22 + 8, 1, 1)
    with pytest.raises(BadRecord, match="behind the directory"):
        read(bytes(small))


def test_bytes_between_members_are_refused():
    first, second = made({"a": b"x"}), made({"a": b"xjunk"})
    start = len(b"PK\3\4") + 26 + 1
    tail = bytearray(first[start + 1 :])
    struct.pack_into("<I", tail, len(tail) - 6, start + 1 + 4)
    with pytest.raises(BadRecord, match="no file"):
        read(first[: start + 1] + b"junk" + bytes(tail))
    assert read(second) == {"a": b"xjunk"}


def test_what_is_missing_is_named():
    opened = Container(io.BytesIO(made()))
    assert "account/head.json" in opened
    with pytest.raises(BadRecord, match="blobs/zz: is missing"):
        list(opened.chunks("blobs/zz"))
    with pytest.raises(BadRecord, match="blobs/zz: is missing"):
        opened.read("blobs/zz", 5)


def test_a_file_that_shrinks_while_it_is_read_is_named():
    source = io.BytesIO(made({"a": b"x" * 100}))
    opened = Container(source)
    source.truncate(60)
    with pytest.raises(BadRecord, match="ends too early"):
        opened.read("a", 1000)


def test_lines_end_in_lf_and_have_a_bound():
    opened = Container(
        io.BytesIO(
            made(
                {
                    "a": b"one\n\ntwo\n",
                    "b": b"one\ntwo",
                    "c": b"x" * 50,
                    "d": b"x" * 9 + b"\n" + b"y",
                }
            )
        )
    )
    assert list(opened.lines("a", 3)) == [b"one", b"", b"two"]
    with pytest.raises(BadRecord, match="LF"):
        list(opened.lines("b", 3))
    with pytest.raises(TooLarge):
        list(opened.lines("c", 49))
    with pytest.raises(TooLarge):
        list(opened.lines("d", 8))
    with pytest.raises(TooLarge):
        opened.read("a", 8)


def test_bounds_hold(monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 200)
    with pytest.raises(TooLarge):
        write(io.BytesIO(), [("a", [b"x" * 300])])
    whole = made({"a": b"x" * 100})
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    with pytest.raises(TooLarge):
        Container(io.BytesIO(whole))
    monkeypatch.setattr(module, "MAX_BYTES", 10_000)
    monkeypatch.setattr(module, "MAX_MEMBERS", 2)
    with pytest.raises(TooLarge):
        write(io.BytesIO(), [(name, [b""]) for name in "abc"])
