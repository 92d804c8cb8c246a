"""The edge that grows run by run is the tree that `sigill.tlog.tree` grows node by node."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigill.tlog.tiles import Tile, changed_tiles, tile_width
from sigill.tlog.tree import Frontier, grow, hash_leaf, inclusion_proof
from transparency.edge import Edge, Run, edge_of, rightmost_runs


def leaves(begin: int, end: int) -> list[bytes]:
    return [hash_leaf(index.to_bytes(4, "big")) for index in range(begin, end)]


def check_steps(sizes: list[int]) -> None:
    """Grow an edge through these sizes; at each step compare its root, its nodes, its tiles and a proof."""
    edge, frontier, known = Edge(), Frontier(), dict[tuple[int, int], bytes]()
    for size in sizes:
        before = edge.frontier.size
        new = leaves(before, size)
        frontier, nodes = grow(frontier, new)
        known.update({(level, index): value for level, index, value in nodes})
        edge = edge.grown(iter(new))
        assert edge.frontier == frontier
        for level, index, value in nodes:
            assert edge.read(level, index) == value
        expected = {
            tile: b"".join(known[8 * tile.level, 256 * tile.index + place] for place in range(tile.width))
            for tile in changed_tiles(before, size)
        }
        assert dict(edge.changed_tiles(before)) == expected
        if size > before:
            expected_path = inclusion_proof(before, size, lambda *place: known[place])
            assert inclusion_proof(before, size, edge.read) == expected_path


@given(st.lists(st.integers(0, 1_200), max_size=5).map(sorted))
def test_growing_by_runs_is_growing_by_nodes(sizes: list[int]) -> None:
    check_steps(sizes)


@pytest.mark.slow
def test_growing_over_the_end_of_a_tile_of_the_second_level() -> None:
    check_steps([1, 65_000, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792, 66_000])


@given(st.lists(st.integers(0, 1_200), min_size=2, max_size=3).map(sorted))
def test_an_edge_read_from_tiles_grows_like_the_one_that_was_remembered(sizes: list[int]) -> None:
    whole = Edge().grown(leaves(0, sizes[0]))
    runs: list[Run] = []
    for level in range(2):
        count = sizes[0] >> 8 * level
        if count:
            tile = Tile(level, count // 256, tile_width(sizes[0], level, count // 256))
            runs += rightmost_runs(
                tile, [whole.read(8 * level, 256 * tile.index + place) for place in range(tile.width)]
            )
    edge = edge_of(sizes[0], tuple(runs))
    assert edge.frontier == whole.frontier
    for begin, end in pairwise(sizes):
        edge, whole = edge.grown(leaves(begin, end)), whole.grown(leaves(begin, end))
        assert edge.frontier == whole.frontier
        assert dict(edge.changed_tiles(begin)) == dict(whole.changed_tiles(begin))


def test_a_node_that_the_edge_has_not_is_a_key_error() -> None:
    edge = Edge().grown(leaves(0, 600)).grown(leaves(600, 601))
    for level, index in ((0, 0), (0, 601), (9, 2), (40, 0)):
        with pytest.raises(KeyError):
            edge.read(level, index)
    assert edge.read(0, 600) == leaves(600, 601)[0]
