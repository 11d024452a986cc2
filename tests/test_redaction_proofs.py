"""Whatever is erased, in whatever order: every proof that held goes on holding."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import Promise, Signal, Touch, open_bundle
from contactledger.trees import check_entry
from tests.ledgers import SMITH, mail
from tests.sealers import records, sealing_in_memory

WRITTEN = 15
"""Entries before anything is erased."""

FIELDS = st.lists(
    st.sampled_from(("name", "email", "phone", "about", "message", "key")), min_size=1, unique=True
)
ERASED = st.one_of(
    st.fixed_dictionaries({"person": st.sampled_from(("ann", "bob", "carla"))}),
    st.fixed_dictionaries({"entry": st.integers(2, WRITTEN - 1)}),
    st.fixed_dictionaries({"entry": st.integers(2, WRITTEN - 1), "fields": FIELDS}),
    st.fixed_dictionaries(
        {"person": st.sampled_from(("bob", "carla")), "fields": st.just(["email", "addresses"])}
    ),
    st.just({}),
)


def written(folder: Path):
    """A sealed ledger of so many entries, and its verifier key."""
    ledger, key = sealing_in_memory(folder)
    ledger.record(
        SMITH,
        mail("m-1", about="Inventory sync", original=b"the raw message"),
        mail("m-2", to=["bob", "carla"], addresses={"bob": "b@x.example", "carla": "c@x.example"}),
        Touch("bob", "ann", "email", key="in-1", answers="m-1", about="Yes, but call me"),
        Signal("m-2", "bounced", "carla", reason="carla's mailbox is full"),
        Promise("p-1", "ann", "bob", what="Call on Friday"),
        mail("m-3", to="carla"),
        Touch("carla", "ann", "phone", about="A short call"),
        mail("m-4"),
    )
    ledger.seal()
    return ledger, key


@settings(max_examples=40, deadline=None)
@given(st.lists(ERASED, min_size=1, max_size=4), st.booleans())
def test_redaction_keeps_every_proof_every_bundle_and_every_finding(erased, between):
    with TemporaryDirectory() as name:
        ledger, key = written(Path(name))
        id_ = ledger.entries(SMITH)[0].account
        before = records(ledger)
        assert len(before) == WRITTEN
        proofs = [ledger.prove(id_, no) for no in range(WRITTEN)]
        old = io.BytesIO()
        ledger.bundle(id_).write(old)
        findings = ledger.findings(id_)
        # by ids, since a key may be erased before it is asked for
        people = {e.fact.key: e.id for e in ledger.entries(id_) if e.kind == "person"}
        for how in erased:
            ledger.redact(id_, **{k: people[v] if k == "person" else v for k, v in how.items()})
            if between:
                ledger.seal()
        ledger.seal()
        after = records(ledger, id_)
        assert after[:WRITTEN] == before
        assert len(after) == WRITTEN + len(erased)
        for no, proof in enumerate(proofs):
            check_entry(before[no], proof, [key])
        for no, record in enumerate(after):
            check_entry(record, ledger.prove(id_, no), [key])
        assert open_bundle(old, trust=key).redacted == 0  # what was given away stays as it was
        new = io.BytesIO()
        ledger.bundle(id_).write(new)
        opened = open_bundle(new, trust=key)
        assert opened.verified.since == (WRITTEN,)
        assert (opened.complete, opened.withheld, opened.withheld_originals) == (True, 0, 0)
        assert opened.redacted == sum(len(entry.gone) for entry in opened.entries())
        if any("fields" not in how for how in erased):  # else there may have been no such field
            assert opened.redacted > 0
        assert ledger.findings(id_) == findings
        assert ledger.check() == len(after)
