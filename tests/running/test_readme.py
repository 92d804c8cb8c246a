"""The README's commands, as pasted, against the real processes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
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


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder that looks like the project's, with the service running on a port of its own."""
    port = _free_port()
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = os.environ | {"PORT": str(port), "VAR": str(tmp_path / "var"), "WEB_CONCURRENCY": "1"}
    service = subprocess.Popen([sys.executable, "-m", "running"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not _ready(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    yield tmp_path, environment | {"SIGILL_URL": f"http://127.0.0.1:{port}"}
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0


@pytest.mark.slow
def test_sealing_and_verifying_works_as_the_readme_says(running: tuple[Path, dict[str, str]]) -> None:
    folder, environment = running
    ran = subprocess.run(
        ["/bin/sh", "-ec", BLOCKS[1]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    assert "This message is genuine" in ran.stdout
    assert (folder / "sealed" / "receipt.tlog-proof").exists()


@pytest.mark.slow
def test_a_second_start_keeps_what_the_first_made(running: tuple[Path, dict[str, str]]) -> None:
    folder, environment = running
    before = (folder / "var" / "demo.json").read_bytes()
    port = _free_port()
    again = environment | {"PORT": str(port)}
    service = subprocess.Popen([sys.executable, "-m", "running"], cwd=ROOT, env=again, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + STARTS_WITHIN_S
    while not _ready(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0
    after = (folder / "var" / "demo.json").read_bytes()
    keys = re.compile(rb"sigill_[^\"]+")
    assert keys.findall(after) == keys.findall(before)
