"""Pages from templates: escaped, without script, with the words and filters of the reports."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from contactledger.report.render import FILTERS


@lru_cache(maxsize=32)
def packaged(name: str) -> str:
    """A file of the package's folder of templates."""
    return files("contactledger.web").joinpath("templates", name).read_text("utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(packaged),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(FILTERS)
    return made


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """The page of a template."""
    return _environment().get_template(template).render(values)
