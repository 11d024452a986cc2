"""Mappings of tables: TOML read once, checked whole, so that a row can be read without asking."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from attrs import field, frozen

from contactledger.errors import BadEvent, BadInput, NotFound, TooLarge
from contactledger.sources.asterisk import zone_of
from contactledger.vocabulary import By, Channel, SignalKind

FIELDS = frozenset({
    "event_id", "token", "provider_id", "message_id", "in_reply_to", "call_id", "address",
    "from", "to", "subject", "text", "reason", "url", "ip", "user_agent", "starts", "ends",
})  # fmt: skip
"""What columns may be for."""

READINGS: dict[str, frozenset[str]] = {
    "what": frozenset(kind.value for kind in SignalKind),
    "by": frozenset(by.value for by in By),
    "outgoing": frozenset({"out", "in"}),
    "permanent": frozenset({"permanent", "transient"}),
    "skip": frozenset({"skip", "keep"}),
}
"""Tables that say what a column's words mean → the words they may be turned into."""

MAX_MAPPING_CHARS = 100_000

_TOP = frozenset({
    "name", "title", "source", "channel", "message", "when", "columns", "templates", "needs",
    *READINGS,
})  # fmt: skip
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\Z")
_SPACES = re.compile(r"[\s_.-]+")


@frozen
class Reading:
    """What a column's words mean: `words` (in lower case) → ours; `default` for any other,
    `empty` for none; `flag`: what any word but "false", "no", "0" means."""

    columns: tuple[str, ...] = ()
    words: AnyMapping[str, str] = field(factory=dict)
    default: str | None = None
    empty: str | None = None
    flag: str | None = None


@frozen
class Mapping:
    """Which column of a table says what."""

    name: str
    channel: Channel
    message: bool = False
    when: tuple[str, ...] = ()
    time_format: str = "iso"
    zone: ZoneInfo | None = None
    columns: AnyMapping[str, tuple[str, ...]] = field(factory=dict)
    templates: AnyMapping[str, str] = field(factory=dict)
    readings: AnyMapping[str, Reading] = field(factory=dict)
    needs: tuple[tuple[str, ...], ...] = ()
    what: SignalKind = SignalKind.UNKNOWN
    by: By = By.UNKNOWN

    @classmethod
    def read(cls, text: str) -> Mapping:
        """The mapping of a TOML text; `BadInput` names the key that is wrong."""
        if len(text) > MAX_MAPPING_CHARS:
            raise TooLarge(f"more than {MAX_MAPPING_CHARS} characters", field="mapping")
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            raise BadInput("is not TOML", field="mapping") from None
        return _mapping(data)

    def check(self, columns: Iterable[str]) -> None:
        """Raises `BadEvent` where a column that is needed is not among these (normal) names."""
        there = set(columns)
        for names in self.needs:
            if not there & {normal(name) for name in names}:
                raise BadEvent("this column is missing", field=names[0], place="line 1")


def normal(name: str) -> str:
    """The name of a column for comparison."""
    return _SPACES.sub("", name.strip().lower())


def shipped_names() -> tuple[str, ...]:
    """The names of the mappings that come with the package."""
    folder = files("contactledger.sources").joinpath("data/mappings")
    return tuple(sorted(one.name[:-5] for one in folder.iterdir() if one.name.endswith(".toml")))


@lru_cache(64)
def shipped_mapping(name: str) -> Mapping:
    """The mapping of this name that comes with the package; NotFound if there is none."""
    if name not in shipped_names():
        raise NotFound("no mapping of this name comes with the package", field="Table.mapping")
    path = files("contactledger.sources").joinpath(f"data/mappings/{name}.toml")
    return Mapping.read(path.read_text("utf-8"))


def fitting_mapping(columns: Iterable[str]) -> Mapping:
    """The mapping that comes with the package, fits these columns and knows most of them."""
    there = {normal(name) for name in columns}
    fits: list[tuple[int, Mapping]] = []
    for name in shipped_names():
        mapping = shipped_mapping(name)
        try:
            mapping.check(there)
        except BadEvent:
            continue
        known = {normal(column) for column in _every(mapping)}
        fits.append((len(there & known), mapping))
    fits.sort(key=lambda fit: -fit[0])
    if not fits or (len(fits) > 1 and fits[0][0] == fits[1][0]):
        raise BadEvent("no mapping fits these columns, or several do", place="line 1")
    return fits[0][1]


