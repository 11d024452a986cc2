"""Make the site: `python -m docs`, into build/site. Every warning is an error: a link that leads
nowhere, a page that no list names, a docstring that cannot be read.

`python -m docs --cli` writes docs/cli.md, which is made from the commands themselves.
"""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Build; the exit code."""
    from docs.commands import reference

    if arguments == ["--cli"]:
        (DOCS / "cli.md").write_text(reference(), "utf-8")
        return 0
    from sphinx.cmd.build import build_main

    out = arguments[0] if arguments else str(DOCS.parent / "build" / "site")
    made = ["-W", "--keep-going", "-q", "-b", "html", "-d", f"{out}/.made"]
    return build_main([*made, str(DOCS), out])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
