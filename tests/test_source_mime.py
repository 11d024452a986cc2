import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources import _mime
from contactledger.sources._mime import (
    addresses,
    decode,
    decode_words,
    first,
    leaves,
    message_ids,
    parameters,
    require_header,
    split,
    unix_lines,
)


def message(*lines):
    return "\n".join(lines).encode()


# --- header blocks ---------------------------------------------------------------------------


def test_fields_are_unfolded_and_kept_by_lower_case_name_in_order():
    part = split(
        message("To: a,", " b", "Received: 1", "SUBJECT : x", "received: 2", "", "body", "")
    )
    assert part.headers == {"to": ["a, b"], "received": ["1", "2"], "subject": ["x"]}
    assert part.body == b"body\n"


def test_a_continuation_of_blanks_alone_ends_no_headers():
    assert split(message("Subject: a", " ", "\tb", "", "c")).headers == {"subject": ["a \tb"]}


def test_cr_and_crlf_are_line_ends_like_lf():
    assert unix_lines(b"a\r\nb\rc\nd") == b"a\nb\nc\nd"


def test_the_separator_of_a_mailbox_file_is_skipped():
    assert split(message("From bob Mon Mar  2 10:00:00 2026", "To: a", "", "b")).headers == {
        "to": ["a"]
    }
    assert split(b"From bob").headers == {}


def test_a_line_that_is_no_field_ends_the_headers_and_begins_the_body():
    part = split(message("To: a", "no field", "To: b"))
    assert (part.headers, part.body) == ({"to": ["a"]}, b"no field\nTo: b")


def test_text_beyond_ascii_is_utf_8_or_else_latin_1():
    assert split("Subject: für".encode()).headers == {"subject": ["für"]}
    assert split("Subject: für".encode("latin-1")).headers == {"subject": ["für"]}


def test_a_block_of_too_many_fields_or_bytes_is_refused():
    split(b"A: b\n" * _mime.MAX_HEADERS)
    with pytest.raises(TooLarge, match="headers: more than 2000 header fields"):
        split(b"A: b\n" * (_mime.MAX_HEADERS + 1))
    with pytest.raises(TooLarge, match="headers: more than 524288 bytes of headers"):
        split(b"A: " + b"b" * _mime.MAX_HEADER_BYTES)
    with pytest.raises(TooLarge, match="headers: more than 524288 bytes of headers"):
        split(b"A: b\n" + (b" " + b"b" * 1_000 + b"\n") * 600)


def test_a_long_value_is_cut():
    assert len(first(split(b"A: " + b"b" * 100_000).headers, "a")) == _mime.MAX_VALUE_CHARS


def test_bytes_without_a_field_are_no_message():
    require_header(split(b"A: b"))
    with pytest.raises(BadEvent, match="line 1: begins with no header field"):
        require_header(split(b"\nA: b"))


# --- values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("", ("text/plain", {})),
        ("Text/HTML", ("text/html", {})),
        ('a/b; Charset="UTF-8"; boundary=x', ("a/b", {"charset": "UTF-8", "boundary": "x"})),
        (r'a/b; boundary="x;\"y"; boundary=z', ("a/b", {"boundary": 'x;"y'})),
        ('a/b; boundary="open', ("a/b", {"boundary": "open"})),
        ("a/b; ; =; c", ("a/b", {})),
    ],
)
def test_parameters_are_read_quoted_or_not_and_the_first_counts(value, parsed):
    assert parameters(value, "text/plain") == parsed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?f=C3=BCr_Bob?=", "für Bob"),
        ("=?ISO-8859-1?q?f=FCr?= Bob", "für Bob"),
        ("=?utf-8?B?ZsO8cg==?=", "für"),
        ("=?utf-8*de?b?ZsO8cg?=", "für"),
        ("=?utf-8?q?f=C3?= =?utf-8?q?=BCr?=", "für"),
        ("=?utf-8?q?a?= =?iso-8859-1?q?=FC?=", "aü"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("x =?utf-8?q?a?=", "x a"),
        ("=?klingon?q?=C3=BC?=", "ü"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?never ends", "=?utf-8?q?never ends"),
    ],
)
def test_encoded_words_are_decoded_and_joined(value, text):
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("ü".encode(), "", "ü"),
        (b"\xfc", "", "ü"),
        (b"\xfc", "utf-8", "ü"),
        (b"\xfc", "us-ascii", "ü"),
        ("日本".encode("iso2022_jp"), "ISO-2022-JP", "日本"),
        (b"a\xff", "shift_jis", "a\ufffd"),
        (b"a", "no such charset", "a"),
        (b"a", "a\x00b", "a"),
        (b"a", "zip", "a"),
        (b"xn--a", "punycode", "xn--a"),
        (b"\\u0041", "unicode_escape", "\\u0041"),
    ],
)
def test_bytes_are_decoded_by_their_charset_or_the_likeliest(data, charset, text):
    assert decode(data, charset) == text


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("", ()),
        ("<a@b>", ("<a@b>",)),
        ("<a@b> (comment)\n <c@d><a@b>", ("<a@b>", "<c@d>")),
        ("<a @\n b>", ("<a@b>",)),
        ("a@b", ("<a@b>",)),
        ("your message of Monday, a@b", ()),
        ("< > <>", ()),
        ("<a@b", ("<a@b>",)),
    ],
)
def test_message_ids_are_found_in_order_once_each(value, ids):
    assert message_ids(value) == ids


