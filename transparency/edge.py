"""The right edge of a log's tree, kept in memory so that appending and proving need no reading."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, changed_tiles
from sigill.tlog.tree import Frontier, grow


@dataclass(frozen=True, slots=True)
class Edge:
    """The frontier, and every node inside the rightmost tile of each level (and those completed by the last growth).

    Never changed, only replaced: a rolled back commit leaves the edge before it valid.
    """

    frontier: Frontier = field(default_factory=Frontier)
    nodes: Mapping[tuple[int, int], bytes] = field(default_factory=dict)
    pruned_at: int = 0  # the number of full tiles of leaves when what was left of the rightmost ones last went

    def read(self, level: int, index: int) -> bytes:
        """Return a node of the edge; KeyError for one further left."""
        return self.nodes[level, index]

    def grown(self, leaf_hashes: Iterable[bytes]) -> "Edge":
        """Return the edge after these leaves. Costs two hashes a leaf and a copy of at most 512 nodes a level."""
        frontier, completed = grow(self.frontier, leaf_hashes)
        full_tiles = self.frontier.size >> TILE_HEIGHT
        kept = self.nodes.items() if full_tiles == self.pruned_at else self._rightmost_nodes()
        nodes = dict(kept)
        nodes.update([((level, index), value) for level, index, value in completed])
        return Edge(frontier, nodes, full_tiles)

    def changed_tiles(self, old_size: int) -> Iterator[tuple[Tile, bytes]]:
        """Yield the tiles that changed since the edge that this one was grown from, each whole from its first hash."""
        for tile in changed_tiles(old_size, self.frontier.size):
            begin = tile.index * TILE_WIDTH
            level = tile.level * TILE_HEIGHT
            yield tile, b"".join([self.nodes[level, index] for index in range(begin, begin + tile.width)])

    def _rightmost_nodes(self) -> Iterable[tuple[tuple[int, int], bytes]]:
        size = self.frontier.size
        first_tile = [size >> TILE_HEIGHT * (level + 1) for level in range(8)]
        for (level, index), value in self.nodes.items():
            tile_level, inner = divmod(level, TILE_HEIGHT)
            if index >> (TILE_HEIGHT - inner) >= first_tile[tile_level]:
                yield (level, index), value
