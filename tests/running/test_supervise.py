"""The supervisor with real processes: killed, started again, stopped, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from running.supervise import Child, supervise

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE_S: Final = 20.0

# Each child notes its process id and that of a child of its own, one line per life.
_CHILD: Final = """
import os, signal, subprocess, sys, time
if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()} {grandchild.pid} {os.environ['WHO']}\\n")
print("hello from " + os.environ["WHO"], flush=True)
time.sleep(60)
"""
_SUPERVISOR: Final = """
import json, sys
from running.supervise import Child, supervise
children = [Child(name, tuple(argv), {"WHO": name}) for name, argv in json.loads(sys.argv[1]).items()]
sys.exit(supervise(children, grace_s=float(sys.argv[2])))
"""


class Supervised:
    """A supervisor in a process of its own, and what its children noted."""

    def __init__(self, folder: Path, *, deaf: bool = False, grace_s: float = 10.0, **others: list[str]) -> None:
        self._notes = folder / "notes"
        self._output = folder / "output"
        argv = [sys.executable, "-c", _CHILD, str(self._notes), *(["--deaf"] if deaf else [])]
        children = {"web": argv, "worker": argv} | others
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _SUPERVISOR, json.dumps(children), str(grace_s)],
                cwd=_ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def lives(self) -> list[tuple[int, int, str]]:
        """Return (child, grandchild, name) of every life so far."""
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [(int(child), int(grandchild), name) for child, grandchild, name in map(str.split, lines)]

    def wait_for_lives(self, count: int) -> list[tuple[int, int, str]]:
        wait_until(lambda: len(self.lives()) >= count)
        return self.lives()

    def output(self) -> str:
        return self._output.read_text()


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    one = Supervised(tmp_path)
    yield one
    one.process.kill()
    one.process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Say whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_child_is_started_again_and_the_other_is_left_alone(supervised: Supervised) -> None:
    first = {name: (child, grandchild) for child, grandchild, name in supervised.wait_for_lives(2)}
    os.kill(first["web"][0], signal.SIGKILL)
    newest = supervised.wait_for_lives(3)[-1]
    assert newest[2] == "web"
    assert newest[0] != first["web"][0]
    assert is_alive(first["worker"][0])
    assert not is_alive(first["web"][1]), "what is left of a dead child's group is killed before it starts again"
    assert "web: was killed by SIGKILL; starting again in 0.5 s" in supervised.output()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_supervisor_leaves_nothing_and_exits_with_zero(supervised: Supervised, number: int) -> None:
    lives = supervised.wait_for_lives(2)
    supervised.process.send_signal(number)
    assert supervised.process.wait(timeout=_PATIENCE_S) == 0
    assert not [pid for child, grandchild, _ in lives for pid in (child, grandchild) if is_alive(pid)]


def test_children_write_to_the_supervisors_output(supervised: Supervised) -> None:
    supervised.wait_for_lives(2)
    wait_until(lambda: "hello from web" in supervised.output() and "hello from worker" in supervised.output())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
def test_children_die_with_a_supervisor_that_is_killed(supervised: Supervised) -> None:
    lives = supervised.wait_for_lives(2)
    supervised.process.kill()
    wait_until(lambda: not any(is_alive(child) for child, _, _ in lives))
    for _, grandchild, _ in lives:  # those are the children's own business: gunicorn's workers notice and stop
        os.kill(grandchild, signal.SIGKILL)


def test_a_child_deaf_to_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    deaf = Supervised(tmp_path, deaf=True, grace_s=0.5)
    lives = deaf.wait_for_lives(2)
    deaf.process.terminate()
    assert deaf.process.wait(timeout=_PATIENCE_S) == 0
    assert not [pid for child, grandchild, _ in lives for pid in (child, grandchild) if is_alive(pid)]
    assert "web: did not stop within 0.5 s and is killed" in deaf.output()


def test_a_command_that_does_not_exist_or_ends_is_tried_again_and_again(tmp_path: Path) -> None:
    odd = Supervised(tmp_path, absent=["/no/such/command"], brief=[sys.executable, "-c", "raise SystemExit(3)"])
    wait_until(lambda: odd.output().count("starting again in 1 s") >= 2)
    odd.process.terminate()
    assert odd.process.wait(timeout=_PATIENCE_S) == 0
    assert "absent: cannot be started (No such file or directory); starting again in 0.5 s" in odd.output()
    assert "brief: ended with status 3; starting again in 0.5 s" in odd.output()


def test_two_children_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="one name"):
        supervise([Child("web", ("true",)), Child("web", ("true",))])


def test_supervising_in_this_process_puts_its_signal_handlers_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    said: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "starting again in 1 s" in line:
            os.kill(os.getpid(), signal.SIGTERM)

    assert supervise([Child("brief", (sys.executable, "-c", "raise SystemExit(3)"))], say=say) == 0
    assert before == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)]
    assert [line.partition(",")[0] for line in said[::2]] == ["brief: started", "brief: started"]
