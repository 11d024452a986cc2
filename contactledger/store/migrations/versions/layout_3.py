"""Layout 3: an account says which file its entries were archived into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from contactledger.store.migrations import Step

revision = "layout_3"
down_revision = "layout_2"
branch_labels = None
depends_on = None


def upgrade(step: Step) -> None:
    """Add the column; it is empty for every account that is there."""
    step.add_column("account", sa.Column("archived", sa.LargeBinary(), nullable=True))
