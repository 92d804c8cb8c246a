import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import NotCanonicalisable
from sigill.text.nu1 import canonical_h, canonicalise
from sigill.text.search import MAX_CANDIDATES, Match, find_sealed, windows

SEALED = "Hej Anna,\n\ndin faktura på 10² kr är betald.\nHälsningar\nExempelbanken"
QUOTED = "\n".join(f"> {line}".strip() for line in SEALED.split("\n"))


def find(pasted: str, sealed: str = SEALED) -> Match | None:
    return find_sealed(pasted, matches=canonical_h(sealed).__eq__)


def test_the_sealed_text_alone_is_whole() -> None:
    assert find(SEALED + "\r\n\r\nSigill 7K3F-9Q2M-XT4B\r\n") == Match(SEALED, "", "", whole=True)


def test_headers_before_and_a_footer_after_are_not_covered() -> None:
    pasted = f"Från: Exempelbanken\nÄmne: Faktura\n\n{SEALED}\nSigill 7K3F-9Q2M-XT4B\n\nSvara inte på detta mejl.\n"
    assert find(pasted) == Match(
        SEALED,
        "Från: Exempelbanken\nÄmne: Faktura",
        "Sigill 7K3F-9Q2M-XT4B\n\nSvara inte på detta mejl.",
        whole=False,
    )


def test_a_quoted_mail_below_an_answer_is_found() -> None:
    found = find(f"Stämmer detta?\n\nDen 3 maj skrev Exempelbanken:\n{QUOTED}\n> Sigill 7K3F-9Q2M-XT4B")
    assert found is not None
    assert (found.matched, found.whole) == (SEALED, False)
    assert found.before.endswith("skrev Exempelbanken:")


def test_a_mail_quoted_twice_and_one_that_quotes_itself_are_found() -> None:
    twice = "\n".join(f"> {line}" for line in QUOTED.split("\n"))
    for pasted, sealed in ((twice, SEALED), (f"Se:\n{twice}", QUOTED), (twice, QUOTED)):
        found = find(pasted, sealed)
        assert found is not None
        assert (found.matched, found.whole) == (canonicalise(sealed).text, False)


def test_other_text_between_its_lines_is_no_match() -> None:
    assert find(SEALED.replace("betald.\n", "betald.\nBetala igen.\n")) is None
    assert find("") is None
    assert find("Sigill 7K3F-9Q2M-XT4B\n\nSigill 7K3F-9Q2M-XT4B\nannat") is None


def test_the_longest_piece_wins() -> None:
    wanted = {canonical_h("b"), canonical_h("b\n\nc")}
    assert find_sealed("a\n\nb\n\nc", matches=wanted.__contains__) == Match("b\n\nc", "a", "", whole=False)


def test_hidden_characters_are_reported_not_searched() -> None:
    with pytest.raises(NotCanonicalisable):
        find(SEALED + "\u202e")


PASTES = st.lists(st.sampled_from(["a", "b b", "", "> c", "> > d", ">", "Sigill 7K3F-9Q2M-XT4B", ">e"]), max_size=7)


@settings(max_examples=80, deadline=None)
@given(PASTES.map("\n".join))
def test_every_window_is_canonical_and_is_found(pasted: str) -> None:
    canonical = canonicalise(pasted).text
    pieces = list(windows(canonical))
    assert [canonicalise(piece).text for piece in pieces] == pieces
    assert not canonical or pieces[0] == canonical
    for piece in pieces:
        found = find(pasted, piece)
        assert found is not None
        assert found.matched == piece
        assert found.whole == (piece == canonical)


def test_a_long_paste_gives_a_bounded_number_of_candidates_in_time() -> None:
    lines = [f"rad {number} med lite text i sig" if number % 9 else "" for number in range(200)]
    long = "\n".join(lines)
    longer = "\n".join(f"> > rad {number}" for number in range(15_000))
    began = time.perf_counter()
    assert find(long, "\n".join(lines[101:107])) is not None
    assert find(longer, "rad 3\nrad 4") is not None
    assert find(longer, "finns inte") is None
    assert time.perf_counter() - began < 5  # about a quarter of a second on an idle machine
    for text in (long, longer):
        assert 10_000 < sum(1 for _ in windows(canonicalise(text).text)) <= MAX_CANDIDATES
