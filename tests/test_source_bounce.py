"""Bounces: the standard's and those of programs that never read it."""

import json
import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event
from contactledger.facts import Signal
from contactledger.sources import Mail, _bounce, _bounce_reason, _notice
from contactledger.sources._bounce_reason import MEANING, STATUS, SUBJECT, reason_of, severity_of
from contactledger.vocabulary import By, SignalKind, System
from tests.ledgers import SMITH, filled, message

CORPORA = Path(__file__).parent.parent.parent / "shared" / "corpora" / "bounces" / "files"
TOKEN = "b" * 26

RETURNED = [
    "From: Ann <ann@acme.example>",
    "To: bob@smith.example",
    "Subject: Inventory sync",
    "Message-ID: <touch@acme.example>",
    f"X-Contactledger: {TOKEN}",
    "",
    "It works again.",
]
REPORT = [
    "Return-Path: <>",
    "From: MAILER-DAEMON@acme.example (Mail Delivery System)",
    "To: ann@acme.example",
    "Subject: Undelivered Mail Returned to Sender",
    "Date: Mon, 2 Mar 2026 11:10:00 +0100",
    "Message-ID: <bounce@acme.example>",
    "Auto-Submitted: auto-replied",
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    "",
    "--b",
    "",
    "I'm sorry to have to inform you that your message could not be delivered.",
    "",
    "<bob@smith.example>: host mx.smith.example[192.0.2.1] said: 550 5.1.1 No such user here",
    "--b",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; mx.acme.example",
    "",
    "Final-Recipient: rfc822; bob@mail.smith.example",
    "Original-Recipient: rfc822;bob@smith.example",
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 No such user here",
    "Last-Attempt-Date: Mon, 2 Mar 2026 11:05:00 +0100",
    "--b",
    "Content-Type: message/rfc822",
    "",
    *RETURNED,
    "--b--",
    "",
]
BOUNCE = "\r\n".join(REPORT).encode()
COVER = ["From: mailer-daemon@acme.example", "To: ann@acme.example", "Subject: failure notice", ""]


def read(*lines, cover=COVER):
    return Mail().parse({}, "\n".join([*cover, *lines]).encode())


def told(*lines, cover=COVER):
    """(kind, address, permanent, class) of each event."""
    return [
        (e.what.value, e.address, e.permanent, e.extra.get("reason"))
        for e in read(*lines, cover=cover)
    ]


def test_a_bounce_is_an_event_about_the_message_it_returns():
    assert Mail().parse({}, BOUNCE) == [
        Event(
            SignalKind.BOUNCED,
            datetime(2026, 3, 2, 10, 5, tzinfo=UTC),
            By.MACHINE,
            "mail",
            token=TOKEN,
            message_id="<touch@acme.example>",
            address="bob@smith.example",
            word="failed 5.1.1",
            permanent=True,
            reason="no_such_user: 550 5.1.1 No such user here",
            said_at="Mon, 2 Mar 2026 11:05:00 +0100",
            system=System.OWN,
            original=BOUNCE,
            extra={
                "action": "failed",
                "status": "5.1.1",
                "reason": "no_such_user",
                "final_recipient": "bob@mail.smith.example",
            },
        )
    ]


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "expected"),
    [
        ("failed", "5.2.2", "552 Mailbox full", ("bounced", False, "mailbox_full")),
        ("delayed", "4.4.1", "connection timed out", ("deferred", False, "unreachable")),
        ("delayed", "5.1.1", "no such user", ("deferred", False, "no_such_user")),
        ("delivered", "2.0.0", "250 ok", ("delivered", None, "unspecified")),
        ("relayed", "2.0.0", "", ("relayed", None, "unspecified")),
        ("expanded", "2.0.0", "", ("expanded", None, "unspecified")),
        ("failed", "4.1.2", "host not found", ("bounced", False, "no_such_host")),
        ("", "5.1.1", "no such user", ("bounced", True, "no_such_user")),
    ],
)
def test_the_action_says_what_and_the_reason_whether_it_is_final(
    action, status, diagnostic, expected
):
    changes = {"Action": action, "Status": status, "Diagnostic-Code": f"smtp; {diagnostic}"}
    lines = [
        f"{name}: {changes[name]}" if (name := line.partition(":")[0]) in changes else line
        for line in REPORT
        if "said:" not in line
    ]
    (event,) = Mail().parse({}, "\n".join(lines).encode())
    assert (event.what.value, event.permanent, event.extra["reason"]) == expected


