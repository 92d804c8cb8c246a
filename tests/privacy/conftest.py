"""A deployment on each kind of database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders_deployment import Deployment, deploy, operator
from tests.builders_privacy import TELCO


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Deployment]:
    """A bank and a telco, on each kind of database in turn."""
    made = deploy(tmp_path, operator(), operator(TELCO), database_url=database_url)
    yield made
    made.services.engine.dispose()
