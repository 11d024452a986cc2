"""What machines do and people do not: told from the events themselves, not from their agents.

Scanners borrow the agents and addresses of browsers (EVIDENCE section 2), and a threshold on
the time since *sending* fails, since gateways fetch when the mail is delivered. What holds:

- *head*: a link asked for with HEAD, which a person's browser never does
- *honeypot*: a link that no person can see was followed
- *before-delivery*: looked at before the message had arrived
- *all-links*: every link of a message, or many of them, within seconds
- *domain-burst*: many recipients of one house within seconds

Pure functions over a list of events; each gives positions and so can be used alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from contactledger.events import Event
from contactledger.vocabulary import SignalKind

ACTS = frozenset({SignalKind.OPENED, SignalKind.CLICKED, SignalKind.UNSUBSCRIBED})
"""What is graded."""

WITHIN = timedelta(seconds=10)
"""A person does not go through a message's links, nor a house through its mail, in less."""
MANY_LINKS = 5
"""Different links of one message, where nobody says how many it has."""
MANY_RECIPIENTS = 5
"""Different recipients of one domain."""
CLOCKS = timedelta(seconds=2)
"""By how much two clocks of one provider, which round to seconds, may differ."""

PUBLIC_DOMAINS = frozenset({
    "aol.com", "fastmail.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com",
    "icloud.com", "live.com", "mail.ru", "me.com", "msn.com", "outlook.com", "proton.me",
    "protonmail.com", "qq.com", "t-online.de", "web.de", "yahoo.com", "yandex.ru", "163.com",
})  # fmt: skip
"""Houses whose recipients have nothing to do with each other."""

Found = dict[int, str]
"""Position of an event → the detector that says it is a machine's."""


def head_requests(events: Sequence[Event]) -> Found:
    """Acts that came as HEAD (`extra["method"]`)."""
    return {
        i: "behaviour:head"
        for i, event in enumerate(events)
        if event.what in ACTS and str(event.extra.get("method", "")).upper() == "HEAD"
    }


def honeypots(events: Sequence[Event]) -> Found:
    """Acts on a link that no person sees (`extra["honeypot"]`), and all others of the same
    message and recipient within seconds of it."""
    times = defaultdict(list)
    for event in events:
        if event.extra.get("honeypot") is True and event.at is not None:
            times[_who(event)].append(event.at)
    for some in times.values():
        some.sort()
    return {
        i: "behaviour:honeypot"
        for i, event in enumerate(events)
        if event.what in ACTS
        and (event.extra.get("honeypot") is True or _near(event.at, times.get(_who(event), [])))
    }


def before_delivery(events: Sequence[Event]) -> Found:
    """Acts earlier than the first delivery of the same message to the same recipient."""
    delivered: dict[tuple[str, str], datetime] = {}
    for event in events:
        if event.what is SignalKind.DELIVERED and event.at is not None:
            key = _who(event)
            delivered[key] = min(event.at, delivered.get(key, event.at))
    found = {}
    for i, event in enumerate(events):
        first = delivered.get(_who(event))
        if event.what in ACTS and event.at and first and event.at < first - CLOCKS:
            found[i] = "behaviour:before-delivery"
    return found


def all_links(events: Sequence[Event], links: Mapping[str, int] | None = None) -> Found:
    """Clicks through all links of a message within seconds.

    `links`: token or message id → how many links the message has; two are enough to tell then.
    """
    clicks = defaultdict(list)
    for i, event in enumerate(events):
        if event.what is SignalKind.CLICKED and event.at is not None and event.url:
            clicks[_who(event)].append((event.at, event.url, i))
    found = {}
    for (message, _), some in clicks.items():
        total = (links or {}).get(message, 0)
        enough = total if total > 1 else MANY_LINKS
        for i in _bursts(some, enough):
            found[i] = "behaviour:all-links"
    return found


def domain_bursts(events: Sequence[Event]) -> Found:
    """The same act for many recipients of one domain within seconds."""
    acts = defaultdict(list)
    for i, event in enumerate(events):
        address = (event.address or "").lower()
        domain = address.rpartition("@")[2]
        if event.what in ACTS and event.at is not None and domain and domain not in PUBLIC_DOMAINS:
            acts[event.what, domain].append((event.at, address, i))
    return {
        i: "behaviour:domain-burst"
        for some in acts.values()
        for i in _bursts(some, MANY_RECIPIENTS)
    }


def behaviour(events: Sequence[Event], links: Mapping[str, int] | None = None) -> Found:
    """All of these; where several speak of an event, the surest one."""
    return {
        **domain_bursts(events),
        **all_links(events, links),
        **before_delivery(events),
        **honeypots(events),
        **head_requests(events),
    }


def _who(event: Event) -> tuple[str, str]:
    """(message, recipient): what several acts have in common."""
    message = event.token or event.provider_id or event.message_id or ""
    return message, (event.address or "").lower()


def _near(at: datetime | None, times: list[datetime]) -> bool:
    """Whether one of these times, which are in order, is near."""
    if at is None:
        return False
    index = bisect_left(times, at - WITHIN)
    return index < len(times) and times[index] <= at + WITHIN


def _bursts(acts: list[tuple[datetime, str, int]], enough: int) -> set[int]:
    """Positions of acts in some stretch of `WITHIN` that holds `enough` different ones."""
    acts.sort(key=lambda act: (act[0], act[2]))
    found: set[int] = set()
    counts: dict[str, int] = {}
    first = done = 0
    for last, (at, what, _) in enumerate(acts):
        counts[what] = counts.get(what, 0) + 1
        while at - acts[first][0] > WITHIN:
            out = acts[first][1]
            counts[out] -= 1
            if not counts[out]:
                del counts[out]
            first += 1
        if len(counts) >= enough:
            found.update(act[2] for act in acts[max(first, done) : last + 1])
            done = last + 1
    return found
