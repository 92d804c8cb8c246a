"""One engine, two kinds of transaction.

`writing` serialises: on SQLite it takes the write lock at its start (with the driver's own default, a read followed
by a write silently loses updates of others); on PostgreSQL it is READ COMMITTED, and whoever writes to a log locks
the log's row first. `reading` sees one snapshot, never waits for a writer and cannot write.
A transaction begun in any other way on the engine is a writing one.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

from storage.options import READ_ONLY
from storage.postgresql import make_postgresql_engine
from storage.sqlite import folder_of, has_file, make_sqlite_engine
from storage.turns import own_turn


def make_engine(url: str, *, busy_timeout_s: float = 10.0, pool_size: int = 16) -> Engine:
    """Return an engine for `url`, such as `sqlite:///var/sigill.db` or `postgresql://sigill@db.example/sigill`.

    SQLite runs in WAL mode with synchronous=FULL, PostgreSQL with synchronous_commit, so a commit that returned
    survives a power cut; a writer waits at most `busy_timeout_s` for another. Nothing is opened before the first use;
    make the engine after forking. A SQLite file is not made by using the engine: see `storage.migrate`.
    Raises ValueError for another kind of database, and for one in memory, which would lose what was acknowledged.
    """
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            return make_sqlite_engine(parsed, busy_timeout_s=busy_timeout_s, pool_size=pool_size)
        case "postgresql":
            return make_postgresql_engine(parsed, busy_timeout_s=busy_timeout_s, pool_size=pool_size)
        case other:
            raise ValueError(f"the database is SQLite or PostgreSQL, not {other}")


def is_made(engine: Engine) -> bool:
    """Tell whether there is a database to connect to; a PostgreSQL one is made by its administrator."""
    return engine.dialect.name != "sqlite" or has_file(engine.url)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that may write; commit it at the end, roll it back on any exception."""
    with engine.begin() as connection:
        yield connection


def own_turn_at(engine: Engine) -> AbstractContextManager[None]:
    """Have a turn at writing: on SQLite nobody else of this machine writes meanwhile, and a transaction need not wait.

    For whoever would rather gather what to write than wait with it. On PostgreSQL rows are locked, not the database.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    return own_turn(folder_of(engine.url))


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that reads one snapshot and cannot write (the database refuses)."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        yield connection
