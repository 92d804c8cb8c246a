"""SQLite: one file, opened and never made, and a write lock that is waited for fairly.

A connection is refused while the file is not the one that the engine opened first: a file that was deleted lives on
for those who hold it open, and what they commit is gone with them. The file put back is used again; another one in
its place needs a restart, where it is looked at anew. Only `create_file` makes a file.

The driver's own waiting sleeps up to 100 ms between two looks at the lock, so of two processes that commit all the
time one starves for seconds. Here a writer first takes its turn (`storage.turns`), kept until its transaction has
ended; then it hardly ever finds the database locked, and where it does it looks again every half a millisecond.
"""

import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from storage.options import BUSY_TIMEOUT_S, READ_ONLY
from storage.turns import end_turn, take_turn

_PRAGMAS: Final = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "temp_store=MEMORY",  # else an INSERT of many rows keeps the pages it changes in a file outside the data folder
    "wal_autocheckpoint=8192",  # pages: 32 MiB; a page written in many commits is copied into the database once
)
_MODE: Final = "storage_mode"  # how a pooled connection was set up for its last transaction
_WAL_ATTEMPTS: Final = 200
_WAL_PAUSE_S: Final = 0.02
_PAUSE_S: Final = 0.000_5  # between two looks at the database's lock
_TURN: Final = "storage_turn"  # what a pooled connection's transaction has of its turn
_PRIMARY_CODE: Final = 0xFF  # sqlite3.h: the low byte of an extended result code


def make_sqlite_engine(url: URL, *, busy_timeout_s: float, pool_size: int) -> Engine:
    """Return an engine for a file. Raises ValueError for a database in memory."""
    path = _path(url)
    file = _File(path)
    engine = create_engine(
        url,
        creator=lambda: file.connect(busy_timeout_s),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=busy_timeout_s,
        hide_parameters=True,  # codes and facts stay out of error messages
        execution_options={BUSY_TIMEOUT_S: busy_timeout_s},
    )
    event.listen(engine, "checkout", lambda _connection, _record, _proxy: file.check())
    event.listen(engine, "begin", lambda connection: _begin(connection, path.parent))
    event.listen(engine, "checkin", lambda _connection, record: end_turn(record.info.pop(_TURN, None)))
    return engine


def create_file(url: URL) -> None:
    """Make the file, empty and for its owner alone, unless it is there. Raises OSError."""
    os.close(os.open(_path(url), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def has_file(url: URL) -> bool:
    """Tell whether the file is there."""
    return _path(url).exists()


def folder_of(url: URL) -> Path:
    """Return the folder of the file."""
    return _path(url).parent


def _path(url: URL) -> Path:
    if url.database in {None, "", ":memory:"}:
        raise ValueError("a database in memory keeps nothing: name a file")
    return Path(url.database or "").absolute()


class _File:
    """A path and the file that was first found there, by device and inode."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._uri = f"{path.as_uri()}?mode=rw"
        self._first: tuple[int, int] | None = None
        self._mutex = threading.Lock()

    def connect(self, busy_timeout_s: float) -> sqlite3.Connection:
        """Open the file and set the connection up. Raises sqlite3.Error.

        Looks before and after: opening an empty file would do away with the WAL of the file that was there before.
        """
        self.check()
        connection = sqlite3.connect(
            self._uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            _enter_wal_mode(connection)
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            self.check()
        except BaseException:
            connection.close()
            raise
        return connection

    def check(self) -> None:
        """Raise sqlite3.OperationalError unless the first file found is the one that is there now."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 - pathlib's costs four times as much, at every checkout
        except OSError:
            raise sqlite3.OperationalError("the database file is gone") from None
        found = (status.st_dev, status.st_ino)
        if found != self._first:
            with self._mutex:
                self._first = self._first or found
            if found != self._first:
                raise sqlite3.OperationalError("the database file was replaced while the service runs")


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


def _begin(connection: Connection, folder: Path) -> None:
    options = connection.get_execution_options()
    busy_timeout_s: float = options[BUSY_TIMEOUT_S]
    read_only = bool(options.get(READ_ONLY))
    driver: Any = connection.connection.dbapi_connection
    mode = (read_only, busy_timeout_s)
    if connection.info.get(_MODE) != mode:
        driver.execute(f"PRAGMA query_only={int(read_only)}")
        driver.execute(f"PRAGMA busy_timeout={int(busy_timeout_s * 1000) if read_only else 0}").fetchone()
        connection.info[_MODE] = mode
    if read_only:
        connection.exec_driver_sql("BEGIN")
        return
    deadline = time.monotonic() + busy_timeout_s
    turn = take_turn(folder)
    try:
        _begin_immediate(driver, deadline=deadline)
    except BaseException:
        end_turn(turn)
        raise
    connection.info[_TURN] = turn


def _begin_immediate(driver: sqlite3.Connection, *, deadline: float) -> None:
    """Take the write lock. Raises OperationalError when another has it until the deadline."""
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise OperationalError("BEGIN IMMEDIATE", None, error, hide_parameters=True) from error
            time.sleep(_PAUSE_S)
        else:
            return
