import doctest
import subprocess
import sys

import pytest

from contactledger import sources
from contactledger.errors import BadEvent
from contactledger.sources import calls, mail, sendgrid
from contactledger.sources.source import check_content_type, header

CLASSES = [sources.SendGrid, sources.Mail, sources.Calls]


def test_each_source_has_a_name_a_channel_and_a_bound_of_its_own():
    assert [(c.name, c.channel.value) for c in CLASSES] == [
        ("sendgrid", "email"),
        ("mail", "email"),
        ("calls", "phone"),
    ]
    assert all(0 < c.max_body_bytes <= 40 * 1024 * 1024 for c in CLASSES)


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


@pytest.mark.parametrize("module", [sendgrid, mail, calls])
def test_the_examples_in_the_docstrings_run(module):
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_a_header_is_found_whatever_the_case_and_else_is_none():
    headers = {"CONTENT-TYPE": "a", "x": "b"}
    assert [header(headers, name) for name in ("Content-Type", "X", "y")] == ["a", "b", None]


def test_a_content_type_may_be_missing_and_may_have_parameters():
    accepted = frozenset({"text/csv"})
    for given in ({}, {"content-type": ""}, {"Content-Type": "Text/CSV; charset=utf-8"}):
        check_content_type(given, accepted)
    with pytest.raises(BadEvent, match="Content-Type: must be one of: text/csv"):
        check_content_type({"content-type": "text/csvx"}, accepted)
