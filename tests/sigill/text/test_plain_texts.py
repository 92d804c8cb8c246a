"""The quick way for plain texts finds what the long way finds, or leaves them to it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.text import nu1
from sigill.text.carrier import embed, format_carrier, remove_codes, split_plain
from sigill.text.characters import BLANK
from sigill.text.codes import Code, code_of_number, format_code_line
from sigill.text.nu1 import Canonical, HiddenCharacters, canonicalise
from sigill.vocabulary import Channel

CODE = Code("7K3F9Q2MXT4B")
CARRIER = format_carrier(CODE)
LINE = format_code_line(CODE)
CODES = st.integers(0, 2**60 - 1).map(code_of_number)
TEXTS = st.text(alphabet=[*"abÅé9 \n\r\t-", "\u0301", "\u2028", "\xa0", "\ufe0f", "\ufeff", "\U0001f600"], max_size=12)
ENDS = st.sampled_from(
    ["", CARRIER, f"\n{LINE}", f"{CARRIER}\n{LINE}", f"\n{LINE}\n", f" {LINE}", f"\n{LINE}\n{LINE}", f"\n/s/{LINE[7:]}"]
)


def _the_long_way(text: str) -> Canonical | str:
    with pytest.MonkeyPatch.context() as change:
        change.setattr(nu1, "split_plain", lambda _text: None)
        return _canonical(text)


def _canonical(text: str) -> Canonical | str:
    try:
        return canonicalise(text)
    except HiddenCharacters as error:
        return str(error)


@settings(deadline=None, max_examples=400)
@given(TEXTS, ENDS, ENDS)
@example("Hej", f"{CARRIER}\n{LINE}", "")
@example("Hej", f"{CARRIER}{CARRIER}\n{LINE}", "")
@example("", f"{CARRIER}\n{LINE}", "")
@example("Hej\nSigill ", f"\n{LINE}", "")
def test_a_text_split_quickly_is_the_text_split_the_long_way(text: str, end: str, after: str) -> None:
    given_text = text + end + after
    split = split_plain(given_text)
    if split is not None:
        body, code = remove_codes(given_text)
        assert split == (body.rstrip(BLANK), code) == (body, code)
    assert _canonical(given_text) == _the_long_way(given_text)


@settings(deadline=None)
@given(st.text(alphabet="abÅ9", min_size=1), CODES, st.sampled_from(Channel))
def test_a_plain_text_is_split_from_what_was_embedded(text: str, code: Code, channel: Channel) -> None:
    assert split_plain(text) == (text, None)
    assert split_plain(embed(text, code, channel=channel)) == (text, code)


@pytest.mark.parametrize("at", range(17))
def test_an_ill_formed_carrier_is_left_to_the_long_way(at: int) -> None:
    broken = CARRIER[:at] + ("\ufe00" if CARRIER[at] != "\ufe00" else "\ufe01") + CARRIER[at + 1 :]
    text = f"Hej{broken}\n{LINE}"
    assert split_plain(text) is None
    assert _canonical(text) == _the_long_way(text)


def test_the_code_in_plain_sight_counts_and_not_the_carrier_s() -> None:
    text = f"Hej{format_carrier(Code('0000000000ZZ'))}\n{LINE}"
    assert split_plain(text) == remove_codes(text) == ("Hej", CODE)
