"""The pages driven as a person would, in a real browser with JavaScript switched off."""

# ruff: noqa: F811 - the fixture is imported by its name

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from zipfile import ZipFile

import pikepdf
import pytest
import uvicorn

from contactledger import Ledger
from contactledger.files import reading
from contactledger.keys import keygen
from contactledger.web import Access, pages
from tests.browser import DESKTOP, PHONE, chromium, follow, violations  # noqa: F401 - a fixture
from tests.ledgers import SMITH, mail, two_sides

KEY = "acme.example/ledger"


def tampered(bundle: bytes) -> bytes:
    """The bundle with one letter of its entries changed, where it still is a bundle."""
    opened, made = ZipFile(BytesIO(bundle)), BytesIO()
    with ZipFile(made, "w") as changed:
        for info in opened.infolist():
            data = opened.read(info)
            if info.filename == "account/entries.ndjson":
                data = data.replace(b'"channel":"email"', b'"channel":"visit"', 1)
            changed.writestr(info, data, info.compress_type)
    return made.getvalue()


def changed_inside(pdf, to, bundle: bytes) -> None:
    """The PDF with that bundle in the place of its own."""
    with pikepdf.open(pdf) as opened:
        (name,) = opened.attachments
        spec = opened.attachments[name]
        opened.attachments[name] = pikepdf.AttachedFileSpec(
            opened, bundle, filename=spec.filename, mime_type=spec.get_file().mime_type
        )
        opened.save(to)


class Served:
    """A ledger of this moment whose pages are served on this machine; everybody who names
    themselves is of the vendor's staff."""

    def __init__(self, folder) -> None:
        self.key = keygen(folder / "acme.key", name=KEY).format()
        self.ledger = Ledger.open(
            f"sqlite:///{folder / 'contacts.db'}", recorder="acme", signer=folder / "acme.key"
        )
        self.ledger.record(SMITH, *two_sides(), mail("hello", about="Inventory sync"))
        self.account = self.ledger.entries(SMITH)[0].account
        self.ledger.bundle(SMITH).save(folder / "smith.bundle")
        self.bundle = folder / "smith.bundle"
        self.pdf = folder / "smith.pdf"
        self.ledger.report(SMITH).pdf(self.pdf)
        self.changed = folder / "changed.bundle"
        self.changed.write_bytes(tampered(self.bundle.read_bytes()))
        self.changed_pdf = folder / "changed.pdf"
        changed_inside(self.pdf, self.changed_pdf, self.changed.read_bytes())

        def allow(request):
            return Access.staff("ann", person="ann") if "x-who" in request.headers else None

        self.pages = pages(self.ledger, allow)
        self.server = uvicorn.Server(uvicorn.Config(self.pages, log_level="warning"))
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.at = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.socket.listen()  # from here on a browser waits until the server is there
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        self.socket.close()
        self.ledger.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"))
    yield made
    made.close()


@pytest.fixture
def untouched(tmp_path) -> Iterator[Served]:
    """The same for one test, where nobody has recorded anything more."""
    made = Served(tmp_path)
    yield made
    made.close()


