import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.report.language import MAX_CHARACTERS, choose_language
from sigill.vocabulary import Language


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("sv", Language.SV),
        ("sv-FI", Language.SV),
        ("SV-se,sv;q=0.9,en;q=0.8", Language.SV),
        ("no", Language.NB),
        ("nn-NO, en;q=0.5", Language.NB),
        ("de-Latn-AT", Language.DE),
        ("en;q=0.5, fi;q=0.7", Language.FI),
        ("da;q=0.5,es;q=0.5", Language.DA),
        ("pl, uk;q=0.9, es ; q=0.1", Language.ES),
        ("fi\t;\tq=1.000", Language.FI),
        ("fi; Q=0.3, da; q=0.2", Language.FI),
        ("fi;q=0., da;q=0.001", Language.DA),
        (",, ,da,", Language.DA),
    ],
)
def test_the_best_language_that_we_speak_is_chosen(header: str, expected: Language) -> None:
    assert choose_language(header) is expected


@pytest.mark.parametrize("header", [None, "", "pl", "*", "pl,*;q=0.5", "sv;q=0", "*;q=0", "en;q=0", "svenska", "xx-sv"])
def test_otherwise_english(header: str | None) -> None:
    assert choose_language(header) is Language.EN


@pytest.mark.parametrize(
    "header", ["sv;q=2", "sv;q=-1", "sv;q=0.1234", "sv;q=nan", "sv;level=1", "sv;q=", "s v", "ſv", "sv_SE"]
)
def test_a_range_that_is_not_well_formed_is_passed_over(header: str) -> None:
    assert choose_language(header) is Language.EN
    assert choose_language(f"{header}, da;q=0.1") is Language.DA


def test_a_refused_language_is_not_chosen_even_by_a_star() -> None:
    assert choose_language("en;q=0, *") is Language.SV
    assert choose_language("en;q=0, sv;q=0, no;q=0, *;q=0.1") is Language.DA
    everything = ", ".join(f"{language};q=0" for language in Language)
    assert choose_language(f"*, {everything}") is Language.EN


def test_what_is_asked_for_explicitly_wins() -> None:
    assert choose_language("sv", "de") is Language.DE
    assert choose_language("sv", "NN") is Language.NB
    assert choose_language("sv;q=0", " sv-FI ") is Language.SV
    assert choose_language(None, "es") is Language.ES


@pytest.mark.parametrize("explicit", [None, "", "pl", "*", "klingon", "sv,da", "../../sv"])
def test_an_unknown_wish_leaves_the_choice_to_the_browser(explicit: str | None) -> None:
    assert choose_language("da", explicit) is Language.DA


def test_only_the_beginning_of_a_header_is_read() -> None:
    assert choose_language("pl," * (MAX_CHARACTERS // 3) + "sv") is Language.SV
    assert choose_language("pl," * MAX_CHARACTERS + "sv") is Language.EN


@settings(max_examples=200)
@given(
    st.none() | st.text() | st.text(alphabet="svenodafi-*;q=01.,\t ", max_size=60),
    st.none() | st.text(max_size=10),
)
@example("\ud800", "\ud800")
@example("sv;q=٠", "İ")
def test_any_header_gives_a_language(header: str | None, explicit: str | None) -> None:
    assert choose_language(header, explicit) in set(Language)
