"""A whole tree checked from its tiles, and the bare hashing of as many nodes to hold it against.

An audit is a callable: it gets every tile of a log, level by level, and the size, and returns the root.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlalchemy import Engine

from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_WIDTH, Tile, changed_tiles, fold_tile, node_reader
from sigill.tlog.tree import hash_pair, root_hash
from storage.engine import reading
from transparency.tile_store import load_tile

Tiles: TypeAlias = Mapping[Tile, bytes]
Audit: TypeAlias = Callable[[Tiles, int], bytes]


def audit_tiles(tiles: Tiles, size: int) -> bytes:
    """Hash every full tile and compare with the tile above; return the root. Raises ValueError."""
    for tile, data in tiles.items():
        if tile.width == TILE_WIDTH:
            index, position = divmod(tile.index, TILE_WIDTH)
            width = min(TILE_WIDTH, (size >> 8 * (tile.level + 1)) - index * TILE_WIDTH)
            above = tiles[Tile(tile.level + 1, index, width)]
            if fold_tile(data) != above[position * HASH_BYTES : (position + 1) * HASH_BYTES]:
                raise ValueError(f"{tile} is not what the tile above has")
    return root_hash(size, node_reader(size, tiles.__getitem__))


def hash_bare(tiles: Tiles, size: int) -> None:
    """Hash as many nodes as a tree of that size has, and look at nothing."""
    leaves = b"".join(data for tile, data in tiles.items() if tile.level == 0)
    for begin in range(0, (size - 1) * HASH_BYTES, HASH_BYTES):
        hash_pair(leaves[begin : begin + 2 * HASH_BYTES])


def read_tiles(engine: Engine, log_id: str, size: int) -> Tiles:
    """Return all tiles of a log, as wide as a tree of that size has them."""
    with reading(engine) as connection:
        return {tile: load_tile(connection, log_id, tile) or b"" for tile in changed_tiles(0, size)}
