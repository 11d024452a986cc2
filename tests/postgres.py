"""A real PostgreSQL server for the tests: made in a temporary folder, gone with the run.

PostgreSQL refuses to run as root; then it runs as the user `postgres`, or `nobody`. It
listens on a socket inside its folder and on no port.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

VARIABLE = "CONTACTLEDGER_POSTGRES"
"""The environment variable that names the folder of `initdb` and `pg_ctl` to take."""
HOW = "install PostgreSQL's server programs (Debian: apt-get install postgresql)"
DEBIAN = Path("/usr/lib/postgresql")
_START_SECONDS = 60


def programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: the one named, the newest of Debian's, or PATH's.

    ValueError for a named folder without them: another server must not be taken instead.
    """
    if named := os.environ.get(VARIABLE):
        folder = Path(named).resolve()
        if not (folder / "initdb").exists():
            raise ValueError(f"{VARIABLE} names {folder}, where no initdb is")
        return folder
    debian = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def version(folder_of_programs: Path) -> str:
    """What the server there calls itself."""
    asked = [folder_of_programs / "postgres", "--version"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def _who() -> dict[str, Any]:
    """Arguments of `subprocess.run` that make it another user's than root's."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class Cluster:
    """A server in a folder of its own, that can be stopped, killed and started again."""

    def __init__(self, folder_of_programs: Path, folder: Path, *, settings: str = "") -> None:
        self.folder = folder
        self._programs = folder_of_programs
        self._who = _who()
        self._options = f"-c listen_addresses= -c unix_socket_directories={folder} {settings}"
        if self._who:
            os.chown(folder, self._who["user"], self._who["group"])
        self.run("initdb", "-A", "trust", "-U", "ledger", "-E", "UTF8", "--no-locale", "--no-sync")

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"postgresql+psycopg://ledger@/postgres?host={self.folder}"

    @property
    def log(self) -> Path:
        """What it said."""
        return self.folder / "log"

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, on this cluster."""
        done = subprocess.run(
            [self._programs / program, "-D", self.folder / "data", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_START_SECONDS,
            check=False,
            text=True,
            **self._who,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}")

    def start(self) -> None:
        """Start it; back when it answers."""
        self.run("pg_ctl", "start", "-w", "-s", "-l", str(self.log), "-o", self._options)

    def stop(self) -> None:
        """Stop it in the middle of everything: it recovers when it starts again."""
        self.run("pg_ctl", "stop", "-w", "-s", "-m", "immediate")

    def kill(self) -> None:
        """SIGKILL its first process; the others end when they notice."""
        first, *_ = (self.folder / "data" / "postmaster.pid").read_text("utf-8").splitlines()
        os.kill(int(first), signal.SIGKILL)

    def runs(self) -> bool:
        """Whether it answers."""
        try:
            self.run("pg_ctl", "status")
        except RuntimeError:
            return False
        return True

    def start_again(self) -> None:
        """Start it after `kill`, as soon as the last of its processes has let go."""
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.start()
            except RuntimeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return


@contextmanager
def server(folder_of_programs: Path) -> Iterator[str]:
    """The URL of a fresh server that runs until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="contactledger-pg-"))
    try:
        cluster = Cluster(folder_of_programs, folder, settings="-c fsync=off")
        cluster.start()
        try:
            yield cluster.url
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)
