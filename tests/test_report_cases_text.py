"""The matters of an account on a terminal."""

from __future__ import annotations

from typing import Any

from contactledger.facts import Money
from contactledger.judge.standing import standing
from contactledger.report.cases_text import cases_text
from contactledger.report.names import names
from contactledger.report.rows import rows
from tests.judging import THIRD, Log, day, two_sides


def told(log: Log, as_of: Any) -> str:
    return cases_text(rows(standing(log.entries, as_of), names(log.entries)))


def test_a_case_says_who_holds_it_what_was_tried_and_whose_turn_it_is() -> None:
    """The credit of $1,895: asked for, passed on, come back; the ladder half climbed."""
    log = two_sides()
    log.coverage("email", "phone", since=day(-9), until=day(99), at=day(-9))
    log.party("acme", "vendor", name="ACME")
    log.party("smith", "customer", name="Smith Motors")
    log.party("prime", "partner", name="Prime")
    money = {"stake": Money(189500, "USD")}
    log.matter("credit", title="The credit", party="smith", recorder="smith", at=day(0), **money)
    mail = log.touch("bob", "ann", matter="credit", expects="reply", at=day(0))
    log.signal(mail, "delivered", at=day(0), **THIRD)
    offer = log.handoff("credit", "acme", "prime", at=day(1))
    log.handoff(
        "credit",
        "acme",
        "prime",
        word="accepted",
        answers=offer.id,
        recorder="prime",
        at=day(1, 12),
    )
    back = log.handoff("credit", "prime", "acme", recorder="prime", at=day(2))
    log.handoff("credit", "prime", "acme", word="accepted", answers=back.id, at=day(2, 22))
    call = log.touch("bob", "ann", channel="phone", matter="credit", at=day(3, 11))
    assert told(log, day(3, 12)) == (
        "account, as of 5 Mar 2026 12:00 UTC\n"
        "\n"
        "The credit (open and USD 1,895.00 at stake)\n"
        "  Opened 2 Mar 2026 by Smith Motors; Smith Motors, ACME and Prime\n"
        "  Held by ACME since 4 Mar 2026\n"
        "  Days held: ACME 1.7 and Prime 1.4; it came back 1 time\n"
        f"  Passed on by ACME to Prime, 3 Mar 2026: accepted [{offer.no}]\n"
        f"  Passed on by Prime to ACME, 4 Mar 2026: accepted [{back.no}]\n"
        f"  Ladder: try the preferred or a second channel: tried [{call.no}], waiting until 6 Mar 2026\n"
        "    11:00\n"
        "  Ladder: try a second person: not done, open from 9 Mar 2026\n"
        "  Ladder: go one level higher: not done, open from 16 Mar 2026\n"
        "  It is Smith Motors’ turn, since 5 Mar 2026. The next step is to try a second person.\n"
        f"    Rule O2 [{mail.no}].\n"
    )
    assert f"second channel: done [{call.no}]" in told(log, day(5))
    log.matter("credit", "closed", party="smith", recorder="smith", at=day(6))
    log.answer(log.touch("ann", "bob", at=day(6)), "bob", at=day(6, 12))
    closed = told(log, day(7))
    assert "Held by" not in closed
    assert "turn: nothing calls for an act. Rule O9." in closed
    assert closed.endswith("\n\nClosed, and named by nobody: 1 exchange.\n")


def test_an_account_without_any_says_so() -> None:
    assert told(two_sides(), day(0)) == (
        "account, as of 2 Mar 2026 10:00 UTC\n\nNo matter is open, and none was named.\n"
    )
