"""What a process takes of its machine, from Linux's /proc, and whether it takes ever more."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import linear_regression
from typing import Any

from attrs import frozen
from sqlalchemy import NullPool, create_engine

_PAGE = os.sysconf("SC_PAGE_SIZE")
_LIBC: Any = ctypes.CDLL("libc.so.6")


@frozen
class Sample:
    """One look: seconds since the start, resident memory in bytes, open file descriptors,
    connections to the database; and how many bytes more the allocator had kept for later."""

    at: float
    rss: int
    files: int
    connections: int
    spare: int = 0


def look(at: float, url: str) -> Sample:
    """Now."""
    before = resident()
    _LIBC.malloc_trim(0)
    rss = resident()
    open_files = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            open_files.append(str(entry.readlink()))
        except FileNotFoundError:  # the one that lists them, or closed meanwhile
            continue
    if url.startswith("sqlite"):
        connections = open_files.count(url.removeprefix("sqlite:///"))
    else:
        connections = _connections(url) - 1
    return Sample(at, rss, len(open_files), connections, max(before - rss, 0))


def resident() -> int:
    """Resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * _PAGE


def _connections(url: str) -> int:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        asked = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(connection.exec_driver_sql(asked).scalar_one())


def slope(samples: Sequence[Sample]) -> float:
    """Growth of the resident memory in bytes a minute: the line of least squares."""
    fit = linear_regression([s.at / 60 for s in samples], [s.rss for s in samples])
    return fit.slope
