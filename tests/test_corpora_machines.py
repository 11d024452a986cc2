"""How often machines, calendars and exports of the public data are read right."""

from pathlib import Path

import pytest

from contactledger.sources._machine_agent import shipped_agents
from tests.corpora import RUNNERS, read_cases

CORPORA = Path(__file__).parent.parent.parent / "shared" / "corpora"

pytestmark = pytest.mark.skipif(
    not CORPORA.is_dir(),
    reason="THE CORPORA ARE NOT THERE: ../shared/corpora; nothing was compared",
)

AT_LEAST = {"calendars": 92, "campaign_sim": 33, "exports": 128}


@pytest.mark.parametrize("name", sorted(AT_LEAST))
def test_no_case_that_applies_is_wrong(name):
    result = RUNNERS[name](CORPORA / name)
    assert (result.wrong, result.right >= AT_LEAST[name]) == ((), True)


def test_crawlers_are_recognised_and_browsers_are_not_called_machines():
    agents, counts = shipped_agents(), {"bot": [0, 0], "not-bot": [0, 0]}
    for _, case in read_cases(CORPORA / "user_agents"):
        if case["expected"] in counts:
            counts[case["expected"]][0] += 1
            counts[case["expected"]][1] += agents.of(case["ua"]).machine
    crawlers, found = counts["bot"]
    assert found >= 0.98 * crawlers
    result = RUNNERS["user_agents"](CORPORA / "user_agents")
    browsers = {n for n, c in read_cases(CORPORA / "user_agents") if c["expected"] == "not-bot"}
    assert set(result.wrong) & browsers == set()
    no_browsers = [reason for reason in result.skipped if reason.startswith("the oracle calls it")]
    assert counts["not-bot"][1] == sum(result.skipped[reason] for reason in no_browsers) == 5


def test_the_list_of_the_extra_knows_more_of_them():
    result = RUNNERS["user_agents"](CORPORA / "user_agents")
    assert result.how["crawler: isbot"] >= 14
    assert result.right >= 0.99 * (result.cases - result.skips)


def test_networks_are_right_but_for_what_moved_since_their_date():
    result = RUNNERS["ip_lists"](CORPORA / "ip_lists")
    assert result.right >= 0.99 * result.cases
    assert result.how["in a list that comes with the package"] >= 250
