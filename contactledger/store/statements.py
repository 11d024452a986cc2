"""The SQL of the stores, made once per prefix, schema and driver.

The same texts serve SQLite (3.35 or later) and PostgreSQL: plain statements, `ON CONFLICT`
and `RETURNING`, with the driver's own placeholder; COPY is PostgreSQL's alone. Column lists
come from the tables, so they cannot drift from them; values stand in the order of the
columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from attrs import frozen

from contactledger.store.layout import Kind, Table, layout

T = TypeVar("T")

LIST_SIZES = (1, 8, 64, 512)
"""Lengths of an `IN` list; a shorter one is filled up with its last value, so that few texts
are prepared however many values are asked for (SQLite takes 32,766 of them at most)."""
_LIST = "IN ({})"


@frozen
class Copy:
    """A COPY in PostgreSQL's binary format: half the work for the driver and a sixth less for the
    server, where text would spell bytes and numbers out. It needs the types of the columns."""

    text: str
    types: tuple[str, ...]


@frozen
class Unfold:
    """An INSERT into PostgreSQL of many rows of one account, whose columns are arrays.

    `arrays`: of each array, the place of its column in a row, and the type of that.
    """

    text: str
    account: int
    arrays: tuple[tuple[int, str], ...]


@frozen
class Many:
    """How many new rows of a table get into PostgreSQL."""

    copy: Copy
    unfold: Unfold


@frozen
class Statements:
    """SQL texts by what they do; those ending in `_in` lack their list, see `among`."""

    mark: str
    erasable: tuple[str, ...]
    layout: str
    make_layout: str
    lock_file: str
    claim: str
    ledger: str
    make_ledger: str
    add_account: str
    lock: str
    head: str
    heads: str
    move_head: str
    move_head_from: str
    set_archived: str
    drop_entries: str
    drop_disclosed: str
    drop_originals: str
    add_entries: str
    many_entries: Many
    entries: str
    entries_of_in: str
    add_disclosures: str
    many_disclosures: Many
    disclosures: str
    records_in: str
    first_in: str
    first_disclosed_in: str
    drop_disclosures: str
    add_lookups: str
    many_lookups: Many
    find_in: str
    find_few_in: str
    find_newest: str
    find_within_in: str
    find_here_in: str
    lookups_from: str
    drop_lookups: str
    add_blobs: str
    blob: str
    drop_blobs: str
    add_seen: str
    seen_in: str
    leaves: str
    add_nodes: str
    many_nodes: Many
    nodes: str
    unsealed: str
    seal_account: str
    put_slots: str
    slots_in: str
    slots_from: str
    tree_in: str
    put_tree: str
    sealed: str
    sealed_size: str
    sealed_keys: str
    add_sealed: str
    checkpoint: str
    checkpoint_signed: str
    checkpoints: str
    put_checkpoint: str
    put_given: str
    given: str
    put_receipt: str
    receipts: str
    receipts_of: str
    inbox_put: str
    inbox_get: str
    inbox: str
    inbox_of: str
    inbox_until: str
    inbox_counts_in: str
    inbox_drop: str

    def among(self, text: str, values: Sequence[T]) -> tuple[str, Sequence[T | Sequence[T]]]:
        """The text with a list in the place of its `IN ({})`, and the values for it.

        On PostgreSQL that is one array: a list of marks is planned anew each time, which takes
        longer than to look for its values, and a table of 100,000 rows is read from end to end
        for it.
        """
        if self.mark == "%s":
            return text.replace(_LIST, "= ANY(%b)"), [list(values)]
        return self.listed(text, values)

    def listed(self, text: str, values: Sequence[T]) -> tuple[str, list[T]]:
        """The same with a mark for each value, and the values filled up to a length of a list."""
        size = next(size for size in LIST_SIZES if size >= len(values))
        return text.format(", ".join([self.mark] * size)), [
            *values,
            *[values[-1]] * (size - len(values)),
        ]


def _name(table: Table) -> str:
    return f'"{table.schema}"."{table.name}"' if table.schema else f'"{table.name}"'


def _type(kind: Kind) -> str:
    return kind.postgresql.split()[0].lower()


def _columns(table: Table) -> list[str]:
    return list(table.columns)


@lru_cache(maxsize=64)
def statements(prefix: str, schema: str | None, mark: str) -> Statements:
    """The texts for these tables; `mark` is the driver's placeholder."""
    t = layout(prefix, schema)

    def insert(table: Table) -> str:
        columns = _columns(table)
        marks = ", ".join([mark] * len(columns))
        return f"INSERT INTO {_name(table)} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608

    def select(table: Table, rest: str, *, after: int = 0) -> str:
        text = rest.replace("?", mark)
        return f"SELECT {', '.join(_columns(table)[after:])} FROM {_name(table)} {text}"  # noqa: S608

    def many(table: Table, rest: str = "") -> Many:
        names, kinds = _columns(table), [_type(kind) for kind in table.columns.values()]
        into = f"{_name(table)} ({', '.join(names)})"
        taken = ", ".join(mark if name == "account" else name for name in names)
        given = {name: (at, kinds[at]) for at, name in enumerate(names) if name != "account"}
        rows = f"unnest({', '.join(['%b'] * len(given))}) AS given ({', '.join(given)})"
        text = f"INSERT INTO {into} SELECT {taken} FROM {rows}{rest}"  # noqa: S608
        return Many(
            Copy(f"COPY {into} FROM STDIN (FORMAT binary)", tuple(kinds)),
            Unfold(text, names.index("account"), tuple(given.values())),
        )

    def delete(table: Table, rest: str) -> str:
        return f"DELETE FROM {_name(table)} {rest.replace('?', mark)}"  # noqa: S608

    def update(table: Table, rest: str) -> str:
        return f"UPDATE {_name(table)} {rest.replace('?', mark)}"

    def put(table: Table, keys: int = 1) -> str:
        names = _columns(table)
        newer = ", ".join(f"{name} = excluded.{name}" for name in names[keys:])
        return f"{insert(table)} ON CONFLICT ({', '.join(names[:keys])}) DO UPDATE SET {newer}"

    account = _name(t.account)
    columns = "account, size, frontier, recorded_at, archived"
    newer = " ON CONFLICT (ref, account, id) DO UPDATE SET no = excluded.no, kind = excluded.kind"
    head = f"SELECT {columns} FROM {account}"  # noqa: S608
    return Statements(
        mark=mark,
        erasable=tuple(_name(table) for table in (t.disclosure, t.blob, t.lookup, t.inbox)),
        layout=select(t.layout, "", after=1),
        make_layout=insert(t.layout),
        lock_file=update(t.layout, "SET layout = layout WHERE one = 0"),
        # the column that nothing reads: whoever claims may not change the layout's number
        claim=update(t.layout, "SET one = one"),
        ledger=select(t.ledger, "", after=1),
        make_ledger=insert(t.ledger),
        add_account=insert(t.account),
        lock=update(
            t.account,
            f"SET size = size WHERE account = ? RETURNING {columns}",
        ),
        head=f"{head} WHERE account = {mark}",
        heads=f"{head} WHERE account > {mark} ORDER BY account LIMIT {mark}",
        move_head=update(
            t.account, "SET size = ?, frontier = ?, recorded_at = ? WHERE account = ?"
        ),
        move_head_from=update(
            t.account,
            "SET size = ?, frontier = ?, recorded_at = ? WHERE account = ? "
            "AND size = ? AND frontier = ? AND archived IS NULL AND NOT EXISTS "
            f"(SELECT FROM {_name(t.lookup)} WHERE account = ? AND ref IN ({{}}))",
        ),
        set_archived=update(t.account, "SET archived = ? WHERE account = ?"),
        drop_entries=delete(t.entry, "WHERE account = ? AND no > 0"),
        drop_disclosed=delete(t.disclosure, "WHERE account = ? AND no > 0"),
        drop_originals=delete(t.blob, "WHERE account = ?"),
        add_entries=insert(t.entry),
        many_entries=many(t.entry),
        entries=select(t.entry, "WHERE account = ? AND no >= ? AND no < ? ORDER BY no", after=1),
        entries_of_in=select(t.entry, "WHERE account = ? AND kind IN ({})", after=1),
        add_disclosures=insert(t.disclosure),
        many_disclosures=many(t.disclosure),
        disclosures=select(
            t.disclosure,
            "WHERE account = ? AND no >= ? AND no < ? ORDER BY no, field, person, digest",
            after=1,
        ),
        records_in=f"SELECT no, record FROM {_name(t.entry)} "  # noqa: S608
        f"WHERE account = {mark} AND no IN ({{}})",
        first_in=f"SELECT account, record FROM {_name(t.entry)} "  # noqa: S608
        "WHERE no = 0 AND account IN ({})",
        first_disclosed_in=f"SELECT account, body FROM {_name(t.disclosure)} "  # noqa: S608
        "WHERE no = 0 AND account IN ({})",
        drop_disclosures=delete(t.disclosure, "WHERE account = ? AND no = ? AND digest = ?"),
        add_lookups=insert(t.lookup) + newer,
        many_lookups=many(t.lookup, newer),
        find_in=select(t.lookup, "WHERE ref IN ({})"),
        find_few_in=select(t.lookup, "WHERE ref IN ({}) LIMIT ?"),
        find_newest=select(
            t.lookup, "WHERE ref = ? AND account = ? ORDER BY no DESC, id DESC LIMIT ?"
        ),
        find_within_in=select(t.lookup, "WHERE ref = ? AND account IN ({})"),
        find_here_in=select(t.lookup, "WHERE account = ? AND ref IN ({})"),
        lookups_from=select(
            t.lookup, "WHERE (ref, account, id) > (?, ?, ?) ORDER BY ref, account, id LIMIT ?"
        ),
        drop_lookups=delete(t.lookup, "WHERE ref = ? AND account = ? AND id = ?"),
        add_blobs=insert(t.blob) + " ON CONFLICT DO NOTHING",
        blob=select(t.blob, "WHERE account = ? AND sha256 = ?", after=2),
        drop_blobs=delete(t.blob, "WHERE account = ? AND sha256 = ?"),
        add_seen=insert(t.seen) + " ON CONFLICT DO NOTHING",
        seen_in=select(t.seen, "WHERE account = ? AND digest IN ({})", after=1),
        leaves=select(t.entry, "WHERE account = ? AND no >= ? AND no < ? ORDER BY no", after=7),
        add_nodes=insert(t.node),
        many_nodes=many(t.node),
        nodes=select(
            t.node, "WHERE account = ? AND place >= ? AND place < ? ORDER BY place", after=2
        ),
        unsealed=f"{head} WHERE size > sealed AND account > {mark} ORDER BY account LIMIT {mark}",
        seal_account=update(t.account, "SET sealed = ? WHERE account = ?"),
        put_slots=put(t.slot),
        slots_in=select(t.slot, "WHERE account IN ({})"),
        slots_from=select(t.slot, "WHERE slot >= ? ORDER BY slot LIMIT ?"),
        tree_in=select(t.tree, "WHERE name = ? AND place IN ({})", after=1),
        put_tree=put(t.tree, 2),
        sealed=select(t.sealed, "WHERE no >= ? AND no < ? ORDER BY no"),
        sealed_size=f"SELECT coalesce(max(no) + 1, 0) FROM {_name(t.sealed)}",  # noqa: S608
        sealed_keys=select(t.sealed, "WHERE kind != 'epoch' ORDER BY no"),
        add_sealed=insert(t.sealed),
        checkpoint=select(t.checkpoint, "ORDER BY size DESC LIMIT 1"),
        checkpoint_signed=select(t.checkpoint, "WHERE note IS NOT NULL ORDER BY size DESC LIMIT 1"),
        checkpoints=select(t.checkpoint, "WHERE size > ? ORDER BY size LIMIT ?"),
        put_checkpoint=put(t.checkpoint),
        put_given=put(t.given, 3),
        given=select(t.given, "WHERE account = ? ORDER BY epoch, whom"),
        put_receipt=put(t.receipt, 3),
        receipts=select(t.receipt, "WHERE account = ? ORDER BY epoch, key"),
        receipts_of=select(t.receipt, "WHERE account = ? AND epoch = ? ORDER BY key"),
        inbox_put=put(t.inbox),
        inbox_get=select(t.inbox, "WHERE id = ?"),
        inbox=select(t.inbox, "WHERE (received_at, id) > (?, ?) ORDER BY received_at, id LIMIT ?"),
        inbox_of=select(
            t.inbox,
            "WHERE state = ? AND (received_at, id) > (?, ?) ORDER BY received_at, id LIMIT ?",
        ),
        inbox_until=f"SELECT id FROM {_name(t.inbox)} WHERE state = {mark} "  # noqa: S608
        f"AND received_at <= {mark} ORDER BY received_at, id LIMIT {mark}",
        inbox_counts_in=f"SELECT source, state, count(*) FROM {_name(t.inbox)} "  # noqa: S608
        "WHERE state IN ({}) GROUP BY source, state ORDER BY source, state",
        inbox_drop=delete(t.inbox, "WHERE id = ?"),
    )
