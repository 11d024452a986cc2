"""The written contact policy: its text, its digest, and what it says.

A policy is a TOML text that stands whole in the log; `docs/policy.md` explains every key.
Texts and values come in pairs: `parse_policy` reads one, `rule_sentences` says it again in
plain words. `expand_policy` is for the moment of adoption: it writes the holidays of a
country out as dates, so that a later release of any calendar changes no verdict (J44).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from contactledger.errors import BadPolicy
from contactledger.judge.calendar import Calendar, Window
from contactledger.judge.default import DEFAULT_POLICY
from contactledger.judge.policy_expand import expand_policy
from contactledger.judge.policy_read import read_policy
from contactledger.judge.policy_terms import AgreedHours, Cap, Policy, Step, Table, WindowRule
from contactledger.judge.policy_words import format_duration, format_window, rule_sentences

__all__ = [
    "DEFAULT_POLICY",
    "AgreedHours",
    "Calendar",
    "Cap",
    "Policy",
    "Step",
    "Table",
    "Window",
    "WindowRule",
    "expand_policy",
    "format_duration",
    "format_window",
    "parse_policy",
    "policy_digest",
    "rule_sentences",
]


def policy_digest(text: str) -> str:
    """The SHA-256 of the text in UTF-8, in hex; what parties agree on. Raises `BadPolicy`."""
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError:
        raise BadPolicy("a lone surrogate", field="policy") from None


@lru_cache(maxsize=256)
def parse_policy(text: str) -> Policy:
    """The policy that a TOML text says; the same object for the same text.

    Raises `BadPolicy` naming the key ("window[2].within") and the line, `TooLarge` over
    60,000 bytes. A `rules` number other than 1 parses: whether it can be judged by is the
    judge's to say (J44).
    """
    return read_policy(text)
