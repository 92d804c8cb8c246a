"""Finding what a pasted text carries."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.report.find import Found, find_in_text, has_foreign_link
from sigill.text.carrier import format_carrier
from sigill.text.codes import Code
from tests.builders_seal import CODE, TEXT, make_case

_CASE = make_case()
_LINK = f"https://sigill.example/s/{CODE}"


def test_a_seal_alone_is_found_with_nothing_to_compare() -> None:
    assert find_in_text(f"\n{_CASE.seal}\n") == Found(seal=_CASE.parsed)


def test_a_seal_in_a_text_leaves_the_rest_to_compare() -> None:
    found = find_in_text(f"{TEXT}\n\n{_CASE.seal}")
    assert found.seal == _CASE.parsed
    assert found.text == f"{TEXT}\n\n"


def test_an_ill_formed_seal_is_passed_over_for_a_whole_one() -> None:
    broken = "eyJ" + "A" * 30 + "." + "A" * 40 + "." + "A" * 86 + "~"
    assert find_in_text(f"{broken} {_CASE.seal}").seal == _CASE.parsed
    assert find_in_text(broken) == Found(text=broken, broken=True)


@pytest.mark.parametrize(
    "text", ["20G3-0G2G-C1R8", " 20g3 0g2g c1r8\n", "20G30G2GC1R8", "Sigill 20G3-0G2G-C1R8", _LINK, f" {_LINK}/\n"]
)
def test_a_code_or_link_alone_is_found_with_nothing_to_compare(text: str) -> None:
    assert find_in_text(text) == Found(codes=(CODE,))


def test_twelve_letters_are_words_not_a_code() -> None:
    assert find_in_text("HALL OKEJ TACK").codes == ()


def test_the_invisible_carrier_counts_before_a_code_in_plain_sight() -> None:
    text = f"{TEXT}{format_carrier(CODE)}\nSigill 7K3F-9Q2M-XT4B"
    assert find_in_text(text) == Found(codes=(CODE, Code("7K3F9Q2MXT4B")), text=text)


@pytest.mark.parametrize("line", ["Sigill 20G3-0G2G-C1R8", "sigill: 20g3-0g2g-c1r8", f"> {_LINK}"])
def test_a_code_in_the_middle_of_a_quoted_mail_is_found(line: str) -> None:
    text = f"Hej,\n> {TEXT}\n{line}\nMvh Anna"
    assert find_in_text(text) == Found(codes=(CODE,), text=text)


def test_several_codes_are_found_in_the_order_they_stand() -> None:
    text = "Sigill 7K3F-9Q2M-XT4B\nmer\nSigill 20G3-0G2G-C1R8 slut"
    assert find_in_text(text).codes == (Code("7K3F9Q2MXT4B"), CODE)


@pytest.mark.parametrize("text", ["", "Hej", "Sigill UUUU-UUUU-UUU1", "https://sigill.example/s/UUUUUUUUUUU1"])
def test_a_text_without_a_code_carries_none(text: str) -> None:
    assert find_in_text(text).codes == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
@example("\ufeff" + "\ufe00" * 16)
@example("/s/" * 50)
def test_anything_at_all_can_be_searched(text: str) -> None:
    found = find_in_text(text)
    assert found.text is None or text.strip() or found.text == text


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("Hej https://sigill.example/s/7K3F9Q2MXT4B", False),
        ("Hej https://SIGILL.example/s/7K3F-9Q2M-XT4B", False),
        ("Hej https://evil.example/s/7K3F9Q2MXT4B", True),
        ("Hej http://sigill.example.evil.example/s/7K3F9Q2MXT4B", True),
        ("Hej https://sigill.example@evil.example/s/7K3F9Q2MXT4B", True),
        ("Hej https://evil.example/s/other", False),
    ],
)
def test_a_link_to_a_seal_at_another_host_is_noticed(text: str, foreign: bool) -> None:
    assert has_foreign_link(text, {"sigill.example"}) is foreign


@pytest.mark.parametrize("text", ["7K3F-9Q2M-XT4?", "7K3F-9Q2M-XT4", " 7K3F-9Q2 "])
def test_a_mistyped_code_is_no_message(text: str) -> None:
    assert find_in_text(text) == Found()


@pytest.mark.parametrize("text", ["Ring 08-123 456", "ja-tack", "2026", "e-post"])
def test_short_words_are_a_message_all_the_same(text: str) -> None:
    assert find_in_text(text) == Found(text=text)
