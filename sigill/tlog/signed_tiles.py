"""The tiles of a log as far as its signed root vouches for them, from the root downwards."""

from collections.abc import Callable
from typing import TypeAlias

from sigill.tlog.folding import fold_tile, peaks_of
from sigill.tlog.prefix import Head
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, tile_width
from sigill.tlog.tree import Frontier

ReadTile: TypeAlias = Callable[[Tile], bytes | None]


def edge_tiles(size: int) -> tuple[Tile, ...]:
    """Return the tiles at the right edge of a tree that are not full, the lowest first: they hold all its peaks."""
    tiles = []
    level = 0
    while count := size >> TILE_HEIGHT * level:
        if count % TILE_WIDTH:
            tiles.append(Tile(level, count // TILE_WIDTH, count % TILE_WIDTH))
        level += 1
    return tuple(tiles)


class SignedTiles:
    """Reads tiles once each as long as they are asked for in order, and tells what the root says of the tiles below."""

    def __init__(self, head: Head, read_tile: ReadTile) -> None:
        self._size = head.size
        self._read_tile = read_tile
        self._shown: dict[int, tuple[Tile, bytes | None]] = {}  # by level: the one read last
        self._signed: dict[int, tuple[Tile, bytes | None]] = {}
        edges = {tile: self._hashes(tile) for tile in edge_tiles(head.size)}
        self._edges = edges if _root_of(edges) == head.root else {}

    def read(self, tile: Tile) -> bytes | None:
        """Return a tile as the log shows it, None where it is missing."""
        kept = self._shown.get(tile.level)
        if kept is None or kept[0] != tile:
            kept = self._shown[tile.level] = (tile, self._read_tile(tile))
        return kept[1]

    def root_of(self, level: int, index: int) -> bytes | None:
        """Return the root of a full tile as the signed root vouches for it; None where the tiles above do not tell."""
        return _hash_in(self.signed(self._above(level, index)), index)

    def shown_root(self, level: int, index: int) -> bytes | None:
        """Return the root of a full tile as the tile above shows it, vouched for or not; None where that is missing."""
        return _hash_in(self._hashes(self._above(level, index)), index)

    def signed(self, tile: Tile) -> bytes | None:
        """Return the hashes of a tile as wide as the tree has it, None where the root does not vouch for them."""
        if tile.width < TILE_WIDTH:
            return self._edges.get(tile)
        kept = self._signed.get(tile.level)
        if kept is None or kept[0] != tile:
            kept = self._signed[tile.level] = (tile, self._vouched(tile))
        return kept[1]

    def _above(self, level: int, index: int) -> Tile:
        return Tile(level + 1, index // TILE_WIDTH, tile_width(self._size, level + 1, index // TILE_WIDTH))

    def _vouched(self, tile: Tile) -> bytes | None:
        hashes = self._hashes(tile)
        if hashes is None:
            return None
        return hashes if fold_tile(hashes)[-1] == self.root_of(tile.level, tile.index) else None

    def _hashes(self, tile: Tile) -> bytes | None:
        data = self.read(tile)
        return data if data is not None and len(data) == tile.width * HASH_BYTES else None


def _hash_in(hashes: bytes | None, index: int) -> bytes | None:
    begin = index % TILE_WIDTH * HASH_BYTES
    return None if hashes is None else hashes[begin : begin + HASH_BYTES]


def _root_of(edges: dict[Tile, bytes | None]) -> bytes | None:
    peaks: list[bytes] = []
    for tile, hashes in reversed(edges.items()):
        if hashes is None:
            return None
        peaks += peaks_of(fold_tile(hashes), tile.width)
    return Frontier(0, tuple(peaks)).root()
