"""`python -m tests`: everything that has to hold, in order; stops at the first that does not.

Style, form and types; how often the library is right about the public data beside the
project (where it is there); the tests, with every branch of the package run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPORA = ROOT.parent / "shared" / "corpora"
WORKERS = 2
"""Tests of the stores wait for discs more than they count; more workers gain little."""

STEPS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    *((("tests.corpora", str(CORPORA)),) if CORPORA.is_dir() else ()),
    (
        "pytest",
        "-q",
        f"-n{WORKERS}",
        "--dist=loadfile",
        "--cov=contactledger",
        "--cov-branch",
        "--cov-fail-under=100",
    ),
)


def main() -> int:
    """Run the steps; the exit code of the first that fails, else 0."""
    for step in STEPS:
        print(f"\n=== {' '.join(step[:2])}", flush=True)
        done = subprocess.run([sys.executable, "-m", *step], cwd=ROOT, check=False)
        if done.returncode:
            if step[0] != "pytest":
                print(f"=== {step[0]} failed; the steps after it were not run", flush=True)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