@contextmanager
def opened(browser, served, path="/", *, who=True, size=DESKTOP, **how):
    """A page of the site; what the browser complains of on the way is a failure."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        base_url=served.at,
        extra_http_headers={"x-who": "ann"} if who else {},
        **{"java_script_enabled": False, **how},
    )
    complaints = []
    try:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(path)
        yield page
        assert [text for text in complaints if "Content Security Policy" in text] == []
    finally:
        context.close()


def test_a_call_is_recorded_and_it_is_seen_whose_turn_it_is(chromium, untouched):
    with opened(chromium, untouched) as page:
        follow(page, page.get_by_role("link", name=SMITH))
        assert "It is Smith Motors’ turn" in page.inner_text("main")
        follow(page, page.get_by_role("link", name="Record a touch"))
        page.get_by_label("Who reached out").select_option(label="Ann Lee, ACME Dealer Systems")
        page.get_by_label("Bob Ray").check()
        page.get_by_label("How", exact=True).select_option(label="phone")
        page.get_by_label("If it was a call").select_option(label="spoke with a person")
        page.get_by_label("About").fill("How the sync works")
        follow(page, page.get_by_role("button", name="Put on record"))
        assert page.get_by_role("heading", level=1).inner_text() == "How the sync works"
        assert "answered" in page.inner_text("main")
        follow(page, page.get_by_role("link", name=SMITH))
        assert "How the sync works" in page.inner_text("main")


def test_the_report_is_read_and_handed_over(chromium, served):
    with opened(chromium, served, f"/a/{served.account}") as page:
        follow(page, page.get_by_role("link", name="Read the report"))
        assert "proof of contact" in page.inner_text("header").lower()
        assert page.evaluate("document.styleSheets[0].cssRules.length") > 10  # it was allowed
        page.go_back()
        with page.expect_download() as got:
            page.get_by_role("link", name="Bundle").click()
        with reading(got.value.path(), "bundle") as file:
            assert file.read(2) == b"PK"


VERDICTS = [
    ("bundle", "It holds", "All of it verifies"),
    ("pdf", "It holds", "This is the bundle inside the PDF: compare what its pages say."),
    ("changed", "It does not hold", "Step "),
    ("changed_pdf", "It does not hold", "Step "),
]


@pytest.mark.parametrize(("file", "verdict", "why"), VERDICTS)
def test_a_bundle_or_a_report_is_chosen_and_judged_without_javascript(
    chromium, served, file, verdict, why
):
    with opened(chromium, served, "/verify") as page:
        page.get_by_label("Bundle, or a PDF with one in it").set_input_files(getattr(served, file))
        page.get_by_label("Key of the ledger that signed").fill(served.key)
        follow(page, page.get_by_role("button", name="Verify"))
        assert verdict in page.inner_text("main")
        assert why in page.inner_text("#verdict")


def drop(page, file) -> None:
    """Drop a file on the field, as from the desktop."""
    page.locator("#bundle").scroll_into_view_if_needed()
    box = page.locator("#bundle").bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})


@pytest.mark.parametrize(("file", "verdict", "why"), VERDICTS)
def test_what_is_dropped_is_judged_at_once(chromium, served, file, verdict, why):
    with opened(chromium, served, "/verify", java_script_enabled=True) as page:
        page.get_by_label("Key of the ledger that signed").fill(served.key)
        page.evaluate("window.stayed = true")
        drop(page, getattr(served, file))
        page.get_by_role("heading", name=verdict).wait_for()
        assert why in page.inner_text("#verdict")
        assert page.evaluate("window.stayed")
        assert page.url == f"{served.at}/verify"


def test_a_drop_that_is_refused_says_so_in_place(chromium, served, tmp_path):
    (tmp_path / "note.txt").write_text("no bundle", "utf-8")
    with opened(chromium, served, "/verify", java_script_enabled=True) as page:
        page.get_by_label("Key of the ledger that signed").fill("no key")
        drop(page, tmp_path / "note.txt")
        page.get_by_role("alert").wait_for()
        assert "is no verifier key" in page.get_by_role("alert").inner_text()


def test_accounts_are_found_while_one_types_and_no_name_is_in_an_address(chromium, served):
    served.ledger.record("jones-cars", *two_sides())
    with opened(chromium, served, java_script_enabled=True) as page:
        seen = []
        page.on("request", lambda request: seen.append((request.method, request.url)))
        assert page.get_by_role("link", name="jones-cars").is_visible()
        page.get_by_label("Name").press_sequentially("smith")
        page.get_by_role("status").get_by_text("1 account with this in the name.").wait_for()
        assert page.get_by_role("link", name=SMITH).is_visible()
        assert page.get_by_role("link", name="jones-cars").count() == 0
        assert page.evaluate("document.activeElement.id") == "q"
        assert {(method, url) for method, url in seen} == {("POST", f"{served.at}/find")}


def test_a_german_browser_gets_german_pages(chromium, served):
    with opened(chromium, served, locale="de-DE") as page:
        assert page.get_by_role("heading", level=1).inner_text() == "Konten"
        follow(page, page.get_by_role("link", name=SMITH))
        assert "Am Zug" in page.inner_text("main")


def test_every_kind_of_report_is_handed_over(chromium, served):
    with opened(chromium, served, f"/a/{served.account}") as page:
        follow(page, page.get_by_role("link", name="Contact pressure"))
        assert "contact pressure" in page.inner_text("body").lower()
        page.go_back()
        line = page.get_by_role("listitem").filter(has=page.get_by_text("Both sides"))
        with page.expect_download() as got:
            line.get_by_role("link", name="PDF").click()
        with reading(got.value.path(), "pdf") as file:
            assert file.read(5) == b"%PDF-"


def test_the_customer_answers_and_disputes_over_a_link(chromium, served):
    link = served.pages.link(SMITH, "smith", person="bob")
    with opened(chromium, served, link, who=False) as page:
        assert page.url == f"{served.at}/a/{served.account}"
        assert page.get_by_role("link", name="Accounts", exact=True).count() == 0
        follow(page, page.get_by_role("link", name="Inventory sync").first)
        page.get_by_label(re.compile("A word beside it")).fill("I never asked for it")
        follow(page, page.get_by_role("button", name="Dispute"))
        assert "I never asked for it" in page.inner_text("main")
        follow(page, page.get_by_role("link", name="Record an answer"))
        assert page.get_by_label("ACME Dealer Systems").is_checked()
        page.get_by_label(re.compile("What was said")).fill("No, thank you.")
        follow(page, page.get_by_role("button", name="Put on record"))
        assert "No, thank you." in page.inner_text("blockquote")
        follow(page, page.get_by_role("button", name="Leave"))
        page.goto(f"/a/{served.account}")
        assert "You need access" in page.inner_text("main")
    (finding,) = [f for f in served.ledger.findings(SMITH) if f.no == 7]
    assert (finding.outcome, len(finding.contested)) == ("answered", 1)


def focused(page) -> str:
    """What the keyboard is on."""
    return page.evaluate(
        "(e => e.innerText || e.id || e.getAttribute('name'))(document.activeElement)"
    )


def tab_to(page, what: str) -> None:
    """Press Tab until that is reached; a page holds fewer things than this."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if focused(page) == what:
            return
    raise AssertionError(f"the keyboard never reached {what}")


