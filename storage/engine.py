"""One engine, two kinds of transaction.

`writing` takes SQLite's write lock at its start (BEGIN IMMEDIATE): with the driver's own default, a read followed by
a write silently loses updates of others. `reading` sees one snapshot, never waits for a writer and cannot write.
A transaction begun in any other way on the engine is a writing one.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

_READ_ONLY: Final = "storage_read_only"
_WAL_ATTEMPTS: Final = 200
_WAL_PAUSE_S: Final = 0.02


def make_engine(url: str, *, busy_timeout_s: float = 10.0, pool_size: int = 16) -> Engine:
    """Return an engine for `url`, such as `sqlite:///var/sigill.db`.

    SQLite runs in WAL mode with synchronous=FULL, so a commit that returned survives a power cut; a writer waits at
    most `busy_timeout_s` for another. Nothing is opened before the first use; make the engine after forking.
    Raises ValueError for another kind of database, and for one in memory, which would lose what was acknowledged.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"the database is SQLite, not {parsed.get_backend_name()}")
    if parsed.database in {None, "", ":memory:"}:
        raise ValueError("a database in memory keeps nothing: name a file")
    engine = create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"timeout": busy_timeout_s},
        hide_parameters=True,  # codes and facts stay out of error messages
    )
    event.listen(engine, "connect", _set_up_connection)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that may write; commit it at the end, roll it back on any exception."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads one snapshot and cannot write (the database refuses)."""
    with engine.connect().execution_options(**{_READ_ONLY: True}) as connection:
        yield connection


def _set_up_connection(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
    connection.isolation_level = None
    _enter_wal_mode(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _enter_wal_mode(connection: sqlite3.Connection) -> None:
    """Switch to WAL. The switch does not honour the busy timeout when two processes open a new file at once."""
    for _ in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            time.sleep(_WAL_PAUSE_S)
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


def _begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA query_only={int(read_only)}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
