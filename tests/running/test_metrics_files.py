"""Metrics of a web server with several processes, which come and go."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from prometheus_client.parser import text_string_to_metric_families

from running import metrics_files
from running.metrics_files import VARIABLE, close_folder, open_folder

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE_S: Final = 20.0
_APP: Final = """
import os
from flask import Flask
from api.metrics import Metrics

metrics = Metrics()
app = Flask("measured")
metrics.watch(app, replayed="Idempotency-Replayed")


@app.get("/pid")
def pid():
    metrics.waiting(5)
    return str(os.getpid())


@app.get("/numbers")
def numbers():
    return metrics.text()
"""


# --- the folder ---


def test_the_folder_is_this_data_folder_s_own_private_and_emptied_at_every_start(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    folder = open_folder(environment, var=tmp_path)
    try:
        assert environment == {VARIABLE: str(folder)}
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "counter_0.db").write_bytes(b"x")
        assert open_folder({}, var=tmp_path) == folder
        assert list(folder.iterdir()) == []
        assert open_folder({}, var=tmp_path / "other") != folder
    finally:
        folder.rmdir()
        open_folder({}, var=tmp_path / "other").rmdir()


def test_a_folder_that_was_named_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "a" / "metrics"
    assert open_folder({VARIABLE: str(named)}, var=tmp_path) == named
    (named / "counter_0.db").write_bytes(b"x")
    (named / "kept.txt").write_bytes(b"x")
    monkeypatch.setenv(VARIABLE, str(named))
    close_folder(None)
    assert [path.name for path in named.iterdir()] == ["kept.txt"]


@pytest.mark.parametrize("squatted", ["a link", "open to all"])
def test_a_folder_that_somebody_else_may_have_made_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, squatted: str
) -> None:
    monkeypatch.setattr(metrics_files, "_IN_MEMORY", tmp_path)
    expected = open_folder({}, var=tmp_path)
    expected.rmdir()
    if squatted == "a link":
        expected.symlink_to(tmp_path)
    else:
        expected.mkdir()
        expected.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    found = open_folder({}, var=tmp_path)
    assert found != expected
    assert found.stat().st_mode & 0o777 == 0o700


def test_without_memory_for_files_the_temporary_folder_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_files, "_IN_MEMORY", tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = open_folder({}, var=tmp_path)
    assert folder.parent == tmp_path
    monkeypatch.setenv(VARIABLE, str(folder))
    close_folder(None)
    assert not folder.exists()


def test_a_server_without_the_folder_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    metrics_files.use_slot(None, None)
    metrics_files.free_slot(None, None)
    close_folder(None)


# --- a real gunicorn ---


@contextmanager
def gunicorn(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the project's gunicorn with two workers over a small measured application."""
    (folder / "measured_application.py").write_text(_APP)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    metrics = folder / "metrics"
    metrics.mkdir()
    settings = ["-c", "gunicorn.conf.py", "--workers", "2", "--threads", "1", "--pythonpath", str(folder)]
    settings += ["--bind", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *settings, *arguments, "measured_application:app"],
        cwd=_ROOT,
        env={"PATH": "", "HOME": str(folder), VARIABLE: str(metrics)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, port
    finally:
        process.terminate()
        process.wait()


def get(port: int, path: str) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            return connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.05)
        finally:
            connection.close()


def numbers(port: int) -> dict[str, float]:
    """Return how many requests to /pid all workers served, and what they say waits."""
    samples = [sample for family in text_string_to_metric_families(get(port, "/numbers")) for sample in family.samples]
    served = [item for item in samples if item.name.endswith("_seconds_count") and item.labels.get("route") == "/pid"]
    waiting = [item for item in samples if item.name == "sigill_log_requests_waiting"]
    return {"served": sum(item.value for item in served), "waiting": sum(item.value for item in waiting)}


def pids(port: int, *, until: int, pause_s: float = 0.0) -> tuple[set[str], int]:
    """Ask until so many processes have answered; return them, and how often was asked."""
    found: set[str] = set()
    asked = 0
    while len(found) < until:
        assert asked < 500
        found.add(get(port, "/pid"))
        asked += 1
        time.sleep(pause_s)
    return found, asked


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_any_worker_answers_for_all_and_one_that_was_killed_is_still_counted(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as (_, port):
        first, asked = pids(port, until=2)
        assert numbers(port) == {"served": asked, "waiting": 10}
        os.kill(int(next(iter(first))), signal.SIGKILL)
        deadline = time.monotonic() + _PATIENCE_S
        while numbers(port)["waiting"] != 5:
            assert time.monotonic() < deadline, "the dead worker is still said to wait"
            time.sleep(0.05)
        second, asked_again = pids(port, until=2)
        assert second != first
        assert numbers(port) == {"served": asked + asked_again, "waiting": 10}
        files = {path.name for path in (tmp_path / "metrics").iterdir()}
        assert {name.rpartition("_")[2] for name in files} == {"0.db", "1.db"}
    assert list((tmp_path / "metrics").iterdir()) == []


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_workers_replaced_all_the_time_lose_no_count_and_leave_no_files(tmp_path: Path) -> None:
    with gunicorn(tmp_path, "--max-requests", "5", "--max-requests-jitter", "0") as (_, port):
        _, asked = pids(port, until=4, pause_s=0.1)  # a worker that is to go still answers for up to a second
        assert numbers(port)["served"] == asked
        slots = {int(path.stem.rpartition("_")[2]) for path in (tmp_path / "metrics").iterdir()}
        assert slots <= {0, 1, 2, 3}
