"""Trees rebuilt tile by tile: 256 leaf hashes in at a time, the hashes of the tiles above out, and little kept.

What is written here counts, since an audit spends its time here: a million leaves are two million hashes.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from typing import TypeAlias

from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH
from sigill.tlog.tree import Frontier, hash_node

Levels: TypeAlias = Sequence[bytes]
"""Up to 256 hashes, one after the other; the nodes over each complete pair of them, over each complete four, and so on.
Of a full tile the last is its root."""


def fold_tile(hashes: bytes) -> Levels:
    """Return the complete subtrees over up to 256 hashes, level by level, the hashes themselves first."""
    levels = [hashes]
    while count := len(hashes) // (2 * HASH_BYTES):
        pairs = cut_evenly(hashes[: count * 2 * HASH_BYTES], 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + pair).digest() for pair in pairs])
        levels.append(hashes)
    return levels


def cut_evenly(data: bytes, length: int, *, skip: int = 0) -> tuple[bytes, ...]:
    """Return the parts of `data`, `length` bytes long each, `skip` bytes before each left out; nothing may be over."""
    return _parts(len(data) // (skip + length), length, skip).unpack(data)


@lru_cache(maxsize=1024)
def _parts(count: int, length: int, skip: int) -> Struct:
    return Struct(f"{skip}x{length}s" * count)


def peaks_of(levels: Levels, width: int) -> list[bytes]:
    """Return the roots of the complete subtrees over the first `width` hashes, the largest first."""
    return [
        levels[height][((width >> height) - 1) * HASH_BYTES : (width >> height) * HASH_BYTES]
        for height in range(width.bit_length() - 1, -1, -1)
        if width >> height & 1
    ]


class OpenTile:
    """A tile that is not full yet: its hashes so far, and the roots of the complete subtrees over them."""

    __slots__ = ("hashes", "peaks")

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self.hashes: list[bytes] = []
        self.peaks: list[bytes] = []
        for value in hashes:
            self.push(value)

    def push(self, value: bytes) -> None:
        """Add the next hash."""
        count = len(self.hashes)
        self.hashes.append(value)
        while count & 1:
            value = hash_node(self.peaks.pop(), value)
            count >>= 1
        self.peaks.append(value)

    @property
    def full(self) -> bool:
        """Whether it holds 256 hashes: then its root is its one peak."""
        return len(self.hashes) == TILE_WIDTH


class GrowingTree:
    """A tree of full tiles of leaves, of which only the open tile of each level above the leaves is kept.

    `above[0]` is the open tile of level 1.
    """

    def __init__(self, above: Iterable[Iterable[bytes]] = ()) -> None:
        self.above = [OpenTile(hashes) for hashes in above]

    @property
    def tiles(self) -> int:
        """How many full tiles of leaves were pushed."""
        return sum(len(tile.hashes) << TILE_HEIGHT * place for place, tile in enumerate(self.above))

    def push(self, root: bytes) -> Iterable[tuple[int, Sequence[bytes], bytes]]:
        """Add the root of the next full tile of leaves; yield level, hashes and root of every tile that this fills."""
        for place in range(len(self.above) + 1):
            if place == len(self.above):
                self.above.append(OpenTile())
            tile = self.above[place]
            tile.push(root)
            if not tile.full:
                return
            self.above[place] = OpenTile()
            root = tile.peaks[0]
            yield place + 1, tile.hashes, root

    def root(self, levels: Levels = (), width: int = 0) -> bytes:
        """Return the root of the tree with the first `width` leaves of a next tile, whose `levels` are given."""
        peaks = [peak for tile in reversed(self.above) for peak in tile.peaks]
        return Frontier(0, (*peaks, *(peaks_of(levels, width) if width else ()))).root()
