"""The tree beside a published library's, and the tiles it is kept in: append, proof, bytes, cold reads.

python -m benchmarks.merkle --size 100000 --rounds 3
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from benchmarks.peer import Peer, PeerMissing, running_peer
from benchmarks.samples import ratios, spread
from benchmarks.tile_logs import COMMIT, LOG, TileLog, tile_log
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_WIDTH, Tile
from sigill.tlog.tree import Frontier, NodeReader, grow, hash_leaf, inclusion_proof
from storage.engine import reading
from transparency.tile_cache import TileCache

Say = Callable[[str], None]
WHAT: Final = {
    "peer": "pymerkle 7, in memory",
    "bare": "sigill.tlog.tree, in memory",
    "service": "as the service has it: tiles on SQLite",
    "cold": "… with nothing in its cache",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The size in leaves; how many are appended and proven in one round (cold ones a tenth)."""

    size: int = 1_000_000
    rounds: int = 7
    appends: int = 5_000
    proofs: int = 1_000


@dataclass(slots=True, kw_only=True)
class Costs:
    """CPU in µs by contender, one value a round; the store's bytes a leaf; tiles read by a cold proof."""

    size: int
    append_us: dict[str, list[float]] = field(default_factory=dict)
    proof_us: dict[str, list[float]] = field(default_factory=dict)
    bytes_a_leaf: float = 0.0
    cold_tiles: list[int] = field(default_factory=list)  # most on one level, beside the right edge's
    edge_tiles: int = 0
    peer_mb: float | None = None
    without_peer: str | None = None


def measure(asked: Asked, *, say: Say) -> Costs:
    """Fill the trees, then measure in turns. Without the peer the rest is measured, and it is said why."""
    costs = Costs(size=asked.size)
    with ExitStack() as stack:
        say(f"a log of {asked.size:,} leaves in tiles")
        filled = stack.enter_context(tile_log(asked.size, at_once=COMMIT))
        costs.bytes_a_leaf = filled.bytes_a_leaf
        peer = _peer(stack, asked, costs, say)
        contenders = _Contenders(filled, stack.enter_context(reading(filled.engine)), asked)
        contenders.count_cold(costs)
        contenders.warm_up()
        for number in range(1, asked.rounds + 1):
            _round(contenders, peer, asked, costs)
            say(f"trees and tiles {number}/{asked.rounds}")
        if peer is not None:
            costs.peer_mb = peer.ask("memory")
    return costs


def _peer(stack: ExitStack, asked: Asked, costs: Costs, say: Say) -> Peer | None:
    try:
        peer = stack.enter_context(running_peer())
        peer.ask(f"append {asked.size}")
    except PeerMissing as error:
        costs.without_peer = str(error)
        say(f"the published library is left out: {error}")
        return None
    return peer


def _round(contenders: "_Contenders", peer: Peer | None, asked: Asked, costs: Costs) -> None:
    if peer is not None:
        _add(costs.append_us, "peer", peer.ask(f"append {asked.appends}"))
    _add(costs.append_us, "bare", contenders.append_bare())
    _add(costs.append_us, "service", contenders.append_service())
    if peer is not None:
        _add(costs.proof_us, "peer", peer.ask(f"prove {asked.proofs}"))
    _add(costs.proof_us, "bare", contenders.prove(contenders.bare))
    _add(costs.proof_us, "service", contenders.prove(contenders.warm))
    _add(costs.proof_us, "cold", contenders.prove(contenders.cold, share=10))


