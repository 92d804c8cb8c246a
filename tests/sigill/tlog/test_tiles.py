import hashlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sigill.errors import MalformedNote
from sigill.tlog.tiles import (
    MAX_INDEX,
    Bundle,
    Tile,
    changed_tiles,
    format_bundle,
    format_path,
    node_reader,
    parse_bundle,
    parse_path,
    split_tile,
    tile_width,
)
from sigill.tlog.tree import Frontier, grow

widths = st.integers(1, 256)
indices = st.integers(0, MAX_INDEX)
places = st.one_of(st.builds(Tile, st.integers(0, 63), indices, widths), st.builds(Bundle, indices, widths))


@pytest.mark.parametrize(
    ("place", "path"),
    [
        # the examples of https://c2sp.org/tlog-tiles
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1, 17), "tile/1/001.p/17"),
        (Tile(2, 0, 1), "tile/2/000.p/1"),
        (Bundle(273, 112), "tile/entries/273.p/112"),
        (Bundle(1_000), "tile/entries/x001/000"),
        (Tile(63, 999_999), "tile/63/x999/999"),
    ],
)
def test_a_path_is_written_in_groups_of_three_digits(place: Tile | Bundle, path: str) -> None:
    assert format_path(place) == path
    assert parse_path(path) == place


@given(places)
@settings(max_examples=100)
def test_reading_a_path_inverts_writing_it(place: Tile | Bundle) -> None:
    assert parse_path(format_path(place)) == place


@given(
    st.one_of(
        st.text(max_size=30),
        st.from_regex(r"tile/([0-9]{1,2}|entries)/(x[0-9]{3}/){0,2}[0-9]{2,3}(\.p/[0-9]{1,3})?", fullmatch=True),
    )
)
@example("tile/00/001")
@example("tile/64/001")
@example("tile/0/x000/001")
@example("tile/0/1")
@example("tile/0/001.p/0")
@example("tile/0/001.p/256")
@example("tile/0/001.p/257")
@example("tile/0/001.p/01")
@example("tile/0/٠٠١")
@example("tile/0/x999/x999/x999/x999/x999/999")
@example("tile/0/001\n")
@settings(max_examples=200)
def test_anything_but_the_canonical_path_is_malformed(text: str) -> None:
    try:
        place = parse_path(text)
    except MalformedNote:
        return
    assert format_path(place) == text


def test_the_widths_are_those_of_the_specification_s_example() -> None:
    assert [tile_width(70_000, 0, index) for index in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [tile_width(70_000, 1, index) for index in (0, 1, 2)] == [256, 17, 0]
    assert [tile_width(70_000, 2, index) for index in (0, 1)] == [1, 0]
    assert [tile_width(256, 0, 0), tile_width(256, 1, 0), tile_width(256, 2, 0)] == [256, 1, 0]


def test_growing_by_nothing_changes_no_tile() -> None:
    assert list(changed_tiles(70_000, 70_000)) == []


def test_growing_past_a_full_tile_changes_the_tile_above_too() -> None:
    assert list(changed_tiles(250, 260)) == [Tile(0, 0), Tile(0, 1, 4), Tile(1, 0, 1)]
    assert list(changed_tiles(256, 257)) == [Tile(0, 1, 1)]
    assert list(changed_tiles(0, 65_536))[-2:] == [Tile(1, 0), Tile(2, 0, 1)]


@given(st.integers(0, 200_000), st.integers(0, 2_000))
@settings(max_examples=50)
def test_the_changed_tiles_are_those_whose_width_changes(old: int, more: int) -> None:
    new = old + more
    expected = [
        Tile(level, index, tile_width(new, level, index))
        for level in range(4)
        for index in range(max(0, (old >> 8 * (level + 1)) - 1), (new >> 8 * (level + 1)) + 2)
        if tile_width(new, level, index) != tile_width(old, level, index)
    ]
    assert list(changed_tiles(old, new)) == expected


@given(st.integers(1, 1_500), st.data())
@settings(max_examples=20)
def test_every_node_of_a_tree_can_be_read_from_its_tiles(size: int, data: st.DataObject) -> None:
    _, nodes = grow(Frontier(), (hashlib.sha256(index.to_bytes(4, "big")).digest() for index in range(size)))
    known = {(level, index): value for level, index, value in nodes}
    asked: list[Tile] = []

    def read_tile(tile: Tile) -> bytes:
        asked.append(tile)
        return b"".join(known[8 * tile.level, 256 * tile.index + i] for i in range(tile.width))

    read = node_reader(size, read_tile)
    for level, index, value in data.draw(st.lists(st.sampled_from(nodes), max_size=20)):
        assert read(level, index) == value
    assert all(tile.width == tile_width(size, tile.level, tile.index) for tile in asked)


def test_a_tile_that_is_too_short_for_its_size_is_malformed() -> None:
    with pytest.raises(MalformedNote, match="too short"):
        node_reader(5, lambda _tile: bytes(32 * 3))(1, 1)


@pytest.mark.parametrize("length", [1, 31, 33, 32 * 257])
def test_a_tile_holds_at_most_256_whole_hashes(length: int) -> None:
    with pytest.raises(MalformedNote):
        split_tile(bytes(length))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
@settings(max_examples=50)
def test_reading_a_bundle_inverts_writing_it(entries: list[bytes]) -> None:
    assert list(parse_bundle(format_bundle(entries))) == entries


def test_a_bundle_s_lengths_are_big_endian() -> None:
    assert format_bundle([b"ab", b"", b"c" * 258])[:8] == b"\x00\x02ab\x00\x00\x01\x02"


@given(st.binary(max_size=60))
@example(b"\x00")
@example(b"\x00\x02a")
@example(b"")
@example(b"\x00\x00" * 257)
@settings(max_examples=100)
def test_anything_but_a_whole_bundle_is_malformed(data: bytes) -> None:
    try:
        entries = parse_bundle(data)
    except MalformedNote:
        return
    assert format_bundle(entries) == data


def test_an_entry_too_long_for_its_length_is_refused() -> None:
    assert parse_bundle(format_bundle([bytes(65_535)])) == (bytes(65_535),)
    with pytest.raises(ValueError, match="65536"):
        format_bundle([bytes(65_536)])
