"""What a user agent says of itself: proxies, scanners, crawlers, programs; never a person."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadInput, TooLarge
from contactledger.sources import Agents
from contactledger.sources import _machine_agent as module
from contactledger.sources._machine_agent import Agent, shipped_agents

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"

GOOD = """
date = "2026-01-02"
source = "here"
[[named]]
kind = "proxy"
name = "one"
pattern = "oneproxy"
[machine]
words = ["bot"]
unless = ["cubot"]
personal = ["iphone"]
compatible = ["msie"]
"""


def test_mail_proxies_and_scanners_are_told_apart_from_crawlers():
    agents = shipped_agents()
    proxy = agents.of(
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    )
    assert (proxy, proxy.machine, proxy.detector) == (
        Agent("proxy", "google-image-proxy"),
        True,
        "agent:google-image-proxy",
    )
    assert agents.of("YahooMailProxy; https://help.yahoo.com/x").name == "yahoo-mail-proxy"
    assert agents.of("ClamAV/0.103") == Agent("scanner", "clamav")
    assert agents.of("WhatsApp/2.23") == Agent("preview", "messenger")
    assert agents.of("Examplebot/1.0 (+https://example.com)").detector == "agent:crawler"


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (CHROME, "browser"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "browser"),
        ("Mozilla/5.0 (Linux; Android 6.0; CUBOT MAX) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/72.0 Mobile Safari/537.36", "browser"),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", "browser"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.10325; Pro)", "mail_client"),
        ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Thunderbird/115.0", "mail_client"),
        ("Example App/1.2 (iPhone; iOS 17)", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
        ("Mozilla/5.0", "program"),
        ("Mozilla/5.0 thing/1.2", "program"),
        ("examplething/2.0", "program"),
        ("Swirl Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14) AppleWebKit/537.36", "program"),
        ("Mozilla/5.0 (compatible; Examplething/1.0)", "crawler"),
        ("python-requests/2.31", "crawler"),
        ("Mozilla/5.0 (X11) Gecko/20050716 Thunderbird/1.0 - WebCrawler", "crawler"),
    ],
)  # fmt: skip
def test_what_an_agent_is(agent, kind):
    found = shipped_agents().of(agent)
    assert found.kind == kind
    assert found.machine is (kind in {"crawler", "program"})


def test_other_data_takes_the_place_of_what_is_shipped():
    agents = Agents.read(GOOD)
    assert (agents.date, agents.source) == ("2026-01-02", "here")
    assert agents.of("x OneProxy y") == Agent("proxy", "one")
    assert agents.of("CUBOT (iPhone)") == Agent("unknown")
    assert agents.of("robot") == Agent("crawler")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"2026-01-02"', '"yesterday"', "agents.date: must be a date"),
        ("[machine]", "[other]", "agents.machine: this table is missing"),
        ('["bot"]', '["("]', "agents.machine.words: is no regular expression"),
        ('["bot"]', '["Bot"]', "agents.machine.words: must be written in lower case"),
        ('["bot"]', "[]", "agents.machine.words: must be a list of patterns"),
        ('["bot"]', '"bot"', "agents.machine.words: must be a list of patterns"),
        ('"proxy"', '"human"', "agents.named[1].kind: is no kind of agent"),
        ('"one"', '"One"', "agents.named[1].name: must be a slug"),
        ('"oneproxy"', '""', "agents.named[1].pattern: must be a pattern"),
        ('"oneproxy"', '"["', "agents.named[1].pattern: is no regular expression"),
        ("[[named]]", "[named]", "agents.named: must be tables"),
        ('source = "here"', "=", "agents: is not TOML"),
    ],
)
def test_bad_data_is_refused_by_its_field(old, new, said):
    with pytest.raises(BadInput) as caught:
        Agents.read(GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(said)


def test_data_over_the_bound_is_refused():
    with pytest.raises(TooLarge):
        Agents.read("#" * (module.MAX_DATA_CHARS + 1))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300) | st.sampled_from(["a@" * 900, "http" * 500, "x." * 1000, "; " * 900]))
def test_any_text_gets_an_answer(text):
    assert shipped_agents().of(text).kind in module.MACHINES | {"browser", "mail_client", "unknown"}


ZOO = "Mozilla/5.0 (X11; Linux x86_64) Chrome/138.0.0.0 Safari/537.36 Zoo/1.0"


def test_another_list_is_asked_where_no_machine_and_no_mail_program_is_known():
    asked = []
    agents = shipped_agents().with_crawlers(lambda a: asked.append(a) or "Zoo" in a, name="zoo-1-0")
    assert (agents.of(ZOO), agents.of(ZOO).detector) == (
        Agent("crawler", "zoo-1-0"),
        "agent:zoo-1-0",
    )
    assert agents.of(ZOO[:-8]).kind == "browser"
    assert agents.of("Examplebot/1.0 Zoo").name == ""
    assert agents.of("Microsoft Office/16.0 (Zoo)").kind == "mail_client"
    assert asked == [ZOO, ZOO[:-8]]
    assert shipped_agents().of(ZOO).kind == "browser"


def test_of_several_lists_the_first_that_knows_it_is_named():
    agents = shipped_agents().with_crawlers(lambda _: False, name="one")
    agents = agents.with_crawlers(lambda _: True, name="two").with_crawlers(
        str.isascii, name="three"
    )
    assert agents.of(ZOO).name == "two"
    with pytest.raises(BadInput, match=r"Agents\.name: must be a slug"):
        agents.with_crawlers(str.isascii, name="No slug")


def test_the_list_of_the_extra_knows_crawlers_that_come_as_a_browser():
    from is_bot import Bots

    agents = shipped_agents().with_crawlers(Bots().is_bot, name="isbot")
    assert [a.of(f"{CHROME} Readable/1.1.4").detector for a in (shipped_agents(), agents)] == [
        "agent:browser", "agent:isbot",
    ]  # fmt: skip
    assert agents.of(CHROME).kind == "browser"
