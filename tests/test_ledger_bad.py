"""Every file of `tests/bad` through a ledger: one clear error, kept where it came in, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactledger.errors import BadEvent, BadInput, BadPolicy, TooLarge
from contactledger.facts import PolicyAdopted
from contactledger.sources.calls import Calls
from contactledger.sources.mail import Mail
from contactledger.sources.sendgrid import SendGrid
from tests.ledgers import SMITH, audit, filled, mail

BAD = Path(__file__).parent / "bad"
SOURCES = {"sendgrid": SendGrid(), "mail": Mail(), "calls": Calls()}
BODIES = sorted(p for p in BAD.iterdir() if p.stem.split("-")[0] in SOURCES)
EXPANDED = {"policy-holidays-of-a-country-in-a-list", "policy-holidays-of-a-country"}
"""Bad in a policy that is in force; adopting it writes the dates in the place of the country."""
POLICIES = sorted(p for p in BAD.glob("policy-*.toml") if p.stem not in EXPANDED)


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.name)
def test_a_bad_body_is_kept_and_nothing_recorded_is_lost(path):
    ledger, _ = filled()
    ledger.record(SMITH, mail())
    before = ledger.entries(SMITH)
    given = path.read_bytes()
    with pytest.raises(BadInput) as caught:
        ledger.receive(SOURCES[path.stem.split("-")[0]], {}, given)
    assert type(caught.value) in (BadEvent, TooLarge)
    assert caught.value.why
    with ledger._store.begin(write=False) as tx:
        assert [(row.state, row.body) for row in tx.inbox()] == [("failed", given)]
    assert ledger.replay(*SOURCES.values()) == ()
    assert ledger.entries(SMITH) == before
    assert ledger.check() == audit(ledger, SMITH) == 8


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.name)
def test_a_bad_policy_is_not_adopted_and_nothing_recorded_is_lost(path):
    ledger, _ = filled()
    ledger.record(SMITH, mail())
    before = ledger.entries(SMITH)
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    with pytest.raises(BadPolicy) as caught:
        ledger.record(SMITH, mail(), PolicyAdopted(text))
    assert caught.value.place.split(",")[0] == "fact 2"
    assert ledger.entries(SMITH) == before
    assert ledger.check() == audit(ledger, SMITH) == 8
    with pytest.raises(BadPolicy):
        ledger.findings(SMITH, what_if=text)


def test_the_files_are_there():
    assert (len(BODIES) > 30, len(POLICIES) > 60) == (True, True)
