"""What a user agent says of itself: a mail proxy, a scanner, a crawler, a program, a browser.

A user agent is a claim and proves nothing of a person: anybody may send a browser's. So the
answer is *which machine*, or that none is named. The patterns are data (`data/agents.toml`,
with their date), read from the package itself through `importlib.resources`, as the report's
templates are; other patterns of the same form take their place with `Agents.read`.

Another's list of crawlers may be asked as well, where ours knows no machine
(`Agents.with_crawlers`): new ones appear every week, and projects that only keep such a list
know more of them. The extra `agents` brings one, is-bot.

Mail proxies and scanners are named apart from crawlers, and only where the agent itself says
whose it is. A browser's agent that a scanner borrows cannot be told (EVIDENCE section 2);
behaviour may (`_machine_behaviour`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import Any

from attrs import evolve, field, frozen

from contactledger.errors import BadInput, TooLarge

MACHINES = frozenset({"proxy", "scanner", "preview", "crawler", "program"})
"""The kinds of agent that are machines. The others are `mail_client`, `browser`, `unknown`."""

MAX_AGENT_CHARS = 2_000
"""Of a user agent that is looked at; what stands behind is a name no more."""
MAX_DATA_CHARS = 200_000
"""Of a file of patterns."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_UPPER = re.compile(r"(?<!\\)[A-Z]")
_BROWSER = re.compile(r"(?:mozilla|opera)/\d")
_LATE_MOZILLA = re.compile(r"(?:[\w.-]{1,40},?\s){1,3}mozilla/\d\.\d \(")
"""A name of its own in front of a browser's."""
_BARE = re.compile(r"mozilla/\d\.\d(?: [\w.-]{1,40}/[\w.-]{1,40})?\s*\Z")
"""Without any system: "Mozilla/5.0", "Mozilla/5.0 thing/1.2"."""


@frozen
class Agent:
    """What an agent is: its `kind`, and a `name` (a slug) where one machine is meant."""

    kind: str
    name: str = ""

    @property
    def machine(self) -> bool:
        """Whether that is a machine."""
        return self.kind in MACHINES

    @property
    def detector(self) -> str:
        """As it stands in a signal: "agent:google-image-proxy", "agent:crawler"."""
        return f"agent:{self.name or self.kind}"