def test_a_time_that_cannot_be_read_gives_way_to_the_reports_own():
    (event,) = Mail().parse({}, BOUNCE.replace(b"Mon, 2 Mar 2026 11:05", b"yesterday at 11:05"))
    assert event.at == datetime(2026, 3, 2, 10, 10, tzinfo=UTC)
    assert event.said_at == "Mon, 2 Mar 2026 11:10:00 +0100"


def test_what_it_answers_is_kept_for_matching_where_nothing_is_returned():
    lines = [
        *COVER[:3],
        "In-Reply-To: <touch@acme.example>",
        "References: <first@acme.example>",
        "",
    ]
    (event,) = read("<bob@smith.example>: unknown user", cover=lines)
    assert str(event.event_id).startswith("sha256:")
    assert str(event.event_id).endswith(" bob@smith.example")
    assert (event.message_id, event.in_reply_to, event.references) == (
        None,
        "<touch@acme.example>",
        ("<first@acme.example>",),
    )


def test_boundaries_that_are_wrong_do_not_hide_the_report():
    broken = BOUNCE.replace(b'boundary="b"', b'boundary="c"')
    (event,) = Mail().parse({}, broken)
    assert (event.address, event.permanent, event.message_id) == (
        "bob@smith.example",
        True,
        "<touch@acme.example>",
    )


def test_a_bounce_that_a_program_quoted_is_read_without_the_marks():
    quoted = ["> " + line for line in REPORT[17:25]]
    (event,) = read("Please see:", "", *quoted)
    assert (event.address, event.extra["status"]) == ("bob@smith.example", "5.1.1")


def test_a_page_is_read_where_there_is_no_plain_text():
    lines = [*COVER[:3], "Content-Type: text/html", ""]
    (event,) = read(
        "<p>Not delivered to</p><p>bob@smith.example</p><b>550 no such user</b>", cover=lines
    )
    assert (event.address, event.permanent) == ("bob@smith.example", True)


