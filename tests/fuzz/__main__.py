"""`python -m tests.fuzz [--minutes N] [--source NAME] [--folder DIR]`: the long fuzz run.

Coverage-guided (atheris, in the extra `fuzz`: Linux only), the minutes shared out among all parsers,
each in a process of its own with 2 GB at most. Whatever comes of a body is events or an error
of the tree, within a time that grows with its size alone (`targets.py`). Each parser's line says
how many bodies it was given; what broke one lies in the folder, and `--again FILE` with
`--source` gives it to the parser once more. Exit code: 0 nothing found, 1 something, 2 no atheris.

Bodies that reached something new stay in the folder (by default a new one under /tmp) and are the
next run's seeds there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

MAX_BODY_BYTES = 64 * 1024
MAX_MEMORY_MB = 2_048
STUCK_SECONDS = 60
"""Of the clock, for one body: nothing takes that long unless it never ends."""


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="in all, shared out")
    parser.add_argument("--source", action="append", default=[], help="only this parser")
    parser.add_argument("--folder", type=Path, default=None, help="for seeds and findings")
    parser.add_argument("--again", type=Path, default=None, help="give this file to the parser")
    parser.add_argument("--child", action="store_true", help="(its own way of calling itself)")
    parser.add_argument("--seconds", type=int, default=0, help="(of a child)")
    asked = parser.parse_args()
    if asked.child:
        return _child(asked)
    from tests.fuzz.targets import CORPORA, TARGETS, put

    names = asked.source or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no parser of this name: {', '.join(sorted(unknown))}")
    if asked.again:
        put(names[0], asked.again.read_bytes())
        return 0
    if find_spec("atheris") is None:
        print('the fuzz run needs atheris: pip install "contactledger[fuzz]"', file=sys.stderr)
        return 2
    if not CORPORA.is_dir():
        print("the corpora are not there: seeds are the few of the tests", flush=True)
    folder = asked.folder or Path(mkdtemp(prefix="contactledger-fuzz-"))
    seconds = max(1, round(asked.minutes * 60 / len(names)))
    print(f"{len(names)} parsers, {seconds} s each, in {folder}", flush=True)
    runs = sum(_run(name, folder, seconds) for name in names)
    findings = sorted(folder.glob("*/found-*"))
    print(f"{runs:,} bodies, {len(findings)} findings")
    for path in findings:
        print(f"  {path}: python -m tests.fuzz --source {path.parent.name} --again {path}")
    return 1 if findings else 0


def _run(name: str, folder: Path, seconds: int) -> int:
    """One parser in its own process; how many bodies it got. Its line is printed."""
    from tests.fuzz.targets import seeds

    here = folder / name
    kept = here / "seeds"
    kept.mkdir(parents=True, exist_ok=True)
    for body in seeds(name):
        (kept / sha256(body).hexdigest()[:20]).write_bytes(body)
    command = [sys.executable, "-m", "tests.fuzz", "--child", "--source", name]
    done = subprocess.run(
        [*command, "--seconds", str(seconds), "--folder", str(folder)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    said = done.stderr.decode("utf-8", "replace")
    (here / "said.txt").write_text(said)
    counted = re.findall(r"^#(\d+)\s", said, re.MULTILINE)
    runs = int(counted[-1]) if counted else 0
    covered = re.findall(r"cov: (\d+)", said)
    fault = "" if done.returncode == 0 else f", ended with {done.returncode}: see {here}/said.txt"
    print(
        f"{name:18}{runs:>12,} bodies, {covered[-1] if covered else '?'} edges{fault}", flush=True
    )
    if done.returncode and not list(here.glob("found-*")):
        (here / "found-no-body").write_bytes(b"")
    return runs


def _child(asked: Namespace) -> int:
    """Fuzz one parser in this process until the time is up; libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["contactledger", "icalendar"]):
        from tests.fuzz.targets import TARGETS, put

        (name,) = asked.source
        TARGETS[name](name, b"BEGIN:VCALENDAR")  # what is loaded once is no body's fault
    here = asked.folder / name
    options = [
        f"-max_total_time={asked.seconds}",
        f"-max_len={MAX_BODY_BYTES}",
        f"-rss_limit_mb={MAX_MEMORY_MB}",
        f"-timeout={STUCK_SECONDS}",
        f"-artifact_prefix={here}/found-",
        "-print_final_stats=1",
        str(here / "seeds"),
    ]
    atheris.Setup(["tests.fuzz", *options], lambda body: put(name, body))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
