"""One at a time, and nobody waits: for work that several processes or hosts could do and one at a time should.

Politeness again: what is done so must be right even if two do it at once (a lock ends with its holder's connection,
which may be lost without the holder noticing).
"""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from storage.sqlite import folder_of


@contextmanager
def try_lead(engine: Engine, name: str) -> Iterator[bool]:
    """Tell whether this process leads in `name` for the length of the block; False: somebody else does.

    Raises OperationalError (the database or its folder is away).
    """
    if engine.dialect.name == "sqlite":
        with _by_file(folder_of(engine.url) / f".{name}") as leads:
            yield leads
    else:
        with _by_session(engine, zlib.crc32(name.encode())) as leads:
            yield leads


@contextmanager
def _by_file(path: Path) -> Iterator[bool]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OperationalError("lock", None, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


@contextmanager
def _by_session(engine: Engine, number: int) -> Iterator[bool]:
    """Hold an advisory lock of a connection of its own, outside of any transaction (one may not idle for long)."""
    pooled = engine.raw_connection()
    driver: Any = pooled.dbapi_connection
    try:
        driver.autocommit = True
        leads = driver.execute("SELECT pg_try_advisory_lock(%s)", (number,)).fetchone()[0]
        try:
            yield leads
        finally:
            if leads:
                driver.execute("SELECT pg_advisory_unlock(%s)", (number,))
            driver.autocommit = False
    except engine.dialect.loaded_dbapi.Error as error:
        pooled.invalidate(error)
        raise OperationalError("lock", None, error) from error
    finally:
        pooled.close()