@frozen(eq=False)
class Agents:
    """Patterns of user agents, with the `date` and `source` of the data."""

    date: str
    source: str
    _named: tuple[tuple[Agent, re.Pattern[str]], ...] = field(repr=False)
    _words: re.Pattern[str] = field(repr=False)
    _unless: re.Pattern[str] = field(repr=False)
    _personal: re.Pattern[str] = field(repr=False)
    _stranger: re.Pattern[str] = field(repr=False)
    _listed: tuple[tuple[Agent, Callable[[str], bool]], ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, text: str) -> Agents:
        """The patterns of a text in the form of `data/agents.toml`; `BadInput` names the field."""
        if len(text) > MAX_DATA_CHARS:
            raise TooLarge(f"more than {MAX_DATA_CHARS} characters", field="agents")
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            raise BadInput("is not TOML", field="agents") from None
        date, machine = data.get("date"), data.get("machine")
        if type(date) is not str or not _DATE.match(date):
            raise BadInput('must be a date as "2026-11-22"', field="agents.date")
        if type(machine) is not dict:
            raise BadInput("this table is missing", field="agents.machine")
        known = "|".join(f"(?:{one})" for one in _texts(machine, "compatible"))
        return cls(
            date,
            str(data.get("source", "")),
            tuple(_named(data.get("named", []))),
            _any(machine, "words"),
            _any(machine, "unless"),
            _any(machine, "personal"),
            _compiled(rf"[(;] ?compatible; ?(?!{known}|\W|\Z)", "agents.machine.compatible"),
        )

    def with_crawlers(self, known: Callable[[str], bool], *, name: str) -> Agents:
        """The same, asking another list as well whether an agent is a crawler.

        `known` says so of an agent as it came, cut to `MAX_AGENT_CHARS`; it is asked where no
        machine and no mail program is known here. `name`: a slug, with its version where that
        matters, as it stands in a signal: "agent:isbot".

        >>> from contactledger.sources import Grader
        >>> agents = Grader().agents.with_crawlers(lambda agent: "Zoo" in agent, name="zoo")
        >>> agents.of("Mozilla/5.0 (Windows NT 10.0) Zoo/1.0").detector
        'agent:zoo'
        """
        if not _SLUG.match(name):
            raise BadInput("must be a slug", field="Agents.name")
        return evolve(self, listed=(*self._listed, (Agent("crawler", name), known)))

    def of(self, agent: str | None) -> Agent:
        """What this user agent is; without one, `unknown`."""
        text = (agent or "")[:MAX_AGENT_CHARS].strip()
        return _known(self, text) if text else Agent("unknown")

    def _of(self, agent: str) -> Agent:
        found = self._by_patterns(agent.lower())
        if found.machine or found.kind == "mail_client":
            return found
        return next((crawler for crawler, known in self._listed if known(agent)), found)

    def _by_patterns(self, text: str) -> Agent:
        named = [found for found, pattern in self._named if pattern.search(text)]
        if named and named[0].machine:
            return named[0]
        if self._words.search(self._unless.sub(" ", text)):
            return Agent("crawler")
        if named:
            return named[0]
        personal = self._personal.search(text) is not None
        if not _BROWSER.match(text):
            if not personal or _LATE_MOZILLA.match(text):
                return Agent("program")
            return Agent("unknown")
        if self._stranger.search(text):
            return Agent("crawler")
        return Agent("program" if _BARE.match(text) else "browser")


@lru_cache(4_096)
def _known(agents: Agents, agent: str) -> Agent:
    """The same once more: a batch's events come from a handful of agents."""
    return agents._of(agent)  # noqa: SLF001 - its own


@lru_cache(1)
def shipped_agents() -> Agents:
    """The patterns that come with the package."""
    return Agents.read(
        files("contactledger.sources").joinpath("data/agents.toml").read_text("utf-8")
    )


def _named(tables: Any) -> list[tuple[Agent, re.Pattern[str]]]:
    if type(tables) is not list or not all(type(table) is dict for table in tables):
        raise BadInput("must be tables", field="agents.named")
    found = []
    for number, table in enumerate(tables, 1):
        where = f"agents.named[{number}]"
        kind, name, pattern = (table.get(key) for key in ("kind", "name", "pattern"))
        if kind not in MACHINES | {"mail_client"}:
            raise BadInput("is no kind of agent", field=f"{where}.kind")
        if type(name) is not str or not _SLUG.match(name):
            raise BadInput("must be a slug", field=f"{where}.name")
        if type(pattern) is not str or not pattern:
            raise BadInput("must be a pattern", field=f"{where}.pattern")
        found.append((Agent(kind, name), _compiled(pattern, f"{where}.pattern")))
    return found


def _texts(table: dict[str, Any], name: str) -> list[str]:
    value = table.get(name)
    if type(value) is not list or not value or not all(type(x) is str and x for x in value):
        raise BadInput("must be a list of patterns", field=f"agents.machine.{name}")
    return value


def _any(table: dict[str, Any], name: str) -> re.Pattern[str]:
    where = f"agents.machine.{name}"
    return _compiled("|".join(f"(?:{one})" for one in _texts(table, name)), where)


def _compiled(pattern: str, where: str) -> re.Pattern[str]:
    """For text in lower case: that is twice as fast as a pattern that ignores case."""
    if _UPPER.search(pattern):
        raise BadInput("must be written in lower case", field=where)
    try:
        return re.compile(pattern)
    except re.error:
        raise BadInput("is no regular expression", field=where) from None
