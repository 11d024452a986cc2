"""Tables exported by CRMs, help desks and carriers: the set exports."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from contactledger.errors import BadEvent
from contactledger.events import Event
from contactledger.sources import FreeSwitch, Table, TwilioLog
from contactledger.sources._mapping import fitting_mapping
from contactledger.sources._table import rows
from tests.corpora import Case, Result, Right, Verdict, read_file, run

REST = Right("a record of Twilio's REST API: its calls or messages, one event each")
OTHER_REST = Right("refused by name: a record of Twilio's that is no call and no message")
NOT_A_DAY = Right("refused: a day that no calendar has, named by line and column")
NO_MAPPING = Right("rows and columns alone: a table that says nothing of a touch")


def exports(folder: Path) -> Result:
    """exports: columns, rows and values; and the events of tables that a mapping fits."""

    def check(case: Case) -> Verdict:
        expected = case["expected"]
        if expected is None:
            return _rest(case["json"])
        body = read_file(folder, case)
        header, *data = list(rows(body, most=100_000))
        if header.cells != expected["columns"] or len(data) != expected["rows"]:
            return False
        for column, histogram in (expected.get("values") or {}).items():
            index = header.cells.index(column)
            said = Counter(row.cells[index] for row in data)
            if not all(said[value] == count for value, count in histogram.items()):
                return False
        if case["app"] == "freeswitch":
            return len(FreeSwitch().parse({}, body)) == len(data)
        try:
            mapping = fitting_mapping(header.cells)
        except BadEvent:
            return NO_MAPPING
        try:
            events = Table(mapping).parse({}, body)
        except BadEvent as error:
            return NOT_A_DAY if error.field and error.place.startswith("line ") else False
        skipped = sum(
            _skipped(mapping.name, dict(zip(header.cells, row.cells, strict=True))) for row in data
        )
        return len(events) == len(data) - skipped and Right(f"by the mapping {mapping.name}")

    return run(folder, check)


def _rest(answer: dict[str, Any]) -> Verdict:
    """A REST answer has no expectation but itself: ids, ends, words and times, copied out."""
    records = next((answer[n] for n in ("calls", "messages") if n in answer), None)
    if records is None and str(answer.get("sid"))[:2] in ("CA", "SM", "MM") and "status" in answer:
        records = [answer]
    try:
        events = TwilioLog().parse({}, json.dumps(answer).encode())
    except BadEvent as error:
        return records is None and error.field is not None and OTHER_REST
    return (
        records is not None
        and [_told(event) for event in events] == [_wanted(one) for one in records]
        and REST
    )


def _told(event: Event) -> tuple[Any, ...]:
    id_, word = event.call_id or event.provider_id, (event.word or "").partition(":")[0]
    return id_, word, event.address, event.said_at, event.message and event.message.outgoing


def _wanted(one: dict[str, Any]) -> tuple[Any, ...]:
    outgoing = one["direction"].startswith("outbound")
    when = one.get("start_time") or one.get("date_sent") or one["date_created"]
    address = one["to"] if outgoing else one["from"]
    return one["sid"], one["status"], address.removeprefix("whatsapp:"), when, outgoing


def _skipped(mapping: str, row: dict[str, str]) -> bool:
    """What the mappings leave out: deleted records, internal notes."""
    if mapping == "zendesk-tickets":
        return row["status"] == "deleted"
    if mapping == "zendesk-comments":
        return row["public"].lower() == "false"
    return row.get("is_deleted", "").lower() == "true"
