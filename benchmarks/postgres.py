"""The database beside Sigill: a PostgreSQL of Debian's with durable settings, for one run."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.builders_postgres import postgres_server


@contextmanager
def database_server() -> Iterator[tuple[str, int]]:
    """Start a database; yield its SQLAlchemy URL and the postmaster's process id.

    fsync, synchronous_commit, full_page_writes and shared_buffers are as PostgreSQL has them by itself.
    """
    with postgres_server(shared_buffers="128MB") as server:
        pid = int((server.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
        yield server.url().replace("postgresql:", "postgresql+psycopg:", 1), pid
