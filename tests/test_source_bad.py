"""Every file of tests/bad that is a source's: one error of the tree, naming place and field."""

from pathlib import Path

import pytest

from contactledger.errors import BadEvent, TooLarge
from contactledger.sources import (
    AmazonSES,
    Brevo,
    Calls,
    Mail,
    MailerSend,
    Mailgun,
    Mailjet,
    Mailtrap,
    Mandrill,
    Mbox,
    Postal,
    Postmark,
    Resend,
    SendGrid,
    SparkPost,
    StandardWebhooks,
    Twilio,
    UnisenderGo,
)

BAD = Path(__file__).parent / "bad"
SOURCES = {
    source.name: source
    for source in (
        AmazonSES(),
        Brevo(),
        Calls(),
        Mail(),
        MailerSend(),
        Mailgun(),
        Mailjet(),
        Mailtrap(),
        Mandrill(),
        Mbox(),
        Postal(),
        Postmark(),
        Resend(),
        SendGrid(),
        SparkPost(),
        StandardWebhooks(),
        Twilio(),
        UnisenderGo(),
    )
}

OUTSIDE = "the time lies outside the years 1990 to 2099"
NO_JSON = "body: is not valid JSON (truncated?)"
SECONDS = "must be a number of seconds since 1970"
NO_MESSAGE = "line 1: begins with no header field, so it is no message"

EXPECTED = {
    "amazon_ses-content-no-base64.json": "content: is not base64",
    "amazon_ses-message-no-json.json": "Message: is no event of Amazon SES",
    "brevo-element-no-object.json": "event 2: must be a JSON object",
    "brevo-seconds-in-milliseconds.json": f"event 1, ts_event: {OUTSIDE}",
    "calls-answered-by-a-dog.csv": "line 2, answered_by: must be one of: human, machine, unknown",
    "calls-cell-empty.csv": "line 2, to: must not be empty",
    "calls-cell-missing.csv": "line 3: has 4 cells, the header 6",
    "calls-cell-too-long.csv": "line 2, about: more than 2000 characters",
    "calls-column-twice.csv": "line 1: a column is there twice",
    "calls-column-unknown.csv": "line 1: the columns are: call_id, at, direction, from, to, status,"
    " answered_by, duration_seconds, about",
    "calls-direction-unknown.csv": "line 2, direction: must be one of: in, out",
    "calls-duration-negative.csv": "line 2, duration_seconds: must be whole seconds, a week at most",
    "calls-empty.csv": "line 1: the table is empty; a header row is required",
    "calls-latin-1.csv": "line 2: is not UTF-8",
    "calls-no-header.csv": "line 1, call_id: this column is missing",
    "calls-quote-open.csv": "line 2: is not CSV (an open quote?)",
    "calls-status-unknown.csv": "line 2, status: must be one of: completed, no_answer, busy,"
    " failed, voicemail, canceled",
    "calls-time-american.csv": "line 2, at: must be a time as in ISO 8601, with its offset",
    "calls-time-in-1970.csv": f"line 2, at: {OUTSIDE}",
    "calls-time-naive.csv": "line 2, at: has no offset from UTC; write it behind: …+01:00, or …Z",
    "mail-binary.eml": NO_MESSAGE,
    "mail-empty.eml": NO_MESSAGE,
    "mail-no-header.eml": NO_MESSAGE,
    "mailersend-time-naive.json": "data.created_at: has no offset from UTC",
    "mailgun-headers-a-list.json": "event-data.message.headers: must be a JSON object",
    "mailgun-truncated.json": f"line 1, column 36, {NO_JSON}",
    "mailjet-time-in-words.json": f"event 1, time: {SECONDS}",
    "mailtrap-key-twice.json": "events: stands there twice",
    "mandrill-truncated.form": f"line 1, column 3, {NO_JSON}",
    "postal-message-no-base64.json": "message: is not base64",
    "postmark-time-in-the-year-1.json": f"ReceivedAt: {OUTSIDE}",
    "resend-recipient-an-object.json": "data.to: must be a JSON array of texts",
    "mbox-one-message.mbox": 'line 1: begins with no line "From ", so it is no mailbox',
    "mbox-second-message-binary.mbox": f"message 2, {NO_MESSAGE}",
    "sendgrid-element-no-object.json": "event 2: must be a JSON object",
    "sendgrid-email-a-number.json": "event 1, email: must be a text",
    "sendgrid-empty.json": f"line 1, column 1, {NO_JSON}",
    "sendgrid-event-missing.json": "event 2, event: must be a text",
    "sendgrid-latin-1.json": f"line 1, column 1, {NO_JSON}",
    "sendgrid-nested-too-deeply.json": f"line 1, column 1063, {NO_JSON}",
    "sendgrid-no-array.json": "body: must be a JSON array of events",
    "sendgrid-not-a-number.json": f"line 1, column 58, {NO_JSON}",
    "sendgrid-timestamp-in-milliseconds.json": f"event 3, timestamp: {OUTSIDE}",
    "sendgrid-timestamp-missing.json": f"event 1, timestamp: {SECONDS}",
    "sendgrid-timestamp-true.json": f"event 1, timestamp: {SECONDS}",
    "sendgrid-timestamp-zero.json": f"event 1, timestamp: {OUTSIDE}",
    "sendgrid-truncated.json": f"line 2, column 41, {NO_JSON}",
    "sparkpost-type-a-number.json": "event 1, msys.message_event.type: must be a text",
    "standard-by-a-dog.json": "event 1, data.by: is no word of ours",
    "twilio-neither-call-nor-message.form": "body: neither a call (CallSid) nor a message"
    " (MessageSid)",
    "twilio-time-in-words.form": "Timestamp: must be a time",
    "unisender_go-users-an-object.json": "events_by_user: must be a JSON array",
}


def test_every_bad_file_of_a_source_is_expected_here():
    found = {path.name for path in BAD.iterdir() if path.name.partition("-")[0] in SOURCES}
    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_bad_file_is_one_error_that_names_place_and_field(name):
    kind = TooLarge if name.endswith("-too-long.csv") else BadEvent
    with pytest.raises(kind) as caught:
        SOURCES[name.partition("-")[0]].parse({}, (BAD / name).read_bytes())
    assert (type(caught.value), str(caught.value)) == (kind, EXPECTED[name])