def test_of_a_long_thread_the_newest_ids_are_kept():
    ids = message_ids(" ".join(f"<{n}@b>" for n in range(300)))
    assert ids == tuple(f"<{n}@b>" for n in range(100, 300))


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", ()),
        ("bob@x.example", ("bob@x.example",)),
        ("Bob Ray <bob@x.example>", ("bob@x.example",)),
        ('"Ray, Bob" <bob@x.example>, ann@y.example', ("bob@x.example", "ann@y.example")),
        ("bob@x.example (Bob (the (third))), ann@y.example", ("bob@x.example", "ann@y.example")),
        ('Bob (6" tall, he\\)) <bob@x.example>', ("bob@x.example",)),
        ("sales: bob@x.example, Ann <ann@y.example>;", ("bob@x.example", "ann@y.example")),
        ("undisclosed-recipients:;", ()),
        ("<@relay.example:bob@x.example>", ("bob@x.example",)),
        ("< bob @ x.example >", ("bob@x.example",)),
        ('<"bob ray"@x.example>', ('"bob ray"@x.example',)),
        ('"bob ray"@x.example', ('"bob ray"@x.example',)),
        ("bob @ x.example", ("bob@x.example",)),
        ("Bob bob@x.example", ("bob@x.example",)),
        ("<bob@x.example>, bob@x.example", ("bob@x.example",)),
        ("Bob (open <bob@x.example>", ("bob@x.example",)),
        ("Bob <bob@x.example", ("bob@x.example",)),
        ('"open <bob@x.example>', ("bob@x.example",)),
        ("Whomever", ()),
        ("a)b@x.example\\", ("ab@x.example",)),
        ("(a\\", ()),
        ("<a,b@x.example>", ("a,b@x.example",)),
    ],
)
def test_addresses_are_found_without_names_comments_and_groups(value, found):
    assert addresses(value) == found


# --- parts -----------------------------------------------------------------------------------


def kinds(*lines):
    return [(leaf.content_type[0], leaf.body) for leaf in leaves(split(message(*lines)))]


def test_leaves_come_in_order_from_all_levels():
    found = kinds(
        "Content-Type: multipart/mixed; boundary=a",
        "",
        "preamble",
        "--a",
        "Content-Type: multipart/alternative; boundary=ab",
        "",
        "--ab",
        "",
        "one",
        "--ab ",
        "Content-Type: text/html",
        "",
        "two",
        "--ab--",
        "--a",
        "Content-Type: message/rfc822",
        "",
        "Subject: three",
        "--a--",
        "--a",
        "epilogue",
    )
    assert found == [
        ("text/plain", b"one"),
        ("text/html", b"two"),
        ("message/rfc822", b"Subject: three"),
    ]


def test_a_last_part_whose_end_was_lost_is_read():
    assert kinds("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "x") == [
        ("text/plain", b"x")
    ]


