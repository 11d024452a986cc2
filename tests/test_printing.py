"""A report as a PDF: what it claims to be is read back, and nothing of it is left out silently."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from contactledger import __main__, printing
from contactledger.demo import play
from contactledger.errors import BadBundle, BadInput, BadTemplate, NotInstalled
from contactledger.exchange import open_bundle
from contactledger.facts import Party, Person
from contactledger.files import Report
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.log.record import to_base64url
from contactledger.printing import Attachment, Print, printed
from contactledger.report import document as shapes
from contactledger.report.document import (
    Chart,
    Column,
    Document,
    Facts,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
)
from contactledger.report.kinds import KINDS, OF_ACCOUNT
from contactledger.report.render import render
from contactledger.templating import lint, templates_of
from contactledger.testing import FixedClock
from tests import required
from tests.bundles import key_of
from tests.kinds import story_rows
from tests.ledgers import SMITH, filled, in_memory, mail, two_sides

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def pages(made: bytes) -> list[str]:
    """The text of every page, as it is taken out of a PDF."""
    with pypdfium2.PdfDocument(made) as opened:
        texts = []
        for page in opened:
            words = page.get_textpage()
            texts.append(words.get_text_bounded().replace("\r\n", "\n"))
            words.close()
            page.close()
        return texts


def flowing(made: bytes) -> str:
    return " ".join(" ".join(pages(made)).split())


def small(*blocks, title="Smith Motors", lang="en"):
    facts = Facts([("Rests on", "nothing")])
    return Document("Test", title, "today", facts, [Section("One", blocks)], lang=lang)


def tagged(made: bytes) -> list[pikepdf.Dictionary]:
    """Every element of the structure, in order of reading."""
    with pikepdf.open(io.BytesIO(made)) as opened:
        found, rest = [], [opened.Root.StructTreeRoot]
        while rest:
            one = rest.pop()
            if not isinstance(one, pikepdf.Dictionary) or ("/S" not in one and "/K" not in one):
                continue
            found.append((str(one.get("/S", "")), str(one.get("/Alt", ""))))
            kids = one.get("/K", [])
            rest += reversed(list(kids) if isinstance(kids, pikepdf.Array) else [kids])
        return found


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return play(folder)


@pytest.fixture
def embedded_fonts_alone(monkeypatch):
    """As on a machine that has no font of its own."""
    real = printing._fonts.__wrapped__

    def embedded(folders, *, system):
        assert isinstance(system, bool)
        return real(folders, system=False)

    monkeypatch.setattr(printing, "_fonts", embedded)


# --- what it claims


def test_it_claims_pdf_a_3a_and_pdf_ua_1_and_is_tagged(played):
    with pikepdf.open(played.pdf) as opened:
        claims = opened.open_metadata()
        assert (claims["pdfaid:part"], claims["pdfaid:conformance"]) == ("3", "A")
        assert claims["pdfuaid:part"] == "1"
        title = "Proof of contact: smith-motors, 7 Jan 2026 to 1 Jul 2026"
        assert claims["dc:title"] == title
        assert str(opened.Root.Lang) == "en"
        assert bool(opened.Root.MarkInfo.Marked)
        assert bool(opened.Root.ViewerPreferences.DisplayDocTitle)
    words = tagged(played.pdf.read_bytes())
    kinds = [kind for kind, _ in words]
    assert {"/Table", "/TH", "/TD", "/L", "/LI", "/H1", "/H2", "/Figure"} <= set(kinds)
    (alt,) = [alt for kind, alt in words if kind == "/Figure"]
    assert alt == "Timeline of 26 touches; the same touches stand in the table of touches."


def test_the_attachment_is_the_bundle_to_the_byte(played):
    with pikepdf.open(played.pdf) as opened:
        ((name, spec),) = opened.attachments.items()
        assert name == "smith-motors.bundle"
        assert spec.get_file().read_bytes() == played.bundle.read_bytes()
        assert spec.get_file().mime_type == "application/zip"
        assert str(spec.obj.AFRelationship) == "/Data"
        assert [str(one.UF) for one in opened.Root.AF] == [name]


def test_pages_are_numbered_heads_repeated_and_every_foot_says_of_what_it_is(played):
    texts = pages(played.pdf.read_bytes())
    root = to_base64url(open_bundle(played.bundle, trust=[played.key]).head.root)
    for number, text in enumerate(texts, 1):
        assert f"page {number} of {len(texts)}" in text
        assert "Proof of contact, smith-motors" in text
        assert "as of 1 Jul 2026" in text
        assert f"128 entries, {root[:16]}" in text
    heads = [text for text in texts if "About what, and what came back" in text]
    assert len(heads) > 3


def test_it_says_how_it_is_checked_and_by_whose_key(played):
    text = flowing(played.pdf.read_bytes())
    assert "How to check this report" in text
    assert "contactledger verify REPORT.pdf --trust KEY" in text
    key = played.key.read_text("ascii").strip()
    assert key in text.replace(" ", "")


def test_the_same_report_is_the_same_bytes(played):
    opened = open_bundle(played.pdf, trust=[played.key])
    one, two = opened.report().pdf(), opened.report().pdf()
    assert one == two
    assert open_bundle(io.BytesIO(one), trust=[played.key]).standing() == played.standing


# --- the bundle inside


def test_the_other_side_opens_the_pdf_and_judges_the_same(played):
    opened = open_bundle(played.pdf, trust=[played.key])
    assert (opened.printed, opened.complete) == (True, True)
    assert opened.standing() == played.standing
    assert open_bundle(played.bundle, trust=[played.key]).printed is False
    with played.pdf.open("rb") as file:
        assert open_bundle(file, trust=[played.key]).size == opened.size


def test_a_bent_byte_of_the_bundle_inside_does_not_verify(played, tmp_path):
    bent = bytearray(played.pdf.read_bytes())
    at = bent.index(b'"channel":"email"')
    bent[at + 11 : at + 16] = b"phone"
    (tmp_path / "bent.pdf").write_bytes(bent)
    with pytest.raises(BadBundle):
        open_bundle(tmp_path / "bent.pdf", trust=[played.key])


def test_it_is_found_after_another_program_saved_the_pdf(played, tmp_path):
    path = tmp_path / "saved.pdf"
    with pikepdf.open(played.pdf) as opened:
        streams = pikepdf.ObjectStreamMode.generate
        opened.save(path, object_stream_mode=streams, recompress_flate=True)
    assert path.stat().st_size < played.pdf.stat().st_size
    assert open_bundle(path, trust=[played.key]).size == 128


def test_without_a_signer_nothing_is_inside_and_it_says_so():
    ledger, _ = filled()
    made = ledger.report(SMITH).pdf()
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert len(opened.attachments) == 0
    assert "Attached nothing, so this paper cannot be checked by itself" in flowing(made)
    assert "Nothing is attached, so what stands here is the word" in flowing(made)
    with pytest.raises(BadInput, match="no bundle was found inside this PDF"):
        open_bundle(io.BytesIO(made), trust=key_of("any").key)


def test_a_long_key_is_printed_so_that_it_can_be_copied():
    text = pages(printed(small(Paragraph((Span("ab" * 32, "mono"),))), NOW, Print()))[0]
    assert "ab" * 32 in text


def test_nothing_is_attached_where_that_is_not_wanted(played):
    report = open_bundle(played.bundle, trust=[played.key]).report()
    with pikepdf.open(io.BytesIO(report.pdf(attach=False))) as opened:
        assert len(opened.attachments) == 0


def test_what_came_after_the_seal_and_what_lies_after_the_report_is_said(tmp_path):
    keygen(tmp_path / "acme.key", "acme.example/ledger")
    clock, url = FixedClock(), f"sqlite:///{tmp_path / 'contacts.db'}"
    with Ledger.open(url, recorder="acme", signer=tmp_path / "acme.key", clock=clock) as ledger:
        ledger.record(SMITH, *two_sides(), mail())
        early, moment = ledger.report(SMITH), clock()
        assert "came after the seal" not in flowing(early.pdf())
    with Ledger.open(url, recorder="acme", clock=clock) as ledger:
        ledger.record(SMITH, mail(about="later"))
        late = flowing(ledger.report(SMITH).pdf())
        assert "1 entry of this report came after the seal and is not in it." in late
    with Ledger.open(url, recorder="acme", signer=tmp_path / "acme.key", clock=clock) as ledger:
        clock.forward(hours=1)
        ledger.record(SMITH, mail(about="later still"))
        again = flowing(ledger.report(SMITH, as_of=moment).pdf())
        assert "The log goes on after the moment of this report." in again


@pytest.mark.parametrize("kind", OF_ACCOUNT)
def test_of_every_kind_about_an_account_the_paper_can_be_checked(
    played, tmp_path, kind, monkeypatch, capsys
):
    opened = open_bundle(played.bundle, trust=[played.key])
    about = next(f.no for f in opened.standing().findings) if kind == "touch-certificate" else None
    report = opened.outlook() if kind == "outlook" else opened.report(kind, about=about)
    path = tmp_path / "report.pdf"
    made = report.pdf(path)
    with pikepdf.open(path) as read:
        claims = read.open_metadata()
        assert (claims["pdfaid:part"], claims["pdfuaid:part"]) == ("3", "1")
        ((name, spec),) = read.attachments.items()
        assert (name, spec.get_file().read_bytes()) == (
            "smith-motors.bundle",
            played.bundle.read_bytes(),
        )
    words = tagged(made)
    kinds = [found for found, _ in words]
    assert kinds[:2] == ["", "/Document"]
    assert {"/Title", "/H1", "/P"} <= set(kinds)
    assert kinds.count("/Table") == kinds.count("/THead")
    assert [alt for found, alt in words if found == "/Figure" and not alt] == []
    arguments = ["contactledger", "verify", str(path), "--trust", str(played.key)]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert not ended.value.code, capsys.readouterr()
    assert open_bundle(path, trust=[played.key]).standing() == played.standing


@pytest.mark.parametrize(
    ("kind", "charts", "tables"),
    [("both-sides", 2, 6), ("contact-pressure", 1, 4), ("case-dossier", 1, 4)],
)
def test_a_chart_on_paper_has_words_and_its_numbers_beneath(kind, charts, tables):
    made = Report(render(kind, story_rows(kind))).pdf()
    words = tagged(made)
    alts = [alt for found, alt in words if found == "/Figure"]
    assert (len(alts), all(alts)) == (charts, True)
    assert [found for found, _ in words].count("/Table") == tables


# --- what people typed


def test_an_empty_account_is_printed():
    ledger, _ = in_memory()
    ledger.record(SMITH, Party("acme", "ACME", "vendor"))
    text = flowing(ledger.report(SMITH).pdf())
    assert "No touch between the parties was on record in this period." in text
    assert "No matter is open." in text


def test_what_people_typed_is_printed_as_it_is_and_is_no_markup():
    ledger, _ = filled()
    typed = "#set page(width: 1pt) *a* _b_ $x^2$ `c` <d> @e \\u{1F} // f [g](h) = \"i\" 'j' ~k--l"
    ledger.record(SMITH, mail(about=typed), mail(about="a\x01\x07\u200f\tb\r\nc"))
    text = flowing(ledger.report(SMITH).pdf())
    assert typed in text
    assert "a b c" in text.replace("\u200f", "")


def test_a_word_of_ten_thousand_characters_stays_in_its_column():
    ledger, _ = filled()
    ledger.record(SMITH, mail(about="W" * 10_000), mail(about="漢" * 10_000))
    made = ledger.report(SMITH).pdf(missing="code-point")
    assert "(10,000 characters)" in flowing(made)
    with pypdfium2.PdfDocument(made) as opened:
        width = opened[0].get_width()
        for page in opened:
            words = page.get_textpage()
            for index in range(words.count_rects()):
                assert words.get_rect(index)[2] <= width - 45
            words.close()
            page.close()


# --- fonts


def test_a_character_that_no_font_has_is_named_with_the_font_that_has_it(embedded_fonts_alone):
    ledger, _ = filled()
    ledger.record(SMITH, mail(about="来週"))
    with pytest.raises(
        BadInput,
        match=r"fonts: none draws U\+6765 \(CJK UNIFIED IDEOGRAPH-6765\): install Noto Sans CJK",
    ):
        ledger.report(SMITH).pdf()


def test_or_it_is_printed_as_its_code_point(embedded_fonts_alone):
    ledger, _ = filled()
    ledger.record(SMITH, Person("eve", "smith", "Ève 王"), mail(to="eve", about="来週 😀 ok"))
    text = flowing(ledger.report(SMITH).pdf(missing="code-point")).replace(" ", "")
    assert "[U+6765][U+9031][U+1F600]ok" in text
    assert "Ève[U+738B]" in text


def test_a_chart_leaves_no_character_out_either(embedded_fonts_alone):
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><text y="15">王</text></svg>'
    with pytest.raises(BadInput, match=r"none draws U\+738B"):
        printed(small(Chart(svg, "a name")), NOW, Print())
    assert printed(small(Chart(svg, "a name")), NOW, Print(missing="code-point"))[:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("character", "font"),
    [
        ("\u0a95", "Noto Sans or another font of that script"),
        ("\uac00", "Noto Sans CJK"),
        ("\ue000", r"no archival PDF may hold U\+E000 \(which has no name\)"),
        ("\U00100000", r"or the font of that script"),
        ("\U0001f600", "Noto Color Emoji"),
        ("\U00020000", "Noto Sans CJK"),
    ],
)
def test_each_script_has_its_font(embedded_fonts_alone, character, font):
    with pytest.raises(BadInput, match=font):
        printed(small(Paragraph(character)), NOW, Print())


def test_there_is_a_bound_on_trying_and_then_what_is_in_doubt_is_a_code_point(
    embedded_fonts_alone, monkeypatch
):
    monkeypatch.setattr(printing, "MAX_PROBES", 3)
    text = flowing(printed(small(Paragraph("é日本語")), NOW, Print(missing="code-point")))
    assert "日" not in text
    assert "[U+65E5]" in text


def test_every_script_is_drawn_where_there_are_fonts(tmp_path):
    import typst

    if not any("CJK" in name for name in typst.Fonts().families()):
        required.absent("fonts", "apt-get install fonts-noto-core fonts-noto-cjk")
    names = "株式会社 한국어 محمد יוסי Ωμέγα Жук हिन्दी"
    text = flowing(printed(small(Paragraph((Span(names),))), NOW, Print()))
    for word in ("株式会社", "한국어", "Ωμέγα", "Жук"):
        assert word in text
    assert "[U+" not in text


def test_folders_of_fonts_are_looked_through(tmp_path):
    how = Print(fonts=(str(tmp_path),))
    assert printed(small(), NOW, how) == printed(small(), NOW, Print())


def test_another_refusal_of_the_compiler_is_not_taken_for_a_missing_font():
    import typst

    with pytest.raises(typst.TypstError):
        printed(small(Chart("<svg", "broken")), NOW, Print())


def test_a_name_written_from_right_to_left_is_set_apart():
    laid = shapes.laid(small(Paragraph(("by ", Span("יוסי"), " (", Span("Bob"), ")"))))
    (block,) = laid["sections"][0]["blocks"]
    assert block["text"] == "by \u2068יוסי\u2069 (Bob)"
    laid = shapes.laid(small(Paragraph(("by ", Span("Bob"))), lang="ar-EG"))
    assert laid["sections"][0]["blocks"][0]["text"] == "by \u2068Bob\u2069"


# --- paper


@pytest.mark.parametrize(
    ("how", "size"),
    [
        (Print(), (595, 842)),
        (Print("de-AT"), (595, 842)),
        (Print("en-US"), (612, 792)),
        (Print("es_MX"), (612, 792)),
        (Print("zh-Hant-TW"), (595, 842)),
        (Print("en-US", "a4"), (595, 842)),
        (Print("de", "letter"), (612, 792)),
    ],
)
def test_the_locale_decides_the_paper_unless_the_paper_is_named(how, size):
    with pypdfium2.PdfDocument(printed(small(), NOW, how)) as opened:
        assert tuple(map(round, opened[0].get_size())) == size


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"locale": "english"}, "locale: is not a locale"),
        ({"paper": "a5"}, "paper: must be one of: a4, letter"),
        ({"missing": "skip"}, "missing: must be one of: error, code-point"),
        ({"fonts": ("nowhere",)}, "fonts: is not a folder"),
    ],
)
def test_what_is_no_way_to_print_is_a_clear_error(how, why):
    with pytest.raises(BadInput, match=why):
        Print(**how)


def test_a_long_table_prints_its_last_rows_and_says_so(monkeypatch):
    monkeypatch.setattr(shapes, "PRINTED_ROWS", 3)
    table = Table.of([Column("No", 1)], list(range(5)), lambda n: TableRow([f"row {n}"]))
    text = flowing(printed(small(table), NOW, Print()))
    assert "The last 3 of 5 rows are printed. All of them are in the report’s JSON form." in text
    assert "row 1" not in text
    assert "row 2 row 3 row 4" in text


def test_with_a_bundle_inside_the_rest_of_a_table_is_there(played):
    table = Table([Column("No", 1)], [TableRow(["row 2"])], left_out=2)
    inside = Attachment("Smith & Söhne/../x", open_bundle(played.bundle, trust=[played.key]).copy)
    made = printed(small(table), NOW, Print(), attached=inside)
    assert "The last 1 of 3 rows are printed. All are in the bundle inside this file." in flowing(
        made
    )
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert list(opened.attachments) == ["Smith-S-hne-..-x.bundle"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_printed_in_every_language(kind):
    rows = story_rows(kind)
    for lang, page in (("en", "page 1 of"), ("de", "Seite 1 von")):
        made = Report(render(kind, rows, lang=lang)).pdf()
        assert page in pages(made)[0]
    assert "Wie sich dieser Bericht prüfen lässt" in flowing(made)


def test_a_kind_that_is_not_printed_is_a_clear_error():
    ledger, _ = filled()
    with pytest.raises(BadInput, match="kind: is not printed"):
        ledger.report(SMITH, "other").pdf()


def test_without_the_extra_it_says_which(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    ledger, _ = filled()
    with pytest.raises(NotInstalled, match=r"pip install contactledger\[pdf\]"):
        ledger.report(SMITH).pdf()


def test_it_is_written_where_a_path_is_given(tmp_path):
    ledger, _ = filled()
    path = tmp_path / "report.pdf"
    assert ledger.report(SMITH).pdf(path) == path.read_bytes()
    assert ledger.report(SMITH).form(".pdf") == path.read_bytes()


def test_no_german_outcome_runs_into_the_column_beside_it():
    made = Report(render("proof-of-contact", story_rows("proof-of-contact", "de"), lang="de")).pdf()
    seen = 0
    with pypdfium2.PdfDocument(made) as opened:
        for page in opened:
            words = page.get_textpage()
            head, due = words.search("Ausgang").get_next(), words.search("Fällig").get_next()
            found = words.search("wahrscheinlich")
            while head and due and (place := found.get_next()):
                left, right = (words.get_charbox(at)[side] for at, side in (
                    (place[0], 0), (sum(place) - 1, 2)))  # fmt: skip
                if left >= words.get_charbox(head[0])[0] - 1:
                    seen += 1
                    assert right < words.get_charbox(due[0])[0]
            words.close()
            page.close()
    assert seen > 3


# --- a user's own paper

PART = '#import "contactledger/report.typ": report\n#report(\n  {}\n)\n'
SQUARE = b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"><rect width="900" height="90" fill="#f00"/></svg>'


def own(**files: str | bytes):
    """The templates of a folder that holds these files."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name.replace("_", "."))
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return templates_of(folder)


