from collections.abc import Iterator

import pytest

from tests.builders_deployment import Deployment, deploy


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One deployment for all tests of a module: for those that leave no trace the others could see."""
    made = deploy(tmp_path_factory.mktemp("shared"))
    yield made
    made.services.engine.dispose()
