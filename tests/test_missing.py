"""What an entry says was erased is counted as redacted, in little memory."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger import facts as f
from contactledger.concerning import Hashed, concerned
from contactledger.log.record import decode
from contactledger.missing import count_redacted
from tests.bundles import ACME, ANN, BOB, SMITH, SMITHS, T0, Log
from tests.vectors.make import fixed_id

CARLA, ROBERT = fixed_id("carla"), fixed_id("robert")
PEOPLE = (ANN, BOB, CARLA, ROBERT)
FIELDS = ((), ("about",), ("text", "reason"))


def read(log):
    return (decode(one.record) for one in log.encoded)


def by_the_rule(log):
    """The same count, said as the rule is said: with every entry at hand."""
    entries = list(read(log))
    redactions = [e for e in entries if isinstance(e.fact, f.Redaction)]
    about = {e.fact.person: concerned(entries, e.fact.person) for e in redactions}

    def erased(entry, part):
        return any(
            by.recorded_at >= entry.recorded_at
            and by.fact.entry in (None, entry.no)
            and (not by.fact.fields or part[0] in by.fact.fields)
            and (by.fact.person is None or about[by.fact.person].theirs(entry.no, part))
            for by in redactions
        )

    return sum(erased(entry, part) for entry in entries for part in entry.sd)


def numbers(most):
    return st.integers(0, most)


@st.composite
def logs(draw):
    """A log of touches, signals, words on them, promises, names and redactions."""
    log = Log(SMITHS, "smith-motors")
    person = st.sampled_from(PEOPLE)
    someone = st.one_of(st.none(), person)
    touches, promises = [fixed_id("nothing")], [fixed_id("nothing")]
    for step in range(draw(st.integers(3, 14))):
        last = len(log.encoded) - 1
        to = tuple(draw(st.lists(person, min_size=1, max_size=2, unique=True)))
        kind = draw(st.sampled_from(KINDS))
        make = {
            "touch": lambda to=to: f.Touch(draw(person), to, about="About"),
            "signal": lambda: f.Signal(
                draw(st.sampled_from(touches)), "bounced", draw(someone), reason="r"
            ),
            "mark": lambda last=last: f.Mark(draw(numbers(last)), text="No"),
            "promise": lambda: f.Promise(
                f"p-{len(promises)}", draw(person), draw(person), what="Train"
            ),
            "settlement": lambda: f.Settlement(draw(st.sampled_from(promises)), text="Done"),
            "alias": lambda: f.Alias(draw(person), draw(person)),
            "retraction": lambda last=last: f.Retraction(draw(numbers(last)), "wrong"),
            "redaction": lambda last=last: f.Redaction(
                draw(st.one_of(st.none(), numbers(last))),
                draw(st.sampled_from(FIELDS)),
                draw(someone),
            ),
        }[kind]
        at = T0 + timedelta(hours=2 + step - draw(st.integers(0, 1)))
        owner = draw(st.sampled_from(("", *PEOPLE)))
        no = log.add(make(), owner=owner, at=at)
        if kind in ("touch", "promise"):
            (touches if kind == "touch" else promises).append(log.ids[no])
    return log


KINDS = ("touch", "signal", "mark", "promise", "settlement", "alias", "retraction", "redaction")


@settings(max_examples=60, deadline=None)
@given(logs())
def test_the_count_is_that_of_the_rule_said_with_every_entry_at_hand(log):
    assert count_redacted(lambda: read(log)) == by_the_rule(log)


def test_an_alias_that_was_retracted_leads_nowhere():
    log = Log(SMITHS, "smith-motors")
    log.add(f.Touch(ANN, (ROBERT,), about="By the other name"))
    alias = log.add(f.Alias(ROBERT, BOB))
    log.add(f.Redaction(person=BOB))
    assert count_redacted(lambda: read(log)) == 1
    log.add(f.Retraction(alias))
    assert count_redacted(lambda: read(log)) == 0


def test_a_redaction_of_a_person_in_one_entry_leaves_the_parts_of_others():
    log = Log(SMITHS, "smith-motors")
    mail = {BOB: "bob@smith.example", CARLA: "carla@smith.example"}
    no = log.add(f.Touch(ANN, (BOB, CARLA), about="To both", addresses=mail))
    log.add(f.Touch(ANN, (BOB,), about="To one"))
    log.add(f.Redaction(no, person=BOB))
    assert count_redacted(lambda: read(log)) == 2  # the address of one, and what is about both
    log.add(f.Redaction(1, person=BOB))  # the policy, which concerns nobody
    assert count_redacted(lambda: read(log)) == 2


def test_hashed_ids_are_found_and_no_other():
    kept = Hashed()
    assert BOB not in kept
    for id_ in (BOB, ANN, BOB):
        kept.add(id_)
    assert (BOB in kept, ANN in kept, CARLA in kept) == (True, True, False)


def peak_of(entries):
    """Bytes held at once while what is erased of one person is counted, whom all concern."""
    log = Log(SMITHS, "smith-motors")
    log.add(f.Party("smith", "Smith Motors", f.Role.CUSTOMER), SMITH)
    log.add(f.Person("bob", SMITH, "Bob Ray"), BOB, BOB)
    for no in range(entries // 2):
        touch = log.ids[log.add(f.Touch(ACME, (BOB,), f.Channel.EMAIL, about=f"Part {no}"), at=T0)]
        log.add(f.Signal(touch, "delivered", reason="ok"), at=T0)
    log.add(f.Redaction(person=BOB), at=T0 + timedelta(days=9))
    tracemalloc.start()
    try:
        found = count_redacted(lambda: read(log))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == entries + 2  # and what the person's own entry says, its key and name
    return peak


def test_of_an_entry_that_concerns_an_erased_person_a_few_bytes_are_held():
    """Held whole, an entry is some 2 kB. (20,000 of them: `python -m tests.bench --only v`.)"""
    few, many = peak_of(1_000), peak_of(4_000)
    assert many - few < 3_000 * 100