def test_a_part_of_ones_own_takes_the_place_of_ours():
    part = PART.format("closing: (data, ours) => [#ours Printed by ACME for #data.title.],")
    text = flowing(printed(small(Paragraph("a")), NOW, Print(), templates=own(report_typ=part)))
    assert "Printed by ACME for Smith Motors." in text
    assert "How to check this report" in text
    ledger, _ = filled()
    made = ledger.report(SMITH, "promises", templates={"report.typ": part}).pdf()
    assert "Printed by ACME for" in flowing(made)


def test_a_section_is_known_by_its_name():
    part = PART.format('section: (one, ours) => if one.name == "checking" [] else { ours },')
    text = flowing(printed(small(Paragraph("a")), NOW, Print(), templates=own(report_typ=part)))
    assert "How to check this report" not in text
    assert "1 One a" in text


def test_a_whole_template_of_ones_own_is_held_to_the_same_standards():
    whole = '#let data = json("report.json")\n#set document(title: data.title)\n= #data.title\n'
    made = printed(small(Paragraph("a")), NOW, Print(), templates=own(report_typ=whole))
    assert pages(made) == ["Smith Motors"]
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert opened.open_metadata()["pdfuaid:part"] == "1"


def test_the_logo_and_the_colours_of_the_page_are_those_of_paper():
    css = ":root { --ink: #003366; } @media print { :root { --ink: #fff; } }"
    made = printed(small(), NOW, Print(), templates=own(logo_svg=SQUARE, style_css=css))
    with pypdfium2.PdfDocument(made) as opened:
        drawn = opened[0].render(scale=1).to_pil().convert("RGB")
        seen = {colour for _, colour in drawn.getcolors(maxcolors=100_000)}
    assert (255, 0, 0) in seen
    red = [x for x in range(drawn.width) if drawn.getpixel((x, 60)) == (255, 0, 0)]
    assert 160 < len(red) < 175  # 60 mm
    assert any(abs(blue - 0x66) < 8 and abs(green - 0x33) < 8 for _, green, blue in seen)
    kinds = [kind for kind, _ in tagged(made)]
    assert "/Figure" not in kinds


