"""What a ledger does shows in the host's logs and traces: kinds, numbers, times; nothing personal."""

# ruff: noqa: ARG002

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from contactledger.errors import NotFound, Unverified
from contactledger.observing import observed, say
from tests.ledgers import SMITH, Probe, event, filled, mail, message


@pytest.fixture(scope="module")
def exporter():
    """What the SDK would send; a provider can be set once in a process."""
    provider, exporter = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter):
    exporter.clear()
    return lambda: [
        (s.name, dict(s.attributes), s.status.status_code.name, s.status.description, s.events)
        for s in exporter.get_finished_spans()
    ]


def events(caplog) -> list[dict[str, object]]:
    """The structured part of each record of ours; its time is checked and taken out."""
    found = []
    for record in caplog.records:
        fields = {k: v for k, v in vars(record).items() if k.startswith("contactledger_")}
        if record.name == "contactledger":
            assert fields.pop("contactledger_ms", 0.0) >= 0
            found.append({"level": record.levelname, "text": record.getMessage(), **fields})
    return found


class Forged(Probe):
    def verify(self, headers, body, url, now):
        raise Unverified("the signature does not match")


def test_each_operation_is_one_record_with_its_facts_as_fields(caplog):
    ledger, _ = filled()
    caplog.set_level(logging.INFO, logger="contactledger")
    (entry,) = ledger.record(SMITH, mail("a"))
    ledger.receive(Probe(event(token=entry.id)), {}, b"{}")
    with pytest.raises(NotFound):
        ledger.record(SMITH, mail("b", to="somebody-secret"))
    with pytest.raises(Unverified):
        ledger.receive(Forged(), {}, b"{}")
    name, outcome = "contactledger_event", "contactledger_outcome"
    assert events(caplog) == [
        {
            "level": "INFO",
            "text": "contactledger: record",
            name: "record",
            outcome: "ok",
            "contactledger_entries": 1,
        },
        {
            "level": "INFO",
            "text": "contactledger: receive",
            name: "receive",
            outcome: "ok",
            "contactledger_entries": 1,
            "contactledger_source": "probe",
        },
        {"level": "INFO", "text": "contactledger: record", name: "record", outcome: "NotFound"},
        {
            "level": "INFO",
            "text": "contactledger: receive",
            name: "receive",
            outcome: "Unverified",
        },
        {"level": "WARNING", "text": "contactledger: a report of probe did not verify"},
    ]
    everything = json.dumps([vars(r) for r in caplog.records], default=str)
    for personal in ("smith", "bob", "secret", entry.id):
        assert personal not in everything.lower()


def test_a_mail_is_two_records_the_touch_and_what_became_of_it(caplog):
    ledger, _ = filled()
    caplog.set_level(logging.INFO, logger="contactledger")
    with ledger.sending(SMITH, message(), to=["bob"]):
        assert [one["contactledger_entries"] for one in events(caplog)] == [1]
    assert [one["contactledger_event"] for one in events(caplog)] == ["record", "record"]


def test_nothing_is_made_for_a_level_that_nobody_wants(caplog):
    caplog.set_level(logging.ERROR, logger="contactledger")
    say("retry", attempt=1)
    with observed("record"):
        pass
    assert caplog.records == []


def test_each_operation_is_a_span_in_the_hosts_own(spans):
    ledger, _ = filled()
    tracer = trace.get_tracer("host")
    with tracer.start_as_current_span("request") as outer:
        ledger.record(SMITH, mail("a"))
        with pytest.raises(NotFound):
            ledger.record(SMITH, mail("b", to="somebody-secret"))
    first, done, failed, request = spans()
    assert first[1] == {"contactledger.entries": 5, "contactledger.outcome": "ok"}
    assert done == (
        "contactledger.record",
        {"contactledger.entries": 1, "contactledger.outcome": "ok"},
        "UNSET",
        None,
        (),
    )
    assert failed == (
        "contactledger.record",
        {"contactledger.outcome": "NotFound", "error.type": "NotFound"},
        "ERROR",
        None,
        (),
    )
    assert request[0] == "request"
    assert outer.get_span_context().is_valid


def test_where_nobody_traces_an_operation_is_logged_alone(caplog, monkeypatch, spans):
    monkeypatch.delitem(sys.modules, "opentelemetry.trace")
    caplog.set_level(logging.INFO, logger="contactledger")
    ledger, _ = filled()
    with pytest.raises(NotFound):
        ledger.record(SMITH, mail("b", to="nobody"))
    assert [found["contactledger_outcome"] for found in events(caplog)] == ["ok", "NotFound"]
    assert spans() == []


def test_a_host_without_opentelemetry_gets_none_of_it():
    code = (
        "import sys\n"
        "from contactledger import Ledger, MemoryStore, Party, Role\n"
        "Ledger.open(MemoryStore(), recorder='a').record('x', Party('a', 'A', Role.VENDOR))\n"
        "print(sorted(n for n in sys.modules if n.startswith('opentelemetry')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
