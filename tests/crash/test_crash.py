"""What a SIGKILL leaves. How often: CONTACTLEDGER_CRASHES (default 10; 50 in CI)."""

from __future__ import annotations

import os
import random

import pytest

from tests.crash.__main__ import run


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_nothing_acknowledged_is_lost_when_writers_and_sealers_are_killed(tmp_path):
    times = int(os.environ.get("CONTACTLEDGER_CRASHES", "10"))
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # shown if it fails; python -m tests.crash --seed does it again
    *_, toll = run(tmp_path, times, seed)
    assert toll.times == times
    assert toll.entries > 0
    assert toll.seals > 0
