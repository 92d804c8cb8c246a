"""One set of authorities for all tests, with their revocation lists on a real server."""

from collections.abc import Iterator

import pytest

from tests.builders_seal_trust import TrustWorld, trust_world


@pytest.fixture(scope="session")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustWorld]:
    with trust_world(tmp_path_factory.mktemp("authorities")) as world:
        yield world
