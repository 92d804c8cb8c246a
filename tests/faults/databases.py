"""The two databases the service runs on, and what can happen to each."""

import contextlib
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import psycopg

from tests.builders_postgres import PostgresServer
from tests.faults.processes import Process, descendants, read_process, send

_START_S: Final = 60.0
_POLL_S: Final = 0.1


class Database(Protocol):
    """One database: where it is, and how it is locked, taken away and given back."""

    @property
    def name(self) -> str:
        """The engine."""

    @property
    def url(self) -> str:
        """For the service's settings and for the check."""

    def begin(self) -> None:
        """Start it, where there is something to start."""

    def end(self) -> None:
        """Stop it for good."""

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Hold what every commit needs until the end of the block."""

    def vanish(self) -> None:
        """Take it away."""

    def come_back(self) -> None:
        """Give it back, and start what died. Does nothing where all is well."""

    def processes(self) -> list[Process]:
        """Return its server's processes: first the postmaster, then the backends. Empty for SQLite."""


class SqliteFile:
    """`sigill.db` in the service's folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._file = folder / "sigill.db"
        self._away = folder / "away"

    @property
    def url(self) -> str:
        """As the service's default has it."""
        return f"sqlite:///{self._file}"

    def begin(self) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the write lock."""
        connection = sqlite3.connect(self._file, timeout=60, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            connection.close()

    def vanish(self) -> None:
        """Move the file away with what belongs to it, as a volume that is unmounted."""
        self._away.mkdir(exist_ok=True)
        for file in sorted(self._file.parent.glob("sigill.db*")):
            file.rename(self._away / file.name)

    def come_back(self) -> None:
        """Move it back over whatever was made in its place."""
        if self._away.exists():
            for stale in self._file.parent.glob("sigill.db*"):
                stale.unlink()
            for file in sorted(self._away.iterdir()):
                file.rename(self._file.parent / file.name)
            self._away.rmdir()

    def processes(self) -> list[Process]:
        """SQLite has no server."""
        return []


class PostgresCluster:
    """A server of its own, as durable as a real one, that can be killed and started again over the same data."""

    name = "postgresql"

    def __init__(self, folder: Path | None = None) -> None:
        """Keep the data in `folder`, by default in a temporary one: `postgres` must be able to reach it."""
        self._folder = Path(tempfile.mkdtemp(prefix="sigill-postgres-", dir=folder))
        self._server = PostgresServer(self._folder, settings={"shared_buffers": "32MB"})

    @property
    def url(self) -> str:
        """As the service's settings take it."""
        return self._server.url()

    def begin(self) -> None:
        """Start it."""
        self._server.start()

    def end(self) -> None:
        """Stop it and take its data away."""
        self._server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the heads of all logs."""
        with psycopg.connect(self.url) as connection:
            connection.execute("LOCK TABLE logs IN ACCESS EXCLUSIVE MODE")
            yield

    def vanish(self) -> None:
        """Stop the server as an administrator in a hurry does: clients are thrown out."""
        self._server.stop()

    def come_back(self) -> None:
        """Start the server unless it runs; return when it takes connections. Raises TimeoutError."""
        deadline = time.monotonic() + _START_S
        while not self._takes_connections():
            process = self._server._process
            if process is None or process.poll() is not None:
                with contextlib.suppress(RuntimeError):  # it may give up once more while it recovers
                    self._server.start()
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL did not start; see {self._folder / 'log'}")
            time.sleep(_POLL_S)

    def processes(self) -> list[Process]:
        """Return the postmaster and the backends that serve clients."""
        everything = self.all_processes()
        return everything[:1] + [each for each in everything[1:] if "127.0.0.1" in " ".join(each.command)]

    def all_processes(self) -> list[Process]:
        """Return every process of the server, the postmaster first, those that only write to disk included."""
        process = self._server._process
        top = None if process is None else read_process(process.pid)
        return [] if top is None else [top, *descendants(top.pid)]

    def _takes_connections(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True


def kill(process: Process) -> bool:
    """Kill a process without warning; say whether it was still there."""
    return send(process, signal.SIGKILL)
