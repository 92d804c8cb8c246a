import base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.errors import MalformedEncoding


@settings(deadline=None)
@given(st.binary())
def test_bytes_survive_writing_and_reading(data: bytes) -> None:
    text = format_base64url(data)
    assert parse_base64url(text) == data
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")


@settings(deadline=None, max_examples=300)
@given(st.text() | st.text(alphabet="ABCQgwxyz019-_=+/\n", max_size=9))
@example("AB")
@example("AAB")
@example("AA==")
@example("A")
@example("AA\n")
@example("ÅÅÅÅ")
@example("\ud800")
def test_anything_but_the_canonical_spelling_is_malformed(text: str) -> None:
    try:
        data = parse_base64url(text)
    except MalformedEncoding:
        return
    assert format_base64url(data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"foob", "Zm9vYg"), (b"\xfb\xff", "-_8")],
)
def test_the_vectors_of_rfc_4648_hold_without_padding(data: bytes, text: str) -> None:
    assert format_base64url(data) == text
    assert parse_base64url(text) == data


def test_every_stray_bit_is_refused() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert sum(_is_read("A" + last) for last in alphabet) == 4
    assert sum(_is_read("AA" + last) for last in alphabet) == 16


@pytest.mark.parametrize("value", [1, b"AA", ["A", "A"], None])
def test_what_is_no_text_is_a_mistake_of_the_caller(value: str) -> None:
    with pytest.raises(TypeError):
        parse_base64url(value)


def _is_read(text: str) -> bool:
    try:
        parse_base64url(text)
    except MalformedEncoding:
        return False
    return True
