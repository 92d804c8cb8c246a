"""A whole log checked against its signed root, tile by tile, in a few megabytes.

    audit = TreeAudit(head, origin=…, read_tile=…, leaves=OperatorLeaves(…), report=findings.append)
    for shown in …:        # tile of level 0 and bundle of the same 256 leaves, in order, the last as wide as they are
        audit.add(shown)
    audit.finish()

Which of two contradicting things is wrong is decided by the signed root, downwards (`signed_tiles`): so what is
reported is the tile or bundle that was changed, not those that merely touch it. Where the tiles above do not tell, the
entries are believed, and the root decides at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sigill.errors import MalformedNote
from sigill.tlog.bundled_leaves import CutBundle, Leaves, Report, cut_bundle
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.folding import GrowingTree, Levels, fold_tile
from sigill.tlog.known_roots import KnownRoots
from sigill.tlog.prefix import Head
from sigill.tlog.signed_tiles import ReadTile, SignedTiles
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Bundle, Tile, format_path, tile_width


@dataclass(frozen=True, slots=True)
class Shown:
    """What a log shows of up to 256 leaves: their hashes, and their entries. None for what is missing."""

    tile: bytes | None
    bundle: bytes | None = None


class TreeAudit:
    """The audit of one log at one head. Without `leaves` its entries are not looked at, and tiles begin the proof.

    `above` and `pending` are what `progress` and `pending` were when an earlier audit of the same log was interrupted:
    this one goes on from there. `unchecked` counts the known roots that could not be asked for, `stopped` says that the
    rest could not be either.
    """

    def __init__(  # noqa: PLR0913 - each is another question
        self,
        head: Head,
        *,
        origin: str,
        read_tile: ReadTile,
        report: Report,
        leaves: Leaves | None = None,
        known: KnownRoots | None = None,
        above: Iterable[Iterable[bytes]] = (),
        pending: Iterable[Finding] = (),
    ) -> None:
        self._head = head
        self._origin = origin
        self._report = report
        self._leaves = leaves
        self._known = KnownRoots(()) if known is None else known
        self._tree = GrowingTree(above)
        self._tiles = SignedTiles(head, read_tile)
        self._last: tuple[Levels, int] = ((), 0)
        self.number = self._tree.tiles
        for _ in self._known.up_to(self.number * TILE_WIDTH) if self.number else ():
            pass  # the interrupted audit asked for it
        self.stopped = False
        self.unchecked = 0
        self.pending = list(pending)  # contradicted by what was rebuilt, which counts only if it leads to the root

    @property
    def progress(self) -> tuple[Sequence[bytes], ...]:
        """The hashes of the tiles above level 0 that are not full yet, from level 1 on: 8 KiB a level at most."""
        return tuple(tile.hashes for tile in self._tree.above)

    def add(self, shown: Shown) -> None:
        """Check the next tile of level 0 and its bundle, and every tile above that they complete."""
        tile = Tile(0, self.number, tile_width(self._head.size, 0, self.number))
        levels = self._judge(tile, shown)
        self._ask_known(tile, levels)
        self.number += 1
        if tile.width < TILE_WIDTH:
            self._last = (levels or (), tile.width)
            self.stopped = levels is None
            return
        root = self._tiles.root_of(0, tile.index) if levels is None else levels[-1]
        if root is None:
            self.stopped = True
            return
        for level, hashes, _ in self._tree.push(root):
            self._compare(Tile(level, (self.number >> TILE_HEIGHT * level) - 1), hashes)

    def finish(self) -> None:
        """Check the tiles at the right edge, and the root."""
        if self.stopped:
            self.unchecked += len(self.pending)
            return
        full = self._tree.tiles
        for level, tile in enumerate(self._tree.above, start=1):
            if tile.hashes:
                self._compare(Tile(level, full >> TILE_HEIGHT * level, len(tile.hashes)), tile.hashes)
        if self._tree.root(*self._last) != self._head.root:
            source = "entries" if self._leaves else "hash tiles"
            self._find(Fault.ROOT_WRONG, f"size {self._head.size}", f"the {source} do not lead to the signed root")
            self.unchecked += len(self.pending)
            return
        for finding in self.pending:
            self._report(finding)

    def _judge(self, tile: Tile, shown: Shown) -> Levels | None:
        """Return the hashes that the tree has there, folded; None where nothing shown is what the root vouches for."""
        bundle = None if self._leaves is None else self._cut(Bundle(tile.index, tile.width), shown.bundle)
        by_entries = None
        if bundle is not None:
            by_entries = fold_tile(b"".join([sha256(b"\x00" + entry).digest() for entry in bundle.entries]))
        by_tile = self._read(tile, shown.tile, by_entries)
        believed = self._decide(tile, by_entries, by_tile)
        if believed is not None and believed is by_entries and bundle is not None and self._leaves is not None:
            self._leaves.take(tile.index * TILE_WIDTH, bundle)
        return believed

    def _cut(self, place: Bundle, data: bytes | None) -> CutBundle | None:
        if data is None:
            self._find(Fault.BUNDLE_MISSING, format_path(place), "there are no entries where there should be")
            return None
        try:
            return cut_bundle(data, place.width)
        except MalformedNote as error:
            self._find(Fault.BUNDLE_WRONG, format_path(place), str(error))
            return None

    def _read(self, tile: Tile, data: bytes | None, by_entries: Levels | None) -> Levels | None:
        if data is None:
            self._find(Fault.TILE_MISSING, format_path(tile), "there is no tile where there should be one")
            return None
        if len(data) != tile.width * HASH_BYTES:
            self._find(Fault.TILE_WRONG, format_path(tile), f"{len(data)} bytes where {tile.width} hashes belong")
            return None
        if by_entries is not None and by_entries[0] == data:
            return by_entries
        return fold_tile(data)

    def _decide(self, tile: Tile, by_entries: Levels | None, by_tile: Levels | None) -> Levels | None:
        vouched = self._vouched(tile)
        if vouched is None:
            return self._guess(tile, by_entries, by_tile)
        at = -1 if tile.width == TILE_WIDTH else 0
        good = [levels for levels in (by_entries, by_tile) if levels is not None and levels[at] == vouched]
        if by_entries is not None and by_entries not in good:
            words = "its entries do not hash to what the signed root vouches for"
            self._find(Fault.BUNDLE_WRONG, format_path(Bundle(tile.index, tile.width)), words)
        if by_tile is not None and by_tile not in good:
            self._find(Fault.TILE_WRONG, format_path(tile), "its hashes are not those that the signed root vouches for")
        return good[0] if good else None

    def _guess(self, tile: Tile, by_entries: Levels | None, by_tile: Levels | None) -> Levels | None:
        """Return the hashes that the tile above names, though nothing vouches for it; else those of the entries."""
        if by_entries is None or by_tile is None or by_entries is by_tile:
            return by_entries or by_tile
        if tile.width == TILE_WIDTH and by_tile[-1] == self._tiles.shown_root(0, tile.index):
            words = "its entries do not hash to what the tiles hold"
            self._find(Fault.BUNDLE_WRONG, format_path(Bundle(tile.index, tile.width)), words)
            return by_tile
        self._find(Fault.TILE_WRONG, format_path(tile), "it does not hold the hashes of the entries")
        return by_entries

    def _vouched(self, tile: Tile) -> bytes | None:
        """Return what the root vouches for: the root of a full tile, the hashes of one that is not; None if nothing."""
        if tile.width < TILE_WIDTH:
            return self._tiles.signed(tile)
        return self._tiles.root_of(0, tile.index)

    def _ask_known(self, tile: Tile, levels: Levels | None) -> None:
        begin = tile.index * TILE_WIDTH
        for known in self._known.up_to(begin + tile.width):
            if levels is None:
                self.unchecked += 1
            elif self._tree.root(levels, known.size - begin) != known.root:
                words = f"the log's first {known.size} entries have another root than was seen there"
                self.pending.append(Finding(known.fault, self._origin, known.where, words))

    def _compare(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        data = self._tiles.read(tile)
        if data is None:
            self._find(Fault.TILE_MISSING, format_path(tile), "there is no tile where there should be one")
        elif data != b"".join(hashes):
            self._find(Fault.TILE_WRONG, format_path(tile), "it does not hold the hashes of the tiles below it")

    def _find(self, fault: Fault, where: str, detail: str) -> None:
        self._report(Finding(fault, self._origin, where, detail))


def audit_tree(  # noqa: PLR0913 - each is another question
    head: Head,
    shown: Iterable[Shown],
    *,
    origin: str,
    read_tile: ReadTile,
    report: Report,
    leaves: Leaves | None = None,
    known: KnownRoots | None = None,
) -> TreeAudit:
    """Check a whole log: `shown` for every 256 leaves, in order; `read_tile` reads the tiles above and at the edge.

    Every fault is told to `report`; returns the audit for what it counted.
    """
    audit = TreeAudit(head, origin=origin, read_tile=read_tile, report=report, leaves=leaves, known=known)
    for item in shown:
        audit.add(item)
        if audit.stopped:
            break
    audit.finish()
    return audit
