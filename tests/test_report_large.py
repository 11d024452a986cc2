"""Every kind of report of an account of 10,000 touches, in every form but paper.

Paper of as many is measured by `python -m tests.bench --only t`, the HTML by part `g`.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from contactledger.facts import Matter, Milestone, Promise, Signal, Touch
from contactledger.reconciling import reconcile
from contactledger.report.kinds import OFFERED
from tests.ledgers import SMITH, in_memory, two_sides

TOUCHES = 10_000
START = datetime(2026, 1, 5, 15, tzinfo=UTC)
LONG = START + timedelta(minutes=20 * TOUCHES)


def facts():
    """Notices of Ann's to Bob, every fifth a question of one side to the other."""
    yield Milestone("install", "install", at=START)
    yield Matter("sync", party="smith", title="Inventory sync", at=START)
    yield Promise("p", "acme", "smith", LONG, "A call", at=START)
    for i in range(TOUCHES):
        at, key = START + timedelta(minutes=20 * i), f"t{i}"
        us = i % 10 != 9
        yield Touch(
            "ann" if us else "bob",
            "bob" if us else "ann",
            "email",
            "notice" if i % 5 else "question",
            key=key,
            topics=("features",) if i % 2 else (),
            matter="sync" if i % 100 == 0 else None,
            about=f"Part {i}",
            at=at,
        )
        if i % 5 == 1:
            yield Signal(key, "delivered", system="third", auth="signed_body", at=at)


@pytest.fixture(scope="module")
def ledger():
    ledger, clock = in_memory()
    clock.set(START)
    ledger.record(SMITH, *two_sides())
    clock.set(LONG)
    given = list(facts())
    for start in range(0, len(given), 2_000):
        ledger.record(SMITH, *given[start : start + 2_000])
    return ledger


def made_of(ledger, kind):
    offer = OFFERED[kind]
    if offer.over == "ledger":
        return ledger.survey(kind, about="features" if offer.needs else "")
    if offer.over == "records":
        side = ledger.side(SMITH)
        return reconcile(side, side).report()
    return ledger.report(SMITH, kind, about=6 + 2_000 if offer.needs else None)


@pytest.mark.parametrize("kind", OFFERED)
def test_ten_thousand_touches_are_reported_in_every_form(ledger, kind):
    made = made_of(ledger, kind)
    page = "".join(made.stream())
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    data = json.loads(made.json())
    rows = list(csv.reader(io.StringIO(made.csv())))
    assert len({len(row) for row in rows}) == 1
    for text in (made.text(), made.markdown()):
        assert text.strip()
    if kind in ("proof-of-contact", "reconciliation"):
        assert len(rows) == TOUCHES + 1
    if kind == "proof-of-contact":
        assert len(data["findings"]) == TOUCHES
        assert page.count("Part ") >= TOUCHES
