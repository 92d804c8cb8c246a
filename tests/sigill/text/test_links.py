import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedHtml
from sigill.text.links import link_hash, normalise_link


@pytest.mark.parametrize(
    ("href", "normalised"),
    [
        ("https://a.example/b?c=D#E", "https://a.example/b?c=D#E"),
        (" \nhttps://a.example/b\t", "https://a.example/b"),
        ("https://a.exa\nmple/b", "https://a.example/b"),
        ("HTTPS://A.Example/B", "https://a.example/B"),
        ("https://a.example", "https://a.example/"),
        ("https://a.example?b", "https://a.example/?b"),
        ("https://a.example:443/b", "https://a.example/b"),
        ("http://a.example:443/b", "http://a.example:443/b"),
        ("http://a.example:80#c", "http://a.example/#c"),
        ("https://User@A.example/b", "https://User@a.example/b"),
        ("mailto:Anna@Example.SE", "mailto:Anna@Example.SE"),
        ("/b", "/b"),
        ("", ""),
    ],
)
def test_what_browsers_rewrite_alike_is_folded_and_nothing_else(href: str, normalised: str) -> None:
    assert normalise_link(href) == normalised
    assert link_hash(href) == hashlib.sha256(b"link1\n" + normalised.encode()).digest()


@settings(deadline=None)
@given(st.text() | st.text(alphabet=":/@?#aA\n").map("https:".__add__))
def test_a_normalised_link_is_its_own_normal_form(href: str) -> None:
    assert normalise_link(normalise_link(href)) == normalise_link(href)


def test_a_lone_surrogate_is_malformed() -> None:
    with pytest.raises(MalformedHtml):
        link_hash("https://a.example/\ud800")
