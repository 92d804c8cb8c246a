import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigill.errors import NotCanonicalisable
from sigill.text.nu1 import canonical_h, canonicalise
from sigill.text.search import MAX_CANDIDATES, MAX_HASHED_BYTES, Match, Pasted, windows

SEALED = "Hej Anna,\n\ndin faktura på 10² kr är betald.\nHälsningar\nExempelbanken"
QUOTED = "\n".join(f"> {line}".strip() for line in SEALED.split("\n"))


def find(pasted: str, sealed: str = SEALED) -> Match | None:
    return Pasted(pasted).find(matches=canonical_h(sealed).__eq__)


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
    assert Pasted("a\n\nb\n\nc").find(matches=wanted.__contains__) == Match("b\n\nc", "a", "", whole=False)


def test_a_part_shorter_than_asked_for_is_no_match_and_the_whole_always_is() -> None:
    pasted = Pasted("Betala nu\n\nJa")
    assert pasted.find(matches=canonical_h("Ja").__eq__, min_part=2) is not None
    assert pasted.find(matches=canonical_h("Ja").__eq__, min_part=3) is None
    assert pasted.find(matches=canonical_h("Betala nu").__eq__, min_part=9) is not None
    assert Pasted("Ja").find(matches=canonical_h("Ja").__eq__, min_part=3) == Match("Ja", "", "", whole=True)


def test_a_piece_found_knows_its_hash() -> None:
    found = find(f"x\n\n{SEALED}")
    assert found is not None
    assert found.h == canonical_h(SEALED)


def test_the_search_ends_with_the_first_match_and_hashes_once_for_all_seals() -> None:
    pasted, asked = Pasted("a\n\nb\n\nc"), list[bytes]()

    def second(h: bytes) -> bool:
        asked.append(h)
        return len(asked) == 2

    assert pasted.find(matches=second) is not None
    assert len(asked) == 2
    assert pasted._pieces is pasted._pieces


_QUOTED = st.text("> \n\u200c\u200d\u0628\u0915\u094d\u0301\u0338\u2764\ufe0fa", max_size=9).map(">".__add__)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(_QUOTED)
def test_a_text_that_can_be_read_can_be_read_without_its_quotes(pasted: str) -> None:
    try:
        made = Pasted(pasted)
    except NotCanonicalisable:
        return
    assert made.find(matches=lambda _: False) is None


@pytest.mark.parametrize("code", ["Sigill 7K3F-9Q2M-XT4B", "> Sigill 7K3F-9Q2M-XT4B"])
def test_what_stands_above_a_code_is_found_far_down_a_long_thread(code: str) -> None:
    mark = "> " if code.startswith(">") else ""
    before = "\n".join(f"{mark}{number} ord" + "\n" * (number % 7 == 0) for number in range(600))
    sealed = "\n".join(f"rad {number}" for number in range(20))
    pasted = f"{before}\n{sealed if not mark else sealed.replace('rad', '> rad').replace('> > ', '> ')}\n{code}\nslut"
    found = find(pasted, sealed)
    assert found is not None
    assert found.matched == sealed


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
        assert found.whole == (piece in {canonical, canonical.replace("\n\n", "\n")})


def test_a_long_paste_gives_a_bounded_number_of_candidates_in_time() -> None:
    lines = [f"rad {number} med lite text i sig" if number % 9 else "" for number in range(200)]
    long = "\n".join(lines)
    longer = "\n".join(f"> > rad {number}" for number in range(15_000))
    began = time.perf_counter()
    assert find(long, "\n".join(lines[10:18])) is not None
    assert find(longer, "rad 3\nrad 4") is not None
    assert find(longer, "finns inte") is None
    assert time.perf_counter() - began < 3  # about a fifth of a second on an idle machine
    for text in (long, longer):
        assert 900 < sum(1 for _ in windows(canonicalise(text).text)) <= MAX_CANDIDATES


def test_what_is_hashed_has_a_limit_and_short_pieces_still_fit() -> None:
    text = "\n".join(f"{number} " + "x" * 800 for number in range(310))
    pasted = Pasted(text)
    furthest: dict[tuple[int, int], int] = {}
    for window, _, size in pasted._pieces:
        start = (window.reading, window.start)
        furthest[start] = max(furthest.get(start, 0), size)
    assert MAX_HASHED_BYTES * 0.9 < sum(furthest.values()) <= MAX_HASHED_BYTES
    assert pasted.find(matches=canonical_h(text.split("\n")[0]).__eq__) is not None


def test_a_text_sealed_without_empty_lines_is_found_whole_where_a_copy_put_some_in() -> None:
    found = find("Rubrik\n\nett\ntvå\n\n\nslut\n", "Rubrik\nett\ntvå\nslut")
    assert found is not None
    assert found.whole
    assert find("Rubrik\nett", "Rubrik\n\nett") is None
