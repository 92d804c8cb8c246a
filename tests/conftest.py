from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders_deployment import Deployment, deploy


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    """A fresh deployment with one verified bank."""
    made = deploy(tmp_path)
    yield made
    made.services.engine.dispose()