# --- the texts of programs -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # qmail
        (
            [
                "<bob@smith.example>:",
                "192.0.2.1 does not like recipient.",
                "Remote host said: 550 no such user",
                "--- Below this line is a copy of the message.",
            ],
            [("bounced", "bob@smith.example", True, "no_such_user")],
        ),
        # Exim
        (
            [
                "The following address(es) failed:",
                "",
                "  bob@smith.example",
                "    mailbox is full",
                "",
                "------ This is a copy of the message, including all the headers. ------",
            ],
            [("bounced", "bob@smith.example", False, "mailbox_full")],
        ),
        # sendmail
        (
            [
                "   ----- Transcript of session follows -----",
                "550 <bob@smith.example>... Host unknown",
                "550 <c@smith.example>... Service unavailable",
                "   ----- Unsent message follows -----",
            ],
            [
                ("bounced", "bob@smith.example", True, "no_such_host"),
                ("bounced", "c@smith.example", False, "server_fault"),
            ],
        ),
        # Exchange
        (
            [
                "Your message",
                "  To:  list@smith.example",
                "did not reach the following recipient(s):",
                "bob@smith.example on Mon, 2 Mar 2026 11:00:00",
                "    The recipient name is not recognized",
            ],
            [("bounced", "bob@smith.example", True, "no_such_user")],
        ),
        (
            [
                "did not reach the following recipient(s):",
                "c=US;a= ;o=X;dda:SMTP=bob@smith.example; on Monday",
                "Unknown Recipient",
            ],
            [("bounced", "bob@smith.example", True, "no_such_user")],
        ),
        # a list of what went wrong, and of where
        (
            ["Recipient address: bob@smith.example", "Reason: account is disabled"],
            [("bounced", "bob@smith.example", False, "disabled")],
        ),
        (
            [
                "Ann <ann@acme.example>, undeliverable to bob@smith.example",
                "552 message size exceeds fixed limit",
            ],
            [("bounced", "bob@smith.example", False, "too_large")],
        ),
        (
            [
                "SMTP error after MAIL FROM:<ann@acme.example>:",
                "550 unknown user",
                "",
                '<"bob ray"@smith.example>',
            ],
            [("bounced", '"bob ray"@smith.example', False, "refused")],
        ),
        # a warning
        (
            [
                "THIS IS A WARNING MESSAGE ONLY.",
                "Delivery to the following recipient has been delayed:",
                "     bob@smith.example",
            ],
            [("deferred", "bob@smith.example", False, "unreachable")],
        ),
        # anywhere at all; and nowhere but in what was returned
        (
            ["We could not write to [bob@smith.example] today."],
            [("bounced", "bob@smith.example", False, "unspecified")],
        ),
        (
            ["It did not work.", "Original message follows.", *RETURNED],
            [("bounced", "bob@smith.example", False, "unspecified")],
        ),
        (["It did not work.", *RETURNED], [("bounced", "bob@smith.example", False, "unspecified")]),
        (
            [
                "Save this:",
                "To: ann@acme.example",
                "From: x",
                "Date: y",
                "undeliverable to bob@smith.example",
            ],
            [("bounced", "bob@smith.example", False, "unspecified")],
        ),
        # a house in front speaks of its own users by their names alone
        (
            [
                "Your mail to the following recipients could not be delivered because they are",
                "not accepting mail from ann@acme.example:",
                "\tbob",
                "\tcarla",
                "",
                "Yours",
            ],
            [
                ("bounced", "bob@acme.example", False, "unspecified"),
                ("bounced", "carla@acme.example", False, "unspecified"),
            ],
        ),
        (
            [
                "Delivery has failed to these recipients or distribution lists:",
                "",
                "\t* [bob@smith.example]: 550 bob@smith.example...User account is overquota",
                "",
                "Original message details:",
                "",
                "\t* To: list@acme.example",
            ],
            [("bounced", "bob@smith.example", False, "mailbox_full")],
        ),
        # the sender's own line was malformed; the address may be a good one
        (
            [
                "A message that you sent contained incorrectly constructed addresses:",
                "  <bob@smith.example>: malformed address: <bob@smith.example> may not follow",
            ],
            [("bounced", "bob@smith.example", False, "refused")],
        ),
        (
            ["<bob@smith.example>: Name service error: Host not found, try again"],
            [("bounced", "bob@smith.example", False, "unreachable")],
        ),
        # Exim names them once more in the headers
        ([], [("unknown", "mailer-daemon@acme.example", None, None)]),
    ],
)
def test_a_notice_is_read_as_programs_write_it(lines, expected):
    assert told(*lines) == expected


def test_exims_own_list_of_recipients_fills_up_what_the_notice_leaves_out():
    cover = [*COVER[:3], "X-Failed-Recipients: bob@smith.example, c@smith.example", ""]
    assert [row[1] for row in told("a quota was exceeded", cover=cover)] == [
        "bob@smith.example",
        "c@smith.example",
    ]
    assert [row[1] for row in told("<bob@smith.example>: no", cover=cover)] == [
        "bob@smith.example",
        "c@smith.example",
    ]
    fewer = [*COVER[:3], "X-Failed-Recipients: bob@smith.example", ""]
    both = ["<bob@smith.example>: no", "<d@smith.example>: no"]
    assert [row[1] for row in told(*both, cover=fewer)] == ["bob@smith.example"]


