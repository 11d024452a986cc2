import time

import pytest

from contactledger.sources import _reply
from contactledger.sources._reply import from_html, new_text


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Yes, please.", "Yes, please."),
        (
            "Yes.\n\nOn Mon, 2 Mar 2026 at 10:00, Ann <ann@acme.example> wrote:\n> Shall we?\n",
            "Yes.",
        ),
        (
            "Yes.\n\nOn Mon, 2 Mar 2026 at 10:00, Ann\n<ann@acme.example> wrote:\n\n> Shall we?\n",
            "Yes.",
        ),
        ("Ja.\n\nAm 02.03.2026 um 10:00 schrieb Ann:\n> Sollen wir?", "Ja."),
        ("> Shall we?\nYes.\n> And then?\nNo.", "Yes.\nNo."),
        ("My answers below:\n> Shall we?\nYes.", "My answers below:\nYes."),
        ("In two parts\nof 2026, see below:\n> Shall we?\nYes.", "In two parts\nYes."),
        ("> only a quotation", ""),
        ("Yes.\n-- \nBob Ray\nSmith Motors", "Yes."),
        ("Yes.\r\n--\r\nBob", "Yes."),
        ("Yes.\n\n-----Original Message-----\nFrom: Ann", "Yes."),
        ("Ja.\n\n---- Ursprüngliche Nachricht ----\nVon: Ann", "Ja."),
        ("Yes.\n\nFrom: Ann <ann@acme.example>\nSent: Monday\nTo: Bob\n\nShall we?", "Yes."),
        ("Yes.\n________________________________\nFrom: Ann\nSent: Monday\n", "Yes."),
        ("*From:* Ann\n*Sent:* Monday\n", ""),
        ("From: there it goes\nto the workshop.", "From: there it goes\nto the workshop."),
        ("one  \ntwo\t", "one\ntwo"),
    ],
)
def test_the_new_text_is_without_quotation_and_signature(text, new):
    assert new_text(text) == new


@pytest.mark.parametrize(
    ("page", "new"),
    [
        ("<p>Yes,</p><p>please &amp; thanks.</p>", "Yes,\nplease & thanks."),
        ('<div>Yes.</div><div class="gmail_quote">On Monday …</div>', "Yes."),
        ("Yes.<br>Now.<BLOCKQUOTE type=cite>old</BLOCKQUOTE>", "Yes.\nNow."),
        ('Yes.<div id="divRplyFwdMsg">From: Ann</div>', "Yes."),
        ("<html><head><style>p {color:red}</style></head><body>Yes.</body></html>", "Yes."),
        ("a<script>if (a < b) x</script>b<style>never closed", "ab"),
        ("</style>a<style><script></style>b", "ab"),
        ("1 < 2 and a<b>c</b>", "1 < 2 and ac"),
        ("one&nbsp;two\n three", "one two three"),
    ],
)
def test_an_html_text_loses_quotation_tags_and_what_is_not_shown(page, new):
    assert from_html(page) == new


def test_a_long_text_is_cut():
    assert len(new_text("x" * 50_000)) == _reply.MAX_TEXT_CHARS


@pytest.mark.parametrize(
    "bomb",
    [
        ">" * 800_000,
        "\n\n>\n" * 200_000,
        "wrote 2026:\n>\n" * 60_000,
        "From: a\n" * 100_000,
        "_" * 900_000,
        "-" * 900_000,
        " " * 900_000,
        "<div " * 200_000,
        "<" * 900_000,
        "<style>" * 120_000,
        "&" * 900_000,
        "<br" * 300_000,
    ],
)
def test_texts_made_to_take_long_do_not(bomb):
    begun = time.perf_counter()
    new_text(bomb)
    from_html(bomb)
    assert time.perf_counter() - begun < 5
