"""The README's commands, as pasted, against the real processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
STARTS_WITHIN_S = 40


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _started(environment: dict[str, str]) -> Iterator[None]:
    service = subprocess.Popen([sys.executable, "-m", "running"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not _ready(int(environment["PORT"])) and time.monotonic() < deadline:
        time.sleep(0.1)
    yield
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a service with a port and a folder of its own; `.venv` stands where the README has it."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    port = str(_free_port())
    own = {"PORT": port, "VAR": str(tmp_path / "var"), "WEB_CONCURRENCY": "1", "SIGILL_URL": f"http://127.0.0.1:{port}"}
    return os.environ | own


@pytest.mark.slow
def test_sealing_and_verifying_works_as_the_readme_says(tmp_path: Path, environment: dict[str, str]) -> None:
    with _started(environment):
        ran = subprocess.run(
            ["/bin/sh", "-ec", BLOCKS[1]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stderr
    assert "This message is genuine" in ran.stdout
    assert (tmp_path / "sealed" / "receipt.tlog-proof").exists()


@pytest.mark.slow
def test_a_second_start_keeps_what_the_first_made_and_none_runs_beside_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    again = [sys.executable, "-m", "running"]
    with _started(environment):
        before = (tmp_path / "var" / "demo.json").read_bytes()
        same_port = subprocess.run(
            again, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        elsewhere = environment | {"PORT": str(_free_port())}
        same_folder = subprocess.run(
            again, cwd=ROOT, env=elsewhere, capture_output=True, text=True, timeout=60, check=False
        )
    assert (same_port.returncode, same_folder.returncode) == (2, 2)
    assert f"Port {environment['PORT']} is taken" in same_port.stderr
    assert "already" in same_folder.stderr
    assert (same_port.stdout, same_folder.stdout) == ("", "")
    with _started(elsewhere):
        after = (tmp_path / "var" / "demo.json").read_bytes()
    keys = re.compile(rb"sigill_[^\"]+")
    assert keys.findall(after) == keys.findall(before)
