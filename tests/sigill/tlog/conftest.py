"""Builders for the log's formats: a note signer that keeps its key in memory."""

from collections.abc import Callable

import pytest

from tests.builders_growing_log import MemorySigner, seeded


@pytest.fixture(scope="session")
def signer_named() -> Callable[[str], MemorySigner]:
    def make(name: str, seed: int = 1) -> MemorySigner:
        return MemorySigner(name, seeded(seed))

    return make
