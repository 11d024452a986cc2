"""`python -m contactledger`, the same as the command `contactledger`."""

from __future__ import annotations

import sys
from importlib.util import find_spec

NEEDED = ("typer", "rich")
INTERRUPTED = 130
"""The exit code for Ctrl-C, as shells have it: 128 and the signal's number."""


def main() -> None:
    """Run the command line; without its extra, say in one line what to install (exit code 2)."""
    try:
        _run()
    except KeyboardInterrupt:  # also while all of it is still being imported
        sys.exit(INTERRUPTED)


def _run() -> None:
    if any(find_spec(name) is None for name in NEEDED):
        install = f'{sys.executable} -m pip install "contactledger[cli]"'
        sys.stderr.write(
            f"contactledger: the command line is an extra; install it with: {install}\n"
        )
        sys.exit(2)
    from contactledger.cli import run

    run()


if __name__ == "__main__":
    main()
