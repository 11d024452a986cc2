"""The tables of layout 2: the first that was released.

Types are SQLAlchemy's own, so that this stays what it is whatever becomes of the classes in
`contactledger.store.tables`; a test compares the two on both databases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from contactledger.store.migrations import Step

revision = "layout_2"
down_revision = None
branch_labels = None
depends_on = None

_NARROW = {"sqlite_with_rowid": False}


def _key(name: str) -> sa.Column[str]:
    """An id, slug or base64url: compared and sorted by its bytes."""
    plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    return sa.Column(name, plain, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=nullable)


def _small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger(), autoincrement=False, nullable=False)


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def upgrade(step: Step) -> None:
    """Make the tables."""
    _of_the_ledger(step)
    _of_accounts(step)
    _of_sealing(step)


def _of_the_ledger(step: Step) -> None:
    step.create_table("layout", "one", _small("one"), _small("layout"))
    step.create_table(
        "ledger",
        "one",
        _small("one"),
        _key("id"),
        _key("recorder"),
        _bytes("recorder_ref"),
        _key("house"),
        _bytes("secret"),
    )
    step.create_table(
        "inbox",
        "id",
        _key("id"),
        _number("received_at"),
        _key("source"),
        _key("auth"),
        _key("state"),
        _key("reason"),
        _number("tries"),
        _bytes("headers"),
        _bytes("body"),
    )
    step.create_index("inbox_state", "inbox", ["state", "received_at", "id"])


def _of_accounts(step: Step) -> None:
    step.create_table(
        "account",
        "account",
        _key("account"),
        _number("size"),
        _bytes("frontier"),
        _number("recorded_at", nullable=True),
        _number("sealed"),
    )
    _partial(step, "account_unsealed", "account", "account", "size > sealed")
    step.create_table(
        "entry",
        "account no",
        _key("account"),
        _number("no"),
        _key("id"),
        _key("kind"),
        _number("at"),
        _number("recorded_at"),
        _bytes("record"),
        _bytes("leaf"),
    )
    step.create_table(
        "disclosure",
        "account no field person digest",
        _key("account"),
        _number("no"),
        _key("field"),
        _key("person"),
        _key("digest"),
        _key("body"),
        **_NARROW,
    )
    step.create_table(
        "lookup",
        "ref account id",
        _bytes("ref"),
        _key("account"),
        _key("id"),
        _number("no"),
        _key("kind"),
        **_NARROW,
    )
    step.create_table("blob", "account sha256", _key("account"), _key("sha256"), _bytes("body"))
    step.create_table(
        "seen", "account digest", _key("account"), _bytes("digest"), _number("no"), **_NARROW
    )
    step.create_table(
        "node", "account place", _key("account"), _number("place"), _bytes("hash"), **_NARROW
    )
    step.create_table(
        "given",
        "account epoch whom",
        _key("account"),
        _number("epoch"),
        _key("whom"),
        _number("at"),
        _bytes("head"),
        _bytes("path"),
    )
    step.create_table(
        "receipt",
        "account epoch key",
        _key("account"),
        _number("epoch"),
        _key("key"),
        _bytes("note"),
    )


def _of_sealing(step: Step) -> None:
    step.create_table(
        "slot", "slot", _number("slot"), _key("account"), _number("size"), _bytes("head")
    )
    step.create_index("slot_account", "slot", ["account"], unique=True)
    step.create_table("sealed", "no", _number("no"), _key("kind"), _bytes("record"), _bytes("leaf"))
    _partial(step, "sealed_keys", "sealed", "no", "kind != 'epoch'")
    step.create_table(
        "checkpoint",
        "size",
        _number("size"),
        _bytes("root"),
        _bytes("frontier"),
        _number("slots"),
        _bytes("note", nullable=True),
    )
    _partial(step, "checkpoint_signed", "checkpoint", "size", "note IS NOT NULL")
    step.create_table(
        "tree", "name place", _key("name"), _number("place"), _bytes("hash"), **_NARROW
    )


def _partial(step: Step, name: str, table: str, column: str, where: str) -> None:
    """An index of the rows where a condition holds, and of no others."""
    holds: dict[str, Any] = dict.fromkeys(("sqlite_where", "postgresql_where"), sa.text(where))
    step.create_index(name, table, [column], **holds)
