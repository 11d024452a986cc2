"""The card for notebooks, and its plain twin."""

from __future__ import annotations

from html.parser import HTMLParser

import attrs

from contactledger.findings import Onus
from contactledger.report.card import standing_card, standing_text
from contactledger.report.names import Names, names
from tests.reporting import at, ident, many, standing


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_card_says_account_moment_turn_and_counts():
    found, story = standing()
    said = Tags(standing_card(found, names(story.entries))).text
    assert said[:3] == [
        "Smith Motors",
        " ",
        "as of 28 Apr 2026 15:00 UTC",
    ]
    assert said[3] == "It is ACME Dealer Systems’ turn, since 31 Mar 2026. (rule O1)"
    assert said[-1] == (
        "22 findings, 3 open matters, 1 time without a listener, "
        "slowest usual answer 7 days 2 hours"
    )


def test_text_and_card_say_the_same_numbers():
    found, story = standing()
    called = names(story.entries)
    html = " ".join(Tags(standing_card(found, called)).text)
    cells = [line.split()[-3:] for line in standing_text(found, called).splitlines()[4:16]]
    assert len(cells) == 12
    for row in cells:
        assert " ".join(row) in html


def test_the_card_has_no_script_no_ids_and_nothing_to_fetch():
    found, story = standing()
    html = standing_card(found, names(story.entries))
    assert set(Tags(html).tags) == {
        "div",
        "bdi",
        "span",
        "table",
        "thead",
        "tr",
        "td",
        "th",
        "br",
        "tbody",
    }
    assert [word for word in ("id=", "src=", "href=", "url(") if word in html] == []


def test_the_card_of_a_large_account_is_no_larger():
    small, story = standing()
    called = names(story.entries)
    large, _ = many(2000)
    assert abs(len(standing_card(large, called)) - len(standing_card(small, called))) < 50


def test_a_name_cannot_leave_its_cell():
    found, _ = standing()
    plain = Tags(standing_card(found, Names())).tags
    nasty = Names("<script>x</script>", {ident("acme"): '"><img src=x onerror=y>'})
    assert Tags(standing_card(found, nasty)).tags == plain


def test_an_empty_account_has_a_card():
    found, _ = standing()
    empty = attrs.evolve(
        found, columns=(), findings=(), cases=(), gaps=(), promises=(),
        onus=Onus(None, "O9", None, ()),
    )  # fmt: skip
    assert standing_text(empty, Names()) == (
        "q7smithm, as of 28 Apr 2026 15:00 UTC\n"
        "It is nobody’s turn: nothing calls for an act. (rule O9)\n"
        "\n"
        + " " * 20
        + "\n"
        + "".join(
            label.ljust(20) + "\n"
            for label in (
                "reached out", "was answered", "was seen", "was ignored", "did not get there",
                "stays unproven", "was reached out to", "answered", "ignored",
                "counts against it", "promises kept", "promises missed",
            )
        )
        + "\nno findings, no open matters, no times without a listener\n"
    )  # fmt: skip


def test_a_turn_that_ends_and_a_next_rung_are_said():
    found, story = standing()
    called = names(story.entries)
    until = Onus(ident("smith"), "O8", at(4, 21), (), until=at(4, 30))
    rung = Onus(ident("acme"), "O2", at(4, 21), (), next_rung="second_person")
    lines = [
        standing_text(attrs.evolve(found, onus=o), called).splitlines()[1] for o in (until, rung)
    ]
    assert lines == [
        "It is Smith Motors’ turn, until 30 Apr 2026 15:00. (rule O8)",
        "It is ACME Dealer Systems’ turn, since 21 Apr 2026. The next step is to try a second person. (rule O2)",
    ]