class _Contenders:
    """Our two: the bare tree, and what the service appends to and proves from."""

    def __init__(self, filled: TileLog, connection: Connection, asked: Asked) -> None:
        self._edge, self._connection, self._asked = filled.edge, connection, asked
        self._cache = TileCache()
        self._chosen = random.Random(1)  # noqa: S311 - which leaves are asked for is no secret
        self._entries = [b'{"h":"%043d","t":"seal","v":1}' % index for index in range(asked.appends)]
        self._frontier, self._levels = _levels_of(connection, asked.size)

    def append_bare(self) -> float:
        """Append leaf by leaf to the frontier."""
        frontier = self._frontier

        def work() -> None:
            nonlocal frontier
            for entry in self._entries:
                frontier, _ = grow(frontier, (hash_leaf(entry),))

        return _cpu_us(work, len(self._entries))

    def append_service(self) -> float:
        """Grow the edge a commit at a time, and make the tiles that changed."""
        edge = self._edge

        def work() -> None:
            nonlocal edge
            for begin in range(0, len(self._entries), COMMIT):
                grown = edge.grown(map(hash_leaf, self._entries[begin : begin + COMMIT]))
                for _ in grown.changed_tiles(edge.frontier.size):
                    pass
                edge = grown

        return _cpu_us(work, len(self._entries))

    def prove(self, nodes: Callable[[], NodeReader], *, share: int = 1) -> float:
        """Prove leaves from anywhere in the tree, each with a reader of its own."""
        size = self._asked.size
        indices = [self._chosen.randrange(size) for _ in range(max(1, self._asked.proofs // share))]

        def work() -> None:
            for index in indices:
                inclusion_proof(index, size, nodes())

        return _cpu_us(work, len(indices))

    def warm_up(self) -> None:
        """Prove a leaf of every tile, so that the cache holds what it can hold."""
        for index in range(0, self._asked.size, TILE_WIDTH):
            inclusion_proof(index, self._asked.size, self.warm())

    def bare(self) -> NodeReader:
        """Read from arrays in memory, one for each level."""
        return lambda level, index: self._levels[level][index * HASH_BYTES : (index + 1) * HASH_BYTES]

    def warm(self) -> NodeReader:
        """Read through the service's cache."""
        return self._cache.nodes(self._connection, LOG, self._asked.size)

    def cold(self) -> NodeReader:
        """Read through a cache that is empty."""
        return TileCache().nodes(self._connection, LOG, self._asked.size)

    def count_cold(self, costs: Costs) -> None:
        """Count the tiles that cold proofs read: of the right edge, and beside it on the level that has most."""
        size = self._asked.size
        edge = {(level, size >> 8 * (level + 1)) for level in range(8)}
        for index in (0, *(self._chosen.randrange(size) for _ in range(99))):
            counted = _CountingCache()
            inclusion_proof(index, size, counted.nodes(self._connection, LOG, size))
            beside = [tile.level for tile in counted.asked if (tile.level, tile.index) not in edge]
            costs.edge_tiles = max(costs.edge_tiles, len(counted.asked) - len(beside))
            costs.cold_tiles.append(max(map(beside.count, beside), default=0))


class _CountingCache(TileCache):
    """An empty cache that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[Tile] = set()

    def tile(self, connection: Connection, log_id: str, tile: Tile) -> bytes | None:
        """Note and load a tile."""
        self.asked.add(tile)
        return super().tile(connection, log_id, tile)


def _levels_of(connection: Connection, size: int) -> tuple[Frontier, list[bytes]]:
    """Return the frontier and all nodes of a log, level by level, from the tiles of its leaves."""
    cache, levels = TileCache(), [bytearray()]
    frontier = Frontier()
    for index in range(-(-size // 256)):
        data = cache.tile(connection, LOG, Tile(0, index, min(256, size - index * 256))) or b""
        frontier, nodes = grow(frontier, (data[begin : begin + 32] for begin in range(0, len(data), 32)))
        for level, _, value in nodes:
            if level == len(levels):
                levels.append(bytearray())
            levels[level] += value
    return frontier, [bytes(level) for level in levels]


def _cpu_us(work: Callable[[], object], times: int) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / times * 1e6


def _add(values: dict[str, list[float]], name: str, value: float) -> None:
    values.setdefault(name, []).append(value)


def format_table(costs: Costs) -> str:
    """Return the results as plain text."""
    return "\n".join(_lines(costs))


def _lines(costs: Costs) -> Iterator[str]:
    for title, values, beside in (
        ("append", costs.append_us, "peer"),
        ("inclusion proof", costs.proof_us, "peer"),
    ):
        yield f"{title}, CPU µs at {costs.size:,} leaves"
        for name, found in values.items():
            each = spread(found)
            rate = ratios(values[beside], found).median if beside in values else float("nan")
            yield f"  {WHAT[name]:42}{each.median:9.2f} ({each.least:.2f}–{each.greatest:.2f})  {rate:.2f} ×"
    yield f"tile store: {costs.bytes_a_leaf:.2f} bytes a leaf"
    most = max(costs.cold_tiles)
    yield f"a cold proof reads at most {most} tile(s) a level, and {costs.edge_tiles} of the right edge"
    yield f"pymerkle: {costs.without_peer or f'{costs.peer_mb:.0f} MB'}"


def main(arguments: Sequence[str]) -> int:
    """Measure what the command line asks for and print it."""
    usual: Any = Asked()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merkle", description="Trees and tiles.")
    for name in Asked.__dataclass_fields__:
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    asked = Asked(**vars(parser.parse_args(arguments)))
    print(format_table(measure(asked, say=lambda line: print(f"  {line}", file=sys.stderr, flush=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
