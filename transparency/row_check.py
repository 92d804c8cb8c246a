"""The service's own check of its rows: what stands behind every leaf hashes to it, or is erased and says so.

For each leaf: its token or record, whose SHA-256 is the leaf's `h`, or a tombstone that the record of an `erase` leaf
accounts for; and the leaf itself is the one in the tree. Reads a log in stretches, each of one snapshot, whatever is
appended or erased meanwhile. Faults are named as in `sigill.tlog.faults`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.exc import SQLAlchemyError

from sigill.errors import MalformedNote
from sigill.tlog.erasure import ErasureRecord, parse_erasure
from sigill.tlog.faults import Fault, Finding
from sigill.tlog.leaf import HEAD, HeadLeaf, Leaf, LeafKind, format_leaf
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import TILE_WIDTH, Tile, tile_width
from sigill.tlog.tree import hash_leaf
from storage.engine import reading
from transparency.append import LogHead
from transparency.errors import StoreUnavailable
from transparency.tables import entries, logs, records, tokens, tombstones
from transparency.tile_store import load_tile

STRETCH: Final = 4 * TILE_WIDTH
"""How many leaves are read at a time."""

_SIGNED: Final = frozenset({LeafKind.SEAL.value, LeafKind.EVENT.value})
_KINDS: Final = frozenset(LeafKind)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a stretch of a log showed, and the index at which to go on (the log's size at its end)."""

    findings: tuple[Finding, ...]
    next_index: int
    size: int


def check_rows(engine: Engine, log_id: str, *, begin: int = 0, count: int = STRETCH) -> Checked:
    """Check the rows behind up to `count` leaves of a log, from index `begin` (a multiple of 256) on.

    Raises StoreUnavailable. An unknown log has no rows.
    """
    try:
        with reading(engine) as connection:
            row = connection.execute(select(logs).where(logs.c.log_id == log_id)).one_or_none()
            if row is None:
                return Checked((), 0, 0)
            head = LogHead(row.log_id, row.origin, row.size, bytes(row.root), row.checkpoint)
            end = min(begin + count, head.size)
            return Checked(tuple(_check(connection, head, begin, end)), max(end, begin), head.size)
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"rows could not be read: {type(error).__name__}") from error


def check_whole_log(engine: Engine, log_id: str) -> Iterator[Finding]:
    """Yield every fault of a log's rows, in order; constant memory. Raises StoreUnavailable."""
    begin = 0
    while True:
        checked = check_rows(engine, log_id, begin=begin)
        yield from checked.findings
        if checked.next_index >= checked.size or checked.next_index <= begin:
            return
        begin = checked.next_index


def _check(connection: Connection, head: LogHead, begin: int, end: int) -> Iterator[Finding]:
    leaves = {row.idx: row for row in _rows(connection, entries, head.log_id, begin, end)}
    signed = {row.idx: row for row in _rows(connection, tokens, head.log_id, begin, end)}
    kept = {row.idx: row for row in _rows(connection, records, head.log_id, begin, end)}
    stones = {row.idx: row for row in _rows(connection, tombstones, head.log_id, begin, end)}
    erasures = _load_erasures(connection, head.log_id, {row.erased_by for row in stones.values()})
    hashes = _load_hashes(connection, head, begin, end)
    for index in range(begin, end):
        leaf = leaves.get(index)
        if leaf is None:
            yield _finding(Fault.ROW_MISSING, head, index, "the leaf itself is gone")
            continue
        yield from _check_leaf(leaf, hashes.get(index), head)
        if leaf.kind == HEAD:
            continue
        stone = stones.get(index)
        body = _body(leaf, signed.get(index), kept.get(index))
        yield from _check_content(leaf, body, stone, head)
        if stone is not None:
            yield from _check_tombstone(stone, leaf, erasures, head)
        if leaf.kind == LeafKind.ERASE.value and body is not None:
            yield from _check_erasure(connection, leaf, body, head)


def _rows(connection: Connection, table: Any, log_id: str, begin: int, end: int) -> Sequence[Row[Any]]:  # noqa: ANN401
    among = table.c.idx.between(begin, end - 1)
    return connection.execute(select(table).where(table.c.log_id == log_id, among)).all()


