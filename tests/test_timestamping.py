"""Timestamps of a third party over a checkpoint; the authority is OpenSSL's own `openssl ts`."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder
from typer.testing import CliRunner

from contactledger import Ledger, MemoryStore, open_bundle
from contactledger.cli import app
from contactledger.errors import (
    BadBundle,
    BadInput,
    NotInstalled,
    NotSealed,
    TooLarge,
    Unverified,
)
from contactledger.keys import keygen
from contactledger.log.bundle_open import verify
from contactledger.log.bundle_times import MAX_TIME_BYTES, MAX_TIMES, in_order
from contactledger.timestamping import read_roots
from tests.bundles import key_of, story, written
from tests.ledgers import SMITH, mail, two_sides
from tests.required import absent

CONFIG = """
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
serial = serial
default_policy = 1.2.3.4.1
digests = sha256,sha512
signer_digest = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
"""
NEW = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """A timestamping authority in a folder: a root, a certificate under it, a counter."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        folder.mkdir()
        (folder / "c.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01")
        conf = ("-config", "c.cnf")
        root = ("-subj", f"/CN={name} root", "-days", "9999", "-extensions", "root")
        self._run("req", "-x509", *NEW, "-keyout", "ca.key", "-out", "ca.pem", *root, *conf)
        self._run("req", *NEW, "-keyout", "tsa.key", "-out", "q", "-subj", f"/CN={name}", *conf)
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "9999")
        how = ("-extfile", "c.cnf", "-extensions", "stamps")
        self._run("x509", "-req", "-in", "q", *signing, *how, "-out", "tsa.pem")

    @property
    def root(self):
        return self.folder / "ca.pem"

    def answer(self, request):
        """The answer to a request, as it would come over HTTP."""
        (self.folder / "query").write_bytes(request)
        keys = ("-inkey", "tsa.key", "-signer", "tsa.pem")
        how = ("-queryfile", "query", *keys, "-config", "c.cnf", "-section", "tsa")
        self._run("ts", "-reply", *how, "-out", "reply")
        return (self.folder / "reply").read_bytes()

    def _run(self, *arguments):
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    if shutil.which("openssl") is None:
        absent("openssl", "install OpenSSL's command")
    folder = tmp_path_factory.mktemp("authorities")
    return [Authority(folder / name, name) for name in ("one", "two")]


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request, tmp_path):
    keygen(tmp_path / "acme.key", "acme.example/ledger")
    where = MemoryStore() if request.param == "memory" else f"sqlite:///{tmp_path}/a.db"
    with Ledger.open(where, recorder="acme", signer=tmp_path / "acme.key") as ledger:
        ledger.record(SMITH, *two_sides(), mail("m-1"))
        ledger.seal()
        yield ledger


def saved(ledger, folder, name="x.bundle", **how):
    ledger.bundle(SMITH, **how).save(folder / name)
    return folder / name


def test_a_bundle_says_when_its_checkpoint_was_there(ledger, authorities, tmp_path):
    one, two = authorities
    before = datetime.now(UTC) - timedelta(seconds=2)
    made = [
        ledger.add_timestamp(authority.answer(ledger.timestamp_request()), roots=authority.root)
        for authority in authorities
    ]
    assert [stamp.authority for stamp in made] == ["CN=one", "CN=two"]
    assert before <= made[0].at <= made[1].at <= datetime.now(UTC)
    roots = [one.root, two.root]
    for how in ({}, {"entries": ["m-1"]}):
        path = saved(ledger, tmp_path, **how)
        opened = open_bundle(path, trust=tmp_path / "acme.vkey", time_roots=roots)
        assert sorted(opened.timestamped, key=lambda stamp: stamp.authority) == made
        opened = open_bundle(path, trust=tmp_path / "acme.vkey", time_roots=one.root)
        assert opened.timestamped == tuple(made[:1])
        assert open_bundle(path, trust=tmp_path / "acme.vkey").timestamped == ()
    # a timestamp is for its checkpoint: the next seal has none yet, and nothing else changed
    ledger.record(SMITH, mail("m-2"))
    path = saved(ledger, tmp_path)
    opened = open_bundle(path, trust=tmp_path / "acme.vkey", time_roots=roots)
    assert opened.timestamped == ()
    ledger.check()


def test_openssl_verifies_the_same_timestamp(ledger, authorities, tmp_path):
    """What docs/format.md says of it: the text of the checkpoint, up to the empty line."""
    authority = authorities[0]
    ledger.add_timestamp(authority.answer(ledger.timestamp_request()), roots=authority.root)
    with saved(ledger, tmp_path).open("rb") as file:
        (token,) = verify(file, [ledger._keys[0].signer.key]).times
    note = ledger.checkpoint().note
    (tmp_path / "text").write_bytes(note[: note.index(b"\n\n") + 1])
    (tmp_path / "0.tsr").write_bytes(token)
    asked = ("-data", "text", "-in", "0.tsr", "-CAfile", authority.root)
    done = subprocess.run(
        ["openssl", "ts", "-verify", *asked], cwd=tmp_path, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"Verification: OK\n")


