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
    "webhooks_anymail": 226,
    "webhooks_symfony": 42,
    "signatures": 43,
    "aws_events": 4,
    "eml_headers": 60,
    "threads": 2,
    "auto_replies": 34,
    "auto_reply_marks": 18,
    "mdn": 10,
    "mbox": 5,
}
"""Set → how many cases are right at least, so that none is skipped unseen."""


@needs_corpora
@pytest.mark.parametrize("name", sorted(AT_LEAST))
def test_no_case_that_applies_is_wrong(name):
    result = RUNNERS[name](CORPORA / name)
    assert (result.wrong, result.right >= AT_LEAST[name]) == ((), True)
    assert result.cases == result.right + result.skips


KNOWN_WRONG = {
    "bounces": {},
    "replies": {
        "mail-parser-reply/email_pl_1_3": "a quotation and nothing else; the others keep it"
    },
    "reply_calls": {
        "talon/html_quotations/test_reply_separated_by_hr/1": "talon loses the reply's last line",
    },
}
"""Set → case → why it is wrong, or held to be."""


@needs_corpora
@pytest.mark.parametrize(
    ("name", "at_least"), [("bounces", 483), ("replies", 125), ("reply_calls", 87)]
)
def test_of_mail_that_was_never_meant_to_be_read_nothing_else_is_wrong(name, at_least):
    result = RUNNERS[name](CORPORA / name)
    assert set(result.wrong) == set(KNOWN_WRONG[name])
    assert result.right >= at_least


@needs_corpora
def test_the_class_of_a_bounces_reason_is_right_for_nineteen_of_twenty():
    result = RUNNERS["bounces"](CORPORA / "bounces")
    other = result.how["recipients and hardness; another class of reason"]
    told = result.right - sum(result.how.values()) + other
    assert told - other >= 0.95 * told
