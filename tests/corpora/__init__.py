"""Running the library against public data that nobody in this project wrote.

`python -m tests.corpora FOLDER [--json]` runs every set of a folder laid out like the corpora
folder beside the project: FOLDER/<set>/cases.jsonl, one JSON object a line, messages and
tables beside it in FOLDER/<set>/files/.

How to plug a set in: write a module of this package for the family (all sets that go
through the same part of the library), with one function a set::

    def standing(folder: Path) -> Result:          # folder is FOLDER/<set>
        from contactledger.x import parse          # imported late: a runner costs nothing unused
        def check(case: Case) -> Verdict: ...    # True is right, False is wrong
        return run(folder, check)

and name it in `RUNNERS` below. What a case may come to:

- right: the library said exactly what the case expects; `Right(how)` for one that is right
  in a way of its own which the table should tell (a refusal that the format asks for);
- wrong: it said something else, or raised (an exception that escapes `check` is a wrong case);
- skipped: `Skip(reason)`, for what this release cannot express, and for a case whose
  expectation is wrong by the standard. Never right, and counted by its reason.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

Case = Mapping[str, Any]


@frozen
class Skip:
    """A case that says nothing of this release, and why (the same words for the same why)."""

    reason: str


@frozen
class Right:
    """A case that is right in a way that the table tells apart."""

    how: str


Verdict = bool | Right | Skip


@frozen
class Result:
    """What one set came to: `cases` = `right` + wrong + skipped.

    `wrong`: ids in the order of the file. `skipped`: reason → number of cases. `why`: id →
    what a wrong case raised, or that it differed; never what stands in the case. `how`: way
    of being right → number of cases, for those told apart.
    """

    cases: int
    right: int
    wrong: tuple[str, ...] = ()
    skipped: Mapping[str, int] = field(factory=dict)
    why: Mapping[str, str] = field(factory=dict)
    how: Mapping[str, int] = field(factory=dict)

    @property
    def skips(self) -> int:
        """The number of skipped cases."""
        return sum(self.skipped.values())


Check = Callable[[Case], Verdict]
Runner = Callable[[Path], Result]


def read_cases(folder: Path) -> Iterator[tuple[str, Case | Exception]]:
    """(id, case) of each line of a set; for a line that cannot be read, why it cannot."""
    with (folder / "cases.jsonl").open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                case = json.loads(line)
                name = str(case["id"])
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                yield f"line {number}", error
            else:
                yield name, case


def read_file(folder: Path, case: Case) -> bytes:
    """The bytes of the file that a case names; they may hold CR, LF, CRLF and 8-bit text."""
    return (folder / str(case["file"])).read_bytes()


def run(folder: Path, check: Check) -> Result:
    """Puts every case of the set to `check`; whatever escapes it makes that case wrong."""
    cases = right = 0
    wrong: list[str] = []
    skipped: Counter[str] = Counter()
    how: Counter[str] = Counter()
    why: dict[str, str] = {}
    for name, case in read_cases(folder):
        cases += 1
        verdict = case if isinstance(case, Exception) else _put(check, case)
        if isinstance(verdict, Skip):
            skipped[verdict.reason] += 1
        elif isinstance(verdict, Right):
            right += 1
            how[verdict.how] += 1
        elif verdict is True:
            right += 1
        else:
            wrong.append(name)
            raised = isinstance(verdict, Exception)
            why[name] = f"raised {type(verdict).__name__}" if raised else "differs"
    return Result(cases, right, tuple(wrong), dict(skipped), why, dict(how))


def _put(check: Check, case: Case) -> Verdict | Exception:
    try:
        return check(case)
    except Exception as error:  # noqa: BLE001 - a runner reports a crash, it never dies of one
        return error


def _in(module: str, function: str) -> Runner:
    """The runner `function` of a module of this package, imported when it is first run."""

    def runner(folder: Path) -> Result:
        found: Runner = getattr(importlib.import_module(f"{__name__}.{module}"), function)
        return found(folder)

    return runner


RUNNERS: dict[str, Runner] = {
    "merkle_transparency_dev": _in("merkle", "transparency_dev"),
    "merkle_tlog": _in("merkle", "tlog"),
    "rekor_proofs": _in("merkle", "rekor"),
    "notes": _in("notes", "notes"),
    "ed25519_cctv": _in("notes", "ed25519_cctv"),
    "wycheproof": _in("notes", "wycheproof"),
    "jcs": _in("jcs", "jcs"),
    "webhooks_anymail": _in("webhooks", "anymail"),
    "webhooks_symfony": _in("webhooks", "symfony"),
    "signatures": _in("webhooks", "signatures"),
    "aws_events": _in("webhooks", "aws"),
    "eml_headers": _in("mail", "headers"),
    "threads": _in("mail", "threads"),
    "auto_replies": _in("mail", "auto_replies"),
    "auto_reply_marks": _in("mail", "auto_reply_marks"),
    "bounces": _in("mail", "bounces"),
    "mdn": _in("mail", "mdn"),
    "mbox": _in("mail", "mbox"),
    "replies": _in("replies", "replies"),
    "reply_calls": _in("replies", "reply_calls"),
    "calendars": _in("calendars", "calendars"),
    "exports": _in("exports", "exports"),
    "user_agents": _in("machines", "user_agents"),
    "ip_lists": _in("machines", "ip_lists"),
    "campaign_sim": _in("machines", "campaign_sim"),
}
"""Set → its runner. A set that is not here is listed as having no runner yet."""