def test_a_recipient_named_twice_is_one_event():
    lines = [*REPORT[:-13], "", *REPORT[19:25], *REPORT[25:]]
    assert len(Mail().parse({}, "\n".join(lines).encode())) == 1


def test_the_sender_and_the_postmaster_are_no_recipients():
    lines = [
        "For help write to <postmaster@acme.example>.",
        "From ann@acme.example",
        "bob@smith.example: no",
    ]
    assert [row[1] for row in told(*lines)] == ["bob@smith.example"]


# --- who is believed to bounce ----------------------------------------------------------------


PERSON = ["From: Carla <carla@smith.example>", "To: ann@acme.example"]


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Undelivered Mail Returned to Sender",
        "Delivery failed",
        "Returned mail: what now?",
        "Hello",
    ],
)
def test_a_persons_message_about_a_bounce_is_hers(subject):
    lines = ["I wrote to bob@smith.example, and it came back.", "", "Carla"]
    (event,) = read(*lines, cover=[*PERSON, f"Subject: {subject}", ""])
    assert (event.what, event.address) == (SignalKind.ANSWERED, "carla@smith.example")


@pytest.mark.parametrize(
    "lines",
    [
        ["550 5.1.1 <bob@smith.example> unknown", "------ Original message ------", *RETURNED],
        ["Your message could not be delivered to the following:", "bob@smith.example"],
    ],
)
def test_a_stranger_bounces_where_subject_and_text_both_say_so(lines):
    cover = ["From: gateway@smith.example", "Subject: Delivery failure", ""]
    assert [row[:2] for row in told(*lines, cover=cover)] == [("bounced", "bob@smith.example")]
    other = ["From: gateway@smith.example", "Subject: Hello", ""]
    assert [row[0] for row in told(*lines, cover=other)] == ["answered"]


def test_a_subject_may_end_with_it_too():
    cover = ["From: gateway@smith.example", "Subject: RE: Hi : non remis (delivery failed)", ""]
    lines = ["Your message could not be delivered to", "bob@smith.example"]
    assert [row[:2] for row in told(*lines, cover=cover)] == [("bounced", "bob@smith.example")]


def test_a_postmaster_who_lists_the_envelope_is_a_program():
    cover = ["From: post_master@smith.example", "Subject: Re: Test message", ""]
    lines = ["550 - no such user here", "  MAIL FROM: ann@acme.example"]
    assert [row[0] for row in told(*lines, cover=cover)] == ["answered"]
    lines += ["  RCPT TO: bob@smith.example"]
    assert told(*lines, cover=cover) == [("bounced", "bob@smith.example", True, "no_such_user")]


def test_a_notice_goes_on_below_the_line_that_announces_a_part():
    body = BOUNCE.replace(b"be delivered.", b"be delivered. It is attached below.\r\n")
    body = body.replace(b"5.1.1", b"5.0.0").replace(
        b"here\r\n--b", b"here (in reply to end of DATA command)\r\n--b", 1
    )
    (event,) = Mail().parse({}, body)
    assert (event.permanent, event.extra["reason"]) == (False, "refused")


SNS = [
    "From: Acme <no-reply@sns.amazonaws.com>",
    "To: ann@acme.example",
    "Subject: AWS Notification Message",
    "Date: Mon, 2 Mar 2026 11:10:00 +0100",
    "Message-ID: <sns@amazonses.com>",
    "",
]


