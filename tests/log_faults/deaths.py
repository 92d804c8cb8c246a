"""The publisher killed at every step of its write order. Nobody may see a fault, and the next round completes it."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sigill.report.checks import Detail
from tests.log_faults.columns import Case, Cells, Column, Names
from tests.log_faults.dying_files import DIED as DIED_WRITING
from tests.log_faults.observers import audit, look_everywhere
from tests.log_faults.stage import BANK, Scene
from tests.running.dying_publisher import DIED, STEPS
from tests.running.test_publisher import check_root_log, witnessed_detail

_ROOT: Final = Path(__file__).parents[2]
_COMPLETED: Final = "the next completes it"
_MOST_WRITES: Final = 30


def _die(scene: Scene, module: str, *arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=_ROOT,
        env={**os.environ, **scene.environment},
        check=False,
        capture_output=True,
        timeout=60,
    )
    return done.returncode


def _dies_at(step: str) -> Callable[[Scene, ExitStack], None]:
    def make(scene: Scene, _stack: ExitStack) -> None:
        _seal(scene)
        assert _die(scene, "tests.running.dying_publisher", *step.split()) == DIED

    return make


def _seal(scene: Scene) -> None:
    service = scene.open()
    service.keys[BANK] = (scene.folder / "signer.key").read_text()
    (scene.folder / "sealed").write_text(scene.seal(service))
    scene.close()


def _look(scene: Scene) -> Cells:
    """Let everybody look, then see that all that was sealed is in the root log and witnessed, each head once."""
    cells = dict(look_everywhere(scene))
    cells[Column.SERVICE] += _completed(scene)
    return cells


def _completed(scene: Scene) -> Names:
    service = scene.open()
    check_root_log(service)
    seals = [(scene.folder / name).read_text() for name in ("seal", "sealed")]
    witnessed = {witnessed_detail(service, seal) for seal in seals} == {Detail.WITNESSED}
    scene.close()
    return (_COMPLETED,) * witnessed


def _writing(scene: Scene) -> Cells:
    """Kill the writing of files after each object in turn; readers look after every kill."""
    _seal(scene)
    scene.publish()
    scene.served = False
    seen: set[str] = set()
    kills = 0
    while kills < _MOST_WRITES and _die(scene, "tests.log_faults.dying_files", str(kills % 4)) == DIED_WRITING:
        kills += 1
        seen |= set(audit(scene, str(scene.public)))
    cells = dict(look_everywhere(scene))
    cells[Column.AUDIT] += tuple(sorted(seen))
    cells[Column.SERVICE] += _completed(scene) * (kills > 0)
    return cells


CASES: Final = (
    *(
        Case(
            "publisher killed",
            step,
            "`kill -9` there; then all look, and a new publisher makes a round",
            _dies_at(step),
            {Column.SERVICE: _COMPLETED},
            look=_look,
            quiet=True,
        )
        for step in STEPS
    ),
    Case(
        "publisher killed",
        "while it writes files",
        "killed before its first object, then after one, two and three, over and over, until all are written",
        lambda _scene, _stack: None,
        {Column.SERVICE: _COMPLETED},
        look=_writing,
        quiet=True,
    ),
)
