"""Reports as HTML, text and JSON: whole or not at all, whatever names and templates hold."""

from __future__ import annotations

import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadTemplate
from contactledger.report.names import Names, names
from contactledger.report.phrases import NOT
from contactledger.report.render import Report, cite, cite_text, css_string, render, wrapped
from contactledger.report.rows import Scope, rows
from contactledger.vocabulary import MatterState
from tests.reporting import SCOPE, WORDING, many, standing

KIND = "proof-of-contact"
PARENT = "{% extends 'contactledger/proof-of-contact.html' %}"
VOID = {"meta", "br", "img", "link", "path", "use", "circle", "rect"}


def story() -> dict[str, Any]:
    found, told = standing()
    scope = attrs.evolve(SCOPE, entries=len(told.entries))
    return rows(found, names(told.entries), WORDING, scope)


DATA = story()
HTML = render(KIND, DATA).html()
TEXT = render(KIND, DATA).text()


class Page(HTMLParser):
    """Tags in order, ids, link targets, text outside style; and that all tags are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def names(self) -> list[str]:
        return [tag for tag, _ in self.tags]

    def all(self, attribute: str) -> list[str]:
        return [str(a[attribute]) for _, a in self.tags if attribute in a]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


# --- HTML -------------------------------------------------------------------------------------


def test_the_page_is_well_formed():
    assert Page(HTML).open == []


def test_the_page_fetches_nothing_and_runs_nothing():
    page = Page(HTML)
    assert {"script", "link", "img", "iframe", "object"} & set(page.names) == set()
    assert [a for _, attributes in page.tags for a in attributes if a.startswith("on")] == []
    assert set(page.all("href")) == {h for h in page.all("href") if h.startswith("#")}
    assert re.findall(r"url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)", HTML) == []


def test_ids_are_unique_and_every_link_has_its_target():
    page = Page(HTML)
    ids = Counter(page.all("id"))
    assert [i for i, n in ids.items() if n > 1] == []
    assert [h for h in page.all("href") if h[1:] not in ids] == []


def test_the_page_has_landmarks_one_title_and_named_sections():
    page = Page(HTML)
    count = Counter(page.names)
    assert (count["main"], count["header"], count["footer"], count["h1"]) == (1, 1, 1, 1)
    sections = [a.get("aria-labelledby") for tag, a in page.tags if tag == "section"]
    assert sections == [
        *("s-1", "s-2", "s-3", "s-4", "s-findings", "s-5", "s-6", "s-10", "s-11", "s-12", "s-13"),
    ]
    assert dict(page.tags[0][1]) == {"lang": "en", "dir": "ltr"}


def test_every_table_head_says_of_what_it_is_the_head():
    heads = [a for tag, a in Page(HTML).tags if tag == "th"]
    assert [a for a in heads if a.get("scope") not in ("col", "row")] == []


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lin = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_all_text_colours_have_enough_contrast(mode):
    light, dark = re.findall(r":root \{([^}]*--ink[^}]*)\}", HTML)
    found = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", light if mode == "light" else dark))
    colours = {
        k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in found.items()
    }
    paper = _luminance(colours["paper"])
    for name in (
        "ink",
        "soft",
        "link",
        "answered",
        "seen",
        "noted",
        "pending",
        "unreached",
        "unproven",
        "ignored",
    ):
        there = sorted((paper, _luminance(colours[name])))
        assert (there[1] + 0.05) / (there[0] + 0.05) >= 4.5, name


def test_every_finding_is_on_the_page_with_its_evidence_and_its_rules():
    page = Page(HTML)
    ids = set(page.all("id"))
    for f in DATA["findings"]:
        assert f"e{f['no']}" in ids
    assert page.names.count("li") >= sum(len(f["evidence"]) for f in DATA["findings"])
    assert page.text.count("Rules J25, J26") == len(DATA["findings"])


@pytest.mark.parametrize("form", ["html", "text"])
def test_lines_that_are_empty_for_every_party_are_left_out_of_the_columns(form):
    made = HTML if form == "html" else TEXT
    labels = ("Promises kept", "Promises disputed", "Was reached out to", "of these past due")
    assert [label in made for label in labels] == [True, False, True, False]


def test_all_rules_that_fired_and_all_of_the_policy_are_printed():
    text = Page(HTML).text
    for sentence in [r["text"] for r in DATA["rules"]] + DATA["policies"][0]["sentences"]:
        assert sentence in text


@pytest.mark.parametrize("form", ["html", "text"])
def test_seen_is_never_called_read(form):
    text = Page(HTML).text if form == "html" else " ".join(TEXT.split())
    assert NOT[0].count(" read ") == 1
    assert [m.start() for m in re.finditer(r"\bread\b", text)] == [
        text.index(NOT[0]) + NOT[0].index("read")
    ]


def test_what_the_report_is_not_is_printed_in_full():
    text = Page(HTML).text
    assert [n for n in NOT if n not in text] == []


def test_a_long_list_of_entries_is_cut_and_the_rest_counted():
    assert cite(range(3), anchors={1}) == ('<span class="cite">[0, <a href="#e1">1</a>, 2]</span>')
    assert cite(range(20), limit=2) == '<span class="cite">[0, 1, … +18]</span>'
    assert (cite([]), cite_text([]), cite_text([4, 5]), cite_text(range(20), 2)) == (
        "", "", "[4, 5]", "[0, 1, … +18]",
    )  # fmt: skip


def test_an_empty_report_is_a_report_in_all_three_forms():
    found, _ = standing()
    empty = attrs.evolve(found, columns=(), findings=(), promises=(), cases=(), gaps=())
    report = render(KIND, rows(empty, Names()))
    assert Page(report.html()).open == []
    assert "No touch between the parties was on record in this period." in report.html()
    assert "No touch between the parties was on record in this period." in report.text()
    assert json.loads(report.json())["findings"] == []


def test_a_touch_to_two_parties_has_one_place_on_the_page():
    found, told = standing()
    twice = attrs.evolve(found.findings[0], party=found.columns[2].party)
    both = attrs.evolve(found, findings=(found.findings[0], twice))
    page = Page(render(KIND, rows(both, names(told.entries))).html())
    assert Counter(page.all("id"))["e13"] == 1


def full() -> dict[str, Any]:
    """The story with the rarer things in it, so that every branch of the templates is taken."""
    found, told = standing()
    data = rows(found, names(told.entries), WORDING, Scope(policies={}))
    first = data["findings"][0]
    first["urgency"] = "high"
    first["contested"] = [14]
    first["people"] *= 2
    first["original"] = {"touch": "x", "no": None}
    first["due"] = None
    first["evidence"][0]["same_as"] = 14
    first["evidence"][1]["lifts"] = None
    first["sender_person"] = None
    data["cases"][0] |= {
        "circles": 2,
        "stake": None,
        "closed_at": "x",
        "closed_at_local": "2026-04-01T00:00:00Z",
    }
    data["cases"][0]["handoffs"][0]["circle"] = True
    data["cases"][1]["holder"] = None
    data["cases_closed"] = 1
    data["promises"][0] |= {"due": None, "words": [], "outcome": ""}
    data["notes"] = ["A note of the standing."]
    data["rules"][0]["text"] = ""
    return data


@pytest.mark.parametrize(
    "text",
    [
        "high urgency", "Contested: [", "an earlier touch", "no deadline agreed",
        "the same as [14]", "proves nothing", "a circle 2 times", "not said", "5 Jan 2026 to 1 Apr 2026, ",
        "1 exchange that nobody named", "A note of the standing.",
    ],
)  # fmt: skip
def test_the_rarer_things_are_printed_too(text):
    said = re.sub(r"\s+", " ", Page(render(KIND, full()).html()).text)
    assert text.lower() in said.lower()
    if text != "no deadline agreed":
        assert text.lower() in " ".join(render(KIND, full()).text().split()).lower()


# --- text and JSON ----------------------------------------------------------------------------


def test_text_lines_are_at_most_80_columns():
    long = [line for line in TEXT.splitlines() if len(line) > 80]
    assert long == []


def test_text_says_the_same_sentences_as_the_page():
    flat = " ".join(TEXT.split())
    for sentence in DATA["summary"] + DATA["unknown"]:
        assert sentence["text"].removesuffix(".") in flat


def test_json_is_the_rows_in_their_order_and_nothing_else():
    report = render(KIND, DATA)
    assert json.loads(report.json()) == DATA
    assert list(json.loads(report.json())) == list(DATA)
    assert report.json().endswith("}\n")
    assert report.json() == render(KIND, story()).json()


def test_wrapped_text_hangs():
    assert wrapped("aa bb cc", 2, 1, width=7) == "  aa bb\n   cc"


# --- hostile text -----------------------------------------------------------------------------

NASTY = [
    "<script>alert(1)</script>",
    "</style></title><img src=x onerror=alert(1)>",
    "{{ 7*7 }}{% for x in y %}",
    'a" onmouseover="x',
    "\u202egnp.exe\u2066",
    "];}body{display:none}\\",
    "x" * 10_000,
    "\x00\x1b[31m\n\r",
    "\ud800half",
    "\u202e\u05e2\u05d1\u05e8\u05d9\u05ea",
]


PERSONAL = {
    "opened": ["name"], "party": ["name"], "person": ["name"], "matter": ["title"],
    "touch": ["about"], "promise": ["what", "outcome"],
}  # fmt: skip


def renamed(text: str) -> Report:
    """The story with every name, title and subject replaced."""
    found, told = standing()
    entries = []
    for entry in told.entries:
        fact = entry.fact
        fields = PERSONAL.get(entry.kind, ())
        changes = dict.fromkeys(fields, text)
        entries.append(attrs.evolve(entry, fact=attrs.evolve(fact, **changes)))
    return render(KIND, rows(found, names(entries), WORDING, attrs.evolve(SCOPE, account=text)))


PLAIN = Page(renamed("Plain").html())


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_hostile_names_change_no_tag_of_the_page(text):
    page = Page(renamed(text).html())
    assert [(t, sorted(a)) for t, a in page.tags] == [(t, sorted(a)) for t, a in PLAIN.tags]


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_hostile_names_hide_nothing_in_any_form(text):
    report = renamed(text)
    for made in (report.html(), report.text(), report.json()):
        assert re.findall("[\x00-\x09\x0b-\x1f\u202a-\u202e\u2066\u2067\ud800-\udfff]", made) == []
        assert made.count("\u2068") == made.count("\u2069")


def test_a_name_that_is_a_template_is_printed_as_it_stands():
    report = renamed("{{ 7*1111 }}")
    assert ("7777" in report.html(), "7777" in report.text()) == (False, False)
    assert "{{ 7*1111 }}" in Page(report.html()).text
    assert "{{ 7*1111 }}" in report.text()


def test_a_page_long_subject_does_not_make_the_report_long():
    assert len(renamed("x" * 10_000).html()) < len(HTML) + 80_000


def test_the_name_in_the_running_head_cannot_leave_its_string():
    assert css_string('a"}b') == '"a\\000022\\00007db"'
    page = renamed('";}</style>').html()
    assert page.count("</style>") == 1


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60))
def test_no_name_changes_the_page(text):
    page = Page(renamed(text).html())
    # a name that is empty once cleaned is nobody's name: then the words around it go as well
    if text.strip("\x00\x1f\x7f").strip():
        assert page.names.count("tr") == PLAIN.names.count("tr")
    assert {"script", "img"} & set(page.names) == set()


# --- templates of the user's own --------------------------------------------------------------


def test_a_user_overrides_one_block_and_keeps_the_rest():
    mine = PARENT + "{% block summary %}<p>Mine, {{ account.name }}.</p>{% endblock %}"
    html = render(KIND, DATA, {"proof-of-contact.html": mine}).html()
    assert "<p>Mine, Smith Motors.</p>" in html
    assert (">In short</h2>" in html, ">Whose turn it is</h2>" in html) == (False, True)


def test_a_user_changes_the_looks_alone():
    html = render(KIND, DATA, {"style.css": "body { color: teal }"}).html()
    assert "body { color: teal }" in html
    assert "--ink" not in html


def test_a_user_has_a_kind_of_report_of_their_own():
    own = {"letter.html": "<p>{{ onus.text }}</p>", "letter.txt": "Dear {{ account.name }} & Co"}
    report = render("letter", DATA, own)
    assert report.html() == "<p>It is ACME Dealer Systems’ turn, since 31 Mar 2026.</p>"
    assert report.text() == "Dear Smith Motors & Co"


def test_a_users_template_escapes_too():
    data = story()
    data["account"]["name"] = "<b>"
    assert render("x", data, {"x.html": "{{ account.name }}"}).html() == "&lt;b&gt;"


def test_a_row_wins_over_a_method_of_the_same_name():
    assert render("x", {**DATA, "row": {"items": 3}}, {"x.html": "{{ row.items }}"}).html() == "3"


def test_templates_are_compiled_once():
    from contactledger.report.render import environment

    render(KIND, DATA).html()
    before = environment.cache_info().misses
    render(KIND, DATA).html()
    assert environment.cache_info().misses == before


BROKEN = {
    "syntax": ("{% if %}", "line 1", "Expected an expression, got 'end of statement block'"),
    "unknown-filter": ("\n{{ account.name|nofilter }}", "line 2", "No filter named 'nofilter'."),
    "undefined": ("\n\n{{ nothing }}", "line 3", "'nothing' is undefined"),
    "undefined-field": ("{{ account.nothing }}", "line 1", "'dict object' has no attribute 'nothing'"),
    "class": ("{{ account.__class__.__mro__ }}", "line 1", "access to attribute '__class__' of 'dict' object is unsafe."),
    "subclasses": ("{{ ''.__class__.__subclasses__() }}", "line 1", "access to attribute '__class__' of 'str' object is unsafe."),
    "globals": ("{{ cycler.__init__.__globals__ }}", "line 1", "access to attribute '__init__' of 'type' object is unsafe."),
    "format": ("{{ '{0.__class__}'.format(account) }}", "line 1", "access to attribute '__class__' of 'dict' object is unsafe."),
    "lipsum": ("{{ lipsum.__globals__['os'] }}", "line 1", "SecurityError"),
    "change-list": ("{{ findings.append(1) }}", "line 1", "access to attribute 'append' of 'list' object is unsafe."),
    "change-dict": ("{{ account.clear() }}", "line 1", "access to attribute 'clear' of 'dict' object is unsafe."),
    "in-a-block": (PARENT + "\n{% block title %}\n{{ 1/0 }}{% endblock %}", "line 3", "ZeroDivisionError"),
    "endless": ("{% for i in range(10**9) %}{% endfor %}", "line 1", "OverflowError"),
    "itself": ("{% include 'proof-of-contact.html' %}", "line 1", "RecursionError"),
    "leave-the-folder": ("{% include '../render.py' %}", "line 1", "includes a template that is not there"),
    "include-a-name": ("{% include account.name %}", "line 1", "includes a template that is not there"),
    "index-by-a-name": ("{{ findings[account.name] }}", "line 1", "UndefinedError"),
    "wrong-type": ("{{ '%d'|format(account.name) }}", "line 1", "TypeError"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "line", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_template_names_template_and_line_and_gives_no_half_report(source, line, why):
    with pytest.raises(BadTemplate) as raised:
        render(KIND, DATA, {"proof-of-contact.html": source}).html()
    error = raised.value
    assert (error.field, error.place, error.why) == ("proof-of-contact.html", line, why)
    assert "Smith" not in str(error)


def test_an_error_in_our_template_names_ours():
    data = story()
    del data["findings"][0]["back"]
    with pytest.raises(BadTemplate) as raised:
        render(KIND, data, {"proof-of-contact.html": PARENT}).html()
    assert raised.value.field == "contactledger/proof-of-contact.html"
    assert raised.value.why == "'dict object' has no attribute 'back'"


def test_a_kind_without_a_template_is_an_error_when_it_is_asked_for():
    with pytest.raises(BadTemplate, match=r"^letter\.txt: there is no such template$"):
        render("letter", DATA).text()


@pytest.mark.parametrize("kind", ["", "../x", "A", "x" * 65, "x\n"])
def test_a_kind_is_a_plain_word(kind):
    with pytest.raises(BadTemplate, match="kind"):
        render(kind, DATA)


def test_templates_are_text():
    with pytest.raises(BadTemplate, match="templates: names and sources are text"):
        render(KIND, DATA, {"style.css": b"body{}"})  # type: ignore[dict-item]


# --- size -------------------------------------------------------------------------------------


def test_the_page_grows_in_proportion_to_its_touches():
    sizes = []
    for count in (250, 500, 1000):
        found, entries = many(count)
        sizes.append(len(render(KIND, rows(found, names(entries), WORDING, SCOPE)).html()))
    assert (sizes[2] - sizes[1]) / (sizes[1] - sizes[0]) == pytest.approx(2, rel=0.1)


def test_a_rung_that_was_tried_says_until_when_it_waits():
    found, told = standing()
    case = found.cases[1]
    tried = attrs.evolve(
        case.rungs[1], tried_by=case.touches[0], waits_until=case.rungs[1].opens_at
    )
    waiting = attrs.evolve(found, cases=(attrs.evolve(case, rungs=(tried,)),))
    report = render(KIND, rows(waiting, names(told.entries), WORDING, SCOPE))
    no = case.touches[0]
    text = " ".join(report.text().split())
    assert f"tried, waiting until Wed 22 Apr 2026, 09:10 [{no}]" in text
    page = re.sub(r"<[^>]+>", "", report.html())
    assert f"tried, waiting until Wed 22 Apr 2026, 09:10 [{no}]" in page


def test_who_came_to_a_meeting_stands_beside_its_outcome():
    found, told = standing()
    met = attrs.evolve(found.findings[0], notes=("nobody_came",))
    report = render(KIND, rows(attrs.evolve(found, findings=(met,)), names(told.entries)))
    assert "UNPROVEN (likely, nobody came)." in report.text()
    assert '<span class="grade">likely, nobody came</span>' in report.html()


def test_a_closed_matter_says_from_when_to_when_and_that_nothing_is_open_once():
    found, told = standing()
    nobody = attrs.evolve(found.cases[0].onus, party=None, rule="O9", since=None, because=())
    closed = attrs.evolve(
        found.cases[0],
        state=MatterState.CLOSED,
        closed_at=found.cases[1].rungs[0].opens_at,
        onus=nobody,
    )
    report = render(
        KIND,
        rows(attrs.evolve(found, cases=(closed,)), names(told.entries), WORDING, SCOPE),
    )
    for page in (report.text(), re.sub(r"<[^>]+>", "", report.html())):
        shown = " ".join(page.split("Matters, and who holds them".upper())[-1].split())
        assert "5 Jan 2026 to 20 Apr 2026, closed; opened by ACME Dealer Systems" in shown
        assert "It is nobody’s turn: nothing calls for an act. Rule O9." in shown
