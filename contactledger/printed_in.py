"""The bundle inside a PDF, found again without a PDF library.

Nothing of the PDF is believed or laid out: whatever is found is verified like a bundle that came
by itself, so that a wrong find can only fail. A file that lies inside a PDF is a stream object of
the type EmbeddedFile (ISO 32000-1, 7.11.4), and a stream is always spelled out in the file, never
packed into another (7.5.7). So such streams are looked for by their spelling; those that are
stored as they are or by Flate are taken out, and the first that is shaped like a bundle is it. It
stays where other programs sign the PDF or save it anew; an encrypted PDF hides it, and then its
reader can still save the attachment.

The time is proportional to the file's size, and there are bounds on all that is unpacked.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from contactledger.errors import BadInput, BadRecord, TooLarge
from contactledger.log.container import Container

MAX_EMBEDDED = 100
"""Embedded files that are looked at; a report has one."""
MAX_UNPACKED_BYTES = 1 << 30
"""Of all of them together: a bundle of some million entries."""
_HEAD_BYTES = 1024
_DICTIONARY_BYTES = 4096
_CHUNK_BYTES = 1 << 18
_IN_MEMORY_BYTES = 1 << 24

_EMBEDDED = re.compile(rb"/Type\s*/EmbeddedFile(?![A-Za-z0-9])")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_LENGTH = re.compile(rb"/Length\s+(\d{1,12})(\s+\d{1,5}\s+R)?(?![0-9])")
_FILTER = re.compile(rb"/Filter\s*\[?\s*/(\w+)\s*(\]|(?=[/>]))")
_NUMBER = rb"(?<![0-9])%s\s+\d{1,5}\s+obj\s+(\d{1,12})\s+endobj"

Bytes = bytes | mmap


def is_pdf(file: BinaryIO) -> bool:
    """Whether a seekable file begins as a PDF does; other bytes may stand before that."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    return b"%PDF-" in head and not head.startswith(b"PK")


def bundle_in(file: BinaryIO) -> BinaryIO:
    """The bundle that lies inside a PDF, as a file of its own, for whoever asks to close.

    BadInput if there is none to be found, TooLarge over the bounds above.
    """
    data = _all(file)
    budget = MAX_UNPACKED_BYTES
    for found, at in enumerate(_EMBEDDED.finditer(data)):
        if found == MAX_EMBEDDED:
            raise TooLarge(f"over {MAX_EMBEDDED} files inside the PDF", field="bundle")
        target = cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))  # noqa: SIM115
        for piece in _unpacked(data, at.start(), at.end()):
            budget -= len(piece)
            if budget < 0:
                target.close()
                raise TooLarge(
                    f"what lies inside the PDF is over {MAX_UNPACKED_BYTES} bytes", field="bundle"
                )
            target.write(piece)
        if _is_bundle(target):
            target.seek(0)
            return target
        target.close()
    raise BadInput(
        "no bundle was found inside this PDF; if its reader shows one among the attachments, "
        "save that and give it instead",
        field="bundle",
    )


def _all(file: BinaryIO) -> Bytes:
    """The bytes of the file, mapped where it is one of the system's."""
    try:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
    except OSError:
        file.seek(0)
        return file.read()


def _unpacked(data: Bytes, start: int, end: int) -> Iterator[bytes]:
    """The content of the stream object whose dictionary has its type at this place."""
    opening = _STREAM.search(data, end, end + _DICTIONARY_BYTES)
    before = data.rfind(b"obj", max(0, start - _DICTIONARY_BYTES), start)
    if opening is None or before < 0:
        return
    dictionary, body = data[before : opening.start() + 2], opening.end()
    packed = _FILTER.search(dictionary)
    if packed is None and b"/Filter" not in dictionary:
        length = _length(data, dictionary)
        for place in range(body, min(body + length, len(data)), _CHUNK_BYTES):
            yield data[place : min(place + _CHUNK_BYTES, body + length)]
    elif packed is not None and packed[1] == b"FlateDecode":
        yield from _inflated(data, body)


def _length(data: Bytes, dictionary: bytes) -> int:
    """The length that the dictionary gives, itself or by pointing at a number; 0 without one."""
    match = _LENGTH.search(dictionary)
    if match is not None and match[2]:
        match = re.search(_NUMBER % match[1], data)
    return 0 if match is None else int(match[1])


def _inflated(data: Bytes, place: int) -> Iterator[bytes]:
    """A Flate stream from this place on; it says itself where it ends."""
    inflater = zlib.decompressobj()
    try:
        while not inflater.eof and (chunk := data[place : place + _CHUNK_BYTES]):
            place += len(chunk)
            while chunk and not inflater.eof:
                yield inflater.decompress(chunk, _CHUNK_BYTES)
                chunk = inflater.unconsumed_tail
    except zlib.error:
        return


def _is_bundle(file: BinaryIO) -> bool:
    """Whether it is shaped as a bundle is; what it holds is for whoever verifies it."""
    try:
        Container(file)
    except (BadRecord, TooLarge):
        return False
    return True
