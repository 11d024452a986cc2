"""How Sphinx makes the site. `python -m docs` calls it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from contactledger import __version__  # noqa: E402 - found by the line above

project = "contactledger"
author = "The contactledger authors"
project_copyright = "the contactledger authors, MIT licence"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["build"]
root_doc = "index"
default_role = "code"  # docstrings write `name`, as Markdown does

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
autodoc_preserve_defaults = True


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", list_the_rest)


def list_the_rest(app: Sphinx, page: str, text: list[str]) -> None:
    """Pages that no list of the index names stand under "More", so that none is out of reach."""
    if page == root_doc:
        named = set(text[0].split("\n")) | {root_doc}
        rest = [name for name in sorted(app.env.found_docs) if name not in named]
        if rest:
            text[0] += "\n".join(
                ["\n```{toctree}", ":maxdepth: 1", ":caption: More\n", *rest, "```\n"]
            )


html_theme = "furo"
html_title = "contactledger"
html_show_sphinx = False
html_theme_options = {"sidebar_hide_name": False}