def test_a_picture_of_dots_is_a_logo_too():
    target = io.BytesIO()
    Image.new("RGB", (40, 40), (0, 128, 0)).save(target, "PNG")
    made = printed(small(), NOW, Print(), templates=own(logo_png=target.getvalue()))
    with pikepdf.open(io.BytesIO(made)) as opened:
        assert len(opened.pages[0].get_images()) == 1


def test_a_logo_that_is_no_base64_is_a_clear_error():
    page = {"logo.html": '<img src="data:image/png;base64,A=A=">'}
    with pytest.raises(BadTemplate, match=r"logo\.html: the logo is no base64"):
        printed(small(), NOW, Print(), templates=page)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("\n#import \"@preview/cetz:0.3.0\": draw", "line 2, report.typ: import is out of bounds"),
        ('#include "other.typ"', "line 1, report.typ: include is out of bounds"),
        ('#eval("1")', "line 1, report.typ: eval is out of bounds"),
        ('#dictionary(std).at("ev" + "al")', "line 1, report.typ: dictionary is out of bounds"),
        ('#plugin("x.wasm")', "line 1, report.typ: plugin is out of bounds"),
        ('\n\n#read("/etc/passwd")', "line 3, report.typ: file not found$"),
        ('#read("../../../../etc/passwd")', "would escape the project root"),
        ("\n#let a = nothing", "line 2, report.typ: unknown variable: nothing"),
        ("#let a = (", "line 1, report.typ: unclosed delimiter"),
        (PART.format("front: 3"), "report.typ: expected function, found integer"),
        ('#panic(json("report.json").title)', "line 1, report.typ: typst cannot print it"),
        ('#json("report.json").at("title").nothing', "report.typ: "),
        ("hello", "report.typ: PDF/UA-1 error: missing document title"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_template_of_ones_own_is_said_with_its_line(source, why):
    with pytest.raises(BadTemplate, match=why) as told:
        printed(small(), NOW, Print(), templates={"report.typ": source})
    assert "Smith" not in str(told.value)
    (remark,) = lint({"report.typ": source})[:1]
    assert remark.template == "report.typ"


def test_the_linter_has_nothing_to_say_of_a_good_one():
    assert lint(own(report_typ=PART.format("front: (data, ours) => ours"))) == ()


def test_without_the_compiler_the_linter_says_what_is_unsafe_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    assert lint({"report.typ": "#let a = nothing"}) == ()
    assert [remark.code for remark in lint({"report.typ": '#eval("1")'})] == ["unsafe"]


def test_a_character_without_a_font_is_no_fault_of_the_template(embedded_fonts_alone):
    part = PART.format("front: (data, ours) => ours")
    with pytest.raises(BadInput, match=r"none draws U\+6765"):
        printed(small(Paragraph("来週")), NOW, Print(), templates={"report.typ": part})
