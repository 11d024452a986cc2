"""Tables exported by CRMs, help desks and carriers: the set exports."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from contactledger.errors import BadEvent
from contactledger.sources import FreeSwitch, Table
from contactledger.sources._mapping import fitting_mapping
from contactledger.sources._table import rows
from tests.corpora import Case, Result, Right, Skip, Verdict, read_file, run

NO_EXPECTATION = Skip("a REST answer as JSON, without an expectation")
NOT_A_DAY = Right("refused: a day that no calendar has, named by line and column")
NO_MAPPING = Right("rows and columns alone: a table that says nothing of a touch")


def exports(folder: Path) -> Result:
    """exports: columns, rows and values; and the events of tables that a mapping fits."""

    def check(case: Case) -> Verdict:
        expected = case["expected"]
        if expected is None:
            return NO_EXPECTATION
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


def _skipped(mapping: str, row: dict[str, str]) -> bool:
    """What the mappings leave out: deleted records, internal notes."""
    if mapping == "zendesk-tickets":
        return row["status"] == "deleted"
    if mapping == "zendesk-comments":
        return row["public"].lower() == "false"
    return row.get("is_deleted", "").lower() == "true"
