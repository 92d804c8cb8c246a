from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.engine import make_engine
from tests.builders_databases import KINDS, Databases
from tests.builders_deployment import Deployment, deploy


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases of every kind; a server that was needed runs until the last test."""
    with ExitStack() as stack:
        yield Databases(tmp_path_factory.mktemp("databases"), stack)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, databases: Databases) -> Iterator[str]:
    """A migrated database of this test's own, of each kind in turn."""
    with databases.migrated(request.param) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database of this test's own, of each kind in turn."""
    engine = make_engine(database_url, busy_timeout_s=5)
    yield engine
    engine.dispose()


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A fresh deployment with one verified bank."""
    made = deploy(tmp_path)
    yield made
    made.services.engine.dispose()
