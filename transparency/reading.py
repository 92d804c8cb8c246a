"""What the log shows: checkpoints, tiles, entry bundles, receipts and tokens. Every answer is of one snapshot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, select
from sqlalchemy.exc import SQLAlchemyError

from sigill.tlog.leaf import HEAD, AnyLeaf, HeadLeaf, Leaf, LeafKind, format_leaf
from sigill.tlog.proof import LogProof, format_proof
from sigill.tlog.tiles import MAX_LEVEL, TILE_WIDTH, Tile, format_bundle
from sigill.tlog.tree import NodeReader, inclusion_proof, root_hash
from storage.engine import reading
from storage.times import from_ms
from transparency.append import LogHead, StoredToken
from transparency.errors import EntryUnknown, LogUnknown, StoreUnavailable
from transparency.tables import entries, logs, records, tokens
from transparency.tile_cache import TileCache


class LogReader:
    """Reads the log, any number of threads at once. Tiles that were used last are kept (`transparency.tile_cache`).

    Every method raises StoreUnavailable when the database does not answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._cache = TileCache()

    def heads(self) -> tuple[LogHead, ...]:
        """Return every log's head, in the order of their ids."""
        with self._reading() as connection:
            return tuple(_head(row) for row in connection.execute(select(logs).order_by(logs.c.log_id)))

    def head(self, log_id: str) -> LogHead | None:
        """Return a log's head, or None for a log unknown."""
        with self._reading() as connection:
            return _load_head(connection, log_id)

    def tile(self, log_id: str, tile: Tile) -> bytes | None:
        """Return `tile.width` hashes, or None where the log has no tile that wide."""
        if not 0 <= tile.level <= MAX_LEVEL or not 1 <= tile.width <= TILE_WIDTH or tile.index < 0:
            return None
        with self._reading() as connection:
            return self._cache.tile(connection, log_id, tile)

    def entry_bundle(self, log_id: str, n: int, width: int) -> bytes | None:
        """Return the leaves [256·n, 256·n + width) as a C2SP bundle, or None where there are not that many."""
        if n < 0 or not 1 <= width <= TILE_WIDTH:
            return None
        begin = n * TILE_WIDTH
        query = (
            select(entries)
            .where(entries.c.log_id == log_id, entries.c.idx >= begin, entries.c.idx < begin + width)
            .order_by(entries.c.idx)
        )
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return format_bundle(format_leaf(_leaf(row)) for row in rows) if len(rows) == width else None

    def leaf(self, log_id: str, index: int) -> AnyLeaf:
        """Return the leaf at an index. Raises EntryUnknown."""
        query = select(entries).where(entries.c.log_id == log_id, entries.c.idx == index)
        with self._reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise EntryUnknown(f"no leaf {index} in log {log_id[:80]!r}")
        return _leaf(row)

    def receipt(self, log_id: str, index: int) -> str:
        """Return a proof of the leaf at `index` against the current checkpoint; reads at most one tile a level.

        Raises LogUnknown, EntryUnknown, LogCorrupt.
        """
        with self._reading() as connection:
            head = _head_with_leaf(connection, log_id, index)
            path = inclusion_proof(index, head.size, self.nodes(connection, head.log_id, head.size))
        return format_proof(LogProof(index, path, head.checkpoint))

    def proof_at(self, log_id: str, index: int, tree_size: int) -> tuple[str, bytes, Sequence[bytes]]:
        """Return the log's origin, and root and inclusion path in the tree as it was with `tree_size` leaves.

        Raises LogUnknown, EntryUnknown (index or size are beyond the log), LogCorrupt.
        """
        with self._reading() as connection:
            head = _head_with_leaf(connection, log_id, tree_size - 1)
            if not 0 <= index < tree_size:
                raise EntryUnknown(f"no leaf {index} in log {log_id[:80]!r} when it had {tree_size}")
            read = self.nodes(connection, log_id, tree_size)
            return head.origin, root_hash(tree_size, read), inclusion_proof(index, tree_size, read)

    def root_at(self, log_id: str, tree_size: int) -> bytes:
        """Return the root of the tree as it was with `tree_size` leaves, from the tiles.

        Raises LogUnknown, EntryUnknown (the log has not as many leaves), LogCorrupt.
        """
        with self._reading() as connection:
            head = _load_head(connection, log_id)
            if head is None:
                raise LogUnknown(f"no log {log_id[:80]!r}")
            if not 0 <= tree_size <= head.size:
                raise EntryUnknown(f"log {log_id[:80]!r} has {head.size} leaves, not {tree_size}")
            return root_hash(tree_size, self.nodes(connection, log_id, tree_size))

    def nodes(self, connection: Connection, log_id: str, tree_size: int) -> NodeReader:
        """Return a reader of the nodes of a log as it was with `tree_size` leaves. It raises LogCorrupt."""
        return self._cache.nodes(connection, log_id, tree_size)

    def token(self, condition: ColumnElement[bool]) -> StoredToken | None:
        """Return the one token that a condition on `transparency.tables.tokens` selects, or None."""
        with self._reading() as connection:
            row = connection.execute(select(tokens).where(condition)).one_or_none()
        if row is None:
            return None
        return StoredToken(row.jti, row.operator_id, row.code, row.jws, row.log_id, row.idx, from_ms(row.created_at_ms))

    def record(self, log_id: str, index: int) -> bytes | None:
        """Return the record whose hash the leaf at `index` holds, or None: never kept, or erased."""
        query = select(records.c.body).where(records.c.log_id == log_id, records.c.idx == index)
        with self._reading() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return None if body is None else bytes(body)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with reading(self._engine) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise StoreUnavailable(f"the database did not answer: {type(error).__name__}") from error


def _load_head(connection: Connection, log_id: str) -> LogHead | None:
    row = connection.execute(select(logs).where(logs.c.log_id == log_id)).one_or_none()
    return None if row is None else _head(row)


def _head_with_leaf(connection: Connection, log_id: str, index: int) -> LogHead:
    head = _load_head(connection, log_id)
    if head is None:
        raise LogUnknown(f"no log {log_id[:80]!r}")
    if not 0 <= index < head.size:
        raise EntryUnknown(f"no leaf {index} in log {log_id[:80]!r} of {head.size}")
    return head


def _head(row: Row[Any]) -> LogHead:
    return LogHead(row.log_id, row.origin, row.size, row.root, row.checkpoint, row.halted)


def _leaf(row: Row[Any]) -> AnyLeaf:
    if row.kind == HEAD:
        return HeadLeaf(row.head_origin, row.head_size, row.hash)
    return Leaf(LeafKind(row.kind), row.hash)
