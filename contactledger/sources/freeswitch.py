"""FreeSWITCH's call detail records: XML (mod_xml_cdr), JSON (mod_json_cdr), CSV (mod_cdr_csv).

Fields are the channel variables of FreeSWITCH's documentation (developer.signalwire.com,
"mod_xml_cdr", "mod_json_cdr", "Hangup Cause Code Table"). A record posted to a web server comes
as a form with the field `cdr`, or as the document itself; a file of mod_cdr_sqlite, exported
with its header row, is read by its names.

What to know of it:

- NORMAL_CLEARING is how an answered call ends, and one that rang and was given up; `answer_epoch`
  (or `billsec`) tells them apart.
- A voicemail box answers as well: `last_app` voicemail, or variables whose names begin with
  "voicemail_". Answering-machine detection leaves `amd_result`.
- Values are URL-encoded unless the module is told otherwise.
- The XML is read without document types and entities; one that declares any is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote
from xml.parsers import expat
from zoneinfo import ZoneInfo

from attrs import field, frozen

from contactledger.errors import BadEvent, TooLarge
from contactledger.events import Event, Incoming
from contactledger.sources._auth import check_basic, to_credentials
from contactledger.sources._fields import Fields
from contactledger.sources._json import one_or_many
from contactledger.sources._table import rows
from contactledger.sources._text import clean, from_epoch, plausible
from contactledger.sources.asterisk import zone_of
from contactledger.sources.source import Faults, Headers, check_size, pass_over
from contactledger.vocabulary import Auth, By, Channel, SignalKind, System

CAUSE: dict[str, tuple[SignalKind, bool | None]] = {
    "USER_BUSY": (SignalKind.BUSY, None),
    "NO_ANSWER": (SignalKind.NO_ANSWER, None),
    "NO_USER_RESPONSE": (SignalKind.NO_ANSWER, None),
    "ALLOTTED_TIMEOUT": (SignalKind.NO_ANSWER, None),
    "ORIGINATOR_CANCEL": (SignalKind.UNKNOWN, None),
    "NORMAL_CLEARING": (SignalKind.UNKNOWN, None),
    "LOSE_RACE": (SignalKind.UNKNOWN, None),
    "PICKED_OFF": (SignalKind.UNKNOWN, None),
    "CALL_REJECTED": (SignalKind.REJECTED, None),
    "UNALLOCATED_NUMBER": (SignalKind.REJECTED, True),
    "INVALID_NUMBER_FORMAT": (SignalKind.REJECTED, True),
    "NUMBER_CHANGED": (SignalKind.REJECTED, True),
    "DESTINATION_OUT_OF_ORDER": (SignalKind.REJECTED, False),
    "NORMAL_TEMPORARY_FAILURE": (SignalKind.REJECTED, False),
    "NETWORK_OUT_OF_ORDER": (SignalKind.REJECTED, False),
    "SWITCH_CONGESTION": (SignalKind.REJECTED, False),
    "NORMAL_CIRCUIT_CONGESTION": (SignalKind.REJECTED, False),
    "RECOVERY_ON_TIMER_EXPIRE": (SignalKind.REJECTED, False),
    "USER_NOT_REGISTERED": (SignalKind.REJECTED, False),
    "SUBSCRIBER_ABSENT": (SignalKind.REJECTED, False),
    "GATEWAY_DOWN": (SignalKind.REJECTED, False),
    "INCOMPATIBLE_DESTINATION": (SignalKind.REJECTED, False),
    "INCOMING_CALL_BARRED": (SignalKind.REJECTED, None),
    "OUTGOING_CALL_BARRED": (SignalKind.REJECTED, None),
}
"""Why a call that nobody answered ended → what it is, and whether that is for good. Any other
cause (a number of Q.850, words to come) is *unknown*."""

Q850: dict[str, str] = {
    "1": "UNALLOCATED_NUMBER", "16": "NORMAL_CLEARING", "17": "USER_BUSY",
    "18": "NO_USER_RESPONSE", "19": "NO_ANSWER", "21": "CALL_REJECTED", "22": "NUMBER_CHANGED",
    "27": "DESTINATION_OUT_OF_ORDER", "28": "INVALID_NUMBER_FORMAT",
    "34": "NORMAL_CIRCUIT_CONGESTION", "41": "NORMAL_TEMPORARY_FAILURE", "42": "SWITCH_CONGESTION",
}  # fmt: skip
"""Cause numbers of ITU-T Q.850 where the name is not given."""

AMD: dict[str, By] = {
    "human": By.HUMAN, "person": By.HUMAN, "machine": By.MACHINE, "fax": By.MACHINE,
}  # fmt: skip

CSV_FIELDS = (
    "caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp",
    "answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid",
    "accountcode",
)  # fmt: skip
"""Of mod_cdr_csv's own template."""