def test_what_amazon_ses_tells_by_sns_and_mail_is_what_it_tells_by_webhook():
    mail = {
        "timestamp": "2026-03-02T10:00:00.000Z",
        "messageId": "m-1",
        "destination": ["b@s.example"],
    }
    delivery = {"timestamp": "2026-03-02T10:00:05.000Z", "recipients": ["b@s.example"]}
    said = {"notificationType": "Delivery", "mail": mail, "delivery": delivery}
    lines = [json.dumps(said), "", "--", "If you wish to stop receiving notifications, click here"]
    (event,) = read(*lines, cover=SNS)
    assert (event.what, event.address, event.at, event.system) == (
        SignalKind.DELIVERED, "b@s.example", datetime(2026, 3, 2, 10, 0, 5, tzinfo=UTC), System.OWN,
    )  # fmt: skip
    assert event.original == "\n".join([*SNS, *lines]).encode()
    assert [e.what for e in read("no JSON", cover=SNS)] == [SignalKind.UNKNOWN]


def test_a_report_that_names_nobody_is_unknown_with_its_mark():
    (event,) = read("Something went wrong.")
    assert (event.what, event.word) == (SignalKind.UNKNOWN, "sender:mailer-daemon")


def test_a_wish_to_be_left_alone_by_mail_is_one():
    for cover in (
        [*PERSON, "Subject: Unsubscribe", ""],
        [*PERSON, "Subject: x", "X-Apple-Unsubscribe: true", "Auto-Submitted: auto-replied", ""],
    ):
        (event,) = read("", cover=cover)
        assert (event.what, event.by, event.address, event.word) == (
            SignalKind.UNSUBSCRIBED,
            By.UNKNOWN,
            "carla@smith.example",
            "unsubscribe",
        )
    (event,) = read(
        "", cover=[*PERSON, "Subject: Unsubscribe", "In-Reply-To: <touch@acme.example>", ""]
    )
    assert event.what is SignalKind.ANSWERED


# --- reasons ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("diagnostic", "reason"),
    [
        ("550 5.1.1 User unknown", "no_such_user"),
        ("550 5.4.1 <b@x>: Recipient address rejected: Access denied", "no_such_user"),
        ("551 not our customer", "no_such_user"),
        ("Host or domain name not found", "no_such_host"),
        ("The domain does not accept mail: Null MX", "no_such_host"),
        ("552 Quota exceeded", "mailbox_full"),
        ("user has too many messages on the server", "mailbox_full"),
        ("550 The recipient account is blocked", "disabled"),
        ("552 Message too large", "too_large"),
        ("421 Too many connections from your host", "too_many"),
        ("550 SPF check failed", "refused"),
        ("554 blocked using zen.spamhaus.org", "refused"),
        ("553 Relaying denied", "refused"),
        ("554 rejected as spam", "refused"),
        ("450 4.4.1 Connection timed out", "unreachable"),
        ("451 Local error in processing", "server_fault"),
        ("452 4.5.3 later", "too_many"),
        ("550 5.7.99 later", "refused"),
        ("550 5.9.9 later", "unspecified"),
        ("550 later", "unspecified"),
        ("", "unspecified"),
    ],
)
def test_a_reason_is_told_by_words_and_else_by_code(diagnostic, reason):
    assert reason_of("", diagnostic, "", "failed") == reason
    assert reason_of("", "", diagnostic, "failed") == reason
    assert reason in MEANING


def test_a_server_that_refused_before_it_knew_the_recipient_does_not_speak_of_her():
    assert reason_of("", "", "after MAIL FROM:<a@b>: 550 no such domain", "failed") == "refused"


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        ("", "550 User unknown", "no_such_user"),
        ("5.1.1", "5.1.1 User unknown (in reply to end of DATA command)", "no_such_user"),
        ("5.0.0", "550 User unknown (in reply to end of DATA command)", "refused"),
        ("", "error from remote server after end of data: 550 User unknown", "refused"),
        ("", ">>> DATA <<< 550 Unknown user bob", "refused"),
        ("", ">>> DATA <<< 550 Unknown user bob <<< 503 Need RCPT (recipient)", "no_such_user"),
        ("5.2.1", "550 5.2.1 User unknown", "disabled"),
        ("5.2.0", "550 5.2.0 User unknown", "refused"),
        ("5.7.1", "550 5.7.1 User unknown", "refused"),
        ("5.2.1", "550 5.2.1 User unknown (in reply to RCPT TO command)", "no_such_user"),
        ("5.2.1", "rcpt to: bob@smith.example: 550 5.2.1 user unknown", "no_such_user"),
        ("5.3.0", "550 5.3.0 User unknown", "no_such_user"),
    ],
)
def test_nobody_is_unknown_to_a_server_that_took_the_recipient(status, said, reason):
    assert reason_of(status, "", said, "failed") == reason


