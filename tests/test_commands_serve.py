"""`contactledger serve`."""

from __future__ import annotations

import socket
import subprocess
import sys
from base64 import b64encode

import httpx2
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from contactledger import cli, commands_serve
from contactledger.commands_serve import PASSWORD, asking, by_password, with_keys
from contactledger.errors import BadInput, NotInstalled
from contactledger.web import pages
from tests.ledgers import SMITH, in_file, in_memory

SECRET = "correct horse battery"


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"ann:{password}".encode()).decode()}


def test_the_pages_ask_for_the_password_of_the_environment():
    ledger, _ = in_memory()
    app = asking(pages(ledger, by_password({PASSWORD: SECRET})))
    browser = TestClient(app)
    refused = browser.get("/")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic realm=")
    assert browser.get("/", headers=basic("wrong")).status_code == 401
    for odd in ("Basic é".encode(), b"Basic !!", b"Bearer x", b"Basic"):
        assert browser.get("/", headers={"authorization": odd}).status_code == 401
    let_in = browser.get("/", headers=basic(SECRET))
    assert (let_in.status_code, "www-authenticate" in let_in.headers) == (200, False)


@pytest.mark.parametrize("environment", [{}, {PASSWORD: "short"}])
def test_without_a_password_nothing_is_served(environment):
    with pytest.raises(BadInput, match=PASSWORD):
        by_password(environment)


def test_sources_with_a_key_are_taken_from_the_environment():
    environment = {
        "CONTACTLEDGER_POSTMARK_BASIC": "a:b",
        "CONTACTLEDGER_AMAZON_SES_TOPICS": "arn:aws:sns:eu-west-1:1:x",
    }
    assert [source.name for source in with_keys(environment)] == ["postmark"]


def test_the_command_serves_until_it_is_ended(tmp_path, monkeypatch):
    ledger, _, path = in_file(tmp_path)
    ledger.close()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "contactledger", "serve", str(path)]
    process = subprocess.Popen(
        [*command, "--recorder", "acme", "--port", str(port)],
        env={**__import__("os").environ, PASSWORD: SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
        transport = httpx2.HTTPTransport(retries=8)  # it says so just before it listens
        with httpx2.Client(transport=transport) as client:
            page = client.get(f"http://127.0.0.1:{port}/", headers=basic(SECRET))
        assert page.status_code == 200
        assert SMITH in page.text
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_without_its_extra_the_command_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(NotInstalled, match=r"contactledger\[serve\]"):
        commands_serve.serve(str(tmp_path / "x.db"), "acme")


def test_the_command_opens_the_ledger_and_hands_the_pages_to_the_server(tmp_path, monkeypatch):
    ledger, _, path = in_file(tmp_path)
    ledger.close()
    served = []
    monkeypatch.setattr("uvicorn.run", lambda app, **how: served.append((app, how)))
    monkeypatch.setenv(PASSWORD, SECRET)
    for where in (str(path), f"sqlite:///{path}"):
        done = CliRunner().invoke(cli.app, ["serve", where, "--recorder", "acme", "--port", "1"])
        assert (done.exit_code, "http://127.0.0.1:1/" in done.output) == (0, True)
    assert [how["host"] for _, how in served] == ["127.0.0.1", "127.0.0.1"]
