"""Human or machine: the sets user_agents, ip_lists, campaign_sim."""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from contactledger.events import Event
from contactledger.sources import Grader, Networks
from contactledger.sources._machine_agent import Agents, shipped_agents
from contactledger.sources._machine_network import shipped_networks
from contactledger.vocabulary import By, SignalKind
from tests.corpora import Case, Result, Right, Skip, Verdict, read_cases, run

NOT_ONE_VERDICT = Skip("the labels of the sources contradict each other")

KNOWN_ORACLE_ERRORS = {
    "yahoo! slurp": "Yahoo's crawler, by its own page",
    "lucidworks": "a search engine's connector that names itself",
    "amazon-kendra": "Amazon's search connector, by its own page",
    "custom-client": "a program's library that names itself, no browser",
    "pg_sleep": "an attempt to break in, no browser",
}
"""What stands in an agent that a source calls no machine → why it is one."""

MAIL_CLIENT = Skip("a program people read mail with, which the oracle calls a bot: unknown here")


def recommended() -> Agents:
    """The agents that come with the package, and the list of the extra `agents` where it is
    installed; what only that list knows is told apart ("crawler: isbot")."""
    if importlib.util.find_spec("is_bot") is None:
        return shipped_agents()
    from is_bot import Bots

    return shipped_agents().with_crawlers(Bots().is_bot, name="isbot")


def user_agents(folder: Path) -> Result:
    """user_agents: crawlers are machines, browsers are none; proxies and scanners told apart."""
    agents = recommended()

    def check(case: Case) -> Verdict:
        agent = agents.of(case["ua"])
        if case["expected"] not in ("bot", "not-bot"):
            return NOT_ONE_VERDICT
        if case["expected"] == "bot":
            if agent.kind == "mail_client":
                return MAIL_CLIENT
            return agent.machine and Right(f"{agent.kind}{': ' if agent.name else ''}{agent.name}")
        low = case["ua"].lower()
        for part, why in KNOWN_ORACLE_ERRORS.items():
            if agent.machine and part in low:
                return Skip(f"the oracle calls it no bot: {why}")
        return not agent.machine

    return run(folder, check)


def ip_lists(folder: Path) -> Result:
    """ip_lists: membership in the lists that come with the package, and, the lists made of the
    set's own addresses, of every address in every list."""
    shipped = shipped_networks()
    ours = {network.name for network in shipped.networks}
    lists: dict[str, list[str]] = defaultdict(list)
    for _, case in read_cases(folder):
        if not isinstance(case, Exception):
            for name in case["expected"]:
                lists[name].append(case["ip"])
    made = Networks()
    for name, addresses in lists.items():
        made = made.with_list(name, "owner", "\n".join(addresses), date="2026-11-22", source="set")

    def check(case: Case) -> Verdict:
        wanted = set(case["expected"])
        if {network.name for network in made.of(case["ip"])} != wanted:
            return False
        found = {network.name for network in shipped.of(case["ip"])}
        if found != wanted & ours:
            return False
        return Right("in a list that comes with the package") if found else True

    return run(folder, check)


def campaign_sim(folder: Path) -> Result:
    """campaign_sim: the import reads every event; machines by agent are told. Its verdicts are
    a simulation's (by addresses of its own), so a mailbox that differs is told apart."""
    kinds = {
        "Email Sent": SignalKind.SENT,
        "Email Opened": SignalKind.OPENED,
        "Clicked Link": SignalKind.CLICKED,
    }

    def check(case: Case) -> Verdict:
        events = []
        for said in case["events"]:
            browser = json.loads(said["details"] or "{}").get("browser", {})
            events.append(
                Event(
                    kinds[said["message"]],
                    datetime.fromisoformat(said["time"]).replace(tzinfo=UTC),
                    source="campaign",
                    message_id=f"<{case['id']}>",
                    address=said["email"],
                    ip=browser.get("address"),
                    user_agent=browser.get("user-agent"),
                )
            )
        graded = Grader().grade(events)
        machine = any(event.by is By.MACHINE for event in graded)
        wanted = case["expected"]["final_classification"]
        if (wanted != "Real user only") == machine:
            return True
        if machine:
            return False
        return Skip("a bot by the simulation's own address list; agent and behaviour say nothing")

    return run(folder, check)