def test_a_touch_is_recorded_with_the_keyboard_alone(chromium, served):
    with opened(chromium, served, f"/a/{served.account}") as page:
        page.keyboard.press("Tab")
        assert focused(page) == "To the content"
        page.keyboard.press("Enter")
        tab_to(page, "Record a touch")
        outline = page.locator(":focus").evaluate("e => getComputedStyle(e).outlineWidth")
        assert outline == "3px"
        page.keyboard.press("Enter")
        page.wait_for_url("**/new")
        tab_to(page, "to")
        page.keyboard.press("Space")
        tab_to(page, "about")
        page.keyboard.type("By keyboard")
        page.keyboard.press("Enter")
        page.wait_for_url("**/t/*")
        assert page.get_by_role("heading", level=1).inner_text() == "By keyboard"


PATHS = ("/", "/a/{}", "/a/{}/t/7", "/a/{}/new", "/verify", "/health", "/inbox")


@pytest.mark.parametrize(
    ("path", "scheme"), [*((path, "light") for path in PATHS), *((p, "dark") for p in PATHS[1:4])]
)
def test_nothing_is_wider_than_a_phone_and_axe_finds_nothing(chromium, served, path, scheme):
    with opened(
        chromium, served, path.format(served.account), size=PHONE, color_scheme=scheme,
        java_script_enabled=True, bypass_csp=True,
    ) as page:  # fmt: skip
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
        assert violations(page) == []