def test_what_went_wrong_counts_before_what_a_program_made_of_it():
    said = "mail.local: unknown user: bob 554 <bob@smith.example>... Service unavailable"
    assert reason_of("5.5.0", "", said, "failed") == "no_such_user"


def test_every_code_of_the_tables_has_a_meaning():
    assert set(STATUS.values()) | set(SUBJECT.values()) <= MEANING.keys()


@pytest.mark.parametrize(
    ("action", "status", "reason", "severity"),
    [
        ("failed", "5.1.1", "no_such_user", "hard"),
        ("failed", "4.1.1", "no_such_user", "hard"),
        ("failed", "4.4.4", "no_such_host", "soft"),
        ("failed", "5.4.4", "no_such_host", "hard"),
        ("failed", "5.2.2", "mailbox_full", "soft"),
        ("delayed", "5.1.1", "no_such_user", "soft"),
        ("relayed", "", "unspecified", "none"),
    ],
)
def test_only_what_makes_it_useless_to_write_again_is_hard(action, status, reason, severity):
    assert severity_of(action, status, reason) == severity


# --- through a ledger -------------------------------------------------------------------------


def sent_to_bob():
    """A ledger in which Ann's mail to Bob is on record, and the mail as it left."""
    ledger, clock = filled()
    wire = message()
    with ledger.sending(SMITH, wire, to=["bob"]) as touch:
        pass
    return ledger, clock, touch, wire


def bounced(wire, own_id="<b1@acme.example>", action="failed", status="5.1.1"):
    lines = [
        line.replace("<bounce@acme.example>", own_id)
        .replace("Action: failed", f"Action: {action}")
        .replace("5.1.1", status)
        for line in REPORT
    ]
    start = lines.index("Content-Type: message/rfc822") + 2
    head = [f"{name}: {value}" for name, value in wire.items()]
    return "\r\n".join([*lines[:start], *head, "", "It works again.", "--b--", ""]).encode()


def signals(ledger):
    return [e.fact for e in ledger.entries(SMITH) if isinstance(e.fact, Signal) and e.fact.source]


def test_a_bounce_becomes_a_signal_on_the_touch_it_is_about():
    ledger, _, touch, wire = sent_to_bob()
    receipt = ledger.receive(Mail(), {}, bounced(wire))
    (signal,) = signals(ledger)
    assert (len(receipt.recorded), signal.touch, signal.what, signal.permanent, signal.matched) == (
        1,
        touch.token,
        SignalKind.BOUNCED,
        True,
        "token",
    )
    assert (signal.word, signal.reason) == (
        "failed 5.1.1",
        "no_such_user: 550 5.1.1 No such user here",
    )


def test_without_the_token_it_is_matched_by_the_message_id():
    ledger, _, touch, wire = sent_to_bob()
    del wire["X-Contactledger"]
    ledger.receive(Mail(), {}, bounced(wire))
    assert [(s.touch, s.matched) for s in signals(ledger)] == [(touch.token, "message_id")]


def test_the_same_bounce_twice_is_one_signal_and_a_delay_before_it_another():
    ledger, _, _, wire = sent_to_bob()
    delayed = bounced(wire, action="delayed", status="4.2.2")
    for body in (bounced(wire), delayed, bounced(wire), delayed):
        ledger.receive(Mail(), {}, body)
    assert [s.what.value for s in signals(ledger)] == ["bounced", "deferred"]


