"""Logs of any size on SQLite that have their tiles only: made in seconds, for what depends on the tree alone.

Their leaves are random hashes. The tables of entries and tokens stay empty but for what is appended afterwards.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Engine, insert

from benchmarks.servers import ON_DISK
from sigill.tlog.checkpoint import Checkpoint, sign_checkpoint
from sigill.tlog.standard_base64 import HASH_BYTES
from sigill.tlog.tiles import split_tile
from storage.engine import make_engine, writing
from storage.migrate import migrate
from tests.builders_seal import ORIGIN, MemoryLog
from transparency.edge import Edge
from transparency.tables import logs
from transparency.tile_store import save_tiles

LOG: Final = "bank"
COMMIT: Final = 100  # leaves; tiles that grow step by step leave their pages as a service's do
QUICKEST: Final = 65_536  # full tiles on two levels at a time
_COMMITS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class TileLog:
    """A filled log: its database and its edge, and how many bytes the file gained by a leaf."""

    engine: Engine
    edge: Edge
    bytes_a_leaf: float


@contextmanager
def tile_log(size: int, *, at_once: int) -> Iterator[TileLog]:
    """Make a log whose tiles hold `size` leaves, grown by `at_once`; remove it at the end."""
    with TemporaryDirectory(prefix="sigill-bench-", dir=ON_DISK) as folder:
        path = Path(folder) / "sigill.db"
        engine = make_engine(f"sqlite:///{path}")
        try:
            migrate(engine)
            empty = _file_bytes(engine, path)
            edge = _fill(engine, size, at_once)
            yield TileLog(engine, edge, (_file_bytes(engine, path) - empty) / size)
        finally:
            engine.dispose()


def _fill(engine: Engine, size: int, at_once: int) -> Edge:
    edge, steps = Edge(), list(range(0, size, at_once))
    for begin in range(0, len(steps), _COMMITS_AT_ONCE):
        with writing(engine) as connection:
            if not begin:
                connection.execute(insert(logs), _head(Edge()))
            for step in steps[begin : begin + _COMMITS_AT_ONCE]:
                grown = edge.grown(_hashes(min(at_once, size - step)))
                save_tiles(connection, LOG, grown, old_size=step)
                edge = grown
    with writing(engine) as connection:
        connection.execute(logs.update().values(**_head(edge)))
    return edge


def _hashes(number: int) -> Iterator[bytes]:
    for begin in range(0, number, 256):
        yield from split_tile(os.urandom(HASH_BYTES * min(256, number - begin)))


def _head(edge: Edge) -> dict[str, object]:
    size, root = edge.frontier.size, edge.frontier.root()
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), signer=MemoryLog(ORIGIN))
    return {"log_id": LOG, "origin": ORIGIN, "size": size, "root": root, "checkpoint": note}


def _file_bytes(engine: Engine, path: Path) -> int:
    """Return the length of the database file once everything is in it: with the last connection the WAL is."""
    engine.dispose()
    return path.stat().st_size
