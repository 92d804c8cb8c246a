"""Makes every fault in a copy of one honest deployment, and lets everybody look."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.log_faults import damage, deaths, forks, rows, witnesses
from tests.log_faults.columns import Case, Row
from tests.log_faults.observers import look_everywhere, remember
from tests.log_faults.stage import Scene, base_scene, copied

_CONTROL: Final = Case(
    "control", "nothing is wrong", "nothing was done to the copy", lambda _scene, _stack: None, {}, quiet=True
)
CASES: Final[Sequence[Case]] = (
    _CONTROL,
    *witnesses.CASES,
    *forks.CASES,
    *damage.CASES,
    *rows.CASES,
    *deaths.CASES,
)


def run_campaign(folder: Path, cases: Sequence[Case] = CASES) -> Iterator[Row]:
    """Yield a row for each case. Everything is in `folder`, and taken away again but for the base."""
    with base_scene(folder / "base", remember) as base:
        yield from run_cases(base, folder, cases)


def run_cases(base: Scene, folder: Path, cases: Sequence[Case]) -> Iterator[Row]:
    """Yield a row for each case, made in a copy of `base` in `folder`; the base stays as it is."""
    for case in cases:
        begin = time.monotonic()
        with copied(base, folder / "scene") as scene, ExitStack() as stack:
            case.make(scene, stack)
            cells = (case.look or look_everywhere)(scene)
        yield Row(case, {column: names for column, names in cells.items() if names}, time.monotonic() - begin)


def say(words: str) -> None:
    """Tell how far it is, beside the table."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
