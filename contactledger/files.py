"""Paths in and out: the forms of a report, as text or written to a file.

The report wing knows no files; this is where its strings become some.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from attrs import frozen

from contactledger.report import render

Where = str | PathLike[str]


@frozen
class Report:
    """A rendered report. Each form is returned as text, and written where a path is given.

    Raises BadTemplate if a template does not render; then nothing is written.
    """

    rendered: render.Report

    @property
    def data(self) -> Any:
        """The plain dict rows that the templates are given."""
        return self.rendered.data

    def html(self, path: Where | None = None) -> str:
        """One self-contained page: no script, nothing fetched."""
        return _kept(self.rendered.html(), path)

    def text(self, path: Where | None = None) -> str:
        """Plain text."""
        return _kept(self.rendered.text(), path)

    def json(self, path: Where | None = None) -> str:
        """The rows as JSON."""
        return _kept(self.rendered.json(), path)

    def _repr_html_(self) -> str:
        return self.html()


def _kept(text: str, path: Where | None) -> str:
    if path is not None:
        Path(path).write_bytes(text.encode("utf-8"))  # bytes: the same on every system
    return text
