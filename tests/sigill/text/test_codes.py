import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.encoding.ulid import CROCKFORD
from sigill.errors import MalformedCode
from sigill.text.codes import (
    Code,
    code_of_number,
    find_code_line,
    format_code,
    format_code_line,
    make_code,
    number_of_code,
    parse_code,
    parse_code_line,
    split_code_line,
)

CODES = st.integers(0, 2**60 - 1).map(code_of_number)


@settings(deadline=None)
@given(CODES)
def test_a_code_survives_writing_and_reading(code: Code) -> None:
    assert parse_code(format_code(code)) == parse_code(code) == code
    assert code_of_number(number_of_code(code)) == code
    assert find_code_line(f"Hej\n{format_code_line(code)}") == code


@pytest.mark.parametrize(
    "typed",
    ["7K3F-9Q2M-XT4B", "7k3f 9q2m xt4b", " 7K3F9Q2MXT4B\n", "7-K-3-F9Q2M\u2013XT4B", "7K3F\u00a09Q2M\u2011XT4B"],
)
def test_people_may_type_it_their_way(typed: str) -> None:
    assert parse_code(typed) == "7K3F9Q2MXT4B"


def test_letters_that_look_like_digits_are_digits() -> None:
    assert parse_code("oOiI-lL00-1111") == "001111001111"


@pytest.mark.parametrize(
    "typed", ["", "7K3F-9Q2M-XT4", "7K3F-9Q2M-XT4BB", "7K3F-9Q2M-XT4U", "7K3F-9Q2M-XT4ſ", "٧K3F9Q2MXT4B"]
)
def test_anything_else_is_malformed(typed: str) -> None:
    with pytest.raises(MalformedCode):
        parse_code(typed)


def test_a_code_typed_at_length_is_malformed() -> None:
    with pytest.raises(MalformedCode, match="64"):
        parse_code(" " * 65)


@settings(deadline=None)
@given(st.text())
@example("Sigill 7K3F-9Q2M-XT4B")
def test_only_malformed_code_escapes(text: str) -> None:
    try:
        code = parse_code(text)
    except MalformedCode:
        return
    assert len(code) == 12
    assert set(code) <= set(CROCKFORD)


def test_a_code_is_made_of_the_lower_sixty_bits() -> None:
    assert make_code(bytes(8)) == "000000000000"
    assert make_code(b"\xff" * 8) == make_code(b"\x0f" + b"\xff" * 7) == "ZZZZZZZZZZZZ"
    with pytest.raises(ValueError, match="eight"):
        make_code(bytes(7))


def test_only_a_line_of_its_own_is_a_code_line() -> None:
    assert parse_code_line("Sigill 7K3F-9Q2M-XT4B") == "7K3F9Q2MXT4B"
    assert parse_code_line(f"https://{'a' * 253}:65535/s/7K3F9Q2MXT4B") == "7K3F9Q2MXT4B"
    assert parse_code_line(f"https://{'a' * 254}/s/7K3F9Q2MXT4B") is None
    assert find_code_line("Sigill 7K3F-9Q2M-XT4B\ntack") is None
    assert find_code_line("") is None


def test_a_text_without_code_line_comes_back_as_it_is() -> None:
    assert split_code_line("Hej \n\n") == ("Hej \n\n", None)
    assert split_code_line("Hej \r\n\r\nSigill 7K3F-9Q2M-XT4B\n") == ("Hej", "7K3F9Q2MXT4B")
