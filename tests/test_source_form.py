import time

import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources import _form
from contactledger.sources._form import first, form_of, is_form

PARTS = {"Content-Type": "multipart/form-data; boundary=xYz"}


def part(name, value, more="") -> bytes:
    return (
        f'--xYz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()
    )


END = b"--xYz--\r\n"


def test_a_form_is_read_in_order_with_names_that_repeat():
    assert form_of({}, b"a=1&b=&a=%C3%B6") == [("a", "1"), ("b", ""), ("a", "ö")]
    body = part("a", "1") + part("b", "") + part("a", "ö\r\nü") + END
    assert form_of(PARTS, body) == [("a", "1"), ("b", ""), ("a", "ö\r\nü")]


def test_lines_may_end_in_lf_alone():
    assert form_of(PARTS, part("a", "1").replace(b"\r\n", b"\n") + b"--xYz--") == [("a", "1")]


def test_files_and_parts_without_a_name_are_left_out():
    file = part("f", "x", '; filename="f.txt"')
    assert form_of(
        PARTS,
        file + b"--xYz\r\nno blank line\r\n" + b"--xYz\r\nX: y\r\n\r\nz\r\n" + part("a", "1") + END,
    ) == [("a", "1")]
    assert form_of(PARTS, b"--xYz\r\nContent-Disposition: form-data\r\n\r\nz\r\n" + END) == []


def test_bytes_that_are_no_utf_8_can_be_made_again_and_are_replaced_when_read():
    ((_, value),) = form_of({}, b"a=%ff")
    assert value.encode("utf-8", "surrogateescape") == b"\xff"
    assert first([("a", ""), ("a", value)], "z", "a") == "\ufffd"
    assert first([], "a") is None


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({"Content-Type": "application/json"}, b"{}", "Content-Type: must be application/x-www"),
        ({"Content-Type": "multipart/form-data"}, b"", "Content-Type: names no boundary"),
        (PARTS, part("a", "1"), "cut short"),
        (PARTS, b"", "cut short"),
    ],
)
def test_what_is_no_form_is_named(headers, body, why):
    with pytest.raises(BadEvent, match=why):
        form_of(headers, body)


def test_a_form_has_a_bound(monkeypatch):
    monkeypatch.setattr(_form, "MAX_FIELDS", 2)
    with pytest.raises(TooLarge):
        form_of({}, b"a=1&b=2&c=3")
    with pytest.raises(TooLarge):
        form_of(PARTS, part("a", "1") * 3 + END)


def test_a_form_is_told_by_its_content_type():
    assert is_form(PARTS)
    assert is_form({"content-type": "application/x-www-form-urlencoded; charset=utf-8"})
    assert not is_form({})


def test_a_large_hostile_form_takes_linear_time():
    start = time.process_time()
    for body in (b"\r\n" * 2_000_000, b"--xY" * 1_000_000, b"--xYz" * 800_000):
        with pytest.raises(BadEvent):
            form_of(PARTS, body)
    assert time.process_time() - start < 5