def test_an_answer_is_taken_in_once_and_for_an_older_checkpoint_as_well(ledger, authorities):
    authority = authorities[0]
    request = ledger.timestamp_request()
    ledger.record(SMITH, mail("m-2"))
    ledger.seal()
    answer = authority.answer(request)
    assert ledger.add_timestamp(answer, roots=authority.root) == ledger.add_timestamp(
        answer, roots=[authority.root]
    )
    assert ledger.timestamp_request() != request


def test_what_is_no_timestamp_of_this_ledger_is_refused_and_not_kept(ledger, authorities, tmp_path):
    one, two = authorities
    answer = one.answer(ledger.timestamp_request())

    def refused(data, roots=one.root):
        with pytest.raises(Unverified) as caught:
            ledger.add_timestamp(data, roots=roots)
        return str(caught.value)

    assert refused(answer, two.root) == "it does not verify under any of these root certificates"
    other = TimestampRequestBuilder().data(b"else").hash_algorithm(HashAlgorithm.SHA256)
    other = one.answer(other.cert_request(cert_request=True).build().as_bytes())
    assert refused(other) == "it is for no checkpoint that this ledger has signed"
    bare = one.answer(_without_certificates(ledger))
    assert refused(bare) == "it does not verify under any of these root certificates"
    for junk in (b"", b"no DER", answer[:-1]):
        assert refused(junk) == "it is no timestamp of an authority that granted it"
    flipped = bytearray(answer)
    flipped[-20] ^= 1  # in the signature
    assert refused(bytes(flipped)) == "it does not verify under any of these root certificates"
    with pytest.raises(TooLarge):
        ledger.add_timestamp(b"x" * (MAX_TIME_BYTES + 1), roots=one.root)
    opened = open_bundle(
        saved(ledger, tmp_path), trust=tmp_path / "acme.vkey", time_roots=[one.root, two.root]
    )
    assert (opened.timestamped, opened.verified.times) == ((), ())


def _without_certificates(ledger):
    checkpoint = ledger.checkpoint()
    text = checkpoint.note[: checkpoint.note.index(b"\n\n") + 1]
    building = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256)
    return building.cert_request(cert_request=False).build().as_bytes()


def test_roots_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "none.pem").write_text("no certificate")
    for roots, what in (
        ([], "roots: name at least one root certificate"),
        (tmp_path / "absent", "roots: cannot be read: No such file or directory"),
        (tmp_path / "none.pem", "roots: is no certificate in PEM"),
    ):
        with pytest.raises(BadInput) as caught:
            read_roots(roots)
        assert str(caught.value) == what


def test_before_the_first_seal_there_is_nothing_to_stamp():
    with Ledger.open(MemoryStore(), recorder="acme") as ledger, pytest.raises(NotSealed):
        ledger.timestamp_request()


def test_without_the_extra_it_is_named(ledger, monkeypatch):
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(NotInstalled, match=r"contactledger\[timestamp\]"):
        ledger.timestamp_request()


def test_tokens_in_a_bundle_have_one_order_and_bounds():
    maker = story()
    maker.seal()
    content = maker.content()

    def opened(*tokens):
        data = written(attrs.evolve(content, times=tokens))
        return verify(io.BytesIO(data), [key_of("first").key]).times

    assert in_order([b"b", b"a", b"b"]) == (b"a", b"b")
    assert len(in_order(b"%d" % no for no in range(99))) == MAX_TIMES
    assert opened(b"a", b"b") == (b"a", b"b")  # whatever they are: nobody named an authority
    for tokens, step in (
        ((b"b", b"a"), 2),
        ((b"a", b"a"), 2),
        ((b"x" * (MAX_TIME_BYTES + 1),), 2),
        (tuple(b"%02d" % no for no in range(MAX_TIMES + 1)), 1),
    ):
        with pytest.raises(BadBundle) as caught:
            opened(*tokens)
        assert (caught.value.step, caught.value.file[:5]) == (step, "time/")


def test_what_is_no_token_in_a_bundle_is_passed_over(authorities):
    maker = story()
    maker.seal()
    data = written(attrs.evolve(maker.content(), times=(b"junk",)))
    key, root = key_of("first").key, authorities[0].root
    assert open_bundle(io.BytesIO(data), trust=key, time_roots=root).timestamped == ()


def test_verify_prints_who_stamped_it(ledger, authorities, tmp_path):
    authority = authorities[1]
    stamp = ledger.add_timestamp(authority.answer(ledger.timestamp_request()), roots=authority.root)
    path = saved(ledger, tmp_path)
    asked = ("verify", str(path), "--trust", str(tmp_path / "acme.vkey"), "--no-judge")
    done = CliRunner().invoke(app, [*asked, "--time-root", str(authority.root)])
    line = f"timestamped    by CN=two, {stamp.at:%Y-%m-%d %H:%M:%S} UTC, by its own clock"
    assert line in done.output.splitlines()
    assert "timestamped" not in CliRunner().invoke(app, asked).output
