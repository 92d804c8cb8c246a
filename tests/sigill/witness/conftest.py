"""A witness in this process, and a log it watches."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sigill.tlog.note import parse_vkey
from sigill.witness.folder import open_witness
from tests.builders_growing_log import GrowingLog
from tests.builders_witness_app import Asked


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog().grow_to(60)


@pytest.fixture
def witness(tmp_path: Path, log: GrowingLog) -> Iterator[Asked]:
    opened, _ = open_witness(tmp_path / "w", name="witness.example/w1")
    yield Asked(opened, {log.origin: (parse_vkey(log.vkey),)})
    opened.store.close()
