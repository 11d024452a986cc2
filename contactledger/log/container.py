"""A bundle's container: a zip file in which no byte is free.

Every program can open it; only one spelling of it is accepted. Members are stored (never
compressed: compressors differ between versions), in the order of their names, with the date
1980-01-01 00:00, no extra fields, no comments, no flags but UTF-8 names being ASCII anyway. From
names, sizes and CRCs every other byte follows (APPNOTE 4.3.7, 4.3.12, 4.3.16), so a reader
works out what the headers must be and compares. `write` and `Container` are a pair.

Bounds: 4 GiB for the file and 65,535 members, as a zip file without zip64 has them.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from attrs import frozen

from contactledger.errors import BadRecord, TooLarge

NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*){0,3}\Z")
"""Lower case, no absolute path, no "..", no back slash, no drive."""
MAX_BYTES = 2**32 - 1
MAX_MEMBERS = 65_534
MAX_NAME_CHARS = 100
CHUNK_BYTES = 1 << 16

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _DATE = 20, 0x21  # 2.0; 1 January 1980
_MODE = 0o100644 << 16


@frozen
class Member:
    """One file in a container: where its bytes begin, how many, their CRC-32."""

    name: str
    offset: int
    size_bytes: int
    crc: int

    @property
    def header(self) -> bytes:
        """Its local header, which lies directly in front of its bytes."""
        raw = self.name.encode("ascii")
        sizes = (self.crc, self.size_bytes, self.size_bytes)
        return _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE, *sizes, len(raw), 0) + raw

    @property
    def listing(self) -> bytes:
        """Its line in the central directory."""
        raw = self.name.encode("ascii")
        sizes = (self.crc, self.size_bytes, self.size_bytes)
        start = self.offset - len(self.header)
        made_by = 3 << 8 | _VERSION
        return (
            _CENTRAL.pack(
                *(b"PK\1\2", made_by, _VERSION, 0, 0, 0, _DATE, *sizes, len(raw)),
                *(0, 0, 0, 0, _MODE, start),
            )
            + raw
        )


def _end(members: list[Member], start: int) -> bytes:
    size = sum(len(member.listing) for member in members)
    return _END.pack(b"PK\5\6", 0, 0, len(members), len(members), size, start, 0)


def write(target: BinaryIO, parts: Iterable[tuple[str, Iterable[bytes]]]) -> int:
    """Write members to a seekable binary file from its current place; the bytes written.

    `parts`: (name, chunks of bytes) in the order of the names. Raises BadRecord for a name
    that may not be or stands out of order, TooLarge over a bound.
    """
    members: list[Member] = []
    base = target.tell()
    place = 0
    for name, chunks in parts:
        _check_name(name, members[-1].name if members else "")
        blank = Member(name, place + _LOCAL.size + len(name), 0, 0)
        target.write(blank.header)
        size, crc = 0, 0
        for chunk in chunks:
            size, crc = size + len(chunk), zlib.crc32(chunk, crc)
            if blank.offset + size > MAX_BYTES:
                raise TooLarge(f"a bundle over {MAX_BYTES} bytes", place=name)
            target.write(chunk)
        member = Member(name, blank.offset, size, crc)
        target.seek(base + place)
        target.write(member.header)
        place = member.offset + size
        target.seek(base + place)
        members.append(member)
        if len(members) > MAX_MEMBERS:
            raise TooLarge(f"a bundle of over {MAX_MEMBERS} files")
    tail = b"".join(member.listing for member in members) + _end(members, place)
    target.write(tail)
    return place + len(tail)


def _check_name(name: str, before: str) -> None:
    if not NAME.match(name) or len(name) > MAX_NAME_CHARS:
        raise BadRecord("not a name that a bundle may hold", field="name")
    if name <= before:
        raise BadRecord("names are not in order, or one stands twice", place=name)


class Container:
    """A container that was read and found to be spelled as `write` spells it.

    CRCs are compared as members are read to their end. `source` is a seekable binary file
    that stays open for as long as members are read.
    """

    def __init__(self, source: BinaryIO) -> None:
        """Raises BadRecord naming what is not as it must be, TooLarge over a bound."""
        self._source = source
        size = source.seek(0, 2)
        if size > MAX_BYTES:
            raise TooLarge(f"a bundle over {MAX_BYTES} bytes")
        if size < _END.size:
            raise BadRecord("not a bundle: too short")
        source.seek(size - _END.size)
        end = source.read(_END.size)
        sign, *_, count, length, start, _ = _END.unpack(end)
        if sign != b"PK\5\6" or start + length + _END.size != size:
            raise BadRecord("not a bundle: no zip directory at its end")
        source.seek(start)
        members = _listed(source.read(length), count)
        self.members = {member.name: member for member in members}
        self._compare(members, start, end)

    def _compare(self, members: list[Member], start: int, end: bytes) -> None:
        """Every byte between the members' contents is what `write` would put there."""
        place, before = 0, ""
        for member in members:
            _check_name(member.name, before)
            if member.offset != place + len(member.header):
                raise BadRecord("does not lie behind the file before it", place=member.name)
            self._source.seek(place)
            if self._source.read(len(member.header)) != member.header:
                raise BadRecord("its header is not the one it must have", place=member.name)
            place, before = member.offset + member.size_bytes, member.name
        if place != start or end != _end(members, start):
            raise BadRecord("not a bundle: bytes that belong to no file")

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, piece by piece; BadRecord at its end if its CRC is wrong."""
        member = self.members.get(name)
        if member is None:
            raise BadRecord("is missing from the bundle", place=name)
        crc, done = 0, 0
        while done < member.size_bytes:
            self._source.seek(member.offset + done)
            chunk = self._source.read(min(CHUNK_BYTES, member.size_bytes - done))
            if not chunk:
                raise BadRecord("ends too early", place=name)
            crc, done = zlib.crc32(chunk, crc), done + len(chunk)
            yield chunk
        if crc != member.crc:
            raise BadRecord("its CRC is not that of its bytes", place=name)

    def read(self, name: str, limit_bytes: int) -> bytes:
        """All bytes of a member; TooLarge if there are more than `limit_bytes`."""
        member = self.members.get(name)
        if member is not None and member.size_bytes > limit_bytes:
            raise TooLarge(f"over {limit_bytes} bytes", place=name)
        return b"".join(self.chunks(name))

    def lines(self, name: str, limit_bytes: int) -> Iterator[bytes]:
        """The lines of a member without their LF; the last one ends in LF, too.

        TooLarge for a line over `limit_bytes`, BadRecord if bytes are left behind the last LF.
        """
        rest = b""
        for chunk in self.chunks(name):
            *done, rest = (rest + chunk).split(b"\n")
            for line in done:
                if len(line) > limit_bytes:
                    raise TooLarge(f"a line over {limit_bytes} bytes", place=name)
                yield line
            if len(rest) > limit_bytes:
                raise TooLarge(f"a line over {limit_bytes} bytes", place=name)
        if rest:
            raise BadRecord("its last line does not end in LF", place=name)


def _listed(directory: bytes, count: int) -> list[Member]:
    """The members that a central directory lists, which must be spelled as ours."""
    members, place = [], 0
    for _ in range(count):
        if len(directory) < place + _CENTRAL.size:
            raise BadRecord("not a bundle: the directory is cut short")
        fields = _CENTRAL.unpack_from(directory, place)
        length = fields[10]
        raw = directory[place + _CENTRAL.size : place + _CENTRAL.size + length]
        if not raw.isascii():
            raise BadRecord("not a name that a bundle may hold", field="name")
        name = raw.decode("ascii")
        offset = fields[16] + _LOCAL.size + len(raw)
        member = Member(name, offset, fields[8], fields[7])
        place += _CENTRAL.size + length
        if directory[place - len(member.listing) : place] != member.listing:
            raise BadRecord("its line in the directory is not the one it must have", place=name)
        members.append(member)
    if place != len(directory):
        raise BadRecord("not a bundle: bytes behind the directory")
    return members
