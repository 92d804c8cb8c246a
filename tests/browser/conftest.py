"""Debian's chromium, one for each module of tests."""

import shutil
from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

_CHROMIUM: Final = "/usr/bin/chromium"
_ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if shutil.which(_CHROMIUM) is None:
        pytest.fail(f"{_CHROMIUM} is missing: install the Debian package chromium (and fonts-dejavu-core)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield started
        started.close()