def test_empty_parts_and_a_multipart_without_boundary_are_read_as_they_are():
    assert kinds("Content-Type: multipart/mixed; boundary=a", "", "--a", "--a", "--a--") == [
        ("text/plain", b""),
        ("text/plain", b""),
    ]
    assert kinds("Content-Type: multipart/mixed", "", "x") == [("multipart/mixed", b"x")]
    assert kinds("Content-Type: multipart/mixed; boundary=a", "", "x") == []


def test_ten_thousand_parts_are_refused():
    bomb = split(b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 10_000)
    with pytest.raises(TooLarge, match="body: more than 1000 parts"):
        list(leaves(bomb))


def test_a_thousand_parts_are_read_and_they_count_over_all_levels():
    inner = b"--a\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 499 + b"--b--\n"
    head = b"Content-Type: multipart/mixed; boundary=a\n\n"
    assert len(list(leaves(split(head + inner * 2 + b"--a--\n")))) == 998
    with pytest.raises(TooLarge, match="more than 1000 parts"):
        list(leaves(split(head + inner * 3 + b"--a--\n")))


def test_multiparts_within_each_other_are_refused_beyond_a_depth():
    def nested(levels):
        lines = []
        for level in range(levels):
            lines += [f"Content-Type: multipart/mixed; boundary=b{level}x", "", f"--b{level}x"]
        return split(message(*lines, "", "x"))

    assert [leaf.body for leaf in leaves(nested(_mime.MAX_DEPTH))] == [b"x"]
    with pytest.raises(TooLarge, match="more than 20 multiparts within each other"):
        list(leaves(nested(_mime.MAX_DEPTH + 1)))
    with pytest.raises(TooLarge):
        list(leaves(nested(5_000)))


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("", "für", "für"),
        ("8bit", "für", "für"),
        ("Quoted-Printable", "f=C3=\n=BCr", "für"),
        ("base64", "ZsO8\ncg", "für"),
        ("base64", "ZsO8c", "fü"),
        ("base64", "!", ""),
        ("x-unknown", "a", "a"),
    ],
)
def test_a_body_is_decoded_by_its_transfer_encoding(encoding, body, text):
    part = split(
        message(
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Transfer-Encoding: {encoding}",
            "",
            body,
        )
    )
    assert part.text() == text


def test_an_attachment_is_told_by_its_disposition():
    assert split(b"Content-Disposition: ATTACHMENT; filename=x").attached
    assert not split(b"Content-Disposition: inline").attached
    assert not split(b"A: b").attached


# --- bounds of time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    [
        "=?a?q?",
        "=?a?q?x",
        "=?",
        '"',
        '\\"',
        "(",
        "()",
        "<",
        "<a",
        ">",
        ":",
        "@",
        "a@",
        ",",
        "a",
        " ",
        ';a="',
        "; a=b",
        "\\",
    ],
)
def test_four_times_the_value_is_four_times_the_work(monkeypatch, unit):
    small, large = (work(monkeypatch, (unit * size)[:size]) for size in (3_000, 12_000))
    assert large <= 4.2 * small + 4_000


class Counting:
    """A pattern that counts the characters that it looks at."""

    def __init__(self, pattern, count):
        self.pattern, self.count = pattern, count

    def match(self, text, start=0):
        found = self.pattern.match(text, start)
        # a quotation mark that nothing closes was looked for up to the end
        whole = found is None or found.group() == '"'
        self.count["chars"] += len(text) - start if whole else found.end() - start
        return found

    def __getattr__(self, name):
        def counted(*args):
            self.count["chars"] += len(args[-1])
            return getattr(self.pattern, name)(*args)

        return counted


def work(monkeypatch, value):
    """How many characters the patterns look at while a field's value is read in every way."""
    count = Counter()
    with monkeypatch.context() as patch:
        for name, pattern in vars(_mime).copy().items():
            if isinstance(pattern, re.Pattern):
                patch.setattr(_mime, name, Counting(pattern, count))
        decode_words(value)
        addresses(value)
        message_ids(value)
        parameters(value, "")
    return count["chars"]


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_no_value_raises(value):
    decode_words(value)
    assert all("@" in address for address in addresses(value))
    assert all(id_[0] == "<" and id_[-1] == ">" for id_ in message_ids(value))
    parameters(value, "")
