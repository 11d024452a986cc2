"""Verify: what is dropped, and the verdict; and the ways in for hosts."""

from __future__ import annotations

from io import BytesIO

import pytest
from starlette.testclient import TestClient

from contactledger import MemoryStore
from contactledger.errors import BadInput, StoreError
from contactledger.keys import keygen
from contactledger.ledger import Ledger
from contactledger.web import Access, pages
from tests.ledgers import SMITH, mail, two_sides
from tests.visiting import hidden


class Sealed:
    """A sealed ledger, its key, and a bundle of its account."""

    def __init__(self, folder) -> None:
        self.key = keygen(folder / "acme.key", name="acme.example/ledger").format()
        self.ledger = Ledger.open(MemoryStore(), recorder="acme", signer=folder / "acme.key")
        self.ledger.record(SMITH, *two_sides(), mail("m", about="Sync"))
        self.bundle = written(self.ledger.bundle(SMITH))
        self.partial = written(self.ledger.bundle(SMITH, entries=["m"]))


def written(bundle) -> bytes:
    file = BytesIO()
    bundle.write(file)
    return file.getvalue()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    made = Sealed(tmp_path_factory.mktemp("sealed"))
    yield made
    made.ledger.close()


def verdict(ledger, bundle: bytes | None, key: str = "", **more):
    browser = TestClient(pages(ledger, lambda _: Access.anyone(), **more))
    form = {**hidden(browser.get("/verify").text), "key": key}
    files = {} if bundle is None else {"bundle": ("a.bundle", bundle)}
    return browser.post("/verify", data=form, files=files)


def other() -> Ledger:
    ledger = Ledger.open(MemoryStore(), recorder="smith")
    ledger.record("acme", *two_sides())
    return ledger


def test_a_bundle_of_ones_own_verifies_under_the_keys_on_record(sealed):
    page = verdict(sealed.ledger, sealed.bundle)
    for part in ("It holds", "a key that is trusted here", SMITH, sealed.key, "all 8"):
        assert part in page.text, part
    assert "turn" in page.text


def test_a_bundle_of_another_verifies_under_a_key_that_was_given_or_is_trusted(sealed):
    with other() as ledger:
        given = verdict(ledger, sealed.bundle, key=f"\n{sealed.key}\n")
        trusted = verdict(ledger, sealed.bundle, trust=[sealed.key])
        none = verdict(ledger, sealed.bundle)
    assert "under a key that you gave" in given.text
    assert "under a key that is trusted here" in trusted.text
    assert (none.status_code, "give the key of the ledger" in none.text) == (422, True)


def test_some_entries_verify_and_are_not_judged(sealed):
    page = verdict(sealed.ledger, sealed.partial).text
    assert "each with its proof" in page
    assert "turn" not in page.partition("</h1>")[2].partition("<form")[0]


def test_a_bundle_that_was_changed_does_not_hold_and_the_page_says_where(sealed):
    middle = len(sealed.bundle) // 2
    broken = sealed.bundle[:middle] + b"\0\0\0\0" + sealed.bundle[middle + 4 :]
    page = verdict(sealed.ledger, broken)
    assert (page.status_code, "It does not hold" in page.text) == (200, True)
    assert "Step " in page.text


def test_what_is_no_bundle_does_not_hold(sealed):
    page = verdict(sealed.ledger, b"%PDF-1.7 nothing in it")
    assert (page.status_code, 'role="alert"' in page.text) == (422, True)
    assert "It does not hold" in verdict(sealed.ledger, b"PK\x03\x04 or so").text


def test_a_file_must_be_there_and_keys_must_be_keys(sealed):
    for bundle in (None, b""):
        page = verdict(sealed.ledger, bundle)
        assert (page.status_code, "choose a file" in page.text) == (422, True)
    for key in ("/etc/passwd", "a+b", " ".join([sealed.key] * 11)):
        assert verdict(sealed.ledger, sealed.bundle, key=key).status_code == 422
    with pytest.raises(BadInput):
        pages(sealed.ledger, lambda _: None, trust=["a+b"])


def test_an_error_on_the_way_is_a_verdict_too(sealed, monkeypatch):
    def fail(*_, **__):
        raise StoreError("Bob Ray")

    monkeypatch.setattr("contactledger.web.verify.open_bundle", fail)
    page = verdict(sealed.ledger, sealed.bundle).text
    assert "It does not hold" in page
    assert "StoreError" in page
    assert "Bob" not in page


def test_a_countersigned_and_redacted_bundle_says_so(tmp_path, sealed):
    from contactledger import countersign, open_bundle

    theirs = keygen(tmp_path / "smith.key", name="smith.example/ledger")
    opened = open_bundle(BytesIO(sealed.bundle), trust=sealed.key)
    back = countersign(opened, tmp_path / "smith.key", now=sealed.ledger._now())
    sealed.ledger.accept(back, trust=theirs.format())
    sealed.ledger.redact(SMITH, person="carla")
    bundle = written(sealed.ledger.bundle(SMITH))
    browser_keys = f"{sealed.key} {theirs.format()}"
    page = verdict(sealed.ledger, bundle, key=browser_keys).text
    assert "Countersigned" in page
    assert "erased" in page


def test_a_wsgi_host_serves_the_pages_below_its_own(sealed):
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.test import Client

    from contactledger.web.wsgi import wsgi

    def allow(request):
        user = request.scope["wsgi_environ"].get("REMOTE_USER")
        return Access.staff(user) if user else None

    host = Flask(__name__)
    app = DispatcherMiddleware(host, {"/contacts": wsgi(pages(sealed.ledger, allow))})
    client = Client(app)
    assert client.get("/contacts/").status_code == 401
    page = client.get("/contacts/", environ_overrides={"REMOTE_USER": "ann"})
    account = sealed.ledger.entries(SMITH)[0].account
    assert (page.status_code, f'href="/contacts/a/{account}"' in page.text) == (200, True)


def test_without_its_extra_the_wsgi_way_says_what_to_install(monkeypatch):
    import sys

    from contactledger.errors import NotInstalled
    from contactledger.web.wsgi import wsgi

    monkeypatch.setitem(sys.modules, "a2wsgi", None)
    with pytest.raises(NotInstalled, match=r"contactledger\[wsgi\]"):
        wsgi(lambda *_: None)
