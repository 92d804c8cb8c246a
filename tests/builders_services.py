"""The whole demonstration for tests: seeded once per test session (half a second), then copied for each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from running.demo import seed_demonstration, write_demo_file
from settings import read_settings
from storage.migrate import migrate
from wiring import Services, build_services

_TEMPLATE = "seeded-demonstration"


@contextmanager
def demo_services(tmp_path: Path, *, port: int = 8000) -> Iterator[Services]:
    """Give the services of a seeded demonstration of this test's own in `tmp_path/var`, `demo.json` included."""
    template = tmp_path.parent / _TEMPLATE
    if not template.exists():
        with empty_services(tmp_path / "new") as services:
            seed_demonstration(services)
        (tmp_path / "new/var").rename(template)
    shutil.copytree(template, tmp_path / "var")
    with empty_services(tmp_path, port=port) as services:
        write_demo_file(services)
        yield services


@contextmanager
def empty_services(folder: Path, *, port: int = 8000) -> Iterator[Services]:
    """Give the services over `folder/var` as it is, migrated; a new one holds no operators."""
    services = build_services(read_settings({"VAR": str(folder / "var"), "PORT": str(port)}), first_start=True)
    try:
        migrate(services.engine)
        yield services
    finally:
        services.engine.dispose()
