"""What notebooks show: verdicts with their names, several of them as a table, and charts.

`Ledger` and an opened bundle give out what shows itself; `chart` draws any rows:

    chart("funnel", ledger.rows(), by="channel")
    chart("pressure", frame.to_dicts(), by="account_id")

Names are looked up when something is shown. Where that fails, because the ledger was closed or
the account has gone, ids stand for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen

from contactledger.errors import BadInput, LedgerError
from contactledger.findings import Case, Finding, Standing
from contactledger.shown import Shown, showing

if TYPE_CHECKING:
    from contactledger.files import Where
    from contactledger.reading import Reading
    from contactledger.report.charts_frame import Picture
    from contactledger.report.names import Names
    from contactledger.report.words import Words

V = TypeVar("V", bound=Shown)
Row = Mapping[str, Any]


class Several(tuple[V, ...]):
    """Verdicts as a tuple, which a notebook shows as a table of the first of them."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Several(found) if isinstance(index, slice) else found

    def __repr__(self) -> str:
        """How many of which, without anything personal and without end."""
        if not self:
            return "()"
        kind = type(self[0]).__name__
        words = Counter(
            str(getattr(one, "outcome", None) or getattr(one, "state", "")) for one in self
        )
        told = ", ".join(f"{count} {word}" for word, count in words.most_common())
        return f"<{len(self)} × {kind}: {told}>"

    def _repr_html_(self) -> str | None:
        show = getattr(self[0], "_show", None) if self else None
        return show.several(self) if isinstance(show, Shower) else None


@frozen
class Shower:
    """Shows what was read from a ledger or a bundle under that account's name."""

    reading: Reading
    account: str

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(None), ())  # nothing that leaves the process takes a ledger with it

    def __call__(self, value: Any) -> str:
        """The value as HTML."""
        from contactledger.report.card import standing_card
        from contactledger.report.card_verdicts import case_card, finding_card
        from contactledger.reporting import WORDING

        called = self.names()
        if isinstance(value, Finding):
            return finding_card(value, called, WORDING)
        return case_card(value, called) if isinstance(value, Case) else standing_card(value, called)

    def several(self, values: Iterable[Any]) -> str:
        """Several findings, or several cases, as one table."""
        from contactledger.report.card_verdicts import cases_card, findings_card

        some = list(values)
        card = findings_card if isinstance(some[0], Finding) else cases_card
        return card(some, self.names())

    def names(self) -> Names:
        """The names as they are now."""
        from contactledger.report.names import Names, names

        try:
            return names(self.reading._load(self.account).entries)  # noqa: SLF001 - its own half
        except LedgerError:
            return Names()


def shown(reading: Reading, account: str, values: Iterable[V]) -> Several[V]:
    """The values as what shows itself."""
    several = Several(values)
    showing(Shower(reading, account), several)
    return several


def shown_standing(reading: Reading, account: str, standing: Standing) -> Standing:
    """The standing, and all that is in it, as what shows itself."""
    shower = Shower(reading, account)
    showing(shower, [standing, *standing.findings, *standing.cases])
    return standing


# --- charts


@frozen
class Figure:
    """A chart that shows itself in a notebook: `svg()` is the picture alone, `rows` its numbers."""

    name: str
    picture: Picture

    @property
    def title(self) -> str:
        """What it shows."""
        return self.picture.title

    @property
    def told(self) -> str:
        """The same in words."""
        return self.picture.told

    @property
    def rows(self) -> list[dict[str, str]]:
        """The numbers, as printed: title of the column → cell."""
        return [dict(zip(self.picture.head, row, strict=True)) for row in self.picture.rows]

    def svg(self, path: Where | None = None) -> str:
        """The picture as one `<svg>`; written where a path is given. BadInput names `path`."""
        from contactledger.files import replacing

        if path is not None:
            with replacing(path, "path") as file:
                file.write(self.picture.svg.encode())
        return self.picture.svg

    def __repr__(self) -> str:
        return f"<Figure {self.name}>"

    def _repr_html_(self) -> str:
        from contactledger.report.card import framed

        return framed(self.picture.figure())


def account_chart(name: str, data: dict[str, Any], words: Words) -> Figure:
    """One of the charts of an account, of a report's rows, in those words. BadInput for another
    name, and for a report that has no such numbers."""
    from contactledger.report.charts import timeline_picture
    from contactledger.report.charts_answers import answer_times
    from contactledger.report.charts_funnel import funnel
    from contactledger.report.charts_holders import holders
    from contactledger.report.charts_pressure import pressure

    drawn: dict[str, Callable[..., Picture]] = {
        "timeline": timeline_picture,
        "funnel": funnel,
        "answer-times": answer_times,
        "pressure": pressure,
        "holders": holders,
    }
    if name not in drawn:
        raise BadInput(f"must be one of: {', '.join(drawn)}", field="name")
    if "findings" not in data or "columns" not in data:
        raise BadInput("only a proof of contact has what charts are made of", field="name")
    return Figure(name, drawn[name](data, words=words))


def chart(name: str, rows: Iterable[Row], *, by: str = "") -> Figure:
    """A chart of any rows of findings: as `Ledger.rows` gives them, or filtered and joined since.

    `name`: "funnel" (by default by channel), "answer-times" or "pressure" (by default by
    receiver_id). `by`: the column whose values are told apart. BadInput for another name, and for
    rows that lack a column.
    """
    from contactledger.report.charts_answers import answer_times_of
    from contactledger.report.charts_funnel import funnel_of
    from contactledger.report.charts_pressure import pressure_of

    by = by or ("channel" if name == "funnel" else "receiver_id")
    try:
        if name == "funnel":
            picture = funnel_of((str(row[by]), row["reach"]) for row in rows)
        elif name == "answer-times":
            picture = answer_times_of(_asked(rows, by), {})
        elif name == "pressure":
            picture = pressure_of(_touched(row, by) for row in rows)
        else:
            raise BadInput("must be one of: funnel, answer-times, pressure", field="name")
    except KeyError as error:
        raise BadInput(f"have no column {error.args[0]}", field="rows") from None
    return Figure(name, picture)


def _asked(rows: Iterable[Row], by: str) -> Iterable[Any]:
    """The questions among the rows: what was answered, and what wanted an answer."""
    from contactledger.report.charts_answers import Asked

    for row in rows:
        at: datetime = row["at_utc"]
        if row["outcome"] == "answered":
            took = max((row["settled_at_utc"] or at) - at, at - at)
            yield Asked(str(row[by]), took, bool(row["late"]))
        elif row["expects"] in ("reply", "response"):
            yield Asked(str(row[by]), None)


def _touched(row: Row, by: str) -> Any:
    from contactledger.report.charts_pressure import Touched

    group = str(row[by])
    return Touched(group, group, row["at_utc"].date(), "over_cap" in row["violations"])
