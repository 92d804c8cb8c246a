"""A played service for every test."""

from collections.abc import Iterator

import pytest

from tests.builders_service import PlayedService, played_service


@pytest.fixture
def service() -> Iterator[PlayedService]:
    with played_service() as played:
        yield played
