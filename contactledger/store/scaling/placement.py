"""By which column each table is spread, and which stay in one place.

Whatever an account's writer touches lies together under the account's id: one entry, its
disclosures, blobs and nodes, and the head that is locked. So a database that spreads rows
by that column keeps each account's log on one machine, and two accounts never wait for
each other. References lead to accounts, so they are spread by the reference. What belongs
to the ledger as a whole stays in one place: none of it is written when a fact is recorded,
but for the lock while an account is opened and the inbox of what comes in.
"""

from __future__ import annotations

from sqlalchemy import Table

from contactledger.store.tables import Tables

BY_ACCOUNT = ("account", "entry", "disclosure", "blob", "seen", "node", "given", "receipt")
"""Spread by `account`, all in the same way, so that an account's rows lie on one machine."""
BY_REFERENCE = ("lookup",)
"""Spread by `ref`."""
IN_ONE_PLACE = ("layout", "ledger", "slot", "sealed", "checkpoint", "tree", "inbox")
"""Of the whole ledger: one row, or one for each account and each seal, and the inbox."""


def spread_by(name: str) -> str | None:
    """The column that a table (its name without the prefix) is spread by, None for none."""
    if name in BY_ACCOUNT:
        return "account"
    return "ref" if name in BY_REFERENCE else None


def placed(tables: Tables) -> list[tuple[Table, str | None]]:
    """Every table with the column it is spread by; what is spread by the account first."""
    names = (*BY_ACCOUNT, *BY_REFERENCE, *IN_ONE_PLACE)
    return [(getattr(tables, name), spread_by(name)) for name in names]
