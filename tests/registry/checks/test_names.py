import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.checks.names import plain_name, same_name

SAME = [
    ("EXEMPELBANKEN AB (PUBL)", "Exempelbanken AB"),
    ("Danske Bank A/S", "DANSKE BANK AS"),
    ("Google Ireland Limited", "GOOGLE IRELAND LTD."),
    ("Åhléns Aktiebolag", "A\u030ahle\u0301ns AB"),
    ("Marks & Spencer", "marks  &  spencer"),
]
OTHER = [
    ("Exempelbanken AB", "Exempelbanken Support AB"),
    ("Exempelbanken AB", "Exempelbanken AS"),
    ("Ahlens AB", "Åhléns AB"),
    ("Exempelbanken", "Ехempelbanken"),  # the first two letters are Cyrillic
    ("AB", "Exempelbanken AB"),
    ("", ""),
    ("()", "--"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert same_name(one, other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_names_that_differ_in_a_letter_or_a_word_are_not(one: str, other: str) -> None:
    assert not same_name(one, other)


@given(st.text())
def test_a_plain_name_is_its_own_plain_name(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)
