"""Log events and spans of what a ledger does: kinds, numbers and times, and nothing personal.

Each operation is one record of the logger "contactledger", at level INFO (whoever called it
has its error), with its facts as attributes (`extra`) for a structured formatter::

    contactledger_event     "record", "receive", "seal", "retry" …
    contactledger_outcome   "ok", or the name of the error's class
    contactledger_ms        milliseconds
    contactledger_…         counts that belong to the operation

Where the host has imported OpenTelemetry, each is also a span "contactledger.record" …
with the same attributes; nothing is imported for it here. Errors are named by their class:
neither a text nor a traceback goes into a span.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter
from typing import Any

log = logging.getLogger("contactledger")


@contextmanager
def observed(event: str) -> Iterator[dict[str, int | str]]:
    """A block that is logged, and traced, when it ends; put its counts into what this gives."""
    counts: dict[str, int | str] = {}
    started = perf_counter()
    with _span(f"contactledger.{event}") as span:
        try:
            yield counts
        except BaseException as error:
            counts["outcome"] = type(error).__name__
            _failed(span, type(error).__name__)
            raise
        else:
            counts["outcome"] = "ok"
        finally:
            _say(event, counts, span, perf_counter() - started)


def say(event: str, **counts: int | str) -> None:
    """A log event that is no operation of its own."""
    _say(event, counts, None, None)


def _say(event: str, counts: dict[str, int | str], span: Any, seconds: float | None) -> None:
    if span is not None:
        for name, value in counts.items():
            span.set_attribute(f"contactledger.{name}", value)
    if not log.isEnabledFor(logging.INFO):
        return
    extra: dict[str, Any] = {f"contactledger_{name}": value for name, value in counts.items()}
    extra["contactledger_event"] = event
    if seconds is not None:
        extra["contactledger_ms"] = round(seconds * 1000, 3)
    log.info("contactledger: %s", event, extra=extra)


def _span(name: str) -> AbstractContextManager[Any]:
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return nullcontext()
    span: AbstractContextManager[Any] = trace.get_tracer("contactledger").start_as_current_span(
        name, record_exception=False, set_status_on_exception=False
    )
    return span


def _failed(span: Any, error: str) -> None:
    if span is not None:
        trace = sys.modules["opentelemetry.trace"]
        span.set_attribute("error.type", error)
        span.set_status(trace.Status(trace.StatusCode.ERROR))
