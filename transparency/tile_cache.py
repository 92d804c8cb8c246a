"""Tiles kept in memory, within bounds: what proofs read again and again.

Of a tile that was used lately its hashes are kept (8 KB), and the nodes over four and more of them (4 KB):
computing those anew is what proofs would spend their time on. Nothing kept can become wrong: a tile only grows, so what
is kept of it is what it begins with.
"""

import threading
from collections import OrderedDict
from typing import Final, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection

from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import UPPER_FROM, Tile, UpperNodes, proof_reader, upper_nodes
from sigill.tlog.tree import NodeReader
from transparency.errors import LogCorrupt
from transparency.tile_store import load_tile

MAX_TILES: Final = 4096  # 34 MB: of a million leaves
MAX_UPPER: Final = 4096  # 17 MB
_Key: TypeAlias = tuple[str, int, int]
_Value = TypeVar("_Value")


class TileCache:
    """Tiles of any number of logs; any number of threads at once. For one database, since it is asked only once."""

    def __init__(self, *, max_tiles: int = MAX_TILES, max_upper: int = MAX_UPPER) -> None:
        self._tiles: _Recent[bytes] = _Recent(max_tiles)
        self._upper: _Recent[UpperNodes] = _Recent(max_upper)

    def tile(self, connection: Connection, log_id: str, tile: Tile) -> bytes | None:
        """Return the hashes of a tile, or None while it is not that wide yet."""
        key, length = _key(log_id, tile), tile.width * HASH_BYTES
        data = self._tiles.get(key)
        if data is None or len(data) < length:
            data = load_tile(connection, log_id, tile)
            if data is not None:
                self._tiles.keep(key, data)
        return None if data is None else data[:length]

    def nodes(self, connection: Connection, log_id: str, tree_size: int) -> NodeReader:
        """Return a reader of the nodes of a log's tree of that size, for one proof; it reads no tile twice.

        It raises LogCorrupt for a tile that is missing or too short.
        """

        def read_tile(tile: Tile) -> bytes:
            data = self.tile(connection, log_id, tile)
            if data is None:
                raise LogCorrupt(f"log {log_id}: tile {tile.index} of level {tile.level} is missing or too short")
            return data

        def read_upper(tile: Tile) -> UpperNodes:
            key = _key(log_id, tile)
            found = self._upper.get(key)
            if found is None or len(found[0]) < (tile.width >> UPPER_FROM) * HASH_BYTES:
                found = upper_nodes(read_tile(tile))
                self._upper.keep(key, found)
            return found

        return proof_reader(tree_size, read_tile, read_upper)


class _Recent(Generic[_Value]):
    """The values that were asked for last, at most so many."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._mutex = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """Return a value, or None if it is not kept."""
        with self._mutex:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: _Key, value: _Value) -> None:
        """Keep a value; the one that was not asked for the longest goes."""
        with self._mutex:
            self._values[key] = value
            if len(self._values) > self._at_most:
                self._values.popitem(last=False)


def _key(log_id: str, tile: Tile) -> _Key:
    return log_id, tile.level, tile.index
