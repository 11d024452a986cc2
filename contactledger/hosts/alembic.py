"""A ledger's tables beside the migrations of a host that has its own Alembic.

In the host's `env.py`::

    from contactledger.hosts.alembic import LedgerTables

    ledger = LedgerTables()                       # or of another prefix and schema

    context.configure(
        connection=connection,
        target_metadata=target_metadata,
        include_name=ledger.include_name,         # autogenerate leaves the ledger alone
        include_object=ledger.include_object,
    )

Autogenerate then neither drops nor alters a table of the ledger, and goes on seeing all of
the host's. And in a revision of the host's, one for each release of the ledger's layout::

    from contactledger.hosts.alembic import migrate

    def upgrade() -> None:
        migrate(op.get_bind())                    # in the transaction of the host's revision

`migrate` is `contactledger.store.migrations.migrate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from contactledger.store.making import PREFIX
from contactledger.store.migrations import migrate, version_table
from contactledger.store.tables import tables

_PARTITION = re.compile(r"_\d+\Z")
"""What `contactledger.store.scaling` adds to a table's name for each of its partitions."""

__all__ = ["LedgerTables", "migrate"]


@frozen
class LedgerTables:
    """The tables of the ledger of this prefix and schema, for Alembic to leave out."""

    prefix: str = PREFIX
    schema: str | None = None
    _names: frozenset[str] = field(init=False, repr=False)

    @_names.default
    def _all_names(self) -> frozenset[str]:
        named = tables(self.prefix, None).metadata.tables
        return frozenset({*named, version_table(self.prefix)})

    def include_name(
        self, name: str | None, type_: str, parent_names: Mapping[str, str | None]
    ) -> bool:
        """Alembic's `include_name`: whether to look at what the database has of this name."""
        if type_ != "table" or name is None:
            return True
        return not self._ours(name, parent_names.get("schema_name"))

    def include_object(self, item: Any, name: str | None, type_: str, *_: object) -> bool:
        """Alembic's `include_object`: the same of what stands in the host's own MetaData."""
        if type_ != "table" or name is None:
            return True
        return not self._ours(name, item.schema)

    def _ours(self, name: str, schema: str | None) -> bool:
        # Alembic calls the connection's own schema None, whatever its name is
        if schema not in (self.schema, None):
            return False
        return _PARTITION.sub("", name) in self._names
