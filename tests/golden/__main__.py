"""Compare the golden files, or write them anew with `--update`."""

from __future__ import annotations

import sys

from tests.golden import CASES, FOLDER


def main(arguments: list[str]) -> int:
    """0 if nothing differs or all was written, 1 if something differs."""
    stale = 0
    for name, make in CASES.items():
        path, text = FOLDER / name, make()
        old = path.read_bytes().decode() if path.exists() else None
        if old == text:
            continue
        stale += 1
        if "--update" in arguments:
            path.write_bytes(text.encode())
        print(f"{'written' if '--update' in arguments else 'differs'}: {name}")
    return 0 if "--update" in arguments else int(stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
