"""What a child process does with connections that its parent opened: it forgets them.

Closing them would end the parent's sessions (PostgreSQL) or its locks (SQLite).
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Opener(Protocol):
    """Opens connections, and knows those that are open."""

    def leave_to_parent(self) -> None:
        """In the child: forget the connections, and keep them from being closed."""
        ...


_OPENERS: WeakSet[Opener] = WeakSet()


def remember(opener: Opener) -> None:
    """Have it leave its connections to the parent in every child, as long as it lives."""
    _OPENERS.add(opener)


def after_fork() -> None:
    """In a child, before anything else is done there."""
    for opener in list(_OPENERS):
        opener.leave_to_parent()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=after_fork)
