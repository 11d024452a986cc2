from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources import Mail
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

CORPORA = Path(__file__).parent.parent.parent / "shared" / "corpora"

REPLY_LINES = [
    "Return-Path: <bob@smith.example>",
    "From: =?utf-8?q?B=C3=B6b_Ray?= <bob@smith.example>",
    "To: Ann <ann@acme.example>",
    "Cc: desk@acme.example",
    "Subject: =?utf-8?q?Re=3A_Inventory?= sync",
    "Date: Mon, 2 Mar 2026 11:00:00 +0100",
    "Message-ID: <answer@smith.example>",
    "In-Reply-To: <touch@acme.example>",
    "References: <first@acme.example> <touch@acme.example>",
    "Content-Type: multipart/alternative; boundary=b",
    "",
    "--b",
    "Content-Type: text/html",
    "",
    "<p>Yes, do.</p>",
    "--b",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "Yes, do.",
    "",
    "On 2 Mar 2026, Ann wrote:",
    "> Shall we?",
    "--b--",
    "",
]
REPLY = "\r\n".join(REPLY_LINES).encode()


def one(*lines: str) -> Event:
    return Mail().parse({}, "\n".join(lines).encode())[0]


def test_an_answer_is_read_whole():
    assert Mail().parse({"Content-Type": "message/rfc822"}, REPLY) == [
        Event(
            SignalKind.ANSWERED,
            datetime(2026, 3, 2, 10, tzinfo=UTC),
            By.HUMAN,
            "mail",
            message_id="<answer@smith.example>",
            in_reply_to="<touch@acme.example>",
            references=("<touch@acme.example>", "<first@acme.example>"),
            address="bob@smith.example",
            channel=Channel.EMAIL,
            said_at="Mon, 2 Mar 2026 11:00:00 +0100",
            system=System.OWN,
            original=REPLY,
            message=Incoming(
                "bob@smith.example",
                ("ann@acme.example", "desk@acme.example"),
                subject="Re: Inventory sync",
                text="Yes, do.",
            ),
        )
    ]


def test_line_ends_change_nothing_but_the_original():
    for ending in (b"\n", b"\r"):
        event = Mail().parse({}, REPLY.replace(b"\r\n", ending))[0]
        assert event.original == REPLY.replace(b"\r\n", ending)
        event.original = REPLY
        assert [event] == Mail().parse({}, REPLY)


def test_a_byte_order_mark_and_blank_lines_before_are_passed_over():
    event = Mail().parse({}, b"\xef\xbb\xbf\r\n\r\n" + REPLY)[0]
    assert event.message_id == "<answer@smith.example>"


def test_an_automatic_reply_is_named_by_its_mark():
    event = one("From: bob@smith.example", "Auto-Submitted: auto-replied", "", "Away.")
    assert (event.what, event.by, event.word) == (
        SignalKind.AUTO_REPLIED,
        By.MACHINE,
        "auto-submitted:auto-replied",
    )
    assert event.message == Incoming(
        "bob@smith.example", text="Away.", automatic="auto-submitted:auto-replied"
    )


def test_several_ids_answered_put_the_first_first_and_references_newest_first():
    event = one("In-Reply-To: <a@x> <b@x>", "References: <1@x> <2@x> <b@x>", "", "")
    assert event.in_reply_to == "<a@x>"
    assert event.references == ("<b@x>", "<2@x>", "<1@x>")


@pytest.mark.parametrize(
    ("lines", "sender"),
    [
        (["From: Bob <bob@x.example>, ann@y.example", "Sender: c@z.example"], "bob@x.example"),
        (["From: Bob", "Sender: c@z.example"], "c@z.example"),
        (["Reply-To: d@w.example"], "d@w.example"),
        (["To: d@w.example"], ""),
    ],
)
def test_the_sender_is_the_first_address_of_from_or_of_what_stands_for_it(lines, sender):
    event = one(*lines, "", "")
    assert event.message is not None
    assert (event.message.sender, event.address) == (sender, sender or None)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Mon, 02 Mar 2026 10:00:00 -0500 (EST)", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("2 Mar 2026 10:00 EST", datetime(2026, 3, 2, 15, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 10:00:00 -0000", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 10:00:00", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        (
            "Fri, 1 Jan 2100 00:30:00 +0100",
            datetime(2100, 1, 1, tzinfo=UTC) - timedelta(minutes=30),
        ),
        ("yesterday", None),
        ("Mon, 02 Mar 1970 10:00:00 +0000", None),
        ("Fri, 1 Jan 2100 00:30:00 +0000", None),
        ("Mon, 99 Mar 2026 10:00:00 +0000", None),
        ("Mon, 2 Mar 2026 10:00:00 +99999999999999999999", None),
    ],
)
def test_a_date_gives_the_instant_and_keeps_its_text(text, at):
    event = one(f"Date: {text}", "", "")
    assert (event.at, event.said_at) == (at, text)


def test_no_date_gives_no_time():
    event = one("To: a@b", "", "")
    assert (event.at, event.said_at) == (None, None)


