"""A ledger as Parquet files, for DuckDB, Spark, Polars and whatever else reads columns.

One file for each set of `contactledger.tabulating`. Row groups are written as they fill up, so
a ledger of any size takes the memory of its largest account. A file appears whole or not at all.
Nothing personal is in them unless it was asked for, and what was erased is not there to export;
but what was exported before an erasure is out of its reach, which `personal` files say in their
own metadata.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from attrs import define, field, frozen

from contactledger import files
from contactledger.columns import Row
from contactledger.errors import BadInput, NotInstalled
from contactledger.log.canon import format_time
from contactledger.rows import arrow_schema, columns_by_kind, pyarrow
from contactledger.tabulating import columns_of

GROUP_ROWS = 50_000
"""Rows of a row group: some tens of megabytes, which readers skip or read at once."""


@frozen
class Exported:
    """A file that was written: its set, its path, and how many rows are in it."""

    what: str
    path: Path
    rows: int


def write_parquet(
    rows: Iterable[Mapping[str, list[Row]]],
    folder: files.Where,
    sets: Sequence[str],
    *,
    as_of: datetime,
    personal: bool,
) -> tuple[Exported, ...]:
    """See `Ledger.export_parquet`; `rows`: set → rows, account by account."""
    parquet = _parquet()
    where = Path(folder)
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot be made ({type(error).__name__})", field="folder") from None
    paths = {what: where / f"{what}.parquet" for what in sets}
    for path in paths.values():
        if path.exists():
            raise BadInput(f"{path.name} is there already", field="folder")
    about = {
        "contactledger": "rows/v1",
        "as_of": format_time(as_of),
        "personal": "yes: an erasure in the ledger does not reach this file" if personal else "no",
    }
    with ExitStack() as stack:
        writers = {}
        for what, path in paths.items():
            file = stack.enter_context(files.replacing(path, "folder"))
            if personal:
                os.chmod(file.name, 0o600)  # noqa: PTH101 - the name of an open file
            writers[what] = _Writer.open(parquet, file, what, about, personal=personal)
            stack.callback(writers[what].writer.close)  # before its file is closed
        for each in rows:
            for what, some in each.items():
                writers[what].add(some)
        counts = {what: writer.close() for what, writer in writers.items()}
    return tuple(Exported(what, path, counts[what]) for what, path in paths.items())


def _parquet() -> Any:
    pyarrow()
    try:
        from pyarrow import parquet
    except ImportError:
        raise NotInstalled("this pyarrow was built without Parquet") from None
    return parquet


@define
class _Writer:
    """One file; rows wait here until a group is full."""

    writer: Any
    schema: Any
    waiting: list[Row] = field(factory=list)
    rows: int = 0

    @classmethod
    def open(
        cls, parquet: Any, file: BinaryIO, what: str, about: dict[str, str], *, personal: bool
    ) -> _Writer:
        columns = columns_by_kind(columns_of(what, personal=personal))
        schema = arrow_schema(columns).with_metadata({**about, "set": what})
        return cls(parquet.ParquetWriter(file, schema, compression="zstd"), schema)

    def add(self, rows: list[Row]) -> None:
        self.waiting += rows
        while len(self.waiting) >= GROUP_ROWS:
            self._write(self.waiting[:GROUP_ROWS])
            del self.waiting[:GROUP_ROWS]

    def close(self) -> int:
        """Write the rest; how many rows there are."""
        if self.waiting:
            self._write(self.waiting)
        self.writer.close()
        return self.rows

    def _write(self, rows: list[Row]) -> None:
        self.writer.write_table(pyarrow().Table.from_pylist(rows, schema=self.schema))
        self.rows += len(rows)
