"""`python -m tests.corpora FOLDER [--json] [--why] [--only SET …]`: how often the library is right.

Prints, per set, the cases, the right ones, the wrong ones by id and the skipped ones. With
`--json`: ``{"sets": {NAME: {"cases": n, "right": n, "wrong": [id, …], "skipped": n}}}``.
A set without a runner counts as skipped whole. The exit code is 0 when the sets were run,
whatever they came to (this is a measure, not a gate), and 2 when there is nothing to run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.corpora import RUNNERS, Result, Runner, read_cases

SHOWN = 10
"""Wrong ids that the table prints; the JSON holds all of them."""

NO_RUNNER = "no runner yet"


def sets_in(folder: Path) -> list[str]:
    """The names of the sets that lie in the folder, sorted."""
    return sorted(path.parent.name for path in folder.glob("*/cases.jsonl"))


def run_set(folder: Path, runner: Runner | None) -> Result:
    """What one set comes to; a runner that cannot run at all has every case wrong."""
    try:
        names = [name for name, _ in read_cases(folder)]
    except OSError as error:
        why = f"raised {type(error).__name__}"
        return Result(1, 0, ("cases.jsonl",), {}, {"cases.jsonl": why})
    if runner is None:
        return Result(len(names), 0, (), {NO_RUNNER: len(names)})
    try:
        return runner(folder)
    except Exception as error:  # noqa: BLE001 - one broken runner must not hide the other sets
        why = f"runner raised {type(error).__name__}: {error}"
        return Result(len(names), 0, tuple(names), {}, dict.fromkeys(names, why))


def as_json(results: Mapping[str, Result]) -> str:
    """The results in the form that programs compare."""
    sets = {
        name: {
            "cases": result.cases,
            "right": result.right,
            "wrong": list(result.wrong),
            "skipped": result.skips,
        }
        for name, result in results.items()
    }
    return json.dumps({"sets": sets}, indent=1)


def as_table(results: Mapping[str, Result], *, why: bool = False) -> str:
    """The results as a table for people, with the reasons of the skipped below it."""
    ran = {n: r for n, r in results.items() if NO_RUNNER not in r.skipped}
    idle = {n: r for n, r in results.items() if NO_RUNNER in r.skipped}
    rows = [("set", "cases", "right", "wrong", "skipped")]
    rows += [_row(name, result) for name, result in ran.items()]
    wide = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{name:<{wide[0]}}  {cases:>{wide[1]}}  {right:>{wide[2]}}  {skipped:>{wide[4]}}  {wrong}"
        for name, cases, right, wrong, skipped in rows
    ]
    lines += _section("right, told apart", _counts({n: r.how for n, r in ran.items()}))
    lines += _section("skipped, and why", _counts({n: r.skipped for n, r in ran.items()}))
    if why:
        lines += _section(
            "wrong, and why",
            [f"{s} {name}: {text}" for s, r in ran.items() for name, text in r.why.items()],
        )
    lines += _section(NO_RUNNER, [f"{name}: {result.cases} cases" for name, result in idle.items()])
    return "\n".join(lines)


def _row(name: str, result: Result) -> tuple[str, str, str, str, str]:
    shown = ", ".join(result.wrong[:SHOWN])
    more = len(result.wrong) - SHOWN
    wrong = f"{len(result.wrong)}: {shown}" if result.wrong else "0"
    if more > 0:
        wrong += f", +{more}"
    return name, str(result.cases), str(result.right), wrong, str(result.skips)


def _counts(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"{name}: {count} × {word}"
        for name, counted in words.items()
        for word, count in sorted(counted.items())
    ]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    body = [f"  {line}" for line in lines]
    return ["", f"{title}:", *body] if body else []


def main(arguments: list[str] | None = None) -> int:
    """Runs the sets of a folder and prints what they came to; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpora")
    parser.add_argument("folder", type=Path, help="laid out like ../shared/corpora")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--why", action="store_true", help="what each wrong case raised")
    parser.add_argument("--only", nargs="+", metavar="SET", help="these sets alone")
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        print(f"tests.corpora: there is no folder {chosen.folder}", file=sys.stderr)
        return 2
    names = [n for n in sets_in(chosen.folder) if not chosen.only or n in chosen.only]
    if not names:
        print(f"tests.corpora: no set (<set>/cases.jsonl) in {chosen.folder}", file=sys.stderr)
        return 2
    results = {name: run_set(chosen.folder / name, RUNNERS.get(name)) for name in names}
    text = as_json(results) if chosen.json else as_table(results, why=chosen.why)
    encoding = sys.stdout.encoding or "utf-8"  # an id may hold what a terminal cannot show
    print(text.encode(encoding, "backslashreplace").decode(encoding))
    return 0


if __name__ == "__main__":
    sys.exit(main())