MAX_ROWS = 100_000
MAX_VARIABLES = 5_000
"""Of one record; a busy switch sets some 300."""
MAX_DEPTH = 20
MAX_VALUE_CHARS = 20_000

_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.\d+)?([+-]\d\d:?\d\d|Z)?\Z")
_ID = re.compile(r"[0-9A-Za-z-]{8,64}\Z")


def _to_zone(value: str | ZoneInfo) -> ZoneInfo:
    return zone_of(value, "FreeSwitch.zone")


@frozen
class FreeSwitch:
    """Calls of a FreeSWITCH PBX, one event a record.

    `zone`: of times that are given as text alone. `outgoing`: contexts from which your side
    calls out. `basic`: "user:password", where mod_xml_cdr posts with credentials (`cred`).

    >>> from contactledger.sources import FreeSwitch
    >>> FreeSwitch().parse({}, b'{"variables": {"uuid": "c0041bbc-d88a", "start_epoch": '
    ...     b'"1772442000", "hangup_cause": "USER_BUSY"}}')[0].what
    <SignalKind.BUSY: 'busy'>
    """

    name: ClassVar[str] = "freeswitch"
    by_row: ClassVar[bool] = True
    channel: ClassVar[Channel] = Channel.PHONE
    max_body_bytes: ClassVar[int] = 64 * 1024 * 1024
    """100,000 rows of a table; a record alone has some 20 kB."""

    zone: ZoneInfo = field(default=ZoneInfo("UTC"), converter=_to_zone)
    outgoing: frozenset[str] = field(default=frozenset({"default"}), converter=frozenset)
    basic: tuple[str, ...] = field(default=None, converter=to_credentials, repr=False)

    def verify(self, headers: Headers, body: bytes, url: str | None, now: datetime) -> Auth:  # noqa: ARG002 - nothing is signed
        """`BASIC` with credentials, which must hold, else `NONE`."""
        check_size(self, body)
        return check_basic("freeswitch", self.basic, headers)

    def parse(self, headers: Headers, body: bytes, faults: Faults = None) -> list[Event]:  # noqa: ARG002 - the bytes say what they are
        """One event a record; `BadEvent` names the place and the field, or stands among the
        `faults` where these are collected."""
        check_size(self, body)
        start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
        if start[:1] == b"<":
            return self._placed(_from_xml(start), body, "record 1", None)
        if start[:1] in (b"{", b"["):
            items, slices = one_or_many(start.rstrip())
            return [
                event
                for number, (item, original) in enumerate(zip(items, slices, strict=True), 1)
                for event in self._placed(_from_json(item), original, f"record {number}", faults)
            ]
        if start[:4] == b"cdr=" or b"&cdr=" in start[:200]:
            return self._placed(_from_form(start), body, "record 1", None)
        return self._table(body, faults)

    def _table(self, body: bytes, faults: Faults) -> list[Event]:
        names: tuple[str, ...] = CSV_FIELDS
        events: list[Event] = []
        for row in rows(body, most=MAX_ROWS, header=False, faults=faults):
            cells = [clean(cell).strip() for cell in row.cells]
            if not events and {"destination_number", "uuid"} <= {cell.lower() for cell in cells}:
                names = tuple(cell.lower() for cell in cells)
                continue
            place = f"line {row.line}"
            if len(cells) != len(names):
                wrong = BadEvent(f"has {len(cells)} cells, not {len(names)}", place=place)
                pass_over(wrong, faults)
                continue
            record = dict(zip(names, cells, strict=True))
            events += self._placed(record, row.original, place, faults)
        return events

    def _placed(
        self, record: Mapping[str, str], original: bytes, place: str, faults: Faults
    ) -> list[Event]:
        try:
            return [self._call(record, original)]
        except (BadEvent, TooLarge) as error:
            error.at(place)
            pass_over(error, faults)
            return []

    def _call(self, record: Mapping[str, str], original: bytes) -> Event:
        uuid = record.get("uuid") or record.get("call_uuid") or ""
        if not _ID.match(uuid):
            raise BadEvent("must be the id of a call", field="uuid")
        answered = _answered(record)
        number = record.get("hangup_cause_q850", "")
        cause = record.get("hangup_cause") or Q850.get(number) or number
        what, permanent = CAUSE.get(cause.upper(), (SignalKind.UNKNOWN, None))
        by = By.UNKNOWN
        if answered:
            what, permanent = SignalKind.ANSWERED, None
            by = AMD.get(record.get("amd_result", "").lower(), By.UNKNOWN)
            if _mailbox(record):
                what, by = SignalKind.VOICEMAIL, By.MACHINE
        source = record.get("caller_id_number") or record.get("sip_from_user") or ""
        target = record.get("destination_number") or record.get("sip_to_user") or ""
        outgoing = (record.get("context") or record.get("user_context") or "") in self.outgoing
        at, said_at = self._when(record)
        return Event(
            what,
            at,
            by,
            "freeswitch",
            event_id=uuid,
            call_id=uuid,
            address=(target if outgoing else source) or None,
            channel=Channel.PHONE,
            word=cause or None,
            permanent=permanent,
            said_at=said_at,
            detector="freeswitch:amd" if record.get("amd_result") and answered else None,
            system=System.OWN,
            original=original,
            message=Incoming(source, (target,) if target else (), outgoing=outgoing),
            extra={
                f"{name}_seconds": int(record[name])
                for name in ("duration", "billsec")
                if _NUMBER.match(record.get(name, ""))
            },
        )

    def _when(self, record: Mapping[str, str]) -> tuple[datetime, str]:
        epoch, micro = record.get("start_epoch", ""), record.get("start_uepoch", "")
        if epoch:
            return from_epoch(epoch, "start_epoch"), epoch
        if len(micro) > 6:
            return from_epoch(micro[:-6], "start_uepoch"), micro
        text = record.get("start_stamp", "")
        found = _STAMP.match(text)
        try:
            at = datetime.fromisoformat("".join(part or "" for part in found.groups()))  # type: ignore[union-attr]
        except (AttributeError, ValueError):
            raise BadEvent('must be a time as "2026-03-02 10:00:00"', field="start_stamp") from None
        return plausible(at if at.tzinfo else at.replace(tzinfo=self.zone), "start_stamp"), text


