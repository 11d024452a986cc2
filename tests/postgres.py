"""A real PostgreSQL server for the tests: made in a temporary folder, gone with the run.

PostgreSQL refuses to run as root; then it runs as the user `postgres`, or `nobody`. It
listens on a socket inside its folder and on no port.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOW = "install PostgreSQL's server programs (Debian: apt-get install postgresql)"
DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: the newest of Debian's, else the one in PATH."""
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _who() -> dict[str, Any]:
    """Arguments of `subprocess.run` that make it another user's than root's."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@contextmanager
def server(folder_of_programs: Path) -> Iterator[str]:
    """The URL of a fresh server that runs until the block ends."""
    who = _who()
    folder = Path(tempfile.mkdtemp(prefix="contactledger-pg-"))
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        data = folder / "data"

        def run(program: str, *arguments: str) -> None:
            done = subprocess.run(
                [folder_of_programs / program, "-D", data, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_START_SECONDS,
                check=False,
                text=True,
                **who,
            )
            if done.returncode:
                raise RuntimeError(f"{program} failed: {done.stderr.strip()}")

        run("initdb", "-A", "trust", "-U", "ledger", "-E", "UTF8", "--no-locale", "--no-sync")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "start", "-w", "-s", "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql+psycopg://ledger@/postgres?host={folder}"
        finally:
            run("pg_ctl", "stop", "-w", "-s", "-m", "immediate")
    finally:
        shutil.rmtree(folder)
