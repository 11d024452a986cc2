"""Make the site: `python -m docs`, into build/site. Every warning is an error: a link that leads
nowhere, a page that no list names, a docstring that cannot be read, a word that is misspelt.

`python -m docs --cli` writes docs/cli.md, which is made from the commands themselves.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

DOCS = Path(__file__).resolve().parent
PAGES = (*sorted(DOCS.parent.glob("*.md")), *sorted(DOCS.glob("*.md")))
NO_SLIPS = "ans,nd,te,fo,hel,re-use,unparseable,mis,datas"
"""Words of ours that codespell takes for slips of the pen."""


def main(arguments: list[str]) -> int:
    """Build; the exit code."""
    from docs.commands import reference

    if arguments == ["--cli"]:
        (DOCS / "cli.md").write_text(reference(), "utf-8")
        return 0
    from sphinx.cmd.build import build_main

    out = arguments[0] if arguments else str(DOCS.parent / "build" / "site")
    if spelt():
        return 1
    made = ["-W", "--keep-going", "-q", "-b", "html", "-d", f"{out}/.made"]
    return build_main([*made, str(DOCS), out])


def spelt(pages: Iterable[Path] = PAGES) -> int:
    """Look for words that are misspelt, which are printed; the exit code."""
    line = [sys.executable, "-m", "codespell_lib", "--ignore-words-list", NO_SLIPS]
    return subprocess.run([*line, *map(str, pages)], check=False).returncode  # noqa: S603 - our own line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