def _load_hashes(connection: Connection, head: LogHead, begin: int, end: int) -> dict[int, bytes]:
    """Return the leaves' hashes as the tree has them, as far as its tiles are there."""
    found: dict[int, bytes] = {}
    for number in range(begin // TILE_WIDTH, -(-end // TILE_WIDTH)):
        data = load_tile(connection, head.log_id, Tile(0, number, tile_width(head.size, 0, number))) or b""
        first = number * TILE_WIDTH
        for place in range(len(data) // HASH_BYTES):
            found[first + place] = data[place * HASH_BYTES : (place + 1) * HASH_BYTES]
    return found


def _check_leaf(row: Row[Any], in_tree: bytes | None, head: LogHead) -> Iterator[Finding]:
    if row.kind != HEAD and row.kind not in _KINDS:
        yield _finding(Fault.LEAF_MALFORMED, head, row.idx, "a leaf of a kind that there is not")
    elif in_tree is None:
        yield _finding(Fault.TILE_MISSING, head, row.idx, "the tree's tile over it is missing or too short")
    elif hash_leaf(_format(row)) != in_tree:
        yield _finding(Fault.ROW_WRONG, head, row.idx, "the stored leaf is not the one in the tree")


def _format(row: Row[Any]) -> bytes:
    if row.kind == HEAD:
        return format_leaf(HeadLeaf(row.head_origin, row.head_size, bytes(row.hash)))
    return format_leaf(Leaf(LeafKind(row.kind), bytes(row.hash)))


def _body(leaf: Row[Any], token: Row[Any] | None, record: Row[Any] | None) -> bytes | None:
    """Return the bytes that a leaf is the hash of, or None where they are gone."""
    if leaf.kind in _SIGNED:
        return None if token is None else str(token.jws).encode("utf-8", "surrogatepass")
    return None if record is None else bytes(record.body)


def _check_content(leaf: Row[Any], body: bytes | None, stone: Row[Any] | None, head: LogHead) -> Iterator[Finding]:
    what = "the signed text" if leaf.kind in _SIGNED else "the record"
    if body is None and stone is None:
        yield _finding(Fault.ROW_MISSING, head, leaf.idx, f"{what} behind this {leaf.kind} is gone, and no tombstone")
    elif body is not None and hashlib.sha256(body).digest() != bytes(leaf.hash):
        yield _finding(Fault.ROW_WRONG, head, leaf.idx, f"{what} behind this {leaf.kind} does not hash to it")
    elif body is not None and stone is not None:
        yield _finding(Fault.ERASURE_WRONG, head, leaf.idx, f"{what} is said to be erased, and is there")


def _check_tombstone(
    stone: Row[Any], leaf: Row[Any], erasures: Mapping[int, ErasureRecord | None], head: LogHead
) -> Iterator[Finding]:
    if stone.kind != leaf.kind or bytes(stone.hash) != bytes(leaf.hash):
        yield _finding(Fault.ERASURE_WRONG, head, leaf.idx, "the tombstone is of another leaf")
    record = erasures.get(stone.erased_by)
    if record is None:
        told = "no record of leaf" if stone.erased_by not in erasures else "a record that is none, of leaf"
        said = f"it was erased, and {told} {stone.erased_by} says by whom and why"
        yield _finding(Fault.TOMBSTONE_WITHOUT_RECORD, head, leaf.idx, said)
        return
    same = (record.ground.value, record.requester, record.at * 1000) == (stone.ground, stone.requester, stone.at_ms)
    if leaf.idx not in record.indexes or record.kind != leaf.kind or not same:
        said = f"its tombstone says what the record of leaf {stone.erased_by} does not say"
        yield _finding(Fault.ERASURE_WRONG, head, leaf.idx, said)


def _check_erasure(connection: Connection, leaf: Row[Any], body: bytes, head: LogHead) -> Iterator[Finding]:
    """Check that everything a record says was erased has its tombstone, which says so too."""
    record = _parse(body, head.log_id)
    if record is None:
        yield _finding(Fault.ERASURE_WRONG, head, leaf.idx, "no record of an erasure from this log")
        return
    columns = tombstones.c
    query = select(columns.idx).where(columns.log_id == head.log_id, columns.erased_by == leaf.idx)
    left = set(connection.execute(query).scalars())
    for index in record.indexes:
        if index not in left:
            yield _finding(Fault.ERASURE_WRONG, head, leaf.idx, f"leaf {index} is said to be erased: no tombstone")


def _load_erasures(connection: Connection, log_id: str, places: set[int]) -> dict[int, ErasureRecord | None]:
    """Return the records of these `erase` leaves that are there; None for one that is not what its leaf says."""
    joined = (records.c.log_id == entries.c.log_id) & (records.c.idx == entries.c.idx)
    query = select(entries.c.idx, entries.c.kind, entries.c.hash, records.c.body).join_from(entries, records, joined)
    found: dict[int, ErasureRecord | None] = {}
    for row in connection.execute(query.where(entries.c.log_id == log_id, entries.c.idx.in_(places))):
        body = bytes(row.body)
        true = row.kind == LeafKind.ERASE.value and hashlib.sha256(body).digest() == bytes(row.hash)
        found[row.idx] = _parse(body, log_id) if true else None
    return found


def _parse(body: bytes, log_id: str) -> ErasureRecord | None:
    try:
        record = parse_erasure(body)
    except MalformedNote:
        return None
    return record if record.log_id == log_id else None


def _finding(fault: Fault, head: LogHead, index: int, detail: str) -> Finding:
    return Finding(fault, head.origin, f"leaf {index}", detail)