def test_a_bounce_of_a_message_that_is_not_ours_is_parked():
    ledger, _, _, _ = sent_to_bob()
    strange = message("nobody@jones.example", Message_ID="<x@acme.example>")
    body = bounced(strange).replace(b"bob@smith.example", b"nobody@jones.example")
    assert [p.state for p in ledger.receive(Mail(), {}, body).parked] == ["unknown"]
    assert signals(ledger) == []


# --- whatever the bytes are, and how much work they make -------------------------------------


@cache
def seeds() -> tuple[bytes, ...]:
    files = sorted(CORPORA.glob("*"))[::9] if CORPORA.is_dir() else []
    return (BOUNCE, *[path.read_bytes()[:12_000] for path in files])


SPLINTERS = [
    b"\r\n",
    b"\n\n",
    b"--b\r\n",
    b"<a@b.example>",
    b"Final-Recipient: rfc822; ",
    b"Action: ",
    b"@",
    b"550 ",
    b"> ",
    b"\xff",
    b"\x00",
    b"From: ",
]


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_mutated_bounces_raise_nothing_but_errors_of_the_tree(data):
    raw = bytearray(data.draw(st.sampled_from(seeds())))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw)))
        splinter = st.sampled_from(SPLINTERS) | st.binary(max_size=8)
        raw[start : start + data.draw(st.integers(0, 100))] = data.draw(splinter) * data.draw(
            st.integers(0, 20)
        )
    with suppress(BadEvent, TooLarge):
        for event in Mail().parse({}, bytes(raw)):
            assert event.original == bytes(raw)
            for text in (event.address, event.word, event.reason, event.message_id):
                assert (text or "").encode().decode() == (text or "")


class Counting:
    """A pattern that counts the characters it is given to look at."""

    def __init__(self, pattern, count):
        self.pattern, self.count = pattern, count

    def __getattr__(self, name):
        def counted(text):
            self.count["chars"] += len(text)
            return getattr(self.pattern, name)(text)

        return counted


def work(monkeypatch, body):
    """The characters that all patterns for bounces look at while a message is read."""
    count = Counter()
    _bounce_reason.by_words.cache_clear()
    with monkeypatch.context() as patch:
        for module in (_bounce, _bounce_reason, _notice):
            for name, value in vars(module).copy().items():
                if isinstance(value, re.Pattern):
                    patch.setattr(module, name, Counting(value, count))
        rules = [(reason, Counting(pattern, count)) for reason, pattern in _bounce_reason._RULES]
        patch.setattr(_bounce_reason, "_RULES", tuple(rules))
        strong = tuple(Counting(pattern, count) for pattern in _notice._STRONG)
        patch.setattr(_notice, "_STRONG", strong)
        with suppress(BadEvent, TooLarge):
            Mail().parse({}, body)
    return count["chars"]


@pytest.mark.parametrize(
    "unit",
    [
        "<a{n}@b.example>: 550 user\n",
        "a{n}@b.example\n",
        "a@",
        "@",
        "<",
        "-",
        " ",
        "550 ",
        "To: a{n}@b.example\n",
        "\n",
        "Subject: x\n",
        "user address ",
    ],
)
def test_four_times_the_notice_is_four_times_the_work_at_most(monkeypatch, unit):
    def body(size):
        text = "".join(unit.replace("{n}", str(n)) for n in range(size // len(unit)))
        return "\n".join([*COVER, text]).encode()

    small, large = work(monkeypatch, body(3_000)), work(monkeypatch, body(12_000))
    assert large <= 4.2 * small + 40 * _bounce_reason.MAX_TEXT_CHARS


def test_a_notice_is_read_up_to_its_bounds():
    many = "\n".join(f"<a{n}@b.example>: no such user" for n in range(_notice.MAX_FOUND + 50))
    assert len(read(many)) == _notice.MAX_FOUND
    far = "x\n" * _notice.MAX_LINES + "<bob@smith.example>: no such user"
    assert [e.what for e in read(far)] == [SignalKind.UNKNOWN]
