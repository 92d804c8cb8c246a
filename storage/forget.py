"""Deleted rows that are gone from the file too.

SQLite leaves what was deleted in free space and in its write-ahead log until something else is written there. With
`overwrite_deleted` it is filled with zeros, and `empty_wal` brings that into the file. PostgreSQL cleans up by itself
(VACUUM); what its archived WAL and anybody's backups hold is gone when these run out: see docs/privacy.md.
"""

from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError


def overwrite_deleted(connection: Connection) -> None:
    """Have SQLite fill with zeros what this connection deletes from now on; inside a transaction or not."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def empty_wal(engine: Engine) -> bool:
    """Bring SQLite's write-ahead log into the file and empty it; tell whether that could be done now.

    Whoever reads or writes at this moment may prevent it, or a file that is gone: try again later.
    """
    if engine.dialect.name != "sqlite":
        return True
    try:
        pooled = engine.raw_connection()
    except (engine.dialect.loaded_dbapi.Error, SQLAlchemyError):
        return False
    driver: Any = pooled.dbapi_connection
    try:
        (busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except engine.dialect.loaded_dbapi.Error:
        return False
    finally:
        pooled.close()
    return not busy
