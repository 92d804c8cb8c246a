"""Tiles and bundles as they are published: each held against the tree first, for whoever gets one keeps it for ever."""

from typing import TypeAlias

from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, fold_tile, parse_bundle
from sigill.tlog.tree import hash_leaf
from transparency.errors import LogCorrupt
from transparency.reading import LogReader

Place: TypeAlias = Tile | Bundle


def load_object(reader: LogReader, log_id: str, place: Place) -> bytes:
    """Return a tile or bundle that is in the tree. Raises LogCorrupt, StoreUnavailable.

    A full tile is held against the hash above it, a bundle against the tile of its leaves. What a partial tile says is
    in the root, which whoever publishes compares by itself.
    """
    return _load_bundle(reader, log_id, place) if isinstance(place, Bundle) else _load_tile(reader, log_id, place)


def _load_tile(reader: LogReader, log_id: str, tile: Tile) -> bytes:
    data = _tile(reader, log_id, tile)
    if tile.width == TILE_WIDTH:
        index, position = divmod(tile.index, TILE_WIDTH)
        above = _tile(reader, log_id, Tile(tile.level + 1, index, position + 1))
        if fold_tile(data) != above[position * HASH_BYTES :]:
            raise LogCorrupt(f"log {log_id}: tile {tile.index} of level {tile.level} is not what the tile above has")
    return data


def _load_bundle(reader: LogReader, log_id: str, bundle: Bundle) -> bytes:
    data = reader.entry_bundle(log_id, bundle.index, bundle.width)
    if data is None:
        raise LogCorrupt(f"log {log_id}: entries of bundle {bundle.index} are missing")
    hashes = b"".join(map(hash_leaf, parse_bundle(data)))
    if hashes != _tile(reader, log_id, Tile(0, bundle.index, bundle.width)):
        raise LogCorrupt(f"log {log_id}: the entries of bundle {bundle.index} are not those that the tree has")
    return data


def _tile(reader: LogReader, log_id: str, tile: Tile) -> bytes:
    data = reader.tile(log_id, tile)
    if data is None:
        raise LogCorrupt(f"log {log_id}: tile {tile.index} of level {tile.level} is missing or too short")
    return data
