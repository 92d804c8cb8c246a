import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.text.carrier import embed, find_carriers, format_carrier, remove_carriers, remove_codes
from sigill.text.codes import Code, code_of_number
from sigill.vocabulary import Channel

CODE = Code("7K3F9Q2MXT4B")
OTHER = Code("0000000000ZZ")
CODES = st.integers(0, 2**60 - 1).map(code_of_number)


@settings(deadline=None)
@given(st.text(alphabet="ab\n "), CODES, st.text(alphabet="ab\n "))
def test_a_carrier_is_found_and_removed_wherever_it_stands(before: str, code: Code, after: str) -> None:
    text = before + format_carrier(code) + after
    assert find_carriers(text) == ((code, len(before), len(before) + 17),)
    assert remove_carriers(text) == before + after


@settings(deadline=None)
@given(CODES, st.integers(0, 16), st.integers(0, 255))
def test_a_carrier_with_any_character_changed_is_none(code: Code, at: int, byte: int) -> None:
    carrier = format_carrier(code)
    other = chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16)
    changed = carrier[:at] + other + carrier[at + 1 :]
    if changed != carrier:
        assert find_carriers(changed) == ()
        assert remove_carriers(changed) == changed


@settings(deadline=None)
@given(CODES, CODES, st.integers(0, 17))
def test_removing_a_carrier_never_makes_another_one(outer: Code, inner: Code, at: int) -> None:
    carrier = format_carrier(outer)
    left = remove_carriers(carrier[:at] + format_carrier(inner) + carrier[at:])
    assert remove_carriers(left) == left


@pytest.mark.parametrize("channel", Channel)
def test_channels_that_are_spoken_printed_or_paid_by_the_character_get_no_carrier(channel: Channel) -> None:
    sent = embed("Hej", CODE, channel=channel)
    visible_only = {Channel.SMS, Channel.PHONE, Channel.LETTER, Channel.VISIT, Channel.VIDEO}
    assert sent == ("Hej" if channel in visible_only else "Hej" + format_carrier(CODE)) + "\nSigill 7K3F-9Q2M-XT4B"


def test_embedding_replaces_what_was_embedded_and_leaves_no_empty_line() -> None:
    once = embed("Hej\n\n", OTHER, channel=Channel.EMAIL)
    assert embed(once, CODE, channel=Channel.EMAIL) == embed("Hej", CODE, channel=Channel.EMAIL)


def test_an_empty_text_is_only_its_code() -> None:
    assert embed(" \n", CODE, channel=Channel.SMS) == "Sigill 7K3F-9Q2M-XT4B"


def test_the_code_in_plain_sight_counts_before_the_carriers_and_the_last_carrier_before_the_first() -> None:
    assert remove_codes(f"a{format_carrier(OTHER)}\nSigill 7K3F-9Q2M-XT4B") == ("a", CODE)
    assert remove_codes(f"{format_carrier(CODE)}a{format_carrier(OTHER)}") == ("a", OTHER)
    assert remove_codes("a") == ("a", None)
