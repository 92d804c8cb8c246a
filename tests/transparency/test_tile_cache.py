"""What a proof reads: at most one tile a level beside the right edge, nothing twice, and within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from sigill.tlog.leaf import LeafKind, leaf_of
from sigill.tlog.tiles import Tile, node_reader, proof_reader, upper_nodes
from sigill.tlog.tree import Frontier, grow, hash_leaf, inclusion_proof
from storage.engine import reading, writing
from transparency import tile_cache
from transparency.append import Append
from transparency.errors import LogCorrupt
from transparency.log import TransparencyLog
from transparency.tile_cache import TileCache
from transparency.tile_store import load_tile

SIZE = 1_500


@pytest.fixture
def filled(log: TransparencyLog) -> TransparencyLog:
    log.append_all([Append("bank", leaf_of(LeafKind.EVENT, number.to_bytes(4, "big"))) for number in range(SIZE)])
    return log


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Tile]:
    """Every tile that is read from the database, in order."""
    asked: list[Tile] = []

    def load_counted(connection: Connection, log_id: str, tile: Tile) -> bytes | None:
        asked.append(tile)
        return load_tile(connection, log_id, tile)

    monkeypatch.setattr(tile_cache, "load_tile", load_counted)
    return asked


@pytest.mark.parametrize("index", [0, 300, 511, 512, 1_279, 1_280, 1_499])
def test_a_cold_proof_reads_at_most_one_tile_a_level_beside_the_right_edge(
    filled: TransparencyLog,  # noqa: ARG001
    engine: Engine,
    loaded: list[Tile],
    index: int,
) -> None:
    cache = TileCache()
    edge = {Tile(0, 5, 220), Tile(1, 0, 5)}
    with reading(engine) as connection:
        inclusion_proof(index, SIZE, cache.nodes(connection, "bank", SIZE))
    assert len(loaded) == len(set(loaded))
    beside = [tile.level for tile in loaded if tile not in edge]
    assert len(beside) == len(set(beside))
    assert beside in ([], [0])


def test_with_the_right_edge_known_a_cold_proof_reads_one_tile_a_level_at_most(
    filled: TransparencyLog,  # noqa: ARG001
    engine: Engine,
    loaded: list[Tile],
) -> None:
    cache = TileCache()
    with reading(engine) as connection:
        inclusion_proof(SIZE - 1, SIZE, cache.nodes(connection, "bank", SIZE))
        inclusion_proof(0, SIZE, cache.nodes(connection, "bank", SIZE))
        for index in (300, 600):
            loaded.clear()
            inclusion_proof(index, SIZE, cache.nodes(connection, "bank", SIZE))
            assert loaded == [Tile(0, index // 256)]


def test_a_proof_asked_for_again_reads_nothing_but_what_grows(
    filled: TransparencyLog,
    engine: Engine,
    loaded: list[Tile],
) -> None:
    cache = TileCache()
    with reading(engine) as connection:
        first = inclusion_proof(300, SIZE, cache.nodes(connection, "bank", SIZE))
        loaded.clear()
        assert inclusion_proof(300, SIZE, cache.nodes(connection, "bank", SIZE)) == first
        assert loaded == []
    filled.append(Append("bank", leaf_of(LeafKind.EVENT, b"one more")))
    with reading(engine) as connection:
        inclusion_proof(300, SIZE + 1, cache.nodes(connection, "bank", SIZE + 1))
        assert loaded == [Tile(0, 5, 221)]


def test_what_was_not_used_lately_is_forgotten(
    filled: TransparencyLog,  # noqa: ARG001
    engine: Engine,
    loaded: list[Tile],
) -> None:
    cache = TileCache(max_tiles=1, max_upper=1)
    with reading(engine) as connection:
        for index in (0, 1, 0):
            cache.tile(connection, "bank", Tile(0, index))
    assert loaded == [Tile(0, 0), Tile(0, 1), Tile(0, 0)]
    assert len(cache._tiles._values) == 1


def test_a_tile_that_is_too_short_is_a_fault(filled: TransparencyLog, engine: Engine) -> None:  # noqa: ARG001
    with writing(engine) as connection:
        connection.execute(text("DELETE FROM tiles WHERE level = 1"))
    with reading(engine) as connection, pytest.raises(LogCorrupt):
        inclusion_proof(300, SIZE, TileCache().nodes(connection, "bank", SIZE))


@given(st.integers(1, 256), st.data())
def test_nodes_from_upper_ones_are_those_from_the_tile(width: int, data: st.DataObject) -> None:
    hashes = [hash_leaf(bytes([number])) for number in range(width)]
    _, nodes = grow(Frontier(), hashes)
    tile = b"".join(hashes)
    with_upper = proof_reader(width, lambda _: tile, lambda _: upper_nodes(tile))
    plain = node_reader(width, lambda _: tile)
    level, index, value = data.draw(st.sampled_from([node for node in nodes if node[0] < 8]))
    assert with_upper(level, index) == plain(level, index) == value
