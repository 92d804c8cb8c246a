"""A real gunicorn, with the project's own settings, over a deployment made for a test."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.builders_deployment import Deployment
from tests.faults.wire import HttpAnswer, NoAnswer, Wire

_ROOT: Final = Path(__file__).parents[1]
_START_S: Final = 60.0
_STOP_S: Final = 20.0
_POLL_S: Final = 0.1
_OK: Final = 200
_PORTS: Final = range(12_000, 30_000)


@dataclass(frozen=True, slots=True)
class Served:
    """A server on 127.0.0.1:`port`; what it wrote is in `log`."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, *, key: str | None = None, **headers: str
    ) -> HttpAnswer:
        """Ask on a connection of its own; `Idempotency_Key="1"` becomes a header. Raises NoAnswer."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        wire = Wire(self.port, timeout_s=30)
        try:
            return wire.exchange(method, path, body=body, headers=sent)
        finally:
            wire.close()

    def post(self, path: str, value: object, *, key: str, **headers: str) -> HttpAnswer:
        """POST a JSON value. Raises NoAnswer."""
        return self.ask("POST", path, json.dumps(value).encode(), key=key, **headers)

    def said(self) -> str:
        """Return what the server wrote."""
        return self.log.read_text("utf-8", errors="replace")


@contextmanager
def served(
    made: Deployment, folder: Path, *, workers: int = 2, more: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Serve a deployment until the block ends, unlimited unless `more` settings say so. Raises TimeoutError."""
    port = free_port()
    server = Served(port, folder / "gunicorn.log")
    settings = {
        "VAR": str(made.services.settings.var),
        "SIGILL_BIND": f"127.0.0.1:{port}",
        "SIGILL_PUBLIC_URL": server.url,
        "WEB_CONCURRENCY": str(workers),
        "SIGILL_LIMITS": "off",
        **(more or {}),
    }
    with server.log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"],
            cwd=_ROOT,
            env=_environment(settings),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_ready(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _environment(settings: Mapping[str, str]) -> dict[str, Any]:
    ours = ("SIGILL_", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | dict(settings)


def _wait_until_ready(server: Served, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if server.ask("GET", "/readyz").status == _OK:
                return
        except NoAnswer:
            pass
        time.sleep(_POLL_S)
    raise TimeoutError(f"the server did not begin: {server.said()[-2000:]}")


def free_port() -> int:
    """Return a port that nobody listens on, below those that the system gives to whoever connects somewhere."""
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
