"""Databases for tests, of every kind the service runs on: made once, copied for each test.

A test over both kinds takes `params=KINDS`; its PostgreSQL half runs with `make test-servers` only.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from storage.engine import make_engine
from storage.migrate import migrate
from tests.builders_postgres import PostgresServer, postgres_server

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
KINDS: Final = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.servers))


class Databases:
    """Gives databases by kind; the server starts with the first PostgreSQL one."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._numbers = count(1)

    @contextmanager
    def empty(self, kind: str) -> Iterator[str]:
        """Give the URL of a database without a schema; a SQLite file is not made yet."""
        if kind == SQLITE:
            yield f"sqlite:///{self._file()}"
        else:
            with self._copy("template1") as url:
                yield url

    @contextmanager
    def migrated(self, kind: str) -> Iterator[str]:
        """Give the URL of a database with the schema and no rows."""
        if kind == SQLITE:
            path = self._file()
            copy_migrated(path)
            yield f"sqlite:///{path}"
        else:
            with self._copy(self._migrated_name) as url:
                yield url

    @cached_property
    def server(self) -> PostgresServer:
        return self._stack.enter_context(postgres_server())

    @contextmanager
    def _copy(self, template: str) -> Iterator[str]:
        name = self.server.make_database(template=template)
        yield self.server.url(name)
        self.server.drop_database(name)

    def _file(self) -> Path:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        return folder / "sigill.db"

    @cached_property
    def _migrated_name(self) -> str:
        name = self.server.make_database()
        _migrate(self.server.url(name))
        return name


def copy_migrated(path: Path) -> None:
    """Make `path`, for its owner alone, a SQLite file with the schema and no rows. Its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(_migrated_bytes())


@cache
def _migrated_bytes() -> bytes:
    """Return the migrated SQLite file: every migration is run once in a test process, not once in every test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sigill.db"
        _migrate(f"sqlite:///{path}")
        return path.read_bytes()


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()  # SQLite: with the last connection the WAL is written into the file
