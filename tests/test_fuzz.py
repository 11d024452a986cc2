"""The long fuzz run (`python -m tests.fuzz`) itself: its targets hold, and it sees what does not."""

from __future__ import annotations

import random
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from contactledger.configured import named
from contactledger.events import Event
from contactledger.vocabulary import SignalKind
from tests.fuzz import targets
from tests.fuzz.targets import TARGETS, put, seeds
from tests.required import absent

ROOT = Path(__file__).parents[1]


def mutated(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        start = chance.randint(0, len(body))
        piece = chance.choice([b"", b"\xff", b"\x00", b"{", b'"', b"[", b"\n", b",", b"\\ud800"])
        body = body[:start] + piece + body[start + chance.randint(0, 8) :]
    return body


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_parser_holds_for_its_seeds_and_for_small_changes_of_them(name):
    chance = random.Random(name)
    found = list(seeds(name))
    for body in chance.sample(found, min(len(found), 6)) or [b""]:
        for given in (body, *[mutated(body, chance) for _ in range(5)]):
            put(name, given)


def test_every_source_is_a_target():
    assert set(named()) | {"tracking"} == set(targets.SOURCES)
    assert {"tracking", "vcard", "mapping", "fitting"} <= set(TARGETS)


@pytest.mark.parametrize(
    "events",
    [
        None,
        [5],
        [Event(SignalKind.OPENED, word="\ud800")],
        [Event(SignalKind.OPENED, original="x")],
    ],
)
def test_what_no_parser_may_give_is_seen(monkeypatch, events):
    monkeypatch.setattr(targets.sources.Brevo, "parse", lambda *_: events)
    with pytest.raises((AssertionError, UnicodeEncodeError)):
        put("brevo", b"{}")


def test_another_exception_and_a_body_that_takes_too_long_are_seen(monkeypatch):
    def broken(*_):
        raise KeyError

    monkeypatch.setattr(targets.sources.Brevo, "parse", broken)
    with pytest.raises(KeyError):
        put("brevo", b"{}")
    monkeypatch.setattr(targets, "SECONDS", -1.0)
    with pytest.raises(AssertionError, match="s for 2 bytes"):
        put("mailjet", b"{}")


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz", *options]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_finding_can_be_given_to_the_parser_once_more(tmp_path):
    (tmp_path / "found").write_bytes(b"[]")
    assert run("--source", "brevo", "--again", str(tmp_path / "found")).returncode == 0
    assert run("--source", "fax").returncode == 2


def test_a_short_run_counts_what_it_gave_each_parser(tmp_path):
    if find_spec("atheris") is None:
        absent("atheris", 'pip install "contactledger[fuzz]" (Linux)')
    done = run("--minutes", "0.03", "--source", "calls", "--folder", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith(" bodies, 0 findings")
