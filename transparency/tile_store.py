"""Tiles in the database: one row per tile, which grows to 8,192 bytes; its prefixes are the partial tiles."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, node_reader, split_tile, tile_width
from sigill.tlog.tree import root_hash
from storage.bulk import insert_rows
from storage.prepared import Prepared
from transparency.append import LogHead
from transparency.edge import Edge, Run, edge_of, rightmost_runs
from transparency.errors import LogCorrupt
from transparency.tables import tiles

_REPLAYED_LEAVES: Final = 4096  # beyond this many new leaves, reading the edge anew is cheaper than growing it

_SELECT = Prepared(
    select(tiles.c.data).where(
        tiles.c.log_id == bindparam("log"), tiles.c.level == bindparam("tile_level"), tiles.c.n == bindparam("tile_n")
    )
)
_UPDATE = Prepared(
    update(tiles)
    .where(
        tiles.c.log_id == bindparam("log"), tiles.c.level == bindparam("tile_level"), tiles.c.n == bindparam("tile_n")
    )
    .values(data=bindparam("grown"))
)


def load_tile(connection: Connection, log_id: str, tile: Tile) -> bytes | None:
    """Return exactly `tile.width` hashes, or None while the tile is not that wide yet."""
    row = {"log": log_id, "tile_level": tile.level, "tile_n": tile.index}
    found = _SELECT.rows(connection, row)
    length = tile.width * HASH_BYTES
    return bytes(found[0][0][:length]) if found and len(found[0][0]) >= length else None


def save_tiles(connection: Connection, log_id: str, edge: Edge, *, old_size: int) -> None:
    """Write what changed between the tree of `old_size` and that of `edge`."""
    new_rows, grown_rows = [], []
    for tile, data in edge.changed_tiles(old_size):
        if tile_width(old_size, tile.level, tile.index):
            grown_rows.append({"log": log_id, "tile_level": tile.level, "tile_n": tile.index, "grown": data})
        else:
            new_rows.append({"log_id": log_id, "level": tile.level, "n": tile.index, "data": data})
    if grown_rows:
        _UPDATE.change(connection, grown_rows)
    insert_rows(connection, tiles, new_rows)


def load_edge(connection: Connection, head: LogHead, *, known: Edge | None) -> Edge:
    """Return the edge of the log at `head`, from `known` (an earlier edge of it) as far as possible.

    Raises LogCorrupt if the tiles do not lead to the head's root, or if `known` is no prefix of them.
    """
    if known is not None and known.frontier.size > head.size:
        raise LogCorrupt(f"log {head.log_id} shrank from {known.frontier.size} to {head.size} leaves")
    if known is not None and head.size - known.frontier.size <= _REPLAYED_LEAVES:
        edge = known
        if head.size > known.frontier.size:
            edge = known.grown(_leaf_hashes(connection, head, known.frontier.size))
    else:
        edge = _read_edge(connection, head)
        if known is not None:
            _check_prefix(connection, head, known)
    if edge.frontier.size != head.size or edge.frontier.root() != head.root:
        raise LogCorrupt(f"log {head.log_id}: the tiles do not lead to the root of its {head.size} leaves")
    return edge


def _check_prefix(connection: Connection, head: LogHead, known: Edge) -> None:
    read = node_reader(head.size, lambda tile: b"".join(_hashes(connection, head, tile)))
    if root_hash(known.frontier.size, read) != known.frontier.root():
        raise LogCorrupt(f"log {head.log_id}: its first {known.frontier.size} leaves are not those seen before")


def _leaf_hashes(connection: Connection, head: LogHead, begin: int) -> Iterator[bytes]:
    for index in range(begin // TILE_WIDTH, -(-head.size // TILE_WIDTH)):
        hashes = _hashes(connection, head, Tile(0, index, tile_width(head.size, 0, index)))
        yield from hashes[max(0, begin - index * TILE_WIDTH) :]


def _read_edge(connection: Connection, head: LogHead) -> Edge:
    runs: list[Run] = []
    level = 0
    while count := head.size >> TILE_HEIGHT * level:
        index = count // TILE_WIDTH
        tile = Tile(level, index, tile_width(head.size, level, index))
        runs += rightmost_runs(tile, _hashes(connection, head, tile) if tile.width else ())
        level += 1
    return edge_of(head.size, tuple(runs))


def _hashes(connection: Connection, head: LogHead, tile: Tile) -> list[bytes]:
    data = load_tile(connection, head.log_id, tile)
    if data is None:
        raise LogCorrupt(f"log {head.log_id}: tile {tile.index} of level {tile.level} is missing or too short")
    return split_tile(data)
