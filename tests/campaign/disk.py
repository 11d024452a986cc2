"""A small disk of its own, that can be filled up and freed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

HOW = "run as root, where mounting a tmpfs is allowed"


@frozen
class Disk:
    """A folder that holds so much and no more."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Take all the room there is, whoever else writes at the time."""
        with self._ballast.open("ab", buffering=0) as file:
            for step in (1 << 20, 1 << 12):
                with suppress(OSError):  # no space left: what was asked for
                    while True:
                        os.posix_fallocate(file.fileno(), file.tell(), step)
                        file.seek(step, os.SEEK_CUR)

    def free(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


def mountable() -> bool:
    """Whether this process may mount one."""
    if os.geteuid() != 0 or not Path("/proc/self/status").exists():
        return False
    status = Path("/proc/self/status").read_text("utf-8")
    (capabilities,) = [line for line in status.splitlines() if line.startswith("CapEff:")]
    return bool(int(capabilities.split()[1], 16) >> 21 & 1)  # CAP_SYS_ADMIN


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Disk]:
    """A tmpfs mounted on this folder until the block ends."""
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True
    )
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
