import pytest

from contactledger.sources._auth import (
    digest_hex,
    hmac64_holds,
    hmac_holds,
    to_texts,
    url_and_form,
    url_spellings,
)


def test_one_text_several_or_none_become_a_tuple():
    assert (to_texts("a"), to_texts(["a", "b"]), to_texts(None)) == (("a",), ("a", "b"), ())


@pytest.mark.parametrize("given", ["", "é", "\udc80", "zz", "A" * 1_000_000])
def test_no_text_that_is_no_digest_holds(given):
    assert not hmac_holds([b"k"], given, b"signed", "sha256")
    assert not hmac64_holds([b"k"], given, b"signed", "sha1")


def test_without_a_secret_nothing_holds():
    assert not hmac_holds([], "", b"", "sha256")


def test_a_digest_of_rfc_4231_holds():
    key, data = b"Jefe", b"what do ya want for nothing?"
    mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac_holds([b"x", key], mac, data, "sha256")
    assert not hmac_holds([b"x", key], mac.upper(), data, "sha256")


def test_parameters_are_signed_in_the_order_of_their_names():
    assert url_and_form("u", [("b", "2"), ("a", "1"), ("b", "1"), ("b", "2")]) == b"ua1b1b2"
    assert url_and_form("u", [("a", "\udcff")]) == b"ua\xff"


def test_an_address_is_spelt_as_it_is_and_with_and_without_its_port():
    assert list(url_spellings("https://a.example/x?y='", None)) == [
        "https://a.example/x?y='",
        "https://a.example/x?y=%27",
        "https://a.example:443/x?y='",
        "https://a.example:443/x?y=%27",
    ]
    assert list(url_spellings("http://u:p@a.example:1/x", "Basic eDp5")) == [
        "http://u:p@a.example:1/x",
        "http://u:p@a.example/x",
        "http://u:p@a.example:80/x",
    ]
    assert "http://x:y@a.example/x" in list(url_spellings("http://a.example/x", "Basic eDp5"))


def test_digests_by_name():
    assert digest_hex(b"", "md5") == "d41d8cd98f00b204e9800998ecf8427e"
