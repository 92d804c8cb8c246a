"""The web server's workers share what comes, and stop: who is served is answered, who merely stays is let go."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 20.0
_LONG_S = 1.5
_APP = f"""
import os, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/long":
        time.sleep({_LONG_S})
    start_response("200 OK", [("X-Process", str(os.getpid())), ("Content-Length", "4")])
    return [b"done"]
"""


@pytest.fixture(params=["1"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Yield a gunicorn with the project's settings, so many workers and another application, and its socket."""
    (tmp_path / "some_application.py").write_text(_APP)
    address = tmp_path / "socket"
    arguments = ["-c", "gunicorn.conf.py", "--bind", f"unix:{address}", "--workers", request.param]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments, "--pythonpath", str(tmp_path), "some_application:app"],
        cwd=_ROOT,
        env={"PATH": "", "HOME": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process, address
    finally:
        process.kill()
        process.wait()


def connected(address: Path) -> socket.socket:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(address))
        except OSError:
            client.close()
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.05)
        else:
            client.settimeout(_PATIENCE_S)
            return client


def ask(client: socket.socket, path: str) -> bytes:
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = b""
    while not answer.endswith(b"done"):
        more = client.recv(4096)
        assert more, answer
        answer += more
    return answer


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_connections_that_are_only_kept_alive_hold_nobody_up(server: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, address = server
    with connected(address) as client:
        assert ask(client, "/").startswith(b"HTTP/1.1 200")
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert client.recv(1) == b""  # closed, without a word
        assert process.wait(_PATIENCE_S) == 0
        assert time.monotonic() - begin < 6  # of the ten seconds there are for stopping


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_request_that_is_being_answered_is_answered_to_its_end(
    server: tuple[subprocess.Popen[bytes], Path],
) -> None:
    process, address = server
    with connected(address) as client:
        ask(client, "/")
        answers: list[bytes] = []
        asking = threading.Thread(target=lambda: answers.append(ask(client, "/long")))
        asking.start()
        time.sleep(_LONG_S / 3)
        process.send_signal(signal.SIGTERM)
        asking.join(_PATIENCE_S)
    assert answers[0].startswith(b"HTTP/1.1 200")
    assert process.wait(_PATIENCE_S) == 0


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("server", ["2"], indirect=True)
def test_connections_that_come_at_once_are_shared_among_the_workers(
    server: tuple[subprocess.Popen[bytes], Path],
) -> None:
    _, address = server
    found: set[str] = set()
    while len(found) < 2:  # both are there
        with connected(address) as client:
            found.add(process_of(ask(client, "/")))
    shares: list[str] = []
    for _ in range(6):
        clients = [connected(address) for _ in range(8)]
        shares += [process_of(ask(client, "/")) for client in clients]
        for client in clients:
            client.close()
    assert min(shares.count(process) for process in found) > len(shares) / 6


def process_of(answer: bytes) -> str:
    return answer.partition(b"X-Process: ")[2].partition(b"\r\n")[0].decode()
