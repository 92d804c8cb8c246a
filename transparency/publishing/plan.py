"""Which objects a published log consists of, under which names and headers. Nothing here reads or writes.

    log/exempelbanken/checkpoint
    log/exempelbanken/tile/0/x001/067
    log/exempelbanken/tile/entries/x001/068.p/17
    .well-known/sigill-trust.json

The names are the paths of the service's own addresses, so that readers cannot tell one from the other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sigill.errors import MalformedNote
from sigill.report.trust import ROOT
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, changed_tiles, format_path, parse_path, tile_width

TRUST_NAME: Final = ".well-known/sigill-trust.json"
_LOG_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Headers:
    """What a store is to answer with an object."""

    content_type: str
    cache_control: str


_OCTETS: Final = "application/octet-stream"
FOR_EVER: Final = Headers(_OCTETS, "public, max-age=31536000, immutable")
FOR_AUDITORS: Final = Headers(_OCTETS, "private, no-store")
CHECKPOINT: Final = Headers("text/plain; charset=utf-8", "no-cache")
TRUST: Final = Headers("application/json", "public, max-age=300")


class Content(Enum):
    """What of a log a target gets, beside its checkpoint."""

    TILES = "tiles"  # an operator's log, for anyone
    ENTRIES = "entries"  # an operator's log, for its auditors
    BOTH = "both"  # the root log, for anyone


def public_content(log_id: str) -> Content:
    """Return what of a log is for anyone: of the root log its entries too."""
    return Content.BOTH if log_id == ROOT else Content.TILES


def checkpoint_name(log_id: str) -> str:
    """Return the name of a log's checkpoint. Raises ValueError for an id that is not plain."""
    if not _LOG_ID.match(log_id):
        raise ValueError("a log that is published has an id of letters, digits, - and _")
    return f"log/{log_id}/checkpoint"


def object_name(log_id: str, place: Tile | Bundle) -> str:
    """Return the name of a tile or bundle. Raises ValueError for an id that is not plain."""
    return checkpoint_name(log_id).removesuffix("checkpoint") + format_path(place)


def headers_of(place: Tile | Bundle, content: Content) -> Headers:
    """Return the headers of a tile or bundle: what is for anyone may be kept for ever."""
    return FOR_AUDITORS if isinstance(place, Bundle) and content is Content.ENTRIES else FOR_EVER


def missing_places(content: Content, old_size: int, new_size: int) -> Iterator[Tile | Bundle]:
    """Yield what a log of `new_size` leaves needs beyond what it needed at `old_size`, at its new width."""
    for tile in changed_tiles(old_size, new_size):
        if content is not Content.ENTRIES:
            yield tile
        if content is not Content.TILES and tile.level == 0:
            yield Bundle(tile.index, tile.width)


def is_superseded(place: Tile | Bundle, size: int) -> bool:
    """Tell whether an object is partial and, in a tree of `size` leaves, a full one is in its place."""
    level = place.level if isinstance(place, Tile) else 0
    return place.width < TILE_WIDTH and tile_width(size, level, place.index) == TILE_WIDTH


def place_of(log_id: str, name: str) -> Tile | Bundle | None:
    """Return which tile or bundle of a log a name stands for; inverse of `object_name`; None for other names."""
    try:
        return parse_path(name.removeprefix(checkpoint_name(log_id).removesuffix("checkpoint")))
    except MalformedNote:
        return None


def filled_places(content: Content, old_size: int, new_size: int) -> Iterator[Tile | Bundle]:
    """Yield what was partial at `old_size` and is full at `new_size`: its partial objects are needed no more."""
    for place in missing_places(content, old_size, new_size):
        level = place.level if isinstance(place, Tile) else 0
        if place.width == TILE_WIDTH and tile_width(old_size, level, place.index):
            yield place
