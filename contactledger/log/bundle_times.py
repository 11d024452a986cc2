"""Timestamps in a bundle: that its checkpoint was there at a time, by the clock of a third party.

`time/<n>.tsr` are answers of timestamping authorities (RFC 3161 section 2.4.2, DER) over the text
of `ledger/checkpoint`, the part that is signed, numbered from 0 in order of their bytes. As with
a cosignature of somebody unknown, whoever names no authority passes them over, so here they
are bytes; `contactledger.timestamping` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from contactledger.log.bundle_log import refuse, step
from contactledger.log.container import Container

TIME_FILE = re.compile(r"time/(0|[1-9])\.tsr\Z")
MAX_TIMES = 10
"""Timestamps in one bundle, of as many authorities."""
MAX_TIME_BYTES = 65_536
"""Of one of them; an authority's answer with its certificates is some 5 kB."""
_STEP = 2


def in_order(tokens: Iterable[bytes]) -> tuple[bytes, ...]:
    """Timestamps in the order in which a bundle numbers them, as many as it may hold."""
    return tuple(sorted(set(tokens))[:MAX_TIMES])


def read_times(container: Container) -> tuple[bytes, ...]:
    """The timestamps of a bundle, none of them verified."""
    names = [name for name in container.members if TIME_FILE.match(name)]
    found: list[bytes] = []
    for number, name in enumerate(names):  # in order: there are ten at most
        with step(_STEP, name):
            token = container.read(name, MAX_TIME_BYTES)
        if name != f"time/{number}.tsr" or (found and token <= found[-1]):
            refuse("timestamps are not numbered in order of their bytes", _STEP, name)
        found.append(token)
    return tuple(found)
