"""Tiles of 256 hashes (https://c2sp.org/tlog-tiles): paths, widths, nodes and entry bundles, e.g.

    tile/0/x001/x234/067        the full tile 1234067 of level 0
    tile/1/000.p/17             the first 17 hashes of tile 0 of level 1
    tile/entries/273.p/112      the 112 entries from leaf 69888 on

Hash i of tile n on tile level L is the node (8·L, 256·n + i) of the tree; a full tile has 8,192 bytes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from sigill.errors import MalformedNote
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tree import NodeReader, hash_pair

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
UPPER_FROM: Final = 2  # nodes over 2^2 and more hashes of a tile are worth keeping: half of its length
MAX_LEVEL: Final = 63
MAX_INDEX: Final = 2**56 - 1
MAX_ENTRY_BYTES: Final = 65_535
_LENGTH_BYTES: Final = 2
_PATH: Final = re.compile(
    r"tile/(?:(?P<level>[0-9]{1,2})|entries)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's place: level 0 to 63, index, and how many of its 256 hashes are meant."""

    level: int
    index: int
    width: int = TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Bundle:
    """An entry bundle's place: the entries [256·index, 256·index + width)."""

    index: int
    width: int = TILE_WIDTH


TileReader: TypeAlias = Callable[[Tile], bytes]
UpperNodes: TypeAlias = tuple[bytes, ...]
UpperReader: TypeAlias = Callable[[Tile], UpperNodes]


def format_path(place: Tile | Bundle) -> str:
    """Return the path of a tile or bundle below the log's prefix; inverse of `parse_path`."""
    kind = str(place.level) if isinstance(place, Tile) else "entries"
    digits = f"{place.index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    index = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    suffix = "" if place.width == TILE_WIDTH else f".p/{place.width}"
    return f"tile/{kind}/{index}{suffix}"


def parse_path(text: str) -> Tile | Bundle:
    """Read a path such as `tile/0/x001/234.p/5`; inverse of `format_path`. Raises MalformedNote."""
    match = _PATH.match(text)
    if match is None:
        raise MalformedNote("not the path of a tile")
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = TILE_WIDTH if match["width"] is None else int(match["width"])
    place = Bundle(index, width) if match["level"] is None else Tile(int(match["level"]), index, width)
    in_range = index <= MAX_INDEX and 1 <= width <= TILE_WIDTH
    if not in_range or (isinstance(place, Tile) and place.level > MAX_LEVEL) or format_path(place) != text:
        raise MalformedNote("the path of a tile in a spelling that is not the canonical one")
    return place


