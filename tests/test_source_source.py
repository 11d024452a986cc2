import doctest
import importlib
import subprocess
import sys

import pytest

from contactledger import sources
from contactledger.errors import BadEvent
from contactledger.sources.source import check_content_type, header
from contactledger.vocabulary import Channel

CLASSES = [
    found
    for found in (getattr(sources, name) for name in sources.__all__ if name != "Source")
    if hasattr(found, "verify")
]
HOMES = sorted({found.__module__ for found in CLASSES})


def test_each_source_has_a_name_a_channel_and_a_bound_of_its_own():
    given = [(c.name, c.channel) for c in CLASSES]
    assert len({name for name, _ in given}) == len(given) >= 18
    assert all(type(channel) is Channel for _, channel in given)
    assert all(0 < c.max_body_bytes <= 256 * 1024 * 1024 for c in CLASSES)  # a mailbox file
    assert all(c().name == c.name for c in (sources.SendGrid, sources.Mail, sources.Calls))


def test_the_package_gives_its_sources_by_name_and_nothing_else():
    assert sources.__all__ == sorted(sources._HOMES)
    assert set(sources.__all__) <= set(dir(sources))
    with pytest.raises(AttributeError, match="no attribute 'Pigeon'"):
        _ = sources.Pigeon


def test_the_package_alone_imports_none_of_its_sources():
    code = (
        "import contactledger.sources, sys;"
        "print([m for m in sys.modules if 'cryptography' in m or 'orjson' in m or '.mail' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("home", HOMES)
def test_the_examples_in_the_docstrings_run(home):
    result = doctest.testmod(importlib.import_module(home))
    assert result.failed == 0


def test_a_header_is_found_whatever_the_case_and_else_is_none():
    headers = {"CONTENT-TYPE": "a", "x": "b"}
    assert [header(headers, name) for name in ("Content-Type", "X", "y")] == ["a", "b", None]


def test_a_content_type_may_be_missing_and_may_have_parameters():
    accepted = frozenset({"text/csv"})
    for given in ({}, {"content-type": ""}, {"Content-Type": "Text/CSV; charset=utf-8"}):
        check_content_type(given, accepted)
    with pytest.raises(BadEvent, match="Content-Type: must be one of: text/csv"):
        check_content_type({"content-type": "text/csvx"}, accepted)