def _answered(record: Mapping[str, str]) -> bool:
    """Whether somebody, or something, picked up."""
    for name in ("answer_epoch", "answer_uepoch"):
        if record.get(name):
            return record[name] not in ("0", "")
    if "answer_stamp" in record:
        return bool(record["answer_stamp"])
    return bool(record.get("billsec", "").lstrip("0"))


def _mailbox(record: Mapping[str, str]) -> bool:
    last = (record.get("last_app") or record.get("current_application") or "").lower()
    return last == "voicemail" or any(name.startswith("voicemail_message") for name in record)


def _from_form(body: bytes) -> dict[str, str]:
    """The record in the field `cdr` of a posted form, XML or JSON."""
    try:
        fields = dict(parse_qsl(body.decode("ascii"), max_num_fields=20))
    except ValueError:
        raise BadEvent("is no form that can be read", field="body") from None
    text = fields.get("cdr", "").strip().encode("utf-8", "replace")
    if text[:1] == b"{":
        items, _ = one_or_many(text)
        return _from_json(items[0])
    return _from_xml(text)


def _from_json(item: dict[str, Any]) -> dict[str, str]:
    """The variables of a record, and what the last profile of its call flow adds."""
    document = Fields(item)
    found: dict[str, str] = {}
    flows = item.get("callflow")
    if type(flows) is dict:
        flows = [flows]
    if type(flows) is list and flows and type(flows[0]) is dict:
        profile = flows[0].get("caller_profile")
        if type(profile) is dict:
            _take(found, profile)
    _take(found, document.object("variables").values)
    return found


def _take(found: dict[str, str], values: Mapping[str, Any]) -> None:
    if len(values) > MAX_VARIABLES:
        raise TooLarge(f"more than {MAX_VARIABLES} variables", field="variables")
    for name, value in values.items():
        if type(value) in (str, int):
            found[str(name).lower()] = _value(str(value))


def _value(text: str) -> str:
    return clean(unquote(text[:MAX_VALUE_CHARS], errors="replace")).strip()


class _Reader:
    """Takes the variables, and the first caller profile, out of a record's XML as it is read."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.profile: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._chars = 0

    def start(self, name: str, _: object) -> None:
        self._path.append(name.lower())
        if len(self._path) > MAX_DEPTH:
            raise TooLarge(f"elements deeper than {MAX_DEPTH}", field="body")
        if len(self.variables) + len(self.profile) > MAX_VARIABLES:
            raise TooLarge(f"more than {MAX_VARIABLES} variables", field="variables")
        self._text, self._chars = [], 0

    def data(self, text: str) -> None:
        if self._chars < MAX_VALUE_CHARS:
            self._text.append(text)
            self._chars += len(text)

    def end(self, _: str) -> None:
        path = self._path
        value = _value("".join(self._text))
        if len(path) == 3 and path[1] == "variables":
            self.variables[path[2]] = value
        elif len(path) >= 3 and path[-2] == "caller_profile" and value:
            self.profile.setdefault(path[-1], value)
        path.pop()
        self._text, self._chars = [], 0


def _refused(*_: object) -> None:
    raise BadEvent("declares a document type or entities", field="body")


def _from_xml(body: bytes) -> dict[str, str]:
    reader, parser = _Reader(), expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = _refused
    parser.EntityDeclHandler = _refused
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        if isinstance(error, BadEvent | TooLarge):
            raise
        place = f"line {parser.CurrentLineNumber}, column {parser.CurrentColumnNumber + 1}"
        raise BadEvent("is not valid XML (truncated?)", field="body", place=place) from None
    return {**reader.profile, **reader.variables}
