"""What a log says was erased, held against its `erase` leaves. A page of it, as the log's service shows it:

    {"tombstones": [{"index": 17, "kind": "seal", "erased_by": 40}],
     "records": [{"index": 40, "record": "<base64url of the record's bytes>"}], "next": "<cursor>"}

A tombstone stands where something was erased and names the entry whose record says who asked for it and on what ground.
The record is canonical JSON, holds a salt of its own, and its SHA-256 is the `h` of the `erase` leaf at its index:

    {"at":…,"ground":…,"indexes":[17],"kind":"seal","log":…,"requester":…,"salt":…,"t":"erase","v":1}

`sigill.tlog.erasure` reads a record. One may be about many entries; each has a tombstone of its own. The record of a
salt key's destruction is about no entry.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sigill.encoding.base64url import parse_base64url
from sigill.encoding.strict_json import MAX_INTEGER, parse_json
from sigill.errors import MalformedEncoding, MalformedNote
from sigill.tlog.erasure import ErasureRecord, parse_erasure
from sigill.tlog.faults import Fault, Finding

MAX_PAGE_BYTES: Final = 4 * 1024 * 1024
MAX_ITEMS: Final = 20_000
MAX_CURSOR: Final = 255


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Entry `index`, a leaf of some kind, stands for something erased, as the record at entry `erased_by` says."""

    index: int
    kind: str
    erased_by: int


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """The bytes whose hash stands in the `erase` leaf at `index`."""

    index: int
    record: bytes


@dataclass(frozen=True, slots=True)
class ErasuresPage:
    """A page, well-formed and not believed; `following` is the cursor of the next, None on the last."""

    tombstones: tuple[Tombstone, ...]
    records: tuple[ShownRecord, ...]
    following: str | None


def parse_erasures(data: bytes) -> ErasuresPage:
    """Read a page. Raises MalformedNote."""
    try:
        value = parse_json(data, max_bytes=MAX_PAGE_BYTES)
    except MalformedEncoding as error:
        raise MalformedNote(f"erasures: {error}") from None
    if not isinstance(value, dict) or not {"tombstones", "records"} <= set(value):
        raise MalformedNote("erasures are an object with tombstones and records")
    tombstones, records, following = value["tombstones"], value["records"], value.get("next")
    if not isinstance(following, str | None) or (following is not None and not 0 < len(following) <= MAX_CURSOR):
        raise MalformedNote(f"the cursor of the next erasures is a text of at most {MAX_CURSOR} characters")
    return ErasuresPage(
        tuple(_parse_tombstone(item) for item in _items(tombstones)),
        tuple(_parse_record(item) for item in _items(records)),
        following,
    )


def _items(value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS or not all(isinstance(item, dict) for item in value):
        raise MalformedNote(f"tombstones and records are arrays of at most {MAX_ITEMS} objects")
    return value


def _parse_tombstone(item: Mapping[str, Any]) -> Tombstone:
    kind = item.get("kind")
    if not isinstance(kind, str):
        raise MalformedNote("a tombstone without a kind")
    return Tombstone(_index(item.get("index")), kind, _index(item.get("erased_by")))


def _parse_record(item: Mapping[str, Any]) -> ShownRecord:
    text = item.get("record")
    if not isinstance(text, str):
        raise MalformedNote("an erasure's record is a text in base64url")
    try:
        record = parse_base64url(text)
    except MalformedEncoding as error:
        raise MalformedNote(f"an erasure's record: {error}") from None
    return ShownRecord(_index(item.get("index")), record)


def _index(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_INTEGER:
        raise MalformedNote("an index is a whole number, 0 to 2**53 - 1")
    return value


class ErasureCheck:
    """Holds the pages of one log's erasures against its `erase` leaves; in any order, each record once.

    `names` are what records may call the log: its origin, its name. Records at `size` and beyond are newer than what
    was looked at, and left out. `leaf_hash` gives the hash in the `erase` leaf at an index, None where there is no such
    leaf. What is kept waits for its other half, so little where pages hold both.
    """

    def __init__(
        self,
        *,
        origin: str,
        names: frozenset[str],
        size: int,
        leaf_hash: Callable[[int], bytes | None],
        report: Callable[[Finding], None],
    ) -> None:
        self._origin = origin
        self._names = names
        self._size = size
        self._leaf_hash = leaf_hash
        self._report = report
        self._tombstones: dict[int, list[Tombstone]] = {}  # by the entry that they name
        self._records: dict[int, tuple[ErasureRecord, set[int]]] = {}  # and the entries whose tombstones are to come
        self._wrong: set[int] = set()
        self.checked = 0

    def add(self, page: ErasuresPage) -> None:
        """Check a page."""
        tombstones = [tombstone for tombstone in page.tombstones if tombstone.erased_by < self._size]
        records = [record for record in page.records if record.index < self._size]
        for tombstone in tombstones:
            self._tombstones.setdefault(tombstone.erased_by, []).append(tombstone)
        for record in records:
            read = self._read(record)
            if read is not None and read.indexes:
                self._records.setdefault(record.index, (read, set(read.indexes)))
        touched = {tombstone.erased_by for tombstone in tombstones} | {record.index for record in records}
        for index in sorted(touched & self._tombstones.keys() & self._records.keys()):
            read, missing = self._records[index]
            for tombstone in self._tombstones.pop(index):
                self._match(tombstone, read)
                missing.discard(tombstone.index)
            if not missing:
                del self._records[index]

    def finish(self) -> None:
        """Report what is left without its other half."""
        for index, waiting in self._tombstones.items():
            for tombstone in waiting:
                if index not in self._wrong:
                    words = f"erased, and entry {index} has no record that says who asked for it and why"
                    self._find(Fault.TOMBSTONE_WITHOUT_RECORD, tombstone.index, words)

    def _read(self, record: ShownRecord) -> ErasureRecord | None:
        """Return what a record says, None (and reported) where it is not the one that the log holds."""
        leaf = self._leaf_hash(record.index)
        words, read = None, None
        if leaf is None:
            words = "there is no erase leaf for this record"
        elif sha256(record.record).digest() != leaf:
            words = "the record does not hash to its leaf"
        else:
            try:
                read = parse_erasure(record.record)
            except MalformedNote:
                words = "the record is not a record of an erasure"
        if words is not None:
            self._wrong.add(record.index)
            self._find(Fault.ERASURE_WRONG, record.index, words)
        return read

    def _match(self, tombstone: Tombstone, record: ErasureRecord) -> None:
        if record.log_id not in self._names:
            self._find(Fault.ERASURE_WRONG, tombstone.erased_by, "the record is about another log")
        elif tombstone.index not in record.indexes or record.kind != tombstone.kind:
            words = f"the record is not about the {tombstone.kind[:16]} at entry {tombstone.index}, which names it"
            self._find(Fault.ERASURE_WRONG, tombstone.erased_by, words)
        elif tombstone.index >= tombstone.erased_by:
            self._find(Fault.ERASURE_WRONG, tombstone.erased_by, "the record is older than what it says was erased")
        else:
            self.checked += 1

    def _find(self, fault: Fault, index: int, words: str) -> None:
        self._report(Finding(fault, self._origin, f"entry {index}", words))