def tile_width(size: int, level: int, index: int) -> int:
    """Return how many hashes tile `index` of `level` holds in a tree of `size` leaves: 0 to 256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def changed_tiles(old_size: int, new_size: int) -> Iterator[Tile]:
    """Yield every tile that is new or wider in the tree of `new_size` than in that of `old_size`, at its new width."""
    level = 0
    while new_count := new_size >> TILE_HEIGHT * level:
        old_count = old_size >> TILE_HEIGHT * level
        for index in range(old_count // TILE_WIDTH, -(-new_count // TILE_WIDTH) if new_count > old_count else 0):
            yield Tile(level, index, tile_width(new_size, level, index))
        level += 1


def node_reader(size: int, read_tile: TileReader) -> NodeReader:
    """Return a reader of the nodes of a tree of `size` leaves that asks `read_tile` for the tiles they lie in.

    The tile asked for is as wide as the tree of `size` has it. The reader raises MalformedNote if a tile comes back
    too short to hold the node.
    """

    def read(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile_index, position = divmod(index << inner, TILE_WIDTH)
        tile = Tile(tile_level, tile_index, tile_width(size, tile_level, tile_index))
        part = read_tile(tile)[position * HASH_BYTES : (position + (1 << inner)) * HASH_BYTES]
        if len(part) != HASH_BYTES << inner:
            raise MalformedNote(f"{format_path(tile)} is too short")
        return _fold(part)

    return read


def proof_reader(size: int, read_tile: TileReader, read_upper: UpperReader) -> NodeReader:
    """Return a reader as `node_reader` does, for one proof: it asks for nothing twice, and remembers all it got.

    `read_upper` returns `upper_nodes` of a tile (kept, at best): then no node costs more than one hash.
    """
    tiles: dict[tuple[int, int], bytes] = {}
    uppers: dict[tuple[int, int], UpperNodes] = {}

    def tile_at(place: tuple[int, int]) -> Tile:
        return Tile(*place, tile_width(size, *place))

    def read(level: int, index: int) -> bytes:
        inner = level % TILE_HEIGHT
        place = level // TILE_HEIGHT, index >> (TILE_HEIGHT - inner)
        within = index & ((TILE_WIDTH >> inner) - 1)
        if inner >= UPPER_FROM:
            if place not in uppers:
                uppers[place] = read_upper(tile_at(place))
            run, begin, length = uppers[place][inner - UPPER_FROM], within * HASH_BYTES, HASH_BYTES
        else:
            if place not in tiles:
                tiles[place] = read_tile(tile_at(place))
            run, begin, length = tiles[place], (within << inner) * HASH_BYTES, HASH_BYTES << inner
        part = run[begin : begin + length]
        if len(part) != length:
            raise MalformedNote(f"{format_path(tile_at(place))} is too short")
        return part if length == HASH_BYTES else _fold(part)

    return read


def upper_nodes(data: bytes) -> UpperNodes:
    """Return the nodes over 4, 8, 16, 32, 64 and 128 hashes of a tile: a run of hashes for each, complete ones only."""
    level, levels = data, []
    for _ in range(1, TILE_HEIGHT):
        level = level_above(level)
        levels.append(level)
    return tuple(levels[UPPER_FROM - 1 :])


def split_tile(data: bytes) -> list[bytes]:
    """Return the hashes of a tile. Raises MalformedNote for a length that is not a multiple of 32, or over 8,192."""
    if len(data) % HASH_BYTES or len(data) > HASH_BYTES * TILE_WIDTH:
        raise MalformedNote(f"a tile of {len(data)} bytes")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def fold_tile(data: bytes) -> bytes:
    """Return the root of the subtree over a full tile: the hash that the tile above has of it. Raises MalformedNote."""
    if len(data) != HASH_BYTES * TILE_WIDTH:
        raise MalformedNote("a tile that is not full has no hash above it")
    return _fold(data)


def format_bundle(entries: Iterable[bytes]) -> bytes:
    """Return the bundle of these entries: each with its length as big-endian uint16 before it.

    Raises ValueError for an entry beyond 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(entry)} bytes; a bundle holds at most {MAX_ENTRY_BYTES}")
        parts += (len(entry).to_bytes(_LENGTH_BYTES, "big"), entry)
    return b"".join(parts)


def parse_bundle(data: bytes) -> tuple[bytes, ...]:
    """Read a bundle of 1 to 256 entries; inverse of `format_bundle`. Raises MalformedNote."""
    entries: list[bytes] = []
    position = 0
    while position < len(data):
        begin = position + _LENGTH_BYTES
        position = begin + int.from_bytes(data[position:begin], "big")
        if begin > len(data) or position > len(data) or len(entries) == TILE_WIDTH:
            raise MalformedNote("a bundle that is cut off, or longer than 256 entries")
        entries.append(data[begin:position])
    if not entries:
        raise MalformedNote("an empty bundle")
    return tuple(entries)


def level_above(hashes: bytes) -> bytes:
    """Return the nodes over each two of a run of hashes; the last one, if it has no neighbour, has none yet."""
    pair = 2 * HASH_BYTES
    return b"".join([hash_pair(hashes[begin : begin + pair]) for begin in range(0, len(hashes) - HASH_BYTES, pair)])


def _fold(hashes: bytes) -> bytes:
    """Return the root over 1, 2, 4, … hashes."""
    while len(hashes) > HASH_BYTES:
        hashes = level_above(hashes)
    return hashes
