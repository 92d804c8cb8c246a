"""One log as a source shows it: checkpoint, tiles, bundles, erasures; nothing of it believed."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final
from urllib.parse import quote

from sigill.client.errors import RequestRefused
from sigill.client.log_source import LogSource, read_ahead
from sigill.errors import MalformedNote
from sigill.report.trust import ROOT
from sigill.tlog.audit_tree import Shown
from sigill.tlog.erasures import MAX_PAGE_BYTES
from sigill.tlog.leaf import MAX_LEAF_BYTES
from sigill.tlog.shown_checkpoint import MAX_CHECKPOINT_BYTES
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, format_bundle, format_path, parse_bundle, tile_width

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z", re.ASCII)
_MAX_TILE_BYTES: Final = 65_536  # a tile has 8,192; one that is longer is to be told apart from one that is not there
_MAX_BUNDLE_BYTES: Final = TILE_WIDTH * (2 + MAX_LEAF_BYTES)


def is_log_name(name: str) -> bool:
    """Tell whether `name` can be a log's in an address and in the name of a file."""
    return _NAME.match(name) is not None


class ShownLog:
    """One log. `name` is an operator's id, or `root`, whose entries are for anyone."""

    def __init__(self, source: LogSource, name: str) -> None:
        self._source = source
        self._prefix = f"log/{name}"
        self._secret = name != ROOT

    def checkpoint(self) -> bytes | None:
        """Return the checkpoint's note. Every method raises what `LogSource.read` raises."""
        return self._source.read(f"{self._prefix}/checkpoint", max_bytes=MAX_CHECKPOINT_BYTES)

    def tile(self, tile: Tile) -> bytes | None:
        """Return a tile; one that is not full is cut from the full one where only that is shown any more."""
        data = self._source.read(self._path(tile), max_bytes=_MAX_TILE_BYTES)
        if data is not None or tile.width == TILE_WIDTH:
            return data
        full = self._source.read(self._path(Tile(tile.level, tile.index)), max_bytes=_MAX_TILE_BYTES)
        return None if full is None else full[: tile.width * HASH_BYTES]

    def bundle(self, place: Bundle) -> bytes | None:
        """Return a bundle of entries; one that is not full is cut from the full one as tiles are."""
        data = self._read_bundle(place)
        if data is not None or place.width == TILE_WIDTH:
            return data
        full = self._read_bundle(Bundle(place.index))
        if full is None:
            return None
        try:
            return format_bundle(parse_bundle(full)[: place.width])
        except MalformedNote:
            return full

    def erasures(self, after: str | None) -> bytes | None:
        """Return a page of what was erased, None where the log does not tell."""
        query = "" if after is None else f"?after={quote(after, safe='')}"
        return self._source.read(f"{self._prefix}/erasures{query}", max_bytes=MAX_PAGE_BYTES, secret=True)

    def why_no_entries(self, size: int) -> str | None:
        """Return why the entries cannot be read, None if they can."""
        last = (size - 1) // TILE_WIDTH
        try:
            for index in dict.fromkeys([0, last]):
                if self.bundle(Bundle(index, tile_width(size, 0, index))) is not None:
                    return None
        except RequestRefused as error:
            return f"the log does not show them to this caller ({error.status}); an auditor's key is needed"
        return "the log shows none"

    def shown(self, size: int, *, begin: int, entries: bool) -> Iterator[Shown]:
        """Yield level 0 of a tree of `size` leaves from tile `begin` on, each with its bundle if `entries`."""
        full = size // TILE_WIDTH
        places = (Tile(0, index) for index in range(begin, full))
        if entries:
            paths = chain.from_iterable((self._path(tile), self._path(Bundle(tile.index))) for tile in places)
            answers = read_ahead(self._source, paths, max_bytes=_MAX_BUNDLE_BYTES, secret=self._secret)
            yield from (Shown(tile, bundle) for tile, bundle in zip(answers, answers, strict=True))
        else:
            tiles = (self._path(tile) for tile in places)
            answers = read_ahead(self._source, tiles, max_bytes=_MAX_TILE_BYTES, secret=False)
            yield from (Shown(tile) for tile in answers)
        if width := size % TILE_WIDTH:
            yield Shown(self.tile(Tile(0, full, width)), self.bundle(Bundle(full, width)) if entries else None)

    def _read_bundle(self, place: Bundle) -> bytes | None:
        return self._source.read(self._path(place), max_bytes=_MAX_BUNDLE_BYTES, secret=self._secret)

    def _path(self, place: Tile | Bundle) -> str:
        return f"{self._prefix}/{format_path(place)}"
