"""Whose network an address is in: crawlers, privacy proxies, carriers, firms.

The lists are data with a date and a source (`data/networks.toml`, package data read through
`importlib.resources`), each replaceable by its owner's newest file: `Networks.with_list`
takes what Google, Bing, Apple, Amazon, Cloudflare … publish, JSON, CSV or plain lines.

To be in a network proves little: people click from the addresses of firms and of relays. Only
`crawler` says machine, and `privacy_proxy` of opens.
"""

from __future__ import annotations

import json
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from attrs import evolve, field, frozen

from contactledger.errors import BadInput, TooLarge

KINDS = frozenset({"crawler", "privacy_proxy", "carrier", "owner"})

MAX_LIST_CHARS = 40_000_000
"""Of an owner's file; Apple's has 280,000 lines."""
MAX_RANGES = 1_000_000
"""Of one list."""
MAX_DEPTH = 8
"""Of the JSON of such a file; the deepest known has four levels."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_RANGE = re.compile(r"[0-9a-fA-F.:]{2,45}(?:/\d{1,3})?\Z")

_Net = IPv4Network | IPv6Network
_Bounds = tuple[tuple[int, ...], tuple[int, ...]]


@frozen
class Network:
    """A list of address ranges with its `name` (a slug), `kind`, `date` and `source`."""

    name: str
    kind: str
    date: str
    source: str
    _four: _Bounds = field(default=((), ()), repr=False)
    _six: _Bounds = field(default=((), ()), repr=False)

    def holds(self, address: str) -> bool:
        """Whether the address lies in one of the ranges; text that is no address does not."""
        found = _number(address)
        if found is None:
            return False
        number, six = found
        firsts, lasts = self._six if six else self._four
        index = bisect_right(firsts, number) - 1
        return index >= 0 and number <= lasts[index]


@frozen
class Networks:
    """Several of them."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def read(cls, text: str) -> Networks:
        """The networks of a text in the form of `data/networks.toml`."""
        try:
            tables = tomllib.loads(text).get("network", [])
        except (tomllib.TOMLDecodeError, RecursionError):
            raise BadInput("is not TOML", field="networks") from None
        if type(tables) is not list or not all(type(table) is dict for table in tables):
            raise BadInput("must be tables", field="networks")
        made = []
        for number, table in enumerate(tables, 1):
            where = f"networks[{number}]"
            ranges = table.get("ranges")
            if type(ranges) is not list or not all(type(one) is str for one in ranges):
                raise BadInput("must be a list of ranges", field=f"{where}.ranges")
            nets = _ranges(ranges, f"{where}.ranges")
            made.append(_network(table, nets, where))
        return cls(tuple(made))

    def with_list(self, name: str, kind: str, text: str, *, date: str, source: str) -> Networks:
        """The same with an owner's file in place of, or beside, the network of this name."""
        if len(text) > MAX_LIST_CHARS:
            raise TooLarge(f"more than {MAX_LIST_CHARS} characters", field=name)
        table = {"name": name, "kind": kind, "date": date, "source": source}
        made = _network(table, _ranges(_written(text, name), name), name)
        kept = [one for one in self.networks if one.name != name]
        return evolve(self, networks=(*kept, made))

    def of(self, address: str | None) -> tuple[Network, ...]:
        """The networks an address is in, in their order."""
        if not address:
            return ()
        return tuple(one for one in self.networks if one.holds(address))


@lru_cache(1)
def shipped_networks() -> Networks:
    """The lists that come with the package."""
    return Networks.read(
        files("contactledger.sources").joinpath("data/networks.toml").read_text("utf-8")
    )


def _network(table: dict[str, Any], nets: list[_Net], where: str) -> Network:
    name, kind, date = table.get("name"), table.get("kind"), table.get("date")
    if type(name) is not str or not _SLUG.match(name):
        raise BadInput("must be a slug", field=f"{where}.name")
    if kind not in KINDS:
        raise BadInput(f"must be one of: {', '.join(sorted(KINDS))}", field=f"{where}.kind")
    if type(date) is not str or not _DATE.match(date):
        raise BadInput('must be a date as "2026-11-22"', field=f"{where}.date")
    return Network(
        name,
        kind,
        date,
        str(table.get("source") or ""),
        _bounds(net for net in nets if net.version == 4),
        _bounds(net for net in nets if net.version == 6),
    )


def _written(text: str, where: str) -> Iterator[str]:
    """The ranges in an owner's file: every text of a JSON that is one, or the first cell of
    each line that has one."""
    if text.lstrip().startswith(("{", "[")):
        try:
            yield from _in_json(json.loads(text), 0)
        except (ValueError, RecursionError):
            raise BadInput("is not valid JSON", field=where) from None
        return
    for line in text.splitlines():
        cell = line.partition("#")[0].partition(",")[0].strip().strip('"')
        if cell:
            yield cell


def _in_json(value: Any, depth: int) -> Iterator[str]:
    if type(value) is str:
        if _RANGE.match(value) and ("/" in value or value.count(".") == 3 or value.count(":") > 1):
            yield value
    elif type(value) in (dict, list) and depth < MAX_DEPTH:
        for item in value.values() if type(value) is dict else value:
            yield from _in_json(item, depth + 1)


def _ranges(texts: Iterable[str], where: str) -> list[_Net]:
    made: list[_Net] = []
    for number, text in enumerate(texts, 1):
        if number > MAX_RANGES:
            raise TooLarge(f"more than {MAX_RANGES} ranges", field=where)
        try:
            made.append(ip_network(text, strict=False))
        except ValueError:
            raise BadInput("is no range of addresses", field=f"{where}[{number}]") from None
    return made


def _bounds(nets: Iterable[_Net]) -> _Bounds:
    """First and last numbers of the ranges, joined where they meet."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted((int(n.network_address), int(n.broadcast_address)) for n in nets):
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return tuple(firsts), tuple(lasts)


def _number(address: str) -> tuple[int, bool] | None:
    """An address as a number, and whether it is of version 6; one of version 4 that is
    written as version 6 is taken for what it is."""
    try:
        found = ip_address(address.strip()[:64])
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return int(found), found.version == 6
