"""Twilio's Event Streams: CloudEvents, read as the webhooks that say the same.

Types and fields are those of Twilio's "Event Types" (Voice: Status Callback, Insights Call
Summary; Messaging: Outbound Message, Inbound Message) and "Event Streams, Webhook
Quickstart": the body is an array of CloudEvents, or a single one where the sink does not
batch. A call's event holds the webhook's own parameters (`data.request.parameters`), a
message's and a summary's name the same in another spelling; `data` may be JSON within a text.
Each becomes the form of a webhook, so that one table of words serves both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources._batch import read_each
from contactledger.sources._fields import Fields
from contactledger.sources._json import one_object, one_or_many

MAX_EVENTS = 10_000
"""Of one body; Twilio sends few at a time."""

NAMES: dict[str, str] = {
    "answeredby": "AnsweredBy",
    "body": "Body",
    "callduration": "CallDuration",
    "callsid": "CallSid",
    "callstate": "CallStatus",
    "callstatus": "CallStatus",
    "direction": "Direction",
    "duration": "CallDuration",
    "endtime": "Timestamp",
    "errorcode": "ErrorCode",
    "errormessage": "ErrorMessage",
    "from": "From",
    "messagesid": "MessageSid",
    "messagestatus": "MessageStatus",
    "optouttype": "OptOutType",
    "sipresponsecode": "SipResponseCode",
    "timestamp": "Timestamp",
    "to": "To",
}
"""A field, without underscores and in lower case → its name in the webhook's form."""

WORDS: dict[str, str] = {"fail": "failed", "noanswer": "no-answer"}
"""`call_state` of a summary → `CallStatus`."""

_CALL, _SUMMARY = "com.twilio.voice.", "com.twilio.voice.insights.call-summary."
_SENT, _CAME = "com.twilio.messaging.message.", "com.twilio.messaging.inbound-message."
_TEST = "com.twilio.eventstreams.test-event"


def is_stream(body: bytes) -> bool:
    """Whether a JSON body is of Event Streams, and not one of a webhook."""
    return body.lstrip()[:1] == b"[" or b'"specversion"' in body


def stream(body: bytes, read: Callable[[Fields, Fields, bytes], Event]) -> list[Event]:
    """What `read` makes of each CloudEvent, of the same as a webhook's form, and of its exact
    bytes; nothing of the test event that Twilio sends to a new sink.

    The form is empty for other products' events. `BadEvent` names the number of the event,
    `TooLarge` for too many.
    """

    def one(event: Fields, original: bytes) -> list[Event]:
        kind = _type(event)
        return [] if kind == _TEST else [read(event, Fields(_form(kind, event), "data"), original)]

    items, originals = one_or_many(body)
    return read_each(items, originals, MAX_EVENTS, one)


def _type(event: Fields) -> str:
    kind = event.text("type")
    if kind is None:
        raise BadEvent("is missing", field="type")
    return kind


def _form(kind: str, event: Fields) -> dict[str, Any]:
    if not kind.startswith((_CALL, _SENT, _CAME)):
        return {}
    data = event
    if type(event.values.get("data")) is str:
        data = Fields({"data": one_object(event.values["data"].encode("utf-8", "replace"))})
    said = data.object("data")
    given = said.object("request").object("parameters").values
    form = _named(said.values) | _named(given)
    if kind.startswith(_CALL):
        form.setdefault("CallSid", said.values.get("sid"))
    form.setdefault("Timestamp", event.values.get("time"))
    last = kind.rpartition(".")[2]
    if kind.startswith((_SENT, _CAME)):
        form["MessageStatus"] = _lower(form.get("MessageStatus", last))
    elif kind.startswith(_SUMMARY):
        state = _lower(form.get("CallStatus"))
        form["CallStatus"] = WORDS.get(state, state) if type(state) is str else state
        # its two ends are objects, and which of them is ours is not in it
        form["From"] = form["To"] = None
    elif ".call." in kind:
        form.setdefault("CallStatus", last)
    form["AnsweredBy"] = _lower(form.get("AnsweredBy"))
    return form


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a webhook has, by their names there."""
    found = {}
    for name, value in values.items():
        known = NAMES.get(name.replace("_", "").lower())
        if known is not None and value is not None:
            found[known] = value
    return found


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
