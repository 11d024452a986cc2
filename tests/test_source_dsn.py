import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.sources import dsn
from contactledger.sources.dsn import (
    Recipient,
    action_of,
    address_of,
    diagnostic_of,
    read_report,
    status_of,
)


def report(*lines):
    return "\n".join(lines).encode()


WHOLE = ["Reporting-MTA: dns; mx.acme.example", "Arrival-Date: Mon, 2 Mar 2026 10:00:00 +0000"]
BOB = [
    "Final-Recipient: rfc822; bob@smith.example",
    "Original-Recipient: rfc822;sales@smith.example",
    "Action: failed",
    "Status: 5.1.1",
    "Diagnostic-Code: smtp; 550 5.1.1 <bob@smith.example>... User",
    " unknown",
    "Last-Attempt-Date: Mon, 2 Mar 2026 10:05:00 +0000",
]
BOB_READ = Recipient(
    "bob@smith.example",
    "failed",
    "5.1.1",
    "550 5.1.1 <bob@smith.example>... User unknown",
    "Mon, 2 Mar 2026 10:05:00 +0000",
    "sales@smith.example",
)
ANN = ["Final-Recipient: rfc822; ann@smith.example", "Action: delayed", "Status: 4.2.2"]
ANN_READ = Recipient("ann@smith.example", "delayed", "4.2.2")


def test_a_report_is_read_whole():
    whole, found = read_report(report(*WHOLE, "", *BOB, "", *ANN))
    assert whole == {
        "reporting-mta": ["dns; mx.acme.example"],
        "arrival-date": ["Mon, 2 Mar 2026 10:00:00 +0000"],
    }
    assert found == [BOB_READ, ANN_READ]


@pytest.mark.parametrize(
    "lines",
    [
        [*WHOLE, *BOB],
        ["", "", *BOB],
        [*BOB[:2], "", *BOB[2:]],
        ["This is a report", "for you", *WHOLE, "", *BOB, "--boundary--"],
        [*WHOLE, "", *BOB[:2], "", "", *BOB[2:4], "", *BOB[4:]],
    ],
)
def test_blank_lines_where_they_do_not_belong_change_nothing(lines):
    assert read_report(report(*lines))[1] == [BOB_READ]


def test_recipients_that_no_blank_line_parts_are_told_apart():
    two = [BOB[0], BOB[2], BOB[3], *ANN]
    assert read_report(report(*two))[1] == [
        Recipient("bob@smith.example", "failed", "5.1.1"),
        ANN_READ,
    ]
    three = [*two, "Final-Recipient: rfc822; c@smith.example"]
    assert read_report(report(*three))[1][2] == Recipient("c@smith.example")


def test_fields_of_the_one_recipient_that_stand_in_a_group_of_their_own_are_taken():
    lines = ["Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp; no", "", BOB[0]]
    assert read_report(report(*lines))[1] == [
        Recipient("bob@smith.example", "failed", "5.0.0", "no")
    ]


def test_a_name_within_the_other_house_gives_way_to_the_address_that_was_written_to():
    lines = [
        "Original-Recipient: rfc822;bob@smith.example",
        "Final-Recipient: rfc822;@mx:bob@server",
    ]
    (found,) = read_report(report(*lines))[1]
    assert (found.address, found.given) == ("bob@smith.example", "bob@smith.example")


def test_an_original_recipient_alone_is_enough_and_one_without_an_address_is_none():
    assert read_report(b"Original-Recipient: <bob@smith.example>")[1] == [
        Recipient("bob@smith.example", given="bob@smith.example")
    ]
    assert read_report(b"Final-Recipient: rfc822; nobody")[1] == []
    assert read_report(b"") == ({}, [])


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("rfc822; bob@smith.example", "bob@smith.example"),
        ("RFC822;<bob@smith.example>", "bob@smith.example"),
        ("bob@smith.example (Bob)", "bob@smith.example"),
        ("rfc822; bob", ""),
        ("", ""),
    ],
)
def test_an_address_is_read_with_or_without_type_and_brackets(value, address):
    assert address_of(value) == address


@pytest.mark.parametrize(
    ("value", "action"),
    [
        ("Failed", "failed"),
        ("failed (bounced)", "failed"),
        ("expired", "failed"),
        ("delayed;", "delayed"),
        ("deliverable", ""),
        ("", ""),
    ],
)
def test_an_action_is_read_in_the_words_of_the_standard(value, action):
    assert action_of(value) == action


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("5.1.1", "5.1.1"),
        ("4.4.0 (other)", "4.4.0"),
        ("5.7.606", "5.7.606"),
        ("192.0.2.5.1", ""),
        ("3.1.1", ""),
        ("", ""),
    ],
)
def test_a_status_is_a_code_and_no_address_of_the_network(value, status):
    assert status_of(value) == status


def test_a_diagnostic_loses_its_type_and_its_folds():
    assert diagnostic_of("smtp; 550  5.1.1\t no") == "550 5.1.1 no"
    assert diagnostic_of("no type here") == "no type here"


def test_a_report_of_very_many_is_read_up_to_its_bounds():
    many = b"Final-Recipient: rfc822; a@b.example\n\n" * (dsn.MAX_RECIPIENTS + 10)
    assert len(read_report(many)[1]) == dsn.MAX_RECIPIENTS
    noise = b"x\n" * (dsn.MAX_BLOCKS + 10) + b"Final-Recipient: rfc822; a@b.example"
    assert read_report(noise)[1] == []


@given(st.binary(max_size=200))
@settings(max_examples=80)
def test_no_bytes_raise(data):
    for one in read_report(b"Final-Recipient: rfc822;" + data)[1]:
        assert "@" in one.address