def _every(mapping: Mapping) -> Iterator[str]:
    yield from mapping.when
    for names in mapping.columns.values():
        yield from names
    for reading in mapping.readings.values():
        yield from reading.columns


def _mapping(data: dict[str, Any]) -> Mapping:
    name = data.get("name")
    if type(name) is not str or not _SLUG.match(name):
        raise BadInput("must be a slug", field="name")
    unknown = sorted(set(data) - _TOP)
    if unknown:
        raise BadInput("is no key of a mapping", field=unknown[0])
    when = _table(data, "when")
    columns = {
        key: _names(value, f"columns.{key}") for key, value in _table(data, "columns").items()
    }
    templates = _table(data, "templates")
    for key in (*columns, *templates):
        if key not in FIELDS:
            raise BadInput("is no field of an event", field=f"columns.{key}")
    if not all(type(text) is str and text.count("{}") == 1 for text in templates.values()):
        raise BadInput('must be texts with one "{}"', field="templates")
    whens = _names(when["column"], "when.column") if "column" in when else ()
    readings = {key: _reading(data[key], key) for key in READINGS if key in data}
    zone = when.get("zone")
    made = Mapping(
        name,
        _word(Channel, data.get("channel"), "channel"),
        data.get("message") is True,
        whens,
        str(when.get("format", "iso")),
        None if zone is None else zone_of(zone, "when.zone"),
        columns,
        templates,
        readings,
        (),
        _word(SignalKind, _default(data, "what", "unknown"), "what.default"),
        _word(By, _default(data, "by", "unknown"), "by.default"),
    )
    return _with_needs(made, data.get("needs", []))


def _with_needs(mapping: Mapping, needs: Any) -> Mapping:
    """`needs` names fields whose columns must be there; by default the time alone."""
    from attrs import evolve

    if type(needs) is not list or not all(type(one) is str for one in needs):
        raise BadInput("must be a list of fields", field="needs")
    groups = [mapping.when] if mapping.when else []
    for one in needs:
        names = mapping.columns.get(one) or (
            mapping.readings[one].columns if one in mapping.readings else ()
        )
        groups.append(names or (one,))
    return evolve(mapping, needs=tuple(groups))


def _default(data: dict[str, Any], key: str, usual: str) -> Any:
    table = data.get(key)
    return table.get("default", usual) if type(table) is dict else usual


def _reading(table: Any, key: str) -> Reading:
    if type(table) is not dict:
        raise BadInput("must be a table", field=key)
    words = table.get("words", {})
    if type(words) is not dict:
        raise BadInput("must be a table", field=f"{key}.words")
    given = {f"words.{word}": value for word, value in words.items()}
    given |= {name: table[name] for name in ("default", "empty", "flag") if name in table}
    for name, value in given.items():
        if type(value) is not str or value not in READINGS[key]:
            allowed = ", ".join(sorted(READINGS[key]))
            raise BadInput(f"must be one of: {allowed}", field=f"{key}.{name}")
    return Reading(
        _names(table["column"], f"{key}.column") if "column" in table else (),
        {str(word).lower(): value for word, value in words.items()},
        table.get("default"),
        table.get("empty", table.get("default")),
        table.get("flag"),
    )


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    if type(value) is not dict:
        raise BadInput("must be a table", field=key)
    return value


def _names(value: Any, where: str) -> tuple[str, ...]:
    names = [value] if type(value) is str else value
    if type(names) is not list or not names or not all(type(n) is str and n for n in names):
        raise BadInput("must be a column's name, or a list of them", field=where)
    return tuple(names)


def _word(words: Any, value: Any, where: str) -> Any:
    try:
        return words(value)
    except ValueError:
        allowed = ", ".join(word.value for word in words)
        raise BadInput(f"must be one of: {allowed}", field=where) from None
