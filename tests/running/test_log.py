"""A real gunicorn, and what it writes about requests it could not serve."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from running.log import DiscreetLogger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE_S: Final = 20.0
_APP: Final = """
def app(environ, start_response):
    if environ["PATH_INFO"] == "/early":  # an error gunicorn itself has to deal with
        raise OSError("the disk is full")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield the socket and the log of a gunicorn with the project's settings and another application."""
    (tmp_path / "odd_application.py").write_text(_APP)
    address, log = tmp_path / "socket", tmp_path / "log"
    arguments = ["-c", "gunicorn.conf.py", "--bind", f"unix:{address}", "--workers", "1"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *arguments, "--pythonpath", str(tmp_path), "odd_application:app"],
            cwd=_ROOT,
            env={"PATH": "", "HOME": str(tmp_path)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield address, log
    finally:
        process.terminate()
        process.wait()
    assert not (tmp_path / ".gunicorn").exists(), "the control socket is off"


def answer_to(request: bytes, address: Path) -> bytes:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            client.connect(str(address))
            client.sendall(request)
            return client.recv(4096)
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def test_nothing_a_client_sent_reaches_the_log(server: tuple[Path, Path]) -> None:
    address, log = server
    good = b"GET /s/SECRET?text=SECRET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert answer_to(good, address).startswith(b"HTTP/1.1 200")
    for malformed in (
        b"SECRET\r\n\r\n",
        b"GET /?SECRET SECRET HTTP/9.9\r\n\r\n",
        b"GET /?SECRET HTTP/1.1\r\nSECRET: \r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nSECRET SECRET: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: SECRET\r\n\r\n",
        b"GET /?" + b"SECRET" * 2000 + b" HTTP/1.1\r\n\r\n",
    ):
        assert answer_to(malformed, address).startswith((b"HTTP/1.1 4", b"HTTP/1.1 501"))
    answer_to(b"GET /early?SECRET HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", address)
    written = log.read_text()
    assert "A malformed request was refused" in written
    assert "the disk is full" in written
    assert "SECRET" not in written


def test_other_messages_are_kept_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gunicorn.config import Config

    logger = DiscreetLogger(Config())
    logger.warning("Worker %s is late", 7)
    logger.warning("Invalid request from ip=%s: %s", "192.0.2.1", "SECRET")
    try:
        (tmp_path / "absent").read_bytes()
    except OSError:
        logger.exception("Error handling request %s", "/?SECRET")
        logger.exception("Exception in %s", "a hook")
    written = capsys.readouterr().err
    assert "Worker 7 is late" in written
    assert "Exception in a hook" in written
    assert "FileNotFoundError" in written
    assert "SECRET" not in written
    assert "192.0.2.1" not in written
