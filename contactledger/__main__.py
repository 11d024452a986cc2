"""`python -m contactledger`, the same as the command `contactledger`."""

from __future__ import annotations

import sys
from importlib.util import find_spec

NEEDED = ("typer", "rich")


def main() -> None:
    """Run the command line; without its extra, say in one line what to install (exit code 2)."""
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
