"""Human, machine or unknown: what every open, click and unsubscribe is graded as, and by whom.

In this order, the first that speaks: the provider's own mark (it stays as the source read it);
the sender's own view; the agent; the network; behaviour. A machine's act is kept, never
dropped, with the detector and the date of its data. Nothing here ever says *human*: that no
machine was found is no person's act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from contactledger.events import Event
from contactledger.sources._machine_agent import Agents, shipped_agents
from contactledger.sources._machine_behaviour import ACTS, behaviour
from contactledger.sources._machine_network import Network, Networks, shipped_networks
from contactledger.vocabulary import By, SignalKind

RULES_DATE = "2026-11-22"
"""Date of the rules of behaviour and of the sender's own views."""


def _to_own(value: object) -> Network | None:
    if value is None or isinstance(value, Network):
        return value
    texts = (value,) if isinstance(value, str) else value
    text = "\n".join(str(one) for one in texts)  # type: ignore[attr-defined]
    (made,) = (
        Networks().with_list("own", "owner", text, date=RULES_DATE, source="the sender").networks
    )
    return made


@frozen
class Own:
    """How the sender's own views are known: its `networks` ("192.0.2.0/24", …), parts of its
    `agents` (a word that its people's browsers carry), `addresses` of its own people."""

    networks: Network | None = field(default=None, converter=_to_own)
    agents: tuple[str, ...] = ()
    addresses: frozenset[str] = field(default=frozenset(), converter=frozenset)

    def mark(self, event: Event) -> str:
        """The detector that says so, "" for a view that is not known to be the sender's."""
        if event.extra.get("own") is True:
            return "own:token"
        if self.networks is not None and event.ip and self.networks.holds(event.ip):
            return "own:network"
        agent = (event.user_agent or "").lower()
        if any(word and word.lower() in agent for word in self.agents):
            return "own:agent"
        if event.address and event.address.lower() in self.addresses:
            return "own:address"
        return ""


@frozen
class Grader:
    """Grades events. `agents` and `networks` are data, `own` is the sender's own; `links`: token
    or message id → how many links that message has."""

    agents: Agents = field(factory=shipped_agents)
    networks: Networks = field(factory=shipped_networks)
    own: Own = Own()
    links: Mapping[str, int] = field(factory=dict)

    def grade(self, events: Sequence[Event]) -> list[Event]:
        """The same events, in order, those that are machines' or the sender's own marked.

        A view of the sender's own becomes *unknown* (it says nothing of the recipient, not
        even that the message arrived) and keeps its kind in `word`.
        """
        acted = None
        for i, event in enumerate(events):
            if event.what not in ACTS or event.by is By.MACHINE:
                continue
            mark = self.own.mark(event)
            if mark:
                event.word = event.word or event.what.value
                event.what, event.by = SignalKind.UNKNOWN, By.UNKNOWN
                event.detector, event.detector_date = mark, RULES_DATE
                continue
            if acted is None:
                acted = behaviour(events, self.links)
            found = self._of(event) or ((acted[i], RULES_DATE) if i in acted else None)
            if found:
                event.by = By.MACHINE
                event.detector, event.detector_date = found
        return list(events)

    def _of(self, event: Event) -> tuple[str, str] | None:
        agent = self.agents.of(event.user_agent)
        if agent.machine:
            return agent.detector, self.agents.date
        for network in self.networks.of(event.ip):
            opens = network.kind == "privacy_proxy" and event.what is SignalKind.OPENED
            if network.kind == "crawler" or opens:
                return f"network:{network.name}", network.date
        return None
