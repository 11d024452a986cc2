"""Whose network an address is in: shipped lists, owners' own files, bounds."""

import json

import pytest

from contactledger.errors import BadInput, TooLarge
from contactledger.sources import Networks
from contactledger.sources import _machine_network as module
from contactledger.sources._machine_network import shipped_networks

GOOD = """
[[network]]
name = "one"
kind = "crawler"
date = "2026-01-02"
source = "here"
ranges = ["192.0.2.0/25", "192.0.2.128/25", "2001:db8::/32", "198.51.100.7"]
"""


def names(networks, address):
    return [network.name for network in networks.of(address)]


def test_an_address_is_in_the_lists_that_hold_it_and_ranges_that_meet_are_one():
    networks = Networks.read(GOOD)
    (one,) = networks.networks
    assert (one.kind, one.date, one.source) == ("crawler", "2026-01-02", "here")
    for address in ("192.0.2.0", "192.0.2.127", "192.0.2.128", "192.0.2.255", "198.51.100.7"):
        assert names(networks, address) == ["one"]
    assert names(networks, "2001:db8:ffff::1") == ["one"]
    assert names(networks, "::ffff:192.0.2.9") == ["one"]
    for address in (
        "192.0.1.255",
        "192.0.3.0",
        "198.51.100.8",
        "2001:db9::",
        "no address",
        "",
        None,
    ):
        assert names(networks, address) == []


def test_the_shipped_lists_know_cloudflare_and_google():
    assert names(shipped_networks(), "104.16.0.1") == ["cloudflare"]
    assert names(shipped_networks(), "66.249.66.1") == ["google", "googlebot"]
    assert names(shipped_networks(), "203.0.113.1") == []


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(
            {
                "prefixes": [{"ipv4Prefix": "192.0.2.0/24"}, {"ipv6Prefix": "2001:db8::/32"}],
                "creationTime": "2026-01-02T03:04:05",
            }
        ),
        json.dumps(
            {"values": [{"properties": {"addressPrefixes": ["192.0.2.0/24", "2001:db8::/32"]}}]}
        ),
        "# comment\n192.0.2.0/24\n\n2001:db8::/32  # six\n",
        '192.0.2.0/24,US,US-CA,"Somewhere",\n"2001:db8::/32",DE,,,\n',
    ],
)
def test_owners_files_are_read_in_their_own_form(text):
    networks = Networks.read(GOOD).with_list(
        "two", "privacy_proxy", text, date="2026-02-03", source="owner"
    )
    assert names(networks, "192.0.2.1") == ["one", "two"]
    assert names(networks, "2001:db8::1") == ["one", "two"]
    assert networks.networks[1].date == "2026-02-03"


def test_a_list_of_a_name_takes_the_place_of_the_old_one():
    networks = Networks.read(GOOD).with_list(
        "one", "crawler", "203.0.113.0/24", date="2026-02-03", source="x"
    )
    assert (names(networks, "192.0.2.1"), names(networks, "203.0.113.9")) == ([], ["one"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"one"', '"One"', "networks[1].name: must be a slug"),
        (
            '"crawler"',
            '"human"',
            "networks[1].kind: must be one of: carrier, crawler, owner, privacy_proxy",
        ),
        ('"2026-01-02"', '"now"', "networks[1].date: must be a date"),
        ('"198.51.100.7"', '"198.51.100.777"', "networks[1].ranges[4]: is no range of addresses"),
        ('"198.51.100.7"', "7", "networks[1].ranges: must be a list of ranges"),
        ("[[network]]", "[network]", "networks: must be tables"),
        ("[[network]]", "=", "networks: is not TOML"),
    ],
)
def test_bad_data_is_refused_by_its_field(old, new, said):
    with pytest.raises(BadInput) as caught:
        Networks.read(GOOD.replace(old, new, 1))
    assert str(caught.value).startswith(said)


def test_lists_over_their_bounds_and_broken_json_are_refused(monkeypatch):
    def add(text):
        return Networks().with_list("x", "owner", text, date="2026-01-02", source="x")

    with pytest.raises(BadInput, match="x: is not valid JSON"):
        add('{"a": ')
    assert add("[" * 20 + '"192.0.2.1"' + "]" * 20).networks[0].holds("192.0.2.1") is False
    monkeypatch.setattr(module, "MAX_RANGES", 1)
    with pytest.raises(TooLarge, match="more than 1 ranges"):
        add("192.0.2.1\n192.0.2.2")
    monkeypatch.setattr(module, "MAX_LIST_CHARS", 3)
    with pytest.raises(TooLarge, match="more than 3 characters"):
        add("192.0.2.1")
