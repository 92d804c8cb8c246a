"""Names that could be taken for another's: found however they are spelled, and not found everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lookalikes import MAX_CHARACTERS, Likeness, Resemblance, compare, find_resemblances, skeleton

BANK = "Exempelbanken"


@pytest.mark.parametrize(
    ("name", "likeness"),
    [
        ("EXEMPELBANKEN", Likeness.SAME),
        ("Ехеmpelbanken", Likeness.LOOKS_THE_SAME),  # three Cyrillic letters
        ("Exernpelbanken", Likeness.LOOKS_THE_SAME),  # r and n for m
        ("Exempe1banken", Likeness.LOOKS_THE_SAME),
        ("Ｅｘｅｍｐｅｌｂａｎｋｅｎ", Likeness.LOOKS_THE_SAME),
        ("Exempelbånken", Likeness.LOOKS_THE_SAME),
        ("exempel-banken", Likeness.LOOKS_THE_SAME),
        ("Exempel Banken AB (publ)", Likeness.LOOKS_THE_SAME),
        ("Exempel\u200bbanken", Likeness.LOOKS_THE_SAME),  # a blank without width
        ("Exempelbank", Likeness.CLOSE),
        ("Exemplebanken", Likeness.CLOSE),
        ("Exempelbanken Support", Likeness.CONTAINS),
        ("kundtjanst-exempelbanken", Likeness.CONTAINS),
        ("MinExempelbankenApp", Likeness.CONTAINS),
        ("Exempelelbolaget", None),
        ("Handelsbanken", None),
        ("", None),
        ("🏦", None),
    ],
)
def test_a_name_that_could_be_taken_for_the_banks_is_found(name: str, likeness: Likeness | None) -> None:
    assert compare(name, BANK) is likeness


@pytest.mark.parametrize(
    ("name", "known", "likeness"),
    [
        ("SEB Support", "SEB", Likeness.CONTAINS),
        ("S.E.B.", "SEB", Likeness.LOOKS_THE_SAME),
        ("Sebastians bageri", "SEB", None),
        ("lkea", "IKEA", Likeness.LOOKS_THE_SAME),
        ("VVasa", "Wasa", Likeness.LOOKS_THE_SAME),
        ("Lansforsakringar", "Länsförsäkringar", Likeness.LOOKS_THE_SAME),
        ("Nordnet", "Nordea", None),
        ("SEK", "SEB", None),
        ("Fabo", "Sabo", None),
        ("Oy", "AB", None),
    ],
)
def test_short_names_count_as_whole_words_only(name: str, known: str, likeness: Likeness | None) -> None:
    assert compare(name, known) is likeness


def test_the_strongest_resemblance_comes_first() -> None:
    known = ["Bank i Exempelbanken", "Exempelbank", "exempelbanken", "Telia"]
    assert find_resemblances("Exempelbanken", known)[:2] == (
        Resemblance("exempelbanken", Likeness.SAME),
        Resemblance("Exempelbank", Likeness.CLOSE),
    )


@given(st.text(max_size=80))
def test_every_name_is_the_same_as_itself_or_shows_nothing(name: str) -> None:
    assert compare(name, name) is (Likeness.SAME if skeleton(name) else None)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_is_an_error_and_a_skeleton_is_plain(name: str, known: str) -> None:
    find_resemblances(name, [known])
    assert set(skeleton(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789 ")


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzåäöABCÅÄÖ", min_size=5, max_size=40), st.sampled_from(".,-_/' "))
def test_what_stands_between_letters_changes_nothing(name: str, mark: str) -> None:
    spaced = mark.join([name[:3], name[3:]])
    assert compare(spaced, name) in {Likeness.SAME, Likeness.LOOKS_THE_SAME, Likeness.CLOSE, Likeness.CONTAINS}


def test_a_name_of_a_megabyte_is_compared_by_its_beginning() -> None:
    assert compare("x" * 1_000_000, "x" * MAX_CHARACTERS) is Likeness.LOOKS_THE_SAME
