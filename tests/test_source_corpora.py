"""The public data that concerns sources: nothing of it is read wrongly."""

from pathlib import Path

import pytest

from tests.corpora import RUNNERS

CORPORA = Path(__file__).parent.parent.parent / "shared" / "corpora"

needs_corpora = pytest.mark.skipif(
    not CORPORA.is_dir(),
    reason="THE CORPORA ARE NOT THERE: ../shared/corpora; nothing was compared",
)

AT_LEAST = {
    "webhooks_anymail": 212,
    "webhooks_symfony": 35,
    "signatures": 43,
    "aws_events": 4,
    "eml_headers": 60,
    "threads": 2,
    "auto_replies": 32,
    "auto_reply_marks": 4,
}
"""Set → how many cases are right at least, so that none is skipped unseen."""


@needs_corpora
@pytest.mark.parametrize("name", sorted(AT_LEAST))
def test_no_case_that_applies_is_wrong(name):
    result = RUNNERS[name](CORPORA / name)
    assert (result.wrong, result.right >= AT_LEAST[name]) == ((), True)
    assert result.cases == result.right + result.skips
