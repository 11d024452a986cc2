"""Rows for analysts: plain dicts, and the same as an Arrow table.

    ledger.rows("findings", account="smith-motors")[0]["outcome"]
    polars.DataFrame(ledger.rows("findings"))
    duckdb.sql("SELECT outcome, count(*) FROM found GROUP BY 1")   # found = ledger.rows()

`contactledger.tabulating` says which sets there are and what stands in their columns; it is
imported by whoever asks for rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from attrs import field, frozen

from contactledger.accounts import Accounts
from contactledger.errors import NotInstalled
from contactledger.moments import Moment, Period, Span, span
from contactledger.store.port import Store

if TYPE_CHECKING:
    from contactledger.archiving import Archive
    from contactledger.asking import Asked
    from contactledger.columns import Column, Row
    from contactledger.exporting import Exported
    from contactledger.files import Where
    from contactledger.findings import Standing
    from contactledger.reading import Loaded


@frozen
class Rows:
    """Rows of one set, in order: plain dicts by their number, which also speak Arrow.

    `columns`: name → kind (text, int, bool, time, texts, ints), in order. Polars, DuckDB,
    pyarrow and `pandas.DataFrame.from_arrow` take it as it is, through the Arrow PyCapsule
    interface; there, times are without a zone, in UTC as their names say. It is no
    `collections.abc.Sequence`: of one, Polars looks at the first rows and guesses the kinds.
    """

    what: str
    columns: Mapping[str, str]
    _rows: Sequence[Row] = field(repr=False)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        if isinstance(index, slice):
            return Rows(self.what, self.columns, self._rows[index])
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"<Rows: {len(self)} {self.what}>"

    def arrow(self) -> Any:
        """A `pyarrow.Table`. NotInstalled without the extra `frames`."""
        return pyarrow().Table.from_pylist(list(self._rows), schema=arrow_schema(self.columns))

    def __arrow_c_schema__(self) -> object:
        return arrow_schema(self.columns).__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.arrow().__arrow_c_stream__(requested_schema)


def pyarrow() -> Any:
    """The library; NotInstalled without it."""
    try:
        import pyarrow as pa
    except ImportError:
        raise NotInstalled("Arrow and Parquet need contactledger[frames]") from None
    return pa


def arrow_schema(columns: Mapping[str, str]) -> Any:
    """The Arrow schema of columns (name → kind)."""
    pa = pyarrow()
    kinds = {
        "text": pa.string(),
        "int": pa.int64(),
        "bool": pa.bool_(),
        "time": pa.timestamp("us"),
        "texts": pa.list_(pa.string()),
        "ints": pa.list_(pa.int64()),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in columns.items()])


def columns_by_kind(columns: Sequence[Column]) -> dict[str, str]:
    """Name → kind."""
    return {column.name: column.kind for column in columns}


class Tabulating:
    """What gives a ledger as rows; a part of `Ledger`."""

    _store: Store
    _accounts: Accounts

    if TYPE_CHECKING:

        def accounts(self) -> tuple[str, ...]: ...  # noqa: D102 - Ledger.accounts
        def archives(self) -> tuple[Archive, ...]: ...  # noqa: D102 - Archiving.archives
        def ask(self, account: str, *, as_of: Moment | None = None) -> Asked: ...  # noqa: D102
        def _as_of(self, as_of: Moment | None) -> datetime: ...
        def _load(self, account: str) -> Loaded: ...
        def _standing(
            self, loaded: Loaded, now: datetime, shown: Span, what_if: str | None
        ) -> Standing: ...

    def rows(
        self,
        what: str = "findings",
        *,
        account: str | None = None,
        as_of: Moment | None = None,
        period: Period | None = None,
        personal: bool = False,
    ) -> Rows:
        """Rows of one account or of all: entries, findings, cases, promises or parties; or the
        answers to a question, as `ASKED` names them.

        Ids stand for people and parties; `personal` adds columns with what is still disclosed
        of names and subjects, and allows the set disclosures. `as_of`, `period` as in
        `standing`; entries, disclosures and answers are never cut by a period. BadInput for
        another set, NotFound for an unknown account.
        """
        from contactledger.tabulating import columns_of, refuse_set

        refuse_set(what, personal=personal)
        found: list[Row] = []
        for rows in self.row_sets(
            [what], account=account, as_of=as_of, period=period, personal=personal
        ):
            found += rows[what]
        return Rows(what, columns_by_kind(columns_of(what, personal=personal)), found)

    def row_sets(
        self,
        sets: Sequence[str],
        *,
        account: str | None = None,
        as_of: Moment | None = None,
        period: Period | None = None,
        personal: bool = False,
    ) -> Iterator[dict[str, list[Row]]]:
        """Account by account, the rows of these sets: set → rows. Each account is read in a
        transaction of its own, and all as of the same moment. Archived ones are passed over,
        unless one is named: then it is Archived."""
        from contactledger.tabulating import columns_of

        now, shown = self._as_of(as_of), span(period)
        columns = {what: columns_of(what, personal=personal) for what in sets}
        names: Sequence[str] = [account] if account is not None else self.accounts()
        away = {one.account for one in self.archives()} if account is None else ()
        for name in (name for name in names if name not in away):
            yield self._rows_of_account(name, columns, now, shown, personal=personal)

    def ask_all(self, *, as_of: Moment | None = None) -> Iterator[Asked]:
        """Every account, one after the other, to be asked as `ask` has it, all as of one moment.
        Archived ones are passed over."""
        now = self._as_of(as_of)
        away = {one.account for one in self.archives()}
        for name in self.accounts():
            if name not in away:
                yield self.ask(name, as_of=now)

    def export_parquet(
        self,
        folder: Where,
        *,
        sets: Sequence[str] = (),
        as_of: Moment | None = None,
        personal: bool = False,
    ) -> tuple[Exported, ...]:
        """Write the sets of all accounts as Parquet files into a folder: what was written.

        None named: all sets, the disclosures only with `personal`. The folder is made where it
        is not there. BadInput where one of the files is there already or cannot be written;
        NotInstalled without the extra `frames`.
        """
        from contactledger.exporting import write_parquet
        from contactledger.tabulating import PERSONAL, SETS, refuse_set

        wanted = list(sets) or [what for what in SETS if personal or what not in PERSONAL]
        for what in wanted:
            refuse_set(what, personal=personal)
        now = self._as_of(as_of)
        rows = self.row_sets(wanted, as_of=now, personal=personal)
        return write_parquet(rows, folder, wanted, as_of=now, personal=personal)

    def _rows_of_account(
        self,
        name: str,
        columns: Mapping[str, Sequence[Column]],
        now: datetime,
        shown: Span,
        *,
        personal: bool,
    ) -> dict[str, list[Row]]:
        from contactledger.asked_rows import ASKED, things
        from contactledger.columns import Called
        from contactledger.judge.questions import judged_already
        from contactledger.tabulating import RECORDED, SETS, judged, rows_of

        found: dict[str, Sequence[Any]] = {}
        with self._store.begin(write=False) as tx:
            id_ = self._accounts.must_find(name, tx)
            if not columns.keys().isdisjoint(RECORDED):
                kept = [row for row in tx.entries(id_) if row.recorded_at <= now]
                found["entries"] = kept
                found["disclosures"] = list(tx.disclosures(id_, 0, len(kept)))
        called = Called(id_, None, {}, {})
        if personal or not columns.keys() <= set(RECORDED):
            loaded = self._load(name)
            if not columns.keys().isdisjoint(SETS.keys() - set(RECORDED)):
                found |= judged(self._standing(loaded, now, shown, None))
            answers = columns.keys() & ASKED.keys()
            if answers:
                whole = self._standing(loaded, now, (None, None), None)
                asked = judged_already(whole, loaded.entries, loaded.house)
                found |= {what: things(asked, what) for what in answers}
            if personal:
                called = Called.of((e for e in loaded.entries if e.recorded_at <= now), id_)
        return {what: rows_of(found[what], some, called) for what, some in columns.items()}
