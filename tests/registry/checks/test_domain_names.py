import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.checks.domain_names import read_domain, registrable_domain
from registry.errors import ApplicationInvalid


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.se", "example.se"),
        ("Example.SE", "example.se"),
        ("example.se.", "example.se"),
        ("www.shop.example.co.uk", "www.shop.example.co.uk"),
        ("köp.se", "xn--kp-fka.se"),
        ("KÖP.SE", "xn--kp-fka.se"),
        (unicodedata.normalize("NFD", "köp.se"), "xn--kp-fka.se"),
        ("xn--kp-fka.se", "xn--kp-fka.se"),
        ("XN--KP-FKA.se", "xn--kp-fka.se"),
        ("straße.de", "xn--strae-oqa.de"),  # a letter of its own since IDNA 2008
        ("a" * 63 + ".se", "a" * 63 + ".se"),
        ("1.se", "1.se"),
        ("mybank.github.io", "mybank.github.io"),
        ("www.ck", "www.ck"),  # an exception of the list
    ],
)
def test_a_domain_is_read_in_the_spelling_of_name_servers(text: str, name: str) -> None:
    assert read_domain(text) == name


@pytest.mark.parametrize("text", ["se", "co.uk", "github.io", "CO.UK", "co.uk.", "ck", "kawasaki.jp", "xn--kpry57d"])
def test_a_public_suffix_stands_for_nobody(text: str) -> None:
    with pytest.raises(ApplicationInvalid, match="public suffix"):
        read_domain(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        ".se",
        "example..se",
        "-a.se",
        "a-.se",
        "a_b.se",
        "_sigill-challenge.example.se",
        "*.example.se",
        "*",
        "exam ple.se",
        "example.se ",
        "example.se\n",
        "example.se..",
        "example.se/path",
        "https://example.se",
        "example.se:443",
        "user@example.se",
        "127.0.0.1",
        "127.1",
        "1.2.3.4.",
        "a.0x7f",
        "::1",
        "[::1]",
        "example。se",  # dots of other scripts
        "１.se",
        "☃.se",
        "xn--a.se",
        "xn--.se",
        "xn--KP-FKA-.se",
        "ab--c.se",
        "a" * 64 + ".se",
        ("a" * 60 + ".") * 5 + "se",
        "ö" * 250 + ".se",
        "åäö." * 40 + "se",  # too long as name servers spell it
        "x" * 100_000,
        "a\x00.se",
        "a\ud800.se",
        "\u200bexample.se",
        "rtl\u202e.se",
    ],
)
def test_what_is_no_domain_name_is_refused(text: str) -> None:
    with pytest.raises(ApplicationInvalid, match=r"^The domain .{0,300}$"):
        read_domain(text)


@pytest.mark.parametrize("text", ["bank.internal", "exempelbanken.example", "printer.local", "localhost"])
def test_a_name_under_no_listed_top_level_is_refused(text: str) -> None:
    with pytest.raises(ApplicationInvalid, match="no top level"):
        read_domain(text)


def test_names_of_one_s_own_network_can_be_let_through() -> None:
    assert read_domain("exempelbanken.example", unlisted=True) == "exempelbanken.example"
    with pytest.raises(ApplicationInvalid, match="public suffix"):
        read_domain("localhost", unlisted=True)
    with pytest.raises(ApplicationInvalid, match="public suffix"):
        read_domain("co.uk", unlisted=True)


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("www.shop.example.se", "example.se"),
        ("example.se", "example.se"),
        ("a.example.co.uk", "example.co.uk"),
        ("www.mybank.github.io", "mybank.github.io"),
        ("www.xn--kp-fka.se", "xn--kp-fka.se"),
        ("co.uk", "co.uk"),
    ],
)
def test_the_registered_part_of_a_domain_is_found(domain: str, registered: str) -> None:
    assert registrable_domain(domain) == registered


@given(st.text(max_size=300) | st.text(alphabet="a.-xn0ö*", max_size=60).map(lambda text: text + ".se"))
def test_whatever_is_given_is_read_once_and_for_all_or_refused(text: str) -> None:
    try:
        name = read_domain(text)
    except ApplicationInvalid:
        return
    assert read_domain(name) == name
    assert name.isascii()
    assert len(name) <= 253
    assert name.endswith(registrable_domain(name))