@pytest.mark.parametrize(
    ("value", "own"),
    [("<a@b>", "<a@b>"), ("a@b", "<a@b>"), ("<a", "<a>"), ("", None), ("<>", None)],
)
def test_the_own_id_is_in_brackets(value, own):
    assert one(f"Message-ID: {value}", "", "").message_id == own


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["To: a@b", "", "plain"], "plain"),
        (["Content-Type: text/html", "", "<b>bold</b>"], "bold"),
        (["Content-Type: image/png", "", "x"], None),
        (["Content-Disposition: attachment", "", "x"], None),
        (["To: a@b", ""], None),
    ],
)
def test_the_text_is_that_of_the_first_part_to_be_shown(lines, text):
    event = one(*lines)
    assert event.message is not None
    assert event.message.text == text


def test_of_several_parts_the_first_of_a_kind_counts():
    parts = ["--b", "", "one", "--b", "", "two", "--b--"]
    pages = ["--b", "Content-Type: text/html", "", "1", "--b", "Content-Type: text/html", "", "2"]
    head = ["Content-Type: multipart/mixed; boundary=b", ""]
    for lines, text in ((parts, "one"), (pages, "1")):
        event = one(*head, *lines)
        assert event.message is not None
        assert event.message.text == text


def test_what_cannot_be_shown_safely_is_replaced_and_stays_in_the_original():
    raw = "From: a\u202e@b\nSubject: pay \u2066now\nMessage-ID: <\u202d@b>\n\nx\x00y\u2069".encode()
    event = Mail().parse({}, raw)[0]
    assert event.message == Incoming("a\ufffd@b", subject="pay \ufffdnow", text="x\ufffdy\ufffd")
    assert (event.message_id, event.original) == ("<\ufffd@b>", raw)


def test_a_long_subject_is_cut():
    event = one("Subject: " + "x" * 5_000, "", "")
    assert event.message is not None
    assert event.message.subject == "x" * 1_000


def test_a_body_over_the_bound_is_refused_before_it_is_read():
    large = bytes(100_000_000)
    with pytest.raises(TooLarge, match="body: a body of 100000000 bytes is over the 41943040"):
        Mail().parse({}, large)
    with pytest.raises(TooLarge):
        Mail().verify({}, large, None, datetime(2026, 3, 2, tzinfo=UTC))


def test_a_message_of_ten_thousand_parts_is_refused():
    head = b"From: a@b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    with pytest.raises(TooLarge, match="body: more than 1000 parts"):
        Mail().parse({}, head + b"--b\r\n\r\nx\r\n" * 10_000)


def test_another_content_type_is_refused():
    with pytest.raises(BadEvent, match="Content-Type: must be one of"):
        Mail().parse({"content-type": "application/json"}, REPLY)


def test_a_message_proves_nothing_of_its_sender():
    assert Mail().verify({}, REPLY, None, datetime(2026, 3, 2, tzinfo=UTC)) is Auth.NONE


def test_a_message_without_an_id_is_named_by_its_bytes_however_its_lines_end():
    ids = {
        Mail().parse({}, raw)[0].event_id
        for raw in (b"From: a@b\n\nYes.\n", b"From: a@b\r\n\r\nYes.", b"\nFrom: a@b\n\nYes.")
    }
    assert len(ids) == 1
    assert ids != {one("From: a@b", "", "No.").event_id}
    assert {id_[:7] for id_ in ids if id_} == {"sha256:"}


def test_of_a_message_in_parts_the_first_that_is_to_be_shown_is_read_and_others_are_passed_over():
    parts = ["--b", "Content-Disposition: attachment", "", "not this", "--b", "", "this", "--b--"]
    event = one("Content-Type: multipart/mixed; boundary=b", "", *parts)
    assert event.message is not None
    assert event.message.text == "this"


# --- whatever the bytes are ------------------------------------------------------------------


@cache
def seeds() -> tuple[bytes, ...]:
    """The messages of the corpora, where they lie beside the project, and our own."""
    files = sorted(CORPORA.glob("*/files/*.eml"))[::7] if CORPORA.is_dir() else []
    return (REPLY, *[path.read_bytes()[:20_000] for path in files])


SPLINTERS = [
    b"\r\n", b"\n", b"\r", b"\x00", b"\xff", b"--", b"=?", b"?=", b"<", b">", b'"', b"(", b":", b";",
    b"\r\n\r\n", b"charset=utf-7", b"charset=idna", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Date: Mon, 2 Mar 2026 10:00:00 +2400\r\n",
]  # fmt: skip


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_messages_raise_nothing_but_errors_of_the_tree(data):
    raw = bytearray(data.draw(st.sampled_from(seeds())))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        length = data.draw(st.integers(0, 200))
        splinter = st.sampled_from(SPLINTERS) | st.binary(max_size=8)
        raw[start : start + length] = data.draw(splinter) * data.draw(st.integers(0, 30))
    body = bytes(raw)
    with suppress(BadEvent, TooLarge):
        for event in Mail().parse({}, body):
            assert event.original == body
            texts = [event.address, event.word, event.reason, event.message_id]
            if event.message is not None:
                texts += [event.message.text, event.message.subject, event.message.sender]
            assert all((text or "").encode().decode() == (text or "") for text in texts)


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_random_bytes_raise_nothing_but_errors_of_the_tree(body):
    with suppress(BadEvent, TooLarge):
        assert Mail().parse({}, b"A: b\n" + body)
