"""The right edge of a log's tree, kept in memory so that appending and proving need no reading."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, changed_tiles, level_above
from sigill.tlog.tree import Frontier


@dataclass(frozen=True, slots=True)
class Run:
    """Nodes of one level that stand side by side: the index of the first, and the hashes of all."""

    first: int = 0
    hashes: bytes = b""

    def since(self, index: int) -> bytes:
        """Return the hashes of the nodes from `index` on, which must be none before the first."""
        return self.hashes[(index - self.first) * HASH_BYTES :]


@dataclass(frozen=True, slots=True)
class Edge:
    """The frontier, and a run for each level: the nodes inside the rightmost tile, and those of the last growth.

    Never changed, only replaced: a rolled back commit leaves the edge before it valid.
    """

    frontier: Frontier = field(default_factory=Frontier)
    runs: tuple[Run, ...] = ()

    def read(self, level: int, index: int) -> bytes:
        """Return a node of the edge; KeyError for one further left, or not there yet."""
        run = self.runs[level] if level < len(self.runs) else Run()
        begin = (index - run.first) * HASH_BYTES
        if not 0 <= begin < len(run.hashes):
            raise KeyError((level, index))
        return run.hashes[begin : begin + HASH_BYTES]

    def grown(self, leaf_hashes: Iterable[bytes]) -> "Edge":
        """Return the edge after these leaves. Costs a hash a leaf, and a copy of at most 256 hashes a level."""
        old_size = self.frontier.size
        grown: list[Run] = []
        new = b"".join(leaf_hashes)
        size = old_size + len(new) // HASH_BYTES
        for level in count():
            if not new:
                break
            old_count = old_size >> level
            run = self.runs[level] if level < len(self.runs) else Run(old_count)
            tile_begins = _first_of_rightmost_tile(old_size, level)
            run = Run(tile_begins, run.since(tile_begins) + new)
            grown.append(run)
            new = level_above(run.since(old_count & ~1))
        return edge_of(size, (*grown, *self.runs[len(grown) :]))

    def changed_tiles(self, old_size: int) -> Iterator[tuple[Tile, bytes]]:
        """Yield the tiles that changed since the edge that this one was grown from, each whole from its first hash."""
        for tile in changed_tiles(old_size, self.frontier.size):
            hashes = self.runs[tile.level * TILE_HEIGHT].since(tile.index * TILE_WIDTH)
            yield tile, hashes[: tile.width * HASH_BYTES]


def edge_of(size: int, runs: tuple[Run, ...]) -> Edge:
    """Return the edge of a tree of `size` leaves whose runs reach to its right border."""
    peaks = [
        runs[level].since((size >> level) - 1)[:HASH_BYTES]
        for level in range(size.bit_length() - 1, -1, -1)
        if size >> level & 1
    ]
    return Edge(Frontier(size, tuple(peaks)), runs)


def rightmost_runs(tile: Tile, hashes: Iterable[bytes]) -> Iterator[Run]:
    """Yield the eight runs inside a rightmost tile, from its own hashes up; none of them may be complete yet."""
    inside = Edge().grown(hashes).runs
    for inner in range(TILE_HEIGHT):
        run = inside[inner] if inner < len(inside) else Run()
        yield Run(tile.index * TILE_WIDTH >> inner, run.hashes)


def _first_of_rightmost_tile(size: int, level: int) -> int:
    """Return the index of the first node, on a level of the tree, of what that level has in its rightmost tile."""
    tile_level, inner = divmod(level, TILE_HEIGHT)
    return size >> (tile_level + 1) * TILE_HEIGHT << TILE_HEIGHT - inner
