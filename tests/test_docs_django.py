"""The page on Django is run as it stands, in a process that has no other Django's settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_on_django_runs_as_it_stands(tmp_path):
    text = (ROOT / "docs" / "django.md").read_text("utf-8")
    blocks = re.findall(r"^```py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (len(blocks), done.returncode, done.stdout) == (4, 0, ""), done.stderr
