"""Facts as a host gives them, before any account is locked: what cannot be recorded in an account
of this name is refused, and a policy that is adopted is written out."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from contactledger.accounts import HOUSE
from contactledger.errors import BadFact, BadInput
from contactledger.facts import Fact, Opened, PolicyAdopted, fields_of
from contactledger.judge.policy import expand_policy, parse_policy, policy_digest
from contactledger.log.fields import PLANS
from contactledger.recording import Given


def prepared(name: str, given: Sequence[Given]) -> list[Given]:
    """The facts for the account of this name; BadInput names the field and "fact n"."""
    made = []
    for number, item in enumerate(given, 1):
        fact = item.fact
        try:
            _refuse_in(name, fact)
            if isinstance(fact, PolicyAdopted):
                item = attrs.evolve(item, fact=adoption(fact))  # noqa: PLW2901 - its whole text
        except BadInput as error:
            raise error.at(f"fact {number}") from None
        made.append(item)
    return made


def _refuse_in(name: str, fact: Fact) -> None:
    cls = type(fact)
    if cls not in PLANS:
        raise BadFact("is not a fact", field=cls.__name__)
    if cls is Opened:
        raise BadFact("is written by the ledger itself", field="Opened")
    if name == HOUSE:
        for attribute in fields_of(cls):
            own = attribute.metadata.get("personal") or attribute.metadata.get("ref")
            if own and attribute.name != "party" and getattr(fact, attribute.name):
                where = f"{cls.__name__}.{attribute.name}"
                raise BadFact("the house log holds impersonal facts only", field=where)


def adoption(adopted: PolicyAdopted) -> PolicyAdopted:
    """The same with the whole text, holidays expanded, and its digest; BadPolicy, BadFact."""
    text = expand_policy(adopted.text)
    policy = parse_policy(text)
    if adopted.digest not in ("", policy_digest(text)):
        raise BadFact("is not the SHA-256 of the text", field="PolicyAdopted.digest")
    return PolicyAdopted(
        text, policy_digest(text), policy.rules, adopted.party, adopted.auth, at=adopted.at
    )
