"""Which objects a published log has, by the numbers of the specification (https://c2sp.org/tlog-tiles)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.tlog.tiles import Bundle, Tile
from transparency.publishing.plan import (
    CHECKPOINT,
    FOR_AUDITORS,
    FOR_EVER,
    Content,
    checkpoint_name,
    filled_places,
    headers_of,
    is_superseded,
    missing_places,
    object_name,
    place_of,
    public_content,
)

SIZES = st.lists(st.integers(0, 150_000), min_size=1, max_size=4).map(sorted)
CONTENTS = st.sampled_from(Content)


def expected(content: Content, size: int) -> set[Tile | Bundle]:
    """Every object of a log of that size: floor(size / 256^L) hashes on level L, 256 to a tile."""
    found: set[Tile | Bundle] = set()
    level = 0
    while count := size // 256**level:
        widths = [*[256] * (count // 256), *([count % 256] if count % 256 else [])]
        if content is not Content.ENTRIES:
            found |= {Tile(level, index, width) for index, width in enumerate(widths)}
        if content is not Content.TILES and level == 0:
            found |= {Bundle(index, width) for index, width in enumerate(widths)}
        level += 1
    return found


@given(CONTENTS, SIZES)
def test_after_publishing_size_after_size_every_object_of_each_is_there_and_nothing_else(
    content: Content, sizes: list[int]
) -> None:
    published: set[Tile | Bundle] = set()
    before = 0
    for size in sizes:
        published |= set(missing_places(content, before, size))
        assert expected(content, size) <= published
        before = size
    assert published == {place for size in sizes for place in expected(content, size)}


@given(CONTENTS, SIZES)
def test_nothing_is_named_twice_and_nothing_that_was_published_before(content: Content, sizes: list[int]) -> None:
    before, after = sizes[0], sizes[-1]
    missing = list(missing_places(content, before, after))
    assert len(missing) == len(set(missing))
    assert set(missing).isdisjoint(expected(content, before))


@given(CONTENTS, SIZES)
def test_what_is_filled_was_partial_before_and_is_full_now(content: Content, sizes: list[int]) -> None:
    before, after = sizes[0], sizes[-1]
    filled = {(type(place), place.index, getattr(place, "level", 0)) for place in filled_places(content, before, after)}
    partial_before = {place for place in expected(content, before) if place.width < 256}
    gone = {place for place in partial_before if is_superseded(place, after)}
    assert {(type(place), place.index, getattr(place, "level", 0)) for place in gone} == filled
    assert gone.isdisjoint(expected(content, after))


def test_a_huge_log_s_next_leaf_costs_one_tile_a_level() -> None:
    size = 2**40 - 1
    assert list(missing_places(Content.TILES, size, size + 1)) == [
        *(Tile(level, 256 ** (4 - level) - 1) for level in range(5)),
        Tile(5, 0, 1),
    ]


def test_names_are_the_paths_that_the_service_has() -> None:
    assert checkpoint_name("exempelbanken") == "log/exempelbanken/checkpoint"
    assert object_name("root", Tile(1, 1_234_067, 17)) == "log/root/tile/1/x001/x234/067.p/17"
    assert object_name("root", Bundle(3)) == "log/root/tile/entries/003"


@given(st.integers(0, 63), st.integers(0, 10**9), st.integers(1, 256))
def test_a_name_tells_its_place(level: int, index: int, width: int) -> None:
    for place in (Tile(level, index, width), Bundle(index, width)):
        assert place_of("bank", object_name("bank", place)) == place
        assert place_of("other", object_name("bank", place)) is None
    assert place_of("bank", "log/bank/checkpoint") is None


@pytest.mark.parametrize("log_id", ["", "..", "a/b", "a\n", "å", ".a", "a" * 65])
def test_a_log_whose_id_is_not_plain_has_no_names(log_id: str) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        checkpoint_name(log_id)


def test_what_never_changes_may_be_kept_for_ever_and_entries_only_where_they_are_for_anyone() -> None:
    assert headers_of(Tile(0, 0), Content.TILES) is FOR_EVER
    assert headers_of(Bundle(0), Content.BOTH) is FOR_EVER
    assert headers_of(Bundle(0), Content.ENTRIES) is FOR_AUDITORS
    assert (FOR_EVER.cache_control, FOR_EVER.content_type) == (
        "public, max-age=31536000, immutable",
        "application/octet-stream",
    )
    assert (CHECKPOINT.cache_control, CHECKPOINT.content_type) == ("no-cache", "text/plain; charset=utf-8")
    assert (public_content("root"), public_content("bank")) == (Content.BOTH, Content.TILES)
