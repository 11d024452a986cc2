"""The bundle inside a PDF is found by its spelling alone, within bounds, or clearly not."""

from __future__ import annotations

import io
import zlib

import pytest

from contactledger import printed_in
from contactledger.errors import BadInput, TooLarge
from contactledger.log.container import write
from contactledger.printed_in import bundle_in, is_pdf

BUNDLE = io.BytesIO()
write(BUNDLE, [("a/endstream.txt", [b"endstream endobj"]), ("b.txt", [b"x" * 300_000])])
CONTENT = BUNDLE.getvalue()
PACKED = zlib.compress(CONTENT)


def pdf(*objects: bytes) -> io.BytesIO:
    return io.BytesIO(b"%PDF-1.7\n%\xe2\xe3\n" + b"\n".join(objects) + b"\n%%EOF\n")


def embedded(content: bytes, words: bytes = b"", length: bytes = b"") -> bytes:
    size = length or b"/Length %d" % len(content)
    head = b"7 0 obj\n<<" + size + b"/Type/EmbeddedFile" + words + b">>\nstream\n"
    return head + content + b"\nendstream\nendobj"


@pytest.mark.parametrize(
    "made",
    [
        embedded(CONTENT),
        embedded(CONTENT, b"/Params<</Size 1>>"),
        embedded(CONTENT, length=b"/Length 12 0 R") + b"\n12 0 obj\n%d\nendobj" % len(CONTENT),
        embedded(PACKED, b"/Filter/FlateDecode"),
        embedded(PACKED, b" /Filter [ /FlateDecode ] "),
        embedded(PACKED, b"/Filter/FlateDecode", length=b"/Length 3"),
        embedded(b"a note") + b"\n" + embedded(CONTENT),
        b"1 0 obj\n<</Names<</EmbeddedFiles 2 0 R>>>>\nendobj\n" + embedded(CONTENT),
    ],
    ids=[
        "stored", "with parameters", "length elsewhere", "packed", "packed, as a list",
        "packed, with a wrong length", "behind another file", "behind the catalogue",
    ],
)  # fmt: skip
def test_it_is_found(made, tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(made).getvalue())
    with path.open("rb") as file:
        for source in (file, pdf(made)):
            with bundle_in(source) as found:
                assert found.read() == CONTENT


@pytest.mark.parametrize(
    "made",
    [
        b"",
        embedded(b"a note"),
        embedded(CONTENT[:-1]),
        embedded(CONTENT, length=b"/Length 10"),
        embedded(CONTENT, length=b"/Length 12 0 R"),
        embedded(CONTENT, length=b"/None true"),
        embedded(PACKED[:50], b"/Filter/FlateDecode"),
        embedded(CONTENT, b"/Filter/FlateDecode"),
        embedded(PACKED, b"/Filter/LZWDecode"),
        embedded(PACKED, b"/Filter 9 0 R"),
        b"/Type/EmbeddedFile",
        b"/Type/EmbeddedFile>>\nstream\nx",
        b"7 0 obj <</Type/EmbeddedFile " + b" " * 5_000 + b">>\nstream\n" + CONTENT,
    ],
)
def test_what_is_no_bundle_is_a_clear_error(made):
    with pytest.raises(BadInput, match="bundle: no bundle was found inside this PDF"):
        bundle_in(pdf(made))


def test_there_is_a_bound_on_how_many_are_looked_at(monkeypatch):
    monkeypatch.setattr(printed_in, "MAX_EMBEDDED", 2)
    with pytest.raises(TooLarge, match="over 2 files inside the PDF"):
        bundle_in(pdf(*[embedded(b"x")] * 3))


def test_there_is_a_bound_on_what_is_unpacked(monkeypatch):
    monkeypatch.setattr(printed_in, "MAX_UNPACKED_BYTES", 1_000_000)
    bomb = zlib.compress(b"\0" * 10_000_000)
    with pytest.raises(TooLarge, match="inside the PDF is over 1000000 bytes"):
        bundle_in(pdf(embedded(bomb, b"/Filter/FlateDecode")))


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"%PDF-1.7", True),
        (b"\r\n%PDF-2.0", True),
        (b"PK\3\4 %PDF-", False),
        (b"PDF", False),
        (b"", False),
    ],
)
def test_a_pdf_is_known_by_its_head(head, expected):
    assert is_pdf(io.BytesIO(head)) is expected
