"""Bring a database to the schema this version needs, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from storage.engine import writing
from storage.sqlite import create_file

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x736967696C6C  # "sigill": the advisory lock of whoever migrates
_START_LOCK: Final = _LOCK + 1
_LONGEST_WAIT: Final = "60s"  # for another process's migration; for a table, only the engine's own busy timeout


def migrate(engine: Engine) -> None:
    """Make a SQLite file where there is none, and run every migration not yet run, all in one transaction.

    Safe to call from several processes and hosts at once: the first holds a lock, the others then find nothing to do.
    Raises OSError, and sqlalchemy.exc.OperationalError when the lock is not had in time (SQLite: the engine's busy
    timeout; PostgreSQL: a minute).
    """
    if engine.dialect.name == "sqlite":
        create_file(engine.url)
    with _migrating(engine) as connection:
        command.upgrade(_config(connection), "head")


def rollback_to(engine: Engine, revision: str) -> None:
    """Undo the migrations after `revision` ("base": all of them), with what they alone could hold, in one transaction.

    Raises alembic.util.CommandError for a revision unknown, sqlalchemy.exc.OperationalError as `migrate` does.
    """
    with _migrating(engine) as connection:
        command.downgrade(_config(connection), revision)


@contextmanager
def starting(engine: Engine) -> Iterator[None]:
    """Let hosts that share a PostgreSQL database prepare it one after the other; a SQLite file has one host.

    Raises sqlalchemy.exc.OperationalError when another host takes more than a minute.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql(f"SET lock_timeout = '{_LONGEST_WAIT}'")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({_START_LOCK})")
            yield
        finally:
            connection.invalidate()  # closes it, and so gives the lock back


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _migrating(engine: Engine) -> Iterator[Connection]:
    with _migrating_sqlite(engine) if engine.dialect.name == "sqlite" else _migrating_postgresql(engine) as connection:
        yield connection


@contextmanager
def _migrating_postgresql(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LONGEST_WAIT}'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
        yield connection


@contextmanager
def _migrating_sqlite(engine: Engine) -> Iterator[Connection]:
    """Let tables be made anew that others refer to: references are looked at once, before the commit."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise IntegrityError("PRAGMA foreign_key_check", None, ValueError("a reference leads nowhere"))
        finally:
            driver.execute("PRAGMA foreign_keys=ON")
