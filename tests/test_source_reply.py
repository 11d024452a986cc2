import re
from collections import Counter

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
        ("Yes.\n\nOn 2 Mar 2026 you wrote:\n\nShall we?", "Yes."),
        ("Yes. On Mon, 2 Mar 2026 at 10:00, Ann <a@b> wrote:\n> Shall we?", "Yes."),
        ("Yes. On Mon, 2 Mar 2026 at 10:00, Ann <a@b> wrote:\nShall we?", "Yes."),
        ("Yes.\n\nW dniu 2 marca 2026 10:00 użytkownik Ann\n<a@b>\nnapisał:\n\nTak?", "Yes."),
        ("Yes.\n\n26.06.2014, 14:41, Ann <a@b>:\n\n> Shall we?\n\nNo.", "Yes.\n\n\nNo."),
        ("Yes.\n\nBegin forwarded message:\n\n> Shall we?\n\nNo.", "Yes.\n\n\nNo."),
        ("Yes.\n\nBegin forwarded message:\n\nShall we?", "Yes."),
        ("Yes.\n\n---- Ann wrote ----\nShall we?", "Yes."),
        ("Yes.\n\nFrom: Ann Date: 2 March 2026\nShall we?", "Yes."),
        ("Yes.\n\nDate: Wed, 16 May 2012 00:15:02 -0600\nTo: ann@b\n\nShall we?", "Yes."),
        ("Date: none\nTo: be\nor not", "Date: none\nTo: be\nor not"),
        # a line of its own before it, with a number in it
        (
            "This is the 3rd mail.\n\nOn Mon, 2 Mar 2026 at 10:00, Ann <a@b> wrote:\n\nShall we?",
            "This is the 3rd mail.",
        ),
        ("Yes.\n\nOn Mon, 2 Mar 2026 10:00:00 +0100 Ann <a@b> wrote\n\nShall we?", "Yes."),
        ("On the 2 Mar 2026 I wrote\nto Ann.", "On the 2 Mar 2026 I wrote\nto Ann."),
        ("Ja.\n\nAnn <a@b> schrieb am Mo., 2. März 2026\num 10:00 Uhr:\n\n> Sollen wir?", "Ja."),
        ("Yes.\n\nOn 2 Mar 2026 at 10:00 Ann\n\n<\nmailto:Ann <a@b>\n> wrote:\nShall we?", "Yes."),
        (
            "On 2 Mar 2026 we met.\n\n\nAnn came.\nShe wrote:\nyes",
            "On 2 Mar 2026 we met.\n\n\nAnn came.\nShe wrote:\nyes",
        ),
        (
            "On 2 Mar 2026 I\never wrote\na\nb\nc\nd\ne",
            "On 2 Mar 2026 I\never wrote\na\nb\nc\nd\ne",
        ),
        ("Ja.\n\n-------- Oprindelig besked --------\nFra: Ann", "Ja."),
        ("Yes.\n\n____________\ndealers mailing list\ndealers@b", "Yes."),
        ("Yes.\n____\nNo.", "Yes.\n____\nNo."),
        ("> see http://b/one\n_two)\n> and\nYes.", "Yes."),
        ("> see http://b/one\nYes.\n\n> and", "Yes."),
        ("> and so on\nYes.\n> and", "Yes."),
        ("At 10:00 on 2 Mar 2026 we met.\nSo:\nyes", "At 10:00 on 2 Mar 2026 we met.\nSo:\nyes"),
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


# --- work that grows with the text and with nothing else -------------------------------------


class Counting:
    """A pattern that counts the characters it is given to look at."""

    def __init__(self, pattern, count):
        self.pattern, self.count = pattern, count

    def _counted(self, name, *args):
        # `sub` has its text second, all others first; a start behind it is looked at from there
        text = args[1] if name == "sub" else args[0]
        start = args[1] if name in ("match", "search") and len(args) > 1 else 0
        self.count["calls"] += 1
        self.count["chars"] += len(text) - start
        return getattr(self.pattern, name)(*args)

    def __getattr__(self, name):
        return lambda *args: self._counted(name, *args)


def work(monkeypatch, run, text):
    """(calls, characters) of all patterns of the module while `run` reads a text."""
    count = Counter()
    with monkeypatch.context() as patch:
        for name, value in vars(_reply).copy().items():
            if isinstance(value, re.Pattern):
                patch.setattr(_reply, name, Counting(value, count))
        run(text)
    return count["calls"], count["chars"]


BOMBS = [
    ">",
    "\n\n>\n",
    "\n\n\n\n>",
    "wrote 2026:\n>\n",
    "On 2 Mar 2026\n",
    "On 2 Mar 2026, Ann wrote:\n>\n",
    "On 2 Mar 2026 b@x.example:\n",
    "From: a\n",
    "Date: 2026\n",
    "Begin forwarded message:\n\n",
    "_",
    "-",
    " ",
    "<div ",
    "<",
    "<p>",
    "<br",
    "<style>",
    "&",
    "a",
]


@pytest.mark.parametrize("unit", BOMBS)
@pytest.mark.parametrize("run", [new_text, from_html])
def test_four_times_the_text_is_four_times_the_work(monkeypatch, run, unit):
    small, large = (unit * (size // len(unit)) for size in (4_000, 16_000))
    few, many = work(monkeypatch, run, small), work(monkeypatch, run, large)
    assert many[0] <= 4.1 * few[0] + 40
    assert many[1] <= 4.1 * few[1] + 40 * _reply.MAX_LINE_CHARS


@pytest.mark.parametrize("unit", BOMBS)
def test_the_patterns_look_at_each_character_a_bounded_number_of_times(monkeypatch, unit):
    text = unit * (20_000 // len(unit))
    assert work(monkeypatch, new_text, text)[1] <= 60 * len(text) + 60 * _reply.MAX_LINE_CHARS


def repeats(tokens, within=False):
    """(what is repeated, whether a bound is missing within another repeat) of a parsed pattern."""
    for kind, argument in tokens:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            _, most, inner = argument
            endless = most is re._constants.MAXREPEAT
            yield inner, endless, within
            yield from repeats(inner, within or endless)
        elif name == "SUBPATTERN":
            yield from repeats(argument[-1], within)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from repeats(branch, within)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from repeats(argument[1], within)


def patterns():
    return {n: v for n, v in vars(_reply).items() if isinstance(v, re.Pattern)}


@pytest.mark.parametrize("name", sorted(patterns()))
def test_no_pattern_repeats_without_bound_but_up_to_the_next_angle_bracket(name):
    tokens = re._parser.parse(patterns()[name].pattern)
    endless = [str(inner) for inner, without_bound, _ in repeats(tokens) if without_bound]
    until_bracket = str(re._parser.parse("[^<>]*")[0][1][2])
    assert set(endless) <= {until_bracket}
    assert not any(without_bound and within for _, without_bound, within in repeats(tokens))


def test_a_text_is_read_up_to_its_bound():
    text = "Yes.\n" + ">" * _reply.MAX_READ_CHARS
    assert new_text(text + "\nnot read") == "Yes."
